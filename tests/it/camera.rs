//! Cameras from outside, without hardware: every coding's colours, and faults in the middle of a recording.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gearcast::media::Resolution;
use gearcast::media::test_card::CounterLayout;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::camera::{PICTURES, PlayedCamera, SIZE, encoded};
use crate::support::coded::{split_jpegs, stored_pictures, stored_sizes};
use crate::support::judge::{Film, colour_at, counted_frames, probe};
use crate::support::pictures::QUARTERS;
use crate::support::program::{Home, finished};

const FAST: [&str; 8] =
    ["record", "--source", "camera", "--audio", "none", "--set", "video.preset=ultrafast", "--json"];

/// Reads what a recording says, and does something at each event.
fn watched(mut child: Child, mut at: impl FnMut(&Value, &Child)) -> (i32, Vec<Value>) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut events = Vec::new();
    for line in lines.map_while(Result::ok) {
        let event: Value = serde_json::from_str(&line).unwrap();
        at(&event, &child);
        events.push(event);
    }
    (finished(child).code, events)
}

fn start(home: &Home, more: &[&str]) -> Child {
    start_piped(home.command(&[&FAST[..], more].concat()))
}

fn start_piped(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn problems(events: &[Value]) -> Vec<&str> {
    events.iter().filter(|event| event["event"] == "problem").filter_map(|event| event["what"].as_str()).collect()
}

fn is_problem(event: &Value, part: &str) -> bool {
    event["event"] == "problem" && event["what"].as_str().is_some_and(|what| what.contains(part))
}

/// The four quarters have their colours, up to what 4:2:0 and a fast encoder change.
fn assert_colours(path: &Path, time_s: f64, size: Resolution, coding: &str) {
    let (width, height) = (size.width, size.height);
    for (index, want) in (0..).zip(QUARTERS) {
        let (left, top) = (index % 2 * width / 2, index / 2 * height / 2);
        let (r, g, b) = colour_at(path, time_s, (left + width / 8, top + height / 4, width / 4, height / 8));
        let far = [r.abs_diff(want[0]), g.abs_diff(want[1]), b.abs_diff(want[2])].into_iter().max().unwrap();
        assert!(far <= 6, "{coding} quarter {index}: {r} {g} {b} instead of {want:?}");
    }
}

/// What each frame of a film shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Numbered,
    Slate,
}

fn shown(film: &Film) -> Vec<Shown> {
    let layout = CounterLayout::for_size(film.size).unwrap();
    let stride = film.size.width as usize;
    let show = |frame: &Vec<u8>| {
        if layout.read(frame, stride).is_some() {
            return Shown::Numbered;
        }
        // Dark, with a few lighter pixels for the words in the middle.
        let lit = frame.iter().filter(|luma| **luma > 100).count();
        assert!(frame.iter().all(|luma| *luma < 180) && lit > 300 && lit < frame.len() / 10, "neither: {lit} lit");
        Shown::Slate
    };
    film.frames.iter().map(show).collect()
}

/// The runs of equal frames, as (what, how many).
fn runs(shown: &[Shown]) -> Vec<(Shown, usize)> {
    shown.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
}

#[test]
fn every_coding_of_a_camera_is_recorded_in_its_colours() {
    for coding in ["yuyv", "uyvy", "nv12", "yu12", "rgb24", "bgr24", "mjpeg"] {
        let home = Home::new();
        let _camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, coding);
        let (code, events) = watched(start(&home, &["--duration", "1", "--output", "film.mkv"]), |_, _| {});
        assert_eq!(code, 0, "{coding}: {events:?}");
        let path = home.at("film.mkv");
        assert_eq!(counted_frames(&path), 30, "{coding}");
        let film = Film::open(&path);
        assert_eq!(film.size, SIZE);
        assert!(film.counters().iter().all(|count| *count < PICTURES), "{coding}");
        assert!(film.counters().windows(2).any(|pair| pair[0] + 1 == pair[1]), "{coding}: the picture moves");
        assert_colours(&path, 0.5, SIZE, coding);
    }
}

