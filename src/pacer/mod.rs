//! Which frame belongs to each output tick, what is repeated, what is dropped, and how many frames a file will hold.
//!
//! Pure and generic over the payload: times come in as nanoseconds since the recording's origin. Knows no clock, no
//! thread and nothing of the plan.
//!
//! # What ffmpeg makes of it (measured with 5.1 and 9.0)
//! Give the video track the time base [`Pacer::time_base`] and each frame [`Due::pts`].
//!
//! **Constant rate**: one unit of the time base is one tick, `-vf fps=RATE:start_time=0` fills the holes by repeating,
//! and the output holds exactly [`Counts::ticks`] frames: the last tick's number plus one. Two things are needed for it:
//! * The time base must be the tick. With microseconds or nanoseconds the last frame is lost or kept depending on
//!   which way its time was rounded and on whether the demuxer guessed a rate.
//! * The last two frames must lie on neighbouring ticks. ffmpeg 5.1 shows the last frame for one unit, but newer ones
//!   show it as long as the frame before it: a hole of 5 ticks before the last frame made 4 frames too many.
//!   [`Pacer::finish`] takes care of it.
//!
//! The filter gives out a repeat only when the next frame arrives, hence the repeats of [`Pacer::advance`].
//!
//! **Variable rate**: the unit is a millisecond, `-fps_mode vfr -enc_time_base 1:1000` passes every frame on, so the
//! file holds as many as were sent. At most one frame a tick is sent, too.

use std::time::Duration;

use crate::media::{FrameRate, FrameTiming, TimeBase};

#[cfg(test)]
mod tests;

/// How long a frame may be under way before its tick is filled with a repeat: exposure, USB and a queue take
/// 20–70 ms, and a repeat that came first would cost the real frame its place.
pub const ARRIVAL_ALLOWANCE: Duration = Duration::from_millis(100);

/// Why a frame is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A picture not sent before.
    Fresh,
    /// The last picture again: its converted form can be sent as it is.
    Repeat,
}

/// A frame to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due<T> {
    /// The output tick; strictly increasing.
    pub tick: u64,
    /// Presentation time in units of [`Pacer::time_base`]; strictly increasing, 0 for the first frame.
    pub pts: i64,
    /// The same in nanoseconds, rounded down.
    pub pts_nanos: i64,
    /// What was offered.
    pub payload: T,
    /// Why it is sent.
    pub kind: Kind,
}

/// What became of the frames. `offered = fresh + dropped_too_many + dropped_late + before_start`, but for
/// the last frame offered before the origin, which may still become the picture at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames offered.
    pub offered: u64,
    /// Frames sent with a picture of their own.
    pub fresh: u64,
    /// Frames sent that repeat the last picture. Repeats that ffmpeg makes are not among them:
    /// all repeats in a constant-rate file are `ticks − fresh`.
    pub repeated_sent: u64,
    /// Frames that came more often than there are ticks.
    pub dropped_too_many: u64,
    /// Frames that came after their tick had been filled with a repeat: the machine or the source stalled.
    pub dropped_late: u64,
    /// Frames from before the origin that were never shown.
    pub before_start: u64,
    /// Frames the output holds so far: at constant rate the last tick's number plus one, else the frames sent.
    pub ticks: u64,
}

#[derive(Clone, Debug)]
struct Sent<T> {
    tick: u64,
    pts: i64,
    kind: Kind,
    payload: T,
    /// The tick of the frame before it.
    before: Option<u64>,
}

/// Sorts frames into ticks. One a rendition; call it from one thread.
#[derive(Clone, Debug)]
pub struct Pacer<T> {
    rate: FrameRate,
    timing: FrameTiming,
    max_gap_nanos: i64,
    /// The newest frame from before the origin, until the first frame is sent.
    early: Option<T>,
    last: Option<Sent<T>>,
    counts: Counts,
}

impl<T: Clone> Pacer<T> {
    /// A pacer whose tick 0 is the origin. `max_gap` is the longest time that [`Self::advance`] leaves without a
    /// frame: 200 ms in a file of constant rate, zero when live (every tick), a second at variable rate.
    pub fn new(rate: FrameRate, timing: FrameTiming, max_gap: Duration) -> Self {
        let max_gap_nanos = nanos(max_gap).max(rate.period_nanos());
        Self { rate, timing, max_gap_nanos, early: None, last: None, counts: Counts::default() }
    }

    /// The unit of [`Due::pts`]: what the video track's time base has to be.
    pub fn time_base(&self) -> TimeBase {
        match self.timing {
            FrameTiming::Constant => TimeBase { num: self.rate.den(), den: self.rate.num() },
            FrameTiming::Variable => TimeBase { num: 1, den: 1000 },
        }
    }

