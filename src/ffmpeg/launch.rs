//! What it takes to start a program, and how it may end.
//!
//! Plain values; `process` acts on them.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::child_io::{Stdin, Stdout};
use super::redact::Redactor;

/// Why a program could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// No such program.
    #[error("{} is not there any more; install ffmpeg again or choose another one", .program.display())]
    NotFound {
        /// The program.
        program: PathBuf,
    },
    /// It may not be run.
    #[error("{} may not be run: it is no program or you have no permission", .program.display())]
    NotExecutable {
        /// The program.
        program: PathBuf,
    },
    /// The operating system refuses.
    #[error("{} could not be started: {source}", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No answer in time; the child was ended.
    #[error("{} did not answer within {seconds} s and was ended", .program.display())]
    Silent {
        /// The program.
        program: PathBuf,
        /// The deadline in seconds.
        seconds: u64,
    },
}

/// Where a child's log goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stderr {
    #[default]
    Log,
    Inherit,
}

/// Whether reports of `-progress pipe:2` stand among the lines of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reports {
    #[default]
    None,
    InLog,
}

/// A program about to run.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// A short name for its threads and log lines: `encoder`, `sink-file`.
    pub name: String,
    /// Its input.
    pub stdin: Stdin,
    /// Its output.
    pub stdout: Stdout,
    /// What hides secrets in its log.
    pub redactor: Redactor,
    pub(super) stderr: Stderr,
    pub(super) reports: Reports,
}

impl Launch {
    /// A program with empty input and its output thrown away.
    pub fn new(program: impl Into<PathBuf>, args: Vec<OsString>, name: &str) -> Self {
        Self {
            program: program.into(),
            args,
            name: name.to_owned(),
            stdin: Stdin::Null,
            stdout: Stdout::Null,
            redactor: Redactor::default(),
            stderr: Stderr::Log,
            reports: Reports::None,
        }
    }

    /// The same with this input and output.
    #[must_use]
    pub fn with_io(mut self, stdin: Stdin, stdout: Stdout) -> Self {
        (self.stdin, self.stdout) = (stdin, stdout);
        self
    }

    /// The same with this redactor.
    #[must_use]
    pub fn with_redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }
}

/// What we asked of a child before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: it ended by itself or because its input ended.
    Nothing,
    /// To finish early.
    Interrupt,
    /// It was killed.
    Kill,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code, if it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it, else.
    pub signal: Option<i32>,
    /// What we had asked of it.
    pub asked: Asked,
}

impl Exit {
    pub(super) fn new(status: ExitStatus, asked: Asked) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal = None;
        Self { code: status.code(), signal, asked }
    }

    /// Whether it ended well. ffmpeg's 255 after our own interrupt is its way to say that it finished early.
    pub fn is_success(&self) -> bool {
        self.code == Some(0) || (self.code == Some(255) && self.asked == Asked::Interrupt)
    }
}
