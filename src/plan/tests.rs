//! Tables: a profile changed by `--set` words against a machine, and what comes out.

use std::path::{Path, PathBuf};

use super::*;
use crate::audio::{AudioDevice, AudioKind, AudioSpec};
use crate::capture::{CameraFree, CameraInfo, CameraMode, Listing, ScreenInfo, SourceSpec, WindowInfo, WindowPick};
use crate::imaging::Mirror;
use crate::media::{AudioCodec, Container, FrameRate, Rect, Resolution, VideoCodec};
use crate::profile::{ControlValue, Profile, set_pair};

fn encoder(name: &str, codec: &str, works: Works) -> EncoderInfo {
    EncoderInfo { name: name.to_owned(), codec: codec.to_owned(), works }
}

pub(super) fn machine() -> Environment {
    let names = [
        ("libx264", "h264"),
        ("libx265", "hevc"),
        ("libsvtav1", "av1"),
        ("libvpx-vp9", "vp9"),
        ("mjpeg", "mjpeg"),
        ("ffv1", "ffv1"),
        ("prores_ks", "prores"),
        ("aac", "aac"),
        ("libopus", "opus"),
        ("libmp3lame", "mp3"),
        ("gif", "gif"),
        ("png", "png"),
        ("rawvideo", "rawvideo"),
        ("qtrle", "qtrle"),
    ];
    let mut encoders: Vec<EncoderInfo> =
        names.into_iter().map(|(name, codec)| encoder(name, codec, Works::Yes)).collect();
    encoders.push(encoder("h264_nvenc", "h264", Works::No { reason: "no NVIDIA driver".to_owned() }));
    let muxers =
        ["mp4", "matroska", "webm", "mov", "avi", "nut", "gif", "image2", "segment", "flv", "mpegts", "tee", "v4l2"];
    let muxers = muxers.map(str::to_owned).to_vec();
    let screen = |id: &str, x, primary| ScreenInfo {
        id: id.to_owned(),
        name: format!("Monitor {id}"),
        rect: Rect { x, y: 0, size: Resolution::new(1920, 1080) },
        primary,
    };
    let device = |id: &str, name: &str, kind| AudioDevice {
        id: format!("pulseaudio:{id}"),
        name: name.to_owned(),
        kind,
        is_default: true,
    };
    Environment {
        listing: Listing {
            screens: vec![screen("HDMI-1", 0, true), screen("DP-1", 1920, false)],
            windows: vec![WindowInfo {
                id: 0x2c0_0007,
                title: "Editor — film.rs".to_owned(),
                app: "editor".to_owned(),
                size: Resolution::new(800, 600),
            }],
            cameras: vec![CameraInfo {
                id: "usb-1.2".to_owned(),
                name: "HD Webcam".to_owned(),
                path: "/dev/video0".to_owned(),
                modes: ["1280x720@30 mjpeg", "640x480@30 yuyv"].into_iter().filter_map(CameraMode::parse).collect(),
                free: CameraFree::Yes,
            }],
            problems: Vec::new(),
        },
        audio: vec![
            device("mic", "Desk Microphone", AudioKind::Microphone),
            device("spk", "Monitor of Desk Speakers", AudioKind::System),
        ],
        searched: Searched::Done,
        ffmpeg: Some(FfmpegSummary { version: "5.1.9".to_owned(), encoders, muxers, ..FfmpegSummary::default() }),
        opencv: None,
        home: PathBuf::from("/home/me"),
        now_name: NowName { date: "2026-11-23".to_owned(), time: "08-30-28".to_owned() },
        output: OutputFacts {
            folder: FolderFact::Ready,
            free_bytes: Some(50 << 30),
            name: NameFact::Free,
            ..OutputFacts::default()
        },
    }
}

pub(super) fn profile(pairs: &[&str]) -> Profile {
    let mut profile = Profile::default();
    for pair in pairs {
        set_pair(&mut profile, pair).unwrap_or_else(|error| panic!("{error}"));
    }
    profile
}

fn plan_of(pairs: &[&str]) -> (Plan, Vec<Problem>) {
    resolve(&profile(pairs), &machine()).unwrap_or_else(|problems| panic!("{pairs:?}: {problems:#?}"))
}

