//! Non-compression mode: pictures go to OpenCV's writer, and nothing that it cannot do is dropped in silence.

use super::findings::{Findings, fix};
use super::output::{container, facts, path};
use super::{ColourChoice, EnginePlan, Environment, FilePlan, FileWay, MissingSound, Run, address};
use crate::media::{Container, has_number};
use crate::profile::{Engine, FrameTimingChoice, Profile, RateControl, SourceKind, Video};

/// What OpenCV writes with the backends that are usual.
const CONTAINERS: [Container; 4] = [Container::Avi, Container::Mp4, Container::Mov, Container::Mkv];

/// Whether non-compression mode writes this container.
pub fn opencv_writes(container: Container) -> bool {
    CONTAINERS.contains(&container)
}

/// Whether this profile asks for it.
pub(super) fn is_wished(profile: &Profile) -> bool {
    profile.output.engine == Engine::Opencv
}

/// ffmpeg is not there: told with the way out, if there is one.
pub(super) fn without_ffmpeg(env: &Environment, out: &mut Findings) {
    let what = "No ffmpeg was found, and it does the recording.";
    let install = "Install ffmpeg, or name it with --ffmpeg or GEARCAST_FFMPEG";
    if env.opencv.is_some() {
        let help = format!("{install}; non-compression mode (OpenCV, no sound) does without.");
        out.error("output.engine", what, help, fix("Use OpenCV", "output.engine", "opencv"));
    } else {
        let help =
            format!("{install}; non-compression mode would do without, but gearcast-opencv is not there either.");
        out.error("output.engine", what, help, None);
    }
}

/// The engine, with everything that stands in its way except the file.
pub(super) fn engine(profile: &Profile, env: &Environment, run: &Run, out: &mut Findings) -> EnginePlan {
    if env.opencv.is_none() {
        let what = "Non-compression mode needs the program gearcast-opencv, which is not beside gearcast.";
        let help =
            "Install the whole package, build with 'cargo build --features opencv', or name it with GEARCAST_OPENCV.";
        out.error("output.engine", what, help, fix("Use ffmpeg", "output.engine", "ffmpeg"));
    }
    let wish = &profile.opencv;
    if !is_tag(&wish.fourcc) {
        let what = format!("'{}' is no codec tag: it has exactly four letters.", wish.fourcc.escape_debug());
        let help = "Write for example MJPG, mp4v, XVID, HFYU or FFV1.";
        out.error("opencv.fourcc", what, help, fix("Use MJPG", "opencv.fourcc", "MJPG"));
    }
    if !is_name(wish.backend.trim()) {
        let what = format!("'{}' is not the name of an OpenCV backend.", wish.backend.escape_debug());
        let help = "Write auto, or a name such as FFMPEG, GSTREAMER or OPENCV_MJPEG.";
        out.error("opencv.backend", what, help, fix("Any that works", "opencv.backend", "auto"));
    }
    sound(profile, run.missing_sound, out);
    pictures_alone(profile, out);
    of_ffmpeg(profile, out);
    let colour = if wish.color { ColourChoice::Colour } else { ColourChoice::Gray };
    EnginePlan::OpenCv {
        program: env.opencv.clone().unwrap_or_default(),
        fourcc: wish.fourcc.clone(),
        backend: wish.backend.trim().to_owned(),
        colour,
    }
}

