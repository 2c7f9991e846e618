//! Asking a worker to stop: dropping the source is asking, so it cannot be forgotten.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Default)]
struct Shared {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The asking side. Dropping it asks.
#[derive(Default)]
pub struct StopSource {
    shared: Arc<Shared>,
}

/// The listening side; clones listen to the same source.
#[derive(Clone)]
pub struct StopToken {
    shared: Arc<Shared>,
}

impl StopSource {
    /// A source that has not asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token of this source.
    pub fn token(&self) -> StopToken {
        StopToken { shared: Arc::clone(&self.shared) }
    }

    /// Asks all holders of a token to stop and wakes those that wait.
    pub fn stop(&self) {
        *self.shared.lock() = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for StopSource {
    fn drop(&mut self) {
        self.stop();
    }
}

impl StopToken {
    /// Whether stop was asked.
    pub fn is_stopped(&self) -> bool {
        *self.shared.lock()
    }

    /// Waits up to `timeout`, returning early with `true` when stop is asked.
    pub fn wait(&self, timeout: Duration) -> bool {
        let guard = self.shared.lock();
        let (guard, _) = self
            .shared
            .changed
            .wait_timeout_while(guard, timeout, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner);
        *guard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_the_source_stops() {
        let source = StopSource::new();
        let token = source.token();
        assert!(!token.is_stopped());
        drop(source);
        assert!(token.is_stopped() && token.wait(Duration::from_mins(1)));
    }
}
