//! When to look: exact multiples of the frame period, late ticks skipped instead of hurried after.

use crate::media::{FrameRate, Timestamp};

/// A tick that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// The moment it was due.
    pub(super) at: Timestamp,
    /// Ticks before it that nobody came for.
    pub(super) skipped: u64,
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

    /// The newest tick due by `now`; `None` if none is.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Tick> {
        let elapsed = now.nanos_since(self.origin);
        if elapsed < self.rate.tick_nanos(self.next) {
            return None;
        }
        let near = self.rate.nearest_tick(elapsed);
        let newest = if self.rate.tick_nanos(near) > elapsed { near.saturating_sub(1) } else { near }.max(self.next);
        let tick = Tick {
            at: self.origin.offset_nanos(self.rate.tick_nanos(newest)),
            skipped: newest.saturating_sub(self.next),
        };
        self.next = newest + 1;
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
        assert_eq!(ticker.take(at(466_666_665)), None);
        assert_eq!(ticker.take(at(466_700_000)), Some(Tick { at: at(466_666_666), skipped: 0 }));
        assert_eq!(ticker.due(), at(500_000_000));
        assert_eq!(ticker.take(at(599_000_000)), Some(Tick { at: at(566_666_666), skipped: 2 }));
        assert_eq!(ticker.take(at(599_000_000)), None);
        assert_eq!(ticker.due(), at(600_000_000));
    }

    #[test]
    fn a_tick_exactly_now_is_the_first_one() {
        for rate in [FrameRate::whole(25), FrameRate::whole(60), FrameRate::new(30_000, 1001).unwrap()] {
            let mut ticker = Ticker::new(at(7), rate, at(7));
            for index in 0..200 {
                let due = at(7).offset_nanos(rate.tick_nanos(index));
                assert_eq!(ticker.due(), due);
                assert_eq!(ticker.take(due), Some(Tick { at: due, skipped: 0 }), "{rate} {index}");
            }
        }
    }
}
