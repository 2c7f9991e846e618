//! Sound from a real PulseAudio daemon, judged by its content.

#![expect(clippy::cast_precision_loss, reason = "some seconds of sound fit in a double")]

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use gearcast::audio::{self, AudioSpec, Follow, Heard};
use gearcast::media::AudioBlock;
use gearcast::media::test_card::event_is_on;
use gearcast::rt::RealClock;

use crate::support::audio_probe::{Probe, Stretch, do_job};
use crate::support::heard::amplitude;
use crate::support::pulse::Pulse;

/// Also the other side of every [`Probe`].
#[test]
fn the_probe_hears_the_test_tone() {
    if do_job() {
        return;
    }
    let (tell, told) = sync_channel(1000);
    let deliver = Box::new(move |heard| tell.send(heard).unwrap());
    let capture = audio::open(AudioSpec::Test.into(), Arc::new(RealClock), deliver).unwrap();
    let blocks = told.iter().filter_map(|heard| if let Heard::Block(block) = heard { Some(block) } else { None });
    let blocks: Vec<_> = blocks.take(110).collect();
    capture.stop();
    let beeping = |block: &&AudioBlock| block.samples.iter().any(|sample| sample.abs() > 0.4);
    assert!(blocks.iter().filter(beeping).count() >= 10);
    assert!(blocks.iter().all(|block| beeping(&block) == event_is_on(block.captured_at)));
}

#[test]
fn inputs_are_listed_by_their_human_names() {
    let pulse = Pulse::start();
    let answer = Probe::list(&pulse.server());
    assert_eq!(answer["threads_left"], 0, "100 listings leave nothing behind");
    let found: Vec<_> = answer["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| {
            let word = |key: &str| device[key].as_str().unwrap().to_owned();
            (word("id"), word("name"), word("kind"), device["is_default"].as_bool().unwrap())
        })
        .collect();
    let expected = [
        ("pulseaudio:desk.monitor", "Monitor of Desktop Speakers", "System", true),
        ("pulseaudio:mic_src.monitor", "Monitor of Behind Microphone", "System", false),
        ("pulseaudio:mic", "USB Test Microphone", "Microphone", true),
    ];
    assert_eq!(
        found,
        expected.map(|(id, name, kind, default)| (id.to_owned(), name.to_owned(), kind.to_owned(), default))
    );
}

/// The pitch by upward zero crossings, in Hz.
fn pitch(samples: &[f32]) -> f64 {
    let crossings: Vec<f64> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(n, pair)| n as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    48_000.0 * (crossings.len() - 1) as f64 / (crossings[crossings.len() - 1] - crossings[0])
}

fn hears_the_sine(spec: &str, sink: &str, name: &str, hertz: f64) {
    let pulse = Pulse::start();
    let _playing = pulse.play_sine(sink, hertz, 20);
    let mut probe = Probe::hear(&pulse.server(), spec, Follow::SystemDefault, pulse.folder());
    let started = probe.next("started");
    assert_eq!((started["name"].as_str(), started["rate"].as_u64()), (Some(name), Some(48_000)));
    probe.hear_more(6.0);
    let report = probe.finish();
    assert_eq!((report.stopped["joined"].as_bool(), report.stopped["dropped"].as_u64()), (Some(true), Some(0)));
    assert!(report.losses.is_empty() && report.stretches.len() == 1);
    let Stretch { blocks, ages_ms, .. } = &report.stretches[0];
    let stamps: Vec<i64> = blocks[150..].iter().map(|block| block.captured_at.as_nanos()).collect();
    assert!(stamps.is_sorted(), "time goes forward");
    let frames: usize = blocks[150..blocks.len() - 1].iter().map(AudioBlock::frames).sum();
    let rate = frames as f64 * 1e9 / (stamps[stamps.len() - 1] - stamps[0]) as f64;
    assert!((rate / 48_000.0 - 1.0).abs() < 0.005, "{rate} samples a second");
    let samples: Vec<f32> = blocks[150..].iter().flat_map(|block| block.samples.iter().step_by(2).copied()).collect();
    let (pitch, amplitude) = (pitch(&samples), amplitude(&samples, hertz));
    let mut ages = ages_ms[150..].to_vec();
    ages.sort_by(f64::total_cmp);

    // A block of 10 ms is 10 ms old at least; what an output plays is heard some 10 ms later than it is recorded.
    let (median, most) = (ages[ages.len() / 2], ages[ages.len() - 1]);
    assert!((0.0..200.0).contains(&median), "blocks are stamped when they were taken: {median} ms");
    eprintln!(
        "{rate:.1} samples/s, {pitch:.3} Hz, amplitude {amplitude:.4}, age {:.1} {median:.1} {most:.1} ms",
        ages[0]
    );
    assert!((pitch - hertz).abs() < 0.5, "{pitch} Hz");
    assert!((amplitude - 0.25).abs() < 0.01, "amplitude {amplitude}: a hole or a seam anywhere lowers it");
}

#[test]
fn system_sound_is_what_is_played() {
    hears_the_sine("system", "desk", "Monitor of Desktop Speakers", 440.0);
}

#[test]
fn the_default_input_is_the_microphone() {
    hears_the_sine("default", "mic_src", "USB Test Microphone", 523.0);
}

#[test]
fn no_server_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = format!("unix:{}", folder.path().join("nowhere").display());
    let answer = Probe::list(&nowhere);
    assert!(answer["found"].as_str().unwrap().starts_with("no sound server answers"), "{answer}");
    let mut probe = Probe::hear(&nowhere, "default", Follow::SystemDefault, folder.path());
    let lost = probe.next("lost");
    assert!(lost["error"].as_str().unwrap().starts_with("NoServer"), "{lost}");
}

#[test]
fn a_server_that_never_answers_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("dumb");
    let _listener = UnixListener::bind(&socket).unwrap();
    let server = format!("unix:{}", socket.display());
    let answer = Probe::list(&server);
    assert!(answer["found"].as_str().unwrap().contains("it does not answer"), "{answer}");
    let mut probe = Probe::hear(&server, "system", Follow::SystemDefault, folder.path());
    let lost = probe.next("lost");
    assert!(lost["error"].as_str().unwrap().starts_with("NoServer"), "{lost}");
}
