//! Any picture into what OpenCV's writer takes: blue, green, red, or luma alone, eight bits each, rows packed.
//!
//! OpenCV itself drops a gray or a four-channel picture without a word; here each becomes the right one.

use yuv::{
    YuvBiPlanarImage, YuvConversionMode, YuvPlanarImage, YuvRange, YuvStandardMatrix, yuv_nv12_to_bgr, yuv420_to_bgr,
};

use super::picture::{Picture, Pixels};
use super::settings::Channels;
use crate::media::{Matrix, Range, Resolution};

impl Channels {
    /// Bytes per pixel.
    pub(super) const fn count(self) -> usize {
        match self {
            Self::Colour => 3,
            Self::Gray => 1,
        }
    }
}

/// Writes `picture` (checked) into `out`, tightly packed rows of a picture of `padded`, which is at most one pixel
/// larger on each side: the last column and row are repeated.
pub(super) fn convert(picture: &Picture<'_>, channels: Channels, padded: Resolution, out: &mut [u8]) {
    let (width, height) = (picture.size.width as usize, picture.size.height as usize);
    let (pixel, stride) = (channels.count(), padded.width as usize * channels.count());
    if padded == picture.size && channels == Channels::Colour && fast_yuv(picture, out, stride) {
        return;
    }
    let mut scratch = Vec::new();
    for (index, row) in out.chunks_exact_mut(stride).take(height).enumerate() {
        let (inside, beyond) = row.split_at_mut(width * pixel);
        match channels {
            Channels::Colour => bgr_row(picture, index, inside),
            Channels::Gray => gray_row(picture, index, inside, &mut scratch),
        }
        if let Some(last) = inside.rchunks_exact(pixel).next() {
            beyond.chunks_exact_mut(pixel).for_each(|to| to.copy_from_slice(last));
        }
    }
    let (whole, beyond) = out.split_at_mut((height * stride).min(out.len()));
    if let Some(last) = whole.rchunks_exact(stride).next() {
        beyond.chunks_exact_mut(stride).for_each(|to| to.copy_from_slice(last));
    }
}

/// The `yuv` crate's way, for even sizes: at 1080p a tenth of the plain loop's time. `false` leaves it to the loop.
fn fast_yuv(picture: &Picture<'_>, out: &mut [u8], stride: usize) -> bool {
    let Resolution { width, height } = picture.size;
    let (Pixels::Nv12(matrix, range) | Pixels::I420(matrix, range)) = picture.pixels else { return false };
    // The crate wants whole strides; a last row that ends with its last pixel is the loop's.
    let whole = picture.pixels.layout(picture.size).iter().zip(picture.planes).all(|((_, rows), (bytes, stride))| {
        stride.checked_mul(*rows).is_some_and(|len| bytes.len() >= len) && u32::try_from(*stride).is_ok()
    });
    if !whole || width % 2 == 1 || height % 2 == 1 {
        return false;
    }
    let narrow = |stride: usize| u32::try_from(stride).unwrap_or(u32::MAX);
    let range = if range == Range::Full { YuvRange::Full } else { YuvRange::Limited };
    let matrix = if matrix == Matrix::Bt709 { YuvStandardMatrix::Bt709 } else { YuvStandardMatrix::Bt601 };
    let done = match *picture.planes {
        [(y_plane, y_stride), (uv_plane, uv_stride)] => {
            let (y_stride, uv_stride) = (narrow(y_stride), narrow(uv_stride));
            let image = YuvBiPlanarImage { y_plane, y_stride, uv_plane, uv_stride, width, height };
            yuv_nv12_to_bgr(&image, out, narrow(stride), range, matrix, YuvConversionMode::Balanced)
        }
        [(y_plane, y_stride), (u_plane, u_stride), (v_plane, v_stride)] => {
            let (y_stride, u_stride, v_stride) = (narrow(y_stride), narrow(u_stride), narrow(v_stride));
            let image = YuvPlanarImage { y_plane, y_stride, u_plane, u_stride, v_plane, v_stride, width, height };
            yuv420_to_bgr(&image, out, narrow(stride), range, matrix)
        }
        _ => return false,
    };
    done.is_ok()
}

