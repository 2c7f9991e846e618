//! What comes from outside over the network, as far as gearcast itself fetches it.
//!
//! Knows no ffmpeg process and no window. HTTP enters by `net` alone.

mod ffmpeg_build;
#[cfg(test)]
mod ffmpeg_build_tests;
mod net;

pub use ffmpeg_build::{Build, Builds, BuildsError, DownloadError, Program, download};
