//! Shapes drawn by hand, because fonts lack them, and the sound meter.

use eframe::egui::{
    self, Atom, AtomExt as _, AtomPaintArgs, Color32, Rect, Sense, Stroke, Vec2, WidgetInfo, accesskit::Role, pos2,
};

use super::theme;
use crate::media::Levels;

/// What stands in front of a button's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A dot: record.
    Dot,
    /// A square: stop.
    Square,
    /// A triangle: play.
    Triangle,
    /// A hook: all is well.
    Hook,
    /// A stroke and a dot: look here.
    Attention,
}

/// A mark as a part of a button; without a colour of its own it has the text's.
pub(super) fn mark_atom(mark: Mark, side: f32, colour: Option<Color32>) -> Atom<'static> {
    let paint = move |ui: &egui::Ui, args: AtomPaintArgs| {
        paint_mark(ui.painter(), mark, args.rect, colour.unwrap_or(args.fallback_text_color));
    };
    Atom::paint(Vec2::splat(side), paint).atom_size(Vec2::splat(side))
}

/// A mark as a picture of its own; the text beside it says the same.
pub(super) fn mark_ui(ui: &mut egui::Ui, mark: Mark, side: f32, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    paint_mark(ui.painter(), mark, rect, colour);
}

fn paint_mark(painter: &egui::Painter, mark: Mark, rect: Rect, colour: Color32) {
    let rect = Rect::from_center_size(rect.center(), Vec2::splat(rect.width().min(rect.height())));
    let side = rect.width();
    let stroke = Stroke::new(side / 7.0, colour);
    let at = |x: f32, y: f32| pos2(rect.left() + x * side, rect.top() + y * side);
    match mark {
        Mark::Dot => drop(painter.circle_filled(rect.center(), side * 0.45, colour)),
        Mark::Square => drop(painter.rect_filled(rect.shrink(side * 0.12), side * 0.08, colour)),
        Mark::Triangle => {
            let points = vec![at(0.2, 0.1), at(0.9, 0.5), at(0.2, 0.9)];
            painter.add(egui::Shape::convex_polygon(points, colour, Stroke::NONE));
        }
        Mark::Hook => {
            painter.line_segment([at(0.1, 0.55), at(0.4, 0.85)], stroke);
            painter.line_segment([at(0.4, 0.85), at(0.9, 0.2)], stroke);
        }
        Mark::Attention => {
            painter.line_segment([at(0.5, 0.08), at(0.5, 0.62)], stroke);
            painter.circle_filled(at(0.5, 0.86), side * 0.09, colour);
        }
    }
}

/// The quietest level a meter shows, in dB.
const METER_FLOOR_DB: f32 = -60.0;

/// A meter of `width`: the bar is the loudness, the line the held peak; red once a sample was clipped.
pub(super) fn meter_ui(ui: &mut egui::Ui, name: &str, levels: Levels, width: f32) {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 10.0), Sense::hover());
    let text = meter_text(name, levels);
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, &text));
    let response = response.on_hover_text(&text);
    let painter = ui.painter_at(response.rect);
    let visuals = ui.visuals();
    painter.rect_filled(rect, 2.0, visuals.extreme_bg_color);
    let place = |db: f32| egui::remap_clamp(db, METER_FLOOR_DB..=0.0, rect.left()..=rect.right());
    let loud = levels.rms_db > METER_FLOOR_DB;
    if loud {
        let colour = if levels.clipped { theme::RECORD_RED } else { theme::good(visuals) };
        painter.rect_filled(rect.with_max_x(place(levels.rms_db)), 2.0, colour);
    }
    if levels.held_peak_db > METER_FLOOR_DB {
        let colour = if levels.clipped { visuals.error_fg_color } else { visuals.text_color() };
        painter.vline(place(levels.held_peak_db).min(rect.right() - 1.0), rect.y_range(), Stroke::new(2.0, colour));
    }
    painter.rect_stroke(rect, 2.0, visuals.widgets.noninteractive.bg_stroke, egui::StrokeKind::Inside);
}

fn meter_text(name: &str, levels: Levels) -> String {
    let level = if levels.held_peak_db <= METER_FLOOR_DB {
        "silent".to_owned()
    } else {
        format!("peak {:.0} dB", levels.held_peak_db)
    };
    let clipped = if levels.clipped { ", too loud: lower the volume" } else { "" };
    format!("Level of {name}: {level}{clipped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_says_what_it_shows() {
        assert_eq!(meter_text("Mic", Levels::SILENT), "Level of Mic: silent");
        let loud = Levels { held_peak_db: -0.2, clipped: true, ..Levels::SILENT };
        assert_eq!(meter_text("Mic", loud), "Level of Mic: peak -0 dB, too loud: lower the volume");
    }
}
