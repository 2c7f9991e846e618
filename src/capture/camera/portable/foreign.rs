//! Cameras of Windows and macOS, by nokhwa alone.

use std::sync::Arc;

use nokhwa::utils::{ApiBackend, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType};
use nokhwa::{Camera, NokhwaError};

use super::formats::{camera_format, camera_mode, explain};
use super::stream::PortableStream;
use crate::capture::{CameraMode, CameraStream, CaptureError};
use crate::rt::Clock;

const FORMATS: [FrameFormat; 6] = [
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::MJPEG,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];

/// A camera of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::capture::camera) struct Device {
    /// The system's identity of it, which stays the same.
    pub(in crate::capture::camera) id: String,
    pub(in crate::capture::camera) name: String,
    index: CameraIndex,
}

/// The cameras of this system. On macOS the first question asks the user for permission.
pub(in crate::capture::camera) fn devices() -> Vec<Device> {
    let found = nokhwa::query(ApiBackend::Auto).unwrap_or_else(|error| {
        log::warn!("cameras cannot be listed: {error}");
        Vec::new()
    });
    let device = |info: nokhwa::utils::CameraInfo| {
        let id = if info.misc().is_empty() { info.index().to_string() } else { info.misc() };
        Device { id, name: info.human_name(), index: info.index().clone() }
    };
    found.into_iter().map(device).collect()
}

impl Device {
    pub(in crate::capture::camera) fn modes(&self) -> Result<Vec<CameraMode>, CaptureError> {
        // Any format: a camera must be made with one before its list can be asked.
        let any = RequestedFormat::with_formats(RequestedFormatType::None, &FORMATS);
        let formats = self.camera(any).and_then(|mut camera| camera.compatible_camera_formats());
        let formats = formats.map_err(|error| explain(&self.name, &error))?;
        Ok(formats.into_iter().map(camera_mode).collect())
    }

    pub(in crate::capture::camera) fn open(
        &self,
        mode: CameraMode,
        clock: Arc<dyn Clock>,
    ) -> Result<Box<dyn CameraStream>, CaptureError> {
        let format = camera_format(mode).ok_or_else(|| CaptureError::CameraFailed {
            name: self.name.clone(),
            reason: format!("no way is known to read {}", mode.coding.name()),
        })?;
        let exact = RequestedFormat::with_formats(RequestedFormatType::Exact(format), &FORMATS);
        let camera = self.camera(exact).map_err(|error| explain(&self.name, &error))?;
        Ok(Box::new(PortableStream::begin(&self.name, camera, clock)?))
    }

    fn camera(&self, format: RequestedFormat<'_>) -> Result<Camera, NokhwaError> {
        Camera::new(self.index.clone(), format)
    }
}
