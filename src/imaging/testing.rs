//! Painted pictures for the tests, their frames in every format, and the textbook's YUV.

use std::sync::Arc;

use turbojpeg::{Colorspace, Compressor, Image, Subsamp};

use super::Nv12;
use super::recode::weights;
use crate::media::{
    Changed, Colour, CompressedFormat, Frame, Matrix, Payload, PixelBuffer, PixelFormat, Planes, Range, Resolution,
    Timestamp,
};

/// Four quarters of flat colour, 64×48, 4:2:2 full range as a webcam sends it.
pub(super) const JPEG_422: &[u8] = include_bytes!("../../tests/data/quarters-422.jpg");
/// The same at 63×47, 4:2:0.
pub(super) const JPEG_ODD: &[u8] = include_bytes!("../../tests/data/quarters-420-odd.jpg");
/// A gray ramp's JPEG without chroma, 64×48.
pub(super) const JPEG_GRAY: &[u8] = include_bytes!("../../tests/data/gray.jpg");

/// How many pixels a place of a JPEG's chroma may stand for: 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1.
pub(super) const SUBSAMPLINGS: [Subsamp; 5] =
    [Subsamp::None, Subsamp::Sub2x1, Subsamp::Sub2x2, Subsamp::Sub1x2, Subsamp::Sub4x1];

/// An RGB picture.
#[derive(Clone)]
pub(super) struct Painted {
    pub(super) size: Resolution,
    pixels: Vec<[u8; 3]>,
}

impl Painted {
    pub(super) fn new(size: Resolution, paint: impl Fn(u32, u32) -> [u8; 3]) -> Self {
        let paint = &paint;
        let pixels = (0..size.height).flat_map(|y| (0..size.width).map(move |x| paint(x, y))).collect();
        Self { size, pixels }
    }

    /// Slow changes in all three colours, so that a shift or a swap of channels shows and chroma averages well.
    pub(super) fn smooth(size: Resolution) -> Self {
        // Never more than two levels from pixel to pixel: then the mean of four stands for each of them.
        let part = |at: u32, of: u32, most: u32| u8::try_from(most * at / of.max(most / 2)).unwrap();
        Self::new(size, |x, y| {
            let (x, y) = (part(x, size.width, 200), part(y, size.height, 180));
            [20 + x, 240 - x, 10 + y]
        })
    }

    pub(super) fn noise(size: Resolution, seed: u64) -> Self {
        let random = std::cell::RefCell::new(fastrand::Rng::with_seed(seed));
        Self::new(size, |_, _| {
            let mut random = random.borrow_mut();
            [random.u8(..), random.u8(..), random.u8(..)]
        })
    }

    /// The pixel, the nearest one of the edge if outside.
    pub(super) fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let (x, y) = (x.min(self.size.width - 1), y.min(self.size.height - 1));
        self.pixels[(y * self.size.width + x) as usize]
    }

    /// The mean of a block.
    pub(super) fn mean(&self, x: u32, y: u32, side: u32) -> [u8; 3] {
        [0, 1, 2].map(|channel| {
            let block = (y..y + side).flat_map(|y| (x..x + side).map(move |x| (x, y)));
            let sum: u32 = block.map(|(x, y)| u32::from(self.at(x, y)[channel])).sum();
            u8::try_from((sum + side * side / 2) / (side * side)).unwrap()
        })
    }

    /// What a gray camera sees.
    pub(super) fn gray(&self) -> Self {
        Self::new(self.size, |x, y| [gray_of(self.at(x, y)); 3])
    }

    pub(super) fn with_rows(&self, other: &Self, rows: (u32, u32)) -> Self {
        Self::new(self.size, |x, y| if (rows.0..rows.1).contains(&y) { other.at(x, y) } else { self.at(x, y) })
    }
}

fn gray_of(rgb: [u8; 3]) -> u8 {
    yuv_of(rgb, Matrix::Bt601, Range::Full)[0]
}

