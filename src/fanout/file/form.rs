//! How each container is written so that a crash costs little, and what it becomes at the end.

use super::{FileTarget, Keep, file_url, negative_seconds};
use crate::ffmpeg::{Args, Input, Options, Output};
use crate::media::{Container, FrameRate};

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
        /// `mp4` or `mov`.
        muxer: &'static str,
    },
}

impl CrashSafe {
    pub(super) fn of(container: Container) -> Self {
        match container {
            Container::Mkv => Self::Clusters { muxer: "matroska" },
            Container::Webm => Self::Clusters { muxer: "webm" },
            Container::Mp4 => Self::Fragments { muxer: "mp4" },
            // AVI has its index at the end; QuickTime holds the same codecs and keeps exact times.
            Container::Mov | Container::Avi => Self::Fragments { muxer: "mov" },
        }
    }

    /// The extension of the crash-safe file, so that players know what it is.
    pub(super) fn extension(container: Container) -> &'static str {
        match container {
            Container::Avi => "mov",
            other => other.name(),
        }
    }

    fn options(self, hybrid_mp4: Keep) -> Options {
        match self {
            Self::Clusters { muxer } => {
                Options::new().with("cluster_time_limit", CLUSTER_MILLIS).with("flush_packets", "1").with("f", muxer)
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

/// Whether the crash-safe file, once closed, is the ordinary one already.
pub fn is_ordinary_when_closed(container: Container, hybrid_mp4: Keep) -> bool {
    match CrashSafe::of(container) {
        CrashSafe::Clusters { .. } => true,
        CrashSafe::Fragments { .. } => container != Container::Avi && hybrid_mp4 == Keep::CrashSafe,
    }
}

/// The command that writes the crash-safe file from our packets on its standard input.
pub fn crash_safe_args(target: &FileTarget, hybrid_mp4: Keep, offset_nanos: i64) -> Args {
    let global = quiet().with_flag("copyts").with_flag("y");
    // The headers say everything, so that writing begins 1 s sooner. Not `-probesize 32`: with it ffmpeg guesses the
    // decode times of B-frames wrong.
    let known = Options::new().with("f", "nut").with("analyzeduration", "0").with("fpsprobesize", "0");
    let input = Input { options: known, url: "pipe:0".into() };
    let mut options =
        Options::new().with("map", "0").with("c", "copy").with("output_ts_offset", negative_seconds(offset_nanos));
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
) -> Args {
    let mut global = quiet().with_flag("y");
    if container == Container::Avi {
        global.push_flag("copyts");
    }
    let input = Input { options: Options::new(), url: file_url(from) };
    let mut options = Options::new().with("map", "0").with("c", "copy");
    if matches!(container, Container::Mp4 | Container::Mov) {
        // The index first, so that players and web servers need not read to the end.
        options.push("movflags", "+faststart");
    }
    if let (Container::Avi, Some(rate)) = (container, rate) {
        // AVI counts frames instead of timing them; without a rate it is given twice the real one.
        options.push("r", rate.to_string());
        // Sound begins 23 ms before zero (the encoder's priming). Moved later by as much, a picture would miss its
        // slot and AVI would put an empty frame there.
        options.push("avoid_negative_ts", "disabled");
    }
    options.push("f", container.muxer());
    let output = Output { options, url: file_url(to) };
    Args { global, inputs: vec![input], outputs: vec![output], ..Args::default() }
}

fn quiet() -> Options {
    Options::new().with_flag("hide_banner").with_flag("nostats").with("loglevel", "level+info")
}
