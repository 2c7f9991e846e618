//! What several integration tests need.

pub(crate) mod painter;
pub(crate) mod xvfb;
