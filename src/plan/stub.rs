//! STUB: the real `check` and `resolve` replace this file.

use std::path::PathBuf;

use super::{
    AudioEncode, AudioPlan, Extra, FilePlan, Fix, OnExisting, Plan, Problem, RateControl, Severity, SizeChoice,
    VideoPlan,
};
use crate::audio::{AudioDevice, AudioSpec};
use crate::capture::{CaptureRequest, Listing, SourceSpec};
use crate::media::{AudioCodec, Container, FrameRate, FrameTiming, Resolution, VideoCodec};
use crate::profile::{Profile, SourceKind};

/// Whether an encoder works on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Works {
    /// A trial encode went well.
    Yes,
    /// It failed.
    No {
        /// Why, in words.
        reason: String,
    },
    /// Not tried.
    Unknown,
}

/// One encoder of the found ffmpeg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderInfo {
    /// ffmpeg's name.
    pub name: String,
    /// The codec's name.
    pub codec: String,
    /// Whether it works here.
    pub works: Works,
}

/// What the found ffmpeg can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FfmpegSummary {
    /// Its version.
    pub version: String,
    /// Its encoders.
    pub encoders: Vec<EncoderInfo>,
}

/// Now, as it goes into file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NowName {
    /// `2026-11-23`
    pub date: String,
    /// `08-30-28`
    pub time: String,
}

/// What was found on this machine.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Sources.
    pub listing: Listing,
    /// Sound devices.
    pub audio: Vec<AudioDevice>,
    /// ffmpeg.
    pub ffmpeg: Option<FfmpegSummary>,
    /// The home folder.
    pub home: PathBuf,
    /// Now.
    pub now_name: NowName,
}

/// Everything that stands in the way.
pub fn check(profile: &Profile, env: &Environment) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |field: &str, what: &str, help: &str, fix: Option<Fix>| {
        problems.push(Problem {
            field: field.to_owned(),
            severity: Severity::Error,
            what: what.to_owned(),
            help: help.to_owned(),
            fix,
        });
    };
    if env.ffmpeg.is_none() {
        add("output.engine", "No ffmpeg was found.", "Install ffmpeg, or choose where it is.", None);
    }
    if profile.video.fps.parse::<FrameRate>().is_err() {
        let fix = Fix { label: "Use 30".into(), key: "video.fps".into(), value: "30".into() };
        add("video.fps", "This is not a frame rate.", "Write 30, 29.97 or 30000/1001.", Some(fix));
    }
    if profile.source.kind == SourceKind::Region && profile.source.region.is_empty() {
        add("source.region", "No region is given.", "Write it as 1280x720+0+0.", None);
    }
    let holds = Container::from_name(&profile.output.container).zip(VideoCodec::from_name(&profile.video.codec));
    if let Some((container, codec)) = holds
        && !container.holds_video(codec)
    {
        let fix = Fix { label: "Use mkv".into(), key: "output.container".into(), value: "mkv".into() };
        add("output.container", &format!("{container} cannot hold {codec}."), "Choose mkv.", Some(fix));
    }
    problems
}

/// What will run.
pub fn resolve(profile: &Profile, env: &Environment) -> Result<Plan, Vec<Problem>> {
    let problems = check(profile, env);
    let rate = profile.video.fps.parse::<FrameRate>();
    let (true, Ok(rate)) = (problems.is_empty(), rate) else { return Err(problems) };
    let source = match profile.source.kind {
        SourceKind::None => None,
        SourceKind::Test => Some(SourceSpec::Test { size: Resolution::new(1280, 720) }),
        _ => Some(SourceSpec::Screen { id: None }),
    };
    let container = Container::from_name(&profile.output.container).unwrap_or(Container::Mkv);
    Ok(Plan {
        video: source.map(|source| VideoPlan {
            request: CaptureRequest { source, rate, show_cursor: profile.source.show_cursor },
            codec: VideoCodec::H264,
            encoder: "libx264".into(),
            size: SizeChoice::Source,
            rate,
            timing: FrameTiming::Constant,
            rate_control: RateControl::Quality(profile.video.crf),
            preset: None,
            keyframe_interval_s: 2.0,
            pixel_format: "yuv420p".into(),
        }),
        audio: profile
            .audio
            .inputs
            .iter()
            .map(|_| AudioPlan { spec: AudioSpec::Default, gain_db: 0.0, muted: false, track: 1, offset_nanos: 0 })
            .collect(),
        audio_encode: AudioEncode {
            codec: AudioCodec::Aac,
            encoder: "aac".into(),
            bitrate_kbps: 160,
            sample_rate: 48_000,
        },
        file: Some(FilePlan {
            path: env.home.join(format!("{}.{container}", env.now_name.time)),
            container,
            on_existing: OnExisting::Rename,
        }),
        extra: Extra::default(),
        duration: None,
    })
}
