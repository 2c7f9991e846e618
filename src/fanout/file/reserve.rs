//! Which name the file gets, so that nothing that exists is ever touched before its replacement is complete.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::form::CrashSafe;
use crate::media::{Container, beside};

/// What happens when the wished name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTaken {
    /// Refuse.
    Refuse,
    /// Take the next free one: `take (2).mp4`.
    Rename,
    /// Replace it when the new file is complete and verified.
    Replace,
}

/// A place for a recording: the crash-safe file exists, empty and ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTarget {
    /// The finished file's name.
    pub final_path: PathBuf,
    /// The crash-safe file's name while recording.
    pub safe_path: PathBuf,
    /// The container of the finished file.
    pub container: Container,
    /// What was asked for the case that the name is taken.
    pub on_taken: OnTaken,
}

/// Why a file cannot be written there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// The name is taken.
    #[error("'{0}' exists already and was not touched")]
    Exists(PathBuf),
    /// No such folder.
    #[error("the folder '{0}' does not exist")]
    NoFolder(PathBuf),
    /// Not a folder.
    #[error("'{0}' is not a folder")]
    NotAFolder(PathBuf),
    /// No permission.
    #[error("gearcast may not write into '{0}'")]
    Denied(PathBuf),
    /// Full.
    #[error("the disk under '{0}' is full")]
    Full(PathBuf),
    /// It was there and is no more.
    #[error("'{0}' was removed or moved away while it was being written")]
    Gone(PathBuf),
    /// Anything else the system says.
    #[error("'{path}' cannot be written: {reason}")]
    Other {
        /// The path.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
}

impl OutputError {
    pub(super) fn of(path: &Path, error: &io::Error) -> Self {
        let folder = || path.parent().unwrap_or(path).to_path_buf();
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path.to_path_buf()),
            io::ErrorKind::NotFound => Self::NoFolder(folder()),
            io::ErrorKind::NotADirectory => Self::NotAFolder(folder()),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied(folder()),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(folder()),
            _ => Self::Other { path: path.to_path_buf(), reason: error.to_string() },
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Exists(_) => "Choose another name, or allow it to be replaced (--overwrite).",
            Self::NoFolder(_) | Self::NotAFolder(_) => "Choose a folder that exists, or make it first.",
            Self::Denied(_) => "Choose a folder of your own, such as Videos in your home folder.",
            Self::Gone(_) => "Record to a folder that stays. If it was moved, the file lies in it under '.recording.'.",
            Self::Full(_) => "Free some space, or choose a folder on another disk.",
            Self::Other { .. } => "Choose another folder or file name.",
        }
    }
}

/// Reserves `wished`: makes the empty crash-safe file beside it. A missing folder is made if its parent exists,
/// so that `~/Videos` need not. Does file-system calls: not for the window's thread.
pub fn reserve(wished: &Path, container: Container, on_taken: OnTaken) -> Result<Reservation, OutputError> {
    reserve_with(wished, container, on_taken, CrashSafe::extension(container))
}

/// The same for a file that is written in its final form from the start: some writers go by the extension.
pub fn reserve_final(wished: &Path, container: Container, on_taken: OnTaken) -> Result<Reservation, OutputError> {
    reserve_with(wished, container, on_taken, container.name())
}

fn reserve_with(
    wished: &Path,
    container: Container,
    on_taken: OnTaken,
    extension: &str,
) -> Result<Reservation, OutputError> {
    make_missing_folder(wished)?;
    for attempt in 1..10_000_u32 {
        let final_path = numbered(wished, attempt, on_taken);
        let taken = fs::symlink_metadata(&final_path).is_ok();
        match on_taken {
            OnTaken::Refuse if taken => return Err(OutputError::Exists(final_path)),
            OnTaken::Replace if final_path.is_dir() => return Err(OutputError::Exists(final_path)),
            OnTaken::Rename if taken => continue,
            OnTaken::Refuse | OnTaken::Rename | OnTaken::Replace => {}
        }
        let safe_path = safe_name(&final_path, extension, attempt, on_taken);
        match OpenOptions::new().write(true).create_new(true).open(&safe_path) {
            Ok(_empty) => {
                return Ok(Reservation { target: FileTarget { final_path, safe_path, container, on_taken } });
            }
            // Another recording, or a crashed one's remains: never touched.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(OutputError::of(&safe_path, &error)),
        }
    }
    Err(OutputError::Exists(wished.to_path_buf()))
}