fn bgr_row(picture: &Picture<'_>, row: usize, out: &mut [u8]) {
    let width = picture.size.width as usize;
    let source = |bytes: usize| picture.row(0, row, width * bytes);
    let pixels = out.chunks_exact_mut(3);
    match picture.pixels {
        Pixels::Bgr24 => out.copy_from_slice(source(3)),
        Pixels::Rgb24 => pixels.zip(source(3).chunks_exact(3)).for_each(|(to, p)| set(to, [p[2], p[1], p[0]])),
        Pixels::Bgrx => pixels.zip(source(4).chunks_exact(4)).for_each(|(to, p)| set(to, [p[0], p[1], p[2]])),
        Pixels::Rgbx => pixels.zip(source(4).chunks_exact(4)).for_each(|(to, p)| set(to, [p[2], p[1], p[0]])),
        Pixels::Gray8 => pixels.zip(source(1)).for_each(|(to, luma)| set(to, [*luma; 3])),
        Pixels::Gray16 => pixels.zip(source(2).chunks_exact(2)).for_each(|(to, p)| set(to, [eight_bits(p); 3])),
        Pixels::Bgr48 => pixels.zip(source(6).chunks_exact(6)).for_each(|(to, p)| {
            set(to, [eight_bits(&p[..2]), eight_bits(&p[2..4]), eight_bits(&p[4..])]);
        }),
        Pixels::Rgb48 => pixels.zip(source(6).chunks_exact(6)).for_each(|(to, p)| {
            set(to, [eight_bits(&p[4..]), eight_bits(&p[2..4]), eight_bits(&p[..2])]);
        }),
        Pixels::Yuv24(matrix, range) => {
            let yuv = YuvToRgb::new(matrix, range);
            pixels.zip(source(3).chunks_exact(3)).for_each(|(to, p)| set(to, yuv.bgr(p[0], p[1], p[2])));
        }
        Pixels::Nv12(matrix, range) => {
            let (yuv, luma) = (YuvToRgb::new(matrix, range), source(1));
            let chroma = picture.row(1, row / 2, width.div_ceil(2) * 2);
            let pairs = out.chunks_mut(6).zip(luma.chunks(2)).zip(chroma.chunks_exact(2));
            for ((to, luma), pair) in pairs {
                to.chunks_exact_mut(3).zip(luma).for_each(|(to, luma)| set(to, yuv.bgr(*luma, pair[0], pair[1])));
            }
        }
        Pixels::I420(matrix, range) => {
            let (yuv, luma) = (YuvToRgb::new(matrix, range), source(1));
            let chroma = |plane| picture.row(plane, row / 2, width.div_ceil(2));
            let pairs = out.chunks_mut(6).zip(luma.chunks(2)).zip(chroma(1).iter().zip(chroma(2)));
            for ((to, luma), (u, v)) in pairs {
                to.chunks_exact_mut(3).zip(luma).for_each(|(to, luma)| set(to, yuv.bgr(*luma, *u, *v)));
            }
        }
    }
}

fn gray_row(picture: &Picture<'_>, row: usize, out: &mut [u8], scratch: &mut Vec<u8>) {
    let width = picture.size.width as usize;
    match picture.pixels {
        Pixels::Gray8 => out.copy_from_slice(picture.row(0, row, width)),
        Pixels::Gray16 => {
            let source = picture.row(0, row, width * 2).chunks_exact(2);
            out.iter_mut().zip(source).for_each(|(to, luma)| *to = eight_bits(luma));
        }
        // A picture with luma of its own keeps that luma.
        Pixels::Nv12(matrix, range) | Pixels::I420(matrix, range) => {
            let (yuv, source) = (YuvToRgb::new(matrix, range), picture.row(0, row, width));
            out.iter_mut().zip(source).for_each(|(to, luma)| *to = yuv.bgr(*luma, 128, 128)[0]);
        }
        _ => {
            scratch.resize(width * 3, 0);
            bgr_row(picture, row, scratch);
            out.iter_mut().zip(scratch.chunks_exact(3)).for_each(|(to, bgr)| *to = luma_of(bgr));
        }
    }
}

fn set(to: &mut [u8], bgr: [u8; 3]) {
    to.copy_from_slice(&bgr);
}

/// A 16-bit sample in eight bits, 65535 as 255.
fn eight_bits(sample: &[u8]) -> u8 {
    let sample = u32::from(u16::from_ne_bytes([sample[0], sample[1]]));
    u8::try_from((sample * 255 + 32_767) / 65_535).unwrap_or(u8::MAX)
}

/// BT.601 luma, as OpenCV's own `COLOR_BGR2GRAY` weighs it.
fn luma_of(bgr: &[u8]) -> u8 {
    let (blue, green, red) = (u32::from(bgr[0]), u32::from(bgr[1]), u32::from(bgr[2]));
    u8::try_from((blue * 1868 + green * 9617 + red * 4899 + 8192) >> 14).unwrap_or(u8::MAX)
}

/// A matrix and a range in 16-bit fixed point.
#[derive(Clone, Copy)]
struct YuvToRgb {
    black: i32,
    luma: i32,
    red_v: i32,
    green_u: i32,
    green_v: i32,
    blue_u: i32,
}

impl YuvToRgb {
    fn new(matrix: Matrix, range: Range) -> Self {
        // The share of red and blue in luma.
        let (kr, kb) = match matrix {
            Matrix::Bt709 => (0.2126, 0.0722),
            Matrix::Bt601 | Matrix::Rgb => (0.299, 0.114),
        };
        let kg = 1.0 - kr - kb;
        let (black, luma, chroma) = match range {
            Range::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
            Range::Full => (0, 1.0, 1.0),
        };
        #[expect(clippy::cast_possible_truncation, reason = "every factor is below 3")]
        let fixed = |factor: f64| (factor * 65_536.0).round() as i32;
        let (red, blue) = (2.0 * (1.0 - kr) * chroma, 2.0 * (1.0 - kb) * chroma);
        Self {
            black,
            luma: fixed(luma),
            red_v: fixed(red),
            green_u: fixed(-blue * kb / kg),
            green_v: fixed(-red * kr / kg),
            blue_u: fixed(blue),
        }
    }

    fn bgr(self, luma: u8, u: u8, v: u8) -> [u8; 3] {
        let (luma, u, v) = ((i32::from(luma) - self.black) * self.luma, i32::from(u) - 128, i32::from(v) - 128);
        let byte = |value: i32| u8::try_from(((value + 32_768) >> 16).clamp(0, 255)).unwrap_or(0);
        [byte(luma + self.blue_u * u), byte(luma + self.green_u * u + self.green_v * v), byte(luma + self.red_v * v)]
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
