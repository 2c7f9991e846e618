//! The thread `camera-io`: opens the camera, reads it, sets its controls, and opens it again when it is lost. Every
//! call may hang in a driver; nobody waits for this thread but with a deadline.

use std::collections::BTreeSet;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::control::{CameraControl, ControlKind, ControlState, ControlWishes};
use super::mode::CameraMode;
use super::picture;
use super::stream::{Arrival, CameraSetting, CameraStream, ShotKey};
use crate::capture::CaptureError;
use crate::capture::stage::Picture;
use crate::media::Timestamp;
use crate::rt::{Clock, StopToken, Waited};

/// How long is waited for a picture before stop and orders are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// From one attempt to open a lost camera to the next.
const RETRY: Duration = Duration::from_millis(500);
/// Attempts to open a camera that fails while nothing is recorded yet: a stream's first start is refused at times.
const FIRST_TRIES: usize = 3;
/// After a change the driver is asked for all controls again, when this long nothing more was changed: one question a
/// control, some milliseconds each over USB.
const SETTLED: Duration = Duration::from_millis(150);

/// Who opens the camera that is meant, also after it was away.
pub(super) trait CameraHost: Send {
    /// Opens it; `before` is how it sent when it was lost.
    fn open(&mut self, before: Option<&CameraMode>) -> Result<OpenCamera, CaptureError>;
}

/// A camera that was opened.
pub(super) struct OpenCamera {
    /// Its stable id.
    pub(super) id: String,
    /// Its name for people.
    pub(super) name: String,
    pub(super) stream: Box<dyn CameraStream>,
}

/// What the reading thread says.
pub(super) enum CameraMessage {
    /// The camera is open.
    Opened { id: String, name: String, setting: CameraSetting },
    /// A picture, and how many before it never came.
    Picture { picture: Picture, lost: u64 },
    /// A picture that came damaged, or that cannot be shown without one that was.
    Damaged { lost: u64 },
    /// A picture that builds on one that did not come: nothing to be done with it before the next that stands alone.
    Waiting { lost: u64 },
    /// A picture for which there was no memory.
    Crowded { lost: u64 },
    /// What can be set now.
    Controls(Vec<CameraControl>),
    /// A control could not be set.
    Refused { key: String, reason: String },
    /// The camera is lost; it is tried again.
    Lost(CaptureError),
    /// It could not be opened at all. Comes last.
    Failed(CaptureError),
}

/// What is wanted of the camera while it runs.
#[derive(Clone, Default)]
pub(crate) struct Orders {
    inner: Arc<Mutex<OrdersInner>>,
}

#[derive(Default)]
struct OrdersInner {
    wishes: ControlWishes,
    pressed: Vec<String>,
}

impl Orders {
    pub(crate) fn new(wishes: ControlWishes) -> Self {
        Self { inner: Arc::new(Mutex::new(OrdersInner { wishes, pressed: Vec::new() })) }
    }

    pub(crate) fn wish(&self, wishes: ControlWishes) {
        self.lock().wishes = wishes;
    }

