//! The JSON lines of a recording: the contract with scripts.

use serde_json::{Value, json};

use crate::cli::exit::Exit;
use crate::plan::Severity;
use crate::session::{
    AudioStatus, CameraReport, Failure, FinishedReport, FrameCounts, Notice, State, Status, StreamReport, TrackStatus,
    Verdict,
};

/// The last line of a recording that never began.
pub(in crate::cli) fn finished_json(report: Option<&FinishedReport>, exit: Exit) -> Value {
    let files: Vec<Value> = report.map_or_else(Vec::new, |report| {
        let file = |file: &crate::session::FileReport| {
            json!({
                "path": file.path.display().to_string(),
                "frames": file.frames,
                "duration_s": file.duration_s,
                "bytes": file.bytes,
            })
        };
        report.files.iter().map(file).collect()
    });
    let checks: Vec<Value> = report.map_or_else(Vec::new, |report| {
        report.checks.iter().map(|one| json!({"name": one.name, "ok": one.ok, "detail": one.detail})).collect()
    });
    json!({
        "event": "finished",
        "file": files.first().map(|file| file["path"].clone()),
        "files": files,
        "latency_s": report.and_then(|report| report.latency_s),
        "duration_s": report.map_or(0.0, |report| report.duration_s),
        "frames": frames_json(report.map(|report| report.frames).unwrap_or_default()),
        "audio": report.map_or_else(Vec::new, |report| audio_json(&report.audio)),
        "streams": report.map_or_else(Vec::new, |report| streams_json(&report.streams)),
        "camera": report.and_then(|report| report.camera.as_ref()).map(camera_json),
        "verdict": verdict_word(report.map_or(Verdict::Broken, |report| report.verdict)),
        "checks": checks,
        "exit_code": exit.code(),
    })
}

fn camera_json(camera: &CameraReport) -> Value {
    json!({"name": camera.name, "whole": camera.whole, "lost": camera.lost, "damaged": camera.damaged,
        "outages": camera.outages, "no_signal_s": camera.silent.as_secs_f64()})
}

/// A problem that is no notice of the session's.
pub(in crate::cli) fn problem_json(severity: Severity, code: &str, what: &str, help: &str) -> Value {
    json!({"event": "problem", "severity": severity_word(severity), "code": code, "what": what, "help": help})
}

pub(super) fn notice_json(notice: &Notice) -> Value {
    problem_json(notice.severity, notice.code, &notice.what, &notice.help)
}

pub(super) fn failure_json(failure: &Failure) -> Value {
    let code = match Exit::from(failure.kind) {
        Exit::Usage => "usage",
        Exit::Capture => "capture",
        Exit::Output => "output",
        Exit::Stream => "stream",
        Exit::Forced => "forced",
        _ => "encoder",
    };
    let mut object = problem_json(Severity::Error, code, &failure.what, &failure.help);
    object["details"] = json!(failure.details);
    object
}

pub(super) fn status_json(status: &Status) -> Value {
    json!({
        "event": "status",
        "elapsed_s": status.elapsed.as_secs_f64(),
        "state": state_word(&status.state),
        "fps": status.fps,
        "video_kbps": status.video_kbps,
        "frames": frames_json(status.frames),
        "audio": audio_json(&status.audio),
        "mix": mix_json(&status.tracks),
        "streams": streams_json(&status.streams),
        "file_bytes": status.file_bytes,
        "disk_free_bytes": status.disk.map(|disk| disk.free_bytes),
        "disk_left_s": status.disk.and_then(|disk| disk.left_s),
    })
}

fn frames_json(frames: FrameCounts) -> Value {
    json!({
        "captured": frames.captured,
        "written": frames.written,
        "repeated": frames.repeated,
        "dropped_capture": frames.dropped_capture,
        "dropped_encoder": frames.dropped_encoder,
    })
}

/// An address or device; `frames` beside what the interface names.
pub(super) fn streams_json(streams: &[StreamReport]) -> Vec<Value> {
    let stream = |stream: &StreamReport| {
        json!({
            "name": stream.name,
            "url": stream.url,
            "state": stream.state.name(),
            "frames": stream.frames,
        })
    };
    streams.iter().map(stream).collect()
}

/// Tenths are what a meter shows; f32 written as f64 would show 17 digits of noise.
fn tenths(level: f32) -> f64 {
    (f64::from(level) * 10.0).round() / 10.0
}

/// What each track gets, beside what the interface names.
fn mix_json(tracks: &[TrackStatus]) -> Vec<Value> {
    let track = |TrackStatus { track, levels }: &TrackStatus| {
        json!({"track": track, "peak_db": tenths(levels.peak_db), "rms_db": tenths(levels.rms_db),
            "clipped": levels.clipped})
    };
    tracks.iter().map(track).collect()
}

fn audio_json(audio: &[AudioStatus]) -> Vec<Value> {
    let input = |input: &AudioStatus| {
        json!({
            "device": input.device,
            "track": input.track,
            "peak_db": tenths(input.levels.peak_db),
            "rms_db": tenths(input.levels.rms_db),
            "silent_s": tenths(input.levels.silent_s),
            "clipped": input.levels.clipped,
            "muted": input.muted,
            "problem": input.problem,
        })
    };
    audio.iter().map(input).collect()
}

pub(super) const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::Suspect => "suspect",
        Verdict::Broken => "broken",
    }
}

const fn state_word(state: &State) -> &'static str {
    match state {
        State::Idle => "idle",
        State::Starting => "starting",
        State::Recording => "recording",
        State::Finalizing { .. } => "finalizing",
        State::Done(_) => "done",
        State::Failed(_) => "failed",
    }
}
