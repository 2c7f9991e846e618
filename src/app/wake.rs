//! Decides whether what is new can be seen, and when the window is painted for it.
//!
//! The session wakes us some tens of times a second; painting a 1300×790 window in software costs 9 ms, so a
//! window in which nothing changes must not be painted at all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use eframe::egui;

use super::ports::SessionPort;
use crate::media::{Levels, Timestamp};
use crate::model::words;
use crate::rt::{Clock, Latest};
use crate::session::{SourceStatus, State, Status};
use crate::ui::SelfPortrait;

/// A zero delay paints two frames in egui 0.37, 117 % of a core instead of 62 %; this one paints one.
pub(super) const AT_ONCE: Duration = Duration::from_micros(100);
/// 30 pictures a second while nothing is recorded.
const PREVIEW_PAUSE: Duration = Duration::from_millis(33);
/// Pictures 15 times a second while recording: the encoder needs the machine more.
const RECORDING_PAUSE: Duration = Duration::from_millis(66);
/// Sound levels, at least 20 times a second, the time to paint included: with less a needle is seen to jump.
const METER_PAUSE: Duration = Duration::from_millis(28);
/// Sound levels in a window that is being filmed.
const FILMED_METER_PAUSE: Duration = Duration::from_millis(200);
/// Counting numbers, 5 times a second.
const NUMBER_PAUSE: Duration = Duration::from_millis(200);
/// Everything, while the window films itself.
pub(super) const SELF_PORTRAIT_PAUSE: Duration = Duration::from_secs(1);

/// Whether pictures are painted, and which is the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pictures {
    /// A card stands in their place.
    #[default]
    Hidden,
    /// The picture of this number, or none yet.
    Shown(Option<u64>),
}

/// What the window shows now.
#[derive(Clone, Debug, Default)]
pub(super) struct Painted {
    /// When it was painted.
    pub(super) at: Timestamp,
    /// The status in it.
    pub(super) status: Arc<Status>,
    /// The pictures in it.
    pub(super) pictures: Pictures,
    /// Whether it films itself.
    pub(super) portrait: SelfPortrait,
}

/// Stands between the session's wake calls and the window.
pub struct WakeGate {
    ctx: egui::Context,
    clock: Arc<dyn Clock>,
    port: OnceLock<Weak<dyn SessionPort>>,
    painted: Latest<Painted>,
    closed: AtomicBool,
}

impl WakeGate {
    /// A gate to this window.
    pub fn new(ctx: egui::Context, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { ctx, clock, port: OnceLock::new(), painted: Latest::new(), closed: AtomicBool::new(false) })
    }

    /// Lets the gate look at what is new; until then every call paints.
    pub(super) fn attach(&self, port: &Arc<dyn SessionPort>) {
        drop(self.port.set(Arc::downgrade(port)));
    }

    /// Something may be new. Called by the session from any thread; does not block.
    pub fn wake(&self) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let port = self.port.get().and_then(Weak::upgrade);
        let (Some(port), Some(painted)) = (port, self.painted.peek()) else {
            return self.ctx.request_repaint_after(AT_ONCE);
        };
        let seq = port.preview_image().map(|image| image.seq);
        if let Some(pause) = pause(&painted, &port.status(), seq) {
            let wait = (painted.at + pause).since(self.clock.now()).max(AT_ONCE);
            self.ctx.request_repaint_after(wait);
        }
    }

    /// The window goes. From here on the session is not looked at: its last owner must be the window, because a
    /// session dropped from inside its own wake call would wait for itself.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Notes what was just painted.
    pub(super) fn painted(&self, painted: Painted) {
        self.painted.put(painted);
    }
}

