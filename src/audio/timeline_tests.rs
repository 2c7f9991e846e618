//! The line, judged sample by sample.

#![expect(clippy::float_cmp, reason = "samples are moved, not computed: they must be equal to the bit")]

use super::*;

const ORIGIN: i64 = 3_000_000_123;
const STEREO: SoundFormat = SoundFormat { sample_rate: 48_000, channels: 2 };
const MONO: SoundFormat = SoundFormat { sample_rate: 48_000, channels: 1 };

/// The moment of sample `number` since the origin, rounded as a device's stamps are.
fn at(number: i64) -> Timestamp {
    Timestamp::from_nanos(ORIGIN + number * 1_000_000_000 / 48_000)
}

/// 480 mono samples from `number` on; each sample is its own number / 2²⁰, which an `f32` holds exactly.
fn block(number: i64) -> AudioBlock {
    let samples = (number..number + 480).map(value).collect();
    AudioBlock { captured_at: at(number), sample_rate: 48_000, channels: 1, samples }
}

fn value(number: i64) -> f32 {
    f32::from(i16::try_from(number.rem_euclid(30_000)).unwrap()) / 1_048_576.0
}

fn line() -> Timeline {
    Timeline::new(MONO, Timestamp::from_nanos(ORIGIN))
}

/// Everything drained, as (number, sample); checks that no number comes twice or backward.
fn drained(line: &mut Timeline) -> Vec<(i64, f32)> {
    let mut samples: Vec<(i64, f32)> = Vec::new();
    while let Some(pcm) = line.drain() {
        assert!(pcm.first_sample > samples.last().map_or(-1, |last| last.0), "never backward");
        assert!(!pcm.samples.is_empty() && pcm.samples.len() <= 96_000);
        samples.extend((pcm.first_sample..).zip(pcm.samples));
    }
    samples
}

#[test]
fn blocks_become_an_unbroken_line_cut_at_the_origin() {
    let mut line = line();
    (-5..100).for_each(|n| line.push(&block(n * 480 - 117)));
    let samples = drained(&mut line);
    assert_eq!(samples.len(), 100 * 480 - 117);
    assert!(samples.iter().enumerate().all(|(n, (number, _))| to_i64(n) == *number));
    assert!(samples.iter().all(|(number, sample)| *sample == value(*number)), "each sample in its own place");
}

#[test]
fn a_cold_start_and_lost_sound_are_silence_in_their_place() {
    let mut line = line();
    line.push(&block(300));
    line.push(&block(780));
    line.push(&block(10_000));
    let samples = drained(&mut line);
    assert_eq!(samples.len(), 10_480, "unbroken");
    for (number, sample) in samples {
        let silent = number < 300 || (1260..10_000).contains(&number);
        assert_eq!(sample, if silent { 0.0 } else { value(number) }, "sample {number}");
    }
}

#[test]
fn what_comes_twice_is_dropped() {
    let mut line = line();
    (0..10).for_each(|n| line.push(&block(n * 480)));
    (3..10).for_each(|n| line.push(&block(n * 480)));
    line.push(&block(4800));
    let samples = drained(&mut line);
    assert!(samples.iter().all(|(number, sample)| *sample == value(*number)));
    assert_eq!(samples.len(), 11 * 480);
}

#[test]
fn a_line_without_sound_is_silence_after_two_seconds_and_then_keeps_up() {
    let mut line = line();
    line.push(&block(0));
    line.fill_silence_until(at(480 + 96_000));
    assert_eq!(line.end(), 480, "two seconds of doubt");
    line.fill_silence_until(at(480 + 96_001));
    assert_eq!(line.end(), 481 + 96_000 - 9_600, "0.2 s behind");
    line.fill_silence_until(at(480 + 98_000));
    assert_eq!(line.end(), 480 + 98_000 - 9_600, "keeps up without doubt");
    line.push(&block(95_000));
    line.fill_silence_until(at(140_000));
    assert_eq!(line.end(), 95_480, "revived: doubt again");
    let samples = drained(&mut line);
    assert_eq!(samples.len(), 95_480);
    for (number, sample) in samples {
        assert_eq!(sample, if (480..95_000).contains(&number) { 0.0 } else { value(number) });
    }
}

#[test]
fn an_hour_of_silence_takes_little_memory() {
    let mut line = Timeline::new(STEREO, Timestamp::from_nanos(ORIGIN));
    line.fill_silence_until(at(48_000 * 3600));
    assert_eq!(line.pieces.len(), 1);
    let second = line.drain().unwrap();
    assert_eq!((second.first_sample, second.samples.len()), (0, 96_000));
    assert_eq!(line.drain().unwrap().first_sample, 48_000);
    line.fill_silence_until(at(0));
    assert_eq!(line.end(), 48_000 * 3600 - 9_600, "time that stands back changes nothing");
}

#[test]
fn a_block_of_another_form_is_left_out() {
    let mut line = Timeline::new(STEREO, Timestamp::from_nanos(ORIGIN));
    line.push(&block(0));
    assert_eq!(line.end(), 0);
}
