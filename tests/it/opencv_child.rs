//! The second program: a NUT stream through a pipe into a file, spoken to as ffmpeg is.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use gearcast::media::{Matrix, PixelFormat, Range, TimeBase, TrackHeader};
use gearcast::nut::{Writer, raw_video};
use gearcast::rt::Worker;
use gearcast::writegear::noncompression::Pixels;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::cards::{self, BARS, SIZE, gray_of};
use crate::support::judge::{Film, colour_at, counted_frames, probe as ffprobe, tool};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gearcast-opencv");
const NTSC: TimeBase = TimeBase { num: 1001, den: 30_000 };

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("gearcast-opencv starts")
}

/// Feeds it to the end.
fn run(args: &[&str], stream: &[u8]) -> Output {
    let mut child = start(args);
    let mut stdin = child.stdin.take().unwrap();
    // A child that gives up early closes its input: what counts is what it then says.
    let stream = stream.to_vec();
    let feeder = Worker::spawn("feeder", move |_| drop(stdin.write_all(&stream))).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(feeder);
    output
}

fn write_args<'a>(path: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    [&["write", "--output", path.to_str().unwrap()], more].concat()
}

/// A stream of the cards whose numbers and ticks are these.
fn stream(track: &TrackHeader, pixels: Pixels, cards: &[(u64, i64)]) -> Vec<u8> {
    let mut nut = Writer::new(std::slice::from_ref(track)).unwrap();
    let mut bytes = nut.header().to_vec();
    for (card, tick) in cards {
        let picture: Vec<u8> = cards::planes(pixels, SIZE, *card).into_iter().flat_map(|(plane, _)| plane).collect();
        nut.packet_head(0, true, *tick, picture.len(), &mut bytes).unwrap();
        bytes.extend(picture);
    }
    bytes
}

fn bgr(time_base: TimeBase, cards: &[(u64, i64)]) -> Vec<u8> {
    stream(&raw_video(PixelFormat::Bgr24, SIZE, time_base, None), Pixels::Bgr24, cards)
}

fn in_turn(count: u64) -> Vec<(u64, i64)> {
    (0..count).zip(0..).collect()
}

/// The value of a key in each report.
fn told<'a>(output: &'a Output, key: &str) -> Vec<&'a str> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_once('=')).filter(|pair| pair.0 == key).map(|pair| pair.1).collect()
}

fn errors(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().filter_map(|line| line.strip_prefix("[error] ")).map(str::to_owned).collect()
}

#[test]
fn a_stream_of_bgr_becomes_a_file_of_constant_rate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avi");
    let args = write_args(&path, &["--fourcc", "MJPG", "--fps", "30000/1001", "--backend", "auto", "--color", "true"]);
    // Ticks 3, 4 and 8 have no picture, and one comes late.
    let cards = [(0, 0), (1, 1), (2, 2), (3, 5), (4, 6), (9, 4), (5, 7), (6, 9)];
    let output = run(&args, &bgr(NTSC, &cards));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(Film::open(&path).counters(), [0, 1, 2, 2, 2, 3, 4, 5, 5, 6]);
    assert_eq!(ffprobe(&path, &["-show_entries", "stream=r_frame_rate"]), ["2997/100"]);
    let (r, g, b) = colour_at(&path, 0.0, (40, 220, 120, 100));
    assert!([r, g, b].iter().zip(BARS[0]).all(|(got, want)| got.abs_diff(want) <= 10), "({r}, {g}, {b})");
    assert_eq!(told(&output, "progress").last(), Some(&"end"));
    assert_eq!((told(&output, "frame").last(), told(&output, "out_time_us").last()), (Some(&"10"), Some(&"333666")));
    assert_eq!((told(&output, "dup_frames").last(), told(&output, "drop_frames").last()), (Some(&"3"), Some(&"1")));
}

#[test]
fn nv12_keeps_its_colours_and_gray_is_gray() {
    let folder = tempfile::tempdir().unwrap();
    let track = raw_video(PixelFormat::Nv12, SIZE, TimeBase::NANOS, None);
    let cards: Vec<_> = (0..20).map(|card| (card, i64::try_from(card).unwrap() * 40_000_000)).collect();
    let bytes = stream(&track, Pixels::Nv12(Matrix::Bt601, Range::Full), &cards);
    for (color, name) in [("true", "a.mp4"), ("false", "b.mp4")] {
        let path = folder.path().join(name);
        let more = ["--fourcc", "mp4v", "--color", color, "--matrix", "bt601", "--range", "full"];
        let output = run(&write_args(&path, &more), &bytes);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(Film::open(&path).counters(), (0..20).collect::<Vec<_>>());
        for (left, bar) in [40, 253, 467].into_iter().zip(BARS) {
            let want = if color == "true" { bar } else { [gray_of(bar); 3] };
            let (r, g, b) = colour_at(&path, 0.0, (left, 220, 120, 100));
            assert!([r, g, b].iter().zip(want).all(|(got, want)| got.abs_diff(want) <= 10), "{name}: ({r}, {g}, {b})");
        }
    }
}

