//! The bar along the top, always there: the big button, the time, and the counts of the recording.

use eframe::egui::{self, Align, Button, Color32, Layout, RichText, Vec2};

use super::theme;
use super::widgets::{Mark, mark_atom};
use super::{RECORD_SHORTCUT, ViewMemory};
use crate::media::{Container, VideoCodec};
use crate::model::{Action, FfmpegSearch, Model, Stage, words};
use crate::profile::{Engine, SourceKind};
use crate::session::State;

/// The bar's height in points.
const HEIGHT: f32 = 60.0;

pub(super) fn record_bar_ui(ui: &mut egui::Ui, model: &Model, memory: &ViewMemory, actions: &mut Vec<Action>) {
    let frame = theme::bar_frame();
    egui::Panel::top("record bar").exact_size(HEIGHT).resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            big_button_ui(ui, model, actions);
            ui.add_space(4.0);
            ui.label(RichText::new(&memory.readout.elapsed).monospace().size(24.0).color(time_colour(ui, model)));
            ui.add_space(4.0);
            match model.stage() {
                Stage::Ready => summary_ui(ui, model),
                Stage::Starting | Stage::Recording => counts_ui(ui, model, memory),
                Stage::Finishing => finishing_ui(ui, model, actions),
            }
        });
    });
}

fn time_colour(ui: &egui::Ui, model: &Model) -> Color32 {
    match model.stage() {
        Stage::Recording => ui.visuals().error_fg_color,
        Stage::Ready | Stage::Starting | Stage::Finishing => ui.visuals().text_color(),
    }
}

fn big_button_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    let (mark, text, enabled) = match model.stage() {
        Stage::Ready => (Mark::Dot, "Record", model.can_record()),
        Stage::Starting | Stage::Recording => (Mark::Square, "Stop", true),
        Stage::Finishing => (Mark::Square, "Finishing…", false),
    };
    let text = RichText::new(text).size(18.0).color(Color32::WHITE);
    let button = Button::new((mark_atom(mark, 15.0, Some(Color32::WHITE)), text))
        .fill(theme::RECORD_RED)
        .min_size(Vec2::new(150.0, 42.0))
        .gap(10.0);
    let hint = format!("Shortcut: {}", ui.ctx().format_shortcut(&RECORD_SHORTCUT));
    let response = ui.add_enabled(enabled, button).on_hover_text(hint);
    if response.clicked() {
        actions.push(Action::RecordPressed);
    }
}

/// What a recording begun now would be.
fn summary_ui(ui: &mut egui::Ui, model: &Model) {
    let draft = &model.draft;
    let line = match &model.ffmpeg {
        FfmpegSearch::Running => "Looking for ffmpeg and trying its encoders…".to_owned(),
        FfmpegSearch::Missing { what } if draft.output.engine == Engine::Ffmpeg => what.clone(),
        FfmpegSearch::Missing { .. } | FfmpegSearch::Found => {
            let by_name = VideoCodec::from_name(&draft.video.codec);
            let codec = match draft.output.engine {
                Engine::Opencv => format!("{} by OpenCV", draft.opencv.fourcc),
                Engine::Ffmpeg => {
                    by_name.map_or("automatic", words::codec).split(',').next().unwrap_or_default().to_owned()
                }
            };
            let container = Container::from_name(&draft.output.container).map_or("?", Container::name).to_uppercase();
            let source = words::source_kind(draft.source.kind);
            let folder = &draft.output.folder;
            let is_sound = Container::from_name(&draft.output.container).is_some_and(Container::is_sound_only);
            match draft.source.kind {
                _ if is_sound => format!("Sound only, {container} in {folder}"),
                SourceKind::None => format!("Sound only, {container} in {folder}"),
                _ => format!("{source}, {codec}, {} fps, {container} in {folder}", draft.video.fps),
            }
        }
    };
    ui.add(egui::Label::new(RichText::new(line).weak()).wrap());
}

fn counts_ui(ui: &mut egui::Ui, model: &Model, memory: &ViewMemory) {
    let readout = &memory.readout;
    let lost = model.status.frames.dropped_capture + model.status.frames.dropped_encoder;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        count_ui(ui, "Repeated", &readout.repeated, None);
        let colour = (lost > 0).then(|| ui.visuals().warn_fg_color);
        count_ui(ui, "Dropped", &readout.dropped, colour);
        count_ui(ui, "Frames/s", &readout.fps, None);
        count_ui(ui, "File size", &readout.size, None);
        if model.stage() == Stage::Starting {
            ui.weak("Starting…");
        }
    });
}

/// A number below its name, in a font whose digits are all as wide.
fn count_ui(ui: &mut egui::Ui, name: &str, number: &str, colour: Option<Color32>) {
    let width = 74.0_f32.max(8.5 * f32::from(u16::try_from(number.len()).unwrap_or(0)));
    ui.allocate_ui_with_layout(Vec2::new(width, 40.0), Layout::top_down(Align::Max), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.set_width(width);
        ui.label(RichText::new(name).small().weak());
        let mut number = RichText::new(number.trim_end()).monospace();
        if let Some(colour) = colour {
            number = number.color(colour);
        }
        ui.label(number);
    });
}

fn finishing_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let known = matches!(model.status.state, State::Finalizing { .. });
        if ui.add_enabled(known, Button::new("Stop now, keep the safe file")).clicked() {
            actions.push(Action::StopNowPressed);
        }
        let line = match &model.status.state {
            State::Finalizing { progress, step } => {
                let percent = progress
                    .map_or_else(String::new, |progress| format!(" {:>3.0} %", progress.clamp(0.0, 1.0) * 100.0));
                format!("{step}{percent}")
            }
            _ => "stopping".to_owned(),
        };
        ui.add(egui::Label::new(RichText::new(line).weak()).truncate());
    });
}
