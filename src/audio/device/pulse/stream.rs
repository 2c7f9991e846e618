//! An open source: its blocks, when they were taken, and the certainty that they are of this source.
//!
//! Twenty times a second the server is asked two things: how much it has recorded and how old the newest of that is
//! (which tells when sample 0 was taken, whatever happened to the blocks on their way here), and at which source the
//! stream is. A block goes on only after a round of these questions that was begun when it was here already: 25 ms
//! later in the mean, 50 at most. So the first block has a true stamp, the first one after a pause too, and none is
//! of a source to which the server moved the stream. (PulseAudio also says so itself, before the first such block;
//! PipeWire's word may come later than its samples.)

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, ChannelPosition, Command, CreateRecordStreamReply, GetSourceInfo, LatencyParams, PulseError,
    RecordLatency, RecordStreamParams, SampleFormat, SampleSpec, SourceInfo, SourceOutputInfo,
};

use super::wire::{Answer, Message, Wire, WireError};
use super::{Client, human_name, is_of_devices, listing};
use crate::audio::device::{Listing, Opened, Raw};
use crate::audio::stamps::frames_to_nanos;
use crate::audio::{AudioDevice, AudioError, AudioInfo, AudioKind};
use crate::media::Timestamp;
use crate::rt::Clock;

/// The server converts: every input comes in the recording's usual form.
const SAMPLE_RATE: u32 = 48_000;
const SAMPLE_BYTES: u32 = 4;
/// 10 ms. The server then wakes the device that often.
const BLOCK_FRAMES: u32 = 480;
/// An open stream must not wait longer for a listing.
const LIST_DEADLINE: Duration = Duration::from_millis(200);
/// An open stream is given up when the server has not answered for this long.
const STALL_DEADLINE: Duration = Duration::from_secs(5);
/// How often is asked while blocks come (0.2 ms of work) …
const ROUND_PERIOD: Duration = Duration::from_millis(50);
/// … and while none come, of a suspended source.
const IDLE_PERIOD: Duration = Duration::from_secs(1);
/// An age that took longer to come tells too little: it can be wrong by half of that …
const ASK_TOO_SLOW: Duration = Duration::from_millis(10);
/// … but is better than none when a first block has waited this long.
const FIRST_BLOCK_WAITS: Duration = Duration::from_millis(300);

/// Has the server make a stream: unbounded room on its side, one that stays at its source, blocks of 10 ms.
pub(super) fn created(
    wire: &mut Wire,
    source: &SourceInfo,
    channels: u8,
    patience: Duration,
) -> Result<CreateRecordStreamReply, WireError> {
    let (stereo, mono) = ([ChannelPosition::FrontLeft, ChannelPosition::FrontRight], [ChannelPosition::Mono]);
    let channel_map = if channels == 1 { ChannelMap::new(mono) } else { ChannelMap::new(stereo) };
    let format = if cfg!(target_endian = "little") { SampleFormat::Float32Le } else { SampleFormat::Float32Be };
    let params = RecordStreamParams {
        sample_spec: SampleSpec { format, channels, sample_rate: SAMPLE_RATE },
        channel_map,
        source_index: Some(source.index),
        buffer_attr: BufferAttr {
            fragment_size: BLOCK_FRAMES * SAMPLE_BYTES * u32::from(channels),
            ..BufferAttr::default()
        },
        flags: StreamFlags { no_move: true, adjust_latency: true, ..StreamFlags::default() },
        ..RecordStreamParams::default()
    };
    wire.ask(&Command::CreateRecordStream(params), patience)
}

/// A stream that records.
pub(in crate::audio::device) struct Stream {
    wire: Wire,
    clock: Arc<dyn Clock>,
    device: AudioDevice,
    /// Numbers of the server for the source, the stream, and the stream's messages.
    source: u32,
    index: u32,
    channel: u32,
    channels: u16,
    next_frame: u64,
    /// Blocks that no round has confirmed yet.
    held: VecDeque<Held>,
    ready: VecDeque<Raw>,
    round: Option<Round>,
    round_at: Timestamp,
    /// When sample 0 was taken.
    anchor: Option<i64>,
    pause: Pause,
    /// Whether the server says where the stream is.
    place: Place,
    listing_changed: bool,
}

struct Held {
    first_frame: u64,
    came_at: Timestamp,
    /// That of before a pause which has begun since.
    anchor: Option<i64>,
    samples: Vec<f32>,
}

/// Two questions on their way.
struct Round {
    asked_at: Timestamp,
    age_tag: u32,
    place_tag: u32,
    /// The blocks that were here before.
    blocks: usize,
    age: Option<(RecordLatency, Timestamp)>,
    has_place: bool,
}

