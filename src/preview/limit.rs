//! Which frames keep a rate.

use crate::media::{FrameRate, Timestamp};

/// Lets frames through at a rate, judged by when they were taken.
///
/// A schedule, not a minimum distance: 60 fps thinned to 24 by distance gives 20. A frame may be a quarter of a
/// period early, so that 30 → 30 keeps all of a jittering camera's frames.
#[derive(Debug, Default)]
pub(super) struct RateLimit {
    due_nanos: Option<i64>,
}

impl RateLimit {
    /// Whether the frame is wanted.
    pub(super) fn admits(&mut self, at: Timestamp, rate: FrameRate) -> bool {
        let (at, period) = (at.as_nanos(), rate.period_nanos());
        let due = match self.due_nanos {
            // Behind schedule the schedule starts anew, so nothing is caught up in a burst; far ahead of it the
            // source must have changed its clock.
            Some(due) if at < due.saturating_add(period) && at > due.saturating_sub(period * 3) => due,
            _ => at,
        };
        let wanted = at >= due - period / 4;
        self.due_nanos = Some(if wanted { due.saturating_add(period) } else { due });
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(source_fps: u32, limit_fps: u32, jitter_percent: i64) -> usize {
        let mut random = fastrand::Rng::with_seed(u64::from(source_fps * 1000 + limit_fps));
        let mut limit = RateLimit::default();
        let source = FrameRate::whole(source_fps);
        let count = u64::from(source_fps) * 10;
        let admitted = (0..count).filter(|index| {
            let jitter = random.i64(-1000..=1000) * source.period_nanos() / 100_000 * jitter_percent;
            let at = source.tick_nanos(*index) + jitter;
            limit.admits(Timestamp::from_nanos(5_000_000_000 + at), FrameRate::whole(limit_fps))
        });
        admitted.count()
    }

    #[test]
    fn ten_seconds_hold_the_frames_of_the_slower_rate() {
        for (source, limit) in
            [(30, 30), (30, 15), (60, 30), (60, 24), (30, 25), (30, 60), (25, 30), (144, 60), (30, 1)]
        {
            let want = source.min(limit) as usize * 10;
            for jitter in [0, 10] {
                let got = kept(source, limit, jitter);
                assert!(got.abs_diff(want) <= 1 + want / 50, "{source} → {limit} ±{jitter} %: {got}, not {want}");
            }
        }
        assert_eq!((kept(30, 30, 10), kept(30, 15, 10)), (300, 150));
    }

    #[test]
    fn a_pause_or_another_clock_is_not_waited_for() {
        let mut limit = RateLimit::default();
        let rate = FrameRate::whole(10);
        let at = |ms: i64| Timestamp::from_nanos(ms * 1_000_000);
        assert!(limit.admits(at(10_000), rate) && !limit.admits(at(10_050), rate));
        assert!(limit.admits(at(60_000), rate) && !limit.admits(at(60_050), rate));
        assert!(limit.admits(at(1_000), rate) && !limit.admits(at(1_050), rate) && limit.admits(at(1_100), rate));
    }
}
