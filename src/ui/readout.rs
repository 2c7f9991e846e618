//! The counting numbers as texts, made anew at most five times a second: faster they cannot be read.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui;

use super::{Scene, SelfPortrait};
use crate::media::Timestamp;
use crate::model::{Model, Stage, words};
use crate::session::{DiskStatus, State, Status};

/// The usual pause between two refreshes.
const PAUSE: Duration = Duration::from_millis(200);
/// The pause while the window films itself: every number that changes is a changed frame of the recording.
const SELF_PORTRAIT_PAUSE: Duration = Duration::from_secs(1);

/// The texts.
#[derive(Debug, Default)]
pub(super) struct Readout {
    /// Recorded time.
    pub(super) elapsed: String,
    /// The file's size.
    pub(super) size: String,
    /// Frames a second.
    pub(super) fps: String,
    /// Lost frames.
    pub(super) dropped: String,
    /// Repeated frames.
    pub(super) repeated: String,
    /// Room on the disk; empty while unknown.
    pub(super) disk: String,
    made: Option<(Timestamp, Stage, Arc<Status>, Option<u64>)>,
}

/// What the texts are made from.
struct Facts<'a> {
    status: &'a Arc<Status>,
    stage: Stage,
    free_bytes: Option<u64>,
}

impl Readout {
    /// Brings the texts up to date if it is time, else sees to it that the window is painted when it is.
    pub(super) fn follow(&mut self, ctx: &egui::Context, model: &Model, scene: &Scene<'_>) {
        let pause = match scene.portrait {
            SelfPortrait::No => PAUSE,
            SelfPortrait::Yes => SELF_PORTRAIT_PAUSE,
        };
        let facts = Facts { status: &model.status, stage: model.stage(), free_bytes: model.free_bytes() };
        if let Some(wait) = self.refresh(&facts, scene.now, pause) {
            ctx.request_repaint_after(wait);
        }
    }

    /// Makes the texts, or says how long to wait with it. A new stage is shown at once.
    fn refresh(&mut self, facts: &Facts<'_>, now: Timestamp, pause: Duration) -> Option<Duration> {
        let Facts { status, stage, free_bytes } = *facts;
        if let Some((at, made_stage, made_status, made_free)) = &self.made {
            let same_free = *made_free == free_bytes;
            if *made_stage == stage && same_free && Arc::ptr_eq(made_status, status) {
                return None;
            }
            let age = now.since(*at);
            if *made_stage == stage && same_free && age < pause {
                return Some(pause.saturating_sub(age));
            }
        }
        self.fill(status, free_bytes);
        self.made = Some((now, stage, Arc::clone(status), free_bytes));
        None
    }

    fn fill(&mut self, status: &Status, free_bytes: Option<u64>) {
        let frames = status.frames;
        let lost = frames.dropped_capture.saturating_add(frames.dropped_encoder);
        self.elapsed = words::clock(shown_time(status));
        self.size = words::bytes(status.file_bytes);
        self.fps = format!("{:>5.1}", status.fps.clamp(0.0, 999.9));
        self.dropped = format!("{lost:>6}");
        self.repeated = format!("{:>7}", frames.repeated);
        // While nothing is written the session need not look at a disk, and what it last saw may be another one.
        let seen = status.disk.filter(|_| status.state.is_busy());
        let disk = seen.or(free_bytes.map(|free_bytes| DiskStatus { free_bytes, left_s: None }));
        self.disk = disk.map_or_else(String::new, |disk| {
            let free = words::bytes(disk.free_bytes);
            let left = words::time_left(disk.left_s);
            let comma = if left.is_empty() { "" } else { ", " };
            format!("Disk: {} free{comma}{left}", free.trim())
        });
    }
}

/// Recorded time; of a finished recording its length.
fn shown_time(status: &Status) -> Duration {
    let report = match &status.state {
        State::Done(report) => Some(&**report),
        State::Failed(failure) => failure.saved.as_ref(),
        State::Idle | State::Starting | State::Recording | State::Finalizing { .. } => None,
    };
    report.and_then(|report| Duration::try_from_secs_f64(report.duration_s).ok()).unwrap_or(status.elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    fn recorded(seconds: u64) -> Arc<Status> {
        Arc::new(Status { state: State::Recording, elapsed: Duration::from_secs(seconds), ..Status::default() })
    }

    fn facts(status: &Arc<Status>, stage: Stage) -> Facts<'_> {
        Facts { status, stage, free_bytes: None }
    }

    #[test]
    fn numbers_change_five_times_a_second_and_the_last_one_is_shown() {
        let mut readout = Readout::default();
        assert_eq!(readout.refresh(&facts(&recorded(1), Stage::Recording), at(0), PAUSE), None);
        let second = recorded(2);
        assert_eq!(
            readout.refresh(&facts(&second, Stage::Recording), at(50), PAUSE),
            Some(Duration::from_millis(150)),
            "told when to come back"
        );
        assert_eq!(readout.elapsed, "00:00:01");
        assert_eq!(readout.refresh(&facts(&second, Stage::Recording), at(200), PAUSE), None);
        assert_eq!(readout.elapsed, "00:00:02");
        assert_eq!(readout.refresh(&facts(&second, Stage::Recording), at(210), PAUSE), None, "nothing new");
    }

    #[test]
    fn a_new_stage_is_shown_at_once() {
        let mut readout = Readout::default();
        readout.refresh(&facts(&recorded(1), Stage::Recording), at(0), PAUSE);
        assert_eq!(readout.refresh(&facts(&recorded(7), Stage::Finishing), at(1), PAUSE), None);
        assert_eq!(readout.elapsed, "00:00:07");
    }

    #[test]
    fn the_disk_line_says_what_is_known() {
        let mut readout = Readout::default();
        let disk = DiskStatus { free_bytes: 42_000_000_000, left_s: None };
        let recording = |disk| Status { disk: Some(disk), state: State::Recording, ..Status::default() };
        readout.fill(&recording(disk), None);
        assert_eq!(readout.disk, "Disk: 42.0 GB free");
        let left = DiskStatus { left_s: Some(11_520.0), ..disk };
        readout.fill(&recording(left), Some(7));
        assert_eq!(readout.disk, "Disk: 42.0 GB free, 3 h 12 min left");
        readout.fill(&Status { disk: Some(left), ..Status::default() }, Some(7_000_000_000));
        assert_eq!(readout.disk, "Disk: 7.0 GB free", "the next recording may go to another disk");
        readout.fill(&Status::default(), Some(7_000_000_000));
        assert_eq!(readout.disk, "Disk: 7.0 GB free");
    }
}
