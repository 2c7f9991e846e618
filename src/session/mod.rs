//! The conductor: owns capture, preview, engine and fan-out; takes `Command`s, publishes one `Status`.
//!
//! Knows no profile, no model, no window. One thread, `session`, owns every worker's handle.

mod status;
mod stub;

pub use status::{
    AudioStatus, CheckResult, Command, DiskStatus, Failure, FailureKind, FileReport, FinishedReport, FrameCounts,
    Notice, PreviewRequest, SourceStatus, State, Status, Verdict,
};
pub use stub::{Session, SessionSetup};
