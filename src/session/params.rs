//! From a plan to ffmpeg's words for the encode.

use crate::media::{AudioCodec, Container, FrameRate, VideoCodec};
use crate::plan::{Plan, RateControl, VideoPlan};
use crate::writegear::EncodeOptions;

pub(super) type Pairs = Vec<(String, String)>;

/// The encode options of a plan, the user's own last so that they win.
pub(super) fn encode_options(plan: &Plan) -> EncodeOptions {
    EncodeOptions {
        pre_headers: plan.extra.pre_headers.clone(),
        before_input: plan.extra.before_input.clone(),
        fit: Vec::new(),
        finish: palette(plan),
        video: plan.video.as_ref().map(|video| video_pairs(plan, video)).unwrap_or_default(),
        audio: audio_pairs(plan),
        sound_tracks: plan.file.as_ref().map_or_else(Default::default, |file| file.container.sound_tracks()),
        sound_channels: Some(plan.audio_encode.channels),
        output: plan.extra.output.clone(),
    }
}

/// GIF's 256 colours, chosen anew for each picture: one palette for the whole film would be known only at its end, and
/// until then ffmpeg keeps every picture in memory (1 GB after 20 s of 720p).
fn palette(plan: &Plan) -> Vec<String> {
    let is_gif = plan.video.as_ref().is_some_and(|video| video.codec == VideoCodec::Gif);
    let filter = "split[picture][colours];[colours]palettegen=stats_mode=single[palette];\
                  [picture][palette]paletteuse=new=1";
    if is_gif { vec![filter.to_owned()] } else { Vec::new() }
}

/// Whether pictures of this format lose something on the way through 4:2:0: they are sent as the source gives them.
pub(super) fn wants_own_pixels(pixel_format: &str) -> bool {
    !matches!(pixel_format, "yuv420p" | "yuvj420p" | "nv12" | "yuv420p10le")
}

#[expect(clippy::needless_pass_by_value, reason = "numbers and words alike read better without a `&`")]
pub(super) fn pair(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn video_pairs(plan: &Plan, video: &VideoPlan) -> Pairs {
    if video.copied.is_some() {
        return vec![pair("c:v", "copy")];
    }
    let mut pairs = vec![pair("c:v", &video.encoder), pair("pix_fmt", wire_pixel_format(video))];
    if let Some(preset) = &video.preset {
        pairs.push(pair(preset_option(&video.encoder), preset));
    }
    pairs.extend(rate_control(&video.encoder, video.rate_control));
    pairs.extend(speed(&video.encoder));
    if plan.file.as_ref().is_some_and(|file| file.container == Container::Avi) {
        // AVI has no place for the order of B-frames.
        pairs.push(pair("bf", 0));
    }
    pairs.push(pair("g", keyframe_frames(video.rate, video.keyframe_interval_s)));
    pairs.extend(super::direct_words::picture_pairs(plan));
    pairs
}

/// Frames from one keyframe to the next, at least one.
fn keyframe_frames(rate: FrameRate, interval_s: f64) -> u64 {
    let nanos = (interval_s.clamp(0.0, 600.0) * 1e9).round();
    #[expect(clippy::cast_possible_truncation, reason = "600 s are 6e11 ns, far inside i64")]
    rate.nearest_tick(nanos as i64).max(1)
}

/// `yuv420p` is written from our NV12: encoders that take NV12 are spared ffmpeg's conversion, the file is the same.
fn wire_pixel_format(video: &VideoPlan) -> &str {
    let takes_nv12 = video.encoder == "libx264" || is_hardware(&video.encoder);
    if video.pixel_format == "yuv420p" && takes_nv12 { "nv12" } else { &video.pixel_format }
}

fn is_hardware(encoder: &str) -> bool {
    ["_nvenc", "_qsv", "_amf", "_videotoolbox", "_mf"].iter().any(|suffix| encoder.ends_with(suffix))
}

fn preset_option(encoder: &str) -> &'static str {
    match encoder {
        "libvpx" | "libvpx-vp9" => "deadline",
        "libaom-av1" => "cpu-used",
        _ => "preset",
    }
}

