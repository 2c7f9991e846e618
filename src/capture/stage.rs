//! What a source works with on its thread: the clock, the stop token, the asked rate, and the way out for frames.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::ticker::{Late, Tick, Ticker};
use super::{CameraState, CaptureError, CaptureWarning, Deliver, Delivery, SourceInfo};
use crate::media::{Changed, Colour, Frame, FrameRate, Payload, Resolution, Timestamp};
use crate::rt::{Clock, StopToken, Waited};

/// A changed rate is noticed within this time, however slow the old one is.
const RATE_CHECK: Duration = Duration::from_millis(100);
/// Counts are told at most this often.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// A frame before it is counted.
pub(super) struct Picture {
    pub(super) captured_at: Timestamp,
    pub(super) colour: Colour,
    pub(super) size: Resolution,
    pub(super) changed: Changed,
    pub(super) payload: Payload,
}

/// What a source saw at a tick.
pub(super) enum Look {
    Picture(Picture),
    Unchanged(Timestamp),
    /// Something changed, but every buffer is still held downstream.
    Crowded,
}

/// A source that is looked at; cameras are not.
pub(super) trait TickSource {
    fn look(&mut self, tick: Tick, stage: &mut Stage) -> Result<Look, CaptureError>;
}

/// A count that is told now and then.
#[derive(Default)]
struct Tally {
    count: u64,
    told: Option<Timestamp>,
}

impl Tally {
    /// Adds, and gives the sum if it is time to tell it.
    fn add(&mut self, count: u64, now: Timestamp) -> Option<u64> {
        self.count += count;
        let quiet = self.told.is_none_or(|told| now.since(told) >= TELL_EVERY);
        if self.count == 0 || !quiet {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

pub(super) struct Stage {
    clock: Arc<dyn Clock>,
    stop: StopToken,
    rate: Arc<Mutex<FrameRate>>,
    deliver: Deliver,
    seq: u64,
    late: Tally,
    crowded: Tally,
    damaged: Tally,
}

impl Stage {
    pub(super) fn new(clock: Arc<dyn Clock>, stop: StopToken, rate: Arc<Mutex<FrameRate>>, deliver: Deliver) -> Self {
        let (late, crowded, damaged) = <(Tally, Tally, Tally)>::default();
        Self { clock, stop, rate, deliver, seq: 0, late, crowded, damaged }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    pub(super) fn rate(&self) -> FrameRate {
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number the next frame will get.
    pub(super) fn next_seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn started(&mut self, info: SourceInfo) {
        (self.deliver)(Delivery::Started(info));
    }

    pub(super) fn warn(&mut self, warning: CaptureWarning) {
        (self.deliver)(Delivery::Warning(warning));
    }

    pub(super) fn ended(&mut self, error: CaptureError) {
        (self.deliver)(Delivery::Ended(error));
    }

    pub(super) fn camera(&mut self, state: Arc<CameraState>) {
        (self.deliver)(Delivery::Camera(state));
    }

    pub(super) fn unchanged(&mut self, at: Timestamp) {
        (self.deliver)(Delivery::Unchanged { at });
    }

    pub(super) fn picture(&mut self, picture: Picture) {
        let Picture { captured_at, colour, size, changed, payload } = picture;
        let frame = Frame { seq: self.seq, captured_at, colour, size, changed, payload };
        self.seq += 1;
        (self.deliver)(Delivery::Frame(Arc::new(frame)));
    }

    /// Counts damaged pictures of a camera.
    pub(super) fn damaged(&mut self, pictures: u64) {
        if let Some(pictures) = self.damaged.add(pictures, self.clock.now()) {
            self.warn(CaptureWarning::CameraDamaged { pictures });
        }
    }

    fn late(&mut self, ticks: u64) {
        if let Some(ticks) = self.late.add(ticks, self.clock.now()) {
            self.warn(CaptureWarning::Late { ticks });
        }
    }

    pub(super) fn crowded(&mut self, ticks: u64) {
        if let Some(ticks) = self.crowded.add(ticks, self.clock.now()) {
            self.warn(CaptureWarning::Crowded { ticks });
        }
    }

    /// Looks at `source` at every tick of the asked rate, counted from `origin`, until stop is asked.
    pub(super) fn run_ticks(
        &mut self,
        source: &mut dyn TickSource,
        origin: Timestamp,
        late: Late,
    ) -> Result<(), CaptureError> {
        let mut ticker = Ticker::new(origin, self.rate(), self.now());
        loop {
            let until = ticker.due().min(self.now() + RATE_CHECK);
            if self.clock.sleep_until(until, &self.stop) == Waited::Stopped {
                return Ok(());
            }
            let rate = self.rate();
            if rate != ticker.rate() {
                ticker = Ticker::new(origin, rate, self.now());
            }
            let Some(tick) = ticker.take(self.now(), late) else { continue };
            self.late(tick.skipped);
            match source.look(tick, self)? {
                Look::Picture(picture) => self.picture(picture),
                Look::Unchanged(at) => self.unchanged(at),
                Look::Crowded => self.crowded(1),
            }
        }
    }
}
