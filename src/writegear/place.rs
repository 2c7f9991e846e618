//! The disk under an engine's output: what is there, a name that is free, and a file's way from its beginning to its
//! good name.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::gear_error::GearError;
use crate::media::beside;
use crate::rt::wall_name;

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathKind {
    Nothing,
    File,
    Folder,
    CharacterDevice,
    Other,
}

/// Looks at a path, links followed.
pub(super) fn kind(path: &Path) -> PathKind {
    let Ok(found) = fs::metadata(path) else { return PathKind::Nothing };
    if found.is_dir() {
        return PathKind::Folder;
    }
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_char_device(&found.file_type()) {
        return PathKind::CharacterDevice;
    }
    if found.is_file() { PathKind::File } else { PathKind::Other }
}

/// Whether a file can be made at `path`, as far as its folder tells.
pub(super) fn check_folder(path: &Path) -> Result<(), GearError> {
    let folder = folder_of(path);
    match kind(folder) {
        PathKind::Folder => Ok(()),
        _ => Err(GearError::NoFolder(folder.to_owned())),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name in `folder` that nobody has: by the second, then counted.
pub(super) fn unique_in(folder: &Path, ending: &str) -> Result<PathBuf, GearError> {
    let now = wall_name();
    let stem = format!("gearcast {} {}", now.date, now.time);
    let named = |number: u32| match number {
        1 => folder.join(format!("{stem}.{ending}")),
        more => folder.join(format!("{stem} ({more}).{ending}")),
    };
    let free = (1..1000).map(named).find(|path| !path.exists() && !growing_name(path).exists());
    free.ok_or_else(|| GearError::Taken(named(1)))
}

/// What happens to a file that has the output's name already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and opening fails.
    #[default]
    Refuse,
    /// It is replaced when the new one is whole, not before.
    Replace,
}

/// A file on its way: `take.mp4` is `take.recording.mp4` until it is whole. Dropped before that, it stays as it is.
#[derive(Debug)]
pub(super) struct Growing {
    good: PathBuf,
    now: PathBuf,
    existing: Existing,
}

impl Growing {
    /// Makes the file, empty, which proves that it can be made. A file of that name is not touched.
    pub(super) fn begin(good: &Path, existing: Existing) -> Result<Self, GearError> {
        if existing == Existing::Refuse && good.exists() {
            return Err(GearError::Taken(good.to_owned()));
        }
        let now = growing_name(good);
        match OpenOptions::new().write(true).create_new(true).open(&now) {
            Ok(_) => Ok(Self { good: good.to_owned(), now, existing }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(GearError::Unfinished(now)),
            Err(error) => Err(GearError::cannot_write(&now, &error)),
        }
    }

    /// From now on a file of the good name stays, whatever was said.
    pub(super) fn keep_existing(&mut self) {
        self.existing = Existing::Refuse;
    }

    /// Where it is written to.
    pub(super) fn path(&self) -> &Path {
        &self.now
    }

    /// A second, free name beside it, for a copy that completes it.
    pub(super) fn copy_path(&self) -> PathBuf {
        beside(&self.good, "completing")
    }

    /// Gives the file (or `whole`, a completed copy of it) its good name; where that was taken meanwhile, another one.
    pub(super) fn publish(self, whole: Option<&Path>) -> Result<PathBuf, GearError> {
        let from = whole.unwrap_or(&self.now);
        let mut good = self.good.clone();
        for number in 2..1000 {
            match self.name(from, &good) {
                Ok(()) => {
                    if whole.is_some() {
                        remove(&self.now);
                    }
                    return Ok(good);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let stem = self.good.file_stem().unwrap_or_default().to_string_lossy();
                    let ending = self.good.extension().unwrap_or_default().to_string_lossy();
                    good = self.good.with_file_name(format!("{stem} ({number}).{ending}"));
                }
                Err(error) => return Err(GearError::cannot_write(&good, &error)),
            }
        }
        Err(GearError::Taken(good))
    }

    fn name(&self, from: &Path, good: &Path) -> io::Result<()> {
        if self.existing == Existing::Replace && good == self.good {
            return fs::rename(from, good);
        }
        // A hard link fails where the name is taken, a rename would replace; file systems without links get the
        // small race.
        match fs::hard_link(from, good) {
            Ok(()) => fs::remove_file(from),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) if good.exists() => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from, good),
        }
    }

    /// Removes the file if nothing was written to it; says whether it is gone.
    pub(super) fn remove_if_empty(&self) -> bool {
        let empty = fs::metadata(&self.now).map_or(true, |found| found.len() == 0);
        if empty {
            remove(&self.now);
        }
        empty
    }

    /// Its length in bytes.
    pub(super) fn bytes(&self) -> u64 {
        bytes(&self.now)
    }
}

