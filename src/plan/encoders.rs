//! What is known about ffmpeg's encoders: their codec, their scale of quality, their presets and pixels.
//!
//! A table of facts about ffmpeg 4.4 to 8; whether an encoder works on this machine is the environment's.

use super::sound_codecs::audio_encoders;
use crate::media::{AudioCodec, VideoCodec};

/// The name of no encoder: pictures are recorded as they come.
pub(super) const COPY: &str = "copy";

/// How an encoder keeps every bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lossless {
    Never,
    OnRequest,
    Always,
}

/// What an encoder's preset looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presets {
    /// None; speed is set otherwise.
    None,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number up to this one; higher is faster.
    Numbers(u32),
}

/// One encoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct EncoderFacts {
    pub(super) name: &'static str,
    pub(super) codec: VideoCodec,
    /// Best and worst value of constant quality, and a usual one.
    pub(super) quality: Option<(u32, u32, u32)>,
    pub(super) lossless: Lossless,
    pub(super) presets: Presets,
    /// Pixels it takes, the usual ones first.
    pub(super) pixels: &'static [&'static str],
}

/// The words of x264, from fast to slow; profiles are written in them.
pub(super) const X264_PRESETS: &[&str] =
    &["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"];
const QSV_PRESETS: &[&str] = &["veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];
const NVENC_PRESETS: &[&str] = &["p1", "p2", "p3", "p4", "p5", "p6", "p7"];

const PLANAR: &[&str] = &["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray", "gbrp"];
const PLANAR_8: &[&str] = &["yuv420p", "yuv422p", "yuv444p"];
const HARDWARE: &[&str] = &["yuv420p", "nv12"];

const fn encoder(name: &'static str, codec: VideoCodec) -> EncoderFacts {
    EncoderFacts { name, codec, quality: None, lossless: Lossless::Never, presets: Presets::None, pixels: &["yuv420p"] }
}

const fn still(name: &'static str, codec: VideoCodec, pixels: &'static [&'static str]) -> EncoderFacts {
    EncoderFacts { lossless: Lossless::Always, pixels, ..encoder(name, codec) }
}

/// In the order of preference of each codec: software first, because it works the same everywhere.
pub(super) const ENCODERS: &[EncoderFacts] = &[
    EncoderFacts {
        quality: Some((0, 51, 23)),
        lossless: Lossless::OnRequest,
        presets: Presets::Words(X264_PRESETS),
        pixels: &["yuv420p", "yuv422p", "yuv444p", "nv12", "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray"],
        ..encoder("libx264", VideoCodec::H264)
    },
    encoder("libopenh264", VideoCodec::H264),
    EncoderFacts {
        quality: Some((0, 51, 23)),
        presets: Presets::Words(NVENC_PRESETS),
        pixels: HARDWARE,
        ..encoder("h264_nvenc", VideoCodec::H264)
    },
    EncoderFacts {
        quality: Some((1, 51, 23)),
        presets: Presets::Words(QSV_PRESETS),
        pixels: &["nv12"],
        ..encoder("h264_qsv", VideoCodec::H264)
    },
    EncoderFacts { pixels: HARDWARE, ..encoder("h264_amf", VideoCodec::H264) },
    EncoderFacts { pixels: HARDWARE, ..encoder("h264_videotoolbox", VideoCodec::H264) },
    EncoderFacts { pixels: HARDWARE, ..encoder("h264_mf", VideoCodec::H264) },
    EncoderFacts {
        quality: Some((0, 51, 23)),
        lossless: Lossless::OnRequest,
        presets: Presets::Words(X264_PRESETS),
        pixels: &["bgr0", "bgr24", "rgb24"],
        ..encoder("libx264rgb", VideoCodec::H264)
    },
    EncoderFacts {
        quality: Some((0, 51, 26)),
        lossless: Lossless::OnRequest,
        presets: Presets::Words(X264_PRESETS),
        pixels: PLANAR,
        ..encoder("libx265", VideoCodec::Hevc)
    },
    EncoderFacts {
        quality: Some((0, 51, 26)),
        presets: Presets::Words(NVENC_PRESETS),
        pixels: HARDWARE,
        ..encoder("hevc_nvenc", VideoCodec::Hevc)
    },
    EncoderFacts {
        quality: Some((1, 51, 26)),
        presets: Presets::Words(QSV_PRESETS),
        pixels: &["nv12"],
        ..encoder("hevc_qsv", VideoCodec::Hevc)
    },
    EncoderFacts { pixels: HARDWARE, ..encoder("hevc_videotoolbox", VideoCodec::Hevc) },
    EncoderFacts {
        quality: Some((0, 63, 32)),
        presets: Presets::Numbers(13),
        pixels: &["yuv420p", "yuv420p10le"],
        ..encoder("libsvtav1", VideoCodec::Av1)
    },
    EncoderFacts {
        quality: Some((0, 63, 30)),
        lossless: Lossless::OnRequest,
        pixels: PLANAR,
        ..encoder("libaom-av1", VideoCodec::Av1)
    },
    EncoderFacts { pixels: PLANAR_8, ..encoder("librav1e", VideoCodec::Av1) },
    EncoderFacts {
        quality: Some((0, 51, 32)),
        presets: Presets::Words(NVENC_PRESETS),
        pixels: HARDWARE,
        ..encoder("av1_nvenc", VideoCodec::Av1)
    },
    EncoderFacts {
        quality: Some((0, 63, 31)),
        lossless: Lossless::OnRequest,
        pixels: PLANAR,
        ..encoder("libvpx-vp9", VideoCodec::Vp9)
    },
    EncoderFacts { quality: Some((4, 63, 10)), ..encoder("libvpx", VideoCodec::Vp8) },
    EncoderFacts { quality: Some((1, 31, 4)), ..encoder("mpeg4", VideoCodec::Mpeg4) },
    EncoderFacts { quality: Some((1, 31, 4)), ..encoder("libxvid", VideoCodec::Mpeg4) },
    EncoderFacts {
        quality: Some((2, 31, 4)),
        pixels: &["yuvj420p", "yuvj422p", "yuvj444p", "yuv420p", "yuv422p", "yuv444p"],
        ..encoder("mjpeg", VideoCodec::Mjpeg)
    },
    EncoderFacts { pixels: &["yuv422p10le", "yuv444p10le"], ..encoder("prores_ks", VideoCodec::Prores) },
    EncoderFacts { pixels: &["yuv422p10le", "yuv444p10le"], ..encoder("prores", VideoCodec::Prores) },
    EncoderFacts {
        lossless: Lossless::Always,
        pixels: &["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "bgr0", "gray"],
        ..encoder("ffv1", VideoCodec::Ffv1)
    },
    EncoderFacts {
        lossless: Lossless::Always,
        pixels: &["yuv420p", "yuv422p", "yuv444p", "gbrp"],
        ..encoder("utvideo", VideoCodec::Utvideo)
    },
    EncoderFacts {
        lossless: Lossless::Always,
        pixels: &["yuv422p", "rgb24", "bgra"],
        ..encoder("huffyuv", VideoCodec::Huffyuv)
    },
    still("gif", VideoCodec::Gif, &["pal8"]),
    still("png", VideoCodec::Png, &["rgb24", "rgba", "gray"]),
    still("bmp", VideoCodec::Bmp, &["bgr24", "gray"]),
    still("tiff", VideoCodec::Tiff, &["rgb24", "rgba", "gray"]),
    still("libwebp", VideoCodec::Webp, &["bgra"]),
    still("rawvideo", VideoCodec::Raw, &["yuv420p", "yuyv422", "rgb24", "bgr24", "gray"]),
];

/// The encoders that `auto` chooses among, of pictures and of sound: those worth a trial.
pub fn known_encoders() -> Vec<String> {
    let sounds = AudioCodec::ALL.iter().flat_map(|codec| audio_encoders(*codec));
    ENCODERS.iter().map(|facts| facts.name).chain(sounds.copied()).map(str::to_owned).collect()
}

/// What is known about the encoder of this name.
pub(super) fn facts(name: &str) -> Option<&'static EncoderFacts> {
    ENCODERS.iter().find(|facts| facts.name == name)
}

/// Whether this encoder needs a graphics card or a system's service.
pub(super) fn is_hardware(name: &str) -> bool {
    ["_nvenc", "_qsv", "_amf", "_videotoolbox", "_mf"].iter().any(|ending| name.ends_with(ending))
}

/// The encoder's own word for a preset written in x264's words; `None` when it has none.
pub(super) fn translated_preset(presets: Presets, x264_word: &str) -> Option<String> {
    let speed = X264_PRESETS.iter().position(|word| *word == x264_word)?;
    match presets {
        Presets::None => None,
        Presets::Words(words) if words == X264_PRESETS => Some(x264_word.to_owned()),
        // Both lists go from fast to slow and end slow; a shorter list has fewer fast ones.
        Presets::Words(words) => {
            let place = words.iter().position(|word| *word == x264_word);
            words.get(place.unwrap_or(speed * words.len() / X264_PRESETS.len())).map(|word| (*word).to_owned())
        }
        Presets::Numbers(fastest) => {
            let step = u32::try_from(speed).unwrap_or(0);
            Some(fastest.saturating_sub(step + 1).max(4).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_has_an_encoder() {
        for codec in VideoCodec::ALL {
            assert!(ENCODERS.iter().any(|facts| facts.codec == *codec), "{codec}");
        }
        for facts in ENCODERS {
            assert!(!facts.pixels.is_empty());
            if let Some((best, worst, usual)) = facts.quality {
                assert!(best < usual && usual < worst, "{}", facts.name);
            }
        }
    }

    #[test]
    fn presets_are_translated() {
        for (encoder, word, expected) in [
            ("libx264", "superfast", Some("superfast")),
            ("libx265", "placebo", Some("placebo")),
            ("libsvtav1", "superfast", Some("11")),
            ("libsvtav1", "veryslow", Some("4")),
            ("h264_qsv", "ultrafast", Some("veryfast")),
            ("h264_qsv", "slow", Some("slow")),
            ("h264_nvenc", "ultrafast", Some("p1")),
            ("h264_nvenc", "placebo", Some("p7")),
            ("libvpx-vp9", "superfast", None),
        ] {
            let presets = facts(encoder).unwrap().presets;
            assert_eq!(translated_preset(presets, word).as_deref(), expected, "{encoder} {word}");
        }
        assert_eq!(translated_preset(Presets::Words(NVENC_PRESETS), "p3"), None);
    }
}
