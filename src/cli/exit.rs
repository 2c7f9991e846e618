//! The exit codes: a contract with scripts.

use std::process::ExitCode;

use crate::session::FailureKind;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; a file was verified.
    Good,
    /// The command line or the profile.
    Usage,
    /// A capture or audio device.
    Capture,
    /// ffmpeg or the encoder.
    Encoder,
    /// The output or its disk.
    Output,
    /// A stream; the file is fine.
    Stream,
    /// Finished, but the verdict is not good.
    NotGood,
    /// Forced by a second signal.
    Forced,
    /// A child's own code, handed on.
    Other(u8),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Usage => 2,
            Self::Capture => 3,
            Self::Encoder => 4,
            Self::Output => 5,
            Self::Stream => 6,
            Self::NotGood => 7,
            Self::Forced => 130,
            Self::Other(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<FailureKind> for Exit {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Usage => Self::Usage,
            FailureKind::Capture => Self::Capture,
            FailureKind::Encoder => Self::Encoder,
            FailureKind::Output => Self::Output,
            FailureKind::Stream => Self::Stream,
            FailureKind::Forced => Self::Forced,
        }
    }
}
