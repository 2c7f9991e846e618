//! The rows of a form: a name above, the control below it at full width, what is wrong with it below that.

use eframe::egui::{self, ComboBox, Id, Response, RichText, TextEdit};

use super::theme;
use crate::model::{Action, Model};

/// The name of the control that follows.
pub(super) fn name_ui(ui: &mut egui::Ui, name: &str) -> Id {
    ui.add_space(2.0);
    ui.label(RichText::new(name).small()).id
}

/// A choice: its name, what is chosen, and the list.
pub(super) fn choice_ui(ui: &mut egui::Ui, name: &str, chosen: &str, list: impl FnOnce(&mut egui::Ui)) {
    let label = name_ui(ui, name);
    combo_ui(ui, name, chosen, list).labelled_by(label);
}

/// The list of a choice and what is chosen. Closed by the keyboard, it leaves the keyboard where it was opened.
pub(super) fn combo_ui(ui: &mut egui::Ui, salt: &str, chosen: &str, list: impl FnOnce(&mut egui::Ui)) -> Response {
    let combo = ComboBox::from_id_salt(salt).width(ui.available_width()).height(320.0).selected_text(chosen).truncate();
    let shown = combo.show_ui(ui, list);
    let was_open = shown.inner.is_some();
    let by_pointer = ui.input(|input| input.pointer.any_click());
    if was_open && !by_pointer && !ComboBox::is_open(ui.ctx(), shown.response.id) {
        shown.response.request_focus();
    }
    shown.response
}

/// One entry of a choice; picking it, by the keyboard too, sets `value` to `this` and closes the list.
pub(super) fn entry_ui<T: PartialEq>(ui: &mut egui::Ui, value: &mut T, this: T, text: &str) {
    if ui.selectable_label(*value == this, text).clicked() {
        *value = this;
        ui.close();
    }
}

/// A line of text with its name.
pub(super) fn text_ui(ui: &mut egui::Ui, name: &str, text: &mut String, hint: &str) {
    let label = name_ui(ui, name);
    ui.add(TextEdit::singleline(text).hint_text(hint.to_owned()).desired_width(f32::INFINITY)).labelled_by(label);
}

/// A small remark below a control.
pub(super) fn remark_ui(ui: &mut egui::Ui, text: &str) {
    ui.label(RichText::new(text).small().weak());
}

/// What is wrong with the field of this key, each with the button that mends it.
pub(super) fn problems_ui(ui: &mut egui::Ui, model: &Model, field: &str, actions: &mut Vec<Action>) {
    for problem in model.problems_of(field) {
        problem_ui(ui, problem, actions);
    }
}

/// One problem.
pub(super) fn problem_ui(ui: &mut egui::Ui, problem: &crate::plan::Problem, actions: &mut Vec<Action>) {
    let colour = theme::severity(ui.visuals(), problem.severity);
    ui.label(RichText::new(&problem.what).small().color(colour));
    if !problem.help.is_empty() {
        remark_ui(ui, &problem.help);
    }
    if let Some(fix) = &problem.fix
        && ui.button(&fix.label).clicked()
    {
        actions.push(Action::FixApplied(fix.clone()));
    }
}
