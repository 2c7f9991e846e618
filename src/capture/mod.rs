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

// STUB from here: the list of devices.

/// A monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenInfo {
    /// Stable id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where it lies on the desktop.
    pub rect: Rect,
    /// The primary one.
    pub primary: bool,
}

/// A window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowInfo {
    /// X11 id.
    pub id: u32,
    /// Title.
    pub title: String,
    /// Program.
    pub app: String,
    /// Size.
    pub size: Resolution,
}

/// A camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraInfo {
    /// Stable id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Device file.
    pub path: String,
    /// Modes as a profile writes them.
    pub modes: Vec<String>,
}

/// What there is to capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Monitors.
    pub screens: Vec<ScreenInfo>,
    /// Windows.
    pub windows: Vec<WindowInfo>,
    /// Cameras.
    pub cameras: Vec<CameraInfo>,
    /// What could not be listed, in words.
    pub problems: Vec<String>,
}

/// Lists within the deadline.
pub fn list(_within: std::time::Duration) -> Listing {
    Listing::default()
}
