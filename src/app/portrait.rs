//! Whether the recorded picture shows this very window.

use crate::capture::{Listing, SourceSpec, WindowPick};
use crate::media::{Rect, Resolution};
use crate::ui::SelfPortrait;

/// Judges by the source that is shown and the window's place on the desktop in pixels (`None` where the desktop
/// does not tell, as on Wayland). In doubt it does: a mirror in the mirror never stands still.
pub(super) fn self_portrait(
    source: Option<&SourceSpec>,
    listing: &Listing,
    window: Option<Rect>,
    title: &str,
) -> SelfPortrait {
    let recorded = match source {
        None | Some(SourceSpec::Test { .. } | SourceSpec::Camera { .. }) => return SelfPortrait::No,
        Some(SourceSpec::Window { id }) => return own_window(id, listing, title),
        Some(SourceSpec::Region(rect)) => Some(*rect),
        Some(SourceSpec::Screen { id }) => screen_rect(id.as_deref(), listing),
    };
    match (recorded, window) {
        (Some(recorded), Some(window)) if !overlap(recorded, window) => SelfPortrait::No,
        _ => SelfPortrait::Yes,
    }
}

fn own_window(pick: &WindowPick, listing: &Listing, title: &str) -> SelfPortrait {
    let own = match pick {
        WindowPick::Id(id) => listing.windows.iter().any(|window| window.id == *id && window.title == title),
        WindowPick::Title(part) => title.contains(part.as_str()),
    };
    if own { SelfPortrait::Yes } else { SelfPortrait::No }
}

fn screen_rect(id: Option<&str>, listing: &Listing) -> Option<Rect> {
    let screens = &listing.screens;
    let screen = match id {
        None => screens.iter().find(|screen| screen.primary).or(screens.first()),
        Some(id) => screens
            .iter()
            .find(|screen| screen.id == id || screen.name == id)
            .or_else(|| id.parse().ok().and_then(|index: usize| screens.get(index))),
    };
    screen.map(|screen| screen.rect)
}

fn overlap(a: Rect, b: Rect) -> bool {
    let crosses = |a: i32, a_len: u32, b: i32, b_len: u32| {
        i64::from(a) < i64::from(b) + i64::from(b_len) && i64::from(b) < i64::from(a) + i64::from(a_len)
    };
    crosses(a.x, a.size.width, b.x, b.size.width) && crosses(a.y, a.size.height, b.y, b.size.height)
}

/// The window's place in pixels from its place in points.
pub(super) fn pixels(points: eframe::egui::Rect, pixels_per_point: f32) -> Rect {
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates; no desktop is that large")]
    let place = |value: f32| (value * pixels_per_point).round() as i32;
    let side = |value: f32| u32::try_from(place(value)).unwrap_or(0);
    Rect {
        x: place(points.min.x),
        y: place(points.min.y),
        size: Resolution::new(side(points.width()), side(points.height())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{ScreenInfo, WindowInfo};

    fn rect(x: i32, y: i32, width: u32, height: u32) -> Rect {
        Rect { x, y, size: Resolution::new(width, height) }
    }

    fn two_screens() -> Listing {
        let screen = |id: &str, x, primary| ScreenInfo {
            id: id.to_owned(),
            name: id.to_owned(),
            rect: rect(x, 0, 1920, 1080),
            primary,
        };
        let own = WindowInfo {
            id: 7,
            title: "gearcast".to_owned(),
            app: "gearcast".to_owned(),
            size: Resolution::new(800, 500),
        };
        Listing {
            screens: vec![screen("A", 0, false), screen("B", 1920, true)],
            windows: vec![own],
            ..Listing::default()
        }
    }

    #[test]
    fn only_a_window_on_the_recorded_place_is_in_its_own_picture() {
        let on_a = Some(rect(100, 100, 800, 500));
        let across = Some(rect(1900, 0, 800, 500));
        let screen = |id: Option<&str>| SourceSpec::Screen { id: id.map(str::to_owned) };
        for (source, window, expected) in [
            (screen(Some("A")), on_a, SelfPortrait::Yes),
            (screen(Some("B")), on_a, SelfPortrait::No),
            (screen(None), on_a, SelfPortrait::No),
            (screen(Some("1")), across, SelfPortrait::Yes),
            (screen(None), None, SelfPortrait::Yes),
            (screen(Some("gone")), on_a, SelfPortrait::Yes),
            (SourceSpec::Region(rect(0, 0, 100, 100)), on_a, SelfPortrait::No),
            (SourceSpec::Region(rect(0, 0, 101, 101)), on_a, SelfPortrait::Yes),
            (SourceSpec::Test { size: Resolution::new(64, 64) }, on_a, SelfPortrait::No),
            (SourceSpec::Window { id: WindowPick::Id(7) }, on_a, SelfPortrait::Yes),
            (SourceSpec::Window { id: WindowPick::Id(8) }, on_a, SelfPortrait::No),
        ] {
            let judged = self_portrait(Some(&source), &two_screens(), window, "gearcast");
            assert_eq!(judged, expected, "{source:?} {window:?}");
        }
        assert_eq!(self_portrait(None, &two_screens(), on_a, "gearcast"), SelfPortrait::No);
    }

    #[test]
    fn points_become_pixels() {
        let points =
            eframe::egui::Rect::from_min_size(eframe::egui::pos2(-10.0, 20.0), eframe::egui::vec2(400.0, 300.0));
        assert_eq!(pixels(points, 2.0), rect(-20, 40, 800, 600));
    }
}
