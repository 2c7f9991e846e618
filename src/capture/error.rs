//! What can go wrong with a source, in words.

use std::time::Duration;

use super::CameraMode;
use crate::media::{Rect, Resolution};

/// Why a source could not be opened or has ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// There is no X server to talk to.
    #[error("no screen to capture: {reason}")]
    NoDisplay {
        /// What the connection said.
        reason: String,
    },
    /// The X server went away.
    #[error("the desktop session ended while it was captured")]
    DisplayLost,
    /// The X server refuses something that capturing needs.
    #[error("the desktop refuses to be captured: {reason}")]
    DisplayRefused {
        /// What it refused.
        reason: String,
    },
    /// No monitor has this name.
    #[error("there is no screen '{asked}'; there is {}", one_of(.have))]
    NoSuchScreen {
        /// What was asked for.
        asked: String,
        /// The names there are.
        have: Vec<String>,
    },
    /// No window has this number or title.
    #[error("there is no window {asked}")]
    NoSuchWindow {
        /// What was asked for.
        asked: String,
    },
    /// The captured window was closed.
    #[error("the window '{title}' was closed")]
    WindowClosed {
        /// Its title.
        title: String,
    },
    /// The region has no pixel on the desktop.
    #[error("the region {}x{} at {},{} lies outside the desktop of {screen}", .region.size.width, .region.size.height, .region.x, .region.y)]
    RegionOutside {
        /// The region.
        region: Rect,
        /// The whole desktop.
        screen: Resolution,
    },
    /// No camera, or none of this name.
    #[error("{}", no_camera(.asked.as_deref(), .have))]
    NoCamera {
        /// What was asked for; `None` is any.
        asked: Option<String>,
        /// The names there are.
        have: Vec<String>,
    },
    /// The camera has no such mode.
    #[error("the camera '{name}' has no mode '{asked}'; it has {}", one_of(.have))]
    NoSuchMode {
        /// The camera.
        name: String,
        /// What was asked for.
        asked: String,
        /// The modes there are.
        have: Vec<String>,
    },
    /// Another program uses the camera.
    #[error("the camera '{name}' is used by {}", .by.as_deref().unwrap_or("another program"))]
    CameraBusy {
        /// The camera.
        name: String,
        /// That program, where the system tells it.
        by: Option<String>,
    },
    /// The user may not open the camera.
    #[error("the camera '{name}' may not be opened by this user{}", belongs(.path, .group.as_deref()))]
    CameraDenied {
        /// The camera.
        name: String,
        /// Its device file.
        path: String,
        /// The group that may open it.
        group: Option<String>,
    },
    /// The camera is open and sends nothing.
    #[error("the camera '{name}' has sent no picture for {} s", .silent.as_secs())]
    CameraStalled {
        /// The camera.
        name: String,
        /// For how long.
        silent: Duration,
    },
    /// The camera was unplugged.
    #[error("the camera '{name}' is gone")]
    CameraGone {
        /// The camera.
        name: String,
    },
    /// The camera's driver failed in another way.
    #[error("the camera '{name}' failed: {reason}")]
    CameraFailed {
        /// The camera.
        name: String,
        /// What the driver said.
        reason: String,
    },
    /// This is not possible here.
    #[error("{what}: not possible")]
    Unsupported {
        /// What is not possible.
        what: String,
    },
    /// Asking the system for its sources took too long.
    #[error("the list of {what} did not come within {} ms", .waited.as_millis())]
    ListTimeout {
        /// Of what.
        what: &'static str,
        /// For how long it was waited.
        waited: Duration,
    },
    /// Its thread ended without a word: a fault of ours.
    #[error("the capture ended unexpectedly")]
    Vanished,
    /// The operating system starts no more threads.
    #[error("the capture could not start: {reason}")]
    NoThread {
        /// What the system said.
        reason: String,
    },
}

