//! Recordings with sound from a private sound server, judged by what is in the file.

#![expect(clippy::cast_precision_loss, reason = "some seconds of sound fit in a double")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::heard::{amplitude, decoded, titles, tracks};
use crate::support::program::{Home, Ran, finished};
use crate::support::pulse::Pulse;

/// Whole turns in a tenth of a second, as the other: neither is seen where the other is measured.
const MIC_HZ: f64 = 520.0;
const SYSTEM_HZ: f64 = 440.0;

/// The program at this sound server.
fn command(home: &Home, pulse: &Pulse, args: &[&str]) -> Command {
    let mut command = home.command(args);
    command
        .env_remove("PULSE_RUNTIME_PATH")
        .env("PULSE_SERVER", pulse.server())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn record(home: &Home, pulse: &Pulse, args: &[&str]) -> Ran {
    let ran = finished(command(home, pulse, &[&["record", "--json"], args].concat()).spawn().expect("gearcast starts"));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    ran
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.log10()
}

/// The level of one pitch in the middle of a track, in dB below full scale: the median of tenths of a second, for a
/// clock that is followed moves the phase a little.
fn level_db(file: &Path, track: usize, hertz: f64) -> f64 {
    let samples = decoded(file, track);
    assert!(samples.len() > 48_000 * 3, "{} samples", samples.len());
    let inner = &samples[48_000..samples.len() - 24_000];
    let mut levels: Vec<f64> = inner.chunks_exact(4800).map(|piece| amplitude(piece, hertz)).collect();
    levels.sort_by(f64::total_cmp);
    decibels(levels[levels.len() / 2])
}

/// What is said until a line fits.
fn until(lines: &mut impl Iterator<Item = Value>, told: &mut Vec<Value>, fits: impl Fn(&Value) -> bool) {
    loop {
        let line = lines.next().expect("it goes on");
        let found = fits(&line);
        told.push(line);
        assert!(told.len() < 200, "{told:?}");
        if found {
            return;
        }
    }
}

fn elapsed_s(line: &Value) -> f64 {
    line["elapsed_s"].as_f64().unwrap_or(0.0)
}

/// The stretches in which a pitch is heard, in seconds of the file.
fn heard_s(samples: &[f32], hertz: f64) -> Vec<(f64, f64)> {
    let mut found: Vec<(f64, f64)> = Vec::new();
    for (index, piece) in samples.chunks_exact(2400).enumerate() {
        let (begin, end) = (index as f64 * 0.05, (index + 1) as f64 * 0.05);
        match found.last_mut() {
            _ if amplitude(piece, hertz) < 0.05 => {}
            Some(last) if begin - last.1 < 0.001 => last.1 = end,
            _ => found.push((begin, end)),
        }
    }
    found
}

#[test]
fn a_device_that_vanishes_is_silence_and_comes_back_in_its_place() {
    let (home, pulse) = (Home::new(), Pulse::start());
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 120);
    let system = pulse.play_sine("desk", SYSTEM_HZ, 120);
    let args = ["record", "--json", "--source", "test", "--set", "video.size=320x180", "--audio", "system"];
    let output = ["--set", "audio.codec=pcm", "--output", "gap.mkv"];
    let mut child = command(&home, &pulse, &[&args[..], &output].concat()).spawn().expect("gearcast starts");
    let stdout = BufReader::new(child.stdout.take().expect("its stdout"));
    let mut lines = stdout.lines().map(|line| serde_json::from_str::<Value>(&line.expect("a line")).expect("JSON"));
    let mut told = Vec::new();
    until(&mut lines, &mut told, |line| elapsed_s(line) > 4.0);
    pulse.unload("sink_name=desk");
    drop(system);
    let gone_s = told.last().map(elapsed_s).unwrap();
    until(&mut lines, &mut told, |line| elapsed_s(line) > gone_s + 5.0);
    pulse.load_output("desk", 48_000);
    let _system = pulse.play_sine("desk", SYSTEM_HZ, 120);
    until(&mut lines, &mut told, |line| line["code"] == "audio_back");
    let back_s = told.iter().rev().map(elapsed_s).find(|elapsed| *elapsed > 0.0).unwrap();
    until(&mut lines, &mut told, |line| elapsed_s(line) > back_s + 4.0);
    kill_process(Pid::from_child(&child), Signal::INT).expect("a signal is sent");
    told.extend(lines);
    assert!(child.wait().expect("it ends").success(), "{told:?}");
    let code = |code: &str| told.iter().filter(|line| line["code"] == code).count();
    assert_eq!((code("audio_lost"), code("audio_back"), code("audio_moved")), (1, 1, 0), "{told:?}");

    let samples = decoded(&home.at("gap.mkv"), 0);
    assert_eq!(heard_s(&samples, MIC_HZ), [], "the microphone never slips in");
    let heard = heard_s(&samples, SYSTEM_HZ);
    let [(_, ends), (begins, last)] = heard[..] else { panic!("before and after: {heard:?}") };
    assert!(ends < gone_s + 1.5 && begins > gone_s + 4.5, "{heard:?}, gone at {gone_s}");
    let silent = &samples[seconds(ends + 0.05)..seconds(begins - 0.05)];
    assert!(silent.iter().all(|sample| *sample == 0.0), "silence in between");
    let duration_s = told.last().and_then(|last| last["duration_s"].as_f64()).unwrap();
    assert!((samples.len() as f64 / 48_000.0 - duration_s).abs() < 0.05, "the clock went on");
    assert!(duration_s - last < 0.2, "to the end: {heard:?} of {duration_s}");
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some seconds")]
fn seconds(at: f64) -> usize {
    (at * 48_000.0) as usize
}

const SILENT_FILM: [&str; 6] = ["--source", "test", "--set", "video.size=320x180", "--duration", "5"];

#[test]
fn microphone_and_system_sound_are_mixed_at_their_levels() {
    let (home, pulse) = (Home::new(), Pulse::start());
    let _system = pulse.play_sine("desk", SYSTEM_HZ, 30);
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 30);
    let mixed = ["--audio", "default", "--audio", "system", "--set", "audio.inputs.1.gain_db=-6", "--output", "m.mkv"];
    let ran = record(&home, &pulse, &[&SILENT_FILM[..], &mixed, &["--set", "audio.codec=pcm"]].concat());
    let file = home.at("m.mkv");
    assert_eq!(tracks(&file).len(), 1);
    // Each plays at a quarter of full scale, −12.04 dB.
    let (mic, system) = (level_db(&file, 0, MIC_HZ), level_db(&file, 0, SYSTEM_HZ));
    assert!((mic + 12.04).abs() < 0.2 && (system + 18.04).abs() < 0.2, "{mic} dB, {system} dB");
    meters_agree(&ran, &file);
}

