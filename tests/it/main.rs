//! The integration tests, one binary: each module below tests one promise of the whole.

#![expect(clippy::expect_used, reason = "a helper of a test fails the test, as the test itself would")]

mod support;
mod window_kittest;
