//! Lays one input's blocks on the desk's common grid: 48 kHz stereo by the monotonic clock, whatever rate the device
//! really has. Pure; the resampling itself is the crate rubato's.
//!
//! * The device's samples wait in a queue. When the first of them was taken is known from the blocks' stamps, where it
//!   belongs from the grid; the difference steers the rate at which the queue is read: a proportional part for what is
//!   off now, an integral one for what the device's clock is off for good. At a rate of 48 kHz single samples slip in
//!   and out (rubato's `Slip`, crossfaded over 128); inside of a dead band of 1 ms nothing is touched, so that sound
//!   with a true clock passes bit for bit.
//! * A hole is filled with silence and an overlap dropped at the device's side of the queue, faded over 5 ms.
//! * A device that sends nothing becomes silence ([`Conformer::pad`]).

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, SincInterpolationType, Slip, WindowFunction};

use super::AudioError;
use super::stamps::frames_to_nanos;
use crate::media::Timestamp;

/// Samples per second and channel of the desk.
pub(super) const GRID_RATE: u32 = 48_000;
/// Channels of the desk.
pub(super) const GRID_CHANNELS: u16 = 2;
/// Samples per channel that are made at a time: 10 ms.
pub(super) const CHUNK_FRAMES: u16 = 480;
/// The same for both channels together.
pub(super) const CHUNK_SAMPLES: usize = CHUNK_FRAMES as usize * STEREO;
const STEREO: usize = GRID_CHANNELS as usize;
/// What sound devices have. Beyond, a chunk of the grid is less than some samples, or needs megabytes.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=1_536_000;

/// Off by less than this nothing is corrected: stamps are no better.
const DEAD_BAND_S: f64 = 0.001;
/// Off by more than this it is no matter of clocks: samples were lost …
const HARD_S: f64 = 0.020;
/// … and in the first second the device's latency may only just have become known.
const HARD_WHILE_SETTLING_S: f64 = 0.004;
const SETTLING_FRAMES: i64 = GRID_RATE as i64;
/// What is off is made up for within 3 s (`SimpleScreenRecorder`'s constant), critically damped.
const PROPORTIONAL_PER_S: f64 = 0.3;
const INTEGRAL_PER_S2: f64 = PROPORTIONAL_PER_S * PROPORTIONAL_PER_S / 4.0;
/// 0.15 %, 2.6 hundredths of a semitone: not heard. Real clocks are off by 0.02 % at most.
const MOST_CORRECTION: f64 = 0.0015;
/// Edges that a hole or an overlap leaves are faded over 5 ms.
const FADE_S: f64 = 0.005;
/// More silence than this at once is a mistake of a stamp.
const LONGEST_HOLE_S: f64 = 30.0;

/// One input's way onto the grid.
pub(super) struct Conformer {
    rate: u32,
    resampler: Box<dyn Resampler<f32>>,
    /// Interleaved stereo at the device's rate.
    queue: Vec<f32>,
    /// When the queue's first sample was taken, or would have been.
    head_at: Timestamp,
    /// Whether what is in the queue is in its place.
    aligned: bool,
    /// Grid samples made since it was.
    aligned_for: i64,
    integral: f64,
}

impl Conformer {
    /// For a device of this rate. The error is a rate that cannot be resampled.
    pub(super) fn new(rate: u32) -> Result<Self, AudioError> {
        Ok(Self {
            rate,
            resampler: resampler(rate)?,
            queue: Vec::new(),
            head_at: Timestamp::default(),
            aligned: false,
            aligned_for: 0,
            integral: 0.0,
        })
    }

    pub(super) const fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes the device's next samples, interleaved stereo; `next` is the grid sample that is made next.
    pub(super) fn push(&mut self, captured_at: Timestamp, samples: &[f32], next: i64) {
        let waiting = self.queue.len() / STEREO;
        self.head_at = captured_at.offset_nanos(-frames_to_nanos(waiting as u64, self.rate));
        let off_s = self.off_s(next);
        let limit_s = if self.aligned_for < SETTLING_FRAMES { HARD_WHILE_SETTLING_S } else { HARD_S };
        if self.aligned && off_s.abs() <= limit_s {
            self.queue.extend_from_slice(samples);
            return;
        }
        self.mend(samples, off_s);
    }

    /// Puts silence before the samples, or leaves out the first of them, so that they come to lie where they belong.
    fn mend(&mut self, samples: &[f32], off_s: f64) {
        let frames = self.frames_in(off_s.clamp(-LONGEST_HOLE_S, LONGEST_HOLE_S));
        let fade = self.frames_in(FADE_S).unsigned_abs();
        let fresh = if frames >= 0 {
            let end = self.queue.len();
            fade_out(&mut self.queue, fade);
            self.queue.resize(end + frames.unsigned_abs() * STEREO, 0.0);
            samples
        } else {
            let Some(rest) = samples.get(frames.unsigned_abs() * STEREO..) else {
                // Of the next block a part is left out: it must come to lie exactly, and be faded in.
                self.aligned = false;
                return;
            };
            fade_out(&mut self.queue, fade);
            rest
        };
        let start = self.queue.len();
        self.queue.extend_from_slice(fresh);
        fade_in(&mut self.queue[start..], fade);
        let moved = frames_to_nanos(frames.unsigned_abs() as u64, self.rate);
        self.head_at = self.head_at.offset_nanos(if frames >= 0 { -moved } else { moved });
        (self.aligned, self.aligned_for) = (true, 0);
    }

    /// Whether the next chunk can be made.
    pub(super) fn is_ready(&self) -> bool {
        self.queue.len() >= self.resampler.input_frames_next() * STEREO
    }