fn is_tag(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// The shape of a backend's name; which ones there are, the program knows.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Sound that came with the profile is left out and told of; sound that was asked for by name is refused.
fn sound(profile: &Profile, asked: MissingSound, out: &mut Findings) {
    if profile.audio.inputs.is_empty() {
        return;
    }
    let without = fix("Record without sound", "audio.inputs", "");
    match asked {
        MissingSound::Warn => {
            let what = "Non-compression mode (OpenCV) records no sound: the recording is silent.";
            out.warning("audio.inputs", what, "Use the engine ffmpeg for sound.", without);
        }
        MissingSound::Refuse => {
            let what = "Non-compression mode (OpenCV) records no sound.";
            let help = "Leave the sound out (--audio none), or use the engine ffmpeg.";
            out.error("audio.inputs", what, help, without);
        }
    }
}

/// What cannot go with the pictures.
fn pictures_alone(profile: &Profile, out: &mut Findings) {
    let mut refuse = |field: &str, what: &str, help: &str, label: &str, value: &str| {
        out.error(field, what, help, fix(label, field, value));
    };
    // Without sound too, the source itself says that nothing is left to record.
    if profile.source.kind == SourceKind::None && !profile.audio.inputs.is_empty() {
        let what = "Non-compression mode writes pictures alone, and no source is chosen.";
        refuse("source.kind", what, "Choose a source, or use the engine ffmpeg.", "Record the screen", "screen");
    }
    if !profile.output.subtitles.trim().is_empty() {
        let what = "Non-compression mode (OpenCV) writes no subtitles.";
        refuse("output.subtitles", what, "Leave them out, or use the engine ffmpeg.", "No subtitles", "");
    }
    for (index, _) in profile.streams.iter().enumerate().filter(|(_, stream)| stream.enabled) {
        let what = "Non-compression mode (OpenCV) cannot stream.";
        let help = "Do not stream, or use the engine ffmpeg.";
        refuse(&format!("streams.{index}.enabled"), what, help, "Do not stream", "false");
    }
    if profile.video.frame_timing == FrameTimingChoice::Vfr {
        let what = "OpenCV writes a constant rate only.";
        refuse("video.frame_timing", what, "Choose a constant rate.", "Constant rate", "cfr");
    }
}

/// ffmpeg's own words, which nobody would read.
fn of_ffmpeg(profile: &Profile, out: &mut Findings) {
    let advanced = &profile.advanced;
    let lists = [
        ("advanced.pre_headers", &advanced.pre_headers),
        ("advanced.before_input", &advanced.before_input),
        ("advanced.inputs", &advanced.inputs),
        ("advanced.output", &advanced.output),
        ("advanced.custom", &advanced.custom),
    ];
    for (key, _) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        let what = "These are options of ffmpeg, and non-compression mode does without it.";
        out.error(key, what, "Remove them, or use the engine ffmpeg.", fix("Remove them", key, ""));
    }
    let changed = changed(&profile.video);
    if !changed.is_empty() {
        let what =
            format!("OpenCV picks the codec by its tag, in its own quality: {} has no effect.", changed.join(", "));
        out.warning("opencv.fourcc", what, "The tag alone counts: MJPG, mp4v, HFYU, FFV1.", None);
    }
}

/// Wishes for an encoder that differ from what every profile begins with.
fn changed(video: &Video) -> Vec<&'static str> {
    let usual = Video::default();
    let is_auto = |text: &str| matches!(text.trim().to_ascii_lowercase().as_str(), "" | "auto");
    let bitrate_counts = matches!(video.rate_control, RateControl::Cbr | RateControl::Vbr);
    [
        ("video.codec", video.codec != usual.codec && !is_auto(&video.codec)),
        ("video.encoder", !is_auto(&video.encoder)),
        ("video.rate_control", video.rate_control != usual.rate_control),
        ("video.crf", video.crf != usual.crf && video.rate_control == RateControl::Crf),
        ("video.bitrate_kbps", video.bitrate_kbps != usual.bitrate_kbps && bitrate_counts),
        ("video.preset", video.preset != usual.preset && !video.preset.trim().is_empty()),
        ("video.pixel_format", video.pixel_format != usual.pixel_format),
    ]
    .into_iter()
    .filter_map(|(key, is_changed)| is_changed.then_some(key))
    .collect()
}

