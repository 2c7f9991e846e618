//! Sound, subtitles and other inputs beside the frames: they end with the pictures and never cost one.

use std::path::{Path, PathBuf};

use gearcast::writegear::{Builder, Ending, ExtraInput, Report, Value, WriteGear};

use super::{SMALL, builder, numbered_file};
use crate::support::judge::{Film, probe, tool};

fn tone(folder: &Path, seconds: u32) -> PathBuf {
    let path = folder.join(format!("{seconds}.wav"));
    let source = format!("sine=frequency=1000:sample_rate=48000:duration={seconds}");
    let filter = ["-af", "volume=12dB"];
    tool("ffmpeg", &[&["-v", "error", "-f", "lavfi", "-i", &source], &filter[..], &[path.to_str().unwrap()]].concat());
    path
}

fn subtitles(folder: &Path) -> PathBuf {
    let path = folder.join("words.srt");
    std::fs::write(&path, "1\n00:00:00,400 --> 00:00:01,200\nfirst\n\n2\n00:00:01,500 --> 00:00:02,500\nsecond\n")
        .unwrap();
    path
}

fn seconds_of(path: &Path, kind: &str) -> f64 {
    let lines = probe(path, &["-select_streams", kind, "-show_entries", "packet=pts_time,duration_time"]);
    let end = |line: &String| {
        let (start, length) = line.split_once(',').unwrap();
        start.parse::<f64>().unwrap() + length.parse::<f64>().unwrap_or(0.0)
    };
    lines.iter().map(end).fold(0.0, f64::max)
}

/// 100 frames at 25 a second, with every frame in the file, and sound that lasts as long.
fn assert_four_seconds(report: &Report) {
    let path = report.file.as_deref().unwrap();
    let film = Film::open(path);
    assert_eq!(film.counters(), (0..100).collect::<Vec<_>>(), "{report:?}");
    assert!((film.times_s[99] - film.times_s[0] - 3.96).abs() < 0.002, "{:?}", film.times_s);
    let sound = seconds_of(path, "a");
    assert!((3.97..4.05).contains(&sound), "sound lasts {sound} s: {report:?}");
}

fn with_sound(folder: &Path, name: &str, input: ExtraInput) -> Report {
    numbered_file(builder(&folder.join(name)).input(input), SMALL, 100)
}

#[test]
fn sound_that_is_longer_is_cut_and_sound_that_is_shorter_cuts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for seconds in [30, 2] {
        let sound = tone(folder.path(), seconds);
        for ending in ["mp4", "mkv"] {
            let report =
                with_sound(folder.path(), &format!("{seconds}.{ending}"), ExtraInput::new(sound.to_str().unwrap()));
            assert_four_seconds(&report);
            assert_eq!(report.ending, Ending::Finished);
            let heard = Film::open(report.file.as_deref().unwrap()).sound;
            let loud = |second: usize| heard[second * 48_000..].iter().take(480).any(|sample| sample.abs() > 0.1);
            assert!(loud(1) && loud(3) == (seconds == 30));
        }
    }
}

#[test]
fn sound_without_an_end_ends_with_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let report = with_sound(folder.path(), "tone.mp4", ExtraInput::new("sine=frequency=440").param("-f", "lavfi"));
    assert_four_seconds(&report);
    let report = with_sound(
        folder.path(),
        "real-time.mkv",
        ExtraInput::new("anullsrc").param("re", Value::None).param("-f", "lavfi"),
    );
    assert_four_seconds(&report);
}

/// The picture of the other input may be larger: ours is the one that counts.
#[test]
fn only_the_sound_of_a_film_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mp4");
    let sound = tone(folder.path(), 6);
    let source = ["-v", "error", "-f", "lavfi", "-i", "testsrc=s=640x480:r=30:d=6", "-i"];
    tool("ffmpeg", &[&source[..], &[sound.to_str().unwrap(), "-pix_fmt", "yuv420p", film.to_str().unwrap()]].concat());
    let path = folder.path().join("take.mp4");
    let list: [(&str, Value); 4] = [
        ("-i", film.to_str().unwrap().into()),
        ("-c:a", "aac".into()),
        ("-input_framerate", 25.0.into()),
        ("-clones", ["-shortest"].into()),
    ];
    assert_four_seconds(&numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), list), SMALL, 100));
}

fn texts(path: &Path) -> Vec<String> {
    let text = tool("ffmpeg", &["-v", "error", "-i", path.to_str().unwrap(), "-map", "0:s:0", "-f", "srt", "-"]).stdout;
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn subtitles_are_multiplexed_with_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let words = subtitles(folder.path());
    for (name, codec) in [("a.mp4", "mov_text"), ("a.mkv", "srt"), ("a.webm", "webvtt")] {
        let path = folder.path().join(name);
        let list = [("-i", words.to_str().unwrap()), ("-c:s", codec)];
        let fast = |builder: Builder| {
            if name == "a.webm" { builder.param("-deadline", "realtime").param("-cpu-used", 8) } else { builder }
        };
        let report = numbered_file(fast(WriteGear::from_writegear_params(path.to_str().unwrap(), list)), SMALL, 100);
        assert_eq!(Film::open(&path).counters(), (0..100).collect::<Vec<_>>(), "{report:?}");
        let texts = texts(&path);
        assert!(texts.contains(&"first".to_owned()) && texts.contains(&"second".to_owned()), "{name}: {texts:?}");
        assert!(texts.iter().any(|line| line.starts_with("00:00:01,500 --> 00:00:02,5")), "{name}: {texts:?}");
    }
}

#[test]
fn subtitles_are_burnt_in() {
    let folder = tempfile::tempdir().unwrap();
    let words = subtitles(folder.path());
    let path = folder.path().join("take.mkv");
    let plain = folder.path().join("plain.mkv");
    let filter = format!("subtitles={}:force_style='FontSize=60'", words.display());
    numbered_file(builder(&path).param("-vf", filter), SMALL, 60);
    numbered_file(builder(&plain), SMALL, 60);
    let (with, without) = (Film::open(&path), Film::open(&plain));
    let differs = |frame: usize| {
        let pairs = with.frames[frame].iter().zip(&without.frames[frame]);
        pairs.filter(|(a, b)| a.abs_diff(**b) > 60).count()
    };
    assert!(differs(20) > 200 && differs(5) < 20, "{} and {}", differs(20), differs(5));
}

/// vidgear's recipe for sound and subtitles of a file.
#[test]
fn sound_and_subtitles_of_a_file_by_the_callers_own_maps() {
    let folder = tempfile::tempdir().unwrap();
    let (sound, words) = (tone(folder.path(), 3), subtitles(folder.path()));
    let film = folder.path().join("film.mkv");
    tool(
        "ffmpeg",
        &[
            "-v",
            "error",
            "-i",
            sound.to_str().unwrap(),
            "-i",
            words.to_str().unwrap(),
            "-c:s",
            "srt",
            film.to_str().unwrap(),
        ],
    );
    let path = folder.path().join("take.mkv");
    let list: [(&str, Value); 2] =
        [("-i", film.to_str().unwrap().into()), ("-clones", ["-map", "0:v:0", "-map", "1:a?", "-map", "1:s?"].into())];
    numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), list), SMALL, 100);
    let film = Film::open(&path);
    assert_eq!(film.counters(), (0..100).collect::<Vec<_>>());
    assert!(film.sound.iter().any(|sample| sample.abs() > 0.1) && texts(&path).contains(&"second".to_owned()));
}
