//! Turns a camera, a screen, a window, a region or the test pattern into a stream of frames.

use crate::media::{FrameRate, Rect, Resolution};

/// Which window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowPick {
    /// By its X11 id.
    Id(u32),
    /// By part of its title.
    Title(String),
}

/// Which source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// The built-in test pattern.
    Test {
        /// Its size.
        size: Resolution,
    },
    /// A monitor by RandR name or index; `None` is the whole desktop's primary monitor.
    Screen {
        /// Name or index.
        id: Option<String>,
    },
    /// One window.
    Window {
        /// Which.
        id: WindowPick,
    },
    /// A rectangle of the desktop.
    Region(Rect),
    /// A webcam.
    Camera {
        /// Stable id, path or part of the name.
        id: Option<String>,
        /// `1280x720@30 mjpeg`.
        mode: Option<String>,
    },
}

/// What to capture and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureRequest {
    /// The source.
    pub source: SourceSpec,
    /// Frames per second wanted.
    pub rate: FrameRate,
    /// Draw the mouse pointer.
    pub show_cursor: bool,
}
