//! gearcast: a desktop recorder and live-streamer over a WriteGear engine.

pub mod app;
pub mod audio;
pub mod capture;
pub mod ffmpeg;
pub mod imaging;
pub mod media;
pub mod model;
pub mod plan;
pub mod profile;
pub mod rt;
pub mod session;
pub mod ui;
