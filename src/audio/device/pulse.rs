//! PulseAudio, and PipeWire's imitation of it, by their own protocol. Never knows cards.
//!
//! Why not cpal's way to them: on a loaded machine with two cores a monitor gave it 11–25 % too few samples in four of
//! four runs, and this way none. (Part of it: cpal gives the server room for a single block, which costs up to 1.4 %
//! here too; the rest was not traced.) It also lets the server move the stream to another source.
//!
//! Time: twenty times a second the server is asked how much it has recorded and how old the newest of that is. This
//! tells when sample 0 was taken, whatever happened to the blocks on their way here.

use std::ffi::CString;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, ChannelPosition, PulseError, RecordStreamParams, SampleFormat, SampleSpec, SourceInfo,
};
use pulseaudio::{ClientError, RecordStream};

use super::wait::wait_for;
use super::{Callbacks, Feed, Opened};
use crate::audio::stamps::frames_to_nanos;
use crate::audio::{AudioDevice, AudioError, AudioInfo, AudioKind};
use crate::media::Timestamp;
use crate::rt::Clock;

/// The server converts: every input comes in the recording's usual form.
const SAMPLE_RATE: u32 = 48_000;
const SAMPLE_BYTES: u32 = 4;
/// 10 ms. The server then wakes the device that often.
const BLOCK_FRAMES: u32 = 480;
/// A server answers within 2 ms; one that does not answer for this long is hung.
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);
/// An open stream must not wait that long for a sign of life …
const SIGN_DEADLINE: Duration = Duration::from_millis(200);
/// … but is given up when there was none for this long.
const STALL_DEADLINE: Duration = Duration::from_secs(5);
/// How often an open stream's age is asked for (0.2 ms of work).
const ASK_PERIOD: Duration = Duration::from_millis(50);
/// An age that took longer to come tells too little: it can be wrong by half of that.
const ASK_TOO_SLOW: Duration = Duration::from_millis(10);
/// How often the device itself is asked for.
const WATCH_PERIOD: Duration = Duration::from_secs(1);
/// No anchor yet.
const UNKNOWN: i64 = i64::MIN;
/// The protocol's length of it.
const COOKIE_BYTES: usize = 256;
const ID_PREFIX: &str = "pulseaudio:";

/// A connection to the server.
pub(in crate::audio) struct Client {
    server: pulseaudio::Client,
    #[expect(dead_code, reason = "held for its drop, which closes the connection")]
    socket: Socket,
    clock: Arc<dyn Clock>,
}

/// Our copy of the connection. The client's own thread sleeps in it; left alone, every 12th stayed there for good.
struct Socket(UnixStream);

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown(Shutdown::Both) {
            log::debug!("the sound server has closed the connection before: {error}");
        }
    }
}