    /// A frame taken `at_nanos` after the origin. Gives what has to be sent now, in order: nothing (the frame is
    /// dropped and counted), the frame, or the picture at 0 and the frame.
    ///
    /// The frame goes to the tick nearest to it. If that one is taken it goes to the next, as long as it is not
    /// more than ¾ of a period away: so frames that jitter around the middle between two ticks are not lost.
    /// The first frame goes to tick 0 wherever it lies, for a file has to begin with a picture; a frame from before
    /// the origin is kept for that.
    pub fn offer(&mut self, at_nanos: i64, payload: T) -> Vec<Due<T>> {
        self.counts.offered += 1;
        if at_nanos < 0 && at_nanos < -self.rate.period_nanos() / 2 {
            self.keep_early(payload);
            return Vec::new();
        }
        let mut due = Vec::new();
        let nearest = self.rate.nearest_tick(at_nanos);
        if self.last.is_none() {
            match self.early.take() {
                Some(early) if nearest > 0 => due.push(self.send(0, 0, early, Kind::Fresh)),
                early => {
                    self.counts.before_start += u64::from(early.is_some());
                    due.push(self.send(0, 0, payload, Kind::Fresh));
                    return due;
                }
            }
        }
        let Some(last) = &self.last else { return due };
        let tick = nearest.max(last.tick + 1);
        let ahead = self.rate.tick_nanos(tick).saturating_sub(at_nanos);
        if ahead > self.rate.period_nanos() / 4 * 3 {
            match last.kind {
                Kind::Fresh => self.counts.dropped_too_many += 1,
                Kind::Repeat => self.counts.dropped_late += 1,
            }
            return due;
        }
        due.push(self.send(tick, at_nanos, payload, Kind::Fresh));
        due
    }

    /// Time goes on: it is `now_nanos` after the origin. Gives a repeat of the last picture if none was sent for
    /// `max_gap`. Call it once a tick or so. A repeat stays [`ARRIVAL_ALLOWANCE`] behind, so that frames still
    /// under way keep their place; after a long sleep one repeat is enough, ffmpeg fills the hole.
    pub fn advance(&mut self, now_nanos: i64) -> Option<Due<T>> {
        // Whatever was taken before this moment has arrived; a tick's slot ends half a period after it.
        let settled = now_nanos.saturating_sub(nanos(ARRIVAL_ALLOWANCE)).saturating_sub(self.rate.period_nanos() / 2);
        if settled < 0 {
            return None;
        }
        let Some(last) = &self.last else {
            let early = self.early.take()?;
            return Some(self.send(0, 0, early, Kind::Fresh));
        };
        let tick = self.rate.nearest_tick(settled.saturating_sub(self.rate.period_nanos() / 2));
        let gap = self.rate.tick_nanos(tick).saturating_sub(self.rate.tick_nanos(last.tick));
        // Ticks are rounded down to nanoseconds: a gap of whole periods may seem one short.
        if tick <= last.tick || gap + 2 < self.max_gap_nanos {
            return None;
        }
        self.repeat(tick)
    }

    /// The recording ends `end_nanos` after the origin. Gives the frames that make the output as long as that: at
    /// constant rate `Counts::ticks` is then the number of ticks before `end_nanos` (rounded to the nearest; one
    /// more if the very last of them holds a picture that came after a hole), at variable rate the last picture
    /// once more at its end. Nothing if there never was a picture.
    pub fn finish(&mut self, end_nanos: i64) -> Vec<Due<T>> {
        let mut due = Vec::new();
        if let (None, Some(early)) = (&self.last, self.early.take()) {
            due.push(self.send(0, 0, early, Kind::Fresh));
        }
        let Some(last) = &self.last else { return due };
        let end = self.rate.nearest_tick(end_nanos).saturating_sub(1);
        let last_tick = last.tick;
        match self.timing {
            FrameTiming::Variable => due.extend(if end > last_tick { self.repeat(end) } else { None }),
            FrameTiming::Constant => {
                if end > last_tick + 1 {
                    due.extend(self.repeat(end - 1));
                }
                if end > last_tick {
                    due.extend(self.repeat(end));
                }
                let lonely = self.last.as_ref().and_then(|last| last.before.map(|before| (last.tick, before)));
                if let Some((tick, before)) = lonely
                    && before + 1 < tick
                {
                    due.extend(self.repeat(tick + 1));
                }
            }
        }
        due
    }

    /// What became of the frames so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn keep_early(&mut self, payload: T) {
        if self.last.is_some() {
            self.counts.dropped_late += 1;
        } else if self.early.replace(payload).is_some() {
            self.counts.before_start += 1;
        }
    }

    fn repeat(&mut self, tick: u64) -> Option<Due<T>> {
        let payload = self.last.as_ref()?.payload.clone();
        Some(self.send(tick, self.rate.tick_nanos(tick), payload, Kind::Repeat))
    }

    fn send(&mut self, tick: u64, at_nanos: i64, payload: T, kind: Kind) -> Due<T> {
        let before = self.last.as_ref().map(|last| (last.tick, last.pts));
        let pts = match self.timing {
            FrameTiming::Constant => i64::try_from(tick).unwrap_or(i64::MAX),
            FrameTiming::Variable => {
                let rounded = self.time_base().from_nanos(at_nanos);
                before.map_or(0, |(_, pts)| rounded.max(pts + 1))
            }
        };
        let pts_nanos = match self.timing {
            FrameTiming::Constant => self.rate.tick_nanos(tick),
            FrameTiming::Variable => self.time_base().to_nanos(pts),
        };
        match kind {
            Kind::Fresh => self.counts.fresh += 1,
            Kind::Repeat => self.counts.repeated_sent += 1,
        }
        self.counts.ticks = match self.timing {
            FrameTiming::Constant => tick + 1,
            FrameTiming::Variable => self.counts.ticks + 1,
        };
        let due = Due { tick, pts, pts_nanos, payload: payload.clone(), kind };
        self.last = Some(Sent { tick, pts, kind, payload, before: before.map(|(tick, _)| tick) });
        due
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
