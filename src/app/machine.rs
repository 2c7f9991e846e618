//! The real machine: devices, ffmpeg, folders, the wall clock, the desktop.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::desktop;
use super::ports::Machine;
use crate::audio::DeviceWatch;
use crate::model::Found;
use crate::plan::{NowName, OutputFacts};
use crate::rt::{RealClock, StopToken, wall_name};
use crate::session::{FoundFfmpeg, SurveySetup, gather, look_at_output, make_folder};

/// How long a look at the machine may take. Three seconds do where ffmpeg is known; trying out the encoders of a
/// slow machine for the first time takes longer.
const SURVEY_WITHIN: Duration = Duration::from_secs(20);

/// The machine we run on.
pub struct DesktopMachine {
    ffmpeg: Option<PathBuf>,
    cache_dir: PathBuf,
    sound: Mutex<DeviceWatch>,
}

impl DesktopMachine {
    /// With the user's own ffmpeg, if any, and the folder where its capabilities are cached.
    pub fn new(ffmpeg: Option<PathBuf>, cache_dir: PathBuf) -> Self {
        Self { ffmpeg, cache_dir, sound: Mutex::new(DeviceWatch::new(Arc::new(RealClock))) }
    }
}

impl Machine for DesktopMachine {
    fn survey(&self, try_encoders: Vec<String>, stop: &StopToken) -> Found {
        let setup = SurveySetup { ffmpeg: self.ffmpeg.clone(), cache_dir: self.cache_dir.clone(), try_encoders };
        let survey = gather(&setup, SURVEY_WITHIN, stop);
        Found {
            listing: survey.listing,
            audio: survey.audio.map_err(|error| error.to_string()),
            ffmpeg: survey.ffmpeg.as_ref().map(FoundFfmpeg::summary).map_err(Clone::clone),
            opencv: survey.opencv,
        }
    }

    fn camera_fingerprint(&self) -> Vec<String> {
        crate::capture::camera_fingerprint()
    }

    fn sound_fingerprint(&self) -> Option<Vec<String>> {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner).fingerprint()
    }

    fn look_at_output(&self, file: &Path) -> OutputFacts {
        look_at_output(file)
    }

    fn make_folder(&self, folder: &Path) -> Result<(), String> {
        make_folder(folder).map_err(|error| error.to_string())
    }

    fn show_in_folder(&self, file: &Path) -> Result<(), String> {
        desktop::show_in_folder(file)
    }

    fn open_file(&self, file: &Path) -> Result<(), String> {
        desktop::open_file(file)
    }

    fn now_name(&self) -> NowName {
        let now = wall_name();
        NowName { date: now.date, time: now.time }
    }
}
