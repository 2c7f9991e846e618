//! Where the recording goes: container, folder and file name.

use std::path::{Path, PathBuf};

use super::findings::{Findings, fix};
use super::{
    AddressPlan, Environment, FilePlan, FileWay, FolderFact, NameFact, OnExisting, Run, SubtitlesFact, address,
};
use crate::media::{Container, FrameRate, has_number};
use crate::profile::{Profile, SourceKind};

/// Less than this much free space is a warning: some minutes at usual bitrates.
const LOW_BYTES: u64 = 1 << 30;
/// Less than this much cannot hold a recording and the copy that completes it.
const FULL_BYTES: u64 = 64 << 20;
/// Bytes of a file's name that every file system takes, with room for ` (99)` and our temporary endings.
const MAX_NAME_BYTES: usize = 200;

/// Where a recording goes.
pub(super) enum Target {
    File(FilePlan),
    /// With the container whose codecs go there; a device takes pixels.
    Address(AddressPlan, Option<Container>),
}

impl Target {
    /// The container whose codecs go there.
    pub(super) const fn container(&self) -> Option<Container> {
        match self {
            Self::File(file) => Some(file.container),
            Self::Address(_, container) => *container,
        }
    }

    /// Whether sound can go there.
    pub(super) fn has_sound(&self) -> bool {
        self.container().is_some_and(Container::has_sound)
    }
}

/// The path that this profile would be recorded to: what [`super::OutputFacts`] are gathered about. `None` when
/// it goes to a server, or the profile's words make no path; [`super::check`] says why.
pub fn wished_path(profile: &Profile, env: &Environment) -> Option<PathBuf> {
    if let Some(address) = address::wish(profile) {
        return address::is_device(address).then(|| PathBuf::from(address));
    }
    let mut unheard = Findings::default();
    let container = container(profile, &mut unheard)?;
    path(profile, container, env, &mut unheard)
}

/// The container of sound alone that this profile's file has.
pub(super) fn sound_container(profile: &Profile) -> Option<Container> {
    let is_file = address::wish(profile).is_none();
    let container = container(profile, &mut Findings::default()).filter(|_| is_file)?;
    container.is_sound_only().then_some(container)
}

/// The file of subtitles that this profile would put into the recording.
pub fn wished_subtitles(profile: &Profile, env: &Environment) -> Option<PathBuf> {
    let wish = profile.output.subtitles.trim();
    (!wish.is_empty()).then(|| in_home(wish, env).unwrap_or_else(|| PathBuf::from(wish)))
}

/// Where to; `None` where a finding says why.
pub(super) fn resolve(profile: &Profile, env: &Environment, run: &Run, out: &mut Findings) -> Option<Target> {
    if let Some(wish) = address::wish(profile) {
        let (plan, container) = address::resolve(wish, profile, env, run.on_existing, out)?;
        return Some(Target::Address(plan, container));
    }
    let container = container(profile, out)?;
    muxer(container.muxer(), container, env, out);
    let path = path(profile, container, env, out)?;
    let way = way(&path, profile, container, env, out)?;
    facts(&path, env, run, out);
    Some(Target::File(FilePlan { path, container, way, on_existing: run.on_existing }))
}

/// Seconds of a file when a recording is cut into several: no more is lost with a broken one, and a day has 1440.
const SEGMENT_S: f64 = 60.0;

/// How the file comes about.
fn way(path: &Path, profile: &Profile, container: Container, env: &Environment, out: &mut Findings) -> Option<FileWay> {
    let numbered = path.file_name().and_then(|name| name.to_str()).is_some_and(has_number);
    match container {
        _ if container.is_images() && !numbered => {
            let what =
                format!("Each picture becomes a {container} of its own, so the name needs a place for its number.");
            let name = profile.output.file_name.trim();
            let stem = name.strip_suffix(&format!(".{container}")).unwrap_or(name);
            let better = format!("{stem}-%05d");
            let help = format!("Write for example {better}.{container}.");
            out.error("output.file_name", what, help, fix("Number the pictures", "output.file_name", better));
            None
        }
        _ if container.is_images() => Some(FileWay::Images),
        _ if container.is_playlist() => Some(FileWay::Playlist),
        Container::Gif => {
            gif(profile, out);
            Some(FileWay::Single)
        }
        _ if numbered => {
            muxer("segment", container, env, out);
            segments(profile, out).map(|seconds| FileWay::Segments { seconds })
        }
        _ => Some(FileWay::Packets),
    }
}

/// GIF counts hundredths of a second, and browsers show anything faster than 50 pictures a second slowly.
fn gif(profile: &Profile, out: &mut Findings) {
    if profile.video.fps.parse::<FrameRate>().is_ok_and(|rate| rate.as_f64() > 50.0) {
        let what = format!("GIF shows at most 50 pictures a second, not {}.", profile.video.fps);
        out.error("video.fps", what, "10 to 15 are usual and keep the file small.", fix("Use 15", "video.fps", "15"));
    }
}

