//! Waits for an answer of the sound server, but not for ever. Knows nothing of sound.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use crate::rt::Clock;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The future's value, or `None` if it is not there after `patience` of real time. The future is dropped then.
pub(super) fn wait_for<T>(future: impl Future<Output = T>, patience: Duration, clock: &dyn Clock) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let (mut future, begun) = (pin!(future), clock.now());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(value);
        }
        let left = patience.saturating_sub(clock.now().since(begun));
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::RealClock;

    #[test]
    fn an_answer_is_given_and_its_absence_too() {
        assert_eq!(wait_for(async { 4 }, Duration::ZERO, &RealClock), Some(4));
        assert_eq!(wait_for(std::future::pending::<u8>(), Duration::from_millis(1), &RealClock), None);
    }
}
