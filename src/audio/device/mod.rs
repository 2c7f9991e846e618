//! The door to sound devices: finds the sound server or the cards, lists inputs, opens one. Never knows the blocks'
//! further way.
//!
//! Any call here may wait some seconds (and a call to a card without end): callers run them on jobs with a deadline.

mod cards;
mod player;
#[cfg(target_os = "linux")]
mod pulse;
#[cfg(target_os = "linux")]
mod wait;

pub(super) use player::play;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use super::{AudioDevice, AudioError, AudioInfo};
use crate::media::Timestamp;
use crate::rt::{Clock, StopToken};

/// Where the inputs are.
pub(super) enum Server {
    /// A sound server.
    #[cfg(target_os = "linux")]
    Pulse(pulse::Client),
    /// ALSA's cards, or the system's own sound where that is not Linux.
    Cards(cards::Cards),
}

/// Where an open device's callbacks put what they get.
pub(super) struct Callbacks {
    /// Gives the moment of the callback.
    pub(super) clock: Arc<dyn Clock>,
    /// Blocks; when it is full the block is dropped and counted.
    pub(super) blocks: SyncSender<Raw>,
    /// The first fault that ends the stream.
    pub(super) faults: SyncSender<AudioError>,
    /// Counts dropped blocks.
    pub(super) dropped: Arc<AtomicU64>,
}

/// A block as the device gave it.
pub(super) struct Raw {
    /// Number of its first sample (per channel) since the stream's start; dropped blocks count.
    pub(super) first_frame: u64,
    /// When that was taken, as jittery as the device tells it.
    pub(super) captured_at: Timestamp,
    /// Interleaved.
    pub(super) samples: Vec<f32>,
}

/// An open device. Dropping it closes the device.
pub(super) struct Opened {
    /// What was opened.
    pub(super) info: AudioInfo,
    stream: Stream,
}

enum Stream {
    #[cfg(target_os = "linux")]
    Pulse(pulse::Stream),
    #[expect(dead_code, reason = "held for its drop, which closes the device")]
    Card(cpal::Stream),
}

impl Server {
    /// Connects. On Linux PulseAudio (or PipeWire) comes first; ALSA only if there is no such server, for it lists
    /// dozens of inputs that are none and writes to stderr. `stop` ends an attempt nobody waits for any more.
    #[cfg(target_os = "linux")]
    pub(super) fn connect(clock: &Arc<dyn Clock>, stop: &StopToken) -> Result<Self, AudioError> {
        if let Some(client) = pulse::Client::connect(clock)? {
            return Ok(Self::Pulse(client));
        }
        let none = AudioError::NoServer { reason: "none is running".to_owned() };
        if stop.is_stopped() { Err(none) } else { cards::Cards::alsa().map(Self::Cards).ok_or(none) }
    }

    /// Connects to the system's own sound.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn connect(_clock: &Arc<dyn Clock>, _stop: &StopToken) -> Result<Self, AudioError> {
        Ok(Self::Cards(cards::Cards::native()))
    }

    /// The inputs, in the server's order.
    pub(super) fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pulse(client) => client.devices(),
            Self::Cards(cards) => cards.devices(),
        }
    }

    /// Opens a device of the list and starts it; its callbacks begin at once.
    pub(super) fn open(self, device: AudioDevice, callbacks: Callbacks) -> Result<Opened, AudioError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pulse(client) => client.open(device, callbacks),
            Self::Cards(cards) => cards.open(device, callbacks),
        }
    }
}

impl Opened {
    /// Looks after the stream: to be called every few 10 ms. Waits 0.2 s at most. The error is the stream's end.
    pub(super) fn attend(&mut self) -> Result<(), AudioError> {
        match &mut self.stream {
            #[cfg(target_os = "linux")]
            Stream::Pulse(stream) => stream.attend(),
            Stream::Card(_) => Ok(()),
        }
    }
}

/// The queue's end that a callback holds: numbers the blocks.
struct Feed {
    blocks: SyncSender<Raw>,
    dropped: Arc<AtomicU64>,
    channels: u16,
    next_frame: u64,
}

impl Feed {
    fn new(blocks: SyncSender<Raw>, dropped: Arc<AtomicU64>, channels: u16) -> Self {
        Self { blocks, dropped, channels: channels.max(1), next_frame: 0 }
    }

    /// Never waits.
    fn put(&mut self, captured_at: Timestamp, samples: Vec<f32>) {
        let first_frame = self.next_frame;
        self.next_frame += samples.len() as u64 / u64::from(self.channels);
        if self.blocks.try_send(Raw { first_frame, captured_at, samples }).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
