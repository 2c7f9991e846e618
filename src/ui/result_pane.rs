//! The last recording's card: the verdict and where it lies, or what went wrong and what is safe.

use std::path::Path;

use eframe::egui::{self, CollapsingHeader, RichText, ScrollArea};

use super::theme;
use super::widgets::{Mark, mark_atom, mark_ui};
use crate::model::{Action, Model, words};
use crate::session::{CameraReport, Failure, FinishedReport, State, Verdict};

pub(super) fn result_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    // The card is as high as it needs to be, but the preview keeps a part of the window.
    let highest = ui.available_height() * 0.62;
    let edge = match &model.status.state {
        State::Done(report) => theme::verdict(ui.visuals(), report.verdict),
        _ => ui.visuals().error_fg_color,
    };
    theme::card_frame(ui, edge).show(ui, |ui| {
        ScrollArea::vertical().id_salt("result").max_height(highest).auto_shrink([false, true]).show(ui, |ui| {
            match &model.status.state {
                State::Done(report) => done_ui(ui, report, actions),
                State::Failed(failure) => failed_ui(ui, failure, actions),
                State::Idle | State::Starting | State::Recording | State::Finalizing { .. } => {}
            }
        });
    });
}

const fn verdict_words(verdict: Verdict) -> (&'static str, Mark) {
    match verdict {
        Verdict::Good => ("This file is good", Mark::Hook),
        Verdict::Suspect => ("This file plays, but look at the checks", Mark::Attention),
        Verdict::Broken => ("This file does not play", Mark::Attention),
    }
}

fn title_ui(ui: &mut egui::Ui, text: &str, mark: Mark, colour: egui::Color32, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        mark_ui(ui, mark, 20.0, colour);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Close").on_hover_text("Put this card away").clicked() {
                actions.push(Action::ResultDismissed);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(text).heading().color(colour)).wrap());
            });
        });
    });
}

fn done_ui(ui: &mut egui::Ui, report: &FinishedReport, actions: &mut Vec<Action>) {
    let (text, mark) = verdict_words(report.verdict);
    let colour = theme::verdict(ui.visuals(), report.verdict);
    title_ui(ui, text, mark, colour, actions);
    files_ui(ui, report, actions);
    checks_ui(ui, report);
}

/// The files, the first one with its buttons.
fn files_ui(ui: &mut egui::Ui, report: &FinishedReport, actions: &mut Vec<Action>) {
    for file in &report.files {
        ui.add(egui::Label::new(RichText::new(file.path.display().to_string()).monospace()).wrap());
        let (length, size) = (words::length(file.duration_s), words::bytes(file.bytes));
        // Sound alone has no frames.
        let frames = if file.frames > 0 { format!(", {} frames", file.frames) } else { String::new() };
        ui.label(RichText::new(format!("{length}, {}{frames}", size.trim())).small().weak());
    }
    if let Some(words) = report.camera.as_ref().and_then(CameraReport::outage_words) {
        ui.label(words);
    }
    if let Some(file) = report.files.first() {
        file_buttons_ui(ui, &file.path, actions);
    }
}

fn file_buttons_ui(ui: &mut egui::Ui, path: &Path, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        if ui.button((mark_atom(Mark::Triangle, 12.0, None), "Play")).clicked() {
            actions.push(Action::PlayPressed(path.to_owned()));
        }
        if ui.button("Show in folder").clicked() {
            actions.push(Action::ShowInFolderPressed(path.to_owned()));
        }
        if ui.button("Copy path").clicked() {
            actions.push(Action::CopyPressed(path.display().to_string()));
        }
    });
}

fn checks_ui(ui: &mut egui::Ui, report: &FinishedReport) {
    if report.checks.is_empty() {
        return;
    }
    let failed = report.checks.iter().filter(|check| !check.ok).count();
    let title = if failed == 0 {
        format!("All {} checks passed", report.checks.len())
    } else {
        format!("{failed} of {} checks failed", report.checks.len())
    };
    CollapsingHeader::new(title).id_salt("checks").default_open(failed > 0).show(ui, |ui| {
        for check in &report.checks {
            ui.horizontal_wrapped(|ui| {
                let (mark, colour) = if check.ok {
                    (Mark::Hook, theme::good(ui.visuals()))
                } else {
                    (Mark::Attention, ui.visuals().error_fg_color)
                };
                mark_ui(ui, mark, 13.0, colour);
                let outcome = if check.ok { "passed" } else { "failed" };
                ui.label(format!("{} {outcome}: {}", check.name, check.detail));
            });
        }
    });
}

fn failed_ui(ui: &mut egui::Ui, failure: &Failure, actions: &mut Vec<Action>) {
    let colour = ui.visuals().error_fg_color;
    title_ui(ui, &failure.what, Mark::Attention, colour, actions);
    if !failure.help.is_empty() {
        ui.label(&failure.help);
    }
    match &failure.saved {
        Some(report) if !report.files.is_empty() => {
            let (text, _) = verdict_words(report.verdict);
            ui.label(RichText::new(format!("What was recorded until then is safe. {text}.")).strong());
            files_ui(ui, report, actions);
            checks_ui(ui, report);
        }
        _ => drop(ui.label("Nothing was recorded.")),
    }
    details_ui(ui, &failure.details, actions);
}

fn details_ui(ui: &mut egui::Ui, details: &[String], actions: &mut Vec<Action>) {
    if details.is_empty() {
        return;
    }
    CollapsingHeader::new("Details").show(ui, |ui| {
        if ui.button("Copy details").clicked() {
            actions.push(Action::CopyPressed(details.join("\n")));
        }
        for line in details {
            ui.add(egui::Label::new(RichText::new(line).monospace().small()).wrap());
        }
    });
}
