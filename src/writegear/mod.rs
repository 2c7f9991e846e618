//! The engine: frames and sound in, encoded packets out, through one ffmpeg child that encodes once.
//!
//! Raw pictures and samples travel to ffmpeg with their own time stamps in one NUT stream over one socket;
//! encoded packets come back as NUT with the encoder's exact time stamps. Knows no capture, no plan, no session,
//! no profile and no window.
//!
//! Three parts with three owners: [`EngineInput`] belongs to the thread that writes, [`EngineOutput`] to the one
//! that reads, and [`Engine`] to whoever decides when it ends.

mod args;
mod builder;
mod command;
mod engine;
mod error;
mod feed;
mod finish;
mod frame;
mod gear;
mod gear_error;
mod opened;
mod packets;
mod params;
mod pixels;
mod place;
mod report;
mod running;
mod secret;
mod spec;
mod target;
mod value;
mod watch;

pub use args::{colour_tags, encoder_args};
pub use builder::{Builder, Logging};
pub use engine::{Engine, EngineInput, EngineOutput};
pub use error::EngineError;
pub use frame::{Frame, FrameError, Plane};
pub use gear::WriteGear;
pub use gear_error::GearError;
pub use packets::{Encoded, EndOfPackets, Packets};
pub use params::{EncoderWish, ExtraInput, Mode, ParamError, Reading};
pub use pixels::{Family, PixelFormat};
pub use place::Existing;
pub use report::{Ending, Report};
pub use spec::{AudioInput, EncodeOptions, EngineSpec, VideoInput};
pub use value::Value;
