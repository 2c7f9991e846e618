//! Lists, captures and meters sound inputs on the same clock as the picture.

/// Which input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudioSpec {
    /// The system's default input.
    Default,
    /// What the system plays.
    System,
    /// The built-in test tone.
    Test,
    /// A device's id or part of its name.
    Device(String),
}

// STUB from here: the list of devices.

/// Microphone or what the system plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioKind {
    /// A microphone or line input.
    Microphone,
    /// What the system plays.
    System,
}

/// A sound device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioDevice {
    /// Stable id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Kind.
    pub kind: AudioKind,
    /// The system's default of its kind.
    pub is_default: bool,
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no sound devices can be listed")]
pub struct AudioError;

/// Lists the inputs.
pub fn list() -> Result<Vec<AudioDevice>, AudioError> {
    Ok(Vec::new())
}
