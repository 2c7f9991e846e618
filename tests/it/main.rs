//! The integration tests, one binary: each module below tests one promise of the whole.

#![expect(clippy::expect_used, reason = "a helper of a test fails the test, as the test itself would")]

mod support;

mod audio_pulse;
mod capture_x11;
mod cli;
mod cli_record;
mod house;
mod recording;
