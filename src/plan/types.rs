//! What was resolved.

use std::path::PathBuf;
use std::time::Duration;

use crate::audio::Strip;
use crate::capture::CaptureRequest;
use crate::imaging::Mirror;
use crate::media::{AudioCodec, Channels, CompressedFormat, Container, FrameRate, FrameTiming, Resolution, VideoCodec};

/// Everything a recording needs to know, resolved against this machine. Never changed, never stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Picture; `None` records sound only.
    pub video: Option<VideoPlan>,
    /// Sound; empty records a silent film.
    pub audio: Vec<Strip>,
    /// How sound is encoded.
    pub audio_encode: AudioEncode,
    /// The file, or the series of files; `None` when nothing is kept here.
    pub file: Option<FilePlan>,
    /// An address or device that the encoder writes to itself, instead of a file.
    pub address: Option<AddressPlan>,
    /// Which engine writes.
    pub engine: EnginePlan,
    /// A file of subtitles that goes into the recording.
    pub subtitles: Option<PathBuf>,
    /// The user's own ffmpeg options in their places: after the program's name, before our input, further
    /// inputs, for the output.
    pub extra: Extra,
    /// Stop by itself after this much recorded time.
    pub duration: Option<Duration>,
}

/// The user's own ffmpeg parameters, unchanged and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// Right after the program's name.
    pub pre_headers: Vec<String>,
    /// Before our own input.
    pub before_input: Vec<String>,
    /// Further inputs with their options.
    pub inputs: Vec<String>,
    /// For the encoder's output.
    pub output: Vec<String>,
}

/// The picture's size in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeChoice {
    /// As the source is when recording begins, padded to even sides.
    Source,
    /// Scaled into this, aspect kept.
    Fixed(Resolution),
}

/// What the encoder aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateControl {
    /// Constant quality on the encoder's own scale.
    Quality(u32),
    /// Constant bitrate in kbit/s.
    ConstantKbps(u32),
    /// Average bitrate in kbit/s.
    AverageKbps(u32),
    /// Every bit of the picture.
    Lossless,
}

/// Picture: from where, how often, how encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoPlan {
    /// The source, opened when the plan starts (or already open for the preview).
    pub request: CaptureRequest,
    /// Codec.
    pub codec: VideoCodec,
    /// ffmpeg's encoder; `copy` where pictures are recorded as they come.
    pub encoder: String,
    /// The camera's own encoding that is recorded as it comes; all about size, quality and pixels below then means nothing.
    pub copied: Option<CompressedFormat>,
    /// Size in the file.
    pub size: SizeChoice,
    /// Frame rate.
    pub rate: FrameRate,
    /// Constant or variable.
    pub timing: FrameTiming,
    /// What the encoder aims at.
    pub rate_control: RateControl,
    /// The encoder's preset, if it has one.
    pub preset: Option<String>,
    /// Seconds between keyframes.
    pub keyframe_interval_s: f64,
    /// Pixels in the file, ffmpeg's name.
    pub pixel_format: String,
    /// Whether the recording shows the source as in a mirror.
    pub mirror: Mirror,
}

/// How sound is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioEncode {
    /// Codec.
    pub codec: AudioCodec,
    /// ffmpeg's encoder.
    pub encoder: String,
    /// Bitrate of a lossy codec in kbit/s.
    pub bitrate_kbps: u32,
    /// Samples per second in the file.
    pub sample_rate: u32,
    /// Channels of each track in the file.
    pub channels: Channels,
}

/// Which engine writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EnginePlan {
    /// Compression mode.
    #[default]
    Ffmpeg,
    /// Non-compression mode: a child of its own writes the file from raw pictures.
    OpenCv {
        /// The child.
        program: PathBuf,
        /// The codec's four letters.
        fourcc: String,
        /// The writer behind it, `auto` for any.
        backend: String,
        /// Colour, or gray alone.
        colour: ColourChoice,
    },
}

/// What of a picture is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourChoice {
    /// Its colours.
    #[default]
    Colour,
    /// Its brightness alone.
    Gray,
}

/// How a file comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum FileWay {
    /// From encoded packets, safe against crashes at every moment.
    #[default]
    Packets,
    /// The encoder writes one file itself.
    Single,
    /// It writes one file a picture; the path holds the number's place.
    Images,
    /// It begins a new file every so many seconds; the path holds the number's place.
    Segments {
        /// Seconds of each, at least; a cut lies on a keyframe.
        seconds: f64,
    },
    /// It writes a list and its pieces beside it.
    Playlist,
}

/// What is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// A server, or whoever listens.
    Network,
    /// A virtual camera.
    Device,
}

/// An address or device that the encoder writes to itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPlan {
    /// As ffmpeg takes it.
    pub url: String,
    /// What it is.
    pub kind: AddressKind,
    /// ffmpeg's muxer.
    pub muxer: String,
    /// Files that it writes besides, of a `tee:`.
    pub files: Vec<PathBuf>,
    /// What happens when one of them exists; `Rename` refuses as well.
    pub on_existing: OnExisting,
}

/// Where the file goes.
#[derive(Clone, Debug, PartialEq)]
pub struct FilePlan {
    /// The wished path. Unless `overwrite`, a name already taken is never touched.
    pub path: PathBuf,
    /// The container.
    pub container: Container,
    /// How it comes about.
    pub way: FileWay,
    /// What happens when the path exists.
    pub on_existing: OnExisting,
}

/// What happens when the wished file exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExisting {
    /// Refuse to start.
    Refuse,
    /// Take the next free name: `take (2).mp4`; numbered files count on after the highest number there is.
    Rename,
    /// Replace it once the new file is complete and verified, not before.
    Replace,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It will work, but not quite as wished.
    Warning,
    /// It cannot start.
    Error,
}

/// What stands in the way, at the field where it can be mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The profile's key, dotted: `video.encoder`.
    pub field: String,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, one sentence.
    pub what: String,
    /// What to do about it, one sentence.
    pub help: String,
    /// The value that would mend it, if one would.
    pub fix: Option<Fix>,
}

/// A change that mends a problem: set this key to this value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the button says.
    pub label: String,
    /// The dotted key.
    pub key: String,
    /// Its new value, as one would write it after `--set KEY=`.
    pub value: String,
}
