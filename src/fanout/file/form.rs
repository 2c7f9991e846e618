//! How each container is written so that a crash costs little, and what it becomes at the end.

use super::{FileTarget, Keep, negative_seconds};
use crate::ffmpeg::{Args, Input, Options, Output, file_url};
use crate::media::{Colour, Container, FrameRate, VideoCodec};
use crate::writegear::colour_tags;

/// Length of a fragment or cluster. A kill loses less than this after the encoder gave a packet out; half the
/// second that is promised leaves room for a slow disk.
const FRAGMENT_MICROS: &str = "250000";
const CLUSTER_MILLIS: &str = "250";

/// The form on disk while recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CrashSafe {
    /// Matroska with short clusters, each flushed. Closed well it is the ordinary form as well.
    Clusters {
        /// `matroska` or `webm`.
        muxer: &'static str,
    },
    /// MP4 or `QuickTime` in short fragments.
    Fragments {
        /// `mp4`, `mov` or `ipod`.
        muxer: &'static str,
    },
    /// A form that plays wherever it is cut off; closed well it is the ordinary one as well.
    Plain {
        /// `mpegts`, `flv`, `flac`, `wav` or `mp3`.
        muxer: &'static str,
    },
}

/// What the copying ffmpeg must be told about the picture, because NUT and some codecs' packets do not carry it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CopiedPicture {
    /// How it is encoded.
    pub codec: VideoCodec,
    /// What its numbers mean; `None` leaves that to the packets.
    pub colour: Option<Colour>,
    /// Whether it lasts as long as the sound.
    pub end: PictureEnd,
}

/// When the picture of a file ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureEnd {
    /// With the sound, or nearly.
    #[default]
    WithSound,
    /// With the last picture that came: pictures that build on each other are never sent again, and a source that
    /// is silent at the end leaves the sound alone.
    WithSource,
}

impl CopiedPicture {
    fn options(self, container: Container) -> Options {
        let mut options = Options::new();
        // QuickTime's players know HEVC only by this name; ffmpeg's own choice is `hev1`.
        if self.codec == VideoCodec::Hevc && matches!(container, Container::Mp4 | Container::Mov) {
            options.push("tag:v", "hvc1");
        }
        if let Some(colour) = self.colour.filter(|_| !self.tells_its_colour()) {
            for (name, value) in colour_tags(colour) {
                options.push(name, value);
            }
        }
        options
    }

    /// Whether the packets say it themselves; what Motion JPEG's numbers mean is fixed.
    const fn tells_its_colour(self) -> bool {
        use VideoCodec as C;
        matches!(self.codec, C::H264 | C::Hevc | C::Av1 | C::Prores | C::Mjpeg)
    }
}

impl CrashSafe {
    pub(super) fn of(container: Container) -> Self {
        match container {
            // For Ogg as well: NUT tells no packet's length, without which ffmpeg's Ogg muxer puts every page one packet too early, and
            // strict players refuse the file. Matroska knows it.
            Container::Mkv | Container::Mka | Container::Ogg | Container::Opus => Self::Clusters { muxer: "matroska" },
            Container::Webm => Self::Clusters { muxer: "webm" },
            Container::Mp4 => Self::Fragments { muxer: "mp4" },
            Container::M4a => Self::Fragments { muxer: "ipod" },
            // AVI has its index at the end; QuickTime holds the same codecs and keeps exact times.
            Container::Mov | Container::Avi => Self::Fragments { muxer: "mov" },
            other => Self::Plain { muxer: other.muxer() },
        }
    }

    /// The extension of the crash-safe file, so that players know what it is.
    pub(super) fn extension(container: Container) -> &'static str {
        Self::other_container(container).unwrap_or(container).name()
    }

    /// The container that the crash-safe file has while the finished one's cannot be written crash-safe.
    pub(super) const fn other_container(container: Container) -> Option<Container> {
        match container {
            Container::Avi => Some(Container::Mov),
            Container::Ogg | Container::Opus => Some(Container::Mka),
            _ => None,
        }
    }

    fn options(self, hybrid_mp4: Keep) -> Options {
        match self {
            Self::Clusters { muxer } => {
                Options::new().with("cluster_time_limit", CLUSTER_MILLIS).with("flush_packets", "1").with("f", muxer)
            }
            Self::Plain { muxer } => {
                let mut options = Options::new().with("flush_packets", "1");
                options.append(of_muxer(muxer));
                options.with("f", muxer)
            }
            Self::Fragments { muxer } => {
                let hybrid = if hybrid_mp4 == Keep::CrashSafe { "+hybrid_fragmented" } else { "" };
                let flags = format!("+empty_moov+delay_moov+default_base_moof{hybrid}");
                Options::new()
                    .with("movflags", flags)
                    .with("frag_duration", FRAGMENT_MICROS)
                    .with("flush_packets", "1")
                    .with("f", muxer)
            }
        }
    }
}

/// What a muxer needs whoever uses it.
fn of_muxer(muxer: &str) -> Options {
    match muxer {
        // WAV counts in 32 bits: at 4 GiB, after six hours, it becomes RF64.
        "wav" => Options::new().with("rf64", "auto"),
        _ => Options::new(),
    }
}

/// Whether the crash-safe file, once closed, is the ordinary one already.
pub fn is_ordinary_when_closed(container: Container, hybrid_mp4: Keep) -> bool {
    if CrashSafe::other_container(container).is_some() {
        return false;
    }
    match CrashSafe::of(container) {
        CrashSafe::Clusters { .. } | CrashSafe::Plain { .. } => true,
        CrashSafe::Fragments { .. } => hybrid_mp4 == Keep::CrashSafe,
    }
}

