//! What is heard: any number of inputs, each with its level.

use eframe::egui::{self, Slider};

use super::forms::{choice_ui, entry_ui, problems_ui, remark_ui};
use super::sound_form;
use super::widgets::meter_ui;
use crate::audio::{AudioDevice, AudioKind};
use crate::media::Levels;
use crate::model::{Action, Model};
use crate::profile::{Audio, AudioInput};

/// The keys that have their problems shown here.
const FIELDS: &[&str] = &["audio.inputs"];

/// Whether the problems of this key are shown at a control.
pub(super) fn shows(field: &str) -> bool {
    FIELDS.contains(&field)
        || sound_form::shows(field)
        || (field.starts_with("audio.inputs.") && field.ends_with(".device"))
}

/// As many as the mixer takes at most; more would not fit a screen either.
const MAX_INPUTS: usize = 6;

pub(super) fn sound_ui(ui: &mut egui::Ui, model: &Model, audio: &mut Audio, actions: &mut Vec<Action>) {
    if let Some(what) = &model.audio_problem {
        remark_ui(ui, what);
    }
    inputs_ui(ui, model, &mut audio.inputs, actions);
    problems_ui(ui, model, "audio.inputs", actions);
    if audio.inputs.is_empty() {
        return;
    }
    ui.separator();
    sound_form::encoding_ui(ui, model, audio, actions);
}

fn inputs_ui(ui: &mut egui::Ui, model: &Model, inputs: &mut Vec<AudioInput>, actions: &mut Vec<Action>) {
    if inputs.is_empty() {
        let mut device = String::new();
        device_ui(ui, "Sound", &model.environment.audio, &mut device);
        if !device.is_empty() {
            inputs.push(AudioInput { device, ..AudioInput::default() });
        }
        return;
    }
    let many = inputs.len() > 1;
    for (index, input) in inputs.iter_mut().enumerate() {
        let name = if many { format!("Sound {}", index + 1) } else { "Sound".to_owned() };
        input_ui(ui, model, (index, &name), input, actions);
    }
    // An input without a device is one that "No sound" was chosen for.
    inputs.retain(|input| !input.device.is_empty());
    if (1..MAX_INPUTS).contains(&inputs.len()) && ui.button("Add another sound").clicked() {
        let next = inputs.iter().map(|input| input.track).max().unwrap_or(0) + 1;
        let device = if inputs.iter().any(|input| input.device == "system") { "default" } else { "system" };
        inputs.push(AudioInput { device: device.to_owned(), track: next, ..AudioInput::default() });
    }
}

fn input_ui(
    ui: &mut egui::Ui,
    model: &Model,
    (index, name): (usize, &str),
    input: &mut AudioInput,
    actions: &mut Vec<Action>,
) {
    let AudioInput { device, gain_db, muted, track: _, offset_ms: _, follow_default: _, unknown: _ } = input;
    device_ui(ui, name, &model.environment.audio, device);
    problems_ui(ui, model, &format!("audio.inputs.{index}.device"), actions);
    let heard = model.status.audio.get(index);
    meter_ui(ui, name, heard.map_or(Levels::SILENT, |heard| heard.levels), ui.available_width());
    if let Some(problem) = heard.and_then(|heard| heard.problem.as_ref()) {
        ui.colored_label(ui.visuals().warn_fg_color, problem);
    }
    ui.horizontal(|ui| {
        ui.checkbox(muted, "Mute").on_hover_text(format!("Record silence instead of {name}"));
        let label = ui.label(format!("{name} volume"));
        ui.spacing_mut().slider_width = 70.0;
        let slider = Slider::new(gain_db, -30.0..=30.0).step_by(1.0).fixed_decimals(0).suffix(" dB");
        ui.add_enabled(!*muted, slider).labelled_by(label.id);
    });
    ui.add_space(4.0);
}

fn device_ui(ui: &mut egui::Ui, name: &str, devices: &[AudioDevice], device: &mut String) {
    let known: [(&str, &str); 4] = [
        ("", "No sound"),
        ("default", "Default microphone"),
        ("system", "What this computer plays"),
        ("test", "Test tone"),
    ];
    let listed = || devices.iter().find(|listed| listed.id == *device).map(|listed| listed.name.clone());
    let chosen = known.iter().find(|(id, _)| id == device).map(|(_, text)| (*text).to_owned());
    let chosen = chosen.or_else(listed).unwrap_or_else(|| format!("{device} (not found)"));
    choice_ui(ui, name, &chosen, |ui| {
        for (id, text) in known {
            entry_ui(ui, device, id.to_owned(), text);
        }
        for (kind, title) in [(AudioKind::Microphone, "Microphones"), (AudioKind::System, "What is played by")] {
            let mut of_kind = devices.iter().filter(|listed| listed.kind == kind).peekable();
            if of_kind.peek().is_some() {
                ui.separator();
                ui.weak(title);
            }
            for listed in of_kind {
                entry_ui(ui, device, listed.id.clone(), &listed.name);
            }
        }
    });
}
