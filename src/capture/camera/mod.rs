//! Cameras: finding one, choosing a mode, and keeping a driver that may hang on a thread of its own.

mod control;
mod device;
mod feed;
mod jpeg;
mod mode;
mod stream;

pub use control::{CameraControl, ControlKind, ControlState, ControlWishes, control_key};
pub use mode::{CameraCoding, CameraMode};
pub(crate) use mode::{ModeWish, ranked};
pub use stream::{Arrival, CameraSetting, CameraShot, CameraStream, ShotKey};

use super::stage::Stage;
use super::sysfs::{self, Node};
use super::{CameraFree, CameraInfo, CaptureError};
use crate::media::Resolution;

/// How an open camera is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraState {
    /// How it sends.
    pub mode: CameraMode,
    /// Whether pictures come.
    pub signal: Signal,
    /// What can be set on it, as it is now.
    pub controls: Vec<CameraControl>,
    /// Pictures that came whole since it was opened first.
    pub whole: u64,
    /// Pictures that the camera took and that never came: holes in its numbers.
    pub lost: u64,
    /// Pictures that came damaged and were left out.
    pub damaged: u64,
}

/// Whether a camera sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It does.
    Good,
    /// It is open and silent.
    Silent,
    /// It is unplugged, or cannot be opened again yet.
    Gone,
}

/// The cameras there are. A camera that cannot be opened is listed without modes.
pub(super) fn list() -> Vec<CameraInfo> {
    sysfs::nodes()
        .into_iter()
        .filter_map(|node| {
            let modes = device::modes(&node)?;
            let modes = ranked(modes, ModeWish::default());
            Some(CameraInfo { id: node.bus.clone(), path: node.path(), name: node.name, modes, free: CameraFree::Yes })
        })
        .collect()
}

/// Which camera, and how.
pub(super) struct Wanted<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) mode: Option<&'a str>,
    pub(super) size: Option<Resolution>,
    pub(super) coding: Option<CameraCoding>,
    pub(super) controls: &'a ControlWishes,
}

/// Captures until stop is asked.
pub(super) fn run(wanted: &Wanted<'_>, stage: &mut Stage) -> Result<(), CaptureError> {
    let node = pick(sysfs::nodes(), wanted.id)?;
    feed::run(node, wanted.mode, stage)
}

/// The camera with this id, device file, place in the list or part of its name; the first one without.
fn pick(nodes: Vec<Node>, asked: Option<&str>) -> Result<Node, CaptureError> {
    let asked = asked.map(str::trim).filter(|asked| !asked.is_empty());
    let index = match asked {
        None => (!nodes.is_empty()).then_some(0),
        Some(asked) => {
            let lower = asked.to_lowercase();
            nodes
                .iter()
                .position(|node| node.bus == asked || node.path() == asked)
                .or_else(|| asked.parse().ok().filter(|index: &usize| *index < nodes.len()))
                .or_else(|| nodes.iter().position(|node| node.name.to_lowercase().contains(&lower)))
        }
    };
    let mut nodes = nodes;
    match index {
        Some(index) => Ok(nodes.swap_remove(index)),
        None => Err(CaptureError::NoCamera {
            asked: asked.map(str::to_owned),
            have: nodes.into_iter().map(|node| node.name).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_found_by_each_of_its_names() {
        let nodes = || {
            let node = |number, name: &str, bus: &str| Node { number, name: name.into(), bus: bus.into() };
            vec![node(2, "HD Webcam", "1-1:1.0"), node(4, "Capture Card", "3-2:1.0")]
        };
        let number = |asked| pick(nodes(), asked).map(|node| node.number);
        assert_eq!(number(None), Ok(2));
        for asked in ["3-2:1.0", "/dev/video4", "1", "capture card", " CARD "] {
            assert_eq!(number(Some(asked)), Ok(4), "{asked}");
        }
        let have = vec!["HD Webcam".to_owned(), "Capture Card".to_owned()];
        assert_eq!(number(Some("2")), Err(CaptureError::NoCamera { asked: Some("2".into()), have }));
        assert_eq!(pick(Vec::new(), None), Err(CaptureError::NoCamera { asked: None, have: Vec::new() }));
    }
}
