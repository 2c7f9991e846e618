//! gearcast: a desktop recorder and live-streamer over a WriteGear engine.

pub mod audio;
pub mod media;
pub mod rt;
