//! What is recorded: the profile's source against the screens, windows and cameras that were found.

use super::findings::{Findings, fix, some_of};
use super::{Environment, Searched, copy};
use crate::capture::{CameraCoding, CameraInfo, ControlWishes, Listing, SourceSpec, WindowPick};
use crate::imaging::Mirror;
use crate::media::{Rect, Resolution};
use crate::profile::{Engine, MirrorChoice, Profile, Source, SourceKind};

/// The test pattern's size when the profile wishes none.
const TEST_SIZE: Resolution = Resolution::new(1280, 720);

/// The source; `None` for sound alone, and where a finding says why there is none.
pub(super) fn resolve(profile: &Profile, env: &Environment, out: &mut Findings) -> Option<SourceSpec> {
    let source = &profile.source;
    let id = Some(source.id.trim().to_owned()).filter(|id| !id.is_empty());
    match source.kind {
        SourceKind::None => {
            // What the user's own inputs hold is seen when they are opened.
            let own_inputs = profile.output.engine == Engine::Ffmpeg && !profile.advanced.inputs.is_empty();
            if profile.audio.inputs.is_empty() && !own_inputs {
                let what = "Neither picture nor sound is chosen, so there is nothing to record.";
                out.error(
                    "source.kind",
                    what,
                    "Choose a source, or add a sound input.",
                    fix("Record the screen", "source.kind", "screen"),
                );
            }
            None
        }
        SourceKind::Test => {
            let size = Resolution::parse(&profile.video.size).map_or(TEST_SIZE, Resolution::padded_even);
            Some(SourceSpec::Test { size })
        }
        SourceKind::Screen => {
            check_screen(id.as_deref(), env, out);
            Some(SourceSpec::Screen { id })
        }
        SourceKind::Window => window(id.as_deref(), env, out),
        SourceKind::Region => region(&source.region, env, out),
        SourceKind::Camera => {
            let encoding = if copy::is_wished(profile) { Encoding::AsItComes } else { Encoding::Anew };
            check_camera(id.as_deref(), &source.mode, encoding, env, out);
            let mode = Some(source.mode.trim().to_owned()).filter(|mode| !mode.is_empty());
            // The same for the preview, which is to go on when recording begins: see `model::preview_request`.
            let size = Resolution::parse(&profile.video.size);
            Some(SourceSpec::Camera { id, mode, size, coding: None })
        }
    }
}

/// Reads `1280x720+100+50`; offsets may be negative.
pub fn parse_region(text: &str) -> Option<Rect> {
    let text = text.trim();
    let offsets = text.find(['+', '-'])?;
    let (size, offsets) = text.split_at(offsets);
    let second = offsets.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-')).map(|(at, _)| at)?;
    let (x, y) = offsets.split_at(second);
    // The outer bound keeps every later sum inside 32 bits.
    let offset = |text: &str| text.parse::<i32>().ok().filter(|offset| offset.abs() <= 100_000);
    Some(Rect { x: offset(x)?, y: offset(y)?, size: Resolution::parse(size)? })
}

/// Why the desktop cannot be seen at all, as far as the search has told.
fn no_desktop(listing: &Listing) -> (String, String) {
    let told = listing.problems.first();
    let what =
        told.map_or_else(|| "No screen was found.".to_owned(), |problem| format!("No screen was found: {problem}."));
    let help = told.map_or("Start gearcast inside a graphical session.", |problem| problem.help());
    (what, help.to_owned())
}

fn check_screen(id: Option<&str>, env: &Environment, out: &mut Findings) {
    if env.searched == Searched::NotYet {
        return;
    }
    let screens = &env.listing.screens;
    if screens.is_empty() {
        let (what, help) = no_desktop(&env.listing);
        return out.error("source.id", what, help, fix("Record the test pattern", "source.kind", "test"));
    }
    let Some(id) = id else { return };
    let by_index = id.parse::<usize>().is_ok_and(|index| index < screens.len());
    if !by_index && !screens.iter().any(|screen| screen.id == id || screen.name == id) {
        let have = some_of(screens.iter().map(|screen| screen.id.as_str()));
        let what = format!("There is no screen '{id}'.");
        out.error("source.id", what, format!("Choose one of: {have}."), fix("Use the main screen", "source.id", ""));
    }
}

