//! How pictures are encoded: codec, encoder, its quality, preset and pixels, rate and size.

use super::encoders::{self, ENCODERS, EncoderFacts, Lossless, Presets, translated_preset};
use super::findings::{Findings, fix, some_of};
use super::{AddressKind, Environment, FfmpegSummary, RateControl, SizeChoice, Works};
use crate::media::{CompressedFormat, Container, FrameRate, FrameTiming, Resolution, VideoCodec};
use crate::profile::{FrameTimingChoice, RateControl as Wish, Video};

/// Everything about pictures but the source.
pub(super) struct Encode {
    pub(super) codec: VideoCodec,
    pub(super) encoder: String,
    /// The camera's own encoding that is recorded as it comes.
    pub(super) copied: Option<CompressedFormat>,
    pub(super) size: SizeChoice,
    pub(super) rate: FrameRate,
    pub(super) timing: FrameTiming,
    pub(super) rate_control: RateControl,
    pub(super) preset: Option<String>,
    pub(super) pixel_format: String,
    pub(super) keyframe_interval_s: f64,
}

/// `None` where a finding says why.
pub(super) fn resolve(
    video: &Video,
    container: Option<Container>,
    env: &Environment,
    out: &mut Findings,
) -> Option<Encode> {
    let rate = rate(&video.fps, out);
    let size = size(&video.size, out);
    let codec = codec(video, container, out);
    let (encoder, codec) = encoder(video, codec?, env, out)?;
    if let Some(container) = container.filter(|container| !container.holds_video(codec)) {
        misfit(container, codec, out);
    }
    let facts = encoders::facts(&encoder);
    let rate_control = rate_control(video, &encoder, facts, out);
    let preset = preset(&video.preset, &encoder, facts, out);
    let pixel_format = pixels(&video.pixel_format, &encoder, facts, out);
    let can_be_lossless = facts.is_none_or(|facts| facts.lossless != Lossless::Never);
    if video.rate_control == Wish::Lossless && can_be_lossless {
        halved_colours(&pixel_format, &encoder, facts, out);
    }
    let timing = match video.frame_timing {
        FrameTimingChoice::Cfr => FrameTiming::Constant,
        FrameTimingChoice::Vfr => FrameTiming::Variable,
    };
    let keyframe_interval_s = video.keyframe_interval_s;
    let (size, rate) = (size?, rate?);
    Some(Encode {
        codec,
        encoder,
        copied: None,
        size,
        rate,
        timing,
        rate_control,
        preset,
        pixel_format,
        keyframe_interval_s,
    })
}

/// The same where OpenCV writes: size and rate, an even one; its codec is a tag of its own.
pub(super) fn for_opencv(video: &Video, out: &mut Findings) -> Option<Encode> {
    let (rate, size) = (rate(&video.fps, out), size(&video.size, out));
    let (size, rate) = (size?, rate?);
    Some(Encode {
        codec: VideoCodec::Raw,
        encoder: "opencv".to_owned(),
        copied: None,
        size,
        rate,
        timing: FrameTiming::Constant,
        rate_control: RateControl::Lossless,
        preset: None,
        pixel_format: "bgr24".to_owned(),
        keyframe_interval_s: video.keyframe_interval_s,
    })
}

/// Seconds between keyframes at an address: a viewer who joins waits for one.
const LIVE_KEYFRAME_S: f64 = 2.0;

