//! The one place that starts a program: launches a child, reads its log for its whole life, ends it for certain.
//!
//! Knows no encoder and no output; never starts a shell.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::args::shell_quoted;
use super::cause::Cause;
use super::child_io::{ChildInput, ChildOutput, Ends, Stdin, Stdout};
use super::log_reader::LogReader;
use super::redact::Redactor;
use crate::rt::{Clock, RealClock, StopSource};

/// How long a killed child may take to disappear: longer means a system call that never returns.
const KILL_DEADLINE: Duration = Duration::from_secs(5);
/// A program file that is being written (an upgrade under way) is tried again for so long.
const BUSY_TRIES: u32 = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

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
    fn new(status: ExitStatus, asked: Asked) -> Self {
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
    let Launch { program, args, name, stdin, stdout, redactor, stderr } = launch;
    log::debug!("{name}: {}", shell_quoted(&program, &args, &redactor));
    let start = |source| ProcessError::Start { program: program.clone(), source };
    let (mut ends, theirs_in, theirs_out) = Ends::new(stdin, stdout).map_err(start)?;
    #[cfg(unix)]
    let input_ender = ends.input_ender().map_err(start)?;
    let own_group = stdin != Stdin::Inherit;
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
        process.log = Some(LogReader::start(&process.name, errors, redactor).map_err(start)?);
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
fn process_id(id: u32) -> Option<rustix::process::Pid> {
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

    /// Our end of its output, once; `None` without [`Stdout::Socket`].
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::super::fake::{LONG, is_alive, real, script, wait_until, words};
    use super::*;

    fn read_line(output: &mut ChildOutput) -> String {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while output.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    fn start(folder: &Path, lines: &str, stdin: Stdin) -> (Process, ChildOutput) {
        let program = script(folder, "fake", lines);
        let mut process = launch(Launch::new(program, Vec::new(), "fake").with_io(stdin, Stdout::Socket)).unwrap();
        let output = process.take_stdout().unwrap();
        (process, output)
    }

    #[test]
    fn ffmpeg_reads_from_us_and_writes_to_us() {
        let args = ["-f", "rawvideo", "-s", "64x64", "-pix_fmt", "gray", "-i", "pipe:0", "-f", "rawvideo", "pipe:1"];
        let program = real().program;
        let echo = Launch::new(program, words(&args), "echo").with_io(Stdin::Socket, Stdout::Socket);
        let mut process = launch(echo).unwrap();
        let (mut input, mut output) = (process.take_stdin().unwrap(), process.take_stdout().unwrap());
        assert!(process.take_stdin().is_none() && process.take_stdout().is_none());
        let frames: Vec<u8> = (0..64 * 64 * 3).map(|at: u32| u8::try_from(at % 251).unwrap()).collect();
        input.write_all(&frames).unwrap();
        drop(input);
        let mut back = Vec::new();
        output.read_to_end(&mut back).unwrap();
        assert!(back == frames);
        let exit = process.wait(LONG).unwrap();
        assert!(exit.is_success() && exit.asked == Asked::Nothing, "{exit:?}");
        assert!(process.log_tail().iter().any(|line| line.contains("rawvideo")), "{:?}", process.log_tail());
        assert_eq!(process.cause(), None);
    }

    #[test]
    fn a_childs_input_ends_though_a_younger_child_lives() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "fake", "cat >/dev/null; echo over; sleep 1000");
        let both = Launch::new(program, Vec::new(), "sibling").with_io(Stdin::Socket, Stdout::Socket);
        let mut older = launch(both.clone()).unwrap();
        let mut younger = launch(both).unwrap();
        drop(older.take_stdin());
        assert_eq!(read_line(&mut older.take_stdout().unwrap()), "over");
        assert!(younger.try_wait().is_none());
        younger.end_input(); // the owner may end it too
        assert_eq!(read_line(&mut younger.take_stdout().unwrap()), "over");
    }

    #[test]
    fn dropping_a_process_ends_it_and_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let stubborn = "trap '' INT TERM; (trap '' INT TERM; sleep 1000) & echo $!; wait; sleep 1000";
        let (process, mut output) = start(folder.path(), stubborn, Stdin::Null);
        let (child, grandchild) = (process.id(), read_line(&mut output).parse().unwrap());
        assert!(is_alive(child) && is_alive(grandchild));
        drop(process);
        assert!(!Path::new(&format!("/proc/{child}")).exists(), "a zombie is left");
        wait_until("the grandchild ends", || !is_alive(grandchild));
    }

    #[test]
    fn what_a_wrapper_leaves_behind_is_ended_too() {
        let folder = tempfile::tempdir().unwrap();
        let (mut process, mut output) = start(folder.path(), "sleep 1000 & echo $!; exit 3", Stdin::Null);
        let grandchild = read_line(&mut output).parse().unwrap();
        let exit = process.wait(LONG).unwrap();
        assert_eq!((exit.code, exit.signal, exit.is_success()), (Some(3), None, false));
        wait_until("the grandchild ends", || !is_alive(grandchild));
    }

    #[test]
    fn a_flooded_log_never_freezes_the_child_and_its_end_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let flood = "yes '[info] some line of a very long log' | head -c 10000000 >&2; echo '[error] the end' >&2";
        let (mut process, _output) = start(folder.path(), flood, Stdin::Null);
        assert!(process.wait(LONG).unwrap().is_success());
        let tail = process.log_tail();
        assert_eq!((tail.len(), tail.last().map(String::as_str)), (200, Some("[error] the end")));
        assert_eq!(process.cause(), Some(Cause::Other("the end".to_owned())));
    }

    #[test]
    fn a_stranger_that_holds_the_log_open_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        // `setsid` leaves our group, so that it outlives the group's end.
        let (mut process, mut output) = start(folder.path(), "setsid sleep 60 & echo $!; sleep 0.2", Stdin::Null);
        let stranger: i32 = read_line(&mut output).parse().unwrap();
        assert!(process.wait(LONG).unwrap().is_success());
        drop(process);
        let stranger = rustix::process::Pid::from_raw(stranger).unwrap();
        rustix::process::kill_process(stranger, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn our_own_interrupt_is_no_failure_and_a_foreign_kill_is_one() {
        let endless = words(&["-f", "lavfi", "-i", "testsrc2=s=64x64", "-f", "rawvideo", "-y", "pipe:1"]);
        for foreign in [false, true] {
            let endless = Launch::new(real().program, endless.clone(), "endless").with_io(Stdin::Null, Stdout::Socket);
            let mut process = launch(endless).unwrap();
            let mut output = process.take_stdout().unwrap();
            output.read_exact(&mut [0; 4096]).unwrap();
            if foreign {
                let pid = process_id(process.id()).unwrap();
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
                let exit = process.wait(LONG).unwrap();
                assert_eq!((exit.signal, exit.is_success()), (Some(9), false));
                assert_eq!(process.cause(), Some(Cause::Killed { signal: 9 }));
            } else {
                process.handle().interrupt();
                output.read_to_end(&mut Vec::new()).unwrap();
                let exit = process.wait(LONG).unwrap();
                assert_eq!((exit.code, exit.is_success(), process.cause()), (Some(255), true, None));
            }
        }
    }

    #[test]
    fn a_child_that_does_not_read_runs_into_the_writers_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let (mut process, _output) = start(folder.path(), "sleep 1000", Stdin::Socket);
        let mut input = process.take_stdin().unwrap();
        input.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        let error = std::iter::repeat_with(|| input.write(&[0; 64 * 1024])).find_map(Result::err).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        process.kill();
        assert_eq!(process.wait(LONG).unwrap().signal, Some(9));
        assert_eq!(input.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn programs_that_cannot_run_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let try_launch = |program: &Path| launch(Launch::new(program, Vec::new(), "none")).err().unwrap();
        assert!(matches!(try_launch(Path::new("/nonexistent/ffmpeg")), ProcessError::NotFound { .. }));
        assert!(matches!(try_launch(folder.path()), ProcessError::NotExecutable { .. }));
        let garbage = script(folder.path(), "garbage", "");
        std::fs::write(&garbage, [0, 1, 2, 3]).unwrap();
        assert!(matches!(try_launch(&garbage), ProcessError::NotExecutable { .. }));
        let nul = Launch::new(garbage, words(&["a\0b"]), "nul");
        assert!(matches!(launch(nul).err().unwrap(), ProcessError::Start { .. }));
    }

    #[test]
    fn secrets_stay_out_of_the_kept_log() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "fake", "echo \"[error] rtmp://h/app/KEY1: no, nor KEY2\" >&2");
        let redactor = Redactor::new(["KEY2".to_owned()]);
        let mut process = launch(Launch::new(program, Vec::new(), "fake").with_redactor(redactor)).unwrap();
        process.wait(LONG).unwrap();
        assert_eq!(process.log_tail(), ["[error] rtmp://h/app/•••: no, nor •••"]);
    }

    /// Plays a recorder that is killed: two ffmpegs that write files from its input.
    fn play_a_recorder(folder: &Path) -> ! {
        let args = ["-f", "rawvideo", "-s", "64x64", "-r", "30", "-pix_fmt", "gray", "-i", "pipe:0", "-c:v", "mpeg4"];
        let mut running = Vec::new();
        for name in ["a.mp4", "b.mp4"] {
            let mut all = words(&args);
            all.push(folder.join(name).into());
            let encoder = Launch::new(real().program, all, name).with_io(Stdin::Socket, Stdout::Null);
            let mut process = launch(encoder).unwrap();
            let mut input = process.take_stdin().unwrap();
            input.write_all(&vec![7; 64 * 64 * 30]).unwrap();
            running.push((process, input));
        }
        let ids: Vec<String> = running.iter().map(|(process, _)| process.id().to_string()).collect();
        std::fs::write(folder.join("ids.part"), ids.join(" ")).unwrap();
        std::fs::rename(folder.join("ids.part"), folder.join("ids")).unwrap();
        let source = StopSource::new();
        source.token().wait(LONG);
        std::process::exit(1);
    }

    #[test]
    fn children_finish_their_files_when_we_are_killed() {
        const ROLE: &str = "GEARCAST_TEST_RECORDER_FOLDER";
        if let Some(folder) = std::env::var_os(ROLE) {
            play_a_recorder(Path::new(&folder));
        }
        let folder = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        let test = "ffmpeg::process::tests::children_finish_their_files_when_we_are_killed";
        // Through `env`, because a launch gives its child no variables of its own.
        let mut args = words(&["--exact", test, "--nocapture"]);
        let mut variable = std::ffi::OsString::from(format!("{ROLE}="));
        variable.push(folder.path());
        args.splice(0..0, [variable, own.into_os_string()]);
        let recorder = launch(Launch::new("/usr/bin/env", args, "recorder")).unwrap();
        let ids = folder.path().join("ids");
        wait_until("the recorder records", || ids.exists());
        let ids: Vec<u32> = std::fs::read_to_string(ids).unwrap().split(' ').map(|id| id.parse().unwrap()).collect();
        assert!(ids.iter().all(|id| is_alive(*id)));
        drop(recorder); // kill -9 of its group; the children have groups of their own
        for id in ids {
            wait_until("the recorder's child ends", || !is_alive(id));
        }
        for name in ["a.mp4", "b.mp4"] {
            let probe = super::super::probe_file(&real(), &folder.path().join(name), LONG).unwrap();
            assert_eq!(probe.streams[0].packets, Some(30), "{name}");
        }
    }
}
