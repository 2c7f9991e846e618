//! record's options laid over a profile: what the user wants, before anything was looked for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{EngineArg, RecordArgs};
use crate::media::Container;
use crate::plan::{MissingSound, OnExisting, Run, parse_region};
use crate::profile::{AudioInput, Engine, FieldError, Profile, SourceKind, Store, StoreError, credential_in, set_pair};

/// What is wrong with the options, in words; exit code 2.
#[derive(Debug, thiserror::Error)]
pub(super) enum WishError {
    /// An option's value.
    #[error("{option}: {what}")]
    Option {
        /// The option: `--source`.
        option: &'static str,
        /// What is wrong and what would be right.
        what: String,
    },
    /// `--set`.
    #[error("--set: {0}")]
    Set(#[from] crate::profile::SetError),
    /// The profile.
    #[error("--profile: {0}")]
    Profile(#[from] StoreError),
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Wishes {
    /// The profile with everything laid over it.
    pub(super) profile: Profile,
    /// What belongs to this recording alone.
    pub(super) run: Run,
    /// What the profile's reader should be told.
    pub(super) warnings: Vec<FieldError>,
}

/// Reads everything, without looking at devices. Relative outputs are taken from `cwd`.
pub(super) fn wishes(args: &RecordArgs, store: &Store, cwd: &Path) -> Result<Wishes, WishError> {
    refuse_secrets(args)?;
    refuse_what_is_not_there_yet(args)?;
    let (parsed, _) = store.load(args.profile.as_deref().unwrap_or("Recording"))?;
    let mut profile = parsed.profile;
    if let Some(spec) = &args.source {
        source(spec, &mut profile)?;
    }
    sound(&args.audio, &mut profile)?;
    let mut on_existing = OnExisting::Rename;
    if let Some(path) = &args.output {
        on_existing = output(path, cwd, &mut profile)?;
    }
    if let Some(engine) = args.engine {
        profile.output.engine = match engine {
            EngineArg::Ffmpeg => Engine::Ffmpeg,
            EngineArg::Opencv => Engine::Opencv,
        };
    }
    for pair in &args.set {
        set_pair(&mut profile, pair)?;
    }
    if args.overwrite {
        on_existing = OnExisting::Replace;
    }
    let missing_sound = if args.audio.is_empty() { MissingSound::Warn } else { MissingSound::Refuse };
    let run = Run { on_existing, duration: args.duration, missing_sound };
    Ok(Wishes { profile, run, warnings: parsed.warnings })
}

fn wrong(option: &'static str, what: impl Into<String>) -> WishError {
    WishError::Option { option, what: what.into() }
}

/// A URL on a command line is in the shell's history and in every process list. The error never repeats it.
fn refuse_secrets(args: &RecordArgs) -> Result<(), WishError> {
    let output = args.output.iter().filter_map(|path| path.to_str());
    let all = args.stream.iter().map(|url| ("--stream", url.as_str())).chain(output.map(|url| ("--output", url)));
    for (option, url) in all {
        if let Some(found) = credential_in(url) {
            let what = format!(
                "the address holds {found}; a command line is no place for it: leave it out and put the key into a file for --stream-key-file FILE (or '-' for standard input)"
            );
            return Err(wrong(option, what));
        }
    }
    Ok(())
}

fn refuse_what_is_not_there_yet(args: &RecordArgs) -> Result<(), WishError> {
    let not_yet = |option, what: &str| Err(wrong(option, format!("{what} not in this version yet: leave it out")));
    if !args.stream.is_empty() {
        return not_yet("--stream", "streaming is");
    }
    if !args.stream_key_file.is_empty() {
        return not_yet("--stream-key-file", "streaming is");
    }
    if args.no_file {
        return not_yet("--no-file", "streaming without a file is");
    }
    Ok(())
}

fn source(spec: &str, profile: &mut Profile) -> Result<(), WishError> {
    const KNOWN: &str = "none, test, screen[:N|NAME], window:ID|TITLE-PART, region:WxH+X+Y or camera[:N|NAME|PATH]";
    let (kind, value) = spec.split_once(':').map_or((spec, None), |(kind, value)| (kind, Some(value.trim())));
    let needs = |what: &str| wrong("--source", format!("'{kind}' needs {what}"));
    let source = &mut profile.source;
    let (id, region) = (std::mem::take(&mut source.id), std::mem::take(&mut source.region));
    source.kind = match (kind.trim(), value) {
        ("none", None) => SourceKind::None,
        ("test", None) => SourceKind::Test,
        ("screen", value) => {
            // A plain word chooses the kind; the profile's own screen stays chosen if it had one.
            let own = if source.kind == SourceKind::Screen { id } else { String::new() };
            source.id = value.map_or(own, str::to_owned);
            SourceKind::Screen
        }
        ("camera", value) => {
            let own = if source.kind == SourceKind::Camera { id } else { String::new() };
            source.id = value.map_or(own, str::to_owned);
            SourceKind::Camera
        }
        ("window", Some(window)) if !window.is_empty() => {
            window.clone_into(&mut source.id);
            SourceKind::Window
        }
        ("window", _) => return Err(needs("a number or part of a title: window:Firefox")),
        ("region", Some(text)) if parse_region(text).is_some() => {
            text.clone_into(&mut source.region);
            SourceKind::Region
        }
        ("region", None) if !region.is_empty() => {
            source.region = region;
            SourceKind::Region
        }
        ("region", _) => return Err(needs("a size and a corner: region:1280x720+0+0")),
        _ => return Err(wrong("--source", format!("'{spec}' is not a source; one of {KNOWN}"))),
    };
    Ok(())
}

fn sound(specs: &[String], profile: &mut Profile) -> Result<(), WishError> {
    if specs.is_empty() {
        return Ok(());
    }
    let is_none = |spec: &String| spec.trim() == "none";
    if specs.iter().any(is_none) && specs.len() > 1 {
        return Err(wrong("--audio", "'none' stands alone: leave it out, or leave the others out"));
    }
    if specs.iter().any(|spec| spec.trim().is_empty()) {
        return Err(wrong("--audio", "is empty; one of none, default, system, test, or a device's id or name"));
    }
    let inputs = specs.iter().filter(|spec| !is_none(spec));
    profile.audio.inputs =
        inputs.map(|spec| AudioInput { device: spec.trim().to_owned(), ..AudioInput::default() }).collect();
    Ok(())
}

/// A folder keeps the profile's name for files and its container; a file is taken letter by letter.
fn output(path: &Path, cwd: &Path, profile: &mut Profile) -> Result<OnExisting, WishError> {
    let text = path.to_str().ok_or_else(|| wrong("--output", "the path is not valid UTF-8; rename the folder"))?;
    if text.is_empty() {
        return Err(wrong("--output", "is empty; give a file or a folder"));
    }
    if text.contains("://") || text.starts_with("/dev/") || text.starts_with("tee:") {
        text.clone_into(&mut profile.output.address);
        return Ok(OnExisting::Refuse);
    }
    profile.output.address.clear();
    let absolute = cwd.join(expand_home(path));
    let ends_in_slash = text.ends_with(std::path::is_separator) || text.ends_with("/.") || text == ".";
    if ends_in_slash || absolute.is_dir() {
        profile.output.folder = in_words(&absolute)?;
        return Ok(OnExisting::Rename);
    }
    let name = absolute.file_name().and_then(|name| name.to_str());
    let (Some(name), Some(folder)) = (name, absolute.parent()) else {
        return Err(wrong("--output", format!("'{text}' names no file")));
    };
    profile.output.folder = in_words(folder)?;
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let Some(extension) = extension else {
        let known: Vec<&str> = Container::ALL.iter().map(|container| container.name()).collect();
        let what = format!("'{name}' has no extension, which picks the container: one of .{}", known.join(", ."));
        return Err(wrong("--output", what));
    };
    let container = Container::from_extension(extension);
    profile.output.container =
        container.map_or_else(|| extension.to_ascii_lowercase(), |container| container.name().to_owned());
    name.clone_into(&mut profile.output.file_name);
    Ok(OnExisting::Refuse)
}

fn in_words(path: &Path) -> Result<String, WishError> {
    path.to_str().map(str::to_owned).ok_or_else(|| wrong("--output", "the path is not valid UTF-8; rename the folder"))
}

/// `--output=~/x` reaches us unexpanded from most shells.
fn expand_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// The longest that ffmpeg's search and the device lists may take.
pub(super) const SURVEY_DEADLINE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut RecordArgs)) -> Result<Wishes, WishError> {
        let mut args = RecordArgs::default();
        change(&mut args);
        let home = tempfile::tempdir().unwrap();
        wishes(&args, &Store::new(home.path()), Path::new("/base"))
    }

