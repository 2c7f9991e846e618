//! The profile's keys. Names and defaults are a contract with users' files: see the README's table.

use serde::{Deserialize, Serialize};

use super::Controls;

/// The version of the format that this program writes.
pub const CURRENT_VERSION: u32 = 1;

/// One named set of wishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Format version.
    pub version: u32,
    /// The name people see.
    pub name: String,
    /// What is recorded.
    pub source: Source,
    /// How pictures are encoded.
    pub video: Video,
    /// What is heard and how sound is encoded.
    pub audio: Audio,
    /// Where it goes.
    pub output: Output,
    /// Live streams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Stream>,
    /// Non-compression mode.
    pub opencv: OpenCv,
    /// Any ffmpeg parameter.
    pub advanced: Advanced,
    /// Keys this version does not know; kept as they are.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            version: CURRENT_VERSION,
            name: "Recording".to_owned(),
            source: Source::default(),
            video: Video::default(),
            audio: Audio::default(),
            output: Output::default(),
            streams: Vec::new(),
            opencv: OpenCv::default(),
            advanced: Advanced::default(),
            unknown: toml::Table::new(),
        }
    }
}

/// The kinds of picture sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// Sound only.
    None,
    /// The built-in test pattern.
    Test,
    /// A monitor, or the whole desktop.
    #[default]
    Screen,
    /// One window.
    Window,
    /// A rectangle of the desktop.
    Region,
    /// A webcam.
    Camera,
}

/// What of a camera is shown as in a mirror.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", from = "MirrorWord")]
pub enum MirrorChoice {
    /// Nothing.
    #[default]
    Off,
    /// The preview; also written `true`.
    Preview,
    /// The preview and the recording.
    Both,
}

/// How it may be written.
#[derive(Deserialize)]
#[serde(untagged)]
enum MirrorWord {
    Flag(bool),
    Word(MirrorName),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum MirrorName {
    Off,
    Preview,
    Both,
}

impl From<MirrorWord> for MirrorChoice {
    fn from(word: MirrorWord) -> Self {
        match word {
            MirrorWord::Flag(false) | MirrorWord::Word(MirrorName::Off) => Self::Off,
            MirrorWord::Flag(true) | MirrorWord::Word(MirrorName::Preview) => Self::Preview,
            MirrorWord::Word(MirrorName::Both) => Self::Both,
        }
    }
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// Which kind.
    pub kind: SourceKind,
    /// Stable id of the screen, window or camera; empty takes the first or primary one.
    pub id: String,
    /// `WxH+X+Y` for a region.
    pub region: String,
    /// `1280x720@30 mjpeg` for a camera; empty picks one.
    pub mode: String,
    /// Draw the mouse pointer.
    pub show_cursor: bool,
    /// What of a camera is shown as in a mirror.
    pub mirror: MirrorChoice,
    /// What a camera's controls are set to; controls that are not named are left as they are.
    #[serde(skip_serializing_if = "Controls::is_empty")]
    pub controls: Controls,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            kind: SourceKind::default(),
            id: String::new(),
            region: String::new(),
            mode: String::new(),
            show_cursor: true,
            mirror: MirrorChoice::default(),
            controls: Controls::default(),
            unknown: toml::Table::new(),
        }
    }
}

/// Whether frames keep an even rhythm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameTimingChoice {
    /// Constant frame rate.
    #[default]
    Cfr,
    /// Variable: an unchanged screen costs nothing.
    Vfr,
}

/// What the encoder aims at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RateControl {
    /// Constant quality.
    #[default]
    Crf,
    /// Constant bitrate.
    Cbr,
    /// Average bitrate.
    Vbr,
    /// Every bit of the picture.
    Lossless,
}

/// How pictures are encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Video {
    /// `h264`, `hevc`, `av1`, `vp9`, `vp8`, `mpeg4`, `mjpeg`, `prores`, `ffv1`, `utvideo`, `huffyuv`, or `auto`.
    pub codec: String,
    /// `auto` or an ffmpeg encoder's name.
    pub encoder: String,
    /// `source` or `1280x720`.
    pub size: String,
    /// `30` or `30000/1001`.
    pub fps: String,
    /// Constant or variable frame rate.
    pub frame_timing: FrameTimingChoice,
    /// What the encoder aims at.
    pub rate_control: RateControl,
    /// Quality for `crf`: lower is better, 0…63 depending on the encoder.
    pub crf: u32,
    /// Bitrate for `cbr` and `vbr`.
    pub bitrate_kbps: u32,
    /// The encoder's speed preset; empty leaves its own default.
    pub preset: String,
    /// Seconds between keyframes.
    pub keyframe_interval_s: f64,
    /// Pixels in the file.
    pub pixel_format: String,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