/// The four colours of the JPEG fixtures.
pub(super) fn quarters(size: Resolution) -> Painted {
    Painted::new(size, |x, y| match (x * 2 >= size.width, y * 2 >= size.height) {
        (false, false) => [200, 40, 40],
        (true, false) => [40, 180, 60],
        (false, true) => [50, 60, 200],
        (true, true) => [220, 210, 90],
    })
}

/// Eight upright bars: white, yellow, cyan, green, magenta, red, blue, black.
pub(super) fn bars(size: Resolution) -> Painted {
    Painted::new(size, |x, _| {
        let bar = x * 8 / size.width;
        [2, 4, 1].map(|bit| if bar & bit == 0 { 235 } else { 16 })
    })
}

/// The textbook: `Y = Kr·R + Kg·G + Kb·B`, `U = (B − Y) / 2(1 − Kb)`, `V = (R − Y) / 2(1 − Kr)`, then the range.
pub(super) fn yuv_of(rgb: [u8; 3], matrix: Matrix, range: Range) -> [u8; 3] {
    yuv_of_mean(rgb.map(f64::from), matrix, range)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn yuv_of_mean(rgb: [f64; 3], matrix: Matrix, range: Range) -> [u8; 3] {
    let [kr, kg, kb] = weights(matrix);
    let [red, green, blue] = rgb.map(|value| value / 255.0);
    let y = kr * red + kg * green + kb * blue;
    let (u, v) = ((blue - y) / (2.0 * (1.0 - kb)), (red - y) / (2.0 * (1.0 - kr)));
    let numbers = match range {
        Range::Limited => [16.0 + 219.0 * y, 128.0 + 224.0 * u, 128.0 + 224.0 * v],
        Range::Full => [255.0 * y, 128.0 + 255.0 * u, 128.0 + 255.0 * v],
    };
    numbers.map(|number| number.round().clamp(0.0, 255.0) as u8)
}

/// What a right conversion gives: padded to even by repeating, chroma of the mean of four pixels.
pub(super) fn reference(painted: &Painted, colour: Colour) -> Nv12 {
    let size = painted.size.padded_even();
    let mut data = Vec::new();
    for y in 0..size.height {
        for x in 0..size.width {
            data.push(yuv_of(painted.at(x, y), colour.matrix, Range::Limited)[0]);
        }
    }
    for y in 0..size.height / 2 {
        for x in 0..size.width / 2 {
            let block = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| painted.at(x * 2 + dx, y * 2 + dy));
            let mean = [0, 1, 2].map(|c| block.iter().map(|rgb| f64::from(rgb[c])).sum::<f64>() / 4.0);
            let [_, u, v] = yuv_of_mean(mean, colour.matrix, Range::Limited);
            data.extend_from_slice(&[u, v]);
        }
    }
    Nv12 { size, data, colour }
}

pub(super) fn assert_close(got: &Nv12, want: &Nv12, levels: u8, what: &str) {
    assert_eq!((got.size, got.data.len()), (want.size, want.data.len()), "{what}");
    let worst = got.data.iter().zip(&want.data).enumerate().max_by_key(|(_, (got, want))| got.abs_diff(**want));
    if let Some((at, (got, want))) = worst {
        assert!(got.abs_diff(*want) <= levels, "{what}: byte {at} is {got}, not {want}");
    }
}

/// The picture as a source of `format` delivers it: cameras' YUV in limited BT.601, everything else RGB. Rows are
/// `padding` bytes longer than needed, except the last one, which ends with its last pixel.
pub(super) fn frame_in(format: PixelFormat, painted: &Painted, padding: usize) -> Frame {
    let size = painted.size;
    let (mut bytes, mut layout) = (Vec::new(), Vec::new());
    for (plane, (row_len, rows)) in format.plane_layout(size).into_iter().enumerate() {
        layout.push((bytes.len(), row_len + padding));
        for row in 0..u32::try_from(rows).unwrap() {
            let start = bytes.len();
            write_row(format, plane, painted, row, &mut bytes);
            assert_eq!(bytes.len() - start, row_len);
            if row as usize + 1 < rows {
                bytes.extend(std::iter::repeat_n(0xEE, padding));
            }
        }
    }
    let buffer: Arc<dyn PixelBuffer> = Arc::new(bytes);
    let planes = Planes::with_layout(format, size, buffer, layout).unwrap();
    let colour = match format {
        PixelFormat::Nv12 | PixelFormat::I420 | PixelFormat::Yuyv | PixelFormat::Uyvy => Colour::BT601,
        _ => Colour::SRGB,
    };
    frame(size, colour, Payload::Planes(planes))
}

