//! The shared words of every room: frames, packets, codecs, containers, time and the test card.
//!
//! Plain values only. This room knows nothing of the rest of the house, of threads, files or processes.

mod codec;
mod colour;
mod frame;
pub mod h264;
mod names;
mod packet;
mod rate;
mod sound;
pub mod sync;
pub mod test_card;
mod time;

pub use codec::{AudioCodec, Channels, Container, SoundTracks, VideoCodec};
pub use colour::{Colour, Matrix, Primaries, Range, Transfer};
pub use frame::{
    Changed, CompressedFormat, Frame, FrameError, Payload, PixelBuffer, PixelFormat, Planes, Rect, Resolution,
};
pub use names::{beside, has_number};
pub use packet::{Packet, RenditionId, StreamHeaders, TimeBase, TrackHeader, TrackId, TrackKind};
pub use rate::{FrameRate, FrameTiming, ParseRateError};
pub use sound::{AudioBlock, Levels};
pub use time::Timestamp;
