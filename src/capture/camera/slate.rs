//! The picture shown while a camera gives none: calm, dark, "No signal".

use std::sync::Arc;

use super::picture::{pixel_format, tight_stride, usual_colour};
use super::stream::CameraSetting;
use crate::capture::stage::Picture;
use crate::media::{Changed, Payload, PixelFormat, Planes, Resolution, Timestamp};

/// The words, white on black.
const WORDS: &[u8] = include_bytes!("../../../assets/no-signal.png");
/// Brightness of the ground and of the words: dark gray and a gray that can be read.
const GROUND: u8 = 32;
const INK: u8 = 148;

/// The slate of a camera's size, in its own kind of pixels (in NV12 where it sends encoded pictures), so that a
/// recording which takes pixels as they come takes this one too. `None` only for a size that cannot be.
pub(super) fn slate(setting: &CameraSetting, at: Timestamp) -> Option<Picture> {
    let size = setting.mode.size;
    let raw = pixel_format(setting.mode.coding);
    let pixels = raw.unwrap_or(PixelFormat::Nv12);
    let colour = if raw.is_some() { setting.colour } else { usual_colour(super::CameraCoding::Nv12) };
    let bytes = in_pixels(&luma(size), pixels, size);
    let planes = Planes::packed(pixels, size, Arc::new(bytes)).ok()?;
    Some(Picture { captured_at: at, colour, size, changed: Changed::Unknown, payload: Payload::Planes(planes) })
}

/// One byte of brightness a pixel, the words a third of the width in the middle.
fn luma(size: Resolution) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let mut luma = vec![GROUND; width * height];
    let Some(words) = words() else { return luma };
    let (from_width, from_height) = (words.width() as usize, words.height() as usize);
    let (to_width, to_height) = ((width / 3).max(1), (width / 3 * from_height / from_width.max(1)).max(1));
    let (left, top) = ((width - to_width) / 2, height.saturating_sub(to_height) / 2);
    for y in 0..to_height.min(height) {
        let rows = span(y, to_height, from_height);
        for x in 0..to_width {
            let columns = span(x, to_width, from_width);
            let mut sum = 0_usize;
            for from_y in rows.clone() {
                sum += words.as_raw()[from_y * from_width..][columns.clone()]
                    .iter()
                    .map(|v| usize::from(*v))
                    .sum::<usize>();
            }
            let ink = sum / (rows.len() * columns.len());
            let mixed = usize::from(GROUND) + usize::from(INK - GROUND) * ink / 255;
            luma[(top + y) * width + left + x] = u8::try_from(mixed).unwrap_or(INK);
        }
    }
    luma
}

/// The source's pixels under one of ours; at least one.
fn span(at: usize, to: usize, from: usize) -> std::ops::Range<usize> {
    let start = (at * from / to).min(from - 1);
    start..((at + 1) * from / to).clamp(start + 1, from)
}

fn words() -> Option<image::GrayImage> {
    let decoded = image::load_from_memory_with_format(WORDS, image::ImageFormat::Png);
    decoded.ok().map(image::DynamicImage::into_luma8).filter(|words| words.width() > 0 && words.height() > 0)
}

fn in_pixels(luma: &[u8], pixels: PixelFormat, size: Resolution) -> Vec<u8> {
    let width = size.width as usize;
    let rows = luma.chunks_exact(width.max(1));
    let row_bytes = tight_stride(pixels, size);
    match pixels {
        PixelFormat::Gray8 => luma.to_vec(),
        PixelFormat::Rgb24 | PixelFormat::Bgr24 => luma.iter().flat_map(|v| [*v; 3]).collect(),
        PixelFormat::Bgrx | PixelFormat::Rgbx => luma.iter().flat_map(|v| [*v, *v, *v, 255]).collect(),
        PixelFormat::Yuyv => packed(rows, row_bytes, |v| [v, 128]),
        PixelFormat::Uyvy => packed(rows, row_bytes, |v| [128, v]),
        PixelFormat::Nv12 | PixelFormat::I420 => {
            let mut bytes = luma.to_vec();
            bytes.resize(pixels.packed_len(size), 128);
            bytes
        }
    }
}

fn packed<'a>(rows: impl Iterator<Item = &'a [u8]>, row_bytes: usize, pair: impl Fn(u8) -> [u8; 2]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows {
        let start = bytes.len();
        bytes.extend(row.iter().flat_map(|v| pair(*v)));
        bytes.resize(start + row_bytes, 128);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::mode::{CameraCoding, CameraMode};
    use super::*;
    use crate::imaging::{Mirror, Nv12Converter};
    use crate::media::{Colour, Frame};

    #[test]
    fn the_slate_is_calm_gray_with_words_in_every_kind_of_pixels() {
        for coding in CameraCoding::ALL {
            for (width, height) in [(64, 36), (640, 360), (33, 21), (1, 1)] {
                let size = Resolution::new(width, height);
                let mode = CameraMode { size, rate: crate::media::FrameRate::whole(30), coding };
                let setting = CameraSetting { mode, stride: 0, colour: usual_colour(coding) };
                let Picture { captured_at, colour, size, changed, payload } =
                    slate(&setting, Timestamp::from_nanos(9)).unwrap();
                let frame = Frame { seq: 0, captured_at, colour, size, changed, payload };
                let mut converter = Nv12Converter::new(size.padded_even(), Colour::BT601, Mirror::No).unwrap();
                let seen = converter.convert(&frame, Changed::Unknown).unwrap();
                assert!(seen.uv().iter().all(|c| c.abs_diff(128) <= 1), "{coding:?} {size} has colour");
                assert!(seen.y().iter().all(|y| (25..=150).contains(y)), "{coding:?} {size}");
                let lit = seen.y().iter().filter(|y| **y > 90).count();
                assert!(
                    width < 640 || (lit > 800 && lit < seen.y().len() / 10),
                    "{coding:?} {size}: {lit} pixels of words"
                );
            }
        }
    }
}
