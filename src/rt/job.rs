//! One-shot work off the caller's thread: list devices, save a file, wait for a dialog.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Duration;

use super::{StopToken, Worker};

/// Where a job is.
#[derive(Debug, PartialEq, Eq)]
pub enum JobState<T> {
    /// Still at work.
    Running,
    /// Here is the result, given out once.
    Done(T),
    /// The job panicked, or its result was taken before.
    Gone,
}

/// A running one-shot job. Dropping it asks its token to stop and leaves the thread to end by itself: a job
/// may be stuck in a device or a slow disk, and nobody waits for it.
pub struct Job<T> {
    result: Receiver<T>,
    worker: Option<Worker>,
}

/// Starts `run` on a thread named `job-<name>`; `wake` is called once the result is there.
pub fn spawn_job<T: Send + 'static>(
    name: &str,
    wake: impl FnOnce() + Send + 'static,
    run: impl FnOnce(StopToken) -> T + Send + 'static,
) -> std::io::Result<Job<T>> {
    let (give, result) = sync_channel(1);
    let worker = Worker::spawn(&format!("job-{name}"), move |stop| {
        if give.send(run(stop)).is_ok() {
            wake();
        }
    })?;
    Ok(Job { result, worker: Some(worker) })
}

impl<T> Job<T> {
    /// Asks its token to stop, without waiting.
    pub fn stop(&self) {
        if let Some(worker) = &self.worker {
            worker.stop();
        }
    }

    /// Looks without waiting.
    pub fn poll(&mut self) -> JobState<T> {
        match self.result.try_recv() {
            Ok(value) => JobState::Done(value),
            Err(TryRecvError::Empty) => JobState::Running,
            Err(TryRecvError::Disconnected) => JobState::Gone,
        }
    }

    /// Waits up to `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> JobState<T> {
        match self.result.recv_timeout(timeout) {
            Ok(value) => JobState::Done(value),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => JobState::Running,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => JobState::Gone,
        }
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_is_given_once_and_the_waker_called() {
        let (woken, wakes) = sync_channel(1);
        let mut job = spawn_job("sum", move || woken.send(()).unwrap(), |_| 2 + 2).unwrap();
        wakes.recv().unwrap();
        assert_eq!(job.wait(Duration::from_mins(1)), JobState::Done(4));
        assert_eq!(job.wait(Duration::from_mins(1)), JobState::Gone);
    }

    #[test]
    fn dropping_a_job_asks_it_to_stop() {
        let (tell, told) = sync_channel(1);
        let job = spawn_job("long", || {}, move |stop| tell.send(stop.wait(Duration::from_mins(1)))).unwrap();
        drop(job);
        assert_eq!(told.recv(), Ok(true));
    }
}
