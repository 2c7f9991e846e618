//! Screens, regions and windows of an X server.
//!
//! Pixels come by shared memory straight into the frame's buffer; of a large desktop only the rows that changed
//! are taken. The only door to x11rb.

mod changes;
mod cursor;
mod display;
mod monitors;
mod pixels;
mod shm;
mod source;
mod window;
mod windows;

use super::stage::Stage;
use super::ticker::Late;
use super::{CaptureError, DisplayOptions, ScreenInfo, WindowInfo, WindowPick};
use crate::media::Rect;
use display::{Display, Refusal};
use source::X11Source;

/// What of an X server is captured.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    Screen(Option<String>),
    Region(Rect),
    Window(WindowPick),
}

/// Captures until stop is asked.
pub(super) fn run(
    subject: &Subject,
    show_cursor: bool,
    options: &DisplayOptions,
    stage: &mut Stage,
) -> Result<(), CaptureError> {
    let display = Display::connect(options)?;
    if !matches!(subject, Subject::Window(_)) && display.is_xwayland().map_err(Refusal::fatal)? {
        return Err(wayland());
    }
    let (mut source, info) = X11Source::open(display, subject, show_cursor, options.transport, stage)?;
    stage.started(info);
    let origin = stage.now();
    stage.run_ticks(&mut source, origin, Late::Skip)
}

/// Everything there is to capture; blocks for as long as the server does.
pub(super) struct Found {
    pub(super) screens: Vec<ScreenInfo>,
    pub(super) windows: Vec<WindowInfo>,
    pub(super) problems: Vec<CaptureError>,
}

pub(super) fn list(options: &DisplayOptions) -> Result<Found, CaptureError> {
    let display = Display::connect(options)?;
    let windows = windows::windows(&display).map_err(Refusal::fatal)?;
    if display.is_xwayland().map_err(Refusal::fatal)? {
        return Ok(Found { screens: Vec::new(), windows, problems: vec![wayland()] });
    }
    let screens = monitors::monitors(&display).map_err(Refusal::fatal)?;
    Ok(Found { screens, windows, problems: Vec::new() })
}

fn wayland() -> CaptureError {
    CaptureError::Unsupported { what: "Capturing the screen of a Wayland session through X11".to_owned() }
}