#[track_caller]
fn video_of(pairs: &[&str]) -> VideoPlan {
    plan_of(pairs).0.video.unwrap()
}

#[test]
fn the_default_profile_is_recorded_as_it_says() {
    let (plan, warnings) = plan_of(&["audio.inputs.0.device=default"]);
    assert!(warnings.is_empty(), "{warnings:?}");
    let video = plan.video.unwrap();
    assert_eq!((video.codec, video.encoder.as_str(), video.size), (VideoCodec::H264, "libx264", SizeChoice::Source));
    assert_eq!((video.rate, video.rate_control), (FrameRate::whole(30), RateControl::Quality(23)));
    assert_eq!((video.preset.as_deref(), video.pixel_format.as_str()), (Some("superfast"), "yuv420p"));
    assert_eq!((plan.audio.len(), &plan.audio[0].spec.device), (1, &AudioSpec::Default));
    assert_eq!((plan.audio_encode.codec, plan.audio_encode.encoder.as_str()), (AudioCodec::Aac, "aac"));
    let file = plan.file.unwrap();
    assert_eq!(file.path, Path::new("/home/me/Videos/2026-11-23 08-30-28.mp4"));
    assert_eq!((file.container, file.on_existing), (Container::Mp4, OnExisting::Rename));
}

#[test]
fn a_cameras_controls_size_and_mirror_go_into_its_request() {
    let mut wished = profile(&["source.kind=camera", "source.controls.gain=3", "source.controls.zoom=1"]);
    wished.source.controls.wish("usb-1.2", "gain", ControlValue::Number(9));
    wished.source.controls.wish("another", "zoom", ControlValue::Number(7));
    let video = |profile: &Profile| resolve(profile, &machine()).unwrap().0.video.unwrap();
    let plan = video(&wished);
    let controls: Vec<_> = plan.request.controls.into_iter().collect();
    assert_eq!(controls, [("gain".to_owned(), 9), ("zoom".to_owned(), 1)], "the first camera is this one");
    assert!(matches!(plan.request.source, SourceSpec::Camera { size: None, .. }));
    assert_eq!(plan.mirror, Mirror::No);
    for (pairs, mirror) in [
        (&["source.kind=camera", "source.mirror=both", "video.size=640x480"][..], Mirror::Horizontal),
        (&["source.kind=camera", "source.mirror=preview", "video.size=640x480"], Mirror::No),
    ] {
        let plan = video(&profile(pairs));
        let size = Some(Resolution::new(640, 480));
        assert!(matches!(plan.request.source, SourceSpec::Camera { size: wished, .. } if wished == size));
        assert_eq!(plan.mirror, mirror, "{pairs:?}");
    }
    let copied = profile(&["source.kind=camera", "source.mirror=both", "video.encoder=copy"]);
    let problems = check(&copied, &machine());
    let problem = problems.iter().find(|problem| problem.field == "source.mirror").unwrap();
    assert!(problem.severity == Severity::Error && problem.fix.as_ref().unwrap().value == "preview");
    let screen = video_of(&["source.mirror=both", "source.controls.gain=3"]);
    assert!(screen.mirror == Mirror::No && screen.request.controls.is_empty(), "a screen is no camera");
}

#[test]
fn sources_are_taken_as_they_are_named() {
    let request = |pairs: &[&str]| video_of(pairs).request.source;
    assert_eq!(request(&["source.id=DP-1"]), SourceSpec::Screen { id: Some("DP-1".to_owned()) });
    assert_eq!(request(&["source.id=1"]), SourceSpec::Screen { id: Some("1".to_owned()) });
    assert_eq!(request(&["source.kind=test"]), SourceSpec::Test { size: Resolution::new(1280, 720) });
    let small = request(&["source.kind=test", "video.size=640x480"]);
    assert_eq!(small, SourceSpec::Test { size: Resolution::new(640, 480) });
    for id in ["0x2C00007", "46137351"] {
        let window = request(&["source.kind=window", &format!("source.id={id}")]);
        assert_eq!(window, SourceSpec::Window { id: WindowPick::Id(0x2c0_0007) });
    }
    let window = request(&["source.kind=window", "source.id=FILM.rs"]);
    assert_eq!(window, SourceSpec::Window { id: WindowPick::Title("FILM.rs".to_owned()) });
    let camera = request(&["source.kind=camera", "source.id=webcam", "source.mode=640x480"]);
    assert!(matches!(camera, SourceSpec::Camera { id: Some(_), mode: Some(_), .. }));
    let region = Rect { x: 1900, y: 10, size: Resolution::new(100, 50) };
    assert_eq!(request(&["source.kind=region", "source.region=100x50+1900+10"]), SourceSpec::Region(region));
}