impl Client {
    /// `None` if no server runs in this session; one that runs but does not answer is an error.
    pub(super) fn connect(clock: &Arc<dyn Clock>) -> Result<Option<Self>, AudioError> {
        let Some(path) = pulseaudio::socket_path_from_env() else { return Ok(None) };
        let socket = match UnixStream::connect(path) {
            Ok(socket) => socket,
            // The socket of a server that ended.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {
                return Ok(None);
            }
            Err(error) => return Err(AudioError::NoServer { reason: error.to_string() }),
        };
        let prepared = socket.set_read_timeout(Some(ANSWER_DEADLINE));
        let prepared = prepared.and_then(|()| socket.set_write_timeout(Some(ANSWER_DEADLINE)));
        let ours = prepared.and_then(|()| socket.try_clone());
        let ours = ours.map_err(|error| AudioError::NoServer { reason: error.to_string() })?;
        // A server knows its own user by the socket, but hangs up on a cookie of another length: where there is no
        // file of it (a new home, PipeWire), any will do.
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
        let cookie = Some(cookie.unwrap_or_else(|| vec![0; COOKIE_BYTES]));
        let client = pulseaudio::Client::new_unix(c"gearcast", socket, cookie).map_err(|error| no_server(&error))?;
        Ok(Some(Self { server: client, socket: Socket(ours), clock: Arc::clone(clock) }))
    }

    /// Sources and monitors.
    pub(super) fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let (default_source, default_sink) = {
            let info = self.answer(self.server.server_info()).map_err(|error| no_server(&error))?;
            (info.default_source_name, info.default_sink_name)
        };
        let sources = self.answer(self.server.list_sources()).map_err(|error| no_server(&error))?;
        let device = |source: SourceInfo| {
            let (kind, is_default) = if source.monitor_of_sink_index.is_some() {
                (AudioKind::System, source.monitor_of_sink_name == default_sink && default_sink.is_some())
            } else {
                (AudioKind::Microphone, default_source.as_ref() == Some(&source.name))
            };
            let name = source.description.as_ref().unwrap_or(&source.name).to_string_lossy().into_owned();
            AudioDevice { id: format!("{ID_PREFIX}{}", source.name.to_string_lossy()), name, kind, is_default }
        };
        Ok(sources.into_iter().map(device).collect())
    }

    /// Opens a source of the list.
    pub(super) fn open(self, device: AudioDevice, callbacks: Callbacks) -> Result<Opened, AudioError> {
        let refused = |error: ClientError| match error {
            ClientError::ServerError(PulseError::NoEntity) => AudioError::DeviceGone { name: device.name.clone() },
            error => AudioError::Refused { name: device.name.clone(), reason: reason(&error) },
        };
        let name = device.id.strip_prefix(ID_PREFIX).unwrap_or(&device.id);
        let name = CString::new(name).map_err(|_| AudioError::DeviceGone { name: device.name.clone() })?;
        let source = self.answer(self.server.source_info_by_name(name)).map_err(refused)?;
        let channels = source.channel_map.num_channels().clamp(1, 2);
        let anchor = Arc::new(AtomicI64::new(UNKNOWN));
        let Callbacks { clock, blocks, dropped, faults: _ } = callbacks;
        let mut feed = Feed::new(blocks, dropped, u16::from(channels));
        let known = Arc::clone(&anchor);
        let on_data = move |bytes: &[u8]| {
            let samples: Vec<f32> =
                bytes.chunks_exact(4).map(|word| f32::from_ne_bytes([word[0], word[1], word[2], word[3]])).collect();
            let captured_at = match known.load(Ordering::Relaxed) {
                UNKNOWN => clock.now() - Duration::from_millis(10),
                anchor => Timestamp::from_nanos(anchor + frames_to_nanos(feed.next_frame, SAMPLE_RATE)),
            };
            feed.put(captured_at, samples);
        };
        let created = self.server.create_record_stream(params(&source, channels), on_data);
        let stream = self.answer(created).map_err(refused)?;
        let now = self.clock.now();
        let info = AudioInfo { device, sample_rate: SAMPLE_RATE, channels: u16::from(channels) };
        let stream = Stream {
            records: stream,
            name: info.device.name.clone(),
            source: source.index,
            frame_bytes: i64::from(SAMPLE_BYTES) * i64::from(channels),
            anchor,
            answered_at: now,
            ask_at: now,
            watch_at: now + WATCH_PERIOD,
            client: self,
        };
        Ok(Opened { info, stream: super::Stream::Pulse(stream) })
    }

    fn answer<T>(&self, question: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
        wait_for(question, ANSWER_DEADLINE, self.clock.as_ref()).unwrap_or_else(|| Err(timed_out()))
    }
}

