//! Whatever is killed while recording, what the encoder had given out plays, nothing runs on, and the exit code says
//! what it was.

use rustix::process::Signal;
use serde_json::json;

use crate::support::judge::{Film, counted_frames};
use crate::support::program::Home;
use crate::support::take::{Take, files_in, processes_with};

fn start(home: &Home, name: &str) -> Take {
    let args = ["--source", "test", "--set", "video.size=640x360", "--audio", "test", "--output", name];
    Take::start(home, &args, &[])
}

/// ffmpeg's children end by themselves once their input has: they see its end when we die.
fn wait_until_gone(word: &str) {
    let mut looks = 0;
    while !processes_with(word).is_empty() {
        // A look at every process takes some milliseconds; ten thousand of them are far more than it needs.
        looks += 1;
        assert!(looks < 10_000, "something still runs: {word}");
        std::thread::yield_now();
    }
}

fn killed_outright(container: &str) {
    let home = Home::new();
    let mut take = start(&home, &format!("take.{container}"));
    // A second passes between two statuses: what the first one counted must be on disk when the second comes.
    let written = take.wait_for_frames(45);
    take.wait_for_frames(written + 20);
    take.signal(Signal::KILL);
    let (ran, _) = take.end();
    assert_eq!(ran.code, -1);
    wait_until_gone(&home.path().display().to_string());
    let files = files_in(home.path());
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].to_string_lossy().contains(".recording."), "{files:?}");
    let film = Film::open(&files[0]);
    let counters = film.counters();
    let promised = usize::try_from(written).unwrap();
    assert!(counters.len() >= promised, "{} of {written}", counters.len());
    // What came in the last moments may lack B-frames, which the encoder gives out after what follows them.
    let broken = counters[..promised].windows(2).filter(|pair| pair[0] + 1 != pair[1]).count();
    assert_eq!(broken, 0, "{counters:?}");
}

#[test]
fn killing_gearcast_leaves_a_playing_mp4_and_no_process() {
    killed_outright("mp4");
}

#[test]
fn killing_gearcast_leaves_a_playing_mkv_and_no_process() {
    killed_outright("mkv");
}

#[test]
fn killing_the_encoder_finishes_the_file_and_is_exit_4() {
    let home = Home::new();
    let mut take = start(&home, "take.mp4");
    let written = take.wait_for_frames(45);
    take.signal_ffmpeg("pipe:1", Signal::KILL);
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["exit_code"]), (4, &json!(4)), "{}", ran.err);
    assert!(counted_frames(&home.at("take.mp4")) >= written);
    assert_eq!(last["frames"]["written"].as_u64(), Some(counted_frames(&home.at("take.mp4"))));
    assert_eq!(files_in(home.path()), [home.at("take.mp4")]);
}

#[test]
fn killing_the_files_writer_keeps_what_it_wrote_and_is_exit_5() {
    let home = Home::new();
    let mut take = start(&home, "take.mp4");
    let written = take.wait_for_frames(45);
    take.wait_for_frames(written + 20);
    take.signal_ffmpeg("take.recording.mp4", Signal::KILL);
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["exit_code"]), (5, &json!(5)), "{}", ran.err);
    assert_eq!(files_in(home.path()), [home.at("take.mp4")]);
    assert!(counted_frames(&home.at("take.mp4")) >= written, "{last}");
}

#[test]
fn a_frozen_encoder_is_ended_and_the_file_finished() {
    let home = Home::new();
    let mut take = start(&home, "take.mkv");
    let written = take.wait_for_frames(45);
    take.signal_ffmpeg("pipe:1", Signal::STOP);
    take.signal(Signal::INT);
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["exit_code"]), (4, &json!(4)), "{}", ran.err);
    assert!(counted_frames(&home.at("take.mkv")) >= written);
    assert_eq!(processes_with(&home.path().display().to_string()), Vec::<u32>::new());
}