/// Makes the folder of a wished file if only that one is missing.
pub(super) fn make_missing_folder(wished: &Path) -> Result<(), OutputError> {
    if let Some(folder) = wished.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.exists()
    {
        fs::create_dir(folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OutputError::NoFolder(folder.to_path_buf()),
            _ => OutputError::of(folder, &error),
        })?;
    }
    Ok(())
}

/// `take.mp4`, then `take (2).mp4` … where renaming is allowed.
pub(super) fn numbered(wished: &Path, attempt: u32, on_taken: OnTaken) -> PathBuf {
    if attempt == 1 || on_taken != OnTaken::Rename {
        return wished.to_path_buf();
    }
    let mut name = wished.file_stem().unwrap_or_default().to_os_string();
    name.push(format!(" ({attempt})"));
    if let Some(extension) = wished.extension() {
        name.push(".");
        name.push(extension);
    }
    wished.with_file_name(name)
}

/// `take.recording.mp4`, then `take.recording-2.mp4` where the final name must stay.
fn safe_name(final_path: &Path, extension: &str, attempt: u32, on_taken: OnTaken) -> PathBuf {
    let infix = if attempt == 1 || on_taken == OnTaken::Rename {
        "recording".to_owned()
    } else {
        format!("recording-{attempt}")
    };
    beside(final_path, &infix).with_extension(extension)
}

/// A reserved target that gives its name back when it is dropped and nothing was written to it: a start that was
/// cancelled or failed, at whatever point, leaves no empty file.
#[derive(Debug)]
pub struct Reservation {
    target: FileTarget,
}

impl Reservation {
    /// The place.
    pub const fn target(&self) -> &FileTarget {
        &self.target
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.target.discard_empty();
    }
}

impl FileTarget {
    /// The names that a recording to `path` would use, without touching the disk: for showing a command.
    pub fn shown(path: &Path, container: Container) -> Self {
        Self::shown_with(path, container, CrashSafe::extension(container))
    }

    /// The same for [`reserve_final`].
    pub fn shown_final(path: &Path, container: Container) -> Self {
        Self::shown_with(path, container, container.name())
    }

    fn shown_with(path: &Path, container: Container, extension: &str) -> Self {
        let safe_path = safe_name(path, extension, 1, OnTaken::Refuse);
        Self { final_path: path.to_path_buf(), safe_path, container, on_taken: OnTaken::Refuse }
    }

    /// Takes back a reservation that nothing was written to.
    fn discard_empty(&self) {
        if fs::metadata(&self.safe_path).is_ok_and(|found| found.len() == 0)
            && let Err(error) = fs::remove_file(&self.safe_path)
        {
            log::warn!("the empty file {} stays: {error}", self.safe_path.display());
        }
    }

    /// A name beside the final one for the copy that will take its place: made empty, so that it is surely ours.
    pub(super) fn reserve_copy(&self) -> Result<PathBuf, OutputError> {
        for attempt in 1..10_000_u32 {
            let infix = if attempt == 1 { "finishing".to_owned() } else { format!("finishing-{attempt}") };
            let path = beside(&self.final_path, &infix);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_empty) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(OutputError::of(&path, &error)),
            }
        }
        Err(OutputError::Exists(self.final_path.clone()))
    }

    /// Gives the complete file at `from` its final name. A name that was taken meanwhile is left alone and the next
    /// free one used; `Replace` replaces. Returns the name.
    pub(super) fn publish(&self, from: &Path) -> Result<PathBuf, OutputError> {
        if self.on_taken == OnTaken::Replace {
            fs::rename(from, &self.final_path).map_err(|error| OutputError::of(&self.final_path, &error))?;
            return Ok(self.final_path.clone());
        }
        for attempt in 1..10_000_u32 {
            let name = numbered(&self.final_path, attempt, OnTaken::Rename);
            match rename_without_replacing(from, &name) {
                Ok(()) => return Ok(name),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(OutputError::of(&name, &error)),
            }
        }
        Err(OutputError::Exists(self.final_path.clone()))
    }
}

