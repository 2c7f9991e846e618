//! Looks at this machine before a recording: sources, sound, ffmpeg and the place of the file.
//!
//! Everything that may hang in a device or a network folder runs on a job with a deadline.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::audio::{self, AudioDevice, AudioError};
use crate::capture::{self, Listing};
use crate::ffmpeg::{self, Capabilities, Ffmpeg, Trial};
use crate::plan::{
    EncoderInfo, Environment, FfmpegSummary, FolderFact, NameFact, NowName, OutputFacts, Searched, SubtitlesFact, Works,
};
use crate::rt::{JobState, StopToken, spawn_job, wall_name};

/// How long a folder may take to answer: a sleeping disk needs some seconds, a dead network share never answers.
const FOLDER_DEADLINE: Duration = Duration::from_secs(8);

/// What to look with.
#[derive(Clone, Debug, Default)]
pub struct SurveySetup {
    /// The user's own ffmpeg, a program or its folder.
    pub ffmpeg: Option<PathBuf>,
    /// Where ffmpeg's capabilities are kept.
    pub cache_dir: PathBuf,
    /// Encoders that are to be tried; `auto` and unknown names are skipped.
    pub try_encoders: Vec<String>,
}

/// An ffmpeg and what it can do.
#[derive(Clone, Debug)]
pub struct FoundFfmpeg {
    /// The program.
    pub ffmpeg: Ffmpeg,
    /// Its encoders and muxers.
    pub capabilities: Capabilities,
}

/// What was found.
#[derive(Debug)]
pub struct Survey {
    /// Screens, windows and cameras.
    pub listing: Listing,
    /// Sound inputs.
    pub audio: Result<Vec<AudioDevice>, AudioError>,
    /// ffmpeg, or why there is none, in words for the user.
    pub ffmpeg: Result<FoundFfmpeg, String>,
    /// The program of non-compression mode.
    pub opencv: Option<PathBuf>,
}

/// Looks at everything at once, for `deadline` at most (three seconds do on a sane machine: the first look at an
/// ffmpeg takes half a second, later ones 70 ms). For a job's thread; ends early when `stop` is asked.
pub fn gather(setup: &SurveySetup, deadline: Duration, stop: &StopToken) -> Survey {
    let wish = setup.clone();
    let ffmpeg = spawn_job("find-ffmpeg", || {}, move |stop| find_ffmpeg(&wish, &stop));
    let sound = spawn_job("list-audio", || {}, |_| audio::list());
    let listing = if stop.is_stopped() { Listing::default() } else { capture::list(deadline) };
    let audio = sound.map(|mut job| job.wait(deadline));
    let audio = match audio {
        Ok(JobState::Done(found)) => found,
        Ok(JobState::Running | JobState::Gone) | Err(_) => {
            log::warn!("the sound inputs were not listed within {} s", deadline.as_secs());
            Ok(Vec::new())
        }
    };
    let ffmpeg = match ffmpeg.map(|mut job| job.wait(deadline)) {
        Ok(JobState::Done(found)) => found,
        Ok(JobState::Running | JobState::Gone) => {
            Err(format!("ffmpeg does not answer within {} s", deadline.as_secs()))
        }
        Err(error) => Err(format!("ffmpeg cannot be looked for: {error}")),
    };
    Survey { listing, audio, ffmpeg, opencv: find_opencv() }
}

