//! What is said of cameras.

use super::words::sentence;
use crate::capture::{CameraCoding, CameraFree, CameraInfo, CameraMode, CaptureError};
use crate::session::{CameraControl, CameraState, ControlKind, ControlState, Signal};

/// `1280x720, 30 fps, MJPEG`.
pub fn camera_mode(mode: &CameraMode) -> String {
    format!("{}, {} fps, {}", mode.size, mode.rate_text(), coding(mode.coding))
}

/// A mode in a list to choose from. H.264 is not decoded: it can be recorded only as it is.
pub fn offered_mode(mode: &CameraMode) -> String {
    let words = camera_mode(mode);
    if mode.coding == CameraCoding::H264 { format!("{words} (only as the camera sends it)") } else { words }
}

/// A mode that is written in a profile, in plain words; `None` for a part of one and for what is none.
pub fn written_mode(text: &str) -> Option<String> {
    CameraMode::parse(text.trim()).as_ref().map(camera_mode)
}

const fn coding(coding: CameraCoding) -> &'static str {
    match coding {
        CameraCoding::Nv12 => "uncompressed (NV12)",
        CameraCoding::Yu12 => "uncompressed (YU12)",
        CameraCoding::Yuyv => "uncompressed (YUYV)",
        CameraCoding::Uyvy => "uncompressed (UYVY)",
        CameraCoding::Mjpeg => "MJPEG",
        CameraCoding::Rgb24 | CameraCoding::Bgr24 => "uncompressed (RGB)",
        CameraCoding::Gray => "gray",
        CameraCoding::H264 => "H.264",
    }
}

/// Modes in a table's order: large ones first, then fast ones.
pub fn camera_modes(camera: &CameraInfo) -> Vec<CameraMode> {
    let mut modes = camera.modes.clone();
    let area = |mode: &CameraMode| u64::from(mode.size.width) * u64::from(mode.size.height);
    modes.sort_by(|a, b| area(b).cmp(&area(a)).then(b.rate.as_f64().total_cmp(&a.rate.as_f64())));
    modes
}

/// Why a camera cannot be opened now, and what to do; `None` where it can.
pub fn camera_trouble(camera: &CameraInfo) -> Option<String> {
    let name = camera.name.clone();
    let (what, error) = match &camera.free {
        CameraFree::Yes => return None,
        CameraFree::Busy { by } => {
            let who = by.as_deref().unwrap_or("Another program");
            (format!("{who} is using this camera."), CaptureError::CameraBusy { name, by: by.clone() })
        }
        CameraFree::Denied => {
            let denied = CaptureError::CameraDenied { name, path: camera.path.clone(), group: None };
            ("You may not open this camera.".to_owned(), denied)
        }
    };
    Some(format!("{what} {}", error.help()))
}

/// Why a source that runs shows no picture: H.264 goes into the file as it comes, and is never decoded here.
pub fn no_picture(camera: Option<&CameraState>) -> &'static str {
    match camera {
        Some(camera) if camera.mode.coding == CameraCoding::H264 => {
            "This camera sends H.264: it is recorded as it comes and cannot be shown here."
        }
        _ => "Waiting for the first picture…",
    }
}

/// What is said while a camera sends nothing; `None` where all is well.
pub fn no_signal(name: &str, signal: Signal, is_recorded: bool) -> Option<String> {
    let what = match signal {
        Signal::Good => return None,
        Signal::Silent => format!("No signal from {name}"),
        Signal::Gone => format!("{name} is unplugged"),
    };
    let then = match (is_recorded, signal) {
        (true, Signal::Gone) => "the recording goes on, and its picture returns when it is plugged in",
        (true, _) => "the recording goes on",
        (false, Signal::Gone) => "plug it in again",
        (false, _) => "waiting for it",
    };
    Some(format!("{what} – {then}"))
}

/// Why a control cannot be set now; `None` where it can.
pub fn locked(control: &CameraControl, all: &[CameraControl]) -> Option<String> {
    match control.state {
        ControlState::Free => None,
        ControlState::ReadOnly => Some("The camera only tells this.".to_owned()),
        ControlState::Inactive => {
            let decides = all.iter().find(|other| decides(other, control));
            let who = decides.map_or("Another setting of the camera", |other| other.name.as_str());
            Some(sentence(&format!("{who} decides this")))
        }
    }
}

/// Whether the one is the automatic of the other: they share the thing that they set.
fn decides(automatic: &CameraControl, control: &CameraControl) -> bool {
    const THINGS: [&str; 7] = ["exposure", "white_balance", "focus", "gain", "brightness", "hue", "iris"];
    let is_automatic = automatic.key.contains("auto") && !matches!(automatic.kind, ControlKind::Button);
    let shared = THINGS.iter().any(|thing| automatic.key.contains(thing) && control.key.contains(thing));
    is_automatic && shared && automatic.key != control.key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(name: &str, state: ControlState) -> CameraControl {
        let key = crate::capture::control_key(name);
        CameraControl { key, name: name.to_owned(), kind: ControlKind::Switch, value: 0, default: 0, state }
    }

    #[test]
    fn modes_are_a_table_in_plain_words() {
        let modes = ["640x480@30 yuyv", "1280x720@9.99 yuyv", "1280x720@29.97 mjpeg", "1920x1080@5 h264"];
        let camera = CameraInfo {
            id: String::new(),
            name: "HD Webcam".into(),
            path: String::new(),
            modes: modes.into_iter().filter_map(CameraMode::parse).collect(),
            free: CameraFree::Denied,
        };
        let words: Vec<_> = camera_modes(&camera).iter().map(camera_mode).collect();
        let expected = [
            "1920x1080, 5 fps, H.264",
            "1280x720, 29.97 fps, MJPEG",
            "1280x720, 9.99 fps, uncompressed (YUYV)",
            "640x480, 30 fps, uncompressed (YUYV)",
        ];
        assert_eq!(words, expected);
        assert!(camera_trouble(&camera).is_some_and(|words| words.contains("group")));
        let busy = CameraInfo { free: CameraFree::Busy { by: Some("Meet".into()) }, ..camera };
        assert!(camera_trouble(&busy).is_some_and(|words| words.starts_with("Meet is using this camera. Close")));
        assert_eq!(camera_trouble(&CameraInfo { free: CameraFree::Yes, ..busy }), None);
    }

    #[test]
    fn a_silent_camera_is_told_calmly() {
        let said = |signal, is_recorded| no_signal("HD Webcam", signal, is_recorded);
        assert_eq!(said(Signal::Good, true), None);
        assert_eq!(said(Signal::Silent, true).unwrap(), "No signal from HD Webcam – the recording goes on");
        assert_eq!(said(Signal::Gone, false).unwrap(), "HD Webcam is unplugged – plug it in again");
    }

    #[test]
    fn a_locked_control_names_what_decides() {
        use ControlState as S;
        let all = [
            control("Auto Exposure", S::Free),
            control("White Balance, Automatic", S::Free),
            control("Exposure Time, Absolute", S::Inactive),
            control("White Balance Temperature", S::Inactive),
            control("Zoom, Absolute", S::Inactive),
            control("Privacy", S::ReadOnly),
        ];
        let reason = |index: usize| locked(&all[index], &all);
        assert_eq!(reason(0), None);
        assert_eq!(reason(2).unwrap(), "Auto Exposure decides this.");
        assert_eq!(reason(3).unwrap(), "White Balance, Automatic decides this.");
        assert_eq!(reason(4).unwrap(), "Another setting of the camera decides this.");
        assert_eq!(reason(5).unwrap(), "The camera only tells this.");
    }
}