/// The meters' last word against what ffmpeg measures in the file.
fn meters_agree(ran: &Ran, file: &Path) {
    let statuses: Vec<Value> = ran.events().into_iter().filter(|event| event["event"] == "status").collect();
    let shown = |status: &Value, what: &str| status["mix"][0][what].as_f64().expect("a level");
    let middle = &statuses[statuses.len() / 2];
    let samples = decoded(file, 0);
    let inner = &samples[48_000..samples.len() - 24_000];
    let rms = (inner.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / inner.len() as f64).sqrt();
    let peak = inner.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let (rms, peak) = (decibels(rms), decibels(f64::from(peak)));
    assert!((shown(middle, "rms_db") - rms).abs() < 1.0, "RMS {rms} dB in the file, {middle}");
    assert!((shown(middle, "peak_db") - peak).abs() < 1.0, "peak {peak} dB in the file, {middle}");
}

#[test]
fn two_tracks_stay_apart() {
    let (home, pulse) = (Home::new(), Pulse::start());
    let _system = pulse.play_sine("desk", SYSTEM_HZ, 30);
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 30);
    let apart = ["--audio", "default", "--audio", "system", "--set", "audio.inputs.1.track=2", "--output", "t.mp4"];
    record(&home, &pulse, &[&SILENT_FILM[..], &apart].concat());
    let file = home.at("t.mp4");
    assert_eq!(tracks(&file).len(), 2);
    assert_eq!(titles(&file), ["USB Test Microphone", "Monitor of Desktop Speakers"]);
    for (track, here, there) in [(0, MIC_HZ, SYSTEM_HZ), (1, SYSTEM_HZ, MIC_HZ)] {
        let (here, there) = (level_db(&file, track, here), level_db(&file, track, there));
        assert!((here + 12.04).abs() < 0.5, "track {track}: {here} dB");
        assert!(there < -60.0, "track {track}: {there} dB of the other");
    }
}

#[test]
fn a_muted_input_is_recorded_as_silence() {
    let (home, pulse) = (Home::new(), Pulse::start());
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 30);
    let muted = ["--audio", "default", "--set", "audio.inputs.0.muted=true", "--output", "q.mkv"];
    let ran = record(&home, &pulse, &[&SILENT_FILM[..], &muted, &["--set", "audio.codec=flac"]].concat());
    assert!(decoded(&home.at("q.mkv"), 0).iter().all(|sample| *sample == 0.0));
    let heard = |event: &Value| event["audio"][0]["peak_db"].as_f64().is_some_and(|peak| (peak + 12.0).abs() < 1.0);
    assert!(ran.events().iter().any(heard), "its meter still shows that it hears: {}", ran.out);
}

#[test]
fn a_silent_microphone_is_told_and_one_that_hears_is_not() {
    let (home, pulse) = (Home::new(), Pulse::start());
    let speaks = pulse.play_sine("desk", SYSTEM_HZ, 60);
    let both = ["--audio", "default", "--audio", "system", "--source", "none", "--duration", "17", "--output", "s.mkv"];
    let ran = record(&home, &pulse, &both);
    drop(speaks);
    let alarms: Vec<Value> = ran.events().into_iter().filter(|event| event["code"] == "audio_silent").collect();
    assert_eq!(alarms.len(), 1, "{}", ran.out);
    assert!(alarms[0]["what"].as_str().unwrap().contains("USB Test Microphone"), "{}", alarms[0]);
}
