//! Numbered pictures in any pixel format: the counter at the top, red, green and blue bars below.

use gearcast::media::test_card::CounterLayout;
use gearcast::media::{Matrix, Resolution};
use gearcast::writegear::noncompression::{Picture, Pixels, VideoWriter, WriterError};

pub(crate) const SIZE: Resolution = Resolution::new(640, 360);
/// The bars from the left, as red, green, blue.
pub(crate) const BARS: [[u8; 3]; 3] = [[210, 30, 30], [30, 180, 40], [40, 40, 220]];

/// Card `count` as red, green, blue.
pub(crate) fn rgb(size: Resolution, count: u64) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let mut picture = vec![0; width * height * 3];
    for (index, pixel) in picture.chunks_exact_mut(3).enumerate() {
        let (x, y) = (index % width, index / width);
        if y >= height / 2 {
            pixel.copy_from_slice(&BARS[x * 3 / width]);
        }
    }
    if let Some(layout) = CounterLayout::for_size(size) {
        for (cell, on) in CounterLayout::cells(count).iter().enumerate() {
            for y in layout.top as usize..(layout.top + layout.cell) as usize {
                let left = layout.left as usize + cell * layout.cell as usize;
                let at = (y * width + left) * 3;
                picture[at..at + layout.cell as usize * 3].fill(if *on { 255 } else { 0 });
            }
        }
    }
    picture
}

/// What a bar's luma is in a gray video.
pub(crate) fn gray_of([r, g, b]: [u8; 3]) -> u8 {
    u8::try_from((u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 + 500) / 1000).unwrap()
}

fn yuv_of(rgb: &[u8]) -> [u8; 3] {
    let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(f64::from);
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402].map(|value| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        let byte = value.round().clamp(0.0, 255.0) as u8;
        byte
    })
}

/// Card `count` in another format (YUV in full-range BT.601), as its planes with their strides.
pub(crate) fn planes(pixels: Pixels, size: Resolution, count: u64) -> Vec<(Vec<u8>, usize)> {
    let (width, rgb) = (size.width as usize, rgb(size, count));
    let wide = |value: u8| (u16::from(value) * 257).to_ne_bytes();
    let packed = |pixel: &dyn Fn(&[u8]) -> Vec<u8>| {
        let bytes: Vec<u8> = rgb.chunks_exact(3).flat_map(pixel).collect();
        let stride = bytes.len() / size.height as usize;
        (bytes, stride)
    };
    // Every other pixel of every other row.
    let half = |which: &'static [usize]| {
        let rows = rgb.chunks_exact(width * 3).step_by(2);
        let bytes: Vec<u8> = rows
            .flat_map(|row| row.chunks_exact(3).step_by(2).flat_map(|p| which.iter().map(move |i| yuv_of(p)[*i])))
            .collect();
        (bytes, width.div_ceil(2) * which.len())
    };
    match pixels {
        Pixels::Gray8 => vec![packed(&|p| vec![gray_of([p[0], p[1], p[2]])])],
        Pixels::Gray16 => vec![packed(&|p| wide(gray_of([p[0], p[1], p[2]])).to_vec())],
        Pixels::Bgr24 => vec![packed(&|p| vec![p[2], p[1], p[0]])],
        Pixels::Rgb24 => vec![packed(&|p| p.to_vec())],
        Pixels::Bgrx => vec![packed(&|p| vec![p[2], p[1], p[0], 128])],
        Pixels::Rgbx => vec![packed(&|p| vec![p[0], p[1], p[2], 0])],
        Pixels::Bgr48 => vec![packed(&|p| [p[2], p[1], p[0]].map(wide).concat())],
        Pixels::Rgb48 => vec![packed(&|p| [p[0], p[1], p[2]].map(wide).concat())],
        Pixels::Yuv24(Matrix::Bt601, _) => vec![packed(&|p| yuv_of(p).to_vec())],
        Pixels::Nv12(Matrix::Bt601, _) => vec![packed(&|p| vec![yuv_of(p)[0]]), half(&[1, 2])],
        Pixels::I420(Matrix::Bt601, _) => vec![packed(&|p| vec![yuv_of(p)[0]]), half(&[1]), half(&[2])],
        other => panic!("no card in {other:?}"),
    }
}

/// Writes card `count`.
pub(crate) fn write(writer: &mut VideoWriter, pixels: Pixels, size: Resolution, count: u64) -> Result<(), WriterError> {
    let planes = planes(pixels, size, count);
    let planes: Vec<_> = planes.iter().map(|(bytes, stride)| (bytes.as_slice(), *stride)).collect();
    writer.write(&Picture { pixels, size, planes: &planes })
}

/// Writes the cards 0 to `count`.
pub(crate) fn write_all(writer: &mut VideoWriter, pixels: Pixels, size: Resolution, count: u64) {
    for index in 0..count {
        write(writer, pixels, size, index).unwrap();
    }
}
