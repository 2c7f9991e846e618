//! The reading loop with a camera that plays a script.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};

use super::*;
use crate::capture::CameraShot;
use crate::media::Colour;
use crate::rt::{ManualClock, StopSource};

/// What a scripted camera does at each question.
enum Act {
    Shot(u32),
    Delta(u32),
    Damaged(u32),
    Nothing,
    Fail,
}

type Settings = Arc<Mutex<Vec<(String, i64)>>>;

struct Scripted {
    acts: VecDeque<Act>,
    controls: Vec<CameraControl>,
    set: Settings,
    clock: Arc<ManualClock>,
    stop: Arc<StopSource>,
}

impl CameraStream for Scripted {
    fn setting(&self) -> CameraSetting {
        setting()
    }

    fn next(&mut self, within: Duration) -> Result<Arrival, CaptureError> {
        self.clock.advance(within);
        let shot = |number, key| {
            let captured_at = self.clock.now();
            Arrival::Shot(CameraShot { sequence: Some(number), captured_at, key, data: Arc::new(vec![7_u8; 4]) })
        };
        Ok(match self.acts.pop_front() {
            Some(Act::Shot(number)) => shot(number, ShotKey::Whole),
            Some(Act::Delta(number)) => shot(number, ShotKey::Delta),
            Some(Act::Damaged(number)) => Arrival::Damaged { sequence: Some(number) },
            Some(Act::Fail) => return Err(failed("Input/output error")),
            Some(Act::Nothing) => Arrival::Nothing,
            // The script is over: stop is asked, as the user would.
            None => {
                self.stop.stop();
                Arrival::Nothing
            }
        })
    }

    fn controls(&mut self) -> Vec<CameraControl> {
        let set = self.set.lock().unwrap();
        let mut controls = self.controls.clone();
        for control in &mut controls {
            if let Some((_, value)) = set.iter().rev().find(|(key, _)| *key == control.key) {
                control.value = *value;
            }
        }
        controls
    }

    fn set_control(&mut self, key: &str, value: i64) -> Result<(), String> {
        if key == "stubborn" {
            return Err("Permission denied".to_owned());
        }
        self.set.lock().unwrap().push((key.to_owned(), value));
        Ok(())
    }
}

fn setting() -> CameraSetting {
    CameraSetting { mode: CameraMode::parse("2x2@30 gray").unwrap(), stride: 2, colour: Colour::JPEG }
}

fn failed(reason: &str) -> CaptureError {
    CaptureError::CameraFailed { name: "Cam".to_owned(), reason: reason.to_owned() }
}

fn control(key: &str, kind: ControlKind, value: i64) -> CameraControl {
    CameraControl { key: key.into(), name: key.into(), kind, value, default: 0, state: ControlState::Free }
}

struct Host {
    scripts: VecDeque<Result<Vec<Act>, CaptureError>>,
    controls: Vec<CameraControl>,
    set: Settings,
    clock: Arc<ManualClock>,
    stop: Arc<StopSource>,
    asked: Vec<Option<CameraMode>>,
}

impl CameraHost for Host {
    fn open(&mut self, before: Option<&CameraMode>) -> Result<OpenCamera, CaptureError> {
        self.asked.push(before.copied());
        // The wait until the next attempt is over before it begins.
        self.clock.advance(RETRY);
        let Some(script) = self.scripts.pop_front() else {
            self.stop.stop();
            return Err(failed("the script is over"));
        };
        let (set, clock, stop) = (Arc::clone(&self.set), Arc::clone(&self.clock), Arc::clone(&self.stop));
        let stream = Scripted { acts: script?.into(), controls: self.controls.clone(), set, clock, stop };
        Ok(OpenCamera { id: "1-1".to_owned(), name: "Cam".to_owned(), stream: Box::new(stream) })
    }
}

/// A clock that never makes anybody wait.
struct Hurried(Arc<ManualClock>);

impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep_until(&self, due: Timestamp, stop: &StopToken) -> Waited {
        self.0.advance(due.since(self.0.now()));
        if stop.is_stopped() { Waited::Stopped } else { Waited::Due }
    }
}

struct Played {
    said: Vec<String>,
    asked: Vec<Option<CameraMode>>,
    set: Vec<(String, i64)>,
}

fn play(scripts: Vec<Result<Vec<Act>, CaptureError>>, controls: Vec<CameraControl>, orders: &Orders) -> Played {
    let (clock, stop) = (Arc::new(ManualClock::default()), Arc::new(StopSource::new()));
    let set = Settings::default();
    let mut host = Host {
        scripts: scripts.into(),
        controls,
        set: Arc::clone(&set),
        clock: Arc::clone(&clock),
        stop: Arc::clone(&stop),
        asked: Vec::new(),
    };
    let (give, get) = sync_channel(1000);
    let (hurried, token) = (Hurried(clock), stop.token());
    Reader { host: &mut host, orders, clock: &hurried, stop: &token, give: &give }.run();
    drop(give);
    let set = set.lock().unwrap().clone();
    Played { said: said(&get), asked: host.asked, set }
}

