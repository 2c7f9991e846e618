//! Clicks in a film's sound: bursts of one pitch, each with the moment it began to a fraction of a millisecond.
//!
//! The sound is multiplied with the pitch and summed over its last turn (48 samples). A click's beginning makes a ramp
//! of one turn; half-way up, half a turn of the click has been taken in. That place does not depend on its loudness.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use super::schedule::CLICK_HZ;
use super::{median, quantile};

/// The samples per second that are expected.
pub const CLICK_RATE: u32 = 48_000;
/// Samples in a turn of the pitch.
const TURN: usize = 48;
/// A value of the envelope each this many samples: 0.25 ms.
const STEP: usize = 12;
const STEPS_IN_MS: usize = 4;
/// A click is on for 4 to 6 % of a test: this part of the envelope is not louder than a click.
const LOUD: f64 = 0.985;
/// −54 dB: what is quieter is no click.
const LEAST_LEVEL: f64 = 0.002;
/// A click stands out by this factor over what is heard otherwise at its pitch.
const LEAST_CONTRAST: f64 = 4.0;
/// Echoes of a room are no further clicks.
const DEAD_MS: usize = 400;

/// Takes in sound sample by sample. Holds 16 kB a second.
#[derive(Debug)]
pub struct ClickMeter {
    turn: VecDeque<(f64, f64)>,
    sum: (f64, f64),
    count: u64,
    envelope: Vec<f32>,
}

impl Default for ClickMeter {
    fn default() -> Self {
        Self { turn: VecDeque::from(vec![(0.0, 0.0); TURN]), sum: (0.0, 0.0), count: 0, envelope: Vec::new() }
    }
}

impl ClickMeter {
    /// The next samples, one channel at [`CLICK_RATE`], from time zero on.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "an envelope needs no 53 bits")]
    pub fn push(&mut self, samples: impl IntoIterator<Item = f32>) {
        for sample in samples {
            let turns = (self.count as f64 * CLICK_HZ / f64::from(CLICK_RATE)).fract();
            let (sine, cosine) = (turns * TAU).sin_cos();
            let now = (f64::from(sample) * cosine, f64::from(sample) * sine);
            let then = self.turn.pop_front().unwrap_or_default();
            self.turn.push_back(now);
            self.sum = (self.sum.0 + now.0 - then.0, self.sum.1 + now.1 - then.1);
            self.count += 1;
            if self.count.is_multiple_of(STEP as u64) {
                self.envelope.push((self.sum.0.hypot(self.sum.1) * 2.0 / TURN as f64) as f32);
            }
        }
    }

    /// The length of the sound in seconds.
    #[expect(clippy::cast_precision_loss, reason = "no sound has 2^53 samples")]
    pub fn seconds(&self) -> f64 {
        self.count as f64 / f64::from(CLICK_RATE)
    }

    /// When each click begins, in seconds.
    pub fn onsets_s(&self) -> Vec<f64> {
        let mut sorted = self.envelope.clone();
        sorted.sort_by(f32::total_cmp);
        let at = |part| quantile(&sorted, part).map_or(0.0, f64::from);
        let (quiet, loud) = (at(0.5), at(LOUD));
        if loud < LEAST_LEVEL || loud < quiet * LEAST_CONTRAST {
            return Vec::new();
        }
        let threshold = quiet + (loud - quiet) * 0.5;
        let (mut next, mut onsets) = (0, Vec::new());
        let mut was_quiet = true;
        for (index, level) in self.envelope.iter().enumerate() {
            let is_loud = f64::from(*level) >= threshold;
            if is_loud && was_quiet && index >= next {
                onsets.extend(self.onset_near(index));
                next = index + DEAD_MS * STEPS_IN_MS;
            }
            was_quiet = !is_loud;
        }
        onsets
    }

