//! One encode, many sinks: reads the encoder's packets once and shares them among sinks with lives of their own.
//!
//! Each sink has a thread, a bounded queue and, where it has an outside, a supervised `ffmpeg -c copy` child.
//! Nothing flows back to the encoder but counts: a sink that cannot keep up fails alone. Knows no capture, no
//! profile, no session and no window.

mod counters;
mod file;
mod hub;
mod report;
mod sink;

pub use counters::{Counters, Totals};
pub use file::{
    CopiedPicture, DirectEnd, DirectTarget, DiskWatch, FileSink, FileSinkSetup, FileTarget, Keep, OnTaken, OutputError,
    PictureEnd, ReadBack, Reservation, Series, add_titles, crash_safe_args, finish_direct, free_bytes,
    is_ordinary_when_closed, refuse_existing, reserve, reserve_final, reserve_series, seconds_left,
};
pub use hub::{EncoderEnd, Hub};
pub use report::{CheckResult, FileReport, StreamReport, StreamState, Verdict};
pub use sink::{FinishProgress, Sink, SinkEnd, SinkError, SinkFeed, SinkHandle, SinkReport, spawn_sink};
