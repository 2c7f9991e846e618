//! An input on the grid, by what it heard: devices with clocks of their own, holes, late blocks.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "some minutes of sound, and silence that is exactly that"
)]

use std::f64::consts::TAU;

use super::*;

const START_S: f64 = 7.0;
const START_SAMPLE: i64 = 7 * 48_000;

/// A device whose clock is off by some parts in a million, and what it hears at a moment (in seconds).
struct Device<F> {
    rate: u32,
    ppm: f64,
    hears: F,
    taken: u64,
}

impl<F: Fn(f64) -> f32> Device<F> {
    fn new(rate: u32, ppm: f64, hears: F) -> Self {
        Self { rate, ppm, hears, taken: 0 }
    }

    /// Its next 10 ms, and when the first of them was taken.
    fn block(&mut self) -> (f64, Vec<f32>) {
        let frames = u64::from(self.rate / 100);
        let at = |n: u64| START_S + n as f64 / (f64::from(self.rate) * (1.0 + self.ppm / 1e6));
        let samples = (self.taken..self.taken + frames).flat_map(|n| [(self.hears)(at(n)); 2]).collect();
        let begun = at(self.taken);
        self.taken += frames;
        (begun, samples)
    }
}

fn stamp(seconds: f64) -> Timestamp {
    Timestamp::from_nanos((seconds * 1e9).round() as i64)
}

/// The left channel of everything made until the device ends; `late` is added to each stamp.
fn conformed<F: Fn(f64) -> f32>(
    conformer: &mut Conformer,
    device: &mut Device<F>,
    seconds: u32,
    late: impl Fn(u32) -> Option<f64>,
) -> Vec<f32> {
    let (mut made, mut next) = (Vec::new(), START_SAMPLE);
    let mut out = [0.0; CHUNK_SAMPLES];
    for index in 0..seconds * 100 {
        let (begun, samples) = device.block();
        match late(index) {
            Some(late) => conformer.push(stamp(begun + late), &samples, next),
            None => conformer.pad(next),
        }
        while conformer.is_ready() {
            conformer.pull(next, &mut out);
            made.extend(out.iter().step_by(2));
            next += 480;
        }
    }
    made
}

fn sine(hertz: f64) -> impl Fn(f64) -> f32 {
    move |at: f64| (0.5 * (TAU * hertz * at).sin()) as f32
}

/// A beep of 100 ms in the middle of each second.
fn beeps(at: f64) -> f32 {
    if (0.5..0.6).contains(&at.fract()) { sine(1000.0)(at) } else { 0.0 }
}

/// When each beep begins, in seconds of the grid.
fn onsets(samples: &[f32]) -> Vec<f64> {
    let (mut quiet, mut found) = (10_000, Vec::new());
    for (index, sample) in samples.iter().enumerate() {
        if sample.abs() < 0.1 {
            quiet += 1;
        } else {
            if quiet > 4800 {
                // A sine of 1 kHz and amplitude 0.5 passes 0.1 after 32 µs.
                found.push(START_S + index as f64 / 48_000.0 - 0.000_032);
            }
            quiet = 0;
        }
    }
    found
}

/// The largest jump between neighbouring samples beyond what a sine of this pitch and amplitude 0.5 does.
fn worst_click(samples: &[f32], hertz: f64) -> f32 {
    let smooth = (0.5 * TAU * hertz / 48_000.0) as f32;
    samples.windows(2).map(|pair| (pair[1] - pair[0]).abs() - smooth).fold(f32::MIN, f32::max)
}

#[test]
fn sound_with_a_true_clock_passes_bit_for_bit() {
    let mut random = fastrand::Rng::with_seed(3);
    let noise: Vec<f32> = (0..48_000 * 3).map(|_| random.f32() - 0.5).collect();
    let heard = |at: f64| noise[((at - START_S) * 48_000.0).round() as usize];
    let jitter: Vec<f64> = (0..300).map(|_| random.f64() * 0.0015 - 0.00075).collect();
    let mut device = Device::new(48_000, 0.0, heard);
    let late = |index| if index == 0 { Some(0.0) } else { Some(jitter[index as usize]) };
    let made = conformed(&mut Conformer::new(48_000).unwrap(), &mut device, 3, late);
    assert_eq!(made.len(), 48_000 * 3);
    assert_eq!(made[240..], noise[240..], "after a fade of 5 ms");
}

#[test]
fn a_clock_that_is_off_is_followed_without_a_click() {
    for (rate, ppm) in [(48_000, 200.0), (48_000, -200.0), (44_100, 150.0), (16_000, -120.0)] {
        let mut device = Device::new(rate, ppm, beeps);
        let made = conformed(&mut Conformer::new(rate).unwrap(), &mut device, 60, |_| Some(0.0));
        let onsets = onsets(&made);
        assert!(onsets.len() >= 59, "{rate}: {}", onsets.len());
        for (number, onset) in (0_u32..).zip(&onsets) {
            let off_ms = (onset - (START_S + 0.5 + f64::from(number))) * 1e3;
            assert!(off_ms.abs() < 2.0, "beep {number} at {rate} Hz and {ppm} ppm: {off_ms} ms");
        }
        let mut device = Device::new(rate, ppm, sine(440.0));
        let made = conformed(&mut Conformer::new(rate).unwrap(), &mut device, 30, |_| Some(0.0));
        let click = worst_click(&made[4800..], 440.0);
        assert!(click < 0.001, "{rate} Hz, {ppm} ppm: a jump of {click}");
    }
}

