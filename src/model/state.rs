//! The state itself.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Settings, WindowSize};
use crate::audio::SoundOffsets;
use crate::capture::SourceSpec;
use crate::model::Appearance;
use crate::plan::{Environment, Problem, Severity};
use crate::profile::Profile;
use crate::session::{PreviewRequest, State, Status};

/// The side panel's sections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pane {
    /// What is recorded.
    #[default]
    Source,
    /// What is heard.
    Sound,
    /// How pictures are encoded.
    Video,
    /// Where it goes.
    Output,
}

impl Pane {
    /// All of them in the order of the tabs.
    pub const ALL: [Self; 4] = [Self::Source, Self::Sound, Self::Video, Self::Output];

    /// What the tab says.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Sound => "Sound",
            Self::Video => "Video",
            Self::Output => "Output",
        }
    }

    /// The pane that shows a profile's key.
    pub fn of_field(field: &str) -> Self {
        match field.split('.').next().unwrap_or_default() {
            "source" => Self::Source,
            "audio" => Self::Sound,
            "video" => Self::Video,
            _ => Self::Output,
        }
    }
}

/// Where the search for devices is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceSearch {
    /// Not asked yet.
    #[default]
    NotAsked,
    /// At work; the list shown is the one before.
    Running,
    /// The list is there.
    Done,
}

/// Where the search for ffmpeg is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FfmpegSearch {
    /// Being looked for and tried out.
    #[default]
    Running,
    /// Found; the environment has what it can do.
    Found,
    /// There is none that works.
    Missing {
        /// What happened and what to do.
        what: String,
    },
}

/// A question that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// The window was to be closed in the middle of a recording.
    CloseWhileBusy,
    /// Finishing was to be broken off.
    StopNow,
    /// All settings were to be put back.
    ResetSettings,
}

/// Whether the window is about to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Closing {
    /// It stays.
    #[default]
    No,
    /// It goes once the file is complete.
    WhenFinished,
    /// It goes once the recording is over, however it ended: the system wants it gone.
    WhenOver,
    /// It goes now.
    Now,
}

/// What the big button stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A recording can begin.
    Ready,
    /// It was asked to begin.
    Starting,
    /// It runs.
    Recording,
    /// It was asked to stop and the file is being completed.
    Finishing,
}

/// One line that tells the user something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeLine {
    /// Unique in this window's life.
    pub id: u64,
    /// The session's word for it; a newer line of the same takes the older one's place, because it counts on.
    pub code: Option<&'static str>,
    /// How bad.
    pub severity: Severity,
    /// What happened.
    pub what: String,
    /// What to do; may be empty.
    pub help: String,
}

/// What was asked for and is not seen in the status yet. Without it a double click would start twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    /// The folder of a recording about to begin is being made.
    Folder,
    /// The session was sent a command.
    Command {
        /// What the button shows meanwhile.
        stage: Stage,
        /// The state when it was asked.
        before: State,
        /// Statuses seen since; the session's answer is among the first few, whatever it is.
        seen: u8,
    },
}

/// Where the look at the folder of recordings is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum FolderLook {
    /// What is known is of another folder, or old.
    #[default]
    Stale,
    /// On its way to this folder.
    Running(PathBuf),
    /// The environment's facts are about this folder.
    Done(PathBuf),
}

/// What a look for devices may have missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Missed {
    #[default]
    Nothing,
    /// Cameras came or went meanwhile: another look follows.
    Cameras,
}

/// Everything the window shows.
#[derive(Clone, Debug)]
pub struct Model {
    /// The profile being edited.
    pub draft: Profile,
    /// What was found on this machine.
    pub environment: Environment,
    /// Where the search for devices is.
    pub devices: DeviceSearch,
    /// Why sound inputs could not be listed, if so.
    pub audio_problem: Option<String>,
    /// Where the search for ffmpeg is.
    pub ffmpeg: FfmpegSearch,
    /// The session's last word.
    pub status: Arc<Status>,
    /// What is wrong with the draft.
    pub problems: Vec<Problem>,
    /// The open section.
    pub pane: Pane,
    /// Light or dark.
    pub appearance: Appearance,
    /// The window's size, to be remembered.
    pub window: WindowSize,
    /// What a sync test found of sound devices.
    pub sound_offsets: SoundOffsets,
    /// A question that waits for an answer.
    pub dialog: Option<Dialog>,
    /// What the user has not put away yet, oldest first.
    pub notices: Vec<NoticeLine>,
    /// Whether the window is about to go.
    pub closing: Closing,
    /// A folder dialog is open.
    pub picking_folder: bool,
    /// The user has put the last recording's card away.
    pub result_dismissed: bool,
    pub(super) asked: Option<Asked>,
    pub(super) folder_look: FolderLook,
    /// What the look for devices that runs may have missed.
    pub(super) missed: Missed,
    /// What the session was last asked to show.
    pub(super) preview: Option<PreviewRequest>,
    /// The newest of the session's notices already taken over.
    pub(super) notice_seen: u64,
    pub(super) next_notice: u64,
    /// Whether somebody looks at the preview, as last told to the session.
    pub(super) watched: bool,
}

