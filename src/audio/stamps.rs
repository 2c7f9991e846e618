//! Smooths the capture times of blocks: a device's samples are evenly spaced, its time stamps are not.
//!
//! Pure. Each block tells when sample 0 would have been taken (its anchor); the median over the last 1.5 s of
//! them is stable to a fraction of a millisecond where single ones are 3–75 ms off. Blocks are stamped by an anchor
//! that moves to the median in steps too small to hear; only lost samples make it jump.

use std::collections::VecDeque;

use crate::media::Timestamp;

/// Blocks in the median: 1.5 s of blocks of 10 ms. Of a device that is 200 ppm off it lags by 0.15 ms.
const WINDOW: usize = 150;
/// How far the anchor moves from one block to the next: 30 ms a second, where a bad device drifts by 0.2.
const STEP_NANOS: i64 = 300_000;
/// Samples were lost: this many blocks in a row …
const JUMP_BLOCKS: usize = 10;
/// … are further off than this …
const JUMP_NANOS: i64 = 50_000_000;
/// … and agree this well. A burst after a stall does not: a card's latency is asked once for all of its blocks,
/// so each looks a block length earlier than the one before.
const JUMP_SPREAD_NANOS: i64 = 20_000_000;

/// The smoothed clock of one input.
pub(super) struct Stamps {
    sample_rate: u32,
    anchors: VecDeque<i64>,
    anchor: Option<i64>,
}

impl Stamps {
    pub(super) fn new(sample_rate: u32) -> Self {
        Self { sample_rate: sample_rate.max(1), anchors: VecDeque::with_capacity(WINDOW), anchor: None }
    }

    /// Forgets what was: the device rested, and its next block is stamped as it comes.
    pub(super) fn begin_anew(&mut self) {
        self.anchors.clear();
        self.anchor = None;
    }

    /// The smoothed capture time of a block whose first sample is number `first_frame` since the start, lost ones
    /// counted. Two blocks in a row may overlap or gape by 0.3 ms, and after lost samples by more.
    pub(super) fn stamp(&mut self, first_frame: u64, captured_at: Timestamp) -> Timestamp {
        let offset = frames_to_nanos(first_frame, self.sample_rate);
        if self.anchors.len() == WINDOW {
            self.anchors.pop_front();
        }
        self.anchors.push_back(captured_at.as_nanos() - offset);
        let old = self.anchor.unwrap_or(captured_at.as_nanos() - offset);
        let has_jumped = self.jumped(old);
        if has_jumped {
            self.anchors.drain(..self.anchors.len() - JUMP_BLOCKS);
        }
        let median = median(self.anchors.make_contiguous());
        let step = if has_jumped { median - old } else { (median - old).clamp(-STEP_NANOS, STEP_NANOS) };
        self.anchor = Some(old + step);
        Timestamp::from_nanos(old + step + offset)
    }

    fn jumped(&self, anchor: i64) -> bool {
        let newest = || self.anchors.iter().rev().take(JUMP_BLOCKS).copied();
        let (Some(low), Some(high)) = (newest().min(), newest().max()) else { return false };
        let away = low - anchor > JUMP_NANOS || anchor - high > JUMP_NANOS;
        self.anchors.len() > JUMP_BLOCKS && away && high - low < JUMP_SPREAD_NANOS
    }
}

