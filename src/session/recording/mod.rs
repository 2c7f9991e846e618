//! One recording from its first frame to its report: engine, writer, what takes the encoder's product, and the order
//! in which they end.
//!
//! Nothing here waits: the conductor looks in ten times a second, and each stage that ends starts the next.

mod direct;
mod packets;
mod take;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) use take::commands_for;
use take::{Ended, Started, Take, TakeSetup, start_direct, start_packets};

use super::direct_words;
use super::event::{Event, EventSender};
use super::failure::{Place, Trouble};
use super::opencv_words;
use super::spec::{First, engine_spec};
use super::status::{FinishedReport, FrameCounts};
use super::tap::{Destination as Tap, LANE_CONTROL, TapCounts, WRITER_LANES, WriterItem, WriterQueue};
use super::writer::{Writer, WriterCounts, WriterSetup};
use crate::audio::SoundFormat;
use crate::fanout::{
    Counters, DirectTarget, EncoderEnd, Keep, ReadBack, Reservation, SinkReport, StreamReport, StreamState, Verdict,
};
use crate::ffmpeg::Ffmpeg;
use crate::imaging::Mirror;
use crate::media::{Frame, Timestamp};
use crate::plan::{AddressKind, EnginePlan, Plan};
use crate::rt::{Clock, StopToken, Worker, intake};
use crate::writegear::{AudioInput, Destination, Engine, EngineError, EngineSpec, FurtherInput};

/// The encoder may give nothing for this long after Stop before it is interrupted, and as long again before it is
/// killed. A slow encoder that still gives packets is left alone.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same where a server may never answer: stopping takes five seconds at most, and there is no file to complete.
const AWAY_PATIENCE: Duration = Duration::from_secs(2);

/// What a recording is made of.
pub(super) struct RecordingSetup {
    pub(super) plan: Plan,
    pub(super) place: PlaceHeld,
    pub(super) further: Vec<FurtherInput>,
    /// What the tracks of sound are called.
    pub(super) titles: Vec<String>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: EventSender,
}

/// Where it goes, held for it.
pub(super) enum PlaceHeld {
    /// A file made of packets.
    Packets { ffmpeg: Ffmpeg, reservation: Reservation, hybrid_mp4: Keep },
    /// What the child writes itself, and who reads it back: the child is of the same kind.
    Direct { target: DirectTarget, read_back: ReadBack },
}

/// Where the recording is on its way to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    /// The writer writes what was taken before this moment.
    Draining {
        since: Timestamp,
    },
    /// The engine's input has ended; its last packets are awaited. Interrupted or killed when silent too long.
    Flushing {
        since: Timestamp,
        rung: Rung,
    },
    /// The encoder is done; the file is completed.
    Completing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rung {
    InputClosed,
    Interrupted,
    Killed,
}

pub(super) struct Recording {
    pub(super) plan: Arc<Plan>,
    /// The finished file's name, or the series'.
    pub(super) file: Option<std::path::PathBuf>,
    pub(super) commands: Vec<String>,
    pub(super) counters: Arc<Counters>,
    take: Box<dyn Take>,
    /// Its address, without secrets.
    away: Option<String>,
    engine: Option<Engine>,
    writer: Option<Worker>,
    queue: WriterQueue,
    taps: Arc<TapCounts>,
    writer_counts: Arc<WriterCounts>,
    clock: Arc<dyn Clock>,
    phase: Phase,
    trouble: Option<Trouble>,
    /// What OpenCV's writer did otherwise than asked.
    remarks: Vec<String>,
    ended_at: Option<Timestamp>,
}

/// The name that a report gives.
fn named_file(place: &PlaceHeld) -> Option<std::path::PathBuf> {
    match place {
        PlaceHeld::Packets { reservation, .. }
        | PlaceHeld::Direct { target: DirectTarget::Single(reservation), .. } => {
            Some(reservation.target().final_path.clone())
        }
        PlaceHeld::Direct { target: DirectTarget::Series(series), .. } => Some(series.path.clone()),
        PlaceHeld::Direct { target: DirectTarget::Away(_), .. } => None,
    }
}

