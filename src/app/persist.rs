//! `settings.toml`: read once at the start, written whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::PersistError;
use crate::audio::SoundOffsets;
use crate::model::{SETTINGS_VERSION, Settings};

/// Where the settings lie.
#[derive(Clone, Debug)]
pub struct SettingsStore {
    path: PathBuf,
}

impl SettingsStore {
    /// In this file, whose folder is made when first written to.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The settings, and what must be told about them. A file that makes no sense is kept beside under another
    /// name, never overwritten.
    pub fn load(&self) -> (Settings, Option<String>) {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Settings::default(), None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return self.set_aside("it is not text"),
            Err(error) => {
                let what = format!("The settings in {} could not be read: {error}.", self.path.display());
                return (Settings::default(), Some(what));
            }
        };
        match toml::from_str::<Settings>(&text) {
            Ok(settings) if settings.version > SETTINGS_VERSION => {
                self.set_aside("it was written by a newer version of gearcast")
            }
            Ok(settings) => (settings, None),
            Err(error) => self.set_aside(error.message()),
        }
    }

    /// What is stored of sound devices; nothing if the file cannot be read. Changes nothing.
    pub fn sound_offsets(&self) -> SoundOffsets {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        toml::from_str::<Settings>(&text).map(|settings| settings.sound_offsets).unwrap_or_default()
    }

    /// Saves what a window knows. What is stored of sound devices stays: a sync test beside the open window may have
    /// found it out since the window read it.
    pub fn save_of_window(&self, settings: &Settings) -> Result<(), PersistError> {
        let stored = fs::read_to_string(&self.path).ok().and_then(|text| toml::from_str::<Settings>(&text).ok());
        let sound_offsets = stored.map_or_else(|| settings.sound_offsets.clone(), |stored| stored.sound_offsets);
        self.save(&Settings { sound_offsets, ..settings.clone() })
    }

    /// Stores by how much a sound device is to be moved; zero forgets it. An open window does not see it before its next
    /// start.
    pub fn store_sound_offset(&self, device_id: &str, offset_ms: f64) -> Result<(), PersistError> {
        let (mut settings, _) = self.load();
        if offset_ms == 0.0 {
            settings.sound_offsets.remove(device_id);
        } else {
            settings.sound_offsets.insert(device_id.to_owned(), offset_ms);
        }
        self.save(&settings)
    }

    fn set_aside(&self, why: &str) -> (Settings, Option<String>) {
        let aside = (0..1000)
            .map(|number| match number {
                0 => self.path.with_extension("toml.bad"),
                _ => self.path.with_extension(format!("toml.bad{number}")),
            })
            .find(|aside| !aside.exists());
        let moved = aside.filter(|aside| fs::rename(&self.path, aside).is_ok());
        let what = match moved {
            Some(aside) => format!("The settings could not be used ({why}). They were kept as {}.", aside.display()),
            None => format!("The settings in {} could not be used: {why}.", self.path.display()),
        };
        (Settings::default(), Some(what))
    }

    /// Writes all of it: a crash in between leaves the file as it was.
    pub fn save(&self, settings: &Settings) -> Result<(), PersistError> {
        let text = toml::to_string(settings)?;
        self.write(text.as_bytes()).map_err(|source| PersistError::Write { path: self.path.clone(), source })
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pane;

    #[test]
    fn settings_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let store = SettingsStore::at(dir.path().join("new/gearcast/settings.toml"));
        assert_eq!(store.load(), (Settings::default(), None), "a first start tells nothing");
        let settings = Settings { pane: Pane::Video, ..Settings::default() };
        store.save(&settings).unwrap();
        assert_eq!(store.load(), (settings, None));
        let files = fs::read_dir(dir.path().join("new/gearcast")).unwrap().count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[test]
    fn a_sound_devices_offset_is_kept_beside_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let store = SettingsStore::at(dir.path().join("settings.toml"));
        assert_eq!(store.sound_offsets(), SoundOffsets::new());
        store.save(&Settings { pane: Pane::Video, ..Settings::default() }).unwrap();
        store.store_sound_offset("pulseaudio:desk.monitor", 12.5).unwrap();
        assert_eq!(store.sound_offsets(), SoundOffsets::from([("pulseaudio:desk.monitor".to_owned(), 12.5)]));
        assert_eq!(store.load().0.pane, Pane::Video);
        store.store_sound_offset("pulseaudio:desk.monitor", 0.0).unwrap();
        assert_eq!(store.sound_offsets(), SoundOffsets::new());
    }

    #[test]
    fn a_window_that_saves_leaves_what_was_found_out_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = SettingsStore::at(dir.path().join("settings.toml"));
        let of_window = Settings { pane: Pane::Video, ..Settings::default() };
        store.save_of_window(&of_window).unwrap();
        store.store_sound_offset("pulseaudio:desk.monitor", 12.5).unwrap();
        store.save_of_window(&Settings { pane: Pane::Sound, ..of_window }).unwrap();
        assert_eq!(store.sound_offsets()["pulseaudio:desk.monitor"].to_bits(), 12.5_f64.to_bits());
        assert_eq!(store.load().0.pane, Pane::Sound);
    }

    #[test]
    fn damaged_settings_are_kept_aside_each_under_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        let store = SettingsStore::at(path.clone());
        for (bytes, aside) in [
            (&b"pane = [not toml"[..], "settings.toml.bad"),
            (&b"\xff\xfe"[..], "settings.toml.bad1"),
            (&b"version = 99"[..], "settings.toml.bad2"),
        ] {
            fs::write(&path, bytes).unwrap();
            let (settings, told) = store.load();
            assert_eq!(settings, Settings::default());
            assert!(told.unwrap().contains(aside));
            assert_eq!(fs::read(dir.path().join(aside)).unwrap(), bytes);
            assert!(!path.exists());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = SettingsStore::at(file.join("settings.toml")).save(&Settings::default()).unwrap_err();
        assert!(error.to_string().contains("file/settings.toml"), "{error}");
    }
}
