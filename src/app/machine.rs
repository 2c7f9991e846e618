//! The real machine: devices, the wall clock, the desktop.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::desktop;
use super::ports::Machine;
use crate::model::DevicesFound;
use crate::plan::{FfmpegSummary, NowName};
use crate::{audio, capture};

/// How long a search for devices may take; a hanging driver is left out then.
const LIST_WITHIN: Duration = Duration::from_secs(5);

/// Finds ffmpeg and tries its encoders; runs in a job, the error says what to do.
pub type ProbeFfmpeg = Arc<dyn Fn() -> Result<FfmpegSummary, String> + Send + Sync>;

/// The machine we run on.
pub struct DesktopMachine {
    probe: ProbeFfmpeg,
}

impl DesktopMachine {
    /// How ffmpeg is found is the caller's business: window and command line share it.
    pub fn new(probe: ProbeFfmpeg) -> Self {
        Self { probe }
    }
}

impl Machine for DesktopMachine {
    fn devices(&self) -> DevicesFound {
        let listing = capture::list(LIST_WITHIN);
        let audio = audio::list().map_err(|error| error.to_string());
        DevicesFound { listing, audio }
    }

    fn ffmpeg(&self) -> Result<FfmpegSummary, String> {
        (self.probe)()
    }

    fn show_in_folder(&self, file: &Path) -> Result<(), String> {
        desktop::show_in_folder(file)
    }

    fn open_file(&self, file: &Path) -> Result<(), String> {
        desktop::open_file(file)
    }

    fn now_name(&self) -> NowName {
        let now = jiff::Zoned::now();
        NowName { date: now.strftime("%Y-%m-%d").to_string(), time: now.strftime("%H-%M-%S").to_string() }
    }
}
