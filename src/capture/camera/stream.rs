//! What an open camera is, whoever drives it.

use std::sync::Arc;
use std::time::Duration;

use super::control::CameraControl;
use super::mode::CameraMode;
use crate::capture::CaptureError;
use crate::media::{Colour, PixelBuffer, Timestamp};

/// An open camera that sends. Used on one thread; any call may hang in the driver, so that thread can be left behind.
pub trait CameraStream {
    /// What the camera was really set to.
    fn setting(&self) -> CameraSetting;

    /// The next picture, waited for up to `within`. After an error the stream is done with: open the camera anew.
    fn next(&mut self, within: Duration) -> Result<Arrival, CaptureError>;

    /// What can be set, as it is now. Empty where the driver tells nothing.
    fn controls(&mut self) -> Vec<CameraControl>;

    /// Sets one control (presses a button with any value). The value is one that [`CameraControl::nearest`] gave.
    /// The error is the driver's refusal, in words.
    fn set_control(&mut self, key: &str, value: i64) -> Result<(), String>;
}

/// How an open camera sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraSetting {
    /// Size, exact rate and coding.
    pub mode: CameraMode,
    /// Bytes from one row of the first plane to the next; 0 if encoded.
    pub stride: usize,
    /// What its numbers stand for.
    pub colour: Colour,
}

/// What came.
pub enum Arrival {
    /// A whole picture.
    Shot(CameraShot),
    /// A picture that the driver or its bytes say is damaged.
    Damaged {
        /// Its number.
        sequence: Option<u32>,
    },
    /// A whole picture for which there was no memory: everyone who got one before still holds it.
    Crowded {
        /// Its number.
        sequence: Option<u32>,
    },
    /// Nothing, in time.
    Nothing,
}

/// One picture as it came.
pub struct CameraShot {
    /// Counted by the driver; a hole is a lost picture. `None` where the system does not count.
    pub sequence: Option<u32>,
    /// When it was taken, never in the future.
    pub captured_at: Timestamp,
    /// Whether it can be shown without the ones before it.
    pub key: ShotKey,
    /// The bytes in use, as [`CameraSetting`] describes them.
    pub data: Arc<dyn PixelBuffer>,
}

/// Whether an encoded picture stands for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShotKey {
    /// It does: everything but H.264, and its keyframes.
    #[default]
    Whole,
    /// It builds on earlier ones.
    Delta,
}
