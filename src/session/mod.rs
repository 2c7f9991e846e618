//! STUB around the real status and environment: the conductor replaces it.

mod environment;
mod status;
mod stub;

pub use environment::{FoundFfmpeg, Survey, SurveySetup, gather, look_at_output, make_folder};
pub use status::{
    AudioStatus, CheckResult, Command, DiskStatus, Failure, FailureKind, FileReport, FinishedReport, FrameCounts,
    Notice, PreviewRequest, SourceStatus, State, Status, Verdict,
};
pub use stub::{Session, SessionSetup};
