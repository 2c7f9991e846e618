//! `gearcast-opencv`: what the window asks of OpenCV, in a program of its own so that the window need not link it.
//!
//! Used like ffmpeg: pictures on standard input, progress on standard output, `[error]` lines on standard error.

mod args;
mod interrupt;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use args::{Args, Task};
use clap::Parser as _;
use gearcast::rt::RealClock;
use gearcast::writegear::noncompression::{Child, ChildError, available, opencv_version, probe};
use serde_json::json;

fn main() -> ExitCode {
    let done = match Args::parse().task {
        Task::Write(write) => write_stream(&write.child()),
        Task::Probe { path } => probe_file(&path),
        Task::Backends => say(&json!({ "opencv": opencv_version(), "writers": available() }).to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain("error", &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn write_stream(child: &Child) -> Result<(), Box<dyn std::error::Error>> {
    let report = child.run(interrupt::stdin()?, &mut io::stdout().lock(), &RealClock)?;
    for remark in report.remarks {
        complain("warning", &remark.to_string());
    }
    if report.frames == 0 { Err(ChildError::NoPictures.into()) } else { Ok(()) }
}

fn probe_file(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let found = probe(path)?;
    let fourcc = found.fourcc.map(|tag| tag.to_string());
    let (width, height) = (found.size.width, found.size.height);
    let text = json!({ "frames": found.frames, "width": width, "height": height, "fps": found.fps, "fourcc": fourcc });
    say(&text.to_string())
}

fn say(line: &str) -> Result<(), Box<dyn std::error::Error>> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// As ffmpeg words it, so that its log reader reads it. Where standard error is gone there is nobody left to tell.
fn complain(level: &str, what: &str) {
    writeln!(io::stderr(), "[{level}] {what}").unwrap_or_default();
}
