//! Pictures that are recorded as the camera encodes them: `video.encoder = "copy"`.
//!
//! Whatever asks for a picture to be changed is refused; whatever only steers an encoder is told to have no effect.

use super::encoders::COPY;
use super::findings::{Findings, fix};
use super::output::Target;
use super::source::chosen_camera;
use super::video::{self, Encode};
use super::{Environment, FileWay, RateControl, Searched, SizeChoice};
use crate::capture::{CameraCoding, CameraInfo, CameraMode};
use crate::media::{CompressedFormat, Container, FrameRate, FrameTiming};
use crate::profile::{Profile, RateControl as Wish, SourceKind, Video};

/// Whether this profile asks for it.
pub(super) fn is_wished(profile: &Profile) -> bool {
    profile.video.encoder.trim().eq_ignore_ascii_case(COPY)
}

/// How a camera has to send its pictures for it.
pub(super) const fn coding(format: CompressedFormat) -> CameraCoding {
    match format {
        CompressedFormat::Mjpeg => CameraCoding::Mjpeg,
        CompressedFormat::H264 => CameraCoding::H264,
    }
}

/// OpenCV's writer takes raw pictures.
pub(super) fn not_by_opencv(out: &mut Findings) {
    let what = "Non-compression mode (OpenCV) writes raw pictures and cannot record them as the camera encodes them.";
    out.error("output.engine", what, "Use the engine ffmpeg.", fix("Use ffmpeg", "output.engine", "ffmpeg"));
}

/// Everything about pictures but the source; `None` where a finding says why.
pub(super) fn resolve(
    profile: &Profile,
    target: Option<&Target>,
    env: &Environment,
    out: &mut Findings,
) -> Option<Encode> {
    if profile.source.kind != SourceKind::Camera {
        let what = "Only a camera sends encoded pictures; this source's have to be encoded here.";
        let help = "Choose an encoder, or a camera as the source.";
        out.error("video.encoder", what, help, encode_instead());
        return None;
    }
    let container = target.and_then(Target::container);
    let rate = video::rate(&profile.video.fps, out);
    let modes = Modes::of(profile, env);
    let format = format(profile, &modes, container, out)?;
    place(target, format, out);
    keeps_the_picture(profile, out);
    without_effect(&profile.video, out);
    // AVI counts pictures instead of timing them.
    let timing = if container == Some(Container::Avi) { FrameTiming::Constant } else { FrameTiming::Variable };
    Some(Encode {
        codec: format.codec(),
        encoder: COPY.to_owned(),
        copied: Some(format),
        size: SizeChoice::Source,
        rate: modes.rate(format, rate?),
        timing,
        rate_control: RateControl::Lossless,
        preset: None,
        pixel_format: "yuv420p".to_owned(),
        keyframe_interval_s: profile.video.keyframe_interval_s,
    })
}

fn encode_instead() -> Option<super::Fix> {
    fix("Encode it", "video.encoder", "auto")
}

/// The modes of the wished camera that the wish for a mode allows.
struct Modes<'e> {
    camera: Option<&'e CameraInfo>,
    allowed: Vec<CameraMode>,
    named: Option<CameraCoding>,
}

impl<'e> Modes<'e> {
    fn of(profile: &Profile, env: &'e Environment) -> Self {
        let mode = profile.source.mode.trim();
        let named = |word: &str| CameraCoding::ALL.into_iter().find(|coding| coding.name().eq_ignore_ascii_case(word));
        let id = Some(profile.source.id.trim()).filter(|id| !id.is_empty());
        let camera =
            if env.searched == Searched::Done { chosen_camera(id.unwrap_or_default(), &env.listing) } else { None };
        // A camera that cannot be asked now tells no modes: nothing is known then.
        let camera = camera.filter(|camera| !camera.modes.is_empty());
        let all = camera.map_or(&[][..], |camera| &camera.modes);
        let allowed = all.iter().copied().filter(|own| own.matches(mode) == Some(true)).collect();
        Self { camera, allowed, named: mode.split_whitespace().find_map(named) }
    }

    fn has(&self, format: CompressedFormat) -> bool {
        self.allowed.iter().any(|mode| mode.coding == coding(format))
    }

    /// The camera's own rate nearest to the wished one: none of its pictures is left out.
    fn rate(&self, format: CompressedFormat, wish: FrameRate) -> FrameRate {
        let rates = self.allowed.iter().filter(|mode| mode.coding == coding(format)).map(|mode| mode.rate);
        let distance = |rate: &FrameRate| (rate.as_f64() - wish.as_f64()).abs();
        rates.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(wish)
    }
}

