//! What a sync test has found of devices: by how much the sound of each is to be moved. Pure.

use std::collections::BTreeMap;

use super::choose::choose;
use super::{AudioDevice, AudioSpec, Strip};

/// A sound device's offset in ms by its id. Positive: its sound is moved later.
pub type SoundOffsets = BTreeMap<String, f64>;

/// Adds to each strip what is known of the device that it comes out at now.
pub fn add_offsets(strips: &mut [Strip], devices: &[AudioDevice], offsets: &SoundOffsets) {
    for strip in strips {
        let Some(offset_ms) = device_of(&strip.spec.device, devices).and_then(|device| offsets.get(&device.id)) else {
            continue;
        };
        #[expect(clippy::cast_possible_truncation, reason = "`as` saturates; an offset is some ms")]
        let nanos = (offset_ms * 1e6) as i64;
        strip.offset_nanos = strip.offset_nanos.saturating_add(nanos);
    }
}

/// The device of the list that a wish comes out at.
pub fn device_of<'d>(spec: &AudioSpec, devices: &'d [AudioDevice]) -> Option<&'d AudioDevice> {
    let chosen = choose(spec, devices).ok()?;
    devices.iter().find(|device| device.id == chosen.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::AudioKind;

    #[test]
    fn each_strip_gets_what_is_known_of_its_device() {
        let device = |id: &str, kind| AudioDevice { id: id.to_owned(), name: id.to_owned(), kind, is_default: true };
        let devices = [device("p:mic", AudioKind::Microphone), device("p:tv.monitor", AudioKind::System)];
        let strip = |device: &str, offset_nanos| Strip {
            spec: device.parse::<AudioSpec>().unwrap().into(),
            gain_db: 0.0,
            muted: false,
            track: 1,
            offset_nanos,
        };
        let mut strips = [strip("system", 1_000_000), strip("default", 7), strip("gone", 8), strip("test", 9)];
        add_offsets(&mut strips, &devices, &SoundOffsets::from([("p:tv.monitor".to_owned(), 12.5)]));
        assert_eq!(strips.map(|strip| strip.offset_nanos), [13_500_000, 7, 8, 9]);
    }
}
