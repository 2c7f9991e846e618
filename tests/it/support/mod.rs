//! What several integration tests need.

pub(crate) mod audio_probe;
pub(crate) mod camera;
#[cfg(feature = "opencv")]
pub(crate) mod cards;
pub(crate) mod coded;
pub(crate) mod fake_window;
pub(crate) mod heard;
pub(crate) mod inspector;
pub(crate) mod judge;
pub(crate) mod painter;
pub(crate) mod pictures;
pub(crate) mod program;
pub(crate) mod pulse;
pub(crate) mod record;
pub(crate) mod stimulus;
pub(crate) mod take;
pub(crate) mod xvfb;
