//! Our Linux reader as a nokhwa backend, for what nokhwa's types can say.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;

use nokhwa::camera_traits::CaptureBackendTrait;
use nokhwa::utils::{
    ApiBackend, CameraControl as TheirControl, CameraFormat, CameraIndex, CameraInfo, ControlValueDescription,
    ControlValueSetter, FrameFormat, KnownCameraControl, KnownCameraControlFlag, Resolution,
};
use nokhwa::{Buffer, Camera, NokhwaError};

use super::formats::{camera_format, coding, frame_format};
use super::stream::PortableStream;
use crate::capture::sysfs::Node;
use crate::capture::v4l::{Nature, V4lStream, nature};
use crate::capture::{
    Arrival, CameraControl, CameraFree, CameraMode, CameraStream, CaptureError, ControlKind, ControlState, ShotKey,
};
use crate::rt::Clock;

/// The variable that has cameras read through nokhwa's types: to see that they hold.
const READER: &str = "GEARCAST_CAMERA_READER";
/// How long one picture is waited for; nokhwa itself knows no limit.
const PATIENCE: Duration = Duration::from_secs(2);

/// The numbers of the device files there are, as nokhwa lists them. `None` if it cannot: a file `/dev/video` without
/// a number makes it panic.
pub(in crate::capture::camera) fn device_numbers() -> Option<Vec<u32>> {
    let found = catch_unwind(|| nokhwa::query(ApiBackend::Video4Linux)).ok()?.ok()?;
    let number = |info: CameraInfo| match info.index() {
        CameraIndex::Index(number) => Some(*number),
        CameraIndex::String(text) => text.parse().ok(),
    };
    Some(found.into_iter().filter_map(number).collect())
}

/// Whether cameras are to be read through nokhwa's types.
pub(in crate::capture::camera) fn is_asked_for() -> bool {
    std::env::var_os(READER).is_some_and(|reader| reader == "nokhwa")
}

/// A camera read through a [`nokhwa::Camera`] over our backend.
pub(in crate::capture::camera) fn open_own(
    node: Node,
    mode: CameraMode,
    clock: Arc<dyn Clock>,
) -> Result<Box<dyn CameraStream>, CaptureError> {
    let (name, index) = (node.name.clone(), CameraIndex::Index(node.number));
    let failed = |error: &NokhwaError| super::formats::explain(&name, error);
    let mut backend = OwnBackend::new(node, Arc::clone(&clock)).map_err(|error| failed(&error))?;
    let format = camera_format(mode).ok_or_else(|| CaptureError::CameraFailed {
        name: name.clone(),
        reason: format!("nokhwa knows no {}", mode.coding.name()),
    })?;
    backend.set_camera_format(format).map_err(|error| failed(&error))?;
    let camera = Camera::with_custom(index, ApiBackend::Video4Linux, Box::new(backend));
    Ok(Box::new(PortableStream::begin(&name, camera, clock)?))
}

/// See [`CaptureBackendTrait`]. Fractional rates are rounded up in what it says; the device gets the exact ones.
struct OwnBackend {
    node: Node,
    info: CameraInfo,
    modes: Vec<CameraMode>,
    mode: CameraMode,
    stream: Option<V4lStream>,
    controls: Vec<CameraControl>,
    clock: Arc<dyn Clock>,
}

impl OwnBackend {
    fn new(node: Node, clock: Arc<dyn Clock>) -> Result<Self, NokhwaError> {
        let refused = |error: String| NokhwaError::OpenDeviceError(node.path(), error);
        let modes = match nature(&node) {
            Nature::Camera { free: CameraFree::Busy { .. }, .. } => {
                return Err(refused("Device or resource busy (os error 16)".to_owned()));
            }
            Nature::Camera { modes, .. } => modes,
            Nature::Closed(error) => return Err(refused(error.to_string())),
            Nature::Other => return Err(refused("no pictures come from this device".to_owned())),
        };
        let known = |mode: &&CameraMode| frame_format(mode.coding).is_some();
        let mode = *modes.iter().find(known).ok_or_else(|| refused("no format that nokhwa knows".to_owned()))?;
        let info = CameraInfo::new(&node.name, &node.path(), &node.id, CameraIndex::Index(node.number));
        Ok(Self { node, info, modes, mode, stream: None, controls: Vec::new(), clock })
    }

