//! Everything that can wake the session's loop, in one enum.

use crate::audio::{AudioError, AudioInfo};
use crate::capture::{CaptureError, CaptureWarning, SourceInfo};
use crate::rt::{Intake, IntakeSender, PutError, intake};
use crate::writegear::EngineError;

use super::status::Command;

/// What woke the loop.
#[derive(Debug)]
pub(super) enum Event {
    /// Somebody asks for something.
    Command(Command),
    /// The picture's source is open.
    SourceStarted { number: u64, info: SourceInfo },
    /// The picture's source has something to tell.
    SourceWarning { number: u64, warning: CaptureWarning },
    /// The picture's source is gone.
    SourceEnded { number: u64, error: CaptureError },
    /// A sound input is open.
    SoundStarted { number: u64, info: AudioInfo },
    /// A sound input is gone.
    SoundLost { number: u64, error: AudioError },
    /// The writer has written everything, or could not go on.
    WriterEnded(Result<(), EngineError>),
    /// A worker has news to be fetched: a sink, the hub, the disk.
    Wake,
}

/// The putting side. Commands have a lane of their own, so that a chattering device cannot shut out a Stop.
#[derive(Clone)]
pub(super) struct EventSender {
    queue: IntakeSender<Event, 2>,
}

impl EventSender {
    /// Never waits. A full lane (256 commands, 1024 events) drops the newest: the loop is then stuck anyway.
    pub(super) fn send(&self, event: Event) {
        let lane = usize::from(!matches!(event, Event::Command(_)));
        if self.queue.put(lane, event) == Err(PutError::Full) {
            log::error!("the session does not take events any more");
        }
    }
}

/// The two ends of the session's queue.
pub(super) fn events() -> (EventSender, Intake<Event, 2>) {
    let (queue, taken) = intake([256, 1024]);
    (EventSender { queue }, taken)
}
