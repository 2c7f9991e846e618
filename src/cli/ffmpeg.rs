//! `ffmpeg`: the found ffmpeg with the user's own arguments, or an ffmpeg where there is none.

use std::path::{Path, PathBuf};

use super::args::FfmpegArgs;
use super::exit::Exit;
use super::out::{self, ProgressLine, say};
use super::report::bytes;
use super::signals::Signals;
use crate::ffmpeg::{self, Wish};
use crate::profile::Places;
use crate::rt::{StopSource, StopToken};
use crate::service::{Build, Builds, DownloadError, download};

/// Names another file of builds than the built-in one: for a mirror of one's own.
const BUILDS: &str = "GEARCAST_FFMPEG_BUILDS";

/// Runs the command.
pub(super) fn ffmpeg(args: FfmpegArgs) -> Exit {
    match args.download {
        Some(folder) => fetch(folder),
        None => run(args),
    }
}

fn run(args: FfmpegArgs) -> Exit {
    let found = match ffmpeg::find(args.ffmpeg.as_deref()) {
        Ok(found) => found,
        Err(error) => {
            say(&format!("error: no working ffmpeg: {error}"));
            return Exit::Encoder;
        }
    };
    let signals = Signals::watch(|| {});
    if let Err(error) = &signals {
        log::warn!("signals are not watched: {error}");
    }
    // In front of a terminal ffmpeg gets a Ctrl+C by itself; a second one from us would make it give up.
    let told_by_terminal = ffmpeg::terminal_signals_us();
    let wish = || {
        let (count, interrupts) = signals.as_ref().map_or((0, 0), |signals| (signals.count(), signals.interrupts()));
        match count {
            0 => Wish::GoOn,
            1 if told_by_terminal && interrupts == 1 => Wish::GoOn,
            1 => Wish::Finish,
            _ => Wish::End,
        }
    };
    match ffmpeg::run_attached(&found.program, args.args, &wish) {
        Ok(exit) => match (exit.code, exit.signal) {
            (Some(0), _) => Exit::Good,
            (Some(code), _) => Exit::Other(u8::try_from(code & 0xff).unwrap_or(1)),
            // As a shell reports it.
            (None, Some(signal)) => Exit::Other(u8::try_from(128 + (signal & 0x7f)).unwrap_or(1)),
            (None, None) => Exit::Encoder,
        },
        Err(error) => {
            say(&format!("error: {error}"));
            Exit::Encoder
        }
    }
}

fn fetch(folder: Option<PathBuf>) -> Exit {
    let builds = match std::env::var_os(BUILDS).filter(|name| !name.is_empty()) {
        Some(file) => Builds::from_file(Path::new(&file)),
        None => Builds::built_in(),
    };
    let builds = match builds {
        Ok(builds) => builds,
        Err(error) => {
            say(&format!("error: {error}"));
            return Exit::Usage;
        }
    };
    let Some(build) = builds.here() else {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        say(&format!("error: there is no ffmpeg to download for {os} on {arch}; {}", ffmpeg::install_hint()));
        return Exit::Usage;
    };
    let folder = match folder.map_or_else(|| Places::from_env().map(|places| places.ffmpeg()), Ok) {
        Ok(folder) => folder,
        Err(error) => {
            say(&format!("error: {error}"));
            return Exit::Usage;
        }
    };
    let stop = StopSource::new();
    let token = stop.token();
    let signals = Signals::watch(move || stop.stop());
    if let Err(error) = &signals {
        log::warn!("signals are not watched: {error}");
        // The source is gone with its watcher, and a gone source asks to stop: download without one.
        return fetch_into(build, &folder, &StopSource::new().token());
    }
    fetch_into(build, &folder, &token)
}

fn fetch_into(build: &Build, folder: &Path, stop: &StopToken) -> Exit {
    say(&format!("ffmpeg {} ({}) from {}", build.version, build.licence, build.address));
    let mut line = ProgressLine::new();
    let mut on_progress = |got: u64, total: u64| line.draw(&format!("{} of {}", bytes(got), bytes(total)));
    let done = download(build, folder, &mut on_progress, stop);
    line.clear();
    match done {
        Ok(program) => {
            out::line(&program.display().to_string());
            Exit::Good
        }
        Err(error) => {
            say(&format!("error: {error}"));
            match error {
                DownloadError::Cancelled => Exit::Forced,
                DownloadError::Address { .. } => Exit::Usage,
                DownloadError::NoSpace { .. } | DownloadError::Folder { .. } => Exit::Output,
                _ => {
                    say(&format!("       Without a download: {}.", ffmpeg::install_hint()));
                    Exit::Encoder
                }
            }
        }
    }
}
