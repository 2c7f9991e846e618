//! Which rows changed since the last look, from the server's damage reports.

use x11rb::connection::Connection as _;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::xfixes::{ConnectionExt as _, FetchRegionReply, Region};
use x11rb::protocol::xproto::Window;
use x11rb::rust_connection::RustConnection;

use super::display::{Display, Extension, Refusal};
use super::pixels::Area;
use crate::capture::rows::Rows;

type FetchCookie<'c> = x11rb::cookie::Cookie<'c, RustConnection, FetchRegionReply>;

/// Listens to the damage of one window and everything in it.
pub(super) struct Changes {
    damage: Damage,
    region: Region,
    reported: bool,
}

impl Changes {
    /// `None` where the server cannot tell.
    pub(super) fn watch(display: &Display, window: Window) -> Result<Option<Self>, Refusal> {
        if !display.has(Extension::Damage) || !display.has(Extension::Xfixes) {
            return Ok(None);
        }
        let (damage, region) = (display.conn.generate_id()?, display.conn.generate_id()?);
        display.conn.damage_create(damage, window, ReportLevel::NON_EMPTY)?.check()?;
        display.conn.xfixes_create_region(region, &[])?.check()?;
        Ok(Some(Self { damage, region, reported: false }))
    }

    /// The server says that something changed.
    pub(super) fn report(&mut self, damage: Damage) {
        self.reported |= damage == self.damage;
    }

    /// Takes the damage off the server's book and asks what it was, without waiting for the answer. What changes
    /// from here on is reported anew, so it must be called before the pixels are taken.
    pub(super) fn ask<'c>(&mut self, display: &'c Display) -> Result<Option<FetchCookie<'c>>, Refusal> {
        if !std::mem::take(&mut self.reported) {
            return Ok(None);
        }
        display.conn.damage_subtract(self.damage, x11rb::NONE, self.region)?.ignore_error();
        Ok(Some(display.conn.xfixes_fetch_region(self.region)?))
    }
}

/// The rows of `area` that the answer touches; `origin` is the area's top left in the watched window.
pub(super) fn rows_of(answer: &FetchRegionReply, origin: (i32, i32), area: Area) -> Rows {
    let width = i64::from(area.size.width);
    answer.rectangles.iter().fold(Rows::EMPTY, |rows, rect| {
        let left = i64::from(rect.x) - i64::from(origin.0);
        if left >= width || left + i64::from(rect.width) <= 0 {
            return rows;
        }
        let top = i32::from(rect.y) - origin.1;
        rows.union(Rows::clipped(top, u32::from(rect.height), area.size.height))
    })
}

#[cfg(test)]
mod tests {
    use x11rb::protocol::xproto::Rectangle;

    use super::*;
    use crate::media::Resolution;

    #[test]
    fn only_damage_inside_the_area_counts() {
        let area = Area { drawable: 1, x: 100, y: 50, size: Resolution::new(40, 30) };
        let damage = |rectangles: &[(i16, i16, u16, u16)]| {
            let rectangles = rectangles.iter().map(|(x, y, width, height)| Rectangle {
                x: *x,
                y: *y,
                width: *width,
                height: *height,
            });
            let answer = FetchRegionReply { rectangles: rectangles.collect(), ..FetchRegionReply::default() };
            rows_of(&answer, (100, 50), area)
        };
        assert!(damage(&[]).is_empty());
        assert!(damage(&[(0, 60, 100, 5), (140, 60, 10, 5), (110, 0, 5, 50), (110, 80, 5, 5)]).is_empty());
        assert_eq!(damage(&[(0, 0, 1000, 52)]), Rows::new(0, 2));
        assert_eq!(damage(&[(99, 60, 2, 5), (139, 70, 5, 100)]), Rows::new(10, 30));
    }
}