impl Model {
    /// The state at the start, before anything was looked for.
    pub fn new(settings: Settings, environment: Environment) -> Self {
        let Settings { version: _, appearance, pane, window, sound_offsets, profile } = settings;
        Self {
            draft: profile,
            environment,
            devices: DeviceSearch::default(),
            audio_problem: None,
            ffmpeg: FfmpegSearch::default(),
            status: Arc::default(),
            problems: Vec::new(),
            pane,
            appearance,
            window: window.sane(),
            sound_offsets,
            dialog: None,
            notices: Vec::new(),
            closing: Closing::default(),
            picking_folder: false,
            result_dismissed: false,
            asked: None,
            folder_look: FolderLook::default(),
            missed: Missed::Nothing,
            preview: None,
            notice_seen: 0,
            next_notice: 1,
            watched: false,
        }
    }

    /// What is to be remembered.
    pub fn settings(&self) -> Settings {
        Settings {
            version: super::SETTINGS_VERSION,
            appearance: self.appearance,
            pane: self.pane,
            window: self.window,
            sound_offsets: self.sound_offsets.clone(),
            profile: self.draft.clone(),
        }
    }

    /// What the big button stands for.
    pub fn stage(&self) -> Stage {
        match &self.asked {
            Some(Asked::Folder) => return Stage::Starting,
            Some(Asked::Command { stage, .. }) => return *stage,
            None => {}
        }
        match self.status.state {
            State::Idle | State::Done(_) | State::Failed(_) => Stage::Ready,
            State::Starting => Stage::Starting,
            State::Recording => Stage::Recording,
            State::Finalizing { .. } => Stage::Finishing,
        }
    }

    /// Whether closing must ask first.
    pub fn is_busy(&self) -> bool {
        self.stage() != Stage::Ready
    }

    /// Whether Record can be pressed now: ffmpeg is looked for once at the start.
    pub fn can_record(&self) -> bool {
        self.stage() == Stage::Ready && self.ffmpeg != FfmpegSearch::Running
    }

    /// Free space where the next recording goes, as last looked at.
    pub fn free_bytes(&self) -> Option<u64> {
        self.environment.output.free_bytes
    }

    /// Whether the last recording's card is to be shown.
    pub fn shows_result(&self) -> bool {
        !self.result_dismissed
            && self.stage() == Stage::Ready
            && matches!(self.status.state, State::Done(_) | State::Failed(_))
    }

    /// The source that the session was last asked to show; a recording begun since shows the same.
    pub fn shown_source(&self) -> Option<&SourceSpec> {
        self.preview.as_ref().and_then(|preview| preview.source.as_ref()).map(|request| &request.source)
    }

    /// The problems of one key, worst first.
    pub fn problems_of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a Problem> {
        self.problems.iter().filter(move |problem| problem.field == field)
    }

    /// How many things stand in the way in a section, and how bad the worst is.
    pub fn problems_in(&self, pane: Pane) -> (usize, Option<Severity>) {
        let here = self.problems.iter().filter(|problem| Pane::of_field(&problem.field) == pane);
        here.fold((0, None), |(count, worst), problem| (count + 1, worst.max(Some(problem.severity))))
    }

    /// The first file of the recording that the status tells of: finished, saved, or being written.
    pub fn result_file(&self) -> Option<PathBuf> {
        let report = match &self.status.state {
            State::Done(report) => Some(&**report),
            State::Failed(failure) => failure.saved.as_ref(),
            _ => None,
        };
        report.and_then(|report| report.files.first()).map(|file| file.path.clone())
    }
}
