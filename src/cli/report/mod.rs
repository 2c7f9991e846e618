//! Statuses of a recording become lines: JSON for scripts, calm words for people. Pure.

mod json;
mod words;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

pub(super) use json::{finished_json, problem_json};
pub(super) use words::bytes;

use self::json::{failure_json, notice_json, status_json, streams_json};
use super::exit::Exit;
use crate::media::Timestamp;
use crate::plan::{Plan, SizeChoice};
use crate::session::{SourceStatus, State, Status, Verdict};
use words::{failure_words, notice_words, progress, report_words};

/// Status lines come this often.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// One thing to print.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// An object for stdout, with `--json`.
    Json(Value),
    /// Words for stderr.
    Say(String),
    /// The line that is drawn over itself.
    Progress(String),
}

/// Follows one recording.
pub(super) struct Reporter {
    plan: Plan,
    started: bool,
    next_status: Option<Timestamp>,
    notices_seen: u64,
}

impl Reporter {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, started: false, next_status: None, notices_seen: 0 }
    }

    /// What there is to print at this status.
    pub(super) fn on_status(&mut self, status: &Status, now: Timestamp) -> Vec<Line> {
        let mut lines: VecDeque<Line> = VecDeque::new();
        // A very short recording is over before anybody saw it run.
        let has_begun = matches!(status.state, State::Recording | State::Finalizing { .. } | State::Done(_));
        if !self.started && has_begun {
            self.started = true;
            lines.push_back(Line::Json(self.started_json(status)));
            lines.push_back(Line::Say(self.started_words(status)));
        }
        for notice in status.notices.iter().filter(|notice| notice.id > self.notices_seen) {
            lines.push_back(Line::Json(notice_json(notice)));
            lines.push_back(Line::Say(notice_words(notice)));
        }
        self.notices_seen = status.notices.iter().map(|notice| notice.id).max().unwrap_or(0).max(self.notices_seen);
        let is_due = self.next_status.is_none_or(|due| now >= due);
        if is_due && matches!(status.state, State::Recording | State::Finalizing { .. }) {
            self.next_status = Some(now + STATUS_EVERY);
            lines.push_back(Line::Json(status_json(status)));
            lines.push_back(Line::Progress(progress(status)));
        }
        lines.into()
    }

    fn started_json(&self, status: &Status) -> Value {
        let commands: Vec<Vec<String>> = status.commands.iter().map(|command| words_of(command)).collect();
        let video = self.plan.video.as_ref().map(|video| {
            let size = match (video.size, &status.source) {
                (SizeChoice::Fixed(size), _) => Some(size),
                (SizeChoice::Source, SourceStatus::Running { size, .. }) => Some(size.padded_even()),
                (SizeChoice::Source, _) => None,
            };
            json!({
                "width": size.map(|size| size.width),
                "height": size.map(|size| size.height),
                "fps": video.rate.as_f64(),
                "encoder": video.encoder,
            })
        });
        let audio: Vec<Value> =
            status.audio.iter().map(|input| json!({"device": input.device, "track": input.track})).collect();
        json!({
            "event": "started",
            "commands": commands,
            "file": status.file.as_ref().map(|path| path.display().to_string()),
            "video": video,
            "audio": audio,
            "streams": streams_json(&status.streams),
        })
    }

    fn started_words(&self, status: &Status) -> String {
        let file = status.file.as_ref().or(self.plan.file.as_ref().map(|file| &file.path));
        let place = match (status.streams.first(), file) {
            (Some(stream), _) => format!(" to {}", stream.url),
            (None, Some(path)) => format!(" to {}", path.display()),
            (None, None) => String::new(),
        };
        let end = match self.plan.duration {
            Some(duration) => format!("for {} s; Ctrl+C stops earlier", duration.as_secs_f64()),
            None => "Ctrl+C stops".to_owned(),
        };
        format!("Recording{place} ({end}).")
    }
}

/// The last lines and the exit code of a recording that ended. `forced` tells that a second signal cut it short.
pub(super) fn ended(status: &Status, forced: bool) -> (Vec<Line>, Exit) {
    let (report, failure) = match &status.state {
        State::Done(report) => (Some(&**report), None),
        State::Failed(failure) => (failure.saved.as_ref(), Some(&**failure)),
        _ => (None, None),
    };
    let exit = match (forced, failure, report) {
        (true, ..) => Exit::Forced,
        (false, Some(failure), _) => failure.kind.into(),
        (false, None, Some(report)) if report.verdict == Verdict::Good => Exit::Good,
        (false, None, Some(_)) => Exit::NotGood,
        (false, None, None) => Exit::Encoder,
    };
    let mut lines = Vec::new();
    if let Some(failure) = failure {
        lines.push(Line::Json(failure_json(failure)));
        lines.push(Line::Say(failure_words(failure)));
    }
    if let Some(report) = report {
        lines.push(Line::Say(report_words(report)));
    } else if forced {
        let kept = status.file.as_ref().map_or_else(
            || "Forced to end; nothing was recorded.".to_owned(),
            |path| format!("Forced to end; what was recorded is kept beside {}.", path.display()),
        );
        lines.push(Line::Say(kept));
    }
    lines.push(Line::Json(finished_json(report, exit)));
    (lines, exit)
}

