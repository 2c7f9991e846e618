//! The words for inputs: which one is wanted, which one it is.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// Which input is wanted, as users write it: `default`, `system`, `test`, or a device's id or part of its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AudioSpec {
    /// The default microphone of this moment.
    Default,
    /// What this machine plays: the monitor of the default output.
    System,
    /// The test card's beeps.
    Test,
    /// A device by its id, or by a part of its name that no other has.
    Device(String),
}

impl FromStr for AudioSpec {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "default" => Self::Default,
            "system" => Self::System,
            "test" => Self::Test,
            other => Self::Device(other.to_owned()),
        })
    }
}

impl fmt::Display for AudioSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::System => "system",
            Self::Test => "test",
            Self::Device(asked) => asked,
        })
    }
}

/// Which device stands for `default` and `system` while a recording runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Follow {
    /// The one that the user of this machine has made the default by now.
    #[default]
    SystemDefault,
    /// The one that it was when the input was opened.
    Device,
}

/// An input as it is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InputSpec {
    /// Which device.
    pub device: AudioSpec,
    /// What happens when the system's default changes; means nothing for a device by its name.
    pub follow: Follow,
}

impl From<AudioSpec> for InputSpec {
    fn from(device: AudioSpec) -> Self {
        Self { device, follow: Follow::default() }
    }
}

/// One input on the mixing desk: which one, how loud, on which track.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// Which device, and whether it may become another one.
    pub spec: InputSpec,
    /// Gain in dB.
    pub gain_db: f32,
    /// Recorded as silence.
    pub muted: bool,
    /// The recording's track, from 1; inputs of one track are mixed.
    pub track: u32,
    /// Nanoseconds the sound is moved later.
    pub offset_nanos: i64,
}

/// Takes over what can be changed while a recording runs: gain and mute, each strip from the wish for the same input.
/// What only one side has stays as it is; an input that is there twice has two wishes, in the same order.
pub fn steer<'s>(strips: impl Iterator<Item = &'s mut Strip>, wanted: &[Strip]) {
    let mut left: Vec<&Strip> = wanted.iter().collect();
    for strip in strips {
        if let Some(index) = left.iter().position(|wish| wish.spec == strip.spec) {
            let wish = left.remove(index);
            (strip.gain_db, strip.muted) = (wish.gain_db, wish.muted);
        }
    }
}

/// What an input hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioKind {
    /// A microphone or line input.
    Microphone,
    /// What an output of this machine plays.
    System,
}

/// An input that can be opened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AudioDevice {
    /// Stays the same over restarts, such as `pulseaudio:alsa_input.pci-0000_00_1f.3.analog-stereo`.
    pub id: String,
    /// For people, such as `Built-in Microphone`.
    pub name: String,
    /// What it hears.
    pub kind: AudioKind,
    /// The default of its kind at the moment of the listing.
    pub is_default: bool,
}

/// An open input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioInfo {
    /// The device that [`AudioSpec`] came out at.
    pub device: AudioDevice,
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// Interleaved channels.
    pub channels: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_input_is_steered_by_its_own_wish_and_by_nothing_but_gain_and_mute() {
        let strip = |device: &str, gain_db, track| {
            let spec = device.parse::<AudioSpec>().unwrap().into();
            Strip { spec, gain_db, muted: false, track, offset_nanos: 0 }
        };
        // "gone" was left out of the recording, "new" came to the draft since; the microphone is there twice.
        let mut strips = [strip("mic", 0.0, 1), strip("system", 0.0, 2), strip("mic", 0.0, 3), strip("test", 0.0, 4)];
        let muted = Strip { muted: true, ..strip("system", -1.0, 9) };
        let wanted =
            [strip("gone", -9.0, 1), strip("mic", -2.0, 9), muted, strip("new", -9.0, 1), strip("mic", -3.0, 9)];
        steer(strips.iter_mut(), &wanted);
        let steered = strips.map(|strip| (strip.gain_db, strip.muted, strip.track));
        assert_eq!(steered, [(-2.0, false, 1), (-1.0, true, 2), (-3.0, false, 3), (0.0, false, 4)]);
    }

    #[test]
    fn a_spec_reads_what_it_writes() {
        for text in ["default", "system", "test", "USB Microphone", "pulseaudio:desk.monitor"] {
            let spec: AudioSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!("system".parse(), Ok(AudioSpec::System));
        assert_eq!("System".parse(), Ok(AudioSpec::Device("System".to_owned())));
    }
}
