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
