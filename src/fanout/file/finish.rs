//! From the crash-safe file to the ordinary one: copied with progress, verified, renamed; only then is the
//! crash-safe file removed. Whatever fails, the crash-safe file stays.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::verify::{Judgement, judge};
use super::{FileSinkSetup, FileTarget, OutputError, Written, form, free_bytes};
use crate::fanout::report::Verdict;
use crate::fanout::sink::{FinishProgress, SinkReport};
use crate::ffmpeg::{Cause, Redactor, run_with_progress};
use crate::rt::StopToken;

/// Room beyond the copy itself that must stay free: what other programs need in the meantime.
const SPARE_BYTES: u64 = 64 * 1024 * 1024;

/// Whether the crash-safe file ends as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It was closed well and holds everything.
    Whole,
    /// Something died on the way; it holds what came until then.
    Cut,
}

/// Completes the file and says what it is.
pub(super) fn complete(
    setup: &FileSinkSetup,
    written: &Written,
    trust: Trust,
    stop: &StopToken,
    progress: &dyn Fn(FinishProgress),
) -> SinkReport {
    let target = setup.reservation.target();
    let as_it_is = trust == Trust::Whole
        && setup.subtitles.is_none()
        && form::is_ordinary_when_closed(target.container, setup.hybrid_mp4);
    let mut remarks = Vec::new();
    if !as_it_is && !stop.is_stopped() {
        match copy(setup, written, stop, progress) {
            Ok((made, judgement)) if acceptable(&judgement, trust) => {
                return publish(target, &made, judgement, Spare::TheSafeFile, remarks);
            }
            Ok((made, judgement)) => {
                remove(&made);
                let why = judgement.checks.iter().find(|check| !check.ok);
                let why = why.map_or_else(String::new, |check| check.detail.clone());
                remarks.push(format!("The completed copy was not accepted ({why}); the crash-safe file was kept."));
            }
            Err(why) => remarks.push(why),
        }
    } else if stop.is_stopped() && !as_it_is {
        remarks.push("The crash-safe file was left as it is, as you asked.".to_owned());
    }
    if setup.subtitles.is_some() {
        remarks.push("The subtitles are not in the file.".to_owned());
    }
    progress(FinishProgress { step: "Checking the file", fraction: None });
    let judgement = judge(&setup.ffmpeg, (&target.safe_path, target.container), written, stop);
    let is_another = form::CrashSafe::other_container(target.container).is_some();
    if is_another || judgement.verdict == Verdict::Broken {
        // Another container than the name says, or nothing one should find under the good name.
        return kept(target.safe_path.clone(), judgement, remarks);
    }
    publish(target, &target.safe_path, judgement, Spare::Nothing, remarks)
}

/// After a crash of the writer the last fragment may be cut: fewer pictures than were written are then no fault of the copy.
fn acceptable(judgement: &Judgement, trust: Trust) -> bool {
    match trust {
        Trust::Whole => judgement.verdict == Verdict::Good,
        Trust::Cut => judgement.verdict != Verdict::Broken && judgement.report.frames + judgement.report.bytes > 0,
    }
}