fn window(id: Option<&str>, env: &Environment, out: &mut Findings) -> Option<SourceSpec> {
    let titles = || some_of(env.listing.windows.iter().map(|window| window.title.as_str()));
    let Some(id) = id else {
        out.error("source.id", "No window is chosen.", format!("Choose one of: {}.", titles()), None);
        return None;
    };
    let number = match id.strip_prefix("0x").or_else(|| id.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => id.parse().ok(),
    };
    let title = id.to_lowercase();
    if env.searched == Searched::Done {
        let windows = &env.listing.windows;
        let is_there = windows
            .iter()
            .any(|window| number.is_some_and(|id| id == window.id) || window.title.to_lowercase().contains(&title));
        if env.listing.screens.is_empty() && windows.is_empty() {
            let (what, help) = no_desktop(&env.listing);
            out.error("source.id", what, help, fix("Record the test pattern", "source.kind", "test"));
        } else if !is_there {
            let what = format!("There is no window '{id}'.");
            out.error("source.id", what, format!("Open it first, or choose one of: {}.", titles()), None);
        }
    }
    // A title may be a number too ("2048"): the number of a window that is there goes first.
    let known = number.filter(|id| env.listing.windows.is_empty() || env.listing.windows.iter().any(|w| w.id == *id));
    Some(SourceSpec::Window { id: known.map_or_else(|| WindowPick::Title(id.to_owned()), WindowPick::Id) })
}

fn region(text: &str, env: &Environment, out: &mut Findings) -> Option<SourceSpec> {
    let Some(region) = parse_region(text) else {
        let what = if text.trim().is_empty() {
            "No region is given.".to_owned()
        } else {
            format!("'{text}' is not a region.")
        };
        out.error(
            "source.region",
            what,
            "Write width, height and corner: 1280x720+0+0.",
            fix("Use 1280x720+0+0", "source.region", "1280x720+0+0"),
        );
        return None;
    };
    if env.searched == Searched::NotYet {
        return Some(SourceSpec::Region(region));
    }
    let screens = &env.listing.screens;
    if screens.is_empty() {
        let (what, help) = no_desktop(&env.listing);
        out.error("source.id", what, help, fix("Record the test pattern", "source.kind", "test"));
    } else if !screens.iter().any(|screen| overlaps(screen.rect, region)) {
        let have = some_of(screens.iter().map(|screen| screen.id.as_str()));
        let what = format!("The region {text} lies outside every screen.");
        out.error(
            "source.region",
            what,
            format!("Move it onto one of: {have}."),
            fix("Use 1280x720+0+0", "source.region", "1280x720+0+0"),
        );
    }
    Some(SourceSpec::Region(region))
}

fn overlaps(a: Rect, b: Rect) -> bool {
    let meet = |a_start: i32, a_len: u32, b_start: i32, b_len: u32| {
        i64::from(a_start) < i64::from(b_start) + i64::from(b_len)
            && i64::from(b_start) < i64::from(a_start) + i64::from(a_len)
    };
    meet(a.x, a.size.width, b.x, b.size.width) && meet(a.y, a.size.height, b.y, b.size.height)
}

/// The camera that a profile's `source.id` means: by its id, device file, place in the list or part of its name; the
/// first one where it is empty.
pub fn chosen_camera<'l>(id: &str, listing: &'l Listing) -> Option<&'l CameraInfo> {
    let (cameras, id) = (&listing.cameras, id.trim());
    if id.is_empty() {
        return cameras.first();
    }
    let part = id.to_lowercase();
    let index = id.parse::<usize>().ok().and_then(|index| cameras.get(index));
    let named = cameras.iter().find(|camera| camera.id == id || camera.path == id);
    named.or(index).or_else(|| cameras.iter().find(|camera| camera.name.to_lowercase().contains(&part)))
}

