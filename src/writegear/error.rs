//! What can go wrong in the engine.

use crate::ffmpeg::{Cause, ProcessError};
use crate::nut::NutError;

/// Why the engine does not run, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// ffmpeg could not be started.
    #[error("ffmpeg could not be started")]
    Launch(#[source] ProcessError),
    /// ffmpeg ended, or closed its input, while frames were still coming.
    #[error("ffmpeg stopped encoding: {}", cause.what())]
    Died {
        /// What its words say.
        cause: Cause,
        /// Its last words, redacted.
        last_words: Vec<String>,
    },
    /// ffmpeg has taken no data for this long.
    #[error("ffmpeg takes no more pictures since {0} s")]
    Stalled(u64),
    /// The stream to or from ffmpeg is not what it should be.
    #[error("the stream to ffmpeg broke")]
    Stream(#[source] NutError),
    /// Reading from or writing to ffmpeg failed.
    #[error("the connection to ffmpeg broke")]
    Io(#[source] std::io::Error),
    /// A frame does not fit what was announced.
    #[error("a picture of {held} bytes came where {needed} were announced")]
    WrongSize {
        /// Announced.
        needed: usize,
        /// Given.
        held: usize,
    },
}
