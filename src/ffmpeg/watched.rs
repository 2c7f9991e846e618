//! A command of anybody's, watched to its end: what it writes, how far it is, what it said last.
//!
//! Its output belongs to it alone: a command may write its file there, so its progress comes through its log. Nothing
//! asks, and nothing waits for ever once a stop was asked.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::child_io::{ChildOutput, Stdin, Stdout};
use super::launch::{Asked, Launch, ProcessError, Reports};
use super::process::{Process, launch};
use super::progress::Progress;
use super::redact::Redactor;
use super::run::{Finished, KILL_DEADLINE, LOOK};
use crate::media::Timestamp;
use crate::rt::{Clock, RealClock};

/// How long an interrupted command may take to finish its files before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// In front of the command's own words, so that those win. Progress goes into the log.
const FIRST_WORDS: [&str; 7] =
    ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info", "-progress", "pipe:2"];

/// How a command is watched.
pub struct Watch<'a> {
    /// A short name for its thread and log lines.
    pub name: &'a str,
    /// What hides secrets in its log.
    pub redactor: &'a Redactor,
    /// The most it may write to its output; more ends it.
    pub output_bytes: usize,
    /// Looked at twenty times a second: whether it shall stop.
    pub stop: &'a dyn Fn() -> bool,
    /// Called with each new report, about twice a second and once at the end.
    pub on_progress: &'a mut dyn FnMut(&Progress),
}

/// Why a watched command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchedEnd {
    /// By itself, well or not.
    ByItself,
    /// It was interrupted and finished its files, which are short then.
    Interrupted,
    /// It did not finish within five seconds of the interrupt and was killed; its files are cut off.
    Killed,
    /// It wrote more than it may to its output and was killed.
    TooMuchOutput,
}

/// A watched command that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// How it ended, what it wrote and said.
    pub finished: Finished,
    /// Why it ended.
    pub end: WatchedEnd,
    /// Its last report; `None` if it never got so far.
    pub progress: Option<Progress>,
}

/// Runs ffmpeg with these words and watches it to its end. Standard input is empty, and ffmpeg is told not to ask.
pub fn run_watched(program: &Path, args: &[OsString], watch: Watch<'_>) -> Result<Watched, ProcessError> {
    let mut words: Vec<OsString> = FIRST_WORDS.iter().map(OsString::from).collect();
    words.extend_from_slice(args);
    let mut command = Launch::new(program, words, watch.name).with_io(Stdin::Null, Stdout::Socket);
    command.redactor = watch.redactor.clone();
    command.reports = Reports::InLog;
    let mut process = launch(command)?;
    let mut output = process.take_stdout();
    if let Some(output) = &output
        && let Err(error) = output.set_read_timeout(Some(LOOK))
    {
        log::debug!("a command's output has no deadline: {error}");
    }
    let mut state = Watching { watch, stdout: Vec::new(), progress: None, asked: None, too_much: false };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match &mut output {
            Some(open) => {
                if !state.read(open, &mut buffer, &mut process) {
                    output = None;
                }
            }
            None => {
                if let Some(exit) = process.wait(LOOK) {
                    state.report(&process);
                    let end = state.end(exit.asked);
                    let finished = Finished::new(&process, exit, state.stdout);
                    return Ok(Watched { finished, end, progress: state.progress });
                }
            }
        }
        state.report(&process);
        state.ask(&process, program)?;
    }
}

struct Watching<'a> {
    watch: Watch<'a>,
    stdout: Vec<u8>,
    progress: Option<Progress>,
    /// What was asked of it, and when more is asked.
    asked: Option<(Asked, Timestamp)>,
    too_much: bool,
}

