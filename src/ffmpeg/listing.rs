//! What `-encoders`, `-muxers`, `-demuxers`, `-protocols`, `-pix_fmts`, `-filters` and `-h encoder=` print, as values.
//!
//! Knows only text; lines it does not understand are skipped, because every version adds some.

use serde::{Deserialize, Serialize};

/// What an encoder encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EncoderKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Text.
    Subtitle,
}

/// What does the work when it is not the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hardware {
    /// NVIDIA's NVENC.
    Nvenc,
    /// VAAPI: Intel and AMD on Linux.
    Vaapi,
    /// Intel Quick Sync.
    Qsv,
    /// AMD's AMF.
    Amf,
    /// A V4L2 memory-to-memory device: small boards.
    V4l2M2m,
    /// Vulkan video.
    Vulkan,
    /// Apple's `VideoToolbox` or `AudioToolbox`.
    VideoToolbox,
    /// Windows' Media Foundation.
    MediaFoundation,
    /// Direct3D 12 video.
    D3d12,
    /// `OpenMAX`: old small boards.
    Omx,
    /// Rockchip's media platform.
    Rkmpp,
    /// Android's `MediaCodec`.
    MediaCodec,
}

impl Hardware {
    /// What does the work of the encoder of this name.
    fn of(encoder: &str) -> Option<Self> {
        const ENDINGS: &[(&str, Hardware)] = &[
            ("_nvenc", Hardware::Nvenc),
            ("_vaapi", Hardware::Vaapi),
            ("_qsv", Hardware::Qsv),
            ("_amf", Hardware::Amf),
            ("_v4l2m2m", Hardware::V4l2M2m),
            ("_vulkan", Hardware::Vulkan),
            ("_videotoolbox", Hardware::VideoToolbox),
            ("_at", Hardware::VideoToolbox),
            ("_mf", Hardware::MediaFoundation),
            ("_d3d12va", Hardware::D3d12),
            ("_omx", Hardware::Omx),
            ("_rkmpp", Hardware::Rkmpp),
            ("_mediacodec", Hardware::MediaCodec),
        ];
        // Until ffmpeg 4 `nvenc`, `nvenc_h264` and `nvenc_hevc` stood beside the names of today.
        let old = encoder.starts_with("nvenc").then_some(Self::Nvenc);
        ENDINGS.iter().find(|(ending, _)| encoder.ends_with(ending)).map(|(_, hardware)| *hardware).or(old)
    }
}

/// An encoder this ffmpeg was built with; whether it works is another question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    /// Its name: `libx264`.
    pub name: String,
    /// The codec's name in ffmpeg: `h264`.
    pub codec: String,
    /// What it encodes.
    pub kind: EncoderKind,
    /// What does the work; `None` is the processor.
    pub hardware: Option<Hardware>,
    /// Whether ffmpeg wants `-strict experimental` for it.
    pub experimental: bool,
    /// What ffmpeg says about it.
    pub description: String,
}

/// What `-h encoder=` tells of one encoder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderDetail {
    /// Pixel formats it takes, its favourite first; empty if it does not say.
    pub pixel_formats: Vec<String>,
    /// Sample formats it takes; empty if it does not say.
    pub sample_formats: Vec<String>,
    /// Sample rates it takes, in Hz; empty if any.
    pub sample_rates: Vec<u32>,
    /// Names of its own options, without dashes.
    pub options: Vec<String>,
}

/// Parses `-encoders`: ` V....D libx264              libx264 H.264 / AVC (codec h264)`.
pub(super) fn encoders(text: &str) -> Vec<Encoder> {
    table(text).filter_map(|line| encoder(line.trim())).collect()
}

