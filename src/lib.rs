//! gearcast: a desktop recorder and live-streamer over a `WriteGear` engine.

pub mod media;
pub mod rt;
pub mod imaging;
pub mod nut;
pub mod ffmpeg;
pub mod capture;
pub mod audio;
pub mod service;
pub mod profile;
pub mod plan;
pub mod pacer;
pub mod preview;
pub mod writegear;
pub mod fanout;
pub mod session;
pub mod model;
pub mod ui;
pub mod app;
pub mod cli;
