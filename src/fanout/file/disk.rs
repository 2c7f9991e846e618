//! How much room is left on the disk under a recording, asked off everybody's thread: a network folder may hang.

use std::path::Path;
use std::time::Duration;

use super::reserve::free_bytes;
use crate::rt::{Latest, Worker};

/// How often the disk is asked.
const PERIOD: Duration = Duration::from_secs(2);

/// A thread `disk` that asks every two seconds. Dropping it ends it; one stuck in a hanging folder is left behind.
pub struct DiskWatch {
    free: Latest<u64>,
    gone: Latest<()>,
    worker: Option<Worker>,
}

impl DiskWatch {
    /// Starts to watch the file at `path`, which exists, and the disk under it.
    pub fn start(path: &Path) -> std::io::Result<Self> {
        let (free, gone) = (Latest::new(), Latest::new());
        let (told, missed, path) = (free.clone(), gone.clone(), path.to_path_buf());
        let worker = Worker::spawn("disk", move |stop| {
            loop {
                if let Some(bytes) = free_bytes(&path) {
                    told.put(bytes);
                }
                if std::fs::symlink_metadata(&path).is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound) {
                    missed.put(());
                }
                if stop.wait(PERIOD) {
                    return;
                }
            }
        })?;
        Ok(Self { free, gone, worker: Some(worker) })
    }

    /// Free bytes for this user at the last look.
    pub fn free_bytes(&self) -> Option<u64> {
        self.free.peek()
    }
}

impl DiskWatch {
    /// Whether the watched file was missing at a look: what is written goes into a file without a name, or elsewhere.
    pub fn is_gone(&self) -> bool {
        self.gone.peek().is_some()
    }
}

impl Drop for DiskWatch {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.join(Duration::from_millis(200));
        }
    }
}

/// Seconds until the disk is full at `bytes_per_s`. Where the finished file is a copy, its room counts: at the end
/// both exist. `None` while there is no rate.
pub fn seconds_left(free_bytes: u64, written_bytes: u64, bytes_per_s: f64, copied_at_the_end: bool) -> Option<f64> {
    if bytes_per_s < 1.0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people's eyes")]
    let (free, written) = (free_bytes as f64, written_bytes as f64);
    let left = if copied_at_the_end { (free - written) / (2.0 * bytes_per_s) } else { free / bytes_per_s };
    Some(left.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_at_the_end_counts() {
        let left = |copied| seconds_left(1_000_000, 200_000, 1000.0, copied);
        assert_eq!(left(false), Some(1000.0));
        assert_eq!(left(true), Some(400.0));
        assert_eq!(seconds_left(1, 5, 1000.0, true), Some(0.0));
        assert_eq!(seconds_left(1, 5, 0.0, true), None);
    }
}
