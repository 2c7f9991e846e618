//! The only door to nokhwa: opens a camera and reads it until told to stop. May hang in the driver at any call,
//! so it runs on threads that can be left behind.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use nokhwa::utils::{CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType};
use nokhwa::{Buffer, Camera, NokhwaError};

use super::jpeg;
use super::mode::{self, CameraCoding as Coding, CameraMode as Mode, ModeWish};
use crate::capture::CaptureError;
use crate::capture::sysfs::Node;
use crate::media::{
    Colour, CompressedFormat, FrameRate, Payload, PixelBuffer, PixelFormat, Planes, Resolution, Timestamp,
};
use crate::rt::{Clock, StopToken};

const FORMATS: [FrameFormat; 6] = [
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::MJPEG,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];

/// Modes tried before giving up: drivers list some that they then refuse.
const MOST_TRIES: usize = 6;

/// What the reading thread says.
pub(super) enum CameraMessage {
    Opened(Mode),
    Picture(CameraPicture),
    /// A picture arrived incomplete.
    Damaged,
    Failed(CaptureError),
}

pub(super) struct CameraPicture {
    pub(super) captured_at: Timestamp,
    pub(super) size: Resolution,
    pub(super) colour: Colour,
    pub(super) payload: Payload,
}

struct CameraBuffer(Buffer);

impl PixelBuffer for CameraBuffer {
    fn bytes(&self) -> &[u8] {
        self.0.buffer()
    }
}

/// The camera's modes; empty if it cannot be opened now, `None` if it is no camera at all.
pub(super) fn modes(node: &Node) -> Option<Vec<Mode>> {
    match open(node).and_then(|mut camera| camera.compatible_camera_formats()) {
        Ok(formats) => Some(formats.iter().map(mode_of).collect()),
        Err(error) => {
            log::debug!("{}: {error}", node.path());
            // No format that we know: an output, a codec, or a capture card that nokhwa cannot read.
            (!error.to_string().contains("Inappropriate ioctl")).then(Vec::new)
        }
    }
}

/// Opens the camera and sends its pictures until stop is asked or the camera fails. A picture that finds the
/// queue full is lost: the newest is always the one worth having, and two are waiting already.
pub(super) fn read(
    node: &Node,
    asked: Option<&str>,
    fps: u32,
    clock: &dyn Clock,
    stop: &StopToken,
    give: &SyncSender<CameraMessage>,
) {
    let (mut camera, mode) = match start(node, asked, fps) {
        Ok(started) => started,
        Err(error) => {
            drop(give.send(CameraMessage::Failed(error)));
            return;
        }
    };
    if give.send(CameraMessage::Opened(mode)).is_err() {
        return;
    }
    while !stop.is_stopped() {
        let message = match camera.frame() {
            Ok(buffer) => {
                let captured_at = clock.now();
                picture(buffer, captured_at).map_or(CameraMessage::Damaged, CameraMessage::Picture)
            }
            Err(error) => {
                drop(give.send(CameraMessage::Failed(explain(node, &error))));
                return;
            }
        };
        if let Err(TrySendError::Disconnected(_)) = give.try_send(message) {
            return;
        }
    }
}

fn open(node: &Node) -> Result<Camera, NokhwaError> {
    // Any format: `new` must be given one before the list can be asked.
    let any = RequestedFormat::with_formats(RequestedFormatType::None, &FORMATS);
    Camera::new(CameraIndex::Index(node.number), any)
}

fn start(node: &Node, asked: Option<&str>, fps: u32) -> Result<(Camera, Mode), CaptureError> {
    let failed = |error: NokhwaError| explain(node, &error);
    let mut camera = open(node).map_err(failed)?;
    let formats = camera.compatible_camera_formats().map_err(failed)?;
    let all = mode::ranked(
        formats.iter().map(mode_of).collect(),
        ModeWish { rate: FrameRate::whole(fps), ..ModeWish::default() },
    );
    let wanted = wanted(&all, asked).ok_or_else(|| CaptureError::NoSuchMode {
        name: node.name.clone(),
        asked: asked.unwrap_or("any").to_owned(),
        have: all.iter().map(ToString::to_string).collect(),
    })?;
    let mut refused = None;
    for mode in wanted.into_iter().take(MOST_TRIES) {
        let exact = RequestedFormat::with_formats(RequestedFormatType::Exact(format_of(mode)), &FORMATS);
        match camera.set_camera_requset(exact) {
            Ok(_) => {
                camera.open_stream().map_err(failed)?;
                return Ok((camera, mode));
            }
            Err(error) => refused = Some(error),
        }
    }
    let reason = refused.map_or_else(|| "it has no mode".to_owned(), |error| error.to_string());
    Err(CaptureError::CameraFailed { name: node.name.clone(), reason })
}

/// The modes that were asked for, best first; `None` if there is none.
fn wanted(all: &[Mode], asked: Option<&str>) -> Option<Vec<Mode>> {
    let asked = asked.unwrap_or_default();
    let fits: Vec<Mode> = all.iter().copied().filter(|mode| mode.matches(asked) == Some(true)).collect();
    (!fits.is_empty()).then_some(fits)
}

