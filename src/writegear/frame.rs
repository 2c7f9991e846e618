//! A picture as a caller hands it over: format, size, planes with their strides, borrowed and never copied.

use super::pixels::PixelFormat;
use crate::media::{Colour, Resolution};

/// What is wrong with a picture that was to be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A side is zero or above [`Resolution::MAX_SIDE`].
    #[error("a picture of {0} cannot be encoded: each side must be 1 to {max} pixels", max = Resolution::MAX_SIDE)]
    BadSize(Resolution),
    /// There are more or fewer planes than the format has.
    #[error("{format} has {needed} planes, {held} were given")]
    PlaneCount {
        /// The format.
        format: PixelFormat,
        /// Planes it has.
        needed: usize,
        /// Planes given.
        held: usize,
    },
    /// A plane ends before its last pixel.
    #[error("plane {plane} of a {format} picture of {size} needs {needed} bytes, {held} were given")]
    TooShort {
        /// The plane, from 0.
        plane: usize,
        /// The format.
        format: PixelFormat,
        /// The size.
        size: Resolution,
        /// Bytes needed.
        needed: usize,
        /// Bytes given.
        held: usize,
    },
    /// More bytes than a packed picture has: the size or the format is not what was meant.
    #[error("a {format} picture of {size} has {needed} bytes, {held} were given: size or format is another one")]
    TooLong {
        /// The format.
        format: PixelFormat,
        /// The size.
        size: Resolution,
        /// Bytes of such a picture.
        needed: usize,
        /// Bytes given.
        held: usize,
    },
    /// A stride is smaller than a row.
    #[error("plane {plane} of a {format} picture of {size} has rows of {row} bytes: a stride of {stride} is too small")]
    Stride {
        /// The plane, from 0.
        plane: usize,
        /// The format.
        format: PixelFormat,
        /// The size.
        size: Resolution,
        /// Bytes of a row.
        row: usize,
        /// The stride given, in bytes.
        stride: usize,
    },
}

/// One plane: its bytes from the first pixel on, and the bytes from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane<'a> {
    /// From the first pixel to at least the last one.
    pub bytes: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// One picture. Borrows its pixels: making one costs nothing, writing it copies nothing that can be left where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    format: PixelFormat,
    size: Resolution,
    planes: [Plane<'a>; 4],
    count: usize,
    colour: Option<Colour>,
}

impl<'a> Frame<'a> {
    /// A tightly packed picture: all rows of all planes one after the other, without a byte between or behind them.
    ///
    /// # Errors
    /// [`FrameError::TooShort`] or [`FrameError::TooLong`] when `bytes` is not exactly such a picture.
    pub fn new(format: PixelFormat, width: u32, height: u32, bytes: &'a [u8]) -> Result<Self, FrameError> {
        let size = checked(width, height)?;
        let needed = format.packed_len(size);
        if bytes.len() > needed {
            return Err(FrameError::TooLong { format, size, needed, held: bytes.len() });
        }
        let mut rest = bytes;
        let mut planes = Vec::with_capacity(4);
        for (index, plane) in format.planes(size).into_iter().enumerate() {
            let length = plane.row * plane.rows;
            let Some((bytes, after)) = rest.split_at_checked(length) else {
                return Err(FrameError::TooShort { plane: index, format, size, needed: length, held: rest.len() });
            };
            planes.push(Plane { bytes, stride: plane.row });
            rest = after;
        }
        Ok(Self::of(format, size, &planes))
    }

    /// A picture of one plane whose rows are `stride` bytes apart: a part of a larger picture, or padded rows.
    pub fn with_stride(
        format: PixelFormat,
        width: u32,
        height: u32,
        bytes: &'a [u8],
        stride: usize,
    ) -> Result<Self, FrameError> {
        Self::with_planes(format, width, height, &[Plane { bytes, stride }])
    }

