//! Programs that run to their end: short questions, jobs with progress, a user's own command in the terminal.
//!
//! Knows no encoder. Everything here can be cancelled, and nothing waits for ever for a silent program.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::cause::Cause;
use super::child_io::{ChildOutput, Stdin, Stdout};
use super::launch::{Exit, Launch, ProcessError, Stderr};
use super::process::{Process, launch};
use super::progress::{Progress, ProgressParser};
use super::redact::Redactor;
use super::stop::StopLadder;
use crate::media::Timestamp;
use crate::rt::{Clock, RealClock, StopToken};

/// How long it may take until a cancel is noticed.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// How long a killed child may take to disappear.
pub(super) const KILL_DEADLINE: Duration = Duration::from_secs(5);

/// What a short question may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest time; then the program is ended and [`ProcessError::Silent`] told.
    pub deadline: Duration,
    /// The longest answer; what comes after is read and thrown away.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(20), output_bytes: 4 << 20 }
    }
}

/// A program that ran to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote, up to the limit.
    pub stdout: Vec<u8>,
    /// The last lines of its log, oldest first, without secrets.
    pub log: Vec<String>,
    /// Why it failed, as far as its log tells.
    pub cause: Option<Cause>,
}

impl Finished {
    pub(super) fn new(process: &Process, exit: Exit, stdout: Vec<u8>) -> Self {
        Self { exit, stdout, log: process.log_tail(), cause: process.cause() }
    }

    /// What it wrote, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Runs a program and gathers what it writes. `None` if `stop` was asked; the program is ended then.
pub fn run(
    program: &Path,
    args: Vec<OsString>,
    limits: &Limits,
    stop: &StopToken,
) -> Result<Option<Finished>, ProcessError> {
    Question::ask(program, args)?.answer(limits, stop)
}

/// A program that was started and whose answer is read later, so that several can work side by side: an answer of
/// up to 1 MiB waits in the socket.
pub(super) struct Question {
    program: std::path::PathBuf,
    process: Process,
}

impl Question {
    pub(super) fn ask(program: &Path, args: Vec<OsString>) -> Result<Self, ProcessError> {
        let launched = Launch::new(program, args, "ask").with_io(Stdin::Null, Stdout::Socket);
        Ok(Self { program: program.to_owned(), process: launch(launched)? })
    }

    pub(super) fn answer(mut self, limits: &Limits, stop: &StopToken) -> Result<Option<Finished>, ProcessError> {
        let due = RealClock.now() + limits.deadline;
        let mut stdout = Vec::new();
        let mut keep = |bytes: &[u8]| {
            let room = limits.output_bytes.saturating_sub(stdout.len()).min(bytes.len());
            stdout.extend_from_slice(bytes.get(..room).unwrap_or_default());
        };
        if let Some(mut output) = self.process.take_stdout() {
            match read_on(&mut output, &mut keep, stop, due) {
                ReadEnd::Ended => {}
                ReadEnd::Stopped => return Ok(None),
                ReadEnd::Late => return Err(self.silent(limits)),
            }
        }
        loop {
            if let Some(exit) = self.process.wait(LOOK) {
                return Ok(Some(Finished::new(&self.process, exit, stdout)));
            }
            if stop.is_stopped() {
                return Ok(None);
            }
            if RealClock.now() >= due {
                return Err(self.silent(limits));
            }
        }
    }

    fn silent(&self, limits: &Limits) -> ProcessError {
        ProcessError::Silent { program: self.program.clone(), seconds: limits.deadline.as_secs().max(1) }
    }
}

/// Why reading a child's output ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadEnd {
    Ended,
    Stopped,
    Late,
}

fn read_on(output: &mut ChildOutput, keep: &mut dyn FnMut(&[u8]), stop: &StopToken, due: Timestamp) -> ReadEnd {
    if let Err(error) = output.set_read_timeout(Some(LOOK)) {
        log::debug!("a child's output has no deadline: {error}");
    }
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match output.read(&mut buffer) {
            Ok(0) => return ReadEnd::Ended,
            Ok(count) => keep(buffer.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {}
            Err(error) => {
                log::debug!("a child's output ended: {error}");
                return ReadEnd::Ended;
            }
        }
        if stop.is_stopped() {
            return ReadEnd::Stopped;
        }
        if RealClock.now() >= due {
            return ReadEnd::Late;
        }
    }
}

