//! Every format at even, odd and single-pixel sizes against the same painted picture.

use super::*;

const YUVS: [(Matrix, Range); 4] = [
    (Matrix::Bt601, Range::Limited),
    (Matrix::Bt601, Range::Full),
    (Matrix::Bt709, Range::Limited),
    (Matrix::Bt709, Range::Full),
];

/// Smooth in both directions and coloured everywhere; blocks of 2×2 are even, so that 4:2:0 loses nothing.
fn painted(x: usize, y: usize) -> [u8; 3] {
    let (x, y) = (x / 2, y / 2);
    [60 + x * 9 % 120, 200 - y * 7 % 120, 30 + (x + y) * 5 % 200].map(|value| u8::try_from(value).unwrap())
}

fn yuv_of(bgr: [u8; 3], matrix: Matrix, range: Range) -> [u8; 3] {
    let [blue, green, red] = bgr.map(|value| f64::from(value) / 255.0);
    let (kr, kb) = if matrix == Matrix::Bt709 { (0.2126, 0.0722) } else { (0.299, 0.114) };
    let light = kr * red + (1.0 - kr - kb) * green + kb * blue;
    let (u, v) = ((blue - light) / (2.0 * (1.0 - kb)), (red - light) / (2.0 * (1.0 - kr)));
    let (black, luma, chroma) = if range == Range::Full { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
    [black + light * luma, 128.0 + u * chroma, 128.0 + v * chroma].map(|value| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        let byte = value.round().clamp(0.0, 255.0) as u8;
        byte
    })
}

/// The planes of the painted picture, each with `padding` bytes after every row but the last.
fn planes_of(pixels: Pixels, size: Resolution, padding: usize) -> Vec<(Vec<u8>, usize)> {
    let wide = |value: u8| (u16::from(value) * 257).to_ne_bytes();
    let sample = |plane: usize, x: usize, y: usize| -> Vec<u8> {
        let [b, g, r] = painted(x, y);
        let gray = luma_of(&[b, g, r]);
        match (pixels, plane) {
            (Pixels::Gray8, _) => vec![gray],
            (Pixels::Gray16, _) => wide(gray).to_vec(),
            (Pixels::Bgr24, _) => vec![b, g, r],
            (Pixels::Rgb24, _) => vec![r, g, b],
            (Pixels::Bgrx, _) => vec![b, g, r, 7],
            (Pixels::Rgbx, _) => vec![r, g, b, 7],
            (Pixels::Bgr48, _) => [b, g, r].map(wide).concat(),
            (Pixels::Rgb48, _) => [r, g, b].map(wide).concat(),
            (Pixels::Yuv24(matrix, range), _) => yuv_of([b, g, r], matrix, range).to_vec(),
            (Pixels::Nv12(matrix, range) | Pixels::I420(matrix, range), 0) => vec![yuv_of([b, g, r], matrix, range)[0]],
            (Pixels::Nv12(matrix, range), _) => yuv_of(painted(x * 2, y * 2), matrix, range)[1..].to_vec(),
            (Pixels::I420(matrix, range), plane) => vec![yuv_of(painted(x * 2, y * 2), matrix, range)[plane]],
        }
    };
    let half = |plane| plane > 0;
    let layout = pixels.layout(size);
    let plane_of = |(plane, (row, rows)): (usize, &(usize, usize))| {
        let width = if half(plane) { (size.width as usize).div_ceil(2) } else { size.width as usize };
        let row_of = |y| {
            let mut bytes: Vec<u8> = (0..width).flat_map(|x| sample(plane, x, y)).collect();
            assert_eq!(bytes.len(), *row);
            bytes.resize(row + if y + 1 < *rows { padding } else { 0 }, 0xEE);
            bytes
        };
        ((0..*rows).flat_map(row_of).collect(), row + padding)
    };
    layout.iter().enumerate().map(plane_of).collect()
}

fn formats() -> Vec<Pixels> {
    use Pixels as P;
    let mut formats = vec![P::Gray8, P::Gray16, P::Bgr24, P::Rgb24, P::Bgrx, P::Rgbx, P::Bgr48, P::Rgb48];
    for (matrix, range) in YUVS {
        formats.extend([P::Yuv24(matrix, range), P::Nv12(matrix, range), P::I420(matrix, range)]);
    }
    formats
}

#[test]
fn every_format_becomes_the_same_picture() {
    for pixels in formats() {
        for (width, height) in [(32, 16), (33, 16), (32, 17), (7, 5), (1, 1), (2, 2)] {
            for padding in [0, 5, 64] {
                for channels in [Channels::Colour, Channels::Gray] {
                    compare(pixels, Resolution::new(width, height), padding, channels);
                }
            }
        }
    }
}

fn compare(pixels: Pixels, size: Resolution, padding: usize, channels: Channels) {
    let planes = planes_of(pixels, size, padding);
    let planes: Vec<_> = planes.iter().map(|(bytes, stride)| (bytes.as_slice(), *stride)).collect();
    let picture = Picture { pixels, size, planes: &planes };
    picture.check().unwrap();
    let padded = size.padded_even();
    let mut out = vec![0; padded.width as usize * padded.height as usize * channels.count()];
    convert(&picture, channels, padded, &mut out);
    let is_gray = matches!(pixels, Pixels::Gray8 | Pixels::Gray16);
    for (index, got) in out.chunks_exact(channels.count()).enumerate() {
        let (x, y) = (index % padded.width as usize, index / padded.width as usize);
        let bgr = painted(x.min(size.width as usize - 1), y.min(size.height as usize - 1));
        let want = match channels {
            Channels::Colour if !is_gray => bgr.to_vec(),
            Channels::Colour => vec![luma_of(&bgr); 3],
            Channels::Gray => vec![luma_of(&bgr)],
        };
        // Rounding of luma and chroma adds up; BT.709's own luma is another gray than BT.601's.
        let tolerance = match pixels {
            Pixels::Nv12(Matrix::Bt709, _) | Pixels::I420(Matrix::Bt709, _) if channels == Channels::Gray => 24,
            Pixels::Yuv24(..) | Pixels::Nv12(..) | Pixels::I420(..) => 3,
            _ => 0,
        };
        let far = got.iter().zip(&want).any(|(got, want)| got.abs_diff(*want) > tolerance);
        assert!(!far, "{pixels:?} {size} +{padding} {channels:?} at {x},{y}: {got:?}, not {want:?}");
    }
}

#[test]
fn white_stays_white_and_black_black() {
    for (matrix, range) in YUVS {
        let yuv = YuvToRgb::new(matrix, range);
        let (black, white) = if range == Range::Full { (0, 255) } else { (16, 235) };
        assert_eq!((yuv.bgr(black, 128, 128), yuv.bgr(white, 128, 128)), ([0; 3], [255; 3]));
    }
    assert_eq!((eight_bits(&65_535_u16.to_ne_bytes()), eight_bits(&0_u16.to_ne_bytes())), (255, 0));
    assert_eq!(eight_bits(&128_u16.to_ne_bytes()), 0, "a 16-bit sample is not cut off at its low byte");
}
