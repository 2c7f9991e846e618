//! The small picture that a window shows, and whole pictures as RGBA for snapshots.

use std::sync::Arc;

use yuv::{YuvBiPlanarImage, YuvConversionMode, YuvRange, yuv_nv12_to_rgba};

use super::jpeg::Decoded;
use super::rgb::{RgbOrder, refused, standard};
use super::scale::{shrink, shrink_factor, shrink_nv12};
use super::source::{Pixels, Plane, Source};
use super::{ImagingError, Nv12, natural_colour};
use crate::media::{Colour, CompressedFormat, Frame, Matrix, Payload, Resolution, Timestamp};

/// A small NV12 picture, shared without copying.
#[derive(Clone, Debug)]
pub struct PreviewImage {
    /// Pixels across and down, both even.
    pub size: Resolution,
    /// Luma, tightly packed.
    pub y: Arc<Vec<u8>>,
    /// U V pairs at half size, tightly packed.
    pub uv: Arc<Vec<u8>>,
    /// What the numbers mean; always limited range.
    pub colour: Colour,
    /// The frame's number.
    pub seq: u64,
    /// When the light was taken.
    pub captured_at: Timestamp,
}

/// Luma and chroma that a window may still be showing.
type SharedPlanes = (Arc<Vec<u8>>, Arc<Vec<u8>>);

/// Makes small pictures; keeps its buffers, and takes back those that nobody shows any more.
#[derive(Debug, Default)]
pub struct Previewer {
    jpeg: Decoded,
    full: Option<Nv12>,
    small: Option<Nv12>,
    rgb: Vec<u8>,
    given: Vec<SharedPlanes>,
}

impl Previewer {
    /// Without any buffer yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The frame, shrunk by the smallest whole factor that brings it within `max` (never grown).
    /// A frame thinner than two pixels a block may stay larger than `max`.
    pub fn image(&mut self, frame: &Frame, max: Resolution) -> Result<PreviewImage, ImagingError> {
        let source = match &frame.payload {
            Payload::Planes(planes) => Source::of_planes(frame, planes)?,
            Payload::Compressed { format: CompressedFormat::H264, .. } => return Err(ImagingError::NotDecoded),
            Payload::Compressed { format: CompressedFormat::Mjpeg, data } => {
                self.jpeg.decode(data, frame.size)?;
                Source::of_jpeg(&self.jpeg, frame.colour)
            }
        };
        let padded = source.size.padded_even();
        let factor = shrink_factor(source.size, max);
        let even = |side: u32| (side / factor / 2 * 2).max(2);
        let size =
            if factor == 1 { padded } else { Resolution::new(even(source.size.width), even(source.size.height)) };
        let colour = preview_colour(frame);
        let mut small = blank(self.small.take(), size, colour)?;
        let whole = |picture: &Nv12| (0, picture.height());
        if factor == 1 {
            source.write_rows(whole(&small), &mut small)?;
        } else if let Pixels::Rgb(plane, order) = source.pixels {
            // Scaled first: a quarter of the pixels is left to convert.
            let stride = size.width as usize * order.channels();
            self.rgb.resize(stride * size.height as usize, 0);
            let (from, to) = ((plane.bytes, plane.stride), (self.rgb.as_mut_slice(), stride));
            match order.channels() {
                4 => shrink::<4>(from, factor as usize, to),
                _ => shrink::<3>(from, factor as usize, to),
            }
            let scaled = Source::of_rgb(Plane { bytes: &self.rgb, stride }, order, size);
            scaled.write_rows(whole(&small), &mut small)?;
        } else {
            let mut full = blank(self.full.take(), padded, colour)?;
            source.write_rows(whole(&full), &mut full)?;
            shrink_nv12(&full, factor as usize, &mut small)?;
            self.full = Some(full);
        }
        let (y, uv) = self.share(&small);
        self.small = Some(small);
        Ok(PreviewImage { size, y, uv, colour, seq: frame.seq, captured_at: frame.captured_at })
    }

