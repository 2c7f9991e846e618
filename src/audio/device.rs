//! The door to cpal: finds the sound server, lists its inputs, opens one. Never knows blocks' further way.
//!
//! Any call here may wait for the sound server, without end if it hangs: callers run them on jobs with a deadline.
//!
//! Time: cpal tells, on a clock of the stream's own, when the callback was called and when the first sample was taken.
//! Only their difference is used, the age of the sample; the callback's own moment is read from our clock. On
//! PulseAudio the callback's time is taken microseconds before ours (and the age is the server's latency, asked after
//! each block, plus the time since). On ALSA it is the last interrupt's, up to a wake-up earlier: stamps are that much
//! late, typically 0.1 ms.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Data, DeviceDirection, ErrorKind, FromSample, InputCallbackInfo, SampleFormat, SizedSample,
    StreamConfig,
};

use super::{AudioDevice, AudioError, AudioInfo, AudioKind};
use crate::media::Timestamp;
use crate::rt::{Clock, StopToken};

/// What a sound server is asked for: it converts, so that every input has the recording's usual form.
const SERVER_RATE: u32 = 48_000;
/// 10 ms: PulseAudio then wakes the device that often (mean latency 10 ms measured).
const SERVER_BLOCK_FRAMES: u32 = 480;
/// PulseAudio's name for what an output plays.
const MONITOR: &str = ".monitor";
/// Tells an output's loopback from an input of the same id (one `CoreAudio` device can be both).
const LOOPBACK: &str = "#loopback";

/// Which way in this system has; they differ in how system sound is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// PulseAudio or PipeWire's imitation of it: monitors are inputs.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "of Linux only"))]
    Pulse,
    /// Bare cards: no system sound.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "of Linux only"))]
    Alsa,
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "of the other systems"))]
    /// WASAPI, `CoreAudio`: an input stream on an output is a loopback.
    Native,
}

/// A connection to the sound server.
pub(super) struct Server {
    host: cpal::Host,
    way: Way,
}

/// Where an open device's callbacks put what they get.
pub(super) struct Callbacks {
    /// Gives the moment of the callback.
    pub(super) clock: Arc<dyn Clock>,
    /// Blocks; when it is full the block is dropped and counted.
    pub(super) blocks: SyncSender<Raw>,
    /// The first fault that ends the stream.
    pub(super) faults: SyncSender<AudioError>,
    /// Counts dropped blocks.
    pub(super) dropped: Arc<AtomicU64>,
}

/// A block as the device gave it.
pub(super) struct Raw {
    /// Number of its first sample (per channel) since the stream's start; dropped blocks count.
    pub(super) first_frame: u64,
    /// When that was taken, as jittery as the device tells it.
    pub(super) captured_at: Timestamp,
    /// Interleaved.
    pub(super) samples: Vec<f32>,
}

/// An open device. Dropping it closes the device.
pub(super) struct Opened {
    /// What was opened.
    pub(super) info: AudioInfo,
    /// The connection it came from.
    pub(super) server: Arc<Server>,
    #[expect(dead_code, reason = "held for its drop, which closes the device")]
    stream: cpal::Stream,
}

impl Server {
    /// Connects. On Linux PulseAudio (or PipeWire) comes first; ALSA only if there is no such server, for it lists
    /// dozens of inputs that are none and writes to stderr. `stop` ends an attempt nobody waits for any more.
    #[cfg(target_os = "linux")]
    pub(super) fn connect(stop: &StopToken) -> Result<Self, AudioError> {
        let failed = match cpal::host_from_id(cpal::HostId::PulseAudio) {
            Ok(host) => return Ok(Self { host, way: Way::Pulse }),
            Err(error) => AudioError::NoServer { reason: error.to_string() },
        };
        if stop.is_stopped() || !has_cards() {
            return Err(failed);
        }
        cpal::host_from_id(cpal::HostId::Alsa).map(|host| Self { host, way: Way::Alsa }).map_err(|_| failed)
    }

