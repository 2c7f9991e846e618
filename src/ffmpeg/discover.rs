//! Finds ffmpeg and makes sure that it is one.
//!
//! Looks, in this order: at the user's choice (a program or the folder that holds it), at `GEARCAST_FFMPEG`, along
//! `PATH`, next to our own program. A choice that does not work is an error, never silently another ffmpeg.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::process::ProcessError;
use super::run::{Limits, run};
use super::version::Version;
use crate::rt::StopSource;

/// The environment variable that names ffmpeg or its folder.
const VARIABLE: &str = "GEARCAST_FFMPEG";
/// `-version` takes 65 ms; a loaded machine may take a while.
const DEADLINE: Duration = Duration::from_secs(5);

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

/// Finds ffmpeg: `custom` is a program or its folder. Starts it once (65 ms), so not for the window's thread;
/// ends within five seconds for each candidate.
pub fn find(custom: Option<&Path>) -> Result<Ffmpeg, FindError> {
    let own_folder = std::env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    Places {
        chosen: custom
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from)),
        folders: std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
        own_folder,
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
    own_folder: Option<PathBuf>,
    deadline: Duration,
}

impl Places {
    fn find(&self) -> Result<Ffmpeg, FindError> {
        if let Some(chosen) = &self.chosen {
            return self.check(&self.resolve(chosen)?);
        }
        let name = executable("ffmpeg");
        let candidates = self.folders.iter().chain(&self.own_folder).filter(|folder| !folder.as_os_str().is_empty());
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
