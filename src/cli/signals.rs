//! SIGINT and SIGTERM become a count that the recording looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::rt::Worker;

/// Counts the wishes to stop. Dropping it gives the signals back to the system's own handling of threads.
pub(super) struct Signals {
    count: Arc<AtomicUsize>,
    /// Those of them that a Ctrl+C may have sent.
    interrupts: Arc<AtomicUsize>,
    #[cfg(unix)]
    handle: signal_hook::iterator::Handle,
    // Declared after what ends it, so that it is joined last.
    _worker: Option<Worker>,
}

impl Signals {
    /// Starts to count; `wake` is called at every signal.
    #[cfg(unix)]
    pub(super) fn watch(wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let mut wanted = vec![SIGINT, SIGTERM];
        // A closed terminal finalises the file; `nohup` asks to go on without one.
        if !ignores_hangup(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()) {
            wanted.push(SIGHUP);
        }
        let mut signals = signal_hook::iterator::Signals::new(wanted)?;
        let handle = signals.handle();
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let interrupts = Arc::new(AtomicUsize::new(0));
        let interrupt_counter = Arc::clone(&interrupts);
        let worker = Worker::spawn("signals", move |_| {
            for signal in signals.forever() {
                interrupt_counter.fetch_add(usize::from(signal == SIGINT), Ordering::Relaxed);
                counter.fetch_add(1, Ordering::Relaxed);
                wake();
            }
        })?;
        Ok(Self { count, interrupts, handle, _worker: Some(worker) })
    }

    /// Starts to count. Here nothing wakes: whoever looks does so ten times a second.
    #[cfg(not(unix))]
    pub(super) fn watch(_wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let count = Arc::new(AtomicUsize::new(0));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register_usize(signal, Arc::clone(&count), 1)?;
        }
        let interrupts = Arc::new(AtomicUsize::new(0));
        signal_hook::flag::register_usize(signal_hook::consts::SIGINT, Arc::clone(&interrupts), 1)?;
        Ok(Self { count, interrupts, _worker: None })
    }

    /// How often stop was asked since the start.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many of them were SIGINT, which a terminal sends to everybody in front of it.
    pub(super) fn interrupts(&self) -> usize {
        self.interrupts.load(Ordering::Relaxed)
    }
}

/// Whether a process of this `/proc/…/status` ignores SIGHUP, the first bit of its mask.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

impl Drop for Signals {
    fn drop(&mut self) {
        #[cfg(unix)]
        self.handle.close();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_recognised() {
        assert!(ignores_hangup("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }
}