#[test]
fn a_recording_outlives_a_stall_and_an_unplugging() {
    let home = Home::new();
    let mut camera = Some(PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv"));
    let mut began = 0;
    let (code, events) = watched(start(&home, &["--output", "film.mkv"]), |event, child| {
        let Some(here) = camera.take() else { return };
        camera = Some(match began {
            0 if event["event"] == "status" && event["state"] == "recording" => {
                here.begin("stalled");
                began = 1;
                here
            }
            1 if is_problem(event, "sends no picture") => {
                here.end("stalled");
                began = 2;
                here
            }
            2 if is_problem(event, "sends pictures again") => {
                here.begin("unplugged");
                began = 3;
                here
            }
            // Not at once: the slate comes after a second.
            3 if is_problem(event, "is gone") => {
                began = 4;
                here
            }
            4 | 5 if event["event"] == "status" => {
                began += 1;
                here
            }
            6 if event["event"] == "status" => {
                // It comes back with another mode in another place of the list.
                let here = here.without_modes().with_mode(Resolution::new(320, 180), 15, "mjpeg");
                here.end("unplugged");
                began = 7;
                here
            }
            7 if is_problem(event, "sends pictures again") => {
                began = 8;
                here
            }
            8 if event["event"] == "status" => {
                kill_process(Pid::from_child(child), Signal::INT).unwrap();
                began = 9;
                here
            }
            _ => here,
        });
    });
    assert_eq!((code, began), (0, 9), "{events:?}");
    let told = problems(&events);
    for part in ["sends no picture", "sends pictures again", "is gone", "came back as 320x180@15 mjpeg"] {
        assert!(told.iter().any(|what| what.contains(part)), "{part}: {told:?}");
    }
    let last = events.last().unwrap();
    assert_eq!((&last["verdict"], &last["exit_code"]), (&"good".into(), &0.into()));
    let path = home.at("film.mkv");
    let film = Film::open(&path);
    assert_eq!(film.size, SIZE, "the recording keeps its size");
    let written = last["frames"]["written"].as_u64().unwrap();
    assert_eq!(film.frames.len() as u64, written);
    let duration = last["duration_s"].as_f64().unwrap();
    let frames_s = f64::from(u32::try_from(written).unwrap()) / 30.0;
    assert!((duration - frames_s).abs() <= 1.0 / 30.0, "{duration} s of {written} frames");
    let shown = shown(&film);
    let kinds: Vec<Shown> = runs(&shown).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        [Shown::Numbered, Shown::Slate, Shown::Numbered, Shown::Slate, Shown::Numbered],
        "{:?}",
        runs(&shown)
    );
    // The smaller picture fills the frame.
    assert_colours(&path, duration - 0.1, SIZE, "scaled");
}

