//! From a plan and the source's first picture to what the engine is asked: the one place that both a recording and a
//! shown command come from.

use super::params::{encode_options, wants_own_pixels};
use super::sound::track_numbers;
use crate::audio::DESK_FORMAT;
use crate::fanout::{CopiedPicture, PictureEnd};
use crate::ffmpeg::Input;
use crate::imaging::natural_colour;
use crate::media::{Colour, CompressedFormat, Frame, Matrix, Payload, PixelFormat, Range, Resolution, VideoCodec};
use crate::plan::{EnginePlan, Plan, SizeChoice, VideoPlan};
use crate::writegear::{AudioInput, Destination, EngineSpec, FurtherInput, Pictures, VideoInput};

/// What is known of the source.
#[derive(Clone, Copy)]
pub(super) enum First<'f> {
    /// A picture of it.
    Picture(&'f Frame),
    /// Its size, before anything was opened; it counts as a screen.
    Size(Resolution),
}

impl First<'_> {
    const fn size(self) -> Resolution {
        match self {
            Self::Picture(frame) => frame.size,
            Self::Size(size) => size,
        }
    }

    /// How its raw pixels lie; `None` for compressed ones.
    fn pixels(self) -> Option<PixelFormat> {
        match self {
            Self::Picture(Frame { payload: Payload::Planes(planes), .. }) => Some(planes.format()),
            Self::Picture(_) => None,
            Self::Size(_) => Some(PixelFormat::Bgrx),
        }
    }

    fn natural(self, height: u32) -> Colour {
        match self {
            Self::Picture(frame) => natural_colour(frame, height),
            Self::Size(_) => Colour::for_recording(height),
        }
    }
}

/// What the engine is asked. `further` are the plan's further inputs.
pub(super) fn engine_spec(
    plan: &Plan,
    first: Option<First<'_>>,
    further: Vec<FurtherInput>,
    destination: Destination,
) -> EngineSpec {
    let mut options = encode_options(plan);
    let video = plan.video.as_ref().zip(first).map(|(video, first)| match first.pixels() {
        _ if plan.engine != EnginePlan::Ffmpeg => for_opencv(video, first),
        _ if video.copied.is_some() => as_it_comes(video, first),
        Some(pixels) if wants_own_pixels(&video.pixel_format) => {
            let own = own_pixels(video, first, pixels);
            options.fit = own.fit;
            options.finish.splice(0..0, own.finish);
            own.video
        }
        _ => nv12(video, first),
    });
    let line = AudioInput { sample_rate: DESK_FORMAT.sample_rate, channels: DESK_FORMAT.channels };
    let audio = vec![line; track_numbers(&plan.audio).len()];
    EngineSpec { video, audio, further, options, destination }
}

/// The further inputs of a plan as they are written; one with a word that is wrong was refused before.
pub(super) fn further_inputs(plan: &Plan) -> Vec<Input> {
    Input::read_list(&plan.extra.inputs).unwrap_or_default()
}

/// The fast way: 4:2:0, as nearly every file holds it, converted here at a fifth of ffmpeg's cost.
fn nv12(video: &VideoPlan, first: First<'_>) -> VideoInput {
    let size = match video.size {
        SizeChoice::Source => first.size().padded_even(),
        SizeChoice::Fixed(size) => size.padded_even(),
    };
    let natural = first.natural(size.height);
    // Motion JPEG has no place for another matrix than BT.601; what players read from its tags they do not use.
    let colour = if video.codec == VideoCodec::Mjpeg { Colour::BT601 } else { natural };
    VideoInput { pictures: Pictures::Raw(PixelFormat::Nv12), size, colour, rate: video.rate, timing: video.timing }
}

/// A camera's own encoding, neither decoded nor scaled.
fn as_it_comes(video: &VideoPlan, first: First<'_>) -> VideoInput {
    let plain = nv12(video, first);
    let pictures = video.copied.map_or(plain.pictures, Pictures::Coded);
    VideoInput { pictures, size: first.size(), ..plain }
}

/// What non-compression mode is given: every pixel as it was captured where nothing is to be scaled and the child
/// reads it, else 4:2:0.
fn for_opencv(video: &VideoPlan, first: First<'_>) -> VideoInput {
    use PixelFormat as F;
    let plain = nv12(video, first);
    let is_read = |pixels: &F| matches!(pixels, F::Bgrx | F::Rgbx | F::Bgr24 | F::Rgb24 | F::Gray8);
    match first.pixels().filter(is_read) {
        Some(pixels) if plain.size == first.size() => {
            VideoInput { pictures: Pictures::Raw(pixels), colour: Colour::SRGB, ..plain }
        }
        _ => plain,
    }
}

