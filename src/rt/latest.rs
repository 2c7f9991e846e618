//! A mailbox with one place: what is not taken in time is replaced by what is newer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

struct Shared<T> {
    slot: Mutex<Option<T>>,
    filled: Condvar,
}

/// A one-place mailbox; clones share the place. Putting never waits: an untaken value is dropped, which is
/// what a preview and a status want.
pub struct Latest<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self { shared: Arc::new(Shared { slot: Mutex::new(None), filled: Condvar::new() }) }
    }
}

impl<T> Latest<T> {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a value, dropping the one that was not taken.
    pub fn put(&self, value: T) {
        *self.lock() = Some(value);
        self.shared.filled.notify_one();
    }

    /// Takes the value, if there is one.
    pub fn take(&self) -> Option<T> {
        self.lock().take()
    }

    /// Takes the value, waiting up to `timeout` for one.
    pub fn take_within(&self, timeout: Duration) -> Option<T> {
        let guard = self.lock();
        let waited = self.shared.filled.wait_timeout_while(guard, timeout, |slot| slot.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Latest<T> {
    /// A copy of the value, which stays for the next reader.
    pub fn peek(&self) -> Option<T> {
        self.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_wins_and_is_taken_once() {
        let mailbox = Latest::new();
        mailbox.put(1);
        mailbox.put(2);
        assert_eq!((mailbox.peek(), mailbox.take(), mailbox.take()), (Some(2), Some(2), None));
        assert_eq!(mailbox.take_within(Duration::ZERO), None);
    }
}
