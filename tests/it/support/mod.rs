//! What several test files need.

pub mod painter;
pub mod xvfb;