    /// Copies the planes into buffers that nobody else holds any more.
    fn share(&mut self, picture: &Nv12) -> SharedPlanes {
        let free = |pair: &mut SharedPlanes| Arc::get_mut(&mut pair.0).is_some() && Arc::get_mut(&mut pair.1).is_some();
        let found = self.given.iter_mut().position(free);
        let (mut y, mut uv) = found.map_or_else(Default::default, |index| self.given.swap_remove(index));
        for (to, from) in [(&mut y, picture.y()), (&mut uv, picture.uv())] {
            if let Some(to) = Arc::get_mut(to) {
                to.clear();
                to.extend_from_slice(from);
            }
        }
        // Three: one shown, one in the mailbox, one being made.
        if self.given.len() >= 3 {
            self.given.remove(0);
        }
        self.given.push((Arc::clone(&y), Arc::clone(&uv)));
        (y, uv)
    }
}

fn preview_colour(frame: &Frame) -> Colour {
    natural_colour(frame, 720)
}

/// A buffer of this size, the old one if it fits. Its content is whatever it was.
fn blank(old: Option<Nv12>, size: Resolution, colour: Colour) -> Result<Nv12, ImagingError> {
    match old {
        Some(old) if old.size == size => Ok(Nv12 { colour, ..old }),
        _ => Nv12::black(size, colour),
    }
}

/// Red, green, blue and opaque alpha for every pixel, row by row: what `ColorImage` and a PNG take.
pub fn to_rgba(image: &PreviewImage) -> Result<Vec<u8>, ImagingError> {
    planes_to_rgba(image.size, &image.y, &image.uv, image.colour.matrix)
}

fn planes_to_rgba(size: Resolution, y: &[u8], uv: &[u8], matrix: Matrix) -> Result<Vec<u8>, ImagingError> {
    let input = YuvBiPlanarImage {
        y_plane: y,
        y_stride: size.width,
        uv_plane: uv,
        uv_stride: size.width,
        width: size.width,
        height: size.height,
    };
    let mut rgba = vec![255; size.width as usize * size.height as usize * 4];
    let stride = size.width.saturating_mul(4);
    let mode = YuvConversionMode::Balanced;
    yuv_nv12_to_rgba(&input, &mut rgba, stride, YuvRange::Limited, standard(matrix), mode)
        .map_err(|error| refused(size, &error))?;
    Ok(rgba)
}

/// A whole picture as a PNG takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rgba {
    /// Pixels across and down; odd if the frame was.
    pub size: Resolution,
    /// Red, green, blue, opaque alpha for every pixel, row by row.
    pub data: Vec<u8>,
}

