//! What there is to capture, asked for with a deadline.

use std::time::Duration;

use super::{CameraMode, CaptureError, DisplayOptions};
use crate::media::{Rect, Resolution};
use crate::rt::{Job, JobState, spawn_job};

/// A monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenInfo {
    /// Its output name; stays the same while it is on the same socket.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Where it lies on the desktop.
    pub rect: Rect,
    /// The user's main monitor.
    pub primary: bool,
}

/// A window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowInfo {
    /// Its number on the X server; stays the same while it is open.
    pub id: u32,
    /// Its title.
    pub title: String,
    /// Its program's class.
    pub app: String,
    /// Its size without borders.
    pub size: Resolution,
}

/// A camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraInfo {
    /// Its place on the bus; stays the same while it is in the same socket.
    pub id: String,
    /// Its own name.
    pub name: String,
    /// The device file.
    pub path: String,
    /// Its modes, best first; empty where it cannot be asked now.
    pub modes: Vec<CameraMode>,
    /// Whether it can be opened now.
    pub free: CameraFree,
}

/// Whether a camera can be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CameraFree {
    /// It can, as far as can be told without opening it.
    #[default]
    Yes,
    /// Another program uses it.
    Busy {
        /// The program's name, where the system tells it.
        by: Option<String>,
    },
    /// This user may not.
    Denied,
}

/// Everything found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Monitors, in the server's order.
    pub screens: Vec<ScreenInfo>,
    /// Windows, in the window manager's order.
    pub windows: Vec<WindowInfo>,
    /// Cameras, in the order of their device files.
    pub cameras: Vec<CameraInfo>,
    /// What could not be asked; the rest of the list is good.
    pub problems: Vec<CaptureError>,
}

/// Lists all sources of this session, waiting up to `deadline` for each kind. Blocks: call it in a job.
pub fn list(deadline: Duration) -> Listing {
    list_on(&DisplayOptions::default(), deadline)
}

/// The same with a given X server.
pub fn list_on(display: &DisplayOptions, deadline: Duration) -> Listing {
    let options = display.clone();
    // Both at once, each on a thread that may hang in its device.
    let desktop = spawn_job("list-screens", || {}, move |_| desktop(&options));
    let cameras = spawn_job("list-cameras", || {}, |_| Ok(super::camera::list()));
    let mut listing = Listing::default();
    match waited(desktop, "screens and windows", deadline) {
        Ok((screens, windows, problems)) => {
            listing.screens = screens;
            listing.windows = windows;
            listing.problems.extend(problems);
        }
        Err(problem) => listing.problems.push(problem),
    }
    match waited(cameras, "cameras", deadline) {
        Ok(cameras) => listing.cameras = cameras,
        Err(problem) => listing.problems.push(problem),
    }
    listing
}

/// The cameras as the system lists them, each with its number, name and place: another list means that one came or
/// went. Nothing is opened; it takes well below a millisecond.
pub fn camera_fingerprint() -> Vec<String> {
    super::camera::fingerprint()
}

type Desktop = (Vec<ScreenInfo>, Vec<WindowInfo>, Vec<CaptureError>);

#[cfg(target_os = "linux")]
fn desktop(display: &DisplayOptions) -> Result<Desktop, CaptureError> {
    super::x11::list(display).map(|found| (found.screens, found.windows, found.problems))
}

#[cfg(not(target_os = "linux"))]
fn desktop(_display: &DisplayOptions) -> Result<Desktop, CaptureError> {
    Err(CaptureError::Unsupported { what: "Screen capture on this system".into() })
}

fn waited<T>(
    job: std::io::Result<Job<Result<T, CaptureError>>>,
    what: &'static str,
    deadline: Duration,
) -> Result<T, CaptureError> {
    let mut job = job.map_err(|error| CaptureError::NoThread { reason: error.to_string() })?;
    match job.wait(deadline) {
        JobState::Done(result) => result,
        JobState::Running | JobState::Gone => Err(CaptureError::ListTimeout { what, waited: deadline }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn a_device_that_hangs_is_a_problem_not_a_hang() {
        let (release, held) = sync_channel::<()>(1);
        let job = spawn_job("hangs", || {}, move |_| held.recv().map_err(|_| CaptureError::DisplayLost));
        let waited = waited(job, "cameras", Duration::from_millis(5));
        let problem = CaptureError::ListTimeout { what: "cameras", waited: Duration::from_millis(5) };
        assert_eq!(waited, Err(problem.clone()));
        assert_eq!(problem.to_string(), "the list of cameras did not come within 5 ms");
        drop(release);
    }

    #[test]
    fn a_display_that_is_not_there_leaves_the_rest_of_the_list() {
        let nowhere = DisplayOptions { name: Some(":64000".to_owned()), ..DisplayOptions::default() };
        let listing = list_on(&nowhere, Duration::from_mins(1));
        assert!(listing.screens.is_empty() && listing.windows.is_empty());
        assert!(matches!(listing.problems[..], [CaptureError::NoDisplay { .. }]), "{:?}", listing.problems);
    }
}
