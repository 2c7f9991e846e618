//! Non-compression mode through the recorder: exact films without ffmpeg, nothing dropped in silence, a bounded end.

use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::judge::{Film, colour_at, counted_frames, probe};
use crate::support::program::{Home, Ran, finished};
use crate::support::take::{Take, files_in};

const OPENCV: [&str; 6] = ["--source", "test", "--engine", "opencv", "--set", "video.size=640x360"];

fn record(home: &Home, more: &[&str]) -> (Ran, Value) {
    let ran = home.run(&[&["record", "--json"], &OPENCV[..], more].concat());
    let last = ran.events().pop().expect("a last line");
    (ran, last)
}

fn good(home: &Home, more: &[&str], frames: u64) -> Value {
    let (ran, last) = record(home, &[&["--audio", "none"], more].concat());
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
    assert_eq!(last["frames"]["written"], frames, "{last}");
    last
}

/// As many pictures as there should be, in order; a busy machine may have repeated some.
fn is_whole(path: &Path, frames: usize) {
    let counters = Film::open(path).counters();
    assert!(counters.len() == frames && counters.is_sorted(), "{counters:?}");
}

/// Every picture once, at an even rate.
fn is_exact(path: &Path, frames: usize) {
    let film = Film::open(path);
    assert_eq!((film.frames.len(), film.broken_steps()), (frames, 0), "{:?}", film.counters());
    assert!(film.sound.is_empty());
}

#[test]
fn a_film_holds_every_picture_and_its_colours() {
    let home = Home::new();
    let last = good(&home, &["--duration", "2", "--output", "a.avi"], 60);
    let path = home.at("a.avi");
    assert_eq!((&last["file"], &last["exit_code"]), (&json!(path), &json!(0)));
    is_exact(&path, 60);
    assert_eq!(probe(&path, &["-show_entries", "stream=codec_name,r_frame_rate"]), ["mjpeg,30/1"]);
    assert_eq!(probe(&path, &["-show_entries", "format=format_name"]), ["avi"]);
    // The lowest eighth of the test card has pure bars, the first of them red.
    let (r, g, b) = colour_at(&path, 1.0, (8, 340, 40, 12));
    assert!(r > 220 && g < 40 && b < 40, "({r}, {g}, {b})");
    assert_eq!(files_in(home.path()), [path]);
}

#[test]
fn gray_is_gray_and_other_containers_and_rates_work() {
    let home = Home::new();
    let gray = ["--duration", "1", "--output", "gray.avi", "--set", "opencv.color=false"];
    good(&home, &gray, 30);
    let (r, g, b) = colour_at(&home.at("gray.avi"), 0.5, (8, 340, 40, 12));
    assert!(r.abs_diff(g) < 6 && g.abs_diff(b) < 6 && r < 120, "({r}, {g}, {b})");
    let mp4 = ["--duration", "2", "--output", "a.mp4", "--set", "opencv.fourcc=mp4v", "--set", "video.fps=30000/1001"];
    good(&home, &mp4, 60);
    is_whole(&home.at("a.mp4"), 60);
    let mkv = ["--duration", "1", "--output", "a.mkv", "--set", "opencv.fourcc=FFV1", "--set", "opencv.backend=FFMPEG"];
    good(&home, &mkv, 30);
    is_whole(&home.at("a.mkv"), 30);
}

