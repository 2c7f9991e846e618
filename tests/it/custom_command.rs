//! Custom commands, as a library and on the command line: what they make is judged, and how they end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use gearcast::ffmpeg::{Cause, Ffmpeg, Progress, Redactor, Rung, find};
use gearcast::rt::StopSource;
use gearcast::writegear::{Custom, ExecuteError};

use crate::support::judge::{counted_frames, probe, tool};

fn ffmpeg() -> Ffmpeg {
    find(None).expect("ffmpeg is installed")
}

/// Two seconds of 30 pictures a second beside a tone of 440 Hz.
fn clip(folder: &Path) -> PathBuf {
    let path = folder.join("clip.mp4");
    let inputs = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=30:d=2", "-f", "lavfi", "-i", "sine=440:r=48000:d=2"];
    let outputs = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", path.to_str().unwrap()];
    Custom::new(&ffmpeg()).execute([&inputs[..], &outputs].concat()).unwrap();
    path
}

/// Decodes a sound file to 48 kHz mono.
fn samples(path: &Path) -> Vec<i16> {
    let raw =
        tool("ffmpeg", &["-v", "error", "-i", path.to_str().unwrap(), "-ac", "1", "-ar", "48000", "-f", "s16le", "-"]);
    raw.stdout.chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]])).collect()
}

fn endless(output: &Path) -> Vec<OsString> {
    let words =
        ["-re", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=30", "-c:v", "libx264", "-g", "15", "-pix_fmt", "yuv420p"];
    words.iter().map(OsString::from).chain([output.into()]).collect()
}

#[test]
fn execute_ffmpeg_cmd_extracts_the_sound_by_stream_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (clip, sound) = (clip(folder.path()), folder.path().join("sound.m4a"));
    let mut reports: Vec<Progress> = Vec::new();
    let done = Custom::new(&ffmpeg())
        .on_progress(|report| reports.push(*report))
        .execute([
            OsString::from("-i"),
            clip.clone().into(),
            "-vn".into(),
            "-c:a".into(),
            "copy".into(),
            sound.clone().into(),
        ])
        .unwrap();
    assert_eq!((done.exit_code, done.stdout.len()), (0, 0));
    assert!(done.last_words.iter().any(|line| line.contains("Output #0")), "{:?}", done.last_words);
    assert_eq!(probe(&sound, &["-show_entries", "stream=codec_name"]), ["aac"]);
    let decoded = samples(&sound);
    assert!((95_000..=98_400).contains(&decoded.len()), "{} samples", decoded.len());
    // 440 Hz cross zero upwards 880 times in two seconds.
    let crossings = decoded.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    assert!((870..=890).contains(&crossings), "{crossings} waves");
    let last = reports.last().expect("a report");
    assert!(last.ended && last.out_time_us.is_some_and(|time| (1_900_000..=2_100_000).contains(&time)), "{last:?}");
    assert_eq!(done.progress.as_ref(), Some(last));

    // And put together again: the picture of one, the sound of the other, neither encoded.
    let both = folder.path().join("both.mkv");
    let maps = ["-map", "0:v:0", "-map", "1:a:0", "-c", "copy", "-shortest"].map(OsString::from);
    let inputs = ["-i".into(), clip.into(), "-i".into(), sound.into()];
    Custom::new(&ffmpeg()).execute(inputs.into_iter().chain(maps).chain([both.clone().into()])).unwrap();
    assert_eq!(counted_frames(&both), 60);
    assert_eq!(probe(&both, &["-show_entries", "stream=codec_name"]), ["h264", "aac"]);
}

#[test]
fn execute_ffmpeg_cmd_gives_what_was_written_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let clip = clip(folder.path());
    let words = ["-i", clip.to_str().unwrap(), "-an", "-f", "rawvideo", "-pix_fmt", "gray", "-"];
    let done = Custom::new(&ffmpeg()).execute(words).unwrap();
    assert_eq!(done.stdout.len(), 60 * 160 * 120, "every picture and nothing else, progress included");
    assert_eq!(done.progress.map(|report| (report.frames, report.ended)), Some((Some(60), true)));
    let raw = tool("ffmpeg", &["-v", "error", "-i", words[1], "-an", "-f", "rawvideo", "-pix_fmt", "gray", "-"]).stdout;
    assert!(done.stdout == raw, "byte for byte what ffmpeg writes by itself");
    let version = Custom::new(&ffmpeg()).execute(["-version"]).unwrap();
    assert!(String::from_utf8(version.stdout).unwrap().starts_with("ffmpeg version"));
    assert_eq!(version.progress, None);
    let too_much = Custom::new(&ffmpeg()).output_limit(1000).execute(words);
    assert!(matches!(too_much, Err(ExecuteError::TooMuchOutput { limit: 1000 })), "{too_much:?}");
}

#[test]
fn execute_ffmpeg_cmd_of_nothing_is_an_error() {
    let nothing = Custom::new(&ffmpeg()).execute(Vec::<String>::new());
    assert!(matches!(nothing, Err(ExecuteError::Empty)));
    assert!(matches!(Custom::new(&ffmpeg()).start(Vec::<String>::new()), Err(ExecuteError::Empty)));
}

