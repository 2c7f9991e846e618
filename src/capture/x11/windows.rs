//! The windows a user would name, and which one is meant.

use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, MapState, Window, WindowClass};

use super::display::{Display, Refusal};
use crate::capture::{CaptureError, WindowInfo, WindowPick};
use crate::media::Resolution;

/// How deep below a frame a window manager may put the client's window.
const CLIENT_DEPTH: u32 = 3;
/// Longest list and longest text asked for, in 32-bit units.
const MOST_WINDOWS: u32 = 4096;
const MOST_TEXT: u32 = 1024;

struct Atoms {
    client_list: Atom,
    state: Atom,
    name: Atom,
}

impl Atoms {
    fn intern(display: &Display) -> Result<Self, Refusal> {
        let intern = |name: &[u8]| display.conn.intern_atom(false, name);
        let (client_list, state, name) = (intern(b"_NET_CLIENT_LIST")?, intern(b"WM_STATE")?, intern(b"_NET_WM_NAME")?);
        Ok(Self { client_list: client_list.reply()?.atom, state: state.reply()?.atom, name: name.reply()?.atom })
    }
}

/// What the window manager lists; without one, the named windows on the desktop.
pub(super) fn windows(display: &Display) -> Result<Vec<WindowInfo>, Refusal> {
    let atoms = Atoms::intern(display)?;
    let listed = property(display, display.root(), atoms.client_list, AtomEnum::WINDOW.into(), MOST_WINDOWS)?;
    let managed: Vec<Window> =
        listed.chunks_exact(4).filter_map(|bytes| bytes.try_into().ok().map(u32::from_ne_bytes)).collect();
    let candidates = if managed.is_empty() { unmanaged(display, &atoms)? } else { managed };
    let mut found = Vec::new();
    for window in candidates {
        match describe(display, &atoms, window) {
            Ok(Some(info)) => found.push(info),
            Ok(None) | Err(Refusal::Refused(_)) => {} // closed while we looked
            Err(Refusal::Lost) => return Err(Refusal::Lost),
        }
    }
    Ok(found)
}

/// The window that is meant.
pub(super) fn pick(display: &Display, asked: &WindowPick) -> Result<WindowInfo, CaptureError> {
    let atoms = Atoms::intern(display).map_err(Refusal::fatal)?;
    match asked {
        WindowPick::Id(id) => match describe_any(display, &atoms, *id) {
            Ok(info) => Ok(info),
            Err(Refusal::Lost) => Err(CaptureError::DisplayLost),
            Err(Refusal::Refused(_)) => Err(CaptureError::NoSuchWindow { asked: format!("with the number {id}") }),
        },
        WindowPick::Title(part) => {
            let windows = windows(display).map_err(Refusal::fatal)?;
            by_title(windows, part).ok_or_else(|| CaptureError::NoSuchWindow { asked: format!("named '{part}'") })
        }
    }
}

/// The window with exactly this title, else the first whose title contains it in any case.
fn by_title(mut windows: Vec<WindowInfo>, part: &str) -> Option<WindowInfo> {
    let part = part.trim().to_lowercase();
    if part.is_empty() {
        return None;
    }
    let exact = windows.iter().position(|window| window.title.to_lowercase() == part);
    let index = exact.or_else(|| windows.iter().position(|window| window.title.to_lowercase().contains(&part)))?;
    Some(windows.swap_remove(index))
}

/// Top-level windows where no window manager keeps a list; a client that a manager has framed is looked for inside.
fn unmanaged(display: &Display, atoms: &Atoms) -> Result<Vec<Window>, Refusal> {
    let mut found = Vec::new();
    for top in display.conn.query_tree(display.root())?.reply()?.children {
        let attributes = match display.conn.get_window_attributes(top)?.reply() {
            Ok(attributes) => attributes,
            Err(x11rb::errors::ReplyError::X11Error(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let shown = attributes.map_state == MapState::VIEWABLE && attributes.class == WindowClass::INPUT_OUTPUT;
        if shown && !attributes.override_redirect {
            found.push(client_of(display, atoms, top, CLIENT_DEPTH)?.unwrap_or(top));
        }
    }
    Ok(found)
}

fn client_of(display: &Display, atoms: &Atoms, window: Window, depth: u32) -> Result<Option<Window>, Refusal> {
    if !property(display, window, atoms.state, AtomEnum::ANY.into(), 2)?.is_empty() {
        return Ok(Some(window));
    }
    if depth == 0 {
        return Ok(None);
    }
    let Ok(tree) = display.conn.query_tree(window)?.reply() else { return Ok(None) };
    for child in tree.children {
        if let Some(client) = client_of(display, atoms, child, depth - 1)? {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// `None` for a window without a name: nobody could pick it.
fn describe(display: &Display, atoms: &Atoms, window: Window) -> Result<Option<WindowInfo>, Refusal> {
    let info = describe_any(display, atoms, window)?;
    Ok((!info.title.is_empty() || !info.app.is_empty()).then_some(info))
}

fn describe_any(display: &Display, atoms: &Atoms, window: Window) -> Result<WindowInfo, Refusal> {
    let geometry = display.conn.get_geometry(window)?.reply()?;
    let text = |name: Atom| property(display, window, name, AtomEnum::ANY.into(), MOST_TEXT);
    let modern = text(atoms.name)?;
    let title = if modern.is_empty() {
        latin1(&text(AtomEnum::WM_NAME.into())?)
    } else {
        String::from_utf8_lossy(&modern).into_owned()
    };
    let class = text(AtomEnum::WM_CLASS.into())?; // "instance\0Class\0"
    let app = class.split(|byte| *byte == 0).rfind(|part| !part.is_empty()).map(latin1);
    let size = Resolution::new(u32::from(geometry.width), u32::from(geometry.height));
    Ok(WindowInfo { id: window, title, app: app.unwrap_or_default(), size })
}

fn property(display: &Display, window: Window, name: Atom, kind: Atom, units: u32) -> Result<Vec<u8>, Refusal> {
    match display.conn.get_property(false, window, name, kind, 0, units)?.reply().map_err(Refusal::from) {
        Ok(reply) => Ok(reply.value),
        Err(Refusal::Lost) => Err(Refusal::Lost),
        Err(Refusal::Refused(_)) => Ok(Vec::new()),
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_title_is_preferred_and_case_does_not_matter() {
        let windows = || {
            ["Editor - notes", "notes", "Übersicht"]
                .iter()
                .zip(1..)
                .map(|(title, id)| WindowInfo {
                    id,
                    title: (*title).to_owned(),
                    app: String::new(),
                    size: Resolution::new(1, 1),
                })
                .collect()
        };
        let id = |part| by_title(windows(), part).map(|window| window.id);
        assert_eq!(id("NOTES"), Some(2));
        assert_eq!(id("editor"), Some(1));
        assert_eq!(id("übers"), Some(3));
        assert_eq!((id("nothing"), id(" ")), (None, None));
    }
}
