//! A private X server for one test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A running Xvfb; killed when dropped.
pub(crate) struct Xvfb {
    child: Child,
    /// Its display name, like `:42`.
    pub(crate) display: String,
}

impl Xvfb {
    /// Starts one with a screen of this size and depth on the first free display.
    pub(crate) fn start(screen: &str) -> Self {
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", screen, "-ac", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is needed for this test: install the package xvfb");
        let mut number = String::new();
        // The server writes its number once it listens.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Self { child, display: format!(":{}", number.trim()) }
    }

    /// Ends the server as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
