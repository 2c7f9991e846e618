//! The sound inputs: which devices, how loud, on which track, each with its level, and what they are mixed to.

use eframe::egui::{self, DragValue, Slider, SliderClamping};

use super::forms::{choice_ui, entry_ui, name_ui, problems_ui, remark_ui};
use super::widgets::meter_ui;
use crate::audio::{AudioDevice, AudioKind};
use crate::media::Levels;
use crate::model::{Action, Model};
use crate::profile::AudioInput;
use crate::session::AudioStatus;

/// More would not fit a screen.
const MAX_INPUTS: usize = 6;
/// Silence is told from here on: a person who speaks pauses for less.
const SILENT_SHOWN_S: f32 = 15.0;
/// The desk's own limits are ten seconds; what is heard so much later or earlier is no matter of synchronisation.
const OFFSET_MS: std::ops::RangeInclusive<f64> = -2000.0..=2000.0;

/// Whether the problems of this key are shown at a control here.
pub(super) fn shows(field: &str) -> bool {
    let of_input = |name: &str| field.starts_with("audio.inputs.") && field.ends_with(name);
    of_input(".device") || of_input(".track")
}

pub(super) fn inputs_ui(ui: &mut egui::Ui, model: &Model, inputs: &mut Vec<AudioInput>, actions: &mut Vec<Action>) {
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
    mix_ui(ui, model, inputs);
    if (1..MAX_INPUTS).contains(&inputs.len()) && ui.button("Add another sound").clicked() {
        let device = if inputs.iter().any(|input| input.device == "system") { "default" } else { "system" };
        inputs.push(AudioInput { device: device.to_owned(), ..AudioInput::default() });
    }
}

fn input_ui(
    ui: &mut egui::Ui,
    model: &Model,
    (index, name): (usize, &str),
    input: &mut AudioInput,
    actions: &mut Vec<Action>,
) {
    device_ui(ui, name, &model.environment.audio, &mut input.device);
    problems_ui(ui, model, &format!("audio.inputs.{index}.device"), actions);
    let heard = model.status.audio.get(index);
    meter_ui(ui, name, heard.map_or(Levels::SILENT, |heard| heard.levels), ui.available_width());
    if let Some(heard) = heard {
        state_ui(ui, heard, &input.device);
    }
    ui.horizontal(|ui| {
        ui.checkbox(&mut input.muted, "Mute").on_hover_text(format!("Record silence instead of {name}"));
        let label = ui.label(format!("{name} volume"));
        ui.spacing_mut().slider_width = 70.0;
        let slider = Slider::new(&mut input.gain_db, -30.0..=30.0).step_by(1.0).fixed_decimals(0).suffix(" dB");
        let slider = slider.clamping(SliderClamping::Edits); // a profile may hold −60 dB
        ui.add_enabled(!input.muted, slider).labelled_by(label.id);
    });
    ui.collapsing(format!("{name}: track and timing"), |ui| more_ui(ui, name, input));
    problems_ui(ui, model, &format!("audio.inputs.{index}.track"), actions);
    ui.add_space(4.0);
}

/// What a person should know of an input beside its level.
fn state_ui(ui: &mut egui::Ui, heard: &AudioStatus, wanted: &str) {
    if let Some(problem) = &heard.problem {
        ui.colored_label(ui.visuals().warn_fg_color, problem);
        return;
    }
    if matches!(wanted, "default" | "system") && heard.kind.is_some() {
        remark_ui(ui, &format!("Now: {}", heard.device));
    }
    if heard.levels.clipped && !heard.muted {
        ui.colored_label(ui.visuals().warn_fg_color, "Too loud: it is distorted. Lower the volume.");
    } else if heard.levels.silent_s >= SILENT_SHOWN_S {
        // Minutes and not seconds: a number that is watched must not run.
        let words = match heard.levels.silent_s {
            silent if silent < 60.0 => "Nothing heard for more than 15 s".to_owned(),
            silent => format!("Nothing heard for {:.0} min", (silent / 60.0).floor()),
        };
        ui.colored_label(ui.visuals().warn_fg_color, words);
    }
}

fn more_ui(ui: &mut egui::Ui, name: &str, input: &mut AudioInput) {
    if matches!(input.device.as_str(), "default" | "system") {
        let words = |follows: bool| if follows { "Follow the system's default" } else { "Stay with this device" };
        choice_ui(ui, &format!("{name}: when the default changes"), words(input.follow_default), |ui| {
            for follows in [true, false] {
                entry_ui(ui, &mut input.follow_default, follows, words(follows));
            }
        });
    }
    let label = name_ui(ui, &format!("{name}: track"));
    ui.add(DragValue::new(&mut input.track).range(1..=16)).labelled_by(label);
    remark_ui(ui, "Sounds of one track are mixed; tracks stay apart in the file.");
    let label = name_ui(ui, &format!("{name}: later by"));
    let offset = DragValue::new(&mut input.offset_ms).range(OFFSET_MS).speed(1.0).max_decimals(1).suffix(" ms");
    // What a profile holds beyond stays until it is changed here.
    let offset = offset.clamp_existing_to_range(false);
    ui.add(offset).labelled_by(label);
    remark_ui(ui, "Below zero it is heard earlier. \u{201c}gearcast sync-test\u{201d} measures it.");
}

/// The levels of the tracks, where they are not those of a single input.
fn mix_ui(ui: &mut egui::Ui, model: &Model, inputs: &[AudioInput]) {
    if inputs.len() < 2 {
        return;
    }
    for track in &model.status.tracks {
        let name = if model.status.tracks.len() == 1 { "Mix".to_owned() } else { format!("Track {}", track.track) };
        ui.horizontal(|ui| {
            ui.label(&name);
            meter_ui(ui, &name, track.levels, ui.available_width());
        });
        if track.levels.clipped {
            ui.colored_label(ui.visuals().warn_fg_color, format!("{name} is too loud together: lower a volume."));
        }
    }
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
