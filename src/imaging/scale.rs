//! Planes at another size: fitted with black bars, or shrunk by a whole factor.

use super::{ImagingError, Nv12};
use crate::media::Resolution;

/// Weights of one output place add up to this.
const ONE: u32 = 4096;

/// Which input places, with which weights, make each output place: a triangle as wide as the scale, so that
/// growing is bilinear and shrinking averages. Computed in whole numbers: the same everywhere.
#[derive(Debug)]
struct Axis {
    /// First input place and the range of its weights.
    taps: Vec<(usize, std::ops::Range<usize>)>,
    weights: Vec<u32>,
}

impl Axis {
    fn new(from: usize, to: usize) -> Self {
        let (from_i, to_i) = (wide(from), wide(to));
        let reach = 2 * from_i.max(to_i);
        let mut axis = Self { taps: Vec::with_capacity(to), weights: Vec::new() };
        for place in 0..to_i {
            // Distances in units of half an output place: the centre lies at (2·place + 1)·from − to.
            let centre = (2 * place + 1) * from_i - to_i;
            let first = ((centre - reach) / (2 * to_i)).max(0);
            let last = ((centre + reach) / (2 * to_i) + 1).min(from_i - 1);
            let weigh = |at: i64| (reach - (2 * to_i * at - centre).abs()).max(0);
            let total: i64 = (first..=last).map(weigh).sum::<i64>().max(1);
            let start = axis.weights.len();
            for at in first..=last {
                axis.weights.push(u32::try_from(weigh(at) * i64::from(ONE) / total).unwrap_or(0));
            }
            // What rounding left over goes to the heaviest, so that white stays white.
            let left = ONE.saturating_sub(axis.weights[start..].iter().sum());
            if let Some(heaviest) = axis.weights[start..].iter_mut().max() {
                *heaviest += left;
            }
            axis.taps.push((usize::try_from(first).unwrap_or(0), start..axis.weights.len()));
        }
        axis
    }

    fn get(&self, place: usize) -> (usize, &[u32]) {
        let (first, range) = &self.taps[place];
        (*first, &self.weights[range.clone()])
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
    sums: Vec<u32>,
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
            sums: Vec::new(),
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
        resize::<1>(input.y(), in_width, &self.luma, &rows(1), &mut self.sums, (&mut luma[luma_at..], width, inner));
        let target = (&mut chroma[chroma_at..], width, inner);
        resize::<2>(input.uv(), in_width, &self.chroma, &rows(2), &mut self.sums, target);
    }
}

/// The largest even size of the shape of `shape` inside `within`.
fn fit(shape: Resolution, within: Resolution) -> Resolution {
    let even = |side: u64, most: u32| (u32::try_from((side + 1) / 2 * 2).unwrap_or(most)).clamp(2, most);
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
    sums: &mut Vec<u32>,
    (out, out_stride, out_width): (&mut [u8], usize, usize),
) {
    for (place, row) in out.chunks_mut(out_stride).take(down.taps.len()).enumerate() {
        let (first, weights) = down.get(place);
        if first >= changed.end || first + weights.len() <= changed.start {
            continue;
        }
        sums.clear();
        sums.resize(in_stride, 1 << 7);
        for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            let row = &input[(first + index) * in_stride..][..in_stride];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += weight * u32::from(*value);
            }
        }
        sums.iter_mut().for_each(|sum| *sum >>= 8);
        for (place, out) in row[..out_width].chunks_exact_mut(C).enumerate() {
            let (first, weights) = across.get(place);
            let inputs = sums[first * C..].chunks_exact(C);
            let mut totals = [1_u32 << 15; C];
            for (weight, input) in weights.iter().zip(inputs) {
                for (total, value) in totals.iter_mut().zip(input) {
                    *total += weight * value;
                }
            }
            for (out, total) in out.iter_mut().zip(totals) {
                *out = u8::try_from(total >> 16).unwrap_or(u8::MAX);
            }
        }
    }
}

/// The smallest whole factor that brings `size` within `max`, as far as two pixels remain on each side; more than
/// one only if `size` divided by it, rounded down to even, lies inside the unpadded picture.
pub(super) fn shrink_factor(size: Resolution, max: Resolution) -> u32 {
    let wanted = size.width.div_ceil(max.width.max(2)).max(size.height.div_ceil(max.height.max(2)));
    wanted.min(size.width / 2).min(size.height / 2).max(1)
}

/// Shrinks a plane of `C` bytes a place by a whole factor, averaging up to 4×4 places spread over each block.
pub(super) fn shrink<const C: usize>(
    (input, in_stride): (&[u8], usize),
    factor: usize,
    (out, out_stride): (&mut [u8], usize),
    sums: &mut Vec<u16>,
) {
    let samples = factor.min(4);
    let used = out_stride * factor;
    for (row, out) in out.chunks_exact_mut(out_stride).enumerate() {
        sums.clear();
        sums.resize(used, 0);
        for sample in 0..samples {
            let from = &input[(row * factor + sample * factor / samples) * in_stride..][..used];
            for (sum, value) in sums.iter_mut().zip(from) {
                *sum += u16::from(*value);
            }
        }
        match factor {
            1 => average::<C, 1, 1>(sums, out),
            2 => average::<C, 2, 2>(sums, out),
            3 => average::<C, 3, 3>(sums, out),
            4 => average::<C, 4, 4>(sums, out),
            _ => average_spread::<C>(sums, factor, out),
        }
    }
}

/// `N` neighbours of `FACTOR` become one; known at compile time, so that the loop is unrolled.
fn average<const C: usize, const FACTOR: usize, const N: usize>(sums: &[u16], out: &mut [u8]) {
    let count = u16::try_from(N * N).unwrap_or(1);
    for (out, block) in out.chunks_exact_mut(C).zip(sums.chunks_exact(C * FACTOR)) {
        for (channel, out) in out.iter_mut().enumerate() {
            let sum: u16 = (0..N).map(|sample| block[sample * C + channel]).sum();
            *out = u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX);
        }
    }
}

fn average_spread<const C: usize>(sums: &[u16], factor: usize, out: &mut [u8]) {
    for (out, block) in out.chunks_exact_mut(C).zip(sums.chunks_exact(C * factor)) {
        for (channel, out) in out.iter_mut().enumerate() {
            let sum: u16 = (0..4).map(|sample| block[sample * factor / 4 * C + channel]).sum();
            *out = u8::try_from((sum + 8) / 16).unwrap_or(u8::MAX);
        }
    }
}

/// Shrinks a whole NV12 picture; `out` has the smaller size.
pub(super) fn shrink_nv12(
    input: &Nv12,
    factor: usize,
    out: &mut Nv12,
    sums: &mut Vec<u16>,
) -> Result<(), ImagingError> {
    let (in_width, out_width) = (input.width(), out.width());
    if out_width * factor > in_width || out.height() * factor > input.height() {
        return Err(ImagingError::BadTarget { size: out.size });
    }
    let (luma, chroma) = out.planes_mut();
    shrink::<1>((input.y(), in_width), factor, (luma, out_width), sums);
    shrink::<2>((input.uv(), in_width), factor, (chroma, out_width), sums);
    Ok(())
}
