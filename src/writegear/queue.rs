//! A thread of its own for a `WriteGear`: whoever captures never waits for the encoder.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::frame::{Frame, FrameError};
use super::gear::WriteGear;
use super::gear_error::GearError;
use super::pixels::PixelFormat;
use super::report::Report;
use crate::media::Resolution;
use crate::rt::Worker;

/// Closing waits for the frames that wait, for the encoder's patience and for the copy that completes a file.
const LONGEST_END: Duration = Duration::from_mins(10);

/// A frame that owns its pixels, tightly packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedFrame {
    format: PixelFormat,
    size: Resolution,
    bytes: Vec<u8>,
}

impl OwnedFrame {
    /// A packed picture; `bytes` is exactly that long.
    pub fn new(format: PixelFormat, width: u32, height: u32, bytes: Vec<u8>) -> Result<Self, FrameError> {
        let size = Frame::new(format, width, height, &bytes)?.size();
        Ok(Self { format, size, bytes })
    }

    fn borrowed(&self) -> Result<Frame<'_>, FrameError> {
        Frame::new(self.format, self.size.width, self.size.height, &self.bytes)
    }
}

/// What became of a frame that was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It waits for the encoder.
    Taken,
    /// The queue is full; the frame comes back and is counted as dropped.
    Full(OwnedFrame),
    /// The engine has ended; [`Queue::close`] says why.
    Ended(OwnedFrame),
}

/// A `WriteGear` on a thread of its own behind a bounded queue. When the queue is full the newest frame is refused.
pub struct Queue {
    frames: Option<SyncSender<(OwnedFrame, Option<Duration>)>>,
    worker: Option<Worker>,
    end: Arc<Mutex<Option<Result<Report, GearError>>>>,
    dropped: AtomicU64,
}

impl Queue {
    /// Moves the engine to a thread; `capacity` frames may wait (each of them in memory). The error is the operating
    /// system's refusal to start a thread.
    pub fn start(gear: WriteGear, capacity: usize) -> std::io::Result<Self> {
        let (frames, waiting) = sync_channel(capacity.max(1));
        let end = Arc::new(Mutex::new(None));
        let place = Arc::clone(&end);
        let worker = Worker::spawn("writegear", move |_| {
            let report = drain(gear, &waiting);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
        })?;
        Ok(Self { frames: Some(frames), worker: Some(worker), end, dropped: AtomicU64::new(0) })
    }

    /// Offers a frame, with the time it was taken or without one (the same for all frames). Never waits.
    pub fn offer(&self, frame: OwnedFrame, at: Option<Duration>) -> Offered {
        let Some(frames) = &self.frames else { return Offered::Ended(frame) };
        match frames.try_send((frame, at)) {
            Ok(()) => Offered::Taken,
            Err(TrySendError::Full((frame, _))) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                Offered::Full(frame)
            }
            Err(TrySendError::Disconnected((frame, _))) => Offered::Ended(frame),
        }
    }

    /// Frames that found the queue full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes what waits, closes the engine and gives its report: [`WriteGear::close`], on its thread.
    pub fn close(mut self) -> Result<Report, GearError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<Report, GearError> {
        drop(self.frames.take());
        if let Some(mut worker) = self.worker.take() {
            worker.wait(LONGEST_END);
        }
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        end.unwrap_or(Err(GearError::Closed))
    }
}

/// Closes: what waits is written.
impl Drop for Queue {
    fn drop(&mut self) {
        if self.worker.is_some()
            && let Err(error) = self.finish()
        {
            log::error!("a recording that nobody closed did not end well: {error}");
        }
    }
}

fn drain(mut gear: WriteGear, waiting: &Receiver<(OwnedFrame, Option<Duration>)>) -> Result<Report, GearError> {
    let mut refused: Option<(GearError, u64)> = None;
    while let Ok((frame, at)) = waiting.recv() {
        let written = frame.borrowed().map_err(GearError::from).and_then(|frame| match at {
            Some(at) => gear.write_at(&frame, at),
            None => gear.write(&frame),
        });
        let Err(error) = written else { continue };
        if gear.is_over() {
            break; // the next offer is told so
        }
        match &mut refused {
            Some((_, count)) => *count += 1,
            None => refused = Some((error, 1)),
        }
    }
    let mut report = gear.close()?;
    if let Some((error, count)) = refused {
        report.remarks.push(format!("{count} frames were refused, the first because {error}."));
    }
    Ok(report)
}
