//! Between nokhwa's words and ours.

use nokhwa::NokhwaError;
use nokhwa::utils::{CameraFormat, FrameFormat};

use crate::capture::{CameraCoding, CameraMode, CaptureError};
use crate::media::{FrameRate, Resolution};

/// The coding as nokhwa knows it; `None` for one that it does not know.
pub(super) const fn frame_format(coding: CameraCoding) -> Option<FrameFormat> {
    match coding {
        CameraCoding::Nv12 => Some(FrameFormat::NV12),
        CameraCoding::Yuyv => Some(FrameFormat::YUYV),
        CameraCoding::Mjpeg => Some(FrameFormat::MJPEG),
        CameraCoding::Rgb24 => Some(FrameFormat::RAWRGB),
        CameraCoding::Bgr24 => Some(FrameFormat::RAWBGR),
        CameraCoding::Gray => Some(FrameFormat::GRAY),
        CameraCoding::Yu12 | CameraCoding::Uyvy | CameraCoding::H264 => None,
    }
}

pub(super) const fn coding(format: FrameFormat) -> CameraCoding {
    match format {
        FrameFormat::MJPEG => CameraCoding::Mjpeg,
        FrameFormat::YUYV => CameraCoding::Yuyv,
        FrameFormat::NV12 => CameraCoding::Nv12,
        FrameFormat::GRAY => CameraCoding::Gray,
        FrameFormat::RAWRGB => CameraCoding::Rgb24,
        FrameFormat::RAWBGR => CameraCoding::Bgr24,
    }
}

/// nokhwa knows whole rates alone: 29.97 becomes 30.
pub(super) fn camera_format(mode: CameraMode) -> Option<CameraFormat> {
    let format = frame_format(mode.coding)?;
    let rate = mode.rate.num().div_ceil(mode.rate.den());
    Some(CameraFormat::new_from(mode.size.width, mode.size.height, format, rate))
}

pub(super) fn camera_mode(format: CameraFormat) -> CameraMode {
    CameraMode {
        size: Resolution::new(format.width(), format.height()),
        rate: FrameRate::whole(format.frame_rate()),
        coding: coding(format.format()),
    }
}

/// nokhwa gives the system's errors as text only.
pub(super) fn explain(name: &str, error: &NokhwaError) -> CaptureError {
    let (name, reason) = (name.to_owned(), error.to_string());
    let lower = reason.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["(os error 16)", "in use", "already taken", "busy"]) {
        CaptureError::CameraBusy { name, by: None }
    } else if says(&["(os error 1)", "(os error 13)", "denied", "not authorized", "permission"]) {
        CaptureError::CameraDenied { name: name.clone(), path: name, group: None }
    } else if says(&["(os error 2)", "(os error 6)", "(os error 19)", "disconnected", "no longer present"]) {
        CaptureError::CameraGone { name }
    } else {
        CaptureError::CameraFailed { name, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_go_there_and_back() {
        for text in
            ["640x480@30 yuyv", "1280x720@60 mjpeg", "320x240@15 nv12", "4x2@1 gray", "4x2@5 rgb24", "4x2@5 bgr24"]
        {
            let mode = CameraMode::parse(text).unwrap();
            assert_eq!(camera_format(mode).map(camera_mode), Some(mode));
        }
        let ntsc = CameraMode::parse("4x2@29.97 yuyv").unwrap();
        assert_eq!(camera_format(ntsc).map(|format| format.frame_rate()), Some(30));
        assert!(camera_format(CameraMode::parse("4x2@30 h264").unwrap()).is_none());
    }

    #[test]
    fn the_drivers_numbers_become_words() {
        let said = |text: &str| explain("Cam", &NokhwaError::ReadFrameError(text.to_owned()));
        let name = || "Cam".to_owned();
        assert_eq!(said("Device or resource busy (os error 16)"), CaptureError::CameraBusy { name: name(), by: None });
        assert!(matches!(said("Permission denied (os error 13)"), CaptureError::CameraDenied { .. }));
        assert_eq!(said("No such device (os error 19)"), CaptureError::CameraGone { name: name() });
        assert!(matches!(said("Input/output error (os error 5)"), CaptureError::CameraFailed { .. }));
    }
}
