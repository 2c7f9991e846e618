//! The one place that starts a program: launches a child, reads its log for its whole life, ends it for certain.
//!
//! Knows no encoder and no output; never starts a shell.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::args::shell_quoted;
use super::cause::Cause;
use super::child_io::{ChildInput, ChildOutput, Ends, Stdin};
use super::launch::{Asked, Exit, Launch, ProcessError, Stderr};
use super::log_reader::LogReader;
use super::progress::Progress;
use crate::rt::{Clock, RealClock, StopSource};

/// How long a killed child may take to disappear: longer means a system call that never returns.
const KILL_DEADLINE: Duration = Duration::from_secs(5);
/// A program file that is being written (an upgrade under way) is tried again for so long.
const BUSY_TRIES: u32 = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// The child itself, shared by its owner and its handles; reaped under the lock, so that a signal never hits a
/// stranger who got the same number.
struct Inner {
    child: Child,
    own_group: bool,
    asked: Asked,
    exit: Option<Exit>,
}

/// A running or ended child. Dropping it ends the child and what it started; nothing is left behind.
pub struct Process {
    name: String,
    id: u32,
    inner: Arc<Mutex<Inner>>,
    stdin: Option<ChildInput>,
    stdout: Option<ChildOutput>,
    #[cfg(unix)]
    input_ender: Option<std::os::unix::net::UnixStream>,
    #[cfg(target_os = "linux")]
    ended: Option<std::os::fd::OwnedFd>,
    log: Option<LogReader>,
}

/// A way to signal a child from another thread than its owner's.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Mutex<Inner>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program.
pub fn launch(launch: Launch) -> Result<Process, ProcessError> {
    let Launch { program, args, name, stdin, stdout, redactor, stderr, reports } = launch;
    log::debug!("{name}: {}", shell_quoted(&program, &args, &redactor));
    let start = |source| ProcessError::Start { program: program.clone(), source };
    let (mut ends, theirs_in, theirs_out) = Ends::new(stdin, stdout).map_err(start)?;
    #[cfg(unix)]
    let input_ender = ends.input_ender().map_err(start)?;
    let own_group = stdin != Stdin::Inherit || !terminal_signals_us();
    let mut command = Command::new(&program);
    command.args(&args).env("AV_LOG_FORCE_NOCOLOR", "1").stdin(theirs_in).stdout(theirs_out);
    command.stderr(if stderr == Stderr::Log { Stdio::piped() } else { Stdio::inherit() });
    if own_group {
        separate(&mut command);
    }
    let mut child = spawn(&mut command, &program)?;
    // The command holds the child's ends: with them open there is no end of input and no broken pipe.
    drop(command);

    let id = child.id();
    let errors = child.stderr.take();
    let (stdin, stdout) = ends.take(&mut child);
    let inner = Inner { child, own_group, asked: Asked::Nothing, exit: None };
    let mut process = Process {
        name,
        id,
        inner: Arc::new(Mutex::new(inner)),
        stdin,
        stdout,
        #[cfg(unix)]
        input_ender,
        #[cfg(target_os = "linux")]
        ended: process_id(id)
            .and_then(|pid| rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()),
        log: None,
    };
    if let Some(errors) = errors {
        // If no thread can be started the process is dropped here, which ends the child.
        process.log = Some(LogReader::start(&process.name, errors, redactor, reports).map_err(start)?);
    }
    Ok(process)
}

/// A group of its own: Ctrl+C in a terminal goes to the whole foreground group and would interrupt an encoder
/// before we could finish the file.
fn separate(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        std::os::windows::process::CommandExt::creation_flags(command, CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
    }
}

/// Whether our input is the terminal that a Ctrl+C goes to with us in front of it: a child in our group gets that
/// Ctrl+C by itself, and only there it may read keys.
pub fn terminal_signals_us() -> bool {
    #[cfg(unix)]
    return rustix::termios::tcgetpgrp(std::io::stdin())
        .is_ok_and(|foreground| foreground == rustix::process::getpgrp());
    #[cfg(not(unix))]
    std::io::IsTerminal::is_terminal(&std::io::stdin())
}

