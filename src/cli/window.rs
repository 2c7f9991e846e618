//! The window, or why there is none and which command does without.

use std::ffi::OsString;
use std::path::PathBuf;

use super::exit::Exit;
use super::out;
use crate::app;

/// Opens the window; returns when it is closed.
pub(super) fn open(profile: Option<String>, ffmpeg: Option<PathBuf>) -> Exit {
    if !has_display(|name| std::env::var_os(name)) {
        out::say(
            "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the window cannot open.\n\
             Record without it, for example ten seconds of the test pattern:\n\n    \
             gearcast record --source test --audio test --duration 10 --output .\n\n\
             'gearcast devices' lists what can be recorded, 'gearcast record --help' every option.",
        );
        return Exit::Capture;
    }
    match app::run(app::AppSetup { profile, ffmpeg }) {
        Ok(()) => Exit::Good,
        Err(error) => {
            out::say(&format!("error: {error}\n       'gearcast record' records without a window."));
            Exit::Capture
        }
    }
}

fn has_display(lookup: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name| lookup(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_no_display() {
        assert!(!has_display(|_| None));
        assert!(!has_display(|_| Some(OsString::new())));
        assert!(has_display(|name| (name == "DISPLAY").then(|| ":0".into())));
        assert!(has_display(|name| (name == "WAYLAND_DISPLAY").then(|| "wayland-0".into())));
    }
}
