//! Does an encoder work on this machine? Encodes a few frames and sees.
//!
//! Knows no profile: being compiled in says nothing about drivers and devices, a trial does.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::args::{Args, Options};
use super::cause::Cause;
use super::discover::{Ffmpeg, render_nodes};
use super::listing::{Encoder, EncoderKind, Hardware};
use super::run::{Finished, Limits, run};
use crate::rt::StopToken;

/// A trial takes 60–280 ms; a driver that hangs must not hang us.
const DEADLINE: Duration = Duration::from_secs(15);

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trial {
    /// It encoded.
    Works {
        /// The device it needs, for `-vaapi_device`.
        device: Option<String>,
    },
    /// It did not.
    Fails {
        /// Why, in plain words.
        reason: String,
    },
}

impl Trial {
    /// Whether it encoded.
    pub const fn works(&self) -> bool {
        matches!(self, Self::Works { .. })
    }
}

/// Encodes a few frames or a bit of silence with an encoder. `None` if `stop` was asked. Not for the window's
/// thread: usually 60–280 ms, never longer than fifteen seconds for each device.
pub fn trial(ffmpeg: &Ffmpeg, encoder: &Encoder, stop: &StopToken) -> Option<Trial> {
    let devices: Vec<Option<String>> = match encoder.hardware {
        Some(Hardware::Vaapi) => render_nodes().iter().map(|node| Some(node.to_string_lossy().into_owned())).collect(),
        _ => vec![None],
    };
    let mut first_failure = None;
    for device in devices {
        match try_once(&ffmpeg.program, encoder, device.as_deref(), stop)? {
            Ok(()) => return Some(Trial::Works { device }),
            Err(reason) => first_failure = first_failure.or(Some(reason)),
        }
    }
    let reason =
        first_failure.unwrap_or_else(|| "no graphics card with VAAPI was found (/dev/dri is empty)".to_owned());
    Some(Trial::Fails { reason })
}

fn try_once(program: &Path, encoder: &Encoder, device: Option<&str>, stop: &StopToken) -> Option<Result<(), String>> {
    let Some(words) = trial_args(encoder, device) else {
        return Some(Err("it encodes neither pictures nor sound".to_owned()));
    };
    let limits = Limits { deadline: DEADLINE, output_bytes: 0 };
    match run(program, words, &limits, stop) {
        Ok(None) => None,
        Ok(Some(finished)) if finished.exit.is_success() => Some(Ok(())),
        Ok(Some(finished)) => Some(Err(plain_reason(&finished))),
        Err(error) => Some(Err(error.to_string())),
    }
}

fn trial_args(encoder: &Encoder, device: Option<&str>) -> Option<Vec<OsString>> {
    let mut args = Args::new();
    let mut output = Options::new();
    match encoder.kind {
        EncoderKind::Video => {
            match encoder.hardware {
                Some(Hardware::Vaapi) => {
                    args.global.push("vaapi_device", device.unwrap_or_default());
                    output.push("vf", "format=nv12,hwupload");
                }
                Some(Hardware::Vulkan) => {
                    args.global.push("init_hw_device", "vulkan=trial");
                    args.global.push("filter_hw_device", "trial");
                    output.push("vf", "format=nv12,hwupload");
                }
                Some(Hardware::D3d12) => {
                    args.global.push("init_hw_device", "d3d12va=trial");
                    args.global.push("filter_hw_device", "trial");
                    output.push("vf", "format=nv12,hwupload");
                }
                Some(Hardware::Qsv | Hardware::Amf | Hardware::MediaFoundation) => output.push("pix_fmt", "nv12"),
                _ => {}
            }
            for (name, value) in quirks(&encoder.name) {
                output.push(name, *value);
            }
            // Two frames: some drivers accept the first and refuse the second.
            let source = "color=black:size=640x360:rate=30";
            args = args.input(Options::new().with("f", "lavfi"), source);
            output.push("frames:v", "2");
            output.push("c:v", &encoder.name);
        }
        EncoderKind::Audio => {
            args = args.input(Options::new().with("f", "lavfi"), "anullsrc=r=48000:cl=stereo");
            output = Options::new().with("t", "0.1").with("c:a", &encoder.name);
        }
        EncoderKind::Subtitle => return None,
    }
    if encoder.experimental {
        output.push("strict", "experimental");
    }
    Some(args.output(output.with("f", "null"), "-").to_os_args())
}

/// Encoders that take only certain sizes and rates.
fn quirks(encoder: &str) -> &'static [(&'static str, &'static str)] {
    match encoder {
        "dnxhd" => &[("s", "1920x1080"), ("b:v", "120M"), ("pix_fmt", "yuv422p")],
        "dvvideo" => &[("s", "720x576"), ("r", "25"), ("pix_fmt", "yuv420p")],
        "h261" | "h263" => &[("s", "352x288"), ("r", "30000/1001")],
        "prores" | "prores_aw" | "prores_ks" => &[("pix_fmt", "yuv422p10le")],
        _ => &[],
    }
}

/// What the drivers say, in words for somebody who does not know them.
fn plain_reason(finished: &Finished) -> String {
    const MEANINGS: &[(&str, &str)] = &[
        ("Cannot load libcuda", "no NVIDIA driver is installed"),
        ("Cannot load nvcuda.dll", "no NVIDIA driver is installed"),
        ("Cannot load libnvidia-encode", "the NVIDIA driver lacks its encoding part (libnvidia-encode)"),
        ("Driver does not support the required nvenc API", "the NVIDIA driver is too old for this ffmpeg"),
        ("No capable devices found", "no NVIDIA card with an encoder was found"),
        ("OpenEncodeSessionEx failed: out of memory", "all encoders of the NVIDIA card are in use"),
        ("incompatible client key", "all encoders of the NVIDIA card are in use"),
        ("No VA display found", "the graphics card has no VAAPI driver"),
        ("Failed to initialise VAAPI connection", "the graphics card has no VAAPI driver"),
        ("No usable encoding profile found", "the graphics card cannot encode this codec"),
        ("No usable encoding entrypoint found", "the graphics card cannot encode this codec"),
        ("internal MFX session", "no Intel Quick Sync was found"),
        ("Error creating a MFX session", "no Intel Quick Sync was found"),
        ("Could not find a valid device", "no V4L2 encoder device was found"),
        ("libOMX_Core.so not found", "no OpenMAX library is installed"),
        ("DLL libamfrt64.so", "no AMD AMF driver is installed"),
        ("amfrt64", "no AMD AMF driver is installed"),
        ("Device creation failed", "its device cannot be opened"),
        ("Unknown encoder", "this ffmpeg was built without it"),
    ];
    let known = MEANINGS.iter().find(|(said, _)| finished.log.iter().any(|line| line.contains(said)));
    match (known, &finished.cause) {
        (Some((_, meaning)), _) => (*meaning).to_owned(),
        (None, Some(Cause::EncoderRefused { reason })) => reason.clone(),
        (None, Some(cause)) => cause.what(),
        (None, None) => "it gives no reason".to_owned(),
    }
}
