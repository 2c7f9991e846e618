//! What is known about the encoders of sound: their names, the bitrates and sample rates that they take.
//!
//! A table of facts about ffmpeg 4.4 to 8; a test holds it against the ffmpeg that is there.

use crate::media::{AudioCodec, Channels, Container};

/// The encoders of a sound codec, the best first.
pub(super) const fn audio_encoders(codec: AudioCodec) -> &'static [&'static str] {
    match codec {
        AudioCodec::Aac => &["aac", "libfdk_aac"],
        AudioCodec::Opus => &["libopus"],
        AudioCodec::Flac => &["flac"],
        AudioCodec::Mp3 => &["libmp3lame", "libshine"],
        AudioCodec::Pcm => &["pcm_s16le"],
        AudioCodec::Vorbis => &["libvorbis"],
    }
}

/// Bitrates that a sound codec takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundBitrates {
    /// It keeps every sample and has none to choose.
    Lossless,
    /// Anything from the least to the most, in kbit/s.
    Range {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// One of these, in kbit/s, from small to large.
    Steps(&'static [u32]),
}

impl SoundBitrates {
    /// The bitrate nearest to the wish that can be had; of two equally near ones the larger.
    pub fn nearest(self, kbps: u32) -> u32 {
        match self {
            Self::Lossless => kbps,
            Self::Range { least, most } => kbps.clamp(least, most),
            Self::Steps(steps) => steps.iter().rev().copied().min_by_key(|step| step.abs_diff(kbps)).unwrap_or(kbps),
        }
    }
}

const MP3_STEPS: &[u32] = &[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// MPEG-2's extension to lower sample rates …
const MP3_LOW_STEPS: &[u32] = &[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// … and MPEG-2.5's.
const MP3_LOWEST_STEPS: &[u32] = &[8, 16, 24, 32, 40, 48, 56, 64];

/// The bitrates that `codec` takes at this sample rate. Beyond them libopus and libvorbis refuse to begin; aac and lame
/// record another bitrate without a word.
pub fn sound_bitrates(codec: AudioCodec, sample_rate: u32, channels: Channels) -> SoundBitrates {
    let count = u32::from(channels.count());
    match codec {
        AudioCodec::Flac | AudioCodec::Pcm => SoundBitrates::Lossless,
        // At most 6144 bits for each channel's 1024 samples; with less than 8 kbit/s a channel nothing is left of a voice.
        AudioCodec::Aac => SoundBitrates::Range { least: 8 * count, most: 6 * sample_rate * count / 1000 },
        AudioCodec::Opus => SoundBitrates::Range { least: 6, most: (256 * count).min(510) },
        AudioCodec::Mp3 => SoundBitrates::Steps(match sample_rate {
            0..=12_000 => MP3_LOWEST_STEPS,
            12_001..=24_000 => MP3_LOW_STEPS,
            _ => MP3_STEPS,
        }),
        AudioCodec::Vorbis => vorbis(sample_rate, channels),
    }
}

/// libvorbis has a table for each sample rate, one for two channels that share what they have in common and one for a
/// channel alone.
const fn vorbis(sample_rate: u32, channels: Channels) -> SoundBitrates {
    let (stereo, mono) = match sample_rate {
        0..=8_999 => ((12, 64), (8, 42)),
        9_000..=14_999 => ((16, 88), (12, 50)),
        15_000..=18_999 => ((24, 172), (16, 90)),
        19_000..=25_999 => ((30, 172), (16, 90)),
        26_000..=39_999 => ((36, 380), (30, 190)),
        _ => ((45, 500), (32, 240)),
    };
    let (least, most) = match channels {
        Channels::Stereo => stereo,
        Channels::Mono => mono,
    };
    SoundBitrates::Range { least, most }
}

/// Sample rates worth offering, from small to large.
pub const USUAL_SAMPLE_RATES: [u32; 13] =
    [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/// Whether a sound codec takes so many samples a second, in this container.
pub fn takes_sample_rate(codec: AudioCodec, container: Option<Container>, rate: u32) -> bool {
    match codec {
        // Flash knows three rates of MP3 and refuses to begin with another.
        AudioCodec::Mp3 if container == Some(Container::Flv) => matches!(rate, 11_025 | 22_050 | 44_100),
        AudioCodec::Aac => {
            matches!(rate, 8_000 | 11_025 | 12_000 | 16_000 | 22_050 | 24_000 | 32_000)
                || matches!(rate, 44_100 | 48_000 | 64_000 | 88_200 | 96_000)
        }
        AudioCodec::Opus => matches!(rate, 8_000 | 12_000 | 16_000 | 24_000 | 48_000),
        AudioCodec::Mp3 => {
            matches!(rate, 8_000 | 11_025 | 12_000 | 16_000 | 22_050 | 24_000 | 32_000 | 44_100 | 48_000)
        }
        // libvorbis goes on to 200 kHz, but beyond 50 kHz it takes no bitrate.
        AudioCodec::Vorbis => (8_000..=48_000).contains(&rate),
        AudioCodec::Flac | AudioCodec::Pcm => (8_000..=192_000).contains(&rate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_bitrate_is_one_that_can_be_had() {
        let mp3 = |rate| sound_bitrates(AudioCodec::Mp3, rate, Channels::Stereo);
        let aac = |rate, channels| sound_bitrates(AudioCodec::Aac, rate, channels);
        for (bitrates, wish, expected) in [
            (mp3(48_000), 160, 160),
            (mp3(48_000), 150, 160),
            (mp3(48_000), 8, 32),
            (mp3(48_000), 400, 320),
            (mp3(24_000), 320, 160),
            (mp3(8_000), 160, 64),
            (aac(48_000, Channels::Stereo), 700, 576),
            (aac(48_000, Channels::Mono), 320, 288),
            (aac(8_000, Channels::Stereo), 160, 96),
            (sound_bitrates(AudioCodec::Opus, 48_000, Channels::Mono), 300, 256),
            (sound_bitrates(AudioCodec::Opus, 48_000, Channels::Stereo), 600, 510),
            (sound_bitrates(AudioCodec::Vorbis, 48_000, Channels::Stereo), 32, 45),
            (sound_bitrates(AudioCodec::Flac, 48_000, Channels::Stereo), 160, 160),
        ] {
            assert_eq!(bitrates.nearest(wish), expected, "{bitrates:?} {wish}");
        }
    }

    #[test]
    fn every_codec_takes_a_rate_that_is_offered() {
        for codec in AudioCodec::ALL {
            let taken = USUAL_SAMPLE_RATES.iter().filter(|rate| takes_sample_rate(*codec, None, **rate)).count();
            assert!(taken >= 5, "{codec}: {taken}");
        }
        assert!(!takes_sample_rate(AudioCodec::Mp3, Some(Container::Flv), 48_000));
    }
}