fn rate_control(encoder: &str, wanted: RateControl) -> Pairs {
    match wanted {
        RateControl::Quality(quality) => constant_quality(encoder, quality),
        RateControl::AverageKbps(kbps) => vec![pair("b:v", format!("{kbps}k"))],
        RateControl::ConstantKbps(kbps) => {
            let rate = format!("{kbps}k");
            let mut pairs = vec![pair("b:v", &rate), pair("maxrate", &rate), pair("bufsize", &rate)];
            match encoder {
                // Filler keeps the rate constant where the picture needs less.
                "libx264" => pairs.push(pair("x264-params", "nal-hrd=cbr")),
                "libvpx" | "libvpx-vp9" => pairs.push(pair("minrate", &rate)),
                _ if encoder.ends_with("_nvenc") => pairs.push(pair("rc", "cbr")),
                _ => {}
            }
            pairs
        }
        RateControl::Lossless => lossless(encoder),
    }
}

fn constant_quality(encoder: &str, quality: u32) -> Pairs {
    match encoder {
        "libvpx" | "libvpx-vp9" | "libaom-av1" => vec![pair("crf", quality), pair("b:v", 0)],
        "mpeg4" | "mjpeg" => vec![pair("q:v", quality.clamp(1, 31))],
        "ffv1" | "utvideo" | "huffyuv" | "ffvhuff" | "prores_ks" | "prores" => Pairs::new(),
        _ if encoder.ends_with("_nvenc") => vec![pair("rc", "vbr"), pair("cq", quality), pair("b:v", 0)],
        _ if encoder.ends_with("_qsv") => vec![pair("global_quality", quality)],
        _ if encoder.ends_with("_vaapi") => vec![pair("qp", quality)],
        _ if encoder.ends_with("_videotoolbox") => vec![pair("q:v", 100 - quality.min(51))],
        _ => vec![pair("crf", quality)],
    }
}

fn lossless(encoder: &str) -> Pairs {
    match encoder {
        "libx264" | "libx264rgb" => vec![pair("qp", 0)],
        "libx265" => vec![pair("x265-params", "lossless=1")],
        "libvpx-vp9" | "libwebp" => vec![pair("lossless", 1)],
        "libaom-av1" => vec![pair("crf", 0), pair("b:v", 0)],
        _ if encoder.ends_with("_nvenc") => vec![pair("tune", "lossless")],
        _ => Pairs::new(),
    }
}

/// Without these the encoder is slower than real time by its own default.
fn speed(encoder: &str) -> Pairs {
    match encoder {
        "libvpx" => vec![pair("deadline", "realtime"), pair("cpu-used", 8), pair("lag-in-frames", 0)],
        "libvpx-vp9" => {
            vec![pair("deadline", "realtime"), pair("cpu-used", 8), pair("row-mt", 1), pair("lag-in-frames", 0)]
        }
        "libaom-av1" => vec![pair("row-mt", 1), pair("usage", "realtime"), pair("lag-in-frames", 0)],
        _ => Pairs::new(),
    }
}

/// For our own sound and that of the user's further inputs.
fn audio_pairs(plan: &Plan) -> Pairs {
    let encode = &plan.audio_encode;
    if plan.audio.is_empty() && plan.extra.inputs.is_empty() {
        return Pairs::new();
    }
    let mut pairs = vec![pair("c:a", &encode.encoder)];
    if !matches!(encode.codec, AudioCodec::Flac | AudioCodec::Pcm) {
        pairs.push(pair("b:a", format!("{}k", encode.bitrate_kbps)));
    }
    if encode.codec == AudioCodec::Flac {
        // From floats ffmpeg would make 24 bits: half as large again, for noise.
        pairs.push(pair("sample_fmt", "s16"));
    }
    pairs.push(pair("ar", encode.sample_rate));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyframes_come_every_so_many_frames() {
        assert_eq!(keyframe_frames(FrameRate::whole(30), 2.0), 60);
        assert_eq!(keyframe_frames(FrameRate::new(30_000, 1001).unwrap(), 2.0), 60);
        assert_eq!(keyframe_frames(FrameRate::whole(30), 0.0), 1);
    }

    #[test]
    fn each_encoder_gets_its_own_words_for_quality() {
        assert_eq!(rate_control("libx264", RateControl::Quality(23)), vec![pair("crf", 23)]);
        assert_eq!(rate_control("libvpx-vp9", RateControl::Quality(30)), vec![pair("crf", 30), pair("b:v", 0)]);
        assert_eq!(rate_control("mjpeg", RateControl::Quality(40)), vec![pair("q:v", 31)]);
        assert_eq!(rate_control("libx264", RateControl::Lossless), vec![pair("qp", 0)]);
        let constant = rate_control("libx264", RateControl::ConstantKbps(6000));
        assert!(constant.contains(&pair("maxrate", "6000k")) && constant.contains(&pair("x264-params", "nal-hrd=cbr")));
    }
}
