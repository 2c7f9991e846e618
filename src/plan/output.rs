//! Where the recording goes: container, folder and file name.

use std::path::PathBuf;

use super::findings::{Findings, fix, some_of};
use super::{Environment, FilePlan, FolderFact, NameFact, OnExisting, Run};
use crate::media::Container;
use crate::profile::{Profile, SourceKind};

/// Less than this much free space is a warning: some minutes at usual bitrates.
const LOW_BYTES: u64 = 1 << 30;
/// Less than this much cannot hold a recording and the copy that completes it.
const FULL_BYTES: u64 = 64 << 20;
/// Bytes of a file's name that every file system takes, with room for ` (99)` and our temporary endings.
const MAX_NAME_BYTES: usize = 200;

/// The path that this profile would be recorded to: what [`super::OutputFacts`] are gathered about. `None` when
/// the profile's words make no path; [`super::check`] says why.
pub fn wished_path(profile: &Profile, env: &Environment) -> Option<PathBuf> {
    let mut unheard = Findings::default();
    let container = container(profile, &mut unheard)?;
    path(profile, container, env, &mut unheard)
}

/// The file; `None` where a finding says why.
pub(super) fn resolve(profile: &Profile, env: &Environment, run: &Run, out: &mut Findings) -> Option<FilePlan> {
    if !profile.output.subtitles.trim().is_empty() {
        out.not_yet(
            "output.subtitles",
            "Multiplexing a subtitles file is",
            fix("No subtitles", "output.subtitles", ""),
        );
    }
    let container = container(profile, out)?;
    muxer(container, env, out);
    let path = path(profile, container, env, out)?;
    facts(&path, env, run, out);
    Some(FilePlan { path, container, on_existing: run.on_existing })
}

/// The container that the profile names.
pub(super) fn container(profile: &Profile, out: &mut Findings) -> Option<Container> {
    let wish = profile.output.container.trim().trim_start_matches('.');
    let found = Container::from_name(wish);
    if found.is_none() {
        let known = some_of(Container::ALL.iter().map(|container| container.name()));
        let later = ["gif", "flv", "ts", "m4a", "ogg", "flac", "wav", "m4v", "mpg", "wmv"];
        let what = if later.iter().any(|name| name.eq_ignore_ascii_case(wish)) {
            format!("Recording into {wish} is not in this version yet.")
        } else {
            format!("'{wish}' is not a container that gearcast knows.")
        };
        out.error(
            "output.container",
            what,
            format!("Choose one of: {known}."),
            fix("Use mp4", "output.container", "mp4"),
        );
    }
    found
}

fn muxer(container: Container, env: &Environment, out: &mut Findings) {
    let Some(ffmpeg) = env.ffmpeg.as_ref().filter(|ffmpeg| !ffmpeg.muxers.is_empty()) else { return };
    if !ffmpeg.muxers.iter().any(|muxer| muxer == container.muxer()) {
        let what = format!("ffmpeg {} cannot write {container}.", ffmpeg.version);
        out.error(
            "output.container",
            what,
            "Choose another container, or install a full ffmpeg.",
            fix("Use mkv", "output.container", "mkv"),
        );
    }
}

fn path(profile: &Profile, container: Container, env: &Environment, out: &mut Findings) -> Option<PathBuf> {
    let folder = folder(&profile.output.folder, env, out);
    let name = file_name(profile, container, env, out);
    Some(folder?.join(name?))
}

fn folder(wish: &str, env: &Environment, out: &mut Findings) -> Option<PathBuf> {
    let home_fix = || fix("Use ~/Videos", "output.folder", "~/Videos");
    if wish.trim().is_empty() {
        out.error("output.folder", "No folder is given.", "Choose the folder for recordings.", home_fix());
        return None;
    }
    if wish.contains("://") {
        out.not_yet("output.folder", "Recording to an address is", home_fix());
        return None;
    }
    let in_home = match wish.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix(['/', '\\']),
        None => None,
    };
    match in_home {
        Some(_) if env.home.as_os_str().is_empty() => {
            let what = "The home folder, which '~' stands for, is unknown.";
            out.error("output.folder", what, "Set HOME, or write the folder in full.", None);
            None
        }
        Some(rest) => Some(env.home.join(rest)),
        None => Some(PathBuf::from(wish)),
    }
}