/// Runs an ffmpeg job to its end and reports progress about twice a second. `-progress pipe:1` is put before
/// `args`. `None` if `stop` was asked: the job was interrupted, and what it wrote is whole but short.
pub fn run_with_progress(
    program: &Path,
    args: &[OsString],
    name: &str,
    redactor: &Redactor,
    stop: &StopToken,
    on_progress: &mut dyn FnMut(&Progress),
) -> Result<Option<Finished>, ProcessError> {
    let mut words: Vec<OsString> = vec!["-progress".into(), "pipe:1".into()];
    words.extend_from_slice(args);
    let job = Launch::new(program, words, name).with_io(Stdin::Null, Stdout::Socket).with_redactor(redactor.clone());
    let mut process = launch(job)?;
    let mut parser = ProgressParser::default();
    let never = Timestamp::from_nanos(i64::MAX);
    // Kept until the end: a job that is stopped still reports, and must not meet a broken pipe.
    let mut output = process.take_stdout();
    if let Some(output) = &mut output {
        read_on(output, &mut |bytes| parser.feed(bytes, on_progress), stop, never);
    }
    loop {
        if stop.is_stopped() {
            process.stop(&StopLadder::default(), &|| None, &RealClock);
            return Ok(None);
        }
        if let Some(exit) = process.wait(LOOK) {
            return Ok(Some(Finished::new(&process, exit, Vec::new())));
        }
    }
}

/// What somebody wants of a command that runs in our terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It shall go on, or has been asked to finish already.
    GoOn,
    /// It shall finish early: it is interrupted, once.
    Finish,
    /// It shall end at once.
    End,
}

