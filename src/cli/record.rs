//! `record` and `command`: wishes → survey → plan → session, and the lines that tell about it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::args::RecordArgs;
use super::exit::Exit;
use super::out::{self, ProgressLine, Reader};
use super::problems::{exit_of, words};
use super::report::{Line, Reporter, ended, finished_json, problem_json};
use super::signals::Signals;
use super::wishes::{SURVEY_DEADLINE, Wishes, wishes};
use crate::app::SettingsStore;
use crate::audio::add_offsets;
use crate::capture::{SourceSpec, WindowPick};
use crate::media::Resolution;
use crate::plan::{Environment, FolderFact, Plan, Problem, Severity, resolve_run, wished_path, wished_subtitles};
use crate::profile::{Engine, Places, Store};
use crate::rt::{Clock, JobState, Latest, RealClock, StopSource, spawn_job};
use crate::session::{
    Command, Session, SessionSetup, State, Survey, SurveySetup, commands_for, gather, look_at_output,
    look_at_subtitles, make_folder,
};

/// How long a look for news may sleep.
const LOOK: Duration = Duration::from_millis(100);
/// A session that does not even begin to start after this long is dead.
const START_DEADLINE: Duration = Duration::from_mins(1);
/// What a forced end may still take.
const FORCED_DEADLINE: Duration = Duration::from_secs(5);

/// Where lines go.
pub(super) struct Printer {
    json: bool,
    reader: Reader,
    progress: ProgressLine,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self { json, reader: Reader::There, progress: ProgressLine::new() }
    }

    pub(super) fn print(&mut self, line: Line) {
        match line {
            Line::Json(value) if self.json && self.reader == Reader::There => {
                self.reader = out::line(&value.to_string());
                if self.reader == Reader::Gone {
                    self.progress.say("Nobody reads the JSON lines any more; the recording goes on. Ctrl+C stops it.");
                }
            }
            Line::Json(_) => {}
            Line::Say(text) => self.progress.say(&text),
            Line::Progress(text) => self.progress.draw(&text),
        }
    }

    /// A recording that never began: what is wrong, and with `--json` the last line too.
    pub(super) fn refuse(&mut self, code: &str, what: &str, exit: Exit) -> Exit {
        self.print(Line::Say(format!("error: {what}")));
        self.print(Line::Json(problem_json(Severity::Error, code, what, "")));
        self.print(Line::Json(finished_json(None, exit)));
        exit
    }

    fn problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.print(Line::Say(words(problem)));
            self.print(Line::Json(problem_json(problem.severity, &problem.field, &problem.what, &problem.help)));
        }
    }
}

/// A plan and what is needed to run it.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) survey: Survey,
    folder: FolderFact,
}