/// The same for an address or device: an even rate and pixels that every receiver takes.
pub(super) fn for_address(
    video: &Video,
    kind: AddressKind,
    container: Option<Container>,
    env: &Environment,
    out: &mut Findings,
) -> Option<Encode> {
    let mut wish = video.clone();
    if wish.frame_timing == FrameTimingChoice::Vfr {
        let what = "What goes to an address or a device has a constant rate.";
        let constant = fix("Constant rate", "video.frame_timing", "cfr");
        out.warning("video.frame_timing", what, "Choose a constant rate.", constant);
        wish.frame_timing = FrameTimingChoice::Cfr;
    }
    wish.keyframe_interval_s = wish.keyframe_interval_s.min(LIVE_KEYFRAME_S);
    if kind == AddressKind::Device {
        for name in [&mut wish.codec, &mut wish.encoder] {
            "rawvideo".clone_into(name);
        }
        return resolve(&wish, None, env, out);
    }
    if wish.rate_control == Wish::Lossless || !matches!(wish.pixel_format.trim(), "yuv420p" | "nv12") {
        let what = "Receivers take yuv420p and no lossless picture.";
        let help = "It is recorded as yuv420p in constant quality.";
        out.warning("video.pixel_format", what, help, fix("Use yuv420p", "video.pixel_format", "yuv420p"));
        "yuv420p".clone_into(&mut wish.pixel_format);
        if wish.rate_control == Wish::Lossless {
            wish.rate_control = Wish::Crf;
        }
    }
    resolve(&wish, container, env, out)
}

pub(super) fn rate(text: &str, out: &mut Findings) -> Option<FrameRate> {
    let rate = text.parse();
    if rate.is_err() {
        let what = format!("'{text}' is not a frame rate.");
        out.error("video.fps", what, "Write 30, 29.97 or 30000/1001, at most 1000.", fix("Use 30", "video.fps", "30"));
    }
    rate.ok()
}

fn size(text: &str, out: &mut Findings) -> Option<SizeChoice> {
    if text.trim().eq_ignore_ascii_case("source") {
        return Some(SizeChoice::Source);
    }
    let Some(size) = Resolution::parse(text) else {
        let what = format!("'{text}' is not a size.");
        out.error(
            "video.size",
            what,
            "Write 'source', or width and height: 1280x720.",
            fix("As the source", "video.size", "source"),
        );
        return None;
    };
    let even = size.padded_even();
    if even != size {
        let what = format!("{size} has an odd side, which encoders refuse: {even} is recorded.");
        out.warning(
            "video.size",
            what,
            "Choose even numbers.",
            fix(format!("Use {even}"), "video.size", even.to_string()),
        );
    }
    Some(SizeChoice::Fixed(even))
}

/// The codec asked for, or the container's own where `auto` is asked or the wish does not fit and no encoder is
/// named: a recording into another container then works, and says what it did.
fn codec(video: &Video, container: Option<Container>, out: &mut Findings) -> Option<VideoCodec> {
    let own = container.map_or(VideoCodec::H264, |container| container.default_codecs().0);
    // Where there is one codec only, whoever names the container means it.
    let is_only_one = container.is_some_and(|container| container.is_images() || container == Container::Gif);
    if is_only_one && is_auto(&video.encoder) || video.codec.trim().eq_ignore_ascii_case("auto") {
        return Some(own);
    }
    let Some(codec) = VideoCodec::from_name(&video.codec) else {
        let what = format!("'{}' is not a codec of pictures that gearcast knows.", video.codec);
        let known = some_of(VideoCodec::ALL.iter().map(|codec| codec.name()));
        out.error(
            "video.codec",
            what,
            format!("Choose one of: {known}."),
            fix("Choose by itself", "video.codec", "auto"),
        );
        return None;
    };
    match container.filter(|container| !container.holds_video(codec)) {
        Some(container) if is_auto(&video.encoder) => {
            let what = format!("{container} does not hold {codec}: {own} is recorded.");
            let help = "Choose a codec that fits, or the container mkv, which holds anything.";
            out.warning("video.codec", what, help, fix("Record into mkv", "output.container", "mkv"));
            Some(own)
        }
        _ => Some(codec),
    }
}

pub(super) fn misfit(container: Container, codec: VideoCodec, out: &mut Findings) {
    let what = format!("{container} does not hold {codec}.");
    let help = "Let the encoder be chosen by itself, or record into mkv, which holds anything.";
    out.error("output.container", what, help, fix("Record into mkv", "output.container", "mkv"));
}

