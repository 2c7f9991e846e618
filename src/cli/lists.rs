//! `devices`, `encoders` and `doctor`: what is on this machine.

use serde_json::{Value, json};

use super::args::EncodersArgs;
use super::exit::Exit;
use super::out::{self, Reader};
use super::wishes::SURVEY_DEADLINE;
use crate::audio::{self, AudioKind};
use crate::capture::{self, CameraFree, CameraInfo, CameraMode};
use crate::ffmpeg::{EncoderKind, Trial};
use crate::plan::{FolderFact, known_encoders};
use crate::profile::Places;
use crate::rt::StopSource;
use crate::service::Builds;
use crate::session::{FoundFfmpeg, Survey, SurveySetup, gather, look_at_output};

/// Prints lines until nobody reads any more.
fn print(lines: &[String]) {
    for line in lines {
        if out::line(line) == Reader::Gone {
            return;
        }
    }
}

/// Everything that can be recorded.
pub(super) fn devices(json: bool) -> Exit {
    let listing = capture::list(SURVEY_DEADLINE);
    let audio = audio::list();
    if json {
        print(&[devices_json(&listing, &audio).to_string()]);
        return Exit::Good;
    }
    let mut lines = vec!["Screens".to_owned()];
    for (index, screen) in listing.screens.iter().enumerate() {
        let (rect, main) = (screen.rect, if screen.primary { ", main" } else { "" });
        lines.push(format!(
            "  screen:{}  {} ({} at {},{}{main}; screen:{index})",
            screen.id, screen.name, rect.size, rect.x, rect.y
        ));
    }
    lines.push("Windows".to_owned());
    for window in &listing.windows {
        lines.push(format!("  window:0x{:x}  {} ({}, {})", window.id, window.title, window.app, window.size));
    }
    lines.push("Cameras".to_owned());
    for camera in &listing.cameras {
        let state = free_words(&camera.free);
        lines.push(format!("  camera:{}  {} ({}{state})", camera.id, camera.name, camera.path));
        lines.extend(camera.modes.iter().map(|mode| format!("      {mode}")));
    }
    lines.push("Sound".to_owned());
    for device in audio.iter().flatten() {
        let default = if device.is_default { ", default" } else { "" };
        lines.push(format!("  {}  {} ({}{default})", device.id, device.name, kind_word(device.kind)));
    }
    lines.push("Always there: --source test, --audio test".to_owned());
    print(&lines);
    for problem in &listing.problems {
        out::say(&format!("warning: {problem}. {}", problem.help()));
    }
    if let Err(error) = &audio {
        out::say(&format!("warning: {error}"));
    }
    Exit::Good
}

fn free_words(free: &CameraFree) -> String {
    match free {
        CameraFree::Yes => String::new(),
        CameraFree::Busy { by: Some(by) } => format!(", used by {by}"),
        CameraFree::Busy { by: None } => ", used by another program".to_owned(),
        CameraFree::Denied => ", this user may not open it".to_owned(),
    }
}

const fn kind_word(kind: AudioKind) -> &'static str {
    match kind {
        AudioKind::Microphone => "microphone",
        AudioKind::System => "system",
    }
}

fn devices_json(listing: &capture::Listing, audio: &Result<Vec<audio::AudioDevice>, audio::AudioError>) -> Value {
    let screens: Vec<Value> = listing
        .screens
        .iter()
        .map(|screen| {
            let rect = screen.rect;
            json!({"id": screen.id, "name": screen.name, "x": rect.x, "y": rect.y,
            "width": rect.size.width, "height": rect.size.height, "primary": screen.primary})
        })
        .collect();
    let windows: Vec<Value> = listing
        .windows
        .iter()
        .map(|window| {
            json!({"id": window.id, "title": window.title, "app": window.app,
            "width": window.size.width, "height": window.size.height})
        })
        .collect();
    let cameras: Vec<Value> = listing.cameras.iter().map(camera_json).collect();
    let inputs: Vec<Value> = audio.iter().flatten().map(|device| {
        json!({"id": device.id, "name": device.name, "kind": kind_word(device.kind), "default": device.is_default})
    }).collect();
    let mut problems: Vec<Value> =
        listing.problems.iter().map(|problem| json!({"what": problem.to_string(), "help": problem.help()})).collect();
    if let Err(error) = audio {
        problems.push(json!({"what": error.to_string(), "help": ""}));
    }
    json!({"screens": screens, "windows": windows, "cameras": cameras, "audio": inputs, "problems": problems})
}