/// The picture as a good JPEG.
pub(super) fn jpeg_of(painted: &Painted, subsampling: Subsamp, colours: Colorspace) -> Vec<u8> {
    let (width, height) = (painted.size.width as usize, painted.size.height as usize);
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(98).unwrap();
    compressor.set_subsamp(subsampling).unwrap();
    compressor.set_colorspace(colours).unwrap();
    let pixels = painted.pixels.as_flattened();
    let format = turbojpeg::PixelFormat::RGB;
    compressor.compress_to_vec(Image { pixels, width, pitch: width * 3, height, format }).unwrap()
}

/// A webcam's frame of the fixtures' size.
pub(super) fn jpeg_frame(data: &[u8]) -> Frame {
    jpeg_frame_of(data, Resolution::new(64, 48))
}

pub(super) fn jpeg_frame_of(data: &[u8], announced: Resolution) -> Frame {
    let data = Arc::from(data);
    frame(announced, Colour::JPEG, Payload::Compressed { format: CompressedFormat::Mjpeg, data })
}

fn frame(size: Resolution, colour: Colour, payload: Payload) -> Frame {
    Frame { seq: 0, captured_at: Timestamp::from_nanos(0), colour, size, changed: Changed::Unknown, payload }
}

fn write_row(format: PixelFormat, plane: usize, painted: &Painted, row: u32, out: &mut Vec<u8>) {
    let width = painted.size.width;
    let yuv = |x: u32, y: u32| yuv_of(painted.at(x, y), Matrix::Bt601, Range::Limited);
    let chroma = |x: u32, y: u32, tall: u32| {
        let block: Vec<_> = (0..2 * tall).map(|i| painted.at(x + i % 2, y + i / 2)).collect();
        let count = f64::from(2 * tall);
        let mean = [0, 1, 2].map(|c| block.iter().map(|rgb| f64::from(rgb[c])).sum::<f64>() / count);
        yuv_of_mean(mean, Matrix::Bt601, Range::Limited)
    };
    match (format, plane) {
        (PixelFormat::Bgrx | PixelFormat::Rgbx | PixelFormat::Bgr24 | PixelFormat::Rgb24, _) => {
            for x in 0..width {
                let mut rgb = painted.at(x, row);
                if matches!(format, PixelFormat::Bgrx | PixelFormat::Bgr24) {
                    rgb.reverse();
                }
                out.extend_from_slice(&rgb);
                if matches!(format, PixelFormat::Bgrx | PixelFormat::Rgbx) {
                    out.push(0xAA);
                }
            }
        }
        (PixelFormat::Gray8, _) => (0..width).for_each(|x| out.push(gray_of(painted.at(x, row)))),
        (PixelFormat::Nv12 | PixelFormat::I420, 0) => (0..width).for_each(|x| out.push(yuv(x, row)[0])),
        (PixelFormat::Nv12, _) => {
            (0..width.div_ceil(2)).for_each(|x| out.extend_from_slice(&chroma(x * 2, row * 2, 2)[1..]));
        }
        (PixelFormat::I420, plane) => {
            (0..width.div_ceil(2)).for_each(|x| out.push(chroma(x * 2, row * 2, 2)[plane]));
        }
        (PixelFormat::Yuyv | PixelFormat::Uyvy, _) => {
            for x in (0..width).step_by(2) {
                let [_, u, v] = chroma(x, row, 1);
                // The luma beyond an odd width is junk on purpose.
                let second = if x + 1 < width { yuv(x + 1, row)[0] } else { 0xEE };
                let first = yuv(x, row)[0];
                out.extend_from_slice(&match format {
                    PixelFormat::Yuyv => [first, u, second, v],
                    _ => [u, first, v, second],
                });
            }
        }
    }
}
