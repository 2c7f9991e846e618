//! The newest frame as a small picture, made on a thread of its own, and only while somebody looks.
//!
//! Knows nothing of egui and nothing of where frames come from. Frames that nobody takes in time are replaced by
//! newer ones; a slow preview never slows the recording.

mod limit;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::imaging::{ImagingError, PreviewImage, Previewer};
use crate::media::{Changed, Frame, FrameRate, Resolution};
use crate::rt::{Latest, StopToken, Worker};
use limit::RateLimit;

/// How long the thread sleeps when nothing comes; whatever concerns it wakes it.
const IDLE: Duration = Duration::from_mins(1);

/// A preview: feed it frames, show its image. All of it may be called from any thread; nothing waits for a picture.
/// Dropping it ends its thread, which takes as long as the picture in hand: a few milliseconds.
pub struct Preview {
    shared: Arc<Shared>,
    worker: Worker,
}

struct Shared {
    inbox: Latest<Note>,
    image: Latest<Arc<PreviewImage>>,
    watched: AtomicBool,
    settings: Mutex<Settings>,
    last_seq: Mutex<Option<u64>>,
}

/// What the window wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settings {
    max: Resolution,
    rate: FrameRate,
}

/// What the thread is told.
enum Note {
    Frame {
        frame: Arc<Frame>,
        /// What differs from the frame of the note before.
        changed: Changed,
    },
    /// Look whether to stop.
    Wake,
}

impl Preview {
    /// Starts the thread `preview`, not yet watched. Images have at most the size `max` and come at most at `rate`;
    /// `wake` is called on that thread after each new one. The error is the system's refusal to start a thread.
    pub fn start(max: Resolution, rate: FrameRate, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Latest::new(),
            image: Latest::new(),
            watched: AtomicBool::new(false),
            settings: Mutex::new(Settings { max, rate }),
            last_seq: Mutex::new(None),
        });
        let thread = Arc::clone(&shared);
        let worker = Worker::spawn("preview", move |stop| Maker::new(&thread).run(&stop, wake.as_ref()))?;
        Ok(Self { shared, worker })
    }

    /// Offers the newest frame; cheap, and it never waits for a picture. The frame before it is dropped if it was
    /// not taken yet. While nobody looks no frame is held.
    pub fn feed(&self, frame: &Arc<Frame>) {
        if !self.shared.watched.load(Ordering::Relaxed) {
            return;
        }
        // The lock keeps two feeding threads from mixing up what changed.
        let mut last_seq = lock(&self.shared.last_seq);
        let follows = last_seq.is_some_and(|last| frame.seq == last.wrapping_add(1));
        let mut changed = if follows { frame.changed } else { Changed::Unknown };
        if let Some(Note::Frame { changed: untaken, .. }) = self.shared.inbox.take() {
            changed = untaken.union(changed);
        }
        *last_seq = Some(frame.seq);
        self.shared.inbox.put(Note::Frame { frame: Arc::clone(frame), changed });
    }

    /// The newest image; the last one stays when nobody feeds or looks any more.
    pub fn image(&self) -> Option<Arc<PreviewImage>> {
        self.shared.image.peek()
    }

    /// Forgets the newest image: what is fed from now on is another source's.
    pub fn clear(&self) {
        *lock(&self.shared.last_seq) = None;
        self.shared.inbox.put(Note::Wake);
        drop(self.shared.image.take());
    }

    /// Whether somebody looks. While nobody does, no image is made; [`Self::feed`] costs one load.
    pub fn set_watched(&self, watched: bool) {
        if self.shared.watched.swap(watched, Ordering::Relaxed) != watched {
            *lock(&self.shared.last_seq) = None;
            if !watched {
                // Lets go of a frame that would otherwise wait here for as long as nobody looks.
                self.shared.inbox.put(Note::Wake);
            }
        }
    }

    /// Another size or rate, from the next frame on.
    pub fn set_limits(&self, max: Resolution, rate: FrameRate) {
        *lock(&self.shared.settings) = Settings { max, rate };
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        self.worker.stop();
        self.shared.inbox.put(Note::Wake);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's side.
struct Maker<'a> {
    shared: &'a Shared,
    previewer: Previewer,
    limit: RateLimit,
    /// A frame that came too early for the rate: shown after all if none follows, or a screen that stops moving
    /// would be shown as it was before its last move.
    held: Option<(Arc<Frame>, Changed)>,
    shown: Option<Settings>,
    failing: bool,
}

impl<'a> Maker<'a> {
    fn new(shared: &'a Shared) -> Self {
        let (previewer, limit) = (Previewer::new(), RateLimit::default());
        Self { shared, previewer, limit, held: None, shown: None, failing: false }
    }

    fn run(&mut self, stop: &StopToken, wake: &(dyn Fn() + Send + Sync)) {
        while !stop.is_stopped() {
            let period = lock(&self.shared.settings).rate.period_nanos().unsigned_abs();
            let patience = if self.held.is_some() { Duration::from_nanos(period) } else { IDLE };
            let note = self.shared.inbox.take_within(patience);
            let settings = *lock(&self.shared.settings);
            if !self.shared.watched.load(Ordering::Relaxed) {
                self.held = None;
                self.shown = None;
                continue;
            }
            let made = match note {
                Some(Note::Wake) => false,
                Some(Note::Frame { frame, changed }) => self.take(frame, changed, settings),
                None => self.held.take().is_some_and(|(frame, _)| self.show(&frame, settings)),
            };
            if made {
                wake();
            }
        }
    }

    /// Whether a new image was made of it.
    fn take(&mut self, frame: Arc<Frame>, changed: Changed, settings: Settings) -> bool {
        let changed = self.held.take().map_or(changed, |(_, before)| before.union(changed));
        let same = matches!(changed, Changed::Rows { top, bottom } if top >= bottom);
        if same && self.shown == Some(settings) {
            return false;
        }
        if self.limit.admits(frame.captured_at, settings.rate) {
            return self.show(&frame, settings);
        }
        self.held = Some((frame, changed));
        false
    }

    fn show(&mut self, frame: &Frame, settings: Settings) -> bool {
        match self.previewer.image(frame, settings.max) {
            Ok(image) => {
                self.shared.image.put(Arc::new(image));
                self.shown = Some(settings);
                self.failing = false;
                true
            }
            Err(error) => {
                self.shown = None;
                let is_first = !std::mem::replace(&mut self.failing, true);
                if is_first {
                    log::warn!("no preview: {error}");
                }
                // None will ever come: an older picture would pass for what is recorded now.
                is_first && error == ImagingError::NotDecoded && self.shared.image.take().is_some()
            }
        }
    }
}
