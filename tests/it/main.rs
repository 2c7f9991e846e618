//! Tests that need a real X server, ffmpeg or the whole program.

mod capture_x11;
mod support;
