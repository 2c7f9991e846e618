//! Runs the real program in a home of its own, without a display and without a sound server.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The JSON lines of stdout.
    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
    }
}

/// A home for profiles, caches and recordings; gone at the end of the test.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program with these arguments, ready to start.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gearcast"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        command.env("GEARCAST_HOME", self.at("gearcast")).env("HOME", self.path());
        command.env("PULSE_SERVER", "unix:/nowhere/pulse").env("PULSE_RUNTIME_PATH", self.at("no-pulse"));
        command.env("GEARCAST_PLAYED_CAMERAS", self.at("cameras"));
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "GEARCAST_FFMPEG", "GEARCAST_LOG"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        finished(self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gearcast starts"))
    }
}

/// Waits for the end and reads what was said.
pub(crate) fn finished(child: Child) -> Ran {
    let output = child.wait_with_output().expect("gearcast ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
        err: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
    }
}
