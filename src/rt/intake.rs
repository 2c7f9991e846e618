//! A bounded queue with lanes: one thread takes in order of arrival what many threads put, and a full lane
//! of one kind never shuts out another kind.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

struct State<T, const LANES: usize> {
    items: VecDeque<(usize, T)>,
    filled: [usize; LANES],
    closed: bool,
}

struct Shared<T, const LANES: usize> {
    state: Mutex<State<T, LANES>>,
    limits: [usize; LANES],
    changed: Condvar,
}

impl<T, const LANES: usize> Shared<T, LANES> {
    fn lock(&self) -> MutexGuard<'_, State<T, LANES>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The putting side; clones put into the same queue. Putting never waits.
pub struct IntakeSender<T, const LANES: usize> {
    shared: Arc<Shared<T, LANES>>,
}

impl<T, const LANES: usize> Clone for IntakeSender<T, LANES> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// The taking side. Dropping it closes the queue: what is put afterwards comes back.
pub struct Intake<T, const LANES: usize> {
    shared: Arc<Shared<T, LANES>>,
}

/// Why an item came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutError {
    /// The lane is full: the item is lost, and counted by whoever put it.
    Full,
    /// Nobody takes any more.
    Closed,
}

/// A queue whose lane `i` holds at most `limits[i]` items.
pub fn intake<T, const LANES: usize>(limits: [usize; LANES]) -> (IntakeSender<T, LANES>, Intake<T, LANES>) {
    let state = State { items: VecDeque::new(), filled: [0; LANES], closed: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), limits, changed: Condvar::new() });
    (IntakeSender { shared: Arc::clone(&shared) }, Intake { shared })
}

impl<T, const LANES: usize> IntakeSender<T, LANES> {
    /// Puts an item into a lane. Panics if there is no such lane.
    pub fn put(&self, lane: usize, item: T) -> Result<(), PutError> {
        let mut state = self.shared.lock();
        if state.closed {
            return Err(PutError::Closed);
        }
        if state.filled[lane] >= self.shared.limits[lane] {
            return Err(PutError::Full);
        }
        state.filled[lane] += 1;
        state.items.push_back((lane, item));
        drop(state);
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl<T, const LANES: usize> Intake<T, LANES> {
    /// Takes the oldest item of any lane, waiting up to `timeout` for one.
    pub fn take_within(&self, timeout: Duration) -> Option<T> {
        let guard = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(guard, timeout, |state| state.items.is_empty());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let (lane, item) = state.items.pop_front()?;
        state.filled[lane] -= 1;
        Some(item)
    }

    /// How many items wait in a lane.
    pub fn waiting(&self, lane: usize) -> usize {
        self.shared.lock().filled[lane]
    }
}

impl<T, const LANES: usize> Drop for Intake<T, LANES> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let items = std::mem::take(&mut state.items);
        drop(state);
        drop(items); // outside the lock: an item's drop may put into another queue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_lane_leaves_the_other_open_and_order_is_kept() {
        let (sender, queue) = intake::<u32, 2>([1, 2]);
        assert_eq!(sender.put(0, 1), Ok(()));
        assert_eq!(sender.put(0, 2), Err(PutError::Full));
        assert_eq!(sender.put(1, 3), Ok(()));
        assert_eq!((queue.waiting(0), queue.waiting(1)), (1, 1));
        assert_eq!(queue.take_within(Duration::ZERO), Some(1));
        assert_eq!(sender.put(0, 4), Ok(()));
        assert_eq!(queue.take_within(Duration::ZERO), Some(3));
        assert_eq!(queue.take_within(Duration::ZERO), Some(4));
        assert_eq!(queue.take_within(Duration::ZERO), None);
    }

    #[test]
    fn nothing_is_taken_after_the_taker_is_gone() {
        let (sender, queue) = intake::<u32, 1>([9]);
        drop(queue);
        assert_eq!(sender.put(0, 1), Err(PutError::Closed));
    }
}
