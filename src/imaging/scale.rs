//! Planes at another size: fitted with black bars, or shrunk by a whole factor.

use super::{ImagingError, Nv12};
use crate::media::Resolution;

/// Weights of one output place add up to this: 255 × 256 still fits 16 bits, which runs eight pixels at a time.
const ONE: i64 = 256;

/// Which input places, with which weights, make each output place: a triangle as wide as the scale, so that
/// growing is bilinear and shrinking averages. Computed in whole numbers: the same everywhere.
#[derive(Debug)]
struct Axis {
    /// The first input place of each output place.
    firsts: Vec<usize>,
    /// `taps` weights for each output place.
    weights: Vec<u16>,
    taps: usize,
}

impl Axis {
    fn new(from: usize, to: usize) -> Self {
        let (from_i, to_i) = (wide(from), wide(to));
        // Distances in units of half an output place; the centre of a place lies at (2·place + 1)·from − to.
        let reach = 2 * from_i.max(to_i);
        let most = usize::try_from((reach - 1) / to_i + 1).unwrap_or(from);
        let taps = most.min(from);
        let mut axis = Self { firsts: Vec::with_capacity(to), weights: Vec::with_capacity(to * taps), taps };
        for place in 0..to_i {
            let centre = (2 * place + 1) * from_i - to_i;
            let first = ((centre - reach).div_euclid(2 * to_i) + 1).clamp(0, from_i - wide(taps));
            let weigh = |at: i64| (reach - (2 * to_i * at - centre).abs()).max(0);
            let total: i64 = (first..first + wide(taps)).map(weigh).sum::<i64>().max(1);
            let start = axis.weights.len();
            for at in first..first + wide(taps) {
                axis.weights.push(u16::try_from(weigh(at) * ONE / total).unwrap_or(0));
            }
            // What rounding left over goes to the heaviest, so that white stays white.
            let sum: i64 = axis.weights[start..].iter().map(|weight| i64::from(*weight)).sum();
            if let Some(heaviest) = axis.weights[start..].iter_mut().max() {
                *heaviest += u16::try_from(ONE - sum).unwrap_or(0);
            }
            axis.firsts.push(usize::try_from(first).unwrap_or(0));
        }
        axis
    }

    fn get(&self, place: usize) -> (usize, &[u16]) {
        (self.firsts[place], &self.weights[place * self.taps..][..self.taps])
    }
}

fn wide(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX / 8)
}

/// Scales NV12 of one size into the middle of another, keeping its shape.
#[derive(Debug)]
pub(super) struct Scaler {
    inner: Resolution,
    left: usize,
    top: usize,
    luma: [Axis; 2],
    chroma: [Axis; 2],
    rows: Rows,
}

/// A row on its way, kept to be used again.
#[derive(Debug, Default)]
struct Rows {
    sums: Vec<u16>,
    row: Vec<u8>,
}

impl Scaler {
    /// From pictures of `from` (even) into pictures of `to` (even); `shape` is the size before padding.
    pub(super) fn new(from: Resolution, shape: Resolution, to: Resolution) -> Self {
        let inner = fit(shape, to);
        let axes = |divisor: u32| {
            [(from.width, inner.width), (from.height, inner.height)]
                .map(|(from, to)| Axis::new((from / divisor) as usize, (to / divisor) as usize))
        };
        let middle = |outer: u32, inner: u32| ((outer - inner) / 4 * 2) as usize;
        Self {
            inner,
            left: middle(to.width, inner.width),
            top: middle(to.height, inner.height),
            luma: axes(1),
            chroma: axes(2),
            rows: Rows::default(),
        }
    }

    /// Redraws what depends on input rows `top..bottom` (even). The bars are left alone.
    pub(super) fn scale(&mut self, input: &Nv12, (top, bottom): (usize, usize), out: &mut Nv12) {
        let (width, in_width) = (out.width(), input.width());
        let (luma, chroma) = out.planes_mut();
        let rows = |divisor: usize| top / divisor..bottom / divisor;
        let skip = |divisor: usize| self.top / divisor * width + self.left;
        let (luma_at, chroma_at) = (skip(1), skip(2));
        let inner = self.inner.width as usize;
        resize::<1>(input.y(), in_width, &self.luma, &rows(1), &mut self.rows, (&mut luma[luma_at..], width, inner));
        let target = (&mut chroma[chroma_at..], width, inner);
        resize::<2>(input.uv(), in_width, &self.chroma, &rows(2), &mut self.rows, target);
    }
}

