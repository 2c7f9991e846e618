//! One window, redirected into memory of its own so that it is captured also where others cover it.

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::composite::{ConnectionExt as _, Redirect};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, MapState, Pixmap, Window};

use super::display::{Display, Extension, Refusal};
use super::pixels::Area;
use super::windows;
use crate::capture::{CaptureError, WindowPick};
use crate::media::Resolution;

/// Whether a window has a picture at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Shown,
    /// Minimised, on another desktop, or hidden by its program: the server keeps no picture of it.
    Hidden,
}

pub(super) struct WindowView {
    pub(super) window: Window,
    pub(super) title: String,
    presence: Presence,
    /// The window's memory under our name; a name is good until the next change of size or state.
    pixmap: Option<(Pixmap, Area)>,
}

impl WindowView {
    pub(super) fn open(display: &Display, asked: &WindowPick) -> Result<(Self, Resolution), CaptureError> {
        if !display.has(Extension::Composite) {
            return Err(CaptureError::Unsupported { what: "Capturing one window on this X server".to_owned() });
        }
        let info = windows::pick(display, asked)?;
        let window = info.id;
        let title = if info.title.is_empty() { info.app } else { info.title };
        let mut view = Self { window, title, presence: Presence::Hidden, pixmap: None };
        let depth = view.attach(display).map_err(|refusal| view.explain(display, &refusal))?;
        display.check_depth(depth)?;
        Ok((view, info.size))
    }

    /// Listens to the window and has it redirected; gives its depth.
    fn attach(&mut self, display: &Display) -> Result<u8, Refusal> {
        let depth = display.conn.get_geometry(self.window)?.reply()?.depth;
        let listen = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        display.conn.change_window_attributes(self.window, &listen)?.check()?;
        display.conn.composite_redirect_window(self.window, Redirect::AUTOMATIC)?.check()?;
        let attributes = display.conn.get_window_attributes(self.window)?.reply()?;
        if attributes.map_state == MapState::VIEWABLE {
            self.presence = Presence::Shown;
        }
        Ok(depth)
    }

    pub(super) fn presence(&self) -> Presence {
        self.presence
    }

    /// Takes note of an event; a closed window is the end.
    pub(super) fn note(&mut self, display: &Display, event: &Event) -> Result<(), CaptureError> {
        match event {
            Event::DestroyNotify(gone) if gone.window == self.window => return Err(self.closed()),
            Event::UnmapNotify(hidden) if hidden.window == self.window => {
                self.presence = Presence::Hidden;
                self.forget(display)?;
            }
            Event::MapNotify(shown) if shown.window == self.window => {
                self.presence = Presence::Shown;
                self.forget(display)?;
            }
            Event::ConfigureNotify(now) if now.window == self.window => {
                // A window that only moves keeps its memory.
                let size = Resolution::new(u32::from(now.width), u32::from(now.height));
                let edge = i16::try_from(now.border_width).unwrap_or(0);
                if self.pixmap.is_some_and(|(_, area)| (area.size, area.x) != (size, edge)) {
                    self.forget(display)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The window's pixels, named anew if the old name went stale; `None` while it has none.
    pub(super) fn area(&mut self, display: &Display) -> Result<Option<Area>, CaptureError> {
        if self.presence == Presence::Hidden {
            return Ok(None);
        }
        if let Some((_, area)) = self.pixmap {
            return Ok(Some(area));
        }
        match self.name(display) {
            Ok((pixmap, area)) => {
                self.pixmap = Some((pixmap, area));
                Ok(Some(area))
            }
            Err(refusal) => self.survive(display, &refusal).map(|()| None),
        }
    }

    fn name(&self, display: &Display) -> Result<(Pixmap, Area), Refusal> {
        let pixmap = display.conn.generate_id()?;
        display.conn.composite_name_window_pixmap(self.window, pixmap)?.check()?;
        let border = display.conn.get_geometry(self.window)?.reply()?.border_width;
        // The pixmap's own size, border included: the window may have another one by now.
        let whole = display.conn.get_geometry(pixmap)?.reply()?;
        let inner = |side: u16| u32::from(side.saturating_sub(border.saturating_mul(2)).max(1));
        let size = Resolution::new(inner(whole.width), inner(whole.height));
        let edge = i16::try_from(border).unwrap_or(0);
        Ok((pixmap, Area { drawable: pixmap, x: edge, y: edge, size }))
    }

    /// Lets the name of the window's memory go; the next look names it anew.
    pub(super) fn forget(&mut self, display: &Display) -> Result<(), CaptureError> {
        if let Some((pixmap, _)) = self.pixmap.take() {
            let freed = display.conn.free_pixmap(pixmap).map_err(|error| Refusal::from(error).fatal())?;
            freed.ignore_error();
        }
        Ok(())
    }

    /// After a refusal: fine if the window still lives, as it changed under our hands; else the end.
    pub(super) fn survive(&mut self, display: &Display, refusal: &Refusal) -> Result<(), CaptureError> {
        self.forget(display)?;
        let Refusal::Refused(_) = refusal else { return Err(CaptureError::DisplayLost) };
        let asked = display.conn.get_window_attributes(self.window).map_err(|error| Refusal::from(error).fatal())?;
        match asked.reply().map_err(Refusal::from) {
            Ok(attributes) => {
                let viewable = attributes.map_state == MapState::VIEWABLE;
                self.presence = if viewable { Presence::Shown } else { Presence::Hidden };
                Ok(())
            }
            Err(Refusal::Lost) => Err(CaptureError::DisplayLost),
            Err(Refusal::Refused(_)) => Err(self.closed()),
        }
    }

    fn explain(&mut self, display: &Display, refusal: &Refusal) -> CaptureError {
        let reason = match refusal {
            Refusal::Lost => return CaptureError::DisplayLost,
            Refusal::Refused(reason) => reason.clone(),
        };
        self.survive(display, refusal).err().unwrap_or(CaptureError::DisplayRefused { reason })
    }

    fn closed(&self) -> CaptureError {
        CaptureError::WindowClosed { title: self.title.clone() }
    }
}
