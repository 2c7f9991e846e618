//! Between the reading thread and the deliveries. Once a camera has sent its first picture the source never ends by
//! itself: while no picture comes there is a slate, and the moment one comes it is passed on.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::control::CameraControl;
use super::mode::CameraMode;
use super::reader::{CameraHost, CameraMessage, Orders, Reader};
use super::slate::slate;
use super::stream::CameraSetting;
use super::{CameraState, Signal};
use crate::capture::stage::{Picture, Stage};
use crate::capture::{CaptureError, CaptureWarning, SourceInfo};
use crate::media::{FrameRate, Timestamp};
use crate::rt::{JoinOutcome, Worker};

/// Pictures that may wait for the capture thread; a third one is lost.
const QUEUE: usize = 2;
/// Silence after which the slate is shown and told.
const STALLED: Duration = Duration::from_secs(1);
/// Silence of a camera that never sent anything: it is told …
const SLOW_START: Duration = Duration::from_secs(3);
/// … and given up.
const GIVE_UP: Duration = Duration::from_secs(10);
/// How often stop and silence are looked for; while the slate is shown it is confirmed as often.
const LOOK: Duration = Duration::from_millis(50);
/// How long the reading thread may take to end: a stop is bounded to a second.
const LET_GO: Duration = Duration::from_millis(800);
/// Counts are told this often at most.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Reads the camera on the thread `camera-io` until stop is asked.
///
/// `name` is what the camera is called until it is open.
pub(super) fn run(
    mut host: Box<dyn CameraHost>,
    name: &str,
    orders: Orders,
    stage: &mut Stage,
) -> Result<(), CaptureError> {
    let (give, get) = sync_channel(QUEUE);
    let clock = stage.clock();
    let worker = Worker::spawn("camera-io", move |stop| {
        Reader { host: host.as_mut(), orders: &orders, clock: clock.as_ref(), stop: &stop, give: &give }.run();
    })
    .map_err(|error| CaptureError::NoThread { reason: error.to_string() })?;
    let mut feed = Feed::new(name.to_owned(), stage.now());
    let result = feed.pass_on(&get, stage);
    drop(get); // a reader that waits for a place in the queue goes on
    if worker.join(LET_GO) == JoinOutcome::Abandoned {
        stage.warn(CaptureWarning::CameraLeftBehind { name: feed.name });
    }
    result
}

struct Feed {
    id: String,
    name: String,
    setting: Option<CameraSetting>,
    /// When the last picture came, or the camera was asked for.
    heard: Timestamp,
    has_sent: bool,
    signal: Signal,
    /// Whether the slate is what was shown last.
    slated: bool,
    /// Whether this silence was told.
    told_silence: bool,
    controls: Vec<CameraControl>,
    whole: u64,
    lost: u64,
    damaged: u64,
    outages: u64,
    /// Silence of the outages that are over.
    silent: Duration,
    told: Option<Timestamp>,
    /// The first picture's moment, and the slot of the asked rate that was filled last.
    slots: Option<(Timestamp, u64)>,
}

impl Feed {
    fn new(name: String, now: Timestamp) -> Self {
        Self {
            id: String::new(),
            name,
            setting: None,
            heard: now,
            has_sent: false,
            signal: Signal::Silent,
            slated: false,
            told_silence: false,
            controls: Vec::new(),
            whole: 0,
            lost: 0,
            damaged: 0,
            outages: 0,
            silent: Duration::ZERO,
            told: None,
            slots: None,
        }
    }

