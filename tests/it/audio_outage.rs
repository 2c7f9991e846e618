//! Inputs that vanish, return, move and change, on a real PulseAudio daemon, judged by which sine is in the samples.
//!
//! The pitches fit a block of 10 ms with whole turns (4, 40 and 80), so that a single block tells them apart.

use std::time::Duration;

use gearcast::audio::Follow;
use gearcast::media::AudioBlock;
use gearcast::rt::{Clock, RealClock};

use crate::support::audio_probe::{Probe, Report, Stretch};
use crate::support::heard::amplitude;
use crate::support::pulse::{Pulse, pause};

const DESK_HZ: f64 = 400.0;
const MIC_HZ: f64 = 4000.0;
const OTHER_HZ: f64 = 8000.0;
const ALL_HZ: [f64; 3] = [DESK_HZ, MIC_HZ, OTHER_HZ];
/// 2 ms of a foreign sine of 0.25 in a block of 10 ms.
const A_TRACE: f64 = 0.05;
/// Blocks in which an own sine begins or breaks off: such an edge holds every pitch.
const EDGES: usize = 4;

fn of_block(block: &AudioBlock, hertz: f64) -> f64 {
    let left: Vec<f32> = block.samples.iter().step_by(2).copied().collect();
    amplitude(&left, hertz)
}

/// That a stretch holds this pitch, and no trace of another.
fn assert_only(stretch: &Stretch, hertz: f64) {
    let (mut loud, mut edges) = (0, 0);
    for (n, block) in stretch.blocks.iter().enumerate() {
        let own = of_block(block, hertz);
        let foreign = ALL_HZ.into_iter().filter(|other| (other - hertz).abs() > 1.0);
        let trace = foreign.map(|other| of_block(block, other)).fold(0.0, f64::max);
        loud += usize::from((own - 0.25).abs() < 0.01);
        edges += usize::from(trace > A_TRACE);
        assert!(trace < 0.2 || own > 0.1, "block {n} of {} is foreign: {own}, {trace}", stretch.started);
    }
    assert!(edges <= EDGES, "{edges} blocks of {} hold another pitch", stretch.started);
    assert!(loud >= 20, "{loud} of {} blocks of {} hold {hertz} Hz", stretch.blocks.len(), stretch.started);
}

fn ids(report: &Report) -> Vec<&str> {
    report.stretches.iter().map(|stretch| stretch.started["id"].as_str().unwrap()).collect()
}

fn errors(report: &Report) -> Vec<&str> {
    report.losses.iter().map(|loss| loss["error"].as_str().unwrap().split([' ', '{']).next().unwrap()).collect()
}

fn hear(pulse: &Pulse, spec: &str, follow: Follow) -> Probe {
    Probe::hear(&pulse.server(), spec, follow, pulse.folder())
}

/// Waits for a sine, and half a second of it.
fn hear_sound(probe: &mut Probe) {
    probe.until("a loud block", |line| line["loudest"].as_f64().unwrap_or_default() > 0.2);
    probe.hear_more(0.5);
}

#[test]
fn an_output_that_comes_back_is_heard_again_and_nothing_else_meanwhile() {
    let pulse = Pulse::start();
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 30);
    let _desk = pulse.play_sine("desk", DESK_HZ, 30);
    let mut probe = hear(&pulse, "system", Follow::SystemDefault);
    hear_sound(&mut probe);
    pulse.unload("sink_name=desk"); // the server makes `mic_src` the default output
    let lost = probe.next("lost");
    assert!(lost["text"].as_str().unwrap().contains("Monitor of Desktop Speakers"), "{lost}");
    pause(Duration::from_millis(2500)); // room for mistakes
    let back_at = RealClock.now();
    pulse.load_output("desk", 44_100); // with another rate
    let _again = pulse.play_sine("desk", DESK_HZ, 20);
    probe.next("started");
    hear_sound(&mut probe);
    let report = probe.finish();
    assert_eq!(ids(&report), ["pulseaudio:desk.monitor"; 2]);
    assert_eq!(errors(&report), ["DeviceGone"]);
    report.stretches.iter().for_each(|stretch| assert_only(stretch, DESK_HZ));
    let first = report.stretches[1].blocks[0].captured_at;
    eprintln!("sound is back {:?} after the device's return", first.since(back_at));
    assert!(first > back_at);
}