    /// Where the ramp that passes `index` is half-way between what was before and what comes after.
    #[expect(clippy::cast_precision_loss, reason = "an index of the envelope")]
    fn onset_near(&self, index: usize) -> Option<f64> {
        let ms = |count: usize| count * STEPS_IN_MS;
        let level = |from: usize, to: usize| {
            let part = self.envelope.get(from..to.min(self.envelope.len())).unwrap_or_default();
            median(&part.iter().copied().map(f64::from).collect::<Vec<f64>>())
        };
        let before = level(index.saturating_sub(ms(30)), index.saturating_sub(ms(5))).unwrap_or(0.0);
        let half = f64::midpoint(before, level(index + ms(2), index + ms(20))?);
        let first = index.saturating_sub(ms(5)).max(1);
        let crossing = (first..index + ms(5)).find_map(|at| {
            let (low, high) = (f64::from(*self.envelope.get(at - 1)?), f64::from(*self.envelope.get(at)?));
            (low < half && high >= half).then(|| (at - 1) as f64 + (half - low) / (high - low))
        })?;
        // A value of the envelope stands after its last sample; half a turn of the click is in it.
        let samples = (crossing + 1.0) * STEP as f64 - TURN as f64 / 2.0;
        Some(samples / f64::from(CLICK_RATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn angle(n: usize, hertz: f32) -> f32 {
        let n = f32::from(u16::try_from(n % 48_000).unwrap());
        n * std::f32::consts::TAU * hertz / 48_000.0
    }

    fn errors_ms(onsets: &[f64], at: &[usize]) -> Vec<f64> {
        let error = |(onset, at): (&f64, &usize)| (onset - f64::from(u32::try_from(*at).unwrap()) / 48_000.0) * 1e3;
        onsets.iter().zip(at).map(error).collect()
    }

    /// `seconds` of noise with clicks of 80 ms that begin at these samples.
    fn sound(seconds: usize, clicks: &[usize], level: f32, noise: f32) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(3);
        let mut samples: Vec<f32> = (0..seconds * 48_000).map(|_| (random.f32() - 0.5) * 2.0 * noise).collect();
        for start in clicks {
            for n in 0..3840 {
                samples[start + n] += level * angle(n, 1000.0).sin();
            }
        }
        samples
    }

    fn found(samples: Vec<f32>) -> Vec<f64> {
        let mut meter = ClickMeter::default();
        meter.push(samples);
        meter.onsets_s()
    }

    #[test]
    fn clicks_are_placed_to_a_tenth_of_a_millisecond_loud_or_quiet() {
        let at: Vec<usize> = (0..10).map(|n| 40_000 + n * 71_003).collect();
        for (level, noise, error_ms) in [(0.5, 0.0, 0.08), (0.5, 0.05, 0.15), (0.01, 0.0, 0.08), (0.05, 0.02, 0.4)] {
            let onsets = found(sound(16, &at, level, noise));
            assert_eq!(onsets.len(), at.len(), "{level} {noise}");
            let errors = errors_ms(&onsets, &at);
            assert!(errors.iter().all(|error| error.abs() < error_ms), "{level} {noise}: {errors:?} ms");
        }
    }

    #[test]
    fn echoes_are_no_clicks_and_hum_does_not_disturb() {
        let at: Vec<usize> = (0..8).map(|n| 48_000 + n * 72_000).collect();
        let mut samples = sound(14, &at, 0.3, 0.0);
        let echoes = sound(14, &at.iter().map(|n| n + 6_000).collect::<Vec<_>>(), 0.25, 0.0);
        for (n, (sample, echo)) in samples.iter_mut().zip(echoes).enumerate() {
            *sample += echo + 0.05 * angle(n, 100.0).sin();
        }
        let onsets = found(samples);
        assert_eq!(onsets.len(), at.len());
        // A turn of 1 kHz is a tenth of one of 100 Hz, which leaks.
        assert!(errors_ms(&onsets, &at).iter().all(|error| error.abs() < 0.7), "{onsets:?}");
    }

    #[test]
    fn silence_and_noise_have_no_clicks() {
        assert_eq!(found(sound(5, &[], 0.0, 0.0)), Vec::<f64>::new());
        assert_eq!(found(sound(5, &[], 0.0, 0.3)), Vec::<f64>::new());
        assert_eq!(found(Vec::new()), Vec::<f64>::new());
    }
}
