//! What can happen, and what must be done about it outside.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Appearance, Pane, Settings, WindowSize};
use crate::audio::AudioDevice;
use crate::capture::Listing;
use crate::plan::{FfmpegSummary, Fix, NowName, OutputFacts, Plan, Severity};
use crate::profile::Profile;
use crate::session::{Command, Status};

/// What a look at this machine brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Screens, windows, cameras.
    pub listing: Listing,
    /// Sound inputs, or why there are none to list.
    pub audio: Result<Vec<AudioDevice>, String>,
    /// What ffmpeg can do, or what to do because there is none.
    pub ffmpeg: Result<FfmpegSummary, String>,
    /// The program of non-compression mode, if it is there.
    pub opencv: Option<PathBuf>,
}

/// How a folder dialog ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// This one.
    Folder(PathBuf),
    /// None; that is an answer, not an error.
    Cancelled,
    /// No dialog could be shown on this desktop.
    NoDialog,
}

/// The answer to a [`super::Dialog`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Leave everything as it is.
    KeepGoing,
    /// Stop, complete the file, then close.
    FinishAndClose,
    /// Do not complete the file; keep the crash-safe one.
    StopNow,
    /// Put all settings back.
    Reset,
}

/// Everything that can change the model.
#[derive(Clone, Debug)]
pub enum Action {
    /// The window is there.
    Opened,
    /// A form was edited.
    DraftEdited(Box<Profile>),
    /// A problem's button was pressed.
    FixApplied(Fix),
    /// A section was opened.
    PaneShown(Pane),
    /// Light or dark was chosen.
    AppearanceChosen(Appearance),
    /// The big button or its shortcut.
    RecordPressed,
    /// Break off finishing.
    StopNowPressed,
    /// Put all settings back.
    ResetPressed,
    /// A question was answered.
    Answered(Answer),
    /// Look for devices again.
    RefreshPressed,
    /// A source that failed is to be opened again.
    TryAgainPressed,
    /// A camera or a sound device was plugged in or out, or another became the default.
    DevicesChanged,
    /// A button among a camera's controls was pressed, by its key.
    CameraButtonPressed(String),
    /// Try out the encoders of the chosen codec.
    TryEncodersPressed,
    /// Devices and ffmpeg were looked for.
    Surveyed(Box<Found>),
    /// The folder of recordings was looked at.
    OutputLookedAt {
        /// The wished file.
        path: PathBuf,
        /// What is there.
        facts: OutputFacts,
    },
    /// The folder of a recording about to begin was made, or the error says why not.
    FolderPrepared {
        /// The recording.
        plan: Box<Plan>,
        /// Whether its folder is there.
        result: Result<(), String>,
    },
    /// The session has something new.
    StatusChanged(Arc<Status>),
    /// The wall clock shows another second.
    ClockRead(NowName),
    /// The preview can be seen, or not.
    Watched(bool),
    /// Choose the output folder in a dialog.
    PickFolderPressed,
    /// The dialog ended.
    FolderPicked(Picked),
    /// Show a file in the file manager.
    ShowInFolderPressed(PathBuf),
    /// Open a file in its player.
    PlayPressed(PathBuf),
    /// Put a text on the clipboard.
    CopyPressed(String),
    /// Something outside the session went wrong, or is worth knowing.
    Told {
        /// How bad.
        severity: Severity,
        /// What happened.
        what: String,
        /// What to do.
        help: String,
    },
    /// A line was put away.
    NoticeDismissed(u64),
    /// The last recording's card was put away.
    ResultDismissed,
    /// The window has another size.
    WindowResized(WindowSize),
    /// The window is to be closed.
    CloseRequested,
    /// The program is to end, and nobody is there to be asked: a signal, or the end of the desktop's session.
    QuitAsked,
}

/// What the app must do. None of it blocks the window.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Tell the session.
    Session(Command),
    /// Look for devices and ffmpeg in a job, then [`Action::Surveyed`].
    Survey {
        /// Encoders to be tried out.
        try_encoders: Vec<String>,
    },
    /// Look at the place of a file in a job, then [`Action::OutputLookedAt`].
    LookAtOutput(PathBuf),
    /// Make the folder of this recording in a job, then [`Action::FolderPrepared`].
    PrepareFolder(Box<Plan>),
    /// Show a folder dialog that begins here, then [`Action::FolderPicked`].
    PickFolder {
        /// The folder as the profile has it.
        start: String,
    },
    /// Write the settings soon; later ones replace earlier ones.
    SaveSettings(Box<Settings>),
    /// Show in the file manager.
    ShowInFolder(PathBuf),
    /// Open with the player the desktop has for it.
    OpenFile(PathBuf),
    /// Put on the clipboard.
    CopyText(String),
    /// Close the window without asking again.
    Close,
}
