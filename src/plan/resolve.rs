//! A profile and this machine become a plan, or all problems at once.

use super::findings::{Findings, fix};
use super::sound_encode::Heard;
use super::{
    EnginePlan, Environment, Extra, Plan, Problem, Run, VideoPlan, copy, noncompression, output, sound, sound_encode,
    source, video,
};
use crate::capture::{CaptureRequest, SourceSpec};
use crate::ffmpeg::Input;
use crate::media::{Container, FrameRate};
use crate::profile::{Profile, SourceKind};

/// Everything that stands in the way of recording this profile here, and every warning.
pub fn check(profile: &Profile, env: &Environment) -> Vec<Problem> {
    match resolve(profile, env) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    }
}

/// What will run and what should be known about it; or, if one problem is an error, all problems.
pub fn resolve(profile: &Profile, env: &Environment) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
    resolve_run(profile, env, &Run::default())
}

/// The same for a recording with wishes of its own.
pub fn resolve_run(profile: &Profile, env: &Environment, run: &Run) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
    let mut out = Findings::default();
    let by_opencv = noncompression::is_wished(profile);
    let engine = if by_opencv { noncompression::engine(profile, env, run, &mut out) } else { EnginePlan::Ffmpeg };
    if by_opencv && copy::is_wished(profile) {
        copy::not_by_opencv(&mut out);
    }
    if !by_opencv {
        not_in_this_version(profile, &mut out);
        if env.ffmpeg.is_none() {
            noncompression::without_ffmpeg(env, &mut out);
        }
    }
    // Such a file has no place for a picture: none is captured, and a missing screen is no problem.
    let sound_container = if by_opencv { None } else { output::sound_container(profile) };
    let kind = if sound_container.is_some() { SourceKind::None } else { profile.source.kind };
    let mut spec = if sound_container.is_some() { None } else { source::resolve(profile, env, &mut out) };
    let mirror = source::mirror(profile, &mut out);
    let target = if by_opencv {
        noncompression::file(profile, env, run, &mut out).map(output::Target::File)
    } else {
        output::resolve(profile, env, run, &mut out)
    };
    let container = target.as_ref().and_then(output::Target::container);
    let encode = match (kind, &target) {
        (SourceKind::None, _) => None,
        _ if by_opencv => video::for_opencv(&profile.video, &mut out),
        (_, target) if copy::is_wished(profile) => copy::resolve(profile, target.as_ref(), env, &mut out),
        (_, Some(output::Target::Address(plan, container))) => {
            video::for_address(&profile.video, plan.kind, *container, env, &mut out)
        }
        _ => video::resolve(&profile.video, container, env, &mut out),
    };
    if let (Some(SourceSpec::Camera { coding, .. }), Some(encode)) = (&mut spec, &encode) {
        *coding = encode.copied.map(copy::coding);
    }
    let is_silent = by_opencv || target.as_ref().is_some_and(|target| !target.has_sound());
    let audio = if by_opencv {
        Vec::new() // told of, or refused where it was asked for
    } else if is_silent {
        let name = container.map_or("A device", |container| container.name());
        sound::none(&profile.audio, name, &mut out)
    } else {
        let found = sound::inputs(&profile.audio, env, run.missing_sound, &mut out);
        sound::tracks(found, container, &mut out)
    };
    let heard = if is_silent || profile.audio.inputs.is_empty() { Heard::Nothing } else { Heard::Sound };
    let audio_encode = sound_encode::encode(&profile.audio, container, heard, env, &mut out);
    let (file, address) = match target {
        Some(output::Target::File(file)) => (Some(file), None),
        Some(output::Target::Address(address, _)) => (None, Some(address)),
        None => (None, None),
    };
    let subtitles = if by_opencv { None } else { output::subtitles(profile, env, file.as_ref(), &mut out) };
    without_picture(profile, sound_container, &mut out);
    if kind == SourceKind::None {
        sound_alone(profile, is_silent && !by_opencv, audio.is_empty(), &mut out);
    }
    let video = spec.zip(encode).map(|(source, encode)| VideoPlan {
        request: request(profile, env, source, encode.rate),
        codec: encode.codec,
        encoder: encode.encoder,
        copied: encode.copied,
        size: encode.size,
        rate: encode.rate,
        timing: encode.timing,
        rate_control: encode.rate_control,
        preset: encode.preset,
        keyframe_interval_s: encode.keyframe_interval_s,
        pixel_format: encode.pixel_format,
        mirror,
    });
    let is_whole = (file.is_some() || address.is_some()) && (video.is_some() || kind == SourceKind::None);
    match audio_encode {
        Some(audio_encode) if is_whole && !out.has_errors() => {
            let (extra, duration) = (extra(profile), run.duration);
            let plan = Plan { video, audio, audio_encode, file, address, engine, subtitles, extra, duration };
            Ok((plan, out.problems))
        }
        _ => Err(out.problems),
    }
}

