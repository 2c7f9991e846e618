//! The profiles on disk: one TOML file each, read whole, replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::parse::{ParseError, Parsed, name_of, parse, secret_in};
use super::{CURRENT_VERSION, Profile};

/// The profile that is there without any file.
const BUILT_IN: &str = include_str!("../../assets/profiles/recording.toml");
const BUILT_IN_NAME: &str = "Recording";
/// A profile has some 2 kB; a larger file is something else.
const MAX_BYTES: u64 = 1 << 20;

/// What goes wrong with profiles on disk.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read or written.
    #[error("{}: {}", .path.display(), .source)]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is there but is no profile.
    #[error("{}: {}", .path.display(), .source)]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Every fault.
        source: ParseError,
    },
    /// Larger than any profile.
    #[error("{}: larger than 1 MiB, so it is no profile", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// No profile has this name.
    #[error("there is no profile '{name}'; there are: {}", .known.join(", "))]
    NotFound {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A name of nothing, or one that a file cannot have.
    #[error("name: '{0}' cannot be a profile's name: use letters, digits and spaces")]
    BadName(String),
    /// Something of this name is there and must not be replaced.
    #[error("{} exists already: choose another name, or add --overwrite", .0.display())]
    Taken(PathBuf),
    /// The built-in profile has no file that could be deleted.
    #[error("'{BUILT_IN_NAME}' is built in and cannot be deleted")]
    BuiltIn,
    /// The profile holds a credential.
    #[error("{field}: {what}")]
    Secret {
        /// Where.
        field: String,
        /// What to do instead.
        what: String,
    },
    /// The profile cannot be written as TOML.
    #[error("the profile cannot be written: {0}")]
    Unwritable(String),
}

/// Where a profile comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Part of the program.
    BuiltIn,
    /// A file.
    File(PathBuf),
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name to load it by.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
    /// Why it cannot be loaded, if it cannot.
    pub problem: Option<String>,
}

/// What to do when there is something of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTaken {
    /// Leave it and fail.
    Refuse,
    /// Replace it, as a whole.
    Replace,
}

/// The folder of profiles. Every call goes to the disk: from a window, call it on a job.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// The built-in profile.
pub fn built_in() -> Profile {
    // A test reads the asset: the default only stands in for what cannot happen.
    parse(BUILT_IN).map(|parsed| parsed.profile).unwrap_or_default()
}

/// The profile as a file holds it.
pub fn to_toml(profile: &Profile) -> Result<String, StoreError> {
    toml::to_string(profile).map_err(|error| StoreError::Unwritable(error.to_string()))
}

