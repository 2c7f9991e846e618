//! Where a camera can be: a device of this system, or a folder of recorded pictures that stands for one.

use std::sync::Arc;

use super::mode::{CameraMode, ModeWish, ranked};
use super::played::{self, PlayedCamera};
use super::stream::CameraStream;
use crate::capture::{CameraFree, CameraInfo, CaptureError};
use crate::rt::Clock;

#[cfg(target_os = "linux")]
use crate::capture::sysfs::Node;
#[cfg(target_os = "linux")]
use crate::capture::v4l::{Nature, V4lStream, is_camera, nature};

/// Something that may be a camera, found without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Stays the same while it is in the same socket.
    pub(super) id: String,
    pub(super) name: String,
    /// The device file, or what the system has in its place.
    pub(super) path: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    #[cfg(target_os = "linux")]
    Device(Node),
    #[cfg(not(target_os = "linux"))]
    Device(super::portable::Device),
    Played(PlayedCamera),
}

/// All there are, in the order of their device files; nothing is opened.
pub(super) fn all() -> Vec<Found> {
    let played = played::all().into_iter().map(|camera| Found {
        id: camera.id(),
        name: camera.name(),
        path: camera.path(),
        place: Place::Played(camera),
    });
    played.chain(devices()).collect()
}

/// nokhwa says which device files there are, the kernel what hangs on them.
#[cfg(target_os = "linux")]
fn devices() -> Vec<Found> {
    let present = super::portable::device_numbers();
    let nodes = crate::capture::sysfs::nodes().into_iter();
    nodes
        .filter(|node| present.as_ref().is_none_or(|numbers| numbers.contains(&node.number)))
        .map(|node| Found {
            id: node.id.clone(),
            name: node.name.clone(),
            path: node.path(),
            place: Place::Device(node),
        })
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn devices() -> Vec<Found> {
    let devices = super::portable::devices().into_iter();
    devices
        .map(|device| Found {
            id: device.id.clone(),
            name: device.name.clone(),
            path: device.id.clone(),
            place: Place::Device(device),
        })
        .collect()
}

/// What is plugged in, told without opening anything: it changes when a camera comes or goes.
pub(super) fn fingerprint() -> Vec<String> {
    // Elsewhere asking nokhwa once a second would open every camera.
    let found = if cfg!(target_os = "linux") { all() } else { Vec::new() };
    found.into_iter().map(|found| format!("{} {} {}", found.id, found.name, found.path)).collect()
}

/// The cameras there are, each asked for its modes. Blocks for some milliseconds a camera; may hang in a driver.
pub(super) fn list() -> Vec<CameraInfo> {
    let mut cameras: Vec<CameraInfo> = all().iter().filter_map(Found::info).collect();
    // Two of a kind are told apart by their device files.
    let names: Vec<String> = cameras.iter().map(|camera| camera.name.clone()).collect();
    for camera in &mut cameras {
        if names.iter().filter(|name| **name == camera.name).count() > 1 {
            let file = camera.path.rsplit('/').next().unwrap_or_default();
            camera.name = format!("{} ({file})", camera.name);
        }
    }
    cameras
}

impl Found {
    /// What the list says of it; `None` if it is no camera.
    fn info(&self) -> Option<CameraInfo> {
        let (modes, free, name) = match &self.place {
            #[cfg(target_os = "linux")]
            Place::Device(node) => match nature(node) {
                Nature::Other => return None,
                Nature::Camera { card, modes, free } => (modes, free, Some(card).filter(|card| !card.is_empty())),
                // Which of a camera's files gives pictures cannot be told: the first one does.
                Nature::Closed(_) if node.id.contains('#') => return None,
                Nature::Closed(error) => (Vec::new(), free_after(&error)?, None),
            },
            #[cfg(not(target_os = "linux"))]
            Place::Device(device) => match device.modes() {
                Ok(modes) => (modes, CameraFree::Yes, None),
                Err(error) => (Vec::new(), free_after(&error)?, None),
            },
            Place::Played(camera) => (camera.modes(), camera.free(), None),
        };
        let modes = ranked(modes, ModeWish::default());
        let name = name.unwrap_or_else(|| self.name.clone());
        Some(CameraInfo { id: self.id.clone(), name, path: self.path.clone(), modes, free })
    }

    /// Whether pictures come from it. One that cannot be opened is taken for a camera, so that its error is told.
    pub(super) fn is_camera(&self) -> bool {
        match &self.place {
            #[cfg(target_os = "linux")]
            Place::Device(node) => is_camera(node).unwrap_or(!node.id.contains('#')),
            #[cfg(not(target_os = "linux"))]
            Place::Device(_) => true,
            Place::Played(_) => true,
        }
    }

    /// Its modes, in the driver's order.
    pub(super) fn modes(&self) -> Result<Vec<CameraMode>, CaptureError> {
        match &self.place {
            #[cfg(target_os = "linux")]
            Place::Device(node) => match nature(node) {
                Nature::Camera { free: CameraFree::Busy { by }, .. } => {
                    Err(CaptureError::CameraBusy { name: self.name.clone(), by })
                }
                Nature::Camera { modes, .. } => Ok(modes),
                Nature::Closed(error) => Err(error),
                Nature::Other => Err(CaptureError::CameraFailed {
                    name: self.name.clone(),
                    reason: "no pictures come from this device".to_owned(),
                }),
            },
            #[cfg(not(target_os = "linux"))]
            Place::Device(device) => device.modes(),
            Place::Played(camera) => Ok(camera.modes()),
        }
    }

    /// Opens it and begins to stream.
    pub(super) fn open(&self, mode: CameraMode, clock: &Arc<dyn Clock>) -> Result<Box<dyn CameraStream>, CaptureError> {
        match &self.place {
            #[cfg(target_os = "linux")]
            Place::Device(node) if super::portable::is_asked_for() => {
                super::portable::open_own(node.clone(), mode, Arc::clone(clock))
            }
            #[cfg(target_os = "linux")]
            Place::Device(node) => Ok(Box::new(V4lStream::open(node, mode, Arc::clone(clock))?)),
            #[cfg(not(target_os = "linux"))]
            Place::Device(device) => device.open(mode, Arc::clone(clock)),
            Place::Played(camera) => camera.open(mode, Arc::clone(clock)),
        }
    }
}

/// What the list says of a camera that could not be asked; `None` for one that is gone by now.
fn free_after(error: &CaptureError) -> Option<CameraFree> {
    match error {
        CaptureError::CameraGone { .. } => None,
        CaptureError::CameraDenied { .. } => Some(CameraFree::Denied),
        CaptureError::CameraBusy { by, .. } => Some(CameraFree::Busy { by: by.clone() }),
        _ => Some(CameraFree::Yes),
    }
}

#[cfg(test)]
pub(super) mod tests_support {
    use super::*;

    /// Something that stands in a list and is never opened.
    pub(in crate::capture::camera) fn found(id: &str, name: &str, path: &str) -> Found {
        let place = Place::Played(PlayedCamera::nowhere());
        Found { id: id.into(), name: name.into(), path: path.into(), place }
    }
}
