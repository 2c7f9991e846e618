//! Cameras: finding one, choosing a mode, and keeping a driver that may hang on a thread of its own.
//!
//! ```text
//! place: what is there ─► system: which is meant, in which mode ─► v4l, portable or played: a CameraStream
//! reader (thread camera-io): opens, reads, sets controls, opens again ─► feed (thread capture): slate, counts, words
//! ```

mod control;
mod feed;
mod jpeg;
mod mode;
pub(super) mod picture;
mod place;
mod played;
mod portable;
mod reader;
mod slate;
mod stream;
mod system;

pub use control::{CameraControl, ControlKind, ControlState, ControlWishes, control_key};
pub use mode::{CameraCoding, CameraMode};
pub(super) use reader::Orders;
pub use stream::{Arrival, CameraSetting, CameraShot, CameraStream, ShotKey};

use std::sync::Arc;
use std::time::Duration;

use super::stage::Stage;
use super::{CameraInfo, CaptureError};
use crate::media::Resolution;
use mode::ModeWish;
use system::{Asked, SystemHost};

/// How an open camera is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraState {
    /// Its stable id.
    pub id: String,
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
    /// How often the slate had to stand in.
    pub outages: u64,
    /// For how long it did, in all.
    pub silent: Duration,
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

/// The cameras there are, each asked for its modes. Blocks; may hang in a driver.
pub(super) fn list() -> Vec<CameraInfo> {
    place::list()
}

/// What changes when a camera comes or goes; opens nothing.
pub(super) fn fingerprint() -> Vec<String> {
    place::fingerprint()
}

/// Which camera, and how.
pub(super) struct Wanted<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) mode: Option<&'a str>,
    pub(super) size: Option<Resolution>,
    pub(super) coding: Option<CameraCoding>,
    pub(super) orders: &'a Orders,
}

/// Captures until stop is asked. Ends by itself only while no picture has come yet.
pub(super) fn run(wanted: &Wanted<'_>, stage: &mut Stage) -> Result<(), CaptureError> {
    let size = wanted.size.unwrap_or(ModeWish::default().size);
    let asked = Asked {
        id: wanted.id.map(str::to_owned),
        mode: wanted.mode.map(str::to_owned),
        coding: wanted.coding,
        wish: ModeWish { size, rate: stage.rate() },
    };
    let name = wanted.id.unwrap_or("camera").to_owned();
    let host = SystemHost::new(asked, Arc::clone(&stage.clock()));
    feed::run(Box::new(host), &name, wanted.orders.clone(), stage)
}
