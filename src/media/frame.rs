//! A picture on its way: native pixels, the moment they were taken, and what changed since the one before.

use std::fmt;
use std::sync::Arc;

use super::{Colour, Timestamp, VideoCodec};

/// Width and height in pixels; zero is possible only before [`Resolution::checked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resolution {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Resolution {
    /// The largest side accepted (a 16k wall of monitors); guards every size computation against overflow.
    pub const MAX_SIDE: u32 = 32_768;

    /// A resolution.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// The same, or `None` if a side is zero or above [`Self::MAX_SIDE`].
    pub fn checked(width: u32, height: u32) -> Option<Self> {
        let fits = |side| (1..=Self::MAX_SIDE).contains(&side);
        (fits(width) && fits(height)).then_some(Self { width, height })
    }

    /// Both sides rounded up to even: 4:2:0 encoders refuse odd sizes. The extra row or column is padding.
    #[must_use]
    pub const fn padded_even(self) -> Self {
        Self { width: self.width.next_multiple_of(2), height: self.height.next_multiple_of(2) }
    }

    /// Reads `1280x720`.
    pub fn parse(text: &str) -> Option<Self> {
        let (width, height) = text.trim().split_once(['x', 'X', '×'])?;
        Self::checked(width.trim().parse().ok()?, height.trim().parse().ok()?)
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A rectangle of pixels, from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Left edge; negative where a window hangs over the screen's edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width and height.
    pub size: Resolution,
}

/// How raw pixels lie in memory. Multi-byte names are in memory order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// Blue, green, red, unused: an X11 screen of depth 24 or 32.
    Bgrx,
    /// Red, green, blue, unused (or alpha, ignored).
    Rgbx,
    /// Blue, green, red.
    Bgr24,
    /// Red, green, blue.
    Rgb24,
    /// One byte of luma, full range.
    Gray8,
    /// 4:2:0, a luma plane and a plane of U V pairs.
    Nv12,
    /// 4:2:0, three planes Y U V.
    I420,
    /// 4:2:2 packed as Y U Y V.
    Yuyv,
    /// 4:2:2 packed as U Y V Y.
    Uyvy,
}

impl PixelFormat {
    /// Bytes per row and number of rows of each plane, tightly packed; chroma of odd sizes is rounded up.
    pub fn plane_layout(self, size: Resolution) -> Vec<(usize, usize)> {
        let (width, height) = (size.width as usize, size.height as usize);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        match self {
            Self::Bgrx | Self::Rgbx => vec![(width * 4, height)],
            Self::Bgr24 | Self::Rgb24 => vec![(width * 3, height)],
            Self::Gray8 => vec![(width, height)],
            Self::Nv12 => vec![(width, height), (half_width * 2, half_height)],
            Self::I420 => vec![(width, height), (half_width, half_height), (half_width, half_height)],
            Self::Yuyv | Self::Uyvy => vec![(half_width * 4, height)],
        }
    }

    /// Bytes of a tightly packed picture.
    pub fn packed_len(self, size: Resolution) -> usize {
        self.plane_layout(size).iter().map(|(row, rows)| row * rows).sum()
    }
}

/// Formats of a camera that arrive already encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompressedFormat {
    /// One JPEG a frame.
    Mjpeg,
    /// One access unit of H.264 a frame, with start codes. Nothing here decodes it: it is recorded as it comes.
    H264,
}

impl CompressedFormat {
    /// Its codec.
    pub const fn codec(self) -> VideoCodec {
        match self {
            Self::Mjpeg => VideoCodec::Mjpeg,
            Self::H264 => VideoCodec::H264,
        }
    }
}

/// Memory that holds pixels: a vector, or shared memory filled by the X server. Read-only once in a frame.
pub trait PixelBuffer: Send + Sync {
    /// All bytes.
    fn bytes(&self) -> &[u8];
}

impl PixelBuffer for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// Raw planes inside one buffer.
#[derive(Clone)]
pub struct Planes {
    format: PixelFormat,
    buffer: Arc<dyn PixelBuffer>,
    /// Offset and stride in bytes, one per plane of `format`.
    layout: Vec<(usize, usize)>,
}

/// What is wrong with the pixels that someone wants to make a frame of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The buffer ends before the picture does.
    #[error("a {format:?} picture of {size} needs {needed} bytes, the buffer holds {held}")]
    TooShort {
        /// The format.
        format: PixelFormat,
        /// The size.
        size: Resolution,
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        held: usize,
    },
    /// Strides or offsets do not describe the picture.
    #[error("a {format:?} picture of {size} cannot have these strides")]
    BadLayout {
        /// The format.
        format: PixelFormat,
        /// The size.
        size: Resolution,
    },
}

impl Planes {
    /// Planes that lie tightly packed one after the other.
    pub fn packed(format: PixelFormat, size: Resolution, buffer: Arc<dyn PixelBuffer>) -> Result<Self, FrameError> {
        let mut offset = 0;
        let layout = format
            .plane_layout(size)
            .into_iter()
            .map(|(row, rows)| {
                let plane = (offset, row);
                offset += row * rows;
                plane
            })
            .collect();
        Self::with_layout(format, size, buffer, layout)
    }

