//! Every layout a source may have, as one thing: rows of NV12.

use super::jpeg::{Decoded, Detail, JpegLayout};
use super::recode::Recode;
use super::rgb::{self, RgbOrder};
use super::{ImagingError, Nv12};
use crate::media::{Colour, CompressedFormat, Frame, Matrix, Payload, PixelFormat, Planes, Range, Resolution};

/// Rows of bytes in memory.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) stride: usize,
}

impl<'a> Plane<'a> {
    /// The first `len` bytes of a row.
    pub(super) fn row(&self, index: usize, len: usize) -> &'a [u8] {
        &self.bytes[index * self.stride..][..len]
    }
}

/// A picture of any layout, ready to be read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// Pixels there are.
    pub(super) size: Resolution,
    /// The size of which a decoder made them, dividing both sides by [`Self::divisor`].
    pub(super) whole: Resolution,
    pub(super) divisor: u32,
    pub(super) pixels: Pixels<'a>,
    matrix: Matrix,
    range: Range,
}

/// For how many pixels a place of planar chroma stands, in each direction a power of two up to four.
#[derive(Clone, Copy)]
pub(super) struct Chroma {
    across: usize,
    down: usize,
}

/// The layouts.
#[derive(Clone, Copy)]
pub(super) enum Pixels<'a> {
    Rgb(Plane<'a>, RgbOrder),
    Gray(Plane<'a>),
    Nv12(Plane<'a>, Plane<'a>),
    /// Y, U and V apart.
    Planar([Plane<'a>; 3], Chroma),
    Yuyv(Plane<'a>),
    Uyvy(Plane<'a>),
}

impl<'a> Source<'a> {
    /// A frame's picture; an encoded one is decoded into `jpeg`, as far as `detail` says.
    pub(super) fn of_frame(frame: &'a Frame, jpeg: &'a mut Decoded, detail: Detail) -> Result<Self, ImagingError> {
        match &frame.payload {
            Payload::Planes(planes) => Self::of_planes(frame, planes),
            Payload::Compressed { format: CompressedFormat::Mjpeg, data } => {
                jpeg.decode(data, frame.size, detail)?;
                Ok(Self::of_jpeg(jpeg, frame.colour))
            }
            Payload::Compressed { format: CompressedFormat::H264, .. } => Err(ImagingError::NotDecoded),
        }
    }

    /// Raw planes of a frame. Refuses planes that are shorter than the frame's size promises.
    fn of_planes(frame: &Frame, planes: &'a Planes) -> Result<Self, ImagingError> {
        let short = ImagingError::ShortPicture { size: frame.size };
        let Some(size) = Resolution::checked(frame.size.width, frame.size.height) else { return Err(short) };
        let needed = planes.format().plane_layout(size);
        let whole = needed.len() == planes.count()
            && needed.iter().enumerate().all(|(index, (row, rows))| {
                let (bytes, stride) = planes.plane(index);
                stride >= *row && bytes.len() >= stride * (rows - 1) + row
            });
        if !whole {
            return Err(short);
        }
        let plane = |index| {
            let (bytes, stride) = planes.plane(index);
            Plane { bytes, stride }
        };
        let pixels = match planes.format() {
            PixelFormat::Bgrx => Pixels::Rgb(plane(0), RgbOrder::Bgrx),
            PixelFormat::Rgbx => Pixels::Rgb(plane(0), RgbOrder::Rgbx),
            PixelFormat::Bgr24 => Pixels::Rgb(plane(0), RgbOrder::Bgr),
            PixelFormat::Rgb24 => Pixels::Rgb(plane(0), RgbOrder::Rgb),
            PixelFormat::Gray8 => Pixels::Gray(plane(0)),
            PixelFormat::Nv12 => Pixels::Nv12(plane(0), plane(1)),
            PixelFormat::I420 => Pixels::Planar([plane(0), plane(1), plane(2)], Chroma { across: 2, down: 2 }),
            PixelFormat::Yuyv => Pixels::Yuyv(plane(0)),
            PixelFormat::Uyvy => Pixels::Uyvy(plane(0)),
        };
        Ok(Self { size, whole: size, divisor: 1, pixels, matrix: frame.colour.matrix, range: frame.colour.range })
    }

    /// A decoded JPEG; its own size counts, whatever the camera announced.
    fn of_jpeg(decoded: &'a Decoded, colour: Colour) -> Self {
        let plane = |index| {
            let (bytes, stride) = decoded.plane(index);
            Plane { bytes, stride }
        };
        let pixels = match decoded.layout {
            JpegLayout::Gray => Pixels::Gray(plane(0)),
            JpegLayout::Ycc { across, down } => Pixels::Planar([plane(0), plane(1), plane(2)], Chroma { across, down }),
            JpegLayout::Rgb => Pixels::Rgb(plane(0), RgbOrder::Rgb),
        };
        let Decoded { size, whole, divisor, .. } = *decoded;
        Self { size, whole, divisor, pixels, matrix: colour.matrix, range: colour.range }
    }

    /// An RGB picture already scaled.
    pub(super) const fn of_rgb(plane: Plane<'a>, order: RgbOrder, size: Resolution) -> Self {
        let pixels = Pixels::Rgb(plane, order);
        Self { size, whole: size, divisor: 1, pixels, matrix: Matrix::Rgb, range: Range::Full }
    }

    /// Writes rows `top..bottom` (even, at most the padded height) into `out`, which has this picture's size
    /// padded to even; the last row and column are repeated into the padding.
    pub(super) fn write_rows(&self, (top, bottom): (usize, usize), out: &mut Nv12) -> Result<(), ImagingError> {
        if let Pixels::Rgb(plane, order) = self.pixels {
            rgb::convert_rows(plane, order, self.size, (top, bottom), out)?;
            self.pad_last_row(bottom, out);
            return Ok(());
        }
        let to = out.colour.matrix;
        let stride = out.width();
        let (luma, chroma) = out.rows_mut(top, bottom);
        let recode = match self.pixels {
            Pixels::Gray(_) => Recode::new(to, Range::Full, to),
            _ => Recode::new(self.matrix, self.range, to),
        };
        let rows = luma.chunks_exact_mut(stride * 2).zip(chroma.chunks_exact_mut(stride));
        for (pair, (luma, chroma)) in rows.enumerate() {
            let (first, second) = luma.split_at_mut(stride);
            self.write_pair(top + pair * 2, first, second, chroma);
            // Two rows at a time, while the processor's nearest memory still holds them.
            recode.apply(luma, chroma, stride);
        }
        Ok(())
    }

    /// The RGB path converts the padding row's chroma with the row above; its luma is that row's.
    fn pad_last_row(&self, bottom: usize, out: &mut Nv12) {
        let (height, width) = (self.size.height as usize, out.width());
        if bottom > height {
            let (luma, _) = out.planes_mut();
            luma.copy_within((height - 1) * width..height * width, height * width);
        }
    }

    /// Luma of two rows and the chroma they share; all output rows have the padded width.
    fn write_pair(&self, row: usize, first: &mut [u8], second: &mut [u8], chroma: &mut [u8]) {
        let (width, last) = (self.size.width as usize, self.size.height as usize - 1);
        let (a, b) = (row, (row + 1).min(last));
        let half = width.div_ceil(2);
        match self.pixels {
            Pixels::Rgb(..) => {}
            Pixels::Gray(plane) => {
                first[..width].copy_from_slice(plane.row(a, width));
                second[..width].copy_from_slice(plane.row(b, width));
                chroma.fill(128);
            }
            Pixels::Nv12(luma, uv) => {
                first[..width].copy_from_slice(luma.row(a, width));
                second[..width].copy_from_slice(luma.row(b, width));
                chroma.copy_from_slice(uv.row(row / 2, half * 2));
            }
            Pixels::Planar([luma, u, v], places) => {
                first[..width].copy_from_slice(luma.row(a, width));
                second[..width].copy_from_slice(luma.row(b, width));
                let len = width.div_ceil(places.across);
                let rows = [u, v].map(|plane| [a, b].map(|row| plane.row(row / places.down, len)));
                match places.across {
                    1 => write_chroma::<1>(rows, chroma),
                    2 => write_halved_chroma(rows, chroma),
                    _ => write_chroma::<4>(rows, chroma),
                }
            }
            Pixels::Yuyv(plane) => {
                write_422::<0>(plane.row(a, half * 4), plane.row(b, half * 4), first, second, chroma);
            }
            Pixels::Uyvy(plane) => {
                write_422::<1>(plane.row(a, half * 4), plane.row(b, half * 4), first, second, chroma);
            }
        }
        if width < first.len() {
            first[width] = first[width - 1];
            second[width] = second[width - 1];
        }
    }
}

/// Every second byte is luma; the others are U V U V, as NV12 wants them. The order is known at compile time, or
/// the loops would not be vectorised (1080p: 2 ms).
fn write_422<const LUMA_AT: usize>(a: &[u8], b: &[u8], first: &mut [u8], second: &mut [u8], chroma: &mut [u8]) {
    let pick = |pair: &[u8; 2], at: usize| (u16::from_le_bytes(*pair) >> (8 * at)).to_le_bytes()[0];
    let (a, b) = (a.as_chunks::<2>().0, b.as_chunks::<2>().0);
    for (out, from) in [(first, a), (second, b)] {
        for (y, pair) in out.iter_mut().zip(from) {
            *y = pick(pair, LUMA_AT);
        }
    }
    for (c, (a, b)) in chroma.iter_mut().zip(a.iter().zip(b)) {
        *c = mean2(pick(a, 1 - LUMA_AT), pick(b, 1 - LUMA_AT));
    }
}

/// Chroma at half width, of two rows (which are one where it is at half height).
fn write_halved_chroma([[u, u_below], [v, v_below]]: [[&[u8]; 2]; 2], chroma: &mut [u8]) {
    let (us, vs) = (u.iter().zip(u_below), v.iter().zip(v_below));
    for (pair, (u, v)) in chroma.as_chunks_mut::<2>().0.iter_mut().zip(us.zip(vs)) {
        *pair = [mean2(*u.0, *u.1), mean2(*v.0, *v.1)];
    }
}

/// Chroma of which one place stands for `ACROSS` pixels, one or four; an odd last place stands for its missing
/// neighbour.
fn write_chroma<const ACROSS: usize>(rows: [[&[u8]; 2]; 2], chroma: &mut [u8]) {
    for (at, pair) in chroma.chunks_exact_mut(2).enumerate() {
        for (out, [row, below]) in pair.iter_mut().zip(rows) {
            let last = row.len() - 1;
            let (left, right) = ((2 * at / ACROSS).min(last), ((2 * at + 1) / ACROSS).min(last));
            *out = mean4(row[left], row[right], below[left], below[right]);
        }
    }
}

const fn mean2(a: u8, b: u8) -> u8 {
    // Rounds up at one half, without leaving eight bits: one SIMD instruction.
    (a | b) - ((a ^ b) >> 1)
}

fn mean4(a: u8, b: u8, c: u8, d: u8) -> u8 {
    let sum = u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d) + 2;
    u8::try_from(sum / 4).unwrap_or(u8::MAX)
}
