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
        self.wishes.output.iter().any(|word| names.contains(&word.as_str()))
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
        self.value_of(&["-qp", "-crf"]) == Some("0") || self.value_of(&["-lossless"]) == Some("1")
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
        if self.is_lossless() || encoder == "libx264rgb" {
            return None;
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
        let is_scaled = self.has_own_filter() || self.says(&["-s", "-s:v"]) || self.wishes.size.is_some();
        let (across, down) = pixels.as_deref().map_or((0, 0), subsampling);
        let pad = |side: u32, shift: u32| if is_scaled { side } else { side.next_multiple_of(1 << shift) };
        let size = Resolution::new(pad(first.size.width, across), pad(first.size.height, down));
        let same = Wire { format: first.format, size, timing: first.timing, rate: rate(self.wishes), convert: None };
        let usual = matches!(pixels.as_deref(), Some("yuv420p" | "nv12"));
        let colour = colour_of(size);
        if usual && !is_scaled && !self.says_colour() && is_plain_rgb(first.format) && has_usual_meaning(first.colour) {
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
        for index in 1..=self.wishes.inputs.len() {
            output.push("map", format!("{index}:a?"));
            if self.takes_subtitles() {
                output.push("map", format!("{index}:s?"));
            }
        }
    }

    fn takes_subtitles(&self) -> bool {
        let names = self.says(&["-c:s", "-scodec", "-codec:s"]);
        names || self.target.and_then(Target::muxer).is_some_and(|muxer| matches!(muxer, "matroska" | "webm"))
    }

    /// Timing, size and colours.
    fn picture(&self, first: &First, wire: &Wire, output: &mut Options) {
        if wire.timing == Timing::Stamped && !self.says(&["-fps_mode", "-vsync", "-r", "-r:v", "-enc_time_base"]) {
            let mode = if self.version.at_least(5, 1) { "fps_mode" } else { "vsync" };
            output.push(mode, "vfr");
            output.push("enc_time_base", "1:1000");
        }
        let pixels = self.output_pixels(first);
        let to_yuv = first.format.family() == Family::Rgb
            && pixels.as_deref().is_some_and(|name| name.contains("yuv") || name == "nv12");
        let size = self.wishes.size.unwrap_or(wire.size);
        let mut colour = wire.convert.or_else(|| first.colour.filter(|colour| colour.matrix != Matrix::Rgb));
        if !self.has_own_filter() && (self.wishes.size.is_some() || (to_yuv && wire.convert.is_none())) {
            let mut scale = format!("scale={}:{}", size.width, size.height);
            if to_yuv && !self.says_colour() {
                let meaning = colour_of(size);
                let matrix = if meaning.matrix == Matrix::Bt709 { "bt709" } else { "bt601" };
                let exact = "flags=accurate_rnd+full_chroma_int+bicubic";
                scale = format!("{scale}:{exact}:out_color_matrix={matrix}:out_range=tv");
                colour = Some(meaning);
            }
            output.push("vf", scale);
        } else if let Some(size) = self.wishes.size {
            output.push("s", size.to_string());
        }
        if self.has_own_filter() && to_yuv {
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
        let subtitles =
            self.takes_subtitles() && self.wishes.inputs.iter().any(ExtraInput::may_hold_subtitles) || maps_subtitles;
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
        let muxer = self.value_of(&["-f"]).or_else(|| self.target.and_then(Target::muxer));
        matches!(self.target, Some(Target::File(_))) && matches!(muxer, Some("mp4" | "mov"))
    }

    /// MP4 and `QuickTime` hold nothing until their index is written; unless the caller says how, they grow in fragments.
    pub(super) fn grows_in_fragments(&self) -> bool {
        // ffmpeg 5.1 loses the length of subtitles in fragments.
        let other_form = self.says(&["-movflags", "-frag_duration", "-c:s", "-scodec", "-codec:s"]);
        self.is_mp4_file() && !other_form
    }
}

impl ExtraInput {
    /// Files of text, by their ending; a film may hold some too.
    fn may_hold_subtitles(&self) -> bool {
        let ending = self.url.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let known = ["srt", "ass", "ssa", "vtt", "sub", "mkv", "mp4", "mov", "m4v", "webm"];
        known.contains(&ending.as_str()) && !self.options.iter().any(|word| word == "lavfi")
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writegear::params::{self, Mode, Reading};
    use crate::writegear::value::Value;

    fn wishes(list: &[(&str, Value)]) -> Wishes {
        let list: Vec<_> = list.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        params::read(&list, Mode::Compression, Reading::Strict).unwrap()
    }

    fn command(list: &[(&str, Value)], target: &Target, encoder: Option<&str>, first: &First) -> String {
        let (wishes, version) = (wishes(list), Version::parse("ffmpeg version 5.1.9 Copyright").unwrap());
        let setting = Setting { wishes: &wishes, target: Some(target), encoder, version: &version };
        let place = Place::Url(Writing { url: target.address(), secret: None });
        let args = setting.args(first, &setting.wire(first), &place).to_os_args();
        args.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    fn first(format: PixelFormat, width: u32, height: u32) -> First {
        First { format, size: Resolution::new(width, height), colour: None, timing: Timing::Counted }
    }

    #[test]
    fn an_ordinary_recording_in_hd() {
        let target = Target::File("a.mkv".into());
        let list = [("-preset", "ultrafast".into()), ("-metadata", "title=a b".into())];
        assert_eq!(
            command(&list, &target, Some("libx264"), &first(PixelFormat::Bgr24, 1921, 1081)),
            "-y -hide_banner -nostats -loglevel level+info -progress pipe:1 -f rawvideo -pixel_format nv12 -video_size \
             1922x1082 -framerate 25 -i pipe:0 -colorspace bt709 -color_range tv -color_primaries bt709 -color_trc bt709 \
             -pix_fmt nv12 -preset ultrafast -metadata title=a b -c:v libx264 -crf 18 file:a.mkv"
        );
    }

    #[test]
    fn a_further_input_brings_maps_and_its_sound_ends_with_the_pictures() {
        let target = Target::File("a.mp4".into());
        let list = [("-ac", 2.into()), ("-i", "hw:1".into()), ("-af", "volume=2".into())];
        let said = command(&list, &target, Some("libx264"), &first(PixelFormat::Nv12, 64, 48));
        assert!(said.contains("-i pipe:0 -ac 2 -i hw:1 -map 0:v:0 -map 1:a? "), "{said}");
        assert!(said.contains("-af volume=2,apad -shortest"), "{said}");
        for own in [&["-t", "5"][..], &["-c:a", "copy"], &["-filter_complex", "x"], &["-map", "0", "-map", "1:s"]] {
            let list = [("-i", "a.wav".into()), ("-clones", own.into())];
            let said = command(&list, &target, Some("libx264"), &first(PixelFormat::Nv12, 64, 48));
            assert!(!said.contains("apad") && !said.contains("-shortest"), "{own:?}: {said}");
        }
    }

    #[test]
    fn what_the_caller_says_is_not_said_again() {
        let target = Target::File("a.mp4".into());
        let list = [
            ("-pix_fmt", "yuv444p".into()),
            ("-b:v", "2M".into()),
            ("-preset:v", "slow".into()),
            ("-movflags", "+faststart".into()),
            ("-color_trc", "linear".into()),
            ("-f", "mp4".into()),
        ];
        let said = command(&list, &target, Some("libx264"), &first(PixelFormat::Bgr24, 64, 48));
        for once in ["pix_fmt", "movflags", "color_trc", "-f mp4"] {
            assert_eq!(said.matches(once).count(), 1, "{once}: {said}");
        }
        assert!(!said.contains("-crf") && !said.contains("-preset fast") && !said.contains("colorspace"), "{said}");
    }
}
