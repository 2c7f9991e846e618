//! The last steps of a file: what grew in fragments becomes an ordinary file, and it gets its good name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::place::{self, Growing};
use crate::ffmpeg::{Args, Ffmpeg, Limits, Options, file_url, run};
use crate::rt::StopSource;

/// The copy may take so long, and this much longer for its size: a slow disk writes 20 MB/s.
const COPY_DEADLINE: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_S: u64 = 20_000_000;

/// Whether the file ends as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It was closed well.
    Whole,
    /// Something ended it; it holds what came until then.
    Cut,
}

/// Where the file is now, and its length; nothing where nothing was written. What could not be done is remarked.
pub(super) fn file(
    ffmpeg: &Ffmpeg,
    mut growing: Growing,
    completes: bool,
    trust: Trust,
    remarks: &mut Vec<String>,
) -> (Option<PathBuf>, Option<u64>) {
    if growing.remove_if_empty() {
        return (None, None);
    }
    if trust == Trust::Cut {
        // A good file is not given for one that is cut off.
        growing.keep_existing();
    }
    let bytes = growing.bytes();
    let mut whole = None;
    if completes {
        let copy = growing.copy_path();
        match complete(ffmpeg, growing.path(), &copy, bytes) {
            Ok(()) => whole = Some(copy),
            Err(why) => {
                place::remove(&copy);
                if trust == Trust::Cut && !plays(ffmpeg, growing.path()) {
                    remarks.push(format!("Nothing of it can be played yet ({why}); what was written is kept."));
                    return (Some(growing.path().to_owned()), Some(bytes));
                }
                remarks.push(format!("The file plays, but stays in fragments: {why}."));
            }
        }
    }
    let now = growing.path().to_owned();
    match growing.publish(whole.as_deref()) {
        Ok(path) => {
            let bytes = place::bytes(&path);
            (Some(path), Some(bytes))
        }
        Err(error) => {
            remarks.push(error.to_string());
            (Some(now), Some(bytes))
        }
    }
}

/// The same streams with an index in front, so that players and web servers need not read to the end.
fn complete(ffmpeg: &Ffmpeg, from: &Path, to: &Path, bytes: u64) -> Result<(), String> {
    let mut args = Args::new();
    args.global.push_flag("y");
    args.global.push_flag("copyts");
    let muxer = if from.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("mov")) { "mov" } else { "mp4" };
    let output = Options::new()
        .with("map", "0")
        .with_flag("dn")
        .with("c", "copy")
        .with("movflags", "+faststart")
        .with("f", muxer);
    let args = args.input(Options::new(), file_url(from)).output(output, file_url(to));
    let deadline = COPY_DEADLINE + Duration::from_secs(bytes / SLOWEST_BYTES_PER_S);
    let limits = Limits { deadline, ..Limits::default() };
    let never = StopSource::new();
    match run(&ffmpeg.program, args.to_os_args(), &limits, &never.token()) {
        Ok(Some(finished)) if finished.exit.is_success() && finished.cause.is_none() => Ok(()),
        Ok(Some(finished)) => {
            Err(finished.cause.map_or_else(|| "ffmpeg gave no reason".to_owned(), |cause| cause.what()))
        }
        Ok(None) => Err("it was stopped".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether ffmpeg finds a picture in it.
fn plays(ffmpeg: &Ffmpeg, path: &Path) -> bool {
    let output = Options::new().with("map", "0:v").with("c", "copy").with("frames:v", "1").with("f", "null");
    let args = Args::new().input(Options::new(), file_url(path)).output(output, "-");
    let never = StopSource::new();
    let found = run(&ffmpeg.program, args.to_os_args(), &Limits::default(), &never.token());
    found.is_ok_and(|found| found.is_some_and(|found| found.exit.is_success()))
}
