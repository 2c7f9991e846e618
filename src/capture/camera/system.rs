//! The camera that is meant: found by any of its names, opened in the best mode, found again when it was away.

use std::sync::Arc;

use super::mode::{CameraCoding, CameraMode, ModeWish, ranked};
use super::place::{self, Found};
use super::reader::{CameraHost, OpenCamera};
use crate::capture::CaptureError;
use crate::rt::Clock;

/// Modes tried before giving up: drivers list some that they then refuse.
const MOST_TRIES: usize = 6;

/// How a camera is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Its stable id, device file, place in the list or part of its name; `None` is the first.
    pub(super) id: Option<String>,
    /// A mode or part of one.
    pub(super) mode: Option<String>,
    /// Only modes of this coding.
    pub(super) coding: Option<CameraCoding>,
    pub(super) wish: ModeWish,
}

/// Opens a camera of this computer.
pub(super) struct SystemHost {
    asked: Asked,
    clock: Arc<dyn Clock>,
    /// Which one it was.
    known: Option<Found>,
}

impl SystemHost {
    pub(super) fn new(asked: Asked, clock: Arc<dyn Clock>) -> Self {
        Self { asked, clock, known: None }
    }
}

impl CameraHost for SystemHost {
    fn open(&mut self, before: Option<&CameraMode>) -> Result<OpenCamera, CaptureError> {
        let found = match &self.known {
            None => pick(place::all(), self.asked.id.as_deref(), Found::is_camera)?,
            Some(known) => again(&place::all(), known)?,
        };
        let modes = found.modes()?;
        let candidates = match before {
            None => self.asked.candidates(&found.name, modes)?,
            Some(before) => back(modes, *before),
        };
        let mut refused = None;
        for mode in candidates.into_iter().take(MOST_TRIES) {
            match found.open(mode, &self.clock) {
                Ok(stream) => {
                    let (id, name) = (found.id.clone(), found.name.clone());
                    self.known = Some(found);
                    return Ok(OpenCamera { id, name, stream });
                }
                Err(error @ CaptureError::CameraFailed { .. }) => refused = Some(error),
                // Busy, gone or denied: another mode changes nothing.
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| CaptureError::CameraFailed {
            name: found.name.clone(),
            reason: "it has no mode that can be read here".to_owned(),
        }))
    }
}

impl Asked {
    /// The modes that were asked for, best first.
    fn candidates(&self, name: &str, modes: Vec<CameraMode>) -> Result<Vec<CameraMode>, CaptureError> {
        let text = self.mode.as_deref().unwrap_or_default();
        let all = ranked(modes, self.wish);
        let names_h264 = text.split_whitespace().any(|word| word.eq_ignore_ascii_case("h264"));
        let fits = |mode: &&CameraMode| {
            mode.matches(text) == Some(true)
                && self.coding.is_none_or(|coding| coding == mode.coding)
                && (mode.coding != CameraCoding::H264 || names_h264 || self.coding == Some(CameraCoding::H264))
        };
        let fitting: Vec<CameraMode> = all.iter().filter(fits).copied().collect();
        let is_asked = self.mode.is_some() || self.coding.is_some();
        if fitting.is_empty() && is_asked && !all.is_empty() {
            let coding = self.coding.map_or("", CameraCoding::name);
            return Err(CaptureError::NoSuchMode {
                name: name.to_owned(),
                asked: format!("{text} {coding}").trim().to_owned(),
                have: all.iter().map(ToString::to_string).collect(),
            });
        }
        Ok(fitting)
    }
}

/// What a camera that was away is opened in: as before, else as near as it can.
fn back(modes: Vec<CameraMode>, before: CameraMode) -> Vec<CameraMode> {
    let mut modes = ranked(modes, ModeWish { size: before.size, rate: before.rate });
    // An encoded recording takes nothing else, and raw pixels are taken as they are by some recordings.
    modes.sort_by_key(|mode| (*mode != before, mode.coding != before.coding));
    modes.retain(|mode| mode.coding != CameraCoding::H264 || before.coding == CameraCoding::H264);
    modes
}

/// The camera with this id, device file, place in the list or part of its name; the first one without.
fn pick(all: Vec<Found>, asked: Option<&str>, is_camera: impl Fn(&Found) -> bool) -> Result<Found, CaptureError> {
    let asked = asked.map(str::trim).filter(|asked| !asked.is_empty());
    if let Some(asked) = asked
        && let Some(named) = all.iter().find(|found| found.id == asked || found.path == asked)
    {
        return Ok(named.clone());
    }
    let cameras: Vec<Found> = all.into_iter().filter(is_camera).collect();
    let index = match asked {
        None => (!cameras.is_empty()).then_some(0),
        Some(asked) => {
            let lower = asked.to_lowercase();
            let by_name = || cameras.iter().position(|found| found.name.to_lowercase().contains(&lower));
            asked.parse().ok().filter(|index| *index < cameras.len()).or_else(by_name)
        }
    };
    match index.and_then(|index| cameras.get(index)) {
        Some(found) => Ok(found.clone()),
        None => Err(CaptureError::NoCamera {
            asked: asked.map(str::to_owned),
            have: cameras.into_iter().map(|found| found.name).collect(),
        }),
    }
}

