//! What opening finds out, once, before the first frame: ffmpeg and what it can do, the output, the encoder.

use std::path::PathBuf;
use std::time::Duration;

use super::command::Setting;
use super::encoder::{Search, Wanted, wanted_encoder};
use super::gear_error::GearError;
use super::obtain::{self, OnDownload};
use super::params::{ParamError, Reading, Wishes};
use super::place::{self, Existing, Growing};
use super::target::Target;
use crate::ffmpeg::{Capabilities, Ffmpeg};
use crate::rt::StopSource;

/// Everything the first frame is waited for with.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) ffmpeg: Ffmpeg,
    pub(super) hybrid_mp4: bool,
    pub(super) wishes: Wishes,
    /// `None`: packets.
    pub(super) target: Option<Target>,
    pub(super) encoder: Option<String>,
    pub(super) write_deadline: Duration,
    pub(super) close_patience: Duration,
    pub(super) log_level: log::Level,
    pub(super) remarks: Vec<String>,
}

/// What the builder knows.
pub(super) struct Opening {
    /// `None`: packets.
    pub(super) output: Option<String>,
    pub(super) custom_ffmpeg: Option<PathBuf>,
    pub(super) cache_folder: Option<PathBuf>,
    pub(super) on_download: Option<OnDownload>,
    pub(super) wishes: Wishes,
    pub(super) reading: Reading,
    pub(super) existing: Existing,
    pub(super) write_deadline: Duration,
    pub(super) close_patience: Duration,
    pub(super) log_level: log::Level,
}

impl Opened {
    pub(super) fn setting(&self) -> Setting<'_> {
        Setting {
            wishes: &self.wishes,
            target: self.target.as_ref(),
            encoder: self.encoder.as_deref(),
            version: &self.ffmpeg.version,
        }
    }

    /// Finds and checks everything. 70 ms where ffmpeg is known from before, a second where it is not.
    pub(super) fn open(opening: Opening) -> Result<(Self, Option<Growing>), GearError> {
        let Opening { output, wishes, reading, .. } = opening;
        if output.as_ref().is_some_and(|output| output.trim().is_empty()) {
            return Err(GearError::NoOutput);
        }
        if wishes.output.iter().any(|word| word == "-vn") {
            let expected = "frames are pictures; for sound alone run a command (Custom)";
            return Err(ParamError { key: "-vn".to_owned(), value: "used".to_owned(), expected }.into());
        }
        let folder = wishes.download_folder.as_deref();
        let ffmpeg = obtain::ffmpeg(opening.custom_ffmpeg.as_deref(), folder, opening.on_download.as_ref())?;
        let cache = opening.cache_folder.unwrap_or_else(place::cache_folder);
        let never = StopSource::new();
        let mut known = Capabilities::load_or_probe(&ffmpeg, &cache, &never.token())?.unwrap_or_default();
        let format = wishes.output.iter().rposition(|word| word == "-f").and_then(|at| wishes.output.get(at + 1));
        let target = match output {
            Some(output) => Some(Target::of(&output, format.map(String::as_str), &known)?),
            None => None,
        };
        let mut remarks = wishes.remarks.clone();
        let mut search = Search { ffmpeg: &ffmpeg, known: &mut known, cache: &cache };
        let encoder = match wanted_encoder(&wishes, target.as_ref(), format.map(String::as_str)) {
            Wanted::Nobody => None,
            Wanted::Default => Some(search.first_of_default()?),
            Wanted::Named(name) => match (search.works(name), reading) {
                (Ok(()), _) => Some(name.to_owned()),
                (Err(reason), Reading::Forgiving) => {
                    let instead = search.first_of_default()?;
                    remarks.push(format!("The encoder '{name}' cannot be used ({reason}); {instead} encodes instead."));
                    Some(instead)
                }
                (Err(reason), Reading::Strict) => return Err(GearError::NoEncoder { wanted: name.to_owned(), reason }),
            },
        };
        let existing = if wishes.replaces || wishes.pre_headers.iter().any(|word| word == "-y") {
            Existing::Replace
        } else {
            opening.existing
        };
        let growing = match &target {
            Some(Target::File(path)) => Some(Growing::begin(path, existing)?),
            Some(Target::Pattern(path)) if existing == Existing::Refuse => match place::first_of_pattern(path) {
                Some(taken) => return Err(GearError::Taken(taken)),
                None => None,
            },
            _ => None,
        };
        let opened = Self {
            hybrid_mp4: known.hybrid_fragmented,
            ffmpeg,
            wishes,
            target,
            encoder,
            write_deadline: opening.write_deadline,
            close_patience: opening.close_patience,
            log_level: opening.log_level,
            remarks,
        };
        Ok((opened, growing))
    }
}
