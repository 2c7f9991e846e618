//! What a person who records is told about the sound: that an input is silent, that it is distorted, that a stream
//! goes out without any. Pure.

use std::time::Duration;

use super::status::{AudioStatus, TrackStatus};
use crate::audio::AudioKind;
use crate::media::{Levels, Timestamp};

/// A person pauses for some seconds; an input that hears nothing above −60 dB for this long hears nothing.
const SILENT_AFTER: Duration = Duration::from_secs(15);
/// After an alarm of distortion the next one waits this long.
const CLIPPING_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// One alarm, for a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alarm {
    pub(super) code: &'static str,
    pub(super) what: String,
    pub(super) help: String,
}

/// Whether what is recorded is sent to somebody who listens now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Later,
    Live,
}

#[derive(Default)]
struct Watch {
    /// Was lost then: what is silent since is no more than that.
    lost_at: Option<Timestamp>,
    /// Told, and not heard since.
    is_silent: bool,
    clipping_told_at: Option<Timestamp>,
}

/// Follows one recording.
pub(super) struct SoundAlarms {
    begun: Timestamp,
    audience: Audience,
    inputs: Vec<Watch>,
    is_stream_silent: bool,
    mix_told_at: Option<Timestamp>,
}

impl SoundAlarms {
    pub(super) fn begin(now: Timestamp, audience: Audience) -> Self {
        Self { begun: now, audience, inputs: Vec::new(), is_stream_silent: false, mix_told_at: None }
    }

    /// What is to be told now; each once, and again after it was well in between.
    pub(super) fn look(&mut self, now: Timestamp, inputs: &[AudioStatus], tracks: &[TrackStatus]) -> Vec<Alarm> {
        self.inputs.resize_with(inputs.len(), Watch::default);
        let begun = self.begun;
        let watched = self.inputs.iter_mut().zip(inputs);
        let mut told: Vec<Alarm> = watched
            .flat_map(|(watch, input)| [silent(watch, input, begun, now), clipping(watch, input, now)])
            .flatten()
            .collect();
        told.extend(self.clipping_mix(now, inputs, tracks));
        told.extend(self.silent_stream(now, inputs, tracks));
        told
    }

    /// Inputs that are too loud only together.
    fn clipping_mix(&mut self, now: Timestamp, inputs: &[AudioStatus], tracks: &[TrackStatus]) -> Option<Alarm> {
        let is_one = |track: &TrackStatus| {
            inputs.iter().any(|input| input.track == track.track && input.levels.clipped && !input.muted)
        };
        let is_due = self.mix_told_at.is_none_or(|told| now.since(told) >= CLIPPING_AGAIN_AFTER);
        if !is_due || !tracks.iter().any(|track| track.levels.clipped && !is_one(track)) {
            return None;
        }
        self.mix_told_at = Some(now);
        let what = "The sounds are too loud together: the mix is recorded distorted".to_owned();
        Some(alarm("audio_clipping", what, "Turn the volume of one of them down."))
    }

    fn silent_stream(&mut self, now: Timestamp, inputs: &[AudioStatus], tracks: &[TrackStatus]) -> Option<Alarm> {
        if self.audience == Audience::Later {
            return None;
        }
        let is_due = now.since(self.begun) >= SILENT_AFTER;
        let is_silent = is_due && tracks.iter().all(|track| is_silent(&track.levels, self.begun, now));
        if !std::mem::replace(&mut self.is_stream_silent, is_silent) && is_silent {
            let help = if inputs.is_empty() {
                "It has no sound input: choose one under Sound, and start the stream again."
            } else {
                "Check that no input is muted, unplugged or turned down."
            };
            return Some(alarm("stream_silent", "The live stream has had no sound for 15 s".to_owned(), help));
        }
        None
    }
}

fn silent(watch: &mut Watch, input: &AudioStatus, begun: Timestamp, now: Timestamp) -> Option<Alarm> {
    if input.problem.is_some() {
        watch.lost_at = Some(now);
    }
    if input.problem.is_some() || input.muted {
        // Told as what it is, or wished.
        return None;
    }
    let is_silent = is_silent(&input.levels, watch.lost_at.map_or(begun, |lost| lost.max(begun)), now);
    if is_silent == watch.is_silent {
        return None;
    }
    watch.is_silent = is_silent;
    let name = &input.device;
    let (what, help) = match input.kind {
        _ if !is_silent => return None,
        Some(AudioKind::System) => (
            format!("Nothing has been played through '{name}' for 15 s"),
            "If something is, it goes to another output: choose that one under Sound.",
        ),
        _ => (
            format!("Nothing has been heard from '{name}' for 15 s"),
            "Check that it is not switched off, muted or turned down, or choose another input.",
        ),
    };
    Some(alarm("audio_silent", what, help))
}

fn clipping(watch: &mut Watch, input: &AudioStatus, now: Timestamp) -> Option<Alarm> {
    let is_due = watch.clipping_told_at.is_none_or(|told| now.since(told) >= CLIPPING_AGAIN_AFTER);
    if !input.levels.clipped || input.muted || !is_due {
        return None;
    }
    watch.clipping_told_at = Some(now);
    Some(alarm(
        "audio_clipping",
        format!("'{}' is too loud: it is recorded distorted", input.device),
        "Turn its volume down here, or at the device.",
    ))
}

/// Silence before the recording is none of its business.
fn is_silent(levels: &Levels, begun: Timestamp, now: Timestamp) -> bool {
    let silent =
        if levels.silent_s.is_finite() { Duration::from_secs_f32(levels.silent_s.max(0.0)) } else { Duration::ZERO };
    let never_heard = *levels == Levels::SILENT;
    now.since(begun) >= SILENT_AFTER && (never_heard || silent >= SILENT_AFTER)
}

