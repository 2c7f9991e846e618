//! All integration tests in one binary.

mod window_kittest;
