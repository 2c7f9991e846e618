//! What an engine is asked to encode.

use std::ffi::OsString;

use crate::ffmpeg::Input;
use crate::media::{
    Channels, Colour, CompressedFormat, FrameRate, FrameTiming, PixelFormat, Resolution, SoundTracks, TimeBase,
    TrackHeader,
};
use crate::nut;

/// What the pictures are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures {
    /// Pixels, tightly packed.
    Raw(PixelFormat),
    /// Pictures that come encoded: ffmpeg copies them.
    Coded(CompressedFormat),
}

/// The pictures that will be written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoInput {
    /// What they are made of.
    pub pictures: Pictures,
    /// Their size; the same for every picture.
    pub size: Resolution,
    /// What their numbers mean; becomes the file's tags.
    pub colour: Colour,
    /// Frames per second of the recording.
    pub rate: FrameRate,
    /// Even ticks, or the captures' own rhythm.
    pub timing: FrameTiming,
}

impl VideoInput {
    /// The unit of a picture's time stamp: one tick of the rate, or when timing is variable a millisecond, and
    /// [`CODED_TIME_BASE`] for pictures that come encoded.
    pub fn time_base(&self) -> TimeBase {
        match (self.timing, self.pictures) {
            (FrameTiming::Constant, _) => TimeBase { num: self.rate.den(), den: self.rate.num() },
            (FrameTiming::Variable, Pictures::Raw(_)) => TimeBase { num: 1, den: 1000 },
            (FrameTiming::Variable, Pictures::Coded(_)) => CODED_TIME_BASE,
        }
    }

    /// Its track in the stream into ffmpeg; `parameters` belong to pictures that come encoded.
    pub(super) fn track(&self, parameters: &[u8]) -> TrackHeader {
        let (size, base, rate) = (self.size, self.time_base(), Some(self.rate));
        match self.pictures {
            Pictures::Raw(pixels) => nut::raw_video(pixels, size, base, rate),
            Pictures::Coded(format) => nut::coded_video(format, size, base, rate, parameters),
        }
    }
}

/// The finest unit that every container keeps without a word of warning: 24, 25, 29.97, 30, 50, 59.94 and 60 pictures a
/// second are whole numbers of it, and a hole of nine hours fits into MP4's 32 bits. With nanoseconds one of 2.1 s does not;
/// above 65 535 `QuickTime`'s muxer warns.
const CODED_TIME_BASE: TimeBase = TimeBase { num: 1, den: 60_000 };

/// One line of sound that will be written, as interleaved 32-bit floats. Each becomes a track of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioInput {
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
}

/// ffmpeg's own words for the encode, in the order they are given; nothing is reordered or dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Right after the program's name.
    pub pre_headers: Vec<String>,
    /// Before our own input.
    pub before_input: Vec<String>,
    /// Filters that give the pictures their size; before the user's own ones.
    pub fit: Vec<String>,
    /// Filters that come last: a palette, a conversion.
    pub finish: Vec<String>,
    /// The video encoder and its options, each name with its value.
    pub video: Vec<(String, String)>,
    /// The sound encoder and its options.
    pub audio: Vec<(String, String)>,
    /// How many tracks of sound the output holds: where it is one, all sounds are mixed into it.
    pub sound_tracks: SoundTracks,
    /// Channels of each track; `None` leaves our lines as they are. What the user maps by hand keeps its own.
    pub sound_channels: Option<Channels>,
    /// The user's own, last, so that they win.
    pub output: Vec<String>,
}

/// A further input that ffmpeg opens itself, beside our own. It is number 1, 2 … in the user's maps and filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FurtherInput {
    /// What it is, with its options.
    pub input: Input,
    /// Its streams of sound, each by the number of its channels. Each becomes a track, as long as our own stream,
    /// whatever its own length; one that the user's words speak of (`1:a`) is left to them.
    pub sounds: Vec<u32>,
}

/// Where ffmpeg's product goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// Back to us, as encoded packets.
    #[default]
    Packets,
    /// Where ffmpeg writes it itself.
    Direct(DirectOutput),
}

