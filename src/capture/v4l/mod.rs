//! The only door to V4L2 (Video for Linux): asks a camera what it can, sets it, reads it.
//!
//! Every device is opened without blocking and polled before it is read, so a camera that sends nothing never holds
//! its thread. What the driver crate answers with a panic (a control of a kind it does not know, a stream that cannot
//! be stopped) is caught here.

mod controls;
mod modes;
mod stream;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use v4l::Device;
use v4l::capability::Flags;
use v4l::video::Capture;

use super::sysfs::{self, Node};
use super::{CameraFree, CameraMode, CaptureError};
pub(super) use stream::V4lStream;

/// What a device file is, asked by opening it.
pub(super) enum Nature {
    /// A camera.
    Camera {
        /// Its name as its driver gives it.
        card: String,
        /// Its modes, in the driver's order.
        modes: Vec<CameraMode>,
        /// Whether it can be streamed from now.
        free: CameraFree,
    },
    /// It may be one, and it cannot be asked.
    Closed(CaptureError),
    /// An output, a codec, metadata.
    Other,
}

/// Asks a device file what it is. Takes some milliseconds; may hang in the driver.
pub(super) fn nature(node: &Node) -> Nature {
    let device = match open(node) {
        Ok(device) => device,
        Err(error) => return Nature::Closed(error),
    };
    let Ok(caps) = device.query_caps() else { return Nature::Other };
    if !caps.capabilities.contains(Flags::VIDEO_CAPTURE | Flags::STREAMING) {
        return Nature::Other;
    }
    let modes = modes::all(&device);
    Nature::Camera { card: sysfs::plain_name(&caps.card), modes, free: free(node, &device) }
}

/// Whether a device file can be captured from; `None` if it cannot be opened.
pub(super) fn is_camera(node: &Node) -> Option<bool> {
    let caps = open(node).ok()?.query_caps();
    Some(caps.is_ok_and(|caps| caps.capabilities.contains(Flags::VIDEO_CAPTURE | Flags::STREAMING)))
}

fn open(node: &Node) -> Result<Device, CaptureError> {
    Device::with_path(node.path()).map_err(|error| explain(node, &error))
}

/// A camera that streams for somebody refuses every format, also the one it has.
fn free(node: &Node, device: &Device) -> CameraFree {
    let again = guarded("its format is unknown", || device.format().and_then(|format| device.set_format(&format)));
    if !again.is_err_and(|error| error.raw_os_error() == Some(EBUSY)) {
        return CameraFree::Yes;
    }
    // `device` itself is one; a second one is our own preview, which is no hindrance.
    if sysfs::times_open_here(&node.path()) > 1 {
        return CameraFree::Yes;
    }
    CameraFree::Busy { by: sysfs::holder(&node.path()) }
}

const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const ENXIO: i32 = 6;
const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;

/// The system's numbers, in words.
fn explain(node: &Node, error: &io::Error) -> CaptureError {
    let (name, path) = (node.name.clone(), node.path());
    match error.raw_os_error() {
        Some(EBUSY) => CaptureError::CameraBusy { name, by: sysfs::holder(&path) },
        Some(EPERM | EACCES) => CaptureError::CameraDenied { name, group: sysfs::owning_group(&path), path },
        Some(ENOENT | ENXIO | ENODEV) => CaptureError::CameraGone { name },
        _ => CaptureError::CameraFailed { name, reason: error.to_string() },
    }
}

/// Runs what may panic in the driver crate.
fn guarded<T>(what: &'static str, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(io::Error::other(what)))
}
