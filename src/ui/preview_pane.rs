//! The picture in the middle, or why there is none.

use eframe::egui::{self, Color32, Rect, RichText, Sense, Vec2, WidgetInfo, accesskit::Role};

use super::memory::PortraitPreview;
use super::{Scene, SelfPortrait, ViewMemory};
use crate::imaging::Mirror;
use crate::media::Resolution;
use crate::model::{Action, Model, camera_words, words};
use crate::profile::{MirrorChoice, SourceKind};
use crate::session::{Signal, SourceStatus, State};

/// Around and instead of the picture, in light and dark alike.
const BACKGROUND: Color32 = Color32::from_gray(16);

/// A picture that somebody else knows how to paint.
pub struct Picture<'a> {
    /// Its size in pixels, for its shape.
    pub size: Resolution,
    /// Paints it into the rectangle, as it is or as in a mirror.
    pub paint: &'a dyn Fn(&egui::Painter, Rect, Mirror),
}

pub(super) fn preview_ui(
    ui: &mut egui::Ui,
    model: &Model,
    memory: &mut ViewMemory,
    scene: &Scene<'_>,
    actions: &mut Vec<Action>,
) {
    let place = ui.available_rect_before_wrap();
    if place.width() < 16.0 || place.height() < 16.0 {
        return;
    }
    let card = scene.portrait == SelfPortrait::Yes && memory.portrait_preview == PortraitPreview::Card;
    let running = matches!(model.status.source, SourceStatus::Running { .. });
    match &scene.picture {
        Some(picture) if running && !card => around(ui.painter(), place, fitted(picture.size, place)),
        _ => drop(ui.painter().rect_filled(place, 4.0, BACKGROUND)),
    }
    match (&model.status.source, &scene.picture) {
        (SourceStatus::Failed { what, help }, _) => message_ui(ui, place, &words::sentence(what), help, |ui| {
            // A recording's source is the recording's own affair.
            if !model.is_busy() && ui.button("Try again").clicked() {
                actions.push(Action::TryAgainPressed);
            }
        }),
        (SourceStatus::Running { name, .. }, _) if card => {
            let what = if model.is_busy() { format!("Recording {name}") } else { format!("Ready to record {name}") };
            let help = "This window lies on what is recorded. A live preview would show itself again and again.";
            message_ui(ui, place, &what, help, |ui| {
                if ui.button("Show it once a second").clicked() {
                    memory.portrait_preview = PortraitPreview::Slow;
                }
            });
        }
        (SourceStatus::Running { name, .. }, Some(picture)) => picture_ui(ui, place, name, picture, mirror(model)),
        (SourceStatus::Running { .. }, None) => {
            let camera = model.status.camera.as_deref();
            message_ui(ui, place, camera_words::no_picture(camera), "", |_| {});
        }
        (SourceStatus::Opening, _) => message_ui(ui, place, "Opening the source…", "", |_| {}),
        // While something is recorded it is not the draft that says what.
        (SourceStatus::Closed, _) if model.draft.source.kind == SourceKind::None || model.is_busy() => {
            message_ui(ui, place, "Sound only", "No picture is recorded.", |_| {});
        }
        (SourceStatus::Closed, _) => {
            message_ui(ui, place, "No picture yet", "Choose what to record on the right.", |_| {});
        }
    }
    signal_ui(ui, place, model);
    ui.advance_cursor_after_rect(place);
}

/// Only a camera is seen as in a mirror, and only while it sends: words in its picture's place stay readable.
fn mirror(model: &Model) -> Mirror {
    let is_sending = model.status.camera.as_ref().is_some_and(|camera| camera.signal == Signal::Good);
    match model.draft.source.mirror {
        MirrorChoice::Preview | MirrorChoice::Both if is_sending => Mirror::Horizontal,
        _ => Mirror::No,
    }
}

/// A line at the lower edge while a camera sends nothing.
fn signal_ui(ui: &mut egui::Ui, place: Rect, model: &Model) {
    let (SourceStatus::Running { name, .. }, Some(camera)) = (&model.status.source, &model.status.camera) else {
        return;
    };
    // Neither a recording that is about to begin nor one that is being finished goes on.
    let is_recorded = model.status.state == State::Recording;
    let Some(words) = camera_words::no_signal(name, camera.signal, is_recorded) else { return };
    let line = place.with_min_y(place.bottom() - 40.0).shrink2(Vec2::new(8.0, 4.0));
    ui.painter().rect_filled(line, 4.0, Color32::from_black_alpha(200));
    let builder = egui::UiBuilder::new()
        .max_rect(line.shrink(6.0))
        .layout(egui::Layout::centered_and_justified(egui::Direction::LeftToRight));
    ui.scope_builder(builder, |ui| {
        ui.add(egui::Label::new(RichText::new(words).color(Color32::from_gray(235))).truncate());
    });
}

fn picture_ui(ui: &egui::Ui, place: Rect, name: &str, picture: &Picture<'_>, mirror: Mirror) {
    let rect = fitted(picture.size, place);
    let response = ui.interact(rect, ui.scope_id().with("preview"), Sense::hover());
    let mirrored = if mirror == Mirror::Horizontal { ", mirrored" } else { "" };
    let label = format!("Preview of {name}{mirrored}");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    (picture.paint)(ui.painter(), rect, mirror);
}

/// Fills what the picture leaves free; below the picture a coat of paint would only cost.
fn around(painter: &egui::Painter, place: Rect, picture: Rect) {
    let bars = [
        place.with_max_y(picture.top()),
        place.with_min_y(picture.bottom()),
        place.with_max_x(picture.left()),
        place.with_min_x(picture.right()),
    ];
    for bar in bars.into_iter().filter(|bar| bar.width() > 0.5 && bar.height() > 0.5) {
        painter.rect_filled(bar, 0.0, BACKGROUND);
    }
}

/// The largest rectangle of the picture's shape inside `place`.
fn fitted(size: Resolution, place: Rect) -> Rect {
    #[expect(clippy::cast_precision_loss, reason = "no side exceeds 32768, exact in f32")]
    let size = Vec2::new(size.width.max(1) as f32, size.height.max(1) as f32);
    let scale = (place.width() / size.x).min(place.height() / size.y);
    Rect::from_center_size(place.center(), size * scale)
}

fn message_ui(ui: &mut egui::Ui, place: Rect, what: &str, help: &str, more: impl FnOnce(&mut egui::Ui)) {
    let width = (place.width() - 32.0).min(440.0);
    let rect = Rect::from_center_size(place.center(), Vec2::new(width, (place.height() - 8.0).min(120.0)));
    let builder = egui::UiBuilder::new().max_rect(rect).layout(egui::Layout::top_down(egui::Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.label(RichText::new(what).color(Color32::from_gray(235)).size(16.0));
        if !help.is_empty() {
            ui.label(RichText::new(help).color(Color32::from_gray(185)));
        }
        more(ui);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_shape_in_any_place() {
        let place = Rect::from_min_size(egui::pos2(10.0, 20.0), Vec2::new(400.0, 400.0));
        let wide = fitted(Resolution::new(1280, 720), place);
        assert_eq!((wide.width(), wide.height(), wide.center()), (400.0, 225.0, place.center()));
        let tall = fitted(Resolution::new(100, 200), place);
        assert_eq!((tall.width(), tall.height()), (200.0, 400.0));
    }
}