fn encoder(line: &str) -> Option<Encoder> {
    let (flags, rest) = line.split_once(char::is_whitespace)?;
    let kind = match flags.chars().next()? {
        'V' => EncoderKind::Video,
        'A' => EncoderKind::Audio,
        'S' => EncoderKind::Subtitle,
        _ => return None,
    };
    if flags.len() != 6 {
        return None;
    }
    let rest = rest.trim_start();
    let (name, description) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let description = description.trim();
    // An encoder that bears its codec's own name does not say it again.
    let codec = description.rsplit_once("(codec ").and_then(|(_, codec)| codec.strip_suffix(')')).unwrap_or(name);
    Some(Encoder {
        name: name.to_owned(),
        codec: codec.to_owned(),
        kind,
        hardware: Hardware::of(name),
        experimental: flags.contains('X'),
        description: description.to_owned(),
    })
}

/// Parses `-muxers`: `  E matroska        Matroska`; a line may name several, separated by commas.
pub(super) fn muxers(text: &str) -> Vec<String> {
    formats(text, 'E')
}

/// Parses `-demuxers`: ` D  matroska,webm   Matroska / WebM`.
pub(super) fn demuxers(text: &str) -> Vec<String> {
    formats(text, 'D')
}

fn formats(text: &str, flag: char) -> Vec<String> {
    let rows = table(text).filter_map(|line| {
        let (flags, rest) = line.trim().split_once(char::is_whitespace)?;
        flags.contains(flag).then(|| rest.split_whitespace().next()).flatten()
    });
    rows.flat_map(|names| names.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Parses `-pix_fmts`: `IO... yuv420p                3             12      8-8-8`.
pub(super) fn pixel_formats(text: &str) -> Vec<String> {
    let rows = table(text).filter_map(|line| {
        let mut words = line.split_whitespace();
        let (flags, name, _components) = (words.next()?, words.next()?, words.next()?.parse::<u8>().ok()?);
        (flags.len() == 5).then(|| name.to_owned())
    });
    rows.collect()
}

/// Parses the second half of `-protocols`, those that can be written.
pub(super) fn output_protocols(text: &str) -> Vec<String> {
    let names = text.lines().skip_while(|line| line.trim() != "Output:").skip(1);
    names.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Parses `-filters`: ` TSC overlay           VV->V      Overlay a video source on top of the input.`
pub(super) fn filters(text: &str) -> Vec<String> {
    let rows = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (_flags, name, ends) = (words.next()?, words.next()?, words.next()?);
        ends.contains("->").then(|| name.to_owned())
    });
    rows.collect()
}

/// Whether `-h muxer=mov` tells of the flag by which an MP4 is crash-safe while it is written and ordinary after.
pub(super) fn has_hybrid_fragmented(text: &str) -> bool {
    text.split_whitespace().any(|word| word == "hybrid_fragmented")
}

/// Parses `-h encoder=NAME`; `None` if ffmpeg does not know it.
pub(super) fn detail(text: &str) -> Option<EncoderDetail> {
    if !text.lines().any(|line| line.starts_with("Encoder ")) {
        return None;
    }
    let list = |head: &str| -> Vec<String> {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(head));
        // Sample rates and formats are separated by blanks in every version; ffmpeg 7 adds commas here and there.
        line.map(|line| line.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let options = text.lines().filter_map(|line| {
        let name = line.strip_prefix("  -")?.split_whitespace().next()?;
        line.contains('<').then(|| name.to_owned())
    });
    Some(EncoderDetail {
        pixel_formats: list("Supported pixel formats:"),
        sample_formats: list("Supported sample formats:"),
        sample_rates: list("Supported sample rates:").iter().filter_map(|rate| rate.parse().ok()).collect(),
        options: options.collect(),
    })
}

/// The rows after the line of dashes that ends a table's legend.
fn table(text: &str) -> impl Iterator<Item = &str> {
    let is_rule = |line: &str| {
        let line = line.trim();
        line.len() >= 2 && line.chars().all(|c| c == '-')
    };
    text.lines().skip_while(move |line| !is_rule(line)).skip(1).filter(|line| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoders_are_read_with_codec_kind_and_hardware() {
        let text = "Encoders:
 V..... = Video
 ...X.. = Codec is experimental
 ------
 V....D libx264              libx264 H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10 (codec h264)
 V.S... ffv1                 FFmpeg video codec #1
 V....D h264_nvenc           NVIDIA NVENC H.264 encoder (codec h264)
 A..X.D opus                 Opus
 S..... ass                  ASS (Advanced SubStation Alpha) subtitle
 V....D vp9_new
 a line from the future
";
        let found = encoders(text);
        let rows: Vec<_> =
            found.iter().map(|e| (e.name.as_str(), e.codec.as_str(), e.kind, e.hardware, e.experimental)).collect();
        assert_eq!(
            rows,
            [
                ("libx264", "h264", EncoderKind::Video, None, false),
                ("ffv1", "ffv1", EncoderKind::Video, None, false),
                ("h264_nvenc", "h264", EncoderKind::Video, Some(Hardware::Nvenc), false),
                ("opus", "opus", EncoderKind::Audio, None, true),
                ("ass", "ass", EncoderKind::Subtitle, None, false),
                ("vp9_new", "vp9_new", EncoderKind::Video, None, false),
            ]
        );
        assert_eq!(found[0].description, "libx264 H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10 (codec h264)");
    }

    #[test]
    fn muxers_protocols_and_filters_are_read() {
        let text = "File formats:\n D. = Demuxing supported\n .E = Muxing supported\n --\n  E 3g2             3GP2\n \
            DE alsa            ALSA audio output\n  E sdl,sdl2        SDL2 output device\n D  aa              Audible\n";
        assert_eq!(muxers(text), ["3g2", "alsa", "sdl", "sdl2"]);
        // ffmpeg 7.1 adds a column for devices.
        assert_eq!(
            muxers("Muxers:\n D.. = x\n ---\n  Ed alsa            ALSA\n  E  mov             QuickTime\n"),
            ["alsa", "mov"]
        );
        // Aliases of one demuxer are names like any other.
        let text = "File formats:\n D. = Demuxing supported\n --\n D  matroska,webm   Matroska / WebM\n \
            D  mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV\n DE nut             NUT\n  E null            raw null\n";
        assert_eq!(demuxers(text), ["matroska", "webm", "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "nut"]);
        let text = "Pixel formats:\nI.... = Supported Input  format for conversion\nFLAGS NAME NB_COMPONENTS\n-----\n\
            IO... yuv420p                3             12      8-8-8\n..H.. vaapi                  0              0\n";
        assert_eq!(pixel_formats(text), ["yuv420p", "vaapi"]);
        let text = "Supported file protocols:\nInput:\n  async\n  file\nOutput:\n  file\n  rtmp\n";
        assert_eq!(output_protocols(text), ["file", "rtmp"]);
        let text = "Filters:\n  T.. = Timeline support\n  | = Source or sink filter\n ... abench            A->A       \
            Benchmark part.\n TSC overlay           VV->V      Overlay.\n";
        assert_eq!(filters(text), ["abench", "overlay"]);
    }

    #[test]
    fn an_encoders_help_is_read() {
        let text = "Encoder libx264 [libx264 H.264]:
    General capabilities: dr1 delay threads 
    Supported pixel formats: yuv420p yuvj420p nv12
libx264 AVOptions:
  -preset            <string>     E..V....... Set the encoding preset (default \"medium\")
  -aq-mode           <int>        E..V....... AQ method (from -1 to INT_MAX) (default -1)
     none            0            E..V.......
";
        let found = detail(text).unwrap();
        assert_eq!(found.pixel_formats, ["yuv420p", "yuvj420p", "nv12"]);
        assert_eq!(found.options, ["preset", "aq-mode"]);
        assert_eq!(detail("Codec 'nosuch' is not recognized by FFmpeg."), None);
        let audio = "Encoder libopus [libopus Opus]:\n    Supported sample rates: 48000 24000\n    \
            Supported sample formats: s16 flt\n";
        assert_eq!(detail(audio).unwrap().sample_rates, [48000, 24000]);
    }

    #[test]
    fn the_crash_safe_mp4_is_found_by_its_flag() {
        assert!(has_hybrid_fragmented("     hybrid_fragmented              E.......... Write"));
        assert!(!has_hybrid_fragmented("     frag_keyframe                E.......... Fragment at video keyframes"));
    }
}
