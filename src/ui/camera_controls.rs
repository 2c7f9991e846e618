//! What can be set on the camera that is shown: it takes effect at once, and the profile keeps it.

use std::collections::BTreeMap;

use eframe::egui::{
    self, Align, Button, Checkbox, CollapsingHeader, Id, Label, Layout, Response, RichText, Slider, WidgetInfo,
    accesskit::Role,
};

use super::forms::{combo_ui, entry_ui, remark_ui};
use crate::model::{Action, Model, camera_words};
use crate::profile::{ControlValue, Controls};
use crate::session::{CameraControl, ControlKind, ControlState};

/// The part of a row that a slider's number takes.
const NUMBER_WIDTH: f32 = 76.0;

pub(super) fn controls_ui(ui: &mut egui::Ui, model: &Model, controls: &mut Controls, actions: &mut Vec<Action>) {
    CollapsingHeader::new("Camera controls").show(ui, |ui| {
        let Some(camera) = model.running_camera() else {
            return remark_ui(ui, "They are here while this camera is shown.");
        };
        if camera.controls.is_empty() {
            return remark_ui(ui, "This camera has none that its driver tells of.");
        }
        remark_ui(ui, "They take effect at once, also in a running recording.");
        let id = model.camera_id();
        let wishes = controls.of(id);
        for control in &camera.controls {
            let row = Row {
                control,
                value: shown(control, &wishes),
                locked: camera_words::locked(control, &camera.controls),
            };
            if let Some(value) = ui.push_id(&control.key, |ui| row.ui(ui, actions)).inner {
                controls.wish(id, &control.key, wish(control, value));
            }
        }
        ui.add_space(4.0);
        if ui.button("Reset all controls").clicked() {
            reset_all(&camera.controls, &wishes, |control| {
                controls.wish(id, &control.key, wish(control, control.default));
            });
        }
    });
}

/// The wish where there is one; what the camera changes by itself (automatic exposure) is shown as it is.
fn shown(control: &CameraControl, wishes: &BTreeMap<String, i64>) -> i64 {
    let wish = wishes.get(&control.key).filter(|_| control.state == ControlState::Free);
    let value = wish.copied().unwrap_or(control.value);
    control.nearest(value).unwrap_or(control.value)
}

fn wish(control: &CameraControl, value: i64) -> ControlValue {
    match control.kind {
        ControlKind::Switch => ControlValue::Switch(value != 0),
        _ => ControlValue::Number(value),
    }
}

/// Goes through what is to be put back: what differs and can be set, and what was wished and cannot be set now.
fn reset_all(all: &[CameraControl], wishes: &BTreeMap<String, i64>, mut reset: impl FnMut(&CameraControl)) {
    for control in all.iter().filter(|control| control.kind != ControlKind::Button) {
        let differs = shown(control, wishes) != control.default;
        let is_wished = wishes.get(&control.key).is_some_and(|wish| *wish != control.default);
        if is_wished || (control.state == ControlState::Free && differs) {
            reset(control);
        }
    }
}

/// One control as it is drawn.
struct Row<'a> {
    control: &'a CameraControl,
    value: i64,
    /// Why it cannot be set now.
    locked: Option<String>,
}