impl Recording {
    /// Starts ffmpeg and all threads. `first` is a picture of the source, for its size and colours.
    pub(super) fn start(setup: RecordingSetup, first: Option<&Frame>) -> Result<Self, Trouble> {
        let RecordingSetup { plan, place, further, titles, clock, events } = setup;
        let counters = Arc::new(Counters::default());
        let wake: Arc<dyn Fn() + Send + Sync> = {
            let events = events.clone();
            Arc::new(move || events.send(Event::Wake))
        };
        let plan = Arc::new(plan);
        let take = TakeSetup {
            plan: Arc::clone(&plan),
            titles,
            counters: Arc::clone(&counters),
            clock: Arc::clone(&clock),
            wake,
        };
        let (file, away) = (named_file(&place), away(&place));
        let destination = match &place {
            PlaceHeld::Packets { .. } => Destination::Packets,
            PlaceHeld::Direct { target, .. } => Destination::Direct(direct_words::output(&plan, target)),
        };
        let spec = engine_spec(&plan, first.map(First::Picture), further, destination);
        let Started { engine, input, take, commands } = match place {
            PlaceHeld::Packets { ffmpeg, reservation, hybrid_mp4 } => {
                start_packets(&take, &ffmpeg, &spec, reservation, hybrid_mp4)?
            }
            PlaceHeld::Direct { target, read_back } => start_direct(&take, read_back, &spec, target)?,
        };
        let (queue, taken) = intake(WRITER_LANES);
        let writer_counts = Arc::new(WriterCounts::default());
        let taps = Arc::new(TapCounts::default());
        let writer = Writer::new(WriterSetup {
            queue: taken,
            engine: input,
            video: spec.video,
            mirror: plan.video.as_ref().map_or(Mirror::No, |video| video.mirror),
            lines: lines(&spec),
            sound_lag: sound_lag(&plan),
            duration: plan.duration,
            clock: Arc::clone(&clock),
            counters: Arc::clone(&counters),
            counts: Arc::clone(&writer_counts),
            taps: Arc::clone(&taps),
        })?;
        let worker = Worker::spawn("writer", move |stop: StopToken| {
            let result = writer.run(&stop);
            events.send(Event::WriterEnded(result));
        })?;
        Ok(Self {
            plan,
            file,
            commands,
            counters,
            take,
            away,
            engine: Some(engine),
            writer: Some(worker),
            queue,
            taps,
            writer_counts,
            clock,
            phase: Phase::Running,
            trouble: None,
            remarks: Vec::new(),
            ended_at: None,
        })
    }

    /// Where sources deliver to.
    pub(super) fn destination(&self) -> Tap {
        Tap { queue: self.queue.clone(), counts: Arc::clone(&self.taps) }
    }

    /// Whether what is taken at this moment comes after the recording's end.
    pub(super) fn is_over(&self, at: Timestamp) -> bool {
        self.taps.is_over(at)
    }

    /// Whether frames are still taken.
    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// What is being done after Stop, in words, and how far it is.
    pub(super) fn finishing(&self) -> (&'static str, Option<f64>) {
        match self.phase {
            Phase::Running | Phase::Draining { .. } => ("Writing the last pictures", None),
            Phase::Flushing { .. } => ("Encoding the last pictures", None),
            Phase::Completing => self.take.finishing(),
        }
    }

    /// Stop taking frames: everything until now belongs to the recording. `trouble` is why, unless it was asked for.
    pub(super) fn stop(&mut self, trouble: Option<Trouble>) {
        if self.trouble.is_none() {
            self.trouble = trouble;
        }
        if self.phase != Phase::Running {
            return;
        }
        let now = self.clock.now();
        self.ended_at.get_or_insert(now);
        self.taps.end_at(now);
        if self.queue.put(LANE_CONTROL, WriterItem::StopAt(now)).is_err()
            && let Some(writer) = &self.writer
        {
            writer.stop();
        }
        self.phase = Phase::Draining { since: now };
    }

    /// Do not wait any longer for anything.
    pub(super) fn force(&mut self) {
        self.trouble.get_or_insert_with(Trouble::forced);
        if let Some(writer) = &self.writer {
            writer.stop();
        }
        if let Some(engine) = &mut self.engine
            && self.phase != Phase::Completing
        {
            engine.process().kill();
        }
        self.take.hurry();
    }

