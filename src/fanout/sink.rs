//! What a sink is, and the thread and queue each one has.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::file::OutputError;
use super::report::{CheckResult, FileReport, StreamReport, Verdict};
use crate::ffmpeg::Cause;
use crate::media::{Packet, StreamHeaders};
use crate::rt::{Intake, IntakeSender, JoinOutcome, Latest, StopToken, Worker, intake};

/// Bytes that may wait for a sink: 85 s at 6 Mbit/s, 5 s at 100. Above it the sink fails as too slow.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Packets that may wait; the bytes are the usual bound.
const QUEUE_PACKETS: usize = 16 * 1024;
/// Room for headers and the end, which are never refused.
const QUEUE_MARKS: usize = 64;

/// How the packets ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkEnd {
    /// The encoder gave all it had.
    Complete,
    /// The encoder died; what came is all there is.
    EncoderDied,
}

/// Why a sink failed. Whatever it had written stays.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SinkError {
    /// The place it writes to.
    #[error("{0}")]
    Output(#[from] OutputError),
    /// Its ffmpeg.
    #[error("writing stopped: {}", cause.what())]
    Writer {
        /// What its words say.
        cause: Cause,
        /// Its last words, redacted.
        last_words: Vec<String>,
    },
    /// More waits than it may hold.
    #[error("the disk or network is too slow: {waiting_mb} MB wait to be written")]
    TooSlow {
        /// Megabytes waiting.
        waiting_mb: usize,
    },
    /// Its thread could not be started, or ended unexpectedly.
    #[error("an internal part of gearcast ended unexpectedly: {0}")]
    Internal(String),
}

/// How far a sink's completion is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinishProgress {
    /// What is being done, in words.
    pub step: &'static str,
    /// 0…1 where it is known.
    pub fraction: Option<f64>,
}

/// What a sink leaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SinkReport {
    /// Its files.
    pub files: Vec<FileReport>,
    /// The addresses and devices it wrote to.
    pub streams: Vec<StreamReport>,
    /// The judgement; `None` if there is nothing to judge.
    pub verdict: Option<Verdict>,
    /// What it rests on.
    pub checks: Vec<CheckResult>,
    /// What went wrong.
    pub error: Option<SinkError>,
    /// What the user should know although nothing is lost.
    pub remarks: Vec<String>,
    /// A crash-safe file that was kept because it could not be completed.
    pub kept: Option<PathBuf>,
}

/// Where packets go. All calls come from the sink's own thread, in the order declared here.
pub trait Sink: Send {
    /// A new stream begins. Also called again when the encoder was restarted with other headers.
    fn begin(&mut self, headers: &StreamHeaders) -> Result<(), SinkError>;

    /// One packet, in the encoder's order.
    fn packet(&mut self, packet: &Packet) -> Result<(), SinkError>;

    /// The end: complete what was written. `error` is why packets ended early, if they did. `stop` is asked when
    /// the user does not want to wait: what is safe then stays as it is.
    fn finish(
        self: Box<Self>,
        end: SinkEnd,
        error: Option<SinkError>,
        stop: &StopToken,
        progress: &dyn Fn(FinishProgress),
    ) -> SinkReport;
}

enum Item {
    Headers(Arc<StreamHeaders>),
    Packet(Arc<Packet>),
    End(SinkEnd),
}

const LANE_PACKETS: usize = 0;
const LANE_MARKS: usize = 1;

#[derive(Debug, Default)]
struct Load {
    bytes: AtomicUsize,
    overflowed: AtomicBool,
}

/// The hub's end of a sink's queue. Feeding never waits.
pub struct SinkFeed {
    queue: IntakeSender<Item, 2>,
    load: Arc<Load>,
}

impl SinkFeed {
    pub(super) fn headers(&self, headers: &Arc<StreamHeaders>) {
        self.mark(Item::Headers(Arc::clone(headers)));
    }

