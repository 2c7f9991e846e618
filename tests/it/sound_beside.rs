//! Sound that ffmpeg opens itself (a file, a generator, a sound server) beside our own or alone, in films and in files of
//! sound; the user's own maps and mixes; an end that comes when it is asked for.

use gearcast::media::test_card::BEEP_HZ;
use rustix::process::Signal;
use serde_json::json;

use crate::support::heard::{RATE, Track, amplitude, tracks};
use crate::support::judge::{Film, tool};
use crate::support::program::Home;
use crate::support::pulse::Pulse;
use crate::support::take::Take;

/// ffmpeg's endless sine: an eighth of full scale.
const SINE: &str = "advanced.inputs=-f lavfi -i sine=frequency=440";
const SINE_LEVEL: std::ops::Range<f64> = 0.115..0.135;

fn good(home: &Home, args: &[&str]) {
    let ran = home.run(&[&["record", "--json", "--duration", "2"], args].concat());
    let last = ran.events().pop().expect("a last line");
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
}

fn music(home: &Home) {
    let source = "sine=frequency=700:sample_rate=44100:duration=0.5";
    tool("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", source, home.at("music.wav").to_str().unwrap()]);
}

#[test]
fn a_generator_or_a_file_is_all_the_sound_of_a_file_of_sound() {
    let home = Home::new();
    music(&home);
    for name in ["a.flac", "a.wav", "a.mka"] {
        let alone = ["--source", "none", "--audio", "none", "--output", name, "--set", "audio.codec=flac"];
        good(&home, &[&alone[..], &["--set", SINE]].concat());
        let track = Track::open(&home.at(name), 0);
        assert_eq!(track.left.len(), 2 * RATE, "{name}");
        assert!(track.begins_s(0.01) < 0.002, "it begins with the recording");
        let level = amplitude(track.between(0.1, 1.9), 440.0);
        assert!(SINE_LEVEL.contains(&level), "{name}: {level}");
        let file = ["--set", "advanced.inputs=-i music.wav", "--overwrite"];
        good(&home, &[&alone[..], &file].concat());
        let track = Track::open(&home.at(name), 0);
        assert_eq!(track.left.len(), 2 * RATE, "{name}");
        let level = amplitude(track.between(0.05, 0.45), 700.0);
        assert!(SINE_LEVEL.contains(&level), "{name}: {level}");
        assert!(track.between(0.52, 2.0).iter().all(|sample| sample.abs() < 0.001), "silence follows");
    }
}

#[test]
fn beside_our_own_it_is_a_track_where_there_is_room_and_mixed_where_not() {
    let home = Home::new();
    for name in ["a.mka", "a.m4a", "a.mp4"] {
        let source = if name == "a.mp4" { "test" } else { "none" };
        good(&home, &["--source", source, "--audio", "test", "--output", name, "--set", SINE]);
        assert_eq!(tracks(&home.at(name)), ["aac,48000,2", "aac,48000,2"], "{name}");
        let (own, sine) = (Track::open(&home.at(name), 0), Track::open(&home.at(name), 1));
        let beep = own.begins_after_quiet_s(0.2, 0.05);
        assert!(amplitude(own.between(beep + 0.001, beep + 0.009), BEEP_HZ) > 0.4, "{name}");
        assert!(own.between(beep + 0.2, beep + 0.8).iter().all(|sample| sample.abs() < 0.01), "{name}");
        assert!(SINE_LEVEL.contains(&amplitude(sine.between(0.1, 1.9), 440.0)), "{name}");
    }
    for name in ["a.flac", "a.wav", "a.mp3"] {
        good(&home, &["--source", "none", "--audio", "test", "--output", name, "--set", SINE]);
        assert_eq!(tracks(&home.at(name)).len(), 1, "{name}");
        let track = Track::open(&home.at(name), 0);
        let beep = track.begins_after_quiet_s(0.3, 0.05);
        assert!(amplitude(track.between(beep + 0.001, beep + 0.009), BEEP_HZ) > 0.4, "{name}: nothing is made quieter");
        let level = amplitude(track.between(beep + 0.2, beep + 0.8), 440.0);
        assert!(SINE_LEVEL.contains(&level), "{name}: {level}");
        assert!((2.0 - 1e-9..2.05).contains(&track.seconds()), "{name}: {}", track.seconds());
    }
}