#[test]
fn encoders_are_chosen_and_spoken_to_in_their_own_words() {
    for (pairs, name, codec, preset, pixels) in [
        (&["video.codec=hevc"][..], "libx265", VideoCodec::Hevc, Some("superfast"), "yuv420p"),
        (&["video.codec=av1"], "libsvtav1", VideoCodec::Av1, Some("11"), "yuv420p"),
        (&["video.codec=av1", "video.preset=8"], "libsvtav1", VideoCodec::Av1, Some("8"), "yuv420p"),
        (&["video.codec=auto", "output.container=webm"], "libvpx-vp9", VideoCodec::Vp9, None, "yuv420p"),
        (&["video.codec=prores", "output.container=mov"], "prores_ks", VideoCodec::Prores, None, "yuv422p10le"),
        (&["video.preset="], "libx264", VideoCodec::H264, None, "yuv420p"),
        (&["video.encoder=libx265"], "libx265", VideoCodec::Hevc, Some("superfast"), "yuv420p"),
        (
            &["video.encoder=libx264", "video.pixel_format=yuv444p"],
            "libx264",
            VideoCodec::H264,
            Some("superfast"),
            "yuv444p",
        ),
    ] {
        let video = video_of(pairs);
        assert_eq!(
            (video.encoder.as_str(), video.codec, video.preset.as_deref(), video.pixel_format.as_str()),
            (name, codec, preset, pixels),
            "{pairs:?}"
        );
    }
}

#[test]
fn rate_control_follows_the_encoder() {
    let control = |pairs: &[&str]| video_of(pairs).rate_control;
    assert_eq!(control(&["video.rate_control=cbr"]), RateControl::ConstantKbps(6000));
    assert_eq!(control(&["video.rate_control=vbr", "video.bitrate_kbps=900"]), RateControl::AverageKbps(900));
    assert_eq!(control(&["video.rate_control=lossless"]), RateControl::Lossless);
    assert_eq!(control(&["video.codec=ffv1", "output.container=mkv"]), RateControl::Lossless);
    assert_eq!(control(&["video.codec=vp9", "video.crf=60"]), RateControl::Quality(60));
}

#[test]
fn an_untried_card_is_the_last_resort() {
    let chosen = |known: &[(&str, Works)]| {
        let encoders = known.iter().map(|(name, works)| encoder(name, "h264", works.clone())).collect();
        let ffmpeg = FfmpegSummary { encoders, ..machine().ffmpeg.unwrap() };
        let env = Environment { ffmpeg: Some(ffmpeg), ..machine() };
        resolve(&Profile::default(), &env)
            .map(|(plan, _)| plan.video.unwrap().encoder)
            .map_err(|found| found[0].what.clone())
    };
    let no = || Works::No { reason: "broken".to_owned() };
    assert_eq!(chosen(&[("h264_qsv", Works::Yes), ("libx264", Works::Unknown)]).unwrap(), "libx264");
    assert_eq!(chosen(&[("h264_nvenc", Works::Unknown), ("h264_qsv", Works::Yes)]).unwrap(), "h264_qsv");
    assert_eq!(chosen(&[("h264_nvenc", Works::Unknown), ("libx264", no())]).unwrap(), "h264_nvenc");
    assert!(chosen(&[("libx264", no())]).unwrap_err().contains("libx264: broken"));
}

/// What is set, the field of the one problem that follows, its severity, and its fix as `KEY=VALUE`.
type ProblemRow = (&'static [&'static str], &'static str, Severity, &'static str);

