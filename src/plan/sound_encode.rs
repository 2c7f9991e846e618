//! How sound is encoded: the profile's codec, bitrate, sample rate and channels against what the container holds and
//! the encoder takes.

use super::findings::{Findings, fix, some_of};
use super::sound_codecs::{SoundBitrates, audio_encoders, sound_bitrates, takes_sample_rate};
use super::{AudioEncode, Environment, Works};
use crate::media::{AudioCodec, Channels, Container};
use crate::profile::{Audio, ChannelsChoice};

/// Whether anything will be encoded with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Yes, so that what is wrong is told.
    Sound,
    /// No: the recording is silent.
    Nothing,
}

/// How sound is encoded; `None` where a finding says why. Where nothing is heard, nothing is found wrong.
pub(super) fn encode(
    audio: &Audio,
    container: Option<Container>,
    heard: Heard,
    env: &Environment,
    out: &mut Findings,
) -> Option<AudioEncode> {
    let mut silent = Findings::default();
    let out = if heard == Heard::Nothing { &mut silent } else { out };
    let found = found(audio, container, env, out);
    // What the user's own further inputs hold is not known here.
    found.or_else(|| (heard == Heard::Nothing).then(|| usual(audio)))
}

fn found(audio: &Audio, container: Option<Container>, env: &Environment, out: &mut Findings) -> Option<AudioEncode> {
    let codec = codec(audio, container, out)?;
    let encoder = encoder(codec, env, out);
    let channels = channels(audio);
    let sample_rate = sample_rate(codec, container, audio.sample_rate, out);
    let bitrate_kbps = bitrate(codec, sample_rate, channels, audio.bitrate_kbps, out);
    Some(AudioEncode { codec, encoder: encoder?, bitrate_kbps, sample_rate, channels })
}

fn usual(audio: &Audio) -> AudioEncode {
    let (codec, encoder) = (AudioCodec::Aac, "aac".to_owned());
    AudioEncode { codec, encoder, bitrate_kbps: 160, sample_rate: 48_000, channels: channels(audio) }
}

fn channels(audio: &Audio) -> Channels {
    match audio.channels {
        ChannelsChoice::Stereo => Channels::Stereo,
        ChannelsChoice::Mono => Channels::Mono,
    }
}

/// The codecs that this container holds.
pub fn sound_codecs(container: Container) -> impl Iterator<Item = AudioCodec> {
    AudioCodec::ALL.iter().copied().filter(move |codec| container.holds_audio(*codec))
}

/// The codec that this profile's sound gets; `None` where its word is not understood.
pub fn sound_codec(audio: &Audio, container: Option<Container>) -> Option<AudioCodec> {
    codec(audio, container, &mut Findings::default())
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
    let Some(container) = container.filter(|container| !container.holds_audio(codec)) else { return Some(codec) };
    // Where there is one codec only, whoever names the container means it.
    let is_only_one = container.is_sound_only() && sound_codecs(container).count() == 1;
    if !is_only_one {
        let what = format!("{container} does not hold {codec}: {own} is recorded.");
        let anything = if container.is_sound_only() { "mka" } else { "mkv" };
        out.warning(
            "audio.codec",
            what,
            format!("Choose a codec that fits, or the container {anything}, which holds anything."),
            fix(format!("Use {own}"), "audio.codec", own.name()),
        );
    }
    Some(own)
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

/// The wish, or the usual rate where the codec does not take it in this container.
fn sample_rate(codec: AudioCodec, container: Option<Container>, wish: u32, out: &mut Findings) -> u32 {
    if takes_sample_rate(codec, container, wish) {
        return wish;
    }
    let usual = if takes_sample_rate(codec, container, 48_000) { 48_000 } else { 44_100 };
    let place = container.filter(|_| takes_sample_rate(codec, None, wish));
    let place = place.map_or_else(String::new, |container| format!(" in {container}"));
    let what = format!("{codec} does not take {wish} samples a second{place}: {usual} are recorded.");
    let help = if usual == 48_000 { "48000 fits every codec." } else { "44100 fits here." };
    out.warning("audio.sample_rate", what, help, fix(format!("Use {usual}"), "audio.sample_rate", usual.to_string()));
    usual
}

fn bitrate(codec: AudioCodec, sample_rate: u32, channels: Channels, wish: u32, out: &mut Findings) -> u32 {
    let bitrates = sound_bitrates(codec, sample_rate, channels);
    let nearest = bitrates.nearest(wish);
    if nearest != wish {
        let have = match bitrates {
            SoundBitrates::Lossless => String::new(),
            SoundBitrates::Range { least, most } => format!("{least} to {most}"),
            SoundBitrates::Steps(steps) => {
                let steps: Vec<String> = steps.iter().map(u32::to_string).collect();
                steps.join(", ")
            }
        };
        let what =
            format!("{codec} has no {wish} kbit/s at {sample_rate} Hz {channels}: {nearest} kbit/s are recorded.");
        let fix = fix(format!("Use {nearest}"), "audio.bitrate_kbps", nearest.to_string());
        out.warning("audio.bitrate_kbps", what, format!("It has {have} kbit/s."), fix);
    }
    nearest
}
