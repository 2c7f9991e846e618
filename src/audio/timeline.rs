//! Lays the blocks of one input on a recording's line: every sample in its place since the recording's origin,
//! nothing twice, nothing backward. Pure; knows no device and no file.
//!
//! * What was taken before the origin is cut at the exact sample.
//! * A hole of more than 20 ms is lost sound: silence takes its place. A smaller one is the input's clock being set
//!   right: the numbers jump, and `aresample=async=1000` stretches it away without a click.
//! * An overlap is dropped; if it is short (the clock again), the two sides are faded into each other.
//! * A dead input becomes silence, or the muxer would hold back the picture (up to 10 s in ffmpeg).

use std::collections::VecDeque;

use crate::media::{AudioBlock, Timestamp};

/// Holes up to this are left to the resampler.
const SMALL_GAP_S: f64 = 0.020;
/// An input is taken for dead when it is this late. Callbacks come up to 75 ms late, a loaded machine has held
/// them for 400 ms, and PulseAudio wakes an idle output every 2 s at worst but then once only, when it is opened.
/// Silence invented too early displaces sound that was only late; 1 s of waiting costs a live stream 1 s, once.
const STALL_S: f64 = 1.0;
/// A dead input's silence stays this far behind, so that the first block of a revived one is not cut.
const MARGIN_S: f64 = 0.2;
/// Stamps are rounded to nanoseconds: a block this near to the end of the line continues it.
const SNAP_FRAMES: i64 = 2;

/// The form of a line: that of its first device, or of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundFormat {
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// Interleaved channels.
    pub channels: u16,
}

/// A stretch of the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Pcm {
    /// Number of its first sample (per channel) since the origin, at the line's sample rate; never negative and
    /// never before the end of the stretch before.
    pub first_sample: i64,
    /// Interleaved samples in −1…1.
    pub samples: Vec<f32>,
}

impl Pcm {
    /// As little-endian 16-bit integers; louder than full scale is clipped.
    #[expect(clippy::cast_possible_truncation, reason = "`as` clips, and makes silence of what is no number")]
    pub fn to_s16le(&self) -> Vec<u8> {
        self.samples.iter().flat_map(|sample| ((sample * 32_768.0).round() as i16).to_le_bytes()).collect()
    }
}

#[derive(Debug)]
enum Piece {
    Sound(Pcm),
    Silence { first_sample: i64, frames: i64 },
}

/// The line of one input.
#[derive(Debug)]
pub struct Timeline {
    format: SoundFormat,
    origin: Timestamp,
    /// The line's end: the next sample has this number.
    next: i64,
    pieces: VecDeque<Piece>,
    stalled: bool,
    silence_frames: u64,
    dropped_frames: u64,
}

impl Timeline {
    /// An empty line that begins at `origin`, in `format` (zeros in it count as one).
    pub fn new(format: SoundFormat, origin: Timestamp) -> Self {
        let format = SoundFormat { sample_rate: format.sample_rate.max(1), channels: format.channels.max(1) };
        let pieces = VecDeque::new();
        Self { format, origin, next: 0, pieces, stalled: false, silence_frames: 0, dropped_frames: 0 }
    }

    /// Lays the next block. Other channel counts are mapped (one to all, many to their mean); another sample rate,
    /// which only a change of device brings, is interpolated linearly.
    pub fn push(&mut self, block: &AudioBlock) {
        let samples = self.converted(block);
        let channels = usize::from(self.format.channels);
        let frames = to_i64(samples.len() / channels);
        let mut at = self.number_of(block.captured_at);
        if at + frames <= 0 || frames == 0 {
            return;
        }
        self.stalled = false;
        if (at - self.next).abs() <= SNAP_FRAMES && self.next > 0 {
            at = self.next;
        }
        if at >= self.next {
            self.close_gap(at);
            self.append(samples);
            return;
        }
        let cut = self.next - at;
        if self.next > 0 {
            self.dropped_frames += cut.min(frames).unsigned_abs();
        }
        let Some(cut) = usize::try_from(cut).ok().filter(|_| cut < frames) else { return };
        let faded = if self.next > 0 { fade_over(&samples, cut, channels) } else { samples[cut * channels..].to_vec() };
        self.append(faded);
    }

    /// Keeps the line going while nothing arrives: once it is more than 1 s behind `now` (or at once after
    /// [`Timeline::input_lost`]) silence follows `now` at a distance of 0.2 s until the next block.
    pub fn fill_silence_until(&mut self, now: Timestamp) {
        let now = self.number_of(now);
        self.stalled |= now - self.next > self.frames_in(STALL_S);
        let target = now - self.frames_in(MARGIN_S);
        if self.stalled && target > self.next {
            self.append_silence(target - self.next);
        }
    }

    /// The input is known to be gone: silence need not wait for the second of doubt.
    pub fn input_lost(&mut self) {
        self.stalled = true;
    }

