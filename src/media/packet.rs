//! Encoded packets, as the encoder gives them out and the sinks take them.

use std::sync::Arc;

use super::{FrameRate, Resolution};

/// Which set of encode settings a packet came from (a plan may hold several).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenditionId(pub u8);

/// A stream of one rendition, in the order of [`StreamHeaders::tracks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackId(pub u8);

/// Seconds per unit of a time stamp, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeBase {
    /// Numerator.
    pub num: u32,
    /// Denominator; never zero in a value that came through [`TimeBase::new`].
    pub den: u32,
}

impl TimeBase {
    /// A time base, or `None` if a part is zero.
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 { None } else { Some(Self { num, den }) }
    }

    /// One nanosecond.
    pub const NANOS: Self = Self { num: 1, den: 1_000_000_000 };
    /// One microsecond.
    pub const MICROS: Self = Self { num: 1, den: 1_000_000 };

    /// The nanoseconds of a time stamp, rounded to nearest.
    pub fn to_nanos(self, units: i64) -> i64 {
        let nanos = i128::from(units) * i128::from(self.num) * 1_000_000_000;
        clamp_i64(div_round(nanos, i128::from(self.den)))
    }

    /// The time stamp nearest to these nanoseconds.
    pub fn from_nanos(self, nanos: i64) -> i64 {
        let scaled = i128::from(nanos) * i128::from(self.den);
        clamp_i64(div_round(scaled, i128::from(self.num) * 1_000_000_000))
    }
}

fn div_round(a: i128, b: i128) -> i128 {
    (a + a.signum() * b / 2) / b
}

fn clamp_i64(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// What a track is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Pictures.
    Video {
        /// Coded size.
        size: Resolution,
        /// Pixel aspect ratio `(num, den)`; `(0, 0)` when unknown.
        sample_aspect: (u32, u32),
        /// Nominal rate where the encoder states one.
        rate: Option<FrameRate>,
        /// NUT's colour code: 0 unknown, 1 BT.624 (601) limited, 2 BT.709 limited, 17 and 18 their full-range forms.
        colour_code: u8,
    },
    /// Sound.
    Audio {
        /// Samples per second.
        sample_rate: u32,
        /// Channels.
        channels: u16,
    },
    /// Text with times.
    Subtitle,
    /// Anything else; carried, not understood.
    Data,
}

/// One track as its encoder describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackHeader {
    /// What it is.
    pub kind: TrackKind,
    /// The codec's tag, as NUT stores it (two or four bytes).
    pub fourcc: Vec<u8>,
    /// The unit of its packets' time stamps.
    pub time_base: TimeBase,
    /// How many packets a decoder holds back (B-frames); a muxer derives decode times from it.
    pub decode_delay: u32,
    /// Parameter sets and the like, as the container wants them.
    pub codec_private: Arc<[u8]>,
}

/// What stands before the packets of a rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHeaders {
    /// The rendition.
    pub rendition: RenditionId,
    /// Counts the encoder's lives. Equal tracks in a new generation continue in the same file, others open a new part.
    pub generation: u32,
    /// The tracks; a packet's `track` is its index here.
    pub tracks: Vec<TrackHeader>,
}

/// One encoded picture or block of sound. NUT carries presentation times only; decode times follow from
/// their order and [`TrackHeader::decode_delay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The rendition.
    pub rendition: RenditionId,
    /// The track.
    pub track: TrackId,
    /// A decoder can start here.
    pub key: bool,
    /// Presentation time in the track's time base.
    pub pts: i64,
    /// The bytes; shared by every sink.
    pub data: Arc<[u8]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_bases_round_to_nearest_both_ways() {
        let base = TimeBase::new(1, 30).unwrap();
        assert_eq!(base.to_nanos(1), 33_333_333);
        assert_eq!(base.from_nanos(33_333_333), 1);
        assert_eq!(base.from_nanos(49_999_999), 1);
        assert_eq!(base.from_nanos(50_000_001), 2);
        assert_eq!(base.from_nanos(-33_333_333), -1);
        assert!(TimeBase::new(0, 1).is_none());
    }
}