/// The largest even size of the shape of `shape` inside `within`.
fn fit(shape: Resolution, within: Resolution) -> Resolution {
    let even = |side: u64, most: u32| (u32::try_from(side.div_ceil(2) * 2).unwrap_or(most)).clamp(2, most);
    let (width, height) = (u64::from(shape.width), u64::from(shape.height));
    let (most_width, most_height) = (u64::from(within.width), u64::from(within.height));
    if width * most_height >= height * most_width {
        Resolution::new(within.width, even((height * most_width + width / 2) / width, within.height))
    } else {
        Resolution::new(even((width * most_height + height / 2) / height, within.width), within.height)
    }
}

/// One plane of `C` bytes a place: first down, a whole row at a time, then across.
fn resize<const C: usize>(
    input: &[u8],
    in_stride: usize,
    [across, down]: &[Axis; 2],
    changed: &std::ops::Range<usize>,
    rows: &mut Rows,
    (out, out_stride, out_width): (&mut [u8], usize, usize),
) {
    for (place, out) in out.chunks_mut(out_stride).take(down.firsts.len()).enumerate() {
        let (first, weights) = down.get(place);
        if first >= changed.end || first + weights.len() <= changed.start {
            continue;
        }
        rows.sums.clear();
        rows.sums.resize(in_stride, 1 << 7);
        for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            let row = &input[(first + index) * in_stride..][..in_stride];
            for (sum, value) in rows.sums.iter_mut().zip(row) {
                *sum += weight * u16::from(*value);
            }
        }
        rows.row.clear();
        rows.row.extend(rows.sums.iter().map(|sum| high_byte(*sum)));
        let out = &mut out[..out_width];
        match across.taps {
            1 => row_across::<C, 1>(&rows.row, across, out),
            2 => row_across::<C, 2>(&rows.row, across, out),
            3 => row_across::<C, 3>(&rows.row, across, out),
            4 => row_across::<C, 4>(&rows.row, across, out),
            _ => long_row_across::<C>(&rows.row, across, out),
        }
    }
}

/// With the number of taps known to the compiler: three times as fast as without.
fn row_across<const C: usize, const N: usize>(row: &[u8], across: &Axis, out: &mut [u8]) {
    let (weights, _) = across.weights.as_chunks::<N>();
    for (out, (first, weights)) in out.chunks_exact_mut(C).zip(across.firsts.iter().zip(weights)) {
        let taps = &row[first * C..][..N * C];
        for (channel, out) in out.iter_mut().enumerate() {
            let sum: u16 = (0..N).map(|tap| weights[tap] * u16::from(taps[tap * C + channel])).sum();
            *out = high_byte(sum + (1 << 7));
        }
    }
}

fn long_row_across<const C: usize>(row: &[u8], across: &Axis, out: &mut [u8]) {
    for (place, out) in out.chunks_exact_mut(C).enumerate() {
        let (first, weights) = across.get(place);
        let mut sums = [1_u16 << 7; C];
        for (weight, values) in weights.iter().zip(row[first * C..].chunks_exact(C)) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += weight * u16::from(*value);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = high_byte(sum);
        }
    }
}

const fn high_byte(sum: u16) -> u8 {
    sum.to_be_bytes()[0]
}

/// The smallest whole factor that brings `size` within `max`, as far as two pixels remain on each side; more than
/// one only if `size` divided by it, rounded down to even, lies inside the unpadded picture.
pub(super) fn shrink_factor(size: Resolution, max: Resolution) -> u32 {
    let wanted = size.width.div_ceil(max.width.max(2)).max(size.height.div_ceil(max.height.max(2)));
    wanted.min(size.width / 2).min(size.height / 2).max(1)
}

