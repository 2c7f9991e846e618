//! What can go wrong with sound, in words for users.

/// Why an input is not heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudioError {
    /// Neither a sound server nor a sound card can be reached.
    #[error("no sound server answers ({reason}); start PulseAudio or PipeWire, or record without sound")]
    NoServer {
        /// What the attempt ended with.
        reason: String,
    },
    /// No input fits what was asked for.
    #[error("there is no sound input '{asked}'; {}", what_there_is(.have))]
    NoDevice {
        /// What was asked for.
        asked: String,
        /// The names of those that exist.
        have: Vec<String>,
    },
    /// The part of a name fits several inputs.
    #[error("'{asked}' fits several sound inputs; choose one of: {}", .fits.join(", "))]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// The names of those that fit.
        fits: Vec<String>,
    },
    /// The device was unplugged or switched off while it was open.
    #[error("the sound input '{name}' is gone; it is heard again as soon as it is back, or choose another one")]
    DeviceGone {
        /// The device's name.
        name: String,
    },
    /// The sound server ended or dropped us while the device was open.
    #[error(
        "the sound server ended while '{name}' was recorded ({reason}); the input is heard again as soon as the server is back"
    )]
    ServerGone {
        /// The device's name.
        name: String,
        /// What the server or the system said.
        reason: String,
    },
    /// The sound server moved the recording to another device, which is not what was asked for.
    #[error(
        "the sound server has moved the recording of '{from}' to '{to}'; nothing is recorded until '{from}' is open again"
    )]
    Moved {
        /// The device that was open.
        from: String,
        /// The device to which the server moved it.
        to: String,
    },
    /// The device cannot be opened.
    #[error("the sound input '{name}' cannot be opened: {reason}; another program may hold it, or choose another one")]
    Refused {
        /// The device's name, or what was asked for.
        name: String,
        /// What the server or the system said.
        reason: String,
    },
    /// Its samples come at a rate that cannot be converted.
    #[error("sound at {sample_rate} samples a second cannot be converted ({reason}); choose another input")]
    Rate {
        /// Samples per second and channel.
        sample_rate: u32,
        /// What the resampler said.
        reason: String,
    },
    /// A block says that it was taken in times to come.
    #[error("its time lies {seconds} s ahead")]
    Stamp {
        /// By how much.
        seconds: u64,
    },
    /// The sound server stopped answering.
    #[error("the sound server has not answered for {seconds} s about '{name}'; restart it, or record without sound")]
    Stalled {
        /// The device's name, or what was asked for.
        name: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

impl AudioError {
    /// Whether both tell the same trouble, if in other words.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The system refused a thread.
    pub(super) fn thread(error: &std::io::Error) -> Self {
        Self::NoServer { reason: format!("this system starts no further thread: {error}") }
    }
}

fn what_there_is(names: &[String]) -> String {
    if names.is_empty() { "none is connected".to_owned() } else { format!("choose one of: {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_what_there_is() {
        let have = vec!["Webcam".to_owned(), "Desk".to_owned()];
        let text = AudioError::NoDevice { asked: "usb".to_owned(), have }.to_string();
        assert_eq!(text, "there is no sound input 'usb'; choose one of: Webcam, Desk");
        let none = AudioError::NoDevice { asked: "system".to_owned(), have: vec![] }.to_string();
        assert_eq!(none, "there is no sound input 'system'; none is connected");
    }
}
