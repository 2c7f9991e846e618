//! Sound in: lists microphones and system-sound monitors, captures them on the clock of the frames, meters them,
//! and lays their blocks on a recording's line. Never knows pictures, profiles, ffmpeg or the window.
//!
//! The way of a block: sound server → thread `audio-<device>` (makes sure of its device, stamps, smooths the stamps)
//! → the caller's `deliver` → [`Meter`] and [`Timeline`].
//!
//! An output that is unplugged is the dangerous case: PulseAudio would move our stream to another source without a
//! word, and a recording of the desktop go on with the microphone. The stream is told to stay, no block goes on before
//! the server has confirmed its source, and a lost input waits for its own device ([`Heard::Lost`]); whoever records
//! fills with silence. Which device is an input's own, and when another one may take its place, is `follow`'s to say.

mod capture;
mod choose;
mod conform;
mod desk;
mod device;
mod error;
mod follow;
mod meter;
mod mixer;
mod offsets;
mod player;
mod spec;
mod stamps;
mod timeline;
mod tone;
mod watch;

pub use capture::{AudioCapture, Heard, open};
pub use choose::choose;
pub use desk::{DESK_FORMAT, Desk, DeskInput, StripId};
pub use error::AudioError;
pub use meter::Meter;
pub use mixer::{DESK_PATIENCE, DeskLevels, TrackBlock};
pub use offsets::{SoundOffsets, add_offsets, device_of};
pub use player::{OutputInfo, PlayError, Played, Player};
pub use spec::{AudioDevice, AudioInfo, AudioKind, AudioSpec, Follow, InputSpec, Strip, steer};
pub use timeline::{Pcm, SoundFormat, Timeline};
pub use watch::DeviceWatch;

use std::sync::Arc;
use std::time::Duration;

use crate::rt::{Clock, JobState, RealClock, spawn_job};

/// A listing takes 2 ms; one that takes this long is a server that accepts and never answers.
const LIST_DEADLINE: Duration = Duration::from_secs(3);

/// The inputs of the sound server (PulseAudio or PipeWire), microphones and monitors; ALSA's cards only where
/// there is no server. Takes milliseconds, at most 3 s (a hung
/// server): call it on a job.
///
/// Fails with [`AudioError::NoServer`] when there is neither a server nor a card, or when it does not answer.
pub fn list() -> Result<Vec<AudioDevice>, AudioError> {
    let clock: Arc<dyn Clock> = Arc::new(RealClock);
    let look = move |stop| device::Server::connect(&clock, &stop).and_then(|mut server| server.listing());
    let mut job = spawn_job("audio-list", || {}, look).map_err(|error| AudioError::thread(&error))?;
    match job.wait(LIST_DEADLINE) {
        JobState::Done(found) => found.map(|listing| listing.devices),
        JobState::Running => Err(AudioError::NoServer { reason: "it does not answer".to_owned() }),
        JobState::Gone => Err(AudioError::NoServer { reason: "the listing failed".to_owned() }),
    }
}