    fn pass_on(&mut self, get: &Receiver<CameraMessage>, stage: &mut Stage) -> Result<(), CaptureError> {
        while !stage.is_stopped() {
            match get.recv_timeout(LOOK) {
                Ok(message) => self.take(message, stage)?,
                Err(RecvTimeoutError::Timeout) => {}
                // The reader ended without a word: its driver panicked.
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(CaptureError::CameraGone { name: self.name.clone() });
                }
            }
            self.listen(stage)?;
        }
        Ok(())
    }

    fn take(&mut self, message: CameraMessage, stage: &mut Stage) -> Result<(), CaptureError> {
        match message {
            CameraMessage::Failed(error) => return Err(error),
            CameraMessage::Opened { id, name, setting } => {
                (self.id, self.name) = (id, name);
                self.opened(setting, stage);
            }
            CameraMessage::Picture { picture, lost } => {
                self.lost += lost;
                self.whole += 1;
                self.picture(picture, stage);
            }
            CameraMessage::Waiting { lost } => self.lost += lost,
            CameraMessage::Damaged { lost } => {
                self.lost += lost;
                self.damaged += 1;
                stage.damaged(1);
                self.tell_in_time(stage);
            }
            CameraMessage::Crowded { lost } => {
                self.lost += lost + 1;
                stage.crowded(1);
                self.tell_in_time(stage);
            }
            CameraMessage::Controls(controls) => {
                self.controls = controls;
                self.tell(stage);
            }
            CameraMessage::Refused { key, reason } => {
                stage.warn(CaptureWarning::ControlRefused { name: self.name.clone(), key, reason });
            }
            CameraMessage::Lost(error) => {
                self.signal = Signal::Gone;
                self.told_silence = true;
                stage.warn(CaptureWarning::CameraLost { reason: Box::new(error) });
                self.tell(stage);
            }
        }
        Ok(())
    }

    fn opened(&mut self, setting: CameraSetting, stage: &mut Stage) {
        let CameraMode { size, rate, .. } = setting.mode;
        if let Some(before) = self.setting.replace(setting).map(|before| before.mode) {
            if before != setting.mode {
                let (name, from, to) = (self.name.clone(), before, setting.mode);
                stage.warn(CaptureWarning::CameraOtherMode { name, from, to });
            }
        } else {
            stage.started(SourceInfo { name: self.name.clone(), size, rate: Some(rate) });
        }
        self.slots = None;
        if self.signal == Signal::Gone {
            self.signal = Signal::Silent;
        }
        self.tell(stage);
    }

    fn picture(&mut self, picture: Picture, stage: &mut Stage) {
        let now = stage.now();
        let silent = now.since(self.heard);
        self.heard = now;
        self.has_sent = true;
        let was_good = std::mem::replace(&mut self.signal, Signal::Good) == Signal::Good;
        if std::mem::take(&mut self.told_silence) {
            stage.warn(CaptureWarning::CameraBack { name: self.name.clone(), silent });
        }
        let after_slate = std::mem::take(&mut self.slated);
        if after_slate {
            self.silent += silent;
        }
        if after_slate || self.is_wanted(picture.captured_at, stage.rate()) {
            stage.picture(picture);
        }
        if was_good {
            self.tell_in_time(stage);
        } else {
            self.tell(stage);
        }
    }

    /// Where clearly fewer pictures are asked than the camera sends, one a slot is passed on. At nearly equal
    /// rates all pass: their jitter would put two in one slot and none in the next.
    fn is_wanted(&mut self, at: Timestamp, asked: FrameRate) -> bool {
        let native = self.setting.map(|setting| setting.mode.rate);
        // Pictures that build on each other are passed on whole.
        let builds = self.setting.is_some_and(|setting| setting.mode.coding == super::CameraCoding::H264);
        if builds || native.is_none_or(|native| asked.as_f64() > native.as_f64() * 0.75) {
            self.slots = None;
            return true;
        }
        let Some((origin, filled)) = &mut self.slots else {
            self.slots = Some((at, 0));
            return true;
        };
        let slot = asked.nearest_tick(at.nanos_since(*origin));
        let wanted = slot > *filled;
        *filled = slot.max(*filled);
        wanted
    }

    /// A camera slower than one picture a second is not silent between two of them.
    fn patience(&self) -> Duration {
        let period = self.setting.map_or(0, |setting| setting.mode.rate.period_nanos().unsigned_abs());
        STALLED.max(Duration::from_nanos(period.saturating_mul(2)))
    }

    /// What silence asks for.
    fn listen(&mut self, stage: &mut Stage) -> Result<(), CaptureError> {
        let now = stage.now();
        let silent = now.since(self.heard);
        if !self.has_sent {
            if silent >= GIVE_UP {
                return Err(CaptureError::CameraStalled { name: self.name.clone(), silent });
            }
            if silent >= SLOW_START {
                self.tell_silence(stage);
            }
            return Ok(());
        }
        if silent < self.patience() {
            return Ok(());
        }
        if self.signal == Signal::Good {
            self.signal = Signal::Silent;
            self.tell(stage);
        }
        self.tell_silence(stage);
        if self.slated {
            stage.unchanged(now);
            self.tell_in_time(stage);
        } else if let Some(picture) = self.setting.and_then(|setting| slate(&setting, now)) {
            self.slated = true;
            self.outages += 1;
            stage.picture(picture);
        }
        Ok(())
    }

    fn tell_silence(&mut self, stage: &mut Stage) {
        if !std::mem::replace(&mut self.told_silence, true) {
            stage.warn(CaptureWarning::CameraStalled { name: self.name.clone() });
        }
    }

    fn tell_in_time(&mut self, stage: &mut Stage) {
        if self.told.is_none_or(|told| stage.now().since(told) >= TELL_EVERY) {
            self.tell(stage);
        }
    }

    fn tell(&mut self, stage: &mut Stage) {
        let Some(setting) = self.setting else { return };
        self.told = Some(stage.now());
        let now = if self.slated { stage.now().since(self.heard) } else { Duration::ZERO };
        stage.camera(Arc::new(CameraState {
            id: self.id.clone(),
            mode: setting.mode,
            signal: self.signal,
            controls: self.controls.clone(),
            whole: self.whole,
            lost: self.lost,
            damaged: self.damaged,
            outages: self.outages,
            silent: self.silent + now,
        }));
    }
}

#[cfg(test)]
mod tests;
