//! Time, real or turned by hand.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::StopToken;
use crate::media::Timestamp;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The moment came.
    Due,
    /// Stop was asked first.
    Stopped,
}

/// Where time comes from; tests turn a [`ManualClock`].
pub trait Clock: Send + Sync {
    /// Now, on the monotonic clock.
    fn now(&self) -> Timestamp;

    /// Waits until `due` or until stop is asked.
    fn sleep_until(&self, due: Timestamp, stop: &StopToken) -> Waited;
}

/// The operating system's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let now = clock_gettime(ClockId::Monotonic);
        Timestamp::from_nanos(now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec))
    }

    fn sleep_until(&self, due: Timestamp, stop: &StopToken) -> Waited {
        loop {
            let left = due.since(self.now());
            if left.is_zero() {
                return if stop.is_stopped() { Waited::Stopped } else { Waited::Due };
            }
            if stop.wait(left) {
                return Waited::Stopped;
            }
        }
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug, Default)]
pub struct ManualClock {
    nanos: Mutex<i64>,
    moved: Condvar,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { nanos: Mutex::new(start.as_nanos()), moved: Condvar::new() }
    }

    /// Moves the clock on and wakes whoever waits.
    pub fn advance(&self, by: Duration) {
        let mut nanos = self.lock();
        *nanos = Timestamp::from_nanos(*nanos).offset_nanos(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX)).as_nanos();
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, i64> {
        self.nanos.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(*self.lock())
    }

    fn sleep_until(&self, due: Timestamp, stop: &StopToken) -> Waited {
        let mut nanos = self.lock();
        loop {
            if stop.is_stopped() {
                return Waited::Stopped;
            }
            if *nanos >= due.as_nanos() {
                return Waited::Due;
            }
            // A stop does not move this clock: look for it every few milliseconds of real time.
            let waited = self.moved.wait_timeout(nanos, Duration::from_millis(5));
            nanos = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::StopSource;

    #[test]
    fn the_real_clock_goes_on() {
        let clock = RealClock;
        let before = clock.now();
        let stop = StopSource::new();
        assert_eq!(clock.sleep_until(before + Duration::from_millis(2), &stop.token()), Waited::Due);
        assert!(clock.now().since(before) >= Duration::from_millis(2));
    }

    #[test]
    fn a_stop_ends_the_wait_on_either_clock() {
        let stop = StopSource::new();
        stop.stop();
        let far = Timestamp::from_nanos(i64::MAX);
        assert_eq!(RealClock.sleep_until(far, &stop.token()), Waited::Stopped);
        assert_eq!(ManualClock::default().sleep_until(far, &stop.token()), Waited::Stopped);
    }

    #[test]
    fn the_manual_clock_moves_only_by_hand() {
        let clock = ManualClock::new(Timestamp::from_nanos(10));
        clock.advance(Duration::from_nanos(5));
        assert_eq!(clock.now(), Timestamp::from_nanos(15));
        assert_eq!(clock.sleep_until(Timestamp::from_nanos(15), &StopSource::new().token()), Waited::Stopped);
        let source = StopSource::new();
        assert_eq!(clock.sleep_until(Timestamp::from_nanos(15), &source.token()), Waited::Due);
    }
}
