//! Encoded packets for other Rust programs: what the encoder gives out, the moment it does, with its own time stamps.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use super::watch::Signs;
use crate::ffmpeg::ChildOutput;
use crate::media::{Packet, RenditionId, StreamHeaders, TrackHeader, TrackId, TrackKind};
use crate::nut::Reader;
use crate::rt::StopToken;

/// Packets that may wait. Behind a receiver that takes none ffmpeg stands still, and then `write` does; closing waits as
/// long as packets are taken.
const WAITING: usize = 256;
/// A second later inside the pipe, because NUT knows no time before zero and AAC begins there.
const OFFSET_S: &str = "1.000000";
const OFFSET_NANOS: i64 = 1_000_000_000;
/// How long one wait for a place takes, until it is looked whether anybody still wants it.
const LOOK: Duration = Duration::from_millis(20);

/// One thing out of the encoder.
#[derive(Clone, Debug, PartialEq)]
pub enum Encoded {
    /// The tracks, once, before the first packet.
    Headers(StreamHeaders),
    /// A packet; times count from the first frame, in its track's time base.
    Packet(Packet),
}

/// The receiving end. Dropping it lets the encoder run on with nobody listening.
#[derive(Debug)]
pub struct Packets {
    receiver: Receiver<Encoded>,
}

impl Packets {
    /// The next one, or `None` at the end. Waits as long as the encoder works.
    pub fn next_blocking(&self) -> Option<Encoded> {
        self.receiver.recv().ok()
    }

    /// The next one if it comes within `timeout`: `Ok(None)` if it does not yet, `Err` at the end.
    pub fn next_within(&self, timeout: Duration) -> Result<Option<Encoded>, EndOfPackets> {
        match self.receiver.recv_timeout(timeout) {
            Ok(encoded) => Ok(Some(encoded)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(EndOfPackets),
        }
    }
}

impl Iterator for Packets {
    type Item = Encoded;

    fn next(&mut self) -> Option<Encoded> {
        self.next_blocking()
    }
}

/// The encoder is done; nothing more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the encoder has given its last packet")]
pub struct EndOfPackets;

/// The sending end, run by a thread of its own.
pub(super) struct PacketPipe {
    sender: SyncSender<Encoded>,
}

impl PacketPipe {
    pub(super) fn new() -> (Self, Packets) {
        let (sender, receiver) = sync_channel(WAITING);
        (Self { sender }, Packets { receiver })
    }

    #[expect(clippy::unused_self, reason = "a pipe's own fact, whoever asks")]
    pub(super) const fn offset_s(&self) -> &'static str {
        OFFSET_S
    }

    /// Until ffmpeg's output ends.
    pub(super) fn run(self, output: ChildOutput, signs: &Signs, stop: &StopToken) {
        let mut reader = Reader::new(output);
        let tracks = match reader.read_headers() {
            Ok(tracks) => tracks,
            Err(error) => {
                log::debug!("no packets: {error}");
                return;
            }
        };
        let offsets: Vec<i64> = tracks.iter().map(|track| track.time_base.from_nanos(OFFSET_NANOS)).collect();
        let videos: Vec<bool> = tracks.iter().map(is_video).collect();
        self.send(Encoded::Headers(StreamHeaders { rendition: RenditionId(0), generation: 0, tracks }), signs, stop);
        let (mut frames, mut bytes) = (0_u64, 0_u64);
        loop {
            match reader.next_packet() {
                Ok(Some(packet)) => {
                    frames += u64::from(videos.get(packet.track).copied().unwrap_or(false));
                    bytes += packet.data.len() as u64;
                    let pts = packet.pts.saturating_sub(offsets.get(packet.track).copied().unwrap_or(0));
                    let track = TrackId(u8::try_from(packet.track).unwrap_or(u8::MAX));
                    let (key, data) = (packet.key, packet.data);
                    self.send(
                        Encoded::Packet(Packet { rendition: RenditionId(0), track, key, pts, data }),
                        signs,
                        stop,
                    );
                    // A packet taken is a sign of life, at the end too.
                    signs.saw(Some(frames), Some(bytes));
                }
                Ok(None) => return,
                Err(error) => {
                    log::debug!("the packets ended: {error}");
                    return;
                }
            }
        }
    }

    /// Waits for a place; a receiver that is gone takes everything at once.
    fn send(&self, encoded: Encoded, signs: &Signs, stop: &StopToken) {
        let mut waiting = encoded;
        loop {
            match self.sender.try_send(waiting) {
                Ok(()) | Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => waiting = back,
            }
            if stop.wait(LOOK) {
                signs.lose_one();
                return;
            }
        }
    }
}

fn is_video(track: &TrackHeader) -> bool {
    matches!(track.kind, TrackKind::Video { .. })
}
