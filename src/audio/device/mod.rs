//! The door to sound devices: finds the sound server or the cards, lists inputs, opens one. Never knows the blocks'
//! further way.
//!
//! Connecting, listing and opening may wait some seconds (and a call to a card without end): callers run them on jobs
//! with a deadline. An open device is asked for its blocks and never waits long.

mod cards;
mod player;
#[cfg(target_os = "linux")]
mod pulse;

pub(super) use player::play;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

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

/// What there is at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// Tells one run of the server from the next.
    pub(super) server: u32,
    /// In the server's order.
    pub(super) devices: Vec<AudioDevice>,
}

/// A block as the device gave it.
pub(super) struct Raw {
    /// Number of its first sample (per channel) since the stream's start; dropped blocks count.
    pub(super) first_frame: u64,
    /// When that was taken, as jittery as the device tells it.
    pub(super) captured_at: Timestamp,
    /// The device rested before: this stamp owes nothing to those before.
    pub(super) is_anew: bool,
    /// Interleaved.
    pub(super) samples: Vec<f32>,
}

/// An open device. Dropping it closes the device, which can hang with a card's driver.
pub(super) struct Opened {
    /// What was opened.
    pub(super) info: AudioInfo,
    stream: Stream,
}

enum Stream {
    #[cfg(target_os = "linux")]
    Pulse(Box<pulse::Stream>),
    Card(cards::CardStream),
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

    /// The inputs.
    pub(super) fn listing(&mut self) -> Result<Listing, AudioError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pulse(client) => client.listing(),
            Self::Cards(cards) => Ok(Listing { server: 0, devices: cards.devices()? }),
        }
    }

    /// Whether changes are told at all.
    pub(super) fn tells_news(&self) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pulse(_) => true,
            Self::Cards(_) => false,
        }
    }

    /// Whether the server told of a change among its devices since the last call; cards tell nothing. Does not wait.
    pub(super) fn has_news(&mut self) -> Result<bool, AudioError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pulse(client) => client.has_news(),
            Self::Cards(_) => Ok(false),
        }
    }

    /// Opens a device of the list and starts it. `dropped` counts blocks for which nobody had time.
    pub(super) fn open(
        self,
        device: AudioDevice,
        clock: Arc<dyn Clock>,
        dropped: Arc<AtomicU64>,
    ) -> Result<Opened, AudioError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Pulse(client) => client.open(device), // the server keeps what is not fetched
            Self::Cards(cards) => cards.open(device, clock, dropped),
        }
    }
}

impl Opened {
    /// The next block, waiting for it up to `wait`. The error is the stream's end.
    pub(super) fn next(&mut self, wait: Duration) -> Result<Option<Raw>, AudioError> {
        match &mut self.stream {
            #[cfg(target_os = "linux")]
            Stream::Pulse(stream) => stream.next(wait),
            Stream::Card(stream) => stream.next(wait),
        }
    }

    /// What there is, if the server told that something changed; cards tell nothing. Waits 0.2 s at most.
    pub(super) fn changed_listing(&mut self) -> Result<Option<Listing>, AudioError> {
        match &mut self.stream {
            #[cfg(target_os = "linux")]
            Stream::Pulse(stream) => stream.changed_listing(),
            Stream::Card(_) => Ok(None),
        }
    }
}
