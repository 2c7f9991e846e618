//! The file on disk around OpenCV's writing: claimed before, kept or taken back after.
//!
//! OpenCV truncates what is there, opens what it cannot write with a shrug, and leaves empty files behind. So the
//! path is judged and the file made here first, by the operating system's own word.

use std::fs::{self, OpenOptions};
use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use super::backend::Backend;
use super::error::WriterError;
use super::settings::{Existing, Fourcc, Output, Settings};
use crate::rt::wall_name;

/// What is written into.
#[derive(Debug)]
pub(super) enum Target {
    /// One file, ours.
    File {
        path: PathBuf,
        text: String,
        /// What was there before, until the first picture.
        before: Before,
    },
    /// Numbered pictures, made by OpenCV one by one.
    Pattern { path: PathBuf, text: String },
    /// A pipeline that writes wherever it says.
    Pipeline(String),
}

/// What stood under a file's name before.
#[derive(Debug)]
pub(super) enum Before {
    Nothing,
    /// An empty file, as somebody leaves who reserves a name and watches it: it is written into as it stands.
    Empty,
    /// A file that waits under this name.
    Aside(PathBuf),
}

impl Target {
    /// Judges the output and makes its file.
    pub(super) fn claim(output: &Output, settings: &Settings) -> Result<Self, WriterError> {
        let path = match output {
            Output::Pipeline(text) if text.trim().is_empty() => return Err(WriterError::NoOutput),
            Output::Pipeline(text) => return Ok(Self::Pipeline(text.clone())),
            Output::File(path) if path.as_os_str().is_empty() => return Err(WriterError::NoOutput),
            Output::File(path) => path,
        };
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let name = text(path).ok_or_else(|| WriterError::NotText { path: path.clone() })?;
        if name.contains("://") {
            return Err(WriterError::Address);
        }
        let is_folder = path.is_dir() || name.ends_with(std::path::is_separator);
        let path = if is_folder { name_in(path, settings.fourcc) } else { path.clone() };
        if path.extension().is_none() {
            return Err(WriterError::NoExtension { path });
        }
        let Some(text) = text(&path) else { return Err(WriterError::NotText { path }) };
        if is_pattern(&text, settings.backend) {
            return Self::of_pattern(path, text, settings.existing);
        }
        Self::of_file(path, text, settings.existing)
    }

    fn of_pattern(path: PathBuf, text: String, existing: Existing) -> Result<Self, WriterError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(WriterError::Unwritable { path, source: IoError::from(ErrorKind::NotFound) });
        }
        // OpenCV counts from 0, or from the digits that stand in the name.
        let first = numbered(&text, 0).map_or_else(|| path.clone(), PathBuf::from);
        if existing == Existing::Refuse && first.exists() {
            return Err(WriterError::Exists { path: first });
        }
        Ok(Self::Pattern { path, text })
    }

    fn of_file(path: PathBuf, text: String, existing: Existing) -> Result<Self, WriterError> {
        let create = || OpenOptions::new().write(true).create_new(true).open(&path).map(drop);
        let mut made = create();
        let mut before = Before::Nothing;
        if made.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
            if existing == Existing::Refuse {
                return Err(WriterError::Exists { path });
            }
            (before, made) = if is_empty_file(&path) {
                (Before::Empty, OpenOptions::new().write(true).open(&path).map(drop))
            } else {
                match put_aside(&path) {
                    Ok(aside) => (Before::Aside(aside), create()),
                    Err(error) => (Before::Nothing, Err(error)),
                }
            };
        }
        match made {
            Ok(()) => Ok(Self::File { path, text, before }),
            Err(source) => {
                if let Before::Aside(aside) = before {
                    restore(&aside, &path);
                }
                Err(WriterError::Unwritable { path, source })
            }
        }
    }

    /// As OpenCV takes it.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::File { text, .. } | Self::Pattern { text, .. } | Self::Pipeline(text) => text,
        }
    }

    /// The file or pattern; a pipeline has none that we know.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } | Self::Pattern { path, .. } => Some(path),
            Self::Pipeline(_) => None,
        }
    }

    /// The first picture is written: what was there before goes.
    pub(super) fn settle(&mut self) {
        if let Self::File { before, .. } = self
            && let Before::Aside(aside) = std::mem::replace(before, Before::Nothing)
        {
            discard(&aside);
        }
    }

    /// Nothing was written: takes the file away, and puts back what was there before.
    pub(super) fn withdraw(&mut self) {
        let Self::File { path, before, .. } = self else { return };
        match std::mem::replace(before, Before::Nothing) {
            Before::Nothing => discard(path),
            Before::Empty => empty(path),
            Before::Aside(aside) => {
                discard(path);
                restore(&aside, path);
            }
        }
    }
}