impl Store {
    /// The profiles in this folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// All profiles by name; unreadable ones are listed with what is wrong with them.
    pub fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let mut listed: Vec<Listed> = self.files()?.into_iter().map(|path| describe(&path)).collect();
        if !listed.iter().any(|profile| profile.name == BUILT_IN_NAME) {
            listed.push(Listed { name: BUILT_IN_NAME.to_owned(), origin: Origin::BuiltIn, problem: None });
        }
        listed.sort_by_key(|profile| profile.name.to_lowercase());
        Ok(listed)
    }

    /// Loads by name, or from a file: what ends in `.toml` is a file, and so is what has a folder in it unless
    /// a profile is called so.
    pub fn load(&self, name_or_file: &str) -> Result<(Parsed, Origin), StoreError> {
        let as_path = Path::new(name_or_file);
        if as_path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
            return Ok((read(as_path)?, Origin::File(as_path.to_owned())));
        }
        if let Some(path) = self.file_of(name_or_file)? {
            return Ok((read(&path)?, Origin::File(path)));
        }
        if as_path.components().count() > 1 {
            return Ok((read(as_path)?, Origin::File(as_path.to_owned())));
        }
        if name_or_file.eq_ignore_ascii_case(BUILT_IN_NAME) {
            return Ok((Parsed { profile: built_in(), warnings: Vec::new() }, Origin::BuiltIn));
        }
        let known = self.list()?.into_iter().map(|profile| profile.name).collect();
        Err(StoreError::NotFound { name: name_or_file.to_owned(), known })
    }

    /// Writes the profile under its name: a temporary file, synced, then renamed over the old one. A file
    /// that this version cannot read is never replaced.
    pub fn save(&self, profile: &Profile, taken: OnTaken) -> Result<PathBuf, StoreError> {
        let name = profile.name.trim();
        if name.is_empty() || name.chars().any(char::is_control) || name.chars().count() > 100 {
            return Err(StoreError::BadName(profile.name.clone()));
        }
        fs::create_dir_all(&self.folder).map_err(|source| io_at(&self.folder, source))?;
        match self.file_of(name)? {
            Some(path) if taken == OnTaken::Refuse => Err(StoreError::Taken(path)),
            Some(path) => {
                read(&path)?;
                write(profile, &path, OnTaken::Replace)?;
                Ok(path)
            }
            None => {
                let path = self.free_path(name);
                write(profile, &path, OnTaken::Refuse)?;
                Ok(path)
            }
        }
    }

    /// Takes a file into the folder, under the name it gives itself.
    pub fn import(&self, file: &Path, taken: OnTaken) -> Result<(Parsed, PathBuf), StoreError> {
        let mut parsed = read(file)?;
        let unnamed = name_of(&read_text(file)?).is_none_or(|name| name.trim().is_empty());
        if let (true, Some(stem)) = (unnamed, file.file_stem()) {
            parsed.profile.name = stem.to_string_lossy().into_owned();
        }
        let path = self.save(&parsed.profile, taken)?;
        Ok((parsed, path))
    }

    /// Writes a profile of this name to a file of the user's.
    pub fn export(&self, name: &str, file: &Path, taken: OnTaken) -> Result<(), StoreError> {
        let (parsed, _) = self.load(name)?;
        write(&parsed.profile, file, taken)
    }

    /// Deletes the profile of this name; a changed "Recording" becomes the built-in one again.
    pub fn delete(&self, name: &str) -> Result<PathBuf, StoreError> {
        let Some(path) = self.file_of(name)? else {
            if name.eq_ignore_ascii_case(BUILT_IN_NAME) {
                return Err(StoreError::BuiltIn);
            }
            let known = self.list()?.into_iter().map(|profile| profile.name).collect();
            return Err(StoreError::NotFound { name: name.to_owned(), known });
        };
        fs::remove_file(&path).map_err(|source| io_at(&path, source))?;
        Ok(path)
    }

    fn files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io_at(&self.folder, source)),
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        files.sort();
        Ok(files)
    }

    /// The file whose profile has this name; if none, the one that is called so.
    fn file_of(&self, name: &str) -> Result<Option<PathBuf>, StoreError> {
        let wanted = name.trim().to_lowercase();
        let files = self.files()?;
        let inside = files.iter().find(|path| inner_name(path).is_some_and(|name| name.to_lowercase() == wanted));
        let outside = || {
            files.iter().find(|path| {
                let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
                inner_name(path).is_none() && stem.is_some_and(|stem| stem == wanted)
            })
        };
        Ok(inside.or_else(outside).cloned())
    }

    fn free_path(&self, name: &str) -> PathBuf {
        let stem = file_stem(name);
        let numbered = (2..).map(|number| format!("{stem} ({number}).toml"));
        std::iter::once(format!("{stem}.toml"))
            .chain(numbered)
            .map(|file| self.folder.join(file))
            .find(|path| fs::symlink_metadata(path).is_err())
            .unwrap_or_else(|| self.folder.join(format!("{stem}.toml")))
    }
}

/// A name as every file system takes it.
fn file_stem(name: &str) -> String {
    let safe: String = name
        .trim()
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '(' | ')') { c } else { '-' })
        .take(60)
        .collect();
    // Windows reserves these names with any extension.
    let reserved = ["con", "prn", "aux", "nul"].contains(&safe.to_lowercase().as_str());
    if reserved || safe.is_empty() { format!("profile {safe}") } else { safe }
}

fn inner_name(path: &Path) -> Option<String> {
    name_of(&read_text(path).ok()?).filter(|name| !name.trim().is_empty())
}

