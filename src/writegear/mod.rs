//! The engine: frames and sound in, encoded packets out, through one ffmpeg child that encodes once.
//!
//! Raw pictures and samples travel to ffmpeg with their own time stamps in one NUT stream over one socket;
//! encoded packets come back as NUT with the encoder's exact time stamps. Knows no capture, no plan, no session,
//! no profile and no window.
//!
//! Three parts with three owners: [`EngineInput`] belongs to the thread that writes, [`EngineOutput`] to the one
//! that reads, and [`Engine`] to whoever decides when it ends.

mod args;
mod engine;
mod error;
#[cfg(feature = "opencv")]
pub mod noncompression;
mod spec;

pub use args::{colour_tags, encoder_args};
pub use engine::{Engine, EngineInput, EngineOutput};
pub use error::EngineError;
pub use spec::{AudioInput, EncodeOptions, EngineSpec, VideoInput};
