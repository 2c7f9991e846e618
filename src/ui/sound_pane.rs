//! What is heard, and how it is encoded.

use eframe::egui;

use super::forms::{problems_ui, remark_ui};
use super::{sound_form, sound_inputs};
use crate::model::{Action, Model};
use crate::profile::Audio;

/// Whether the problems of this key are shown at a control.
pub(super) fn shows(field: &str) -> bool {
    field == "audio.inputs" || sound_form::shows(field) || sound_inputs::shows(field)
}

pub(super) fn sound_ui(ui: &mut egui::Ui, model: &Model, audio: &mut Audio, actions: &mut Vec<Action>) {
    if let Some(what) = &model.audio_problem {
        remark_ui(ui, what);
    }
    sound_inputs::inputs_ui(ui, model, &mut audio.inputs, actions);
    problems_ui(ui, model, "audio.inputs", actions);
    if audio.inputs.is_empty() {
        return;
    }
    ui.separator();
    sound_form::encoding_ui(ui, model, audio, actions);
}