#[test]
fn an_interrupt_or_a_dead_writer_ends_in_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("interrupted.mp4");
    let mut child = start(&write_args(&path, &["--fourcc", "mp4v", "--fps", "30000/1001"]));
    // The pipe holds 64 KiB: once the last byte of 13 pictures has gone in, 12 of them were taken out.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&bgr(NTSC, &in_turn(13))).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert!(output.status.success() && errors(&output).is_empty(), "{output:?}");
    let frames = counted_frames(&path);
    assert!((11..=13).contains(&frames), "{frames}");
    assert_eq!(told(&output, "frame").last(), Some(&frames.to_string().as_str()));

    let cut = folder.path().join("cut.mp4");
    let whole = bgr(NTSC, &in_turn(9));
    let output = run(&write_args(&cut, &["--fourcc", "mp4v", "--fps", "30000/1001"]), &whole[..whole.len() - 1000]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(counted_frames(&cut), 8);
}

#[test]
fn failures_are_said_as_ffmpeg_says_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let some = bgr(NTSC, &in_turn(3));
    let missing = folder.path().join("missing/a.avi");
    let audio = {
        let mut nut = Writer::new(&[gearcast::nut::pcm_s16(48_000, 2)]).unwrap();
        let mut bytes = nut.header().to_vec();
        nut.packet_head(0, true, 0, 4, &mut bytes).unwrap();
        bytes.extend([0; 4]);
        bytes
    };
    let cases: [(Vec<&str>, &[u8], &str); 6] = [
        (write_args(&missing, &[]), &some, "cannot be written"),
        (write_args(&path, &["--fourcc", "ZZZZ", "--backend", "FFMPEG"]), &some, "OpenCV cannot write ZZZZ"),
        (write_args(&path, &["--backend", "CAP_MSMF"]), &some, "this OpenCV has no CAP_MSMF: it writes with"),
        (write_args(&path, &[]), b"", "the stream is empty"),
        (write_args(&path, &[]), b"this is no stream of ours", "not a NUT stream"),
        (write_args(&path, &[]), &audio, "no track of pictures"),
    ];
    for (args, bytes, words) in cases {
        let output = run(&args, bytes);
        assert_eq!(output.status.code(), Some(1), "{words}: {output:?}");
        let said = errors(&output);
        assert!(said.len() == 1 && said[0].contains(words), "{words}: {said:?}");
        assert_eq!(told(&output, "progress").iter().filter(|state| **state == "end").count(), 0);
        assert!(!path.exists(), "{words}");
    }
    assert!(run(&write_args(&path, &["--fourcc", "mp4v"]), &some).status.success());
    let again = run(&write_args(&path, &["--fourcc", "mp4v"]), &some);
    assert!(errors(&again)[0].contains("exists already"), "{again:?}");
    let more = bgr(NTSC, &in_turn(5));
    assert!(run(&write_args(&path, &["--fourcc", "mp4v", "--fps", "30000/1001", "--replace"]), &more).status.success());
    assert_eq!(counted_frames(&path), 5);
}

#[test]
fn a_jump_of_days_does_not_fill_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avi");
    let output = run(&write_args(&path, &["--fps", "30000/1001"]), &bgr(NTSC, &[(0, 0), (1, 1), (2, 1 << 40)]));
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output)[0].contains("more than a day"), "{output:?}");
    assert_eq!(Film::open(&path).counters(), [0, 1], "what came before is whole");
}

#[test]
fn probe_and_backends_print_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avi");
    assert!(run(&write_args(&path, &["--fps", "12.5"]), &bgr(NTSC, &in_turn(6))).status.success());
    let json = |args: &[&str]| -> Value { serde_json::from_slice(&tool(PROGRAM, args).stdout).unwrap() };
    let found = json(&["probe", path.to_str().unwrap()]);
    assert_eq!(found["frames"], counted_frames(&path));
    assert_eq!((&found["width"], &found["height"], &found["fourcc"]), (&640.into(), &360.into(), &"MJPG".into()));
    assert!((found["fps"].as_f64().unwrap() - 12.5).abs() < 0.001, "{found}");
    let backends = json(&["backends"]);
    assert!(backends["writers"].as_array().unwrap().contains(&"CV_MJPEG".into()), "{backends}");
    let nothing = run(&["probe", "/nowhere/a.avi"], b"");
    assert!(nothing.status.code() == Some(1) && errors(&nothing).len() == 1, "{nothing:?}");
}

/// Loading OpenCV's some 240 libraries would delay every start of the window.
#[test]
#[cfg(target_os = "linux")]
fn only_the_second_program_links_opencv() {
    let libraries = |program: &str| String::from_utf8(tool("ldd", &[program]).stdout).unwrap();
    let window = libraries(env!("CARGO_BIN_EXE_gearcast"));
    assert!(window.contains("libc.so"), "{window}");
    assert!(!window.contains("libopencv") && !window.contains("libstdc++"), "{window}");
    assert!(libraries(PROGRAM).contains("libopencv_videoio"));
}
