//! Speaks ffmpeg's language: finds it, asks what it can do, builds its arguments, runs it, reads its log.
//!
//! Knows nothing of profiles, plans or capture. It is the only room that starts a process, and it never starts
//! a shell.

mod alive;
mod args;
mod cache;
mod capabilities;
mod cause;
mod child_io;
mod discover;
#[cfg(test)]
mod fake;
mod info;
mod launch;
mod listing;
mod log;
mod log_reader;
mod numbers;
mod probe;
mod process;
#[cfg(test)]
mod process_tests;
mod progress;
mod redact;
mod run;
mod secret_file;
mod stop;
mod trial;
mod version;
mod watched;

pub use alive::{cpu_time, group_cpu_time};
pub use args::{Args, Input, InputsError, Options, Output, file_url, shell_quoted};
pub use capabilities::{Capabilities, CapabilitiesError};
pub use cause::{Cause, CauseTracker};
pub use child_io::{ChildInput, ChildOutput, Stdin, Stdout};
pub use discover::{Ffmpeg, FindError, find, install_hint, look_last_in};
pub use info::{AudioBitrate, VideoInfo, audio_bitrate, video_info};
pub use launch::{Asked, Exit, Launch, ProcessError};
pub use listing::{Encoder, EncoderDetail, EncoderKind, Hardware};
pub use log::{Level, LogLine};
pub use numbers::{parse_time, resolution_name, resolution_named, suggested_video_kbps};
pub use probe::{Counting, Probe, ProbeError, ProbedStream, StreamKind, probe_file, probe_file_until, probe_input};
pub use process::{Handle, Process, launch, terminal_signals_us};
pub use progress::{Progress, ProgressReader};
pub use redact::Redactor;
pub use run::{Finished, Limits, Wish, run, run_attached, run_with_progress};
pub use secret_file::SecretFile;
pub use stop::{FirstRung, Rung, StopLadder, Stopped};
pub use trial::{Trial, trial};
pub use version::Version;
pub use watched::{Watch, Watched, WatchedEnd, run_watched};
