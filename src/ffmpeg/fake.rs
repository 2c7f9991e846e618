//! For the tests: the real ffmpeg, and programs that misbehave in its place.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Ffmpeg, find};

/// Long enough for any loaded machine; a test that waits so long has failed.
pub(super) const LONG: Duration = Duration::from_mins(2);

/// The ffmpeg that is installed here.
pub(super) fn real() -> Ffmpeg {
    find(None).unwrap()
}

/// A program that runs these lines of shell.
pub(super) fn script(folder: &Path, name: &str, lines: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The words as the operating system takes them.
pub(super) fn words(words: &[&str]) -> Vec<std::ffi::OsString> {
    words.iter().map(std::ffi::OsString::from).collect()
}

/// Whether a process is there and not only a name nobody has asked after.
pub(super) fn is_alive(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

/// Waits until `happened`; panics when it does not.
pub(super) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let source = crate::rt::StopSource::new();
    for _ in 0..LONG.as_millis() / 10 {
        if happened() {
            return;
        }
        source.token().wait(Duration::from_millis(10));
    }
    panic!("never: {what}");
}
