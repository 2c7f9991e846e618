//! cpal: ALSA's cards on a Linux without a sound server, and the system's own sound elsewhere. Never knows PulseAudio.
//!
//! Time: cpal tells, on a clock of the stream's own, when the callback was called and when the first sample was taken.
//! Only their difference is used, the age of the sample; the callback's own moment is read from our clock. On ALSA the
//! callback's time is that of the last interrupt, a wake-up earlier: stamps are that much late, typically 0.1 ms.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{Data, DeviceDirection, ErrorKind, FromSample, InputCallbackInfo, SampleFormat, SizedSample, StreamConfig};

use super::{Opened, Raw, Stream};
use crate::audio::{AudioDevice, AudioError, AudioInfo, AudioKind};
use crate::media::Timestamp;
use crate::rt::Clock;

/// Tells an output's loopback from an input of the same id (one `CoreAudio` device can be both).
const LOOPBACK: &str = "#loopback";
/// Room between callback and thread: 2 s of blocks of 10 ms. When it is full the newest block is dropped and counted.
const QUEUE_BLOCKS: usize = 200;
/// A stream may drop its callback a moment before it reports why.
const WHY_WAIT: Duration = Duration::from_millis(200);

/// Which system's sound it is; they differ in how that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Bare cards: no system sound.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "of Linux only"))]
    Alsa,
    /// WASAPI, `CoreAudio`: an input stream on an output is a loopback.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "of the other systems"))]
    Native,
}

/// The cards of this machine.
pub(in crate::audio) struct Cards {
    host: cpal::Host,
    way: Way,
}

impl Cards {
    /// ALSA's; `None` if there are none, without asking ALSA, which would complain on stderr.
    #[cfg(target_os = "linux")]
    pub(super) fn alsa() -> Option<Self> {
        if !has_cards() {
            return None;
        }
        cpal::host_from_id(cpal::HostId::Alsa).ok().map(|host| Self { host, way: Way::Alsa })
    }

    /// The system's own.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn native() -> Self {
        Self { host: cpal::default_host(), way: Way::Native }
    }

    /// The inputs, and the outputs' loopbacks where there are such.
    pub(super) fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let failed = |error: cpal::Error| AudioError::NoServer { reason: error.to_string() };
        let (default_input, default_output) = match self.way {
            // Asking ALSA for defaults opens them.
            Way::Alsa => (None, None),
            Way::Native => (
                self.host.default_input_device().and_then(|device| id_of(&device)),
                self.host.default_output_device().and_then(|device| id_of(&device)),
            ),
        };
        let mut found = Vec::new();
        for device in self.host.devices().map_err(failed)? {
            let (Some(id), Ok(description)) = (id_of(&device), device.description()) else { continue };
            let name = description.name().to_owned();
            let mut add =
                |id: String, kind, is_default| found.push(AudioDevice { id, name: name.clone(), kind, is_default });
            match self.way {
                Way::Alsa => {
                    let input = matches!(description.direction(), DeviceDirection::Input | DeviceDirection::Duplex);
                    if input && is_card(&id) {
                        add(id, AudioKind::Microphone, false);
                    }
                }
                Way::Native => {
                    if device.supports_input() {
                        add(id.clone(), AudioKind::Microphone, default_input.as_ref() == Some(&id));
                    }
                    if device.supports_output() {
                        add(id.clone() + LOOPBACK, AudioKind::System, default_output.as_ref() == Some(&id));
                    }
                }
            }
        }
        Ok(found)
    }

    /// Opens a device of the list.
    pub(super) fn open(
        self,
        device: AudioDevice,
        clock: Arc<dyn Clock>,
        dropped: Arc<AtomicU64>,
    ) -> Result<Opened, AudioError> {
        let refused = |reason: String| AudioError::Refused { name: device.name.clone(), reason };
        let id = device.id.trim_end_matches(LOOPBACK);
        let mut listed = self.host.devices().map_err(|error| refused(error.to_string()))?;
        let Some(source) = listed.find(|listed| id_of(listed).as_deref() == Some(id)) else {
            return Err(AudioError::DeviceGone { name: device.name });
        };
        let (config, format) = config(&device, &source).map_err(|error| refused(error.to_string()))?;
        let convert = converter(format).ok_or_else(|| refused(format!("samples as {format} are not understood")))?;
        let (blocks_in, blocks) = sync_channel(QUEUE_BLOCKS);
        let (faults_in, faults) = sync_channel(1);
        let mut feed = Feed { blocks: blocks_in, dropped, channels: config.channels.max(1), next_frame: 0 };
        let on_data = move |data: &Data, info: &InputCallbackInfo| {
            let stamp = info.timestamp();
            let age = stamp.callback.saturating_duration_since(stamp.capture);
            feed.put(clock.now() - age, convert(data));
        };
        let name = device.name.clone();
        let on_fault = move |error: cpal::Error| {
            log::warn!("sound input '{name}': {error}");
            if let Some(fault) = fault(&name, &error)
                && faults_in.try_send(fault).is_err()
            {
                log::debug!("it was lost before");
            }
        };
        let stream = source
            .build_input_stream_raw(config, format, on_data, on_fault, None)
            .map_err(|error| refused(error.to_string()))?;
        stream.play().map_err(|error| refused(error.to_string()))?;
        let name = device.name.clone();
        let info = AudioInfo { device, sample_rate: config.sample_rate, channels: config.channels };
        Ok(Opened { info, stream: Stream::Card(CardStream { name, blocks, faults, _stream: stream }) })
    }
}

/// An open card.
pub(super) struct CardStream {
    name: String,
    blocks: Receiver<Raw>,
    faults: Receiver<AudioError>,
    /// Held for its drop, which closes the device.
    _stream: cpal::Stream,
}

impl CardStream {
    /// The next block, waiting for it up to `wait`. The error is the stream's end.
    pub(super) fn next(&mut self, wait: Duration) -> Result<Option<Raw>, AudioError> {
        if let Ok(fault) = self.faults.try_recv() {
            return Err(fault);
        }
        match self.blocks.recv_timeout(wait) {
            Ok(block) => Ok(Some(block)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.faults.recv_timeout(WHY_WAIT).unwrap_or_else(|_| {
                AudioError::ServerGone { name: self.name.clone(), reason: "the connection ended".to_owned() }
            })),
        }
    }
}

/// The queue's end that a callback holds: numbers the blocks.
struct Feed {
    blocks: SyncSender<Raw>,
    dropped: Arc<AtomicU64>,
    channels: u16,
    next_frame: u64,
}

impl Feed {
    /// Never waits.
    fn put(&mut self, captured_at: Timestamp, samples: Vec<f32>) {
        let first_frame = self.next_frame;
        self.next_frame += samples.len() as u64 / u64::from(self.channels);
        if self.blocks.try_send(Raw { first_frame, captured_at, is_anew: false, samples }).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn config(device: &AudioDevice, source: &cpal::Device) -> Result<(StreamConfig, SampleFormat), cpal::Error> {
    let config = match device.kind {
        AudioKind::Microphone => source.default_input_config()?,
        AudioKind::System => source.default_output_config()?,
    };
    Ok((config.config(), config.sample_format()))
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
