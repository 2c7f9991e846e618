//! The conductor: owns capture, preview, engine and fan-out; takes `Command`s, publishes one `Status`.
//!
//! Knows no profile, no model, no window. One thread, `session`, owns every worker's handle; nothing it does
//! waits for a disk or ffmpeg longer than a second; closing a device that hangs may take two.

mod camera_count;
mod conductor;
mod copied;
mod direct_words;
mod environment;
mod event;
mod failure;
mod inputs;
mod opencv_words;
mod params;
mod picture;
mod prepare;
mod rates;
mod recording;
mod sound;
mod sound_alarms;
mod spec;
mod status;
mod tap;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use conductor::{Conductor, ConductorSetup};
use event::{Event, EventSender, events};

pub use crate::capture::{CameraControl, CameraState, ControlKind, ControlState, Signal};
pub use crate::fanout::{CheckResult, FileReport, StreamReport, StreamState, Verdict};
pub use environment::{
    FoundFfmpeg, Survey, SurveySetup, find_ffmpeg, find_opencv, gather, look_at_output, make_folder,
};
pub use prepare::look_at_subtitles;
pub use status::{
    AudioStatus, CameraReport, Command, DiskStatus, Failure, FailureKind, FinishedReport, FrameCounts, Notice,
    PreviewRequest, SourceStatus, State, Status, TrackStatus,
};

use crate::imaging::PreviewImage;
use crate::media::{FrameRate, Resolution};
use crate::plan::Plan;
use crate::preview::Preview;
use crate::rt::{Clock, JoinOutcome, Latest, Worker};

/// How long the end of a session may take beyond its recording's: devices are closed in it.
const END_DEADLINE: Duration = Duration::from_secs(10);

/// What a session needs.
pub struct SessionSetup {
    /// A custom ffmpeg or its folder.
    pub ffmpeg: Option<PathBuf>,
    /// Where ffmpeg's capabilities are kept.
    pub cache_dir: PathBuf,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Called from the session's threads when the status or the preview is new. Must not wait.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// A running session. Dropping it stops and finalises what is being recorded.
pub struct Session {
    events: EventSender,
    status: Latest<Arc<Status>>,
    preview: Arc<Preview>,
    worker: Worker,
}

impl Session {
    /// Starts the session's thread.
    pub fn start(setup: SessionSetup) -> std::io::Result<Self> {
        let (events, queue) = events();
        let status = Latest::new();
        status.put(Arc::new(Status::default()));
        let preview =
            Arc::new(Preview::start(Resolution::new(1280, 720), FrameRate::whole(30), Arc::clone(&setup.wake))?);
        let conductor = Conductor::new(ConductorSetup {
            ffmpeg: setup.ffmpeg,
            cache_dir: setup.cache_dir,
            clock: setup.clock,
            events: events.clone(),
            queue,
            status: status.clone(),
            preview: Arc::clone(&preview),
            wake: setup.wake,
        });
        let worker = Worker::spawn("session", move |stop| conductor.run(&stop))?;
        Ok(Self { events, status, preview, worker })
    }

    /// Asks for something; never waits.
    pub fn send(&self, command: Command) {
        self.events.send(Event::Command(command));
    }

    /// The newest status.
    pub fn status(&self) -> Arc<Status> {
        self.status.peek().unwrap_or_default()
    }

    /// The newest preview picture.
    pub fn preview_image(&self) -> Option<Arc<PreviewImage>> {
        self.preview.image()
    }

    /// Whether the session has closed everything after [`Command::Shutdown`].
    pub fn is_over(&self) -> bool {
        self.worker.is_finished()
    }

    /// Shuts down and waits until the recording is finalised and every thread gone. Off the window's thread only.
    pub fn close(mut self) -> JoinOutcome {
        self.send(Command::Shutdown);
        loop {
            if let Some(outcome) = self.worker.wait(Duration::from_millis(100)) {
                return outcome;
            }
            if !self.status().state.is_busy() {
                return self.worker.join(END_DEADLINE);
            }
        }
    }
}

/// The commands that a plan would run, as shell words, for a source of this size. Sound is taken as 48 kHz stereo.
/// `ffmpeg` is the program's path; non-compression mode has a program of its own in the plan.
pub fn commands_for(plan: &Plan, ffmpeg: &Path, source: Resolution) -> Vec<String> {
    recording::commands_for(plan, ffmpeg, source)
}