/// The source's rest: its time goes on, its samples do not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    No,
    /// It rests.
    Now,
    /// It rested: the next block is stamped anew.
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Told,
    /// A server that answers what the library does not understand; its news of a move must do.
    NotUnderstood,
}

impl Stream {
    pub(super) fn of(
        created: &CreateRecordStreamReply,
        client: Client,
        source: &SourceInfo,
        device: AudioDevice,
        channels: u8,
    ) -> Opened {
        let channels = u16::from(channels);
        let info = AudioInfo { device: device.clone(), sample_rate: SAMPLE_RATE, channels };
        let round_at = client.clock.now();
        let stream = Self {
            wire: client.wire,
            clock: client.clock,
            device,
            source: source.index,
            index: created.stream_index,
            channel: created.channel,
            channels,
            next_frame: 0,
            held: VecDeque::new(),
            ready: VecDeque::new(),
            round: None,
            round_at,
            anchor: None,
            pause: Pause::No,
            place: Place::Told,
            listing_changed: false,
        };
        Opened { info, stream: crate::audio::device::Stream::Pulse(Box::new(stream)) }
    }

    /// The next block that is certain, waiting for it up to `wait`. The error is the stream's end.
    pub(in crate::audio::device) fn next(&mut self, wait: Duration) -> Result<Option<Raw>, AudioError> {
        if let Some(block) = self.ready.pop_front() {
            return Ok(Some(block));
        }
        self.ask_if_due()?;
        match self.wire.next(wait) {
            Ok(Some(message)) => self.take(message)?,
            Ok(None) => {}
            Err(error) => return Err(self.ended(&error)),
        }
        Ok(self.ready.pop_front())
    }

    /// The server's devices, if it told that something changed among them.
    pub(in crate::audio::device) fn changed_listing(&mut self) -> Result<Option<Listing>, AudioError> {
        if !std::mem::take(&mut self.listing_changed) {
            return Ok(None);
        }
        match listing(&mut self.wire, LIST_DEADLINE) {
            Ok(listing) => Ok(Some(listing)),
            Err(error) if error.is_of_one_question() => {
                self.listing_changed = true;
                Ok(None)
            }
            Err(error) => Err(self.ended(&error)),
        }
    }

    fn ask_if_due(&mut self) -> Result<(), AudioError> {
        let now = self.clock.now();
        if let Some(round) = &self.round {
            let name = self.device.name.clone();
            let stalled = AudioError::Stalled { name, seconds: STALL_DEADLINE.as_secs() };
            return if now.since(round.asked_at) > STALL_DEADLINE { Err(stalled) } else { Ok(()) };
        }
        let period = if self.held.is_empty() { IDLE_PERIOD } else { Duration::ZERO };
        if now < self.round_at + period {
            return Ok(());
        }
        let age = LatencyParams { channel: self.channel, now: std::time::UNIX_EPOCH };
        let age_tag = self.send(&Command::GetRecordLatency(age))?;
        let place_tag = self.send(&Command::GetSourceOutputInfo(self.index))?;
        let blocks = self.held.len();
        self.round = Some(Round { asked_at: now, age_tag, place_tag, blocks, age: None, has_place: false });
        Ok(())
    }

    fn send(&mut self, question: &Command) -> Result<u32, AudioError> {
        self.wire.send(question).map_err(|error| self.ended(&error))
    }

    fn take(&mut self, message: Message) -> Result<(), AudioError> {
        self.listing_changed |= is_of_devices(&message);
        match message {
            Message::Samples { channel, bytes } if channel == self.channel => self.hold(&bytes),
            Message::Samples { .. } => {}
            Message::Answer(answer) => return self.answered(&answer),
            Message::News(news) => match *news {
                Command::RecordStreamMoved(to) if to.stream_index == self.channel && to.device_index != self.source => {
                    return Err(self.moved(to.device_index, &to.device_name.to_string_lossy()));
                }
                Command::RecordStreamKilled(channel) if channel == self.channel => return Err(self.gone()),
                Command::RecordStreamSuspended(now) if now.stream_index == self.channel && now.suspended => {
                    self.rests();
                }
                _ => {}
            },
        }
        Ok(())
    }

    fn hold(&mut self, bytes: &[u8]) {
        let word = |word: &[u8]| f32::from_ne_bytes([word[0], word[1], word[2], word[3]]);
        let samples: Vec<f32> = bytes.chunks_exact(SAMPLE_BYTES as usize).map(word).collect();
        let first_frame = self.next_frame;
        self.next_frame += samples.len() as u64 / u64::from(self.channels);
        self.held.push_back(Held { first_frame, came_at: self.clock.now(), anchor: None, samples });
    }