/// An output that ffmpeg writes itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectOutput {
    /// The muxer and its options; the user's own come after them and win.
    pub options: Vec<(String, String)>,
    /// A path, a pattern, an address, a device.
    pub url: OsString,
}

/// Samples a second of the silent line that gives further inputs' sound its length …
const CLOCK_RATE: u32 = 48_000;
/// … and its channels.
const CLOCK_CHANNELS: u16 = 2;

/// Everything an engine needs to know before its first frame.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineSpec {
    /// The pictures; `None` for sound only.
    pub video: Option<VideoInput>,
    /// The lines of sound.
    pub audio: Vec<AudioInput>,
    /// Further inputs of ffmpeg's.
    pub further: Vec<FurtherInput>,
    /// How to encode them.
    pub options: EncodeOptions,
    /// Where to.
    pub destination: Destination,
}

impl EncodeOptions {
    /// Whether the user's own words for the output hold this one anywhere.
    fn speaks_of(&self, word: &str) -> bool {
        self.output.iter().any(|own| own.contains(word))
    }
}

impl EngineSpec {
    /// The streams of sound of further inputs that become tracks: number of the input, number of its sound.
    pub fn further_sounds(&self) -> Vec<(usize, usize)> {
        let numbered = self.further.iter().zip(1_usize..);
        let free = numbered.filter(|(_, number)| !self.options.speaks_of(&format!("{number}:a")));
        free.flat_map(|(input, number)| (0..input.sounds.len()).map(move |sound| (number, sound))).collect()
    }

    /// The silent line to be written after [`Self::audio`] where further inputs have sound: that sound ends with it,
    /// so that an endless input does not keep ffmpeg from ending and a short one is filled up with silence.
    pub fn clock_line(&self) -> Option<AudioInput> {
        let clock = AudioInput { sample_rate: CLOCK_RATE, channels: CLOCK_CHANNELS };
        (!self.further_sounds().is_empty()).then_some(clock)
    }

    /// The lines of sound that are written: our own and the silent one.
    pub fn lines(&self) -> Vec<AudioInput> {
        self.audio.iter().copied().chain(self.clock_line()).collect()
    }

    /// The tracks of the stream into ffmpeg: video first, then sound in order. `parameters` are what a decoder needs
    /// before the first picture that comes encoded.
    pub fn tracks(&self, parameters: &[u8]) -> Vec<TrackHeader> {
        let video = self.video.map(|video| video.track(parameters));
        let lines = self.lines();
        let audio = lines.iter().map(|audio| nut::pcm_f32(audio.sample_rate, audio.channels));
        video.into_iter().chain(audio).collect()
    }

    /// Encoded time stamps are moved later by this much inside the pipe and moved back when read: AAC begins
    /// 1024 samples before zero, and NUT cannot say "before zero". A whole number of frames, so that it is exact.
    pub fn pipe_offset_nanos(&self) -> i64 {
        self.video.map_or(1_000_000_000, |video| match video.timing {
            FrameTiming::Constant => video.rate.tick_nanos(u64::from(video.rate.num().div_ceil(video.rate.den()))),
            FrameTiming::Variable => 1_000_000_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_a_whole_number_of_frames_and_at_least_a_second() {
        for (num, den) in [(30, 1), (30_000, 1001), (25, 2), (60, 1), (1, 1), (7, 1)] {
            let rate = FrameRate::new(num, den).unwrap();
            let video = VideoInput {
                pictures: Pictures::Raw(PixelFormat::Nv12),
                size: Resolution::new(64, 48),
                colour: Colour::BT601,
                rate,
                timing: FrameTiming::Constant,
            };
            let spec = EngineSpec {
                video: Some(video),
                audio: vec![],
                further: vec![],
                options: EncodeOptions::default(),
                destination: Destination::Packets,
            };
            let offset = spec.pipe_offset_nanos();
            assert!(offset >= 999_999_999, "{rate}: {offset}");
            assert_eq!(rate.tick_nanos(rate.nearest_tick(offset)), offset, "{rate}");
        }
    }
}
