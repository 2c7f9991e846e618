//! Sound: codecs, bitrates, rates, channels and tracks against the container, and recordings of sound alone.

use super::tests::machine;
use super::*;
use crate::media::{AudioCodec, Channels};
use crate::profile::{Profile, set_pair};

/// The machine with every encoder of sound and the muxers of sound alone.
fn studio() -> Environment {
    let mut env = machine();
    let ffmpeg = env.ffmpeg.as_mut().unwrap();
    for (name, codec) in [("flac", "flac"), ("pcm_s16le", "pcm_s16le"), ("libvorbis", "vorbis")] {
        ffmpeg.encoders.push(EncoderInfo { name: name.into(), codec: codec.into(), works: Works::Yes });
    }
    ffmpeg.muxers.extend(["ipod", "ogg", "opus", "flac", "wav", "mp3"].map(str::to_owned));
    env
}

fn profile(pairs: &[&str]) -> Profile {
    let mut profile = Profile::default();
    for pair in ["audio.inputs.0.device=default"].iter().chain(pairs) {
        set_pair(&mut profile, pair).unwrap();
    }
    profile
}

/// The plan, and each problem's field with what its fix sets.
fn plan_of(pairs: &[&str]) -> (Plan, Vec<(String, String)>) {
    let (plan, warnings) =
        resolve(&profile(pairs), &studio()).unwrap_or_else(|problems| panic!("{pairs:?}: {problems:?}"));
    let fix = |fix: &Fix| format!("{}={}", fix.key, fix.value);
    let told = |problem: Problem| (problem.field, problem.fix.as_ref().map(fix).unwrap_or_default());
    (plan, warnings.into_iter().map(told).collect())
}

#[test]
fn a_file_of_sound_alone_takes_no_picture() {
    for (container, codec, encoder) in [
        ("m4a", AudioCodec::Aac, "aac"),
        ("opus", AudioCodec::Opus, "libopus"),
        ("flac", AudioCodec::Flac, "flac"),
        ("wav", AudioCodec::Pcm, "pcm_s16le"),
        ("mp3", AudioCodec::Mp3, "libmp3lame"),
        ("mka", AudioCodec::Aac, "aac"),
    ] {
        let wish = format!("output.container={container}");
        let (plan, told) = plan_of(&[&wish, "source.kind=none"]);
        assert_eq!((plan.audio_encode.codec, plan.audio_encode.encoder.as_str()), (codec, encoder), "{container}");
        assert_eq!((plan.video, told), (None, vec![]), "{container}: who names it means its codec");
        // A screen that is not there is no problem.
        let (plan, told) = plan_of(&[&wish, "source.kind=screen", "source.id=HDMI-7"]);
        assert_eq!(plan.video, None);
        assert_eq!(told, [("output.container".to_owned(), "source.kind=none".to_owned())], "{container}");
    }
    let (_, told) = plan_of(&["output.container=ogg", "source.kind=none"]);
    assert_eq!(told, [("audio.codec".to_owned(), "audio.codec=opus".to_owned())], "Ogg holds two");
}

#[test]
fn a_file_of_sound_alone_without_sound_cannot_be_made() {
    let mut silent = profile(&["output.container=m4a", "source.kind=test"]);
    silent.audio.inputs.clear();
    let problems = resolve(&silent, &studio()).unwrap_err();
    let error = problems.iter().find(|problem| problem.severity == Severity::Error).unwrap();
    assert_eq!(error.field, "audio.inputs");
    let fix = error.fix.as_ref().unwrap();
    set_pair(&mut silent, &format!("{}={}", fix.key, fix.value)).unwrap();
    assert!(resolve(&silent, &studio()).is_ok());
    // The user's own inputs may be all the sound there is.
    silent.audio.inputs.clear();
    silent.advanced.inputs = ["-i", "music.wav"].map(str::to_owned).to_vec();
    let (plan, _) = resolve(&silent, &studio()).unwrap();
    assert_eq!((plan.audio.len(), plan.video, plan.audio_encode.encoder.as_str()), (0, None, "aac"));
}

