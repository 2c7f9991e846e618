//! A camera that fails: the recording goes on under a slate, the picture returns, and each fault has its words.

use crate::film::Look;
use crate::machine::Case;

/// The whole story of one recording: damaged, stalled, broken, unplugged, plugged in again.
#[test]
fn the_slate_stands_in_and_the_picture_returns() {
    let Some(case) = Case::of("faults") else { return };
    let film = case.recording().good();
    let scenes = film.scenes();
    let seen: Vec<Look> = scenes.iter().map(|scene| scene.0).collect();
    assert_eq!(seen, [Look::Bars, Look::Slate, Look::Bars, Look::Slate, Look::Bars], "{scenes:?}");
    // Each fault lasted 3 s, and the slate comes after one: between the two faults' ends the film's clock went as the machine's.
    let returned = scenes[4].1 - scenes[2].1;
    let expected = case.noted_s("plugged") - case.noted_s("goes on");
    assert!((returned - expected).abs() < 2.0, "{returned} s between the returns, {expected} s between the causes");
}

#[test]
fn a_recording_with_faults_is_as_long_as_was_asked() {
    let Some(case) = Case::of("faults") else { return };
    let recording = case.recording();
    let film = recording.good();
    assert!((839..=841).contains(&film.len()), "{} pictures for 28 s", film.len());
    // From the first picture: AAC's priming moves a whole Matroska file 21 ms later.
    let last = film.times_s[film.len() - 1] - film.times_s[0];
    assert!((last - 28.0 + 1.0 / 30.0).abs() < 0.035, "the last picture comes {last} s after the first");
    assert!((film.sound_s - 28.0).abs() < 0.1, "{} s of sound", film.sound_s);
    case.assert_nothing_left();
}

#[test]
fn the_faults_are_listed() {
    let Some(case) = Case::of("faults") else { return };
    let problems = case.recording().problems();
    let of_camera: Vec<_> = problems.iter().filter(|text| text.contains("vivid") || text.contains("camera")).collect();
    // Damaged, stalled, back, broken, unplugged, back: two of them may share a line.
    assert!(of_camera.len() >= 4, "{problems:#?}");
    for word in ["damaged", "again"] {
        assert!(of_camera.iter().any(|text| text.contains(word)), "nothing is '{word}': {problems:#?}");
    }
}

#[test]
fn a_recording_of_a_stalled_camera_stops_and_lets_go() {
    let Some(case) = Case::of("stop_stalled") else { return };
    let film = case.recording().good();
    assert_eq!(film.looks().first(), Some(&Look::Bars));
    assert!(case.noted_s("ended") >= case.noted_s("asked"));
    case.assert_nothing_left();
    assert_eq!(case.text("opened.code"), "0", "another program cannot use the camera: {}", case.text("log"));
    assert_eq!(case.text("opened.bytes"), (5 * 640 * 360 * 2).to_string(), "five pictures in the camera's mode");
}

#[test]
fn who_holds_the_camera_is_told() {
    let Some(case) = Case::of("busy") else { return };
    let recording = case.recording();
    assert_eq!(recording.code, 3, "{}", recording.words);
    assert!(recording.words.contains("v4l2-ctl"), "{}", recording.words);
    case.assert_nothing_left();
}

#[test]
fn how_to_be_allowed_is_told() {
    let Some(case) = Case::of("denied") else { return };
    let recording = case.recording();
    assert_eq!(recording.code, 3, "{}", recording.words);
    assert!(recording.words.contains("group") && recording.words.contains("video"), "{}", recording.words);
}

#[test]
fn no_camera_is_an_answer() {
    let Some(case) = Case::of("absent") else { return };
    let recording = case.recording();
    assert_eq!(recording.code, 3, "{}", recording.words);
    assert!(recording.words.contains("no camera") || recording.words.contains("No camera"), "{}", recording.words);
}
