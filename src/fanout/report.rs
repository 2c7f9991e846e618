//! What a sink leaves behind, and the judgement on it.

use std::path::PathBuf;

/// The judgement on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every check passed.
    Good,
    /// It plays, but something differs from what was recorded.
    Suspect,
    /// It does not play.
    Broken,
}

impl Verdict {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Suspect => "suspect",
            Self::Broken => "broken",
        }
    }
}

/// One check of the finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// What was looked at: `frames`, `duration`, `sound`.
    pub name: &'static str,
    /// Passed.
    pub ok: bool,
    /// What was found.
    pub detail: String,
}

/// One file of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct FileReport {
    /// Where.
    pub path: PathBuf,
    /// Frames in it.
    pub frames: u64,
    /// How long it plays.
    pub duration_s: f64,
    /// Its size.
    pub bytes: u64,
}

/// How it went at an address or device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Pictures go there.
    Running,
    /// Everything was handed over.
    Ended,
    /// It broke off, or never began.
    Failed,
}

impl StreamState {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }
}

/// One address or device of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamReport {
    /// Its name: `output`.
    pub name: String,
    /// Where, without secrets.
    pub url: String,
    /// How it went.
    pub state: StreamState,
    /// Pictures handed over.
    pub frames: u64,
}