    fn error(change: impl FnOnce(&mut RecordArgs)) -> String {
        read(change).unwrap_err().to_string()
    }

    #[test]
    fn sources_are_read() {
        for (spec, kind, id, region) in [
            ("none", SourceKind::None, "", ""),
            ("test", SourceKind::Test, "", ""),
            ("screen", SourceKind::Screen, "", ""),
            ("screen:1", SourceKind::Screen, "1", ""),
            ("screen:HDMI-1", SourceKind::Screen, "HDMI-1", ""),
            ("window:0x2c00007", SourceKind::Window, "0x2c00007", ""),
            ("window:a: b", SourceKind::Window, "a: b", ""),
            ("region:10x20-1+2", SourceKind::Region, "", "10x20-1+2"),
            ("camera:/dev/video0", SourceKind::Camera, "/dev/video0", ""),
        ] {
            let source = read(|args| args.source = Some(spec.to_owned())).unwrap().profile.source;
            assert_eq!((source.kind, source.id.as_str(), source.region.as_str()), (kind, id, region), "{spec}");
        }
        for spec in ["", "tv", "test:1", "none:x", "window", "window:", "region", "region:1x1", "Screen", ":"] {
            assert!(error(|args| args.source = Some(spec.to_owned())).starts_with("--source: "), "{spec}");
        }
    }

