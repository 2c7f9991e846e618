//! Where gearcast keeps what: the folders of the platform, or all of them under `GEARCAST_HOME`.
//!
//! Only names; nothing is made or read here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The user's home folder is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the home folder is unknown: set HOME, or set GEARCAST_HOME to a folder of your own")]
pub struct NoHome;

/// All folders and files with a fixed place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    config: PathBuf,
    state: PathBuf,
    cache: PathBuf,
    runtime: PathBuf,
    data: PathBuf,
    home: Option<PathBuf>,
}

impl Places {
    /// The places that the process's environment names.
    pub fn from_env() -> Result<Self, NoHome> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// The same with variables from `lookup`; empty values count as unset, and so do relative XDG folders
    /// (their specification says so).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, NoHome> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let absolute = |name: &str| set(name).filter(|path| path.is_absolute());
        let home = set(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        if let Some(all) = set("GEARCAST_HOME") {
            return Ok(Self {
                state: all.join("state"),
                cache: all.join("cache"),
                runtime: all.join("run"),
                data: all.join("data"),
                config: all,
                home,
            });
        }
        let own = |base: PathBuf| base.join("gearcast");
        let user = home.clone().ok_or(NoHome)?;
        let (config, state, cache, runtime, data) = if cfg!(windows) {
            let roaming = set("APPDATA").unwrap_or_else(|| user.join("AppData/Roaming"));
            let local = own(set("LOCALAPPDATA").unwrap_or_else(|| user.join("AppData/Local")));
            let data = local.join("data");
            (own(roaming), local.join("state"), local.join("cache"), local.join("run"), data)
        } else if cfg!(target_os = "macos") {
            let support = own(user.join("Library/Application Support"));
            let (state, runtime, data) = (support.join("state"), support.join("run"), support.join("data"));
            (support, state, own(user.join("Library/Caches")), runtime, data)
        } else {
            let state = own(absolute("XDG_STATE_HOME").unwrap_or_else(|| user.join(".local/state")));
            let runtime = absolute("XDG_RUNTIME_DIR").map_or_else(|| state.join("run"), own);
            let config = own(absolute("XDG_CONFIG_HOME").unwrap_or_else(|| user.join(".config")));
            let cache = own(absolute("XDG_CACHE_HOME").unwrap_or_else(|| user.join(".cache")));
            let data = own(absolute("XDG_DATA_HOME").unwrap_or_else(|| user.join(".local/share")));
            (config, state, cache, runtime, data)
        };
        Ok(Self { config, state, cache, runtime, data, home })
    }

    /// One profile a file.
    pub fn profiles(&self) -> PathBuf {
        self.config.join("profiles")
    }

    /// The program's own settings.
    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// Stream keys where the platform has no keyring.
    pub fn keys(&self) -> PathBuf {
        self.config.join("keys.toml")
    }

    /// The journal of open recordings.
    pub fn journal(&self) -> PathBuf {
        self.state.join("journal")
    }

    /// Logs.
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// What may be deleted at any time: ffmpeg's capabilities.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("control.sock")
    }

    /// An ffmpeg that was downloaded.
    pub fn ffmpeg(&self) -> PathBuf {
        self.data.join("ffmpeg")
    }

    /// The user's home folder, which `~` stands for.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Result<Places, NoHome> {
        Places::from_lookup(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn one_folder_holds_all_when_asked() {
        let places = places(&[("GEARCAST_HOME", "/p"), ("HOME", "/home/me"), ("XDG_CONFIG_HOME", "/c")]).unwrap();
        assert_eq!(places.profiles(), Path::new("/p/profiles"));
        assert_eq!(places.settings(), Path::new("/p/settings.toml"));
        for inside in [
            places.keys(),
            places.journal(),
            places.logs(),
            places.cache().to_owned(),
            places.socket(),
            places.ffmpeg(),
        ] {
            assert!(inside.starts_with("/p"), "{}", inside.display());
        }
        assert_eq!(places.home(), Some(Path::new("/home/me")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_follows_xdg() {
        let plain = places(&[("HOME", "/home/me")]).unwrap();
        assert_eq!(plain.profiles(), Path::new("/home/me/.config/gearcast/profiles"));
        assert_eq!(plain.journal(), Path::new("/home/me/.local/state/gearcast/journal"));
        assert_eq!(plain.cache(), Path::new("/home/me/.cache/gearcast"));
        assert_eq!(plain.ffmpeg(), Path::new("/home/me/.local/share/gearcast/ffmpeg"));
        let named = [("HOME", "/home/me"), ("XDG_CONFIG_HOME", "relative"), ("XDG_RUNTIME_DIR", "/run/user/7")];
        let named = places(&named).unwrap();
        assert_eq!(named.keys(), Path::new("/home/me/.config/gearcast/keys.toml"));
        assert_eq!(named.socket(), Path::new("/run/user/7/gearcast/control.sock"));
    }

    #[test]
    fn without_a_home_the_error_says_what_to_set() {
        assert!(places(&[("HOME", "")]).unwrap_err().to_string().contains("GEARCAST_HOME"));
    }
}
