//! Between a source's thread and the recording: while a recording runs, what the source delivers goes into the
//! writer's queue as well. Nothing here waits; what finds the queue full is dropped and counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::audio::TrackBlock;
use crate::media::{AudioBlock, Changed, Frame, Timestamp};
use crate::rt::{IntakeSender, Latest, PutError};

/// Lanes of the writer's queue. 72 pictures are 2.4 s at 30 fps: a start of ffmpeg on a loaded machine has taken more
/// than one. A screen's buffers end sooner where they are large (30 at 1080p, 7 at 4K: 256 MB). 1000 blocks are 10 s
/// of sound. A full lane drops the newest item.
pub(super) const WRITER_LANES: [usize; 3] = [72, 1000, 64];
pub(super) const LANE_VIDEO: usize = 0;
pub(super) const LANE_AUDIO: usize = 1;
pub(super) const LANE_CONTROL: usize = 2;

/// What the writer is told.
#[derive(Debug)]
pub(super) enum WriterItem {
    /// A picture.
    Frame(Arc<Frame>),
    /// The source looked and nothing had changed.
    Unchanged(Timestamp),
    /// Samples of a line.
    Sound {
        /// Which line, from 0.
        line: usize,
        /// The samples.
        block: AudioBlock,
    },
    /// Nothing after this moment belongs to the recording.
    StopAt(Timestamp),
}

/// The writer's queue, from the putting side.
pub(super) type WriterQueue = IntakeSender<WriterItem, 3>;

/// Counts of what never reached the writer.
#[derive(Debug)]
pub(super) struct TapCounts {
    pub(super) delivered: AtomicU64,
    pub(super) dropped_frames: AtomicU64,
    pub(super) dropped_blocks: AtomicU64,
    /// Nanoseconds of the moment after which nothing belongs to the recording: a writer that is behind may still be
    /// at work long after it.
    until_nanos: AtomicI64,
}

impl Default for TapCounts {
    fn default() -> Self {
        Self {
            delivered: AtomicU64::new(0),
            dropped_frames: AtomicU64::new(0),
            dropped_blocks: AtomicU64::new(0),
            until_nanos: AtomicI64::new(i64::MAX),
        }
    }
}

impl TapCounts {
    /// Pictures from `end` on are not taken.
    pub(super) fn end_at(&self, end: Timestamp) {
        self.until_nanos.fetch_min(end.as_nanos(), Ordering::Relaxed);
    }

    pub(super) fn is_over(&self, at: Timestamp) -> bool {
        at.as_nanos() >= self.until_nanos.load(Ordering::Relaxed)
    }
}

/// Where a source should deliver from now on.
#[derive(Clone)]
pub(super) struct Destination {
    pub(super) queue: WriterQueue,
    pub(super) counts: Arc<TapCounts>,
}

/// Where the desk should deliver from now on.
#[derive(Clone)]
pub(super) struct SoundDestination {
    pub(super) to: Destination,
    /// The track of each line; other tracks are not recorded.
    pub(super) tracks: Arc<[u32]>,
}

/// The session's end of the desk's tap.
pub(super) type SoundValve = Latest<Option<SoundDestination>>;

/// The session's end of a tap: opens and closes it.
pub(super) type Valve = Latest<Option<Destination>>;

/// The capture thread's end.
pub(super) struct VideoTap {
    valve: Valve,
    open: Option<Destination>,
    /// The newest picture: a still screen sends none when a recording starts.
    last: Option<Arc<Frame>>,
    first_is_due: bool,
}

impl VideoTap {
    pub(super) fn new(valve: Valve) -> Self {
        Self { valve, open: None, last: None, first_is_due: false }
    }

    pub(super) fn frame(&mut self, frame: &Arc<Frame>) {
        self.turn();
        self.last = Some(Arc::clone(frame));
        self.first_is_due = false;
        self.send(WriterItem::Frame(Arc::clone(frame)));
    }

