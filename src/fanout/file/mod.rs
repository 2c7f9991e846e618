//! The file sink: packets into a crash-safe file while recording, the ordinary file at the end.

mod direct;
mod disk;
mod finish;
mod flac;
mod form;
mod listen;
mod read_back;
mod reserve;
mod series;
mod verify;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use direct::{DirectEnd, DirectTarget, finish_direct};
pub use disk::{DiskWatch, seconds_left};
pub use form::{CopiedPicture, PictureEnd, add_titles, crash_safe_args, is_ordinary_when_closed};
pub use read_back::ReadBack;
pub use reserve::{FileTarget, OnTaken, OutputError, Reservation, free_bytes, reserve, reserve_final};
pub use series::{Series, refuse_existing, reserve_series};

use super::counters::Counters;
use super::report::Verdict;
use super::sink::{FinishProgress, Sink, SinkEnd, SinkError, SinkReport};
use crate::ffmpeg::{Cause, ChildInput, Exit, Ffmpeg, Launch, Process, Stdin, Stdout, launch};
use crate::media::{FrameRate, Packet, StreamHeaders, TrackHeader, TrackId, TrackKind};
use crate::nut;
use crate::rt::{Clock, StopToken};

/// How long the child may take nothing: a disk that hangs longer fails the sink, the file stays as it is.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);
/// How long the child may take to end after its input ended, with nothing left to write but an index.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);

/// Which form the finished file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The ordinary form of its container.
    Ordinary,
    /// The crash-safe form is good enough: this ffmpeg writes files that are both.
    CrashSafe,
}

/// What a file sink needs.
pub struct FileSinkSetup {
    /// The ffmpeg whose `-c copy` writes the file.
    pub ffmpeg: Ffmpeg,
    /// Where, reserved.
    pub reservation: Reservation,
    /// Whether ffmpeg's mp4 muxer knows `hybrid_fragmented` (7.1 and later).
    pub hybrid_mp4: Keep,
    /// Added to every time stamp on the way, because NUT knows no time before zero: a whole number of frames.
    pub offset_nanos: i64,
    /// Subtitles that go into the finished file; the crash-safe one has none.
    pub subtitles: Option<PathBuf>,
    /// What the packets do not tell about the picture; `None` for sound alone.
    pub picture: Option<CopiedPicture>,
    /// What the tracks of sound are called, in their order; those without a name stay so.
    pub titles: Vec<String>,
    /// Shared counts.
    pub counters: Arc<Counters>,
    /// The clock that latency is measured on.
    pub clock: Arc<dyn Clock>,
}

/// Writes one file. Its life: reserved → crash-safe file growing → completed → verified → renamed.
pub struct FileSink {
    setup: FileSinkSetup,
    open: Option<Open>,
    /// The child whose input is closed, until it has been waited for.
    tracks: Vec<TrackHeader>,
    written: Written,
}

/// What this sink wrote, to be found again in the file.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    video_packets: u64,
    first_video_nanos: Option<i64>,
    last_video_nanos: i64,
    sound: SoundWritten,
    picture_end: PictureEnd,
    /// The nominal rate, where the encoder states one.
    rate: Option<FrameRate>,
}

/// The same of sound.
#[derive(Clone, Copy, Debug, Default)]
struct SoundWritten {
    tracks: usize,
    packets: u64,
    first_nanos: Option<i64>,
    last_nanos: i64,
    /// The longest packet of one track; no packet tells its own length.
    block_nanos: i64,
    previous: Option<(TrackId, i64)>,
}

impl SoundWritten {
    fn count(&mut self, track: TrackId, nanos: i64) {
        self.packets += 1;
        self.first_nanos.get_or_insert(nanos);
        self.last_nanos = self.last_nanos.max(nanos);
        match self.previous {
            Some((of, previous)) if of == track => self.block_nanos = self.block_nanos.max(nanos - previous),
            Some(_) => return,
            None => {}
        }
        self.previous = Some((track, nanos));
    }
}

struct Open {
    process: Process,
    input: ChildInput,
    nut: nut::Writer,
    head: Vec<u8>,
    offsets: Vec<i64>,
}

impl FileSink {
    /// A sink that has not begun. The child starts with the first headers.
    pub fn new(setup: FileSinkSetup) -> Self {
        let picture_end = setup.picture.map_or(PictureEnd::WithSound, |picture| picture.end);
        let written = Written { picture_end, ..Written::default() };
        Self { setup, open: None, tracks: Vec::new(), written }
    }

    fn start_child(&self, tracks: &[TrackHeader]) -> Result<Open, SinkError> {
        let setup = &self.setup;
        let target = setup.reservation.target();
        let mut args = crash_safe_args(target, setup.hybrid_mp4, setup.offset_nanos, setup.picture);
        add_titles(&mut args, &setup.titles);
        let launched =
            Launch::new(&setup.ffmpeg.program, args.to_os_args(), "sink-file").with_io(Stdin::Socket, Stdout::Null);
        let mut process = launch(launched).map_err(|error| SinkError::Internal(error.to_string()))?;
        let internal = |what: &str| SinkError::Internal(what.to_owned());
        let mut input = process.take_stdin().ok_or_else(|| internal("ffmpeg has no input"))?;
        let nut = nut::Writer::new(tracks).map_err(|error| internal(&error.to_string()))?;
        let failed = |_: std::io::Error| internal("ffmpeg's input could not be set up");
        input.set_write_timeout(Some(WRITE_DEADLINE)).map_err(failed)?;
        input.write_all(nut.header()).map_err(failed)?;
        let offsets = tracks.iter().map(|track| track.time_base.from_nanos(setup.offset_nanos)).collect();
        Ok(Open { process, input, nut, head: Vec::with_capacity(64), offsets })
    }