    /// A picture whose planes lie anywhere, each with a stride of its own. The last row needs no padding.
    pub fn with_planes(format: PixelFormat, width: u32, height: u32, planes: &[Plane<'a>]) -> Result<Self, FrameError> {
        let size = checked(width, height)?;
        let wanted = format.planes(size);
        if wanted.len() != planes.len() {
            return Err(FrameError::PlaneCount { format, needed: wanted.len(), held: planes.len() });
        }
        for (plane, (want, have)) in wanted.iter().zip(planes).enumerate() {
            if have.stride < want.row {
                return Err(FrameError::Stride { plane, format, size, row: want.row, stride: have.stride });
            }
            let needed = have.stride.saturating_mul(want.rows - 1).saturating_add(want.row);
            if have.bytes.len() < needed {
                return Err(FrameError::TooShort { plane, format, size, needed, held: have.bytes.len() });
            }
        }
        Ok(Self::of(format, size, planes))
    }

    fn of(format: PixelFormat, size: Resolution, planes: &[Plane<'a>]) -> Self {
        let mut all = [Plane { bytes: &[], stride: 0 }; 4];
        for (slot, plane) in all.iter_mut().zip(planes) {
            *slot = *plane;
        }
        Self { format, size, planes: all, count: planes.len(), colour: None }
    }

    /// The same picture with the meaning of its numbers said. Without it RGB is sRGB, and YUV means nothing in particular:
    /// the file then carries no colour tags, as nobody can know them.
    #[must_use]
    pub fn with_colour(mut self, colour: Colour) -> Self {
        self.colour = Some(colour);
        self
    }

    /// The pixel format.
    pub const fn format(&self) -> PixelFormat {
        self.format
    }

    /// Width and height in pixels.
    pub const fn size(&self) -> Resolution {
        self.size
    }

    /// What its numbers mean, if that was said.
    pub const fn colour(&self) -> Option<Colour> {
        self.colour
    }

    /// Its planes in the format's order.
    pub fn planes(&self) -> &[Plane<'a>] {
        self.planes.get(..self.count).unwrap_or_default()
    }

    /// The same bytes under another format. `WriteGear`'s `-input_pixfmt` relabels arrays so: a gray array of
    /// one and a half times the height is a 4:2:0 picture, as image libraries hold it; else the size stays and
    /// the number of bytes must be right. `None` if the bytes cannot be such a picture.
    pub(super) fn relabelled(&self, format: PixelFormat) -> Option<Self> {
        if self.format == format {
            return Some(self.clone());
        }
        let packed = self.format.planes(self.size);
        let [plane] = self.planes() else { return None };
        if plane.stride != packed.first()?.row {
            return None;
        }
        let bytes = plane.bytes.get(..self.format.packed_len(self.size))?;
        let is_tall =
            self.format == PixelFormat::Gray8 && format.chroma_shift() == (1, 1) && self.size.height.is_multiple_of(3);
        let height = if is_tall { self.size.height / 3 * 2 } else { self.size.height };
        let mut same = Self::new(format, self.size.width, height, bytes).ok()?;
        same.colour = self.colour;
        Some(same)
    }
}

fn checked(width: u32, height: u32) -> Result<Resolution, FrameError> {
    Resolution::checked(width, height).ok_or(FrameError::BadSize(Resolution::new(width, height)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_picture_has_exactly_its_bytes() {
        let bytes = vec![0; 5 * 3 + 2 * 3 * 2];
        let frame = Frame::new(PixelFormat::Nv12, 5, 3, &bytes).unwrap();
        assert_eq!(
            frame.planes().iter().map(|plane| (plane.bytes.len(), plane.stride)).collect::<Vec<_>>(),
            [(15, 5), (12, 6)]
        );
        let short = Frame::new(PixelFormat::Nv12, 5, 3, &bytes[..26]).unwrap_err();
        assert_eq!(short.to_string(), "plane 1 of a nv12 picture of 5x3 needs 12 bytes, 11 were given");
        assert!(matches!(
            Frame::new(PixelFormat::Gray8, 5, 3, &bytes),
            Err(FrameError::TooLong { needed: 15, held: 27, .. })
        ));
        assert!(matches!(Frame::new(PixelFormat::Gray8, 0, 3, &bytes), Err(FrameError::BadSize(_))));
    }

    #[test]
    fn strides_are_checked_and_the_last_row_needs_no_padding() {
        let bytes = vec![0; 16 + 12];
        assert!(Frame::with_stride(PixelFormat::Bgra, 3, 2, &bytes, 16).is_ok());
        assert!(matches!(
            Frame::with_stride(PixelFormat::Bgra, 3, 2, &bytes, 11),
            Err(FrameError::Stride { row: 12, .. })
        ));
        assert!(matches!(Frame::with_stride(PixelFormat::Bgra, 3, 2, &bytes, 17), Err(FrameError::TooShort { .. })));
        assert!(matches!(
            Frame::with_stride(PixelFormat::Nv12, 4, 2, &bytes, 4),
            Err(FrameError::PlaneCount { needed: 2, held: 1, .. })
        ));
    }

    #[test]
    fn a_tall_gray_array_is_a_picture_of_two_thirds_its_height() {
        let bytes = vec![0; 8 * 9];
        let gray = Frame::new(PixelFormat::Gray8, 8, 9, &bytes).unwrap();
        for format in [PixelFormat::Nv12, PixelFormat::Yuv420p] {
            assert_eq!(gray.relabelled(format).unwrap().size(), Resolution::new(8, 6));
        }
        let packed = Frame::new(PixelFormat::Bgr24, 8, 3, &bytes).unwrap();
        assert_eq!(packed.relabelled(PixelFormat::Yuv444p).unwrap().size(), Resolution::new(8, 3));
        assert_eq!(packed.relabelled(PixelFormat::Bgra), None);
    }
}
