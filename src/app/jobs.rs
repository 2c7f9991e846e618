//! Work off the window's thread: each effect that takes time is a job whose result comes back as an action.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::persist::SettingsStore;
use super::plugs::Plugs;
use super::ports::{FolderDialogs, Machine};
use crate::media::Timestamp;
use crate::model::{Action, Effect, Found, Picked, Settings};
use crate::plan::{FolderFact, OutputFacts, Plan, Severity};
use crate::rt::{Clock, Job, JobState, StopToken, spawn_job};

/// Edits come in bursts: the file is written once they pause.
const SAVE_AFTER: Duration = Duration::from_secs(1);
/// A look at the machine that takes longer is stuck in a driver: its own deadlines end it before.
const SURVEY_WITHIN: Duration = Duration::from_mins(1);
/// A folder that does not answer is given up by then.
const FOLDER_WITHIN: Duration = Duration::from_secs(30);

/// Wakes the window from another thread.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

struct Running {
    job: Job<Option<Action>>,
    /// What is told if the job dies, or is not done by `due`.
    if_lost: Option<Action>,
    due: Option<Timestamp>,
}

/// The jobs that run, and what they need.
pub(super) struct Jobs {
    machine: Arc<dyn Machine>,
    dialogs: Box<dyn FolderDialogs>,
    store: Option<SettingsStore>,
    clock: Arc<dyn Clock>,
    wake: Wake,
    plugs: Plugs,
    running: Vec<Running>,
    /// What is told of jobs for which there was no thread.
    lost: Vec<Action>,
    unsaved: Option<(Timestamp, Box<Settings>)>,
}

impl Jobs {
    /// Nothing runs yet.
    pub(super) fn new(
        machine: Arc<dyn Machine>,
        dialogs: Box<dyn FolderDialogs>,
        store: Option<SettingsStore>,
        clock: Arc<dyn Clock>,
        wake: Wake,
    ) -> Self {
        let plugs = Plugs::watch(&machine, &clock, &wake);
        Self { machine, dialogs, store, clock, wake, plugs, running: Vec::new(), lost: Vec::new(), unsaved: None }
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The wall clock's words.
    pub(super) fn clock_read(&self) -> Action {
        Action::ClockRead(self.machine.now_name())
    }

    /// Starts what an effect asks for. Effects that are not for jobs are given back.
    pub(super) fn start(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Survey { try_encoders } => self.survey(try_encoders),
            Effect::LookAtOutput(path) => self.look_at_output(path),
            Effect::PrepareFolder(plan) => self.prepare_folder(plan),
            Effect::PickFolder { start } => self.pick_folder(&start),
            Effect::ShowInFolder(path) => self.desktop(path, |machine, path| machine.show_in_folder(path)),
            Effect::OpenFile(path) => self.desktop(path, |machine, path| machine.open_file(path)),
            Effect::SaveSettings(settings) => self.unsaved = Some((self.clock.now() + SAVE_AFTER, settings)),
            other @ (Effect::Session(_) | Effect::CopyText(_) | Effect::Close) => return Some(other),
        }
        None
    }

    fn survey(&mut self, try_encoders: Vec<String>) {
        let machine = Arc::clone(&self.machine);
        let what = "The look at this machine did not come back; a driver may be stuck. Try again.".to_owned();
        let listing = crate::capture::Listing::default();
        let lost = Found { listing, audio: Err(what.clone()), ffmpeg: Err(what), opencv: None };
        let if_lost = Action::Surveyed(Box::new(lost));
        self.spawn("survey", Some(SURVEY_WITHIN), Some(if_lost), move |stop| {
            Some(Action::Surveyed(Box::new(machine.survey(try_encoders, &stop))))
        });
    }

    fn look_at_output(&mut self, path: PathBuf) {
        let machine = Arc::clone(&self.machine);
        let folder = FolderFact::NotWritable { reason: "it does not answer".to_owned() };
        let facts = OutputFacts { folder, ..OutputFacts::default() };
        let if_lost = Action::OutputLookedAt { path: path.clone(), facts };
        self.spawn("look-at-folder", Some(FOLDER_WITHIN), Some(if_lost), move |_| {
            let facts = machine.look_at_output(&path);
            Some(Action::OutputLookedAt { path, facts })
        });
    }

