//! The bar along the bottom, always there: room on the disk, sound levels, the found ffmpeg.

use eframe::egui::{self, Align, Layout, RichText};

use super::ViewMemory;
use super::theme;
use super::widgets::meter_ui;
use crate::model::{FfmpegSearch, Model};

/// The bar's height in points.
const HEIGHT: f32 = 34.0;
/// Meters that fit beside the disk's line in the smallest window; the Sound pane has all of them.
const MAX_METERS: usize = 2;

pub(super) fn status_bar_ui(ui: &mut egui::Ui, model: &Model, memory: &ViewMemory) {
    let frame = theme::bar_frame();
    egui::Panel::bottom("status bar").exact_size(HEIGHT).resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            let disk = if memory.readout.disk.is_empty() { "Disk: not known yet" } else { &memory.readout.disk };
            ui.label(RichText::new(disk).small());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ffmpeg_ui(ui, model);
                meters_ui(ui, model);
            });
        });
    });
}

fn ffmpeg_ui(ui: &mut egui::Ui, model: &Model) {
    let (text, colour) = match &model.ffmpeg {
        FfmpegSearch::Running => ("ffmpeg: looking…".to_owned(), None),
        FfmpegSearch::Missing { .. } => ("No ffmpeg".to_owned(), Some(ui.visuals().error_fg_color)),
        FfmpegSearch::Found => {
            let version = model.environment.ffmpeg.as_ref().map_or("", |ffmpeg| ffmpeg.version.as_str());
            // Distributions add a long tail: "5.1.9-0+deb12u1".
            (format!("ffmpeg {}", version.split('-').next().unwrap_or_default()), None)
        }
    };
    let text = RichText::new(text).small();
    ui.label(colour.map_or_else(|| text.clone().weak(), |colour| text.clone().color(colour)));
}

fn meters_ui(ui: &mut egui::Ui, model: &Model) {
    for input in model.status.audio.iter().take(MAX_METERS).rev() {
        meter_ui(ui, &input.device, input.levels, 90.0);
        ui.scope(|ui| {
            ui.set_max_width(80.0);
            ui.add(egui::Label::new(RichText::new(&input.device).small()).truncate());
        });
    }
}