    /// The writer says that it is done.
    pub(super) fn writer_ended(&mut self, result: Result<(), EngineError>) {
        let now = self.clock.now();
        self.ended_at.get_or_insert(now);
        if let Err(error) = result {
            let told = self.engine_trouble(Some(error));
            self.trouble.get_or_insert(told);
        }
        // An encoder that died first has already moved on, and its end is told only once.
        if self.phase != Phase::Completing {
            self.phase = Phase::Flushing { since: now, rung: Rung::InputClosed };
        }
    }

    /// Looks at every part and moves on. Gives the report once, at the very end.
    pub(super) fn poll(&mut self) -> Option<(Option<Trouble>, SinkReport)> {
        if let Some(trouble) = self.take.failure() {
            self.stop(Some(trouble));
        }
        if self.is_running()
            && let Some(trouble) = self.take.loss()
        {
            self.stop(Some(trouble));
        }
        match self.phase {
            Phase::Running => self.watch_encoder(),
            Phase::Draining { since } => self.watch_writer(since),
            Phase::Flushing { since, rung } => self.climb(since, rung),
            Phase::Completing => {}
        }
        if self.phase != Phase::Completing {
            return None;
        }
        let mut report = self.take.report()?;
        report.remarks.append(&mut self.remarks);
        Some((self.trouble.take().or_else(|| report.error.clone().map(Trouble::from)), report))
    }

    /// An encoder that ends although nobody asked it to.
    fn watch_encoder(&mut self) {
        if let Some(end) = self.take.output_end() {
            let told = self.engine_trouble(match end {
                EncoderEnd::Complete => None,
                EncoderEnd::Broken(error) => Some(error),
            });
            self.trouble.get_or_insert(told);
            self.ended_at.get_or_insert(self.clock.now());
            if let Some(writer) = &self.writer {
                writer.stop();
            }
            self.complete();
        }
    }

    /// A writer stuck in a write to an encoder that reads nothing more.
    fn watch_writer(&mut self, since: Timestamp) {
        let now = self.clock.now();
        let alive = self.counters.last_packet_at().map_or(since, |packet| packet.max(since));
        if now.since(alive) > self.patience() {
            self.phase = Phase::Flushing { since, rung: Rung::InputClosed };
        }
        if self.take.output_end().is_some() {
            self.complete();
        }
    }

    /// The stop ladder: input closed, interrupted, killed; the next rung only after five seconds without a packet.
    fn climb(&mut self, since: Timestamp, rung: Rung) {
        if let Some(end) = self.take.output_end() {
            if let EncoderEnd::Broken(error) = end {
                let told = self.engine_trouble(Some(error));
                self.trouble.get_or_insert(told);
            }
            self.complete();
            return;
        }
        let now = self.clock.now();
        let alive = self.counters.last_packet_at().map_or(since, |packet| packet.max(since));
        if now.since(alive) <= self.patience() {
            return;
        }
        let Some(engine) = &mut self.engine else { return };
        let rung = match rung {
            Rung::InputClosed => {
                engine.process().interrupt();
                Rung::Interrupted
            }
            Rung::Interrupted | Rung::Killed => {
                engine.process().kill();
                Rung::Killed
            }
        };
        let told = Trouble::silent(self.place());
        self.trouble.get_or_insert(told);
        self.phase = Phase::Flushing { since: now, rung };
    }

    /// The encoder's output has ended: the child is on its way out, the writer too.
    fn complete(&mut self) {
        self.phase = Phase::Completing;
        let mut ended = if self.trouble.is_some() { Ended::Broken } else { Ended::Well };
        if let Some(mut engine) = self.engine.take() {
            match engine.process().wait(Duration::from_secs(1)) {
                Some(exit) if !exit.is_success() => {
                    let told = Trouble::of_engine(engine.died(), self.place());
                    self.trouble.get_or_insert(told);
                    ended = Ended::Broken;
                }
                _ => {}
            }
            if self.place() == Place::OpenCv {
                self.remarks = opencv_words::remarks(&engine.process().log_tail());
            }
        }
        self.take.complete(ended);
        self.writer = None; // joined: its socket is broken by now
    }