impl CaptureError {
    /// What the user can do about it, as a sentence.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoDisplay { .. } => {
                "Start gearcast inside a graphical session, or set DISPLAY to the X server's name."
            }
            Self::DisplayLost => "Log in again and start a new recording; what was recorded until then is kept.",
            Self::DisplayRefused { .. } => "Set the screen to 24 bits a pixel, or capture another source.",
            Self::NoSuchScreen { .. } => "Choose one of the listed screens, or plug the monitor in again.",
            Self::NoSuchWindow { .. } => "Open the window first, or choose one from the list.",
            Self::WindowClosed { .. } => "Open the window again and choose it anew, or capture the screen.",
            Self::RegionOutside { .. } => "Draw the region again so that it lies on the desktop.",
            Self::NoCamera { .. } => "Plug the camera in and refresh the list.",
            Self::NoSuchMode { .. } => "Choose one of the camera's modes, or leave the mode empty.",
            Self::CameraBusy { .. } => "Close the other program (a browser tab, a meeting) and start again.",
            Self::CameraDenied { .. } => {
                "Add yourself to the group that owns the device (usually 'video') and log in again."
            }
            Self::CameraStalled { .. } => "Unplug the camera and plug it in again; try another USB port without a hub.",
            Self::CameraGone { .. } => "Plug the camera in again and start anew.",
            Self::CameraFailed { .. } => "Try another mode of the camera, or unplug it and plug it in again.",
            Self::Unsupported { .. } => "Choose another source.",
            Self::ListTimeout { .. } => "Unplug a device that hangs, then refresh the list.",
            Self::Vanished => "Start again; if it happens again, please report it with the log.",
            Self::NoThread { .. } => "Close other programs and try again.",
        }
    }
}

/// What the user should know while frames go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureWarning {
    /// The machine was too slow to look at every tick. Told at most once a second.
    #[error("{} skipped because the computer was busy", pictures_were(*ticks))]
    Late {
        /// Ticks skipped since this was told last.
        ticks: u64,
    },
    /// Every buffer is still held by whoever got the frames. Told at most once a second.
    #[error("{} skipped because earlier ones are still being worked on", pictures_were(*ticks))]
    Crowded {
        /// Ticks skipped since this was told last.
        ticks: u64,
    },
    /// The window is minimised or hidden: its last picture stays.
    #[error("the window is minimised; its last picture stays")]
    WindowHidden,
    /// The window is back.
    #[error("the window is visible again")]
    WindowShown,
    /// The source has a new size from the next frame on.
    #[error("the source changed its size from {from} to {to}")]
    Resized {
        /// The size before.
        from: Resolution,
        /// The size from now on.
        to: Resolution,
    },
    /// Part of the region is off the desktop; the rest is captured.
    #[error("the region hangs over the edge of the desktop; {} of it is captured", .captured.size)]
    RegionClipped {
        /// What is captured.
        captured: Rect,
    },
    /// Pixels come through the connection, which costs about twenty times as much.
    #[error("the screen is captured without shared memory, which is slow")]
    NoSharedMemory,
    /// The server does not tell what changed: every picture is taken in full.
    #[error("the desktop does not tell what changes; every picture is taken in full")]
    NoDamage,
    /// The pointer cannot be drawn.
    #[error("the mouse pointer cannot be captured here")]
    NoCursor,
    /// The camera sends nothing; it may come back.
    #[error("the camera '{name}' sends no picture; the recording goes on without")]
    CameraStalled {
        /// The camera.
        name: String,
    },
    /// The camera was unplugged, or failed, while it ran; it is taken up again when it is back.
    #[error("{reason}; the recording goes on and takes it up again when it is back")]
    CameraLost {
        /// What happened.
        reason: Box<CaptureError>,
    },
    /// The camera sends again.
    #[error("the camera '{name}' sends pictures again, after {:.1} s", .silent.as_secs_f64())]
    CameraBack {
        /// The camera.
        name: String,
        /// How long none came.
        silent: Duration,
    },
    /// The camera came back in another mode: its pictures are scaled to the recording's size.
    #[error("the camera '{name}' came back as {to} instead of {from}")]
    CameraOtherMode {
        /// The camera.
        name: String,
        /// The mode before.
        from: CameraMode,
        /// The mode now.
        to: CameraMode,
    },
    /// A control could not be set.
    #[error("'{key}' of the camera '{name}' could not be set: {reason}")]
    ControlRefused {
        /// The camera.
        name: String,
        /// The control.
        key: String,
        /// What the driver said, or which controls there are.
        reason: String,
    },
    /// Pictures arrived incomplete and were left out. Told at most once a second.
    #[error("{} damaged and left out", of_the_camera(*pictures))]
    CameraDamaged {
        /// How many since this was told last.
        pictures: u64,
    },
    /// The camera's driver does not return; its thread was left behind and the device stays busy.
    #[error("the camera '{name}' does not let go; it stays busy until gearcast ends")]
    CameraLeftBehind {
        /// The camera.
        name: String,
    },
}

