//! One recording from its first frame to its report: engine, fan-out, file sink and writer, and the order in
//! which they end.
//!
//! Nothing here waits: the conductor looks in ten times a second, and each stage that ends starts the next.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::event::{Event, EventSender};
use super::failure::Trouble;
use super::params::encode_options;
use super::status::{FinishedReport, FrameCounts};
use super::tap::{Destination, LANE_CONTROL, TapCounts, WRITER_LANES, WriterItem, WriterQueue};
use super::writer::{LineSetup, Writer, WriterCounts, WriterSetup};
use crate::audio::SoundFormat;
use crate::fanout::{
    CopiedPicture, Counters, DiskWatch, EncoderEnd, FileSink, FileSinkSetup, FileTarget, Hub, Keep, OutputError,
    Reservation, SinkHandle, SinkReport, Verdict, spawn_sink,
};
use crate::ffmpeg::{Ffmpeg, Redactor};
use crate::media::{Colour, Frame, RenditionId, Resolution, Timestamp, VideoCodec};
use crate::plan::{Plan, SizeChoice};
use crate::rt::{Clock, StopToken, Worker, intake};
use crate::writegear::{AudioInput, Engine, EngineSpec, VideoInput, encoder_args};

/// The encoder may give nothing for this long after Stop before it is interrupted, and as long again before it is
/// killed. A slow encoder that still gives packets is left alone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a recording is made of.
pub(super) struct RecordingSetup {
    pub(super) plan: Plan,
    pub(super) ffmpeg: Ffmpeg,
    pub(super) hybrid_mp4: Keep,
    pub(super) reservation: Reservation,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: EventSender,
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
    pub(super) plan: Plan,
    pub(super) target: FileTarget,
    pub(super) commands: Vec<String>,
    pub(super) counters: Arc<Counters>,
    pub(super) disk: DiskWatch,
    engine: Option<Engine>,
    hub: Hub,
    sink: SinkHandle,
    writer: Option<Worker>,
    queue: WriterQueue,
    taps: Arc<TapCounts>,
    writer_counts: Arc<WriterCounts>,
    clock: Arc<dyn Clock>,
    phase: Phase,
    trouble: Option<Trouble>,
    ended_at: Option<Timestamp>,
}

/// The engine's inputs as the plan and the first picture say.
pub(super) fn engine_spec(plan: &Plan, first: Option<&Frame>, formats: &[SoundFormat]) -> EngineSpec {
    let video = plan.video.as_ref().zip(first).map(|(video, frame)| {
        let size = match video.size {
            SizeChoice::Source => frame.size.padded_even(),
            SizeChoice::Fixed(size) => size.padded_even(),
        };
        let natural = crate::imaging::natural_colour(frame, size.height);
        video_input(video, size, recorded_colour(video, natural))
    });
    let audio = formats.iter().map(|format| AudioInput { sample_rate: format.sample_rate, channels: format.channels });
    EngineSpec { video, audio: audio.collect(), options: encode_options(plan) }
}

/// Motion JPEG has no place for another matrix than BT.601; what players read from its tags they do not use.
pub(super) fn recorded_colour(video: &crate::plan::VideoPlan, natural: Colour) -> Colour {
    if video.codec == VideoCodec::Mjpeg { Colour::BT601 } else { natural }
}

/// What the file's writer must be told; colours that the user tags by hand are the user's.
pub(super) fn copied_picture(plan: &Plan, spec: &EngineSpec) -> Option<CopiedPicture> {
    let own_tags = plan.extra.output.iter().any(|word| word.starts_with("-color"));
    let colour = |video: &VideoInput| if own_tags { None } else { Some(video.colour) };
    plan.video
        .as_ref()
        .zip(spec.video.as_ref())
        .map(|(plan, video)| CopiedPicture { codec: plan.codec, colour: colour(video) })
}

pub(super) fn video_input(video: &crate::plan::VideoPlan, size: Resolution, colour: Colour) -> VideoInput {
    VideoInput { pixels: crate::media::PixelFormat::Nv12, size, colour, rate: video.rate, timing: video.timing }
}

impl Recording {
    /// Starts ffmpeg and all threads. `first` is a picture of the source, for its size and colours.
    pub(super) fn start(setup: RecordingSetup, spec: &EngineSpec, formats: &[SoundFormat]) -> Result<Self, Trouble> {
        let RecordingSetup { plan, ffmpeg, hybrid_mp4, reservation, clock, events } = setup;
        let target = reservation.target().clone();
        let counters = Arc::new(Counters::default());
        let wake: Arc<dyn Fn() + Send + Sync> = {
            let events = events.clone();
            Arc::new(move || events.send(Event::Wake))
        };
        let commands = vec![
            encoder_args(spec).shell_quoted(&ffmpeg.program, &Redactor::default()),
            crate::fanout::crash_safe_args(&target, hybrid_mp4, spec.pipe_offset_nanos(), copied_picture(&plan, spec))
                .shell_quoted(&ffmpeg.program, &Redactor::default()),
        ];
        let (engine, input, output) = Engine::start(&ffmpeg, spec, RenditionId(0), 0)?;
        let sink = FileSink::new(FileSinkSetup {
            ffmpeg,
            reservation,
            hybrid_mp4,
            offset_nanos: spec.pipe_offset_nanos(),
            picture: copied_picture(&plan, spec),
            counters: Arc::clone(&counters),
            clock: Arc::clone(&clock),
        });
        let (feed, sink) = spawn_sink("file", Box::new(sink), Arc::clone(&wake))?;
        let hub = Hub::start(output, vec![feed], Arc::clone(&counters), Arc::clone(&clock), Arc::clone(&wake))?;
        let disk = DiskWatch::start(&target.safe_path)?;

        let (queue, taken) = intake(WRITER_LANES);
        let writer_counts = Arc::new(WriterCounts::default());
        let writer = Writer::new(WriterSetup {
            queue: taken,
            engine: input,
            video: spec.video,
            lines: lines(&plan, formats),
            duration: plan.duration,
            clock: Arc::clone(&clock),
            counters: Arc::clone(&counters),
            counts: Arc::clone(&writer_counts),
        })?;
        let worker = Worker::spawn("writer", move |stop: StopToken| {
            let result = writer.run(&stop);
            events.send(Event::WriterEnded(result));
        })?;
        Ok(Self {
            plan,
            target,
            commands,
            counters,
            disk,
            engine: Some(engine),
            hub,
            sink,
            writer: Some(worker),
            queue,
            taps: Arc::default(),
            writer_counts,
            clock,
            phase: Phase::Running,
            trouble: None,
            ended_at: None,
        })
    }