impl Watching<'_> {
    /// Reads once; `false` at the output's end.
    fn read(&mut self, output: &mut ChildOutput, buffer: &mut [u8], process: &mut Process) -> bool {
        match output.read(buffer) {
            Ok(0) => false,
            Ok(count) => {
                let room = self.watch.output_bytes - self.stdout.len();
                self.stdout.extend_from_slice(buffer.get(..count.min(room)).unwrap_or_default());
                self.too_much |= count > room;
                true
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {
                // Once it has ended this ends what it left behind, which may hold the output open.
                process.try_wait();
                true
            }
            Err(error) => {
                log::debug!("a command's output ended: {error}");
                false
            }
        }
    }

    fn report(&mut self, process: &Process) {
        if let Some(report) = process.take_report() {
            self.progress = Some(report);
            (self.watch.on_progress)(&report);
        }
    }

    /// Interrupts, kills, gives up: one rung after the other.
    fn ask(&mut self, process: &Process, program: &Path) -> Result<(), ProcessError> {
        let now = RealClock.now();
        match self.asked {
            None if self.too_much => self.kill(process, now),
            None if (self.watch.stop)() => {
                process.interrupt();
                self.asked = Some((Asked::Interrupt, now + GRACE));
            }
            Some((Asked::Kill, due)) if now >= due => {
                return Err(ProcessError::Silent { program: program.to_owned(), seconds: KILL_DEADLINE.as_secs() });
            }
            Some((Asked::Interrupt, due)) if self.too_much || now >= due => self.kill(process, now),
            _ => {}
        }
        Ok(())
    }

    fn kill(&mut self, process: &Process, now: Timestamp) {
        process.kill();
        self.asked = Some((Asked::Kill, now + KILL_DEADLINE));
    }

    const fn end(&self, asked: Asked) -> WatchedEnd {
        match asked {
            _ if self.too_much => WatchedEnd::TooMuchOutput,
            Asked::Nothing => WatchedEnd::ByItself,
            Asked::Interrupt => WatchedEnd::Interrupted,
            Asked::Kill => WatchedEnd::Killed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{real, script, words};
    use super::*;

    fn watch(program: &Path, args: &[&str], output_bytes: usize, stop: &dyn Fn() -> bool) -> (Watched, Vec<Progress>) {
        let mut reports = Vec::new();
        let mut on_progress = |report: &Progress| reports.push(*report);
        let redactor = Redactor::default();
        let watch = Watch { name: "test", redactor: &redactor, output_bytes, stop, on_progress: &mut on_progress };
        let watched = run_watched(program, &words(args), watch).unwrap();
        (watched, reports)
    }

    #[test]
    fn a_command_may_write_to_its_output_and_still_reports() {
        let args = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=30:d=2", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"];
        let (watched, reports) = watch(&real().program, &args, 1 << 20, &|| false);
        assert_eq!(watched.finished.stdout.len(), 64 * 48 * 60);
        assert_eq!((watched.finished.exit.code, watched.end), (Some(0), WatchedEnd::ByItself));
        let last = reports.last().copied();
        assert_eq!(last.map(|last| (last.frames, last.ended)), Some((Some(60), true)));
        assert_eq!(watched.progress, last);
        let log = &watched.finished.log;
        assert!(!log.is_empty() && log.iter().all(|line| !line.starts_with("frame=") && !line.contains("progress=")));
    }

    #[test]
    fn too_much_output_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let flood = script(folder.path(), "flood", "exec cat /dev/zero");
        let (watched, _) = watch(&flood, &[], 1000, &|| false);
        assert_eq!((watched.end, watched.finished.stdout.len()), (WatchedEnd::TooMuchOutput, 1000));
    }

    #[test]
    fn a_command_deaf_to_the_interrupt_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let ready = folder.path().join("ready");
        let lines = format!("trap '' INT; sleep 1000 & touch '{}'; wait; wait", ready.display());
        let deaf = script(folder.path(), "deaf", &lines);
        let (watched, _) = watch(&deaf, &[], 1000, &|| ready.exists());
        assert_eq!((watched.end, watched.finished.exit.signal), (WatchedEnd::Killed, Some(9)));
    }

    #[test]
    fn what_a_command_leaves_behind_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let leaves = script(folder.path(), "leaves", "echo out; sleep 1000 & exit 3");
        let (watched, _) = watch(&leaves, &[], 1000, &|| false);
        assert_eq!((watched.finished.exit.code, watched.finished.stdout.as_slice()), (Some(3), &b"out\n"[..]));
    }
}
