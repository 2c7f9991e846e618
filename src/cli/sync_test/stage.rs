//! Leads a sync test: records, flashes, clicks, stops, reads the file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::read;
use crate::app::{FLASH_TITLE, FlashBoard};
use crate::audio::{Player, device_of};
use crate::cli::args::SyncTestArgs;
use crate::cli::exit::Exit;
use crate::cli::record::{Prepared, Printer, plan_of};
use crate::cli::report::{Line, ended};
use crate::cli::signals::Signals;
use crate::cli::wishes::Wishes;
use crate::media::Timestamp;
use crate::media::sync::{Shown, event_delay};
use crate::plan::Plan;
use crate::profile::{Places, SourceKind};
use crate::rt::{Clock, RealClock, StopToken};
use crate::session::{Command, Session, SessionSetup, State, Status, Verdict};

/// How often it is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(20);
/// A window is there within a second or two.
const WINDOW_DEADLINE: Duration = Duration::from_secs(20);
/// A recording begins within seconds; a camera may take ten.
const START_DEADLINE: Duration = Duration::from_mins(1);
/// A file is completed within seconds.
const END_DEADLINE: Duration = Duration::from_mins(2);
/// From the beginning of the recording to the first event: short, so that a bad beginning shows in it.
const LEAD: Duration = Duration::from_millis(700);
/// What is recorded after the last event.
const TAIL: Duration = Duration::from_millis(700);
/// An idle output needs up to two seconds to wake up.
const OUTPUT_DEADLINE: Duration = Duration::from_secs(10);
/// An output that has just woken up does not know its latency yet: recordings begun at once were up to 45 ms off.
const OUTPUT_SETTLES: Duration = Duration::from_millis(2500);

/// What is needed to lead a test.
pub(super) struct Stage {
    pub(super) args: SyncTestArgs,
    pub(super) wishes: Wishes,
    pub(super) places: Places,
    pub(super) board: Arc<FlashBoard>,
    pub(super) printer: Printer,
    pub(super) signals: Signals,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Take {
    /// The recording.
    pub(super) file: PathBuf,
    /// What was shown and heard.
    pub(super) shown: Vec<Shown>,
    /// The flashes and clicks in the recording.
    pub(super) flashes_s: Vec<f64>,
    pub(super) clicks_s: Vec<f64>,
    /// From one picture of the source to the next.
    pub(super) frame_s: f64,
    /// By how much the moments of the flashes may be wrong on the whole.
    pub(super) flash_error_ms: f64,
    /// The sound input, as it is listed.
    pub(super) device_id: Option<String>,
    pub(super) device_name: String,
    /// The output.
    pub(super) output_name: String,
}

/// Why it ended early.
enum Broken {
    Cancelled,
    Refused {
        code: &'static str,
        what: String,
        exit: Exit,
    },
    /// It was told already.
    Told(Exit),
}

fn refused(code: &'static str, what: &impl ToString, exit: Exit) -> Broken {
    Broken::Refused { code, what: what.to_string(), exit }
}

impl Stage {
    /// Plays the test from the window's opening to the file's reading. What went wrong is printed.
    pub(super) fn play(mut self, stop: &StopToken) -> (Printer, Result<Take, Exit>) {
        let played = self.acts(stop);
        let result = played.map_err(|broken| match broken {
            Broken::Cancelled => self.printer.refuse("stopped", "the test was given up", Exit::Forced),
            Broken::Refused { code, what, exit } => self.printer.refuse(code, &what, exit),
            Broken::Told(exit) => exit,
        });
        (self.printer, result)
    }

    fn acts(&mut self, stop: &StopToken) -> Result<Take, Broken> {
        self.board.say("Getting ready…");
        let prepared = self.prepare(stop)?;
        let player = Player::open(self.args.output_device.as_deref(), Arc::new(RealClock));
        let player = player.map_err(|error| refused("output-device", &error, Exit::Capture))?;
        let settled = RealClock.now() + OUTPUT_SETTLES;
        let is_ready = || player.is_running() && RealClock.now() >= settled;
        self.wait(stop, OUTPUT_DEADLINE, "the sound output does not begin to play", is_ready)?;
        let session = self.session(&prepared)?;
        session.send(Command::Start(Box::new(prepared.plan.clone())));
        let recorded = self.record(&session, &player, stop);
        // Stopped in any case: the file is completed, or thrown away with its folder.
        session.send(Command::Stop);
        let (shown, flash_error_ms) = recorded.inspect_err(|_| drop(self.end(&session)))?;
        self.board.say("Reading the recording…");
        let status = self.end(&session)?;
        let (file, device_name) = self.finished(&status)?;
        let survey = &prepared.survey;
        let ffmpeg = survey.ffmpeg.as_ref().map_err(|why| refused("output.engine", why, Exit::Encoder))?;
        let found = read::read(&ffmpeg.ffmpeg, &file, stop).map_err(|what| refused("read", &what, Exit::Encoder))?;
        let spec = prepared.plan.audio.first().map(|strip| &strip.spec.device);
        let devices = survey.audio.as_deref().unwrap_or_default();
        let device = devices.iter().find(|device| device.name == device_name);
        let device = device.or_else(|| device_of(spec?, devices));
        Ok(Take {
            file,
            shown,
            flashes_s: found.flashes_s,
            clicks_s: found.clicks_s,
            frame_s: frame_s(&prepared.plan),
            flash_error_ms,
            device_id: device.map(|device| device.id.clone()),
            device_name,
            output_name: player.output().name.clone(),
        })
    }