fn words_of(command: &str) -> Vec<String> {
    shell_words::split(command).unwrap_or_else(|_| vec![command.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::words::hours;
    use super::*;
    use crate::media::{Levels, Resolution};
    use crate::plan::Severity;
    use crate::plan::{Environment, FfmpegSummary, Searched};
    use crate::profile::Profile;
    use crate::session::{
        AudioStatus, CameraReport, CheckResult, Failure, FailureKind, FileReport, FinishedReport, FrameCounts, Notice,
    };

    fn plan() -> Plan {
        let encoder = |name: &str, codec: &str| crate::plan::EncoderInfo {
            name: name.to_owned(),
            codec: codec.to_owned(),
            works: crate::plan::Works::Yes,
        };
        let ffmpeg = FfmpegSummary { encoders: vec![encoder("libx264", "h264")], ..FfmpegSummary::default() };
        let env = Environment {
            ffmpeg: Some(ffmpeg),
            home: "/home/me".into(),
            searched: Searched::NotYet,
            ..Environment::default()
        };
        crate::plan::resolve(&Profile::default(), &env).unwrap().0
    }

    fn recording() -> Status {
        Status {
            state: State::Recording,
            elapsed: Duration::from_millis(1500),
            source: SourceStatus::Running { name: "x".to_owned(), size: Resolution::new(641, 480), fps: 30.0 },
            audio: vec![AudioStatus {
                device: "Mic".to_owned(),
                kind: None,
                track: 1,
                levels: Levels { peak_db: -3.06, ..Levels::SILENT },
                muted: false,
                problem: None,
            }],
            file: Some("/v/a.mp4".into()),
            commands: vec!["ffmpeg -i 'a b'".to_owned()],
            ..Status::default()
        }
    }

    fn report(verdict: Verdict) -> FinishedReport {
        FinishedReport {
            files: vec![FileReport { path: "/v/a.mp4".into(), frames: 45, duration_s: 1.5, bytes: 2_000_000 }],
            streams: Vec::new(),
            duration_s: 1.5,
            frames: FrameCounts { captured: 40, written: 45, repeated: 5, ..FrameCounts::default() },
            latency_s: Some(0.4),
            audio: Vec::new(),
            camera: None,
            verdict,
            checks: vec![CheckResult { name: "frames", ok: verdict == Verdict::Good, detail: "45 of 45".to_owned() }],
        }
    }

    fn json_of(line: &Line) -> Option<&Value> {
        match line {
            Line::Json(value) => Some(value),
            Line::Say(_) | Line::Progress(_) => None,
        }
    }

    fn jsons(lines: &[Line]) -> Vec<&Value> {
        lines.iter().filter_map(json_of).collect()
    }

    #[test]
    fn started_comes_once_and_status_once_a_second() {
        let mut reporter = Reporter::new(plan());
        let at = |millis: i64| Timestamp::from_nanos(millis * 1_000_000);
        assert!(reporter.on_status(&Status { state: State::Starting, ..Status::default() }, at(0)).is_empty());
        let first = reporter.on_status(&recording(), at(10));
        let events = jsons(&first);
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["event"], "started");
        assert_eq!(events[0]["commands"], json!([["ffmpeg", "-i", "a b"]]));
        assert_eq!(events[0]["video"], json!({"width": 642, "height": 480, "fps": 30.0, "encoder": "libx264"}));
        assert_eq!(events[0]["audio"], json!([{"device": "Mic", "track": 1}]));
        assert_eq!((&events[0]["file"], &events[0]["streams"]), (&json!("/v/a.mp4"), &json!([])));
        assert_eq!((&events[1]["event"], &events[1]["elapsed_s"]), (&json!("status"), &json!(1.5)));
        assert_eq!(events[1]["audio"][0]["peak_db"], json!(-3.1));
        for key in ["state", "fps", "video_kbps", "frames", "streams", "disk_free_bytes", "disk_left_s"] {
            assert!(events[1].get(key).is_some(), "{key}");
        }
        assert!(reporter.on_status(&recording(), at(900)).is_empty());
        assert_eq!(jsons(&reporter.on_status(&recording(), at(1010))).len(), 1);
    }

    #[test]
    fn a_notice_is_told_once() {
        let mut reporter = Reporter::new(plan());
        let notice = |id| Notice {
            id,
            severity: Severity::Warning,
            code: "camera_stalled",
            what: "The camera sends nothing.".to_owned(),
            help: "Plug it in again.".to_owned(),
        };
        let status = Status { state: State::Starting, notices: vec![notice(1)], ..Status::default() };
        let lines = reporter.on_status(&status, Timestamp::default());
        let expected = json!({"event": "problem", "severity": "warning", "code": "camera_stalled",
            "what": "The camera sends nothing.", "help": "Plug it in again."});
        assert_eq!(jsons(&lines), [&expected]);
        let status = Status { notices: vec![notice(1), notice(2)], ..status };
        assert_eq!(jsons(&reporter.on_status(&status, Timestamp::default())).len(), 1);
    }

    #[test]
    fn the_end_has_a_verdict_and_an_exit_code() {
        for (verdict, word, code) in
            [(Verdict::Good, "good", 0), (Verdict::Suspect, "suspect", 7), (Verdict::Broken, "broken", 7)]
        {
            let status = Status { state: State::Done(Box::new(report(verdict))), ..Status::default() };
            let (lines, exit) = ended(&status, false);
            let last = jsons(&lines).pop().unwrap();
            assert_eq!((&last["verdict"], &last["exit_code"], exit.code()), (&json!(word), &json!(code), code));
            assert_eq!((&last["file"], &last["files"][0]["frames"]), (&json!("/v/a.mp4"), &json!(45)));
            assert_eq!(last["frames"]["written"], 45);
            let words = lines
                .iter()
                .any(|line| matches!(line, Line::Say(text) if text.contains("/v/a.mp4") && text.contains(word)));
            assert!(words, "{lines:?}");
        }
    }

    #[test]
    fn a_cameras_pictures_are_told() {
        let camera = |lost| CameraReport {
            name: "HD Webcam".to_owned(),
            whole: 297,
            lost,
            damaged: 0,
            outages: 0,
            silent: Duration::ZERO,
        };
        let told = |camera: Option<CameraReport>| {
            let report = FinishedReport { camera, ..report(Verdict::Good) };
            ended(&Status { state: State::Done(Box::new(report)), ..Status::default() }, false).0
        };
        let lines = told(Some(camera(3)));
        let expected = json!({"name": "HD Webcam", "whole": 297, "lost": 3, "damaged": 0,
            "outages": 0, "no_signal_s": 0.0});
        assert_eq!(jsons(&lines).pop().unwrap()["camera"], expected);
        let speaks =
            |lines: &[Line]| lines.iter().any(|line| matches!(line, Line::Say(text) if text.contains("3 were lost")));
        assert!(speaks(&lines) && !speaks(&told(Some(camera(0)))));
        assert_eq!(jsons(&told(None)).pop().unwrap()["camera"], Value::Null);
    }

    #[test]
    fn failures_name_their_kind_and_keep_what_was_saved() {
        for (kind, code) in [
            (FailureKind::Usage, 2),
            (FailureKind::Capture, 3),
            (FailureKind::Encoder, 4),
            (FailureKind::Output, 5),
            (FailureKind::Stream, 6),
            (FailureKind::Forced, 130),
        ] {
            let failure = Failure {
                kind,
                what: "It broke.".to_owned(),
                help: "Mend it.".to_owned(),
                details: vec!["last words".to_owned()],
                saved: Some(report(Verdict::Suspect)),
            };
            let status = Status { state: State::Failed(Box::new(failure)), ..Status::default() };
            let (lines, exit) = ended(&status, false);
            let events = jsons(&lines);
            assert_eq!((events.len(), exit.code(), &events[0]["event"]), (2, code, &json!("problem")));
            assert_eq!((&events[1]["file"], &events[1]["exit_code"]), (&json!("/v/a.mp4"), &json!(code)));
        }
    }

    #[test]
    fn a_forced_end_is_130_whatever_came() {
        for status in [recording(), Status { state: State::Done(Box::new(report(Verdict::Good))), ..recording() }] {
            let (lines, exit) = ended(&status, true);
            assert_eq!(exit, Exit::Forced);
            assert_eq!(jsons(&lines).pop().unwrap()["exit_code"], 130);
            assert!(lines.iter().any(|line| matches!(line, Line::Say(text) if text.contains("/v/a.mp4"))));
        }
    }

    #[test]
    fn numbers_are_for_people() {
        for (seconds, text) in
            [(0.0, "0.0 s"), (59.94, "59.9 s"), (61.0, "1:01"), (3_725.9, "1:02:05"), (-1.0, "-1.0 s")]
        {
            assert_eq!(hours(seconds), text);
        }
        assert_eq!(
            (bytes(999), bytes(1_500_000), bytes(2_340_000_000)),
            ("1 kB".into(), "1.5 MB".into(), "2.34 GB".into())
        );
    }
}
