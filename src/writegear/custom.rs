//! `WriteGear`'s custom command: ffmpeg with any words, run to its end, its fate told.
//!
//! Independent of the frames: usable before, while and after an engine runs. The words are handed on as they are;
//! no shell is involved.

use std::ffi::OsString;
use std::time::Duration;

use crate::ffmpeg::{
    self, Cause, Exit, Ffmpeg, FindError, ProcessError, Progress, Redactor, Rung, Watch, WatchedEnd, run_watched,
};
use crate::rt::{Job, JobState, Latest, StopSource, StopToken, spawn_job};

/// What a command may write to its standard output unless said otherwise.
const OUTPUT_BYTES: usize = 256 << 20;
/// How long one look at a started command takes.
const LOOK: Duration = Duration::from_hours(1);

/// ffmpeg, ready for a custom command.
///
/// Nothing asks on standard input: an output that exists is an error ([`Cause::AlreadyExists`]) unless the words hold
/// `-y` (replace it) or `-n`. Warnings and errors go into [`Executed::last_words`].
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use gearcast::writegear::Custom;
/// let done = Custom::find()?
///     .on_progress(|now| println!("{:?}", now.out_time_us))
///     .execute(["-i", "talk.mp4", "-vn", "-c:a", "copy", "talk.m4a"])?;
/// println!("{:?}", done.last_words);
/// # Ok(())
/// # }
/// ```
pub struct Custom<'a> {
    ffmpeg: Ffmpeg,
    redactor: Redactor,
    stops: Vec<StopToken>,
    output_bytes: usize,
    on_progress: Box<dyn FnMut(&Progress) + Send + 'a>,
}

/// A custom command that ended well.
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// ffmpeg's exit code: 0.
    pub exit_code: i32,
    /// The last lines of its log, oldest first, without secrets.
    pub last_words: Vec<String>,
    /// What it wrote to its standard output (`-` or `pipe:1`); empty for other outputs.
    pub stdout: Vec<u8>,
    /// Its last report; `None` for a command that makes nothing, such as `-version`.
    pub progress: Option<Progress>,
}

/// Why a custom command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// There are no words.
    #[error("there is nothing to execute: the list of ffmpeg's arguments is empty")]
    Empty,
    /// There is no ffmpeg.
    #[error(transparent)]
    Find(#[from] FindError),
    /// ffmpeg cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// ffmpeg failed.
    #[error("the command failed ({}): {}; {}", exit_words(*.exit), .cause.what(), .cause.help())]
    Failed {
        /// How it ended.
        exit: Exit,
        /// Why, as far as its words tell.
        cause: Cause,
        /// The last lines of its log, oldest first, without secrets.
        last_words: Vec<String>,
    },
    /// It was cancelled.
    #[error("the command was cancelled{}", if *.rung == Rung::Killed { "; it did not finish in time and was ended" } else { "" })]
    Cancelled {
        /// [`Rung::Interrupted`]: what was written is whole but short. [`Rung::Killed`]: it is cut off.
        /// [`Rung::EndedBefore`]: it had not begun.
        rung: Rung,
        /// The last lines of its log, oldest first, without secrets.
        last_words: Vec<String>,
    },
    /// It wrote more to its standard output than there is room for, and was ended.
    #[error("the command wrote more than {limit} bytes to its standard output and was ended")]
    TooMuchOutput {
        /// The limit in bytes.
        limit: usize,
    },
    /// The thread of a started command ended without a result.
    #[error("the command's thread ended without a result")]
    Lost,
}

impl ExecuteError {
    /// ffmpeg's exit code, if it ended by itself and not well.
    pub const fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Failed { exit, .. } => exit.code,
            _ => None,
        }
    }
}

fn exit_words(exit: Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    }
}

impl<'a> Custom<'a> {
    /// Commands for this ffmpeg.
    pub fn new(ffmpeg: &Ffmpeg) -> Self {
        Self {
            ffmpeg: ffmpeg.clone(),
            redactor: Redactor::default(),
            stops: Vec::new(),
            output_bytes: OUTPUT_BYTES,
            on_progress: Box::new(|_| {}),
        }
    }

    /// Commands for the ffmpeg that [`ffmpeg::find`] finds.
    pub fn find() -> Result<Self, ExecuteError> {
        Ok(Self::new(&ffmpeg::find(None)?))
    }