    /// Silence for what the next chunk lacks. What comes late afterwards is dropped as far as its place is taken.
    pub(super) fn pad(&mut self, next: i64) {
        let needed = self.resampler.input_frames_next() * STEREO;
        if self.queue.is_empty() {
            self.head_at = self.head_at.offset_nanos(nanos(-self.off_s(next)));
        }
        if self.queue.len() < needed {
            let fade = self.frames_in(FADE_S).unsigned_abs();
            fade_out(&mut self.queue, fade);
            self.queue.resize(needed, 0.0);
            self.aligned = false;
        }
    }

    /// Makes the grid samples from `next` on, interleaved; silence where too little waits.
    pub(super) fn pull(&mut self, next: i64, out: &mut [f32; CHUNK_SAMPLES]) {
        let needed = self.resampler.input_frames_next();
        let made = self.queue.get(..needed * STEREO).and_then(|samples| {
            let input = InterleavedSlice::new(samples, STEREO, needed).ok()?;
            let mut output = InterleavedSlice::new_mut(out.as_mut_slice(), STEREO, usize::from(CHUNK_FRAMES)).ok()?;
            self.resampler.process_into_buffer(&input, &mut output, None).ok()
        });
        if made.is_none() {
            out.fill(0.0);
            return;
        }
        self.queue.drain(..needed * STEREO);
        self.head_at = self.head_at.offset_nanos(frames_to_nanos(needed as u64, self.rate));
        self.aligned_for += i64::from(CHUNK_FRAMES);
        self.steer(next + i64::from(CHUNK_FRAMES));
    }

    /// What comes next does not continue what came before.
    pub(super) fn interrupt(&mut self) {
        self.aligned = false;
    }

    /// Forgets what waits: the grid has jumped.
    pub(super) fn restart(&mut self) {
        self.queue.clear();
        self.resampler.reset();
        (self.aligned, self.integral) = (false, 0.0);
    }

    /// How much later than its place on the grid the queue's head was taken; it is heard that much too early.
    fn off_s(&self, next: i64) -> f64 {
        let delay = i64::try_from(self.resampler.output_delay()).unwrap_or(0);
        let place = grid_time(next + delay);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds in nanoseconds")]
        let nanos = self.head_at.nanos_since(place) as f64;
        nanos / 1e9
    }

    /// Sets how many samples the next chunk is made of; asked for only afterwards.
    fn steer(&mut self, next: i64) {
        let correction = if self.aligned {
            let off_s = self.off_s(next);
            let outside_s = off_s - off_s.clamp(-DEAD_BAND_S, DEAD_BAND_S);
            let chunk_s = f64::from(CHUNK_FRAMES) / f64::from(GRID_RATE);
            self.integral = bounded(self.integral + INTEGRAL_PER_S2 * outside_s * chunk_s);
            bounded(PROPORTIONAL_PER_S * outside_s + self.integral)
        } else {
            0.0
        };
        // What is taken too late (positive) is to come later: more samples are made of each.
        if let Some(resampler) = self.resampler.as_adjustable()
            && let Err(error) = resampler.set_resample_ratio_relative(1.0 + correction, true)
        {
            log::debug!("the rate of a sound input was not set: {error}");
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "half a minute at most")]
    fn frames_in(&self, seconds: f64) -> isize {
        (seconds * f64::from(self.rate)).round() as isize
    }
}

/// When a grid sample is heard.
pub(super) fn grid_time(sample: i64) -> Timestamp {
    let nanos = i128::from(sample) * 1_000_000_000 / i128::from(GRID_RATE);
    Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a stamp fit")]
fn nanos(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

fn bounded(correction: f64) -> f64 {
    correction.clamp(-MOST_CORRECTION, MOST_CORRECTION)
}

fn resampler(rate: u32) -> Result<Box<dyn Resampler<f32>>, AudioError> {
    let refused =
        |error: rubato::ResamplerConstructionError| AudioError::Rate { sample_rate: rate, reason: error.to_string() };
    if !RATES.contains(&rate) {
        return Err(AudioError::Rate { sample_rate: rate, reason: "no sound device has it".to_owned() });
    }
    if rate == GRID_RATE {
        let slip = Slip::new(CHUNK_FRAMES.into(), STEREO, FixedAsync::Output).map_err(refused)?;
        return Ok(Box::new(slip));
    }
    // 128 points: aliases below −100 dB, 1.3 ms of delay (which is allowed for), 0.4 % of a core.
    let parameters = SincInterpolationParameters {
        sinc_len: 128,
        f_cutoff: None,
        oversampling_factor: 256,
        interpolation: SincInterpolationType::Linear,
        window: WindowFunction::BlackmanHarris2,
    };
    let ratio = f64::from(GRID_RATE) / f64::from(rate);
    let sinc = Async::new_sinc(ratio, 1.01, &parameters, CHUNK_FRAMES.into(), STEREO, FixedAsync::Output);
    Ok(Box::new(sinc.map_err(refused)?))
}

fn fade_in(samples: &mut [f32], frames: usize) {
    let fade = frames.min(samples.len() / STEREO);
    for (index, frame) in samples.chunks_exact_mut(STEREO).take(fade).enumerate() {
        scale(frame, index + 1, fade + 1);
    }
}

fn fade_out(samples: &mut [f32], frames: usize) {
    let fade = frames.min(samples.len() / STEREO);
    for (index, frame) in samples.chunks_exact_mut(STEREO).rev().take(fade).enumerate() {
        scale(frame, index + 1, fade + 1);
    }
}

#[expect(clippy::cast_precision_loss, reason = "some hundred samples")]
fn scale(frame: &mut [f32], share: usize, whole: usize) {
    let share = share as f32 / whole as f32;
    for sample in frame {
        *sample *= share;
    }
}

#[cfg(test)]
#[path = "conform_tests.rs"]
mod tests;
