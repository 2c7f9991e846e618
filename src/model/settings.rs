//! What the window remembers from one start to the next.

use serde::{Deserialize, Serialize};

use super::Pane;
use crate::audio::SoundOffsets;
use crate::profile::Profile;

/// The version of the format that this program writes.
pub const SETTINGS_VERSION: u32 = 1;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Appearance {
    /// As the desktop says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The window's inner size in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Points across.
    pub width: f32,
    /// Points down.
    pub height: f32,
}

impl Default for WindowSize {
    fn default() -> Self {
        Self { width: 1100.0, height: 680.0 }
    }
}

impl WindowSize {
    /// The smallest window in which nothing is cut off.
    pub const SMALLEST: Self = Self { width: 800.0, height: 500.0 };

    /// The same, brought to what a window can have: a damaged file must not open a window of one pixel.
    #[must_use]
    pub fn sane(self) -> Self {
        let side =
            |value: f32, least: f32, usual: f32| if value.is_finite() { value.clamp(least, 16_384.0) } else { usual };
        let usual = Self::default();
        Self {
            width: side(self.width, Self::SMALLEST.width, usual.width),
            height: side(self.height, Self::SMALLEST.height, usual.height),
        }
    }
}

/// The content of `settings.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Format version.
    pub version: u32,
    /// Light or dark.
    pub appearance: Appearance,
    /// The side panel that was open.
    pub pane: Pane,
    /// The window's size.
    pub window: WindowSize,
    /// What a sync test found of sound devices.
    pub sound_offsets: SoundOffsets,
    /// The profile as it was last edited.
    pub profile: Profile,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: SETTINGS_VERSION,
            appearance: Appearance::default(),
            pane: Pane::default(),
            window: WindowSize::default(),
            sound_offsets: SoundOffsets::new(),
            profile: Profile::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_being_written_and_read() {
        let mut settings = Settings { pane: Pane::Output, appearance: Appearance::Light, ..Settings::default() };
        settings.profile.video.crf = 19;
        settings.sound_offsets.insert("pulseaudio:desk.monitor".to_owned(), 12.5);
        settings.profile.audio.inputs.push(crate::profile::AudioInput::default());
        let text = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), settings);
    }

    #[test]
    fn a_nonsensical_window_size_is_mended() {
        let sane = WindowSize { width: f32::NAN, height: -3.0 }.sane();
        assert_eq!(sane, WindowSize { width: WindowSize::default().width, height: WindowSize::SMALLEST.height });
    }
}