    pub(super) fn unchanged(&mut self, at: Timestamp) {
        self.turn();
        if !self.first_is_due {
            if let Some(open) = &self.open
                && open.queue.put(LANE_VIDEO, WriterItem::Unchanged(at)) == Err(PutError::Closed)
            {
                self.open = None;
            }
            return;
        }
        if let Some(last) = &self.last {
            self.first_is_due = false;
            let still = Frame { captured_at: at, changed: Changed::Unknown, ..last.as_ref().clone() };
            self.send(WriterItem::Frame(Arc::new(still)));
        }
    }

    fn turn(&mut self) {
        if let Some(destination) = self.valve.take() {
            self.first_is_due = destination.is_some();
            self.open = destination;
        }
    }

    fn send(&mut self, item: WriterItem) {
        let Some(open) = &self.open else { return };
        // That it came is still told: it says that nothing before it is under way any more.
        let item = match item {
            WriterItem::Frame(frame) if open.counts.is_over(frame.captured_at) => {
                WriterItem::Unchanged(frame.captured_at)
            }
            item => item,
        };
        if matches!(item, WriterItem::Unchanged(_)) {
            if open.queue.put(LANE_VIDEO, item) == Err(PutError::Closed) {
                self.open = None;
            }
            return;
        }
        open.counts.delivered.fetch_add(1, Ordering::Relaxed);
        match open.queue.put(LANE_VIDEO, item) {
            Ok(()) => {}
            Err(PutError::Full) => {
                open.counts.dropped_frames.fetch_add(1, Ordering::Relaxed);
            }
            Err(PutError::Closed) => self.open = None,
        }
    }
}

/// Sound kept for a recording that begins: a camera's first picture comes up to some tenths of a second after it was
/// taken, when the sound that goes with it has passed.
const PRE_ROLL: Duration = Duration::from_millis(500);

/// The desk's end.
pub(super) struct AudioTap {
    valve: SoundValve,
    open: Option<SoundDestination>,
    /// The newest sound; what was before a recording's origin is cut at the exact sample later.
    passed: VecDeque<TrackBlock>,
}

impl AudioTap {
    pub(super) fn new(valve: SoundValve) -> Self {
        Self { valve, open: None, passed: VecDeque::new() }
    }

    pub(super) fn block(&mut self, made: TrackBlock) {
        if let Some(destination) = self.valve.take() {
            self.open = destination;
            for passed in &self.passed {
                send_sound(&mut self.open, passed.clone());
            }
        }
        let newest = made.block.captured_at;
        while self.passed.front().is_some_and(|first| newest.since(first.block.captured_at) >= PRE_ROLL) {
            self.passed.pop_front();
        }
        self.passed.push_back(made.clone());
        send_sound(&mut self.open, made);
    }
}

