//! `gearcast sync-test` from its window to the stored offset.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::judge::counted_frames;
use crate::support::painter::Painter;
use crate::support::program::{Home, Ran, finished};
use crate::support::pulse::{Pulse, pause};
use crate::support::xvfb::Xvfb;

/// The sound's own offset is not what these tests are about: 200 ms that are put in must come out.
const PUT_IN_MS: f64 = 200.0;
/// What a take of six events may be off: the line of a recording's sound finds its place within its first seconds, and
/// takes on a busy machine were 45 ms apart.
const SLACK_MS: f64 = 70.0;

fn run(home: &Home, screen: &Xvfb, pulse: &Pulse, args: &[&str]) -> Ran {
    let args = [&["sync-test", "--json", "--events", "6", "--set", "video.preset=ultrafast"], args].concat();
    let mut command = home.command(&args);
    command.env("DISPLAY", &screen.display).env_remove("DBUS_SESSION_BUS_ADDRESS").envs(pulse.environment());
    finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gearcast starts"))
}

fn last(ran: &Ran) -> Value {
    ran.events().pop().unwrap_or_else(|| panic!("no lines: {}", ran.err))
}

#[test]
fn an_offset_is_found_stored_and_gone_the_next_time() {
    let (home, screen, pulse) = (Home::new(), Xvfb::start("1024x768x24"), Pulse::start());
    std::fs::create_dir_all(home.at("gearcast")).unwrap();
    let wrong = format!("[sound_offsets]\n\"pulseaudio:desk.monitor\" = {:.1}\n", -PUT_IN_MS);
    std::fs::write(home.at("gearcast/settings.toml"), wrong).unwrap();
    let settings = ["--set", "audio.inputs.0.device=system", "--set", "output.container=mkv"];
    let ran = run(&home, &screen, &pulse, &[&settings[..], &["--store", "--keep", "kept.mkv"]].concat());
    let found = last(&ran);
    assert_eq!(
        (ran.code, &found["verdict"], &found["exit_code"]),
        (7, &json!("sound_early"), &json!(7)),
        "{}",
        ran.err
    );
    assert!(found["events_found"].as_u64().unwrap() >= 5, "{found}");
    let offset = found["offset_ms"].as_f64().unwrap();
    assert!((offset - PUT_IN_MS).abs() < SLACK_MS, "{found}");
    assert_eq!(found["device"], json!("pulseaudio:desk.monitor"));
    let stored = found["stored"].as_f64().unwrap();
    assert!((stored - (offset - PUT_IN_MS)).abs() < 0.11, "what was wrong and what was found, together: {found}");
    assert!(ran.err.contains("people notice") && ran.err.contains("Stored an offset"), "{}", ran.err);
    let events = ran.events().into_iter().filter(|event| event["event"] == "measured").count();
    assert_eq!(events as u64, found["events_found"].as_u64().unwrap());
    assert!(counted_frames(&home.at("kept.mkv")) > 200, "the recording is kept");

    let ran = run(&home, &screen, &pulse, &settings);
    let found = last(&ran);
    assert_eq!(ran.code == 0, found["verdict"] == "in_step", "{}", ran.err);
    assert!(found["offset_ms"].as_f64().unwrap().abs() < SLACK_MS, "{found}");
    assert_eq!(found["stored"], Value::Null);
    assert_eq!(found["file"], Value::Null);
}

#[test]
fn what_an_inputs_own_offset_has_made_is_not_put_down_to_the_device() {
    let (home, screen, pulse) = (Home::new(), Xvfb::start("1024x768x24"), Pulse::start());
    let early = format!("audio.inputs.0.offset_ms={}", -PUT_IN_MS);
    let own = ["--set", "audio.inputs.0.device=system", "--set", &early, "--store"];
    let ran = run(&home, &screen, &pulse, &own);
    assert_eq!((ran.code, &last(&ran)["stored"]), (7, &Value::Null), "{}", ran.err);
    assert!(ran.err.contains("an offset of its own (-200.0 ms)"), "{}", ran.err);
}

#[test]
fn a_muted_output_is_told() {
    let (home, screen, pulse) = (Home::new(), Xvfb::start("1024x768x24"), Pulse::start());
    pulse.pactl(&["set-sink-mute", "desk", "1"]);
    let ran = run(&home, &screen, &pulse, &[]);
    assert_eq!((ran.code, &last(&ran)["verdict"]), (7, &json!("too_few_events")), "{}", ran.err);
    assert!(ran.err.contains("muted"), "{}", ran.err);
}

#[test]
fn without_a_display_or_an_output_it_says_so() {
    let home = Home::new();
    let ran = home.run(&["sync-test"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("the flash needs a window") && ran.err.contains("DISPLAY"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    let screen = Xvfb::start("1024x768x24");
    let mut command = home.command(&["sync-test"]);
    command.env("DISPLAY", &screen.display).env_remove("DBUS_SESSION_BUS_ADDRESS");
    let ran = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("no output is found"), "{}", ran.err);
    for (option, value) in [("--source", "test"), ("--audio", "none"), ("--events", "2")] {
        assert_eq!(home.run(&["sync-test", option, value]).code, 2, "{option} {value}");
    }
}

#[test]
fn an_interrupt_gives_the_test_up() {
    let (home, screen, pulse) = (Home::new(), Xvfb::start("1024x768x24"), Pulse::start());
    let mut command = home.command(&["sync-test"]);
    command.env("DISPLAY", &screen.display).env_remove("DBUS_SESSION_BUS_ADDRESS").envs(pulse.environment());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gearcast starts");
    let painter = Painter::connect(&screen.display);
    let tries = (0..1200).find(|_| {
        pause(Duration::from_millis(50));
        painter.find("gearcast sync test").is_some()
    });
    assert!(tries.is_some(), "the window opens");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ran = finished(child);
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(ran.err.contains("given up"), "{}", ran.err);
}