const PROBLEMS: &[ProblemRow] = &[
    (&["video.fps=fast"], "video.fps", Severity::Error, "video.fps=30"),
    (&["video.fps=0"], "video.fps", Severity::Error, "video.fps=30"),
    (&["video.size=big"], "video.size", Severity::Error, "video.size=source"),
    (&["video.size=641x480"], "video.size", Severity::Warning, "video.size=642x480"),
    (&["video.codec=theora"], "video.codec", Severity::Error, "video.codec=auto"),
    (&["video.codec=vp8"], "video.codec", Severity::Warning, "output.container=mkv"),
    (&["output.container=webm"], "video.codec", Severity::Warning, "output.container=mkv"),
    (&["output.container=webm", "video.encoder=libx264"], "output.container", Severity::Error, "output.container=mkv"),
    (&["video.codec=vp8", "output.container=mkv"], "video.encoder", Severity::Error, "video.codec=h264"),
    (&["video.encoder=libx266"], "video.encoder", Severity::Error, "video.encoder=auto"),
    (&["video.encoder=h264_nvenc"], "video.encoder", Severity::Error, "video.encoder=auto"),
    (&["video.encoder=qtrle"], "video.encoder", Severity::Error, "video.encoder=auto"),
    (&["video.encoder=libx265"], "video.codec", Severity::Warning, "video.codec=hevc"),
    (&["video.crf=52"], "video.crf", Severity::Error, "video.crf=23"),
    (&["video.codec=mjpeg", "output.container=avi"], "video.crf", Severity::Warning, "video.crf=4"),
    (&["video.preset=warp"], "video.preset", Severity::Error, "video.preset="),
    (&["video.codec=vp9", "video.preset=warp"], "video.preset", Severity::Error, "video.preset="),
    (&["video.pixel_format=yuv444p"], "video.pixel_format", Severity::Warning, "video.pixel_format=yuv420p"),
    (&["video.pixel_format=rgb48"], "video.pixel_format", Severity::Warning, "video.pixel_format=yuv420p"),
    (&["video.pixel_format=a b"], "video.pixel_format", Severity::Error, "video.pixel_format=yuv420p"),
    (
        &["video.codec=av1", "video.rate_control=lossless"],
        "video.rate_control",
        Severity::Error,
        "video.rate_control=crf",
    ),
    (
        &["video.codec=ffv1", "output.container=mkv", "video.rate_control=cbr"],
        "video.rate_control",
        Severity::Warning,
        "video.rate_control=lossless",
    ),
    (&["source.kind=none"], "source.kind", Severity::Error, "source.kind=screen"),
    (&["source.id=VGA-9"], "source.id", Severity::Error, "source.id="),
    (&["source.id=2"], "source.id", Severity::Error, "source.id="),
    (&["source.kind=window"], "source.id", Severity::Error, ""),
    (&["source.kind=window", "source.id=nothing such"], "source.id", Severity::Error, ""),
    (&["source.kind=region", "source.region=big"], "source.region", Severity::Error, "source.region=1280x720+0+0"),
    (
        &["source.kind=region", "source.region=10x10+9000+0"],
        "source.region",
        Severity::Error,
        "source.region=1280x720+0+0",
    ),
    (&["source.kind=camera", "source.id=9"], "source.id", Severity::Error, "source.id="),
    (&["source.kind=camera", "source.mode=4096x2160"], "source.mode", Severity::Error, "source.mode="),
    (&["audio.inputs.0.device=harp"], "audio.inputs.0.device", Severity::Error, "audio.inputs.0.device=default"),
    (&["audio.inputs.0.device=test", "audio.inputs.1.device=test"], "audio.inputs.1.device", Severity::Warning, ""),
    (&["audio.inputs.0.device=test", "audio.codec=midi"], "audio.codec", Severity::Error, "audio.codec=auto"),
    (&["audio.inputs.0.device=test", "audio.codec=flac"], "audio.codec", Severity::Warning, "audio.codec=aac"),
    (&["audio.inputs.0.device=test", "audio.codec=pcm"], "audio.codec", Severity::Warning, "audio.codec=aac"),
    (
        &["audio.inputs.0.device=test", "audio.codec=vorbis", "output.container=mkv"],
        "audio.codec",
        Severity::Error,
        "audio.codec=auto",
    ),
    (
        &["audio.inputs.0.device=test", "audio.sample_rate=47999"],
        "audio.sample_rate",
        Severity::Warning,
        "audio.sample_rate=48000",
    ),
    (&["output.container=wmv"], "output.container", Severity::Error, "output.container=mp4"),
    (&["output.container=m3u8"], "output.container", Severity::Error, "output.container=mkv"),
    (&["output.container=png"], "output.file_name", Severity::Error, "output.file_name={date} {time}-%05d"),
    (&["output.container=gif", "video.fps=60"], "video.fps", Severity::Error, "video.fps=15"),
    (&["output.container=gif", "audio.inputs.0.device=test"], "audio.inputs", Severity::Warning, "audio.inputs="),
    (&["output.container=gif", "source.kind=none"], "source.kind", Severity::Error, "source.kind=screen"),
    (&["output.address=gopher://h/x"], "output.address", Severity::Error, "output.address="),
    (&["output.address=rtsp://h/x"], "output.address", Severity::Error, "output.address="),
    (&["output.address=/dev/video9"], "output.address", Severity::Error, "output.address="),
    (&["output.address=tee:[f=flv]"], "output.address", Severity::Error, ""),
    (
        &["output.address=udp://h:1", "video.frame_timing=vfr"],
        "video.frame_timing",
        Severity::Warning,
        "video.frame_timing=cfr",
    ),
    (&["video.rate_control=lossless"], "video.pixel_format", Severity::Warning, "video.encoder=libx264rgb"),
    (&["output.file_name=a%03d", "advanced.output=-segment_time soon"], "advanced.output", Severity::Error, ""),
    (&["output.container=docx"], "output.container", Severity::Error, "output.container=mp4"),
    (&["output.file_name=a/b"], "output.file_name", Severity::Error, "output.file_name={date} {time}"),
    (&["output.file_name= "], "output.file_name", Severity::Error, "output.file_name={date} {time}"),
    (&["output.file_name=.."], "output.file_name", Severity::Error, "output.file_name={date} {time}"),
    (&["output.folder="], "output.folder", Severity::Error, "output.folder=~/Videos"),
    (&["output.folder=rtmp://host/app"], "output.folder", Severity::Error, "output.folder=~/Videos"),
    (&["output.engine=opencv"], "output.engine", Severity::Error, "output.engine=ffmpeg"),
    (&["output.subtitles=a.srt", "output.container=avi"], "output.subtitles", Severity::Error, "output.subtitles="),
    (&["streams.0.enabled=true"], "streams.0.enabled", Severity::Error, "streams.0.enabled=false"),
    (&["advanced.custom=-i a b"], "advanced.custom", Severity::Error, "advanced.custom="),
    (&["advanced.output=-i a"], "advanced.output", Severity::Error, ""),
    (&["advanced.inputs=-i a.wav -f wav"], "advanced.inputs", Severity::Error, "advanced.inputs="),
];

