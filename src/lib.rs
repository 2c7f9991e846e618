//! gearcast: a desktop recorder and live-streamer over a WriteGear engine, as a window, as a command line and as a
//! library.
//!
//! # Bird's eye
//! A source gives [`media::Frame`]s with the moment their light was taken; sound inputs give blocks on the same
//! clock. Both go, raw and with their own time stamps, through one socket into one ffmpeg that encodes once. The
//! encoded packets come back over a pipe, are read once and shared among sinks, each of which has a thread, a
//! bounded queue and a supervised `ffmpeg -c copy` of its own. Nothing flows back but counts.
//!
//! ```text
//! source ── capture thread ── Arc<Frame>
//!    ├─ put ──────► mailbox (overwrites) ─► preview thread ─► small picture ─► window
//!    └─ try_send ─► bounded queue (full = dropped, counted) ─► writer: pacer → imaging ─┐
//! sound ── audio thread ── blocks ─► bounded queue ─► writer: timeline ────────────────┤
//!                                             NUT over one socket ◄────────────────────┘
//!         ffmpeg (encodes once) ─ NUT over its standard output ─► fanout
//!            fanout ─► file sink: ffmpeg -c copy → crash-safe file → completed, verified, renamed at stop
//! ```
//!
//! # The row
//! The rooms below stand in a row; each may use only those before it, and a test reads the source and fails on a
//! step back. Each room's first sentence says what it is for and what it must never know.
//!
//! # Invariants, as absences
//! * Only [`rt`] starts threads and asks the time; only [`ffmpeg`] starts processes; each foreign crate enters by one
//!   door (`tests/it/house.rs` has the list).
//! * Nothing below [`profile`] knows what a user wished; nothing below [`plan`] knows what was resolved; nothing below
//!   `model` knows what is on screen. Three types, three owners: `Profile`, [`plan::Plan`], `Model`.
//! * No queue is unbounded, and each says what is lost when it is full.
//! * No file that exists is touched before its replacement is complete and verified.
//! * No sink can make the encoder wait, and no encoder can make the window wait.
//!
//! # Glossary
//! * **Origin**: the moment of the first picture; time stamp zero of the recording.
//! * **Tick**: one place of the constant frame rate's even grid. A tick without news repeats the picture.
//! * **Rendition**: one set of encode settings; every sink names one.
//! * **Generation**: one life of an encoder. Equal headers continue in the same file.
//! * **Crash-safe form**: how a file lies on disk while it grows: fragments or clusters of a quarter second, flushed.
//! * **Ordinary form**: what players and editors expect of the container, made at stop from the crash-safe form.
//! * **Verdict**: the judgement after reading the finished file back.

pub mod media;
pub mod rt;
pub mod imaging;
pub mod nut;
pub mod ffmpeg;
pub mod capture;
pub mod audio;
pub mod profile;
pub mod plan;
pub mod pacer;
pub mod preview;
pub mod writegear;
pub mod fanout;
pub mod session;
