//! Playing by cpal: ALSA's default on a Linux without a sound server, and the system's own output elsewhere.
//!
//! Time: each callback tells how long its first sample takes to the loudspeaker; the callback's own moment is read from
//! our clock.

use std::sync::Arc;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{Data, FromSample, OutputCallbackInfo, SampleFormat, SizedSample};

use crate::audio::player::{OutputInfo, PlayError, SharedScore};
use crate::rt::{Clock, Latest, RealClock, StopToken};

/// How long a stop can go unnoticed.
const LOOK: Duration = Duration::from_millis(50);

/// Plays the score on the output that is asked for.
pub(super) fn play(
    output: Option<&str>,
    score: &SharedScore,
    _clock: &dyn Clock,
    stop: &StopToken,
    opened: &dyn Fn(OutputInfo),
) -> Result<(), PlayError> {
    let host = host()?;
    let device = device(&host, output)?;
    let (id, name) = (id_of(&device), name_of(&device));
    let refused = |reason: String| PlayError::Refused { name: name.clone(), reason };
    let config = device.default_output_config().map_err(|error| refused(error.to_string()))?;
    let (format, config) = (config.sample_format(), config.config());
    let put = putter(format).ok_or_else(|| refused(format!("it takes samples as {format}, which we do not make")))?;
    score.lock().start(config.sample_rate);
    let (played, channels) = (score.clone(), usize::from(config.channels));
    let mut block = Vec::new();
    let fill = move |data: &mut Data, info: &OutputCallbackInfo| {
        let (stamp, now) = (info.timestamp(), RealClock.now());
        let comes_out = now + stamp.playback.saturating_duration_since(stamp.callback);
        block.resize(data.len(), 0.0_f32);
        let mut score = played.lock();
        let frame = score.next_frame();
        score.tell(frame, comes_out, now);
        score.fill(&mut block, channels);
        drop(score);
        put(data, &block);
    };
    let fault: Arc<Latest<String>> = Arc::default();
    let faults = Arc::clone(&fault);
    let on_fault = move |error: cpal::Error| match error.kind() {
        cpal::ErrorKind::Xrun | cpal::ErrorKind::RealtimeDenied => log::debug!("sound output: {error}"),
        _ => faults.put(error.to_string()),
    };
    let stream = device
        .build_output_stream_raw(config, format, fill, on_fault, None)
        .map_err(|error| refused(error.to_string()))?;
    stream.play().map_err(|error| refused(error.to_string()))?;
    opened(OutputInfo { id, name: name.clone(), sample_rate: config.sample_rate });
    while !stop.wait(LOOK) {
        if let Some(reason) = fault.take() {
            return Err(refused(reason));
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn host() -> Result<cpal::Host, PlayError> {
    let none = || PlayError::NoServer { reason: "no sound server runs and there is no card".to_owned() };
    // Without a card ALSA is not asked: it would complain on stderr.
    if !std::path::Path::new("/proc/asound/card0").exists() {
        return Err(none());
    }
    cpal::host_from_id(cpal::HostId::Alsa).map_err(|_| none())
}

#[cfg(not(target_os = "linux"))]
fn host() -> Result<cpal::Host, PlayError> {
    Ok(cpal::default_host())
}

fn device(host: &cpal::Host, output: Option<&str>) -> Result<cpal::Device, PlayError> {
    let Some(asked) = output else {
        let none = || PlayError::NoOutput { asked: "default".to_owned(), have: Vec::new() };
        return host.default_output_device().ok_or_else(none);
    };
    let failed = |error: cpal::Error| PlayError::NoServer { reason: error.to_string() };
    let mut outputs = host.output_devices().map_err(failed)?;
    let found = outputs.find(|device| id_of(device) == asked || name_of(device) == asked);
    let have = || host.output_devices().map(|all| all.map(|device| id_of(&device)).collect()).unwrap_or_default();
    found.ok_or_else(|| PlayError::NoOutput { asked: asked.to_owned(), have: have() })
}

fn id_of(device: &cpal::Device) -> String {
    device.id().map(|id| id.to_string()).unwrap_or_default()
}

fn name_of(device: &cpal::Device) -> String {
    device.description().map(|description| description.name().to_owned()).unwrap_or_default()
}

/// How samples become this format.
fn putter(format: SampleFormat) -> Option<fn(&mut Data, &[f32])> {
    fn put<T: SizedSample + FromSample<f32>>(data: &mut Data, samples: &[f32]) {
        for (place, sample) in data.as_slice_mut::<T>().unwrap_or_default().iter_mut().zip(samples) {
            *place = T::from_sample_(*sample);
        }
    }
    Some(match format {
        SampleFormat::F32 => put::<f32>,
        SampleFormat::F64 => put::<f64>,
        SampleFormat::I16 => put::<i16>,
        SampleFormat::I32 => put::<i32>,
        SampleFormat::U8 => put::<u8>,
        SampleFormat::U16 => put::<u16>,
        _ => return None,
    })
}
