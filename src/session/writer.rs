//! The writer thread: decides with the pacer which picture belongs to which tick, converts it, lays the sound in
//! time, and hands both to the engine. It alone owns the engine's input.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::copied::{Coded, Copied};
use super::picture::Painter;
use super::tap::{TapCounts, WriterItem};
use crate::audio::{DESK_PATIENCE, SoundFormat, Timeline};
use crate::fanout::Counters;
use crate::imaging::Mirror;
use crate::media::{AudioBlock, Changed, Frame, FrameTiming, PixelFormat, Timestamp};
use crate::pacer::{Due, Kind, Pacer};
use crate::rt::{Clock, Intake, StopToken};
use crate::writegear::{EngineError, EngineInput, Pictures, VideoInput};

/// A source that says nothing at all is taken for still this much later than one that says so: the writer's queue
/// may hold pictures for as long as that.
const CONFIRMATION_LAG: Duration = Duration::from_millis(150);
/// After the end this long is waited for what was taken before it: devices deliver up to 75 ms late …
const TAIL_WAIT: Duration = Duration::from_millis(300);
/// … and the desk waits for an input that stalls, with the sound of all others.
const SOUND_TAIL_WAIT: Duration = DESK_PATIENCE.saturating_add(TAIL_WAIT);
/// Waited for longer than this, sound that was moved earlier would keep the end of a recording from the user.
const LONGEST_EXTRA: Duration = Duration::from_secs(3);
/// How often the writer looks around when nothing comes.
const TICK: Duration = Duration::from_millis(50);

/// Counts of the writer, read by the session.
#[derive(Debug, Default)]
pub(super) struct WriterCounts {
    /// Distinct pictures sent to the encoder.
    pub(super) fresh: AtomicU64,
    /// Pictures that found their tick taken.
    pub(super) surplus: AtomicU64,
    /// Pictures that could not be converted, or that a recording of pictures as they come cannot take.
    pub(super) unreadable: AtomicU64,
    /// Output frames that follow from what was sent: the encoder's due.
    pub(super) expected: AtomicU64,
}

/// What the writer needs.
pub(super) struct WriterSetup {
    pub(super) queue: Intake<WriterItem, 3>,
    pub(super) engine: EngineInput,
    pub(super) video: Option<VideoInput>,
    pub(super) mirror: Mirror,
    /// Form of each line of sound.
    pub(super) lines: Vec<SoundFormat>,
    /// Sound is this much later here than the pictures that it goes with.
    pub(super) sound_lag: Duration,
    /// End by itself after this much recorded time.
    pub(super) duration: Option<Duration>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counters: Arc<Counters>,
    pub(super) counts: Arc<WriterCounts>,
    /// Told the end, so that nothing more is counted.
    pub(super) taps: Arc<TapCounts>,
}

type Picture = (Arc<Frame>, Changed);

struct Line {
    format: SoundFormat,
    timeline: Option<Timeline>,
}

pub(super) struct Writer {
    queue: Intake<WriterItem, 3>,
    engine: EngineInput,
    duration: Option<Duration>,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    counts: Arc<WriterCounts>,
    taps: Arc<TapCounts>,
    video: Option<Video>,
    /// Instead of `video` where pictures are recorded as they come.
    copied: Option<Copied>,
    lines: Vec<Line>,
    sound_lag: Duration,
    /// Sound that came before the first picture.
    early: Vec<(usize, AudioBlock)>,
    origin: Option<Timestamp>,
    end: Option<Timestamp>,
}

struct Video {
    spec: VideoInput,
    pacer: Pacer<Picture>,
    painter: Painter,
    /// The last frame seen, and what changed since the one that was converted last.
    last_seq: Option<u64>,
    pending: Changed,
    /// The newest look at the source, whether it changed or not.
    seen_until: Option<Timestamp>,
}

impl Writer {
    pub(super) fn new(setup: WriterSetup) -> Result<Self, EngineError> {
        let (mut video, mut copied) = (None, None);
        match setup.video.map(|spec| (spec, spec.pictures)) {
            Some((spec, Pictures::Raw(pixels))) => video = Some(Video::new(spec, pixels, setup.mirror)?),
            Some((spec, Pictures::Coded(format))) => copied = Some(Copied::new(&spec, format)),
            None => {}
        }
        let lines = setup.lines.into_iter().map(|format| Line { format, timeline: None }).collect();
        let mut writer = Self {
            queue: setup.queue,
            engine: setup.engine,
            duration: setup.duration,
            clock: setup.clock,
            counters: setup.counters,
            counts: setup.counts,
            taps: setup.taps,
            video,
            copied,
            lines,
            sound_lag: setup.sound_lag,
            early: Vec::new(),
            origin: None,
            end: None,
        };
        if writer.video.is_none() && writer.copied.is_none() {
            let now = writer.clock.now();
            writer.begin(now)?;
        }
        Ok(writer)
    }