#[test]
fn an_endless_input_does_not_outlast_stop() {
    let home = Home::new();
    for (name, audio) in [("a.flac", "none"), ("b.flac", "test"), ("c.opus", "test")] {
        let args = ["--source", "none", "--audio", audio, "--output", name, "--set", SINE];
        let mut take = Take::start(&home, &args, &[]);
        take.wait_for_seconds(1.0);
        take.signal(Signal::INT);
        let (ran, last) = take.end();
        assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
        let told = last["files"][0]["duration_s"].as_f64().unwrap();
        assert!((told - Track::open(&home.at(name), 0).seconds()).abs() < 0.02, "{name}: {told}");
    }
}

/// As it is done with `WriteGear`: the caller's own graph mixes the music with what is recorded.
#[test]
fn the_users_own_mix_is_the_track() {
    let home = Home::new();
    music(&home);
    let graph = "[0:1][1:a]amix=inputs=2:duration=first:normalize=0[mix]";
    for (name, maps) in [("a.mp4", ""), ("b.mp4", " -map 0:v -map [mix]")] {
        let output = format!("advanced.output=-filter_complex {graph}{maps}");
        let args = ["--source", "test", "--set", "video.size=320x180", "--audio", "test", "--output", name];
        good(&home, &[&args[..], &["--set", "advanced.inputs=-i music.wav", "--set", &output]].concat());
        let film = Film::open(&home.at(name));
        assert_eq!((film.frames.len(), film.broken_steps()), (60, 0), "{name}: the picture keeps its rate");
        assert_eq!(tracks(&home.at(name)), ["aac,48000,2"], "{name}: once, and not by itself as well");
        let track = Track::open(&home.at(name), 0);
        // ffmpeg makes stereo of the one channel 3 dB quieter.
        let level = amplitude(track.between(0.05, 0.45), 700.0);
        assert!((0.08..0.1).contains(&level), "{name}: {level}");
        let beep = (0..20).map(|step| f64::from(step) * 0.1).any(|at| {
            let heard = track.between(at, at + 0.1);
            heard.len() > 4000 && amplitude(heard, BEEP_HZ) > 0.2
        });
        assert!(beep, "{name}");
    }
}

#[test]
fn the_users_own_map_is_a_track_in_the_profiles_codec() {
    let home = Home::new();
    music(&home);
    for (audio, expected) in [("none", 1), ("test", 2)] {
        let args = ["--source", "test", "--set", "video.size=320x180", "--audio", audio, "--output", "a.mp4"];
        let own = ["--overwrite", "--set", "advanced.inputs=-i music.wav", "--set", "advanced.output=-map 1:a"];
        good(&home, &[&args[..], &own].concat());
        let found = tracks(&home.at("a.mp4"));
        assert_eq!((found.len(), found[expected - 1].as_str()), (expected, "aac,48000,1"), "{audio}: as it comes");
        let music = Track::open(&home.at("a.mp4"), expected - 1);
        assert!(amplitude(music.between(0.05, 0.45), 700.0) > 0.1, "{audio}");
    }
}

#[test]
fn a_sound_server_by_ffmpegs_own_device() {
    let home = Home::new();
    let pulse = Pulse::start();
    let _playing = pulse.play_sine("mic_src", 600.0, 60);
    for (name, audio) in [("a.flac", "none"), ("b.mka", "test")] {
        let args = ["--source", "none", "--audio", audio, "--output", name];
        let device = ["--set", "advanced.inputs=-f pulse -i default"];
        let server = pulse.server();
        let mut take = Take::start(&home, &[&args[..], &device].concat(), &[("PULSE_SERVER", &server)]);
        take.wait_for_seconds(4.0);
        take.signal(Signal::INT);
        let (ran, last) = take.end();
        assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
        let number = tracks(&home.at(name)).len() - 1;
        let track = Track::open(&home.at(name), number);
        let end = track.seconds();
        assert!(end >= 4.0, "{name}: {end}");
        // ffmpeg's device begins with holes; what is heard later has the pitch and the level that were played.
        let pieces = (0..20).map(|step| end - 2.1 + f64::from(step) * 0.1);
        let levels: Vec<f64> = pieces.map(|at| amplitude(track.between(at, at + 0.04), 600.0)).collect();
        let heard = levels.iter().filter(|level| (0.24..0.26).contains(*level));
        assert!(heard.count() >= 10, "{name}: {levels:?}");
    }
}