/// How long after the last painting this is worth painting; `None` if it looks the same.
fn pause(painted: &Painted, status: &Arc<Status>, preview_seq: Option<u64>) -> Option<Duration> {
    let before = &painted.status;
    let least = |pause: Duration| match painted.portrait {
        SelfPortrait::No => pause,
        SelfPortrait::Yes => SELF_PORTRAIT_PAUSE,
    };
    let same_camera = before.camera.as_ref().map(|camera| (camera.mode, camera.signal))
        == status.camera.as_ref().map(|camera| (camera.mode, camera.signal));
    if !same_stage(&before.state, &status.state) || !same_source(&before.source, &status.source) || !same_camera {
        return Some(Duration::ZERO);
    }
    let recording = status.state.is_busy();
    // The needles of a window that films itself move in the film; before it is recorded there is no film.
    let meter_pause = match painted.portrait {
        SelfPortrait::Yes if recording => FILMED_METER_PAUSE,
        _ => METER_PAUSE,
    };
    let is_heard = !Arc::ptr_eq(before, status) && meters(before) != meters(status);
    if let Pictures::Shown(shown) = painted.pictures
        && shown != preview_seq
    {
        let pause = least(if recording { RECORDING_PAUSE } else { PREVIEW_PAUSE });
        return Some(if is_heard { pause.min(meter_pause) } else { pause });
    }
    if Arc::ptr_eq(before, status) {
        return None;
    }
    if is_heard {
        return Some(meter_pause);
    }
    let controls = |status: &Status| status.camera.as_ref().map(|camera| camera.controls.clone());
    (numbers(before) != numbers(status) || controls(before) != controls(status)).then(|| least(NUMBER_PAUSE))
}

fn same_stage(before: &State, after: &State) -> bool {
    match (before, after) {
        (State::Finalizing { .. }, State::Finalizing { .. }) => true,
        _ => before == after,
    }
}

fn same_source(before: &SourceStatus, after: &SourceStatus) -> bool {
    match (before, after) {
        // Its frame rate is read in the self-portrait's card only; that is a number, not an event.
        (SourceStatus::Running { name, size, .. }, SourceStatus::Running { name: name2, size: size2, .. }) => {
            name == name2 && size == size2
        }
        _ => before == after,
    }
}

/// The levels as the meters show them, in half decibels: less moves no bar.
fn meters(status: &Status) -> Vec<(i32, i32, bool, Option<&str>)> {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to −60…12")]
    let shown = |db: f32| (2.0 * db.clamp(-60.0, 12.0)).round() as i32;
    let inputs = status.audio.iter().map(|audio| (audio.levels, audio.problem.as_deref()));
    let tracks = status.tracks.iter().map(|track| (track.levels, None));
    let bar =
        |(levels, problem): (Levels, _)| (shown(levels.rms_db), shown(levels.held_peak_db), levels.clipped, problem);
    inputs.chain(tracks).map(bar).collect()
}

