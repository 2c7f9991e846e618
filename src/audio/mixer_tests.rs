//! The desk by what goes in and what comes out; time is what the test says.

#![expect(clippy::float_cmp, reason = "sound at 0 dB passes bit for bit")]

use super::*;
use crate::audio::AudioSpec;

const ONE: StripId = StripId(1);
const TWO: StripId = StripId(2);

fn strip(track: u32) -> Strip {
    Strip { spec: AudioSpec::Test.into(), gain_db: 0.0, muted: false, track, offset_nanos: 0 }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

/// 10 ms of a constant level, taken from `millis` on.
fn block(millis: i64, level: f32) -> AudioBlock {
    AudioBlock { captured_at: at(millis), sample_rate: 48_000, channels: 1, samples: vec![level; 480] }
}

fn desk(strips: &[(StripId, Strip)]) -> Mixer {
    let mut mixer = Mixer::new(at(1000));
    mixer.set(strips);
    mixer
}

/// Pushes blocks for this stretch of time and gives what is made by its end.
fn hear(mixer: &mut Mixer, inputs: &[(StripId, f32)], from: i64, to: i64) -> Vec<TrackBlock> {
    let mut made = Vec::new();
    for millis in (from..to).step_by(10) {
        for (id, level) in inputs {
            mixer.push(*id, &block(millis, *level), at(millis + 10)).unwrap();
        }
        made.extend(mixer.advance(at(millis + 10)));
    }
    made
}

/// The level in the middle of a chunk.
fn level(made: &TrackBlock) -> f32 {
    made.block.samples[480]
}

fn of_track(made: &[TrackBlock], track: u32) -> Vec<f32> {
    made.iter().filter(|made| made.track == track).map(level).collect()
}

#[test]
fn inputs_of_one_track_are_added_and_tracks_stay_apart() {
    let mut mixer = desk(&[(ONE, strip(1)), (TWO, strip(1))]);
    let made = hear(&mut mixer, &[(ONE, 0.25), (TWO, 0.5)], 1000, 1200);
    assert_eq!(made.len(), 20);
    assert!(made[1..].iter().all(|made| made.track == 1 && (level(made) - 0.75).abs() < 1e-6));
    for (index, made) in (0_i64..).zip(&made) {
        assert_eq!((made.block.captured_at, made.block.frames()), (at(1000 + 10 * index), 480), "no hole");
    }
    mixer.set(&[(ONE, strip(3)), (TWO, strip(2))]);
    let made = hear(&mut mixer, &[(ONE, 0.25), (TWO, 0.5)], 1200, 1300);
    assert_eq!(of_track(&made, 2), [0.5; 10]);
    assert_eq!(of_track(&made, 3), [0.25; 10]);
    let levels = mixer.levels(at(1300));
    assert_eq!(levels.tracks.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 3]);
    assert!((levels.strips[0].1.peak_db + 12.04).abs() < 0.01 && (levels.strips[1].1.peak_db + 6.02).abs() < 0.01);
}

#[test]
fn gain_and_mute_change_without_a_jump() {
    let mut mixer = desk(&[(ONE, strip(1))]);
    hear(&mut mixer, &[(ONE, 0.5)], 1000, 1100);
    mixer.set(&[(ONE, Strip { gain_db: -6.0206, ..strip(1) })]);
    let made = hear(&mut mixer, &[(ONE, 0.5)], 1100, 1200);
    let steps = made[0].block.samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(steps < 0.001, "a ramp: {steps}");
    assert!((level(&made[9]) - 0.25).abs() < 1e-5);
    assert!((mixer.levels(at(1200)).strips[0].1.peak_db + 12.04).abs() < 0.01, "a meter shows what is recorded");
    mixer.set(&[(ONE, Strip { muted: true, ..strip(1) })]);
    let made = hear(&mut mixer, &[(ONE, 0.5)], 1200, 1300);
    assert_eq!(of_track(&made[1..], 1), [0.0; 9]);
    let levels = mixer.levels(at(1300));
    assert!((levels.strips[0].1.peak_db + 6.02).abs() < 0.01, "a muted input still shows that it hears");
}

#[test]
fn an_input_that_stalls_is_waited_for_a_second_and_a_lost_one_is_not() {
    let mut mixer = desk(&[(ONE, strip(1)), (TWO, strip(1))]);
    hear(&mut mixer, &[(ONE, 0.25), (TWO, 0.5)], 1000, 1500);
    let made = hear(&mut mixer, &[(ONE, 0.25)], 1500, 2500);
    assert!(made.is_empty(), "it may only be late: {}", made.len());
    let made = hear(&mut mixer, &[(ONE, 0.25)], 2500, 2600);
    assert_eq!(of_track(&made, 1), [0.25; 10], "silence in its place, one second behind");
    mixer.lost(TWO);
    let made = hear(&mut mixer, &[(ONE, 0.25)], 2600, 2700);
    assert_eq!(made.last().unwrap().block.captured_at, at(2490), "0.2 s behind the present");
    let made = hear(&mut mixer, &[(ONE, 0.25), (TWO, 0.5)], 2700, 2900);
    let two_again = of_track(&made, 1).iter().filter(|level| (**level - 0.75).abs() < 1e-6).count();
    assert_eq!(two_again, 20, "its first 10 ms fade in");
}

#[test]
fn an_input_that_has_not_begun_holds_nobody_up() {
    let mut mixer = desk(&[(ONE, strip(1)), (TWO, strip(2))]);
    let made = hear(&mut mixer, &[(ONE, 0.25)], 1000, 1500);
    assert_eq!(of_track(&made, 1).len(), 30, "0.2 s behind");
    assert_eq!(of_track(&made, 2), [0.0; 30]);
}