/// What the camera is to send: what the mode names, else the wished codec as far as the camera has it.
fn format(
    profile: &Profile,
    modes: &Modes<'_>,
    container: Option<Container>,
    out: &mut Findings,
) -> Option<CompressedFormat> {
    use CompressedFormat::{H264, Mjpeg};
    if let Some(named) = modes.named {
        if named.compressed().is_none() {
            let mode = profile.source.mode.trim();
            let what = format!("In the mode '{mode}' the camera sends pixels, which have to be encoded here.");
            let words = mode.split_whitespace().filter(|word| !word.eq_ignore_ascii_case(named.name()));
            let open = words.collect::<Vec<_>>().join(" ");
            let help = "Choose a mode with mjpeg or h264, or an encoder.";
            out.error("source.mode", what, help, fix("Any encoded mode", "source.mode", open));
        }
        return named.compressed();
    }
    let wish = profile.video.codec.trim().to_ascii_lowercase();
    let order = if matches!(wish.as_str(), "h264" | "auto") { [H264, Mjpeg] } else { [Mjpeg, H264] };
    let Some(camera) = modes.camera else {
        // H.264 is taken only from a camera that is known to send it.
        return Some(other_than_wished(&wish, Mjpeg, out));
    };
    let fits = |format: &CompressedFormat| container.is_none_or(|container| container.holds_video(format.codec()));
    let there = || order.into_iter().filter(|format| modes.has(*format));
    let Some(found) = there().find(fits).or_else(|| there().next()) else {
        let what = format!("The camera '{}' sends no encoded pictures{}.", camera.name, in_mode(profile));
        out.error("video.encoder", what, "Choose an encoder.", encode_instead());
        return None;
    };
    Some(other_than_wished(&wish, found, out))
}

fn in_mode(profile: &Profile) -> String {
    let mode = profile.source.mode.trim();
    if mode.is_empty() { String::new() } else { format!(" in the mode '{mode}'") }
}

/// Every profile says `h264` unless somebody thought about it: then there is nothing to warn of.
fn other_than_wished(wish: &str, found: CompressedFormat, out: &mut Findings) -> CompressedFormat {
    let codec = found.codec();
    if !matches!(wish, "h264" | "auto") && wish != codec.name() {
        let what = format!("The camera does not send {wish}: {codec} is recorded as it comes.");
        out.warning(
            "video.codec",
            what,
            "Choose mjpeg or h264, or an encoder.",
            fix(format!("Use {codec}"), "video.codec", codec.name()),
        );
    }
    found
}

/// Whether it can go there.
fn place(target: Option<&Target>, format: CompressedFormat, out: &mut Findings) {
    match target {
        Some(Target::Address(..)) => {
            let what = "What goes to an address or a device has to be encoded here.";
            let help = "Servers take no Motion JPEG and need a rate and keyframes that a camera does not promise.";
            out.error("video.encoder", what, help, encode_instead());
        }
        Some(Target::File(file)) if file.container == Container::Avi && format == CompressedFormat::H264 => {
            let what = "AVI counts pictures instead of timing them, and a camera's H.264 has a rhythm of its own.";
            out.error("output.container", what, "Record into mkv.", fix("Record into mkv", "output.container", "mkv"));
        }
        Some(Target::File(file)) if !file.container.holds_video(format.codec()) => {
            video::misfit(file.container, format.codec(), out);
        }
        Some(Target::File(file)) if file.way != FileWay::Packets => {
            let what = "As the camera encodes them, pictures can be recorded only into one file.";
            out.error("video.encoder", what, "Choose an encoder, or a name without a number.", encode_instead());
        }
        Some(Target::File(_)) | None => {}
    }
}

/// What could be done only to decoded pictures.
fn keeps_the_picture(profile: &Profile, out: &mut Findings) {
    if !profile.video.size.trim().eq_ignore_ascii_case("source") {
        let what = "Recorded as it comes, a picture has the size that the camera gives it.";
        let help = "Choose the size by the camera's mode (source.mode), or choose an encoder.";
        out.error("video.size", what, help, fix("As the camera sends it", "video.size", "source"));
    }
    if let Some(word) = profile.advanced.output.iter().find(|word| is_about_decoded(word)) {
        let what = format!("'{word}' changes pictures, and they are recorded as they come.");
        out.error(
            "advanced.output",
            what,
            "Remove it, or choose an encoder.",
            fix("Remove them all", "advanced.output", ""),
        );
    }
}

/// ffmpeg's words for filters, sizes, rates and encoders of pictures.
fn is_about_decoded(word: &str) -> bool {
    let name = word.split(':').next().unwrap_or(word);
    let of_sound = word.split(':').nth(1) == Some("a");
    let is_named = matches!(
        name,
        "-vf" | "-filter" | "-filter_complex" | "-lavfi" | "-filter_complex_script" | "-filter_script" | "-s" | "-r"
    );
    (is_named || matches!(name, "-pix_fmt" | "-vcodec" | "-c" | "-codec" | "-fps_mode" | "-vsync")) && !of_sound
}

/// Wishes for an encoder that differ from what every profile begins with.
fn without_effect(video: &Video, out: &mut Findings) {
    let usual = Video::default();
    let wishes = [
        ("video.rate_control", video.rate_control != usual.rate_control, "crf".to_owned()),
        ("video.crf", video.crf != usual.crf && video.rate_control == Wish::Crf, usual.crf.to_string()),
        ("video.preset", video.preset != usual.preset && !video.preset.trim().is_empty(), usual.preset.clone()),
        ("video.pixel_format", video.pixel_format != usual.pixel_format, usual.pixel_format.clone()),
    ];
    for (key, _, value) in wishes.into_iter().filter(|(_, is_changed, _)| *is_changed) {
        let what = format!("{key} has no effect: pictures are recorded as the camera encodes them.");
        out.warning(key, what, "Choose an encoder to choose its quality.", fix("As usual", key, value));
    }
}
