//! What several integration tests need.

pub(crate) mod audio_probe;
pub(crate) mod pulse;