/// The command that writes the crash-safe file from our packets on its standard input.
pub fn crash_safe_args(
    target: &FileTarget,
    hybrid_mp4: Keep,
    offset_nanos: i64,
    picture: Option<CopiedPicture>,
) -> Args {
    let global = quiet().with_flag("copyts").with_flag("y");
    // The headers say everything, so that writing begins 1 s sooner. Not `-probesize 32`: with it ffmpeg guesses the
    // decode times of B-frames wrong.
    let known = Options::new().with("f", "nut").with("analyzeduration", "0").with("fpsprobesize", "0");
    let input = Input { options: known, url: "pipe:0".into() };
    let mut options =
        Options::new().with("map", "0").with("c", "copy").with("output_ts_offset", negative_seconds(offset_nanos));
    if let Some(picture) = picture {
        options.append(picture.options(target.container));
    }
    options.append(CrashSafe::of(target.container).options(hybrid_mp4));
    let output = Output { options, url: file_url(&target.safe_path) };
    Args { global, inputs: vec![input], outputs: vec![output], ..Args::default() }
}

/// The command that makes the ordinary file from the crash-safe one.
pub(super) fn ordinary_args(
    from: &std::path::Path,
    to: &std::path::Path,
    container: Container,
    rate: Option<FrameRate>,
    picture: Option<CopiedPicture>,
) -> Args {
    // Sound begins 21 ms before zero (AAC's priming). An edit list says so in MP4; without `-copyts` everything is
    // moved later by as much, and the picture begins at 0.021 s.
    let global = quiet().with_flag("y").with_flag("copyts");
    let input = Input { options: Options::new(), url: file_url(from) };
    let mut options = Options::new().with("map", "0").with("c", "copy");
    if matches!(container, Container::Mp4 | Container::Mov | Container::M4a) {
        // The index first, so that players and web servers need not read to the end.
        options.push("movflags", "+faststart");
        if let Some(picture) = picture {
            options.append(picture.options(container));
        }
    }
    if let (Container::Avi, Some(rate)) = (container, rate) {
        // AVI counts frames instead of timing them; without a rate it is given twice the real one.
        options.push("r", rate.to_string());
        // Sound begins 23 ms before zero (the encoder's priming). Moved later by as much, a picture would miss its
        // slot and AVI would put an empty frame there.
        options.push("avoid_negative_ts", "disabled");
    }
    options.append(of_muxer(container.muxer()));
    options.push("f", container.muxer());
    let output = Output { options, url: file_url(to) };
    Args { global, inputs: vec![input], outputs: vec![output], ..Args::default() }
}

/// Names the tracks of sound in the file: players and editors list them by it. Matroska and Ogg keep it as the title, MP4
/// as its handler's name. A copy keeps both.
pub fn add_titles(args: &mut Args, titles: &[String]) {
    let Some(output) = args.outputs.first_mut() else { return };
    for (track, title) in titles.iter().enumerate() {
        for key in ["title", "handler_name"] {
            output.options.push(&format!("metadata:s:a:{track}"), format!("{key}={title}"));
        }
    }
}

/// Adds a file of subtitles to the command that makes the ordinary file of this length.
pub(super) fn add_subtitles(args: &mut Args, subtitles: &std::path::Path, container: Container, length_s: f64) {
    let extension = subtitles.extension().unwrap_or_default();
    let is_ass = extension.eq_ignore_ascii_case("ass") || extension.eq_ignore_ascii_case("ssa");
    let codec = match container {
        Container::Webm => "webvtt",
        Container::Mkv if is_ass => "ass",
        Container::Mkv => "srt",
        _ => "mov_text",
    };
    args.inputs.push(Input { options: Options::new(), url: file_url(subtitles) });
    if let Some(output) = args.outputs.first_mut() {
        output.options.push("map", "1:s");
        output.options.push("c:s", codec);
        // What is said after the end would make the file longer than the film. A limit of the input's own does nothing
        // to subtitles (ffmpeg 5.1).
        output.options.push("t", format!("{length_s:.3}"));
    }
}

fn quiet() -> Options {
    Options::new().with_flag("hide_banner").with_flag("nostats").with("loglevel", "level+info")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn words(args: &Args) -> String {
        let words: Vec<_> = args.to_os_args().into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    fn safe(name: &str, codec: VideoCodec) -> String {
        let container = Container::from_path(Path::new(name)).unwrap();
        let picture = CopiedPicture { codec, colour: Some(Colour::BT709), end: PictureEnd::WithSound };
        let target = FileTarget::shown(Path::new(name), container);
        words(&crash_safe_args(&target, Keep::Ordinary, 1_000_000_000, Some(picture)))
    }

    #[test]
    fn hevc_has_the_name_that_every_player_knows() {
        assert!(safe("a.mp4", VideoCodec::Hevc).contains("-tag:v hvc1"));
        assert!(!safe("a.mkv", VideoCodec::Hevc).contains("-tag:v"));
        let picture = CopiedPicture { codec: VideoCodec::Hevc, colour: None, end: PictureEnd::WithSound };
        let finished =
            ordinary_args(Path::new("a.recording.mov"), Path::new("a.mov"), Container::Mov, None, Some(picture));
        assert!(words(&finished).contains("-tag:v hvc1"), "{}", words(&finished));
    }

    #[test]
    fn colours_that_the_packets_lose_are_given_anew() {
        assert!(safe("a.mkv", VideoCodec::Ffv1).contains("-colorspace bt709 -color_range tv"));
        assert!(safe("a.webm", VideoCodec::Vp9).contains("-color_primaries bt709"));
        assert!(!safe("a.mkv", VideoCodec::H264).contains("-colorspace"));
    }
}
