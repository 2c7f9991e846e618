//! What is heard in a file, track by track.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "some seconds of sound fit in a double, and none is before the beginning"
)]

use std::path::Path;

use super::judge::{probe, tool};

/// Samples a second of everything that is decoded here.
pub(crate) const RATE: usize = 48_000;

/// A track of a file, decoded.
pub(crate) struct Track {
    pub(crate) left: Vec<f32>,
}

impl Track {
    /// Track `number` of the file's sound, from 0.
    pub(crate) fn open(path: &Path, number: usize) -> Self {
        let (map, rate) = (format!("0:a:{number}"), RATE.to_string());
        let args = ["-v", "error", "-i", path.to_str().unwrap(), "-map", &map, "-af", "pan=mono|c0=c0", "-ar", &rate];
        Self { left: samples(&args) }
    }

    /// How long it is.
    pub(crate) fn seconds(&self) -> f64 {
        self.left.len() as f64 / RATE as f64
    }

    /// The left side between these seconds.
    pub(crate) fn between(&self, from_s: f64, to_s: f64) -> &[f32] {
        let at = |seconds: f64| ((seconds * RATE as f64) as usize).min(self.left.len());
        &self.left[at(from_s)..at(to_s)]
    }

    /// When it is first louder than this, in seconds.
    pub(crate) fn begins_s(&self, amplitude: f32) -> f64 {
        let first = self.left.iter().position(|sample| sample.abs() > amplitude).expect("something is heard");
        first as f64 / RATE as f64
    }

    /// When it is louder than this for the first time after so many seconds of less, which the recording's beginning is
    /// not taken for.
    pub(crate) fn begins_after_quiet_s(&self, amplitude: f32, quiet_s: f64) -> f64 {
        let mut quiet = 0_usize;
        for (index, sample) in self.left.iter().enumerate() {
            if sample.abs() <= amplitude {
                quiet += 1;
            } else if quiet as f64 >= quiet_s * RATE as f64 {
                return index as f64 / RATE as f64;
            } else {
                quiet = 0;
            }
        }
        panic!("nothing is heard after quiet");
    }
}

/// The amplitude of one pitch in some samples (Goertzel).
pub(crate) fn amplitude(samples: &[f32], hertz: f64) -> f64 {
    let step = std::f64::consts::TAU * hertz / RATE as f64;
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let angle = step * index as f64;
        sine += f64::from(*sample) * angle.sin();
        cosine += f64::from(*sample) * angle.cos();
    }
    2.0 * sine.hypot(cosine) / samples.len() as f64
}

/// What ffprobe tells of each track of sound, as `codec,rate,channels`.
pub(crate) fn tracks(path: &Path) -> Vec<String> {
    probe(path, &["-select_streams", "a", "-show_entries", "stream=codec_name,sample_rate,channels"])
}

/// The length that the file's header tells.
pub(crate) fn told_s(path: &Path) -> f64 {
    probe(path, &["-show_entries", "format=duration"])[0].parse().unwrap()
}

/// What the tracks of sound are called, as players read it.
pub(crate) fn titles(path: &Path) -> Vec<String> {
    probe(path, &["-select_streams", "a", "-show_entries", "stream_tags=handler_name,title"])
}

/// A track's first channel from the file's time zero on, holes as silence. (`-ac 1` of floats adds 3 dB.)
pub(crate) fn decoded(path: &Path, track: usize) -> Vec<f32> {
    let map = format!("0:a:{track}");
    let args = ["-v", "error", "-copyts", "-i", path.to_str().unwrap(), "-map", &map];
    samples(&[&args[..], &["-af", "aresample=48000:async=1:first_pts=0,pan=mono|c0=c0"]].concat())
}

/// What ffmpeg gives out for these arguments, as floats.
fn samples(args: &[&str]) -> Vec<f32> {
    let raw = tool("ffmpeg", &[args, &["-f", "f32le", "-"]].concat()).stdout;
    raw.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect()
}