impl Drop for Growing {
    /// A start that failed, or an end without a frame, leaves nothing.
    fn drop(&mut self) {
        if fs::metadata(&self.now).is_ok_and(|found| found.len() == 0) {
            remove(&self.now);
        }
    }
}

/// A file's length in bytes; 0 where there is none.
pub(super) fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// Removes a file of ours; that it is gone already is no news.
pub(super) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => log::warn!("{} stays: {error}", path.display()),
        _ => {}
    }
}

/// What a file is called until it is whole.
fn growing_name(good: &Path) -> PathBuf {
    beside(good, "recording")
}

/// A file that a numbered pattern would count as its own, or a playlist or one of its pieces that is there already.
pub(super) fn first_of_pattern(pattern: &Path) -> Option<PathBuf> {
    if pattern.exists() {
        return Some(pattern.to_owned());
    }
    let name = pattern.file_name()?.to_string_lossy().into_owned();
    let (before, after) = match name.split_once('%') {
        Some((before, numbered)) => {
            let after = numbered.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('d')?;
            (before.to_owned(), after.to_owned())
        }
        // `live.m3u8` has `live0.ts`.
        None => (pattern.file_stem()?.to_string_lossy().into_owned(), ".ts".to_owned()),
    };
    let is_one = |found: &str| {
        let number = found.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let entries = fs::read_dir(folder_of(pattern)).ok()?;
    let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    names.find(|found| is_one(found)).map(|found| pattern.with_file_name(found))
}

/// The user's own folder for what must not outlive the session; what is made in it is readable by the user alone.
pub(super) fn private_folder() -> PathBuf {
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    own.unwrap_or_else(std::env::temp_dir)
}

/// Where what ffmpeg can do is kept: the user's cache folder, else the system's temporary one.
pub(super) fn cache_folder() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    from("GEARCAST_HOME")
        .map(|home| home.join("cache"))
        .or_else(|| from("XDG_CACHE_HOME").map(|cache| cache.join("gearcast")))
        .or_else(|| from("LOCALAPPDATA").map(|data| data.join("gearcast").join("cache")))
        .or_else(|| from("HOME").map(|home| home.join(".cache").join("gearcast")))
        .unwrap_or_else(|| std::env::temp_dir().join("gearcast"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gets_its_good_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("take.mp4");
        let growing = Growing::begin(&good, Existing::Refuse).unwrap();
        assert!(!good.exists() && growing.path().ends_with("take.recording.mp4"));
        assert!(matches!(Growing::begin(&good, Existing::Refuse), Err(GearError::Unfinished(_))));
        fs::write(growing.path(), "new").unwrap();
        // Somebody takes the name meanwhile: both stay.
        fs::write(&good, "other").unwrap();
        assert_eq!(growing.publish(None).unwrap(), folder.path().join("take (2).mp4"));
        assert_eq!(fs::read_to_string(&good).unwrap(), "other");
        assert!(matches!(Growing::begin(&good, Existing::Refuse), Err(GearError::Taken(path)) if path == good));
        let growing = Growing::begin(&good, Existing::Replace).unwrap();
        fs::write(growing.path(), "newer").unwrap();
        assert_eq!(growing.publish(None).unwrap(), good);
        assert_eq!(fs::read_to_string(&good).unwrap(), "newer");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_said_with_the_systems_words() {
        let error = Growing::begin(Path::new("/proc/take.mp4"), Existing::Refuse).unwrap_err();
        assert!(matches!(&error, GearError::CannotWrite { .. }), "{error}");
    }

    #[test]
    fn a_patterns_first_files_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let pattern = folder.path().join("f%03d.png");
        assert_eq!(first_of_pattern(&pattern), None);
        fs::write(folder.path().join("f001.png"), "").unwrap();
        assert_eq!(first_of_pattern(&pattern), Some(folder.path().join("f001.png")));
        assert_eq!(first_of_pattern(&folder.path().join("live.m3u8")), None);
    }
}
