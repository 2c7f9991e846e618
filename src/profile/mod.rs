//! What the user wants, as plain data: profiles, and how they are stored, versioned and migrated.
//!
//! A profile holds the user's words (`"auto"`, `"source"`, a device's id), never what was found on this machine
//! and never a key. Knows no ffmpeg, capture, threads or window; `plan` turns it into what will run.

mod types;

pub use types::{
    Advanced, Audio, AudioInput, CURRENT_VERSION, Engine, FrameTimingChoice, OpenCv, Output, Profile, RateControl,
    Source, SourceKind, Stream, Video,
};