fn is_auto(name: &str) -> bool {
    matches!(name.trim().to_ascii_lowercase().as_str(), "" | "auto")
}

fn encoder(video: &Video, codec: VideoCodec, env: &Environment, out: &mut Findings) -> Option<(String, VideoCodec)> {
    let Some(ffmpeg) = &env.ffmpeg else {
        // That there is no ffmpeg is told once, elsewhere; here the rest is checked as far as it goes.
        let named = (!is_auto(&video.encoder)).then(|| video.encoder.trim().to_owned());
        let first = ENCODERS.iter().find(|facts| facts.codec == codec).map(|facts| facts.name.to_owned());
        let encoder = named.or(first)?;
        let codec = encoders::facts(&encoder).map_or(codec, |facts| facts.codec);
        return Some((encoder, codec));
    };
    if is_auto(&video.encoder) {
        return automatic(codec, ffmpeg, out).map(|encoder| (encoder, codec));
    }
    named(video.encoder.trim(), codec, ffmpeg, out)
}

/// The first in the order of preference that is not known to fail. Software counts as working untried; an untried
/// graphics card is the last resort, because most ffmpegs are built for cards that the machine has not.
fn automatic(codec: VideoCodec, ffmpeg: &FfmpegSummary, out: &mut Findings) -> Option<String> {
    let candidates = || ENCODERS.iter().filter(|facts| facts.codec == codec);
    let known = |facts: &EncoderFacts| ffmpeg.encoders.iter().find(|encoder| encoder.name == facts.name);
    let trusted = candidates().find(|facts| {
        known(facts).is_some_and(|encoder| match encoder.works {
            Works::Yes => true,
            Works::Unknown => !encoders::is_hardware(facts.name),
            Works::No { .. } => false,
        })
    });
    let untried = || candidates().find(|facts| known(facts).is_some_and(|encoder| encoder.works == Works::Unknown));
    if let Some(facts) = trusted.or_else(untried) {
        return Some(facts.name.to_owned());
    }
    let tried: Vec<String> = candidates()
        .filter_map(known)
        .filter_map(|encoder| match &encoder.works {
            Works::No { reason } => Some(format!("{}: {reason}", encoder.name)),
            Works::Yes | Works::Unknown => None,
        })
        .collect();
    let why = if tried.is_empty() { String::new() } else { format!(" ({})", tried.join("; ")) };
    let what = format!("ffmpeg {} has no working encoder for {codec}{why}.", ffmpeg.version);
    let wanted = some_of(candidates().map(|facts| facts.name));
    let fix = another_codec(codec, ffmpeg);
    out.error("video.encoder", what, format!("Install an ffmpeg with one of: {wanted}; or choose another codec."), fix);
    None
}

/// A codec that this ffmpeg can encode.
fn another_codec(not: VideoCodec, ffmpeg: &FfmpegSummary) -> Option<super::Fix> {
    let works = |facts: &&EncoderFacts| {
        facts.codec != not && ffmpeg.encoders.iter().any(|one| one.name == facts.name && one.works == Works::Yes)
    };
    let codec = ENCODERS.iter().find(works)?.codec;
    fix(format!("Use {codec}"), "video.codec", codec.name())
}

