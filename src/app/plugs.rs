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
            let tell = || {
                news.put(());
                wake();
            };
            look(|| machine.camera_fingerprint(), &*clock, &stop, tell);
        });
        let worker = worker.inspect_err(|error| log::error!("no thread to look for cameras: {error}")).ok();
        Self { changed, _worker: worker }
    }

    /// Whether cameras came or went since the last call.
    pub(super) fn take(&self) -> bool {
        self.changed.take().is_some()
    }
}

fn look(list: impl Fn() -> Vec<String>, clock: &dyn Clock, stop: &StopToken, tell: impl Fn()) {
    let mut known = list();
    loop {
        if clock.sleep_until(clock.now() + LOOK_EVERY, stop) == Waited::Stopped {
            return;
        }
        if list() == known {
            continue;
        }
        if clock.sleep_until(clock.now() + SETTLES_IN, stop) == Waited::Stopped {
            return;
        }
        known = list();
        tell();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::media::Timestamp;
    use crate::rt::StopSource;

    /// Jumps to the moment that is waited for; stops after ten seconds.
    #[derive(Default)]
    struct Jumping(AtomicI64);

    impl Clock for Jumping {
        fn now(&self) -> Timestamp {
            Timestamp::from_nanos(self.0.load(Ordering::Relaxed))
        }

        fn sleep_until(&self, due: Timestamp, _: &StopToken) -> Waited {
            self.0.store(due.as_nanos(), Ordering::Relaxed);
            if due.as_nanos() > 10_000_000_000 { Waited::Stopped } else { Waited::Due }
        }
    }

    #[test]
    fn a_camera_is_noticed_within_two_seconds_of_its_coming_and_of_its_going() {
        let clock = Jumping::default();
        let camera = |name: &str| vec![name.to_owned()];
        let list = || match clock.now().as_nanos() / 1_000_000 {
            0..2_500 => Vec::new(),
            2_500..5_100 => camera("a"),
            _ => camera("b"),
        };
        let told = Latest::new();
        let tell = || {
            let mut all: Vec<i64> = told.take().unwrap_or_default();
            all.push(clock.now().as_nanos() / 1_000_000);
            told.put(all);
        };
        look(list, &clock, &StopSource::new().token(), tell);
        let told = told.take().unwrap();
        assert_eq!(told.len(), 2, "nothing is told twice: {told:?}");
        assert!((2_500..4_500).contains(&told[0]) && (5_100..7_100).contains(&told[1]), "{told:?}");
    }
}