/// Numbered pictures are OpenCV's image writer's, whoever would take the name first otherwise.
pub(super) fn is_pattern(text: &str, backend: Backend) -> bool {
    const PICTURES: &[&str] = &["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp", "ppm", "pgm"];
    let extension = Path::new(text).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_picture = PICTURES.contains(&extension.to_ascii_lowercase().as_str());
    backend == Backend::Images || (backend == Backend::Auto && is_picture && numbered(text, 0).is_some())
}

/// The name of picture `index`: `%04d` filled in. `None` when there is no such place.
fn numbered(text: &str, index: u32) -> Option<String> {
    let (before, rest) = text.split_once('%')?;
    let (digits, after) = rest.split_once('d')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let width = digits.parse().unwrap_or(0_usize).min(20);
    Some(format!("{before}{index:0width$}{after}"))
}

/// A name made of the moment, in a container that holds the codec.
fn name_in(folder: &Path, fourcc: Fourcc) -> PathBuf {
    let extension = if fourcc.same_codec(Fourcc::MJPG) { "avi" } else { "mp4" };
    let now = wall_name();
    let name = |suffix: &str| folder.join(format!("gearcast-{}_{}{suffix}.{extension}", now.date, now.time));
    let plain = name("");
    let free = (1..1000).map(|count| name(&format!("-{count}"))).find(|path| !path.exists());
    if plain.exists() { free.unwrap_or(plain) } else { plain }
}

/// Renames a file, so that it can come back.
fn put_aside(path: &Path) -> Result<PathBuf, IoError> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(IoError::other("it is no ordinary file, and only those are replaced"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let free = (0..1000).map(|count| path.with_file_name(format!(".{name}.replaced{count}"))).find(|to| !to.exists());
    let aside = free.ok_or_else(|| IoError::from(ErrorKind::AlreadyExists))?;
    fs::rename(path, &aside)?;
    Ok(aside)
}

fn is_empty_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == 0)
}

fn empty(path: &Path) {
    if let Err(error) = OpenOptions::new().write(true).truncate(true).open(path) {
        log::warn!("{} could not be emptied: {error}", path.display());
    }
}

fn restore(aside: &Path, path: &Path) {
    if let Err(error) = fs::rename(aside, path) {
        log::warn!("{} could not be put back as {}: {error}", aside.display(), path.display());
    }
}

fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        log::warn!("{} could not be removed: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_pictures_are_recognised() {
        assert_eq!(numbered("a/shot_%04d.png", 7).as_deref(), Some("a/shot_0007.png"));
        assert_eq!(numbered("%d.png", 12).as_deref(), Some("12.png"));
        for text in ["shot.png", "100%.png", "%x.png", "%-4d.png"] {
            assert_eq!(numbered(text, 0), None, "{text}");
        }
        assert!(is_pattern("shot_%04d.PNG", Backend::Auto) && is_pattern("shot_0001.png", Backend::Images));
        assert!(!is_pattern("100%d.avi", Backend::Auto) && !is_pattern("shot_%04d.png", Backend::Ffmpeg));
    }

    #[test]
    fn what_was_there_comes_back_unless_a_picture_replaced_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.avi");
        fs::write(&path, "old").unwrap();
        let settings = Settings { existing: Existing::Replace, ..Settings::default() };
        let mut target = Target::claim(&Output::File(path.clone()), &settings).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"", "ours");
        target.withdraw();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut target = Target::claim(&Output::File(path.clone()), &settings).unwrap();
        fs::write(&path, "new").unwrap();
        target.settle();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies aside");
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    #[cfg(unix)]
    fn an_empty_file_is_written_into_where_it_stands() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reserved.avi");
        fs::write(&path, "").unwrap();
        let node = fs::metadata(&path).unwrap().ino();
        let settings = Settings { existing: Existing::Replace, ..Settings::default() };
        let mut target = Target::claim(&Output::File(path.clone()), &settings).unwrap();
        fs::write(&path, "head").unwrap();
        target.withdraw();
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.ino(), found.len()), (node, 0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_gets_a_new_name_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let claim = || Target::claim(&Output::File(folder.path().to_owned()), &Settings::default()).unwrap();
        let (first, second) = (claim(), claim());
        assert_ne!(first.path(), second.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
