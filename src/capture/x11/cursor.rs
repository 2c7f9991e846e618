//! The mouse pointer: where it is, what it looks like, and drawing it over a picture.

use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask};
use x11rb::protocol::xproto::{ConnectionExt as _, QueryPointerReply, Window};
use x11rb::rust_connection::RustConnection;

use super::display::{Display, Extension, Refusal};
use crate::capture::rows::Rows;
use crate::media::Resolution;

type PointerCookie<'c> = x11rb::cookie::Cookie<'c, RustConnection, QueryPointerReply>;

/// The pointer's picture: rows of premultiplied ARGB.
#[derive(Clone, Debug, Default)]
struct Shape {
    serial: u32,
    width: u16,
    height: u16,
    hot: (u16, u16),
    pixels: Vec<u32>,
}

/// Where which pointer is drawn in the picture; two equal ones look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    serial: u32,
    /// Left and top of the pointer's picture.
    x: i32,
    y: i32,
    pub(super) rows: Rows,
}

pub(super) struct Cursor {
    window: Window,
    shape: Shape,
    outdated: bool,
}

impl Cursor {
    /// Watches the pointer in the coordinates of `window`; `None` where the server does not show it.
    pub(super) fn watch(display: &Display, window: Window) -> Result<Option<Self>, Refusal> {
        if !display.has(Extension::Xfixes) {
            return Ok(None);
        }
        display.conn.xfixes_select_cursor_input(display.root(), CursorNotifyMask::DISPLAY_CURSOR)?.check()?;
        Ok(Some(Self { window, shape: Shape::default(), outdated: true }))
    }

    pub(super) fn note(&mut self, event: &Event) {
        self.outdated |= matches!(event, Event::XfixesCursorNotify(_));
    }

    /// Asks where the pointer is, without waiting for the answer. The picture itself (16 kB) is fetched only
    /// after the server said that it changed.
    pub(super) fn ask<'c>(&mut self, display: &'c Display) -> Result<PointerCookie<'c>, Refusal> {
        if std::mem::take(&mut self.outdated) {
            self.shape = match display.conn.xfixes_get_cursor_image()?.reply().map_err(Refusal::from) {
                Ok(image) => Shape {
                    serial: image.cursor_serial,
                    width: image.width,
                    height: image.height,
                    hot: (image.xhot, image.yhot),
                    pixels: image.cursor_image,
                },
                Err(Refusal::Lost) => return Err(Refusal::Lost),
                Err(Refusal::Refused(_)) => Shape::default(), // no pointer is shown
            };
        }
        Ok(display.conn.query_pointer(self.window)?)
    }

    /// Where the pointer lies in a picture whose top left is at `origin` of the window; `None` if it is not in it.
    pub(super) fn spot(&self, pointer: &QueryPointerReply, origin: (i32, i32), size: Resolution) -> Option<Spot> {
        if !pointer.same_screen {
            return None;
        }
        let x = i32::from(pointer.win_x) - i32::from(self.shape.hot.0) - origin.0;
        let y = i32::from(pointer.win_y) - i32::from(self.shape.hot.1) - origin.1;
        let columns = Rows::clipped(x, u32::from(self.shape.width), size.width);
        let rows = Rows::clipped(y, u32::from(self.shape.height), size.height);
        (!columns.is_empty() && !rows.is_empty()).then_some(Spot { serial: self.shape.serial, x, y, rows })
    }

    /// Draws the pointer over a BGRX picture.
    pub(super) fn draw(&self, spot: Spot, bytes: &mut [u8], size: Resolution) {
        let (width, stride) = (usize::from(self.shape.width), size.width as usize * 4);
        if width == 0 {
            return;
        }
        for (y, line) in (spot.y..).zip(self.shape.pixels.chunks_exact(width)) {
            let Some(row) = usize::try_from(y).ok().and_then(|y| bytes.chunks_exact_mut(stride).nth(y)) else {
                continue;
            };
            for (x, argb) in (spot.x..).zip(line) {
                let Some(at) = usize::try_from(x).ok().filter(|x| *x < size.width as usize) else { continue };
                if let Some(pixel) = row.get_mut(at * 4..at * 4 + 3) {
                    blend(pixel, *argb);
                }
            }
        }
    }
}

/// Lays one premultiplied ARGB pixel over B, G, R.
fn blend(under: &mut [u8], argb: u32) {
    let [blue, green, red, alpha] = argb.to_le_bytes();
    if alpha == 0 && (blue | green | red) == 0 {
        return;
    }
    let through = 255 - u32::from(alpha);
    for (under, over) in under.iter_mut().zip([blue, green, red]) {
        let light = u32::from(over) + (u32::from(*under) * through + 127) / 255;
        *under = u8::try_from(light).unwrap_or(u8::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(pixels: Vec<u32>, width: u16, height: u16) -> Cursor {
        let shape = Shape { serial: 1, width, height, hot: (1, 0), pixels };
        Cursor { window: 1, shape, outdated: false }
    }

    fn pointer(x: i16, y: i16) -> QueryPointerReply {
        QueryPointerReply { win_x: x, win_y: y, same_screen: true, ..QueryPointerReply::default() }
    }

    #[test]
    fn alpha_is_premultiplied() {
        let mut pixel = [100, 100, 100];
        blend(&mut pixel, 0x0000_0000);
        assert_eq!(pixel, [100, 100, 100]);
        blend(&mut pixel, 0xff11_2233);
        assert_eq!(pixel, [0x33, 0x22, 0x11]);
        let mut pixel = [200, 100, 0];
        blend(&mut pixel, 0x8080_0000); // half-covering red
        assert_eq!(pixel, [100, 50, 128]);
        let mut pixel = [255, 255, 255];
        blend(&mut pixel, 0x80ff_ffff); // not premultiplied: must not wrap around
        assert_eq!(pixel, [255, 255, 255]);
    }

    #[test]
    fn a_pointer_at_the_edge_is_cut_off() {
        let size = Resolution::new(4, 3);
        let cursor = cursor(vec![0xffff_ffff; 6], 3, 2);
        for (x, y) in [(-3, 0), (6, 0), (2, -3), (2, 4), (2, 3)] {
            assert_eq!(cursor.spot(&pointer(x, y), (0, 0), size), None, "{x},{y}");
        }
        let mut bytes = vec![0; 48];
        let spot = cursor.spot(&pointer(14, 22), (10, 20), size).unwrap();
        assert_eq!(spot.rows, Rows::new(2, 3));
        cursor.draw(spot, &mut bytes, size);
        let lit: Vec<usize> = (0..12).filter(|at| bytes[at * 4] == 255).collect();
        assert_eq!(lit, [11]); // hot spot at column 4, its left neighbour the last column, the last row
    }
}
