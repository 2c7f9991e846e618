//! What the window needs from outside, as traits, so that tests can stand in for session, machine and desktop.

use std::path::Path;
use std::sync::Arc;

use crate::imaging::PreviewImage;
use crate::model::{Found, Picked};
use crate::plan::{NowName, OutputFacts};
use crate::rt::StopToken;
use crate::session::{Command, Session, Status};

/// The conductor as the window sees it. None of these may block: they are called while a frame is made, and
/// from inside the session's own wake call.
pub trait SessionPort: Send + Sync {
    /// Passes a command on.
    fn send(&self, command: Command);
    /// The newest status; the same `Arc` as long as nothing changed.
    fn status(&self) -> Arc<Status>;
    /// The newest preview picture.
    fn preview_image(&self) -> Option<Arc<PreviewImage>>;
}

impl SessionPort for Session {
    fn send(&self, command: Command) {
        Self::send(self, command);
    }

    fn status(&self) -> Arc<Status> {
        Self::status(self)
    }

    fn preview_image(&self) -> Option<Arc<PreviewImage>> {
        Self::preview_image(self)
    }
}

/// The machine around us. All of it may take seconds: called in jobs, but for the wall clock.
pub trait Machine: Send + Sync {
    /// Screens, windows, cameras, sound inputs, ffmpeg; the named encoders are tried out.
    fn survey(&self, try_encoders: Vec<String>, stop: &StopToken) -> Found;
    /// What the system lists as cameras, for comparison only: cheap, and nothing is opened.
    fn camera_fingerprint(&self) -> Vec<String>;
    /// What the sound server lists, likewise; `None` if that is not known yet. Waits some 0.1 s at most.
    fn sound_fingerprint(&self) -> Option<Vec<String>>;
    /// What is where this file would go.
    fn look_at_output(&self, file: &Path) -> OutputFacts;
    /// Makes a folder for recordings; one that is there is no error.
    fn make_folder(&self, folder: &Path) -> Result<(), String>;
    /// Shows a file in the file manager; the error says what to do.
    fn show_in_folder(&self, file: &Path) -> Result<(), String>;
    /// Opens a file with the program the desktop has for it; the error says what to do.
    fn open_file(&self, file: &Path) -> Result<(), String>;
    /// Date and time for file names. Does not block.
    fn now_name(&self) -> NowName;
}

/// Waits for a dialog's end; runs in a job.
pub type PickJob = Box<dyn FnOnce() -> Picked + Send>;

/// The desktop's own dialogs.
pub trait FolderDialogs {
    /// Makes a folder dialog on the main thread; the answer is waited for elsewhere.
    fn pick_folder(&self, title: &str, start: &Path) -> PickJob;
}