impl CaptureWarning {
    /// What the user can do about it; empty where nothing need be done.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Late { .. } | Self::Crowded { .. } => "Close other programs, or record a smaller picture.",
            Self::CameraStalled { .. } => "Check its cable; try another USB port without a hub.",
            Self::CameraLost { .. } => "Plug the camera in again; the recording takes it up by itself.",
            Self::CameraDamaged { .. } => "If this goes on, try another cable or a smaller camera mode.",
            Self::CameraLeftBehind { .. } => "Unplug the camera and plug it in again to use it before that.",
            Self::ControlRefused { .. } => "Remove it from the profile, or set another value.",
            Self::CameraOtherMode { .. } => "Its pictures are scaled to the recording's size.",
            _ => "",
        }
    }

    /// Whether it is of no account while nothing is recorded: skipped pictures, and a camera whose silence the preview
    /// shows by itself.
    pub const fn concerns_recordings_alone(&self) -> bool {
        matches!(
            self,
            Self::Late { .. }
                | Self::Crowded { .. }
                | Self::CameraDamaged { .. }
                | Self::CameraStalled { .. }
                | Self::CameraLost { .. }
                | Self::CameraBack { .. }
        )
    }
}

fn of_the_camera(count: u64) -> String {
    if count == 1 { "1 picture of the camera was".to_owned() } else { format!("{count} pictures of the camera were") }
}

fn belongs(path: &str, group: Option<&str>) -> String {
    group.map_or_else(String::new, |group| format!(" ({path} belongs to the group '{group}')"))
}

fn pictures_were(count: u64) -> String {
    if count == 1 { "1 picture was".to_owned() } else { format!("{count} pictures were") }
}

fn one_of(have: &[String]) -> String {
    if have.is_empty() { "none".to_owned() } else { have.join(", ") }
}

fn no_camera(asked: Option<&str>, have: &[String]) -> String {
    match asked {
        Some(asked) => format!("there is no camera '{asked}'; there is {}", one_of(have)),
        None => "no camera was found".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_what_was_asked_and_what_there_is() {
        let error = CaptureError::NoSuchScreen { asked: "DP-9".into(), have: vec!["HDMI-1".into(), "DP-1".into()] };
        assert_eq!(error.to_string(), "there is no screen 'DP-9'; there is HDMI-1, DP-1");
        let error = CaptureError::NoCamera { asked: Some("2".into()), have: Vec::new() };
        assert_eq!(error.to_string(), "there is no camera '2'; there is none");
        let region = Rect { x: -50, y: 3, size: Resolution::new(40, 20) };
        let error = CaptureError::RegionOutside { region, screen: Resolution::new(640, 480) };
        assert_eq!(error.to_string(), "the region 40x20 at -50,3 lies outside the desktop of 640x480");
        assert!(error.help().ends_with('.'));
    }
}