#[test]
fn problems_stand_at_their_field_with_a_fix() {
    for &(pairs, field, severity, fix) in PROBLEMS {
        let found = check(&profile(pairs), &machine());
        let [problem] = &found[..] else { panic!("{pairs:?}: {found:#?}") };
        assert_eq!((problem.field.as_str(), problem.severity), (field, severity), "{pairs:?}: {problem:?}");
        assert!(problem.what.ends_with('.') && problem.help.ends_with('.'), "{problem:?}");
        let offered = problem.fix.as_ref().map_or_else(String::new, |fix| format!("{}={}", fix.key, fix.value));
        assert_eq!(offered, fix, "{pairs:?}");
        if let Some(fix) = &problem.fix {
            let mut mended = profile(pairs);
            crate::profile::set(&mut mended, &fix.key, &fix.value).unwrap();
            let left = check(&mended, &machine());
            assert!(!left.contains(problem), "the fix {offered} does not mend {pairs:?}: {left:#?}");
        }
    }
}

#[test]
fn outputs_that_packets_cannot_make_are_told_from_the_name() {
    for (name, container, way) in [
        ("a", "mp4", FileWay::Packets),
        ("100% a", "mp4", FileWay::Packets),
        ("a%%03d", "mp4", FileWay::Packets),
        ("a%03d", "mp4", FileWay::Segments { seconds: 60.0 }),
        ("a%05d", "png", FileWay::Images),
        ("a", "gif", FileWay::Single),
    ] {
        let (plan, _) = plan_of(&[&format!("output.file_name={name}"), &format!("output.container={container}")]);
        assert_eq!(plan.file.unwrap().way, way, "{name}.{container}");
    }
}

