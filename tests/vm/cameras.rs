//! A camera that works: listed as it is, recorded in its colours and at its rate, from every kind of input.

use serde_json::Value;

use crate::film::Film;
use crate::machine::{Case, Recording, required, say};

fn cameras(listing: &Value) -> &Vec<Value> {
    listing["cameras"].as_array().expect("a list of cameras")
}

fn modes(camera: &Value) -> Vec<&str> {
    camera["modes"].as_array().expect("modes").iter().filter_map(Value::as_str).collect()
}

/// The writer's queue holds this much at 30 fps: an encoder that is further behind loses pictures, whoever sends them.
const QUEUE_S: f64 = 2.4;

/// At least nine of ten ticks have a picture of their own. Only where the encoder kept up: where other programs have the
/// processors, what is lost was lost behind the camera.
fn assert_moves(recording: &Recording, film: &Film) {
    let (fresh, all) = film.fresh();
    let behind_s = recording.finished()["latency_s"].as_f64().unwrap();
    if behind_s > QUEUE_S && !required() {
        say(&format!(
            "RATES ARE NOT JUDGED, the encoder was {behind_s:.1} s behind; {fresh} of {all} pictures are new"
        ));
        return;
    }
    assert!(all >= 30 && fresh * 10 >= all * 9, "{fresh} of {all} pictures are new ones");
}

/// As many pictures came from the camera as it sends in this time, within 5 %, and its own numbers say the same.
fn assert_captured(recording: &Recording, rate: f64, seconds: f64) {
    #[expect(clippy::cast_precision_loss, reason = "some hundred pictures")]
    let (captured, expected) = (recording.frames("captured") as f64, rate * seconds);
    assert!(captured >= expected * 0.95, "{captured} of {expected} pictures were captured");
    let counted = |what: &str| recording.finished()["camera"][what].as_u64().unwrap();
    let (whole, lost) = (counted("whole"), counted("lost"));
    assert!(whole * 20 >= (whole + lost) * 19, "{lost} pictures beside {whole} never came, by the camera's numbers");
}

#[test]
fn only_the_node_that_captures_is_listed() {
    let Some(case) = Case::of("devices") else { return };
    assert!(case.text("nodes").lines().count() > 1, "vivid made no other nodes: {}", case.text("nodes"));
    let listing = case.json("first.json");
    let [camera] = cameras(&listing).as_slice() else { panic!("{listing}") };
    assert_eq!(camera["path"], "/dev/video0");
    let name = camera["name"].as_str().unwrap_or_default();
    assert!(name.contains("vivid") && !name.contains("/dev"), "{name} is no name for people");
}

#[test]
fn a_camera_keeps_its_id_when_it_is_plugged_in_again() {
    let Some(case) = Case::of("devices") else { return };
    let (first, away, again) = (case.json("first.json"), case.json("unplugged.json"), case.json("again.json"));
    let id = &cameras(&first)[0]["id"];
    assert!(id.as_str().is_some_and(|id| !id.is_empty()), "{first}");
    assert_eq!(cameras(&away).len(), 0, "{away}");
    assert_eq!(&cameras(&again)[0]["id"], id);
}

#[test]
fn modes_are_listed_with_their_real_rates() {
    let Some(case) = Case::of("devices") else { return };
    let listing = case.json("first.json");
    let modes = modes(&cameras(&listing)[0]);
    for mode in ["640x360@30 yuyv", "320x180@60 nv12", "640x480@25 yuyv", "1920x1080@5 yuyv", "1280x720@12.5 yuyv"] {
        assert!(modes.contains(&mode), "no {mode} in {modes:?}");
    }
    assert!(!modes.iter().any(|mode| mode.starts_with("1280x720@25")), "12.5 was read as 25: {modes:?}");
}

#[test]
fn an_hdmi_input_has_the_mode_of_its_signal() {
    let Some(case) = Case::of("devices") else { return };
    let listing = case.json("hdmi.json");
    let modes = modes(&cameras(&listing)[0]);
    assert!(modes.iter().any(|mode| mode.starts_with("1280x720@60")), "{modes:?}");
}

#[test]
fn a_webcam_is_recorded_whole_and_in_its_colours() {
    let Some(case) = Case::of("webcam") else { return };
    let recording = case.recording();
    let film = recording.good();
    film.assert_bars();
    assert_captured(&recording, 30.0, 8.0);
    assert!((239..=241).contains(&film.len()), "{} pictures", film.len());
    assert_moves(&recording, &film);
    case.assert_nothing_left();
}

#[test]
fn a_rate_with_a_fraction_is_recorded() {
    let Some(case) = Case::of("fractional") else { return };
    let recording = case.recording();
    recording.good().assert_bars();
    assert_captured(&recording, 12.5, 4.0);
    let captured = recording.frames("captured");
    assert!(captured <= 60, "{captured} pictures in 4 s are more than 12.5 a second");
}

#[test]
fn a_television_input_is_recorded_in_both_standards() {
    for (name, rate) in [("pal", 25.0), ("ntsc", 30_000.0 / 1001.0)] {
        let Some(case) = Case::of(name) else { return };
        let recording = case.recording();
        let film = recording.good();
        film.assert_bars();
        assert_captured(&recording, rate, 4.0);
        assert_moves(&recording, &film);
    }
}

#[test]
fn an_hdmi_input_is_recorded_in_the_colours_of_its_signal() {
    let Some(case) = Case::of("hdmi") else { return };
    assert!(case.text("format").contains("709"), "not the signal this case is about: {}", case.text("format"));
    let recording = case.recording();
    let film = recording.good();
    film.assert_bars();
    assert!((119..=121).contains(&film.len()), "{} pictures", film.len());
    // 720p at 60 is more than a machine of this kind can always convert: the bars and the time count.
    let (fresh, all) = film.fresh();
    assert!(fresh * 2 >= all, "{fresh} of {all} pictures are new ones");
}

#[test]
fn the_state_that_another_program_left_does_not_matter() {
    let Some(case) = Case::of("left_odd") else { return };
    let before = case.text("before");
    assert!(before.contains("'UYVY'") && before.contains("12.500"), "the state to start from: {before}");
    let recording = case.recording();
    let film = recording.good();
    film.assert_bars();
    assert_captured(&recording, 30.0, 4.0);
    assert_moves(&recording, &film);
    let after = case.text("after");
    assert!(after.contains("'YUYV'") && after.contains("640/360") && after.contains("30.000"), "{after}");
}

#[test]
fn our_reader_serves_as_a_backend_of_nokhwa() {
    let Some(case) = Case::of("nokhwa") else { return };
    let recording = case.recording();
    let film = recording.good();
    film.assert_bars();
    assert_captured(&recording, 30.0, 3.0);
    assert_moves(&recording, &film);
}

#[test]
fn a_control_of_the_profile_is_set() {
    let Some(case) = Case::of("controls") else { return };
    case.recording().good();
    assert_eq!(case.text("brightness"), "brightness: 90");
}

#[test]
fn a_control_that_the_camera_lacks_is_named() {
    let Some(case) = Case::of("unknown_control") else { return };
    let recording = case.recording();
    assert!([0, 2, 3].contains(&recording.code), "exit code {}", recording.code);
    let said = recording.problems().join("\n");
    assert!(
        said.contains("wobble") && said.contains("vivid"),
        "which control, and of which camera: {said}\n{}",
        recording.words
    );
}
