//! gearcast: a desktop recorder and live-streamer over a WriteGear engine.

pub mod media;
pub mod rt;
pub mod capture;
pub mod audio;
pub mod profile;
pub mod plan;
pub mod session;
