//! What can go wrong with a `WriteGear`, each with its cause and what is safe.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::feed::FeedError;
use super::frame::FrameError;
use super::params::ParamError;
use super::pixels::PixelFormat;
use super::report::Report;
use crate::ffmpeg::{CapabilitiesError, Cause, FindError, ProcessError};
use crate::imaging::ImagingError;
use crate::media::Resolution;

/// Why a `WriteGear` did not open, did not take a frame, or did not end well. Cheap to clone.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GearError {
    /// The output is an empty text.
    #[error("no output is given: name a file, a folder, an address or a device")]
    NoOutput,
    /// The output is this program's standard output, which carries ffmpeg's progress.
    #[error("the output cannot be standard output: take the encoded packets with open_packets(), or name a file")]
    StandardOutput,
    /// The path is neither a file nor a device that takes pictures.
    #[error("{} is neither a file nor a character device", .0.display())]
    NotAFile(PathBuf),
    /// The folder is not there.
    #[error("the folder {} does not exist; make it first", .0.display())]
    NoFolder(PathBuf),
    /// A path below `/dev` at which there is no device.
    #[error("there is no device {}", .0.display())]
    NoSuchDevice(PathBuf),
    /// The file's ending names no container.
    #[error("'{ending}' names no container that ffmpeg writes ({}); use a usual ending, or say the muxer with -f", path.display())]
    UnknownEnding {
        /// The file.
        path: PathBuf,
        /// Its ending, without the dot.
        ending: String,
    },
    /// This ffmpeg cannot write that container.
    #[error("this ffmpeg cannot write the container '{muxer}'")]
    UnknownMuxer {
        /// ffmpeg's name of it.
        muxer: String,
    },
    /// This ffmpeg cannot write to such an address.
    #[error("this ffmpeg cannot write to '{scheme}://'; it knows: {known}")]
    UnknownScheme {
        /// The address's scheme.
        scheme: String,
        /// What it knows.
        known: String,
    },
    /// A file has that name already. It is as it was.
    #[error("{} exists already and was left as it is; choose another name, or say that it may be replaced", .0.display())]
    Taken(PathBuf),
    /// What another run was writing under that name lies there still: it runs, or it was cut off.
    #[error("{} lies there: another recording writes it, or one was cut off; it plays as it is, so rename or remove it first", .0.display())]
    Unfinished(PathBuf),
    /// Packets that nobody took: they are lost.
    #[error("{lost} encoded packets were not taken before the end and are lost")]
    PacketsLeft {
        /// How many.
        lost: u64,
        /// What there is.
        report: Box<Report>,
    },
    /// The system does not let the file be made.
    #[error("{} cannot be written: {source}", path.display())]
    CannotWrite {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A parameter's value.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// There is no ffmpeg, or not the one that was named. Non-compression mode works without it: `Mode::NonCompression`.
    #[error("{0}; without ffmpeg there is still non-compression mode (OpenCV)")]
    NoFfmpeg(Arc<FindError>),
    /// There is no ffmpeg, and it could not be fetched.
    #[error("{0}")]
    Download(String),
    /// ffmpeg does not say what it can do.
    #[error(transparent)]
    Capabilities(Arc<CapabilitiesError>),
    /// The wanted encoder is not there or does not work here, or none of the default ones is.
    #[error("the encoder '{wanted}' cannot be used: {reason}")]
    NoEncoder {
        /// The wish.
        wanted: String,
        /// Why, in plain words.
        reason: String,
    },
    /// A frame that is no picture.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame of another size than the first. What was written before is safe, and frames of the first size are
    /// still taken.
    #[error("a frame of {now} came after frames of {first}; all frames of a file have one size")]
    SizeChanged {
        /// The first frame's.
        first: Resolution,
        /// This one's.
        now: Resolution,
    },
    /// A frame of another format than the first. What was written before is safe.
    #[error("a frame in {now} came after frames in {first}; all frames of a file have one format")]
    FormatChanged {
        /// The first frame's.
        first: PixelFormat,
        /// This one's.
        now: PixelFormat,
    },
    /// The bytes of a frame cannot be what `-input_pixfmt` says they are.
    #[error("a {held} frame of {size} cannot be taken as {wanted}")]
    NotRelabelled {
        /// The frame's format.
        held: PixelFormat,
        /// The format it should be taken as.
        wanted: PixelFormat,
        /// The frame's size.
        size: Resolution,
    },
    /// A time stamp that is not later than the one before.
    #[error("a frame at {now_ms} ms came after one at {last_ms} ms; time stamps must grow")]
    TimeNotIncreasing {
        /// The last one, in milliseconds.
        last_ms: u64,
        /// This one.
        now_ms: u64,
    },
    /// Frames with and without time stamps in one file.
    #[error("frames with and without time stamps cannot be mixed: use write() or write_at() for all of them")]
    MixedTiming,
    /// Time stamps with a format that reaches ffmpeg without any.
    #[error("{0} frames reach ffmpeg without time stamps: write them with write(), or in another format")]
    NoTimeStamps(PixelFormat),
    /// Time stamps in non-compression mode, which has none.
    #[error("non-compression mode has no time stamps: write frames at one rate with write()")]
    NoTime,
    /// A format that OpenCV is not given.
    #[error("{0} frames cannot be written in non-compression mode; convert them to bgr24")]
    NoOpenCvFormat(PixelFormat),
    /// It is closed.
    #[error("it is closed; open a new one")]
    Closed,
    /// ffmpeg could not be started.
    #[error(transparent)]
    Launch(Arc<ProcessError>),
    /// Its input or output could not be set up.
    #[error("ffmpeg could not be started: {0}")]
    NoStart(Arc<io::Error>),
    /// A frame could not be converted; the file is as it was.
    #[error(transparent)]
    Imaging(#[from] ImagingError),
    /// ffmpeg has ended by itself, as its options say (`-t`, `-frames:v`): frames from here on have no place.
    #[error("ffmpeg took as much as its options say and has ended")]
    Enough,
    /// ffmpeg took nothing for so long; it was ended. What was written is kept.
    #[error("ffmpeg took no frame for {seconds} s: the server does not answer, or the disk hangs")]
    Stalled {
        /// How long.
        seconds: u64,
        /// What there is.
        report: Box<Report>,
    },
    /// ffmpeg ended early or badly. What was written is kept.
    #[error("ffmpeg failed: {}", cause.what())]
    Died {
        /// Why, as far as its words tell; its `help()` says what to do.
        cause: Cause,
        /// What there is, with ffmpeg's last words and its exit code.
        report: Box<Report>,
    },
    /// Non-compression mode.
    #[error("OpenCV: {0}")]
    OpenCv(String),
}

impl GearError {
    pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Self {
        let copy = error
            .raw_os_error()
            .map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error);
        Self::CannotWrite { path: path.to_owned(), source: Arc::new(copy) }
    }

    pub(super) fn no_start(error: io::Error) -> Self {
        Self::NoStart(Arc::new(error))
    }

    /// What was written all the same, for the errors that leave something.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Stalled { report, .. } | Self::Died { report, .. } | Self::PacketsLeft { report, .. } => Some(report),
            _ => None,
        }
    }
}

impl From<FeedError> for GearError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Io(error) => Self::no_start(error),
            FeedError::Imaging(error) => Self::Imaging(error),
        }
    }
}

impl From<ProcessError> for GearError {
    fn from(error: ProcessError) -> Self {
        Self::Launch(Arc::new(error))
    }
}

impl From<FindError> for GearError {
    fn from(error: FindError) -> Self {
        Self::NoFfmpeg(Arc::new(error))
    }
}

impl From<CapabilitiesError> for GearError {
    fn from(error: CapabilitiesError) -> Self {
        Self::Capabilities(Arc::new(error))
    }
}