fn spawn(command: &mut Command, program: &Path) -> Result<Child, ProcessError> {
    let mut tries = 0;
    loop {
        let source = match command.spawn() {
            Ok(child) => return Ok(child),
            Err(error) => error,
        };
        if source.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES {
            tries += 1;
            StopSource::new().token().wait(BUSY_PAUSE);
            continue;
        }
        let program = program.to_owned();
        return Err(match source.kind() {
            io::ErrorKind::NotFound => ProcessError::NotFound { program },
            io::ErrorKind::PermissionDenied => ProcessError::NotExecutable { program },
            // "Exec format error" has no kind of its own.
            _ if cfg!(unix) && source.raw_os_error() == Some(8) => ProcessError::NotExecutable { program },
            _ => ProcessError::Start { program, source },
        });
    }
}

#[cfg(unix)]
pub(super) fn process_id(id: u32) -> Option<rustix::process::Pid> {
    i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
}

impl Inner {
    /// How it ended, if it has; from then on its number belongs to nobody.
    fn reap(&mut self) -> Option<Exit> {
        if self.exit.is_none() {
            self.end_leftovers();
            match self.child.try_wait() {
                Ok(Some(status)) => self.exit = Some(Exit::new(status, self.asked)),
                Ok(None) => {}
                Err(error) => log::error!("a child cannot be asked whether it has ended: {error}"),
            }
        }
        self.exit
    }

    /// A wrapper script that ends before what it started leaves that behind in its group. The group's number is
    /// ours for as long as the ended child is not reaped.
    fn end_leftovers(&self) {
        #[cfg(unix)]
        if self.own_group
            && let Some(pid) = process_id(self.child.id())
        {
            use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            if matches!(waitid(WaitId::Pid(pid), look), Ok(Some(_)))
                && let Err(error) = kill_process_group(pid, Signal::KILL)
            {
                log::trace!("the ended child's group: {error}");
            }
        }
    }

    fn interrupt(&mut self) {
        if self.reap().is_some() {
            return;
        }
        #[cfg(unix)]
        {
            self.signal(rustix::process::Signal::INT);
            self.asked = Asked::Interrupt;
        }
        #[cfg(not(unix))]
        log::debug!("there is no safe interrupt on this system");
    }

    fn kill(&mut self) {
        if self.reap().is_some() {
            return;
        }
        self.asked = Asked::Kill;
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
        #[cfg(not(unix))]
        if let Err(error) = self.child.kill() {
            log::error!("a child cannot be ended: {error}");
        }
    }

    /// To the whole group where it is the child's own: a wrapper script must not keep the signal to itself.
    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        use rustix::process::{kill_process, kill_process_group};
        let Some(pid) = process_id(self.child.id()) else { return };
        let sent = if self.own_group { kill_process_group(pid, signal) } else { kill_process(pid, signal) };
        if let Err(error) = sent {
            log::error!("a child cannot be signalled: {error}");
        }
    }
}

impl Handle {
    /// Asks the child to finish early (SIGINT), without waiting.
    pub fn interrupt(&self) {
        lock(&self.inner).interrupt();
    }

    /// Ends the child and its group at once (SIGKILL), without waiting.
    pub fn kill(&self) {
        lock(&self.inner).kill();
    }
}

impl Process {
    /// Its name, as given at launch.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Our end of its input, once; `None` without [`Stdin::Socket`].
    pub fn take_stdin(&mut self) -> Option<ChildInput> {
        self.stdin.take()
    }

    /// Our end of its output, once; `None` without [`super::Stdout::Socket`].
    pub fn take_stdout(&mut self) -> Option<ChildOutput> {
        self.stdout.take()
    }

