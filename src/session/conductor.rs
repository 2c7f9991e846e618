//! The session's thread: one loop over everything that can happen, one owner of everything that runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::camera_count::CameraCount;
use super::event::{Event, EventSender};
use super::failure::Trouble;
use super::inputs::Inputs;
use super::prepare::{Ready, prepare};
use super::rates::Rate;
use super::recording::{Recording, RecordingSetup};
use super::sound::track_numbers;
use super::sound_alarms::SoundAlarms;
use super::status::{Command, DiskStatus, FailureKind, Notice, PreviewRequest, SourceStatus, State, Status};
use crate::fanout::seconds_left;
use crate::media::{Frame, FrameRate, Timestamp};
use crate::plan::{Plan, Severity};
use crate::preview::Preview;
use crate::rt::{Clock, Intake, Job, JobState, Latest, StopToken, spawn_job};

mod hearing;

use hearing::{audience, lost_sound};

/// How often a busy session looks at its parts and publishes.
const BUSY_TICK: Duration = Duration::from_millis(100);
/// How often one whose levels somebody watches does.
const METER_TICK: Duration = Duration::from_millis(18);
/// How often an idle one does.
const IDLE_TICK: Duration = Duration::from_secs(1);
/// How long a source may take for its first picture.
///
/// A camera gives up by itself after ten and says more.
const FIRST_PICTURE: Duration = Duration::from_secs(12);
/// How long sound may take to open before recording starts without waiting: the picture never waits longer.
const FIRST_SOUND: Duration = Duration::from_secs(2);
/// How long a start that was given up may take to end what it runs, when everything is closed.
const GIVEN_UP: Duration = Duration::from_secs(5);
/// Notices kept.
const NOTICES: usize = 50;

/// What the session is made with.
pub(super) struct ConductorSetup {
    pub(super) ffmpeg: Option<PathBuf>,
    pub(super) cache_dir: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: EventSender,
    pub(super) queue: Intake<Event, 2>,
    pub(super) status: Latest<Arc<Status>>,
    pub(super) preview: Arc<Preview>,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
}

/// A recording that was asked for and does not run yet.
struct Starting {
    plan: Plan,
    since: Timestamp,
    job: Job<Result<Ready, Trouble>>,
    ready: Option<Ready>,
}

pub(super) struct Conductor {
    setup: ConductorSetup,
    inputs: Inputs,
    wanted: Option<PreviewRequest>,
    watched: bool,
    starting: Option<Starting>,
    /// Starts that were given up: what they run is ended before the session is.
    given_up: Vec<Job<Result<Ready, Trouble>>>,
    recording: Option<Recording>,
    camera_count: Option<CameraCount>,
    sound_alarms: Option<SoundAlarms>,
    status: Status,
    next_notice: u64,
    closing: bool,
    source_rate: Rate,
    frame_rate: Rate,
    byte_rate: Rate,
}

impl Conductor {
    pub(super) fn new(setup: ConductorSetup) -> Self {
        let inputs = Inputs::new(Arc::clone(&setup.clock), setup.events.clone(), Arc::clone(&setup.preview));
        Self {
            setup,
            inputs,
            wanted: None,
            watched: false,
            starting: None,
            given_up: Vec::new(),
            recording: None,
            camera_count: None,
            sound_alarms: None,
            status: Status::default(),
            next_notice: 0,
            closing: false,
            source_rate: Rate::default(),
            frame_rate: Rate::default(),
            byte_rate: Rate::default(),
        }
    }

    /// Until everything is closed. A stop of the thread itself counts as [`Command::Shutdown`].
    pub(super) fn run(mut self, stop: &StopToken) {
        loop {
            let running = self.is_busy() || self.inputs.video.is_some() || !self.inputs.sound.is_empty();
            let tick = match (running, self.watched && !self.inputs.sound.is_empty()) {
                (_, true) => METER_TICK,
                (true, false) => BUSY_TICK,
                (false, false) => IDLE_TICK,
            };
            let event = self.setup.queue.take_within(tick);
            let had_news = event.is_some();
            if let Some(event) = event {
                self.handle(event);
            }
            while let Some(event) = self.setup.queue.take_within(Duration::ZERO) {
                self.handle(event);
            }
            if stop.is_stopped() && !self.closing {
                self.handle(Event::Command(Command::Shutdown));
            }
            self.proceed();
            if running || had_news {
                self.publish();
            }
            if self.closing && !self.is_busy() {
                for mut job in self.given_up.drain(..) {
                    // An ffmpeg that is asked for its version outlived us otherwise.
                    job.wait(GIVEN_UP);
                }
                return;
            }
        }
    }