/// The name with its placeholders filled in. Only what is filled in is made safe; a user's own characters stay.
fn file_name(profile: &Profile, container: Container, env: &Environment, out: &mut Findings) -> Option<String> {
    let template = profile.output.file_name.trim();
    let default = || fix("Use {date} {time}", "output.file_name", "{date} {time}");
    let name = template
        .replace("{date}", &env.now_name.date)
        .replace("{time}", &env.now_name.time)
        .replace("{profile}", &safe(&profile.name))
        .replace("{source}", &safe(&source_name(profile)));
    let windows_forbids = |c: char| cfg!(windows) && matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\\');
    let bad = name.chars().find(|c| *c == '/' || c.is_control() || windows_forbids(*c));
    let what = if name.is_empty() || name.chars().all(|c| c == '.') {
        Some("The file has no name.".to_owned())
    } else if let Some(bad) = bad {
        Some(format!("A file's name cannot hold '{}'.", bad.escape_default()))
    } else if name.len() > MAX_NAME_BYTES {
        Some(format!("The file's name is {} bytes long; {MAX_NAME_BYTES} are possible.", name.len()))
    } else {
        None
    };
    if let Some(what) = what {
        out.error("output.file_name", what, "Choose another name; the folder has a field of its own.", default());
        return None;
    }
    // `--output Film.MP4` keeps the user's way of writing it.
    let ending = format!(".{container}");
    let has_ending = name.len() > ending.len()
        && name.get(name.len() - ending.len()..).is_some_and(|end| end.eq_ignore_ascii_case(&ending));
    Some(if has_ending { name } else { format!("{name}{ending}") })
}

fn source_name(profile: &Profile) -> String {
    let kind = match profile.source.kind {
        SourceKind::None => "sound",
        SourceKind::Test => "test",
        SourceKind::Screen => "screen",
        SourceKind::Window => "window",
        SourceKind::Region => "region",
        SourceKind::Camera => "camera",
    };
    let id = profile.source.id.trim();
    if id.is_empty() { kind.to_owned() } else { format!("{kind} {id}") }
}

/// A text as part of a file's name on every system.
fn safe(text: &str) -> String {
    let forbidden =
        |c: char| c.is_control() || matches!(c, '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*' | '{' | '}');
    text.chars().map(|c| if forbidden(c) { '-' } else { c }).take(60).collect()
}

fn facts(path: &std::path::Path, env: &Environment, run: &Run, out: &mut Findings) {
    let folder = path.parent().unwrap_or(path).display();
    let choose = "Choose another folder, or make this one yours.";
    match &env.output.folder {
        FolderFact::Unknown | FolderFact::Ready => {}
        FolderFact::CanBeMade => {
            out.warning("output.folder", format!("The folder {folder} does not exist: it will be made."), "", None);
        }
        FolderFact::Missing => {
            let what = format!("The folder {folder} does not exist.");
            out.error("output.folder", what, "Make it first, or choose another one.", None);
        }
        FolderFact::NotAFolder => {
            out.error("output.folder", format!("{folder} is not a folder."), "Choose a folder.", None);
        }
        FolderFact::NotWritable { reason } => {
            let what = format!("Nothing can be written to the folder {folder}: {reason}.");
            out.error("output.folder", what, choose, None);
        }
    }
    match env.output.free_bytes {
        Some(free) if free < FULL_BYTES => {
            let what = format!("The disk under {folder} is full: {} MiB are free.", free >> 20);
            out.error("output.folder", what, "Free some space, or choose another folder.", None);
        }
        Some(free) if free < LOW_BYTES => {
            let what = format!("The disk under {folder} is nearly full: {} MiB are free.", free >> 20);
            out.warning("output.folder", what, "Free some space, or choose another folder.", None);
        }
        _ => {}
    }
    match (env.output.name, run.on_existing) {
        (NameFact::NotAFile, _) => {
            let what = format!("{} is not a file and cannot be replaced by one.", path.display());
            out.error("output.file_name", what, "Choose another name.", None);
        }
        (NameFact::Taken, OnExisting::Refuse) => {
            let what = format!("{} exists already and is left as it is.", path.display());
            out.error("output.file_name", what, "Choose another name, or add --overwrite to replace it.", None);
        }
        _ => {}
    }
}
