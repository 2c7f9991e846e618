//! A camera read through nokhwa, as a [`CameraStream`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use nokhwa::Camera;
use nokhwa::utils::{
    CameraControl as TheirControl, ControlValueDescription, ControlValueSetter, KnownCameraControl,
    KnownCameraControlFlag,
};

use super::formats::{camera_mode, explain};
use crate::capture::camera::picture::{self, pixel_format, tight_stride, usual_colour};
use crate::capture::{
    Arrival, CameraControl, CameraSetting, CameraShot, CameraStream, CaptureError, ControlKind, ControlState, ShotKey,
    control_key,
};
use crate::media::PixelBuffer;
use crate::rt::Clock;

pub(super) struct PortableStream {
    name: String,
    camera: Option<Camera>,
    setting: CameraSetting,
    clock: Arc<dyn Clock>,
    known: Vec<(String, KnownCameraControl, ControlKind)>,
}

struct Bytes(nokhwa::Buffer, usize);

impl PixelBuffer for Bytes {
    fn bytes(&self) -> &[u8] {
        self.0.buffer().get(..self.1).unwrap_or_default()
    }
}

impl PortableStream {
    /// Begins to stream from a camera whose format is set.
    pub(super) fn begin(name: &str, mut camera: Camera, clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        camera.open_stream().map_err(|error| explain(name, &error))?;
        let mode = camera_mode(camera.camera_format());
        let stride = pixel_format(mode.coding).map_or(0, |pixels| tight_stride(pixels, mode.size));
        let setting = CameraSetting { mode, stride, colour: usual_colour(mode.coding) };
        Ok(Self { name: name.to_owned(), camera: Some(camera), setting, clock, known: Vec::new() })
    }
}

impl CameraStream for PortableStream {
    fn setting(&self) -> CameraSetting {
        self.setting
    }

    /// nokhwa knows no limit of waiting: a camera that stalls holds the thread, which is then left behind.
    fn next(&mut self, _within: Duration) -> Result<Arrival, CaptureError> {
        let Some(camera) = &mut self.camera else { return Ok(Arrival::Nothing) };
        let buffer = camera.frame().map_err(|error| explain(&self.name, &error))?;
        let captured_at = self.clock.now();
        let Some(whole) = picture::whole(&self.setting, buffer.buffer()).map(<[u8]>::len) else {
            return Ok(Arrival::Damaged { sequence: None });
        };
        let data = Arc::new(Bytes(buffer, whole));
        Ok(Arrival::Shot(CameraShot { sequence: None, captured_at, key: ShotKey::Whole, data }))
    }

    fn controls(&mut self) -> Vec<CameraControl> {
        let theirs = self.camera.as_ref().and_then(|camera| camera.camera_controls().ok()).unwrap_or_default();
        let ours: Vec<(KnownCameraControl, CameraControl)> =
            theirs.iter().filter_map(|control| Some((control.control(), ours(control)?))).collect();
        self.known = ours.iter().map(|(known, own)| (own.key.clone(), *known, own.kind.clone())).collect();
        ours.into_iter().map(|(_, control)| control).collect()
    }

    fn set_control(&mut self, key: &str, value: i64) -> Result<(), String> {
        let known = self.known.iter().find(|(own, ..)| own == key);
        let (Some((_, known, kind)), Some(camera)) = (known, &mut self.camera) else {
            return Err("it has no such control".to_owned());
        };
        let value = match kind {
            ControlKind::Number { .. } => ControlValueSetter::Integer(value),
            ControlKind::Switch => ControlValueSetter::Boolean(value != 0),
            ControlKind::Menu(_) => ControlValueSetter::EnumValue(value),
            ControlKind::Button => ControlValueSetter::None,
        };
        camera.set_camera_control(*known, value).map_err(|error| error.to_string())
    }
}

/// A control in our words; `None` for kinds that nobody sets by hand.
fn ours(control: &TheirControl) -> Option<CameraControl> {
    let (kind, value, default) = match control.description() {
        ControlValueDescription::IntegerRange { min, max, value, step, default } => {
            (ControlKind::Number { min: *min, max: *max, step: (*step).max(1) }, *value, *default)
        }
        ControlValueDescription::Boolean { value, default } => {
            (ControlKind::Switch, i64::from(*value), i64::from(*default))
        }
        ControlValueDescription::Enum { value, possible, default } => {
            let entries = possible.iter().map(|entry| (*entry, entry.to_string())).collect();
            (ControlKind::Menu(entries), *value, *default)
        }
        ControlValueDescription::None => (ControlKind::Button, 0, 0),
        _ => return None,
    };
    let flags = control.flag();
    let state = if flags.contains(&KnownCameraControlFlag::ReadOnly) {
        ControlState::ReadOnly
    } else if control.active() && !flags.contains(&KnownCameraControlFlag::Disabled) {
        ControlState::Free
    } else {
        ControlState::Inactive
    };
    let name = control.name().to_owned();
    Some(CameraControl { key: control_key(&name), name, kind, value, default, state })
}

impl Drop for PortableStream {
    fn drop(&mut self) {
        // nokhwa unwraps where a camera cannot be stopped, as when it was unplugged.
        let camera = self.camera.take();
        if catch_unwind(AssertUnwindSafe(move || drop(camera))).is_err() {
            log::warn!("the camera '{}' did not close cleanly", self.name);
        }
    }
}
