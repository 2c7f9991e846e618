//! Finds ffmpeg and makes sure that it is one.
//!
//! Looks, in this order: at the user's choice (a program or the folder that holds it), at `GEARCAST_FFMPEG`, along
//! `PATH`, next to our own program, in the folder of [`look_last_in`]. A choice that does not work is an error, never silently another ffmpeg.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::launch::ProcessError;
use super::run::{Limits, run};
use super::version::Version;
use crate::rt::StopSource;

/// The environment variable that names ffmpeg or its folder.
const VARIABLE: &str = "GEARCAST_FFMPEG";
/// `-version` takes 65 ms; a loaded machine may take a while.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where an ffmpeg that we downloaded lies; told once by whoever knows the user's folders.
static LAST_FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// A working ffmpeg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    /// The program, absolute.
    pub program: PathBuf,
    /// Its ffprobe, if there is one beside it or along `PATH`.
    pub probe: Option<PathBuf>,
    /// Which version it is.
    pub version: Version,
}

/// Why there is no ffmpeg.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// None anywhere.
    #[error("ffmpeg is not installed, or not where programs are looked for; {}", install_hint())]
    NotInstalled,
    /// The chosen one is not there.
    #[error("there is no ffmpeg at {}; choose the ffmpeg program or the folder that holds it", .0.display())]
    NotThere(PathBuf),
    /// It may not be run.
    #[error("{} is not a program that may be run; choose another ffmpeg, or make it executable", .0.display())]
    NotExecutable(PathBuf),
    /// It answers, but not as ffmpeg does.
    #[error("{} is not ffmpeg: asked for its version it answers otherwise; choose another program", .0.display())]
    NotFfmpeg(PathBuf),
    /// It does not answer.
    #[error("{program} does not answer within {seconds} s; choose another ffmpeg", program = .program.display())]
    Silent {
        /// The program.
        program: PathBuf,
        /// The deadline in seconds.
        seconds: u64,
    },
    /// The operating system refuses to start it.
    #[error(transparent)]
    Start(ProcessError),
}

/// Names the folder where [`find`] looks when there is no ffmpeg anywhere else, for the rest of the program's life.
/// Call it once, before anything is looked for; a second call changes nothing.
pub fn look_last_in(folder: &Path) {
    let first = LAST_FOLDER.get_or_init(|| folder.to_owned());
    if first != folder {
        log::warn!("ffmpeg is looked for in {}, not in {}", first.display(), folder.display());
    }
}

/// Finds ffmpeg: `custom` is a program or its folder. Starts it once (65 ms), so not for the window's thread;
/// ends within five seconds for each candidate.
pub fn find(custom: Option<&Path>) -> Result<Ffmpeg, FindError> {
    let own_folder = std::env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    Places {
        chosen: custom
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from)),
        folders: std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
        last_folders: own_folder.into_iter().chain(LAST_FOLDER.get().cloned()).collect(),
        deadline: DEADLINE,
    }
    .find()
}

/// How ffmpeg is installed on this system, as an instruction.
pub fn install_hint() -> String {
    let command = match std::env::consts::OS {
        "linux" => {
            let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
            linux_command(&release)
        }
        "macos" => "brew install ffmpeg",
        "windows" => "winget install Gyan.FFmpeg",
        "freebsd" => "pkg install ffmpeg",
        _ => return "install it from https://ffmpeg.org/download.html".to_owned(),
    };
    format!("install it with \"{command}\"")
}

fn linux_command(os_release: &str) -> &'static str {
    let ids: Vec<String> = os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>())
        .collect();
    let is = |names: &[&str]| ids.iter().any(|id| names.iter().any(|name| id.starts_with(name)));
    if is(&["fedora", "rhel", "centos"]) {
        "sudo dnf install ffmpeg"
    } else if is(&["arch", "manjaro"]) {
        "sudo pacman -S ffmpeg"
    } else if is(&["opensuse", "suse"]) {
        "sudo zypper install ffmpeg"
    } else if is(&["alpine"]) {
        "sudo apk add ffmpeg"
    } else if is(&["nixos"]) {
        "nix-env -iA nixos.ffmpeg"
    } else if is(&["gentoo"]) {
        "sudo emerge media-video/ffmpeg"
    } else {
        "sudo apt install ffmpeg"
    }
}

/// Render nodes of graphics cards, in order; VAAPI encodes through one of them.
pub(super) fn render_nodes() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir("/dev/dri") else { return Vec::new() };
    let mut nodes: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
        .map(|entry| entry.path())
        .collect();
    nodes.sort();
    nodes
}

/// Where to look; a test fills in its own.
#[derive(Clone, Debug, Default)]
struct Places {
    chosen: Option<PathBuf>,
    folders: Vec<PathBuf>,
    last_folders: Vec<PathBuf>,
    deadline: Duration,
}

