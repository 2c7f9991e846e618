//! A source's pictures as the engine takes them: converted to NV12, or as they are.

use crate::imaging::{ImagingError, Mirror, Nv12Converter};
use crate::media::{Changed, Frame, Payload, PixelFormat, Resolution};
use crate::writegear::VideoInput;

/// Why a picture is left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum PictureError {
    /// It cannot be converted.
    #[error(transparent)]
    Conversion(#[from] ImagingError),
    /// Another kind of pixels came than the recording began with.
    #[error("the source changed its pixels, and the recording takes them as they are")]
    OtherPixels,
}

/// Makes the engine's pictures. Keeps the last one.
pub(super) enum Painter {
    /// 4:2:0, of any source.
    Nv12(Box<Nv12Converter>),
    /// The source's own pixels.
    AsItIs(Copier),
}

impl Painter {
    /// For pictures of these pixels.
    pub(super) fn new(spec: &VideoInput, pixels: PixelFormat, mirror: Mirror) -> Result<Self, ImagingError> {
        if pixels == PixelFormat::Nv12 && spec.size.padded_even() == spec.size {
            return Ok(Self::Nv12(Box::new(Nv12Converter::new(spec.size, spec.colour, mirror)?)));
        }
        let picture = vec![0; pixels.packed_len(spec.size)];
        Ok(Self::AsItIs(Copier { pixels, size: spec.size, mirror, picture, is_drawn: false }))
    }

    /// The last picture; black or `None` before the first that could be painted.
    pub(super) fn picture(&self) -> Option<&[u8]> {
        match self {
            Self::Nv12(converter) => Some(&converter.picture().data),
            Self::AsItIs(copier) => copier.is_drawn.then_some(&copier.picture),
        }
    }

    /// The whole picture after this frame.
    pub(super) fn paint(&mut self, frame: &Frame, changed: Changed) -> Result<&[u8], PictureError> {
        match self {
            Self::Nv12(converter) => Ok(&converter.convert(frame, changed)?.data),
            Self::AsItIs(copier) => copier.copy(frame, changed),
        }
    }
}

/// Takes pictures row by row, without a change but for left and right.
pub(super) struct Copier {
    pixels: PixelFormat,
    size: Resolution,
    mirror: Mirror,
    picture: Vec<u8>,
    is_drawn: bool,
}

impl Copier {
    fn copy(&mut self, frame: &Frame, changed: Changed) -> Result<&[u8], PictureError> {
        let is_same = matches!(changed, Changed::Rows { top, bottom } if top >= bottom);
        if is_same && self.is_drawn {
            return Ok(&self.picture);
        }
        let planes = match &frame.payload {
            Payload::Planes(planes) if planes.format() == self.pixels => planes,
            _ => return Err(PictureError::OtherPixels),
        };
        if frame.size != self.size {
            // A window that grew is cut off, one that shrank leaves black behind: a lossless film is not scaled.
            self.picture.fill(0);
        }
        let ours = self.pixels.plane_layout(self.size);
        let theirs = self.pixels.plane_layout(frame.size);
        let mut rest = self.picture.as_mut_slice();
        for (index, ((our_row, our_rows), (their_row, their_rows))) in ours.into_iter().zip(theirs).enumerate() {
            let (plane, next) = rest.split_at_mut(our_row * our_rows);
            rest = next;
            let (bytes, stride) = planes.plane(index);
            let length = our_row.min(their_row);
            for (target, row) in plane.chunks_exact_mut(our_row.max(1)).zip(0..our_rows.min(their_rows)) {
                let Some(source) = bytes.get(row * stride..row * stride + length) else { break };
                target[..length].copy_from_slice(source);
                if self.mirror == Mirror::Horizontal {
                    mirror_row(self.pixels, index, target);
                }
            }
        }
        self.is_drawn = true;
        Ok(&self.picture)
    }
}