impl Prepared {
    /// Makes the folder of the file if it is to be made; the error is for people.
    pub(super) fn make_folder(&self) -> Result<(), String> {
        match (&self.folder, self.plan.file.as_ref().and_then(|file| file.path.parent())) {
            (FolderFact::CanBeMade, Some(folder)) => {
                make_folder(folder).map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Records until told to stop.
pub(super) fn record(args: &RecordArgs) -> Exit {
    let mut printer = Printer::new(args.json);
    let news: Latest<()> = Latest::new();
    let waker = news.clone();
    let signals = match Signals::watch(move || waker.put(())) {
        Ok(signals) => signals,
        Err(error) => return printer.refuse("signals", &format!("Ctrl+C cannot be caught: {error}"), Exit::Usage),
    };
    let places = match Places::from_env() {
        Ok(places) => places,
        Err(error) => return printer.refuse("places", &error.to_string(), Exit::Usage),
    };
    let prepared = match prepare(args, &places, Some(&signals), &mut printer) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    if let Err(what) = prepared.make_folder() {
        return printer.refuse("output.folder", &what, Exit::Output);
    }
    let waker = news.clone();
    let setup = SessionSetup {
        ffmpeg: prepared.survey.ffmpeg.as_ref().ok().map(|found| found.ffmpeg.program.clone()),
        cache_dir: places.cache().to_owned(),
        clock: Arc::new(RealClock),
        wake: Arc::new(move || waker.put(())),
    };
    match Session::start(setup) {
        Ok(session) => follow(&session, prepared.plan, &signals, &news, &mut printer),
        Err(error) => printer.refuse("session", &format!("the recording cannot start: {error}"), Exit::Encoder),
    }
}

/// Prints the commands of a recording, without recording.
pub(super) fn command(args: &RecordArgs) -> Exit {
    let mut printer = Printer::new(false);
    let places = match Places::from_env() {
        Ok(places) => places,
        Err(error) => return printer.refuse("places", &error.to_string(), Exit::Usage),
    };
    let prepared = match prepare(args, &places, None, &mut printer) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let source = source_size(&prepared.plan, &prepared.survey);
    // Where there is none, the plan has a program of its own.
    let ffmpeg = prepared.survey.ffmpeg.as_ref().map(|found| found.ffmpeg.program.as_path());
    for command in commands_for(&prepared.plan, ffmpeg.unwrap_or(std::path::Path::new("ffmpeg")), source) {
        if out::line(&command) == Reader::Gone {
            break;
        }
    }
    Exit::Good
}

/// The size that the source has by what was listed; where that does not tell, 1280x720 stands in.
fn source_size(plan: &Plan, survey: &Survey) -> Resolution {
    let listing = &survey.listing;
    let size = plan.video.as_ref().and_then(|video| match &video.request.source {
        SourceSpec::Test { size } => Some(*size),
        SourceSpec::Region(region) => Some(region.size),
        SourceSpec::Screen { id } => {
            let index =
                id.as_deref().and_then(|id| id.parse::<usize>().ok()).and_then(|index| listing.screens.get(index));
            let named = listing.screens.iter().find(|screen| id.as_ref().map_or(screen.primary, |id| *id == screen.id));
            named.or(index).or_else(|| listing.screens.first()).map(|screen| screen.rect.size)
        }
        SourceSpec::Window { id } => {
            let window = listing.windows.iter().find(|window| match id {
                WindowPick::Id(id) => *id == window.id,
                WindowPick::Title(title) => window.title.to_lowercase().contains(&title.to_lowercase()),
            });
            window.map(|window| window.size)
        }
        SourceSpec::Camera { mode, .. } => {
            mode.as_deref().and_then(|mode| mode.split('@').next()).and_then(Resolution::parse)
        }
    });
    size.unwrap_or(Resolution::new(1280, 720))
}

/// Everything up to the plan. Without signals nothing will be written, so the output's place is not looked at.
fn prepare(
    args: &RecordArgs,
    places: &Places,
    signals: Option<&Signals>,
    printer: &mut Printer,
) -> Result<Prepared, Exit> {
    let store = Store::new(places.profiles());
    let cwd = std::env::current_dir().unwrap_or_default();
    let wishes = wishes(args, &store, &cwd).map_err(|error| {
        let text = error.to_string();
        printer.refuse("usage", &text, Exit::Usage)
    })?;
    plan_of(wishes, args.ffmpeg.as_ref(), places, signals, printer)
}

/// The same from wishes that were read.
pub(super) fn plan_of(
    wishes: Wishes,
    ffmpeg: Option<&PathBuf>,
    places: &Places,
    signals: Option<&Signals>,
    printer: &mut Printer,
) -> Result<Prepared, Exit> {
    let Wishes { profile, run, warnings } = wishes;
    for warning in &warnings {
        printer.print(Line::Say(format!("warning: profile: {warning}")));
        printer.print(Line::Json(problem_json(Severity::Warning, &warning.field, &warning.what, "")));
    }
    let setup = SurveySetup {
        ffmpeg: ffmpeg.cloned(),
        cache_dir: places.cache().to_owned(),
        try_encoders: vec![profile.video.encoder.trim().to_owned()],
    };
    let survey = survey(setup, signals, printer)?;
    let mut env = survey.environment(places.home().map(std::path::Path::to_owned).unwrap_or_default());
    if let (Some(path), true) = (wished_path(&profile, &env), signals.is_some()) {
        env.output = look_at_output(&path);
    }
    if let (Some(path), Ok(found)) = (wished_subtitles(&profile, &env), &survey.ffmpeg) {
        env.output.subtitles = look_at_subtitles(&found.ffmpeg, &path, &StopSource::new().token());
    }
    let folder = env.output.folder.clone();
    match resolve_run(&profile, &env, &run) {
        Ok((mut plan, warnings)) => {
            printer.problems(&warnings);
            add_offsets(&mut plan.audio, &env.audio, &SettingsStore::at(places.settings()).sound_offsets());
            Ok(Prepared { plan, survey, folder })
        }
        Err(mut problems) => {
            if profile.output.engine == Engine::Ffmpeg {
                explain_ffmpeg(&mut problems, &survey, &env);
            }
            printer.problems(&problems);
            let exit = exit_of(&problems);
            printer.print(Line::Json(finished_json(None, exit)));
            Err(exit)
        }
    }
}

/// The plan knows only that there is no ffmpeg; the search knows why.
fn explain_ffmpeg(problems: &mut [Problem], survey: &Survey, env: &Environment) {
    let Err(why) = &survey.ffmpeg else { return };
    let missing = problems.iter_mut().filter(|problem| problem.field == "output.engine" && env.ffmpeg.is_none());
    for problem in missing {
        problem.what = format!("No working ffmpeg: {why}.");
    }
}

fn survey(setup: SurveySetup, signals: Option<&Signals>, printer: &mut Printer) -> Result<Survey, Exit> {
    let job = spawn_job("survey", || {}, move |stop| gather(&setup, SURVEY_DEADLINE, &stop));
    let mut job =
        job.map_err(|error| printer.refuse("survey", &format!("no thread can be started: {error}"), Exit::Usage))?;
    loop {
        match job.wait(LOOK) {
            JobState::Done(survey) => return Ok(survey),
            JobState::Gone => return Err(printer.refuse("survey", "looking at this machine failed", Exit::Capture)),
            JobState::Running if signals.is_some_and(|signals| signals.count() > 0) => {
                return Err(printer.refuse("stopped", "stopped before the recording began", Exit::Forced));
            }
            JobState::Running => {}
        }
    }
}

/// How far the user's wish to stop has gone.
#[derive(Clone, Copy, PartialEq)]
enum Stopping {
    No,
    Asked,
    Forced { since: crate::media::Timestamp },
}

fn follow(session: &Session, plan: Plan, signals: &Signals, news: &Latest<()>, printer: &mut Printer) -> Exit {
    let clock = RealClock;
    let begun = clock.now();
    let mut reporter = Reporter::new(plan.clone());
    let mut stopping = Stopping::No;
    session.send(Command::Start(Box::new(plan)));
    loop {
        news.take_within(LOOK);
        let now = clock.now();
        let status = session.status();
        stopping = pass_on_stop(stopping, signals.count(), now, session, printer);
        for line in reporter.on_status(&status, now) {
            printer.print(line);
        }
        let has_ended = matches!(status.state, State::Done(_) | State::Failed(_));
        let is_forced_out = matches!(stopping, Stopping::Forced { since } if now.since(since) >= FORCED_DEADLINE);
        if status.state == State::Idle && (stopping != Stopping::No || now.since(begun) >= START_DEADLINE) && !has_ended
        {
            let exit = if stopping == Stopping::No { Exit::Encoder } else { Exit::Forced };
            session.send(Command::Shutdown);
            return printer.refuse("session", "the recording did not begin", exit);
        }
        if has_ended || is_forced_out {
            let (lines, exit) = ended(&status, matches!(stopping, Stopping::Forced { .. }));
            for line in lines {
                printer.print(line);
            }
            session.send(Command::Shutdown);
            return exit;
        }
    }
}

fn pass_on_stop(
    stopping: Stopping,
    signals: usize,
    now: crate::media::Timestamp,
    session: &Session,
    printer: &mut Printer,
) -> Stopping {
    match (stopping, signals) {
        (Stopping::No, 1..) => {
            session.send(Command::Stop);
            printer
                .print(Line::Say("Stopping: the file is being completed. Ctrl+C again leaves it as it is.".to_owned()));
            Stopping::Asked
        }
        (Stopping::Asked, 2..) => {
            session.send(Command::Stop);
            Stopping::Forced { since: now }
        }
        (same, _) => same,
    }
}
