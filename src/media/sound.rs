//! Sound on its way: blocks of samples on the frames' clock, and their levels.

use super::Timestamp;

/// Samples of one input, interleaved, with the moment the first one was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioBlock {
    /// When the first sample was taken, on the clock of the frames.
    pub captured_at: Timestamp,
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// Interleaved channels.
    pub channels: u16,
    /// Interleaved samples in −1…1.
    pub samples: Vec<f32>,
}

impl AudioBlock {
    /// Samples per channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }
}

/// What a meter shows of one input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Highest sample of the last 100 ms in dB below full scale; −120 for digital silence.
    pub peak_db: f32,
    /// Root mean square over the last 300 ms in dB.
    pub rms_db: f32,
    /// The peak, held for 1.5 s and then falling: what a person can read.
    pub held_peak_db: f32,
    /// A sample reached full scale within the last 3 s.
    pub clipped: bool,
    /// Seconds since anything above −60 dB was heard.
    pub silent_s: f32,
}

impl Levels {
    /// The floor of every level.
    pub const FLOOR_DB: f32 = -120.0;
    /// Nothing heard yet.
    pub const SILENT: Self = Self {
        peak_db: Self::FLOOR_DB,
        rms_db: Self::FLOOR_DB,
        held_peak_db: Self::FLOOR_DB,
        clipped: false,
        silent_s: 0.0,
    };
}