    #[test]
    fn sounds_are_read() {
        let inputs = |specs: &[&str]| {
            let specs = specs.iter().map(|spec| (*spec).to_owned()).collect();
            read(|args| args.audio = specs).map(|wishes| {
                (wishes.profile.audio.inputs.iter().map(|input| input.device.clone()).collect::<Vec<_>>(), wishes.run)
            })
        };
        assert_eq!(inputs(&[]).unwrap().0, ["default"]);
        assert_eq!(inputs(&["none"]).unwrap().0, Vec::<String>::new());
        let (devices, run) = inputs(&["system", "USB Mic"]).unwrap();
        assert_eq!(
            (devices, run.missing_sound),
            (vec!["system".to_owned(), "USB Mic".to_owned()], MissingSound::Refuse)
        );
        assert!(inputs(&["none", "system"]).is_err() && inputs(&[""]).is_err());
    }

    #[test]
    fn outputs_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().to_str().unwrap();
        for (path, expected, name, container, on_existing) in [
            ("a/b.mkv", "/base/a", "b.mkv", "mkv", OnExisting::Refuse),
            ("/x/Film.MP4", "/x", "Film.MP4", "mp4", OnExisting::Refuse),
            ("s/a%03d.jpeg", "/base/s", "a%03d.jpeg", "jpg", OnExisting::Refuse),
            ("new/", "/base/new/", "{date} {time}", "mp4", OnExisting::Rename),
            (there, there, "{date} {time}", "mp4", OnExisting::Rename),
        ] {
            let wishes = read(|args| args.output = Some(path.into())).unwrap();
            let output = wishes.profile.output;
            assert_eq!(
                (output.folder.as_str(), output.file_name.as_str(), output.container.as_str(), wishes.run.on_existing),
                (expected, name, container, on_existing),
                "{path}"
            );
        }
        for address in ["http://h/x.ts", "/dev/video9", "udp://127.0.0.1:9000", "tee:[f=mpegts]udp://h:1|a.ts"] {
            let wishes = read(|args| args.output = Some(address.into())).unwrap();
            assert_eq!(wishes.profile.output.address, address);
        }
        for path in ["", "film", "a/.."] {
            assert!(error(|args| args.output = Some(path.into())).starts_with("--output: "), "{path}");
        }
        let replaced = read(|args| (args.output, args.overwrite) = (Some("a.mp4".into()), true)).unwrap();
        assert_eq!(replaced.run.on_existing, OnExisting::Replace);
    }

    #[test]
    fn secrets_are_refused_and_not_repeated() {
        for url in
            ["rtmp://me:hunter2@host/app", "rtmp://host/app/live_1234567890_hunter2", "srt://h?passphrase=hunter2"]
        {
            for in_stream in [true, false] {
                let text = error(|args| {
                    if in_stream {
                        args.stream.push(url.to_owned());
                    } else {
                        args.output = Some(url.into());
                    }
                });
                assert!(text.contains("--stream-key-file") && !text.contains("hunter2"), "{text}");
            }
        }
        let text = error(|args| args.set.push("streams.0.server=rtmp://me:hunter2@host/app".to_owned()));
        assert!(text.contains("streams.0.server") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn what_is_not_there_yet_is_said() {
        let not_yet = "not in this version yet";
        assert!(error(|args| args.stream.push("rtmp://h/app".to_owned())).contains(not_yet));
        assert!(error(|args| args.stream_key_file.push("k".to_owned())).contains(not_yet));
        assert!(error(|args| args.no_file = true).contains(not_yet));
    }

    #[test]
    fn options_lie_over_the_profile_and_set_over_the_options() {
        let wishes = read(|args| {
            args.source = Some("test".to_owned());
            args.set = vec!["source.kind=screen".to_owned(), "video.crf=1".to_owned()];
            args.duration = Some(Duration::from_secs(3));
        })
        .unwrap();
        assert_eq!((wishes.profile.source.kind, wishes.profile.video.crf), (SourceKind::Screen, 1));
        assert_eq!(wishes.run.duration, Some(Duration::from_secs(3)));
        let engine = |arg| read(|args| args.engine = arg).unwrap().profile.output.engine;
        assert_eq!((engine(None), engine(Some(EngineArg::Opencv))), (Engine::Ffmpeg, Engine::Opencv));
        assert!(error(|args| args.profile = Some("nobody".to_owned())).contains("Recording"));
    }
}