    /// Until the recording's end, or until the engine takes no more. Dropping the writer ends the engine's input.
    pub(super) fn run(mut self, stop: &StopToken) -> Result<(), EngineError> {
        loop {
            if let Some(item) = self.queue.take_within(TICK) {
                self.take(item)?;
            }
            if stop.is_stopped() && self.end.is_none() {
                self.end_at(self.clock.now());
            }
            self.look_around()?;
            if self.is_complete() {
                return self.finish();
            }
        }
    }

    fn take(&mut self, item: WriterItem) -> Result<(), EngineError> {
        match item {
            WriterItem::Frame(frame) if self.copied.is_some() => self.coded_frame(&frame),
            WriterItem::Frame(frame) => self.frame(&frame),
            WriterItem::Unchanged(at) => self.unchanged(at),
            WriterItem::StopAt(at) => {
                self.end_at(at);
                Ok(())
            }
            WriterItem::Sound { line, block } => {
                if self.origin.is_none() {
                    self.early.push((line, block));
                    return Ok(());
                }
                self.sound(line, &block)
            }
        }
    }

    fn end_at(&mut self, end: Timestamp) {
        let end = self.end.map_or(end, |asked| asked.min(end));
        self.end = Some(end);
        self.taps.end_at(end);
    }

    /// The first picture's moment is time zero.
    fn begin(&mut self, origin: Timestamp) -> Result<(), EngineError> {
        self.origin = Some(origin);
        self.counters.set_origin(origin);
        if let Some(duration) = self.duration {
            self.end_at(origin + duration);
        }
        for line in &mut self.lines {
            line.timeline = Some(Timeline::new(line.format, origin));
        }
        for (line, block) in std::mem::take(&mut self.early) {
            self.sound(line, &block)?;
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Arc<Frame>) -> Result<(), EngineError> {
        let origin = if let Some(origin) = self.origin {
            origin
        } else {
            self.begin(frame.captured_at)?;
            frame.captured_at
        };
        let Some(video) = &mut self.video else { return Ok(()) };
        video.note(frame);
        let at_nanos = frame.captured_at.nanos_since(origin);
        if self.end.is_some_and(|end| video.belongs_after(at_nanos, end.nanos_since(origin))) {
            return Ok(());
        }
        let changed = std::mem::replace(&mut video.pending, Changed::Rows { top: 0, bottom: 0 });
        let due = video.pacer.offer(at_nanos, (Arc::clone(frame), changed));
        if !due.iter().any(|due| Arc::ptr_eq(&due.payload.0, frame)) {
            video.pending = video.pending.union(changed);
            self.counts.surplus.fetch_add(1, Ordering::Relaxed);
        }
        due.iter().try_for_each(|due| self.write(due))
    }

    fn coded_frame(&mut self, frame: &Frame) -> Result<(), EngineError> {
        let Some(copied) = &mut self.copied else { return Ok(()) };
        copied.saw(frame.captured_at);
        let Some(data) = copied.fitting(frame) else {
            self.counts.unreadable.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        if self.origin.is_none() {
            self.begin(frame.captured_at)?;
        }
        let (Some(origin), Some(copied)) = (self.origin, &mut self.copied) else { return Ok(()) };
        let at_nanos = frame.captured_at.nanos_since(origin);
        if self.end.is_some_and(|end| copied.belongs_after(at_nanos, end.nanos_since(origin))) {
            return Ok(());
        }
        let due = copied.offer(at_nanos, data);
        if !due.iter().any(|coded| coded.kind == Kind::Fresh) {
            self.counts.surplus.fetch_add(1, Ordering::Relaxed);
        }
        self.write_coded(&due)
    }

    fn write_coded(&mut self, due: &[Coded]) -> Result<(), EngineError> {
        for coded in due {
            self.engine.write_coded(coded.pts, &coded.data)?;
            if coded.kind == Kind::Fresh {
                self.counts.fresh.fetch_add(1, Ordering::Relaxed);
            }
        }
        if let Some(copied) = &self.copied {
            self.counts.expected.store(copied.written(), Ordering::Relaxed);
        }
        Ok(())
    }

    fn unchanged(&mut self, at: Timestamp) -> Result<(), EngineError> {
        if let Some(copied) = &mut self.copied {
            copied.saw(at);
        }
        let (Some(origin), Some(video)) = (self.origin, &mut self.video) else { return Ok(()) };
        video.seen_until = Some(video.seen_until.map_or(at, |seen| seen.max(at)));
        let until = self.end.map_or(at, |end| at.min(end));
        let due = video.pacer.advance(until.nanos_since(origin));
        due.map_or(Ok(()), |due| self.write(&due))
    }

    fn write(&mut self, due: &Due<Picture>) -> Result<(), EngineError> {
        let Some(video) = &mut self.video else { return Ok(()) };
        let (frame, changed) = &due.payload;
        let changed = match due.kind {
            Kind::Fresh => *changed,
            Kind::Repeat => Changed::Rows { top: 0, bottom: 0 },
        };
        if let Err(error) = video.painter.paint(frame, changed) {
            log::warn!("a picture was left out: {error}");
            if due.kind == Kind::Fresh {
                self.counts.unreadable.fetch_add(1, Ordering::Relaxed);
            }
        }
        // In its place the last one stands: the film must not end with the last picture that could be read.
        let Some(picture) = video.painter.picture() else { return Ok(()) };
        self.engine.write_video(due.pts, picture)?;
        if due.kind == Kind::Fresh {
            self.counts.fresh.fetch_add(1, Ordering::Relaxed);
        }
        self.counts.expected.store(video.pacer.counts().ticks, Ordering::Relaxed);
        Ok(())
    }

    fn sound(&mut self, line: usize, block: &AudioBlock) -> Result<(), EngineError> {
        let Some(timeline) = self.lines.get_mut(line).and_then(|line| line.timeline.as_mut()) else { return Ok(()) };
        timeline.push(block);
        self.drain(line)
    }

    /// Writes what a line has, cut at the recording's end.
    fn drain(&mut self, index: usize) -> Result<(), EngineError> {
        let limit = self.end_sample(index);
        let Some(line) = self.lines.get_mut(index) else { return Ok(()) };
        let channels = usize::from(line.format.channels);
        let Some(timeline) = &mut line.timeline else { return Ok(()) };
        while let Some(mut pcm) = timeline.drain() {
            let left = usize::try_from(limit.saturating_sub(pcm.first_sample)).unwrap_or(0);
            pcm.samples.truncate(left.saturating_mul(channels));
            if pcm.samples.is_empty() {
                continue;
            }
            self.engine.write_audio(index, pcm.first_sample, &pcm.samples)?;
        }
        Ok(())
    }

    /// The first sample that no longer belongs to the recording.
    fn end_sample(&self, index: usize) -> i64 {
        let (Some(origin), Some(end), Some(line)) = (self.origin, self.end, self.lines.get(index)) else {
            return i64::MAX;
        };
        let nanos = i128::from(end.nanos_since(origin)) * i128::from(line.format.sample_rate);
        i64::try_from((nanos + 500_000_000) / 1_000_000_000).unwrap_or(i64::MAX)
    }

    /// Keeps picture and sound going while their sources are silent. A writer that is behind does not: what waits in
    /// the queue was there in time, and a repeat sent before it would cost it its place (an encoder ten times too slow
    /// turned 240 pictures into 4 and 236 repeats).
    fn look_around(&mut self) -> Result<(), EngineError> {
        let Some(origin) = self.origin else { return Ok(()) };
        let now = self.clock.now();
        if self.queue.waiting(super::tap::LANE_VIDEO) == 0 {
            let until = (now - CONFIRMATION_LAG).min(self.end.unwrap_or(now)).nanos_since(origin);
            if let Some(due) = self.video.as_mut().and_then(|video| video.pacer.advance(until)) {
                self.write(&due)?;
            }
            let due = self.copied.as_mut().map(|copied| copied.advance(until)).unwrap_or_default();
            self.write_coded(&due)?;
        }
        for index in 0..self.lines.len() {
            if let Some(timeline) = &mut self.lines[index].timeline
                && self.queue.waiting(super::tap::LANE_AUDIO) == 0
            {
                timeline.fill_silence_until(now - self.sound_lag);
            }
            self.drain(index)?;
        }
        Ok(())
    }

    /// Whether everything taken before the end has arrived, or has been waited for long enough.
    fn is_complete(&self) -> bool {
        let Some(end) = self.end else { return false };
        let Some(origin) = self.origin else { return true };
        let is_begun = end >= origin || self.clock.now() >= end + TAIL_WAIT;
        is_begun && self.has_last_picture(end) && self.has_last_sound(end)
    }

    fn has_last_picture(&self, end: Timestamp) -> bool {
        if self.clock.now() >= end + TAIL_WAIT {
            // However slow the encoder: what was taken before the end is still written, what came after it costs
            // nothing.
            return self.queue.waiting(super::tap::LANE_VIDEO) == 0;
        }
        let is_seen = |seen: Option<Timestamp>| seen.is_some_and(|seen| seen >= end);
        self.video.as_ref().is_none_or(|video| is_seen(video.seen_until))
            && self.copied.as_ref().is_none_or(|copied| is_seen(copied.seen_until()))
    }

    fn has_last_sound(&self, end: Timestamp) -> bool {
        let is_heard = self.lines.iter().zip(0..).all(|(line, index)| {
            line.timeline.as_ref().is_some_and(|timeline| timeline.end() >= self.end_sample(index))
        });
        let is_late = self.clock.now() >= end + SOUND_TAIL_WAIT + self.sound_lag.min(LONGEST_EXTRA);
        is_heard || (is_late && self.queue.waiting(super::tap::LANE_AUDIO) == 0)
    }

    /// The last picture and the last silence, then the end of the engine's input.
    fn finish(mut self) -> Result<(), EngineError> {
        let (Some(origin), Some(end)) = (self.origin, self.end) else { return Ok(()) };
        let last = self.video.as_mut().map(|video| video.pacer.finish(end.nanos_since(origin))).unwrap_or_default();
        last.iter().try_for_each(|due| self.write(due))?;
        let last = self.copied.as_mut().map(|copied| copied.finish(end.nanos_since(origin))).unwrap_or_default();
        self.write_coded(&last)?;
        for index in 0..self.lines.len() {
            let limit = self.end_sample(index);
            let line = &mut self.lines[index];
            let channels = usize::from(line.format.channels);
            let missing = line.timeline.as_ref().map_or(0, |timeline| limit - timeline.end());
            // More than a second is written in pieces, as everywhere.
            let mut at = limit - missing;
            while at < limit {
                let samples = (limit - at).min(i64::from(line.format.sample_rate));
                let silence = vec![0.0; usize::try_from(samples).unwrap_or(0) * channels];
                self.engine.write_audio(index, at, &silence)?;
                at += samples;
            }
        }
        Ok(())
    }
}

impl Video {
    fn new(spec: VideoInput, pixels: PixelFormat, mirror: Mirror) -> Result<Self, EngineError> {
        let painter = Painter::new(&spec, pixels, mirror)
            .map_err(|error| EngineError::Io(std::io::Error::other(error.to_string())))?;
        let max_gap = match spec.timing {
            // ffmpeg's fps filter repeats only when the next picture comes: one is sent at least this often.
            FrameTiming::Constant => Duration::from_millis(200),
            FrameTiming::Variable => Duration::from_secs(1),
        };
        let pacer = Pacer::new(spec.rate, spec.timing, max_gap);
        Ok(Self { spec, pacer, painter, last_seq: None, pending: Changed::Unknown, seen_until: None })
    }

    /// Whether a picture's tick lies at or after the end: 20 s at 30 fps are ticks 0 to 599.
    fn belongs_after(&self, at_nanos: i64, end_nanos: i64) -> bool {
        match self.spec.timing {
            FrameTiming::Constant => self.spec.rate.tick_nanos(self.spec.rate.nearest_tick(at_nanos)) >= end_nanos,
            FrameTiming::Variable => at_nanos >= end_nanos,
        }
    }

    /// Adds up what changed; a gap in the numbers means that something was missed.
    fn note(&mut self, frame: &Frame) {
        self.seen_until = Some(self.seen_until.map_or(frame.captured_at, |seen| seen.max(frame.captured_at)));
        let follows = self.last_seq.is_some_and(|last| last + 1 == frame.seq);
        self.pending = if follows { self.pending.union(frame.changed) } else { Changed::Unknown };
        self.last_seq = Some(frame.seq);
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