/// What is asked of the server: unbounded room on its side, a stream that stays at its source, blocks of 10 ms.
fn params(source: &SourceInfo, channels: u8) -> RecordStreamParams {
    let (stereo, mono) = ([ChannelPosition::FrontLeft, ChannelPosition::FrontRight], [ChannelPosition::Mono]);
    let channel_map = if channels == 1 { ChannelMap::new(mono) } else { ChannelMap::new(stereo) };
    let format = if cfg!(target_endian = "little") { SampleFormat::Float32Le } else { SampleFormat::Float32Be };
    RecordStreamParams {
        sample_spec: SampleSpec { format, channels, sample_rate: SAMPLE_RATE },
        channel_map,
        source_index: Some(source.index),
        buffer_attr: BufferAttr {
            fragment_size: BLOCK_FRAMES * SAMPLE_BYTES * u32::from(channels),
            ..BufferAttr::default()
        },
        flags: StreamFlags { no_move: true, adjust_latency: true, ..StreamFlags::default() },
        ..RecordStreamParams::default()
    }
}

/// A stream that records.
pub(super) struct Stream {
    records: RecordStream,
    name: String,
    source: u32,
    frame_bytes: i64,
    /// When sample 0 was taken, for the callback.
    anchor: Arc<AtomicI64>,
    answered_at: Timestamp,
    ask_at: Timestamp,
    watch_at: Timestamp,
    /// Last: the stream says goodbye before the connection is closed.
    client: Client,
}

impl Stream {
    /// Asks for the stream's age and, once a second, whether its source is still the same one.
    pub(super) fn attend(&mut self) -> Result<(), AudioError> {
        let now = self.client.clock.now();
        if now < self.ask_at {
            return Ok(());
        }
        self.ask_at = now + ASK_PERIOD;
        let clock = Arc::clone(&self.client.clock);
        let answer = wait_for(self.records.timing_info(), SIGN_DEADLINE, clock.as_ref());
        let Some(age) = self.heard(answer)? else { return Ok(()) };
        let took = self.answered_at.since(now);
        if took < ASK_TOO_SLOW {
            let asked_at = now + took / 2;
            let age_nanos = i64::try_from(age.source_usec).unwrap_or(0).saturating_mul(1000);
            let frames = u64::try_from(age.write_offset / self.frame_bytes).unwrap_or(0);
            let anchor = asked_at.as_nanos() - age_nanos - frames_to_nanos(frames, SAMPLE_RATE);
            self.anchor.store(anchor, Ordering::Relaxed);
        }
        if now >= self.watch_at {
            self.watch_at = now + WATCH_PERIOD;
            // A killed stream says so above; this is for servers that move it all the same.
            let answer = wait_for(self.client.server.source_info(self.source), SIGN_DEADLINE, clock.as_ref());
            self.heard(answer)?;
        }
        Ok(())
    }

    /// The answer, if there was one in time; an error if that is final.
    fn heard<T>(&mut self, answer: Option<Result<T, ClientError>>) -> Result<Option<T>, AudioError> {
        let now = self.client.clock.now();
        let name = self.name.clone();
        match answer {
            Some(Ok(answer)) => {
                self.answered_at = now;
                Ok(Some(answer))
            }
            Some(Err(ClientError::ServerError(PulseError::NoEntity))) => Err(AudioError::DeviceGone { name }),
            Some(Err(error)) => Err(AudioError::ServerGone { name, reason: reason(&error) }),
            None if now.since(self.answered_at) > STALL_DEADLINE => {
                Err(AudioError::Stalled { name, seconds: STALL_DEADLINE.as_secs() })
            }
            None => Ok(None),
        }
    }
}

fn timed_out() -> ClientError {
    ClientError::Io(ErrorKind::TimedOut.into())
}

fn no_server(error: &ClientError) -> AudioError {
    AudioError::NoServer { reason: reason(error) }
}

/// The library's words hide what lies beneath.
fn reason(error: &ClientError) -> String {
    match error {
        ClientError::Io(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            "it does not answer".to_owned()
        }
        ClientError::Protocol(pulseaudio::protocol::ProtocolError::Io(error)) => match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "it does not answer".to_owned(),
            _ => error.to_string(),
        },
        ClientError::Io(error) => error.to_string(),
        ClientError::ServerError(error) => error.to_string(),
        ClientError::Disconnected => "it closed the connection".to_owned(),
        other => other.to_string(),
    }
}
