//! What is heard: the profile's inputs against the devices that were found, and how sound is encoded.

use super::encoders::{audio_encoders, sample_rates};
use super::findings::{Findings, fix, some_of};
use super::{AudioEncode, Environment, MissingSound, Searched, Works};
use crate::audio::{AudioDevice, AudioKind, AudioSpec, Follow, InputSpec, Strip};
use crate::media::{AudioCodec, Container};
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

/// The inputs that will be recorded.
pub(super) fn inputs(audio: &Audio, env: &Environment, missing: MissingSound, out: &mut Findings) -> Vec<Strip> {
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
            plans.push(strip(input));
        }
    }
    plans
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
        AudioSpec::Device(asked) => return device_is_there(asked, field, devices, out),
    };
    let without = fix("Record without sound", "audio.inputs", "");
    if missing == MissingSound::Refuse || !input.follow_default {
        out.error(field, format!("{what}."), "Plug one in, start the sound server, or record without sound.", without);
    } else {
        out.warning(field, format!("{what}: it is left out."), "Plug one in, or start the sound server.", without);
    }
    false
}

fn device_is_there(asked: &str, field: &str, devices: &[AudioDevice], out: &mut Findings) -> bool {
    let is_whole = |device: &AudioDevice| {
        device.id == asked || device.name == asked || device.id.split_once(':').is_some_and(|(_, id)| id == asked)
    };
    if devices.iter().any(is_whole) {
        return true;
    }
    let part = asked.to_lowercase();
    let fits: Vec<&AudioDevice> = devices.iter().filter(|device| device.name.to_lowercase().contains(&part)).collect();
    let microphones = fits.iter().filter(|device| device.kind == AudioKind::Microphone).count();
    if fits.len() == 1 || microphones == 1 {
        return true;
    }
    let names = |devices: &mut dyn Iterator<Item = &AudioDevice>| {
        some_of(devices.map(|device| device.name.as_str()).collect::<Vec<_>>().into_iter())
    };
    let default = fix("Use the default input", field, "default");
    if fits.is_empty() {
        let what = format!("There is no sound input '{asked}'.");
        out.error(field, what, format!("Choose default, system or one of: {}.", names(&mut devices.iter())), default);
    } else {
        let what = format!("'{asked}' fits several sound inputs.");
        out.error(field, what, format!("Choose one of: {}.", names(&mut fits.into_iter())), default);
    }
    false
}

/// How sound is encoded; `None` where a finding says why. Without inputs nothing is found wrong.
pub(super) fn encode(
    audio: &Audio,
    container: Option<Container>,
    env: &Environment,
    out: &mut Findings,
) -> Option<AudioEncode> {
    let mut silent = Findings::default();
    let out = if audio.inputs.is_empty() { &mut silent } else { out };
    let codec = codec(audio, container, out);
    let encoder = codec.map(|codec| (codec, encoder(codec, env, out)));
    if audio.inputs.is_empty() {
        let codec = codec.unwrap_or(AudioCodec::Aac);
        return Some(assembled(audio, codec, audio_encoders(codec)[0].to_owned(), audio.sample_rate));
    }
    let (codec, encoder) = encoder?;
    let rate = sample_rate(codec, audio.sample_rate, out);
    Some(assembled(audio, codec, encoder?, rate))
}

fn assembled(audio: &Audio, codec: AudioCodec, encoder: String, sample_rate: u32) -> AudioEncode {
    AudioEncode { codec, encoder, bitrate_kbps: audio.bitrate_kbps, sample_rate }
}

fn codec(audio: &Audio, container: Option<Container>, out: &mut Findings) -> Option<AudioCodec> {
    let own = container.map_or(AudioCodec::Aac, |container| container.default_codecs().1);
    if audio.codec.trim().eq_ignore_ascii_case("auto") {
        return Some(own);
    }
    let Some(codec) = AudioCodec::from_name(&audio.codec) else {
        let what = format!("'{}' is not a codec of sound that gearcast knows.", audio.codec);
        let known = some_of(AudioCodec::ALL.iter().map(|codec| codec.name()));
        out.error(
            "audio.codec",
            what,
            format!("Choose one of: {known}."),
            fix("Choose by itself", "audio.codec", "auto"),
        );
        return None;
    };
    if let Some(container) = container.filter(|container| !container.holds_audio(codec)) {
        let what = format!("{container} does not hold {codec}: {own} is recorded.");
        out.warning(
            "audio.codec",
            what,
            "Choose a codec that fits, or the container mkv.",
            fix(format!("Use {own}"), "audio.codec", own.name()),
        );
        return Some(own);
    }
    Some(codec)
}

fn encoder(codec: AudioCodec, env: &Environment, out: &mut Findings) -> Option<String> {
    let names = audio_encoders(codec);
    let Some(ffmpeg) = &env.ffmpeg else { return Some(names[0].to_owned()) };
    let usable = |name: &&&str| {
        ffmpeg.encoders.iter().any(|known| known.name == **name && !matches!(known.works, Works::No { .. }))
    };
    let found = names.iter().find(usable);
    if found.is_none() {
        let what = format!("ffmpeg {} has no encoder for {codec}.", ffmpeg.version);
        let help = format!("Install an ffmpeg with {}, or choose another codec.", some_of(names.iter().copied()));
        out.error("audio.codec", what, help, fix("Choose by itself", "audio.codec", "auto"));
    }
    found.map(|name| (*name).to_owned())
}

fn sample_rate(codec: AudioCodec, wish: u32, out: &mut Findings) -> u32 {
    let rates = sample_rates(codec);
    if rates.is_empty() || rates.contains(&wish) {
        return wish;
    }
    let what = format!("{codec} does not take {wish} samples a second: 48000 are recorded.");
    out.warning("audio.sample_rate", what, "48000 fits every codec.", fix("Use 48000", "audio.sample_rate", "48000"));
    48_000
}