/// Everything else as it is written in the window.
fn numbers(status: &Status) -> impl PartialEq + use<> {
    let progress = match &status.state {
        State::Finalizing { progress, step } => Some((progress.map(|done| format!("{:.0}", done * 100.0)), *step)),
        _ => None,
    };
    let disk = status.disk.map(|disk| (words::bytes(disk.free_bytes), words::time_left(disk.left_s)));
    (
        (status.elapsed.as_secs(), words::bytes(status.file_bytes), format!("{:.1}", status.fps)),
        (status.frames.repeated, status.frames.dropped_capture, status.frames.dropped_encoder),
        (progress, disk, status.notices.last().map(|notice| notice.id), status.audio.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::CameraMode;
    use crate::media::Levels;
    use crate::session::{AudioStatus, CameraControl, CameraState, ControlKind, ControlState, DiskStatus, Signal};

    fn idle() -> Status {
        let levels = Levels { rms_db: -30.0, held_peak_db: -20.0, ..Levels::SILENT };
        Status {
            audio: vec![AudioStatus {
                device: "mic".into(),
                kind: None,
                track: 1,
                levels,
                muted: false,
                problem: None,
            }],
            disk: Some(DiskStatus { free_bytes: 42_000_000_000, left_s: None }),
            ..Status::default()
        }
    }

    fn painted(status: Status) -> Painted {
        Painted {
            at: Timestamp::default(),
            status: Arc::new(status),
            pictures: Pictures::Shown(Some(7)),
            portrait: SelfPortrait::No,
        }
    }

    fn pause_after(painted: &Painted, change: impl FnOnce(&mut Status)) -> Option<Duration> {
        let mut status = (*painted.status).clone();
        change(&mut status);
        pause(painted, &Arc::new(status), Some(7))
    }

    #[test]
    fn what_looks_the_same_is_not_painted() {
        let painted = painted(idle());
        assert_eq!(pause_after(&painted, |_| {}), None);
        assert_eq!(pause_after(&painted, |status| status.audio[0].levels.rms_db = -30.2), None);
        assert_eq!(pause_after(&painted, |status| status.latency_s = Some(0.2)), None);
        let free =
            |bytes| move |status: &mut Status| status.disk = Some(DiskStatus { free_bytes: bytes, left_s: None });
        assert_eq!(pause_after(&painted, free(42_000_004_096)), None);
        assert_eq!(pause_after(&painted, free(41_000_000_000)), Some(NUMBER_PAUSE));
    }

    #[test]
    fn each_kind_of_news_has_its_pace() {
        let painted = painted(idle());
        assert_eq!(pause_after(&painted, |status| status.state = State::Starting), Some(Duration::ZERO));
        assert_eq!(pause_after(&painted, |status| status.source = SourceStatus::Opening), Some(Duration::ZERO));
        assert_eq!(pause_after(&painted, |status| status.audio[0].levels.rms_db = -20.0), Some(METER_PAUSE));
        assert_eq!(pause_after(&painted, |status| status.frames.repeated = 1), Some(NUMBER_PAUSE));
        let same = Arc::clone(&painted.status);
        assert_eq!(pause(&painted, &same, Some(8)), Some(PREVIEW_PAUSE));
        let hidden = Painted { pictures: Pictures::Hidden, ..painted.clone() };
        assert_eq!(pause(&hidden, &same, Some(8)), None, "nobody sees the picture");
        let empty = Painted { pictures: Pictures::Shown(None), ..painted.clone() };
        assert_eq!(pause(&empty, &same, None), None, "there is no picture");
        assert_eq!(pause(&empty, &same, Some(1)), Some(PREVIEW_PAUSE));
    }

    #[test]
    fn a_camera_that_falls_silent_is_seen_at_once_and_its_counts_are_not() {
        let mode = CameraMode::parse("640x480@30 yuyv").unwrap();
        let camera = CameraState {
            id: String::new(),
            mode,
            signal: Signal::Good,
            controls: Vec::new(),
            whole: 1,
            lost: 0,
            damaged: 0,
            outages: 0,
            silent: Duration::ZERO,
        };
        let painted = painted(Status { camera: Some(Arc::new(camera.clone())), ..idle() });
        let after = |camera: CameraState| pause_after(&painted, |status| status.camera = Some(Arc::new(camera)));
        assert_eq!(after(CameraState { whole: 31, ..camera.clone() }), None);
        assert_eq!(after(CameraState { signal: Signal::Silent, ..camera.clone() }), Some(Duration::ZERO));
        let gain = CameraControl {
            key: "gain".into(),
            name: "Gain".into(),
            kind: ControlKind::Switch,
            value: 1,
            default: 0,
            state: ControlState::Free,
        };
        assert_eq!(after(CameraState { controls: vec![gain], ..camera }), Some(NUMBER_PAUSE));
    }

    #[test]
    fn recording_halves_the_preview_and_a_self_portrait_slows_everything() {
        let recording = painted(Status { state: State::Recording, ..idle() });
        let status = Arc::clone(&recording.status);
        assert_eq!(pause(&recording, &status, Some(8)), Some(RECORDING_PAUSE));
        let mirror = Painted { portrait: SelfPortrait::Yes, ..recording };
        assert_eq!(pause(&mirror, &status, Some(8)), Some(SELF_PORTRAIT_PAUSE));
        assert_eq!(pause_after(&mirror, |status| status.frames.repeated = 1), Some(SELF_PORTRAIT_PAUSE));
        assert_eq!(pause_after(&mirror, |status| status.state = State::Idle), Some(Duration::ZERO));
    }
}