/// Runs a user's own command in our terminal: input, output and log are ours. `wish` is looked at twenty times a
/// second. A Ctrl+C in the terminal may have reached the command by itself ([`super::terminal_signals_us`]): it must
/// not be told a second time, because ffmpeg then gives up writing its file's end: of eight MP4s whose ffmpeg got a
/// second SIGINT within 2 ms, seven had no index.
pub fn run_attached(program: &Path, args: Vec<OsString>, wish: &dyn Fn() -> Wish) -> Result<Exit, ProcessError> {
    let mut command = Launch::new(program, args, "command").with_io(Stdin::Inherit, Stdout::Inherit);
    command.stderr = Stderr::Inherit;
    let mut process = launch(command)?;
    let mut interrupted = false;
    loop {
        if let Some(exit) = process.wait(LOOK) {
            return Ok(exit);
        }
        match wish() {
            Wish::Finish if !interrupted => {
                process.interrupt();
                interrupted = true;
            }
            Wish::GoOn | Wish::Finish => {}
            Wish::End => {
                process.kill();
                let seconds = KILL_DEADLINE.as_secs();
                let silent = || ProcessError::Silent { program: program.to_owned(), seconds };
                return process.wait(KILL_DEADLINE).ok_or_else(silent);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{LONG, is_alive, real, script, wait_until, words};
    use super::*;
    use crate::rt::StopSource;

    fn limits(deadline: Duration) -> Limits {
        Limits { deadline, output_bytes: 1000 }
    }

    #[test]
    fn an_answer_is_gathered_up_to_its_limit_and_the_rest_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let flood = script(folder.path(), "flood", "head -c 5000000 /dev/zero; echo '[error] too much' >&2; exit 7");
        let never = StopSource::new();
        let finished = run(&flood, Vec::new(), &limits(LONG), &never.token()).unwrap().unwrap();
        assert_eq!((finished.stdout.len(), finished.exit.code), (1000, Some(7)));
        assert_eq!(finished.cause, Some(Cause::Other("too much".to_owned())));
    }

    #[test]
    fn a_silent_program_is_ended_at_the_deadline_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let ids = folder.path().join("ids");
        for lines in ["sleep 1000 & echo $! > ids; wait", "exec >&-; sleep 1000 & echo $! > ids; wait"] {
            let lines = format!("cd {}; {lines}", folder.path().display());
            let silent = script(folder.path(), "silent", &lines);
            let never = StopSource::new();
            let asked = run(&silent, Vec::new(), &limits(Duration::from_millis(500)), &never.token());
            assert!(matches!(asked, Err(ProcessError::Silent { .. })));
            let id: u32 = std::fs::read_to_string(&ids).unwrap().trim().parse().unwrap();
            wait_until("what it started ends", || !is_alive(id));
        }
    }

    #[test]
    fn a_question_and_a_job_are_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let stopped = StopSource::new();
        stopped.stop();
        let silent = script(folder.path(), "silent", "sleep 1000");
        assert_eq!(run(&silent, Vec::new(), &limits(LONG), &stopped.token()).unwrap(), None);

        let source = StopSource::new();
        let file = folder.path().join("a.mkv");
        let mut args = words(&["-hide_banner", "-nostdin", "-loglevel", "level+info", "-re", "-f", "lavfi", "-i"]);
        args.extend(words(&["testsrc2=s=64x64", "-c:v", "mpeg4"]));
        args.push(file.clone().into());
        let mut on_progress = |_: &Progress| source.stop();
        let end =
            run_with_progress(&real().program, &args, "test", &Redactor::default(), &source.token(), &mut on_progress);
        assert_eq!(end.unwrap(), None);
        let probe = super::super::probe_file(&real(), &file, LONG).unwrap();
        assert!(probe.duration_s.is_some(), "an interrupted job leaves a whole file: {probe:?}");
    }

    #[test]
    fn a_job_reports_how_far_it_is_and_how_it_ended() {
        let args = words(&["-nostdin", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=30:d=2", "-f", "null", "-"]);
        let (never, mut reports) = (StopSource::new(), Vec::new());
        let finished =
            run_with_progress(&real().program, &args, "test", &Redactor::default(), &never.token(), &mut |report| {
                reports.push(*report);
            });
        assert!(finished.unwrap().unwrap().exit.is_success());
        let last = reports.last().unwrap();
        assert_eq!((last.frames, last.ended), (Some(60), true));
        assert!(last.out_time_us.is_some_and(|micros| (1_900_000..=2_000_000).contains(&micros)), "{last:?}");
    }

    #[test]
    fn a_failed_job_tells_its_cause() {
        let args = words(&["-nostdin", "-loglevel", "level+info", "-i", "/nonexistent.mkv", "-f", "null", "-"]);
        let never = StopSource::new();
        let finished =
            run_with_progress(&real().program, &args, "test", &Redactor::default(), &never.token(), &mut |_| {});
        let finished = finished.unwrap().unwrap();
        assert_eq!((finished.exit.code, finished.cause), (Some(1), Some(Cause::PathMissing)));
    }

    #[test]
    fn a_users_own_command_gives_its_exit_code_and_is_interrupted_or_ended_as_wished() {
        let folder = tempfile::tempdir().unwrap();
        let fails = script(folder.path(), "fails", "exit 5");
        assert_eq!(run_attached(&fails, Vec::new(), &|| Wish::GoOn).unwrap().code, Some(5));
        let polite = script(folder.path(), "polite", "exec sleep 1000");
        assert_eq!(run_attached(&polite, Vec::new(), &|| Wish::Finish).unwrap().signal, Some(2));
        let ready = folder.path().join("ready");
        let deaf = format!("trap '' INT; touch '{}'; while :; do sleep 0.1; done", ready.display());
        let deaf = script(folder.path(), "deaf", &deaf);
        // Asked to finish for as long as it takes to be ready to ignore that; then ended.
        let asked = std::cell::Cell::new(false);
        let wish = || match (ready.exists(), asked.get()) {
            (false, _) => Wish::GoOn,
            (true, false) => {
                asked.set(true);
                Wish::Finish
            }
            (true, true) => Wish::End,
        };
        assert_eq!(run_attached(&deaf, Vec::new(), &wish).unwrap().signal, Some(9));
    }
}
