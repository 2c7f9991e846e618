//! The command line: the same session without a window, and everything that is asked of the program in words.
//!
//! Knows no egui. Results go to stdout, words for people to stderr; the exit codes are a contract with scripts.

mod args;
mod exit;
mod ffmpeg;
mod lists;
mod out;
mod problems;
mod profiles;
mod record;
mod report;
mod signals;
mod sync_test;
mod window;
mod wishes;

use std::panic::PanicHookInfo;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::ffmpeg::{Redactor, look_last_in};
use crate::profile::Places;
use args::{Cli, Command};
pub use exit::Exit;
use out::say;

/// Runs the program with the process's own arguments. For the main thread: the window lives on it.
pub fn run() -> ExitCode {
    start_log();
    std::panic::set_hook(Box::new(|panic| say(&panic_words(panic))));
    // Without a home nothing was downloaded; whoever needs the places says so.
    if let Ok(places) = Places::from_env() {
        look_last_in(&places.ffmpeg());
    }
    match Cli::try_parse() {
        Ok(cli) => dispatch(cli).into(),
        Err(error) => usage(&error).into(),
    }
}

fn dispatch(cli: Cli) -> Exit {
    match cli.command {
        None => window::open(cli.profile.as_deref(), cli.ffmpeg),
        Some(Command::Record(args)) => record::record(&args),
        Some(Command::Command(args)) => record::command(&args),
        Some(Command::Devices(args)) => lists::devices(args.json),
        Some(Command::Encoders(args)) => lists::encoders(&args),
        Some(Command::Doctor(args)) => lists::doctor(&args),
        Some(Command::Profiles(command)) => profiles::run(&command),
        Some(Command::Ffmpeg(args)) => ffmpeg::ffmpeg(args),
        Some(Command::Repair { path }) => {
            drop(path);
            not_yet("repair", "an unfinished recording is a playable file beside the wished name")
        }
        Some(Command::Ctl { verb }) => {
            log::debug!("asked for {verb:?}");
            not_yet("ctl", "Ctrl+C or SIGTERM stops a running 'gearcast record' and completes its file")
        }
        Some(Command::SyncTest(args)) => sync_test::run(&args),
    }
}

fn not_yet(command: &str, instead: &str) -> Exit {
    say(&format!("error: '{command}' is not in this version yet; {instead}"));
    Exit::Usage
}

/// Help and version are answers, not mistakes.
fn usage(error: &clap::Error) -> Exit {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = error.render().to_string();
    if is_answer {
        out::text(&text);
        return Exit::Good;
    }
    // clap repeats the value that it refuses, and that may be an address with a key.
    say(Redactor::default().hide(&text).trim_end());
    Exit::Usage
}

fn start_log() {
    // The sound server's client calls every connection that we close an error.
    let filter = std::env::var("GEARCAST_LOG").unwrap_or_else(|_| "error,pulseaudio=off".to_owned());
    let started = env_logger::Builder::new().parse_filters(&filter).target(env_logger::Target::Stderr).try_init();
    if let Err(error) = started {
        say(&format!("warning: no log: {error}"));
    }
}

fn panic_words(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let message = Redactor::default().hide(message);
    log::debug!("{}", std::backtrace::Backtrace::force_capture());
    format!(
        "gearcast {} has met a mistake of its own in thread '{thread}'{place}: {message}\n\
         Please report this line; GEARCAST_LOG=debug shows more.",
        env!("CARGO_PKG_VERSION")
    )
}