fn copy(
    setup: &FileSinkSetup,
    written: &Written,
    stop: &StopToken,
    progress: &dyn Fn(FinishProgress),
) -> Result<(PathBuf, Judgement), String> {
    let target = setup.reservation.target();
    let size = std::fs::metadata(&target.safe_path).map_or(0, |found| found.len());
    if free_bytes(&target.safe_path).is_some_and(|free| free < size.saturating_add(SPARE_BYTES)) {
        return Err("There is no room for the completed copy; the crash-safe file was kept, it plays as it is.".into());
    }
    let no_place = |error| format!("The file could not be completed ({error}); the crash-safe file was kept.");
    let made = target.reserve_copy().map_err(no_place)?;
    let doing = "Completing the file";
    let last_nanos = if written.video_packets > 0 { written.last_video_nanos } else { written.sound.last_nanos };
    let total_s = Duration::from_nanos(u64::try_from(last_nanos).unwrap_or(0)).as_secs_f64();
    let mut args = form::ordinary_args(&target.safe_path, &made, target.container, written.rate, setup.picture);
    if let Some(subtitles) = &setup.subtitles {
        // The last picture lasts a period, and the sound beside it may end a block later.
        let period_s = written.rate.map_or(1.0, |rate| 1.0 / rate.as_f64());
        form::add_subtitles(&mut args, subtitles, target.container, total_s + period_s + 0.05);
    }
    progress(FinishProgress { step: doing, fraction: Some(0.0) });
    let args = args.to_os_args();
    let redactor = Redactor::default();
    let finished = run_with_progress(&setup.ffmpeg.program, &args, "finish", &redactor, stop, &mut |now| {
        let done_s =
            now.out_time_us.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0)).as_secs_f64());
        let fraction = done_s.filter(|_| total_s > 0.0).map(|done_s| (done_s / total_s).clamp(0.0, 1.0));
        progress(FinishProgress { step: doing, fraction });
    });
    match finished {
        Ok(Some(finished)) if finished.exit.is_success() => {
            progress(FinishProgress { step: "Checking the file", fraction: None });
            let mut judgement = judge(&setup.ffmpeg, (&made, target.container), written, stop);
            if setup.subtitles.is_some() {
                judgement.expect_subtitles();
            }
            Ok((made, judgement))
        }
        Ok(None) => {
            remove(&made);
            Err("The crash-safe file was left as it is, as you asked.".to_owned())
        }
        Ok(Some(finished)) => {
            remove(&made);
            let cause = finished.cause.unwrap_or_else(|| Cause::of_silent_end(Some(finished.exit))).what();
            Err(format!("The file could not be completed ({cause}); the crash-safe file was kept, it plays as it is."))
        }
        Err(error) => {
            remove(&made);
            Err(format!("The file could not be completed ({error}); the crash-safe file was kept, it plays as it is."))
        }
    }
}

/// What is left over once the file has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spare {
    /// Nothing: it is the safe file itself that gets the name.
    Nothing,
    /// The crash-safe file: a copy gets the name.
    TheSafeFile,
}

/// Gives the file at `from` its name, and tells what it is.
pub(super) fn publish(
    target: &FileTarget,
    from: &Path,
    mut judgement: Judgement,
    spare: Spare,
    mut remarks: Vec<String>,
) -> SinkReport {
    if let Err(error) = sync(from) {
        remarks.push(format!("The disk did not confirm the file: {error}."));
        judgement.verdict = judgement.verdict.max(Verdict::Suspect);
    }
    match target.publish(from) {
        Ok(path) => {
            if path != target.final_path {
                remarks.push(format!("'{}' was taken meanwhile and was not touched.", target.final_path.display()));
            }
            if spare == Spare::TheSafeFile {
                remove(&target.safe_path);
            }
            judgement.report.path = path;
            report(judgement, remarks, None)
        }
        Err(error) => {
            if spare == Spare::TheSafeFile {
                remove(from);
            }
            let mut report = kept(target.safe_path.clone(), judgement, remarks);
            report.error = Some(error.into());
            report
        }
    }
}

/// The last bytes and the name reach the disk before the crash-safe file goes.
fn sync(path: &Path) -> Result<(), OutputError> {
    let result = std::fs::File::open(path).and_then(|file| file.sync_all());
    result.map_err(|error| OutputError::of(path, &error))
}

pub(super) fn kept(path: PathBuf, mut judgement: Judgement, remarks: Vec<String>) -> SinkReport {
    judgement.report.path.clone_from(&path);
    report(judgement, remarks, Some(path))
}

fn report(judgement: Judgement, remarks: Vec<String>, kept: Option<PathBuf>) -> SinkReport {
    SinkReport {
        files: vec![judgement.report],
        verdict: Some(judgement.verdict),
        checks: judgement.checks,
        remarks,
        kept,
        ..SinkReport::default()
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        log::warn!("{} stays: {error}", path.display());
    }
}