fn picture(buffer: Buffer, captured_at: Timestamp) -> Option<CameraPicture> {
    let size = Resolution::checked(buffer.resolution().width(), buffer.resolution().height())?;
    let (format, colour) = match coding_of(buffer.source_frame_format()) {
        Coding::Mjpeg => {
            let data = buffer.buffer().get(..jpeg::extent(buffer.buffer())?)?;
            let payload = Payload::Compressed { format: CompressedFormat::Mjpeg, data: Arc::from(data) };
            return Some(CameraPicture { captured_at, size, colour: Colour::JPEG, payload });
        }
        Coding::Nv12 => (PixelFormat::Nv12, Colour::BT601),
        Coding::Yuyv => (PixelFormat::Yuyv, Colour::BT601),
        Coding::Rgb24 => (PixelFormat::Rgb24, Colour::SRGB),
        Coding::Bgr24 => (PixelFormat::Bgr24, Colour::SRGB),
        Coding::Gray => (PixelFormat::Gray8, Colour::JPEG),
        _ => return None,
    };
    let planes = Planes::packed(format, size, Arc::new(CameraBuffer(buffer))).ok()?;
    Some(CameraPicture { captured_at, size, colour, payload: Payload::Planes(planes) })
}

/// nokhwa gives the system's errors as text only.
fn explain(node: &Node, error: &NokhwaError) -> CaptureError {
    let (name, reason) = (node.name.clone(), error.to_string());
    let errno = |number: u32| reason.contains(&format!("(os error {number})"));
    if errno(16) {
        CaptureError::CameraBusy { name }
    } else if errno(1) || errno(13) {
        CaptureError::CameraDenied { name }
    } else if errno(2) || errno(6) || errno(19) {
        CaptureError::CameraGone { name }
    } else {
        CaptureError::CameraFailed { name, reason }
    }
}

const fn coding_of(format: FrameFormat) -> Coding {
    match format {
        FrameFormat::MJPEG => Coding::Mjpeg,
        FrameFormat::YUYV => Coding::Yuyv,
        FrameFormat::NV12 => Coding::Nv12,
        FrameFormat::GRAY => Coding::Gray,
        FrameFormat::RAWRGB => Coding::Rgb24,
        FrameFormat::RAWBGR => Coding::Bgr24,
    }
}

fn mode_of(format: &CameraFormat) -> Mode {
    Mode {
        size: Resolution::new(format.width(), format.height()),
        rate: FrameRate::whole(format.frame_rate()),
        coding: coding_of(format.format()),
    }
}

fn format_of(mode: Mode) -> CameraFormat {
    let format = match mode.coding {
        Coding::Nv12 => FrameFormat::NV12,
        Coding::Yuyv => FrameFormat::YUYV,
        Coding::Mjpeg => FrameFormat::MJPEG,
        Coding::Rgb24 => FrameFormat::RAWRGB,
        Coding::Bgr24 => FrameFormat::RAWBGR,
        _ => FrameFormat::GRAY,
    };
    CameraFormat::new_from(mode.size.width, mode.size.height, format, mode.rate.num())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(format: FrameFormat, bytes: &[u8]) -> Option<CameraPicture> {
        let size = nokhwa::utils::Resolution::new(4, 2);
        picture(Buffer::new(size, bytes, format), Timestamp::from_nanos(7))
    }

    #[test]
    fn pictures_say_what_their_numbers_mean() {
        for (format, bytes, pixels, colour) in [
            (FrameFormat::YUYV, 16, PixelFormat::Yuyv, Colour::BT601),
            (FrameFormat::NV12, 12, PixelFormat::Nv12, Colour::BT601),
            (FrameFormat::RAWRGB, 24, PixelFormat::Rgb24, Colour::SRGB),
            (FrameFormat::RAWBGR, 24, PixelFormat::Bgr24, Colour::SRGB),
            (FrameFormat::GRAY, 8, PixelFormat::Gray8, Colour::JPEG),
        ] {
            let picture = shot(format, &vec![1; bytes]).unwrap();
            let Payload::Planes(planes) = picture.payload else { panic!("not raw") };
            assert_eq!((planes.format(), picture.colour), (pixels, colour));
            assert!(shot(format, &vec![1; bytes - 1]).is_none(), "{format} too short");
        }
    }

    #[test]
    fn a_jpeg_is_cut_at_its_end_and_a_torn_one_is_damaged() {
        let jpeg = [0xff, 0xd8, 0xff, 0xda, 0, 2, 5, 0xff, 0xd9, 3, 3];
        let picture = shot(FrameFormat::MJPEG, &jpeg).unwrap();
        let Payload::Compressed { data, .. } = picture.payload else { panic!("not compressed") };
        assert_eq!((&*data, picture.colour), (&jpeg[..9], Colour::JPEG));
        assert!(shot(FrameFormat::MJPEG, &jpeg[..8]).is_none());
    }

    #[test]
    fn the_drivers_numbers_become_words() {
        let node = Node { number: 0, name: "Cam".into(), bus: "1-1".into() };
        let said = |text: &str| explain(&node, &NokhwaError::ReadFrameError(text.to_owned()));
        let name = || "Cam".to_owned();
        assert_eq!(said("Device or resource busy (os error 16)"), CaptureError::CameraBusy { name: name() });
        assert_eq!(said("Permission denied (os error 13)"), CaptureError::CameraDenied { name: name() });
        assert_eq!(said("No such device (os error 19)"), CaptureError::CameraGone { name: name() });
        assert!(matches!(said("Input/output error (os error 5)"), CaptureError::CameraFailed { .. }));
    }

    #[test]
    fn a_mode_that_is_not_there_is_not_replaced() {
        let mode = Mode { size: Resolution::new(640, 480), rate: FrameRate::whole(30), coding: Coding::Yuyv };
        assert_eq!(wanted(&[mode], None), Some(vec![mode]));
        assert_eq!(wanted(&[mode], Some("640x480")), Some(vec![mode]));
        assert_eq!(wanted(&[mode], Some("1280x720")), None);
        assert_eq!(wanted(&[mode], Some("nonsense")), None);
    }
}