    fn prepare_folder(&mut self, plan: Box<Plan>) {
        let machine = Arc::clone(&self.machine);
        let folder = plan.file.as_ref().and_then(|file| file.path.parent()).map(Path::to_owned);
        let refused = Err("it does not answer".to_owned());
        let if_lost = Action::FolderPrepared { plan: plan.clone(), result: refused };
        self.spawn("make-folder", Some(FOLDER_WITHIN), Some(if_lost), move |_| {
            let result = folder.map_or(Ok(()), |folder| machine.make_folder(&folder));
            Some(Action::FolderPrepared { plan, result })
        });
    }

    fn pick_folder(&mut self, start: &str) {
        let wait = self.dialogs.pick_folder("Folder for recordings", &expanded(start));
        let if_lost = Action::FolderPicked(Picked::NoDialog);
        self.spawn("folder-dialog", None, Some(if_lost), move |_| Some(Action::FolderPicked(wait())));
    }

    fn desktop(&mut self, path: PathBuf, run: impl FnOnce(&dyn Machine, &Path) -> Result<(), String> + Send + 'static) {
        let machine = Arc::clone(&self.machine);
        self.spawn("desktop", None, None, move |_| {
            run(&*machine, &path).err().map(|what| told(Severity::Warning, what))
        });
    }

    fn spawn(
        &mut self,
        name: &str,
        within: Option<Duration>,
        if_lost: Option<Action>,
        run: impl FnOnce(StopToken) -> Option<Action> + Send + 'static,
    ) {
        let wake = Arc::clone(&self.wake);
        let due = within.map(|within| self.clock.now() + within);
        match spawn_job(name, move || wake(), run) {
            Ok(job) => self.running.push(Running { job, if_lost, due }),
            Err(error) => {
                log::error!("no thread for '{name}': {error}");
                self.lost.extend(if_lost);
            }
        }
    }

    /// What came back since the last call.
    pub(super) fn poll(&mut self) -> Vec<Action> {
        let now = self.clock.now();
        let mut actions = std::mem::take(&mut self.lost);
        actions.extend(self.plugs.take().then_some(Action::DevicesChanged));
        self.running.retain_mut(|running| match running.job.poll() {
            JobState::Running if running.due.is_some_and(|due| due <= now) => {
                actions.extend(running.if_lost.take());
                false
            }
            JobState::Running => true,
            JobState::Done(action) => {
                actions.extend(action);
                false
            }
            JobState::Gone => {
                actions.extend(running.if_lost.take());
                false
            }
        });
        self.save_if_due(now);
        actions
    }

    /// How long until a poll is needed even if nobody wakes us.
    pub(super) fn next_poll_in(&self) -> Option<Duration> {
        let dues = self.running.iter().filter_map(|running| running.due);
        let save = self.unsaved.as_ref().map(|(due, _)| *due);
        dues.chain(save).min().map(|due| due.since(self.clock.now()) + Duration::from_millis(1))
    }

    fn save_if_due(&mut self, now: Timestamp) {
        let Some((_, settings)) = self.unsaved.take_if(|(due, _)| *due <= now) else { return };
        if let Some(store) = self.store.clone() {
            self.spawn("save", None, None, move |_| {
                store.save_of_window(&settings).err().map(|error| told(Severity::Warning, error.to_string()))
            });
        }
    }

    /// Writes what is unsaved before the program ends; a small file, so here the window may wait for it.
    pub(super) fn save_now(&mut self) {
        if let (Some((_, settings)), Some(store)) = (self.unsaved.take(), &self.store)
            && let Err(error) = store.save_of_window(&settings)
        {
            log::warn!("{error}");
        }
    }
}

fn told(severity: Severity, what: String) -> Action {
    Action::Told { severity, what, help: String::new() }
}

/// The folder that a profile's text means.
fn expanded(folder: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (folder.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(folder),
    }
}
