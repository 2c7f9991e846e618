//! Frames and packets into NUT. The payload never passes through here, so that it is never copied.

use super::NutError;
use super::headers::{self, StreamHeader};
use super::wire::{self, flag, put_block, put_v, startcode};
use crate::media::{TimeBase, TrackHeader, TrackKind};

/// The most tracks a NUT stream holds.
pub const MAX_TRACKS: usize = headers::MAX_TRACKS;

/// Times are stored whole, plus this offset of the format: no jump is too far and no packet depends on another.
const PTS_SHIFT: u32 = 7;

/// A reader without the pipe flag refuses a frame that begins further than this after a syncpoint.
const MAX_DISTANCE: u64 = 32 * 1024 - 1;

/// Where a reader may begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syncpoints {
    /// Only at the start (NUT version 4's pipe flag): for another process's standard input. ffmpeg remembers
    /// every syncpoint it reads for as long as it runs.
    #[default]
    Start,
    /// Before every video keyframe and every 32 KiB (version 3): for a file, where a player wants to seek.
    Regular,
}

/// Writes the headers and the beginnings of packets.
#[derive(Clone, Debug)]
pub struct Writer {
    header: Vec<u8>,
    tracks: Vec<Track>,
    time_base_count: u64,
    syncpoints: Syncpoints,
    /// Bytes of the stream so far, payloads included.
    position: u64,
    /// Where the last syncpoint begins.
    last_syncpoint: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    time_base_index: usize,
    is_video: bool,
}

impl Writer {
    /// For a stream that another process reads from its start. Time bases are reduced: 2/60 becomes 1/30.
    pub fn new(tracks: &[TrackHeader]) -> Result<Self, NutError> {
        Self::with_syncpoints(tracks, Syncpoints::Start)
    }

    /// The same with a choice of syncpoints.
    pub fn with_syncpoints(tracks: &[TrackHeader], syncpoints: Syncpoints) -> Result<Self, NutError> {
        if tracks.is_empty() || tracks.len() > MAX_TRACKS {
            return Err(NutError::TrackCount { count: tracks.len() });
        }
        let mut time_bases: Vec<TimeBase> = Vec::new();
        let mut streams = Vec::new();
        for (track, header) in tracks.iter().enumerate() {
            let bad = |why| NutError::BadTrack { track, why };
            let base = headers::reduced(header.time_base).map_err(bad)?;
            let time_base_index = time_bases.iter().position(|known| *known == base).unwrap_or_else(|| {
                time_bases.push(base);
                time_bases.len() - 1
            });
            let header = TrackHeader { time_base: base, ..header.clone() };
            let stream = StreamHeader { track, time_base_index, pts_shift: PTS_SHIFT, header };
            streams.push((stream.body().map_err(bad)?, stream));
        }
        let version = match syncpoints {
            Syncpoints::Start => 4,
            Syncpoints::Regular => 3,
        };
        let mut header = wire::ID_STRING.to_vec();
        let main = headers::main_body(tracks.len(), &time_bases, version, MAX_DISTANCE);
        put_block(&mut header, startcode::MAIN, &main);
        for (body, _) in &streams {
            put_block(&mut header, startcode::STREAM, body);
        }
        for (track, header_of) in tracks.iter().enumerate() {
            if let TrackKind::Video { rate: Some(rate), .. } = header_of.kind {
                put_block(&mut header, startcode::INFO, &headers::rate_body(track, rate));
            }
        }
        let tracks = streams
            .iter()
            .map(|(_, stream)| Track {
                time_base_index: stream.time_base_index,
                is_video: matches!(stream.header.kind, TrackKind::Video { .. }),
            })
            .collect();
        let position = header.len() as u64;
        let time_base_count = time_bases.len() as u64;
        Ok(Self { header, tracks, time_base_count, syncpoints, position, last_syncpoint: None })
    }

    /// What stands before the first packet.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Appends to `out` what stands before the payload of the next packet: some 15 bytes, with a syncpoint some 35.
    /// The caller then writes exactly `payload_len` bytes.
    ///
    /// `pts` is in the track's time base as given to [`Self::new`] and must not be negative; packets of a track come
    /// in decode order, those of different tracks in about the order of their times. On an error nothing is appended
    /// and the next packet may follow.
    pub fn packet_head(
        &mut self,
        track: usize,
        key: bool,
        pts: i64,
        payload_len: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), NutError> {
        let known = *self.tracks.get(track).ok_or(NutError::NoSuchTrack { track, count: self.tracks.len() })?;
        let out_of_range = NutError::TimeOutOfRange { track, pts };
        let Ok(time) = u64::try_from(pts) else { return Err(out_of_range) };
        // ffmpeg reads the sum into a signed number.
        let coded_pts = time + (1 << PTS_SHIFT);
        if i64::try_from(coded_pts).is_err() {
            return Err(out_of_range);
        }
        let start = out.len();
        if self.needs_syncpoint(known, key, payload_len) {
            self.last_syncpoint = Some(self.position);
            self.put_syncpoint(known, time, out);
        }
        let frame = out.len();
        let key_flag = if key { flag::KEY } else { 0 };
        put_v(out, 1); // the one frame code whose flags are coded
        put_v(out, key_flag | flag::STREAM_ID | flag::CODED_PTS | flag::SIZE_MSB | flag::CHECKSUM);
        put_v(out, track as u64);
        put_v(out, coded_pts);
        put_v(out, payload_len as u64);
        let checksum = wire::crc(0, &out[frame..]);
        out.extend_from_slice(&checksum.to_be_bytes());
        let head_len = (out.len() - start) as u64;
        self.position = self.position.saturating_add(head_len).saturating_add(payload_len as u64);
        Ok(())
    }

    fn needs_syncpoint(&self, track: Track, key: bool, payload_len: usize) -> bool {
        match (self.last_syncpoint, self.syncpoints) {
            (None, _) => true,
            (Some(_), Syncpoints::Start) => false,
            (Some(last), Syncpoints::Regular) => {
                // 64: more than a syncpoint and a frame header together.
                let end = self.position.saturating_add(payload_len as u64).saturating_add(64);
                (track.is_video && key) || end - last > MAX_DISTANCE
            }
        }
    }

    /// A syncpoint tells a time that all that follow have passed, for seeking.
    fn put_syncpoint(&self, track: Track, time: u64, out: &mut Vec<u8>) {
        let time = match self.syncpoints {
            Syncpoints::Start => 0,
            Syncpoints::Regular => time,
        };
        let coded = time.checked_mul(self.time_base_count).and_then(|t| t.checked_add(track.time_base_index as u64));
        let mut body = Vec::new();
        put_v(&mut body, coded.unwrap_or(0));
        put_v(&mut body, 0); // no way back to an earlier syncpoint is told
        put_block(out, startcode::SYNCPOINT, &body);
    }
}
