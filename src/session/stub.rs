//! STUB: the real conductor replaces this file.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Command, Status};
use crate::imaging::PreviewImage;
use crate::rt::Clock;

/// What a session needs.
pub struct SessionSetup {
    /// The ffmpeg to use.
    pub ffmpeg: Option<PathBuf>,
    /// Where capabilities are cached.
    pub cache_dir: PathBuf,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Called when something new can be seen.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// The conductor.
pub struct Session {
    status: Arc<Status>,
}

impl Session {
    /// Starts the thread.
    pub fn start(_setup: SessionSetup) -> io::Result<Self> {
        Ok(Self { status: Arc::default() })
    }

    /// Never blocks.
    pub fn send(&self, _command: Command) {}

    /// The newest status.
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// The newest preview picture.
    pub fn preview_image(&self) -> Option<Arc<PreviewImage>> {
        None
    }
}