/// What the profile wishes the chosen camera's controls to be; nothing for other sources.
pub fn control_wishes(source: &Source, listing: &Listing) -> ControlWishes {
    if source.kind != SourceKind::Camera {
        return ControlWishes::new();
    }
    let id = chosen_camera(&source.id, listing).map_or(source.id.trim(), |camera| &camera.id);
    source.controls.of(id)
}

/// Whether the recording is mirrored; a screen with its letters never is.
pub(super) fn mirror(profile: &Profile, out: &mut Findings) -> Mirror {
    if profile.source.kind != SourceKind::Camera || profile.source.mirror != MirrorChoice::Both {
        return Mirror::No;
    }
    if copy::is_wished(profile) {
        let what = "Pictures that are recorded as the camera encodes them cannot be mirrored.";
        let help = "Mirror the preview alone, or choose an encoder.";
        out.error("source.mirror", what, help, fix("Mirror the preview alone", "source.mirror", "preview"));
    }
    Mirror::Horizontal
}

fn check_camera(id: Option<&str>, mode: &str, encoding: Encoding, env: &Environment, out: &mut Findings) {
    if env.searched == Searched::NotYet {
        return;
    }
    let cameras = &env.listing.cameras;
    if cameras.is_empty() {
        let what = "No camera was found.";
        return out.error(
            "source.id",
            what,
            "Plug a camera in and look again.",
            fix("Record the screen", "source.kind", "screen"),
        );
    }
    let Some(camera) = chosen_camera(id.unwrap_or_default(), &env.listing) else {
        let have = some_of(cameras.iter().map(|camera| camera.name.as_str()));
        let what = format!("There is no camera '{}'.", id.unwrap_or_default());
        return out.error(
            "source.id",
            what,
            format!("Choose one of: {have}."),
            fix("Use the first camera", "source.id", ""),
        );
    };
    let mode = mode.trim();
    // A camera that cannot be asked tells no modes; the capture room knows better once it is free.
    if !camera.modes.is_empty() && !camera.modes.iter().any(|have| have.matches(mode) == Some(true)) {
        let names: Vec<String> = camera.modes.iter().map(ToString::to_string).collect();
        let have = some_of(names.iter().map(String::as_str));
        let what = format!("The camera '{}' has no mode '{mode}'.", camera.name);
        return out.error(
            "source.mode",
            what,
            format!("Choose one of: {have}."),
            fix("Choose by itself", "source.mode", ""),
        );
    }
    let fitting = || camera.modes.iter().filter(|have| have.matches(mode) == Some(true));
    if encoding == Encoding::Anew && fitting().count() > 0 && fitting().all(|mode| mode.coding == CameraCoding::H264) {
        let what = format!("What the camera '{}' sends as H.264 can only be recorded as it comes.", camera.name);
        let help = "Record it without encoding it anew, or choose another mode.";
        out.error("source.mode", what, help, fix("Record it as it comes", "video.encoder", "copy"));
    }
}

/// Whether a camera's pictures are encoded here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Anew,
    /// They are recorded as they come.
    AsItComes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read() {
        let rect = |x, y, width, height| Some(Rect { x, y, size: Resolution::new(width, height) });
        for (text, expected) in [
            ("1280x720+0+0", rect(0, 0, 1280, 720)),
            (" 10x20-5+7 ", rect(-5, 7, 10, 20)),
            ("10x20+5-7", rect(5, -7, 10, 20)),
            ("10x20", None),
            ("10x20+5", None),
            ("0x20+5+5", None),
            ("10x20+5+", None),
            ("10x20+a+b", None),
            ("10x20+1+2+3", None),
            ("10x20+9999999999+2", None),
            ("+", None),
            ("é+1+1", None),
            ("", None),
        ] {
            assert_eq!(parse_region(text), expected, "{text}");
        }
    }

    #[test]
    fn touching_is_not_overlapping() {
        let rect = |x, y| Rect { x, y, size: Resolution::new(100, 100) };
        assert!(overlaps(rect(0, 0), rect(99, 99)) && overlaps(rect(0, 0), rect(-99, 0)));
        assert!(!overlaps(rect(0, 0), rect(100, 0)) && !overlaps(rect(0, 0), rect(0, -100)));
    }
}
