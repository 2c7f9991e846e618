//! When sound was taken, against when a player of the server's says that it was heard.

#![expect(clippy::cast_precision_loss, reason = "some seconds of sound fit in a double")]

use std::time::Duration;

use gearcast::audio::Follow;
use gearcast::media::{AudioBlock, Timestamp};
use gearcast::rt::{Clock, RealClock};
use pulseaudio::PlaybackStream;

use crate::support::audio_probe::Probe;
use crate::support::pulse::{Pulse, answer, pause};

const SECOND: i64 = 1_000_000_000;
const EVENTS: i64 = 8;
/// An idle output wakes up to 2 s late, once, and a busy machine takes its time to begin.
const UNHEARD: i64 = 5;

/// Frame `n` of what is played: 0.1 s of sound in the middle of each second.
fn is_on(n: i64) -> bool {
    (24_000..28_800).contains(&(n % 48_000))
}

/// At a moment: the frame that is heard, and what of it the output holds in store.
struct Heard {
    at: Timestamp,
    frame: i64,
    store_ms: f64,
}

fn look(stream: &PlaybackStream) -> Option<Heard> {
    let asked_at = RealClock.now();
    let timing = answer(stream.timing_info()).unwrap();
    let took = RealClock.now().since(asked_at);
    let store = i64::try_from(timing.sink_usec).unwrap();
    let frame = timing.read_offset / 4 - store * 48 / 1000;
    (timing.playing && frame > 0 && took < Duration::from_millis(2)).then(|| Heard {
        at: asked_at + took / 2,
        frame,
        store_ms: store as f64 / 1e3,
    })
}

/// The moments at which the sound begins, by the stamps.
fn onsets(blocks: &[AudioBlock]) -> Vec<i64> {
    let mut last = 1.0;
    let mut found = Vec::new();
    for block in blocks {
        for (n, sample) in (0..).zip(block.samples.iter().step_by(2)) {
            if *sample > 0.25 && last <= 0.25 {
                found.push(block.captured_at.as_nanos() + n * SECOND / 48_000);
            }
            last = *sample;
        }
    }
    found
}

/// How late the stamps are at each onset, in ms, and the mean of what the output held in store.
fn lateness(spec: &str, sink: &str) -> (Vec<f64>, f64) {
    let pulse = Pulse::start();
    let mut next = 0;
    let sample = move || {
        next += 1;
        Some(if is_on(next - 1) { 0.5 } else { 0.0 })
    };
    let playing = pulse.play(sink, sample);
    let stream = &playing.stream;
    let mut looks = Vec::new();
    // It plays before it is heard by us: the very first block that comes is judged too.
    while looks.last().is_none_or(|heard: &Heard| heard.frame < 20_000) {
        looks.extend(look(stream));
        pause(Duration::from_millis(10));
    }
    let mut probe = Probe::hear(&pulse.server(), spec, Follow::SystemDefault, pulse.folder());
    probe.next("block");
    let last = looks[looks.len() - 1].frame + 48_000 * EVENTS;
    while looks[looks.len() - 1].frame < last {
        looks.extend(look(stream));
        pause(Duration::from_millis(10));
    }
    let first_at = looks[0].at.as_nanos();
    let onsets = onsets(&probe.finish().stretches[0].blocks);
    assert!(i64::try_from(onsets.len()).unwrap() >= EVENTS - UNHEARD, "{} onsets", onsets.len());
    let late = onsets.iter().filter(|onset| **onset > first_at).map(|onset| {
        // Whichever frame was heard then, by the look next to it.
        let near = looks.iter().min_by_key(|heard| (heard.at.as_nanos() - onset).abs()).unwrap();
        let frame = near.frame + (onset - near.at.as_nanos()) * 48_000 / SECOND;
        let off = frame.rem_euclid(48_000) - 24_000;
        off as f64 / 48.0
    });
    (late.collect(), looks.iter().map(|heard| heard.store_ms).sum::<f64>() / looks.len() as f64)
}

fn judge(spec: &str, sink: &str) {
    let (late, store_ms) = lateness(spec, sink);
    eprintln!("'{spec}' is stamped late by {late:.2?} ms; the output holds {store_ms:.2} ms");
    // A loaded machine makes the server's own words of its times some milliseconds wrong.
    assert!(late.iter().all(|late| late.abs() < 10.0), "{late:?}");
}

#[test]
fn system_sound_is_stamped_when_it_is_heard() {
    judge("system", "desk");
}