/// Finds ffmpeg and what it can do; the error is for the user. For a job's thread: 70 ms, half a second the first
/// time, and up to 0.3 s for each encoder that is to be tried and was not tried before.
pub fn find_ffmpeg(setup: &SurveySetup, stop: &StopToken) -> Result<FoundFfmpeg, String> {
    let ffmpeg = ffmpeg::find(setup.ffmpeg.as_deref()).map_err(|error| error.to_string())?;
    let known = Capabilities::load_or_probe(&ffmpeg, &setup.cache_dir, stop).map_err(|error| error.to_string())?;
    let mut capabilities = known.ok_or_else(|| "the search was cancelled".to_owned())?;
    let before = capabilities.clone();
    // Without x264 the choice falls on a card: only then is it worth a second to know which ones work.
    if !capabilities.encoders.iter().any(|encoder| encoder.name == "libx264") {
        capabilities.try_hardware(&ffmpeg, stop);
    }
    let is_there = |name: &&String| before.encoders.iter().any(|encoder| encoder.name == **name);
    for name in setup.try_encoders.iter().filter(is_there) {
        if capabilities.try_encoder(&ffmpeg, name, stop).is_none() {
            return Err("the search was cancelled".to_owned());
        }
    }
    if capabilities != before {
        capabilities.store(&ffmpeg, &setup.cache_dir);
    }
    Ok(FoundFfmpeg { ffmpeg, capabilities })
}

/// The program gearcast-opencv: what `GEARCAST_OPENCV` names, or the one beside this program.
pub fn find_opencv() -> Option<PathBuf> {
    let named = std::env::var_os("GEARCAST_OPENCV").filter(|name| !name.is_empty()).map(PathBuf::from);
    let beside = || {
        let name = format!("gearcast-opencv{}", std::env::consts::EXE_SUFFIX);
        Some(std::env::current_exe().ok()?.with_file_name(name))
    };
    named.or_else(beside).filter(|program| program.is_file())
}

impl FoundFfmpeg {
    /// What a plan needs to know of it.
    pub fn summary(&self) -> FfmpegSummary {
        let capabilities = &self.capabilities;
        let encoders = capabilities.encoders.iter().map(|encoder| EncoderInfo {
            name: encoder.name.clone(),
            codec: encoder.codec.clone(),
            works: match capabilities.known_trial(&encoder.name) {
                None => Works::Unknown,
                Some(Trial::Works { .. }) => Works::Yes,
                Some(Trial::Fails { reason }) => Works::No { reason: reason.clone() },
            },
        });
        FfmpegSummary {
            version: self.ffmpeg.version.to_string(),
            encoders: encoders.collect(),
            muxers: capabilities.muxers.clone(),
            protocols: capabilities.output_protocols.clone(),
            hybrid_mp4: capabilities.hybrid_fragmented,
        }
    }
}

impl Survey {
    /// The environment of a plan, at this moment; what is where the file would go is not looked at yet.
    pub fn environment(&self, home: PathBuf) -> Environment {
        let now = wall_name();
        Environment {
            listing: self.listing.clone(),
            audio: self.audio.as_ref().cloned().unwrap_or_default(),
            searched: Searched::Done,
            ffmpeg: self.ffmpeg.as_ref().ok().map(FoundFfmpeg::summary),
            opencv: self.opencv.clone(),
            home,
            now_name: NowName { date: now.date, time: now.time },
            output: OutputFacts::default(),
        }
    }
}

/// Looks at the folder and name of a wished file. Changes nothing; waits eight seconds at most for a folder that
/// does not answer.
pub fn look_at_output(path: &Path) -> OutputFacts {
    let wished = path.to_owned();
    let late = |reason: &str| OutputFacts {
        folder: FolderFact::NotWritable { reason: reason.to_owned() },
        ..OutputFacts::default()
    };
    match spawn_job("look-at-output", || {}, move |_| look(&wished)).map(|mut job| job.wait(FOLDER_DEADLINE)) {
        Ok(JobState::Done(facts)) => facts,
        Ok(JobState::Running | JobState::Gone) => late("it does not answer"),
        Err(error) => late(&error.to_string()),
    }
}

