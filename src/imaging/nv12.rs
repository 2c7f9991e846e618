//! A picture as encoders take it.

use super::ImagingError;
use crate::media::{Colour, Matrix, Range, Resolution};

/// An NV12 picture: luma, then U V pairs at half size, tightly packed in one buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nv12 {
    /// Pixels across and down, both even.
    pub size: Resolution,
    /// `width × height` bytes of luma, then `width × height / 2` bytes of U V pairs.
    pub data: Vec<u8>,
    /// What the numbers mean; always limited range.
    pub colour: Colour,
}

impl Nv12 {
    /// A black picture. Refuses odd or impossible sizes and colours that are not limited BT.601 or BT.709.
    pub fn black(size: Resolution, colour: Colour) -> Result<Self, ImagingError> {
        let even = size.width.is_multiple_of(2) && size.height.is_multiple_of(2);
        if !even || Resolution::checked(size.width, size.height).is_none() {
            return Err(ImagingError::BadTarget { size });
        }
        if colour.range != Range::Limited || colour.matrix == Matrix::Rgb {
            return Err(ImagingError::BadColour { colour });
        }
        let pixels = size.width as usize * size.height as usize;
        let mut data = vec![16; pixels];
        data.resize(pixels + pixels / 2, 128);
        Ok(Self { size, data, colour })
    }

    /// The luma plane; its stride is the width.
    pub fn y(&self) -> &[u8] {
        &self.data[..self.luma_len()]
    }

    /// The plane of U V pairs; its stride is the width too.
    pub fn uv(&self) -> &[u8] {
        &self.data[self.luma_len()..]
    }

    /// Luma and chroma, to be written.
    pub(super) fn planes_mut(&mut self) -> (&mut [u8], &mut [u8]) {
        let luma = self.luma_len();
        self.data.split_at_mut(luma)
    }

    /// Luma rows `top..bottom` (even) and the chroma rows that belong to them, to be written.
    pub(super) fn rows_mut(&mut self, top: usize, bottom: usize) -> (&mut [u8], &mut [u8]) {
        let width = self.width();
        let (luma, chroma) = self.planes_mut();
        (&mut luma[top * width..bottom * width], &mut chroma[top / 2 * width..bottom / 2 * width])
    }

    /// The width, and the stride of both planes.
    pub(super) const fn width(&self) -> usize {
        self.size.width as usize
    }

    /// The height in luma rows.
    pub(super) const fn height(&self) -> usize {
        self.size.height as usize
    }

    const fn luma_len(&self) -> usize {
        self.size.width as usize * self.size.height as usize
    }
}