/// A picture sent as the source gives it, and what makes of it what the file holds.
struct OwnPixels {
    video: VideoInput,
    fit: Vec<String>,
    finish: Vec<String>,
}

/// Nothing is lost on the way: ffmpeg gets every pixel as it was captured.
fn own_pixels(video: &VideoPlan, first: First<'_>, pixels: PixelFormat) -> OwnPixels {
    let source = first.size();
    let target = match video.size {
        SizeChoice::Source => padded(source, &video.pixel_format),
        SizeChoice::Fixed(size) => size,
    };
    let mut fit = Vec::new();
    if let SizeChoice::Fixed(Resolution { width, height }) = video.size
        && target != source
    {
        fit.push(format!("scale={width}:{height}:force_original_aspect_ratio=decrease"));
        fit.push(format!("pad={width}:{height}:(ow-iw)/2:(oh-ih)/2"));
        fit.push("setsar=1".to_owned());
    } else if target != source {
        let (right, bottom) = (target.width - source.width, target.height - source.height);
        fit.push(format!("pad={}:{}", target.width, target.height));
        fit.push(format!("fillborders=right={right}:bottom={bottom}:mode=smear"));
    }
    let natural = first.natural(target.height);
    let mut finish = Vec::new();
    let colour = match video.pixel_format.as_str() {
        format if is_rgb(format) => Colour::SRGB,
        // ffmpeg's gray has the full range.
        "gray" => Colour { range: Range::Full, ..natural },
        format => {
            let colour = if video.codec == VideoCodec::Mjpeg { Colour::BT601 } else { natural };
            finish.push(matrix_filter(colour, pixels));
            finish.push(format!("format={format}"));
            if format.starts_with("yuvj") { Colour { range: Range::Full, ..colour } } else { colour }
        }
    };
    let pictures = Pictures::Raw(pixels);
    let input = VideoInput { pictures, size: source, colour, rate: video.rate, timing: video.timing };
    OwnPixels { video: input, fit, finish }
}

/// Left to itself ffmpeg takes BT.601 for everything.
fn matrix_filter(colour: Colour, source: PixelFormat) -> String {
    let matrix = match colour.matrix {
        Matrix::Bt709 => "bt709",
        Matrix::Bt601 | Matrix::Rgb => "bt601",
    };
    let flags = "flags=accurate_rnd+full_chroma_int+full_chroma_inp";
    let is_yuv = matches!(source, PixelFormat::Nv12 | PixelFormat::I420 | PixelFormat::Yuyv | PixelFormat::Uyvy);
    let from = if is_yuv { format!(":in_color_matrix={matrix}") } else { String::new() };
    format!("scale=out_color_matrix={matrix}{from}:{flags}")
}

/// Only halved colours need an even number of pixels.
fn padded(size: Resolution, pixel_format: &str) -> Resolution {
    if pixel_format.contains("422") { Resolution { width: size.width.next_multiple_of(2), ..size } } else { size }
}

/// Whether ffmpeg's pixel format holds red, green and blue themselves.
fn is_rgb(format: &str) -> bool {
    ["rgb", "bgr", "gbr", "argb", "abgr", "pal8"].iter().any(|name| format.starts_with(name))
}

/// H.264 as the camera sends it ends with the last picture that came.
fn picture_end(plan: &VideoPlan) -> PictureEnd {
    if plan.copied == Some(CompressedFormat::H264) { PictureEnd::WithSource } else { PictureEnd::WithSound }
}

/// What the file's writer must be told; colours that the user tags by hand are the user's.
pub(super) fn copied_picture(plan: &Plan, spec: &EngineSpec) -> Option<CopiedPicture> {
    let own_tags = plan.extra.output.iter().any(|word| word.starts_with("-color"));
    let colour = |video: &VideoInput| if own_tags { None } else { Some(video.colour) };
    plan.video.as_ref().zip(spec.video.as_ref()).map(|(plan, video)| CopiedPicture {
        codec: plan.codec,
        colour: colour(video),
        end: picture_end(plan),
    })
}