    /// Connects to the system's own sound.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn connect(_stop: &StopToken) -> Result<Self, AudioError> {
        Ok(Self { host: cpal::default_host(), way: Way::Native })
    }

    /// Whether a lost device goes unreported here.
    pub(super) fn needs_watching(&self) -> bool {
        self.way == Way::Pulse
    }

    /// The inputs, in the server's order.
    pub(super) fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let failed = |error: cpal::Error| AudioError::NoServer { reason: error.to_string() };
        let default_input = self.host.default_input_device().and_then(|device| id_of(&device));
        let default_output = self.host.default_output_device().and_then(|device| id_of(&device));
        let mut found = Vec::new();
        for device in self.host.devices().map_err(failed)? {
            let (Some(id), Ok(description)) = (id_of(&device), device.description()) else { continue };
            let name = description.name().to_owned();
            let mut add =
                |id: String, kind, is_default| found.push(AudioDevice { id, name: name.clone(), kind, is_default });
            let is_input = matches!(description.direction(), DeviceDirection::Input | DeviceDirection::Duplex);
            match self.way {
                Way::Pulse if is_input => match id.strip_suffix(MONITOR) {
                    Some(output) => add(id.clone(), AudioKind::System, default_output.as_deref() == Some(output)),
                    None => add(id.clone(), AudioKind::Microphone, default_input.as_ref() == Some(&id)),
                },
                Way::Alsa if is_input && is_card(&id) => add(id, AudioKind::Microphone, false),
                Way::Native => {
                    if device.supports_input() {
                        add(id.clone(), AudioKind::Microphone, default_input.as_ref() == Some(&id));
                    }
                    if device.supports_output() {
                        add(id.clone() + LOOPBACK, AudioKind::System, default_output.as_ref() == Some(&id));
                    }
                }
                Way::Pulse | Way::Alsa => {}
            }
        }
        Ok(found)
    }

    /// Whether a device is still listed; if not, why.
    pub(super) fn still_has(&self, device: &AudioDevice) -> Result<(), AudioError> {
        let name = device.name.clone();
        let listed = self.host.devices();
        let mut listed =
            listed.map_err(|error| AudioError::ServerGone { name: name.clone(), reason: error.to_string() })?;
        if listed.any(|listed| id_of(&listed).as_ref() == Some(&device.id)) {
            Ok(())
        } else {
            Err(AudioError::DeviceGone { name })
        }
    }

    /// Opens a device of the list and starts it; its callbacks begin at once.
    pub(super) fn open(self, device: AudioDevice, callbacks: Callbacks) -> Result<Opened, AudioError> {
        let refused = |reason: String| AudioError::Refused { name: device.name.clone(), reason };
        let id = device.id.trim_end_matches(LOOPBACK);
        let mut listed = self.host.devices().map_err(|error| refused(error.to_string()))?;
        let Some(source) = listed.find(|listed| id_of(listed).as_deref() == Some(id)) else {
            return Err(AudioError::DeviceGone { name: device.name });
        };
        let (config, format) = self.config(&device, &source).map_err(|error| refused(error.to_string()))?;
        let convert = converter(format).ok_or_else(|| refused(format!("samples as {format} are not understood")))?;
        let Callbacks { clock, blocks, faults, dropped } = callbacks;
        let channels = u64::from(config.channels.max(1));
        let mut first_frame = 0;
        let on_data = move |data: &Data, info: &InputCallbackInfo| {
            let stamp = info.timestamp();
            let captured_at = clock.now() - stamp.callback.saturating_duration_since(stamp.capture);
            let block = Raw { first_frame, captured_at, samples: convert(data) };
            first_frame += data.len() as u64 / channels;
            if blocks.try_send(block).is_err() {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
        };
        let name = device.name.clone();
        let on_fault = move |error: cpal::Error| {
            log::warn!("sound input '{name}': {error}");
            if let Some(fault) = fault(&name, &error)
                && faults.try_send(fault).is_err()
            {
                log::debug!("it was lost before");
            }
        };
        let stream = source
            .build_input_stream_raw(config, format, on_data, on_fault, None)
            .map_err(|error| refused(error.to_string()))?;
        stream.play().map_err(|error| refused(error.to_string()))?;
        let info = AudioInfo { device, sample_rate: config.sample_rate, channels: config.channels };
        Ok(Opened { info, server: Arc::new(self), stream })
    }

    fn config(&self, device: &AudioDevice, source: &cpal::Device) -> Result<(StreamConfig, SampleFormat), cpal::Error> {
        if self.way == Way::Pulse {
            // A source in a format cpal cannot name (µ-law) is converted by the server like any other.
            let channels = source.default_input_config().map_or(2, |config| config.channels().clamp(1, 2));
            let buffer_size = BufferSize::Fixed(SERVER_BLOCK_FRAMES);
            return Ok((StreamConfig { channels, sample_rate: SERVER_RATE, buffer_size }, SampleFormat::F32));
        }
        let config = match device.kind {
            AudioKind::Microphone => source.default_input_config()?,
            AudioKind::System => source.default_output_config()?,
        };
        Ok((config.config(), config.sample_format()))
    }
}