fn named(name: &str, codec: VideoCodec, ffmpeg: &FfmpegSummary, out: &mut Findings) -> Option<(String, VideoCodec)> {
    let by_itself = || fix("Choose by itself", "video.encoder", "auto");
    let Some(found) = ffmpeg.encoders.iter().find(|encoder| encoder.name == name) else {
        let have: Vec<&str> = ffmpeg
            .encoders
            .iter()
            .filter(|encoder| VideoCodec::from_name(&encoder.codec) == Some(codec))
            .map(|encoder| encoder.name.as_str())
            .collect();
        let what = format!("ffmpeg {} has no encoder '{name}'.", ffmpeg.version);
        let help = format!("For {codec} there is: {}.", some_of(have.into_iter()));
        out.error("video.encoder", what, help, by_itself());
        return None;
    };
    if let Works::No { reason } = &found.works {
        let what = format!("The encoder {name} does not work here: {reason}.");
        out.error("video.encoder", what, "Choose another encoder, or let it be chosen.", by_itself());
        return None;
    }
    let own = encoders::facts(name).map(|facts| facts.codec).or_else(|| VideoCodec::from_name(&found.codec));
    let Some(own) = own else {
        let what = format!("The encoder {name} makes {}, which gearcast cannot record.", found.codec);
        out.error("video.encoder", what, "Choose another encoder, or let it be chosen.", by_itself());
        return None;
    };
    if own != codec {
        let what = format!("The encoder {name} makes {own}, not {codec}: {own} is recorded.");
        out.warning(
            "video.codec",
            what,
            "Make codec and encoder agree.",
            fix(format!("Use {own}"), "video.codec", own.name()),
        );
    }
    Some((name.to_owned(), own))
}

fn rate_control(video: &Video, encoder: &str, facts: Option<&EncoderFacts>, out: &mut Findings) -> RateControl {
    let lossless = facts.map_or(Lossless::Never, |facts| facts.lossless);
    let by_bitrate = matches!(video.rate_control, Wish::Cbr | Wish::Vbr);
    if lossless == Lossless::Always {
        if by_bitrate {
            let what = format!("{encoder} keeps every bit, so the bitrate cannot be chosen.");
            out.warning(
                "video.rate_control",
                what,
                "Choose lossless.",
                fix("Lossless", "video.rate_control", "lossless"),
            );
        }
        return RateControl::Lossless;
    }
    match video.rate_control {
        Wish::Cbr => RateControl::ConstantKbps(video.bitrate_kbps),
        Wish::Vbr => RateControl::AverageKbps(video.bitrate_kbps),
        Wish::Lossless if lossless == Lossless::OnRequest => RateControl::Lossless,
        Wish::Lossless => {
            let what = format!("{encoder} cannot keep every bit.");
            let help = "Choose the codec ffv1 or utvideo into mkv, or libx264.";
            out.error("video.rate_control", what, help, fix("Constant quality", "video.rate_control", "crf"));
            RateControl::Lossless
        }
        Wish::Crf => quality(video, encoder, facts, out),
    }
}

fn quality(video: &Video, encoder: &str, facts: Option<&EncoderFacts>, out: &mut Findings) -> RateControl {
    if facts.is_some_and(|facts| facts.codec == VideoCodec::Prores) {
        return RateControl::Quality(video.crf); // ProRes has one quality, its profile's
    }
    let Some((best, worst, usual)) = facts.and_then(|facts| facts.quality) else {
        let kbps = video.bitrate_kbps;
        let what = format!("{encoder} has no constant quality: {kbps} kbit/s on average are recorded.");
        out.warning("video.rate_control", what, "Choose a bitrate.", fix("By bitrate", "video.rate_control", "vbr"));
        return RateControl::AverageKbps(kbps);
    };
    let crf = video.crf;
    let use_usual = || fix(format!("Use {usual}"), "video.crf", usual.to_string());
    if crf < best || crf > worst {
        let what = format!("{crf} is outside {encoder}'s scale of quality, {best} to {worst}.");
        out.error("video.crf", what, format!("Lower is better; {usual} is usual."), use_usual());
    } else if worst == 31 && crf > usual * 3 {
        // x264's usual 23 is mud on the quantiser scale of the older codecs.
        let what = format!("{crf} is coarse on {encoder}'s scale, {best} to {worst}.");
        out.warning("video.crf", what, format!("Lower is better; {usual} is usual."), use_usual());
    }
    RateControl::Quality(crf)
}