    fn nearest(&self, wanted: CameraFormat) -> Option<CameraMode> {
        self.modes.iter().copied().find(|mode| camera_format(*mode) == Some(wanted))
    }

    /// The stream is opened anew in the new format if it was open.
    fn change(&mut self, wanted: CameraFormat) -> Result<(), NokhwaError> {
        let mode = self.nearest(wanted).ok_or_else(|| NokhwaError::SetPropertyError {
            property: "CameraFormat".to_owned(),
            value: wanted.to_string(),
            error: "the camera has no such mode".to_owned(),
        })?;
        self.mode = mode;
        if self.stream.take().is_some() { self.open_stream() } else { Ok(()) }
    }

    fn shot(&mut self) -> Result<crate::capture::CameraShot, NokhwaError> {
        if self.stream.is_none() {
            self.open_stream()?;
        }
        let closed = || NokhwaError::ReadFrameError("the stream is closed".to_owned());
        let stream = self.stream.as_mut().ok_or_else(closed)?;
        let until = self.clock.now() + PATIENCE;
        while self.clock.now() < until {
            let arrived = stream.next(PATIENCE / 8).map_err(|error| NokhwaError::ReadFrameError(error.to_string()))?;
            if let Arrival::Shot(shot) = arrived
                && shot.key == ShotKey::Whole
            {
                return Ok(shot);
            }
        }
        Err(NokhwaError::ReadFrameError("no picture came in 2 s".to_owned()))
    }
}

impl CaptureBackendTrait for OwnBackend {
    fn backend(&self) -> ApiBackend {
        ApiBackend::Video4Linux
    }

    fn camera_info(&self) -> &CameraInfo {
        &self.info
    }

    fn refresh_camera_format(&mut self) -> Result<(), NokhwaError> {
        if let Some(stream) = &self.stream {
            self.mode = stream.setting().mode;
        }
        Ok(())
    }

    fn camera_format(&self) -> CameraFormat {
        camera_format(self.mode).unwrap_or_default()
    }

    fn set_camera_format(&mut self, format: CameraFormat) -> Result<(), NokhwaError> {
        self.change(format)
    }

    fn compatible_list_by_resolution(
        &mut self,
        format: FrameFormat,
    ) -> Result<HashMap<Resolution, Vec<u32>>, NokhwaError> {
        let mut sizes: HashMap<Resolution, Vec<u32>> = HashMap::new();
        for format in
            self.modes.iter().filter(|mode| mode.coding == coding(format)).filter_map(|mode| camera_format(*mode))
        {
            let rates = sizes.entry(format.resolution()).or_default();
            if !rates.contains(&format.frame_rate()) {
                rates.push(format.frame_rate());
            }
        }
        Ok(sizes)
    }

    fn compatible_fourcc(&mut self) -> Result<Vec<FrameFormat>, NokhwaError> {
        let mut formats: Vec<FrameFormat> = Vec::new();
        for format in self.modes.iter().filter_map(|mode| frame_format(mode.coding)) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        Ok(formats)
    }

    fn resolution(&self) -> Resolution {
        Resolution::new(self.mode.size.width, self.mode.size.height)
    }

    fn set_resolution(&mut self, size: Resolution) -> Result<(), NokhwaError> {
        let now = self.camera_format();
        self.change(CameraFormat::new(size, now.format(), now.frame_rate()))
    }

    fn frame_rate(&self) -> u32 {
        self.camera_format().frame_rate()
    }

    fn set_frame_rate(&mut self, rate: u32) -> Result<(), NokhwaError> {
        let now = self.camera_format();
        self.change(CameraFormat::new(now.resolution(), now.format(), rate))
    }

    fn frame_format(&self) -> FrameFormat {
        self.camera_format().format()
    }

    fn set_frame_format(&mut self, format: FrameFormat) -> Result<(), NokhwaError> {
        let now = self.camera_format();
        self.change(CameraFormat::new(now.resolution(), format, now.frame_rate()))
    }

