//! Signs of life of a running ffmpeg: what it tells with `-progress`, and the processor time it uses.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::ffmpeg::{ChildOutput, ProgressReader, group_cpu_time};
use crate::media::Timestamp;
use crate::rt::{Clock, RealClock};

/// This much processor time is a sign of life: a hanging ffmpeg uses less than a thousandth of it in that time.
const CPU_QUANTUM: Duration = Duration::from_millis(50);

/// A look at every process takes some milliseconds.
const LOOK: Duration = Duration::from_millis(250);

/// What the child tells about itself while it runs; read by its owner, written by the thread that reads its output.
#[derive(Debug, Default)]
pub(super) struct Signs {
    frames: AtomicU64,
    bytes: AtomicU64,
    /// Packets that found no taker.
    lost: AtomicU64,
    /// When it last told of more, on the monotonic clock; 0 before that.
    changed: AtomicI64,
}

impl Signs {
    /// Frames and bytes that are in the output by now.
    pub(super) fn saw(&self, frames: Option<u64>, bytes: Option<u64>) {
        let grew =
            |count: &AtomicU64, now: Option<u64>| now.is_some_and(|now| count.swap(now, Ordering::Relaxed) != now);
        let (more_frames, more_bytes) = (grew(&self.frames, frames), grew(&self.bytes, bytes));
        if more_frames || more_bytes {
            self.changed.store(RealClock.now().as_nanos(), Ordering::Relaxed);
        }
    }

    pub(super) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn lose_one(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn changed(&self) -> Option<Timestamp> {
        Some(self.changed.load(Ordering::Relaxed)).filter(|at| *at != 0).map(Timestamp::from_nanos)
    }
}

/// Reads `-progress` to its end.
pub(super) fn read_progress(output: ChildOutput, signs: &Signs) {
    let mut reports = ProgressReader::new(output);
    loop {
        match reports.next_report() {
            Ok(Some(now)) => signs.saw(now.frames, now.bytes),
            Ok(None) => return,
            Err(error) => {
                log::debug!("ffmpeg's progress ended: {error}");
                return;
            }
        }
    }
}

/// Asked again and again while ffmpeg ends, or takes nothing: when it last gave a sign of life.
pub(super) struct Watch {
    process_id: u32,
    signs: Arc<Signs>,
    /// Frames after which nothing of ours is left to be written; `None` where our end is ffmpeg's end.
    enough: Option<u64>,
    last: Cell<Look>,
}

/// One look at the processor time.
#[derive(Clone, Copy)]
struct Look {
    at: Timestamp,
    /// At the last sign.
    used: Duration,
    sign: Option<Timestamp>,
}

impl Watch {
    /// `enough` is set where something else that ffmpeg reads may have no end: once so many frames are written, its work
    /// is no sign any more. `process_id` is its group's too.
    pub(super) fn new(process_id: u32, signs: Arc<Signs>, enough: Option<u64>) -> Self {
        let used = group_cpu_time(process_id).unwrap_or_default();
        let last = Cell::new(Look { at: RealClock.now(), used, sign: None });
        Self { process_id, signs, enough, last }
    }

    pub(super) fn last_sign(&self) -> Option<Timestamp> {
        if self.enough.is_some_and(|enough| self.signs.frames() >= enough) {
            return None;
        }
        let (now, mut look) = (RealClock.now(), self.last.get());
        if now.since(look.at) >= LOOK {
            look.at = now;
            if let Some(used) = group_cpu_time(self.process_id).filter(|used| *used >= look.used + CPU_QUANTUM) {
                (look.used, look.sign) = (used, Some(now));
            }
            self.last.set(look);
        }
        look.sign.max(self.signs.changed())
    }
}