/// A lossless film of halved colours is not what was on the screen.
fn halved_colours(pixel_format: &str, encoder: &str, facts: Option<&EncoderFacts>, out: &mut Findings) {
    if !(pixel_format.contains("420") || pixel_format.contains("422") || pixel_format == "nv12") {
        return;
    }
    let what = format!("{pixel_format} does not keep every colour of a screen, however lossless the encoder.");
    let is_rgb = |format: &&&str| ["rgb", "bgr", "gbr"].iter().any(|name| format.starts_with(name));
    let own = facts.and_then(|facts| facts.pixels.iter().find(is_rgb));
    let (help, better) = match own {
        Some(format) => {
            ("Choose one that does; cameras give no more.", fix(format!("Use {format}"), "video.pixel_format", *format))
        }
        None if encoder == "libx264" => {
            let rgb = fix("Use libx264rgb", "video.encoder", "libx264rgb");
            ("Choose the encoder libx264rgb, or yuv444p.", rgb)
        }
        None => ("Choose yuv444p, or the codec ffv1 with bgr0.", None),
    };
    out.warning("video.pixel_format", what, help, better);
}

fn preset(wish: &str, encoder: &str, facts: Option<&EncoderFacts>, out: &mut Findings) -> Option<String> {
    let wish = wish.trim();
    if wish.is_empty() {
        return None;
    }
    let Some(facts) = facts else { return Some(wish.to_owned()) };
    let own = match facts.presets {
        Presets::None => None,
        Presets::Words(words) => words.contains(&wish).then(|| wish.to_owned()),
        Presets::Numbers(fastest) => {
            wish.parse::<u32>().ok().filter(|number| *number <= fastest).map(|n| n.to_string())
        }
    };
    if own.is_some() {
        return own;
    }
    let is_x264_word = encoders::X264_PRESETS.contains(&wish);
    if !is_x264_word {
        let have = match facts.presets {
            Presets::None => "no preset".to_owned(),
            Presets::Words(words) => words.join(", "),
            Presets::Numbers(fastest) => format!("0 (slow) to {fastest} (fast)"),
        };
        let what = format!("{encoder} has no preset '{wish}'.");
        out.error("video.preset", what, format!("It has {have}."), fix("Its own default", "video.preset", ""));
    }
    translated_preset(facts.presets, wish)
}

fn pixels(wish: &str, encoder: &str, facts: Option<&EncoderFacts>, out: &mut Findings) -> String {
    let wish = wish.trim();
    let usual = facts.and_then(|facts| facts.pixels.first()).copied().unwrap_or("yuv420p");
    let is_name = !wish.is_empty() && wish.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let use_usual = || fix(format!("Use {usual}"), "video.pixel_format", usual);
    if !is_name {
        let what = format!("'{wish}' is not a pixel format.");
        out.error("video.pixel_format", what, format!("{usual} is usual."), use_usual());
        return usual.to_owned();
    }
    match facts {
        Some(facts) if !facts.pixels.contains(&wish) => {
            // Every profile says yuv420p unless somebody thought about it: then there is nothing to warn of.
            if wish != "yuv420p" {
                let what = format!("{encoder} does not take {wish}: {usual} is recorded.");
                let have = some_of(facts.pixels.iter().copied());
                out.warning("video.pixel_format", what, format!("Choose one of: {have}."), use_usual());
            }
            usual.to_owned()
        }
        Some(facts)
            if wish != "yuv420p" && matches!(facts.codec, VideoCodec::H264 | VideoCodec::Hevc) && wish != "nv12" =>
        {
            let what = format!("Many players do not play {wish} in {}.", facts.codec);
            out.warning(
                "video.pixel_format",
                what,
                "yuv420p plays everywhere.",
                fix("Use yuv420p", "video.pixel_format", "yuv420p"),
            );
            wish.to_owned()
        }
        _ => wish.to_owned(),
    }
}