/// Seconds of a segment: the user's own `-segment_time`, or a minute.
fn segments(profile: &Profile, out: &mut Findings) -> Option<f64> {
    let words = &profile.advanced.output;
    let Some(at) = words.iter().rposition(|word| word == "-segment_time") else { return Some(SEGMENT_S) };
    let seconds = words.get(at + 1).and_then(|text| text.parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| (0.1..=86_400.0).contains(seconds));
    if seconds.is_none() {
        let what = "-segment_time is no number of seconds between 0.1 and 86400.";
        out.error("advanced.output", what, "Write for example -segment_time 60.", None);
    }
    seconds
}

/// The container that the profile names.
pub(super) fn container(profile: &Profile, out: &mut Findings) -> Option<Container> {
    let wish = profile.output.container.trim().trim_start_matches('.');
    let found = Container::from_extension(wish);
    if found.is_none() {
        let known: Vec<&str> = Container::ALL.iter().map(|container| container.name()).collect();
        let later = ["m4v", "mpg", "wmv"];
        let what = if later.iter().any(|name| name.eq_ignore_ascii_case(wish)) {
            format!("Recording into {wish} is not in this version yet.")
        } else {
            format!("'{wish}' is not a container that gearcast knows.")
        };
        let help = format!("Choose one of: {}.", known.join(", "));
        out.error("output.container", what, help, fix("Use mp4", "output.container", "mp4"));
    }
    found
}

/// The subtitles that go into the file.
pub(super) fn subtitles(
    profile: &Profile,
    env: &Environment,
    file: Option<&FilePlan>,
    out: &mut Findings,
) -> Option<PathBuf> {
    let path = wished_subtitles(profile, env)?;
    let without = || fix("No subtitles", "output.subtitles", "");
    let refuse = |out: &mut Findings, what: String, help: &str| {
        out.error("output.subtitles", what, help, without());
        None
    };
    match file {
        Some(FilePlan { way: FileWay::Packets, container, .. }) if !container.holds_subtitles() => {
            return refuse(out, format!("{container} holds no subtitles."), "Record into mp4, mov, mkv or webm.");
        }
        Some(FilePlan { way: FileWay::Packets, .. }) => {}
        _ => {
            let help = "Record into mp4, mov, mkv or webm, or draw them into the picture: -vf subtitles=FILE in \
                        advanced.output.";
            return refuse(out, "Subtitles can be put only into a file of its own.".to_owned(), help);
        }
    }
    match &env.output.subtitles {
        SubtitlesFact::Missing => refuse(out, format!("{} does not exist.", path.display()), "Check the path."),
        SubtitlesFact::Unreadable { reason } => {
            let what = format!("{} cannot be used: {reason}.", path.display());
            refuse(out, what, "Give a file of subtitles: .srt, .vtt or .ass.")
        }
        SubtitlesFact::Unknown | SubtitlesFact::Ready => Some(path),
    }
}

fn muxer(name: &str, container: Container, env: &Environment, out: &mut Findings) {
    let Some(ffmpeg) = env.ffmpeg.as_ref().filter(|ffmpeg| !ffmpeg.muxers.is_empty()) else { return };
    if !ffmpeg.muxers.iter().any(|muxer| muxer == name) {
        let what = format!("ffmpeg {} cannot write {container} so (it lacks the muxer '{name}').", ffmpeg.version);
        out.error(
            "output.container",
            what,
            "Choose another container, or install a full ffmpeg.",
            fix("Use mkv", "output.container", "mkv"),
        );
    }
}

pub(super) fn path(profile: &Profile, container: Container, env: &Environment, out: &mut Findings) -> Option<PathBuf> {
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
        let help = "Write the address into output.address.";
        out.error("output.folder", "This is an address and no folder.", help, home_fix());
        return None;
    }
    let found = in_home(wish, env);
    if found.is_none() {
        let what = "The home folder, which '~' stands for, is unknown.";
        out.error("output.folder", what, "Set HOME, or write the folder in full.", None);
    }
    found
}

/// The path with `~` filled in; `None` when the home folder is unknown.
fn in_home(wish: &str, env: &Environment) -> Option<PathBuf> {
    let rest = match wish.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix(['/', '\\']),
        None => None,
    };
    match rest {
        Some(_) if env.home.as_os_str().is_empty() => None,
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
        && Path::new(&name).extension().and_then(|end| end.to_str()).and_then(Container::from_extension)
            == Some(container);
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

pub(super) fn facts(path: &std::path::Path, env: &Environment, run: &Run, out: &mut Findings) {
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
        (NameFact::NotAFile | NameFact::Device, _) => {
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
