//! Sizes, colours and fonts, light and dark.

use eframe::egui::{
    self, Color32, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, ThemePreference, Vec2, style::ScrollStyle,
};

use crate::model::Appearance;
use crate::plan::Severity;
use crate::session::Verdict;

/// The side panel's width in points: two fifths of the smallest window, so that the preview keeps the larger part.
pub(super) const SIDE_WIDTH: f32 = 330.0;

/// Sets fonts, distances and colours once; the theme follows the desktop from then on.
pub fn set_up_theme(ctx: &egui::Context) {
    ctx.all_styles_mut(|style| {
        let sizes = [
            (TextStyle::Small, 12.0, FontFamily::Proportional),
            (TextStyle::Body, 14.0, FontFamily::Proportional),
            (TextStyle::Button, 14.0, FontFamily::Proportional),
            (TextStyle::Heading, 18.0, FontFamily::Proportional),
            (TextStyle::Monospace, 13.0, FontFamily::Monospace),
        ];
        style.text_styles = sizes.into_iter().map(|(style, size, family)| (style, FontId::new(size, family))).collect();
        style.spacing.item_spacing = Vec2::new(8.0, 6.0);
        style.spacing.button_padding = Vec2::new(8.0, 4.0);
        style.spacing.interact_size.y = 24.0;
        // A floating scroll bar would lie on the fields.
        style.spacing.scroll = ScrollStyle::solid();
        // Animations repaint: an idle window must cost nothing, a filmed one must stand still.
        style.animation_time = 0.0;
        style.scroll_animation = egui::style::ScrollAnimation::none();
        style.visuals.text_cursor.blink = false;
    });
    ctx.style_mut_of(Theme::Dark, |style| {
        style.visuals.weak_text_color = Some(Color32::from_gray(165));
        style.visuals.widgets.noninteractive.fg_stroke.color = Color32::from_gray(210);
        style.visuals.widgets.inactive.fg_stroke.color = Color32::from_gray(225);
        style.visuals.warn_fg_color = Color32::from_rgb(0xff, 0xb7, 0x4d);
        style.visuals.error_fg_color = Color32::from_rgb(0xff, 0x8a, 0x80);
    });
    ctx.style_mut_of(Theme::Light, |style| {
        style.visuals.weak_text_color = Some(Color32::from_gray(85));
        style.visuals.widgets.noninteractive.fg_stroke.color = Color32::from_gray(30);
        style.visuals.widgets.inactive.fg_stroke.color = Color32::from_gray(20);
        style.visuals.widgets.inactive.bg_stroke = Stroke::new(1.0, Color32::from_gray(170));
        style.visuals.warn_fg_color = Color32::from_rgb(0x9a, 0x52, 0x00);
        style.visuals.error_fg_color = Color32::from_rgb(0xb7, 0x1c, 0x1c);
    });
}

/// Follows the desktop, or what the user chose.
pub fn apply_appearance(ctx: &egui::Context, appearance: Appearance) {
    let preference = match appearance {
        Appearance::System => ThemePreference::System,
        Appearance::Light => ThemePreference::Light,
        Appearance::Dark => ThemePreference::Dark,
    };
    if ctx.options(|options| options.theme_preference) != preference {
        ctx.set_theme(preference);
    }
}

/// The red of recording, dark enough for white text (contrast 5.6).
pub(super) const RECORD_RED: Color32 = Color32::from_rgb(0xc6, 0x28, 0x28);

/// What is well.
pub(super) fn good(visuals: &egui::Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(0x81, 0xc7, 0x84) } else { Color32::from_rgb(0x1b, 0x5e, 0x20) }
}

/// The colour of a severity.
pub(super) fn severity(visuals: &egui::Visuals, severity: Severity) -> Color32 {
    match severity {
        Severity::Warning => visuals.warn_fg_color,
        Severity::Error => visuals.error_fg_color,
    }
}

/// The colour of a verdict.
pub(super) fn verdict(visuals: &egui::Visuals, verdict: Verdict) -> Color32 {
    match verdict {
        Verdict::Good => good(visuals),
        Verdict::Suspect => visuals.warn_fg_color,
        Verdict::Broken => visuals.error_fg_color,
    }
}

/// The middle of the window. Like the bars it has no fill: the window is cleared to the same colour, and a second
/// coat costs a software renderer as much as the preview itself.
pub(super) fn centre_frame() -> egui::Frame {
    egui::Frame::new().inner_margin(Margin::same(8))
}

/// A bar along an edge.
pub(super) fn bar_frame() -> egui::Frame {
    egui::Frame::new().inner_margin(Margin::symmetric(10, 6))
}

/// A card on the window.
pub(super) fn card_frame(ui: &egui::Ui, edge: Color32) -> egui::Frame {
    egui::Frame::new()
        .fill(ui.visuals().faint_bg_color)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(6)
        .inner_margin(Margin::symmetric(10, 8))
}
