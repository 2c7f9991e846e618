//! A picture as it is handed in: borrowed planes with strides, checked before a byte is read.

use super::error::WriterError;
use crate::media::{Matrix, Range, Resolution};

/// How the pixels lie in memory. Names are in memory order; 16-bit samples in the machine's byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// One byte of luma, full range.
    Gray8,
    /// Two bytes of luma, full range.
    Gray16,
    /// Blue, green, red.
    Bgr24,
    /// Red, green, blue.
    Rgb24,
    /// Blue, green, red and a byte that is left out, alpha or not.
    Bgrx,
    /// Red, green, blue and a byte that is left out, alpha or not.
    Rgbx,
    /// Blue, green, red, two bytes each.
    Bgr48,
    /// Red, green, blue, two bytes each.
    Rgb48,
    /// Y, U and V of every pixel side by side, as OpenCV's `COLOR_BGR2YUV` makes them.
    Yuv24(Matrix, Range),
    /// 4:2:0, a plane of luma and one of U V pairs.
    Nv12(Matrix, Range),
    /// 4:2:0, three planes.
    I420(Matrix, Range),
}

/// One picture.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Its format.
    pub pixels: Pixels,
    /// Its size.
    pub size: Resolution,
    /// Each plane from its first pixel on, with the bytes from one row to the next. The last row may end with its
    /// last pixel.
    pub planes: &'a [(&'a [u8], usize)],
}

impl Pixels {
    /// Bytes per row and number of rows of each plane; chroma of odd sizes is rounded up.
    pub(super) fn layout(self, size: Resolution) -> Vec<(usize, usize)> {
        let (width, height) = (size.width as usize, size.height as usize);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        match self {
            Self::Gray8 => vec![(width, height)],
            Self::Gray16 => vec![(width * 2, height)],
            Self::Bgr24 | Self::Rgb24 | Self::Yuv24(..) => vec![(width * 3, height)],
            Self::Bgrx | Self::Rgbx => vec![(width * 4, height)],
            Self::Bgr48 | Self::Rgb48 => vec![(width * 6, height)],
            Self::Nv12(..) => vec![(width, height), (half_width * 2, half_height)],
            Self::I420(..) => vec![(width, height), (half_width, half_height), (half_width, half_height)],
        }
    }
}

impl Picture<'_> {
    /// Whether every row lies within its plane.
    pub(super) fn check(&self) -> Result<(), WriterError> {
        let layout = self.pixels.layout(self.size);
        let fits = |((row, rows), (bytes, stride)): (&(usize, usize), &(&[u8], usize))| {
            let needed = stride.checked_mul(rows.saturating_sub(1)).and_then(|above| above.checked_add(*row));
            *stride >= *row && needed.is_some_and(|needed| bytes.len() >= needed)
        };
        if layout.len() == self.planes.len() && layout.iter().zip(self.planes).all(fits) {
            return Ok(());
        }
        Err(WriterError::BadLayout { pixels: self.pixels, size: self.size, planes: self.planes.len() })
    }

    /// A row of a plane, of `len` bytes; empty where there is none (a checked picture has them all).
    pub(super) fn row(&self, plane: usize, row: usize, len: usize) -> &[u8] {
        self.planes.get(plane).and_then(|(bytes, stride)| bytes.get(row * stride..)?.get(..len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_must_lie_in_its_planes() {
        let size = Resolution::new(3, 2);
        let bytes = [0_u8; 64];
        let check = |pixels, planes: &[(&[u8], usize)]| Picture { pixels, size, planes }.check().is_ok();
        assert!(check(Pixels::Bgr24, &[(&bytes[..18], 9)]));
        assert!(check(Pixels::Bgr24, &[(&bytes[..21], 12)]), "the last row needs no padding");
        assert!(!check(Pixels::Bgr24, &[(&bytes[..17], 9)]));
        assert!(!check(Pixels::Bgr24, &[(&bytes, 8)]));
        assert!(!check(Pixels::Bgr24, &[(&bytes, usize::MAX)]));
        assert!(!check(Pixels::Bgr24, &[]) && !check(Pixels::Bgr24, &[(&bytes, 9), (&bytes, 9)]));
        let yuv = (Matrix::Bt601, Range::Limited);
        assert!(check(Pixels::Nv12(yuv.0, yuv.1), &[(&bytes[..6], 3), (&bytes[..4], 4)]));
        assert!(!check(Pixels::Nv12(yuv.0, yuv.1), &[(&bytes[..6], 3), (&bytes[..3], 4)]));
        assert!(check(Pixels::I420(yuv.0, yuv.1), &[(&bytes[..6], 3), (&bytes[..2], 2), (&bytes[..2], 2)]));
        assert!(check(Pixels::Bgr48, &[(&bytes[..36], 18)]) && !check(Pixels::Bgr48, &[(&bytes[..35], 18)]));
    }
}