#[test]
fn execute_ffmpeg_cmd_of_nonsense_says_why_it_failed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.mp4");
    for (words, cause) in [
        (vec!["nonsense", "at", "all"], None),
        (vec!["-i", "/nowhere/in.mp4", out.to_str().unwrap()], Some(Cause::PathMissing)),
        (vec!["-f", "lavfi", "-i", "testsrc2=d=1", "-c:v", "nosuch", out.to_str().unwrap()], {
            Some(Cause::EncoderUnknown { name: "nosuch".to_owned() })
        }),
        // The user's own level wins; then the end is all there is to tell.
        (vec!["-loglevel", "quiet", "-i", "/nowhere/in.mp4", out.to_str().unwrap()], {
            Some(Cause::Other("it gave no reason (exit code 1)".to_owned()))
        }),
    ] {
        let failed = Custom::new(&ffmpeg()).execute(&words).unwrap_err();
        assert_eq!(failed.exit_code(), Some(1), "{words:?}");
        assert!(failed.to_string().contains("exit code 1"), "{failed}");
        let ExecuteError::Failed { cause: told, last_words, .. } = failed else { panic!("{words:?}") };
        assert!(cause.is_none_or(|cause| cause == told), "{words:?}: {told:?}");
        assert_eq!(last_words.is_empty(), words.contains(&"quiet"), "{words:?}");
    }
    assert!(!out.exists());
}

#[test]
fn a_file_that_exists_is_not_replaced_unless_the_words_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("there.mp4");
    std::fs::write(&file, "precious").unwrap();
    let words = ["-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg4", file.to_str().unwrap()];
    let refused = Custom::new(&ffmpeg()).execute(words);
    assert!(matches!(refused, Err(ExecuteError::Failed { cause: Cause::AlreadyExists, .. })), "{refused:?}");
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
    Custom::new(&ffmpeg()).execute([&["-y"][..], &words].concat()).unwrap();
    assert_eq!(counted_frames(&file), 25);
}

#[test]
fn a_cancelled_command_leaves_a_whole_file_that_is_short() {
    let folder = tempfile::tempdir().unwrap();
    let (file, source) = (folder.path().join("short.mp4"), StopSource::new());
    let end = Custom::new(&ffmpeg())
        .stop_token(source.token())
        .on_progress(|report| {
            if report.frames.is_some_and(|frames| frames > 0) {
                source.stop();
            }
        })
        .execute(endless(&file));
    assert!(matches!(end, Err(ExecuteError::Cancelled { rung: Rung::Interrupted, .. })), "{end:?}");
    let frames = counted_frames(&file);
    assert!(frames > 0 && frames < 30 * 60, "{frames}");
    // Before it began nothing is started at all.
    let (never, stopped) = (folder.path().join("never.mp4"), source.token());
    let end = Custom::new(&ffmpeg()).stop_token(stopped).execute(endless(&never));
    assert!(matches!(end, Err(ExecuteError::Cancelled { rung: Rung::EndedBefore, .. })), "{end:?}");
    assert!(!never.exists());
}

#[test]
fn a_started_command_is_watched_cancelled_and_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (tell, told) = sync_channel(1000);
    let file = folder.path().join("a.mkv");
    let custom = Custom::new(&ffmpeg()).on_progress(move |report| tell.send(*report).unwrap_or_default());
    let mut running = custom.start(endless(&file)).unwrap();
    while told.recv().unwrap().frames.unwrap_or(0) == 0 {}
    assert!(running.progress().is_some_and(|report| report.frames.is_some()));
    assert!(running.poll().is_none(), "it runs");
    running.cancel();
    assert!(matches!(running.wait(), Err(ExecuteError::Cancelled { rung: Rung::Interrupted, .. })));
    assert!(counted_frames(&file) > 0);

    let words = ["-f", "lavfi", "-i", "sine=d=1:r=8000", "-f", "s16le", "-"];
    let done = Custom::new(&ffmpeg()).start(words).unwrap().wait().unwrap();
    assert_eq!(done.stdout.len(), 16_000);

    let (tell, told) = sync_channel(1000);
    let custom = Custom::new(&ffmpeg()).on_progress(move |report| tell.send(*report).unwrap_or_default());
    drop(custom.start(endless(&folder.path().join("b.mkv"))).unwrap());
    // The channel closes when the command and its thread are gone.
    while told.recv().is_ok() {}
}

#[test]
fn secrets_do_not_reach_the_last_words() {
    let source = ["-f", "lavfi", "-i", "testsrc2=d=1"];
    let fails = |words: &[&str]| {
        let redactor = Redactor::new(["swordfish".to_owned()]);
        let failed = Custom::new(&ffmpeg()).redactor(redactor).execute([&source[..], words].concat()).unwrap_err();
        let text = format!("{failed} {failed:?}");
        assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{text}");
        let ExecuteError::Failed { cause, .. } = failed else { panic!("{text}") };
        (cause, text)
    };
    let (cause, _) = fails(&["-f", "flv", "rtmp://127.0.0.1:1/app/live_hunter2"]);
    assert_eq!(cause, Cause::ConnectionRefused);
    let (_, text) = fails(&["-c:v", "swordfish", "-f", "null", "-"]);
    assert!(text.contains("•••"), "{text}");
}