    fn camera_control(&self, control: KnownCameraControl) -> Result<TheirControl, NokhwaError> {
        let found = self.camera_controls()?.into_iter().find(|own| own.control() == control);
        found.ok_or_else(|| NokhwaError::GetPropertyError {
            property: control.to_string(),
            error: "the camera has no such control".to_owned(),
        })
    }

    /// In the order of the driver. Their numbers are places in this list: nokhwa's own names mean other controls on
    /// Linux (its `Zoom` is the relative one).
    fn camera_controls(&self) -> Result<Vec<TheirControl>, NokhwaError> {
        Ok(self.controls.iter().zip(0..).map(|(control, place)| theirs(control, place)).collect())
    }

    fn set_camera_control(&mut self, id: KnownCameraControl, value: ControlValueSetter) -> Result<(), NokhwaError> {
        let refused = |error: String| NokhwaError::SetPropertyError {
            property: id.to_string(),
            value: format!("{value:?}"),
            error,
        };
        let number = match &value {
            ControlValueSetter::Integer(value) | ControlValueSetter::EnumValue(value) => *value,
            ControlValueSetter::Boolean(value) => i64::from(*value),
            ControlValueSetter::None => 1,
            _ => return Err(refused("not a number".to_owned())),
        };
        let KnownCameraControl::Other(place) = id else { return Err(refused("no such control".to_owned())) };
        let control = usize::try_from(place).ok().and_then(|place| self.controls.get(place));
        let (Some(control), Some(stream)) = (control, &mut self.stream) else {
            return Err(refused("no such control".to_owned()));
        };
        let number = control.nearest(number).unwrap_or(number);
        stream.set_control(&control.key, number).map_err(refused)?;
        self.controls = stream.controls();
        Ok(())
    }

    fn open_stream(&mut self) -> Result<(), NokhwaError> {
        self.stream = None;
        let opened = V4lStream::open(&self.node, self.mode, Arc::clone(&self.clock));
        let mut stream = opened.map_err(|error| NokhwaError::OpenStreamError(error.to_string()))?;
        self.mode = stream.setting().mode;
        self.controls = stream.controls();
        self.stream = Some(stream);
        Ok(())
    }

    fn is_stream_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Rows are given without padding: nokhwa knows no stride.
    fn frame(&mut self) -> Result<Buffer, NokhwaError> {
        let shot = self.shot()?;
        let stride = self.stream.as_ref().map_or(0, |stream| stream.setting().stride);
        let bytes = crate::capture::camera::picture::tight(self.mode, stride, shot.data.bytes());
        Ok(Buffer::new(self.resolution(), &bytes, self.frame_format()))
    }

    fn frame_raw(&mut self) -> Result<Cow<'_, [u8]>, NokhwaError> {
        let buffer = self.frame()?;
        Ok(Cow::Owned(buffer.buffer().to_vec()))
    }

    fn stop_stream(&mut self) -> Result<(), NokhwaError> {
        self.stream = None;
        Ok(())
    }
}

fn theirs(control: &CameraControl, place: u128) -> TheirControl {
    let (value, default) = (control.value, control.default);
    let description = match &control.kind {
        ControlKind::Number { min, max, step } => {
            ControlValueDescription::IntegerRange { min: *min, max: *max, value, step: *step, default }
        }
        ControlKind::Switch => ControlValueDescription::Boolean { value: value != 0, default: default != 0 },
        ControlKind::Menu(entries) => {
            let possible = entries.iter().map(|(number, _)| *number).collect();
            ControlValueDescription::Enum { value, possible, default }
        }
        ControlKind::Button => ControlValueDescription::None,
    };
    let flags = match control.state {
        ControlState::ReadOnly => vec![KnownCameraControlFlag::ReadOnly],
        ControlState::Free | ControlState::Inactive => vec![KnownCameraControlFlag::Manual],
    };
    let active = control.state == ControlState::Free;
    TheirControl::new(KnownCameraControl::Other(place), control.name.clone(), description, flags, active)
}
