//! The ffmpeg child behind an open `WriteGear`: started with the first frame, fed, watched, ended within bounds.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::command::{First, Place, Timing, Wire, Writing};
use super::feed::{Feed, FeedError, Patience};
use super::finish;
use super::frame::Frame;
use super::gear_error::GearError;
use super::opened::Opened;
use super::packets::PacketPipe;
use super::place::Growing;
use super::report::{Ending, Report};
use super::secret::Secret;
use super::target::Target;
use super::watch::{Signs, Watch, read_progress};
use crate::ffmpeg::{
    Cause, Exit, Launch, Process, Rung, SecretFile, Stdin, Stdout, StopLadder, Stopped, file_url, launch,
};
use crate::rt::{Clock, RealClock, Worker};

/// Without a sign of life for so long at the end, the next rung of the stop ladder comes: two of them stay below 5 s.
const GRACE: Duration = Duration::from_secs(2);
/// The longest with signs of life, where a server decides how fast the rest goes out.
const LIVE_PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether packets are still taken.
const READER_LOOK: Duration = Duration::from_millis(50);
/// How long a child whose pipe broke may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running child with its ends. Dropping it kills the child; [`Self::close`] is the good end.
pub(super) struct Running {
    process: Process,
    feed: Option<Feed>,
    /// Reads `-progress`, or hands out packets; ends with the child's output.
    reader: Option<Worker>,
    signs: Arc<Signs>,
    growing: Option<Growing>,
    /// The key's file: read when ffmpeg opens its output, gone with this.
    secret: Option<SecretFile>,
    wire: Wire,
    command: String,
    ends: Ends,
    given: u64,
    last_at_ms: u64,
}

/// What is known of the end beforehand.
#[derive(Clone, Copy, Debug)]
struct Ends {
    /// The file grew in fragments and becomes an ordinary one.
    completes: bool,
    /// Our end is ffmpeg's: sound ends with the pictures, or there is none.
    with_us: bool,
    is_live: bool,
}

impl Running {
    /// Starts ffmpeg for frames like `first`, which travel as `wire`. Takes some milliseconds; ffmpeg itself reads 0.1–0.3 s later.
    pub(super) fn start(
        opened: &Opened,
        growing: Option<Growing>,
        first: &First,
        wire: Wire,
        packets: Option<PacketPipe>,
    ) -> Result<Self, GearError> {
        let setting = opened.setting();
        let secret = Secret::of(opened.target.as_ref())?;
        let place = match (&packets, &growing, &opened.target) {
            (Some(pipe), ..) => Place::Packets { offset_s: pipe.offset_s() },
            (None, Some(growing), _) => Place::Url(Writing { url: file_url(growing.path()), secret: None }),
            (None, None, target) => {
                let whole = || target.as_ref().map(Target::address).unwrap_or_default();
                let url = secret.public.clone().map_or_else(whole, OsString::from);
                Place::Url(Writing { url, secret: secret.file.as_ref() })
            }
        };
        let args = setting.args(first, &wire, &place);
        let command = args.shell_quoted(&opened.ffmpeg.program, &secret.redactor);
        log::log!(opened.log_level, "{command}");
        let child = Launch::new(&opened.ffmpeg.program, args.to_os_args(), "writegear")
            .with_io(Stdin::Socket, Stdout::Socket)
            .with_redactor(secret.redactor);
        let mut process = launch(child)?;
        let gone = || GearError::no_start(io::ErrorKind::BrokenPipe.into());
        let input = process.take_stdin().ok_or_else(gone)?;
        let output = process.take_stdout().ok_or_else(gone)?;
        let signs = Arc::new(Signs::default());
        let watch = Watch::new(process.id(), Arc::clone(&signs), None);
        let patience = Patience { deadline: opened.write_deadline, watch };
        let told = Arc::clone(&signs);
        let reader = match packets {
            Some(pipe) => Worker::spawn("writegear-packets", move |stop| pipe.run(output, &told, &stop)),
            None => Worker::spawn("writegear-progress", move |_| read_progress(output, &told)),
        };
        let ends = Ends {
            completes: growing.is_some() && setting.grows_in_fragments() && !opened.hybrid_mp4,
            with_us: opened.wishes.inputs.is_empty() || setting.sound_follows_pictures(),
            is_live: opened.target.as_ref().is_some_and(Target::is_live),
        };
        Ok(Self {
            feed: Some(Feed::new(input, wire, patience).map_err(GearError::from)?),
            process,
            reader: Some(reader.map_err(GearError::no_start)?),
            signs,
            growing,
            secret: secret.file,
            wire,
            command,
            ends,
            given: 0,
            last_at_ms: 0,
        })
    }

    /// Hands over one frame. Blocks while ffmpeg is busy, as long as the write deadline at most.
    pub(super) fn write(&mut self, frame: &Frame<'_>, at_ms: u64) -> Result<(), FeedError> {
        let broken = || FeedError::Io(io::ErrorKind::BrokenPipe.into());
        self.feed.as_mut().ok_or_else(broken)?.write(frame, at_ms)?;
        self.given += 1;
        self.last_at_ms = at_ms;
        Ok(())
    }

