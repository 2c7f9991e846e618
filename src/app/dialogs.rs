//! The desktop's file dialogs, never waited for in the window's thread.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::ports::{FolderDialogs, PickJob};
use crate::model::Picked;
use crate::rt::Clock;

/// Without a portal and without zenity "no answer" comes within 10 ms; nobody cancels that fast.
const TOO_FAST_FOR_A_PERSON: Duration = Duration::from_millis(50);

/// Dialogs by the desktop's portal, or zenity.
pub struct DesktopDialogs {
    clock: Arc<dyn Clock>,
}

impl DesktopDialogs {
    /// The clock tells a refusal from a person's answer.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl FolderDialogs for DesktopDialogs {
    fn pick_folder(&self, title: &str, start: &Path) -> PickJob {
        let mut dialog = rfd::AsyncFileDialog::new().set_title(title).set_can_create_directories(true);
        if start.is_dir() {
            dialog = dialog.set_directory(start);
        }
        let answer = dialog.pick_folder();
        let clock = Arc::clone(&self.clock);
        Box::new(move || {
            let asked_at = clock.now();
            match pollster::block_on(answer) {
                Some(folder) => Picked::Folder(folder.path().to_owned()),
                None if clock.now().since(asked_at) < TOO_FAST_FOR_A_PERSON => Picked::NoDialog,
                None => Picked::Cancelled,
            }
        })
    }
}