#[test]
fn another_rate_keeps_pitch_and_level() {
    for rate in [8_000, 44_100, 96_000] {
        let mut device = Device::new(rate, 0.0, sine(1000.0));
        let made = conformed(&mut Conformer::new(rate).unwrap(), &mut device, 3, |_| Some(0.0));
        let steady = &made[24_000..120_000];
        // 1 kHz over whole periods: the sine and cosine parts tell the amplitude, and a slip of pitch would lower it.
        let part = |shift: f64| -> f64 {
            let sum: f64 = (0..)
                .zip(steady)
                .map(|(n, sample)| f64::from(*sample) * (TAU * f64::from(n) / 48.0 + shift).sin())
                .sum();
            2.0 * sum / steady.len() as f64
        };
        let amplitude = part(0.0).hypot(part(TAU / 4.0));
        assert!((amplitude - 0.5).abs() < 0.002, "{rate}: {amplitude}");
    }
}

#[test]
fn a_hole_is_silence_of_its_own_length() {
    let mut device = Device::new(48_000, 0.0, beeps);
    // Nothing from 3.25 s to 5.25 s: as a jump of the stamps, first block after it complete.
    let late = |index: u32| if (325..525).contains(&index) { None } else { Some(0.0) };
    let made = conformed(&mut Conformer::new(48_000).unwrap(), &mut device, 8, late);
    let seconds: Vec<f64> = onsets(&made).iter().map(|onset| onset - START_S).collect();
    for (onset, due) in seconds.iter().zip([0.5, 1.5, 2.5, 5.5, 6.5, 7.5]) {
        assert!((onset - due).abs() < 0.0005, "{seconds:?}");
    }
    assert_eq!(seconds.len(), 6);
    assert_eq!(made.len(), 8 * 48_000);
}

#[test]
fn what_comes_late_is_dropped_where_silence_took_its_place() {
    let mut conformer = Conformer::new(48_000).unwrap();
    let mut out = [0.0; CHUNK_SAMPLES];
    conformer.push(stamp(START_S), &[0.25; 960], START_SAMPLE);
    conformer.pull(START_SAMPLE, &mut out);
    // 10 ms are given up; then they come, and the 10 ms after them.
    conformer.pad(START_SAMPLE + 480);
    conformer.pull(START_SAMPLE + 480, &mut out);
    assert!(out.iter().all(|sample| *sample == 0.0));
    conformer.push(stamp(START_S + 0.010), &[0.25; 960], START_SAMPLE + 960);
    assert!(!conformer.is_ready());
    conformer.push(stamp(START_S + 0.020), &[0.5; 960], START_SAMPLE + 960);
    conformer.pull(START_SAMPLE + 960, &mut out);
    assert_eq!(out[959], 0.5);
}

#[test]
fn a_stamp_that_jumps_back_by_blocks_leaves_no_rest() {
    let mut device = Device::new(48_000, 0.0, sine(440.0));
    let mut conformer = Conformer::new(48_000).unwrap();
    // From 1.5 s on the stamps are 35 ms earlier: three blocks and a half have no place.
    let late = |index| Some(if index < 150 { 0.0 } else { -0.035 });
    let made = conformed(&mut conformer, &mut device, 3, late);
    assert_eq!(made.len(), 3 * 48_000 - 35 * 48 - 240, "what is left over is half a chunk");
    let after = &made[96_000..];
    for (n, sample) in (0..).zip(after) {
        let heard = sine(440.0)(START_S + f64::from(n + 96_000) / 48_000.0 + 0.035);
        assert!((sample - heard).abs() < 0.01, "sample {n}");
    }
    assert!(worst_click(&made[4800..], 440.0) < 0.05, "faded");
}

#[test]
fn lost_samples_are_told_by_the_stamps_alone() {
    let mut device = Device::new(48_000, 0.0, beeps);
    let mut conformer = Conformer::new(48_000).unwrap();
    let mut made = conformed(&mut conformer, &mut device, 2, |_| Some(0.0));
    device.taken += 14_400; // 300 ms never came, and nobody noticed
    let (mut next, mut out) = (START_SAMPLE + 96_000, [0.0; CHUNK_SAMPLES]);
    for _ in 0..170 {
        let (begun, samples) = device.block();
        conformer.push(stamp(begun), &samples, next);
        while conformer.is_ready() {
            conformer.pull(next, &mut out);
            made.extend(out.iter().step_by(2));
            next += 480;
        }
    }
    let last = onsets(&made).last().copied().unwrap();
    assert!((last - START_S - 3.5).abs() < 0.0005, "{last}");
}

#[test]
fn another_rate_keeps_its_place_to_a_tenth_of_a_millisecond() {
    for rate in [8_000, 16_000, 44_100, 96_000, 384_000] {
        let mut device = Device::new(rate, 0.0, beeps);
        let made = conformed(&mut Conformer::new(rate).unwrap(), &mut device, 4, |_| Some(0.0));
        for (number, onset) in (0_u32..).zip(onsets(&made)) {
            let off_ms = (onset - (START_S + 0.5 + f64::from(number))) * 1e3;
            // An edge that 8 kHz cannot hold is one sample of them wide.
            assert!(off_ms.abs() < 0.1 + 1e3 / f64::from(rate), "beep {number} at {rate} Hz: {off_ms} ms");
        }
    }
}