#[test]
fn each_kind_of_address_gets_its_muxer_and_an_even_rate() {
    for (address, muxer, codec) in [
        ("rtmp://h/app", "flv", VideoCodec::H264),
        ("udp://h:1", "mpegts", VideoCodec::H264),
        ("http://h/x.webm", "webm", VideoCodec::Vp9),
        ("tee:[f=mpegts]udp://h:1|a.ts", "tee", VideoCodec::H264),
    ] {
        let (plan, _) = plan_of(&[&format!("output.address={address}"), "video.keyframe_interval_s=9"]);
        let (to, video) = (plan.address.unwrap(), plan.video.unwrap());
        assert_eq!((to.muxer.as_str(), video.codec, video.keyframe_interval_s), (muxer, codec, 2.0), "{address}");
        assert_eq!((plan.file, to.files.len()), (None, usize::from(muxer == "tee")));
    }
    let mut env = machine();
    env.output.name = NameFact::Device;
    let (plan, _) = resolve(&profile(&["output.address=/dev/video9"]), &env).unwrap();
    let video = plan.video.unwrap();
    assert_eq!((video.encoder.as_str(), video.pixel_format.as_str()), ("rawvideo", "yuv420p"));
}

#[test]
fn all_problems_come_at_once() {
    let profile =
        profile(&["video.fps=x", "video.size=y", "source.id=z", "output.container=q", "audio.inputs.0.device=harp"]);
    let found = check(&profile, &machine());
    let mut fields: Vec<&str> = found.iter().map(|problem| problem.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["audio.inputs.0.device", "output.container", "source.id", "video.fps", "video.size"]);
}

#[test]
fn what_the_disk_says_stands_at_the_output() {
    let run = Run { on_existing: OnExisting::Refuse, ..Run::default() };
    let facts =
        |folder, free_bytes, name| OutputFacts { folder, free_bytes: Some(free_bytes), name, ..OutputFacts::default() };
    let not_writable = FolderFact::NotWritable { reason: "read-only".to_owned() };
    let plenty = 9 << 30;
    for (output, field, severity) in [
        (facts(FolderFact::Missing, plenty, NameFact::Free), "output.folder", Severity::Error),
        (facts(FolderFact::NotAFolder, plenty, NameFact::Free), "output.folder", Severity::Error),
        (facts(not_writable, plenty, NameFact::Free), "output.folder", Severity::Error),
        (facts(FolderFact::CanBeMade, plenty, NameFact::Free), "output.folder", Severity::Warning),
        (facts(FolderFact::Ready, 1 << 20, NameFact::Free), "output.folder", Severity::Error),
        (facts(FolderFact::Ready, 500 << 20, NameFact::Free), "output.folder", Severity::Warning),
        (facts(FolderFact::Ready, plenty, NameFact::Taken), "output.file_name", Severity::Error),
        (facts(FolderFact::Ready, plenty, NameFact::NotAFile), "output.file_name", Severity::Error),
    ] {
        let env = Environment { output, ..machine() };
        let found = resolve_run(&Profile::default(), &env, &run).map_or_else(|found| found, |(_, warnings)| warnings);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].field.as_str(), found[0].severity), (field, severity), "{:?}", env.output);
    }
    let env = Environment { output: facts(FolderFact::Ready, plenty, NameFact::Taken), ..machine() };
    for on_existing in [OnExisting::Rename, OnExisting::Replace] {
        let (plan, _) = resolve_run(&Profile::default(), &env, &Run { on_existing, ..run }).unwrap();
        assert_eq!(plan.file.unwrap().on_existing, on_existing);
    }
}

