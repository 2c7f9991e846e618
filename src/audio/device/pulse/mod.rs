//! PulseAudio, and PipeWire's imitation of it, by their own protocol. Never knows cards.
//!
//! Why not cpal's way to them: on a loaded machine with two cores a monitor gave it 11–25 % too few samples in four of
//! four runs, and this way none. (Part of it: cpal gives the server room for a single block, which costs up to 1.4 %
//! here too; the rest was not traced.) It also lets the server move the stream to another source.

mod stream;
mod wire;

use std::ffi::CString;
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use pulseaudio::protocol::{
    Command, GetSourceInfo, PulseError, ServerInfo, SourceInfo, SubscriptionEventFacility, SubscriptionMask,
};

pub(super) use self::stream::Stream;
use self::stream::created;
use self::wire::{Message, Wire, WireError};
use super::{Listing, Opened};
use crate::audio::{AudioDevice, AudioError, AudioKind};
use crate::rt::Clock;

/// A server answers within 2 ms; one that does not answer for this long is hung.
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);
const COOKIE_BYTES: usize = 256;
const ID_PREFIX: &str = "pulseaudio:";

/// A socket to the server of this session, and what it is introduced with; `None` if no server runs.
pub(in crate::audio::device) fn reach() -> std::io::Result<Option<(UnixStream, Vec<u8>)>> {
    let Some(path) = pulseaudio::socket_path_from_env() else { return Ok(None) };
    let socket = match UnixStream::connect(path) {
        Ok(socket) => socket,
        // The socket of a server that ended.
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
    // Without one the server may let us in all the same, but hangs up on any other length.
    let cookie = cookie.filter(|cookie| cookie.len() == COOKIE_BYTES).unwrap_or_else(|| vec![0; COOKIE_BYTES]);
    Ok(Some((socket, cookie)))
}

/// A connection to the server.
pub(in crate::audio) struct Client {
    wire: Wire,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// `None` if no server runs in this session; one that runs but does not answer is an error.
    pub(super) fn connect(clock: &Arc<dyn Clock>) -> Result<Option<Self>, AudioError> {
        let reached = reach().map_err(|error| AudioError::NoServer { reason: error.to_string() })?;
        let Some((socket, cookie)) = reached else { return Ok(None) };
        let wire = Wire::introduce(socket, cookie, Arc::clone(clock), ANSWER_DEADLINE);
        let mut wire = wire.map_err(|error| no_server(&error))?;
        let mask = SubscriptionMask::SOURCE | SubscriptionMask::SINK | SubscriptionMask::SERVER;
        wire.subscribe(mask, ANSWER_DEADLINE).map_err(|error| no_server(&error))?;
        Ok(Some(Self { wire, clock: Arc::clone(clock) }))
    }

    /// Sources and monitors.
    pub(super) fn listing(&mut self) -> Result<Listing, AudioError> {
        listing(&mut self.wire, ANSWER_DEADLINE).map_err(|error| no_server(&error))
    }

    /// Whether the server told of a change among its devices since the last call. Does not wait.
    pub(super) fn has_news(&mut self) -> Result<bool, AudioError> {
        let mut has_news = false;
        while let Some(message) = self.wire.next(Duration::ZERO).map_err(|error| no_server(&error))? {
            has_news |= is_of_devices(&message);
        }
        Ok(has_news)
    }

    /// Opens a source of the list.
    pub(super) fn open(mut self, device: AudioDevice) -> Result<Opened, AudioError> {
        let refused = |error: WireError| match error {
            WireError::Refused(PulseError::NoEntity) => AudioError::DeviceGone { name: device.name.clone() },
            error => AudioError::Refused { name: device.name.clone(), reason: error.to_string() },
        };
        let name = device.id.strip_prefix(ID_PREFIX).unwrap_or(&device.id);
        let name = CString::new(name).map_err(|_| AudioError::DeviceGone { name: device.name.clone() })?;
        let question = Command::GetSourceInfo(GetSourceInfo { index: None, name: Some(name) });
        let source: SourceInfo = self.wire.ask(&question, ANSWER_DEADLINE).map_err(refused)?;
        let channels = source.channel_map.num_channels().clamp(1, 2);
        let created = created(&mut self.wire, &source, channels, ANSWER_DEADLINE).map_err(refused)?;
        Ok(Stream::of(&created, self, &source, device, channels))
    }
}

fn is_of_devices(message: &Message) -> bool {
    use SubscriptionEventFacility::{Server, Sink, Source};
    let Message::News(news) = message else { return false };
    matches!(&**news, Command::SubscribeEvent(event) if matches!(event.event_facility, Server | Sink | Source))
}

fn listing(wire: &mut Wire, patience: Duration) -> Result<Listing, WireError> {
    let server: ServerInfo = wire.ask(&Command::GetServerInfo, patience)?;
    let sources: Vec<SourceInfo> = wire.ask(&Command::GetSourceInfoList, patience)?;
    let device = |source: SourceInfo| {
        let (kind, is_default) = if source.monitor_of_sink_index.is_some() {
            let sink = &server.default_sink_name;
            (AudioKind::System, sink.is_some() && source.monitor_of_sink_name == *sink)
        } else {
            (AudioKind::Microphone, server.default_source_name.as_ref() == Some(&source.name))
        };
        AudioDevice { id: id_of(&source), name: human_name(&source), kind, is_default }
    };
    Ok(Listing { server: server.cookie, devices: sources.into_iter().map(device).collect() })
}

fn id_of(source: &SourceInfo) -> String {
    format!("{ID_PREFIX}{}", source.name.to_string_lossy())
}

fn human_name(source: &SourceInfo) -> String {
    source.description.as_ref().unwrap_or(&source.name).to_string_lossy().into_owned()
}

fn no_server(error: &WireError) -> AudioError {
    AudioError::NoServer { reason: error.to_string() }
}
