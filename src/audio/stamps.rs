//! Smooths the capture times of blocks: a device's samples are evenly spaced, its time stamps are not.
//!
//! Pure. Each block tells when sample 0 would have been taken (its anchor); the median over the last 1.5 s of
//! them is stable to a fraction of a millisecond where single ones are 3–75 ms off. Blocks are stamped from one
//! anchor until the median has moved by 5 ms, so that a recording sees an unbroken line.

use std::collections::VecDeque;

use crate::media::Timestamp;

/// Blocks in the median: 1.5 s of blocks of 10 ms.
const WINDOW: usize = 150;
/// How far the median may move before blocks are stamped anew.
const RESTAMP_NANOS: i64 = 5_000_000;
/// Samples were lost: this many blocks in a row …
const JUMP_BLOCKS: usize = 10;
/// … are further off than this …
const JUMP_NANOS: i64 = 50_000_000;
/// … and agree this well. A burst after a stall does not: the server's latency is asked once for all of its blocks,
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

    /// The smoothed capture time of a block whose first sample is number `first_frame` since the start, lost ones
    /// counted. It can step back by what the median moved; [`super::Timeline`] drops what then overlaps.
    pub(super) fn stamp(&mut self, first_frame: u64, captured_at: Timestamp) -> Timestamp {
        let offset = frames_to_nanos(first_frame, self.sample_rate);
        if self.anchors.len() == WINDOW {
            self.anchors.pop_front();
        }
        self.anchors.push_back(captured_at.as_nanos() - offset);
        let mut anchor = self.anchor.unwrap_or(captured_at.as_nanos() - offset);
        if self.jumped(anchor) {
            self.anchors.drain(..self.anchors.len() - JUMP_BLOCKS);
        }
        let median = median(self.anchors.make_contiguous());
        if (median - anchor).abs() > RESTAMP_NANOS {
            anchor = median;
        }
        self.anchor = Some(anchor);
        Timestamp::from_nanos(anchor + offset)
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

    /// Stamps `late(n)` nanoseconds late for block `n`; gives the errors of the smoothed stamps.
    fn errors(blocks: i64, late: impl Fn(i64) -> i64) -> Vec<i64> {
        let mut stamps = Stamps::new(48_000);
        (0..blocks)
            .map(|n| {
                let truth = START + n * BLOCK_NANOS;
                let stamped = stamps.stamp(480 * n.unsigned_abs(), Timestamp::from_nanos(truth + late(n)));
                stamped.as_nanos() - truth
            })
            .collect()
    }

    #[test]
    fn jitter_and_a_late_start_are_smoothed_away() {
        let mut random = fastrand::Rng::with_seed(1);
        let jitter: Vec<i64> = (0..1000).map(|_| random.i64(-3_000_000..3_000_000)).collect();
        // The first 20 blocks are 75 ms late, as seen before the server's latency is known; now and then one is 60.
        let late = |n: i64| {
            let spike = if n % 17 == 0 { 60_000_000 } else { 0 };
            jitter[usize::try_from(n).unwrap()] + if n < 20 { 75_000_000 } else { spike }
        };
        let errors = errors(1000, late);
        assert!(errors[40..].iter().all(|error| error.abs() < 5_000_000), "{:?}", &errors[..60]);
        let restamps = errors[40..].windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(restamps, 0, "an unbroken line after the start");
    }

    #[test]
    fn lost_samples_are_noticed_within_a_tenth_of_a_second() {
        // At block 500 the device loses 300 ms: every later block is taken 300 ms later than counted.
        let errors = errors(700, |n| if n < 500 { 0 } else { 300_000_000 });
        assert_eq!(errors[499], 0);
        assert!(errors[510..].iter().all(|error| (error - 300_000_000).abs() < 1_000_000));
    }

    #[test]
    fn a_burst_after_a_stall_moves_nothing() {
        // 60 blocks arrive at once, each seemingly a block earlier than the one before.
        let errors = errors(700, |n| if (500..560).contains(&n) { -(n - 500) * BLOCK_NANOS } else { 0 });
        assert!(errors.iter().all(|error| *error == 0));
    }

    #[test]
    fn a_device_whose_clock_runs_fast_is_followed_in_small_steps() {
        // 200 ppm: block n is taken 2 µs per block earlier than counted; 60 s make 12 ms.
        let errors = errors(6000, |n| -2_000 * n);
        let truth = |n: usize| -2_000 * i64::try_from(n).unwrap();
        assert!(errors.iter().enumerate().all(|(n, error)| (error - truth(n)).abs() < 5_500_000));
        let steps = errors.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(steps, 2);
    }
}
