//! Draws a `&Model`, edits the draft profile, returns `Action`s. One pane a file.
//!
//! Knows no session handle, capture, ffmpeg, dialog, file, process or thread: it neither waits nor acts.

mod camera_controls;
mod camera_pane;
mod dialogs;
mod engine_form;
mod forms;
mod memory;
mod notices;
mod output_pane;
mod preview_pane;
mod readout;
mod record_bar;
mod result_pane;
mod side_panel;
mod sound_form;
mod sound_inputs;
mod sound_pane;
mod source_pane;
mod status_bar;
mod theme;
mod video_pane;
mod widgets;

use eframe::egui::{self, Key, KeyboardShortcut, Modifiers};

pub use memory::{PortraitPreview, ViewMemory};
pub use preview_pane::Picture;
pub use theme::{apply_appearance, set_up_theme};

use crate::media::Timestamp;
use crate::model::{Action, Model};

/// Whether the recorded picture shows this very window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfPortrait {
    /// It does not.
    #[default]
    No,
    /// It does: a live preview would mirror itself, and a still desktop would never be still.
    Yes,
}

/// What the frame about to be drawn is made from, besides the model.
pub struct Scene<'a> {
    /// Now.
    pub now: Timestamp,
    /// The newest preview picture.
    pub picture: Option<Picture<'a>>,
    /// Whether the recorded picture shows this very window.
    pub portrait: SelfPortrait,
}

/// Record or stop, from anywhere in the window.
const RECORD_SHORTCUT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::R);
/// Look for devices again.
const REFRESH_SHORTCUT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F5);

/// Draws the whole window; what the user did is returned in order.
pub fn window_ui(ui: &mut egui::Ui, model: &Model, memory: &mut ViewMemory, scene: &Scene<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if model.dialog.is_none() {
        shortcuts(ui, &mut actions);
    }
    memory.readout.follow(ui.ctx(), model, scene);
    record_bar::record_bar_ui(ui, model, memory, &mut actions);
    status_bar::status_bar_ui(ui, model, memory);
    side_panel::side_panel_ui(ui, model, memory, &mut actions);
    egui::CentralPanel::default().frame(theme::centre_frame()).show(ui, |ui| {
        notices::notices_ui(ui, model, &mut actions);
        if model.shows_result() {
            result_pane::result_ui(ui, model, &mut actions);
        }
        preview_pane::preview_ui(ui, model, memory, scene, &mut actions);
    });
    dialogs::dialog_ui(ui, model, &mut actions);
    actions
}

fn shortcuts(ui: &egui::Ui, actions: &mut Vec<Action>) {
    ui.input_mut(|input| {
        if input.consume_shortcut(&RECORD_SHORTCUT) {
            actions.push(Action::RecordPressed);
        }
        if input.consume_shortcut(&REFRESH_SHORTCUT) {
            actions.push(Action::RefreshPressed);
        }
    });
}
