//! gearcast: a desktop recorder and live-streamer over a WriteGear engine.

pub mod audio;
pub mod media;
pub mod plan;
pub mod profile;
pub mod rt;

pub mod capture;
