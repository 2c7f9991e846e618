//! From wishes and the first frame to ffmpeg's command line, and to what travels over its input.
//!
//! Pure. The caller's own words come after ours, in their order, so that they win; what the caller says is not said
//! again by us.

use super::params::{ExtraInput, Wishes};
use super::pixels::{Family, PixelFormat};
use super::target::Target;
use crate::ffmpeg::{Args, Options, Version};
use crate::media::{Colour, FrameRate, Matrix, Resolution};

/// Everything known before the first frame.
pub(super) struct Setting<'a> {
    pub(super) wishes: &'a Wishes,
    pub(super) target: Option<&'a Target>,
    /// The encoder that will be used; `None` where the container or the caller's words decide.
    pub(super) encoder: Option<&'a str>,
    pub(super) version: &'a Version,
}

/// Whether frames carry times of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// One tick of the rate after the other.
    Counted,
    /// Milliseconds given with each frame.
    Stamped,
}

/// The first frame, as far as the command depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct First {
    pub(super) format: PixelFormat,
    pub(super) size: Resolution,
    pub(super) colour: Option<Colour>,
    pub(super) timing: Timing,
}

/// What travels over ffmpeg's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) format: PixelFormat,
    /// The size on the wire: padded where the encoder cannot take odd sides.
    pub(super) size: Resolution,
    pub(super) timing: Timing,
    pub(super) rate: FrameRate,
    /// RGB becomes NV12 here, with this meaning: a third of swscale's cost, and half the bytes.
    pub(super) convert: Option<Colour>,
}

/// The default where nobody says a rate: ffmpeg's own for raw pictures, as `WriteGear` has it.
const USUAL_RATE: u32 = 25;

pub(super) fn rate(wishes: &Wishes) -> FrameRate {
    wishes.rate.unwrap_or(FrameRate::whole(USUAL_RATE))
}