fn look(path: &Path) -> OutputFacts {
    let folder = path.parent().unwrap_or(path);
    let name = match std::fs::symlink_metadata(path) {
        // A link is followed for what it is, but a dangling one is still a name that is taken.
        Ok(_) if std::fs::metadata(path).is_ok_and(|target| is_device(&target)) => NameFact::Device,
        Ok(_) if std::fs::metadata(path).is_ok_and(|target| !target.is_file()) => NameFact::NotAFile,
        Ok(_) => NameFact::Taken,
        Err(_) => NameFact::Free,
    };
    let folder_fact = match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => FolderFact::NotAFolder,
        Ok(_) => writable(folder).map_or_else(|error| not_writable(&error), |()| FolderFact::Ready),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => can_be_made(folder),
        Err(error) => not_writable(&error),
    };
    let existing = if folder_fact == FolderFact::CanBeMade { folder.parent() } else { Some(folder) };
    OutputFacts {
        folder: folder_fact,
        free_bytes: existing.and_then(free_bytes),
        name,
        subtitles: SubtitlesFact::Unknown,
    }
}

#[cfg(unix)]
fn is_device(found: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&found.file_type())
}

#[cfg(not(unix))]
fn is_device(_found: &std::fs::Metadata) -> bool {
    false
}

fn not_writable(error: &std::io::Error) -> FolderFact {
    let reason = match error.kind() {
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        _ => error.to_string(),
    };
    FolderFact::NotWritable { reason }
}

/// Only the last folder of a path is made: a mistyped mount point must not fill the system's disk.
fn can_be_made(folder: &Path) -> FolderFact {
    let is_dangling_link = std::fs::symlink_metadata(folder).is_ok();
    match folder.parent() {
        Some(parent) if !is_dangling_link && parent.is_dir() && writable(parent).is_ok() => FolderFact::CanBeMade,
        _ => FolderFact::Missing,
    }
}

#[cfg(unix)]
fn writable(folder: &Path) -> std::io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn writable(folder: &Path) -> std::io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

/// Makes the folder of a plan whose [`FolderFact`] was `CanBeMade`; one that is there is no error.
pub fn make_folder(folder: &Path) -> std::io::Result<()> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_names_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("taken.mp4"), b"x").unwrap();
        for (path, expected, name) in [
            (at("free.mp4"), FolderFact::Ready, NameFact::Free),
            (at("taken.mp4"), FolderFact::Ready, NameFact::Taken),
            (at("new/a.mp4"), FolderFact::CanBeMade, NameFact::Free),
            (at("new/deeper/a.mp4"), FolderFact::Missing, NameFact::Free),
            (at("taken.mp4/a.mp4"), FolderFact::NotAFolder, NameFact::Free),
        ] {
            let facts = look_at_output(&path);
            assert_eq!((facts.folder, facts.name), (expected, name), "{}", path.display());
        }
        assert_eq!(look_at_output(folder.path()).name, NameFact::NotAFile);
        assert!(look_at_output(&at("free.mp4")).free_bytes.is_some_and(|free| free > 0));
        make_folder(&at("new")).unwrap();
        make_folder(&at("new")).unwrap();
        assert_eq!(look_at_output(&at("new/a.mp4")).folder, FolderFact::Ready);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_seen_for_what_they_are() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        symlink("nowhere", folder.path().join("dangling.mp4")).unwrap();
        symlink("/dev/null", folder.path().join("null.mp4")).unwrap();
        assert_eq!(look_at_output(&folder.path().join("dangling.mp4")).name, NameFact::Taken);
        assert_eq!(look_at_output(&folder.path().join("null.mp4")).name, NameFact::Device);
        assert_eq!(look_at_output(&folder.path().join("dangling.mp4/x.mp4")).folder, FolderFact::Missing);
    }

    #[test]
    fn a_missing_ffmpeg_is_told_in_words() {
        let setup = SurveySetup { ffmpeg: Some("/nowhere/ffmpeg".into()), ..SurveySetup::default() };
        let error = find_ffmpeg(&setup, &crate::rt::StopSource::new().token()).unwrap_err();
        assert!(error.contains("/nowhere/ffmpeg"), "{error}");
    }
}