#[test]
fn missing_sound_is_told_and_refused_only_where_it_was_asked_for() {
    let env = Environment { audio: Vec::new(), ..machine() };
    for device in ["default", "system"] {
        let profile = profile(&[&format!("audio.inputs.0.device={device}")]);
        let (plan, warnings) = resolve(&profile, &env).unwrap();
        assert!(plan.audio.is_empty() && warnings[0].field == "audio.inputs.0.device", "{warnings:?}");
        let strict = Run { missing_sound: MissingSound::Refuse, ..Run::default() };
        assert_eq!(resolve_run(&profile, &env, &strict).unwrap_err()[0].severity, Severity::Error);
    }
    let alone = profile(&["source.kind=none", "audio.inputs.0.device=default"]);
    assert!(resolve(&alone, &env).is_err());
}

#[test]
fn nothing_is_missing_before_the_search_is_done() {
    let env = Environment { ffmpeg: machine().ffmpeg, home: PathBuf::from("/h"), ..Environment::default() };
    let profile = profile(&["source.id=VGA-9", "audio.inputs.0.device=harp"]);
    let (plan, warnings) = resolve(&profile, &env).unwrap();
    assert!(warnings.is_empty() && plan.audio.len() == 1, "{warnings:?}");
}

#[test]
fn without_ffmpeg_that_is_the_one_problem() {
    let env = Environment { ffmpeg: None, ..machine() };
    let found = check(&Profile::default(), &env);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].help.contains("--ffmpeg") && found[0].fix.is_none(), "{found:?}");
    let env = Environment { opencv: Some("/opt/gearcast-opencv".into()), ..env };
    let found = check(&Profile::default(), &env);
    assert_eq!(found[0].fix.as_ref().map(|fix| fix.value.as_str()), Some("opencv"), "{found:?}");
}

#[test]
fn without_a_display_the_reason_is_told() {
    let reason = crate::capture::CaptureError::NoDisplay { reason: "connection refused".to_owned() };
    let listing = Listing { problems: vec![reason], ..Listing::default() };
    let env = Environment { listing, ..machine() };
    for pairs in [
        &["source.kind=screen"][..],
        &["source.kind=window", "source.id=x"],
        &["source.kind=region", "source.region=1x1+0+0"],
    ] {
        let found = check(&profile(pairs), &env);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("connection refused") && found[0].field == "source.id", "{found:?}");
    }
    assert!(check(&profile(&["source.kind=test"]), &env).is_empty());
}

#[test]
fn file_names_are_filled_in_and_stay_in_their_folder() {
    for (pairs, expected) in [
        (&["output.folder=/data", "output.file_name=Film.MP4"][..], "/data/Film.MP4"),
        (&["output.folder=/data", "output.file_name=film.mp4.mkv"], "/data/film.mp4.mkv.mp4"),
        (&["output.folder=~", "output.file_name={profile}", "name=a/b: ../c"], "/home/me/a-b- ..-c.mp4"),
        (&["output.folder=~me", "output.file_name={what} {source}", "source.id=1"], "~me/{what} screen 1.mp4"),
        (&["output.folder=/d", "output.file_name=é:?*"], "/d/é:?*.mp4"),
    ] {
        let path = wished_path(&profile(pairs), &machine()).unwrap();
        assert_eq!(path, Path::new(expected), "{pairs:?}");
    }
    assert_eq!(wished_path(&profile(&[&format!("output.file_name={}", "x".repeat(201))]), &machine()), None);
}

#[test]
fn any_text_in_any_field_is_answered_without_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    let texts = [
        "",
        "~",
        "~/",
        "x",
        "0",
        "-1",
        "é",
        "1x1",
        "99999999999999999999",
        "0x",
        "a b",
        "{date}",
        "\u{0}",
        "+-",
        "1x1+-1+1",
    ];
    for _ in 0..3_000 {
        let mut profile = Profile::default();
        for _ in 0..4 {
            let field = random.choice(crate::profile::FIELDS).unwrap();
            let text = random.choice(texts).unwrap();
            // A refused value leaves the profile as it was, which is just another profile to check.
            drop(crate::profile::set(&mut profile, &field.key.replace('*', "0").replace("NAME", "gain"), text));
        }
        for problem in check(&profile, &machine()) {
            assert!(!problem.field.is_empty() && !problem.what.is_empty());
        }
    }
}
