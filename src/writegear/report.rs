//! What a `WriteGear` leaves behind, in figures.

use std::path::PathBuf;
use std::time::Duration;

use crate::ffmpeg::Rung;

/// How ffmpeg's end came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// It was never started: no frame was written.
    #[default]
    NotStarted,
    /// It ended because its input had; nothing is lost.
    Finished,
    /// It had to be interrupted, because something else it reads has no end; it finished its file.
    Interrupted,
    /// It had to be killed; the file is as whole as the container allows.
    Killed,
    /// It ended by itself before the input did.
    Early,
}

impl From<Rung> for Ending {
    fn from(rung: Rung) -> Self {
        match rung {
            Rung::EndedBefore => Self::Early,
            Rung::InputEnded => Self::Finished,
            Rung::Interrupted => Self::Interrupted,
            Rung::Killed => Self::Killed,
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The file under its final name; `None` for addresses, devices, patterns and packets, and when nothing came to be.
    pub file: Option<PathBuf>,
    /// Frames that were handed over.
    pub frames_given: u64,
    /// Frames that ffmpeg counted into its output, where it said so: more or fewer where options repeat or drop some.
    pub frames_written: Option<u64>,
    /// Bytes of the output, where they are known.
    pub bytes: Option<u64>,
    /// Length of what was given: frames over the rate, or the last time stamp.
    pub given: Duration,
    /// How ffmpeg's end came about.
    pub ending: Ending,
    /// ffmpeg's exit code, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The last lines of ffmpeg's log, oldest first, without secrets.
    pub last_words: Vec<String>,
    /// What was not done as wished, one sentence each: a parameter left out, another encoder.
    pub remarks: Vec<String>,
    /// The command that ran, as shell words without secrets; empty without one.
    pub command: String,
}
