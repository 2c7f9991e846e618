//! How a file is to be written, and the same from WriteGear's own parameter names.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::backend::Backend;
pub use crate::writegear::Existing;

/// Where the pictures go. A type of its own for each, so that a pipeline can never become the name of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A file, whose extension picks the container; an existing folder, in which a name is made; or a pattern for
    /// numbered pictures (`shot_%04d.png`).
    File(PathBuf),
    /// A GStreamer pipeline that begins with `appsrc`.
    Pipeline(String),
}

/// The four letters that name a codec: `MJPG`, `mp4v`, `avc1`. Kept as they are written.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fourcc([u8; 4]);

/// What the file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channels {
    /// Blue, green and red. Gray pictures are written too, as gray colours.
    #[default]
    Colour,
    /// Luma alone. Coloured pictures are written too, as their luma.
    Gray,
}

/// How to write. The defaults are `WriteGear`'s: MJPG at 25 pictures a second, in colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The codec.
    pub fourcc: Fourcc,
    /// Pictures a second, fractions kept: `FrameRate::as_f64` of 30000/1001 is written as 2997/100, the nearest
    /// fraction within OpenCV's thousandth, and never as 29.
    pub fps: f64,
    /// Which part of OpenCV writes.
    pub backend: Backend,
    /// Colour or gray.
    pub channels: Channels,
    /// What becomes of a file that is already there.
    pub existing: Existing,
}

/// How `WriteGear`'s output text is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputText {
    /// A path.
    #[default]
    Path,
    /// A GStreamer pipeline (`-gst_pipeline_mode`).
    Pipeline,
}

/// A parameter that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not four letters.
    #[error("'{text}' is no codec tag: write four letters, such as MJPG, mp4v, avc1 or XVID")]
    Fourcc {
        /// As given.
        text: String,
    },
    /// Not a number, or not a rate.
    #[error("'{text}' is no frame rate: write a number above 0 and at most 1000, such as 25 or 29.97")]
    Fps {
        /// As given.
        text: String,
    },
    /// A name OpenCV does not have.
    #[error("'{text}' is no OpenCV backend: write auto, or one of {}", Backend::names().join(", "))]
    Backend {
        /// As given.
        text: String,
    },
    /// Neither true nor false.
    #[error("{name} is true or false, not '{text}'")]
    Switch {
        /// The parameter.
        name: String,
        /// As given.
        text: String,
    },
    /// A parameter that this mode does not have.
    #[error(
        "the non-compression mode has no parameter '{name}': it knows -fourcc, -fps, -backend, -color and \
         -gst_pipeline_mode (ffmpeg's options belong to the compression mode)"
    )]
    Unknown {
        /// As given.
        name: String,
    },
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fourcc: Fourcc::MJPG,
            fps: 25.0,
            backend: Backend::Auto,
            channels: Channels::Colour,
            existing: Existing::Refuse,
        }
    }
}

impl Settings {
    /// From `WriteGear`'s parameters, as pairs of name and value.
    pub fn from_writegear_params<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, OutputText), SettingsError> {
        let (mut settings, mut meant) = (Self::default(), OutputText::Path);
        for (name, text) in params {
            match name {
                "-fourcc" => settings.fourcc = text.parse()?,
                "-fps" => settings.fps = parse_fps(text)?,
                "-backend" => settings.backend = text.parse()?,
                "-color" if switch(name, text)? => settings.channels = Channels::Colour,
                "-color" => settings.channels = Channels::Gray,
                "-gst_pipeline_mode" if switch(name, text)? => meant = OutputText::Pipeline,
                "-gst_pipeline_mode" => meant = OutputText::Path,
                _ => return Err(SettingsError::Unknown { name: name.to_owned() }),
            }
        }
        Ok((settings, meant))
    }
}

impl Output {
    /// `text` as it is meant.
    pub fn new(text: &str, meant: OutputText) -> Self {
        match meant {
            OutputText::Path => Self::File(PathBuf::from(text)),
            OutputText::Pipeline => Self::Pipeline(text.to_owned()),
        }
    }
}

/// Whether OpenCV can take this as a rate.
pub(super) fn is_fps(fps: f64) -> bool {
    fps.is_finite() && fps > 0.0 && fps <= 1000.0
}

fn parse_fps(text: &str) -> Result<f64, SettingsError> {
    let rate = text.trim().parse().ok().filter(|fps| is_fps(*fps));
    rate.ok_or_else(|| SettingsError::Fps { text: text.to_owned() })
}

fn switch(name: &str, text: &str) -> Result<bool, SettingsError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(SettingsError::Switch { name: name.to_owned(), text: text.to_owned() }),
    }
}

