//! From every room's errors to the one failure that window and command line show.

use super::status::{Failure, FailureKind, FinishedReport};
use crate::capture::CaptureError;
use crate::fanout::{OutputError, SinkError};
use crate::ffmpeg::{Cause, FindError};
use crate::writegear::EngineError;

/// Why a recording ends early, before it is known what was saved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trouble {
    pub(super) kind: FailureKind,
    pub(super) what: String,
    pub(super) help: String,
    pub(super) details: Vec<String>,
}

impl Trouble {
    pub(super) fn new(kind: FailureKind, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, what: what.into(), help: help.into(), details: Vec::new() }
    }

    /// The child gave no sign of life for too long.
    pub(super) fn silent(place: Place) -> Self {
        if place == Place::Network {
            return Self::new(
                FailureKind::Stream,
                "The address does not answer, or takes nothing any more",
                "Check the address and that somebody listens there; a lower bitrate may help.",
            );
        }
        if place == Place::OpenCv {
            let help = "What it wrote before is kept. Try a smaller picture, a lower rate or another codec tag.";
            return Self::new(FailureKind::Encoder, "gearcast-opencv stopped answering and was ended", help);
        }
        Self::new(
            FailureKind::Encoder,
            "ffmpeg stopped answering and was ended",
            "Everything it gave out before is safe. Try a faster preset or another encoder.",
        )
    }

    /// A forced end.
    pub(super) fn forced() -> Self {
        Self::new(FailureKind::Forced, "The recording was ended by force", "What was on disk by then was kept.")
    }

    /// With what was saved.
    pub(super) fn into_failure(self, saved: Option<FinishedReport>) -> Failure {
        let Self { kind, what, help, details } = self;
        Failure { kind, what, help, details, saved }
    }
}

impl From<CaptureError> for Trouble {
    fn from(error: CaptureError) -> Self {
        Self::new(FailureKind::Capture, sentence(&error.to_string()), error.help())
    }
}

impl From<OutputError> for Trouble {
    fn from(error: OutputError) -> Self {
        Self::new(FailureKind::Output, sentence(&error.to_string()), error.help())
    }
}

impl From<FindError> for Trouble {
    fn from(error: FindError) -> Self {
        Self::new(FailureKind::Encoder, sentence(&error.to_string()), crate::ffmpeg::install_hint())
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        Self::of_engine(error, Place::Here)
    }
}

impl Trouble {
    /// What an engine that writes to this place says.
    pub(super) fn of_engine(error: EngineError, place: Place) -> Self {
        if place == Place::OpenCv {
            return Self::of_opencv(error);
        }
        let what = sentence(&error.to_string());
        match error {
            EngineError::Died { cause, last_words } => {
                Self { kind: kind_of(&cause, place), help: cause.help().to_owned(), details: last_words, what }
            }
            EngineError::Launch(error) => Self {
                details: vec![error.to_string()],
                ..Self::new(FailureKind::Encoder, what, crate::ffmpeg::install_hint())
            },
            EngineError::Stalled(_) | EngineError::Io(_) if place == Place::Network => Self::silent(place),
            _ => Self::new(FailureKind::Encoder, what, "Try another encoder or a faster preset."),
        }
    }
}

impl Trouble {
    /// What the program of non-compression mode says.
    fn of_opencv(error: EngineError) -> Self {
        match error {
            EngineError::Died { cause, last_words } => {
                let (why, help) = match &cause {
                    Cause::Killed { signal } => {
                        (format!("something outside ended it (signal {signal})"), "Start again.")
                    }
                    Cause::Other(said) => (said.clone(), "Choose another codec tag, container or backend."),
                    cause => (cause.what(), cause.help()),
                };
                let what = format!("gearcast-opencv stopped writing: {why}");
                Self { details: last_words, ..Self::new(kind_of(&cause, Place::OpenCv), what, help) }
            }
            EngineError::Launch(error) => {
                let help = "Install the whole gearcast package, or use the engine ffmpeg.";
                let what = "gearcast-opencv could not be started";
                Self { details: vec![error.to_string()], ..Self::new(FailureKind::Encoder, what, help) }
            }
            EngineError::Stalled(_) | EngineError::Io(_) | EngineError::Stream(_) => Self::silent(Place::OpenCv),
            EngineError::WrongSize { .. } => {
                Self::new(FailureKind::Encoder, sentence(&error.to_string()), "Choose a fixed size for the picture.")
            }
        }
    }

    /// A plan without a file and without an address.
    pub(super) fn nowhere() -> Self {
        Self::new(FailureKind::Usage, "There is nowhere to record to", "Choose a file or a folder.")
    }
}

impl From<SinkError> for Trouble {
    fn from(error: SinkError) -> Self {
        let what = sentence(&error.to_string());
        match error {
            SinkError::Output(error) => error.into(),
            SinkError::Writer { cause, last_words } => {
                Self { kind: FailureKind::Output, help: cause.help().to_owned(), details: last_words, what }
            }
            SinkError::TooSlow { .. } => {
                Self::new(FailureKind::Output, what, "Record to a local disk, or lower the bitrate.")
            }
            SinkError::Internal(_) => Self::new(FailureKind::Output, what, "What was written until then is kept."),
        }
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        let what = format!("The system starts no further thread or process: {error}");
        Self::new(FailureKind::Encoder, what, "Close other programs and try again.")
    }
}

/// Where a child writes to, and which child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To us, or to this machine.
    Here,
    /// To somebody else, over the network.
    Network,
    /// To this machine, with OpenCV instead of ffmpeg.
    OpenCv,
}

/// A cause can lie outside the encoder although its ffmpeg told it.
fn kind_of(cause: &Cause, place: Place) -> FailureKind {
    use Cause as C;
    match cause {
        C::ConnectionRefused | C::ConnectionLost | C::Unauthorized | C::ServerRefused | C::HostNotFound => {
            FailureKind::Stream
        }
        C::NoSpace | C::PermissionDenied => FailureKind::Output,
        C::EncoderUnknown { .. } | C::EncoderRefused { .. } | C::InvalidOption { .. } | C::Killed { .. } => {
            FailureKind::Encoder
        }
        _ if place == Place::Network => FailureKind::Stream,
        _ => FailureKind::Encoder,
    }
}

/// Errors are written to stand inside a sentence; alone they begin one. A program's name keeps its letters.
pub(super) fn sentence(text: &str) -> String {
    if ["ffmpeg", "ffprobe", "gearcast"].iter().any(|program| text.starts_with(program)) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
