//! What a profile's advanced keys reach: further inputs, subtitles, the user's own filters, lossless pixels.

use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::judge::{Film, colour_at, probe, tool};
use crate::support::program::Home;
use crate::support::take::Take;

const SMALL: [&str; 4] = ["--source", "test", "--set", "video.size=320x180"];

fn good(home: &Home, more: &[&str], frames: u64) -> Value {
    let ran = home.run(&[&["record", "--json"], &SMALL[..], more].concat());
    let last = ran.events().pop().expect("a last line");
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
    assert_eq!(last["frames"]["written"], frames, "{last}");
    last
}

/// Seconds of sound in a track, decoded.
fn sound_s(path: &Path, track: usize) -> f64 {
    let map = format!("0:a:{track}");
    let args =
        ["-v", "error", "-i", path.to_str().unwrap(), "-map", &map, "-ac", "1", "-ar", "48000", "-f", "s16le", "-"];
    let bytes = u32::try_from(tool("ffmpeg", &args).stdout.len()).unwrap();
    f64::from(bytes) / 96_000.0
}

#[test]
fn a_short_sound_file_does_not_cut_the_picture() {
    let home = Home::new();
    let wav = home.at("beep.wav");
    tool("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", "sine=frequency=1000:duration=1", wav.to_str().unwrap()]);
    let args = ["--audio", "none", "--duration", "3", "--output", "take.mkv", "--set", "advanced.inputs=-i beep.wav"];
    good(&home, &args, 90);
    let path = home.at("take.mkv");
    let film = Film::open(&path);
    assert_eq!((film.frames.len(), film.broken_steps()), (90, 0));
    assert!((sound_s(&path, 0) - 3.0).abs() < 0.05, "{}", sound_s(&path, 0));
    let loud = |from: usize, to: usize| film.sound[from * 48..to * 48].iter().any(|sample| sample.abs() > 0.05);
    assert!(loud(0, 50) && loud(900, 990), "it begins with the recording and lasts its second");
    assert!(!loud(1100, 2900), "silence follows");
}

#[test]
fn an_endless_input_ends_with_the_recording() {
    let home = Home::new();
    let inputs = "advanced.inputs=-f lavfi -i sine";
    let args = [&SMALL[..], &["--audio", "test", "--output", "take.mkv", "--set", inputs]].concat();
    let mut take = Take::start(&home, &args, &[]);
    take.wait_for_frames(30);
    take.signal(Signal::INT);
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}", ran.err);
    let path = home.at("take.mkv");
    let picture_s = f64::from(u32::try_from(Film::open(&path).frames.len()).unwrap()) / 30.0;
    for track in 0..2 {
        let sound_s = sound_s(&path, track);
        assert!((sound_s - picture_s).abs() < 0.1, "track {track}: {sound_s} of {picture_s}");
    }
}

#[test]
fn a_further_input_that_is_not_there_is_exit_2() {
    let home = Home::new();
    let args =
        ["record", "--source", "test", "--audio", "none", "--output", "a.mkv", "--set", "advanced.inputs=-i no.wav"];
    let ran = home.run(&args);
    assert!(ran.code == 2 && ran.err.contains("no.wav"), "{}: {}", ran.code, ran.err);
}

const SUBTITLES: &str = "1\n00:00:00,500 --> 00:00:01,500\nFirst\n\n2\n00:00:10,000 --> 00:00:11,000\nToo late\n";

#[test]
fn subtitles_are_in_the_file_at_their_time() {
    let home = Home::new();
    std::fs::write(home.at("x.srt"), SUBTITLES).unwrap();
    for (name, codec) in [("a.mp4", "mov_text"), ("a.mkv", "subrip"), ("a.webm", "webvtt")] {
        let args = ["--audio", "none", "--duration", "2", "--output", name, "--set", "output.subtitles=x.srt"];
        good(&home, &args, 60);
        let path = home.at(name);
        assert_eq!(probe(&path, &["-select_streams", "s", "-show_entries", "stream=codec_name"]), [codec]);
        let text =
            tool("ffmpeg", &["-v", "error", "-i", path.to_str().unwrap(), "-map", "0:s", "-f", "srt", "-"]).stdout;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("00:00:00,500 --> 00:00:01,500\nFirst") && !text.contains("Too late"), "{name}: {text}");
    }
}

#[test]
fn subtitles_that_cannot_go_in_are_a_problem_at_their_field() {
    let home = Home::new();
    std::fs::write(home.at("x.srt"), SUBTITLES).unwrap();
    std::fs::write(home.at("none.srt"), [0, 1, 2]).unwrap();
    for (output, subtitles) in [("a.avi", "x.srt"), ("a.mkv", "gone.srt"), ("a.mkv", "none.srt"), ("a.gif", "x.srt")] {
        let set = format!("output.subtitles={subtitles}");
        let ran = home.run(&["record", "--source", "test", "--audio", "none", "--output", output, "--set", &set]);
        assert!(ran.code == 2 && ran.err.contains("output.subtitles:"), "{output} {subtitles}: {}", ran.err);
    }
}

#[test]
fn the_users_own_filter_keeps_the_constant_rate() {
    let home = Home::new();
    for (name, set) in
        [("vf.mp4", "advanced.output=-vf negate"), ("graph.mp4", "advanced.output=-filter_complex '[0:v]negate[out]'")]
    {
        good(&home, &["--audio", "none", "--duration", "2", "--output", name, "--set", set], 60);
        // The white bar is black.
        let (r, g, b) = colour_at(&home.at(name), 0.5, (170, 150, 30, 20));
        assert!(r < 20 && g < 20 && b < 20, "{name}: {r} {g} {b}");
        let times = probe(&home.at(name), &["-select_streams", "v", "-show_entries", "packet=pts_time"]);
        assert_eq!(times.len(), 60);
    }
}

/// The first picture as red, green, blue.
fn rgb(path: &Path) -> Vec<u8> {
    let args =
        ["-v", "error", "-i", path.to_str().unwrap(), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    tool("ffmpeg", &args).stdout
}

#[test]
fn lossless_rgb_keeps_every_bit_of_a_screen() {
    let home = Home::new();
    for (codec, encoder, format, name) in [
        ("ffv1", "auto", "bgr0", "a.mkv"),
        ("h264", "libx264rgb", "bgr0", "b.mkv"),
        ("utvideo", "auto", "gbrp", "c.mkv"),
        ("huffyuv", "auto", "rgb24", "d.avi"),
    ] {
        let sets = [
            format!("video.codec={codec}"),
            format!("video.encoder={encoder}"),
            format!("video.pixel_format={format}"),
        ];
        let mut args =
            vec!["--audio", "none", "--duration", "0.5", "--output", name, "--set", "video.rate_control=lossless"];
        for set in &sets {
            args.extend(["--set", set]);
        }
        good(&home, &args, 15);
        let picture = rgb(&home.at(name));
        // The lowest quarter is six pure bars with hard edges, the rest a gray ramp: nothing in between.
        let bars = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [128, 128, 128]];
        for y in 135..180 {
            for x in 0..320 {
                let bar = (0..6).rev().find(|bar| x >= 320 * bar / 6).unwrap();
                assert_eq!(picture[(y * 320 + x) * 3..][..3], bars[bar], "{codec} at {x},{y}");
            }
        }
        for y in 0..135 {
            for x in 0..320 {
                let pixel = &picture[(y * 320 + x) * 3..][..3];
                assert!(pixel[0] == pixel[1] && pixel[1] == pixel[2] || y >= 45, "{codec} at {x},{y}: {pixel:?}");
            }
        }
    }
}
