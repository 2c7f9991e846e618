//! When to look: exact multiples of the frame period. Late ticks are skipped, or made up for where that is true.

use crate::media::{FrameRate, Timestamp};

/// A tick that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// The moment it was due.
    pub(super) at: Timestamp,
    /// Ticks before it that nobody came for.
    pub(super) skipped: u64,
}

/// What becomes of ticks that nobody came for in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// They are gone: a screen can only be seen as it is now.
    Skip,
    /// As many as this are served all the same: what is drawn by the clock can be drawn afterwards.
    MakeUp {
        /// Ticks.
        most: u64,
    },
}

/// Counts the ticks of a rate from an origin; the i-th is due at `origin + i / rate`, so nothing drifts.
#[derive(Clone, Debug)]
pub(super) struct Ticker {
    origin: Timestamp,
    rate: FrameRate,
    next: u64,
}

impl Ticker {
    /// The ticks of `rate` on the grid of `origin`, beginning with the first one not before `from`.
    pub(super) fn new(origin: Timestamp, rate: FrameRate, from: Timestamp) -> Self {
        let near = rate.nearest_tick(from.nanos_since(origin));
        let next = if rate.tick_nanos(near) < from.nanos_since(origin) { near + 1 } else { near };
        Self { origin, rate, next }
    }

    pub(super) fn rate(&self) -> FrameRate {
        self.rate
    }

    /// When the next tick is due.
    pub(super) fn due(&self) -> Timestamp {
        self.origin.offset_nanos(self.rate.tick_nanos(self.next))
    }

    /// The tick to be served at `now`, `None` if none is due: the newest one, or an older one that `late` still lets
    /// be made up for.
    pub(super) fn take(&mut self, now: Timestamp, late: Late) -> Option<Tick> {
        let elapsed = now.nanos_since(self.origin);
        if elapsed < self.rate.tick_nanos(self.next) {
            return None;
        }
        let near = self.rate.nearest_tick(elapsed);
        let newest = if self.rate.tick_nanos(near) > elapsed { near.saturating_sub(1) } else { near }.max(self.next);
        let served = match late {
            Late::Skip => newest,
            Late::MakeUp { most } => newest.saturating_sub(most).max(self.next),
        };
        let tick = Tick {
            at: self.origin.offset_nanos(self.rate.tick_nanos(served)),
            skipped: served.saturating_sub(self.next),
        };
        self.next = served + 1;
        Some(tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn ticks_fall_on_the_grid_and_late_ones_are_skipped() {
        let mut ticker = Ticker::new(at(0), FrameRate::whole(30), at(450_000_000));
        assert_eq!(ticker.due(), at(466_666_666));
        assert_eq!(ticker.take(at(466_666_665), Late::Skip), None);
        assert_eq!(ticker.take(at(466_700_000), Late::Skip), Some(Tick { at: at(466_666_666), skipped: 0 }));
        assert_eq!(ticker.due(), at(500_000_000));
        assert_eq!(ticker.take(at(599_000_000), Late::Skip), Some(Tick { at: at(566_666_666), skipped: 2 }));
        assert_eq!(ticker.take(at(599_000_000), Late::Skip), None);
        assert_eq!(ticker.due(), at(600_000_000));
    }

    #[test]
    fn a_tick_exactly_now_is_the_first_one() {
        for rate in [FrameRate::whole(25), FrameRate::whole(60), FrameRate::new(30_000, 1001).unwrap()] {
            let mut ticker = Ticker::new(at(7), rate, at(7));
            for index in 0..200 {
                let due = at(7).offset_nanos(rate.tick_nanos(index));
                assert_eq!(ticker.due(), due);
                assert_eq!(ticker.take(due, Late::Skip), Some(Tick { at: due, skipped: 0 }), "{rate} {index}");
            }
        }
    }

    #[test]
    fn late_ticks_are_made_up_for_as_far_as_allowed() {
        let mut ticker = Ticker::new(at(0), FrameRate::whole(10), at(0));
        let late = Late::MakeUp { most: 2 };
        let now = at(510_000_000);
        assert_eq!(ticker.take(now, late), Some(Tick { at: at(300_000_000), skipped: 3 }));
        assert_eq!(ticker.take(now, late), Some(Tick { at: at(400_000_000), skipped: 0 }));
        assert_eq!(ticker.take(now, late), Some(Tick { at: at(500_000_000), skipped: 0 }));
        assert_eq!(ticker.take(now, late), None);
    }
}
