//! What the user should know, above the preview, until it is put away.

use eframe::egui::{self, Align, Layout, RichText};

use super::theme;
use super::widgets::{Mark, mark_ui};
use crate::model::{Action, Model};

/// Lines shown at once; older ones come up as newer ones are put away.
const SHOWN: usize = 3;

pub(super) fn notices_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    for notice in model.notices.iter().rev().take(SHOWN) {
        let colour = theme::severity(ui.visuals(), notice.severity);
        theme::card_frame(ui, colour).show(ui, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                let dismiss = ui.button("Dismiss").on_hover_text(&notice.what);
                if dismiss.clicked() {
                    actions.push(Action::NoticeDismissed(notice.id));
                }
                ui.with_layout(Layout::left_to_right(Align::Min).with_main_wrap(true), |ui| {
                    mark_ui(ui, Mark::Attention, 16.0, colour);
                    ui.label(RichText::new(&notice.what).strong());
                    if !notice.help.is_empty() {
                        ui.label(&notice.help);
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
