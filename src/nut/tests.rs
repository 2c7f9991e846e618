//! Streams in and out.
