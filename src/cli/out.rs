//! Writing to the terminal: results to stdout, words for people to stderr. A reader that goes away is no crash.

use std::io::{self, IsTerminal, Write};

/// Whether somebody still reads stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    There,
    Gone,
}

/// Writes a line to stdout and hands it over at once.
pub(super) fn line(text: &str) -> Reader {
    let mut out = io::stdout().lock();
    reader(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Writes a text as it is to stdout.
pub(super) fn text(text: &str) -> Reader {
    let mut out = io::stdout().lock();
    reader(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn reader(written: io::Result<()>) -> Reader {
    match written {
        Ok(()) => Reader::There,
        Err(error) => {
            log::debug!("stdout: {error}");
            Reader::Gone
        }
    }
}

/// Tells people something on stderr; there is nobody else to tell when that fails.
pub(super) fn say(text: &str) {
    let mut err = io::stderr().lock();
    drop(writeln!(err, "{text}").and_then(|()| err.flush()));
}

/// One line on stderr that is drawn over itself while somebody watches a terminal.
#[derive(Debug)]
pub(super) struct ProgressLine {
    is_terminal: bool,
    drawn: bool,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), drawn: false }
    }

    /// Draws the line; nothing where stderr is a file.
    pub(super) fn draw(&mut self, text: &str) {
        if self.is_terminal {
            // 79 columns: a line that wraps cannot be drawn over.
            let short: String = text.chars().take(79).collect();
            let mut err = io::stderr().lock();
            drop(write!(err, "\r\x1b[K{short}").and_then(|()| err.flush()));
            self.drawn = true;
        }
    }

    /// Says something above the line.
    pub(super) fn say(&mut self, text: &str) {
        self.clear();
        say(text);
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.drawn {
            let mut err = io::stderr().lock();
            drop(write!(err, "\r\x1b[K").and_then(|()| err.flush()));
            self.drawn = false;
        }
    }
}