impl Setting<'_> {
    fn says(&self, names: &[&str]) -> bool {
        self.wishes.output.iter().any(|word| names.contains(&plain(word)) || names.contains(&word.as_str()))
    }

    fn value_of(&self, names: &[&str]) -> Option<&str> {
        let words = &self.wishes.output;
        words
            .iter()
            .rposition(|word| names.contains(&word.as_str()))
            .and_then(|at| words.get(at + 1))
            .map(String::as_str)
    }

    fn has_own_filter(&self) -> bool {
        let filters =
            ["-vf", "-filter:v", "-filter", "-filter_complex", "-lavfi", "-filter_script", "-filter_complex_script"];
        self.says(&filters) || self.wishes.output.iter().any(|word| word.starts_with("-filter:v"))
    }

    fn has_own_complex_filter(&self) -> bool {
        self.says(&["-filter_complex", "-lavfi", "-filter_complex_script"])
    }

    fn is_lossless(&self) -> bool {
        let own = ["-x264-params", "-x264opts", "-x265-params"].iter().filter_map(|name| self.value_of(&[name]));
        let in_own =
            |words: &str| words.split(':').any(|word| matches!(word, "lossless=1" | "lossless" | "qp=0" | "crf=0"));
        self.value_of(&["-qp", "-crf"]) == Some("0")
            || self.value_of(&["-lossless"]) == Some("1")
            || self.value_of(&["-tune", "-preset"]) == Some("lossless")
            || own.into_iter().any(in_own)
    }

    /// What the caller's own filter may do with odd sides is not known: only then they stay.
    fn own_filter_sets_size(&self) -> bool {
        let sets =
            |word: &String| ["scale", "crop", "pad", "transpose", "rotate"].iter().any(|name| word.contains(name));
        self.has_own_filter() && self.wishes.output.iter().any(sets)
    }

    /// The muxer that will write: the caller's, else the output's own.
    fn muxer(&self) -> Option<&str> {
        self.value_of(&["-f"]).or_else(|| self.target.and_then(Target::muxer))
    }

    /// The pixels of the file: what the caller says; else what every player plays, where the encoder knows it.
    fn output_pixels(&self, first: &First) -> Option<String> {
        if let Some(own) = self.value_of(&["-pix_fmt", "-pix_fmt:v", "-pixel_format"]) {
            return Some(own.to_owned());
        }
        if matches!(self.target, Some(Target::Device(_))) {
            return Some("yuv420p".to_owned());
        }
        let encoder = self.encoder.or_else(|| self.value_of(&["-c:v", "-vcodec", "-codec:v"]))?;
        if encoder == "libx264rgb" {
            return None;
        }
        if self.is_lossless() {
            // The nearest to RGB that these take; said, so that the matrix is ours and not swscale's.
            let from_rgb = first.format.family() == Family::Rgb && matches!(encoder, "libx264" | "libx265");
            let pixels = if first.format.depth_bits() > 8 { "yuv444p10le" } else { "yuv444p" };
            return from_rgb.then(|| pixels.to_owned());
        }
        if matches!(encoder, "prores_ks" | "prores" | "prores_aw") {
            return Some("yuv422p10le".to_owned());
        }
        let takes_deep = matches!(encoder, "libx264" | "libx265" | "libsvtav1" | "libaom-av1" | "libvpx-vp9");
        let takes_usual = takes_deep
            || matches!(
                encoder,
                "libxvid" | "mpeg4" | "libopenh264" | "librav1e" | "libvpx" | "mpeg2video" | "mpeg1video"
            )
            || ["_nvenc", "_qsv", "_amf", "_videotoolbox", "_mf"].iter().any(|ending| encoder.ends_with(ending));
        match (takes_usual, first.format.depth_bits() > 8 && takes_deep) {
            (_, true) => Some("yuv420p10le".to_owned()),
            (true, _) => Some("yuv420p".to_owned()),
            _ => None,
        }
    }

    pub(super) fn wire(&self, first: &First) -> Wire {
        let pixels = self.output_pixels(first);
        let is_scaled = self.own_filter_sets_size() || self.wishes.size.is_some();
        let encodes = self.encoder.is_some() && !matches!(self.encoder, Some("ffv1" | "rawvideo"));
        let own = if encodes { first.format.chroma_shift() } else { (0, 0) };
        let (across, down) = pixels.as_deref().map_or(own, subsampling);
        let pad = |side: u32, shift: u32| if is_scaled { side } else { side.next_multiple_of(1 << shift) };
        let size = Resolution::new(pad(first.size.width, across), pad(first.size.height, down));
        let same = Wire { format: first.format, size, timing: first.timing, rate: rate(self.wishes), convert: None };
        let usual = matches!(pixels.as_deref(), Some("yuv420p" | "nv12"));
        let colour = colour_of(size);
        if usual
            && !is_scaled
            && !self.has_own_filter()
            && !self.says_colour()
            && is_plain_rgb(first.format)
            && has_usual_meaning(first.colour)
        {
            return Wire { format: PixelFormat::Nv12, convert: Some(colour), ..same };
        }
        same
    }

    fn says_colour(&self) -> bool {
        self.wishes.output.iter().any(|word| word.starts_with("-color"))
    }

    /// The whole command. `out` is where it writes: a file's growing name, the address without its key, `pipe:1`.
    pub(super) fn args(&self, first: &First, wire: &Wire, out: &Place<'_>) -> Args {
        let mut args = Args { global: Options::new(), ..Args::default() };
        args.global.push_flag("y");
        args.global.push_flag("hide_banner");
        args.global.push_flag("nostats");
        args.global.push("loglevel", "level+info");
        if matches!(out, Place::Url(_)) {
            args.global.push("progress", "pipe:1");
        }
        let mut own = Options::new();
        own.extend_verbatim(self.wishes.pre_headers.iter().filter(|word| *word != "-y").cloned());
        describe_input(wire, &mut own);
        args = args.input(own, "pipe:0");
        for extra in &self.wishes.inputs {
            let mut options = Options::new();
            options.extend_verbatim(extra.options.iter().cloned());
            args = args.input(options, &extra.url);
        }
        let mut output = Options::new();
        self.maps(&mut output);
        self.picture(first, wire, &mut output);
        self.words(&mut output);
        self.encoder_words(&mut output);
        match out {
            Place::Packets { offset_s } => {
                // Every packet the moment it is made, with the encoder's own times; NUT knows none before zero.
                output.push("avoid_negative_ts", "disabled");
                output.push("output_ts_offset", *offset_s);
                output.push("flush_packets", "1");
                output.push("write_index", "0");
                output.push("f", "nut");
                args.output(output, "pipe:1")
            }
            Place::Url(place) => {
                self.container(&mut output);
                if let Some(secret) = place.secret {
                    secret.apply(&mut output);
                }
                args.output(output, place.url.clone())
            }
        }
    }

    /// With further inputs ffmpeg would choose the largest picture of all and drop ours.
    fn maps(&self, output: &mut Options) {
        if self.wishes.inputs.is_empty() || self.says(&["-map"]) || self.has_own_complex_filter() {
            return;
        }
        output.push("map", "0:v:0");
        for (index, input) in (1..).zip(&self.wishes.inputs) {
            output.push("map", format!("{index}:a?"));
            if self.takes_subtitles_of(input) {
                output.push("map", format!("{index}:s?"));
            }
        }
    }

    /// Text goes where the caller names its codec, and into containers that take it as it is; of a film's texts only in the
    /// first case, because their end would be everything's.
    fn takes_subtitles_of(&self, input: &ExtraInput) -> bool {
        let named = self.says(&["-c:s", "-scodec", "-codec:s"]);
        named || (input.is_text() && matches!(self.muxer(), Some("matroska" | "webm")))
    }

    /// Timing, size and colours.
    fn picture(&self, first: &First, wire: &Wire, output: &mut Options) {
        if wire.timing == Timing::Stamped && !self.says(&["-fps_mode", "-vsync", "-r", "-r:v", "-enc_time_base"]) {
            let mode = if self.version.at_least(5, 1) { "fps_mode" } else { "vsync" };
            output.push(mode, "vfr");
            // MPEG-1 and -2 know a few rates and no milliseconds.
            if !matches!(self.muxer(), Some("mpeg" | "mpeg1video" | "mpeg2video" | "vob")) {
                output.push("enc_time_base", "1:1000");
            }
        }
        let pixels = self.output_pixels(first);
        let to_yuv = first.format.family() == Family::Rgb
            && pixels.as_deref().is_some_and(|name| ["yuv", "nv", "p0"].iter().any(|start| name.starts_with(start)));
        let (across, down) = pixels.as_deref().map_or((0, 0), subsampling);
        let even = |size: Resolution| {
            Resolution::new(size.width.next_multiple_of(1 << across), size.height.next_multiple_of(1 << down))
        };
        let size = even(self.wishes.size.unwrap_or(wire.size));
        let is_full = pixels.as_deref().is_some_and(|name| name.starts_with("yuvj"));
        let mut colour = wire.convert.or_else(|| first.colour.filter(|colour| colour.matrix != Matrix::Rgb));
        if !self.has_own_filter() && (self.wishes.size.is_some() || (to_yuv && wire.convert.is_none())) {
            let mut scale = format!("scale={}:{}", size.width, size.height);
            if to_yuv && !self.says_colour() {
                // The pixels of JPEG: full range, always BT.601.
                let meaning = if is_full { Colour::JPEG } else { colour_of(size) };
                let matrix = if meaning.matrix == Matrix::Bt709 { "bt709" } else { "bt601" };
                let (exact, range) = ("flags=accurate_rnd+full_chroma_int+bicubic", if is_full { "pc" } else { "tv" });
                scale = format!("{scale}:{exact}:out_color_matrix={matrix}:out_range={range}");
                colour = Some(meaning);
            }
            output.push("vf", scale);
        } else if self.wishes.size.is_some() {
            output.push("s", size.to_string());
        }
        if self.has_own_filter() && to_yuv && !is_full {
            // ffmpeg's own conversion, which a caller's filter leads to, computes by BT.601 whatever the size.
            colour = Some(Colour::BT601);
        }
        if let Some(colour) = colour.filter(|_| !self.says_colour()) {
            for (name, value) in super::args::colour_tags(colour) {
                output.push(name, value);
            }
        }
        if !self.says(&["-pix_fmt", "-pix_fmt:v", "-pixel_format"])
            && let Some(pixels) = pixels
        {
            // x264 takes NV12 as it is; the file holds the same 4:2:0.
            let as_it_is = wire.format == PixelFormat::Nv12 && self.encoder == Some("libx264") && pixels == "yuv420p";
            output.push("pix_fmt", if as_it_is { "nv12" } else { &pixels });
        }
    }

    /// The caller's words; sound of further inputs ends with the pictures, whichever is longer.
    fn words(&self, output: &mut Options) {
        let mut words = self.wishes.output.clone();
        if self.sound_follows_pictures() {
            let filter = words.iter().rposition(|word| matches!(word.as_str(), "-af" | "-filter:a"));
            match filter.and_then(|at| words.get_mut(at + 1)) {
                Some(filter) => filter.push_str(",apad"),
                None => words.extend(["-af".to_owned(), "apad".to_owned()]),
            }
            if !words.iter().any(|word| word == "-shortest") {
                words.push("-shortest".to_owned());
            }
        }
        output.extend_verbatim(words);
    }

    /// Silence is put behind sound that is too short, and what is too long is cut: `-shortest` alone would cut the
    /// pictures. Not with subtitles, whose end would then end everything, nor with sound that is only copied.
    pub(super) fn sound_follows_pictures(&self) -> bool {
        let own_end = self.says(&["-t", "-to", "-fs", "-an"]) || self.has_own_complex_filter();
        let copied = self.value_of(&["-c:a", "-acodec", "-codec:a"]) == Some("copy")
            || self.value_of(&["-c", "-codec"]) == Some("copy");
        let maps_subtitles = self.wishes.output.iter().any(|word| word.contains(":s")) && self.says(&["-map"]);
        let subtitles = maps_subtitles || self.wishes.inputs.iter().any(|input| self.takes_subtitles_of(input));
        !self.wishes.inputs.is_empty() && !own_end && !copied && !subtitles
    }

    /// The encoder and, where the caller says nothing of quality, `WriteGear`'s defaults.
    fn encoder_words(&self, output: &mut Options) {
        let Some(encoder) = self.encoder else { return };
        output.push("c:v", encoder);
        let rated =
            ["-crf", "-qp", "-b:v", "-b", "-q:v", "-qscale", "-qscale:v", "-x264-params", "-x264opts", "-x265-params"];
        match encoder {
            "libx264" | "libx265" | "libx264rgb" => {
                if !self.says(&rated) {
                    output.push("crf", "18");
                }
                if !self.says(&["-preset", "-preset:v"]) {
                    output.push("preset", "fast");
                }
            }
            "libxvid" | "mpeg4" if !self.says(&rated) => output.push("qscale:v", "3"),
            _ => {}
        }
    }

    fn container(&self, output: &mut Options) {
        let Some(target) = self.target else { return };
        if is_gif(target) && self.encoder.is_none() && !self.has_own_filter() && self.wishes.size.is_none() {
            // A palette a picture: one for all of them would hold every picture in memory until the end.
            output.push("vf", "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1");
        }
        let format = self.value_of(&["-f"]);
        if let Some(muxer) = target.needed_muxer().filter(|_| format.is_none()) {
            output.push("f", muxer);
        }
        if format == Some("tee") || matches!(target, Target::Words(_)) {
            // Several containers of one encode: those that want the parameter sets in front get them only so.
            output.push("flags", "+global_header");
        }
        if self.grows_in_fragments() {
            // Whatever is killed, what was written plays; the end makes an ordinary file of it.
            output.push("movflags", "+empty_moov+delay_moov+default_base_moof");
            output.push("frag_duration", "250000");
            output.push("flush_packets", "1");
        } else if self.is_mp4_file() && !self.says(&["-movflags"]) {
            output.push("movflags", "+faststart");
        }
    }

    fn is_mp4_file(&self) -> bool {
        matches!(self.target, Some(Target::File(_))) && matches!(self.muxer(), Some("mp4" | "mov"))
    }

    /// MP4 and `QuickTime` hold nothing until their index is written; unless the caller says how, they grow in fragments.
    pub(super) fn grows_in_fragments(&self) -> bool {
        // ffmpeg 5.1 loses the length of subtitles in fragments.
        let other_form = self.says(&["-movflags", "-frag_duration", "-c:s", "-scodec", "-codec:s"]);
        self.is_mp4_file() && !other_form
    }
}

