//! What is heard, and how it is encoded.

use eframe::egui;

use super::forms::{choice_ui, entry_ui, name_ui, problems_ui, remark_ui};
use super::sound_inputs;
use crate::media::AudioCodec;
use crate::model::{Action, Model};
use crate::profile::Audio;

/// The keys that have their problems shown here.
const FIELDS: &[&str] = &["audio.inputs", "audio.codec", "audio.bitrate_kbps", "audio.sample_rate"];

/// Whether the problems of this key are shown at a control.
pub(super) fn shows(field: &str) -> bool {
    FIELDS.contains(&field) || sound_inputs::shows(field)
}

/// Samples per second that the common codecs take.
const SAMPLE_RATES: [u32; 2] = [48_000, 44_100];

pub(super) fn sound_ui(ui: &mut egui::Ui, model: &Model, audio: &mut Audio, actions: &mut Vec<Action>) {
    let Audio { codec, bitrate_kbps, sample_rate, inputs, unknown: _ } = audio;
    if let Some(what) = &model.audio_problem {
        remark_ui(ui, what);
    }
    sound_inputs::inputs_ui(ui, model, inputs, actions);
    problems_ui(ui, model, "audio.inputs", actions);
    if inputs.is_empty() {
        return;
    }
    ui.separator();
    let chosen = if codec == "auto" { "Automatic".to_owned() } else { codec.clone() };
    choice_ui(ui, "Sound codec", &chosen, |ui| {
        entry_ui(ui, codec, "auto".to_owned(), "Automatic");
        for this in AudioCodec::ALL {
            entry_ui(ui, codec, this.name().to_owned(), this.name());
        }
    });
    problems_ui(ui, model, "audio.codec", actions);
    if !matches!(AudioCodec::from_name(codec), Some(AudioCodec::Flac | AudioCodec::Pcm)) {
        let label = name_ui(ui, "Sound bitrate");
        ui.add(egui::DragValue::new(bitrate_kbps).range(32..=512).suffix(" kbit/s")).labelled_by(label);
        problems_ui(ui, model, "audio.bitrate_kbps", actions);
    }
    choice_ui(ui, "Sample rate", &format!("{sample_rate} Hz"), |ui| {
        for this in SAMPLE_RATES {
            entry_ui(ui, sample_rate, this, &format!("{this} Hz"));
        }
    });
    problems_ui(ui, model, "audio.sample_rate", actions);
}
