//! From one meaning of YUV numbers to another: full to limited range, BT.601 to BT.709 and back.

use crate::media::{Matrix, Range};

/// Fractional bits of the matrix.
const BITS: i32 = 14;

/// What has to be done to the numbers of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recode {
    /// They are right as they are.
    Keep,
    /// Full range becomes limited.
    Narrow,
    /// Another matrix (and perhaps another range).
    Matrix(Coefficients),
}

/// `Y' = 16 + y·(Y − black) + yu·U + yv·V`, `U' = uu·U + uv·V`, `V' = vu·U + vv·V`, with chroma around 0,
/// in units of 2⁻¹⁴.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coefficients {
    black: i32,
    y: i32,
    yu: i32,
    yv: i32,
    uu: i32,
    uv: i32,
    vu: i32,
    vv: i32,
}

impl Recode {
    /// From a source's matrix and range to a limited-range picture with matrix `to`.
    pub(super) fn new(from: Matrix, range: Range, to: Matrix) -> Self {
        match (from == to || from == Matrix::Rgb, range) {
            (true, Range::Limited) => Self::Keep,
            (true, Range::Full) => Self::Narrow,
            (false, _) => Self::Matrix(Coefficients::new(from, range, to)),
        }
    }

    /// Rewrites rows in place: `luma` holds twice as many rows as `chroma`, both of `width` bytes.
    pub(super) fn apply(self, luma: &mut [u8], chroma: &mut [u8], width: usize) {
        match self {
            Self::Keep => {}
            Self::Narrow => {
                for y in luma {
                    *y = narrow_luma(*y);
                }
                for c in chroma {
                    *c = narrow_chroma(*c);
                }
            }
            Self::Matrix(coefficients) => {
                for (luma, chroma) in luma.chunks_exact_mut(width * 2).zip(chroma.chunks_exact_mut(width)) {
                    let (first, second) = luma.split_at_mut(width);
                    let pairs = first.chunks_exact_mut(2).zip(second.chunks_exact_mut(2));
                    for ((a, b), c) in pairs.zip(chroma.chunks_exact_mut(2)) {
                        coefficients.apply(a, b, c);
                    }
                }
            }
        }
    }
}

/// `16 + 219·y/255`, rounded; stays within 16 bits so that it runs eight pixels at a time.
fn narrow_luma(y: u8) -> u8 {
    low_byte((u16::from(y) * 219 + 127) / 255 + 16)
}

/// `128 + 224·(c − 128)/255`, rounded.
fn narrow_chroma(c: u8) -> u8 {
    low_byte((u16::from(c) * 224 + 128 * 31 + 127) / 255)
}

#[expect(clippy::cast_possible_truncation, reason = "the callers' arithmetic stays below 256")]
const fn low_byte(value: u16) -> u8 {
    value as u8
}

impl Coefficients {
    fn new(from: Matrix, range: Range, to: Matrix) -> Self {
        let ([kr, kg, kb], [new_red, new_green, new_blue]) = (weights(from), weights(to));
        // R, G and B of a unit of Cb and of Cr (both in −½…½); a unit of Y is grey in every matrix.
        let (b_of_u, r_of_v) = (2.0 * (1.0 - kb), 2.0 * (1.0 - kr));
        let (g_of_u, g_of_v) = (-kb * b_of_u / kg, -kr * r_of_v / kg);
        let y_of_u = new_green * g_of_u + new_blue * b_of_u;
        let y_of_v = new_red * r_of_v + new_green * g_of_v;
        let (u_scale, v_scale) = (0.5 / (1.0 - new_blue), 0.5 / (1.0 - new_red));
        let (black, y_unit, c_unit) = match range {
            Range::Limited => (16, 219.0, 224.0),
            Range::Full => (0, 255.0, 255.0),
        };
        let (luma, chroma) = (219.0 / c_unit, 224.0 / c_unit);
        Self {
            black,
            y: fixed(219.0 / y_unit),
            yu: fixed(y_of_u * luma),
            yv: fixed(y_of_v * luma),
            uu: fixed((b_of_u - y_of_u) * u_scale * chroma),
            uv: fixed(-y_of_v * u_scale * chroma),
            vu: fixed(-y_of_u * v_scale * chroma),
            vv: fixed((r_of_v - y_of_v) * v_scale * chroma),
        }
    }

    fn apply(&self, first: &mut [u8], second: &mut [u8], chroma: &mut [u8]) {
        let (u, v) = (i32::from(chroma[0]) - 128, i32::from(chroma[1]) - 128);
        let offset = self.yu * u + self.yv * v + (16 << BITS) + (1 << (BITS - 1));
        for y in first.iter_mut().chain(second) {
            *y = byte((self.y * (i32::from(*y) - self.black) + offset) >> BITS);
        }
        let middle = (128 << BITS) + (1 << (BITS - 1));
        chroma[0] = byte((self.uu * u + self.uv * v + middle) >> BITS);
        chroma[1] = byte((self.vu * u + self.vv * v + middle) >> BITS);
    }
}

/// The weights of red, green and blue in luma.
pub(super) const fn weights(matrix: Matrix) -> [f64; 3] {
    match matrix {
        Matrix::Bt709 => [0.2126, 0.7152, 0.0722],
        Matrix::Bt601 | Matrix::Rgb => [0.299, 0.587, 0.114],
    }
}

#[expect(clippy::cast_possible_truncation, reason = "coefficients are below 3, so the product is below 2^16")]
fn fixed(value: f64) -> i32 {
    (value * f64::from(1 << BITS)).round() as i32
}

fn byte(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_range_becomes_limited_to_the_level() {
        for value in 0..=255_u8 {
            let (mut luma, mut chroma) = ([value; 4], [value; 2]);
            Recode::new(Matrix::Bt601, Range::Full, Matrix::Bt601).apply(&mut luma, &mut chroma, 2);
            let y = 16.0 + 219.0 * f64::from(value) / 255.0;
            let c = 128.0 + 224.0 * (f64::from(value) - 128.0) / 255.0;
            assert!((f64::from(luma[0]) - y).abs() <= 0.51, "luma {value}: {} for {y}", luma[0]);
            assert!((f64::from(chroma[0]) - c).abs() <= 0.51, "chroma {value}: {} for {c}", chroma[0]);
        }
    }

    #[test]
    fn another_matrix_shows_the_same_colour() {
        for (from, to) in [(Matrix::Bt601, Matrix::Bt709), (Matrix::Bt709, Matrix::Bt601)] {
            for range in [Range::Limited, Range::Full] {
                for rgb in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 120, 40], [255, 255, 255], [0, 0, 0]] {
                    let [y, u, v] = crate::imaging::testing::yuv_of(rgb, from, range);
                    let (mut luma, mut chroma) = ([y; 4], [u, v]);
                    Recode::new(from, range, to).apply(&mut luma, &mut chroma, 2);
                    let want = crate::imaging::testing::yuv_of(rgb, to, Range::Limited);
                    for (got, want) in [luma[3], chroma[0], chroma[1]].iter().zip(want) {
                        assert!(got.abs_diff(want) <= 2, "{from:?} {range:?} {rgb:?}: {got} for {want}");
                    }
                }
            }
        }
    }
}