    /// Calls this with each new report of progress: about twice a second, and once at the end.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.on_progress = Box::new(on_progress);
        self
    }

    /// Cancels the command when this token is stopped; of several any one does.
    #[must_use]
    pub fn stop_token(mut self, stop: StopToken) -> Self {
        self.stops.push(stop);
        self
    }

    /// Hides these secrets, beyond what looks like one.
    #[must_use]
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// How much the command may write to its standard output, in bytes [default: 256 MiB].
    #[must_use]
    pub const fn output_limit(mut self, bytes: usize) -> Self {
        self.output_bytes = bytes;
        self
    }

    /// Runs `ffmpeg` with these words and waits for its end. A stop interrupts it: ffmpeg finishes what it writes,
    /// for which it has five seconds; then it is killed. An empty list is an error (vidgear warns and does nothing).
    pub fn execute(&mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Executed, ExecuteError> {
        let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
        if args.is_empty() {
            return Err(ExecuteError::Empty);
        }
        let stops = &self.stops;
        let stop = || stops.iter().any(StopToken::is_stopped);
        if stop() {
            return Err(ExecuteError::Cancelled { rung: Rung::EndedBefore, last_words: Vec::new() });
        }
        let watch = Watch {
            name: "custom",
            redactor: &self.redactor,
            output_bytes: self.output_bytes,
            stop: &stop,
            on_progress: &mut self.on_progress,
        };
        let watched = run_watched(&self.ffmpeg.program, &args, watch)?;
        let finished = watched.finished;
        match watched.end {
            WatchedEnd::Interrupted => {
                Err(ExecuteError::Cancelled { rung: Rung::Interrupted, last_words: finished.log })
            }
            WatchedEnd::Killed => Err(ExecuteError::Cancelled { rung: Rung::Killed, last_words: finished.log }),
            WatchedEnd::TooMuchOutput => Err(ExecuteError::TooMuchOutput { limit: self.output_bytes }),
            // A full disk is told even where ffmpeg exits with 0.
            WatchedEnd::ByItself if finished.exit.is_success() && finished.cause != Some(Cause::NoSpace) => {
                Ok(Executed {
                    exit_code: finished.exit.code.unwrap_or(0),
                    last_words: finished.log,
                    stdout: finished.stdout,
                    progress: watched.progress,
                })
            }
            WatchedEnd::ByItself => {
                let cause = finished.cause.unwrap_or_else(|| Cause::of_silent_end(Some(finished.exit)));
                Err(ExecuteError::Failed { exit: finished.exit, cause, last_words: finished.log })
            }
        }
    }
}

impl Custom<'static> {
    /// The same without waiting: the command runs on a thread of its own. Dropping what is returned cancels it.
    pub fn start(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Running, ExecuteError> {
        let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
        if args.is_empty() {
            return Err(ExecuteError::Empty);
        }
        let (newest, cancel) = (Latest::new(), StopSource::new());
        self.stops.push(cancel.token());
        let (shown, mut told) = (newest.clone(), std::mem::replace(&mut self.on_progress, Box::new(|_| {})));
        self.on_progress = Box::new(move |report| {
            shown.put(*report);
            told(report);
        });
        let program = self.ffmpeg.program.clone();
        let job = spawn_job("custom", || {}, move |_| self.execute(args))
            .map_err(|source| ProcessError::Start { program, source })?;
        Ok(Running { job, newest, cancel })
    }
}

/// A custom command that runs on a thread of its own. Dropping it cancels the command.
pub struct Running {
    job: Job<Result<Executed, ExecuteError>>,
    newest: Latest<Progress>,
    cancel: StopSource,
}

impl Running {
    /// The newest report; `None` before the first.
    pub fn progress(&self) -> Option<Progress> {
        self.newest.peek()
    }

    /// Cancels the command, without waiting; [`Self::wait`] then tells how that went, six seconds later at most.
    pub fn cancel(&self) {
        self.cancel.stop();
    }

    /// Looks without waiting: `None` while the command runs. Its end is told once.
    pub fn poll(&mut self) -> Option<Result<Executed, ExecuteError>> {
        ended(self.job.poll())
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Result<Executed, ExecuteError> {
        loop {
            if let Some(end) = ended(self.job.wait(LOOK)) {
                return end;
            }
        }
    }
}

fn ended(state: JobState<Result<Executed, ExecuteError>>) -> Option<Result<Executed, ExecuteError>> {
    match state {
        JobState::Running => None,
        JobState::Done(end) => Some(end),
        JobState::Gone => Some(Err(ExecuteError::Lost)),
    }
}
