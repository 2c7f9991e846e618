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
    assert_eq!((line.silence_frames(), line.dropped_frames()), (0, 0));
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
    assert_eq!(line.silence_frames(), 300 + 8_740);
}

#[test]
fn a_clock_set_right_jumps_forward_and_fades_backward() {
    let mut line = line();
    line.push(&block(0));
    line.push(&block(480 + 240)); // re-stamped 5 ms later
    line.push(&block(960)); // and 5 ms earlier again: 240 samples overlap
    let samples = drained(&mut line);
    let numbers: Vec<_> = samples.iter().map(|sample| sample.0).collect();
    assert_eq!(numbers, (0..480).chain(720..1440).collect::<Vec<_>>());
    assert_eq!((line.silence_frames(), line.dropped_frames()), (0, 240));
    let (first, last) = (samples[960].1, samples[1199].1);
    assert!((first - value(960)).abs() < 0.01 * 240.0 / 1_048_576.0 + 1e-6, "begins with what would have come");
    assert!((last - value(1439)).abs() < 2.0 / 1_048_576.0, "ends with what stays");
}

#[test]
fn what_comes_twice_is_dropped() {
    let mut line = line();
    (0..10).for_each(|n| line.push(&block(n * 480)));
    (3..10).for_each(|n| line.push(&block(n * 480)));
    line.push(&block(4800));
    let samples = drained(&mut line);
    assert!(samples.iter().all(|(number, sample)| *sample == value(*number)));
    assert_eq!((samples.len(), line.dropped_frames()), (11 * 480, 7 * 480));
}

#[test]
fn a_dead_input_is_silence_after_a_second_and_then_keeps_up() {
    let mut line = line();
    line.push(&block(0));
    line.fill_silence_until(at(480 + 48_000));
    assert_eq!(line.end(), 480, "a second of doubt");
    line.fill_silence_until(at(480 + 48_001));
    assert_eq!(line.end(), 481 + 48_000 - 9_600, "0.2 s behind");
    line.fill_silence_until(at(480 + 50_000));
    assert_eq!(line.end(), 480 + 50_000 - 9_600, "keeps up without doubt");
    line.push(&block(45_000));
    line.fill_silence_until(at(90_000));
    assert_eq!(line.end(), 45_480, "revived: doubt again");
    let samples = drained(&mut line);
    assert_eq!(samples.len(), 45_480);
    for (number, sample) in samples {
        assert_eq!(sample, if (480..45_000).contains(&number) { 0.0 } else { value(number) });
    }
}

#[test]
fn a_lost_input_needs_no_doubt_and_an_hour_of_silence_little_memory() {
    let mut line = Timeline::new(STEREO, Timestamp::from_nanos(ORIGIN));
    line.input_lost();
    line.fill_silence_until(at(48_000 * 3600));
    assert_eq!(line.pieces.len(), 1);
    let second = line.drain().unwrap();
    assert_eq!((second.first_sample, second.samples.len()), (0, 96_000));
    assert_eq!(line.drain().unwrap().first_sample, 48_000);
    line.fill_silence_until(at(0));
    assert_eq!(line.end(), 48_000 * 3600 - 9_600, "time that stands back changes nothing");
}

#[test]
fn channels_and_rates_are_brought_to_the_line() {
    let mut line = Timeline::new(STEREO, Timestamp::from_nanos(ORIGIN));
    line.push(&block(0));
    let pcm = line.drain().unwrap();
    assert!(pcm.samples.chunks_exact(2).enumerate().all(|(n, frame)| frame == [value(to_i64(n)); 2]));
    let ramp: Vec<f32> = (0..441_i16).map(|n| f32::from(n) / 441.0).collect();
    line.push(&AudioBlock { captured_at: at(480), sample_rate: 44_100, channels: 1, samples: ramp });
    let pcm = line.drain().unwrap();
    assert_eq!((pcm.first_sample, pcm.samples.len()), (480, 960));
    for (n, frame) in (0_i16..).zip(pcm.samples.chunks_exact(2)).take(478) {
        assert!((frame[0] - f32::from(n) / 480.0).abs() < 1e-4 && frame[0] == frame[1]);
    }
    assert_eq!(map_channels(&[0.25, 0.75], 1), [0.5]);
    assert_eq!(map_channels(&[0.1, 0.2, 0.3], 2), [0.1, 0.2]);
}

#[test]
fn sixteen_bits_clip_and_never_wrap() {
    let pcm = Pcm { first_sample: 0, samples: vec![0.0, 0.5, -1.0, 1.0, 2.0, -3.0, f32::NAN] };
    let words: Vec<_> = pcm.to_s16le().chunks_exact(2).map(|word| i16::from_le_bytes([word[0], word[1]])).collect();
    assert_eq!(words, [0, 16_384, -32_768, 32_767, 32_767, -32_768, 0]);
}
