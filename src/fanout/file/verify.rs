//! Whether the file holds what was written to it.

use std::path::Path;
use std::time::Duration;

use super::listen::{Heard, listen};
use super::{PictureEnd, Written, flac};
use crate::fanout::report::{CheckResult, FileReport, Verdict};
use crate::ffmpeg::{Ffmpeg, Probe, ProbeError, StreamKind, probe_file_until};
use crate::media::Container;
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

/// Reads the file through ffprobe and compares it with what was written; sound alone is decoded too. `stop` leaves it
/// unread.
pub(super) fn judge(
    ffmpeg: &Ffmpeg,
    (path, container): (&Path, Container),
    written: &Written,
    stop: &StopToken,
) -> Judgement {
    let heard = (written.video_packets == 0).then(|| listen(ffmpeg, path, stop));
    if let (Container::Flac, Some(length)) = (container, heard.as_ref().and_then(Heard::length))
        && let Err(error) = flac::complete_header(path, length)
    {
        log::warn!("the length is not in the header of {}: {error}", path.display());
    }
    let bytes = std::fs::metadata(path).map_or(0, |found| found.len());
    let deadline = PROBE_DEADLINE + Duration::from_secs(bytes / SLOWEST_BYTES_PER_S);
    match probe_file_until(ffmpeg, path, deadline, stop) {
        Ok(probe) => compare(path, (bytes, &probe), written, heard),
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

fn compare(path: &Path, (bytes, probe): (u64, &Probe), written: &Written, heard: Option<Heard>) -> Judgement {
    let of_kind = |kind| probe.streams.iter().filter(move |stream| stream.kind == kind);
    let frames = of_kind(StreamKind::Video).filter_map(|stream| stream.packets).sum();
    let mut duration_s = probe.duration_s.unwrap_or(0.0);
    let mut checks = vec![CheckResult { name: "readable", ok: true, detail: format!("{} is whole", probe.format) }];
    if written.video_packets > 0 {
        checks.push(CheckResult {
            name: "frames",
            ok: frames == written.video_packets,
            detail: format!("{frames} of {} pictures are in the file", written.video_packets),
        });
        checks.push(duration_check(duration_s, written));
    }
    if written.sound.packets > 0 {
        // A muxer may join or split blocks of sound (PCM), so their number is no measure: some must be there.
        let tracks = of_kind(StreamKind::Audio).filter(|stream| stream.packets.is_some_and(|packets| packets > 0));
        checks.push(sound_check(tracks.count(), written.sound.tracks));
    }
    if let Some(heard) = heard {
        duration_s = heard.length().map_or(duration_s, |length| length.as_secs_f64());
        checks.push(heard_check(&heard));
        checks.push(length_check(duration_s, written));
    }
    let verdict = if checks.iter().all(|check| check.ok) { Verdict::Good } else { Verdict::Suspect };
    let report = FileReport { path: path.to_path_buf(), frames, duration_s, bytes };
    let subtitles = probe.streams.iter().filter(|stream| stream.kind == StreamKind::Other).count();
    Judgement { report, verdict, checks, subtitles }
}

fn sound_check(found: usize, written: usize) -> CheckResult {
    let detail = match (found, written) {
        (0, _) => "the sound is missing".to_owned(),
        (1, 1) => "the sound is in the file".to_owned(),
        (found, written) => format!("{found} of {written} tracks of sound are in the file"),
    };
    CheckResult { name: "sound", ok: found > 0 && found >= written, detail }
}

fn heard_check(heard: &Heard) -> CheckResult {
    let (ok, detail) = match heard {
        Heard::Whole { .. } => (true, "all of it can be decoded".to_owned()),
        Heard::Damaged { why } => (false, format!("not all of it can be decoded: {why}")),
        Heard::Unheard { why } => (false, why.clone()),
    };
    CheckResult { name: "decodes", ok, detail }
}

/// How far the length of a file of sound alone may be from what was written to it.
const LENGTH_TOLERANCE_S: f64 = 0.05;

/// Sound alone must be as long as what was written. What encoders put before the beginning (21 ms of AAC, 23 of MP3)
/// counts or not, as the container says; the last packet may be short.
fn length_check(duration_s: f64, written: &Written) -> CheckResult {
    let sound = &written.sound;
    let seconds = |nanos: i64| Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)).as_secs_f64();
    let first = sound.first_nanos.unwrap_or(0);
    let least_s = seconds(sound.last_nanos - first.max(0)) - LENGTH_TOLERANCE_S;
    let most_s = seconds(sound.last_nanos - first + sound.block_nanos) + LENGTH_TOLERANCE_S;
    let ok = (least_s..=most_s).contains(&duration_s);
    CheckResult { name: "duration", ok, detail: format!("it plays {duration_s:.2} s") }
}

/// The file must play as long as its pictures last; half a second is allowed for sound that ends later.
fn duration_check(duration_s: f64, written: &Written) -> CheckResult {
    let first = written.first_video_nanos.unwrap_or(0);
    let seconds_to =
        |last_nanos: i64| Duration::from_nanos(u64::try_from(last_nanos - first).unwrap_or(0)).as_secs_f64();
    let least_s = seconds_to(written.last_video_nanos);
    let most_s = match written.picture_end {
        PictureEnd::WithSound => least_s,
        PictureEnd::WithSource => least_s.max(seconds_to(written.sound.last_nanos)),
    };
    let ok = duration_s >= least_s - 0.05 && duration_s <= most_s + 1.5;
    CheckResult { name: "duration", ok, detail: format!("it plays {duration_s:.2} s") }
}