    /// The next stretch, of 1 s at most; call it until it gives `None`.
    pub fn drain(&mut self) -> Option<Pcm> {
        match self.pieces.pop_front()? {
            Piece::Sound(pcm) => Some(pcm),
            Piece::Silence { first_sample, frames } => {
                let now = frames.min(i64::from(self.format.sample_rate));
                if now < frames {
                    self.pieces.push_front(Piece::Silence { first_sample: first_sample + now, frames: frames - now });
                }
                let samples = usize::try_from(now).unwrap_or(0) * usize::from(self.format.channels);
                Some(Pcm { first_sample, samples: vec![0.0; samples] })
            }
        }
    }

    /// The line's end: samples (per channel) since the origin.
    pub fn end(&self) -> i64 {
        self.next
    }

    /// Samples (per channel) of silence put where sound was missing.
    pub fn silence_frames(&self) -> u64 {
        self.silence_frames
    }

    /// Samples (per channel) dropped because their place was taken.
    pub fn dropped_frames(&self) -> u64 {
        self.dropped_frames
    }

    fn close_gap(&mut self, at: i64) {
        let gap = at - self.next;
        if self.next == 0 || gap > self.frames_in(SMALL_GAP_S) {
            self.append_silence(gap);
        } else {
            self.next = at;
        }
    }

    fn append(&mut self, mut samples: Vec<f32>) {
        let channels = usize::from(self.format.channels);
        let first_sample = self.next;
        self.next += to_i64(samples.len() / channels);
        if let Some(Piece::Sound(last)) = self.pieces.back_mut() {
            let frames = last.samples.len() / channels;
            let continues = last.first_sample + to_i64(frames) == first_sample;
            if continues && to_i64(frames) < i64::from(self.format.sample_rate) / 2 {
                last.samples.append(&mut samples);
                return;
            }
        }
        self.pieces.push_back(Piece::Sound(Pcm { first_sample, samples }));
    }

    fn append_silence(&mut self, frames: i64) {
        if frames <= 0 {
            return;
        }
        let first_sample = self.next;
        self.next += frames;
        self.silence_frames += frames.unsigned_abs();
        if let Some(Piece::Silence { frames: before, .. }) = self.pieces.back_mut() {
            *before += frames; // silence moves `next` by its own length: it continues the piece
        } else {
            self.pieces.push_back(Piece::Silence { first_sample, frames });
        }
    }

    /// The number of the sample nearest to a moment; negative before the origin.
    fn number_of(&self, at: Timestamp) -> i64 {
        let nanos = i128::from(at.nanos_since(self.origin));
        let frames = (nanos * i128::from(self.format.sample_rate) + 500_000_000).div_euclid(1_000_000_000);
        i64::try_from(frames).unwrap_or(0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "seconds of single digits")]
    fn frames_in(&self, seconds: f64) -> i64 {
        (seconds * f64::from(self.format.sample_rate)) as i64
    }

    fn converted(&self, block: &AudioBlock) -> Vec<f32> {
        let (from, to) = (usize::from(block.channels.max(1)), usize::from(self.format.channels));
        let mapped: Vec<f32> = if from == to {
            block.samples[..block.frames() * from].to_vec()
        } else {
            block.samples.chunks_exact(from).flat_map(|frame| map_channels(frame, to)).collect()
        };
        if block.sample_rate == self.format.sample_rate {
            mapped
        } else {
            interpolated(&mapped, to, block.sample_rate, self.format.sample_rate)
        }
    }
}

/// One channel to all; of several the first ones, or their mean if there is to be one.
fn map_channels(frame: &[f32], to: usize) -> Vec<f32> {
    let mean = frame.iter().sum::<f32>() / f32::from(u16::try_from(frame.len()).unwrap_or(1).max(1));
    (0..to)
        .map(|channel| if frame.len() == 1 || to == 1 { mean } else { *frame.get(channel).unwrap_or(&0.0) })
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a block has some thousand samples"
)]
fn interpolated(samples: &[f32], channels: usize, from_rate: u32, to_rate: u32) -> Vec<f32> {
    let frames = samples.len() / channels;
    let wanted = frames as u64 * u64::from(to_rate) / u64::from(from_rate.max(1));
    let last = frames.saturating_sub(1);
    let sample_at = |frame: usize, channel: usize| samples.get(frame.min(last) * channels + channel).unwrap_or(&0.0);
    (0..wanted)
        .flat_map(|n| {
            let place = n as f64 * f64::from(from_rate) / f64::from(to_rate);
            let (frame, share) = (place as usize, place.fract() as f32);
            (0..channels)
                .map(move |channel| sample_at(frame, channel) * (1.0 - share) + sample_at(frame + 1, channel) * share)
        })
        .collect()
}

/// Drops `cut` frames from the start without a click: what would have come next fades into what stays.
#[expect(clippy::cast_precision_loss, reason = "a block has some thousand samples")]
fn fade_over(samples: &[f32], cut: usize, channels: usize) -> Vec<f32> {
    let mut rest = samples[cut * channels..].to_vec();
    let fade = cut.min(rest.len() / channels);
    for (frame, before) in samples.chunks_exact(channels).take(fade).enumerate() {
        let share = (frame + 1) as f32 / (fade + 1) as f32;
        for (sample, before) in rest[frame * channels..].iter_mut().zip(before) {
            *sample = before * (1.0 - share) + *sample * share;
        }
    }
    rest
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
