//! Frames on their way into ffmpeg's input: as they lie in memory where that is possible, else converted or padded.
//!
//! A packed 1080p frame is handed over with one system call and is never copied here. It is ffmpeg's own raw format, or
//! NUT where frames carry times.

use std::io::{self, IoSlice, Write};
use std::time::Duration;

use super::command::{Timing, Wire};
use super::frame::{Frame, Plane};
use super::pixels::PixelFormat;
use super::watch::Watch;
use crate::ffmpeg::ChildInput;
use crate::imaging::{ImagingError, Nv12, rgb_to_nv12};
use crate::media::{PixelFormat as Captured, Resolution, TimeBase};
use crate::nut;
use crate::rt::{Clock, RealClock};

/// The most pieces that one system call takes (`IOV_MAX` on Linux).
const MOST_PIECES: usize = 1024;

/// Why a frame did not go in.
#[derive(Debug)]
pub(super) enum FeedError {
    /// The input broke or took nothing in time.
    Io(io::Error),
    /// It could not be converted.
    Imaging(ImagingError),
}

/// The writing end of ffmpeg's input.
pub(super) struct Feed {
    input: ChildInput,
    wire: Wire,
    nut: Option<nut::Writer>,
    head: Vec<u8>,
    converted: Option<Nv12>,
    padded: Vec<u8>,
    patience: Patience,
}

/// How long a write may go on.
pub(super) struct Patience {
    /// Without a sign of life.
    pub(super) deadline: Duration,
    pub(super) watch: Watch,
}

/// One system call waits so long at most; then it is looked whether ffmpeg lives.
pub(super) const SLICE: Duration = Duration::from_millis(250);

impl Feed {
    /// Announces the frames, where the format needs that.
    pub(super) fn new(mut input: ChildInput, wire: Wire, patience: Patience) -> Result<Self, FeedError> {
        input.set_write_timeout(Some(SLICE)).map_err(FeedError::Io)?;
        let nut = match wire.timing {
            Timing::Counted => None,
            Timing::Stamped => {
                let refused = |error: nut::NutError| FeedError::Io(io::Error::other(error.to_string()));
                let writer = nut::Writer::new(&[header(&wire)]).map_err(refused)?;
                input.write_all(writer.header()).map_err(FeedError::Io)?;
                Some(writer)
            }
        };
        let converted = match wire.convert {
            Some(colour) => Some(Nv12::black(wire.size, colour).map_err(FeedError::Imaging)?),
            None => None,
        };
        Ok(Self { input, wire, nut, head: Vec::with_capacity(64), converted, padded: Vec::new(), patience })
    }

    /// Writes a frame; `at_ms` is its time where frames carry one.
    pub(super) fn write(&mut self, frame: &Frame<'_>, at_ms: u64) -> Result<(), FeedError> {
        let length = self.wire.format.packed_len(self.wire.size);
        self.head.clear();
        if let Some(nut) = &mut self.nut {
            let pts = i64::try_from(at_ms).unwrap_or(i64::MAX);
            nut.packet_head(0, true, pts, length, &mut self.head)
                .map_err(|error| FeedError::Io(io::Error::other(error.to_string())))?;
        }
        if let (Some(out), [plane]) = (&mut self.converted, frame.planes()) {
            let (format, size) = (captured(frame.format()), frame.size());
            rgb_to_nv12(format, size, plane.bytes, plane.stride, out).map_err(FeedError::Imaging)?;
            return write_pieces(&mut self.input, &self.patience, &[&self.head, &out.data]).map_err(FeedError::Io);
        }
        if frame.size() != self.wire.size {
            self.padded.clear();
            pad(frame, self.wire.size, &mut self.padded);
            return write_pieces(&mut self.input, &self.patience, &[&self.head, &self.padded]).map_err(FeedError::Io);
        }
        let mut pieces: Vec<&[u8]> = vec![&self.head];
        for (plane, shape) in frame.planes().iter().zip(frame.format().planes(frame.size())) {
            rows(plane, shape.row, shape.rows, &mut pieces);
        }
        write_pieces(&mut self.input, &self.patience, &pieces).map_err(FeedError::Io)
    }
}