impl Fourcc {
    /// Motion JPEG, which every OpenCV writes into .avi.
    pub const MJPG: Self = Self(*b"MJPG");

    /// As the number OpenCV takes.
    pub(super) const fn code(self) -> i32 {
        i32::from_le_bytes(self.0)
    }

    /// From the number OpenCV gives; `None` when it does not know.
    pub(super) fn from_code(code: f64) -> Option<Self> {
        // A double holds every 32-bit number; anything else is no tag.
        let whole = (code.is_finite() && code.fract() == 0.0 && code.abs() <= f64::from(u32::MAX)).then_some(code)?;
        #[expect(clippy::cast_possible_truncation, reason = "checked above to be a whole number below 2^32")]
        let code = whole as i64;
        let bytes = code.to_le_bytes();
        let tag = [bytes[0], bytes[1], bytes[2], bytes[3]];
        tag.iter().all(|byte| (0x20..0x7f).contains(byte)).then_some(Self(tag))
    }

    /// Whether both name the same codec: `avc1` in MP4 is `h264` elsewhere.
    pub(super) fn same_codec(self, other: Self) -> bool {
        const FAMILIES: &[&[&str]] = &[
            &["avc1", "h264", "x264", "avc3"],
            &["hevc", "hev1", "hvc1", "h265", "x265"],
            &["mjpg", "jpeg", "mjpe"],
            &["mp4v", "fmp4", "divx", "xvid", "dx50", "mpeg"],
            &["vp80", "vp8 "],
            &["vp90", "vp9 ", "vp09"],
        ];
        let (own, other) = (self.to_string().to_ascii_lowercase(), other.to_string().to_ascii_lowercase());
        own == other || FAMILIES.iter().any(|family| family.contains(&own.as_str()) && family.contains(&other.as_str()))
    }
}

impl FromStr for Fourcc {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let tag = <[u8; 4]>::try_from(text.as_bytes()).ok();
        let readable = tag.filter(|tag| tag.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' '));
        readable.map(Self).ok_or_else(|| SettingsError::Fourcc { text: text.to_owned() })
    }
}

impl fmt::Display for Fourcc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Fourcc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fourcc({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writegears_parameters_mean_what_they_say() {
        let params = [
            ("-fourcc", "DIVX"),
            ("-fps", "29.97"),
            ("-backend", "CAP_FFMPEG"),
            ("-color", "False"),
            ("-gst_pipeline_mode", "true"),
        ];
        let (settings, meant) = Settings::from_writegear_params(params).unwrap();
        assert_eq!(settings.fourcc.to_string(), "DIVX");
        assert!((settings.fps - 29.97).abs() < 1e-9);
        assert_eq!((settings.backend, settings.channels), (Backend::Ffmpeg, Channels::Gray));
        assert_eq!(meant, OutputText::Pipeline);
        assert_eq!(Settings::from_writegear_params([]).unwrap(), (Settings::default(), OutputText::Path));
    }

    #[test]
    fn each_senseless_parameter_is_named() {
        let refused = |name, text| Settings::from_writegear_params([(name, text)]).unwrap_err();
        for text in ["['M', 'J', 'P', 'G']", "", "MJP", "MJPEG", "MJ\u{e9}"] {
            assert_eq!(refused("-fourcc", text), SettingsError::Fourcc { text: text.to_owned() });
        }
        for text in ["-11", "0", "abc", "nan", "inf", "1001"] {
            assert_eq!(refused("-fps", text), SettingsError::Fps { text: text.to_owned() });
        }
        let backend = refused("-backend", "CAP_INVALID");
        assert!(backend.to_string().contains("CAP_FFMPEG, CAP_GSTREAMER"), "{backend}");
        assert!(matches!(refused("-gst_pipeline_mode", "abc"), SettingsError::Switch { .. }));
        assert!(matches!(refused("-color", "[]"), SettingsError::Switch { .. }));
        assert_eq!(refused("-unknown", "x"), SettingsError::Unknown { name: "-unknown".to_owned() });
    }

    #[test]
    fn tags_survive_opencvs_numbers() {
        for text in ["MJPG", "mp4v", "vp8 "] {
            let tag: Fourcc = text.parse().unwrap();
            assert_eq!(Fourcc::from_code(f64::from(tag.code())), Some(tag));
        }
        for code in [0.0, -1.0, f64::NAN, 1.5, 1e30] {
            assert_eq!(Fourcc::from_code(code), None, "{code}");
        }
        let tag = |text: &str| text.parse::<Fourcc>().unwrap();
        assert!(tag("avc1").same_codec(tag("h264")) && tag("MJPG").same_codec(tag("mjpg")));
        assert!(!tag("MJPG").same_codec(tag("mp4v")));
    }
}
