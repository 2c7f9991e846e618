//! The test card's sound: its beeps and digital silence, exact to the sample. Knows no sound server.

use std::time::Duration;

use super::{AudioDevice, AudioInfo, AudioKind, Heard};
use crate::media::test_card::{BEEP_AMPLITUDE, BEEP_HZ, event_is_on};
use crate::media::{AudioBlock, Timestamp};
use crate::rt::{Clock, StopToken, Waited};

const SAMPLE_RATE: u32 = 48_000;
const CHANNELS: u16 = 2;
const BLOCK_FRAMES: i64 = 480;
const BLOCK_NANOS: i64 = 10_000_000;
/// What is made up for after a late wake-up: all of it up to 1 s. After more (a stopped process) the rest is skipped;
/// the stamps stay true, so it shows as a hole and not as a shift.
const CATCH_UP_BLOCKS: i64 = 100;

/// Delivers blocks of 10 ms as the clock passes their end, until stop is asked. The grid of blocks and samples is the
/// clock's own: sample `n` belongs to `n / 48000` s of it.
pub(super) fn run(clock: &dyn Clock, stop: &StopToken, deliver: &mut dyn FnMut(Heard)) {
    let mut block = clock.now().as_nanos().div_euclid(BLOCK_NANOS);
    deliver(Heard::Started(info()));
    loop {
        let due = Timestamp::from_nanos((block + 1) * BLOCK_NANOS);
        if clock.sleep_until(due, stop) == Waited::Stopped {
            return;
        }
        let complete = clock.now().as_nanos().div_euclid(BLOCK_NANOS);
        if complete - block > CATCH_UP_BLOCKS {
            log::warn!("the test tone was held up for {:?}", Duration::from_millis(10) * skipped(complete - block));
            block = complete - CATCH_UP_BLOCKS;
        }
        while block < complete && !stop.is_stopped() {
            deliver(Heard::Block(beeps(block)));
            block += 1;
        }
    }
}

fn skipped(blocks: i64) -> u32 {
    u32::try_from(blocks).unwrap_or(u32::MAX)
}

/// What the test input says of itself.
pub(super) fn info() -> AudioInfo {
    let device =
        AudioDevice { id: "test".to_owned(), name: "Test tone".to_owned(), kind: AudioKind::System, is_default: false };
    AudioInfo { device, sample_rate: SAMPLE_RATE, channels: CHANNELS }
}

/// Block `number` of the clock.
fn beeps(number: i64) -> AudioBlock {
    let first = number * BLOCK_FRAMES;
    let samples = (first..first + BLOCK_FRAMES).flat_map(|n| [sample(n); CHANNELS as usize]).collect();
    let captured_at = Timestamp::from_nanos(number * BLOCK_NANOS);
    AudioBlock { captured_at, sample_rate: SAMPLE_RATE, channels: CHANNELS, samples }
}

/// Sample `number` of the clock. Its phase comes from the number alone, so that blocks join without a seam.
#[expect(clippy::cast_possible_truncation, reason = "a sample needs no 53 bits")]
fn sample(number: i64) -> f32 {
    let rate = i64::from(SAMPLE_RATE);
    let (second, part) = (number.div_euclid(rate), number.rem_euclid(rate));
    if !event_is_on(Timestamp::from_nanos(second * 1_000_000_000 + part * 1_000_000_000 / rate)) {
        return 0.0;
    }
    let part = f64::from(u32::try_from(part).unwrap_or(0));
    let turns = (part * BEEP_HZ / f64::from(SAMPLE_RATE)).fract(); // a whole number of turns a second
    BEEP_AMPLITUDE * (turns * std::f64::consts::TAU).sin() as f32
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::rt::{JoinOutcome, ManualClock, Worker};

    #[test]
    fn beeps_follow_the_schedule_to_the_sample() {
        let samples: Vec<f32> = (700..1000).flat_map(|block| beeps(block).samples).step_by(2).collect();
        assert_eq!(samples.len(), 3 * 48_000);
        for (n, sample) in (0_u32..).zip(&samples) {
            let on = (24_000..28_800).contains(&(n % 48_000));
            // 1 kHz is 48 samples a turn and begins at zero.
            let expected = if on { 0.5 * (std::f64::consts::TAU * f64::from(n % 48) / 48.0).sin() } else { 0.0 };
            assert!((f64::from(*sample) - expected).abs() < 1e-6, "sample {n}: {sample}");
            assert!(on || sample.to_bits() == 0, "digital silence");
        }
        let block = beeps(-3);
        assert_eq!((block.captured_at.as_nanos(), block.frames(), block.channels), (-30_000_000, 480, 2));
    }

    #[test]
    fn a_late_thread_makes_up_for_a_second_and_no_more() {
        let (tell, told) = sync_channel(1000);
        let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(5_003_000_000)));
        let turned = Arc::clone(&clock);
        let worker =
            Worker::spawn("tone", move |stop| run(turned.as_ref(), &stop, &mut |heard| tell.send(heard).unwrap()));
        let next = || told.recv_timeout(Duration::from_mins(1)).unwrap();
        let next_blocks = |count| -> Vec<i64> {
            let begins = (0..count).map(|_| match next() {
                Heard::Block(block) => block.captured_at.as_nanos() / BLOCK_NANOS,
                other => panic!("{other:?}"),
            });
            begins.collect()
        };
        assert_eq!(next(), Heard::Started(info()));
        clock.advance(Duration::from_millis(7)); // 5.010 s: the block from 5.000 s is whole
        assert_eq!(next_blocks(1), [500]);
        clock.advance(Duration::from_millis(905)); // 5.915 s
        assert_eq!(next_blocks(90), (501..591).collect::<Vec<_>>());
        clock.advance(Duration::from_secs(10)); // 15.915 s: only the last second of it
        assert_eq!(next_blocks(100), (1491..1591).collect::<Vec<_>>());
        assert_eq!(worker.unwrap().join(Duration::from_mins(1)), JoinOutcome::Joined);
        assert!(told.try_recv().is_err(), "nothing after the stop");
    }
}