fn camera_json(camera: &CameraInfo) -> Value {
    let mode = |mode: &CameraMode| {
        json!({"coding": mode.coding.name(), "width": mode.size.width, "height": mode.size.height,
        "fps": mode.rate.as_f64(), "rate": mode.rate.to_string()})
    };
    let (free, by) = match &camera.free {
        CameraFree::Yes => ("yes", None),
        CameraFree::Busy { by } => ("busy", by.as_deref()),
        CameraFree::Denied => ("denied", None),
    };
    json!({"id": camera.id, "name": camera.name, "path": camera.path, "free": free, "busy_by": by,
    "modes": camera.modes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    "mode_table": camera.modes.iter().map(mode).collect::<Vec<_>>()})
}

fn look(args: &EncodersArgs, try_encoders: Vec<String>) -> Result<(Survey, Places), Exit> {
    let places = Places::from_env().map_err(|error| {
        out::say(&format!("error: {error}"));
        Exit::Usage
    })?;
    let cache_dir = places.cache().to_owned();
    let setup = SurveySetup { ffmpeg: args.ffmpeg.clone(), cache_dir, try_encoders };
    // Trials take up to 0.3 s each: more than a start of a recording may wait.
    let deadline = SURVEY_DEADLINE * 5;
    let never = StopSource::new();
    Ok((gather(&setup, deadline, &never.token()), places))
}

/// The encoders, and which of them work.
pub(super) fn encoders(args: &EncodersArgs) -> Exit {
    let survey = match look(args, known_encoders()) {
        Ok((survey, _)) => survey,
        Err(exit) => return exit,
    };
    let found = match &survey.ffmpeg {
        Ok(found) => found,
        Err(why) => {
            out::say(&format!("error: no working ffmpeg: {why}"));
            return Exit::Encoder;
        }
    };
    if args.json {
        print(&[encoders_json(found).to_string()]);
        return Exit::Good;
    }
    let mut lines = vec![format!("ffmpeg {} at {}", found.ffmpeg.version, found.ffmpeg.program.display())];
    for (title, kind) in [("Pictures", EncoderKind::Video), ("Sound", EncoderKind::Audio)] {
        lines.push(title.to_owned());
        for encoder in found.capabilities.encoders.iter().filter(|encoder| encoder.kind == kind) {
            let state = match found.capabilities.known_trial(&encoder.name) {
                None => "not tried".to_owned(),
                Some(Trial::Works { .. }) => "works".to_owned(),
                Some(Trial::Fails { reason }) => format!("does not work: {reason}"),
            };
            lines.push(format!("  {:<20} {:<12} {state}", encoder.name, encoder.codec));
        }
    }
    print(&lines);
    Exit::Good
}

fn encoders_json(found: &FoundFfmpeg) -> Value {
    let capabilities = &found.capabilities;
    let encoders: Vec<Value> = capabilities
        .encoders
        .iter()
        .filter(|encoder| encoder.kind != EncoderKind::Subtitle)
        .map(|encoder| {
            let (works, reason) = match capabilities.known_trial(&encoder.name) {
                None => (None, None),
                Some(Trial::Works { .. }) => (Some(true), None),
                Some(Trial::Fails { reason }) => (Some(false), Some(reason.as_str())),
            };
            let kind = if encoder.kind == EncoderKind::Video { "video" } else { "audio" };
            json!({"name": encoder.name, "codec": encoder.codec, "kind": kind, "works": works, "reason": reason,
            "hardware": encoder.hardware.map(|hardware| format!("{hardware:?}").to_lowercase()),
            "experimental": encoder.experimental, "description": encoder.description})
        })
        .collect();
    let ffmpeg =
        json!({"path": found.ffmpeg.program.display().to_string(), "version": found.ffmpeg.version.to_string()});
    json!({"ffmpeg": ffmpeg, "encoders": encoders})
}

