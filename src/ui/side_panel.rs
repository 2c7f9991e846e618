//! The settings on the right: four sections, one of them open, scrolling where the window is too low.

use eframe::egui::{self, Button, RichText, ScrollArea, style::ScrollAnimation};

use super::{ViewMemory, forms, output_pane, sound_pane, source_pane, theme, video_pane};
use crate::model::{Action, Model, Pane};
use crate::plan::Severity;

pub(super) fn side_panel_ui(ui: &mut egui::Ui, model: &Model, memory: &mut ViewMemory, actions: &mut Vec<Action>) {
    let frame = theme::centre_frame();
    egui::Panel::right("settings").exact_size(theme::SIDE_WIDTH).resizable(false).frame(frame).show(ui, |ui| {
        tabs_ui(ui, model, actions);
        ui.separator();
        if model.is_busy() {
            // At the bottom: what one is about to click must not move when the recording begins.
            egui::Panel::bottom("what counts now").resizable(false).show_separator_line(true).show(ui, |ui| {
                forms::remark_ui(ui, &running_words(model));
            });
        }
        ScrollArea::vertical().id_salt(model.pane.title()).auto_shrink(false).show(ui, |ui| {
            let mut draft = model.draft.clone();
            match model.pane {
                Pane::Source => source_pane::source_ui(ui, model, &mut draft.source, memory, actions),
                Pane::Sound => sound_pane::sound_ui(ui, model, &mut draft.audio, actions),
                Pane::Video => video_pane::video_ui(ui, model, &mut draft.video, memory, actions),
                Pane::Output => {
                    output_pane::output_ui(ui, model, (&mut draft.output, &mut draft.opencv), actions);
                }
            }
            if draft != model.draft {
                actions.push(Action::DraftEdited(Box::new(draft)));
            }
            other_problems_ui(ui, model, actions);
            ui.add_space(8.0);
            follow_focus(ui, memory);
        });
    });
}

fn running_words(model: &Model) -> String {
    let but = match (model.running_camera().is_some(), model.status.audio.is_empty()) {
        (true, true) => ", except a camera's controls",
        (true, false) => ", except a camera's controls and the volumes of its sound",
        (false, false) => ", except the volumes of its sound",
        (false, true) => "",
    };
    format!("The running recording keeps its settings{but}; changes count for the next one.")
}

/// Brings what the keyboard has just come to into view: else Return would press what nobody sees.
fn follow_focus(ui: &egui::Ui, memory: &mut ViewMemory) {
    let focused = ui.memory(egui::Memory::focused);
    if std::mem::replace(&mut memory.last_focus, focused) == focused {
        return;
    }
    let Some(widget) = focused.and_then(|id| ui.ctx().read_response(id)) else { return };
    let is_ours = widget.layer_id == ui.layer_id() && ui.clip_rect().x_range().contains(widget.rect.center().x);
    // Only what scrolls here is cut off by this place's edges; the tabs above it never are.
    if is_ours && widget.interact_rect.height() < widget.rect.height() {
        ui.scroll_to_rect_animation(widget.rect.expand(4.0), None, ScrollAnimation::none());
    }
}

fn tabs_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for pane in Pane::ALL {
            let (count, worst) = model.problems_in(pane);
            let tab = ui.add(Button::selectable(model.pane == pane, RichText::new(pane.title()).size(15.0)));
            if let Some(worst) = worst {
                let colour = theme::severity(ui.visuals(), worst);
                ui.painter().circle_filled(tab.rect.right_top() + egui::vec2(-4.0, 4.0), 3.5, colour);
                let words = tab_words(count, worst);
                ui.ctx().accesskit_node_builder(tab.id, |node| node.set_description(words.clone()));
                tab.clone().on_hover_text(words);
            }
            if tab.clicked() {
                actions.push(Action::PaneShown(pane));
            }
        }
    });
}

fn tab_words(count: usize, worst: Severity) -> String {
    let things = if count == 1 { "1 thing".to_owned() } else { format!("{count} things") };
    match worst {
        Severity::Error => format!("{things} to mend before recording"),
        Severity::Warning => format!("{things} to look at"),
    }
}

/// Problems of this section whose key has no control of its own here: nothing may stay unseen.
fn other_problems_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    let shows: fn(&str) -> bool = match model.pane {
        Pane::Source => source_pane::shows,
        Pane::Sound => sound_pane::shows,
        Pane::Video => video_pane::shows,
        Pane::Output => output_pane::shows,
    };
    let here = |field: &str| Pane::of_field(field) == model.pane && !shows(field);
    let mut others = model.problems.iter().filter(|problem| here(&problem.field)).peekable();
    if others.peek().is_some() {
        ui.separator();
    }
    for problem in others {
        forms::problem_ui(ui, problem, actions);
    }
}
