//! What the fan-out tells the rest of the house: counts, and how long capture to disk takes.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use crate::media::Timestamp;

/// Latencies are counted in steps of this many milliseconds …
const BUCKET_MS: i64 = 10;
/// … up to ten seconds; what is slower counts as ten seconds.
const BUCKETS: usize = 1000;

/// Counts shared by the threads of one recording. Reading is cheap and never waits.
#[derive(Debug)]
pub struct Counters {
    video_packets: AtomicU64,
    audio_packets: AtomicU64,
    bytes: AtomicU64,
    last_packet_nanos: AtomicI64,
    last_video_end_nanos: AtomicI64,
    written_bytes: AtomicU64,
    origin: OnceLock<Timestamp>,
    latencies: Vec<AtomicU32>,
}

/// A copy of the counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Encoded pictures so far.
    pub video_packets: u64,
    /// Encoded blocks of sound so far.
    pub audio_packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            video_packets: AtomicU64::new(0),
            audio_packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            last_packet_nanos: AtomicI64::new(i64::MIN),
            last_video_end_nanos: AtomicI64::new(0),
            written_bytes: AtomicU64::new(0),
            origin: OnceLock::new(),
            latencies: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
        }
    }
}

impl Counters {
    /// The moment that time stamp zero stands for. The first call counts.
    pub fn set_origin(&self, origin: Timestamp) {
        self.origin.get_or_init(|| origin);
    }

    /// That moment, once there is one.
    pub fn origin(&self) -> Option<Timestamp> {
        self.origin.get().copied()
    }

    pub(super) fn count_packet(&self, is_video: bool, pts_nanos: i64, bytes: usize, now: Timestamp) {
        if is_video {
            self.video_packets.fetch_add(1, Ordering::Relaxed);
            self.last_video_end_nanos.fetch_max(pts_nanos, Ordering::Relaxed);
        } else {
            self.audio_packets.fetch_add(1, Ordering::Relaxed);
        }
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.last_packet_nanos.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// What an encoder that writes its output itself says of it: pictures and bytes so far. Only a new picture counts as
    /// a sign of life.
    pub fn note_progress(&self, frames: u64, bytes: u64, now: Timestamp) {
        let before = self.video_packets.swap(frames, Ordering::Relaxed);
        let bytes_before = self.bytes.swap(bytes, Ordering::Relaxed);
        if frames > before || bytes > bytes_before {
            self.last_packet_nanos.store(now.as_nanos(), Ordering::Relaxed);
        }
    }

    /// A picture with this time stamp has been handed to the disk.
    pub(super) fn count_written(&self, pts_nanos: i64, bytes: usize, now: Timestamp) {
        self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let Some(origin) = self.origin() else { return };
        let millis = now.nanos_since(origin.offset_nanos(pts_nanos)) / 1_000_000;
        let bucket = usize::try_from(millis / BUCKET_MS).unwrap_or(0).min(BUCKETS - 1);
        self.latencies[bucket].fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    pub fn totals(&self) -> Totals {
        Totals {
            video_packets: self.video_packets.load(Ordering::Relaxed),
            audio_packets: self.audio_packets.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// When the encoder last gave something.
    pub fn last_packet_at(&self) -> Option<Timestamp> {
        let nanos = self.last_packet_nanos.load(Ordering::Relaxed);
        (nanos != i64::MIN).then(|| Timestamp::from_nanos(nanos))
    }

    /// The latest time stamp of a picture, in nanoseconds since the origin.
    pub fn last_video_pts_nanos(&self) -> i64 {
        self.last_video_end_nanos.load(Ordering::Relaxed)
    }

    /// Seconds from capture to disk that 95 of 100 pictures stayed below; `None` before the first.
    pub fn latency_s(&self) -> Option<f64> {
        let counts: Vec<u64> = self.latencies.iter().map(|count| u64::from(count.load(Ordering::Relaxed))).collect();
        let total: u64 = counts.iter().sum();
        let wanted = (total * 95).div_ceil(100);
        let mut seen = 0;
        let bucket = counts.iter().position(|count| {
            seen += count;
            wanted > 0 && seen >= wanted
        })?;
        let millis = (i64::try_from(bucket).ok()? + 1) * BUCKET_MS;
        Some(f64::from(i32::try_from(millis).ok()?) / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_what_most_pictures_stay_below() {
        let counters = Counters::default();
        assert_eq!(counters.latency_s(), None);
        counters.set_origin(Timestamp::from_nanos(1_000_000_000));
        for frame in 0..100 {
            let pts = frame * 33_000_000;
            let late = if frame < 4 { 900_000_000 } else { 402_000_000 };
            counters.count_written(pts, 10, Timestamp::from_nanos(1_000_000_000 + pts + late));
        }
        assert_eq!(counters.latency_s(), Some(0.41));
    }

    #[test]
    fn the_origin_is_set_once() {
        let counters = Counters::default();
        counters.set_origin(Timestamp::from_nanos(5));
        counters.set_origin(Timestamp::from_nanos(6));
        assert_eq!(counters.origin(), Some(Timestamp::from_nanos(5)));
    }
}