/// Shrinks a plane of `C` bytes a place by a whole factor: the mean of 2×2 places of each block. For the factor 2
/// that is all of them; for larger ones they lie half a block apart, which is enough for a preview and keeps its
/// cost from growing with the screen.
pub(super) fn shrink<const C: usize>(
    (input, in_stride): (&[u8], usize),
    factor: usize,
    (out, out_stride): (&mut [u8], usize),
) {
    let (first, second) = (factor / 4, factor / 4 + factor / 2);
    for (row, out) in out.chunks_exact_mut(out_stride).enumerate() {
        let input = |at: usize| &input[(row * factor + at) * in_stride..][..out_stride * factor];
        let (a, b) = (input(first), input(second));
        match (factor, C) {
            (1, _) => out.copy_from_slice(a),
            (2, 1) => halve_1(a, b, out),
            (2, 2) => halve_2(a, b, out),
            (2, 4) => halve_4(a, b, out),
            _ => sample::<C>(a, b, factor, out),
        }
    }
}

fn sample<const C: usize>(a: &[u8], b: &[u8], factor: usize, out: &mut [u8]) {
    let (first, second) = (factor / 4 * C, (factor / 4 + factor / 2) * C);
    let blocks = a.chunks_exact(C * factor).zip(b.chunks_exact(C * factor));
    for (out, (a, b)) in out.chunks_exact_mut(C).zip(blocks) {
        let (a, b) = ((&a[first..][..C], &a[second..][..C]), (&b[first..][..C], &b[second..][..C]));
        for channel in 0..C {
            let sum = [a.0, a.1, b.0, b.1].map(|place| u16::from(place[channel])).iter().sum::<u16>();
            out[channel] = high_byte((sum + 2) << 6);
        }
    }
}

/// Luma: two neighbours are the two bytes of a 16-bit number.
fn halve_1(a: &[u8], b: &[u8], out: &mut [u8]) {
    let (a, b) = (a.as_chunks::<2>().0, b.as_chunks::<2>().0);
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        let (a, b) = (u16::from_le_bytes(*a), u16::from_le_bytes(*b));
        *out = high_byte(((a & 0xFF) + (a >> 8) + (b & 0xFF) + (b >> 8) + 2) << 6);
    }
}

/// Chroma: U V U V in a 32-bit number.
fn halve_2(a: &[u8], b: &[u8], out: &mut [u8]) {
    let (a, b) = (a.as_chunks::<4>().0, b.as_chunks::<4>().0);
    for (out, (a, b)) in out.as_chunks_mut::<2>().0.iter_mut().zip(a.iter().zip(b)) {
        let (a, b) = (u32::from_le_bytes(*a), u32::from_le_bytes(*b));
        let u = (a & 0x00FF_00FF) + (b & 0x00FF_00FF);
        let v = (a >> 8 & 0x00FF_00FF) + (b >> 8 & 0x00FF_00FF);
        let mean = |sums: u32| ((sums & 0xFFFF) + (sums >> 16) + 2) >> 2;
        let [u, v] = [mean(u), mean(v)].map(|mean| mean.to_le_bytes()[0]);
        *out = [u, v];
    }
}

/// Four bytes a pixel, averaged side by side within a 32-bit number: rounded up once and down once.
fn halve_4(a: &[u8], b: &[u8], out: &mut [u8]) {
    const HALVES: u32 = 0x7F7F_7F7F;
    let up = |a: u32, b: u32| (a | b) - ((a ^ b) >> 1 & HALVES);
    let down = |a: u32, b: u32| (a & b) + ((a ^ b) >> 1 & HALVES);
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    for (out, (a, b)) in out.as_chunks_mut::<4>().0.iter_mut().zip(a.iter().zip(b)) {
        let (a, b) = (u64::from_le_bytes(*a), u64::from_le_bytes(*b));
        let left = |pair: u64| u32::try_from(pair & 0xFFFF_FFFF).unwrap_or(0);
        let right = |pair: u64| u32::try_from(pair >> 32).unwrap_or(0);
        *out = down(up(left(a), left(b)), up(right(a), right(b))).to_le_bytes();
    }
}

/// Shrinks a whole NV12 picture; `out` has the smaller size.
pub(super) fn shrink_nv12(input: &Nv12, factor: usize, out: &mut Nv12) -> Result<(), ImagingError> {
    let (in_width, out_width) = (input.width(), out.width());
    if out_width * factor > in_width || out.height() * factor > input.height() {
        return Err(ImagingError::BadTarget { size: out.size });
    }
    let (luma, chroma) = out.planes_mut();
    shrink::<1>((input.y(), in_width), factor, (luma, out_width));
    shrink::<2>((input.uv(), in_width), factor, (chroma, out_width));
    Ok(())
}