    /// Planes at the given `(offset, stride)` in bytes, checked against the size and the buffer's length.
    pub fn with_layout(
        format: PixelFormat,
        size: Resolution,
        buffer: Arc<dyn PixelBuffer>,
        layout: Vec<(usize, usize)>,
    ) -> Result<Self, FrameError> {
        let rows = format.plane_layout(size);
        if rows.len() != layout.len() || rows.iter().zip(&layout).any(|((row, _), (_, stride))| stride < row) {
            return Err(FrameError::BadLayout { format, size });
        }
        let needed = rows
            .iter()
            .zip(&layout)
            .map(|((row, rows), (offset, stride))| offset + stride * rows.saturating_sub(1) + row)
            .max()
            .unwrap_or(0);
        let held = buffer.bytes().len();
        if held < needed {
            return Err(FrameError::TooShort { format, size, needed, held });
        }
        Ok(Self { format, buffer, layout })
    }

    /// The pixel format.
    pub const fn format(&self) -> PixelFormat {
        self.format
    }

    /// How many planes there are.
    pub fn count(&self) -> usize {
        self.layout.len()
    }

    /// The bytes of a plane from its first pixel to the end of the buffer, and its stride in bytes.
    /// Panics if there is no such plane.
    pub fn plane(&self, index: usize) -> (&[u8], usize) {
        let (offset, stride) = self.layout[index];
        (&self.buffer.bytes()[offset..], stride)
    }
}

impl fmt::Debug for Planes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planes").field("format", &self.format).field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// The picture itself.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Raw pixels.
    Planes(Planes),
    /// As the camera encoded it.
    Compressed {
        /// What encoding.
        format: CompressedFormat,
        /// One whole picture.
        data: Arc<[u8]>,
    },
}

/// Which rows differ from the frame with the previous `seq` of the same source and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Nothing is known: take all rows as new.
    Unknown,
    /// Rows `top..bottom` may differ, all others are equal. Empty when `top >= bottom`.
    Rows {
        /// First row that may differ.
        top: u32,
        /// One past the last.
        bottom: u32,
    },
}

impl Changed {
    /// What changed over two steps.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Rows { top: a, bottom: b }, Self::Rows { top: c, bottom: d }) => {
                if a >= b {
                    other
                } else if c >= d {
                    self
                } else {
                    Self::Rows { top: a.min(c), bottom: b.max(d) }
                }
            }
            _ => Self::Unknown,
        }
    }
}

/// One picture of a source, shared by preview and recording.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Counts the frames this source delivered, from 0 without gaps.
    pub seq: u64,
    /// When the light was taken.
    pub captured_at: Timestamp,
    /// What the numbers mean.
    pub colour: Colour,
    /// Pixels across and down.
    pub size: Resolution,
    /// What differs from frame `seq − 1`.
    pub changed: Changed,
    /// The pixels.
    pub payload: Payload,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_round_chroma_up() {
        let size = Resolution::new(5, 3);
        assert_eq!(PixelFormat::Nv12.packed_len(size), 15 + 6 * 2);
        assert_eq!(PixelFormat::I420.packed_len(size), 15 + 3 * 2 * 2);
        assert_eq!(PixelFormat::Yuyv.packed_len(size), 12 * 3);
        assert_eq!(size.padded_even(), Resolution::new(6, 4));
    }

    #[test]
    fn a_short_buffer_or_a_narrow_stride_is_refused() {
        let size = Resolution::new(4, 4);
        let short: Arc<dyn PixelBuffer> = Arc::new(vec![0_u8; 63]);
        assert!(matches!(
            Planes::packed(PixelFormat::Bgrx, size, short),
            Err(FrameError::TooShort { needed: 64, held: 63, .. })
        ));
        let buffer: Arc<dyn PixelBuffer> = Arc::new(vec![0_u8; 64]);
        assert!(Planes::with_layout(PixelFormat::Bgrx, size, buffer, vec![(0, 15)]).is_err());
    }

    #[test]
    fn the_last_row_needs_no_padding() {
        let size = Resolution::new(3, 2);
        let buffer: Arc<dyn PixelBuffer> = Arc::new(vec![0_u8; 16 + 12]);
        assert!(Planes::with_layout(PixelFormat::Bgrx, size, buffer, vec![(0, 16)]).is_ok());
    }

    #[test]
    fn changes_add_up() {
        let rows = |top, bottom| Changed::Rows { top, bottom };
        assert_eq!(rows(3, 5).union(rows(1, 2)), rows(1, 5));
        assert_eq!(rows(0, 0).union(rows(1, 2)), rows(1, 2));
        assert_eq!(rows(0, 9).union(Changed::Unknown), Changed::Unknown);
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(Resolution::parse("1280x720"), Some(Resolution::new(1280, 720)));
        assert_eq!(Resolution::parse(" 1280 X 720 "), Some(Resolution::new(1280, 720)));
        for text in ["", "0x5", "1280", "1280x", "99999x1", "-1x4"] {
            assert_eq!(Resolution::parse(text), None, "{text}");
        }
    }
}