    /// The plan; where no source was asked for, that of the window's place.
    fn prepare(&mut self, stop: &StopToken) -> Result<Prepared, Broken> {
        let board = Arc::clone(&self.board);
        self.wait(stop, WINDOW_DEADLINE, "the window did not open", || board.is_open())?;
        let mut wishes = self.wishes.clone();
        if self.args.source.is_none() {
            let source = &mut wishes.profile.source;
            (source.kind, source.id) = (SourceKind::Window, FLASH_TITLE.to_owned());
            if let Some(place) = board.place() {
                let (size, x, y) = (place.size, place.x, place.y);
                (source.kind, source.id) = (SourceKind::Region, String::new());
                source.region = format!("{}x{}{x:+}{y:+}", size.width, size.height);
            }
        }
        plan_of(wishes, self.args.ffmpeg.as_ref(), &self.places, Some(&self.signals), &mut self.printer)
            .map_err(Broken::Told)
    }

    fn session(&self, prepared: &Prepared) -> Result<Session, Broken> {
        prepared.make_folder().map_err(|what| refused("output.folder", &what, Exit::Output))?;
        let setup = SessionSetup {
            ffmpeg: prepared.survey.ffmpeg.as_ref().ok().map(|found| found.ffmpeg.program.clone()),
            cache_dir: self.places.cache().to_owned(),
            clock: Arc::new(RealClock),
            wake: Arc::new(|| {}),
        };
        let failed = |error| refused("session", &format!("the recording cannot start: {error}"), Exit::Encoder);
        Session::start(setup).map_err(failed)
    }

    /// Flashes and clicks while the session records; what was shown, and how sure the flashes' moments are.
    fn record(&mut self, session: &Session, player: &Player, stop: &StopToken) -> Result<(Vec<Shown>, f64), Broken> {
        let state = || session.status().state.clone();
        let is_begun = || matches!(state(), State::Recording | State::Failed(_) | State::Done(_));
        self.wait(stop, START_DEADLINE, "the recording did not begin", is_begun)?;
        if state() != State::Recording {
            return Ok((Vec::new(), 0.0)); // the end tells why
        }
        let begin = RealClock.now() + LEAD;
        let due: Vec<Timestamp> = (0..usize::from(self.args.events)).map(|index| begin + event_delay(index)).collect();
        self.board.say("Flash and click:");
        self.board.flash_at(due.clone());
        for due in &due {
            player.click_at(*due);
        }
        let last = due.last().copied().unwrap_or(begin) + TAIL;
        let over = || RealClock.now() >= last || player.fault().is_some() || state() != State::Recording;
        self.wait(stop, last.since(RealClock.now()) + LEAD, "the test does not end", over)?;
        if let Some(fault) = player.fault() {
            return Err(refused("output-device", &fault, Exit::Capture));
        }
        Ok(shown(&self.board, player))
    }

    /// Waits for the session's end and says what it says of a recording.
    fn end(&mut self, session: &Session) -> Result<Arc<Status>, Broken> {
        let due = RealClock.now() + END_DEADLINE;
        loop {
            let status = session.status();
            let is_over = matches!(status.state, State::Done(_) | State::Failed(_) | State::Idle);
            if is_over || RealClock.now() >= due || self.signals.count() > 1 {
                session.send(Command::Shutdown);
                return Ok(status);
            }
            RealClock.sleep_until(RealClock.now() + LOOK, &crate::rt::StopSource::new().token());
        }
    }

    /// The file and the sound input of a recording that went well.
    fn finished(&mut self, status: &Status) -> Result<(PathBuf, String), Broken> {
        let (lines, exit) = ended(status, false);
        let State::Done(report) = &status.state else {
            for line in lines {
                self.printer.print(line);
            }
            return Err(Broken::Told(exit));
        };
        if report.verdict != Verdict::Good {
            for line in lines.into_iter().filter(|line| matches!(line, Line::Say(_))) {
                self.printer.print(line);
            }
        }
        let file = report.files.first().map(|file| file.path.clone());
        let file = file.ok_or_else(|| refused("output", &"the recording left no file", Exit::NotGood))?;
        let device = report.audio.first().map(|input| input.device.clone()).unwrap_or_default();
        Ok((file, device))
    }

    fn wait(&self, stop: &StopToken, deadline: Duration, what: &str, wanted: impl Fn() -> bool) -> Result<(), Broken> {
        let due = RealClock.now() + deadline;
        while !wanted() {
            if self.board.is_cancelled() || self.signals.count() > 0 {
                return Err(Broken::Cancelled);
            }
            if stop.wait(LOOK) {
                return Err(Broken::Told(Exit::Capture)); // there is no window, and whoever opened it says so
            }
            if RealClock.now() >= due {
                return Err(refused("sync-test", &what, Exit::Capture));
            }
        }
        Ok(())
    }
}

/// The flashes and clicks that belong together, and how wrong the flashes' moments may be: their median.
fn shown(board: &FlashBoard, player: &Player) -> (Vec<Shown>, f64) {
    let (flashes, clicks) = (board.shown(), player.played());
    let seconds = |at: Timestamp| std::time::Duration::from_nanos(at.as_nanos().unsigned_abs()).as_secs_f64();
    let pair = |flash: &crate::app::Flash| {
        let click = clicks.iter().find(|click| click.asked == flash.due)?;
        Some(Shown { flash_s: seconds(flash.at), click_s: seconds(click.heard) })
    };
    let mut errors: Vec<Duration> = flashes.iter().map(|flash| flash.error).collect();
    errors.sort_unstable();
    let error_ms = errors.get(errors.len() / 2).map_or(0.0, |error| error.as_secs_f64() * 1e3);
    (flashes.iter().filter_map(pair).collect(), error_ms)
}

/// How long the source shows one picture.
fn frame_s(plan: &Plan) -> f64 {
    plan.video.as_ref().map_or(0.0, |video| 1.0 / video.rate.as_f64())
}