/// The frame at full size: an RGB source to the bit, YUV and JPEG through NV12.
pub fn snapshot_rgba(frame: &Frame) -> Result<Rgba, ImagingError> {
    let mut jpeg = Decoded::default();
    let source = match &frame.payload {
        Payload::Planes(planes) => Source::of_planes(frame, planes)?,
        Payload::Compressed { format: CompressedFormat::H264, .. } => return Err(ImagingError::NotDecoded),
        Payload::Compressed { format: CompressedFormat::Mjpeg, data } => {
            jpeg.decode(data, frame.size)?;
            Source::of_jpeg(&jpeg, frame.colour)
        }
    };
    let size = source.size;
    let (width, height) = (size.width as usize, size.height as usize);
    let mut data = Vec::with_capacity(width * height * 4);
    if let Pixels::Rgb(plane, order) = source.pixels {
        let (red, blue) = if matches!(order, RgbOrder::Rgbx | RgbOrder::Rgb) { (0, 2) } else { (2, 0) };
        for row in 0..height {
            for pixel in plane.row(row, width * order.channels()).chunks_exact(order.channels()) {
                data.extend_from_slice(&[pixel[red], pixel[1], pixel[blue], 255]);
            }
        }
        return Ok(Rgba { size, data });
    }
    let mut full = Nv12::black(size.padded_even(), preview_colour(frame))?;
    source.write_rows((0, full.height()), &mut full)?;
    let rgba = planes_to_rgba(full.size, full.y(), full.uv(), full.colour.matrix)?;
    for row in rgba.chunks_exact(full.width() * 4).take(height) {
        data.extend_from_slice(&row[..width * 4]);
    }
    Ok(Rgba { size, data })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{JPEG_422, Painted, assert_close, frame_in, jpeg_frame, quarters, reference};
    use super::*;
    use crate::media::PixelFormat;

    fn as_nv12(image: &PreviewImage) -> Nv12 {
        let mut data = image.y.to_vec();
        data.extend_from_slice(&image.uv);
        Nv12 { size: image.size, data, colour: image.colour }
    }

    #[test]
    fn the_picture_is_the_frame_made_smaller() {
        let size = Resolution::new(360, 240);
        let whole = Painted::smooth(size);
        for format in [PixelFormat::Bgrx, PixelFormat::Rgb24, PixelFormat::Yuyv, PixelFormat::Gray8] {
            for (max, want) in [(400, (360, 240)), (180, (180, 120)), (179, (120, 80)), (90, (90, 60)), (61, (60, 40))]
            {
                let frame = frame_in(format, &whole, 12);
                let image = Previewer::new().image(&frame, Resolution::new(max, max)).unwrap();
                assert_eq!(image.size, Resolution::new(want.0, want.1), "{format:?} in {max}");
                let factor = size.width / want.0;
                let mean = |x: u32, y: u32| whole.mean(x * factor, y * factor, factor);
                let painted = Painted::new(image.size, mean);
                let painted = if format == PixelFormat::Gray8 { painted.gray() } else { painted };
                assert_close(&as_nv12(&image), &reference(&painted, image.colour), 3, &format!("{format:?} in {max}"));
            }
        }
    }

    #[test]
    fn any_size_gives_an_even_picture() {
        let mut previewer = Previewer::new();
        for (width, height) in [(1, 1), (3, 500), (501, 3), (1001, 707), (64, 1)] {
            for format in [PixelFormat::Bgrx, PixelFormat::I420] {
                let frame = frame_in(format, &Painted::smooth(Resolution::new(width, height)), 0);
                for max in [1, 2, 100, 4000] {
                    let image = previewer.image(&frame, Resolution::new(max, max)).unwrap();
                    assert!(image.size.width.is_multiple_of(2) && image.size.height.is_multiple_of(2));
                    assert_eq!(image.y.len(), (image.size.width * image.size.height) as usize);
                    assert_eq!(image.uv.len() * 2, image.y.len());
                }
            }
        }
    }

    #[test]
    fn a_picture_being_shown_is_not_written_over() {
        let mut previewer = Previewer::new();
        let size = Resolution::new(16, 16);
        let images: Vec<_> = (0..6)
            .map(|seed| previewer.image(&frame_in(PixelFormat::Bgrx, &Painted::noise(size, seed), 0), size).unwrap())
            .collect();
        for (seed, image) in (0..6).zip(&images) {
            let frame = frame_in(PixelFormat::Bgrx, &Painted::noise(size, seed), 0);
            assert_eq!(image.y, Previewer::new().image(&frame, size).unwrap().y);
        }
    }

    #[test]
    fn a_jpeg_is_shown_and_saved_in_its_colours() {
        let frame = jpeg_frame(JPEG_422);
        let image = Previewer::new().image(&frame, Resolution::new(32, 32)).unwrap();
        let rgba = to_rgba(&image).unwrap();
        let whole = snapshot_rgba(&frame).unwrap();
        for (data, size) in [(&rgba, image.size), (&whole.data, whole.size)] {
            let expected = quarters(size);
            for (x, y) in [(4, 4), (size.width - 4, 4), (4, size.height - 4), (size.width - 4, size.height - 4)] {
                let at = (y * size.width + x) as usize * 4;
                for (got, want) in data[at..at + 3].iter().zip(expected.at(x, y)) {
                    assert!(got.abs_diff(want) <= 6, "{size} at {x},{y}: {:?}", &data[at..at + 4]);
                }
            }
        }
    }

    #[test]
    fn a_snapshot_of_a_screen_is_exact() {
        let size = Resolution::new(7, 5);
        let painted = Painted::noise(size, 9);
        for format in [PixelFormat::Bgrx, PixelFormat::Rgbx, PixelFormat::Bgr24, PixelFormat::Rgb24] {
            let snapshot = snapshot_rgba(&frame_in(format, &painted, 8)).unwrap();
            for y in 0..5 {
                for x in 0..7 {
                    let [r, g, b] = painted.at(x, y);
                    let at = (y * 7 + x) as usize * 4;
                    assert_eq!(snapshot.data[at..at + 4], [r, g, b, 255], "{format:?}");
                }
            }
        }
        let odd = snapshot_rgba(&frame_in(PixelFormat::Yuyv, &painted, 0)).unwrap();
        assert_eq!((odd.size, odd.data.len()), (size, 7 * 5 * 4));
    }
}