impl Default for Video {
    fn default() -> Self {
        Self {
            codec: "h264".to_owned(),
            encoder: "auto".to_owned(),
            size: "source".to_owned(),
            fps: "30".to_owned(),
            frame_timing: FrameTimingChoice::default(),
            rate_control: RateControl::default(),
            crf: 23,
            bitrate_kbps: 6000,
            // 19 frames of look-ahead at "veryfast" are 0.63 s at 30 fps, 12 at "superfast" 0.4 s: what a kill loses.
            preset: "superfast".to_owned(),
            keyframe_interval_s: 2.0,
            pixel_format: "yuv420p".to_owned(),
            unknown: toml::Table::new(),
        }
    }
}

/// How many channels each track of sound has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelsChoice {
    /// Left and right.
    #[default]
    Stereo,
    /// One: half the file for a voice.
    Mono,
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audio {
    /// `aac`, `opus`, `flac`, `mp3`, `pcm`, `vorbis`, or `auto`.
    pub codec: String,
    /// Bitrate of a lossy codec.
    pub bitrate_kbps: u32,
    /// Samples per second in the file.
    pub sample_rate: u32,
    /// Channels of each track.
    pub channels: ChannelsChoice,
    /// The inputs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<AudioInput>,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

impl Default for Audio {
    fn default() -> Self {
        Self {
            codec: "aac".to_owned(),
            bitrate_kbps: 160,
            sample_rate: 48_000,
            channels: ChannelsChoice::default(),
            inputs: Vec::new(),
            unknown: toml::Table::new(),
        }
    }
}

/// One microphone or system sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioInput {
    /// `default`, `system`, `test`, a device's id or a part of its name.
    pub device: String,
    /// Gain in dB.
    pub gain_db: f64,
    /// Recorded as silence.
    pub muted: bool,
    /// The file's track, from 1.
    pub track: u32,
    /// Positive: the sound is moved later.
    pub offset_ms: f64,
    /// Follow the system's default device when it changes.
    pub follow_default: bool,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

impl Default for AudioInput {
    fn default() -> Self {
        Self {
            device: "default".to_owned(),
            gain_db: 0.0,
            muted: false,
            track: 1,
            offset_ms: 0.0,
            follow_default: true,
            unknown: toml::Table::new(),
        }
    }
}

/// Which engine writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Compression mode.
    #[default]
    Ffmpeg,
    /// Non-compression mode.
    Opencv,
}

/// Where the recording goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Output {
    /// Which engine writes.
    pub engine: Engine,
    /// The folder; `~` is the home folder.
    pub folder: String,
    /// Name without extension; `{date}`, `{time}`, `{profile}` and `{source}` are filled in.
    pub file_name: String,
    /// `mp4`, `mkv`, `webm`, `mov`, `avi`, `ts`, `flv`; sound alone: `m4a`, `ogg`, `opus`, `flac`, `wav`, `mp3`, `mka`;
    /// `gif`; one file a picture: `png`, `jpg`, `bmp`, `tiff`, `webp`
    /// (the name then holds the number's place: `shot-%05d`); `m3u8` (HLS), `mpd` (DASH). A place for a number in the
    /// name of a film (`part%03d`) cuts it into files of a minute, or of `-segment_time` in `advanced.output`.
    pub container: String,
    /// An address (`rtmp://…`, `srt://…`, `udp://…`) or a device (`/dev/video9`) that ffmpeg writes to itself, instead
    /// of a file; never with a key in it.
    pub address: String,
    /// A subtitles file to multiplex.
    pub subtitles: String,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            folder: "~/Videos".to_owned(),
            file_name: "{date} {time}".to_owned(),
            container: "mp4".to_owned(),
            address: String::new(),
            subtitles: String::new(),
            unknown: toml::Table::new(),
        }
    }
}

/// One live stream; its key lives elsewhere under `id`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stream {
    /// Random; the key is kept under it.
    pub id: String,
    /// A service's name or `custom`.
    pub service: String,
    /// `auto` or a URL.
    pub server: String,
    /// Sent when live.
    pub enabled: bool,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

/// Non-compression mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenCv {
    /// Four characters.
    pub fourcc: String,
    /// `auto` or a backend's name.
    pub backend: String,
    /// Colour or gray.
    pub color: bool,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}

impl Default for OpenCv {
    fn default() -> Self {
        Self { fourcc: "MJPG".to_owned(), backend: "auto".to_owned(), color: true, unknown: toml::Table::new() }
    }
}

/// Any ffmpeg parameter, in order, never reordered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Advanced {
    /// Right after the program's name.
    pub pre_headers: Vec<String>,
    /// Before our own input.
    pub before_input: Vec<String>,
    /// Further inputs with their options.
    pub inputs: Vec<String>,
    /// For the output.
    pub output: Vec<String>,
    /// A command of its own.
    pub custom: Vec<String>,
    /// Keys this version does not know.
    #[serde(flatten)]
    pub unknown: toml::Table,
}