/// How one thing is.
struct Check {
    name: &'static str,
    /// `None`: not there, and recording works without it.
    ok: Option<bool>,
    what: String,
    help: String,
    exit: Exit,
}

/// What is found and what is missing. Fails with the code of the first thing that recording cannot do without.
pub(super) fn doctor(args: &EncodersArgs) -> Exit {
    let wanted = ["libx264", "aac"].map(str::to_owned).to_vec();
    let (survey, places) = match look(args, wanted) {
        Ok(looked) => looked,
        Err(exit) => return exit,
    };
    let checks =
        [ffmpeg_checks(&survey), opencv_checks(&survey), device_checks(&survey), place_checks(&places)].concat();
    let failed = checks.iter().find(|check| check.ok == Some(false));
    let exit = failed.map_or(Exit::Good, |check| check.exit);
    if args.json {
        let items: Vec<Value> = checks
            .iter()
            .map(|check| json!({"name": check.name, "ok": check.ok, "what": check.what, "help": check.help}))
            .collect();
        print(&[json!({"checks": items, "exit_code": exit.code()}).to_string()]);
        return exit;
    }
    let mut lines = Vec::new();
    for check in &checks {
        let mark = match check.ok {
            Some(true) => "ok     ",
            Some(false) => "MISSING",
            None => "none   ",
        };
        lines.push(format!("{mark}  {}: {}", check.name, check.what));
        if check.ok != Some(true) && !check.help.is_empty() {
            lines.push(format!("         {}", check.help));
        }
    }
    print(&lines);
    exit
}

impl Clone for Check {
    fn clone(&self) -> Self {
        Self { name: self.name, ok: self.ok, what: self.what.clone(), help: self.help.clone(), exit: self.exit }
    }
}

/// What helps where ffmpeg is missing; the download only where there is one.
fn ffmpeg_help() -> &'static str {
    match Builds::built_in() {
        Ok(builds) if builds.here().is_some() => {
            "Run 'gearcast ffmpeg --download', or install ffmpeg, or name it with --ffmpeg."
        }
        _ => "Install ffmpeg, or name it with --ffmpeg.",
    }
}

fn ffmpeg_checks(survey: &Survey) -> Vec<Check> {
    let check = |name, ok, what: String, help: &str| Check {
        name,
        ok: Some(ok),
        what,
        help: help.to_owned(),
        exit: Exit::Encoder,
    };
    let found = match &survey.ffmpeg {
        Ok(found) => found,
        Err(why) => return vec![check("ffmpeg", false, why.clone(), ffmpeg_help())],
    };
    let place = format!("{} at {}", found.ffmpeg.version, found.ffmpeg.program.display());
    let probe = found.ffmpeg.probe.as_ref();
    let probe_place = probe.map_or_else(|| "not found".to_owned(), |path| path.display().to_string());
    let mut checks = vec![
        check("ffmpeg", true, place, ""),
        Check {
            name: "ffprobe",
            ok: probe.map(|_| true),
            what: probe_place,
            help: "It verifies finished files; it comes with ffmpeg.".to_owned(),
            exit: Exit::Encoder,
        },
    ];
    for (name, what) in [("libx264", "H.264 pictures"), ("aac", "AAC sound")] {
        let (ok, what) = match found.capabilities.known_trial(name) {
            Some(Trial::Works { .. }) => (Some(true), format!("{what}: works")),
            Some(Trial::Fails { reason }) => (None, format!("{what}: {reason}")),
            None => (None, format!("{what}: not in this ffmpeg")),
        };
        let help = "Other encoders are used instead; 'gearcast encoders' lists them.".to_owned();
        checks.push(Check { name, ok, what, help, exit: Exit::Encoder });
    }
    checks
}

