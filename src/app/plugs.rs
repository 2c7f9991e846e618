//! Notices that a camera or a sound device was plugged in or out, or that another one became the default, by what the
//! system lists; nothing is opened for it.

use std::sync::Arc;
use std::time::Duration;

use super::jobs::Wake;
use super::ports::Machine;
use crate::rt::{Clock, Latest, StopToken, Waited, Worker};

/// How often the list is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A device that has just appeared is not open to its users yet: the system sets that up in some tens of milliseconds.
const SETTLES_IN: Duration = Duration::from_millis(300);

/// What a machine lists of one kind; `None` if that is not known yet.
type List = fn(&dyn Machine) -> Option<Vec<String>>;

/// Looks at the lists of devices, each on a thread of its own: one that hangs does not hold up the other.
pub(super) struct Plugs {
    changed: Latest<()>,
    _workers: Vec<Worker>,
}

impl Plugs {
    /// Begins to look; what is there now is known already.
    pub(super) fn watch(machine: &Arc<dyn Machine>, clock: &Arc<dyn Clock>, wake: &Wake) -> Self {
        let changed = Latest::new();
        let cameras = |machine: &dyn Machine| Some(machine.camera_fingerprint());
        let sound = |machine: &dyn Machine| machine.sound_fingerprint();
        let lists: [(&str, List); 2] = [("cameras", cameras), ("sound-devices", sound)];
        let spawn = |(name, list): (&str, List)| {
            let (machine, clock) = (Arc::clone(machine), Arc::clone(clock));
            let (news, wake) = (changed.clone(), Arc::clone(wake));
            let worker = Worker::spawn(name, move |stop| {
                let tell = || {
                    news.put(());
                    wake();
                };
                look(|| list(&*machine), &*clock, &stop, tell);
            });
            worker.inspect_err(|error| log::error!("no thread to look for {name}: {error}")).ok()
        };
        let workers = lists.into_iter().filter_map(spawn).collect();
        Self { changed, _workers: workers }
    }

    /// Whether devices came or went since the last call.
    pub(super) fn take(&self) -> bool {
        self.changed.take().is_some()
    }
}

fn look(list: impl Fn() -> Option<Vec<String>>, clock: &dyn Clock, stop: &StopToken, tell: impl Fn()) {
    let mut known = list();
    loop {
        if clock.sleep_until(clock.now() + LOOK_EVERY, stop) == Waited::Stopped {
            return;
        }
        let now = list();
        if known.is_none() || now.is_none() {
            known = known.or(now);
            continue;
        }
        if now == known {
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
        let camera = |name: &str| Some(vec![name.to_owned()]);
        let list = || match clock.now().as_nanos() / 1_000_000 {
            0..500 => None, // not known yet: what is there then is no news
            500..2_500 => Some(Vec::new()),
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
