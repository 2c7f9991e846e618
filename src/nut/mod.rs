//! The NUT container, both ways: frames and sound with exact times into ffmpeg, encoded packets with exact
//! times out of it and into the next one. Bytes in, bytes out: it must never know processes, threads or codecs.
//!
//! NUT because it keeps the time base of the encoder (Matroska on a pipe rounds to a millisecond), carries any
//! codec, needs no seeking, and hands over every packet the moment it is written.
//!
//! Two limits of the container itself shape the API: it stores presentation times only (a reader derives decode
//! times from the order of packets and [`crate::media::TrackHeader::decode_delay`]), and no time may be negative.

mod error;
mod headers;
mod input;
mod raw;
mod reader;
mod wire;
mod writer;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_real;

pub use error::NutError;
pub use raw::{coded_video, fourcc_of, pcm_f32, pcm_s16, raw_video};
pub use reader::{NutPacket, Reader};
pub use writer::{MAX_TRACKS, Syncpoints, Writer};
