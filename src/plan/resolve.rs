//! A profile and this machine become a plan, or all problems at once.

use super::findings::{Findings, fix};
use super::{
    EnginePlan, Environment, Extra, Plan, Problem, Run, VideoPlan, copy, noncompression, output, sound, source, video,
};
use crate::capture::{CaptureRequest, SourceSpec};
use crate::ffmpeg::Input;
use crate::media::FrameRate;
use crate::profile::{Audio, Profile, SourceKind};

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
    let mut spec = source::resolve(profile, env, &mut out);
    let mirror = source::mirror(profile, &mut out);
    let target = if by_opencv {
        noncompression::file(profile, env, run, &mut out).map(output::Target::File)
    } else {
        output::resolve(profile, env, run, &mut out)
    };
    let container = target.as_ref().and_then(output::Target::container);
    let encode = match (profile.source.kind, &target) {
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
        sound::inputs(&profile.audio, env, run.missing_sound, &mut out)
    };
    let silent = Audio { inputs: Vec::new(), ..profile.audio.clone() };
    let audio_encode = sound::encode(if is_silent { &silent } else { &profile.audio }, container, env, &mut out);
    let (file, address) = match target {
        Some(output::Target::File(file)) => (Some(file), None),
        Some(output::Target::Address(address, _)) => (None, Some(address)),
        None => (None, None),
    };
    let subtitles = if by_opencv { None } else { output::subtitles(profile, env, file.as_ref(), &mut out) };
    if profile.source.kind == SourceKind::None {
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
    let is_whole =
        (file.is_some() || address.is_some()) && (video.is_some() || profile.source.kind == SourceKind::None);
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

/// Whether there is anything to record without a picture: `is_silent` is what holds no sound.
fn sound_alone(profile: &Profile, is_silent: bool, has_no_sound: bool, out: &mut Findings) {
    let screen = || fix("Record the screen", "source.kind", "screen");
    if is_silent && !profile.audio.inputs.is_empty() {
        let what = "Without a picture there is nothing to write here: it holds no sound.";
        out.error("source.kind", what, "Choose a source.", screen());
    }
    if has_no_sound && !out.has_errors() {
        let what = "Without a picture and without a sound input there is nothing to record.";
        out.error("audio.inputs", what, "Choose a source, or another sound input.", screen());
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
