//! Lays a track's blocks on a recording's line: every sample in its place since the recording's origin, nothing twice,
//! nothing backward. Pure; knows no device and no file.
//!
//! * What was taken before the origin is cut at the exact sample.
//! * The desk's blocks follow one another; where one was lost on the way silence takes its place.
//! * A line that nobody delivers to becomes silence, or the muxer would hold back the picture (up to 10 s in ffmpeg).

use std::collections::VecDeque;

use crate::media::{AudioBlock, Timestamp};

/// A line that nobody delivers to is behind by this much before it becomes silence. The desk itself waits 1 s for an
/// input that is late, and silence invented before would take that sound's place.
const STALL_S: f64 = 2.0;
/// Such silence stays this far behind.
const MARGIN_S: f64 = 0.2;
/// Stamps are rounded to nanoseconds: a block this near to the end of the line continues it.
const SNAP_FRAMES: i64 = 2;

/// The form of a line.
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
}

impl Timeline {
    /// An empty line that begins at `origin`, in `format` (zeros in it count as one).
    pub fn new(format: SoundFormat, origin: Timestamp) -> Self {
        let format = SoundFormat { sample_rate: format.sample_rate.max(1), channels: format.channels.max(1) };
        let pieces = VecDeque::new();
        Self { format, origin, next: 0, pieces, stalled: false }
    }

    /// Lays the next block, which is of the line's own form; one of another form is left out.
    pub fn push(&mut self, block: &AudioBlock) {
        if block.sample_rate != self.format.sample_rate || block.channels != self.format.channels {
            log::error!("a block of sound has {} channels at {} Hz", block.channels, block.sample_rate);
            return;
        }
        let channels = usize::from(self.format.channels);
        let frames = to_i64(block.frames());
        let mut at = self.number_of(block.captured_at);
        if at + frames <= 0 || frames == 0 {
            return;
        }
        self.stalled = false;
        if (at - self.next).abs() <= SNAP_FRAMES && self.next > 0 {
            at = self.next;
        }
        self.append_silence(at - self.next);
        let cut = usize::try_from(self.next - at).unwrap_or(0);
        if let Some(rest) = block.samples.get(cut * channels..block.frames() * channels).filter(|rest| !rest.is_empty())
        {
            self.append(rest.to_vec());
        }
    }

    /// Keeps the line going while nothing arrives: once it is more than 2 s behind `now`, silence follows `now` at a distance of 0.2 s until the next block.
    pub fn fill_silence_until(&mut self, now: Timestamp) {
        let now = self.number_of(now);
        self.stalled |= now - self.next > self.frames_in(STALL_S);
        let target = now - self.frames_in(MARGIN_S);
        if self.stalled && target > self.next {
            self.append_silence(target - self.next);
        }
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
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