fn said(get: &Receiver<CameraMessage>) -> Vec<String> {
    let words = |message| match message {
        CameraMessage::Opened { setting, .. } => format!("opened {}", setting.mode),
        CameraMessage::Picture { lost, .. } => format!("picture, {lost} lost"),
        CameraMessage::Damaged { lost } => format!("damaged, {lost} lost"),
        CameraMessage::Waiting { lost } => format!("waiting, {lost} lost"),
        CameraMessage::Crowded { lost } => format!("crowded, {lost} lost"),
        CameraMessage::Controls(controls) => {
            let values: Vec<String> = controls.iter().map(|own| format!("{}={}", own.key, own.value)).collect();
            format!("controls {}", values.join(" "))
        }
        CameraMessage::Refused { key, reason } => format!("{key}: {reason}"),
        CameraMessage::Lost(error) => format!("lost: {error}"),
        CameraMessage::Failed(error) => format!("failed: {error}"),
    };
    get.iter().map(words).collect()
}

fn without_controls(said: &[String]) -> Vec<&str> {
    said.iter().map(String::as_str).filter(|words| *words != "controls ").collect()
}

#[test]
fn holes_in_the_numbers_are_lost_pictures() {
    let acts = vec![
        Act::Shot(10),
        Act::Shot(11),
        Act::Nothing,
        Act::Shot(15),
        Act::Damaged(16),
        Act::Shot(17),
        Act::Shot(3),
        Act::Shot(4),
    ];
    let played = play(vec![Ok(acts)], Vec::new(), &Orders::default());
    let pictures = ["picture, 0 lost", "picture, 0 lost", "picture, 3 lost", "damaged, 0 lost", "picture, 0 lost"];
    let begin_anew = ["picture, 0 lost", "picture, 0 lost"];
    assert_eq!(without_controls(&played.said), [&["opened 2x2@30 gray"][..], &pictures, &begin_anew].concat());
}

#[test]
fn a_lost_camera_is_tried_until_it_is_back_in_the_mode_it_had() {
    let busy = || Err(CaptureError::CameraBusy { name: "Cam".into(), by: None });
    let scripts = vec![Ok(vec![Act::Shot(0), Act::Fail]), busy(), Err(failed("x")), Ok(vec![Act::Shot(0)])];
    let played = play(scripts, Vec::new(), &Orders::default());
    let said = without_controls(&played.said);
    let lost = "lost: the camera 'Cam' failed: Input/output error";
    let opened = "opened 2x2@30 gray";
    let busy = "lost: the camera 'Cam' is used by another program";
    assert_eq!(
        said,
        [opened, "picture, 0 lost", lost, busy, "lost: the camera 'Cam' failed: x", opened, "picture, 0 lost"]
    );
    let mode = Some(setting().mode);
    assert_eq!(played.asked, [None, mode, mode, mode]);
}

#[test]
fn a_camera_that_cannot_be_opened_first_is_told_in_its_own_words() {
    let denied =
        CaptureError::CameraDenied { name: "Cam".into(), path: "/dev/video0".into(), group: Some("video".into()) };
    let played = play(vec![Err(denied)], Vec::new(), &Orders::default());
    let words = "failed: the camera 'Cam' may not be opened by this user (/dev/video0 belongs to the group 'video')";
    assert_eq!(played.said, [words]);
    // A driver's hiccup is given three tries.
    let twice = vec![Err(failed("a")), Err(failed("b")), Ok(vec![Act::Shot(0)])];
    assert_eq!(without_controls(&play(twice, Vec::new(), &Orders::default()).said).len(), 2);
    let thrice = vec![Err(failed("a")), Err(failed("b")), Err(failed("c")), Ok(vec![Act::Shot(0)])];
    assert_eq!(play(thrice, Vec::new(), &Orders::default()).said, ["failed: the camera 'Cam' failed: c"]);
}

#[test]
fn pictures_that_build_on_a_lost_one_wait_for_the_next_that_stands_alone() {
    let acts =
        vec![Act::Delta(0), Act::Shot(1), Act::Delta(2), Act::Delta(4), Act::Delta(5), Act::Shot(6), Act::Delta(7)];
    let played = play(vec![Ok(acts)], Vec::new(), &Orders::default());
    let kinds: Vec<&str> = without_controls(&played.said)[1..].iter().map(|said| &said[..7]).collect();
    assert_eq!(kinds, ["waiting", "picture", "picture", "waiting", "waiting", "picture", "picture"]);
}

#[test]
fn wishes_are_set_switches_first_and_again_after_a_replug() {
    let controls = vec![
        control("exposure", ControlKind::Number { min: 0, max: 100, step: 10 }, 50),
        control("auto", ControlKind::Switch, 1),
        control("stubborn", ControlKind::Switch, 0),
        control("same", ControlKind::Number { min: 0, max: 9, step: 1 }, 4),
    ];
    let wishes = [("exposure", 33), ("auto", 0), ("stubborn", 1), ("same", 4), ("zoom", 3)];
    let orders = Orders::new(wishes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
    orders.press("exposure");
    let acts = || vec![Act::Nothing, Act::Nothing, Act::Nothing, Act::Nothing, Act::Nothing];
    let mut first = acts();
    first.push(Act::Fail);
    let played = play(vec![Ok(first), Ok(acts())], controls, &orders);
    let set: Vec<(&str, i64)> = played.set.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    assert_eq!(set[..3], [("auto", 0), ("exposure", 30), ("exposure", 1)], "nearest step; then the press");
    assert!(played.said.contains(&"stubborn: Permission denied".to_owned()), "{:?}", played.said);
    let unknown = "zoom: it has no such control; it has exposure, auto, stubborn, same";
    assert!(played.said.contains(&unknown.to_owned()), "{:?}", played.said);
    let read_back = "controls exposure=1 auto=0 stubborn=0 same=4";
    assert!(played.said.contains(&read_back.to_owned()), "{:?}", played.said);
    assert_eq!(set[3..], [("exposure", 30)], "after the replug what is not as wished is set again");
}