#[test]
fn no_ffmpeg_is_needed() {
    let home = Home::new();
    let empty = home.at("empty");
    std::fs::create_dir(&empty).unwrap();
    let run = |args: &[&str]| {
        let mut command = home.command(&[&["record", "--json"], args].concat());
        command.env("PATH", &empty).env("GEARCAST_FFMPEG", home.at("nowhere/ffmpeg"));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let ran = finished(command.spawn().expect("gearcast starts"));
        let last = ran.events().pop().expect("a last line");
        (ran, last)
    };
    let args = [&OPENCV[..], &["--audio", "none", "--duration", "1", "--output", "a.avi"]].concat();
    let (ran, last) = run(&args);
    assert_eq!(
        (ran.code, &last["verdict"], &last["frames"]["written"]),
        (0, &json!("good"), &json!(30)),
        "{}",
        ran.err
    );
    is_whole(&home.at("a.avi"), 30);
    // With the other engine that is an error, which names this one; nothing changes by itself.
    let (ran, _) = run(&["--source", "test", "--audio", "none", "--duration", "1", "--output", "b.avi"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("non-compression mode") && ran.err.contains("output.engine=opencv"), "{}", ran.err);
    assert!(!home.at("b.avi").exists());
}

#[test]
fn what_it_cannot_do_is_said_at_its_field_and_nothing_is_written() {
    let home = Home::new();
    for (more, code, field) in [
        (&["--audio", "test"][..], 2, "audio.inputs"),
        (&["--audio", "none", "--set", "opencv.fourcc=MJPEG"], 2, "opencv.fourcc"),
        (&["--audio", "none", "--set", "opencv.backend=a b"], 2, "opencv.backend"),
        (&["--audio", "none", "--set", "output.subtitles=a.srt"], 2, "output.subtitles"),
        (&["--audio", "none", "--set", "advanced.output=-crf 3"], 2, "advanced.output"),
        (&["--audio", "none", "--set", "video.frame_timing=vfr"], 2, "video.frame_timing"),
        (&["--audio", "none", "--set", "output.container=webm"], 2, "output.container"),
        (&["--audio", "none", "--set", "streams.0.enabled=true"], 2, "streams.0.enabled"),
    ] {
        let (ran, _) = record(&home, &[&["--duration", "1", "--output", "a.avi"], more].concat());
        assert_eq!(ran.code, code, "{more:?}: {}", ran.err);
        let named = ran.events().iter().any(|event| event["code"] == field && event["severity"] == "error");
        assert!(named, "{more:?}: {}", ran.out);
    }
    assert!(files_in(home.path()).is_empty(), "{:?}", files_in(home.path()));
}

#[test]
fn an_existing_file_is_left_renamed_or_replaced_as_asked() {
    let home = Home::new();
    std::fs::write(home.at("a.avi"), b"mine").unwrap();
    let args = ["--audio", "none", "--duration", "1", "--output", "a.avi"];
    assert_eq!(record(&home, &args).0.code, 5);
    assert_eq!(std::fs::read(home.at("a.avi")).unwrap(), b"mine");
    good(&home, &[&args[2..], &["--overwrite"]].concat(), 30);
    assert_eq!(counted_frames(&home.at("a.avi")), 30);
    assert_eq!(files_in(home.path()), [home.at("a.avi")]);
    let (ran, _) = record(&home, &["--audio", "none", "--duration", "1", "--output", "missing/deeper/a.avi"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
}

#[test]
fn ctrl_c_ends_in_a_whole_film() {
    let home = Home::new();
    let mut take = Take::start(&home, &[&OPENCV[..], &["--audio", "none", "--output", "a.avi"]].concat(), &[]);
    take.wait_for_frames(20);
    take.signal(Signal::INT);
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
    let written = last["frames"]["written"].as_u64().unwrap();
    is_whole(&home.at("a.avi"), usize::try_from(written).unwrap());
}

#[test]
fn a_child_that_is_killed_is_exit_4_and_leaves_what_it_wrote() {
    let home = Home::new();
    let mut take = Take::start(&home, &[&OPENCV[..], &["--audio", "none", "--output", "a.avi"]].concat(), &[]);
    take.wait_for_frames(60);
    take.signal_ffmpeg("a.recording.avi", Signal::KILL);
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["exit_code"]), (4, &json!(4)), "{}\n{last}", ran.err);
    assert!(ran.err.contains("gearcast-opencv stopped writing: something outside ended it (signal 9)"), "{}", ran.err);
    let files = files_in(home.path());
    let [kept] = &files[..] else { panic!("{files:?}") };
    assert!(std::fs::metadata(kept).unwrap().len() > 100_000, "{kept:?}");
}

#[test]
fn a_child_that_gives_up_tells_why() {
    let home = Home::new();
    let more = ["--audio", "none", "--duration", "1", "--output", "a.avi", "--set", "opencv.fourcc=ZZZZ"];
    let (ran, last) = record(&home, &more);
    assert_eq!((ran.code, &last["exit_code"]), (4, &json!(4)), "{}\n{last}", ran.err);
    assert!(ran.err.contains("OpenCV cannot write ZZZZ"), "{}", ran.err);
    assert!(files_in(home.path()).is_empty(), "{:?}", files_in(home.path()));
}

#[test]
fn the_command_is_shown_and_the_doctor_knows_the_program() {
    let home = Home::new();
    let args = ["command", "--source", "test", "--engine", "opencv", "--audio", "none", "--output", "a.avi"];
    let ran = home.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for word in ["gearcast-opencv write --output", "a.recording.avi", "--fourcc=MJPG", "--fps=30/1", "--color=true"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert_eq!(ran.out.lines().count(), 1);
    let doctor = |program: &str| {
        let mut command = home.command(&["doctor", "--json"]);
        command.env("GEARCAST_OPENCV", program).stdout(std::process::Stdio::piped());
        let ran = finished(command.stderr(std::process::Stdio::piped()).spawn().expect("gearcast starts"));
        let told: Value = serde_json::from_str(&ran.out).expect("JSON");
        let checks = told["checks"].as_array().expect("checks").clone();
        checks.into_iter().find(|check| check["name"] == "gearcast-opencv").expect("its check")
    };
    assert_eq!(doctor(env!("CARGO_BIN_EXE_gearcast-opencv"))["ok"], true);
    let missing = doctor("/nowhere/gearcast-opencv");
    assert!(missing["ok"].is_null() && missing["help"].as_str().unwrap().contains("GEARCAST_OPENCV"), "{missing}");
}