#[test]
fn an_offset_moves_an_input_and_no_other() {
    let later = Strip { offset_nanos: 100_000_000, ..strip(1) };
    let earlier = Strip { offset_nanos: -100_000_000, ..strip(2) };
    let mut mixer = desk(&[(ONE, later), (TWO, earlier)]);
    let mut made = hear(&mut mixer, &[(ONE, 0.0), (TWO, 0.0)], 1000, 1500);
    made.extend(hear(&mut mixer, &[(ONE, 0.5), (TWO, 0.5)], 1500, 1510));
    made.extend(hear(&mut mixer, &[(ONE, 0.0), (TWO, 0.0)], 1510, 2000));
    let heard_at = |track| -> Vec<Timestamp> {
        let loud = |made: &&TrackBlock| made.track == track && level(made) > 0.4;
        made.iter().filter(loud).map(|made| made.block.captured_at).collect()
    };
    assert_eq!((heard_at(1), heard_at(2)), (vec![at(1600)], vec![at(1400)]));
}

#[test]
fn after_a_long_sleep_the_present_goes_on() {
    let mut mixer = desk(&[(ONE, strip(1))]);
    hear(&mut mixer, &[(ONE, 0.5)], 1000, 1100);
    let made = hear(&mut mixer, &[(ONE, 0.5)], 61_000, 61_100);
    assert!(made.len() <= 30, "a minute is not made up for: {}", made.len());
    assert_eq!(made.last().unwrap().block.captured_at, at(61_090));
    assert!((level(made.last().unwrap()) - 0.5).abs() < 1e-6);
}

#[test]
fn what_is_no_number_is_silence() {
    let mut mixer = desk(&[(ONE, strip(1))]);
    hear(&mut mixer, &[(ONE, f32::NAN)], 1000, 1050);
    let made = hear(&mut mixer, &[(ONE, 0.5)], 1050, 1100);
    assert!(made.iter().all(|made| made.block.samples.iter().all(|sample| sample.is_finite())));
    assert_eq!(level(made.last().unwrap()), 0.5);
}

#[test]
fn sound_of_the_future_waits_for_its_time() {
    // What an output holds in store is stamped with the moment at which it is heard, here 500 ms later.
    let mut mixer = desk(&[(ONE, Strip { offset_nanos: 500_000_000, ..strip(1) })]);
    let made = hear(&mut mixer, &[(ONE, 0.5)], 1000, 1300);
    assert_eq!(made.last().unwrap().block.captured_at, at(1290), "not ahead of time");
    mixer.set(&[(ONE, Strip { offset_nanos: 500_000_000, ..strip(1) }), (TWO, strip(2))]);
    let made = hear(&mut mixer, &[(ONE, 0.5), (TWO, 0.25)], 1300, 1700);
    let first = made.iter().find(|made| made.track == 2 && level(made) > 0.0).unwrap();
    assert_eq!(first.block.captured_at, at(1300), "another input finds its place free");
    let first = made.iter().find(|made| made.track == 1 && level(made) > 0.4).unwrap();
    assert_eq!(first.block.captured_at, at(1500));
}

#[test]
fn a_stamp_that_cannot_be_is_left_out_and_moves_nothing() {
    let mut mixer = desk(&[(ONE, strip(1))]);
    hear(&mut mixer, &[(ONE, 0.5)], 1000, 1100);
    for _ in 0..100 {
        let wrong = AudioBlock { captured_at: Timestamp::from_nanos(i64::MAX), ..block(0, 1.0) };
        assert!(matches!(mixer.push(ONE, &wrong, at(1100)), Err(AudioError::Stamp { .. })));
    }
    let made = hear(&mut mixer, &[(ONE, 0.5)], 1100, 1200);
    assert_eq!(of_track(&made, 1), [0.5; 10]);
    assert!((mixer.levels(at(1200)).strips[0].1.peak_db + 6.02).abs() < 0.01);
}

#[test]
fn a_changed_offset_counts_at_once() {
    let mut mixer = desk(&[(ONE, strip(1))]);
    hear(&mut mixer, &[(ONE, 0.0)], 1000, 3000);
    mixer.set(&[(ONE, Strip { offset_nanos: 10_000_000, ..strip(1) })]);
    let mut made = hear(&mut mixer, &[(ONE, 0.0)], 3000, 3100);
    made.extend(hear(&mut mixer, &[(ONE, 0.5)], 3100, 3110));
    made.extend(hear(&mut mixer, &[(ONE, 0.0)], 3110, 3300));
    let loud: Vec<Timestamp> =
        made.iter().filter(|made| level(made) > 0.4).map(|made| made.block.captured_at).collect();
    assert_eq!(loud, [at(3110)]);
}

#[test]
fn a_rate_that_is_none_is_refused_and_the_desk_goes_on() {
    let mut mixer = desk(&[(ONE, strip(1)), (TWO, strip(2))]);
    for sample_rate in [0, 1, 4_000_000_000] {
        let wrong = AudioBlock { sample_rate, channels: 0, ..block(1000, 0.5) };
        assert!(matches!(mixer.push(ONE, &wrong, at(1010)), Err(AudioError::Rate { .. })), "{sample_rate}");
    }
    let made = hear(&mut mixer, &[(TWO, 0.25)], 1000, 1500);
    assert_eq!(of_track(&made, 2), [0.25; 30]);
}
