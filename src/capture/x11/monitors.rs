//! The monitors of the desktop, and which one is meant.

use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::display::{Display, Extension, Refusal};
use crate::capture::{CaptureError, ScreenInfo};
use crate::media::{Rect, Resolution};

/// All monitors in the server's order; the whole desktop as one where it does not know monitors.
pub(super) fn monitors(display: &Display) -> Result<Vec<ScreenInfo>, Refusal> {
    if display.has(Extension::Randr) {
        let reply = display.conn.randr_get_monitors(display.root(), true)?.reply()?;
        let mut screens = Vec::new();
        for monitor in reply.monitors {
            let name = display.conn.get_atom_name(monitor.name)?.reply()?.name;
            let size = Resolution::new(u32::from(monitor.width), u32::from(monitor.height));
            let rect = Rect { x: i32::from(monitor.x), y: i32::from(monitor.y), size };
            screens.push(screen(String::from_utf8_lossy(&name).into_owned(), rect, monitor.primary));
        }
        if !screens.is_empty() {
            return Ok(screens);
        }
    }
    let rect = Rect { x: 0, y: 0, size: display.root_size()? };
    Ok(vec![screen("desktop".to_owned(), rect, true)])
}

fn screen(id: String, rect: Rect, primary: bool) -> ScreenInfo {
    let name = format!("{id} ({})", rect.size);
    ScreenInfo { id, name, rect, primary }
}

/// The monitor with this output name or place in the list; without one the primary, else the first.
pub(super) fn pick<'s>(screens: &'s [ScreenInfo], asked: Option<&str>) -> Result<&'s ScreenInfo, CaptureError> {
    let found = match asked.map(str::trim) {
        None | Some("") => screens.iter().find(|screen| screen.primary).or(screens.first()),
        Some(asked) => screens
            .iter()
            .find(|screen| screen.id.eq_ignore_ascii_case(asked))
            .or_else(|| asked.parse().ok().and_then(|index: usize| screens.get(index))),
    };
    found.ok_or_else(|| CaptureError::NoSuchScreen {
        asked: asked.unwrap_or("primary").to_owned(),
        have: screens.iter().map(|screen| screen.id.clone()).collect(),
    })
}

/// The part of `region` on the desktop.
pub(super) fn clip(region: Rect, desktop: Resolution) -> Result<Rect, CaptureError> {
    let span = |start: i32, len: u32, limit: u32| {
        let (start, limit) = (i64::from(start), i64::from(limit));
        let (from, to) = (start.clamp(0, limit), (start + i64::from(len)).clamp(0, limit));
        (i32::try_from(from).unwrap_or(0), u32::try_from(to - from).unwrap_or(0))
    };
    let (x, width) = span(region.x, region.size.width, desktop.width);
    let (y, height) = span(region.y, region.size.height, desktop.height);
    match Resolution::checked(width, height) {
        Some(size) => Ok(Rect { x, y, size }),
        None => Err(CaptureError::RegionOutside { region, screen: desktop }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: i32, y: i32, width: u32, height: u32) -> Rect {
        Rect { x, y, size: Resolution::new(width, height) }
    }

    #[test]
    fn a_screen_is_found_by_name_and_by_place() {
        let screens =
            [screen("DP-1".into(), rect(0, 0, 640, 480), false), screen("HDMI-1".into(), rect(640, 0, 640, 480), true)];
        let id = |asked| pick(&screens, asked).map(|screen| screen.id.as_str());
        assert_eq!(id(None), Ok("HDMI-1"));
        assert_eq!(id(Some("0")), Ok("DP-1"));
        assert_eq!(id(Some("hdmi-1")), Ok("HDMI-1"));
        let have = vec!["DP-1".to_owned(), "HDMI-1".to_owned()];
        assert_eq!(id(Some("2")), Err(CaptureError::NoSuchScreen { asked: "2".into(), have }));
        assert!(pick(&[], None).is_err());
    }

    #[test]
    fn a_region_is_cut_to_the_desktop() {
        let desktop = Resolution::new(640, 480);
        assert_eq!(clip(rect(10, 20, 101, 33), desktop), Ok(rect(10, 20, 101, 33)));
        assert_eq!(clip(rect(-10, 470, 101, 33), desktop), Ok(rect(0, 470, 91, 10)));
        assert_eq!(clip(rect(i32::MIN, -5, u32::MAX, u32::MAX), desktop), Ok(rect(0, 0, 640, 480)));
        for outside in [rect(640, 0, 5, 5), rect(-5, 0, 5, 5), rect(0, 480, 5, 5), rect(5, 5, 0, 9)] {
            assert_eq!(clip(outside, desktop), Err(CaptureError::RegionOutside { region: outside, screen: desktop }));
        }
    }
}
