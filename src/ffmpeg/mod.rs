//! STUB: the real room replaces this file.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::rt::StopToken;

/// Which ffmpeg it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// As ffmpeg writes it.
    pub text: String,
}

impl Version {
    /// Whether it is this release or a later one.
    pub fn at_least(&self, _major: u16, _minor: u16) -> bool {
        true
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A working ffmpeg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    /// The program.
    pub program: PathBuf,
    /// Its ffprobe.
    pub probe: Option<PathBuf>,
    /// Its version.
    pub version: Version,
}

/// Why there is no ffmpeg.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// None anywhere.
    #[error("ffmpeg is not installed, or not where programs are looked for; {}", install_hint())]
    NotInstalled,
    /// The chosen one is not there.
    #[error("there is no ffmpeg at {}; choose the ffmpeg program or the folder that holds it", .0.display())]
    NotThere(PathBuf),
}

/// Finds ffmpeg.
pub fn find(custom: Option<&Path>) -> Result<Ffmpeg, FindError> {
    let chosen = custom.map(Path::to_owned).or_else(|| std::env::var_os("GEARCAST_FFMPEG").map(PathBuf::from));
    let program = chosen.unwrap_or_else(|| PathBuf::from("/usr/bin/ffmpeg"));
    if !program.exists() {
        return Err(FindError::NotThere(program));
    }
    Ok(Ffmpeg { program, probe: None, version: Version { text: "stub".to_owned() } })
}

/// How ffmpeg is installed on this system.
pub fn install_hint() -> String {
    "install it".to_owned()
}

/// What an encoder encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncoderKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Text.
    Subtitle,
}

/// What does the work when it is not the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// NVIDIA's NVENC.
    Nvenc,
}

/// An encoder this ffmpeg was built with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoder {
    /// Its name.
    pub name: String,
    /// Its codec.
    pub codec: String,
    /// Its kind.
    pub kind: EncoderKind,
    /// Its hardware.
    pub hardware: Option<Hardware>,
    /// Experimental.
    pub experimental: bool,
    /// What ffmpeg says about it.
    pub description: String,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It encoded.
    Works {
        /// The device it needs.
        device: Option<String>,
    },
    /// It did not.
    Fails {
        /// Why.
        reason: String,
    },
}

/// Why nothing is known of an ffmpeg.
#[derive(Debug, thiserror::Error)]
#[error("it does not answer")]
pub struct CapabilitiesError;

/// What an ffmpeg can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Encoders.
    pub encoders: Vec<Encoder>,
    /// Muxers.
    pub muxers: Vec<String>,
    /// Hybrid MP4.
    pub hybrid_fragmented: bool,
}

impl Capabilities {
    /// From the cache, else by asking.
    pub fn load_or_probe(_: &Ffmpeg, _: &Path, _: &StopToken) -> Result<Option<Self>, CapabilitiesError> {
        let encoder = |name: &str, codec: &str, kind| Encoder {
            name: name.to_owned(),
            codec: codec.to_owned(),
            kind,
            hardware: None,
            experimental: false,
            description: String::new(),
        };
        let encoders = vec![encoder("libx264", "h264", EncoderKind::Video), encoder("aac", "aac", EncoderKind::Audio)];
        Ok(Some(Self { encoders, ..Self::default() }))
    }

    /// Keeps what was learnt.
    pub fn store(&self, _: &Ffmpeg, _: &Path) {}

    /// An earlier trial.
    pub fn known_trial(&self, _: &str) -> Option<&Trial> {
        None
    }

    /// Tries an encoder.
    pub fn try_encoder(&mut self, _: &Ffmpeg, _: &str, _: &StopToken) -> Option<Trial> {
        Some(Trial::Works { device: None })
    }

    /// Tries every hardware encoder.
    pub fn try_hardware(&mut self, _: &Ffmpeg, _: &StopToken) {}
}

/// Why a program cannot be run.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be run")]
pub struct ProcessError;

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its code.
    pub code: Option<i32>,
    /// Its signal.
    pub signal: Option<i32>,
}

/// Runs a user's own command in our terminal.
pub fn run_attached(_: &Path, _: Vec<OsString>, _: &StopToken) -> Result<Exit, ProcessError> {
    Err(ProcessError)
}

/// Hides secrets.
#[derive(Clone, Debug, Default)]
pub struct Redactor;

impl Redactor {
    /// Hides secrets.
    pub fn hide(&self, text: &str) -> String {
        text.to_owned()
    }
}