/// Lets left and right of one row of a plane change places.
fn mirror_row(pixels: PixelFormat, plane: usize, row: &mut [u8]) {
    use PixelFormat as F;
    let bytes = match pixels {
        F::Bgrx | F::Rgbx | F::Yuyv | F::Uyvy => 4,
        F::Bgr24 | F::Rgb24 => 3,
        F::Nv12 if plane > 0 => 2,
        F::Gray8 | F::Nv12 | F::I420 => 1,
    };
    row.reverse();
    for group in row.chunks_exact_mut(bytes) {
        group.reverse();
        // Two pixels share their colour and change places beside it.
        match pixels {
            F::Yuyv => group.swap(0, 2),
            F::Uyvy => group.swap(1, 3),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::media::{Colour, FrameRate, FrameTiming, Planes, Timestamp};
    use crate::writegear::Pictures;

    fn frame(size: Resolution, stride: usize, first: u8) -> Frame {
        let bytes: Vec<u8> = (first..).take(stride * size.height as usize).collect();
        let planes = Planes::with_layout(PixelFormat::Bgr24, size, Arc::new(bytes), vec![(0, stride)]).unwrap();
        let captured_at = Timestamp::from_nanos(0);
        let payload = Payload::Planes(planes);
        Frame { seq: 0, captured_at, colour: Colour::SRGB, size, changed: Changed::Unknown, payload }
    }

    #[test]
    fn pixels_are_taken_as_they_are_and_other_sizes_cut_or_left_black() {
        let spec = VideoInput {
            pictures: Pictures::Raw(PixelFormat::Bgr24),
            size: Resolution::new(2, 2),
            colour: Colour::SRGB,
            rate: FrameRate::whole(30),
            timing: FrameTiming::Constant,
        };
        let mut painter = Painter::new(&spec, PixelFormat::Bgr24, Mirror::No).unwrap();
        let nothing = Changed::Rows { top: 0, bottom: 0 };
        let first = frame(spec.size, 8, 1);
        assert_eq!(painter.paint(&first, nothing).unwrap(), [1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14]);
        let other = frame(spec.size, 8, 50);
        assert_eq!(painter.paint(&other, nothing).unwrap()[0], 1, "nothing changed");
        let narrow = frame(Resolution::new(1, 3), 3, 1);
        assert_eq!(painter.paint(&narrow, Changed::Unknown).unwrap(), [1, 2, 3, 0, 0, 0, 4, 5, 6, 0, 0, 0]);
        let wide = frame(Resolution::new(3, 1), 9, 1);
        assert_eq!(painter.paint(&wide, Changed::Unknown).unwrap(), [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
        let mut alien = frame(spec.size, 6, 1);
        let planes = Planes::packed(PixelFormat::Rgb24, spec.size, Arc::new(vec![0_u8; 12])).unwrap();
        alien.payload = Payload::Planes(planes);
        assert!(painter.paint(&alien, Changed::Unknown).is_err());
        let mut mirrored = Painter::new(&spec, PixelFormat::Bgr24, Mirror::Horizontal).unwrap();
        assert_eq!(mirrored.paint(&first, nothing).unwrap(), [4, 5, 6, 1, 2, 3, 12, 13, 14, 9, 10, 11]);
    }

    #[test]
    fn every_kind_of_pixels_is_mirrored_with_its_colours() {
        use PixelFormat as F;
        for (pixels, plane, row, mirrored) in [
            (F::Bgrx, 0, &[1, 2, 3, 4, 5, 6, 7, 8][..], &[5, 6, 7, 8, 1, 2, 3, 4][..]),
            (F::Rgb24, 0, &[1, 2, 3, 4, 5, 6], &[4, 5, 6, 1, 2, 3]),
            (F::Gray8, 0, &[1, 2, 3], &[3, 2, 1]),
            (F::Nv12, 0, &[1, 2, 3, 4], &[4, 3, 2, 1]),
            (F::Nv12, 1, &[1, 2, 3, 4], &[3, 4, 1, 2]),
            (F::I420, 2, &[1, 2], &[2, 1]),
            (F::Yuyv, 0, &[10, 1, 20, 2, 30, 3, 40, 4], &[40, 3, 30, 4, 20, 1, 10, 2]),
            (F::Uyvy, 0, &[1, 10, 2, 20, 3, 30, 4, 40], &[3, 40, 4, 30, 1, 20, 2, 10]),
        ] {
            let mut row = row.to_vec();
            mirror_row(pixels, plane, &mut row);
            assert_eq!(row, mirrored, "{pixels:?}");
        }
    }
}
