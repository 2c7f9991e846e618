//! What several test files need.

pub(crate) mod painter;
pub(crate) mod xvfb;
