//! Work off the window's thread: each effect that takes time is a job whose result comes back as an action.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::persist::SettingsStore;
use super::ports::{FolderDialogs, Machine};
use crate::media::Timestamp;
use crate::model::{Action, DevicesFound, Effect, Picked, Settings};
use crate::plan::Severity;
use crate::rt::{Clock, Job, JobState, spawn_job};

/// Edits come in bursts: the file is written once they pause.
const SAVE_AFTER: Duration = Duration::from_secs(1);
/// A search for devices that takes longer is stuck in a driver.
const DEVICES_WITHIN: Duration = Duration::from_secs(20);
/// Trial encodes of a dozen encoders on a slow machine.
const FFMPEG_WITHIN: Duration = Duration::from_secs(120);

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
    running: Vec<Running>,
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
        Self { machine, dialogs, store, clock, wake, running: Vec::new(), unsaved: None }
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
            Effect::RefreshDevices => self.list_devices(),
            Effect::ProbeFfmpeg => self.probe_ffmpeg(),
            Effect::PickFolder { start } => self.pick_folder(&start),
            Effect::ShowInFolder(path) => self.desktop(path, |machine, path| machine.show_in_folder(path)),
            Effect::OpenFile(path) => self.desktop(path, |machine, path| machine.open_file(path)),
            Effect::SaveSettings(settings) => self.unsaved = Some((self.clock.now() + SAVE_AFTER, settings)),
            other @ (Effect::Session(_) | Effect::CopyText(_) | Effect::Close) => return Some(other),
        }
        None
    }

    fn list_devices(&mut self) {
        let machine = Arc::clone(&self.machine);
        let what = "The search for devices did not come back; a driver may be stuck.";
        let lost = DevicesFound { listing: crate::capture::Listing::default(), audio: Err(what.to_owned()) };
        let if_lost = Action::DevicesListed(Box::new(lost));
        self.spawn("devices", Some(DEVICES_WITHIN), Some(if_lost), move || {
            Some(Action::DevicesListed(Box::new(machine.devices())))
        });
    }

    fn probe_ffmpeg(&mut self) {
        let machine = Arc::clone(&self.machine);
        let what = "ffmpeg did not answer. Check that it runs: ffmpeg -version";
        let if_lost = Action::FfmpegProbed(Err(what.to_owned()));
        self.spawn("ffmpeg", Some(FFMPEG_WITHIN), Some(if_lost), move || Some(Action::FfmpegProbed(machine.ffmpeg())));
    }

    fn pick_folder(&mut self, start: &str) {
        let wait = self.dialogs.pick_folder("Folder for recordings", &expanded(start));
        let if_lost = Action::FolderPicked(Picked::NoDialog);
        self.spawn("folder-dialog", None, Some(if_lost), move || Some(Action::FolderPicked(wait())));
    }

    fn desktop(&mut self, path: PathBuf, run: impl FnOnce(&dyn Machine, &Path) -> Result<(), String> + Send + 'static) {
        let machine = Arc::clone(&self.machine);
        self.spawn("desktop", None, None, move || {
            run(&*machine, &path).err().map(|what| told(Severity::Warning, what))
        });
    }

    fn spawn(
        &mut self,
        name: &str,
        within: Option<Duration>,
        if_lost: Option<Action>,
        run: impl FnOnce() -> Option<Action> + Send + 'static,
    ) {
        let wake = Arc::clone(&self.wake);
        let due = within.map(|within| self.clock.now() + within);
        match spawn_job(name, move || wake(), move |_| run()) {
            Ok(job) => self.running.push(Running { job, if_lost, due }),
            Err(error) => {
                log::error!("no thread for '{name}': {error}");
                let (give, lost) = (Arc::clone(&self.wake), if_lost);
                // The next poll finds a job that has already ended with what is told in such a case.
                if let Ok(job) = spawn_job("lost", move || give(), move |_| lost) {
                    self.running.push(Running { job, if_lost: None, due: None });
                }
            }
        }
    }

    /// What came back since the last call.
    pub(super) fn poll(&mut self) -> Vec<Action> {
        let now = self.clock.now();
        let mut actions = Vec::new();
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
            self.spawn("save", None, None, move || {
                store.save(&settings).err().map(|error| told(Severity::Warning, error.to_string()))
            });
        }
    }

    /// Writes what is unsaved before the program ends; a small file, so here the window may wait for it.
    pub(super) fn save_now(&mut self) {
        if let (Some((_, settings)), Some(store)) = (self.unsaved.take(), &self.store)
            && let Err(error) = store.save(&settings)
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