    /// Ends it: within five seconds where nothing moves any more, as long as it takes where ffmpeg still works.
    pub(super) fn close(mut self, opened: &Opened) -> Result<Report, GearError> {
        drop(self.feed.take());
        let stopped = self.stop(opened);
        let signs = Arc::clone(&self.signs);
        let report = self.conclude(opened, stopped)?;
        match signs.lost() {
            0 => Ok(report),
            lost => Err(GearError::PacketsLeft { lost, report: Box::new(report) }),
        }
    }

    /// What a write means that failed: ffmpeg died, or it takes nothing more, or it has had enough (`-t`, `-frames:v`).
    pub(super) fn broken(mut self, opened: &Opened, error: &io::Error) -> Result<Report, GearError> {
        if error.kind() == io::ErrorKind::TimedOut {
            self.process.kill();
            drop(self.feed.take());
            let exit = self.process.wait(LAST_WORDS);
            let report = Box::new(self.leave(opened, &Stopped { exit, rung: Rung::Killed }, false));
            return Err(GearError::Stalled { seconds: opened.write_deadline.as_secs(), report });
        }
        // Still fed, so that it is not our end that ends it.
        let ended = self.process.wait(LAST_WORDS);
        drop(self.feed.take());
        let stopped = match ended {
            Some(exit) => Stopped { exit: Some(exit), rung: Rung::EndedBefore },
            None => self.stop(opened),
        };
        self.conclude(opened, stopped)
    }

    fn conclude(self, opened: &Opened, stopped: Stopped) -> Result<Report, GearError> {
        let failure = self.failure(&stopped);
        let report = self.leave(opened, &stopped, failure.is_none());
        match failure {
            None => Ok(report),
            Some(cause) => Err(GearError::Died { cause, report: Box::new(report) }),
        }
    }

    fn stop(&mut self, opened: &Opened) -> Stopped {
        let longest = if self.ends.is_live { LIVE_PATIENCE } else { Duration::MAX };
        let patience = opened.close_patience.min(longest);
        let ladder = StopLadder { grace: GRACE, patience, ..StopLadder::default() };
        let enough = (!self.ends.with_us).then_some(self.given);
        let watch = Watch::new(self.process.id(), Arc::clone(&self.signs), enough);
        self.process.stop(&ladder, &|| watch.last_sign(), &RealClock)
    }

    /// Why it did not end well, if it did not.
    fn failure(&self, stopped: &Stopped) -> Option<Cause> {
        let told = self.process.cause();
        if told == Some(Cause::NoSpace) {
            return told; // ffmpeg 5.1 exits with 0 when only the last bytes did not fit
        }
        let hung = stopped.rung == Rung::Killed || (stopped.rung == Rung::Interrupted && self.ends.with_us);
        let all_there = self.signs.frames() >= self.given;
        match stopped.exit {
            Some(exit) if exit.is_success() && (!hung || all_there) => None,
            // What it says when it is interrupted is no cause.
            _ if hung => Some(told.filter(|told| !matches!(told, Cause::Other(_))).unwrap_or(Cause::Silent)),
            _ => Some(self.process.cause_of_failure()),
        }
    }

    /// The file under its good name, as whole as it can be, and what there is to say of it.
    fn leave(mut self, opened: &Opened, stopped: &Stopped, is_whole: bool) -> Report {
        drop(self.secret.take());
        self.end_reader();
        let mut remarks = opened.remarks.clone();
        let trust = if is_whole { finish::Trust::Whole } else { finish::Trust::Cut };
        let completes = self.ends.completes;
        let made =
            self.growing.take().map(|growing| finish::file(&opened.ffmpeg, growing, completes, trust, &mut remarks));
        let told = |count: u64| Some(count).filter(|count| *count > 0);
        let (file, bytes) = made.unwrap_or_default();
        let last_words = self.process.log_tail();
        for line in &last_words {
            log::log!(opened.log_level, "{line}");
        }
        Report {
            file,
            frames_given: self.given,
            frames_written: told(self.signs.frames()),
            bytes: bytes.or_else(|| told(self.signs.bytes())),
            given: self.length(),
            ending: Ending::from(stopped.rung),
            exit_code: stopped.exit.and_then(|exit: Exit| exit.code),
            last_words,
            remarks,
            command: std::mem::take(&mut self.command),
        }
    }

    /// The reader ends with ffmpeg's output; packets that are still being taken are waited for.
    fn end_reader(&mut self) {
        let Some(mut reader) = self.reader.take() else { return };
        let mut alive = RealClock.now();
        while reader.wait(READER_LOOK).is_none() {
            alive = self.signs.changed().map_or(alive, |sign| sign.max(alive));
            if RealClock.now().since(alive) >= GRACE {
                reader.join(GRACE);
                return;
            }
        }
    }

    fn length(&self) -> Duration {
        match self.wire.timing {
            Timing::Counted => Duration::from_nanos(u64::try_from(self.wire.rate.tick_nanos(self.given)).unwrap_or(0)),
            Timing::Stamped => Duration::from_millis(self.last_at_ms),
        }
    }
}