#[test]
fn a_server_that_is_started_again_is_heard_again() {
    let mut pulse = Pulse::start();
    let playing = pulse.play_sine("desk", DESK_HZ, 20);
    let mut probe = hear(&pulse, "system", Follow::SystemDefault);
    hear_sound(&mut probe);
    pulse.kill();
    probe.next("lost");
    drop(playing);
    pulse.restart();
    let _again = pulse.play_sine("desk", DESK_HZ, 20);
    probe.next("started");
    hear_sound(&mut probe);
    let report = probe.finish();
    assert_eq!(ids(&report), ["pulseaudio:desk.monitor"; 2]);
    assert_eq!(errors(&report)[0], "ServerGone");
    assert_eq!(report.stopped["joined"], true);
    report.stretches.iter().for_each(|stretch| assert_only(stretch, DESK_HZ));
}

#[test]
fn a_server_that_freezes_is_given_up_until_it_goes_on() {
    let pulse = Pulse::start();
    let _playing = pulse.play_sine("desk", DESK_HZ, 60);
    let mut probe = hear(&pulse, "system", Follow::SystemDefault);
    hear_sound(&mut probe);
    pulse.freeze();
    probe.next("lost");
    pulse.thaw();
    probe.next("started");
    hear_sound(&mut probe);
    let report = probe.finish();
    assert_eq!(errors(&report)[0], "Stalled");
    report.stretches.iter().for_each(|stretch| assert_only(stretch, DESK_HZ));
}

#[test]
fn a_stop_does_not_wait_for_a_frozen_server() {
    let pulse = Pulse::start();
    let mut probe = hear(&pulse, "system", Follow::SystemDefault);
    probe.next("block");
    pulse.freeze();
    probe.next("lost");
    assert_eq!(probe.finish().stopped["joined"], true);
}

#[test]
fn a_device_that_rests_goes_on_at_its_time() {
    let pulse = Pulse::start();
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 30);
    let mut probe = hear(&pulse, "default", Follow::SystemDefault);
    hear_sound(&mut probe);
    pulse.pactl(&["suspend-source", "mic", "1"]);
    pause(Duration::from_secs(2));
    let resumed_at = RealClock.now();
    pulse.pactl(&["suspend-source", "mic", "0"]);
    probe.until("a block of after the rest", |line| {
        line["captured_at"].as_i64().is_some_and(|at| at >= resumed_at.as_nanos())
    });
    hear_sound(&mut probe);
    let report = probe.finish();
    assert_eq!((report.stretches.len(), report.losses.len()), (1, 0));
    let newest = report.stretches[0].blocks.iter().rev().take(50);
    let loud = newest.filter(|block| (of_block(block, MIC_HZ) - 0.25).abs() < 0.01).count();
    assert!(loud >= 20, "{loud} of the last 50 blocks hold the sine");
    let stamps: Vec<i64> = report.stretches[0].blocks.iter().map(|block| block.captured_at.as_nanos()).collect();
    assert!(stamps.is_sorted());
    // One hole, and not one block within it: all of before is before the order to rest, or hardly later.
    let rest = i64::try_from(Duration::from_millis(1500).as_nanos()).unwrap();
    let holes: Vec<i64> = stamps.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 100_000_000).collect();
    assert!(matches!(holes[..], [hole] if hole > rest), "{holes:?}");
}

fn change_default(follow: Follow) -> Report {
    let pulse = Pulse::start();
    let _desk = pulse.play_sine("desk", DESK_HZ, 20);
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 20);
    let mut probe = hear(&pulse, "system", follow);
    hear_sound(&mut probe);
    pulse.pactl(&["set-default-sink", "mic_src"]);
    if follow == Follow::SystemDefault {
        probe.next("started");
    }
    probe.hear_more(2.0);
    probe.finish()
}

#[test]
fn another_default_output_is_followed() {
    let report = change_default(Follow::SystemDefault);
    assert_eq!(ids(&report), ["pulseaudio:desk.monitor", "pulseaudio:mic_src.monitor"]);
    assert_eq!(report.losses.len(), 0);
    assert_only(&report.stretches[0], DESK_HZ);
    assert_only(&report.stretches[1], MIC_HZ);
}