/// The same camera: in its old socket, or the only one of its name in another.
fn again(all: &[Found], known: &Found) -> Result<Found, CaptureError> {
    let same_place = all.iter().find(|found| found.id == known.id && found.name == known.name);
    // A UVC camera's second file, for metadata, has the same name and another `#`.
    let part = |found: &Found| found.id.split_once('#').map(|(_, part)| part.to_owned());
    let mut of_its_name = all.iter().filter(|found| found.name == known.name && part(found) == part(known));
    let only = of_its_name.next().filter(|_| of_its_name.next().is_none());
    let found = same_place.or(only).or_else(|| all.iter().find(|found| found.id == known.id));
    found.cloned().ok_or_else(|| CaptureError::CameraGone { name: known.name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::camera::place::tests_support::found;

    fn cameras() -> Vec<Found> {
        vec![found("1-1:1.0", "HD Webcam", "/dev/video2"), found("3-2:1.0", "Capture Card", "/dev/video4")]
    }

    fn modes(texts: &[&str]) -> Vec<CameraMode> {
        texts.iter().map(|text| CameraMode::parse(text).unwrap()).collect()
    }

    #[test]
    fn a_camera_is_found_by_each_of_its_names() {
        let path = |asked| pick(cameras(), asked, |_| true).map(|found| found.path);
        assert_eq!(path(None).as_deref(), Ok("/dev/video2"));
        for asked in ["3-2:1.0", "/dev/video4", "1", "capture card", " CARD "] {
            assert_eq!(path(Some(asked)).as_deref(), Ok("/dev/video4"), "{asked}");
        }
        let have = vec!["HD Webcam".to_owned(), "Capture Card".to_owned()];
        assert_eq!(path(Some("2")), Err(CaptureError::NoCamera { asked: Some("2".into()), have }));
        let nothing = pick(Vec::new(), None, |_| true).map(|found| found.path);
        assert_eq!(nothing, Err(CaptureError::NoCamera { asked: None, have: Vec::new() }));
    }

    #[test]
    fn what_is_no_camera_has_no_place_in_the_list() {
        let path = |asked| pick(cameras(), asked, |found| found.name != "HD Webcam").map(|found| found.path);
        assert_eq!(path(None).as_deref(), Ok("/dev/video4"));
        assert_eq!(path(Some("0")).as_deref(), Ok("/dev/video4"));
    }

    #[test]
    fn a_replugged_camera_is_known_by_its_place_or_its_name() {
        let known = found("1-1:1.0", "HD Webcam", "/dev/video2");
        let path = |all: Vec<Found>| again(&all, &known).map(|found| found.path);
        let other_number =
            vec![found("3-2:1.0", "HD Webcam", "/dev/video0"), found("1-1:1.0", "HD Webcam", "/dev/video5")];
        assert_eq!(path(other_number).as_deref(), Ok("/dev/video5"));
        let other_socket =
            vec![found("2-4:1.0", "HD Webcam", "/dev/video7"), found("2-4:1.0#1", "HD Webcam", "/dev/video8")];
        assert_eq!(path(other_socket).as_deref(), Ok("/dev/video7"), "with its file for metadata");
        let two = vec![found("2-4:1.0", "HD Webcam", "/dev/video7"), found("2-5:1.0", "HD Webcam", "/dev/video8")];
        assert!(path(two).is_err(), "which of them nobody knows");
        assert!(path(Vec::new()).is_err());
    }

    #[test]
    fn a_mode_that_is_not_there_is_not_replaced() {
        let have = modes(&["640x480@30 yuyv", "1280x720@30 mjpeg", "1920x1080@30 h264"]);
        let first = |mode: Option<&str>, coding| {
            let asked = Asked { mode: mode.map(str::to_owned), coding, ..Asked::default() };
            asked.candidates("Cam", have.clone()).map(|modes| modes[0].to_string())
        };
        assert_eq!(first(None, None).as_deref(), Ok("1280x720@30 mjpeg"));
        assert_eq!(first(Some("640x480"), None).as_deref(), Ok("640x480@30 yuyv"));
        assert_eq!(first(Some("h264"), None).as_deref(), Ok("1920x1080@30 h264"));
        assert_eq!(first(None, Some(CameraCoding::H264)).as_deref(), Ok("1920x1080@30 h264"));
        assert!(matches!(first(Some("800x600"), None), Err(CaptureError::NoSuchMode { .. })));
        assert!(matches!(first(Some("1920x1080"), None), Err(CaptureError::NoSuchMode { .. })), "only encoded");
        assert!(matches!(first(Some("nonsense"), None), Err(CaptureError::NoSuchMode { .. })));
    }

    #[test]
    fn a_camera_that_is_back_sends_as_before_or_nearly() {
        let before = CameraMode::parse("640x360@30 yuyv").unwrap();
        let first = |have: &[&str]| back(modes(have), before)[0].to_string();
        assert_eq!(first(&["640x360@30 nv12", "640x360@30 yuyv"]), "640x360@30 yuyv");
        assert_eq!(first(&["640x360@30 nv12", "320x180@60 yuyv", "640x360@15 yuyv"]), "640x360@15 yuyv");
        assert_eq!(first(&["640x360@30 h264", "1920x1080@5 mjpeg"]), "1920x1080@5 mjpeg");
    }
}