    /// What was recorded before the source's rest keeps its time.
    fn rests(&mut self) {
        let anchor = self.anchor.filter(|_| self.pause != Pause::Now);
        for held in self.held.iter_mut().filter(|held| held.anchor.is_none()) {
            held.anchor = anchor;
        }
        self.pause = Pause::Now;
    }

    fn answered(&mut self, answer: &Answer) -> Result<(), AudioError> {
        let Some(mut round) = self.round.take() else { return Ok(()) };
        if answer.tag == round.age_tag {
            let age = answer.read::<RecordLatency>().map_err(|error| self.ended(&error))?;
            round.age = Some((age, self.clock.now()));
        } else if answer.tag == round.place_tag {
            self.check_place(answer)?;
            round.has_place = true;
        }
        match round {
            Round { asked_at, blocks, age: Some((age, came_at)), has_place: true, .. } => {
                self.round_at = asked_at + ROUND_PERIOD;
                self.learn(&age, asked_at, came_at);
                self.release(blocks);
            }
            unfinished => self.round = Some(unfinished),
        }
        Ok(())
    }

    fn check_place(&mut self, answer: &Answer) -> Result<(), AudioError> {
        match answer.read::<SourceOutputInfo>() {
            Ok(place) if place.source_index != self.source => Err(self.moved(place.source_index, "another device")),
            Ok(_) => Ok(()),
            Err(WireError::NotUnderstood(what)) => {
                if self.place == Place::Told {
                    log::warn!("the sound server does not tell where '{}' is recorded: {what}", self.device.name);
                    self.place = Place::NotUnderstood;
                }
                Ok(())
            }
            Err(error) => Err(self.ended(&error)),
        }
    }

    /// Takes the anchor from an age.
    fn learn(&mut self, age: &RecordLatency, asked_at: Timestamp, came_at: Timestamp) {
        if !age.playing {
            self.rests();
            return;
        }
        let took = came_at.since(asked_at);
        let waits_long = self.held.front().is_some_and(|first| came_at.since(first.came_at) > FIRST_BLOCK_WAITS);
        let is_needed = self.anchor.is_none() || self.pause == Pause::Now;
        if took > ASK_TOO_SLOW && !(is_needed && waits_long) {
            return;
        }
        if self.pause == Pause::Now {
            self.pause = Pause::Over;
        }
        self.anchor = Some(anchor(age, self.device.kind, self.channels, asked_at + took / 2));
    }

    /// Lets the first `blocks` go on. Those without an anchor wait for the next round.
    fn release(&mut self, blocks: usize) {
        for _ in 0..blocks {
            let now = self.anchor.filter(|_| self.pause != Pause::Now);
            let Some(held) = self.held.pop_front() else { return };
            let Some(anchor) = held.anchor.or(now) else { return self.held.push_front(held) };
            let is_anew = held.anchor.is_none() && self.pause == Pause::Over;
            if is_anew {
                self.pause = Pause::No;
            }
            let Held { first_frame, samples, .. } = held;
            let captured_at = Timestamp::from_nanos(anchor + frames_to_nanos(first_frame, SAMPLE_RATE));
            self.ready.push_back(Raw { first_frame, captured_at, is_anew, samples });
        }
    }

    fn moved(&mut self, to: u32, name: &str) -> AudioError {
        // What is held may be of the other source already.
        self.held.clear();
        let question = Command::GetSourceInfo(GetSourceInfo { index: Some(to), name: None });
        let source = self.wire.ask::<SourceInfo>(&question, LIST_DEADLINE);
        let to = source.map_or_else(|_| name.to_owned(), |source| human_name(&source));
        AudioError::Moved { from: self.device.name.clone(), to }
    }

    fn gone(&self) -> AudioError {
        AudioError::DeviceGone { name: self.device.name.clone() }
    }

    fn ended(&self, error: &WireError) -> AudioError {
        match error {
            WireError::Refused(PulseError::NoEntity) => self.gone(),
            error => AudioError::ServerGone { name: self.device.name.clone(), reason: error.to_string() },
        }
    }
}

/// When sample 0 was taken. What a monitor records is heard later, by what the output holds in store.
fn anchor(age: &RecordLatency, kind: AudioKind, channels: u16, asked_at: Timestamp) -> i64 {
    let nanos = |micros: u64| i64::try_from(micros).unwrap_or(0).saturating_mul(1000);
    let until_heard = if kind == AudioKind::System { nanos(age.sink_usec) } else { 0 };
    let frames = u64::try_from(age.write_offset).unwrap_or(0) / u64::from(SAMPLE_BYTES) / u64::from(channels);
    asked_at.as_nanos() - nanos(age.source_usec) + until_heard - frames_to_nanos(frames, SAMPLE_RATE)
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
