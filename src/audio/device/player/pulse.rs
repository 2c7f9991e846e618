//! Playing on PulseAudio, or PipeWire's imitation of it.
//!
//! Time: twenty times a second the server is asked how many samples it has taken from the stream and how long the next
//! of them takes to the loudspeaker. On a null output that is exact; on a card it is what the driver says.

use std::ffi::CString;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, PlaybackStreamParams, SampleFormat, SampleSpec, SinkInfo};
use pulseaudio::{AsPlaybackSource as _, Client, ClientError, PlaybackStream};

use crate::audio::device::pulse::reach;
use crate::audio::player::{OutputInfo, PlayError, SharedScore};
use crate::rt::{Clock, StopToken};

/// The server converts.
const SAMPLE_RATE: u32 = 48_000;
const CHANNELS: u8 = 2;
const SAMPLE_BYTES: u8 = 4;
/// 100 ms wait in the server: with less, a busy machine lets it run dry.
const BUFFER_BYTES: u32 = SAMPLE_RATE / 10 * (CHANNELS * SAMPLE_BYTES) as u32;
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);
/// A server that has not answered for this long is hung.
const STALL_DEADLINE: Duration = Duration::from_secs(5);
const ASK_PERIOD: Duration = Duration::from_millis(50);
/// An answer that took longer to come tells too little: it can be wrong by half of that.
const ASK_TOO_SLOW: Duration = Duration::from_millis(10);
const ID_PREFIX: &str = "pulseaudio:";

/// `None` if no server runs in this session.
pub(super) fn connect() -> Result<Option<Client>, PlayError> {
    let no_server = |reason: String| PlayError::NoServer { reason };
    let Some((socket, cookie)) = reach().map_err(|error| no_server(error.to_string()))? else { return Ok(None) };
    // The introduction is read by the library itself, and a server may never answer.
    let patience = socket.set_read_timeout(Some(ANSWER_DEADLINE));
    patience.map_err(|error| no_server(error.to_string()))?;
    Client::new_unix(c"gearcast", socket, Some(cookie)).map(Some).map_err(|error| no_server(error.to_string()))
}

/// Plays the score on the output that is asked for.
pub(super) fn play(
    client: &Client,
    output: Option<&str>,
    score: &SharedScore,
    clock: &dyn Clock,
    stop: &StopToken,
    opened: &dyn Fn(OutputInfo),
) -> Result<(), PlayError> {
    let sink = sink(client, output, clock)?;
    let (id, name) = (id_of(&sink), name_of(&sink));
    let refused = |error: ClientError| PlayError::Refused { name: name.clone(), reason: error.to_string() };
    score.lock().start(SAMPLE_RATE);
    let played = score.clone();
    let mut block = Vec::new();
    let fill = move |bytes: &mut [u8]| {
        block.resize(bytes.len() / usize::from(SAMPLE_BYTES), 0.0_f32);
        played.lock().fill(&mut block, usize::from(CHANNELS));
        for (word, sample) in bytes.chunks_exact_mut(usize::from(SAMPLE_BYTES)).zip(&block) {
            word.copy_from_slice(&sample.to_ne_bytes());
        }
        bytes.len()
    };
    let created = client.create_playback_stream(params(&sink), fill.as_playback_source());
    let stream = answer(created, clock).map_err(refused)?;
    opened(OutputInfo { id, name: name.clone(), sample_rate: SAMPLE_RATE });
    follow(&stream, score, clock, stop).map_err(refused)
}

/// Asks when the samples come out, until stop is asked.
fn follow(
    stream: &PlaybackStream,
    score: &SharedScore,
    clock: &dyn Clock,
    stop: &StopToken,
) -> Result<(), ClientError> {
    let mut answered_at = clock.now();
    while !stop.wait(ASK_PERIOD) {
        let asked_at = clock.now();
        match wait_for(stream.timing_info(), ANSWER_DEADLINE, clock) {
            Some(told) => {
                let told = told?;
                answered_at = clock.now();
                let took = answered_at.since(asked_at);
                if took < ASK_TOO_SLOW {
                    let frame_bytes = i64::from(CHANNELS * SAMPLE_BYTES);
                    let frame = u64::try_from(told.read_offset / frame_bytes).unwrap_or(0);
                    let comes_out = asked_at + took / 2 + Duration::from_micros(told.sink_usec);
                    score.lock().tell(frame, comes_out, answered_at);
                }
            }
            None if clock.now().since(answered_at) > STALL_DEADLINE => return Err(timed_out()),
            None => {}
        }
    }
    Ok(())
}

/// The output by its id or name, or the default one.
fn sink(client: &Client, output: Option<&str>, clock: &dyn Clock) -> Result<SinkInfo, PlayError> {
    let no_server = |error: ClientError| PlayError::NoServer { reason: error.to_string() };
    let default = answer(client.server_info(), clock).map_err(no_server)?.default_sink_name;
    let sinks = answer(client.list_sinks(), clock).map_err(no_server)?;
    let is_it = |sink: &&SinkInfo| match output {
        Some(asked) => id_of(sink) == asked || name_of(sink) == asked || sink.name.to_string_lossy() == asked,
        None => Some(&sink.name) == default.as_ref(),
    };
    let none = || PlayError::NoOutput {
        asked: output.unwrap_or("default").to_owned(),
        have: sinks.iter().map(id_of).collect(),
    };
    sinks.iter().find(is_it).cloned().ok_or_else(none)
}

fn id_of(sink: &SinkInfo) -> String {
    format!("{ID_PREFIX}{}", sink.name.to_string_lossy())
}

fn name_of(sink: &SinkInfo) -> String {
    let name: &CString = sink.description.as_ref().unwrap_or(&sink.name);
    name.to_string_lossy().into_owned()
}

fn params(sink: &SinkInfo) -> PlaybackStreamParams {
    let format = if cfg!(target_endian = "little") { SampleFormat::Float32Le } else { SampleFormat::Float32Be };
    PlaybackStreamParams {
        sample_spec: SampleSpec { format, channels: CHANNELS, sample_rate: SAMPLE_RATE },
        channel_map: ChannelMap::stereo(),
        sink_index: Some(sink.index),
        buffer_attr: BufferAttr { target_length: BUFFER_BYTES, ..BufferAttr::default() },
        flags: StreamFlags { no_move: true, adjust_latency: true, ..StreamFlags::default() },
        ..PlaybackStreamParams::default()
    }
}

fn answer<T>(question: impl Future<Output = Result<T, ClientError>>, clock: &dyn Clock) -> Result<T, ClientError> {
    wait_for(question, ANSWER_DEADLINE, clock).unwrap_or_else(|| Err(timed_out()))
}

fn timed_out() -> ClientError {
    ClientError::Io(ErrorKind::TimedOut.into())
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The future's value, or `None` if it is not there after `patience`.
fn wait_for<T>(future: impl Future<Output = T>, patience: Duration, clock: &dyn Clock) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let (mut future, begun) = (pin!(future), clock.now());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(value);
        }
        let left = patience.saturating_sub(clock.now().since(begun));
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(left);
    }
}
