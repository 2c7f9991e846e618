//! Pictures that are recorded as the camera encoded them: when each is shown, and which are left out.
//!
//! Nothing is painted here, so a stall holds the last picture instead of a slate.
//!
//! * **Motion JPEG**: any picture can be shown again. While none come one is sent every second, so that the file goes on
//!   growing, and the last one once more at the end, so that the file lasts as long as the recording.
//! * **H.264**: pictures build on each other, so none is sent twice. A stall is a hole that players fill by the picture
//!   before it; at the end the picture's track ends with the last picture that came, and the sound goes on. Where one was
//!   lost on the way the next ones are recorded all the same: decoders conceal what is missing until the next keyframe.

use std::sync::Arc;
use std::time::Duration;

use crate::media::{CompressedFormat, Frame, FrameRate, FrameTiming, Payload, Resolution, TimeBase, Timestamp};
use crate::pacer::{ARRIVAL_ALLOWANCE, Due, Kind, Pacer};
use crate::writegear::{VideoInput, can_begin};

/// The longest time without a picture that can be shown again.
const MAX_GAP: Duration = Duration::from_secs(1);
/// The same where the container counts pictures instead of timing them and every slot is filled.
const MAX_GAP_OF_SLOTS: Duration = Duration::from_millis(200);

/// A picture to be written now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coded {
    /// In the track's time base.
    pub(super) pts: i64,
    pub(super) data: Arc<[u8]>,
    /// Whether it was sent before.
    pub(super) kind: Kind,
}

/// Sorts a camera's pictures into a recording.
pub(super) struct Copied {
    format: CompressedFormat,
    size: Resolution,
    rate: FrameRate,
    rhythm: Rhythm,
    last: Option<Last>,
    /// Pictures given out.
    written: u64,
    /// The newest picture seen, recorded or not.
    seen_until: Option<Timestamp>,
    trouble_is_told: bool,
}

/// When pictures are shown.
enum Rhythm {
    /// When the camera took them.
    Own(TimeBase),
    /// One a tick of the rate: AVI counts pictures. What two would share is the first one's, a hole is filled.
    Slots(Pacer<Arc<[u8]>>),
}

struct Last {
    pts: i64,
    at_nanos: i64,
    data: Arc<[u8]>,
}

impl Copied {
    pub(super) fn new(spec: &VideoInput, format: CompressedFormat) -> Self {
        let rhythm = match spec.timing {
            FrameTiming::Constant => Rhythm::Slots(Pacer::new(spec.rate, spec.timing, MAX_GAP_OF_SLOTS)),
            FrameTiming::Variable => Rhythm::Own(spec.time_base()),
        };
        let (size, rate) = (spec.size, spec.rate);
        Self { format, size, rate, rhythm, last: None, written: 0, seen_until: None, trouble_is_told: false }
    }