    fn count(&mut self, packet: &Packet) {
        let Some(track) = self.tracks.get(usize::from(packet.track.0)) else { return };
        match track.kind {
            TrackKind::Video { .. } => {
                let nanos = track.time_base.to_nanos(packet.pts);
                self.written.video_packets += 1;
                self.written.first_video_nanos.get_or_insert(nanos);
                self.written.last_video_nanos = self.written.last_video_nanos.max(nanos);
                self.setup.counters.count_written(nanos, packet.data.len(), self.setup.clock.now());
            }
            TrackKind::Audio { .. } => {
                let nanos = track.time_base.to_nanos(packet.pts);
                self.written.sound.count(packet.track, nanos);
            }
            TrackKind::Subtitle | TrackKind::Data => {}
        }
    }

    /// Ends the child's input and waits for its end; says why if it did not end well.
    fn close_child(&mut self, stop: &StopToken) -> Option<SinkError> {
        let Open { mut process, input, .. } = self.open.take()?;
        drop(input);
        let mut waited = Duration::ZERO;
        let look = Duration::from_millis(50);
        let exit = loop {
            if let Some(exit) = process.wait(look) {
                break Some(exit);
            }
            waited += look;
            if waited >= CLOSE_DEADLINE || (stop.is_stopped() && waited >= Duration::from_secs(1)) {
                break None;
            }
        };
        match exit {
            Some(exit) if exit.is_success() => None,
            Some(exit) => Some(child_error(&process, Some(exit))),
            None => {
                process.kill();
                Some(child_error(&process, None))
            }
        }
    }
}

fn child_error(process: &Process, exit: Option<Exit>) -> SinkError {
    let cause = exit.map_or(Cause::Silent, |_| process.cause_of_failure());
    SinkError::Writer { cause, last_words: process.log_tail() }
}

impl Sink for FileSink {
    fn begin(&mut self, headers: &StreamHeaders) -> Result<(), SinkError> {
        if self.open.is_some() {
            return if headers.tracks == self.tracks {
                Ok(())
            } else {
                Err(SinkError::Internal("the encoder's streams changed in mid-recording".to_owned()))
            };
        }
        self.open = Some(self.start_child(&headers.tracks)?);
        self.tracks.clone_from(&headers.tracks);
        self.written.rate = self.tracks.iter().find_map(|track| match track.kind {
            TrackKind::Video { rate, .. } => rate,
            _ => None,
        });
        self.written.sound.tracks =
            self.tracks.iter().filter(|track| matches!(track.kind, TrackKind::Audio { .. })).count();
        Ok(())
    }

    fn packet(&mut self, packet: &Packet) -> Result<(), SinkError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let track = usize::from(packet.track.0);
        let pts = packet.pts.saturating_add(open.offsets.get(track).copied().unwrap_or(0));
        open.head.clear();
        let length = packet.data.len();
        if let Err(error) = open.nut.packet_head(track, packet.key, pts, length, &mut open.head) {
            return Err(SinkError::Internal(error.to_string()));
        }
        if open.input.write_packet(&open.head, &packet.data).is_err() {
            // The child died or hangs; its own words say why, once it has ended.
            let exit = open.process.wait(Duration::from_secs(1));
            return Err(child_error(&open.process, exit));
        }
        self.count(packet);
        Ok(())
    }

    fn finish(
        mut self: Box<Self>,
        end: SinkEnd,
        error: Option<SinkError>,
        stop: &StopToken,
        progress: &dyn Fn(FinishProgress),
    ) -> SinkReport {
        progress(FinishProgress { step: "Closing the file", fraction: None });
        let close_error = self.close_child(stop);
        let error = error.or(close_error);
        let safe_path = self.setup.reservation.target().safe_path.clone();
        let on_disk = std::fs::metadata(&safe_path).map(|found| found.len());
        if self.written.video_packets + self.written.sound.packets == 0 || on_disk.as_ref().is_ok_and(|len| *len == 0) {
            return SinkReport { error, ..SinkReport::default() };
        }
        if on_disk.is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound) {
            let gone = SinkError::Output(OutputError::Gone(safe_path));
            return SinkReport { error: Some(error.unwrap_or(gone)), ..SinkReport::default() };
        }
        let trust = if end == SinkEnd::Complete && error.is_none() { finish::Trust::Whole } else { finish::Trust::Cut };
        let mut report = finish::complete(&self.setup, &self.written, trust, stop, progress);
        if error.is_some() {
            report.verdict = report.verdict.map(|verdict| verdict.max(Verdict::Suspect));
        }
        report.error = error.or(report.error);
        report
    }
}

/// Seconds with microseconds, as ffmpeg reads them.
fn negative_seconds(nanos: i64) -> String {
    let micros = (nanos + 500) / 1000;
    format!("-{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
