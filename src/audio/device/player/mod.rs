//! The door's other way: an output that plays a score. PulseAudio (or PipeWire) first, where there is no server ALSA's
//! default, elsewhere the system's own.

mod cards;
#[cfg(target_os = "linux")]
mod pulse;

use crate::audio::player::{OutputInfo, PlayError, SharedScore};
use crate::rt::{Clock, StopToken};

/// Opens an output, tells so with `opened`, and plays until stop is asked. The error is why it could not, or no longer.
pub(in crate::audio) fn play(
    output: Option<&str>,
    score: &SharedScore,
    clock: &dyn Clock,
    stop: &StopToken,
    opened: &dyn Fn(OutputInfo),
) -> Result<(), PlayError> {
    #[cfg(target_os = "linux")]
    if let Some(client) = pulse::connect()? {
        return pulse::play(&client, output, score, clock, stop, opened);
    }
    cards::play(output, score, clock, stop, opened)
}
