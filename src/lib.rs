//! gearcast: a desktop recorder and live-streamer over a `WriteGear` engine.
//!
//! As a library, begin at [`writegear`]: frames in; a file, a stream or packets out.
//!
//! # The house
//!
//! The modules stand in a row; each uses only the ones before it. A test (`tests/it/house`) holds the source to the row and
//! to the one module by which each outside power comes in.
//!
//! ```text
//! media → rt → imaging → nut → ffmpeg → capture → audio → service → profile → plan → pacer → preview
//!       → writegear → fanout → session → control → model → ui → app → cli → main
//! ```
//!
//! | room | its one sentence | may never know |
//! |---|---|---|
//! | [`media`] | The shared words: frames, colours, rates, codecs, packets, time stamps. | anything of ours |
//! | [`rt`] | The only door to threads and time. | every later room |
//! | [`imaging`] | Pixels in, pixels out. | threads, egui |
//! | [`nut`] | The NUT container, both ways. | processes, threads, codecs |
//! | [`ffmpeg`] | Speaks ffmpeg's language: finds it, asks what it can do, runs it, reads its log. | profile, plan, capture |
//! | [`capture`] | Turns a camera, a screen, a window, a region or a test pattern into a stream of frames. | ffmpeg, preview, plan |
//! | [`audio`] | Lists sound devices; captures, mixes and meters them on the frames' clock. | capture, profile |
//! | [`service`] | What is fetched from elsewhere: for now an ffmpeg where the system has none. | ffmpeg, egui |
//! | [`profile`] | What the user wants, as plain data; how it is stored. | ffmpeg, capture, rt, egui |
//! | [`plan`] | Pure: a profile and this machine become a plan, or problems tied to fields. | the disk, processes, threads |
//! | [`pacer`] | Pure: which frame belongs to each output tick. | clocks, threads, plan |
//! | [`preview`] | The newest frame as a small image, only while somebody looks. | egui, capture's insides |
//! | [`writegear`] | The engine: frames and sound become a file, a stream or packets. | capture, plan, session, profile, egui |
//! | [`fanout`] | One encode, many sinks. | capture, profile, egui |
//! | [`session`] | The conductor: owns capture, preview, engine and fan-out; takes commands, publishes one status. | profile, model, egui |
//! | [`model`] | The window's state as a value and one function that changes it. | egui, threads, disk, processes |
//! | [`ui`] | Draws the model, edits the draft, returns actions. | session's handles, ffmpeg, capture, disk |
//! | [`app`] | Puts it together in a window; carries out effects. | being used by anyone but `main` and `cli` |
//! | [`cli`] | The same session without a window. | egui |
//!
//! # What holds everywhere
//!
//! * Every thread is named, owned and joined; every queue is bounded, and its text says what is lost when it is full.
//! * [`profile::Profile`] (what is wanted), [`plan::Plan`] (what was resolved) and [`model`]'s state (what is on screen) are
//!   three types with three owners.
//! * A file that exists is never overwritten before there is something whole to replace it.
//! * Secrets are in no argument, log, profile or report.
//! * Screens, windows, cameras and the test pattern stand behind the same trait; nothing above [`capture`] knows which it is.

pub mod media;
pub mod rt;
pub mod imaging;
pub mod nut;
pub mod ffmpeg;
pub mod capture;
pub mod audio;
pub mod service;
pub mod profile;
pub mod plan;
pub mod pacer;
pub mod preview;
pub mod writegear;
pub mod fanout;
pub mod session;
pub mod model;
pub mod ui;
pub mod app;
pub mod cli;