fn send_sound(to: &mut Option<SoundDestination>, made: TrackBlock) {
    let Some(open) = to else { return };
    let Some(line) = open.tracks.iter().position(|track| *track == made.track) else { return };
    match open.to.queue.put(LANE_AUDIO, WriterItem::Sound { line, block: made.block }) {
        Ok(()) => {}
        Err(PutError::Full) => {
            open.to.counts.dropped_blocks.fetch_add(1, Ordering::Relaxed);
        }
        Err(PutError::Closed) => *to = None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Colour, Payload, PixelFormat, Planes, Resolution};
    use crate::rt::{Intake, intake};

    fn picture(seq: u64) -> Arc<Frame> {
        let size = Resolution::new(2, 2);
        let planes = Planes::packed(PixelFormat::Bgrx, size, Arc::new(vec![0_u8; 16])).unwrap();
        let captured_at = Timestamp::from_nanos(i64::try_from(seq).unwrap());
        let payload = Payload::Planes(planes);
        Arc::new(Frame { seq, captured_at, colour: Colour::SRGB, size, changed: Changed::Unknown, payload })
    }

    fn opened(limit: usize) -> (VideoTap, Intake<WriterItem, 3>, Arc<TapCounts>, Valve) {
        let (queue, taken) = intake([limit, 1, 1]);
        let (counts, valve) = (Arc::new(TapCounts::default()), Valve::new());
        let mut tap = VideoTap::new(valve.clone());
        tap.frame(&picture(0));
        valve.put(Some(Destination { queue, counts: Arc::clone(&counts) }));
        (tap, taken, counts, valve)
    }

    #[test]
    fn a_still_screen_sends_its_picture_once_when_recording_starts() {
        let (mut tap, taken, ..) = opened(9);
        tap.unchanged(Timestamp::from_nanos(77));
        tap.unchanged(Timestamp::from_nanos(78));
        match taken.take_within(Duration::ZERO) {
            Some(WriterItem::Frame(frame)) => {
                assert_eq!((frame.captured_at, frame.changed), (Timestamp::from_nanos(77), Changed::Unknown));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(taken.take_within(Duration::ZERO), Some(WriterItem::Unchanged(_))));
    }

    #[test]
    fn a_full_queue_drops_the_newest_and_counts_it() {
        let (mut tap, taken, counts, _) = opened(1);
        tap.frame(&picture(1));
        tap.frame(&picture(2));
        assert_eq!(counts.delivered.load(Ordering::Relaxed), 2);
        assert_eq!(counts.dropped_frames.load(Ordering::Relaxed), 1);
        assert!(matches!(taken.take_within(Duration::ZERO), Some(WriterItem::Frame(frame)) if frame.seq == 1));
    }

    #[test]
    fn what_comes_after_the_end_is_told_and_not_counted() {
        let (mut tap, taken, counts, _) = opened(9);
        counts.end_at(Timestamp::from_nanos(2));
        counts.end_at(Timestamp::from_nanos(5));
        tap.frame(&picture(1));
        tap.frame(&picture(2));
        assert_eq!(counts.delivered.load(Ordering::Relaxed), 1);
        assert!(matches!(taken.take_within(Duration::ZERO), Some(WriterItem::Frame(frame)) if frame.seq == 1));
        assert!(matches!(taken.take_within(Duration::ZERO), Some(WriterItem::Unchanged(_))));
    }

    #[test]
    fn a_closed_valve_sends_nothing() {
        let (mut tap, taken, _, valve) = opened(9);
        valve.put(None);
        tap.frame(&picture(1));
        assert!(taken.take_within(Duration::ZERO).is_none());
    }

    fn sound(millis: i64, track: u32) -> TrackBlock {
        let captured_at = Timestamp::from_nanos(millis * 1_000_000);
        let block = AudioBlock { captured_at, sample_rate: 48_000, channels: 2, samples: vec![0.0; 960] };
        TrackBlock { track, block }
    }

    #[test]
    fn a_recording_gets_the_sound_of_just_before_it_each_track_on_its_line() {
        let (queue, taken) = intake(WRITER_LANES);
        let valve = SoundValve::new();
        let mut tap = AudioTap::new(valve.clone());
        for millis in (0..2000).step_by(10) {
            (1..=3).for_each(|track| tap.block(sound(millis, track)));
        }
        let counts = Arc::new(TapCounts::default());
        let tracks = Arc::from([1, 3]);
        valve.put(Some(SoundDestination { to: Destination { queue, counts }, tracks }));
        tap.block(sound(2000, 3));
        let mut heard = Vec::new();
        while let Some(WriterItem::Sound { line, block }) = taken.take_within(Duration::ZERO) {
            heard.push((line, block.captured_at.as_nanos() / 1_000_000));
        }
        let of_line = |line| heard.iter().filter(|sound| sound.0 == line).map(|sound| sound.1).collect::<Vec<_>>();
        assert_eq!(of_line(0), (1500..2000).step_by(10).collect::<Vec<i64>>());
        assert_eq!(of_line(1), (1500..=2000).step_by(10).collect::<Vec<i64>>());
        assert_eq!(heard.len(), 101);
        valve.put(None);
        tap.block(sound(2010, 1));
        assert!(taken.take_within(Duration::ZERO).is_none());
    }
}