fn alarm(code: &'static str, what: String, help: &str) -> Alarm {
    Alarm { code, what, help: help.to_owned() }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "some minutes in seconds")]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(7_000_000_000) + Duration::from_secs(seconds)
    }

    fn input(silent_s: f32, clipped: bool) -> AudioStatus {
        let levels = Levels { peak_db: -20.0, rms_db: -30.0, held_peak_db: -20.0, clipped, silent_s };
        let (device, kind) = ("Desk".to_owned(), Some(AudioKind::Microphone));
        AudioStatus { device, kind, track: 1, levels, muted: false, problem: None }
    }

    fn codes(alarms: &mut SoundAlarms, second: u64, input: &AudioStatus) -> Vec<&'static str> {
        let levels = if input.muted { Levels::SILENT } else { input.levels };
        let track = TrackStatus { track: 1, levels };
        let told = alarms.look(at(second), std::slice::from_ref(input), &[track]);
        told.iter().map(|alarm| alarm.code).collect()
    }

    #[test]
    fn silence_is_told_at_15_s_and_once() {
        let mut alarms = SoundAlarms::begin(at(0), Audience::Later);
        // Silent for long before the recording.
        let silent = |second: u64| input(100.0 + second as f32, false);
        for second in 0..15 {
            assert!(codes(&mut alarms, second, &silent(second)).is_empty(), "{second} s");
        }
        assert_eq!(codes(&mut alarms, 15, &silent(15)), ["audio_silent"]);
        assert!((16..60).all(|second| codes(&mut alarms, second, &silent(second)).is_empty()));
        assert!(codes(&mut alarms, 60, &input(0.0, false)).is_empty());
        assert!((61..75).all(|second| codes(&mut alarms, second, &input(second as f32 - 60.0, false)).is_empty()));
        assert_eq!(codes(&mut alarms, 75, &input(15.0, false)), ["audio_silent"], "and again");
    }

    #[test]
    fn pauses_mutes_and_lost_devices_are_no_silence() {
        let mut alarms = SoundAlarms::begin(at(0), Audience::Later);
        assert!((0..300).all(|second| codes(&mut alarms, second, &input((second % 14) as f32, false)).is_empty()));
        let muted = AudioStatus { muted: true, ..input(400.0, true) };
        let lost = AudioStatus { problem: Some("it is gone".to_owned()), ..input(400.0, false) };
        assert!(codes(&mut alarms, 400, &muted).is_empty() && codes(&mut alarms, 400, &lost).is_empty());
    }

    #[test]
    fn one_that_is_back_is_given_its_time() {
        let mut alarms = SoundAlarms::begin(at(0), Audience::Later);
        // Nobody has spoken since second 20; from 30 to 60 it was lost.
        let quiet = |second: u64| input(second as f32 - 20.0, false);
        let lost = |second| AudioStatus { problem: Some("it is gone".to_owned()), ..quiet(second) };
        assert!((20..30).all(|second| codes(&mut alarms, second, &quiet(second)).is_empty()));
        assert!((30..60).all(|second| codes(&mut alarms, second, &lost(second)).is_empty()));
        assert!((60..74).all(|second| codes(&mut alarms, second, &quiet(second)).is_empty()));
        assert_eq!(codes(&mut alarms, 74, &quiet(74)), ["audio_silent"], "15 s after it was last seen to be lost");
    }

    #[test]
    fn an_input_that_never_sent_anything_is_silent() {
        let mut alarms = SoundAlarms::begin(at(0), Audience::Later);
        let never = AudioStatus { levels: Levels::SILENT, ..input(0.0, false) };
        assert!(codes(&mut alarms, 14, &never).is_empty());
        assert_eq!(codes(&mut alarms, 15, &never), ["audio_silent"]);
    }

    #[test]
    fn distortion_is_told_once_a_minute() {
        let mut alarms = SoundAlarms::begin(at(0), Audience::Later);
        let loud = input(0.0, true);
        assert_eq!(codes(&mut alarms, 1, &loud), ["audio_clipping"]);
        assert!(codes(&mut alarms, 30, &loud).is_empty());
        assert_eq!(codes(&mut alarms, 61, &loud), ["audio_clipping"]);
    }

    #[test]
    fn sounds_that_are_too_loud_together_are_told() {
        let mut alarms = SoundAlarms::begin(at(0), Audience::Later);
        let track = TrackStatus { track: 1, levels: input(0.0, true).levels };
        let told = |alarms: &mut SoundAlarms, second, one| alarms.look(at(second), &[input(0.0, one)], &[track]);
        assert!(told(&mut alarms, 1, false)[0].what.contains("together"));
        assert!(told(&mut alarms, 2, false).is_empty(), "once a minute");
        let mut alarms = SoundAlarms::begin(at(0), Audience::Later);
        assert_eq!(told(&mut alarms, 1, true).len(), 1, "it is the input's own");
    }

    #[test]
    fn a_stream_without_sound_is_told() {
        let mut alarms = SoundAlarms::begin(at(0), Audience::Live);
        let told = |alarms: &mut SoundAlarms, second| alarms.look(at(second), &[], &[]).len();
        assert_eq!((told(&mut alarms, 14), told(&mut alarms, 15), told(&mut alarms, 16)), (0, 1, 0));
        let mut alarms = SoundAlarms::begin(at(0), Audience::Live);
        assert_eq!(codes(&mut alarms, 20, &input(16.0, false)), ["audio_silent", "stream_silent"]);
    }
}