    fn is_busy(&self) -> bool {
        self.starting.is_some() || self.recording.is_some()
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Command(command) => self.command(command),
            Event::SourceStarted { number, info } => self.source_started(number, info),
            Event::SourceWarning { number, warning } => {
                // What only a preview missed is no loss to tell of.
                let is_loss = self.recording.is_some() || !warning.concerns_recordings_alone();
                if self.is_video(number) && is_loss {
                    let what = super::failure::sentence(&warning.to_string());
                    self.notice(Severity::Warning, "source", what, warning.help().to_owned());
                }
            }
            Event::SourceEnded { number, error } => self.source_ended(number, error),
            Event::SoundStarted { number, info } => {
                let news = self.inputs.sound.started(number, &info);
                self.sound_news(news);
            }
            Event::SoundLost { number, error } => {
                let news = self.inputs.sound.lost(number, &error);
                self.sound_news(news);
            }
            Event::WriterEnded(result) => {
                if let Some(recording) = &mut self.recording {
                    recording.writer_ended(result);
                }
            }
            Event::Wake => {}
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Preview(request) => {
                self.wanted = request;
                if !self.is_busy() {
                    self.open_wanted();
                } else if let Some(wanted) = &self.wanted {
                    wanted.source.iter().for_each(|source| self.inputs.steer(source));
                    self.inputs.sound.steer(&wanted.audio);
                }
            }
            Command::CameraButton(key) => self.inputs.press(&key),
            Command::Watch(watched) => {
                self.watched = watched;
                self.setup.preview.set_watched(watched);
            }
            Command::Start(plan) => self.start(*plan),
            Command::Stop => self.stop(),
            Command::Shutdown => {
                self.closing = true;
                if let Some(recording) = &mut self.recording
                    && recording.is_running()
                {
                    recording.stop(None);
                }
                self.cancel_start();
            }
        }
    }

    fn open_wanted(&mut self) {
        if self.closing {
            return;
        }
        let (source, sound) = match &self.wanted {
            Some(request) => (request.source.clone(), request.audio.clone()),
            None => (None, Vec::new()),
        };
        if let Some(request) = &self.wanted {
            self.setup.preview.set_limits(request.max_size, FrameRate::whole(30));
        }
        self.inputs.want(source.as_ref(), &sound);
        self.status.source = self.source_status(0.0);
    }

    fn start(&mut self, plan: Plan) {
        if self.is_busy() || self.closing {
            return;
        }
        self.status = Status { notices: std::mem::take(&mut self.status.notices), ..Status::default() };
        self.status.state = State::Starting;
        self.inputs.want(plan.video.as_ref().map(|video| &video.request), &plan.audio);
        let (custom, cache_dir) = (self.setup.ffmpeg.clone(), self.setup.cache_dir.clone());
        let (wanted, events) = (plan.clone(), self.setup.events.clone());
        let job = spawn_job(
            "start",
            move || events.send(Event::Wake),
            move |stop| prepare(custom.as_deref(), &cache_dir, &wanted, &stop),
        );
        match job {
            Ok(job) => {
                let since = self.setup.clock.now();
                self.starting = Some(Starting { plan, since, job, ready: None });
            }
            Err(error) => self.fail(Trouble::from(error)),
        }
    }

    fn stop(&mut self) {
        if let Some(recording) = &mut self.recording {
            if recording.is_running() { recording.stop(None) } else { recording.force() }
        }
        self.cancel_start();
    }

    fn cancel_start(&mut self) {
        if self.give_up() {
            self.status.state = State::Idle;
            self.open_wanted();
        }
    }

    /// Whether a start was under way.
    fn give_up(&mut self) -> bool {
        let Some(Starting { job, ready, .. }) = self.starting.take() else { return false };
        if ready.is_none() {
            job.stop();
            self.given_up.push(job);
        }
        true
    }

    fn source_started(&mut self, number: u64, info: crate::capture::SourceInfo) {
        if let Some(video) = self.inputs.video.as_mut().filter(|video| video.number == number) {
            video.info = Some(info);
        }
    }

    fn source_ended(&mut self, number: u64, error: crate::capture::CaptureError) {
        if !self.is_video(number) {
            return;
        }
        if let Some(recording) = &mut self.recording {
            recording.stop(Some(Trouble::from(error.clone())));
        }
        if self.starting.is_some() {
            self.fail(Trouble::from(error.clone()));
        }
        if let Some(video) = &mut self.inputs.video {
            video.failed = Some(error);
        }
    }

    fn is_video(&self, number: u64) -> bool {
        self.inputs.video.as_ref().is_some_and(|video| video.number == number)
    }

    /// Whatever can go on without an event.
    fn proceed(&mut self) {
        if let Some(video) = &mut self.inputs.video
            && video.has_ended_silently()
        {
            let number = video.number;
            self.source_ended(number, crate::capture::CaptureError::Vanished);
        }
        self.given_up.retain_mut(|job| matches!(job.poll(), JobState::Running));
        self.proceed_starting();
        self.count_camera();
        let Some(recording) = &mut self.recording else { return };
        let Some((trouble, sink)) = recording.poll() else { return };
        self.inputs.detach();
        let (audio, _) = self.inputs.sound.status();
        let Some(recording) = self.recording.take() else { return };
        for remark in &sink.remarks {
            self.notice(Severity::Warning, "file", remark.clone(), String::new());
        }
        let has_product = !sink.files.is_empty() || !sink.streams.is_empty();
        let mut report = recording.finished(sink, audio);
        report.camera = self.camera_count.take().map(|count| count.report());
        self.status.frames = report.frames;
        self.status.file = report.files.first().map(|file| file.path.clone());
        self.status.streams.clone_from(&report.streams);
        self.status.state = match trouble {
            None if has_product => State::Done(Box::new(report)),
            None => State::Failed(Box::new(nothing_written().into_failure(None))),
            Some(trouble) => State::Failed(Box::new(trouble.into_failure(has_product.then_some(report)))),
        };
        self.open_wanted();
    }

    /// Follows the camera's counts for as long as its pictures are recorded.
    fn count_camera(&mut self) {
        let now = self.setup.clock.now();
        let is_running =
            self.recording.as_ref().is_some_and(|recording| recording.is_running() && !recording.is_over(now));
        if let (true, Some(count), Some(video)) = (is_running, &mut self.camera_count, &self.inputs.video) {
            count.update(video);
        }
    }

    /// An input that could not even be opened tells so at once, without an event.
    fn refused_input(&self) -> Option<Trouble> {
        let video = self.inputs.video.as_ref().and_then(|video| video.failed.clone()).map(Trouble::from);
        let sound = || self.inputs.sound.problem().map(lost_sound);
        video.or_else(sound)
    }

    fn proceed_starting(&mut self) {
        if self.starting.is_some()
            && let Some(trouble) = self.refused_input()
        {
            return self.fail(trouble);
        }
        let Some(starting) = &mut self.starting else { return };
        if starting.ready.is_none() {
            match starting.job.poll() {
                JobState::Running => {}
                JobState::Done(Ok(ready)) => starting.ready = Some(ready),
                JobState::Done(Err(trouble)) => return self.fail(trouble),
                JobState::Gone => return self.fail(nothing_written()),
            }
        }
        let now = self.setup.clock.now();
        let waited = now.since(starting.since);
        let picture = match &self.inputs.video {
            Some(video) => {
                let first = video.newest.peek();
                if first.is_none() || video.info.is_none() {
                    if waited > FIRST_PICTURE {
                        let help = "Check that it works in another program, or choose another source.";
                        self.fail(Trouble::new(FailureKind::Capture, "The source gave no picture within 12 s", help));
                    }
                    return;
                }
                first
            }
            None => None,
        };
        if !self.inputs.sound.are_settled() && waited < FIRST_SOUND {
            return;
        }
        if starting.ready.is_some()
            && let Some(Starting { plan, ready: Some(ready), .. }) = self.starting.take()
        {
            self.begin(plan, ready, picture.as_deref());
        }
    }

    fn begin(&mut self, plan: Plan, ready: Ready, first: Option<&Frame>) {
        let audience = audience(&plan);
        let Ready { place, further } = ready;
        let setup = RecordingSetup {
            plan,
            place,
            further,
            titles: self.inputs.sound.track_titles(),
            clock: Arc::clone(&self.setup.clock),
            events: self.setup.events.clone(),
        };
        match Recording::start(setup, first) {
            Ok(recording) => {
                self.inputs.attach(&recording.destination(), &track_numbers(&recording.plan.audio));
                self.sound_alarms = Some(SoundAlarms::begin(self.setup.clock.now(), audience));
                self.camera_count = self.inputs.video.as_ref().and_then(CameraCount::begin);
                (self.frame_rate, self.byte_rate) = (Rate::default(), Rate::default());
                self.status.file.clone_from(&recording.file);
                self.status.commands.clone_from(&recording.commands);
                self.recording = Some(recording);
            }
            Err(trouble) => {
                self.fail(trouble);
            }
        }
    }

    fn fail(&mut self, trouble: Trouble) {
        self.give_up();
        self.status.state = State::Failed(Box::new(trouble.into_failure(None)));
        self.open_wanted();
    }

    fn notice(&mut self, severity: Severity, code: &'static str, what: String, help: String) {
        self.next_notice += 1;
        self.status.notices.push(Notice { id: self.next_notice, severity, code, what, help });
        if self.status.notices.len() > NOTICES {
            self.status.notices.remove(0);
        }
    }

    fn publish(&mut self) {
        let now = self.setup.clock.now();
        let delivered =
            self.inputs.video.as_ref().map_or(0, |video| video.delivered.load(std::sync::atomic::Ordering::Relaxed));
        let source_fps = self.source_rate.update(now, delivered);
        self.status.source = self.source_status(source_fps);
        self.status.camera = self.inputs.video.as_ref().and_then(|video| video.camera.peek());
        (self.status.audio, self.status.tracks) = self.inputs.sound.status();
        self.watch_sound();
        if let Some(recording) = &self.recording {
            let totals = recording.counters.totals();
            self.status.state = if recording.is_running() && totals.video_packets + totals.audio_packets > 0 {
                State::Recording
            } else if recording.is_running() {
                State::Starting
            } else {
                let (step, progress) = recording.finishing();
                State::Finalizing { progress, step }
            };
            self.status.elapsed = recording.elapsed();
            self.status.frames = recording.frames(false);
            self.status.fps = self.frame_rate.update(now, totals.video_packets);
            let bytes_per_s = self.byte_rate.update(now, totals.bytes);
            self.status.video_kbps = bytes_per_s * 8.0 / 1000.0;
            self.status.file_bytes = totals.bytes;
            self.status.latency_s = recording.counters.latency_s();
            self.status.streams = recording.streams();
            self.status.disk = recording.disk().map(|(free_bytes, copied)| DiskStatus {
                free_bytes,
                left_s: seconds_left(free_bytes, totals.bytes, bytes_per_s, copied),
            });
        }
        self.setup.status.put(Arc::new(self.status.clone()));
        (self.setup.wake)();
    }

    fn source_status(&self, fps: f64) -> SourceStatus {
        let Some(video) = &self.inputs.video else { return SourceStatus::Closed };
        match (&video.failed, &video.info) {
            (Some(error), _) => SourceStatus::Failed { what: error.to_string(), help: error.help().to_owned() },
            (None, Some(info)) => SourceStatus::Running { name: info.name.clone(), size: info.size, fps },
            (None, None) => SourceStatus::Opening,
        }
    }
}

fn nothing_written() -> Trouble {
    Trouble::new(FailureKind::Encoder, "Nothing was recorded", "Try again; if it stays so, try another encoder.")
}

#[cfg(test)]
#[path = "conductor_tests.rs"]
mod tests;