#[test]
fn another_default_output_is_not_followed_by_who_stays_with_the_device() {
    let report = change_default(Follow::Device);
    assert_eq!(ids(&report), ["pulseaudio:desk.monitor"]);
    assert_only(&report.stretches[0], DESK_HZ);
}

#[test]
fn a_microphone_is_followed_by_the_users_wish_and_not_by_the_servers_choice() {
    let pulse = Pulse::start();
    pulse.load_output("other_src", 48_000);
    pulse.load_microphone("lapel", "desk");
    pulse.load_microphone("headset", "other_src");
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 60);
    let _desk = pulse.play_sine("desk", DESK_HZ, 60);
    let _other = pulse.play_sine("other_src", OTHER_HZ, 60);
    let mut probe = hear(&pulse, "default", Follow::SystemDefault);
    hear_sound(&mut probe);
    pulse.pactl(&["set-default-source", "headset"]);
    probe.next("started");
    hear_sound(&mut probe);
    pulse.unload("source_name=headset"); // another becomes the default by itself
    probe.next("lost");
    pause(Duration::from_millis(3500)); // room for mistakes
    let info = String::from_utf8(pulse.pactl(&["info"])).unwrap();
    let wished = if info.contains("Default Source: lapel") { "mic" } else { "lapel" };
    pulse.pactl(&["set-default-source", wished]);
    probe.next("started");
    hear_sound(&mut probe);
    let report = probe.finish();
    assert_eq!(ids(&report), ["mic", "headset", wished].map(|id| format!("pulseaudio:{id}")));
    assert_eq!(errors(&report), ["DeviceGone"]);
    let last = if wished == "mic" { MIC_HZ } else { DESK_HZ };
    for (stretch, hertz) in report.stretches.iter().zip([MIC_HZ, OTHER_HZ, last]) {
        assert_only(stretch, hertz);
    }
}

#[test]
fn a_stream_cannot_be_moved_by_a_mixer() {
    let pulse = Pulse::start();
    let _mic = pulse.play_sine("mic_src", MIC_HZ, 20);
    let _desk = pulse.play_sine("desk", DESK_HZ, 20);
    let mut probe = hear(&pulse, "system", Follow::SystemDefault);
    hear_sound(&mut probe);
    let streams = String::from_utf8(pulse.pactl(&["list", "short", "source-outputs"])).unwrap();
    // The remapped microphone is a stream of the server's own.
    let ours = streams.lines().filter(|line| line.contains("float32")).map(|line| line.split('\t').next().unwrap());
    let ours: Vec<&str> = ours.collect();
    assert!(!ours.is_empty(), "{streams}");
    for stream in ours {
        pulse.pactl(&["move-source-output", stream, "mic"]);
    }
    probe.hear_more(2.0);
    let report = probe.finish();
    assert_only(&report.stretches[0], DESK_HZ);
    assert!(ids(&report).iter().all(|id| *id == "pulseaudio:desk.monitor"));
}

#[test]
fn an_input_that_is_not_there_yet_is_heard_once_it_is() {
    let pulse = Pulse::start();
    let mut probe = hear(&pulse, "lapel", Follow::Device);
    let lost = probe.next("lost");
    assert!(lost["error"].as_str().unwrap().starts_with("NoDevice"), "{lost}");
    pulse.load_microphone("lapel", "desk");
    let _desk = pulse.play_sine("desk", DESK_HZ, 20);
    probe.next("started");
    hear_sound(&mut probe);
    let report = probe.finish();
    assert_eq!((ids(&report), report.losses.len()), (vec!["pulseaudio:lapel"], 1));
    assert_only(&report.stretches[0], DESK_HZ);
}

#[test]
fn what_is_plugged_in_is_noticed_through_a_servers_end() {
    let mut pulse = Pulse::start();
    let mut probe = Probe::watch(&pulse.server());
    let mut until = |what: &str, is_listed: bool| {
        probe.until(what, |line| {
            let lines = line["lines"].as_array().unwrap();
            !lines.is_empty() && is_listed == lines.iter().any(|line| line.as_str().unwrap().contains("lapel"))
        });
    };
    until("the first list", false);
    pulse.load_microphone("lapel", "desk");
    until("a microphone more", true);
    pulse.kill();
    pulse.restart();
    until("the list of a new server", false);
    pulse.load_microphone("lapel", "desk");
    until("the microphone again", true);
}
