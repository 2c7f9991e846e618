//! What was found on this machine, as plain data: whoever resolves a profile gathers it first.

use std::path::PathBuf;
use std::time::Duration;

use super::OnExisting;
use crate::audio::AudioDevice;
use crate::capture::Listing;

/// Whether an encoder works on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Works {
    /// A trial encode went well.
    Yes,
    /// It failed.
    No {
        /// Why, in words.
        reason: String,
    },
    /// Not tried.
    Unknown,
}

/// One encoder of the found ffmpeg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderInfo {
    /// ffmpeg's name.
    pub name: String,
    /// The codec's name.
    pub codec: String,
    /// Whether it works here.
    pub works: Works,
}

/// What the found ffmpeg can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FfmpegSummary {
    /// Its version.
    pub version: String,
    /// Its encoders, of pictures and of sound.
    pub encoders: Vec<EncoderInfo>,
    /// Its muxers; empty means not asked.
    pub muxers: Vec<String>,
    /// The protocols it can write to; empty means not asked.
    pub protocols: Vec<String>,
    /// Whether its MP4 muxer can finish a crash-safe file in place.
    pub hybrid_mp4: bool,
}

/// Now, as it goes into file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NowName {
    /// `2026-11-23`
    pub date: String,
    /// `08-30-28`
    pub time: String,
}

/// Whether the devices have been looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Searched {
    /// Still looking: a missing device is no problem yet.
    #[default]
    NotYet,
    /// The lists are what there is.
    Done,
}

/// The folder the file would go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FolderFact {
    /// Not looked at.
    #[default]
    Unknown,
    /// There, and files can be made in it.
    Ready,
    /// Not there, but the folder it would stand in is, and can be written to.
    CanBeMade,
    /// Not there.
    Missing,
    /// Something else has its name.
    NotAFolder,
    /// There, but this user may not make files in it.
    NotWritable {
        /// What the system says.
        reason: String,
    },
}

/// What stands at the wished file's path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameFact {
    /// Nothing, or not looked at.
    #[default]
    Free,
    /// A file.
    Taken,
    /// A folder, or something odd.
    NotAFile,
    /// A character device, as cameras are.
    Device,
}

/// What the wished file of subtitles is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SubtitlesFact {
    /// Not looked at.
    #[default]
    Unknown,
    /// It holds subtitles.
    Ready,
    /// It is not there.
    Missing,
    /// It cannot be used.
    Unreadable {
        /// Why, in words.
        reason: String,
    },
}

/// What was found at [`super::wished_path`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputFacts {
    /// The folder.
    pub folder: FolderFact,
    /// Free space for this user.
    pub free_bytes: Option<u64>,
    /// The file's name.
    pub name: NameFact,
    /// What was found at [`super::wished_subtitles`].
    pub subtitles: SubtitlesFact,
}

/// What was found on this machine.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Sources.
    pub listing: Listing,
    /// Sound devices.
    pub audio: Vec<AudioDevice>,
    /// Whether `listing` and `audio` are in.
    pub searched: Searched,
    /// ffmpeg, if it was found.
    pub ffmpeg: Option<FfmpegSummary>,
    /// The program of non-compression mode, if it was found.
    pub opencv: Option<PathBuf>,
    /// The home folder; empty when unknown.
    pub home: PathBuf,
    /// Now.
    pub now_name: NowName,
    /// What is where the file would go.
    pub output: OutputFacts,
}

/// What happens when `default` or `system` sound is wished and the machine has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingSound {
    /// Record without it, with a warning: the wish came with the profile.
    #[default]
    Warn,
    /// Do not start: it was asked for by name.
    Refuse,
}

/// What belongs to one recording and not to a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// What happens when the file exists.
    pub on_existing: OnExisting,
    /// Stop by itself after this much recorded time.
    pub duration: Option<Duration>,
    /// What happens when there is no sound input.
    pub missing_sound: MissingSound,
}

impl Default for Run {
    /// As the window records: never over another file, until told to stop.
    fn default() -> Self {
        Self { on_existing: OnExisting::Rename, duration: None, missing_sound: MissingSound::Warn }
    }
}
