//! `gearcast record` from outside: files that are never lost, exit codes, signals, and the JSON lines' promises.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::program::{Home, Ran, finished};

const SHORT: [&str; 7] = ["record", "--source", "test", "--set", "video.size=320x240", "--audio", "none"];

fn record(home: &Home, more: &[&str]) -> Ran {
    home.run(&[&SHORT[..], more].concat())
}

fn recordings(home: &Home, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(home.at(folder))
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn record_tells_the_whole_story_in_json() {
    let home = Home::new();
    let ran = record(&home, &["--duration", "1.5", "--output", "film.mkv", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let events = ran.events();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((names.first(), names.last()), (Some(&"started"), Some(&"finished")), "{names:?}");
    assert!(names.iter().filter(|name| **name == "status").count() >= 1, "{names:?}");
    let started = &events[0];
    assert_eq!(started["file"], json!(home.at("film.mkv").display().to_string()));
    assert_eq!(started["video"], json!({"width": 320, "height": 240, "fps": 30.0, "encoder": "libx264"}));
    let commands = started["commands"].as_array().expect("commands");
    assert!(commands.iter().all(|command| command[0].as_str().is_some_and(|word| word.ends_with("ffmpeg"))));
    let last = events.last().expect("a last line");
    assert_eq!((&last["verdict"], &last["exit_code"], &last["streams"]), (&json!("good"), &json!(0), &json!([])));
    let in_files: u64 =
        last["files"].as_array().expect("files").iter().filter_map(|file| file["frames"].as_u64()).sum();
    assert_eq!(last["frames"]["written"].as_u64(), Some(in_files));
    assert!(last["checks"].as_array().is_some_and(|checks| checks.iter().all(|check| check["ok"] == true)));
    assert_eq!(recordings(&home, ".").iter().filter(|name| name.starts_with("film")).count(), 1);
    assert!(ran.err.contains("film.mkv") && ran.err.contains("Verdict: good"), "{}", ran.err);
}

#[test]
fn record_refuses_an_existing_file_and_leaves_its_bytes() {
    let home = Home::new();
    fs::write(home.at("film.mp4"), b"precious").unwrap();
    let ran = record(&home, &["--duration", "1", "--output", "film.mp4"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("film.mp4") && ran.err.contains("--overwrite"), "{}", ran.err);
    assert_eq!(fs::read(home.at("film.mp4")).unwrap(), b"precious");
    let ran = record(&home, &["--duration", "1", "--output", "film.mp4", "--overwrite"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(fs::metadata(home.at("film.mp4")).unwrap().len() > 1000);
}

#[test]
fn record_into_a_folder_never_reuses_a_name() {
    let home = Home::new();
    fs::create_dir(home.at("takes")).unwrap();
    for _ in 0..2 {
        let args = ["--duration", "0.5", "--output", "takes", "--set", "output.file_name=take"];
        let ran = record(&home, &args);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    assert_eq!(recordings(&home, "takes"), ["take (2).mp4", "take.mp4"]);
}

#[test]
fn record_makes_one_folder_and_refuses_two() {
    let home = Home::new();
    let ran = record(&home, &["--duration", "0.5", "--output", "new/film.mp4"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(recordings(&home, "new"), ["film.mp4"]);
    let ran = record(&home, &["--duration", "0.5", "--output", "far/away/film.mp4"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(!home.at("far").exists());
    fs::write(home.at("file"), b"").unwrap();
    assert_eq!(record(&home, &["--duration", "0.5", "--output", "file/film.mp4"]).code, 5);
}

#[test]
fn record_into_an_unwritable_folder_is_exit_5() {
    let home = Home::new();
    // Even root may not make files here.
    let ran = record(&home, &["--duration", "1", "--output", "/proc/film.mp4"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("/proc"), "{}", ran.err);
}

#[test]
fn a_signal_completes_the_file() {
    let home = Home::new();
    for signal in [Signal::INT, Signal::TERM] {
        let args = [&SHORT[..], &["--output", "film.mp4", "--overwrite", "--json"]].concat();
        let mut child =
            home.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gearcast starts");
        let pid = Pid::from_child(&child);
        let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let mut events: Vec<Value> = Vec::new();
        let mut statuses = 0;
        while let Some(Ok(line)) = lines.next() {
            let event: Value = serde_json::from_str(&line).expect("JSON");
            statuses += usize::from(event["event"] == "status");
            if statuses == 2 && event["event"] == "status" {
                kill_process(pid, signal).expect("a signal is sent");
            }
            events.push(event);
        }
        let ran = finished(child);
        let last = events.last().expect("a last line");
        assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}", ran.err);
        assert!(ran.err.contains("Stopping"), "{}", ran.err);
    }
}

#[test]
fn a_second_signal_ends_at_once_with_130() {
    let home = Home::new();
    let args = [&SHORT[..], &["--output", "film.mp4", "--json"]].concat();
    let mut child = home.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gearcast starts");
    let pid = Pid::from_child(&child);
    let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
    let mut last = Value::Null;
    let mut sent = 0;
    for line in lines.map_while(Result::ok) {
        last = serde_json::from_str(&line).expect("JSON");
        // The second one comes while the first is being carried out, however short that is: both are counted.
        if last["event"] == "status" && sent == 0 {
            sent = 2;
            kill_process(pid, Signal::INT).expect("a signal is sent");
            std::thread::yield_now();
            kill_process(pid, Signal::TERM).expect("a signal is sent");
        }
    }
    let ran = finished(child);
    assert_eq!((sent, ran.code, &last["exit_code"]), (2, 130, &json!(130)), "{}", ran.err);
    let kept = recordings(&home, ".").into_iter().find(|name| name.starts_with("film"));
    assert!(kept.is_some_and(|name| fs::metadata(home.at(&name)).is_ok_and(|file| file.len() > 0)));
}
