//! A camera's pictures during a recording: its own counts go on from the moment it was opened.

use std::time::Duration;

use super::inputs::VideoInput;
use super::status::CameraReport;
use crate::capture::CameraState;

/// Counts from the recording's beginning on.
pub(super) struct CameraCount {
    name: String,
    before: Counts,
    now: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    whole: u64,
    lost: u64,
    damaged: u64,
    outages: u64,
    silent: Duration,
}

impl From<&CameraState> for Counts {
    fn from(state: &CameraState) -> Self {
        Self {
            whole: state.whole,
            lost: state.lost,
            damaged: state.damaged,
            outages: state.outages,
            silent: state.silent,
        }
    }
}

impl CameraCount {
    /// Begins to count; `None` where the source is no camera.
    pub(super) fn begin(input: &VideoInput) -> Option<Self> {
        let before = Counts::from(&*input.camera.peek()?);
        let name = input.info.as_ref().map(|info| info.name.clone()).unwrap_or_default();
        Some(Self { name, before, now: before })
    }

    /// Takes what the camera counts now.
    pub(super) fn update(&mut self, input: &VideoInput) {
        if let Some(state) = input.camera.peek() {
            self.now = Counts::from(&*state);
        }
    }

    pub(super) fn report(&self) -> CameraReport {
        let (before, now) = (self.before, self.now);
        CameraReport {
            name: self.name.clone(),
            whole: now.whole.saturating_sub(before.whole),
            lost: now.lost.saturating_sub(before.lost),
            damaged: now.damaged.saturating_sub(before.damaged),
            outages: now.outages.saturating_sub(before.outages),
            silent: now.silent.saturating_sub(before.silent),
        }
    }
}
