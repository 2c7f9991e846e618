//! Rates over the last two seconds, from counts that only grow.

use std::collections::VecDeque;

use crate::media::Timestamp;

/// Long enough that a number people watch does not jitter, short enough to follow.
const WINDOW_NANOS: i64 = 2_000_000_000;

/// Pure: takes counts with their moments, gives counts per second.
#[derive(Debug, Default)]
pub(super) struct Rate {
    samples: VecDeque<(Timestamp, u64)>,
}

impl Rate {
    /// Notes a count and gives its growth per second over the window, 0 until there are two samples.
    pub(super) fn update(&mut self, now: Timestamp, count: u64) -> f64 {
        if self.samples.back().is_some_and(|(_, last)| count < *last) {
            self.samples.clear();
        }
        self.samples.push_back((now, count));
        while self.samples.len() > 2 && now.nanos_since(self.samples[1].0) >= WINDOW_NANOS {
            self.samples.pop_front();
        }
        let (first_at, first) = self.samples[0];
        let seconds = now.since(first_at).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate is for people's eyes")]
        if seconds > 0.0 { (count - first) as f64 / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_last_two_seconds() {
        let mut rate = Rate::default();
        let at = |tenths: i64| Timestamp::from_nanos(tenths * 100_000_000);
        let mut last = 0.0;
        for tenth in 0..=50_i64 {
            last = rate.update(at(tenth), u64::try_from(tenth).unwrap() * 3);
        }
        assert!((last - 30.0).abs() < 0.01, "{last}");
        for tenth in 51..=75 {
            last = rate.update(at(tenth), 150);
        }
        assert!(last.abs() < 0.01, "{last}");
        assert!(rate.update(at(76), 3).abs() < 0.01, "a new count starts anew");
    }
}