    /// Frames that the file will hold of what was given out.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    pub(super) const fn seen_until(&self) -> Option<Timestamp> {
        self.seen_until
    }

    /// The source was looked at, or gave a picture.
    pub(super) fn saw(&mut self, at: Timestamp) {
        self.seen_until = Some(self.seen_until.map_or(at, |seen| seen.max(at)));
    }

    /// The frame's bytes if it can be recorded; the reason why not is told once.
    pub(super) fn fitting(&mut self, frame: &Frame) -> Option<Arc<[u8]>> {
        let fitting = self.look_at(frame);
        match &fitting {
            Ok(_) => self.trouble_is_told = false,
            Err(reason) if !std::mem::replace(&mut self.trouble_is_told, true) => {
                log::warn!("pictures are left out of the recording: {reason}");
            }
            Err(_) => {}
        }
        fitting.ok()
    }

    fn look_at(&self, frame: &Frame) -> Result<Arc<[u8]>, &'static str> {
        let Payload::Compressed { format, data } = &frame.payload else {
            return Err("they are not the camera's own");
        };
        if *format != self.format {
            return Err("the camera encodes them in another way than the recording began with");
        }
        if frame.size != self.size {
            return Err("they have another size than the recording began with");
        }
        if self.last.is_none() && !can_begin(self.format, data) {
            return Err("a recording begins with a picture that does not build on others");
        }
        Ok(Arc::clone(data))
    }

    /// Whether a picture's place lies at or after the end.
    pub(super) fn belongs_after(&self, at_nanos: i64, end_nanos: i64) -> bool {
        match self.rhythm {
            Rhythm::Own(_) => at_nanos >= end_nanos,
            Rhythm::Slots(_) => self.rate.tick_nanos(self.rate.nearest_tick(at_nanos)) >= end_nanos,
        }
    }

    /// A picture taken `at_nanos` after the origin. Gives what has to be written now: nothing where its slot is taken.
    pub(super) fn offer(&mut self, at_nanos: i64, data: Arc<[u8]>) -> Vec<Coded> {
        match &mut self.rhythm {
            Rhythm::Own(_) => vec![self.send(at_nanos, data, Kind::Fresh)],
            Rhythm::Slots(pacer) => {
                let due = pacer.offer(at_nanos, data);
                self.fill(due)
            }
        }
    }

    /// Time goes on: it is `now_nanos` after the origin.
    pub(super) fn advance(&mut self, now_nanos: i64) -> Vec<Coded> {
        match &mut self.rhythm {
            Rhythm::Own(_) => {
                let next = self.last.as_ref().map(|last| last.at_nanos.saturating_add(nanos(MAX_GAP)));
                let settled = now_nanos.saturating_sub(nanos(ARRIVAL_ALLOWANCE));
                next.filter(|next| *next <= settled).and_then(|next| self.again(next)).into_iter().collect()
            }
            Rhythm::Slots(pacer) => {
                let due = pacer.advance(now_nanos);
                self.fill(due)
            }
        }
    }

    /// The recording ends `end_nanos` after the origin.
    pub(super) fn finish(&mut self, end_nanos: i64) -> Vec<Coded> {
        match &mut self.rhythm {
            Rhythm::Own(_) => {
                // The last picture is shown for one period.
                let period = self.rate.period_nanos();
                let at = end_nanos.saturating_sub(period);
                let is_open = self.last.as_ref().is_some_and(|last| at.saturating_sub(last.at_nanos) >= period / 2);
                if is_open { self.again(at).into_iter().collect() } else { Vec::new() }
            }
            Rhythm::Slots(pacer) => {
                let due = pacer.finish(end_nanos);
                self.fill(due)
            }
        }
    }

    /// The last picture once more, if it can be shown without the ones before it.
    fn again(&mut self, at_nanos: i64) -> Option<Coded> {
        if self.format == CompressedFormat::H264 {
            return None;
        }
        let data = Arc::clone(&self.last.as_ref()?.data);
        Some(self.send(at_nanos, data, Kind::Repeat))
    }

    fn send(&mut self, at_nanos: i64, data: Arc<[u8]>, kind: Kind) -> Coded {
        let pts = match self.rhythm {
            Rhythm::Own(base) => base.from_nanos(at_nanos).max(0),
            Rhythm::Slots(_) => i64::try_from(self.rate.nearest_tick(at_nanos)).unwrap_or(i64::MAX),
        };
        // Times must grow, whatever the camera's clock does.
        let pts = self.last.as_ref().map_or(pts, |last| pts.max(last.pts + 1));
        self.last = Some(Last { pts, at_nanos, data: Arc::clone(&data) });
        self.written += 1;
        Coded { pts, data, kind }
    }

    /// The slots since the last picture hold it again, then come the ones that are due.
    fn fill(&mut self, due: impl IntoIterator<Item = Due<Arc<[u8]>>>) -> Vec<Coded> {
        let mut out = Vec::new();
        for due in due {
            let held = self.last.as_ref().map(|last| (last.pts, Arc::clone(&last.data)));
            for pts in held.as_ref().map_or(0..0, |(last, _)| last + 1..due.pts) {
                let (at, data) = (self.slot_nanos(pts), held.as_ref().map(|(_, data)| Arc::clone(data)));
                out.extend(data.map(|data| self.send(at, data, Kind::Repeat)));
            }
            out.push(self.send(self.slot_nanos(due.pts), due.payload, due.kind));
        }
        out
    }

    fn slot_nanos(&self, slot: i64) -> i64 {
        self.rate.tick_nanos(u64::try_from(slot).unwrap_or(0))
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "copied_tests.rs"]
mod tests;
