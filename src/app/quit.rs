//! The wish to end that comes from outside the window: a signal, or the end of the desktop's session.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use eframe::egui;

use super::wake::AT_ONCE;

/// Counts the wishes; the window looks before each frame.
#[derive(Debug, Default)]
pub struct QuitRequest {
    asked: AtomicUsize,
    ctx: OnceLock<egui::Context>,
}

impl QuitRequest {
    /// Asks the window to complete a running recording and to go; asked again, not to complete it. From any thread;
    /// does not block.
    pub fn ask(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(ctx) = self.ctx.get() {
            ctx.request_repaint_after(AT_ONCE);
        }
    }

    /// From here on a wish wakes this window; one that came before is seen at its first frame.
    pub(super) fn attach(&self, ctx: &egui::Context) {
        drop(self.ctx.set(ctx.clone()));
    }

    /// How many wishes came since the last call.
    pub(super) fn take(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }
}