    /// What the encoder's own words say, or what the pipe's end says where it had none.
    fn engine_trouble(&mut self, error: Option<EngineError>) -> Trouble {
        let words = self.engine.as_mut().and_then(|engine| {
            engine.process().wait(Duration::from_millis(500))?;
            Some(engine.died())
        });
        let place = self.place();
        words.or(error).map_or_else(|| Trouble::silent(place), |error| Trouble::of_engine(error, place))
    }

    /// Frames by fate. Before the end the encoder's delay counts as nothing lost.
    pub(super) fn frames(&self, at_the_end: bool) -> FrameCounts {
        let load = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let (fresh, written) = (load(&self.writer_counts.fresh), self.counters.totals().video_packets);
        let expected = load(&self.writer_counts.expected);
        let lost = if at_the_end { expected.saturating_sub(written) } else { 0 };
        FrameCounts {
            captured: load(&self.taps.delivered),
            written,
            repeated: expected.saturating_sub(fresh).min(written),
            dropped_capture: load(&self.taps.dropped_frames)
                + load(&self.writer_counts.surplus)
                + load(&self.writer_counts.unreadable),
            dropped_encoder: lost,
        }
    }

    fn patience(&self) -> Duration {
        if self.away.is_some() { AWAY_PATIENCE } else { PATIENCE }
    }

    /// Whose fault it is when the child does not go on.
    fn place(&self) -> Place {
        if self.plan.engine != EnginePlan::Ffmpeg {
            return Place::OpenCv;
        }
        let is_network = self.plan.address.as_ref().is_some_and(|address| address.kind == AddressKind::Network);
        if is_network { Place::Network } else { Place::Here }
    }

    /// Room on the disk, if there is one, and whether the copy made at the end must fit too.
    pub(super) fn disk(&self) -> Option<(u64, bool)> {
        self.take.free_bytes().map(|free| (free, self.take.is_copied_at_the_end()))
    }

    /// The addresses it goes to.
    pub(super) fn streams(&self) -> Vec<StreamReport> {
        let frames = self.counters.totals().video_packets;
        let stream = |url: &String| StreamReport {
            name: "output".to_owned(),
            url: url.clone(),
            state: StreamState::Running,
            frames,
        };
        self.away.iter().map(stream).collect()
    }

    /// Recorded time so far.
    pub(super) fn elapsed(&self) -> Duration {
        let Some(origin) = self.counters.origin() else { return Duration::ZERO };
        let until = self.ended_at.unwrap_or_else(|| self.clock.now()).since(origin);
        self.plan.duration.map_or(until, |limit| until.min(limit))
    }

    /// The report as the status shows it.
    pub(super) fn finished(&self, sink: SinkReport, audio: Vec<super::status::AudioStatus>) -> FinishedReport {
        let files_s: f64 = sink.files.iter().map(|file| file.duration_s).sum();
        let duration_s = if sink.files.is_empty() { self.elapsed().as_secs_f64() } else { files_s };
        let mut frames = self.frames(true);
        if !sink.files.is_empty() {
            // A file that broke off holds fewer than the encoder gave.
            frames.written = sink.files.iter().map(|file| file.frames).sum();
            frames.repeated = frames.repeated.min(frames.written);
        }
        FinishedReport {
            files: sink.files,
            streams: sink.streams,
            duration_s,
            frames,
            latency_s: self.counters.latency_s(),
            audio,
            camera: None,
            verdict: sink.verdict.unwrap_or(Verdict::Broken),
            checks: sink.checks,
        }
    }
}

/// The address or device, without secrets.
fn away(place: &PlaceHeld) -> Option<String> {
    match place {
        PlaceHeld::Direct { target: DirectTarget::Away(url), .. } => Some(url.clone()),
        _ => None,
    }
}

/// The tracks of sound, and the silent one that nobody delivers to.
fn lines(spec: &EngineSpec) -> Vec<SoundFormat> {
    let format = |line: AudioInput| SoundFormat { sample_rate: line.sample_rate, channels: line.channels };
    spec.lines().into_iter().map(format).collect()
}

/// What the desk waits for inputs that are moved earlier.
fn sound_lag(plan: &Plan) -> Duration {
    let earlier = plan.audio.iter().map(|strip| strip.offset_nanos.saturating_neg()).max().unwrap_or(0);
    Duration::from_nanos(u64::try_from(earlier).unwrap_or(0))
}
