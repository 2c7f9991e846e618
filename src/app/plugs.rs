//! Notices that a camera was plugged in or out, by what the system lists; nothing is opened for it.

use std::sync::Arc;
use std::time::Duration;

use super::jobs::Wake;
use super::ports::Machine;
use crate::rt::{Clock, Latest, StopToken, Waited, Worker};

/// How often the list is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A device that has just appeared is not open to its users yet: the system sets that up in some tens of milliseconds.
const SETTLES_IN: Duration = Duration::from_millis(300);

/// Looks at the list of cameras on a thread of its own.
pub(super) struct Plugs {
    changed: Latest<()>,
    _worker: Option<Worker>,
}

impl Plugs {
    /// Begins to look; what is there now is known already.
    pub(super) fn watch(machine: Arc<dyn Machine>, clock: Arc<dyn Clock>, wake: Wake) -> Self {
        let changed = Latest::new();
        let news = changed.clone();
        let worker = Worker::spawn("cameras", move |stop| {
            look(&*machine, &*clock, &stop, || {
                news.put(());
                wake();
            })
        });
        let worker = worker.inspect_err(|error| log::error!("no thread to look for cameras: {error}")).ok();
        Self { changed, _worker: worker }
    }

    /// Whether cameras came or went since the last call.
    pub(super) fn take(&self) -> bool {
        self.changed.take().is_some()
    }
}

fn look(machine: &dyn Machine, clock: &dyn Clock, stop: &StopToken, tell: impl Fn()) {
    let mut known = machine.camera_fingerprint();
    loop {
        if clock.sleep_until(clock.now() + LOOK_EVERY, stop) == Waited::Stopped {
            return;
        }
        if machine.camera_fingerprint() == known {
            continue;
        }
        if clock.sleep_until(clock.now() + SETTLES_IN, stop) == Waited::Stopped {
            return;
        }
        known = machine.camera_fingerprint();
        tell();
    }
}