#[test]
fn what_the_encoder_does_not_take_is_said_at_its_field() {
    for (pairs, kbps, rate, fixes) in [
        (&["audio.codec=aac", "audio.bitrate_kbps=700"][..], 576, 48_000, &["audio.bitrate_kbps=576"][..]),
        (
            &["audio.codec=aac", "audio.bitrate_kbps=320", "audio.channels=mono"],
            288,
            48_000,
            &["audio.bitrate_kbps=288"],
        ),
        (&["audio.codec=opus", "audio.bitrate_kbps=600"], 510, 48_000, &["audio.bitrate_kbps=510"]),
        (&["audio.codec=opus", "audio.sample_rate=44100"], 160, 48_000, &["audio.sample_rate=48000"]),
        (&["audio.codec=mp3", "audio.bitrate_kbps=150"], 160, 48_000, &["audio.bitrate_kbps=160"]),
        (&["audio.codec=mp3", "audio.sample_rate=96000"], 160, 48_000, &["audio.sample_rate=48000"]),
        (&["audio.codec=mp3", "audio.sample_rate=8000"], 64, 8_000, &["audio.bitrate_kbps=64"]),
        (&["audio.codec=vorbis", "audio.bitrate_kbps=32"], 45, 48_000, &["audio.bitrate_kbps=45"]),
        (&["audio.codec=vorbis", "audio.sample_rate=96000"], 160, 48_000, &["audio.sample_rate=48000"]),
        (&["audio.codec=aac", "audio.sample_rate=96000"], 160, 96_000, &[]),
        (&["audio.codec=flac", "audio.sample_rate=192000"], 160, 192_000, &[]),
        (&["audio.codec=mp3", "output.container=flv"], 160, 44_100, &["audio.sample_rate=44100"]),
    ] {
        let (plan, told) = plan_of(&[&["output.container=mkv"][..], pairs].concat());
        let encode = plan.audio_encode;
        let set: Vec<&str> = told.iter().map(|(_, fix)| fix.as_str()).collect();
        assert_eq!((encode.bitrate_kbps, encode.sample_rate, set), (kbps, rate, fixes.to_vec()), "{pairs:?}");
        // The field is the one that the fix sets, and the fix leaves nothing to say.
        assert!(told.iter().all(|(field, fix)| fix.starts_with(&format!("{field}="))), "{told:?}");
        let fixed: Vec<&str> = [&["output.container=mkv"][..], pairs, fixes].concat();
        assert_eq!(plan_of(&fixed).1, [], "{fixed:?}");
    }
}

#[test]
fn channels_are_stereo_unless_mono_is_wished() {
    assert_eq!(plan_of(&[]).0.audio_encode.channels, Channels::Stereo);
    assert_eq!(plan_of(&["audio.channels=mono"]).0.audio_encode.channels, Channels::Mono);
}

#[test]
fn where_one_track_is_held_all_inputs_go_to_it() {
    let two = ["audio.inputs.0.track=2", "audio.inputs.1.device=system", "audio.inputs.1.track=5"];
    let tracks = |plan: &Plan| plan.audio.iter().map(|strip| strip.track).collect::<Vec<_>>();
    for (container, expected, warns) in [
        ("mkv", [2, 5], false),
        ("mka", [2, 5], false),
        ("m4a", [2, 5], false),
        ("wav", [1, 1], true),
        ("flv", [1, 1], true),
    ] {
        let wish = format!("output.container={container}");
        let (plan, told) = plan_of(&[&[wish.as_str(), "source.kind=none"], &two[..]].concat());
        assert_eq!(tracks(&plan), expected, "{container}");
        let expected = ("audio.inputs.1.track".to_owned(), "audio.inputs.1.track=2".to_owned());
        assert_eq!(told, if warns { vec![expected] } else { vec![] }, "{container}");
    }
}
