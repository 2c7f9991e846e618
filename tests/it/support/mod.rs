//! What several integration tests need.

pub mod judge;
pub mod record;