    /// Where sources deliver to.
    pub(super) fn destination(&self) -> Destination {
        Destination { queue: self.queue.clone(), counts: Arc::clone(&self.taps), line: 0 }
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
            Phase::Completing => {
                self.sink.progress().map_or(("Closing the file", None), |progress| (progress.step, progress.fraction))
            }
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
        self.sink.hurry();
    }

    /// The writer says that it is done.
    pub(super) fn writer_ended(&mut self, result: Result<(), crate::writegear::EngineError>) {
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
        if let Some(error) = self.sink.failure() {
            self.stop(Some(Trouble::from(error)));
        }
        if self.is_running() && self.disk.is_gone() {
            self.stop(Some(Trouble::from(OutputError::Gone(self.target.safe_path.clone()))));
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
        let report = self.sink.report(Duration::ZERO)?;
        Some((self.trouble.take().or_else(|| report.error.clone().map(Trouble::from)), report))
    }

    /// An encoder that ends although nobody asked it to.
    fn watch_encoder(&mut self) {
        if let Some(end) = self.hub.end(Duration::ZERO) {
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
        if now.since(alive) > PATIENCE {
            self.phase = Phase::Flushing { since, rung: Rung::InputClosed };
        }
        if self.hub.end(Duration::ZERO).is_some() {
            self.complete();
        }
    }

    /// The stop ladder: input closed, interrupted, killed; the next rung only after five seconds without a packet.
    fn climb(&mut self, since: Timestamp, rung: Rung) {
        if let Some(end) = self.hub.end(Duration::ZERO) {
            if let EncoderEnd::Broken(error) = end {
                let told = self.engine_trouble(Some(error));
                self.trouble.get_or_insert(told);
            }
            self.complete();
            return;
        }
        let now = self.clock.now();
        let alive = self.counters.last_packet_at().map_or(since, |packet| packet.max(since));
        if now.since(alive) <= PATIENCE {
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
        let told = Trouble::silent_encoder();
        self.trouble.get_or_insert(told);
        self.phase = Phase::Flushing { since: now, rung };
    }

    /// The encoder's output has ended: the child is on its way out, the writer too.
    fn complete(&mut self) {
        self.phase = Phase::Completing;
        if let Some(mut engine) = self.engine.take() {
            match engine.process().wait(Duration::from_secs(1)) {
                Some(exit) if !exit.is_success() => {
                    let told = Trouble::from(engine.died());
                    self.trouble.get_or_insert(told);
                }
                _ => {}
            }
        }
        self.writer = None; // joined: its socket is broken by now
    }

    /// What the encoder's own words say, or what the pipe's end says where it had none.
    fn engine_trouble(&mut self, error: Option<crate::writegear::EngineError>) -> Trouble {
        let words = self.engine.as_mut().and_then(|engine| {
            engine.process().wait(Duration::from_millis(500))?;
            Some(engine.died())
        });
        words.or(error).map_or_else(Trouble::silent_encoder, Trouble::from)
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

    /// Recorded time so far.
    pub(super) fn elapsed(&self) -> Duration {
        let Some(origin) = self.counters.origin() else { return Duration::ZERO };
        let until = self.ended_at.unwrap_or_else(|| self.clock.now()).since(origin);
        self.plan.duration.map_or(until, |limit| until.min(limit))
    }

    /// The report as the status shows it.
    pub(super) fn finished(&self, sink: SinkReport, audio: Vec<super::status::AudioStatus>) -> FinishedReport {
        let duration_s = sink.files.first().map_or(0.0, |file| file.duration_s);
        let mut frames = self.frames(true);
        if !sink.files.is_empty() {
            // A file that broke off holds fewer than the encoder gave.
            frames.written = sink.files.iter().map(|file| file.frames).sum();
            frames.repeated = frames.repeated.min(frames.written);
        }
        FinishedReport {
            files: sink.files,
            duration_s,
            frames,
            latency_s: self.counters.latency_s(),
            audio,
            verdict: sink.verdict.unwrap_or(Verdict::Broken),
            checks: sink.checks,
        }
    }
}

fn lines(plan: &Plan, formats: &[SoundFormat]) -> Vec<LineSetup> {
    let line = |(audio, format): (&crate::plan::AudioPlan, &SoundFormat)| LineSetup {
        format: *format,
        gain: if audio.muted { 0.0 } else { 10_f32.powf(audio.gain_db / 20.0) },
        offset_nanos: audio.offset_nanos,
    };
    plan.audio.iter().zip(formats).map(line).collect()
}
