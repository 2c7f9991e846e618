//! The integration tests, one binary: each module below tests one promise of the whole.

mod house;
