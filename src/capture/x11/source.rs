//! One look at the desktop or a window: what changed, take those rows, draw the pointer, hand out the frame.

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};

use super::Subject;
use super::changes::{Changes, rows_of};
use super::cursor::{Cursor, Spot};
use super::display::{Display, Extension, Refusal};
use super::monitors;
use super::pixels::{Area, Pixels};
use super::window::{Presence, WindowView};
use crate::capture::ring::Ring;
use crate::capture::rows::Rows;
use crate::capture::stage::{Look, Picture, Stage, TickSource};
use crate::capture::ticker::Tick;
use crate::capture::{CaptureError, CaptureWarning, SourceInfo, Transport};
use crate::media::{Changed, Colour, Payload, PixelFormat, Planes, Rect, Timestamp};

/// Refused looks in a row (a window that is being resized refuses one or two) before the source gives up.
const MOST_REFUSED: u32 = 60;

/// What the pixels are taken from.
enum View {
    /// A part of the root window.
    Desktop {
        subject: Subject,
        rect: Rect,
    },
    Window(WindowView),
}

/// Whether the server told of a new arrangement of monitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Known,
    Outdated,
}

pub(super) struct X11Source {
    display: Display,
    view: View,
    layout: Layout,
    changes: Option<Changes>,
    cursor: Option<Cursor>,
    transport: Transport,
    /// The buffers and what they were made for.
    ring: Option<(Ring<Pixels>, Area)>,
    /// What changed since the frame delivered last.
    pending: Changed,
    /// The pointer in the frame delivered last.
    shown: Option<Spot>,
    /// The presence told last.
    told: Presence,
    refused: u32,
}

impl X11Source {
    /// Opens the subject; the second value tells what it is.
    pub(super) fn open(
        display: Display,
        subject: &Subject,
        show_cursor: bool,
        transport: Transport,
        stage: &mut Stage,
    ) -> Result<(Self, SourceInfo), CaptureError> {
        let (view, info) = match subject {
            Subject::Window(asked) => {
                let (window, size) = WindowView::open(&display, asked)?;
                let info = SourceInfo { name: window.title.clone(), size, rate: None };
                (View::Window(window), info)
            }
            desktop => {
                display.check_depth(display.screen.root_depth)?;
                let (rect, name) = place(&display, desktop, Some(stage))?;
                (View::Desktop { subject: desktop.clone(), rect }, SourceInfo { name, size: rect.size, rate: None })
            }
        };
        let watched = watched(&display, &view);
        let changes = watch(&display, watched).map_err(Refusal::fatal)?;
        if changes.is_none() {
            stage.warn(CaptureWarning::NoDamage);
        }
        let cursor = if show_cursor {
            let cursor = Cursor::watch(&display, watched).map_err(Refusal::fatal)?;
            if cursor.is_none() {
                stage.warn(CaptureWarning::NoCursor);
            }
            cursor
        } else {
            None
        };
        let transport = choose_transport(&display, transport, stage)?;
        let source = Self {
            display,
            view,
            layout: Layout::Known,
            changes,
            cursor,
            transport,
            ring: None,
            pending: Changed::Unknown,
            shown: None,
            told: Presence::Shown,
            refused: 0,
        };
        Ok((source, info))
    }

