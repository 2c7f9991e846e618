//! The window, or why there is none and which command does without.

use std::path::PathBuf;
use std::sync::Arc;

use super::exit::Exit;
use super::out;
use super::signals::Signals;
use crate::app;
use crate::plan::{Environment, NowName};
use crate::profile::{Places, Profile, Store};
use crate::rt::wall_name;

/// Opens the window; returns when it is closed.
pub(super) fn open(profile: Option<&str>, ffmpeg: Option<PathBuf>) -> Exit {
    let setup = match setup(profile, ffmpeg) {
        Ok(setup) => setup,
        Err(what) => {
            out::say(&format!("error: {what}"));
            return Exit::Usage;
        }
    };
    let quit = Arc::clone(&setup.quit);
    let signals = Signals::watch(move || quit.ask());
    if let Err(error) = &signals {
        log::warn!("signals are not watched: {error}");
    }
    match app::run(setup) {
        Ok(()) => Exit::Good,
        Err(error) => {
            out::say(&format!("error: {error}"));
            out::say(
                "       Without a window, ten seconds of the test pattern:\n       \
                 gearcast record --source test --audio test --duration 10 --output .\n       \
                 'gearcast devices' lists what can be recorded, 'gearcast record --help' every option.",
            );
            Exit::Capture
        }
    }
}

fn setup(profile: Option<&str>, ffmpeg: Option<PathBuf>) -> Result<app::Setup, String> {
    let places = Places::from_env().map_err(|error| error.to_string())?;
    let profile = profile.map(|name| named(&places, name)).transpose()?;
    let now = wall_name();
    let environment = Environment {
        home: places.home().map(std::path::Path::to_owned).unwrap_or_default(),
        now_name: NowName { date: now.date, time: now.time },
        ..Environment::default()
    };
    let cache_dir = places.cache().to_owned();
    Ok(app::Setup { profile, ffmpeg, cache_dir, environment, quit: Arc::default() })
}

fn named(places: &Places, name: &str) -> Result<Profile, String> {
    let (parsed, _) = Store::new(places.profiles()).load(name).map_err(|error| format!("--profile: {error}"))?;
    for warning in &parsed.warnings {
        out::say(&format!("warning: profile: {warning}"));
    }
    Ok(parsed.profile)
}
