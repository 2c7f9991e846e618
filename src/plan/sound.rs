//! What is heard: the profile's inputs against the devices that were found, and the tracks that they go to.

use super::findings::{Findings, fix, some_of};
use super::{Environment, MissingSound, Searched};
use crate::audio::{AudioDevice, AudioError, AudioKind, AudioSpec, Follow, InputSpec, Strip, choose};
use crate::media::{Container, SoundTracks};
use crate::profile::{Audio, AudioInput};

/// Reads an input as profiles and the command line write it.
fn parse_audio_spec(text: &str) -> AudioSpec {
    match text.trim() {
        "default" | "" => AudioSpec::Default,
        "system" => AudioSpec::System,
        "test" => AudioSpec::Test,
        device => AudioSpec::Device(device.to_owned()),
    }
}

/// The inputs that will be recorded, each with its number in the profile.
pub(super) fn inputs(
    audio: &Audio,
    env: &Environment,
    missing: MissingSound,
    out: &mut Findings,
) -> Vec<(usize, Strip)> {
    let mut seen: Vec<AudioSpec> = Vec::new();
    let mut plans = Vec::new();
    for (index, input) in audio.inputs.iter().enumerate() {
        let field = format!("audio.inputs.{index}.device");
        let spec = parse_audio_spec(&input.device);
        if seen.contains(&spec) {
            let what = format!("'{spec}' is recorded twice.", spec = input.device);
            out.warning(&field, what, "Remove one of the two, or mute it.", None);
        }
        seen.push(spec.clone());
        if is_there(&spec, &field, input, env, missing, out) {
            plans.push((index, strip(input)));
        }
    }
    plans
}

/// The strips alone, with the tracks that the container holds: where it holds one, all inputs are mixed into it.
pub(super) fn tracks(found: Vec<(usize, Strip)>, container: Option<Container>, out: &mut Findings) -> Vec<Strip> {
    let first = found.first().map_or(1, |(_, strip)| strip.track);
    let only_one = container.filter(|container| container.sound_tracks() == SoundTracks::One);
    let Some(container) = only_one else { return found.into_iter().map(|(_, strip)| strip).collect() };
    for (index, strip) in found.iter().filter(|(_, strip)| strip.track != first) {
        let field = format!("audio.inputs.{index}.track");
        let what = format!(
            "{container} holds one track of sound: this input, wished on track {}, is mixed into it.",
            strip.track
        );
        let anything = if container.is_sound_only() { "mka" } else { "mkv" };
        let help = format!("Give it the others' track, or record into {anything}, which holds several.");
        out.warning(&field, what, help, fix("Mix them into one", &field, first.to_string()));
    }
    found.into_iter().map(|(_, strip)| Strip { track: 1, ..strip }).collect()
}

/// No inputs, because what is written holds no sound.
pub(super) fn none(audio: &Audio, name: &str, out: &mut Findings) -> Vec<Strip> {
    if !audio.inputs.is_empty() {
        let what = format!("{name} holds no sound: the recording is silent.");
        out.warning(
            "audio.inputs",
            what,
            "Leave the sound out, or record into a film.",
            fix("Record without sound", "audio.inputs", ""),
        );
    }
    Vec::new()
}

/// An input as the desk takes it.
pub fn strip(input: &AudioInput) -> Strip {
    #[expect(clippy::cast_possible_truncation, reason = "the profile bounds gain to ±60 dB and offset to ±10 s")]
    let (gain_db, offset_nanos) = (input.gain_db as f32, (input.offset_ms * 1e6) as i64);
    let follow = if input.follow_default { Follow::SystemDefault } else { Follow::Device };
    let spec = InputSpec { device: parse_audio_spec(&input.device), follow };
    Strip { spec, gain_db, muted: input.muted, track: input.track.max(1), offset_nanos }
}

fn is_there(
    spec: &AudioSpec,
    field: &str,
    input: &AudioInput,
    env: &Environment,
    missing: MissingSound,
    out: &mut Findings,
) -> bool {
    if env.searched == Searched::NotYet {
        return true;
    }
    let devices = &env.audio;
    let what = match spec {
        AudioSpec::Default if devices.is_empty() => "No sound input was found",
        AudioSpec::Default if !devices.iter().any(|device| device.kind == AudioKind::Microphone) => {
            "There is no microphone; what this computer plays is the input 'system'"
        }
        AudioSpec::System if !devices.iter().any(|device| device.kind == AudioKind::System) => {
            "The system's sound cannot be recorded here: no output is found"
        }
        AudioSpec::Test | AudioSpec::Default | AudioSpec::System => return true,
        AudioSpec::Device(_) => return device_is_there(spec, field, devices, out),
    };
    let without = fix("Record without sound", "audio.inputs", "");
    if missing == MissingSound::Refuse || !input.follow_default {
        out.error(field, format!("{what}."), "Plug one in, start the sound server, or record without sound.", without);
    } else {
        out.warning(field, format!("{what}: it is left out."), "Plug one in, or start the sound server.", without);
    }
    false
}

fn device_is_there(spec: &AudioSpec, field: &str, devices: &[AudioDevice], out: &mut Findings) -> bool {
    let default = fix("Use the default input", field, "default");
    let names = |names: &[String]| some_of(names.iter().map(String::as_str));
    match choose(spec, devices) {
        Ok(_) => return true,
        Err(AudioError::Ambiguous { asked, fits }) => {
            let what = format!("'{asked}' fits several sound inputs.");
            out.error(field, what, format!("Choose one of: {}.", names(&fits)), default);
        }
        Err(_) => {
            let have: Vec<String> = devices.iter().map(|device| device.name.clone()).collect();
            let what = format!("There is no sound input '{spec}'.");
            out.error(field, what, format!("Choose default, system or one of: {}.", names(&have)), default);
        }
    }
    false
}
