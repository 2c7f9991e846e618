//! A recording that its child writes itself: files of many kinds, an address, a device. What comes back are reports of
//! how far it is.

use std::sync::Arc;
use std::time::Duration;

use super::take::{Ended, Take, TakeSetup};
use crate::fanout::{
    DirectEnd, DirectTarget, DiskWatch, EncoderEnd, FinishProgress, OutputError, ReadBack, SinkReport, finish_direct,
};
use crate::ffmpeg::{ChildOutput, ProgressReader};
use crate::media::FrameRate;
use crate::rt::{Job, JobState, Latest, StopSource, Worker, spawn_job};
use crate::session::failure::Trouble;
use crate::writegear::EngineError;

/// An output that the child writes.
pub(super) struct Direct {
    target: Option<DirectTarget>,
    watched: Option<std::path::PathBuf>,
    reader: Worker,
    ended: Latest<EncoderEnd>,
    disk: Option<DiskWatch>,
    setup: TakeSetup,
    read_back: ReadBack,
    progress: Latest<FinishProgress>,
    judging: Option<Job<SinkReport>>,
    hurry: StopSource,
}

impl Direct {
    pub(super) fn start(
        setup: &TakeSetup,
        reports: ProgressReader<ChildOutput>,
        read_back: ReadBack,
        target: DirectTarget,
    ) -> Result<Self, Trouble> {
        let ended = Latest::new();
        let reader = read_reports(setup, reports, ended.clone())?;
        let watched = match &target {
            DirectTarget::Single(reservation) => Some(reservation.target().safe_path.clone()),
            DirectTarget::Series(series) => series.path.parent().map(std::path::Path::to_path_buf),
            DirectTarget::Away(_) => None,
        };
        let disk = watched.as_deref().map(DiskWatch::start).transpose()?;
        let (target, progress) = (Some(target), Latest::new());
        Ok(Self {
            target,
            watched,
            reader,
            ended,
            disk,
            setup: setup.clone(),
            read_back,
            progress,
            judging: None,
            hurry: StopSource::new(),
        })
    }
}

/// A thread `reports` that ends when the child is gone or killed: both close its standard output.
fn read_reports(
    setup: &TakeSetup,
    mut reports: ProgressReader<ChildOutput>,
    ended: Latest<EncoderEnd>,
) -> std::io::Result<Worker> {
    let (counters, clock, wake) = (Arc::clone(&setup.counters), Arc::clone(&setup.clock), Arc::clone(&setup.wake));
    Worker::spawn("reports", move |_stop| {
        let end = loop {
            match reports.next_report() {
                Ok(Some(report)) => {
                    let (frames, bytes) = (report.frames.unwrap_or(0), report.bytes.unwrap_or(0));
                    counters.note_progress(frames, bytes, clock.now());
                }
                Ok(None) => break EncoderEnd::Complete,
                Err(error) => break EncoderEnd::Broken(EngineError::Io(error)),
            }
        };
        ended.put(end);
        wake();
    })
}

impl Take for Direct {
    fn failure(&mut self) -> Option<Trouble> {
        None
    }

    fn loss(&self) -> Option<Trouble> {
        let (disk, watched) = (self.disk.as_ref()?, self.watched.clone()?);
        disk.is_gone().then(|| OutputError::Gone(watched).into())
    }

    fn output_end(&mut self) -> Option<EncoderEnd> {
        self.reader.wait(Duration::ZERO)?;
        self.ended.take()
    }

    fn complete(&mut self, ended: Ended) {
        let Some(target) = self.target.take() else { return };
        let end = if ended == Ended::Well { DirectEnd::Well } else { DirectEnd::Broken };
        let (read_back, told) = (self.read_back.clone(), self.progress.clone());
        let frames = self.setup.counters.totals().video_packets;
        let rate = self.setup.plan.video.as_ref().map_or(FrameRate::whole(25), |video| video.rate);
        let wake = Arc::clone(&self.setup.wake);
        let stop = self.hurry.token();
        let judge =
            move |_| finish_direct(&read_back, &target, (frames, rate), end, &stop, &|progress| told.put(progress));
        match spawn_job("finish", move || wake(), judge) {
            Ok(job) => self.judging = Some(job),
            Err(error) => log::error!("the output is not judged: {error}"),
        }
    }

    fn finishing(&self) -> (&'static str, Option<f64>) {
        self.progress.peek().map_or(("Closing the output", None), |progress| (progress.step, progress.fraction))
    }

    fn hurry(&mut self) {
        self.hurry.stop();
    }

    fn report(&mut self) -> Option<SinkReport> {
        let Some(job) = &mut self.judging else { return Some(SinkReport::default()) };
        match job.poll() {
            JobState::Running => None,
            JobState::Done(report) => Some(report),
            JobState::Gone => Some(SinkReport::default()),
        }
    }

    fn free_bytes(&self) -> Option<u64> {
        self.disk.as_ref().and_then(DiskWatch::free_bytes)
    }

    fn is_copied_at_the_end(&self) -> bool {
        false
    }
}
