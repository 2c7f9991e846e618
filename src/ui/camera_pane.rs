//! The camera: which one, how it sends, mirrored or not, and what can be set on it.

use eframe::egui;

use super::camera_controls::controls_ui;
use super::forms::{choice_ui, entry_ui, problems_ui, remark_ui};
use super::source_pane::chosen_text;
use crate::model::{Action, Model, camera_words};
use crate::plan::chosen_camera;
use crate::profile::{MirrorChoice, Source};

pub(super) fn camera_ui(ui: &mut egui::Ui, model: &Model, source: &mut Source, actions: &mut Vec<Action>) {
    let listing = &model.environment.listing;
    let listed = chosen_camera(&source.id, listing).map(|camera| &*camera.name);
    let name = listed.or_else(|| model.running_camera_name()).filter(|_| !source.id.trim().is_empty());
    let text = chosen_text(&source.id, name.map(str::to_owned), "First camera found");
    choice_ui(ui, "Which camera", &text, |ui| {
        entry_ui(ui, &mut source.id, String::new(), "First camera found");
        for camera in &listing.cameras {
            entry_ui(ui, &mut source.id, camera.id.clone(), &camera.name);
        }
    });
    problems_ui(ui, model, "source.id", actions);
    // What we hold ourselves counts as used: that is no trouble.
    let trouble = chosen_camera(&source.id, listing).filter(|_| model.running_camera().is_none());
    if let Some(words) = trouble.and_then(camera_words::camera_trouble) {
        remark_ui(ui, &words);
    }
    mode_ui(ui, model, source);
    problems_ui(ui, model, "source.mode", actions);
    mirror_ui(ui, &mut source.mirror);
    problems_ui(ui, model, "source.mirror", actions);
    ui.add_space(4.0);
    controls_ui(ui, model, &mut source.controls, actions);
}

fn mode_ui(ui: &mut egui::Ui, model: &Model, source: &mut Source) {
    let camera = chosen_camera(&source.id, &model.environment.listing);
    let offered = camera.map(camera_words::camera_modes).unwrap_or_default();
    let mode = &mut source.mode;
    // A mode that is not offered (the camera is unplugged) is read from its own text; a part of one stays as written.
    let chosen = match camera_words::written_mode(mode) {
        Some(words) => words,
        None if mode.trim().is_empty() => "Best fitting".to_owned(),
        None => mode.clone(),
    };
    choice_ui(ui, "Camera mode", &chosen, |ui| {
        entry_ui(ui, mode, String::new(), "Best fitting");
        for this in &offered {
            entry_ui(ui, mode, this.to_string(), &camera_words::offered_mode(this));
        }
    });
    let running = model.running_camera().filter(|_| mode.trim().is_empty());
    if let Some(camera) = running {
        remark_ui(ui, &format!("Now {}", camera_words::camera_mode(&camera.mode)));
    }
}

fn mirror_ui(ui: &mut egui::Ui, mirror: &mut MirrorChoice) {
    ui.add_space(4.0);
    let mut preview = *mirror != MirrorChoice::Off;
    let mut recording = *mirror == MirrorChoice::Both;
    ui.checkbox(&mut preview, "Mirror the preview");
    ui.add_enabled(preview, egui::Checkbox::new(&mut recording, "Mirror the recording too"))
        .on_disabled_hover_text("Mirror the preview first.");
    *mirror = match (preview, recording) {
        (false, _) => MirrorChoice::Off,
        (true, false) => MirrorChoice::Preview,
        (true, true) => MirrorChoice::Both,
    };
}