fn header(wire: &Wire) -> crate::media::TrackHeader {
    let mut header = nut::raw_video(Captured::Gray8, wire.size, TimeBase { num: 1, den: 1000 }, Some(wire.rate));
    if let Some(tag) = wire.format.nut_tag() {
        header.fourcc = tag.to_vec();
    }
    header
}

const fn captured(format: PixelFormat) -> Captured {
    match format {
        PixelFormat::Rgb24 => Captured::Rgb24,
        PixelFormat::Bgra | PixelFormat::Bgr0 => Captured::Bgrx,
        PixelFormat::Rgba | PixelFormat::Rgb0 => Captured::Rgbx,
        _ => Captured::Bgr24,
    }
}

/// A plane whose rows touch is one piece, else each row is.
fn rows<'a>(plane: &Plane<'a>, row: usize, rows: usize, pieces: &mut Vec<&'a [u8]>) {
    if plane.stride == row {
        pieces.push(plane.bytes.get(..row * rows).unwrap_or_default());
        return;
    }
    let each =
        (0..rows).map(|index| plane.bytes.get(index * plane.stride..index * plane.stride + row).unwrap_or_default());
    pieces.extend(each);
}

/// Writes all pieces, as many with one system call as it takes. Fails with `TimedOut` when ffmpeg neither took a byte nor
/// gave a sign of life for as long as `patience` says: a slow encoder is not hung.
fn write_pieces(input: &mut ChildInput, patience: &Patience, pieces: &[&[u8]]) -> io::Result<()> {
    let mut at = 0;
    let mut skip = 0;
    let mut alive = RealClock.now();
    while at < pieces.len() {
        let slices: Vec<IoSlice<'_>> = pieces[at..]
            .iter()
            .take(MOST_PIECES)
            .enumerate()
            .map(|(index, piece)| IoSlice::new(piece.get(if index == 0 { skip } else { 0 }..).unwrap_or_default()))
            .collect();
        if slices.iter().all(|slice| slice.is_empty()) {
            at += slices.len();
            skip = 0;
            continue;
        }
        let mut written = match input.write_vectored(&slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                alive = patience.watch.last_sign().map_or(alive, |sign| sign.max(alive));
                if RealClock.now().since(alive) >= patience.deadline {
                    return Err(error);
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        alive = RealClock.now();
        while let Some(piece) = pieces.get(at) {
            let left = piece.len() - skip;
            if written < left {
                skip += written;
                break;
            }
            written -= left;
            at += 1;
            skip = 0;
        }
    }
    Ok(())
}

/// The frame with its last column and row repeated up to `size`.
fn pad(frame: &Frame<'_>, size: Resolution, out: &mut Vec<u8>) {
    let shapes = frame.format().planes(frame.size()).into_iter().zip(frame.format().planes(size));
    for (plane, (from, to)) in frame.planes().iter().zip(shapes) {
        for row in 0..to.rows {
            let start = row.min(from.rows - 1) * plane.stride;
            let bytes = plane.bytes.get(start..start + from.row).unwrap_or_default();
            out.extend_from_slice(bytes);
            let last = bytes.get(from.row - from.unit.min(from.row)..).unwrap_or_default();
            let mut missing = to.row - from.row;
            while missing > 0 && !last.is_empty() {
                let piece = last.get(..missing.min(last.len())).unwrap_or_default();
                out.extend_from_slice(piece);
                missing -= piece.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_and_row_are_repeated() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18];
        let gray = Frame::new(PixelFormat::Gray8, 3, 3, &bytes[..9]).unwrap();
        let mut out = Vec::new();
        pad(&gray, Resolution::new(4, 4), &mut out);
        assert_eq!(out, [1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 7, 8, 9, 9]);
        // 4:2:0 of 3×3 has its colour for 4×4 already: only luma grows.
        let planar = Frame::new(PixelFormat::Yuv420p, 3, 3, &bytes).unwrap();
        out.clear();
        pad(&planar, Resolution::new(4, 4), &mut out);
        assert_eq!(out[12..], [7, 8, 9, 9, 11, 12, 13, 14, 15, 16, 17, 18]);
        let packed = Frame::new(PixelFormat::Rgb24, 1, 1, &bytes[..3]).unwrap();
        out.clear();
        pad(&packed, Resolution::new(2, 2), &mut out);
        assert_eq!(out, [1, 2, 3].repeat(4));
    }
}
