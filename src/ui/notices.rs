//! What the user should know, above the preview, until it is put away.

use eframe::egui::{self, Align, Layout, RichText, Vec2};

use super::theme;
use super::widgets::{Mark, mark_ui};
use crate::model::{Action, Model};

/// Lines shown at once; older ones come up as newer ones are put away.
const SHOWN: usize = 3;
/// Room for the button beside the text, in points.
const DISMISS_WIDTH: f32 = 80.0;

pub(super) fn notices_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    for notice in model.notices.iter().rev().take(SHOWN) {
        let colour = theme::severity(ui.visuals(), notice.severity);
        theme::card_frame(ui, colour).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                mark_ui(ui, Mark::Attention, 16.0, colour);
                let width = (ui.available_width() - DISMISS_WIDTH).max(100.0);
                ui.allocate_ui_with_layout(Vec2::new(width, 0.0), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(width);
                    ui.label(RichText::new(&notice.what).strong());
                    if !notice.help.is_empty() {
                        ui.label(&notice.help);
                    }
                });
                ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                    if ui.button("Dismiss").on_hover_text(&notice.what).clicked() {
                        actions.push(Action::NoticeDismissed(notice.id));
                    }
                });
            });
        });
    }
    let hidden = model.notices.len().saturating_sub(SHOWN);
    if hidden > 0 {
        ui.label(RichText::new(format!("and {hidden} more")).small().weak());
    }
}
