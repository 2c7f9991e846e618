//! Whether the file holds what was written to it.

use std::path::Path;
use std::time::Duration;

use super::{PictureEnd, Written};
use crate::fanout::report::{CheckResult, FileReport, Verdict};
use crate::ffmpeg::{Ffmpeg, Probe, ProbeError, StreamKind, probe_file_until};
use crate::rt::StopToken;

/// How long reading a whole file for its packets may take before it is judged by what is known …
const PROBE_DEADLINE: Duration = Duration::from_mins(2);
/// … and this much longer for its size: a slow disk reads 20 MB/s.
const SLOWEST_BYTES_PER_S: u64 = 20_000_000;

pub(super) struct Judgement {
    pub(super) report: FileReport,
    pub(super) verdict: Verdict,
    pub(super) checks: Vec<CheckResult>,
    /// Tracks of subtitles in it.
    pub(super) subtitles: usize,
}

impl Judgement {
    /// Subtitles must be in it, and may be seen longer than the last picture.
    pub(super) fn expect_subtitles(&mut self) {
        self.checks.retain(|check| check.ok || check.name != "duration");
        let ok = self.subtitles > 0;
        let detail = if ok { "the subtitles are in the file" } else { "the subtitles are missing" };
        self.checks.push(CheckResult { name: "subtitles", ok, detail: detail.to_owned() });
        if self.verdict != Verdict::Broken {
            let all = self.checks.iter().all(|check| check.ok);
            self.verdict = if all { Verdict::Good } else { Verdict::Suspect };
        }
    }
}

/// Reads the file through ffprobe and compares it with what was written. `stop` leaves it unread.
pub(super) fn judge(ffmpeg: &Ffmpeg, path: &Path, written: &Written, stop: &StopToken) -> Judgement {
    let bytes = std::fs::metadata(path).map_or(0, |found| found.len());
    let deadline = PROBE_DEADLINE + Duration::from_secs(bytes / SLOWEST_BYTES_PER_S);
    match probe_file_until(ffmpeg, path, deadline, stop) {
        Ok(probe) => compare(path, bytes, &probe, written),
        Err(error) => unread(path, bytes, &error, written),
    }
}

fn unread(path: &Path, bytes: u64, error: &ProbeError, written: &Written) -> Judgement {
    let verdict = match error {
        ProbeError::NoFfprobe | ProbeError::Process(_) | ProbeError::Stopped => Verdict::Suspect,
        ProbeError::Unreadable(_) | ProbeError::Answer(_) => Verdict::Broken,
    };
    let check = CheckResult { name: "readable", ok: false, detail: error.to_string() };
    let report = FileReport { path: path.to_path_buf(), frames: written.video_packets, duration_s: 0.0, bytes };
    Judgement { report, verdict, checks: vec![check], subtitles: 0 }
}

fn compare(path: &Path, bytes: u64, probe: &Probe, written: &Written) -> Judgement {
    let packets = |kind| -> u64 {
        probe.streams.iter().filter(|stream| stream.kind == kind).filter_map(|stream| stream.packets).sum()
    };
    let frames = packets(StreamKind::Video);
    let sound = packets(StreamKind::Audio);
    let duration_s = probe.duration_s.unwrap_or(0.0);
    let mut checks = vec![CheckResult { name: "readable", ok: true, detail: format!("{} is whole", probe.format) }];
    if written.video_packets > 0 {
        checks.push(CheckResult {
            name: "frames",
            ok: frames == written.video_packets,
            detail: format!("{frames} of {} pictures are in the file", written.video_packets),
        });
        checks.push(duration_check(duration_s, written));
    }
    if written.audio_packets > 0 {
        // A muxer may join or split blocks of sound (PCM), so their number is no measure: some must be there.
        checks.push(CheckResult {
            name: "sound",
            ok: sound > 0,
            detail: if sound > 0 { "the sound is in the file".to_owned() } else { "the sound is missing".to_owned() },
        });
    }
    let verdict = if checks.iter().all(|check| check.ok) { Verdict::Good } else { Verdict::Suspect };
    let report = FileReport { path: path.to_path_buf(), frames, duration_s, bytes };
    let subtitles = probe.streams.iter().filter(|stream| stream.kind == StreamKind::Other).count();
    Judgement { report, verdict, checks, subtitles }
}

/// The file must play as long as its pictures last; half a second is allowed for sound that ends later.
fn duration_check(duration_s: f64, written: &Written) -> CheckResult {
    let first = written.first_video_nanos.unwrap_or(0);
    let seconds_to =
        |last_nanos: i64| Duration::from_nanos(u64::try_from(last_nanos - first).unwrap_or(0)).as_secs_f64();
    let least_s = seconds_to(written.last_video_nanos);
    let most_s = match written.picture_end {
        PictureEnd::WithSound => least_s,
        PictureEnd::WithSource => least_s.max(seconds_to(written.last_audio_nanos)),
    };
    let ok = duration_s >= least_s - 0.05 && duration_s <= most_s + 1.5;
    CheckResult { name: "duration", ok, detail: format!("it plays {duration_s:.2} s") }
}
