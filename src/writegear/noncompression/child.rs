//! Writes a NUT stream of raw pictures, as the program `gearcast-opencv` does for the window.
//!
//! The window does not link OpenCV, whose some 240 libraries would delay its every start. It hands its pictures to
//! this child instead, which speaks as ffmpeg does: NUT on standard input, `-progress` lines on standard output.

use std::io::{Read, Write};
use std::time::Duration;

use super::error::WriterError;
use super::native::{OpenCv, opencv};
use super::picture::{Picture, Pixels};
use super::settings::{Output, Settings};
use super::writer::{Report, VideoWriter};
use crate::media::{FrameRate, Matrix, PixelFormat, Range, Resolution, TimeBase, Timestamp, TrackKind};
use crate::nut::{NutError, NutPacket, Reader, fourcc_of};
use crate::rt::Clock;

/// ffmpeg's own rhythm of reports.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// A gap of a day is no gap but a broken time stamp: filling it would fill the disk.
const LONGEST_GAP_S: u64 = 24 * 3600;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Child {
    /// Where.
    pub output: Output,
    /// How; its rate is replaced by `rate`.
    pub settings: Settings,
    /// The file's rate: a picture lies at the tick of its time stamp, and a tick without one repeats the last.
    pub rate: FrameRate,
    /// What the numbers of YUV pictures mean; NUT does not tell it.
    pub yuv: (Matrix, Range),
}

/// Why the stream was not written.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The stream is not what it should be. What came before is in the file.
    #[error("{0}")]
    Stream(#[from] NutError),
    /// There is nothing to see in it.
    #[error("the stream has no track of pictures")]
    NoPictures,
    /// A format that is not written.
    #[error("the stream's pictures have the tag '{tag}', which is not known: send NV12 or BGR24")]
    Format {
        /// As the stream says.
        tag: String,
    },
    /// A time stamp that cannot be true.
    #[error("the stream's time jumps by more than a day")]
    Gap,
    /// OpenCV.
    #[error(transparent)]
    Writer(#[from] WriterError),
}

/// The stream's track of pictures.
struct Track {
    index: usize,
    time_base: TimeBase,
    size: Resolution,
    format: PixelFormat,
    pixels: Pixels,
}

/// Counts of a running child.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    repeated: u64,
    dropped: u64,
}

impl Child {
    /// Writes `input` to its end, finishes the file and reports. A stream cut off inside a picture ends there: its
    /// writer is gone, and the file is whole.
    #[inline]
    pub fn run(&self, input: impl Read, progress: &mut dyn Write, clock: &dyn Clock) -> Result<Report, ChildError> {
        self.run_with(opencv(), input, progress, clock)
    }

    fn run_with(
        &self,
        opencv: &'static dyn OpenCv,
        input: impl Read,
        progress: &mut dyn Write,
        clock: &dyn Clock,
    ) -> Result<Report, ChildError> {
        let mut reader = Reader::new(input);
        let track = self.track_of(&mut reader)?;
        let settings = Settings { fps: self.rate.as_f64(), ..self.settings };
        let mut writer = VideoWriter::open_with(opencv, &self.output, &settings, track.size)?;
        let mut counts = Counts::default();
        let ended = self.copy(&mut reader, &track, &mut writer, &mut counts, progress, clock);
        let closed = writer.close();
        match ended {
            Ok(()) => {}
            Err(ChildError::Stream(error @ NutError::Truncated { .. })) => log::warn!("{error}"),
            Err(error) => return Err(error),
        }
        let report = closed?;
        self.tell(progress, report.frames, counts, "end");
        Ok(report)
    }

    fn track_of<R: Read>(&self, reader: &mut Reader<R>) -> Result<Track, ChildError> {
        use PixelFormat as F;
        let headers = reader.read_headers()?;
        let video = headers.iter().enumerate().find_map(|(index, header)| match header.kind {
            TrackKind::Video { size, .. } => Some((index, size, header)),
            _ => None,
        });
        let (index, size, header) = video.ok_or(ChildError::NoPictures)?;
        let (matrix, range) = self.yuv;
        let known = [
            (F::Nv12, Pixels::Nv12(matrix, range)),
            (F::I420, Pixels::I420(matrix, range)),
            (F::Bgr24, Pixels::Bgr24),
            (F::Rgb24, Pixels::Rgb24),
            (F::Bgrx, Pixels::Bgrx),
            (F::Rgbx, Pixels::Rgbx),
            (F::Gray8, Pixels::Gray8),
        ];
        let found = known.iter().find(|(format, _)| header.fourcc == fourcc_of(*format));
        let tag = || header.fourcc.escape_ascii().to_string();
        let (format, pixels) = *found.ok_or_else(|| ChildError::Format { tag: tag() })?;
        Ok(Track { index, time_base: header.time_base, size, format, pixels })
    }

    fn copy<R: Read>(
        &self,
        reader: &mut Reader<R>,
        track: &Track,
        writer: &mut VideoWriter,
        counts: &mut Counts,
        progress: &mut dyn Write,
        clock: &dyn Clock,
    ) -> Result<(), ChildError> {
        let mut next_tick = None;
        let mut told: Option<Timestamp> = None;
        while let Some(packet) = reader.next_packet()? {
            if packet.track != track.index {
                continue;
            }
            let tick = self.tick_of(packet.pts, track.time_base);
            let due = next_tick.unwrap_or(tick);
            if tick < due {
                counts.dropped += 1;
                continue;
            }
            if tick - due > LONGEST_GAP_S * u64::from(self.rate.num()) / u64::from(self.rate.den()) {
                return Err(ChildError::Gap);
            }
            for _ in due..tick {
                writer.repeat()?;
                counts.repeated += 1;
            }
            write_packet(&packet, track, writer)?;
            next_tick = Some(tick + 1);
            let now = clock.now();
            if told.is_none_or(|told| now.since(told) >= REPORT_EVERY) {
                told = Some(now);
                self.tell(progress, writer.frames(), *counts, "continue");
            }
        }
        Ok(())
    }

    /// The place of a time stamp, which is a tick already in a stream made for this.
    fn tick_of(&self, pts: i64, base: TimeBase) -> u64 {
        let is_tick =
            u64::from(base.num) * u64::from(self.rate.num()) == u64::from(base.den) * u64::from(self.rate.den());
        let nanos = || self.rate.nearest_tick(base.to_nanos(pts));
        u64::try_from(pts).ok().filter(|_| is_tick).unwrap_or_else(nanos)
    }

    /// One report, as ffmpeg's `-progress` writes it. Whoever should read it may be gone; the file goes on.
    fn tell(&self, progress: &mut dyn Write, frames: u64, counts: Counts, state: &str) {
        let out_time_us = self.rate.tick_nanos(frames) / 1000;
        let Counts { repeated, dropped } = counts;
        let report = format!(
            "frame={frames}\nout_time_us={out_time_us}\ndup_frames={repeated}\ndrop_frames={dropped}\nprogress={state}\n"
        );
        if let Err(error) = progress.write_all(report.as_bytes()).and_then(|()| progress.flush()) {
            log::debug!("nobody reads the progress: {error}");
        }
    }
}

fn write_packet(packet: &NutPacket, track: &Track, writer: &mut VideoWriter) -> Result<(), WriterError> {
    let mut rest = &*packet.data;
    let mut planes = Vec::with_capacity(3);
    for (row, rows) in track.format.plane_layout(track.size) {
        let (plane, after) = rest.split_at(rest.len().min(row * rows));
        planes.push((plane, row));
        rest = after;
    }
    writer.write(&Picture { pixels: track.pixels, size: track.size, planes: &planes })
}
