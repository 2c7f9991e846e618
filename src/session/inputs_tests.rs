//! A source that notes what is asked of it.

use std::sync::{Mutex, PoisonError};

use super::*;
use crate::capture::{CameraCoding, CameraMode, Signal};
use crate::media::{FrameRate, Resolution};
use crate::rt::RealClock;
use crate::session::event::events;

/// What the sources were asked, in words.
#[derive(Clone, Default)]
pub(in crate::session) struct Noted(Arc<Mutex<Vec<String>>>);

impl Noted {
    fn note(&self, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// What was asked since the last call.
    pub(in crate::session) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens sources that note everything here; a camera tells its state at once.
    pub(in crate::session) fn opener(&self) -> OpenSource {
        let noted = self.clone();
        Box::new(move |request, _, mut deliver| {
            noted.note(format!("open {:?}", request.controls));
            if matches!(request.source, SourceSpec::Camera { .. }) {
                deliver(Delivery::Camera(Arc::new(state(0))));
            }
            Ok(Box::new(FakeSource(noted.clone())))
        })
    }
}

struct FakeSource(Noted);

impl Source for FakeSource {
    fn set_controls(&self, wishes: ControlWishes) {
        self.0.note(format!("set {wishes:?}"));
    }

    fn press(&self, key: &str) {
        self.0.note(format!("press {key}"));
    }

    fn is_finished(&self) -> bool {
        false
    }
}

impl Drop for FakeSource {
    fn drop(&mut self) {
        self.0.note("close".to_owned());
    }
}

/// A camera after this many whole pictures.
pub(in crate::session) fn state(whole: u64) -> CameraState {
    let size = Resolution::new(640, 480);
    let mode = CameraMode { size, rate: FrameRate::whole(30), coding: CameraCoding::Yuyv };
    CameraState {
        id: "1-1".to_owned(),
        mode,
        signal: Signal::Good,
        controls: Vec::new(),
        whole,
        lost: whole / 10,
        damaged: 1,
        outages: whole / 100,
        silent: std::time::Duration::from_millis(whole),
    }
}

pub(in crate::session) fn camera(id: &str, fps: u32, brightness: Option<i64>) -> CaptureRequest {
    CaptureRequest {
        source: SourceSpec::Camera { id: Some(id.to_owned()), mode: None, size: None, coding: None },
        rate: FrameRate::whole(fps),
        show_cursor: true,
        controls: brightness.map(|value| ("brightness".to_owned(), value)).into_iter().collect(),
    }
}

fn inputs(noted: &Noted) -> Inputs {
    let preview = Preview::start(Resolution::new(64, 64), FrameRate::whole(30), Arc::new(|| {})).unwrap();
    Inputs::opened_by(noted.opener(), Arc::new(RealClock), events().0, Arc::new(preview))
}

#[test]
fn controls_are_handed_on_and_the_camera_stays_open() {
    let noted = Noted::default();
    let mut inputs = inputs(&noted);
    inputs.want(Some(&camera("a", 30, None)), &[]);
    inputs.want(Some(&camera("a", 30, Some(7))), &[]);
    inputs.want(Some(&camera("a", 30, Some(7))), &[]);
    assert_eq!(noted.take(), ["open {}", "set {\"brightness\": 7}"], "the same again asks nothing");
    inputs.press("reset");
    inputs.want(Some(&camera("a", 15, Some(7))), &[]);
    assert_eq!(noted.take(), ["press reset", "close", "open {\"brightness\": 7}"], "another rate is another source");
    assert_eq!(inputs.video.as_ref().unwrap().camera.peek().unwrap().mode.to_string(), "640x480@30 yuyv");
    inputs.want(None, &[]);
    assert_eq!(noted.take(), ["close"]);
    inputs.press("reset");
    assert!(noted.take().is_empty());
}

#[test]
fn steering_changes_the_controls_of_this_camera_and_nothing_else() {
    let noted = Noted::default();
    let mut inputs = inputs(&noted);
    inputs.want(Some(&camera("a", 30, None)), &[]);
    noted.take();
    inputs.steer(&camera("a", 60, Some(9)));
    inputs.steer(&camera("b", 30, Some(1)));
    inputs.steer(&CaptureRequest {
        source: SourceSpec::Test { size: Resolution::new(64, 64) },
        ..camera("a", 30, Some(2))
    });
    assert_eq!(noted.take(), ["set {\"brightness\": 9}"]);
    assert_eq!(inputs.video.as_ref().unwrap().request, camera("a", 30, Some(9)));
}