fn opencv_checks(survey: &Survey) -> Vec<Check> {
    let found = survey.opencv.as_ref();
    let what = found.map_or_else(|| "not found".to_owned(), |program| program.display().to_string());
    let help = "It writes for --engine opencv (non-compression mode) and belongs beside gearcast: install the whole \
                package, build with 'cargo build --features opencv', or name it with GEARCAST_OPENCV."
        .to_owned();
    vec![Check { name: "gearcast-opencv", ok: found.map(|_| true), what, help, exit: Exit::Encoder }]
}

fn device_checks(survey: &Survey) -> Vec<Check> {
    let listing = &survey.listing;
    let count = |name, count: usize, help: &str| Check {
        name,
        ok: (count > 0).then_some(true),
        what: format!("{count} found"),
        help: help.to_owned(),
        exit: Exit::Capture,
    };
    let told = listing.problems.first().map_or("Start gearcast inside a graphical session.", |problem| problem.help());
    let sounds = survey.audio.as_ref().map_or(0, Vec::len);
    let no_sound = survey.audio.as_ref().err().map_or_else(|| "Plug a microphone in.".to_owned(), ToString::to_string);
    vec![
        count("screens", listing.screens.len(), told),
        count("cameras", listing.cameras.len(), "Plug a camera in, if you want to record one."),
        count("sound inputs", sounds, &no_sound),
    ]
}

fn place_checks(places: &Places) -> Vec<Check> {
    let home = places.home().map(|home| home.join("Videos").join("x.mp4"));
    let Some(path) = home else {
        return vec![Check {
            name: "recordings",
            ok: None,
            what: "the home folder is unknown".to_owned(),
            help: "Set HOME, or give --output.".to_owned(),
            exit: Exit::Output,
        }];
    };
    let facts = look_at_output(&path);
    let folder = path.parent().unwrap_or(&path).display();
    let free = facts.free_bytes.map_or_else(String::new, |free| format!(", {} free", super::report::bytes(free)));
    let (ok, what) = match facts.folder {
        FolderFact::Ready => (Some(true), format!("{folder}{free}")),
        FolderFact::CanBeMade => (Some(true), format!("{folder} will be made{free}")),
        FolderFact::NotWritable { reason } => (None, format!("{folder}: {reason}")),
        FolderFact::Missing | FolderFact::NotAFolder | FolderFact::Unknown => (None, format!("{folder} is not there")),
    };
    let help = "Give another folder with --output, or in a profile.".to_owned();
    vec![Check { name: "recordings", ok, what, help, exit: Exit::Output }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_told_with_its_modes_and_who_has_it() {
        let modes = ["1280x720@30 mjpeg", "720x480@29.97 yuyv"].into_iter().filter_map(CameraMode::parse).collect();
        let busy = CameraFree::Busy { by: Some("Meet".to_owned()) };
        let camera = CameraInfo {
            id: "1-1:1.0".to_owned(),
            name: "HD Webcam".to_owned(),
            path: "/dev/video0".to_owned(),
            modes,
            free: busy.clone(),
        };
        let told = camera_json(&camera);
        assert_eq!((&told["free"], &told["busy_by"]), (&json!("busy"), &json!("Meet")));
        assert_eq!(told["modes"], json!(["1280x720@30 mjpeg", "720x480@29.97 yuyv"]));
        let first = json!({"coding": "mjpeg", "width": 1280, "height": 720, "fps": 30.0, "rate": "30"});
        assert_eq!(told["mode_table"][0], first);
        assert_eq!(told["mode_table"][1]["rate"], camera.modes[1].rate.to_string());
        assert_eq!(free_words(&busy), ", used by Meet");
        let denied = camera_json(&CameraInfo { free: CameraFree::Denied, ..camera });
        assert_eq!((&denied["free"], &denied["busy_by"]), (&json!("denied"), &Value::Null));
    }
}