#[cfg(target_os = "linux")]
fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems without the flag (some network ones): look first; nobody else knows this name.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => rename_if_free(from, to),
        other => Ok(other?),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    rename_if_free(from, to)
}

fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Bytes that this user may still write on the disk under `path` or its nearest existing parent.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists())?;
    let disk = rustix::fs::statvfs(existing).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path, container: Container) -> OutputError {
        reserve(path, container, OnTaken::Refuse).unwrap_err()
    }

    #[test]
    fn a_taken_name_is_refused_numbered_or_replaced_late() {
        let folder = tempfile::tempdir().unwrap();
        let wished = folder.path().join("take.mp4");
        fs::write(&wished, b"mine").unwrap();
        assert_eq!(refused(&wished, Container::Mp4), OutputError::Exists(wished.clone()));

        let reservation = reserve(&wished, Container::Mp4, OnTaken::Rename).unwrap();
        let renamed = reservation.target();
        assert_eq!(renamed.final_path, folder.path().join("take (2).mp4"));
        assert_eq!(renamed.safe_path, folder.path().join("take (2).recording.mp4"));

        let reservation = reserve(&wished, Container::Mp4, OnTaken::Replace).unwrap();
        let replaced = reservation.target();
        assert_eq!(fs::read(&wished).unwrap(), b"mine");
        fs::write(&replaced.safe_path, b"new").unwrap();
        assert_eq!(replaced.publish(&replaced.safe_path).unwrap(), wished);
        assert_eq!(fs::read(&wished).unwrap(), b"new");
    }

    #[test]
    fn the_remains_of_a_crash_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let remains = folder.path().join("take.recording.mkv");
        fs::write(&remains, b"half a take").unwrap();
        let reservation = reserve(&folder.path().join("take.mkv"), Container::Mkv, OnTaken::Refuse).unwrap();
        let ours = reservation.target().safe_path.clone();
        assert_eq!(ours, folder.path().join("take.recording-2.mkv"));
        assert_eq!(fs::read(&remains).unwrap(), b"half a take");
        drop(reservation);
        assert!(!ours.exists() && remains.exists());
    }

    #[test]
    fn the_copy_never_takes_the_name_of_a_file_that_exists() {
        let folder = tempfile::tempdir().unwrap();
        let reservation = reserve(&folder.path().join("take.mp4"), Container::Mp4, OnTaken::Refuse).unwrap();
        let target = reservation.target();
        let mine = folder.path().join("take.finishing.mp4");
        fs::write(&mine, b"mine").unwrap();
        assert_eq!(target.reserve_copy().unwrap(), folder.path().join("take.finishing-2.mp4"));
        assert_eq!(fs::read(&mine).unwrap(), b"mine");
    }

    #[test]
    fn a_name_taken_while_recording_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let wished = folder.path().join("take.mov");
        let reservation = reserve(&wished, Container::Mov, OnTaken::Refuse).unwrap();
        let target = reservation.target();
        fs::write(&target.safe_path, b"take").unwrap();
        fs::write(&wished, b"somebody else's").unwrap();
        assert_eq!(target.publish(&target.safe_path).unwrap(), folder.path().join("take (2).mov"));
        assert_eq!(fs::read(&wished).unwrap(), b"somebody else's");
    }

    #[test]
    fn missing_folders_are_made_one_deep_and_no_deeper() {
        let folder = tempfile::tempdir().unwrap();
        assert!(reserve(&folder.path().join("Videos/a.mkv"), Container::Mkv, OnTaken::Refuse).is_ok());
        let deep = folder.path().join("x/y/a.mkv");
        assert_eq!(refused(&deep, Container::Mkv), OutputError::NoFolder(folder.path().join("x/y")));
        let file = folder.path().join("plain");
        fs::write(&file, b"").unwrap();
        assert!(matches!(refused(&file.join("a.mkv"), Container::Mkv), OutputError::NotAFolder(_)));
    }
}
