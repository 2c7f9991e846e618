//! Outputs of many files: numbered ones (`shot-%05d.png`, `part%03d.mp4`) and a playlist with its pieces. Which names
//! are free, where the numbers begin, and which files came of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{OnTaken, OutputError};
use crate::media::Container;

/// A place for a series of files. Nothing exists yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The pattern, or the playlist.
    pub path: PathBuf,
    /// The first number.
    pub start_number: u64,
    container: Container,
    /// What was there before and may be overwritten, by name: its length and time.
    before: BTreeMap<PathBuf, Fingerprint>,
}

type Fingerprint = (u64, i64, i64);

/// The names of a series: what stands before and after the number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    before: String,
    digits: usize,
    after: String,
}

impl Names {
    /// Of a pattern with `%05d` or `%d` in its name.
    fn of_pattern(name: &str) -> Option<Self> {
        let (at, placeholder, digits) = placeholder(name)?;
        let after = name.get(at + placeholder..)?;
        Some(Self { before: unescaped(name.get(..at)?), digits, after: unescaped(after) })
    }

    fn number_in(&self, name: &str) -> Option<u64> {
        let digits = name.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && digits.len() >= self.digits).then(|| digits.parse().ok())?
    }
}

/// Where the first `%05d` stands, how long it is, and how many digits it asks for.
fn placeholder(name: &str) -> Option<(usize, usize, usize)> {
    let mut from = 0;
    while let Some(at) = name.get(from..)?.find('%').map(|at| from + at) {
        let rest = &name[at + 1..];
        if rest.starts_with('%') {
            from = at + 2;
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if rest[digits..].starts_with('d') {
            return Some((at, digits + 2, rest[..digits].parse().unwrap_or(0)));
        }
        from = at + 1;
    }
    None
}

fn unescaped(text: &str) -> String {
    text.replace("%%", "%")
}

/// Looks for free names and makes a missing folder whose parent exists. Where names are taken: `Refuse` refuses;
/// `Rename` counts on after the highest number there is (a playlist gets the next free name, as `live (2).m3u8`);
/// `Replace` writes over them one by one.
pub fn reserve_series(wished: &Path, container: Container, on_taken: OnTaken) -> Result<Series, OutputError> {
    super::reserve::make_missing_folder(wished)?;
    let first = u64::from(container.is_images());
    let series = |path: PathBuf| Series { path, start_number: first, container, before: BTreeMap::new() };
    for attempt in 1..10_000_u32 {
        let mut series = series(super::reserve::numbered(wished, attempt, on_taken));
        let there = series.existing()?;
        let own = series.path.clone();
        let playlist = Some(own).filter(|own| container.is_playlist() && fs::symlink_metadata(own).is_ok());
        let taken = playlist.or_else(|| there.values().next().cloned());
        match (on_taken, taken) {
            (_, None) => return Ok(series),
            (OnTaken::Refuse, Some(taken)) => return Err(OutputError::Exists(taken)),
            (OnTaken::Replace, Some(_)) => {
                series.before = there.into_values().filter_map(|path| Some((path.clone(), seen(&path)?))).collect();
                return Ok(series);
            }
            (OnTaken::Rename, Some(_)) if container.is_playlist() => {}
            (OnTaken::Rename, Some(_)) => {
                series.start_number = there.keys().next_back().map_or(first, |last| last + 1).max(first);
                return Ok(series);
            }
        }
    }
    Err(OutputError::Exists(wished.to_path_buf()))
}

/// Refuses files that exist already, for a writer that asks nobody.
pub fn refuse_existing(files: &[PathBuf]) -> Result<(), OutputError> {
    let taken = files.iter().find(|file| fs::symlink_metadata(file).is_ok());
    taken.map_or(Ok(()), |taken| Err(OutputError::Exists(taken.clone())))
}

fn seen(path: &Path) -> Option<Fingerprint> {
    let found = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let (seconds, nanos) = {
        use std::os::unix::fs::MetadataExt;
        (found.mtime(), found.mtime_nsec())
    };
    #[cfg(not(unix))]
    let (seconds, nanos) = (0, 0);
    Some((found.len(), seconds, nanos))
}

impl Series {
    /// The series that a recording to `path` would make, without touching the disk: for showing a command.
    pub fn shown(path: &Path, container: Container) -> Self {
        let start_number = u64::from(container.is_images());
        Self { path: path.to_path_buf(), start_number, container, before: BTreeMap::new() }
    }

    /// What kind of files.
    pub const fn container(&self) -> Container {
        self.container
    }

    /// The names of the pieces beside a playlist, as ffmpeg takes them: `live-%05d.ts`.
    pub fn pieces(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().replace('%', "%%");
        format!("{stem}-%05d.ts")
    }

    /// The pattern for ffmpeg, to whom a `%` in a folder's name is a pattern too.
    pub fn pattern(&self) -> PathBuf {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return self.path.clone() };
        match folder.to_str() {
            Some(folder) if folder.contains('%') => Path::new(&folder.replace('%', "%%")).join(name),
            _ => self.path.clone(),
        }
    }

    /// The files that came of it, in order.
    pub fn made(&self) -> Vec<PathBuf> {
        let there = self.existing().unwrap_or_default();
        let ours = there.into_iter().filter(|(number, path)| {
            *number >= self.start_number && self.before.get(path).is_none_or(|before| seen(path) != Some(*before))
        });
        ours.map(|(_, path)| path).collect()
    }

    /// Files with names of this series, by number.
    fn existing(&self) -> Result<BTreeMap<u64, PathBuf>, OutputError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = match self.container {
            Container::M3u8 => self.pieces(),
            _ => self.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let manifest = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let names = Names::of_pattern(&name);
        let entries = fs::read_dir(folder).map_err(|error| OutputError::of(&self.path, &error))?;
        let mut found = BTreeMap::new();
        for (index, entry) in (0_u64..).zip(entries.flatten()) {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let number = match (&names, self.container) {
                (_, Container::Mpd) => {
                    let piece = name.strip_prefix(&*manifest).is_some_and(|rest| rest.starts_with('-'));
                    (piece && Path::new(name).extension().is_some_and(|end| end == "m4s")).then_some(index)
                }
                (Some(names), _) => names.number_in(name),
                (None, _) => None,
            };
            if let Some(number) = number {
                found.insert(number, entry.path());
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_told_from_names() {
        let names = Names::of_pattern("100%% a%03d.png").unwrap();
        assert_eq!(names, Names { before: "100% a".into(), digits: 3, after: ".png".into() });
        for (name, number) in
            [("100% a007.png", Some(7)), ("100% a1234.png", Some(1234)), ("100% a7.png", None), ("b007.png", None)]
        {
            assert_eq!(names.number_in(name), number, "{name}");
        }
        assert_eq!(Names::of_pattern("100%%d.png"), None);
        assert_eq!(Names::of_pattern("50% off.png"), None);
        assert_eq!(Names::of_pattern("%d.png").map(|names| names.digits), Some(0));
    }

    #[test]
    fn nothing_of_the_users_is_written_over_unless_asked() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a003.png"), b"mine").unwrap();
        fs::write(at("b1.png"), b"other").unwrap();
        let pattern = at("a%03d.png");
        let reserve = |on| reserve_series(&pattern, Container::Png, on);
        assert_eq!(reserve(OnTaken::Refuse), Err(OutputError::Exists(at("a003.png"))));
        let renamed = reserve(OnTaken::Rename).unwrap();
        assert_eq!((renamed.start_number, renamed.made()), (4, vec![]));
        fs::write(at("a004.png"), b"ours").unwrap();
        assert_eq!(renamed.made(), [at("a004.png")]);
        let replaced = reserve(OnTaken::Replace).unwrap();
        assert_eq!((replaced.start_number, replaced.made()), (1, vec![]));
        fs::write(at("a003.png"), b"ours now").unwrap();
        assert_eq!(replaced.made(), [at("a003.png")]);
    }

    #[test]
    fn a_playlist_and_its_pieces_go_together() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("live-00000.ts"), b"mine").unwrap();
        let reserve = |on| reserve_series(&at("live.m3u8"), Container::M3u8, on);
        assert_eq!(reserve(OnTaken::Refuse), Err(OutputError::Exists(at("live-00000.ts"))));
        assert_eq!(reserve(OnTaken::Rename).unwrap().path, at("live (2).m3u8"));
        fs::write(at("show-init-0.m4s"), b"mine").unwrap();
        let dash = reserve_series(&at("show.mpd"), Container::Mpd, OnTaken::Refuse);
        assert_eq!(dash, Err(OutputError::Exists(at("show-init-0.m4s"))));
    }
}