#[test]
fn a_recording_of_raw_pixels_takes_the_slate_as_well() {
    let home = Home::new();
    let camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv");
    let more = [
        "--set",
        "video.codec=ffv1",
        "--set",
        "video.rate_control=lossless",
        "--set",
        "video.pixel_format=yuv422p",
        "--output",
        "film.mkv",
    ];
    let args = ["record", "--source", "camera", "--audio", "none", "--json"];
    let child =
        home.command(&[&args[..], &more].concat()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut statuses = 0;
    let (code, events) = watched(child, |event, child| {
        if event["event"] == "status" && event["state"] == "recording" {
            statuses += 1;
            match statuses {
                1 => camera.begin("stalled"),
                4 => kill_process(Pid::from_child(child), Signal::INT).unwrap(),
                _ => {}
            }
        }
    });
    assert_eq!(code, 0, "a stop of a stalled camera is a stop like any other: {events:?}");
    let film = Film::open(&home.at("film.mkv"));
    let runs = runs(&shown(&film));
    assert!(matches!(runs[..], [(Shown::Numbered, _), (Shown::Slate, _)]), "{runs:?}");
    let formats = probe(&home.at("film.mkv"), &["-select_streams", "v", "-show_entries", "stream=pix_fmt"]);
    assert_eq!(formats, ["yuv422p"]);
}

#[test]
fn a_camera_that_cannot_be_had_is_exit_3_with_its_own_words() {
    let home = Home::new();
    let said = |more: &[&str]| {
        let ran = finished(start(&home, &[more, &["--duration", "1", "--output", "film.mkv"]].concat()));
        (ran.code, ran.err)
    };
    let (code, words) = said(&[]);
    assert!(code == 3 || code == 2, "{code}");
    assert!(words.contains("No camera") && words.contains("Plug"), "{words}");
    let camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv");
    for (fault, part, help) in [
        ("busy", "is used by another", "Close the other program"),
        ("denied", "may not be opened by this user", "group"),
    ] {
        camera.begin(fault);
        let (code, words) = said(&[]);
        assert_eq!(code, 3, "{words}");
        assert!(words.contains(part) && words.contains(help), "{words}");
        camera.end(fault);
    }
    let (code, words) = said(&["--set", "source.id=Attic"]);
    assert!((code == 2 || code == 3) && words.contains("Attic") && words.contains("Desk"), "{code} {words}");
    let (code, words) = said(&["--set", "source.mode=800x600"]);
    assert!(
        (code == 2 || code == 3) && words.contains("800x600") && words.contains("640x360@30 yuyv"),
        "{code} {words}"
    );
    assert!(!home.at("film.mkv").exists());
}

#[test]
fn devices_lists_a_camera_with_its_modes() {
    let home = Home::new();
    let _camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv").with_mode(SIZE, 60, "mjpeg");
    let ran = home.run(&["devices", "--json"]);
    let all: Value = serde_json::from_str(&ran.out).unwrap();
    let camera = &all["cameras"][0];
    assert_eq!((&camera["id"], &camera["name"]), (&"played:Desk".into(), &"Desk".into()));
    let modes: Vec<&str> = camera["modes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(modes, ["640x360@30 yuyv", "640x360@60 mjpeg"]);
}

/// A stretch of played pictures, each bit by bit, in their order (the camera begins anew after the last).
fn assert_played_in_order(stored: &[u8], sizes: &[usize], played: &[Vec<u8>]) {
    let mut at = 0;
    let mut last: Option<usize> = None;
    for size in sizes {
        let picture = &stored[at..at + size];
        at += size;
        let found = played.iter().position(|own| own == picture);
        let number = found.unwrap_or_else(|| panic!("a picture of {size} bytes that no camera sent"));
        if let Some(last) = last {
            // A picture may be lost on a busy machine, or stand for itself once more; none comes out of order.
            let step = (number + played.len() - last) % played.len();
            assert!(step <= 20, "picture {number} after {last}");
        }
        last = Some(number);
    }
}

#[test]
fn what_a_camera_encodes_goes_into_the_file_bit_by_bit() {
    let home = Home::new();
    let _camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv").with_mode(SIZE, 30, "mjpeg");
    let child = home.command(
        &[&FAST[..5], &["--json", "--set", "video.encoder=copy", "--duration", "2", "--output", "film.mkv"]].concat(),
    );
    let (code, events) = watched(start_piped(child), |_, _| {});
    assert_eq!(code, 0, "{events:?}");
    let path = home.at("film.mkv");
    let jpegs = split_jpegs(&encoded(SIZE, "mjpeg"));
    assert_eq!(jpegs.len() as u64, PICTURES);
    assert_played_in_order(&stored_pictures(&path), &stored_sizes(&path), &jpegs);
    let duration = events.last().unwrap()["duration_s"].as_f64().unwrap();
    assert!((duration - 2.0).abs() <= 1.0 / 30.0, "{duration}");
    assert_eq!(events[0]["video"]["encoder"], "copy");
}

#[test]
fn a_copied_recording_holds_its_last_picture_through_a_stall() {
    for (coding, file) in [("mjpeg", "film.mkv"), ("h264", "film.mp4")] {
        let home = Home::new();
        let camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, coding);
        let child = home.command(&[&FAST[..5], &["--json", "--set", "video.encoder=copy", "--output", file]].concat());
        let mut step = 0;
        let (code, events) = watched(start_piped(child), |event, child| {
            let recording = event["event"] == "status" && event["state"] == "recording";
            match step {
                0 if recording && event["frames"]["written"].as_u64() > Some(0) => camera.begin("stalled"),
                1 if is_problem(event, "sends no picture") => {}
                2 if recording => camera.end("stalled"),
                3 if is_problem(event, "sends pictures again") => {}
                4 if recording => kill_process(Pid::from_child(child), Signal::INT).unwrap(),
                _ => return,
            }
            step += 1;
        });
        assert_eq!((code, step), (0, 5), "{coding}: {events:?}");
        let film = Film::open(&home.at(file));
        assert!(film.counters().iter().all(|count| *count < PICTURES), "{coding}: there is no slate");
        let longest = film.times_s.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        assert!(longest > 0.9, "{coding}: the longest picture stands {longest} s");
        let last = events.last().unwrap();
        assert_eq!(film.frames.len() as u64, last["frames"]["written"].as_u64().unwrap(), "{coding}");
    }
}

#[test]
fn what_cannot_be_copied_is_refused_at_its_field() {
    let home = Home::new();
    let _camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv");
    for (more, field) in [
        (&[][..], "video.encoder"),
        (&["--set", "source.kind=test"], "video.encoder"),
        (&["--set", "source.mode=yuyv"], "video.encoder"),
    ] {
        let args =
            [&FAST[..5], &["--set", "video.encoder=copy", "--duration", "1", "--output", "film.mkv"], more].concat();
        let ran = home.run(&args);
        assert!((2..=4).contains(&ran.code), "{more:?}: {} {}", ran.code, ran.err);
        assert!(ran.err.contains(field) || ran.err.contains("source.mode"), "{more:?}: {}", ran.err);
    }
    assert!(!home.at("film.mkv").exists());
}

#[test]
fn a_copied_recording_that_ends_in_a_stall_is_good_with_its_sound() {
    for file in ["film.mkv", "film.mp4"] {
        let home = Home::new();
        let camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "h264");
        let args = ["record", "--source", "camera", "--audio", "test", "--json", "--set", "video.encoder=copy"];
        let child = home.command(&[&args[..], &["--output", file]].concat());
        let mut step = 0;
        let (code, events) = watched(start_piped(child), |event, child| {
            let recording = event["event"] == "status" && event["state"] == "recording";
            match step {
                0 if recording && event["frames"]["written"].as_u64() > Some(0) => camera.begin("stalled"),
                1 if is_problem(event, "sends no picture") => {}
                2 | 3 if recording => {}
                4 if recording => kill_process(Pid::from_child(child), Signal::INT).unwrap(),
                _ => return,
            }
            step += 1;
        });
        assert_eq!((code, step), (0, 5), "{file}: {events:?}");
        assert_eq!(events.last().unwrap()["verdict"], "good", "{file}: {events:?}");
        let camera = &events.last().unwrap()["camera"];
        assert_eq!(camera["outages"], 1, "{camera}");
        assert!(camera["no_signal_s"].as_f64() > Some(1.0), "{camera}");
    }
}

