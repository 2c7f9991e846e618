//! Recording as the camera encodes: what is taken, and every way in which it cannot be.

use super::tests::{machine, profile};
use super::*;
use crate::capture::{CameraCoding, CameraMode, SourceSpec};
use crate::media::{CompressedFormat, FrameRate, FrameTiming, VideoCodec};

const COPY: [&str; 2] = ["source.kind=camera", "video.encoder=copy"];

/// A machine whose camera has these modes.
fn with_modes(modes: &[&str]) -> Environment {
    let mut machine = machine();
    machine.listing.cameras[0].modes = modes.iter().map(|mode| CameraMode::parse(mode).unwrap()).collect();
    machine
}

fn found(pairs: &[&str], machine: &Environment) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
    resolve(&profile(&[&COPY[..], pairs].concat()), machine)
}

fn video_of(pairs: &[&str], machine: &Environment) -> VideoPlan {
    let (plan, warnings) = found(pairs, machine).unwrap_or_else(|problems| panic!("{pairs:?}: {problems:#?}"));
    assert!(warnings.is_empty(), "{pairs:?}: {warnings:#?}");
    plan.video.unwrap()
}

fn coding_of(video: &VideoPlan) -> Option<CameraCoding> {
    let SourceSpec::Camera { coding, .. } = video.request.source else { panic!("no camera") };
    coding
}

const JPEG_ONLY: &[&str] = &["1280x720@30 mjpeg", "640x480@30 yuyv"];
const BOTH: &[&str] = &["1280x720@30 mjpeg", "1920x1080@29.97 h264", "640x480@30 yuyv"];

#[test]
fn what_the_camera_sends_is_taken() {
    use CompressedFormat::{H264, Mjpeg};
    for (pairs, modes, format) in [
        (&["output.container=mkv"][..], JPEG_ONLY, Mjpeg),
        (&["output.container=mkv"], BOTH, H264),
        (&["output.container=mp4"], BOTH, H264),
        (&["output.container=avi"], JPEG_ONLY, Mjpeg),
        (&["output.container=mov", "video.codec=mjpeg"], BOTH, Mjpeg),
        (&["output.container=mkv", "source.mode=mjpeg"], BOTH, Mjpeg),
        (&["output.container=mkv", "source.mode=1280x720"], BOTH, Mjpeg),
        (&["output.container=mkv", "source.mode=h264"], BOTH, H264),
        (&["output.container=mkv", "video.codec=auto"], BOTH, H264),
        // A busy camera tells no modes.
        (&["output.container=mkv"], &[], Mjpeg),
    ] {
        let video = video_of(pairs, &with_modes(modes));
        let codec = if format == H264 { VideoCodec::H264 } else { VideoCodec::Mjpeg };
        assert_eq!((video.copied, video.codec, video.encoder.as_str()), (Some(format), codec, "copy"), "{pairs:?}");
        let coding = if format == H264 { CameraCoding::H264 } else { CameraCoding::Mjpeg };
        assert_eq!(coding_of(&video), Some(coding), "{pairs:?}");
        assert_eq!(video.timing == FrameTiming::Constant, pairs[0].ends_with("avi"), "{pairs:?}");
    }
    let encoded = resolve(&profile(&["source.kind=camera"]), &machine()).unwrap().0.video.unwrap();
    assert_eq!((coding_of(&encoded), encoded.copied), (None, None));
}

#[test]
fn the_rate_is_the_cameras_own() {
    let rate = |pairs: &[&str], modes| video_of(&[&["output.container=mkv"], pairs].concat(), &with_modes(modes)).rate;
    assert_eq!(rate(&[], BOTH), FrameRate::new(30_000, 1001).unwrap());
    assert_eq!(rate(&["video.fps=10"], JPEG_ONLY), FrameRate::whole(30), "no picture is left out");
    assert_eq!(rate(&["video.fps=10"], &[]), FrameRate::whole(10));
}