impl ExtraInput {
    /// A file of subtitles, by its ending.
    fn is_text(&self) -> bool {
        let ending = self.url.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        ["srt", "ass", "ssa", "vtt", "sub"].contains(&ending.as_str())
    }
}

/// An option's name without the stream it is for: `-crf:v:0` is `-crf`, `-b:a` stays.
fn plain(word: &str) -> &str {
    let name = word.strip_suffix(":0").unwrap_or(word);
    name.strip_suffix(":v").filter(|_| word.starts_with('-')).unwrap_or(word)
}

/// Where a command writes.
pub(super) enum Place<'a> {
    Packets { offset_s: &'a str },
    Url(Writing<'a>),
}

/// An address or file, and what must not stand in it.
pub(super) struct Writing<'a> {
    pub(super) url: std::ffi::OsString,
    pub(super) secret: Option<&'a crate::ffmpeg::SecretFile>,
}

fn describe_input(wire: &Wire, own: &mut Options) {
    match wire.timing {
        Timing::Counted => {
            own.push("f", "rawvideo");
            own.push("pixel_format", wire.format.name());
            own.push("video_size", wire.size.to_string());
            own.push("framerate", wire.rate.to_string());
        }
        Timing::Stamped => {
            own.push("f", "nut");
            if wire.format.name().starts_with("yuvj") {
                own.push("color_range", "pc"); // NUT's tag is that of the limited range
            }
            own.push("fpsprobesize", "0");
            own.push("probesize", "32");
            own.push("analyzeduration", "0");
        }
    }
}

fn is_gif(target: &Target) -> bool {
    target.muxer() == Some("gif")
}

const fn is_plain_rgb(format: PixelFormat) -> bool {
    use PixelFormat as P;
    matches!(format, P::Bgr24 | P::Rgb24 | P::Bgra | P::Rgba | P::Bgr0 | P::Rgb0)
}

/// RGB whose meaning was not said, or is what a screen shows.
fn has_usual_meaning(colour: Option<Colour>) -> bool {
    colour.is_none_or(|colour| colour == Colour::SRGB)
}

/// BT.709 from 720 lines on: what players assume of an untagged file, so that tag and guess agree.
fn colour_of(size: Resolution) -> Colour {
    Colour::for_recording(size.height)
}

/// How many pixels share a sample of colour in an output format, as powers of two.
fn subsampling(name: &str) -> (u32, u32) {
    if name.contains("420") || matches!(name, "nv12" | "nv21" | "p010le") {
        (1, 1)
    } else if name.contains("422") || name == "nv16" {
        (1, 0)
    } else {
        (0, 0)
    }
}
