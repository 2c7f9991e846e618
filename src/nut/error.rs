//! What can go wrong between two ends of a NUT stream.

use std::io;

/// Why a stream could not be read or a packet not be written.
#[derive(Debug, thiserror::Error)]
pub enum NutError {
    /// The stream ended before its first byte: the process at the other end failed to start.
    #[error("the stream is empty: the program that should have written it ended before it began; read its log")]
    Empty,
    /// The first bytes are something else.
    #[error("this is not a NUT stream")]
    NotNut,
    /// A version of NUT that nothing writes today.
    #[error("NUT version {version} is not supported: versions 3 and 4 are")]
    Version {
        /// As the stream says.
        version: u64,
    },
    /// The bytes contradict the format or their own checksum. Every packet given out before is whole.
    #[error("the NUT stream is damaged at byte {at}: {what}")]
    Corrupt {
        /// What does not fit.
        what: &'static str,
        /// Bytes from the start of the stream.
        at: u64,
    },
    /// A length beyond anything sensible; nothing was allocated for it.
    #[error("the NUT stream is damaged at byte {at}: a {what} of {size} bytes (at most {limit} are accepted)")]
    TooLarge {
        /// What is so long.
        what: &'static str,
        /// Its length as the stream says.
        size: u64,
        /// The longest accepted.
        limit: u64,
        /// Bytes from the start of the stream.
        at: u64,
    },
    /// The stream ended inside a packet: its writer was killed. Every packet given out before is whole.
    #[error("the stream ended in the middle of a packet, after {at} bytes: the program that wrote it was stopped")]
    Truncated {
        /// Bytes read until then.
        at: u64,
    },
    /// The reader underneath failed.
    #[error("reading the NUT stream failed: {0}")]
    Io(#[source] io::Error),
    /// More tracks than a NUT stream holds, or none.
    #[error("a NUT stream holds 1 to 250 tracks, not {count}")]
    TrackCount {
        /// How many were asked for.
        count: usize,
    },
    /// A track that cannot be described in NUT.
    #[error("track {track} cannot be written: {why}")]
    BadTrack {
        /// Its index.
        track: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A packet for a track that the header does not have.
    #[error("there is no track {track}: the stream has {count}")]
    NoSuchTrack {
        /// The index asked for.
        track: usize,
        /// How many there are.
        count: usize,
    },
    /// NUT cannot store this time. Shift all tracks by the same amount before writing.
    #[error("the time {pts} of a packet of track {track} cannot be stored: times start at 0")]
    TimeOutOfRange {
        /// Its track.
        track: usize,
        /// Its time in the track's time base.
        pts: i64,
    },
}