    pub(crate) fn press(&self, key: &str) {
        let mut orders = self.lock();
        // Whoever hammers on a button of a camera that hangs gets a few presses, not thousands.
        if orders.pressed.len() < 8 {
            orders.pressed.push(key.to_owned());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, OrdersInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a camera until stop is asked or nobody listens any more.
pub(super) struct Reader<'a> {
    pub(super) host: &'a mut dyn CameraHost,
    pub(super) orders: &'a Orders,
    pub(super) clock: &'a dyn Clock,
    pub(super) stop: &'a StopToken,
    pub(super) give: &'a SyncSender<CameraMessage>,
}

/// Why reading a camera that was open ended.
enum Ended {
    /// Stop was asked, or nobody listens.
    Done,
    /// The camera is lost.
    Lost(CaptureError),
}

impl Reader<'_> {
    pub(super) fn run(&mut self) {
        let mut before: Option<CameraMode> = None;
        let mut failures = 0;
        let mut told: Option<CaptureError> = None;
        while !self.stop.is_stopped() {
            match self.host.open(before.as_ref()) {
                Ok(camera) => {
                    // What it had first: a camera that came back otherwise once may have it again the next time.
                    before.get_or_insert(camera.stream.setting().mode);
                    told = None;
                    match self.read(camera) {
                        Ended::Done => return,
                        Ended::Lost(error) => {
                            if self.give.send(CameraMessage::Lost(error)).is_err() {
                                return;
                            }
                        }
                    }
                }
                Err(error) if before.is_none() => {
                    failures += 1;
                    // Nobody who has it open: our own list was asking it something.
                    let may_pass =
                        matches!(error, CaptureError::CameraFailed { .. } | CaptureError::CameraBusy { by: None, .. });
                    if !may_pass || failures >= FIRST_TRIES {
                        drop(self.give.send(CameraMessage::Failed(error)));
                        return;
                    }
                }
                Err(error) => {
                    log::debug!("not back yet: {error}");
                    // Gone is known already; that it is back and cannot be read is news.
                    if !matches!(error, CaptureError::CameraGone { .. } | CaptureError::NoCamera { .. })
                        && told.as_ref() != Some(&error)
                    {
                        told = Some(error.clone());
                        if self.give.send(CameraMessage::Lost(error)).is_err() {
                            return;
                        }
                    }
                }
            }
            if self.clock.sleep_until(self.clock.now() + RETRY, self.stop) == Waited::Stopped {
                return;
            }
        }
    }

    fn read(&mut self, camera: OpenCamera) -> Ended {
        let OpenCamera { id, name, mut stream } = camera;
        let setting = stream.setting();
        if self.give.send(CameraMessage::Opened { id, name, setting }).is_err() {
            return Ended::Done;
        }
        let mut knobs = Knobs::new(stream.as_mut());
        let mut count = Count::default();
        while !self.stop.is_stopped() {
            if knobs.turn(stream.as_mut(), self.orders, self.clock.now(), self.give).is_err() {
                return Ended::Done;
            }
            let message = match stream.next(LOOK) {
                Ok(Arrival::Nothing) => continue,
                Ok(Arrival::Damaged { sequence }) => CameraMessage::Damaged { lost: count.damaged(sequence) },
                Ok(Arrival::Crowded { sequence }) => CameraMessage::Crowded { lost: count.damaged(sequence) },
                Ok(Arrival::Shot(shot)) => {
                    let lost = count.lost_before(shot.sequence);
                    if !count.can_be_shown(shot.key) {
                        CameraMessage::Waiting { lost }
                    } else if let Some(picture) = picture::picture(shot, &setting) {
                        CameraMessage::Picture { picture, lost }
                    } else {
                        CameraMessage::Damaged { lost }
                    }
                }
                Err(error) => return Ended::Lost(error),
            };
            match self.give.try_send(message) {
                Ok(()) => {}
                // The newest is always the one worth having, and two are waiting already.
                Err(TrySendError::Full(message)) => count.unheard(&message),
                Err(TrySendError::Disconnected(_)) => return Ended::Done,
            }
        }
        Ended::Done
    }
}

/// Counts holes in the camera's numbers.
#[derive(Default)]
struct Count {
    last: Option<u32>,
    /// Messages that found the queue full: their pictures are lost too.
    unheard: u64,
    /// Whether a keyframe came since the last hole.
    unbroken: bool,
}

impl Count {
    fn lost_before(&mut self, sequence: Option<u32>) -> u64 {
        let hole = match (self.last, sequence) {
            (Some(last), Some(now)) => u64::from(now.wrapping_sub(last).wrapping_sub(1)),
            _ => 0,
        };
        self.last = sequence.or(self.last);
        // A number that runs backwards is a driver that began anew, not four thousand million lost pictures.
        let hole = if hole > u64::from(u32::MAX / 2) { 0 } else { hole };
        if hole > 0 {
            self.unbroken = false;
        }
        hole + std::mem::take(&mut self.unheard)
    }

