//! Tests that need a real X server, ffmpeg or the whole program.

// `cfg(test)` is always true here; it tells clippy that helpers may panic too.
#[cfg(test)]
mod capture_x11;
#[cfg(test)]
mod support;