fn id_of(device: &cpal::Device) -> Option<String> {
    device.id().ok().map(|id| id.to_string())
}

/// Whether asking ALSA makes sense.
#[cfg(target_os = "linux")]
fn has_cards() -> bool {
    std::path::Path::new("/proc/asound/card0").exists() || std::path::Path::new("/proc/asound/card1").exists()
}

/// Of ALSA's list only the cards themselves, with conversion, by their lasting names: the rest (null, dmix, oss,
/// surround40, …) are no inputs or the same ones again, and numbered cards change their number.
fn is_card(id: &str) -> bool {
    let card = id.strip_prefix("alsa:plughw:CARD=");
    card.is_some_and(|card| !card.starts_with(|letter: char| letter.is_ascii_digit()))
}

/// What a fault of a running stream means; `None` for one that it survives.
fn fault(name: &str, error: &cpal::Error) -> Option<AudioError> {
    let name = name.to_owned();
    match error.kind() {
        ErrorKind::Xrun | ErrorKind::RealtimeDenied => None,
        ErrorKind::DeviceNotAvailable | ErrorKind::DeviceChanged => Some(AudioError::DeviceGone { name }),
        _ => Some(AudioError::ServerGone { name, reason: error.to_string() }),
    }
}

/// How a block of this format becomes `f32`.
fn converter(format: SampleFormat) -> Option<fn(&Data) -> Vec<f32>> {
    fn convert<T: SizedSample>(data: &Data) -> Vec<f32>
    where
        f32: FromSample<T>,
    {
        data.as_slice::<T>().unwrap_or(&[]).iter().map(|sample| f32::from_sample_(*sample)).collect()
    }
    Some(match format {
        SampleFormat::F32 => convert::<f32>,
        SampleFormat::F64 => convert::<f64>,
        SampleFormat::I8 => convert::<i8>,
        SampleFormat::I16 => convert::<i16>,
        SampleFormat::I24 => convert::<cpal::I24>,
        SampleFormat::I32 => convert::<i32>,
        SampleFormat::U8 => convert::<u8>,
        SampleFormat::U16 => convert::<u16>,
        SampleFormat::U32 => convert::<u32>,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_alsa_only_the_cards_are_listed() {
        assert!(is_card("alsa:plughw:CARD=PCH,DEV=0"));
        for junk in
            ["alsa:null", "alsa:hw:CARD=PCH,DEV=0", "alsa:plughw:CARD=0,DEV=0", "alsa:surround40:CARD=PCH,DEV=0"]
        {
            assert!(!is_card(junk), "{junk}");
        }
    }

    #[test]
    fn glitches_are_survived_and_losses_told() {
        let told = |kind| fault("Desk", &cpal::Error::new(kind));
        assert_eq!(told(ErrorKind::Xrun), None);
        assert_eq!(told(ErrorKind::DeviceNotAvailable), Some(AudioError::DeviceGone { name: "Desk".to_owned() }));
        assert!(matches!(told(ErrorKind::StreamInvalidated), Some(AudioError::ServerGone { .. })));
    }

    #[test]
    fn formats_that_are_no_numbers_are_refused() {
        assert!(converter(SampleFormat::I16).is_some() && converter(SampleFormat::F32).is_some());
        assert!(converter(SampleFormat::DsdU8).is_none());
    }
}