/// The length of `frames` samples in nanoseconds, rounded down.
pub(super) fn frames_to_nanos(frames: u64, sample_rate: u32) -> i64 {
    let nanos = u128::from(frames) * 1_000_000_000 / u128::from(sample_rate.max(1));
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

fn median(values: &[i64]) -> i64 {
    let mut sorted = values.to_vec();
    let middle = sorted.len() / 2;
    if sorted.is_empty() { 0 } else { *sorted.select_nth_unstable(middle).1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 7_000_000_000;
    const BLOCK_NANOS: i64 = 10_000_000;
    const MILLISECOND: i64 = 1_000_000;

    /// Stamps blocks of a device: block `n` was taken at `truth(n)`, its time stamp is `late(n)` late. The errors of
    /// the smoothed stamps.
    fn errors(blocks: i64, truth: impl Fn(i64) -> i64, late: impl Fn(i64) -> i64) -> Vec<i64> {
        let mut stamps = Stamps::new(48_000);
        let stamp = |n: i64| {
            let stamped = stamps.stamp(480 * n.unsigned_abs(), Timestamp::from_nanos(truth(n) + late(n)));
            stamped.as_nanos() - truth(n)
        };
        (0..blocks).map(stamp).collect()
    }

    fn even(n: i64) -> i64 {
        START + n * BLOCK_NANOS
    }

    fn jitter(blocks: i64, most: i64) -> impl Fn(i64) -> i64 {
        let mut random = fastrand::Rng::with_seed(1);
        let jitter: Vec<i64> = (0..blocks).map(|_| random.i64(-most..most)).collect();
        move |n| jitter[usize::try_from(n).unwrap()]
    }

    fn largest_step(errors: &[i64]) -> i64 {
        errors.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap()
    }

    #[test]
    fn jitter_is_smoothed_away_from_the_first_block_on() {
        let jitter = jitter(6000, 3 * MILLISECOND);
        // Now and then one is 60 ms late.
        let errors = errors(6000, even, |n| jitter(n) + if n % 17 == 5 { 60 * MILLISECOND } else { 0 });
        assert!(errors.iter().all(|error| error.abs() < 4 * MILLISECOND));
        assert!(errors[150..].iter().all(|error| error.abs() < MILLISECOND), "settled");
        assert!(largest_step(&errors) <= STEP_NANOS);
    }

    #[test]
    fn a_late_start_is_made_up_for() {
        let errors = errors(1000, even, |n| if n < 20 { 75 * MILLISECOND } else { 0 });
        assert!(errors[40..].iter().all(|error| *error == 0), "{:?}", &errors[20..40]);
    }

    #[test]
    fn lost_samples_are_noticed_within_a_tenth_of_a_second() {
        // At block 500 the device loses 300 ms: every later block is taken 300 ms later than counted.
        let truth = |n| even(n) + if n < 500 { 0 } else { 300 * MILLISECOND };
        let errors = errors(700, truth, |_| 0);
        assert_eq!(errors[499], 0);
        assert!(errors[510..].iter().all(|error| *error == 0));
    }

    #[test]
    fn a_burst_after_a_stall_moves_nothing() {
        // 60 blocks arrive at once, each seemingly a block earlier than the one before.
        let errors = errors(700, even, |n| if (500..560).contains(&n) { -(n - 500) * BLOCK_NANOS } else { 0 });
        assert!(errors.iter().all(|error| *error == 0));
    }

    #[test]
    fn a_drifting_device_is_followed_without_steps_and_without_lag() {
        for ppm in [200, -200] {
            let blocks = 10 * 60 * 100;
            let drifting = |n| even(n) - n * BLOCK_NANOS * ppm / 1_000_000;
            let exact = errors(blocks, drifting, |_| 0);
            assert!(exact.iter().all(|error| error.abs() < 200_000), "the median's lag");
            let jitter = jitter(blocks, 2 * MILLISECOND);
            let errors = errors(blocks, drifting, jitter);
            assert!(errors[150..].iter().all(|error| error.abs() < MILLISECOND));
            assert!(largest_step(&errors) <= STEP_NANOS + 2_000);
        }
    }

    #[test]
    fn after_a_rest_time_has_gone_on_though_the_count_has_not() {
        let rest = 5_000 * MILLISECOND;
        let mut stamps = Stamps::new(48_000);
        for n in 0..1000_i64 {
            let truth = even(n) + if n < 500 { 0 } else { rest };
            if n == 500 {
                stamps.begin_anew();
            }
            let stamped = stamps.stamp(480 * n.unsigned_abs(), Timestamp::from_nanos(truth));
            assert_eq!(stamped.as_nanos(), truth, "block {n}");
        }
    }

    #[test]
    fn another_rate_counts_its_own_samples() {
        let mut stamps = Stamps::new(44_100);
        for n in 0..300_u32 {
            let truth = START + frames_to_nanos(441 * u64::from(n), 44_100);
            assert_eq!(stamps.stamp(441 * u64::from(n), Timestamp::from_nanos(truth)).as_nanos(), truth);
        }
    }
}
