//! The end of an output that the encoder wrote itself: read back, judged, and given its name.

use std::path::Path;

use super::finish::{Spare, kept, publish};
use super::read_back::{Fault, Found, Look, ReadBack, Unread};
use super::verify::Judgement;
use super::{Reservation, Series};
use crate::fanout::report::{CheckResult, FileReport, StreamReport, StreamState, Verdict};
use crate::fanout::sink::{FinishProgress, SinkReport};
use crate::ffmpeg::{Input, Options, file_url};
use crate::media::{Container, FrameRate};
use crate::rt::StopToken;

/// Where an encoder writes by itself.
#[derive(Debug)]
pub enum DirectTarget {
    /// One file: under the reserved name while it grows.
    Single(Reservation),
    /// Many files.
    Series(Series),
    /// An address or a device, without secrets: nothing of it can be read back.
    Away(String),
}

/// How the encoder ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectEnd {
    /// Well: everything is written.
    Well,
    /// It broke off.
    Broken,
}

/// Reads back what was written, judges it by the pictures the encoder says it wrote, and names it. For a job's thread.
pub fn finish_direct(
    read_back: &ReadBack,
    target: &DirectTarget,
    (frames, rate): (u64, FrameRate),
    end: DirectEnd,
    stop: &StopToken,
    progress: &dyn Fn(FinishProgress),
) -> SinkReport {
    progress(FinishProgress { step: "Checking the output", fraction: None });
    let look = Look { read_back, frames, rate, stop };
    match target {
        DirectTarget::Single(reservation) => single(&look, reservation, end),
        DirectTarget::Series(series) => look.series(series, end),
        DirectTarget::Away(url) => away(url, frames, end),
    }
}

fn away(url: &str, frames: u64, end: DirectEnd) -> SinkReport {
    let ok = end == DirectEnd::Well && frames > 0;
    let detail = format!("{frames} pictures were handed over");
    let state = if ok { StreamState::Ended } else { StreamState::Failed };
    SinkReport {
        streams: vec![StreamReport { name: "output".to_owned(), url: url.to_owned(), state, frames }],
        verdict: Some(if ok { Verdict::Good } else { Verdict::Broken }),
        checks: vec![CheckResult { name: "delivered", ok, detail }],
        ..SinkReport::default()
    }
}

fn single(look: &Look<'_>, reservation: &Reservation, end: DirectEnd) -> SinkReport {
    let target = reservation.target();
    if length(&target.safe_path) == 0 {
        return SinkReport::default();
    }
    let found = look.at_file(&target.safe_path);
    let mut file =
        FileReport { path: target.safe_path.clone(), frames: 0, duration_s: 0.0, bytes: length(&target.safe_path) };
    let judgement = look.judgement(found.as_ref(), &mut file, end);
    if judgement.verdict == Verdict::Broken {
        return kept(target.safe_path.clone(), judgement, Vec::new());
    }
    publish(target, &target.safe_path, judgement, Spare::Nothing, Vec::new())
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}

impl Look<'_> {
    fn at_file(&self, path: &Path) -> Result<Found, Unread> {
        self.read_back.file(path, self.frames, self.stop)
    }

    fn at(&self, input: &Input) -> Result<Found, Unread> {
        self.read_back.input(input, self.stop)
    }

    fn judgement(&self, found: Result<&Found, &Unread>, file: &mut FileReport, end: DirectEnd) -> Judgement {
        let (mut verdict, mut checks) = (Verdict::Good, Vec::new());
        match found {
            Ok(found) => {
                (file.frames, file.duration_s) = (found.frames, found.duration_s);
                checks.push(CheckResult { name: "readable", ok: true, detail: "the output is whole".to_owned() });
                let ok = found.frames == self.frames;
                let detail = format!("{} of {} pictures are in the output", found.frames, self.frames);
                checks.push(CheckResult { name: "frames", ok, detail });
                if !ok || end == DirectEnd::Broken {
                    verdict = Verdict::Suspect;
                }
            }
            Err(unread) => {
                verdict = if unread.fault == Fault::OfTheOutput { Verdict::Broken } else { Verdict::Suspect };
                file.frames = self.frames;
                checks.push(CheckResult { name: "readable", ok: false, detail: unread.why.clone() });
            }
        }
        Judgement { report: file.clone(), verdict, checks, subtitles: 0 }
    }

    fn series(&self, series: &Series, end: DirectEnd) -> SinkReport {
        let made = series.made();
        if made.is_empty() {
            return SinkReport::default();
        }
        let bytes = made.iter().map(|path| length(path)).sum();
        let whole = |path: &Path, found: Result<Found, Unread>| {
            let mut file = FileReport { path: path.to_path_buf(), frames: 0, duration_s: 0.0, bytes };
            let judgement = self.judgement(found.as_ref(), &mut file, end);
            SinkReport {
                files: vec![judgement.report],
                verdict: Some(judgement.verdict),
                checks: judgement.checks,
                ..SinkReport::default()
            }
        };
        let container = series.container();
        if container.is_images() {
            let start = series.start_number.to_string();
            let options = Options::new().with("f", "image2").with("start_number", start);
            // Files know no rate; ffmpeg takes 25 unless told.
            let options = options.with("framerate", self.rate.to_string());
            return whole(&series.path, self.at(&Input { options, url: file_url(&series.pattern()) }));
        }
        if container == Container::M3u8 || container == Container::Mpd {
            // A `file:` before the name would keep ffmpeg from finding the pieces beside it.
            return whole(&series.path, self.at(&Input { options: Options::new(), url: series.path.clone().into() }));
        }
        self.segments(&made, end)
    }

    /// Each segment is a file of its own; together they must hold every picture.
    fn segments(&self, made: &[std::path::PathBuf], end: DirectEnd) -> SinkReport {
        let (mut files, mut unreadable) = (Vec::new(), None);
        for path in made {
            let found = self.at_file(path);
            let Found { frames, duration_s } = found.as_ref().copied().unwrap_or_default();
            unreadable = unreadable.or_else(|| found.err().map(|unread| format!("{}: {}", path.display(), unread.why)));
            files.push(FileReport { path: path.clone(), frames, duration_s, bytes: length(path) });
        }
        let total: u64 = files.iter().map(|file| file.frames).sum();
        let readable = unreadable.unwrap_or_else(|| format!("all {} files are whole", files.len()));
        let is_readable = files.iter().all(|file| file.frames > 0);
        let frames = format!("{total} of {} pictures are in the files", self.frames);
        let checks = vec![
            CheckResult { name: "readable", ok: is_readable, detail: readable },
            CheckResult { name: "frames", ok: total == self.frames, detail: frames },
        ];
        let is_good = end == DirectEnd::Well && checks.iter().all(|check| check.ok);
        let verdict = if is_good { Verdict::Good } else { Verdict::Suspect };
        SinkReport { files, verdict: Some(verdict), checks, ..SinkReport::default() }
    }
}