    /// A message that was not taken: its picture is lost, and what it would have told.
    fn unheard(&mut self, message: &CameraMessage) {
        let told = match message {
            CameraMessage::Picture { lost, .. }
            | CameraMessage::Damaged { lost }
            | CameraMessage::Crowded { lost }
            | CameraMessage::Waiting { lost } => *lost,
            _ => 0,
        };
        self.unheard += 1 + told;
        self.unbroken = false;
    }

    fn damaged(&mut self, sequence: Option<u32>) -> u64 {
        let lost = self.lost_before(sequence);
        self.unbroken = false;
        lost
    }

    /// A picture that builds on others is no use before the first that does not.
    fn can_be_shown(&mut self, key: ShotKey) -> bool {
        self.unbroken |= key == ShotKey::Whole;
        self.unbroken
    }
}

/// What was set, and what is still to be.
struct Knobs {
    controls: Vec<CameraControl>,
    applied: ControlWishes,
    /// Said once each.
    complained: BTreeSet<String>,
    /// When the last change was made that was not read back yet.
    changed: Option<Timestamp>,
    told: bool,
}

/// Nobody listens any more.
struct Deaf;

impl Knobs {
    fn new(stream: &mut dyn CameraStream) -> Self {
        let controls = stream.controls();
        Self { controls, applied: ControlWishes::new(), complained: BTreeSet::new(), changed: None, told: false }
    }

    fn turn(
        &mut self,
        stream: &mut dyn CameraStream,
        orders: &Orders,
        now: Timestamp,
        give: &SyncSender<CameraMessage>,
    ) -> Result<(), Deaf> {
        let (wishes, pressed) = {
            let mut orders = orders.lock();
            let wishes = (orders.wishes != self.applied).then(|| orders.wishes.clone());
            (wishes, std::mem::take(&mut orders.pressed))
        };
        let mut refused = Vec::new();
        if let Some(wishes) = wishes {
            self.apply(stream, &wishes, now, &mut refused);
            self.applied = wishes;
        }
        for key in pressed {
            match stream.set_control(&key, 1) {
                Ok(()) => self.changed = Some(now),
                Err(reason) => refused.push((key, reason)),
            }
        }
        for (key, reason) in refused {
            if self.complained.insert(key.clone()) {
                give.send(CameraMessage::Refused { key, reason }).map_err(|_| Deaf)?;
            }
        }
        if self.changed.is_some_and(|changed| now.since(changed) >= SETTLED) {
            self.changed = None;
            self.controls = stream.controls();
            self.told = false;
        }
        if !std::mem::replace(&mut self.told, true) {
            give.send(CameraMessage::Controls(self.controls.clone())).map_err(|_| Deaf)?;
        }
        Ok(())
    }

    /// Switches and menus go first: automatic exposure must be off before an exposure can be set.
    fn apply(
        &mut self,
        stream: &mut dyn CameraStream,
        wishes: &ControlWishes,
        now: Timestamp,
        refused: &mut Vec<(String, String)>,
    ) {
        let is_number = |key: &str| {
            let control = self.controls.iter().find(|control| control.key == key);
            control.is_some_and(|control| matches!(control.kind, ControlKind::Number { .. }))
        };
        let (numbers, switches): (Vec<_>, Vec<_>) = wishes.iter().partition(|(key, _)| is_number(key));
        for (key, wished) in switches.into_iter().chain(numbers) {
            if self.applied.get(key) == Some(wished) {
                continue;
            }
            let Some(control) = self.controls.iter_mut().find(|control| control.key == *key) else {
                let have: Vec<&str> = self.controls.iter().map(|control| control.key.as_str()).collect();
                refused.push((key.clone(), format!("it has no such control; it has {}", list(&have))));
                continue;
            };
            let Some(value) = control.nearest(*wished) else {
                refused.push((key.clone(), format!("{wished} is none of its entries")));
                continue;
            };
            if control.state == ControlState::ReadOnly || value == control.value {
                continue;
            }
            match stream.set_control(key, value) {
                Ok(()) => {
                    control.value = value;
                    self.changed = Some(now);
                }
                Err(reason) => refused.push((key.clone(), reason)),
            }
        }
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests;
