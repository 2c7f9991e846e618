//! What goes in and what comes out: commands, and the one status that window, command line and control show.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::audio::{AudioKind, Strip};
use crate::capture::{CameraState, CaptureRequest};
use crate::fanout::{CheckResult, FileReport, StreamReport, Verdict};
use crate::media::{Levels, Resolution};
use crate::plan::{Plan, Severity};

/// What one can ask of the session.
#[derive(Clone, Debug)]
pub enum Command {
    /// Open (or change, or with `None` close) what is shown and heard while nothing is recorded. While something is,
    /// only the controls of the running camera follow it at once.
    Preview(Option<PreviewRequest>),
    /// Press a button among the controls of the camera that runs, by its key.
    CameraButton(String),
    /// Somebody looks at the preview, or nobody does.
    Watch(bool),
    /// Record.
    Start(Box<Plan>),
    /// Stop and finalise; asked again while finalising, leave the crash-safe file as it is and be done.
    Stop,
    /// Stop if recording, finalise, close everything. The session ends after its last status.
    Shutdown,
}

/// What the preview shows and the meters hear.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewRequest {
    /// The picture.
    pub source: Option<CaptureRequest>,
    /// The inputs whose levels are shown.
    pub audio: Vec<Strip>,
    /// The picture is scaled down to at most this.
    pub max_size: Resolution,
}

/// Everything there is to know at one moment; replaced as a whole, ten times a second while something runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Where the recording is.
    pub state: State,
    /// Recorded time.
    pub elapsed: Duration,
    /// Frames per second over the last two seconds.
    pub fps: f64,
    /// Encoded picture and sound, kbit/s over the last two seconds.
    pub video_kbps: f64,
    /// Frames so far.
    pub frames: FrameCounts,
    /// The source that runs, for preview or recording.
    pub source: SourceStatus,
    /// How the camera is, where the source is one and has said so.
    pub camera: Option<Arc<CameraState>>,
    /// The sound inputs that run.
    pub audio: Vec<AudioStatus>,
    /// What they are mixed to.
    pub tracks: Vec<TrackStatus>,
    /// The file being written: its final name.
    pub file: Option<PathBuf>,
    /// The addresses and devices written to.
    pub streams: Vec<StreamReport>,
    /// Its bytes so far.
    pub file_bytes: u64,
    /// The disk it lies on.
    pub disk: Option<DiskStatus>,
    /// Seconds from capture to disk, measured.
    pub latency_s: Option<f64>,
    /// The commands that run, each as shell-quoted words, secrets redacted.
    pub commands: Vec<String>,
    /// What happened that the user should know, newest last; bounded to 50.
    pub notices: Vec<Notice>,
}

/// The life of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Nothing is recorded.
    #[default]
    Idle,
    /// Record was asked; the encoder is not up yet.
    Starting,
    /// Frames are being written.
    Recording,
    /// Stop was asked; the file is being completed and checked. The crash-safe file is safe meanwhile.
    Finalizing {
        /// 0…1 where it is known.
        progress: Option<f64>,
        /// What is being done, in words.
        step: &'static str,
    },
    /// The recording is there.
    Done(Box<FinishedReport>),
    /// It ended early or never began; what could be saved is in the report.
    Failed(Box<Failure>),
}

impl State {
    /// Whether a recording is on its way, so that closing must ask.
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Starting | Self::Recording | Self::Finalizing { .. })
    }
}

/// Frames by fate. `written` counts what the encoder gave out, so it equals what is in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// Delivered by the source while recording.
    pub captured: u64,
    /// Encoded and handed to the file.
    pub written: u64,
    /// Written, but a repeat of the picture before.
    pub repeated: u64,
    /// Lost before the encoder: the queue was full or two frames fell on one tick.
    pub dropped_capture: u64,
    /// Given to the encoder and never seen again.
    pub dropped_encoder: u64,
}

/// The picture's source.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SourceStatus {
    /// None is open.
    #[default]
    Closed,
    /// Being opened.
    Opening,
    /// Delivering.
    Running {
        /// Its name.
        name: String,
        /// Its size.
        size: Resolution,
        /// Frames per second delivered over the last two seconds.
        fps: f64,
    },
    /// Gone or refused.
    Failed {
        /// What happened.
        what: String,
        /// What to do.
        help: String,
    },
}

/// One sound input.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioStatus {
    /// The device's name; what was asked for before it is open.
    pub device: String,
    /// What it hears, once it is open.
    pub kind: Option<AudioKind>,
    /// The file's track, from 1.
    pub track: u32,
    /// What the meter shows: after the gain, and before the mute.
    pub levels: Levels,
    /// Recorded as silence.
    pub muted: bool,
    /// What is wrong with it, if something is.
    pub problem: Option<String>,
}

/// One track of sound as it is recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackStatus {
    /// Its number, from 1.
    pub track: u32,
    /// What its meter shows.
    pub levels: Levels,
}

/// The disk under the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiskStatus {
    /// Free for this user.
    pub free_bytes: u64,
    /// Seconds until it is full at the present rate, the copy made at the end counted; `None` while unknown.
    pub left_s: Option<f64>,
}

/// Something the user should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Counts up, so that a reader can tell which it has shown.
    pub id: u64,
    /// How bad.
    pub severity: Severity,
    /// A word for scripts: `camera_stalled`.
    pub code: &'static str,
    /// What happened.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// What kind of failure; the command line's exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The plan itself.
    Usage,
    /// Capture or audio device.
    Capture,
    /// ffmpeg or the encoder.
    Encoder,
    /// Output or disk.
    Output,
    /// A server.
    Stream,
    /// Forced by a second stop.
    Forced,
}

/// Why a recording ended early or never began.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// What happened.
    pub what: String,
    /// What to do.
    pub help: String,
    /// ffmpeg's last words, redacted.
    pub details: Vec<String>,
    /// What was saved all the same.
    pub saved: Option<FinishedReport>,
}

/// What came of a camera's pictures during a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraReport {
    /// Its name.
    pub name: String,
    /// Pictures that came whole.
    pub whole: u64,
    /// Pictures that it took and that never came.
    pub lost: u64,
    /// Pictures that came damaged and were left out.
    pub damaged: u64,
    /// How often "no signal" had to stand in.
    pub outages: u64,
    /// For how long, in all.
    pub silent: Duration,
}

impl CameraReport {
    /// One line about the times without a picture; `None` where there were none.
    pub fn outage_words(&self) -> Option<String> {
        let times = match self.outages {
            0 => return None,
            1 => "Once".to_owned(),
            2 => "Twice".to_owned(),
            more => format!("{more} times"),
        };
        Some(format!("{times} without a picture from {}, {:.1} s in all.", self.name, self.silent.as_secs_f64()))
    }
}

/// What a finished recording is.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedReport {
    /// All files, the first one first.
    pub files: Vec<FileReport>,
    /// The addresses and devices it went to.
    pub streams: Vec<StreamReport>,
    /// Recorded time.
    pub duration_s: f64,
    /// Frames by fate.
    pub frames: FrameCounts,
    /// Capture to disk: what 95 of 100 pictures stayed below.
    pub latency_s: Option<f64>,
    /// The sound inputs at the end.
    pub audio: Vec<AudioStatus>,
    /// The camera's pictures from the recording's beginning to its end, if it was one.
    pub camera: Option<CameraReport>,
    /// The judgement.
    pub verdict: Verdict,
    /// What it rests on.
    pub checks: Vec<CheckResult>,
}