impl Places {
    fn find(&self) -> Result<Ffmpeg, FindError> {
        if let Some(chosen) = &self.chosen {
            return self.check(&self.resolve(chosen)?);
        }
        let name = executable("ffmpeg");
        let candidates = self.folders.iter().chain(&self.last_folders).filter(|folder| !folder.as_os_str().is_empty());
        let mut first_trouble = None;
        for candidate in candidates.map(|folder| folder.join(&name)).filter(|candidate| candidate.is_file()) {
            match self.check(&candidate) {
                Ok(found) => return Ok(found),
                Err(trouble) => first_trouble = first_trouble.or(Some(trouble)),
            }
        }
        Err(first_trouble.unwrap_or(FindError::NotInstalled))
    }

    /// The program a user means: the file itself, the one in that folder or its `bin`, or a bare name along `PATH`.
    fn resolve(&self, chosen: &Path) -> Result<PathBuf, FindError> {
        let name = executable("ffmpeg");
        if chosen.is_dir() {
            let inside = [chosen.join(&name), chosen.join("bin").join(&name)];
            return inside
                .into_iter()
                .find(|candidate| candidate.is_file())
                .ok_or_else(|| FindError::NotThere(chosen.to_owned()));
        }
        if chosen.exists() {
            return Ok(chosen.to_owned());
        }
        let bare = chosen.components().count() == 1;
        let along_path = self.folders.iter().map(|folder| folder.join(executable(chosen)));
        along_path
            .filter(|candidate| bare && candidate.is_file())
            .find(|candidate| is_executable(candidate))
            .ok_or_else(|| FindError::NotThere(chosen.to_owned()))
    }

    fn check(&self, program: &Path) -> Result<Ffmpeg, FindError> {
        // Absolute, because our own folder may change; not resolved, because some systems choose the program by
        // the name of the link.
        let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
        if !is_executable(&program) {
            return Err(FindError::NotExecutable(program));
        }
        let limits = Limits { deadline: self.deadline, output_bytes: 256 * 1024 };
        let never = StopSource::new();
        let version = match run(&program, vec!["-version".into()], &limits, &never.token()) {
            Ok(finished) => finished.and_then(|finished| Version::parse(&finished.text())),
            Err(ProcessError::Silent { program, seconds }) => return Err(FindError::Silent { program, seconds }),
            Err(ProcessError::NotExecutable { program }) => return Err(FindError::NotExecutable(program)),
            Err(other) => return Err(FindError::Start(other)),
        };
        let Some(version) = version else { return Err(FindError::NotFfmpeg(program)) };
        Ok(Ffmpeg { probe: self.probe_of(&program), program, version })
    }

    /// The ffprobe that belongs to it: of the same name (`ffmpeg6` has `ffprobe6`) or `ffprobe`, beside it, beside
    /// what its link points to, or along `PATH`.
    fn probe_of(&self, program: &Path) -> Option<PathBuf> {
        let same_name = program.file_name().map(|name| name.to_string_lossy().replace("ffmpeg", "ffprobe"));
        let names: Vec<OsString> = same_name.map(OsString::from).into_iter().chain([executable("ffprobe")]).collect();
        let target = std::fs::canonicalize(program).ok();
        let beside = [Some(program), target.as_deref()].into_iter().flatten().filter_map(Path::parent);
        beside
            .chain(self.folders.iter().map(PathBuf::as_path))
            .flat_map(|folder| names.iter().map(|name| folder.join(name)).collect::<Vec<_>>())
            .find(|candidate| candidate != program && is_executable(candidate))
    }
}

fn executable(name: impl AsRef<OsStr>) -> OsString {
    let mut name = name.as_ref().to_owned();
    if !std::env::consts::EXE_SUFFIX.is_empty() && Path::new(&name).extension().is_none() {
        name.push(std::env::consts::EXE_SUFFIX);
    }
    name
}

fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    return path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::super::fake::{LONG, script};
    use super::*;

    const GOOD: &str = "echo 'ffmpeg version 6.1.1-test Copyright (c) 2000-2023 the FFmpeg developers'";

    fn places(chosen: Option<&Path>, folders: &[&Path]) -> Places {
        Places {
            chosen: chosen.map(Path::to_owned),
            folders: folders.iter().map(|folder| (*folder).to_owned()).collect(),
            last_folders: Vec::new(),
            deadline: LONG,
        }
    }

    #[test]
    fn the_real_one_is_found_with_its_ffprobe() {
        let found = find(None).unwrap();
        assert!(found.program.is_absolute() && found.version.number.is_some(), "{found:?}");
        assert_eq!(found.probe.unwrap().file_name(), Some(OsStr::new("ffprobe")));
        assert_eq!(find(Some(&found.program)).unwrap().version, found.version);
        assert_eq!(find(found.program.parent()).unwrap().program, found.program);
    }

    #[test]
    fn the_users_choice_goes_before_the_path_and_the_path_before_our_own_folder() {
        let [chosen, path, own, last] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
        script(chosen.path(), "ffmpeg6", GOOD);
        script(chosen.path(), "ffprobe6", "");
        script(path.path(), "ffmpeg", GOOD);
        script(own.path(), "ffmpeg", GOOD);
        script(last.path(), "ffmpeg", GOOD);
        let mut everywhere = places(Some(&chosen.path().join("ffmpeg6")), &[path.path()]);
        everywhere.last_folders = vec![own.path().to_owned(), last.path().to_owned()];
        let found = everywhere.find().unwrap();
        assert_eq!(found.program, chosen.path().join("ffmpeg6"));
        assert_eq!(found.probe, Some(chosen.path().join("ffprobe6")));
        everywhere.chosen = None;
        assert_eq!(everywhere.find().unwrap().program, path.path().join("ffmpeg"));
        everywhere.folders.clear();
        assert_eq!(everywhere.find().unwrap().program, own.path().join("ffmpeg"));
        std::fs::remove_file(own.path().join("ffmpeg")).unwrap();
        assert_eq!(everywhere.find().unwrap().program, last.path().join("ffmpeg"));
        // A bare name is looked up along the path, a folder may hold it in `bin`.
        let bare = places(Some(Path::new("ffmpeg6")), &[chosen.path()]);
        assert_eq!(bare.find().unwrap().program, chosen.path().join("ffmpeg6"));
        std::fs::create_dir(path.path().join("bin")).unwrap();
        std::fs::rename(path.path().join("ffmpeg"), path.path().join("bin/ffmpeg")).unwrap();
        assert_eq!(places(Some(path.path()), &[]).find().unwrap().program, path.path().join("bin/ffmpeg"));
    }

    #[test]
    fn a_choice_that_does_not_work_is_an_error_and_never_another_ffmpeg() {
        let (good, bad) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        script(good.path(), "ffmpeg", GOOD);
        let try_choice = |chosen: &Path| places(Some(chosen), &[good.path()]).find().unwrap_err();
        assert!(matches!(try_choice(&bad.path().join("none")), FindError::NotThere(_)));
        assert!(matches!(try_choice(bad.path()), FindError::NotThere(_)));
        let plain = bad.path().join("plain");
        std::fs::write(&plain, "text").unwrap();
        assert!(matches!(try_choice(&plain), FindError::NotExecutable(_)));
        let other = script(bad.path(), "other", "echo 'bash version 5'; echo 'ffmpeg version 6' >&2");
        assert!(matches!(try_choice(&other), FindError::NotFfmpeg(_)));
        assert!(matches!(try_choice(&script(bad.path(), "quits", "exit 1")), FindError::NotFfmpeg(_)));
        let garbage = script(bad.path(), "garbage", "head -c 3000000 /dev/urandom");
        assert!(matches!(try_choice(&garbage), FindError::NotFfmpeg(_)));
    }

    #[test]
    fn a_silent_program_hangs_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let silent = script(folder.path(), "ffmpeg", "sleep 1000");
        let deadline = Duration::from_millis(300);
        let search = Places { chosen: Some(silent), deadline, ..Places::default() };
        assert!(matches!(search.find().unwrap_err(), FindError::Silent { .. }));
    }

    #[test]
    fn a_broken_one_on_the_path_does_not_hide_a_working_one() {
        let (broken, good) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        script(broken.path(), "ffmpeg", "exit 127");
        script(good.path(), "ffmpeg", GOOD);
        let found = places(None, &[Path::new(""), broken.path(), good.path()]).find().unwrap();
        assert_eq!(found.program, good.path().join("ffmpeg"));
        assert!(matches!(places(None, &[broken.path()]).find().unwrap_err(), FindError::NotFfmpeg(_)));
        let none = places(None, &[]).find().unwrap_err();
        assert!(none.to_string().contains("install"), "{none}");
    }

    #[test]
    fn the_hint_fits_the_distribution() {
        for (release, command) in [
            ("ID=debian\n", "sudo apt install ffmpeg"),
            ("NAME=x\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "sudo apt install ffmpeg"),
            ("ID=nobara\nID_LIKE=\"rhel centos fedora\"\n", "sudo dnf install ffmpeg"),
            ("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "sudo zypper install ffmpeg"),
            ("ID=endeavouros\nID_LIKE=arch\n", "sudo pacman -S ffmpeg"),
            ("", "sudo apt install ffmpeg"),
        ] {
            assert_eq!(linux_command(release), command);
        }
    }
}
