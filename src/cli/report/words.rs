//! What people read of a recording.

use std::time::Duration;

use super::json::severity_word;
use crate::session::{
    CameraReport, Failure, FinishedReport, Notice, SourceStatus, State, Status, StreamReport, Verdict,
};

pub(super) fn notice_words(notice: &Notice) -> String {
    let help = if notice.help.is_empty() { String::new() } else { format!("\n       {}", notice.help) };
    format!("{}: {}{help}", severity_word(notice.severity), notice.what)
}

pub(super) fn failure_words(failure: &Failure) -> String {
    let help = Some(failure.help.clone()).filter(|help| !help.is_empty());
    let details = failure.details.iter().map(|line| format!("| {line}"));
    let first = format!("error: {}", failure.what);
    std::iter::once(first).chain(help).chain(details).collect::<Vec<_>>().join("\n       ")
}

pub(super) fn report_words(report: &FinishedReport) -> String {
    let mut lines: Vec<String> = report
        .files
        .iter()
        .map(|file| {
            let (path, length, size) = (file.path.display(), hours(file.duration_s), bytes(file.bytes));
            match file.frames {
                // Sound alone.
                0 => format!("{path}: {length}, {size}"),
                frames => format!("{path}: {length}, {frames} frames, {size}"),
            }
        })
        .collect();
    let handed_over =
        |stream: &StreamReport| format!("{}: {} frames, {}", stream.url, stream.frames, stream.state.name());
    lines.extend(report.streams.iter().map(handed_over));
    let (capture, encoder) = (report.frames.dropped_capture, report.frames.dropped_encoder);
    if capture + encoder > 0 {
        lines.push(format!("Dropped frames: {capture} before the encoder, {encoder} inside it."));
    }
    if let Some(camera) = report.camera.as_ref().filter(|camera| camera.lost + camera.damaged > 0) {
        let (name, lost, damaged) = (&camera.name, camera.lost, camera.damaged);
        lines.push(format!("{name}: {} pictures came whole, {lost} were lost, {damaged} were damaged.", camera.whole));
    }
    lines.extend(report.camera.as_ref().and_then(CameraReport::outage_words));
    let verdict = match report.verdict {
        Verdict::Good => "Verdict: good, every check passed.",
        Verdict::Broken if report.files.is_empty() => "Verdict: broken; it did not get there:",
        Verdict::Suspect => "Verdict: suspect; the file plays, but:",
        Verdict::Broken => "Verdict: broken; the file does not play:",
    };
    lines.push(verdict.to_owned());
    let failed = report.checks.iter().filter(|check| !check.ok);
    lines.extend(failed.map(|check| format!("  {}: {}", check.name, check.detail)));
    lines.join("\n")
}

pub(super) fn progress(status: &Status) -> String {
    if let State::Finalizing { progress, step } = &status.state {
        let percent = progress.map_or_else(String::new, |part| format!(" {:.0} %", part * 100.0));
        return format!("  {step}{percent}");
    }
    let dropped = status.frames.dropped_capture + status.frames.dropped_encoder;
    let left = status.disk.and_then(|disk| disk.left_s);
    let left = left.map_or_else(String::new, |seconds| format!("  room for {}", hours(seconds)));
    let time = hours(status.elapsed.as_secs_f64());
    let (rate, size) = (format!("{:.0} kbit/s", status.video_kbps), bytes(status.file_bytes));
    if status.source == SourceStatus::Closed {
        return format!("● {time}  {rate}  {size}{left}");
    }
    format!("● {time}  {:.1} fps  {rate}  {size}  dropped {dropped}{left}", status.fps)
}

/// `1:02:03` or `2:03`; seconds below a minute with a tenth.
pub(super) fn hours(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = Duration::from_secs_f64(seconds.clamp(0.0, 1e9)).as_secs();
    let (h, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

#[expect(clippy::cast_precision_loss, reason = "a size for people has three digits")]
pub(in crate::cli) fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        _ if count >= 1e9 => format!("{:.2} GB", count / 1e9),
        _ if count >= 1e6 => format!("{:.1} MB", count / 1e6),
        _ => format!("{:.0} kB", count / 1e3),
    }
}
