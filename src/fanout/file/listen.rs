//! A finished file of sound alone, decoded from its first sample to its last: how long it really is. Headers do not
//! tell (FLAC's says nothing, Matroska's lacks the last block), and without pictures there is nothing else to count.

use std::path::Path;
use std::time::Duration;

use crate::ffmpeg::{Args, Ffmpeg, Input, Options, Output, Redactor, file_url, run_with_progress};
use crate::rt::StopToken;

/// What was heard in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Everything could be decoded: this long is the longest track.
    Whole {
        /// From the file's first sample to its last, in microseconds.
        micros: u64,
    },
    /// Something could not.
    Damaged {
        /// What the decoder says.
        why: String,
    },
    /// Nobody listened to the end.
    Unheard {
        /// Why not.
        why: String,
    },
}

impl Heard {
    /// How long it is, as far as it could be decoded.
    pub(super) fn length(&self) -> Option<Duration> {
        match self {
            Self::Whole { micros } => Some(Duration::from_micros(*micros)),
            Self::Damaged { .. } | Self::Unheard { .. } => None,
        }
    }
}

/// Decodes every track, several hundred times as fast as it plays. `stop` ends it early.
pub(super) fn listen(ffmpeg: &Ffmpeg, path: &Path, stop: &StopToken) -> Heard {
    let global = Options::new().with_flag("hide_banner").with_flag("nostats").with("loglevel", "error");
    let input = Input { options: Options::new(), url: file_url(path) };
    let options = Options::new().with("map", "0:a").with("f", "null");
    let output = Output { options, url: "-".into() };
    let args = Args { global, inputs: vec![input], outputs: vec![output], ..Args::default() };
    let mut micros = 0;
    let ran =
        run_with_progress(&ffmpeg.program, &args.to_os_args(), "listen", &Redactor::default(), stop, &mut |now| {
            micros = now.out_time_us.and_then(|time| u64::try_from(time).ok()).unwrap_or(micros);
        });
    match ran {
        Ok(Some(finished)) => match finished.log.last() {
            None if finished.exit.is_success() => Heard::Whole { micros },
            None => Heard::Damaged { why: "the decoder gave up".to_owned() },
            Some(line) => Heard::Damaged { why: line.clone() },
        },
        Ok(None) => Heard::Unheard { why: "it was not listened to, as you asked".to_owned() },
        Err(error) => Heard::Unheard { why: error.to_string() },
    }
}
