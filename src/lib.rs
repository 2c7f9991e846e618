//! gearcast: a desktop recorder and live-streamer over a `WriteGear` engine.

pub mod media;
pub mod rt;
pub mod imaging;
pub mod pacer;
pub mod preview;