fn describe(path: &Path) -> Listed {
    let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Listed {
        name: inner_name(path).unwrap_or_else(stem),
        origin: Origin::File(path.to_owned()),
        problem: read(path).err().map(|error| match error {
            StoreError::Invalid { source, .. } => source.to_string(),
            other => other.to_string(),
        }),
    }
}

fn io_at(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

fn read(path: &Path) -> Result<Parsed, StoreError> {
    let text = read_text(path)?;
    parse(&text).map_err(|source| StoreError::Invalid { path: path.to_owned(), source })
}

fn read_text(path: &Path) -> Result<String, StoreError> {
    let at = |source| io_at(path, source);
    // Reading a FIFO or a device somebody put there would wait for ever.
    if !fs::metadata(path).map_err(at)?.is_file() {
        return Err(at(io::Error::other("not a regular file")));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(at)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(at)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StoreError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&error.as_bytes()[..good]).split('\n').count();
        let source = ParseError::Syntax { line, what: "this is not UTF-8 text".to_owned() };
        StoreError::Invalid { path: path.to_owned(), source }
    })
}

fn write(profile: &Profile, path: &Path, taken: OnTaken) -> Result<(), StoreError> {
    let profile = Profile { version: CURRENT_VERSION, ..profile.clone() };
    for (index, stream) in profile.streams.iter().enumerate() {
        if let Some(what) = secret_in(&stream.server) {
            return Err(StoreError::Secret { field: format!("streams.{index}.server"), what });
        }
    }
    let text = to_toml(&profile)?;
    // Whatever a form let through, a file that could not be read again is not written.
    parse(&text).map_err(|source| StoreError::Invalid { path: path.to_owned(), source })?;
    let at = |source| io_at(path, source);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".profile-").suffix(".tmp").tempfile_in(folder).map_err(at)?;
    file.write_all(text.as_bytes()).map_err(at)?;
    file.as_file().sync_all().map_err(at)?;
    match taken {
        OnTaken::Replace => file.persist(path).map_err(|error| at(error.error))?,
        OnTaken::Refuse => file.persist_noclobber(path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Taken(path.to_owned()),
            _ => at(error.error),
        })?,
    };
    // The rename itself must survive a power cut too; some file systems refuse to sync a folder, which is no loss.
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        log::debug!("{}: {error}", folder.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Profile {
        Profile { name: name.to_owned(), ..Profile::default() }
    }

    #[test]
    fn the_built_in_profile_is_whole() {
        let parsed = parse(BUILT_IN).unwrap();
        assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
        assert_eq!(parsed.profile.name, BUILT_IN_NAME);
        assert_eq!(parsed.profile.audio.inputs.len(), 1);
        let (video, defaults) = (&parsed.profile.video, Profile::default());
        assert_eq!((video, &parsed.profile.output), (&defaults.video, &defaults.output));
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("profiles"));
        assert_eq!(store.list().unwrap().len(), 1);
        let mut profile = named("Mein Film: 2/3 \"é\"");
        profile.video.crf = 18;
        profile.streams.push(crate::profile::Stream { server: "rtmp://h/live".to_owned(), ..Default::default() });
        let path = store.save(&profile, OnTaken::Refuse).unwrap();
        assert_eq!(store.load("mein film: 2/3 \"É\"").unwrap().0.profile, profile);
        let (loaded, origin) = store.load(path.to_str().unwrap()).unwrap();
        assert_eq!((&loaded.profile, &origin), (&profile, &Origin::File(path)));
        assert!(matches!(store.save(&profile, OnTaken::Refuse), Err(StoreError::Taken(_))));
        profile.video.crf = 19;
        store.save(&profile, OnTaken::Replace).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("profiles")).unwrap().count(), 1, "no second or temporary file");
    }

    #[test]
    fn two_names_never_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let first = store.save(&named("a:b"), OnTaken::Replace).unwrap();
        let second = store.save(&named("a?b"), OnTaken::Replace).unwrap();
        assert_ne!(first, second);
        assert_eq!(store.load("a:b").unwrap().0.profile.name, "a:b");
        assert_eq!(store.delete("a?b").unwrap(), second);
        assert!(matches!(store.load("a?b"), Err(StoreError::NotFound { .. })));
    }

    #[test]
    fn what_cannot_be_read_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        for (file, text) in
            [("later.toml", "version = 2\nname = \"Later\"\n"), ("broken.toml", "name = \"Broken\"\n[[")]
        {
            fs::write(folder.path().join(file), text).unwrap();
            let name = file.trim_end_matches(".toml");
            assert!(store.save(&named(name), OnTaken::Replace).is_err(), "{name}");
            assert_eq!(fs::read_to_string(folder.path().join(file)).unwrap(), text);
        }
        let listed = store.list().unwrap();
        assert_eq!(listed.iter().filter(|profile| profile.problem.is_some()).count(), 2, "{listed:?}");
        assert_eq!(listed.len(), 3);
    }

    #[test]
    fn secrets_and_nameless_profiles_are_not_saved() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let mut profile = named("x");
        profile.streams.push(crate::profile::Stream { server: "rtmp://a:b@c/d".to_owned(), ..Default::default() });
        assert!(matches!(store.save(&profile, OnTaken::Refuse), Err(StoreError::Secret { .. })));
        for name in ["", "  ", "a\nb"] {
            assert!(matches!(store.save(&named(name), OnTaken::Refuse), Err(StoreError::BadName(_))));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn import_and_export_keep_files_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("profiles"));
        let outside = folder.path().join("Twitch.toml");
        fs::write(&outside, "[video]\ncrf = 20\nfuture = 1\n").unwrap();
        let (parsed, _) = store.import(&outside, OnTaken::Refuse).unwrap();
        assert_eq!((parsed.profile.name.as_str(), parsed.warnings.len()), ("Twitch", 1));
        assert!(matches!(store.export("Twitch", &outside, OnTaken::Refuse), Err(StoreError::Taken(_))));
        store.export("Twitch", &outside, OnTaken::Replace).unwrap();
        assert!(fs::read_to_string(&outside).unwrap().contains("future = 1"));
    }

    #[test]
    fn odd_files_give_errors() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(file("latin.toml"), b"name = \"a\"\n# caf\xe9\n").unwrap();
        assert!(store.load(&file("latin.toml")).unwrap_err().to_string().contains("line 2"));
        fs::write(file("big.toml"), vec![b'#'; (1 << 20) + 1]).unwrap();
        assert!(matches!(store.load(&file("big.toml")), Err(StoreError::TooLarge { .. })));
        assert!(matches!(store.load(folder.path().to_str().unwrap()), Err(StoreError::Io { .. })));
        assert!(matches!(store.load("nowhere.toml"), Err(StoreError::Io { .. })));
        assert!(matches!(store.delete("recording"), Err(StoreError::BuiltIn)));
    }

    #[test]
    fn damaged_files_never_panic_and_always_say_where() {
        let mut random = fastrand::Rng::with_seed(0x6ea2_ca57);
        let mut refused = 0;
        for _ in 0..2_000 {
            let mut bytes = BUILT_IN.as_bytes().to_vec();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..bytes.len());
                match random.u8(..4) {
                    0 => bytes[at] = random.u8(..),
                    1 => drop(bytes.remove(at)),
                    2 => bytes.insert(at, *random.choice(b"[]{}=\"'.,0-\n#x").unwrap()),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            match parse(&text) {
                Ok(parsed) => drop(parse(&to_toml(&parsed.profile).unwrap()).unwrap()),
                Err(ParseError::Fields(faults)) => {
                    refused += 1;
                    assert!(!faults.is_empty());
                    for fault in faults {
                        assert!(!fault.field.is_empty() && fault.line.is_some() && !fault.what.is_empty(), "{fault}");
                    }
                }
                Err(ParseError::Syntax { line, what }) => {
                    refused += 1;
                    assert!(line >= 1 && line <= text.split('\n').count() + 1 && !what.is_empty(), "{what}");
                }
                Err(ParseError::Newer { version }) => assert!(version > 1),
            }
        }
        assert!(refused > 500, "only {refused} of 2000 damaged files were refused");
    }
}