fn request(profile: &Profile, env: &Environment, source: SourceSpec, rate: FrameRate) -> CaptureRequest {
    let controls = source::control_wishes(&profile.source, &env.listing);
    CaptureRequest { source, rate, show_cursor: profile.source.show_cursor, controls }
}

/// Who names a file of sound alone wants it, whatever the profile's source is.
fn without_picture(profile: &Profile, container: Option<Container>, out: &mut Findings) {
    if let Some(container) = container.filter(|_| profile.source.kind != SourceKind::None) {
        let what = format!("{container} holds no picture: the sound alone is recorded.");
        let help = "For a picture as well choose a file type for films, such as mp4.";
        out.warning("output.container", what, help, fix("Only sound", "source.kind", "none"));
    }
}

/// Whether there is anything to record without a picture: `is_silent` is what holds no sound.
fn sound_alone(profile: &Profile, is_silent: bool, has_no_sound: bool, out: &mut Findings) {
    let screen = || fix("Record the screen", "source.kind", "screen");
    // What the user's own inputs hold is seen when they are opened.
    let has_no_sound = has_no_sound && profile.advanced.inputs.is_empty();
    if is_silent && !profile.audio.inputs.is_empty() {
        let what = "Without a picture there is nothing to write here: it holds no sound.";
        out.error("source.kind", what, "Choose a source.", screen());
    }
    if has_no_sound && !out.has_errors() {
        let what = "Without a picture and without a sound input there is nothing to record.";
        let microphone = || fix("Use the default microphone", "audio.inputs.0.device", "default");
        let is_file_of_sound = output::sound_container(profile).is_some();
        let better = if is_file_of_sound { microphone() } else { screen() };
        out.error("audio.inputs", what, "Choose a source, or another sound input.", better);
    }
}

fn extra(profile: &Profile) -> Extra {
    let advanced = profile.advanced.clone();
    Extra {
        pre_headers: advanced.pre_headers,
        before_input: advanced.before_input,
        inputs: advanced.inputs,
        output: advanced.output,
    }
}

fn not_in_this_version(profile: &Profile, out: &mut Findings) {
    for (index, stream) in profile.streams.iter().enumerate().filter(|(_, stream)| stream.enabled) {
        let key = format!("streams.{index}.enabled");
        let name = if stream.service.is_empty() { "custom" } else { &stream.service };
        out.not_yet(&key, &format!("Streaming (here to '{name}') is"), fix("Do not stream", &key, "false"));
    }
    if !profile.advanced.custom.is_empty() {
        let fix = fix("Remove it", "advanced.custom", "");
        out.not_yet("advanced.custom", "A custom command inside a profile (see 'gearcast ffmpeg --') is", fix);
    }
    for (key, list) in
        [("advanced.before_input", &profile.advanced.before_input), ("advanced.output", &profile.advanced.output)]
    {
        if list.iter().any(|option| option == "-i") {
            let what = "'-i' opens a further input, which has a place of its own.";
            out.error(key, what, "Write '-i' and its file into advanced.inputs.", None);
        }
    }
    let inputs = Input::read_list(&profile.advanced.inputs);
    if let Err(error) = inputs {
        let help = "Write for example -i music.wav, or -f lavfi -i sine.";
        out.error("advanced.inputs", format!("{error}."), help, fix("Remove them", "advanced.inputs", ""));
    }
}