#[test]
fn what_cannot_be_is_said_at_its_field() {
    use Severity::{Error, Warning};
    let raw: &[&str] = &["640x480@30 yuyv"];
    for (pairs, modes, field, severity, fix) in [
        (&["source.kind=screen"][..], JPEG_ONLY, "video.encoder", Error, "video.encoder=auto"),
        (&["output.container=mkv"], raw, "video.encoder", Error, "video.encoder=auto"),
        (&["source.mode=640x480", "output.container=mkv"], BOTH, "video.encoder", Error, "video.encoder=auto"),
        (&["source.mode=640x480 yuyv", "output.container=mkv"], BOTH, "source.mode", Error, "source.mode=640x480"),
        (&["output.container=mp4"], JPEG_ONLY, "output.container", Error, "output.container=mkv"),
        (&["output.container=webm"], BOTH, "output.container", Error, "output.container=mkv"),
        (&["output.container=avi", "source.mode=h264"], BOTH, "output.container", Error, "output.container=mkv"),
        (&["output.container=mkv", "output.file_name=a%03d"], BOTH, "video.encoder", Error, "video.encoder=auto"),
        (&["output.container=jpg", "output.file_name=a%03d"], JPEG_ONLY, "video.encoder", Error, "video.encoder=auto"),
        (&["output.address=udp://h:1"], BOTH, "video.encoder", Error, "video.encoder=auto"),
        (&["output.container=mkv", "video.size=640x480"], BOTH, "video.size", Error, "video.size=source"),
        (&["output.container=mkv", "advanced.output=-vf hflip"], BOTH, "advanced.output", Error, "advanced.output="),
        (&["output.container=mkv", "advanced.output=-c:v x"], BOTH, "advanced.output", Error, "advanced.output="),
        (
            &["output.container=mkv", "video.rate_control=lossless"],
            BOTH,
            "video.rate_control",
            Warning,
            "video.rate_control=crf",
        ),
        (&["output.container=mkv", "video.crf=18"], BOTH, "video.crf", Warning, "video.crf=23"),
        (&["output.container=mkv", "video.preset=fast"], BOTH, "video.preset", Warning, "video.preset=superfast"),
        (
            &["output.container=mkv", "video.pixel_format=yuv444p"],
            BOTH,
            "video.pixel_format",
            Warning,
            "video.pixel_format=yuv420p",
        ),
        (&["output.container=mkv", "video.codec=av1"], JPEG_ONLY, "video.codec", Warning, "video.codec=mjpeg"),
        (
            &["output.container=mkv", "streams.0.enabled=true"],
            BOTH,
            "streams.0.enabled",
            Error,
            "streams.0.enabled=false",
        ),
    ] {
        let problems = match found(pairs, &with_modes(modes)) {
            Ok((_, warnings)) => warnings,
            Err(problems) => problems,
        };
        let [problem] = &problems[..] else { panic!("{pairs:?}: {problems:#?}") };
        assert_eq!((problem.field.as_str(), problem.severity), (field, severity), "{pairs:?}: {problem:?}");
        assert!(problem.what.ends_with('.') && problem.help.ends_with('.'), "{problem:?}");
        let offered = problem.fix.as_ref().map_or_else(String::new, |fix| format!("{}={}", fix.key, fix.value));
        assert_eq!(offered, fix, "{pairs:?}");
        let mended = profile(&[&COPY[..], pairs, &[fix]].concat());
        let left = resolve(&mended, &with_modes(modes)).map_or_else(|problems| problems, |(_, warnings)| warnings);
        assert!(!left.contains(problem), "{pairs:?}: the fix mends nothing: {left:#?}");
    }
}

#[test]
fn opencv_is_refused_and_words_about_sound_are_not() {
    let problems = found(&["output.engine=opencv", "output.container=avi"], &machine()).unwrap_err();
    assert!(problems.iter().any(|problem| {
        problem.field == "output.engine" && problem.what.contains("as the camera encodes") && problem.fix.is_some()
    }));
    let sound = ["output.container=mkv", "advanced.output=-c:a flac -filter:a volume=2"];
    assert!(found(&sound, &with_modes(BOTH)).is_ok(), "the sound is encoded all the same");
}