/// The file; `None` where a finding says why.
pub(super) fn file(profile: &Profile, env: &Environment, run: &Run, out: &mut Findings) -> Option<FilePlan> {
    if address::wish(profile).is_some() {
        let what = "OpenCV writes files only, and no address or device.";
        let help = "Record to a file, or use the engine ffmpeg.";
        out.error("output.address", what, help, fix("Record to a file", "output.address", ""));
        return None;
    }
    let container = container(profile, out)?;
    if !opencv_writes(container) {
        let what = format!("OpenCV is not asked to write {container} here.");
        let help = "Choose avi, mp4, mov or mkv.";
        out.error("output.container", what, help, fix("Use avi", "output.container", "avi"));
        return None;
    }
    let path = path(profile, container, env, out)?;
    if path.file_name().and_then(|name| name.to_str()).is_some_and(has_number) {
        let what = "OpenCV writes one file here, and the name holds a place for a number.";
        let help = "Write %% for a percent sign, or use the engine ffmpeg to cut a film into files.";
        out.error("output.file_name", what, help, fix("Use {date} {time}", "output.file_name", "{date} {time}"));
        return None;
    }
    facts(&path, env, run, out);
    Some(FilePlan { path, container, way: FileWay::Single, on_existing: run.on_existing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{FfmpegSummary, Plan, Severity, check, resolve, resolve_run};

    /// A machine without ffmpeg.
    fn machine() -> Environment {
        let opencv = Some("/opt/gearcast-opencv".into());
        Environment { opencv, home: "/home/me".into(), ..Environment::default() }
    }

    fn profile(pairs: &[&str]) -> Profile {
        let mut profile = Profile::default();
        for pair in ["source.kind=test", "output.engine=opencv", "output.container=avi"].iter().chain(pairs) {
            crate::profile::set_pair(&mut profile, pair).unwrap();
        }
        profile
    }

    fn plan(pairs: &[&str]) -> Plan {
        resolve(&profile(pairs), &machine()).unwrap().0
    }

    #[test]
    fn no_ffmpeg_is_needed() {
        let EnginePlan::OpenCv { program, fourcc, backend, colour } =
            plan(&["opencv.fourcc=XVID", "opencv.backend= FFMPEG ", "opencv.color=false"]).engine
        else {
            panic!()
        };
        assert_eq!(
            (program.to_str(), fourcc.as_str(), backend.as_str()),
            (Some("/opt/gearcast-opencv"), "XVID", "FFMPEG")
        );
        assert_eq!(colour, ColourChoice::Gray);
        let plain = plan(&[]);
        assert_eq!(plain.file.map(|file| file.way), Some(FileWay::Single));
        assert!(plain.audio.is_empty() && check(&profile(&[]), &machine()).is_empty());
    }

    #[test]
    fn nothing_is_dropped_in_silence() {
        for (pair, field, fix) in [
            ("output.subtitles=a.srt", "output.subtitles", "output.subtitles="),
            ("streams.0.enabled=true", "streams.0.enabled", "streams.0.enabled=false"),
            ("advanced.pre_headers=-re", "advanced.pre_headers", "advanced.pre_headers="),
            ("advanced.before_input=-re", "advanced.before_input", "advanced.before_input="),
            ("advanced.inputs=-i a.wav", "advanced.inputs", "advanced.inputs="),
            ("advanced.output=-crf 1", "advanced.output", "advanced.output="),
            ("advanced.custom=-i a b", "advanced.custom", "advanced.custom="),
            ("video.frame_timing=vfr", "video.frame_timing", "video.frame_timing=cfr"),
            ("output.address=udp://h:1", "output.address", "output.address="),
            ("output.container=webm", "output.container", "output.container=avi"),
            ("output.file_name=a%03d", "output.file_name", "output.file_name={date} {time}"),
            ("source.kind=none", "source.kind", "source.kind=screen"),
            ("opencv.fourcc=MJPEG", "opencv.fourcc", "opencv.fourcc=MJPG"),
            ("opencv.fourcc=MJ\u{fc}", "opencv.fourcc", "opencv.fourcc=MJPG"),
            ("opencv.backend=a b", "opencv.backend", "opencv.backend=auto"),
        ] {
            let found = check(&profile(&[pair]), &machine());
            let [problem] = &found[..] else { panic!("{pair}: {found:#?}") };
            assert_eq!((problem.field.as_str(), problem.severity), (field, Severity::Error), "{pair}: {problem:?}");
            let offered = problem.fix.as_ref().map(|fix| format!("{}={}", fix.key, fix.value));
            assert_eq!(offered.as_deref(), Some(fix), "{pair}");
        }
        let found = check(&profile(&["video.codec=hevc", "video.crf=1"]), &machine());
        assert!(found.len() == 1 && found[0].severity == Severity::Warning, "{found:?}");
        assert!(found[0].what.contains("video.codec, video.crf"), "{found:?}");
    }

    #[test]
    fn sound_of_the_profile_is_left_out_with_a_word_and_sound_asked_for_is_refused() {
        let profile = profile(&["audio.inputs.0.device=default"]);
        let found = check(&profile, &machine());
        assert!(found.len() == 1 && found[0].severity == Severity::Warning, "{found:?}");
        let run = Run { missing_sound: MissingSound::Refuse, ..Run::default() };
        let found = resolve_run(&profile, &machine(), &run).unwrap_err();
        assert!(found.len() == 1 && found[0].field == "audio.inputs", "{found:?}");
        assert_eq!(found[0].fix.as_ref().map(|fix| fix.key.as_str()), Some("audio.inputs"));
    }

    #[test]
    fn without_the_program_ffmpeg_is_offered() {
        let ffmpeg = Some(FfmpegSummary::default());
        let found = check(&profile(&[]), &Environment { opencv: None, ffmpeg, ..machine() });
        assert!(found.len() == 1 && found[0].help.contains("GEARCAST_OPENCV"), "{found:?}");
        assert_eq!(found[0].fix.as_ref().map(|fix| fix.value.as_str()), Some("ffmpeg"));
    }
}