    /// A packet that finds the queue full ends the sink: a file with a hole is no file.
    pub(super) fn packet(&self, packet: &Arc<Packet>) {
        if self.load.overflowed.load(Ordering::Relaxed) {
            return;
        }
        let size = packet.data.len();
        let waiting = self.load.bytes.fetch_add(size, Ordering::Relaxed);
        let too_much = waiting > 0 && waiting + size > QUEUE_BYTES;
        if too_much || self.queue.put(LANE_PACKETS, Item::Packet(Arc::clone(packet))).is_err() {
            self.load.bytes.fetch_sub(size, Ordering::Relaxed);
            self.load.overflowed.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn end(&self, end: SinkEnd) {
        self.mark(Item::End(end));
    }

    fn mark(&self, item: Item) {
        if self.queue.put(LANE_MARKS, item).is_err() {
            log::debug!("a sink was gone before its end");
        }
    }
}

/// The owner's end of a sink: its state, its progress, its report.
pub struct SinkHandle {
    worker: Worker,
    report: Latest<SinkReport>,
    progress: Latest<FinishProgress>,
    failure: Latest<SinkError>,
}

impl SinkHandle {
    /// Why the sink failed, given out once, as soon as it is known; the report follows when it has finished.
    pub fn failure(&self) -> Option<SinkError> {
        self.failure.take()
    }

    /// How far completion is.
    pub fn progress(&self) -> Option<FinishProgress> {
        self.progress.peek()
    }

    /// Do not wait any longer: leave what is safe as it is.
    pub fn hurry(&self) {
        self.worker.stop();
    }

    /// The report once the sink has ended, waiting up to `timeout`.
    pub fn report(&mut self, timeout: Duration) -> Option<SinkReport> {
        let outcome = self.worker.wait(timeout)?;
        let internal =
            |what: &str| SinkReport { error: Some(SinkError::Internal(what.to_owned())), ..SinkReport::default() };
        Some(match (self.report.take(), outcome) {
            (Some(report), _) => report,
            (None, JoinOutcome::Panicked) => internal("the writer of the file panicked"),
            (None, _) => internal("the writer of the file left no report"),
        })
    }
}

/// Starts a sink's thread, named `sink-<name>`. `wake` is called on failure and at the end.
pub fn spawn_sink(
    name: &str,
    sink: Box<dyn Sink>,
    wake: Arc<dyn Fn() + Send + Sync>,
) -> std::io::Result<(SinkFeed, SinkHandle)> {
    let (queue, taken) = intake([QUEUE_PACKETS, QUEUE_MARKS]);
    let load = Arc::new(Load::default());
    let (report, progress, failure) = (Latest::new(), Latest::new(), Latest::new());
    let thread = SinkThread {
        queue: taken,
        load: Arc::clone(&load),
        report: report.clone(),
        progress: progress.clone(),
        failure: failure.clone(),
        wake,
    };
    let worker = Worker::spawn(&format!("sink-{name}"), move |stop| thread.run(sink, &stop))?;
    Ok((SinkFeed { queue, load }, SinkHandle { worker, report, progress, failure }))
}

struct SinkThread {
    queue: Intake<Item, 2>,
    load: Arc<Load>,
    report: Latest<SinkReport>,
    progress: Latest<FinishProgress>,
    failure: Latest<SinkError>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl SinkThread {
    fn run(self, mut sink: Box<dyn Sink>, stop: &StopToken) {
        let mut error = None;
        let end = loop {
            // Woken now and then although nothing came, so that an abandoned hub or a stop is noticed.
            match self.queue.take_within(Duration::from_millis(250)) {
                Some(Item::End(end)) => break end,
                Some(_) if error.is_some() => {}
                Some(Item::Headers(headers)) => error = self.noted(sink.begin(&headers)),
                Some(Item::Packet(packet)) => {
                    self.load.bytes.fetch_sub(packet.data.len(), Ordering::Relaxed);
                    error = self.noted(sink.packet(&packet));
                }
                None if stop.is_stopped() => break SinkEnd::EncoderDied,
                None => {}
            }
            if error.is_none() && self.load.overflowed.load(Ordering::Relaxed) {
                let waiting_mb = self.load.bytes.load(Ordering::Relaxed) / 1_000_000;
                error = self.noted(Err(SinkError::TooSlow { waiting_mb }));
            }
        };
        let report = sink.finish(end, error, stop, &|progress| self.progress.put(progress));
        self.report.put(report);
        (self.wake)();
    }

    fn noted(&self, result: Result<(), SinkError>) -> Option<SinkError> {
        let error = result.err()?;
        self.failure.put(error.clone());
        (self.wake)();
        Some(error)
    }
}