    /// Reads all events that are here.
    fn attend(&mut self) -> Result<(), CaptureError> {
        while let Some(event) = self.display.conn.poll_for_event().map_err(|error| Refusal::from(error).fatal())? {
            if let (Event::DamageNotify(notify), Some(changes)) = (&event, &mut self.changes) {
                changes.report(notify.damage);
            }
            if let Some(cursor) = &mut self.cursor {
                cursor.note(&event);
            }
            match (&mut self.view, &event) {
                (View::Window(window), event) => window.note(&self.display, event)?,
                (View::Desktop { .. }, Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_)) => {
                    self.layout = Layout::Outdated;
                }
                (View::Desktop { .. }, Event::ConfigureNotify(root)) if root.window == self.display.root() => {
                    self.layout = Layout::Outdated;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the pixels lie now; `None` while there are none.
    fn area(&mut self) -> Result<Option<Area>, CaptureError> {
        let root = self.display.root();
        match &mut self.view {
            View::Window(window) => window.area(&self.display),
            View::Desktop { subject, rect } => {
                if std::mem::replace(&mut self.layout, Layout::Known) == Layout::Outdated {
                    *rect = place(&self.display, subject, None)?.0;
                }
                let side = |at: i32| i16::try_from(at).map_err(|_| too_large());
                Ok(Some(Area { drawable: root, x: side(rect.x)?, y: side(rect.y)?, size: rect.size }))
            }
        }
    }

    /// The area's top left in the window that damage and pointer are counted in.
    fn origin(&self, area: Area) -> (i32, i32) {
        match &self.view {
            View::Desktop { .. } => (i32::from(area.x), i32::from(area.y)),
            View::Window(_) => (0, 0), // the area begins at the window's inner edge, its border left out
        }
    }

    fn tell_presence(&mut self, stage: &mut Stage) {
        let View::Window(window) = &self.view else { return };
        let presence = window.presence();
        if presence != self.told {
            self.told = presence;
            stage.warn(match presence {
                Presence::Shown => CaptureWarning::WindowShown,
                Presence::Hidden => CaptureWarning::WindowHidden,
            });
        }
    }

    /// Makes new buffers if the area is another one than before.
    fn fit(&mut self, area: Area, stage: &mut Stage) -> Result<(), Refusal> {
        let before = self.ring.as_ref().map(|(_, before)| *before);
        if before == Some(area) {
            return Ok(());
        }
        if let Some(before) = before.filter(|before| before.size != area.size) {
            stage.warn(CaptureWarning::Resized { from: before.size, to: area.size });
        }
        self.pending = Changed::Unknown;
        self.shown = None;
        if before.is_some_and(|before| before.size == area.size) {
            // The same size elsewhere (a window shown again): the buffers fit, their pixels do not.
            if let Some((ring, held)) = &mut self.ring {
                *held = area;
                ring.outdate(Rows::new(0, area.size.height));
            }
            return Ok(());
        }
        self.release()?;
        self.ring = Some((Ring::new(area.bytes()), area));
        Ok(())
    }

    /// Lets the server forget all buffers; frames keep theirs.
    fn release(&mut self) -> Result<(), Refusal> {
        if let Some((ring, _)) = self.ring.take() {
            for pixels in ring.buffers() {
                pixels.detach(&self.display)?;
            }
        }
        Ok(())
    }

    /// Asks what changed and where the pointer is, both with one wait.
    fn ask(&mut self, area: Area) -> Result<Option<Spot>, Refusal> {
        let origin = self.origin(area);
        let damage = match &mut self.changes {
            Some(changes) => changes.ask(&self.display)?,
            None => None,
        };
        let pointer = match &mut self.cursor {
            Some(cursor) => Some(cursor.ask(&self.display)?),
            None => None,
        };
        if let Some(damage) = damage {
            let rows = rows_of(&damage.reply()?, origin, area);
            self.pending = self.pending.union(rows.into());
        } else if self.changes.is_none() {
            self.pending = Changed::Unknown;
        }
        match (pointer, &self.cursor) {
            (Some(pointer), Some(cursor)) => Ok(cursor.spot(&pointer.reply()?, origin, area.size)),
            _ => Ok(None),
        }
    }

    /// Takes the rows that are out of date in a free buffer and draws the pointer.
    fn shoot(&mut self, area: Area, at: Timestamp, spot: Option<Spot>) -> Result<Option<Picture>, Refusal> {
        let Some((ring, _)) = &mut self.ring else { return Ok(None) };
        let all = Rows::new(0, area.size.height);
        let index = match ring.free() {
            Some(index) => index,
            None if ring.may_grow() => ring.add(Pixels::create(&self.display, self.transport, area.bytes())?, all),
            None => return Ok(None),
        };
        let mut changed = match self.pending {
            Changed::Unknown => all,
            Changed::Rows { top, bottom } => Rows::new(top, bottom),
        };
        if spot != self.shown {
            let rows = |spot: Option<Spot>| spot.map_or(Rows::EMPTY, |spot| spot.rows);
            changed = changed.union(rows(spot)).union(rows(self.shown));
        }
        let Some((pixels, stale)) = ring.write(index) else { return Ok(None) };
        let outdated = stale.union(changed);
        if !outdated.is_empty()
            && let Err(refusal) = pixels.grab(&self.display, area, outdated)
        {
            if let Some(pixels) = ring.remove(index) {
                pixels.detach(&self.display)?;
            }
            return Err(refusal);
        }
        if let (Some(spot), Some(cursor)) = (spot, &self.cursor) {
            cursor.draw(spot, pixels.bytes_mut(), area.size);
        }
        let own = spot.map_or(Rows::EMPTY, |spot| spot.rows);
        let Some(buffer) = ring.share(index, changed, own) else { return Ok(None) };
        let changed = if self.pending == Changed::Unknown { Changed::Unknown } else { changed.into() };
        self.pending = Rows::EMPTY.into();
        self.shown = spot;
        let planes = Planes::packed(PixelFormat::Bgrx, area.size, buffer)
            .map_err(|error| Refusal::Refused(error.to_string()))?;
        let payload = Payload::Planes(planes);
        Ok(Some(Picture { captured_at: at, colour: Colour::SRGB, size: area.size, changed, payload }))
    }

    fn try_look(&mut self, area: Area, stage: &mut Stage) -> Result<Look, Refusal> {
        self.fit(area, stage)?;
        let spot = self.ask(area)?;
        let at = stage.now();
        let still = matches!(self.pending, Changed::Rows { top, bottom } if top >= bottom);
        if still && spot == self.shown {
            return Ok(Look::Unchanged(at));
        }
        Ok(self.shoot(area, at, spot)?.map_or(Look::Crowded, Look::Picture))
    }

    /// A refusal while window or monitors change is no error; what we know is asked anew.
    fn survive(&mut self, refusal: Refusal) -> Result<(), CaptureError> {
        let Refusal::Refused(reason) = &refusal else { return Err(CaptureError::DisplayLost) };
        log::debug!("the display refused a look: {reason}");
        self.refused += 1;
        if self.refused > MOST_REFUSED {
            return Err(refusal.fatal());
        }
        self.pending = Changed::Unknown;
        self.layout = Layout::Outdated;
        match &mut self.view {
            View::Window(window) => window.survive(&self.display, &refusal),
            View::Desktop { .. } => Ok(()),
        }
    }
}

impl TickSource for X11Source {
    fn look(&mut self, _tick: Tick, stage: &mut Stage) -> Result<Look, CaptureError> {
        self.attend()?;
        let area = self.area()?;
        self.tell_presence(stage);
        let Some(area) = area else { return Ok(Look::Unchanged(stage.now())) };
        match self.try_look(area, stage) {
            Ok(look) => {
                self.refused = 0;
                Ok(look)
            }
            Err(refusal) => self.survive(refusal).map(|()| Look::Unchanged(stage.now())),
        }
    }
}

/// Where a screen or a region lies on the desktop now, and its name.
fn place(display: &Display, subject: &Subject, stage: Option<&mut Stage>) -> Result<(Rect, String), CaptureError> {
    let desktop = display.root_size().map_err(Refusal::fatal)?;
    match subject {
        Subject::Region(region) => {
            let captured = monitors::clip(*region, desktop)?;
            if let Some(stage) = stage.filter(|_| captured != *region) {
                stage.warn(CaptureWarning::RegionClipped { captured });
            }
            let Rect { x, y, size } = captured;
            Ok((captured, format!("Region {size} at {x},{y}")))
        }
        Subject::Screen(_) | Subject::Window(_) => {
            let asked = if let Subject::Screen(id) = subject { id.as_deref() } else { None };
            let screens = monitors::monitors(display).map_err(Refusal::fatal)?;
            let screen = monitors::pick(&screens, asked)?;
            Ok((monitors::clip(screen.rect, desktop)?, screen.name.clone()))
        }
    }
}

/// The window in whose coordinates damage and pointer are told.
fn watched(display: &Display, view: &View) -> Window {
    match view {
        View::Desktop { .. } => display.root(),
        View::Window(window) => window.window,
    }
}

/// Listens for damage of the watched window and for a new arrangement of monitors.
fn watch(display: &Display, window: Window) -> Result<Option<Changes>, Refusal> {
    if window == display.root() {
        let listen = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        display.conn.change_window_attributes(window, &listen)?.check()?;
        if display.has(Extension::Randr) {
            let mask = NotifyMask::SCREEN_CHANGE | NotifyMask::CRTC_CHANGE | NotifyMask::OUTPUT_CHANGE;
            display.conn.randr_select_input(window, mask)?.check()?;
        }
    }
    Changes::watch(display, window)
}

/// Tries shared memory once with a small segment, so that a server that only pretends is found out here.
fn choose_transport(display: &Display, asked: Transport, stage: &mut Stage) -> Result<Transport, CaptureError> {
    if asked == Transport::Auto && display.is_local() && display.has(Extension::Shm) {
        match Pixels::create(display, Transport::Auto, 4096) {
            Ok(pixels) => {
                pixels.detach(display).map_err(Refusal::fatal)?;
                return Ok(Transport::Auto);
            }
            Err(Refusal::Lost) => return Err(CaptureError::DisplayLost),
            Err(Refusal::Refused(reason)) => log::warn!("capturing without shared memory: {reason}"),
        }
    }
    stage.warn(CaptureWarning::NoSharedMemory);
    Ok(Transport::Copied)
}

fn too_large() -> CaptureError {
    CaptureError::DisplayRefused { reason: "the desktop is larger than X11 can say".to_owned() }
}