impl Row<'_> {
    /// The value that it is to have, if the user has just said so.
    fn ui(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) -> Option<i64> {
        match &self.control.kind {
            ControlKind::Number { min, max, step } => self.number_ui(ui, (*min, *max, *step)),
            ControlKind::Switch => self.switch_ui(ui),
            ControlKind::Menu(entries) => self.menu_ui(ui, entries),
            ControlKind::Button => {
                let button = ui.add_enabled(self.locked.is_none(), Button::new(&self.control.name));
                if self.explained(button).clicked() {
                    actions.push(Action::CameraButtonPressed(self.control.key.clone()));
                }
                None
            }
        }
    }

    fn number_ui(&self, ui: &mut egui::Ui, (min, max, step): (i64, i64, i64)) -> Option<i64> {
        let (label, reset) = self.head_ui(ui);
        let mut value = self.value;
        ui.spacing_mut().slider_width = (ui.available_width() - NUMBER_WIDTH).max(40.0);
        #[expect(clippy::cast_precision_loss, reason = "a step of a slider has few digits")]
        let slider = Slider::new(&mut value, min..=max.max(min)).step_by(step.max(1) as f64);
        let slider = ui.add_enabled(self.locked.is_none(), slider).labelled_by(label);
        let changed = self.explained(slider).changed();
        reset.or_else(|| self.control.nearest(value).filter(|_| changed))
    }

    fn switch_ui(&self, ui: &mut egui::Ui) -> Option<i64> {
        let mut on = self.value != 0;
        ui.horizontal(|ui| {
            let switch = ui.add_enabled(self.locked.is_none(), Checkbox::new(&mut on, &self.control.name));
            let changed = self.explained(switch).changed();
            self.reset_ui(ui).or_else(|| changed.then_some(i64::from(on)))
        })
        .inner
    }

    fn menu_ui(&self, ui: &mut egui::Ui, entries: &[(i64, String)]) -> Option<i64> {
        let (label, reset) = self.head_ui(ui);
        let mut value = self.value;
        let chosen = entries.iter().find(|(number, _)| *number == value);
        let chosen = chosen.map_or_else(|| value.to_string(), |(_, name)| name.clone());
        let list = ui.add_enabled_ui(self.locked.is_none(), |ui| {
            combo_ui(ui, "menu", &chosen, |ui| {
                for (number, name) in entries {
                    entry_ui(ui, &mut value, *number, name);
                }
            })
        });
        self.explained(list.inner.labelled_by(label));
        reset.or_else(|| (value != self.value).then_some(value))
    }

    /// The name, and beside it the way back where the value is not the default.
    fn head_ui(&self, ui: &mut egui::Ui) -> (Id, Option<i64>) {
        ui.add_space(2.0);
        ui.horizontal(|ui| {
            let label = ui.add(Label::new(RichText::new(&self.control.name).small()).truncate()).id;
            (label, self.reset_ui(ui))
        })
        .inner
    }

    fn reset_ui(&self, ui: &mut egui::Ui) -> Option<i64> {
        if self.locked.is_some() || self.value == self.control.default {
            return None;
        }
        let layout = Layout::right_to_left(Align::Center);
        let reset = ui.with_layout(layout, |ui| ui.small_button("Reset")).inner;
        let name = format!("Reset {}", self.control.name);
        reset.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        reset.clicked().then_some(self.control.default)
    }

    /// Says why a control cannot be set, to the pointer and to a screen reader.
    fn explained(&self, response: Response) -> Response {
        let Some(reason) = &self.locked else { return response };
        response.ctx.accesskit_node_builder(response.id, |node| node.set_description(reason.clone()));
        response.on_disabled_hover_text(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(key: &str, value: i64, state: ControlState) -> CameraControl {
        let kind = ControlKind::Number { min: 0, max: 100, step: 10 };
        CameraControl { key: key.to_owned(), name: key.to_owned(), kind, value, default: 50, state }
    }

    #[test]
    fn a_wish_is_shown_where_it_can_be_and_the_cameras_value_elsewhere() {
        let wishes = [("gain".to_owned(), 33)].into();
        assert_eq!(shown(&control("gain", 70, ControlState::Free), &wishes), 30, "the nearest step");
        assert_eq!(shown(&control("gain", 70, ControlState::Inactive), &wishes), 70, "something else decides");
        assert_eq!(shown(&control("zoom", 70, ControlState::Free), &wishes), 70);
    }

    #[test]
    fn resetting_all_leaves_alone_what_is_as_it_was_or_cannot_be_set() {
        let all = [
            control("as_it_was", 50, ControlState::Free),
            control("set_elsewhere", 70, ControlState::Free),
            control("automatic", 70, ControlState::Inactive),
            control("wished", 50, ControlState::Free),
            control("wished_before", 70, ControlState::Inactive),
        ];
        let wishes = [("wished".to_owned(), 20), ("wished_before".to_owned(), 20)].into();
        let mut reset = Vec::new();
        reset_all(&all, &wishes, |control| reset.push(control.key.clone()));
        assert_eq!(reset, ["set_elsewhere", "wished", "wished_before"]);
    }
}