#[test]
fn h264_is_refused_where_it_would_have_to_be_encoded_anew() {
    let home = Home::new();
    let _camera = PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv").with_mode(SIZE, 30, "h264");
    let ran = finished(start(&home, &["--set", "source.mode=h264", "--duration", "1", "--output", "film.mkv"]));
    assert!(ran.code == 2 || ran.code == 3, "{} {}", ran.code, ran.err);
    assert!(ran.err.contains("source.mode") && ran.err.contains("video.encoder=copy"), "{}", ran.err);
}

#[test]
fn a_camera_back_with_pixels_that_do_not_fit_leaves_the_last_picture_to_the_end() {
    let home = Home::new();
    let mut camera = Some(PlayedCamera::new(&home, "Desk").with_mode(SIZE, 30, "yuyv"));
    let own_pixels = ["--set", "video.codec=ffv1", "--set", "video.rate_control=lossless"];
    let more = ["--set", "video.pixel_format=yuv422p", "--output", "film.mkv"];
    let args = ["record", "--source", "camera", "--audio", "none", "--json"];
    let mut step = 0;
    let child = start_piped(home.command(&[&args[..], &own_pixels, &more].concat()));
    let (code, events) = watched(child, |event, child| {
        let Some(mut here) = camera.take() else { return };
        let recording = event["event"] == "status" && event["state"] == "recording";
        match step {
            0 if recording => here.begin("unplugged"),
            1 if is_problem(event, "is gone") => {
                here = here.without_modes().with_mode(SIZE, 30, "nv12");
                here.end("unplugged");
            }
            2 if is_problem(event, "sends pictures again") => {}
            3 if recording => {}
            4 if recording => kill_process(Pid::from_child(child), Signal::INT).unwrap(),
            _ => {
                camera = Some(here);
                return;
            }
        }
        step += 1;
        camera = Some(here);
    });
    assert_eq!((code, step), (0, 5), "{events:?}");
    let last = events.last().unwrap();
    let frames_s = f64::from(u32::try_from(Film::open(&home.at("film.mkv")).frames.len()).unwrap()) / 30.0;
    let duration = last["duration_s"].as_f64().unwrap();
    assert!((duration - frames_s).abs() <= 1.0 / 30.0, "{duration} s, and the film has {frames_s} s");
}
