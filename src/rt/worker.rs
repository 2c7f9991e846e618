//! Named threads that are stopped and joined when their owner lets go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::{StopSource, StopToken};

/// How long a drop waits before it leaves a stuck thread behind.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// Threads that were still stuck in a device or a file system past their deadline, in this process's life.
pub fn abandoned_workers() -> usize {
    ABANDONED.load(Ordering::Relaxed)
}

/// How joining ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    /// The thread is gone.
    Joined,
    /// The thread panicked; the panic hook has said so.
    Panicked,
    /// It is stuck past the deadline and was left behind.
    Abandoned,
}

/// A named thread with a stop token. Dropping it asks it to stop and joins it, waiting five seconds at most.
pub struct Worker {
    name: String,
    stop: StopSource,
    /// Stopped when the thread ends, also by a panic.
    ended: StopToken,
    handle: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts `run` on a thread named `name`. The error is the operating system's refusal to start a thread.
    pub fn spawn(name: &str, run: impl FnOnce(StopToken) + Send + 'static) -> std::io::Result<Self> {
        let stop = StopSource::new();
        let token = stop.token();
        let end = StopSource::new();
        let ended = end.token();
        let handle = Builder::new().name(name.to_owned()).spawn(move || {
            let _end = end; // dropped also when `run` panics: whoever joins is told
            run(token);
        })?;
        Ok(Self { name: name.to_owned(), stop, ended, handle: Some(handle) })
    }

    /// The thread's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the thread to stop, without waiting.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// Whether the thread has ended by itself.
    pub fn is_finished(&self) -> bool {
        self.handle.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the end without asking for it; `None` if it still runs after `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> Option<JoinOutcome> {
        self.ended.wait(timeout).then(|| self.reap())
    }

    /// Asks the thread to stop and waits up to `deadline`; a thread still stuck then is abandoned and counted.
    pub fn join(mut self, deadline: Duration) -> JoinOutcome {
        self.stop.stop();
        self.finish(deadline)
    }

    /// Asks the thread to stop and lets it end in its own time, uncounted: for one-shot jobs that nobody waits for.
    pub(super) fn leave(mut self) {
        self.stop.stop();
        self.handle = None;
    }

    fn finish(&mut self, deadline: Duration) -> JoinOutcome {
        if self.handle.is_none() {
            return JoinOutcome::Joined;
        }
        self.wait(deadline).unwrap_or_else(|| {
            self.handle = None;
            ABANDONED.fetch_add(1, Ordering::Relaxed);
            log::error!("thread '{}' does not end; it is left behind", self.name);
            JoinOutcome::Abandoned
        })
    }

    fn reap(&mut self) -> JoinOutcome {
        match self.handle.take().map(JoinHandle::join) {
            None | Some(Ok(())) => JoinOutcome::Joined,
            Some(Err(_)) => JoinOutcome::Panicked,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.stop();
        if self.finish(DROP_DEADLINE) == JoinOutcome::Panicked {
            log::error!("thread '{}' panicked", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn dropping_a_worker_ends_it() {
        let (tell, told) = sync_channel(1);
        let worker = Worker::spawn("test", move |stop| {
            let stopped = stop.wait(Duration::from_mins(1));
            tell.send((stopped, std::thread::current().name().map(str::to_owned))).unwrap();
        })
        .unwrap();
        drop(worker);
        assert_eq!(told.recv().unwrap(), (true, Some("test".to_owned())));
    }

    #[test]
    fn a_stuck_worker_is_abandoned_and_counted() {
        let (release, held) = sync_channel::<()>(1);
        let before = abandoned_workers();
        let worker = Worker::spawn("stuck", move |_| assert!(held.recv().is_err())).unwrap();
        assert_eq!(worker.join(Duration::from_millis(1)), JoinOutcome::Abandoned);
        assert!(abandoned_workers() > before);
        drop(release);
    }

    #[test]
    fn a_worker_that_ends_by_itself_is_joined() {
        let mut worker = Worker::spawn("short", |_| {}).unwrap();
        assert_eq!(worker.wait(Duration::from_mins(1)), Some(JoinOutcome::Joined));
        assert!(worker.is_finished());
    }
}
