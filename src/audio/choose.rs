//! Which of the listed inputs is meant. Pure; knows no sound server.

use super::{AudioDevice, AudioError, AudioKind, AudioSpec};

/// The one device that fits `spec` ([`AudioSpec::Test`] is no device and fits none).
pub fn choose(spec: &AudioSpec, devices: &[AudioDevice]) -> Result<AudioDevice, AudioError> {
    let none = || AudioError::NoDevice {
        asked: spec.to_string(),
        have: devices.iter().map(|device| device.name.clone()).collect(),
    };
    let default_of = |kind| default_of(kind, devices).cloned();
    match spec {
        // Without a microphone the server's default input is a monitor: what this machine plays is not what was
        // asked for.
        AudioSpec::Default => default_of(AudioKind::Microphone)
            .or_else(|| devices.iter().find(|device| device.kind == AudioKind::Microphone).cloned())
            .ok_or_else(none),
        AudioSpec::System => default_of(AudioKind::System).ok_or_else(none),
        AudioSpec::Test => Err(none()),
        AudioSpec::Device(asked) => by_name(asked, devices).unwrap_or_else(|| Err(none())),
    }
}

/// The default of its kind.
pub(super) fn default_of(kind: AudioKind, devices: &[AudioDevice]) -> Option<&AudioDevice> {
    devices.iter().find(|device| device.kind == kind && device.is_default)
}

/// The whole id or name first, then a part of a name; microphones before monitors, which repeat the names of outputs.
fn by_name(asked: &str, devices: &[AudioDevice]) -> Option<Result<AudioDevice, AudioError>> {
    if asked.trim().is_empty() {
        return None;
    }
    let whole = |device: &&AudioDevice| {
        device.id == asked || device.name == asked || device.id.split_once(':').is_some_and(|(_, id)| id == asked)
    };
    if let Some(device) = devices.iter().find(whole) {
        return Some(Ok(device.clone()));
    }
    let part = asked.to_lowercase();
    let fits: Vec<_> = devices.iter().filter(|device| device.name.to_lowercase().contains(&part)).collect();
    let microphones: Vec<_> = fits.iter().filter(|device| device.kind == AudioKind::Microphone).collect();
    match (fits.as_slice(), microphones.as_slice()) {
        ([], _) => None,
        ([only], _) => Some(Ok((*only).clone())),
        (_, [only]) => Some(Ok((**only).clone())),
        _ => Some(Err(AudioError::Ambiguous {
            asked: asked.to_owned(),
            fits: fits.iter().map(|device| device.name.clone()).collect(),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, name: &str, kind: AudioKind, is_default: bool) -> AudioDevice {
        AudioDevice { id: format!("pulseaudio:{id}"), name: name.to_owned(), kind, is_default }
    }

    fn room() -> Vec<AudioDevice> {
        vec![
            device("spk.monitor", "Monitor of Speakers", AudioKind::System, false),
            device("usb.monitor", "Monitor of USB Headset", AudioKind::System, true),
            device("cam", "Webcam Microphone", AudioKind::Microphone, false),
            device("usb", "USB Headset", AudioKind::Microphone, true),
        ]
    }

    fn chosen(spec: &str, devices: &[AudioDevice]) -> Result<String, AudioError> {
        choose(&spec.parse().unwrap(), devices).map(|device| device.name)
    }

    #[test]
    fn defaults_are_those_of_their_kind() {
        assert_eq!(chosen("default", &room()).unwrap(), "USB Headset");
        assert_eq!(chosen("system", &room()).unwrap(), "Monitor of USB Headset");
        assert!(matches!(chosen("default", &room()[..2]), Err(AudioError::NoDevice { .. })), "no microphone");
        assert!(matches!(chosen("system", &room()[2..]), Err(AudioError::NoDevice { have, .. }) if have.len() == 2));
    }

    #[test]
    fn a_part_of_a_name_must_mean_one_device() {
        assert_eq!(chosen("webcam", &room()).unwrap(), "Webcam Microphone");
        assert_eq!(chosen("usb", &room()).unwrap(), "USB Headset", "the whole id wins");
        assert_eq!(chosen("usb head", &room()).unwrap(), "USB Headset", "one microphone before its monitor");
        assert_eq!(chosen("pulseaudio:spk.monitor", &room()).unwrap(), "Monitor of Speakers");
        assert!(matches!(chosen("monitor", &room()), Err(AudioError::Ambiguous { fits, .. }) if fits.len() == 2));
        assert!(matches!(chosen("", &room()), Err(AudioError::NoDevice { .. })));
        assert!(matches!(chosen("tape deck", &room()), Err(AudioError::NoDevice { .. })));
    }
}