    /// A way to signal it from another thread.
    pub fn handle(&self) -> Handle {
        Handle { inner: Arc::clone(&self.inner) }
    }

    /// Asks it to finish early (SIGINT), without waiting. Off Unix nothing happens.
    pub fn interrupt(&self) {
        lock(&self.inner).interrupt();
    }

    /// Ends it and its group at once (SIGKILL), without waiting.
    pub fn kill(&self) {
        lock(&self.inner).kill();
    }

    /// Tells it that its input has ended, even while another thread holds [`ChildInput`]; what was written before
    /// is still delivered, the other thread's next write fails. Off Unix only an input nobody took is ended.
    pub fn end_input(&mut self) {
        drop(self.stdin.take());
        #[cfg(unix)]
        if let Some(end) = &self.input_ender {
            super::child_io::end_input(end);
        }
    }

    /// Whether it has an input of ours whose end it can notice.
    pub(super) fn has_input(&self) -> bool {
        #[cfg(unix)]
        return self.input_ender.is_some();
        #[cfg(not(unix))]
        self.stdin.is_some()
    }

    /// How it ended, if it has; never waits for it. Its log is complete then.
    pub fn try_wait(&mut self) -> Option<Exit> {
        let exit = lock(&self.inner).reap()?;
        if let Some(log) = &mut self.log {
            log.finish();
        }
        Some(exit)
    }

    /// Waits for its end; `None` if it still runs after `deadline`.
    pub fn wait(&mut self, deadline: Duration) -> Option<Exit> {
        let due = RealClock.now() + deadline;
        loop {
            if let Some(exit) = self.try_wait() {
                return Some(exit);
            }
            let left = due.since(RealClock.now());
            if left.is_zero() {
                return None;
            }
            self.wait_for_end(left);
        }
    }

    /// Sleeps until it ends or `longest` has passed; may wake early.
    fn wait_for_end(&self, longest: Duration) {
        #[cfg(target_os = "linux")]
        if let Some(ended) = &self.ended {
            use rustix::event::{PollFd, PollFlags, Timespec, poll};
            let timeout = Timespec::try_from(longest).ok();
            if let Err(error) = poll(&mut [PollFd::new(ended, PollFlags::IN)], timeout.as_ref()) {
                log::trace!("waiting for a child: {error}");
            }
            return;
        }
        StopSource::new().token().wait(longest.min(Duration::from_millis(5)));
    }

    /// The last lines of its log, oldest first, without secrets.
    pub fn log_tail(&self) -> Vec<String> {
        self.log.as_ref().map(LogReader::tail).unwrap_or_default()
    }

    /// The newest report of progress that was not taken yet, of a child that reports into its log.
    pub(super) fn take_report(&self) -> Option<Progress> {
        self.log.as_ref().and_then(LogReader::take_report)
    }

    /// Why it failed, as far as its log and its end tell; `None` if neither tells of a failure. A full disk is
    /// told here even when ffmpeg exits with 0, as 5.1 does when only the last bytes did not fit.
    pub fn cause(&self) -> Option<Cause> {
        let told = self.log.as_ref().and_then(LogReader::cause);
        match lock(&self.inner).exit {
            Some(Exit { signal: Some(signal), asked: Asked::Nothing, .. }) => {
                told.filter(|cause| *cause == Cause::NoSpace).or(Some(Cause::Killed { signal }))
            }
            _ => told,
        }
    }

    /// The same for a child that is known to have failed: what its end tells where its words do not.
    pub fn cause_of_failure(&self) -> Cause {
        self.cause().unwrap_or_else(|| Cause::of_silent_end(lock(&self.inner).exit))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if lock(&self.inner).reap().is_some() {
            return;
        }
        self.kill();
        if self.wait(KILL_DEADLINE).is_none() {
            log::error!("{}: process {} does not end even when killed; it is left behind", self.name, self.id);
        }
    }
}
