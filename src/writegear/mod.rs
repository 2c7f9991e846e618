//! The engine: frames and sound in; a file, a stream or encoded packets out, through one ffmpeg child that encodes once,
//! or through OpenCV's `VideoWriter`. Knows no capture, no plan, no session, no profile and no window.
//!
//! # As a library
//!
//! [`WriteGear`] writes frames; everything vidgear's `WriteGear` does is here ([`coming_from_vidgear`] has the table).
//!
//! ```no_run
//! use gearcast::writegear::{Frame, PixelFormat, WriteGear};
//!
//! let mut gear = WriteGear::builder("out.mp4").param("-vcodec", "libx264").param("-crf", 20).input_framerate(30.0).open()?;
//! for shade in 0..90_u8 {
//!     let picture = vec![shade; 640 * 480 * 3];
//!     gear.write(&Frame::new(PixelFormat::Bgr24, 640, 480, &picture)?)?;
//! }
//! let report = gear.close()?;
//! println!("{} frames in {:?}", report.frames_given, report.file);
//! # Ok::<(), gearcast::writegear::GearError>(())
//! ```
//!
//! * **Frames** ([`Frame`]) are borrowed: a format of some seventy ([`PixelFormat`]), a size, planes with strides. A packed
//!   frame reaches ffmpeg with one system call and without a copy; packed RGB for an ordinary 4:2:0 file is converted
//!   here, which costs a third of ffmpeg's own conversion. All frames of a file have one size and format.
//! * **Outputs**: a file (its ending is checked against ffmpeg's muxers), a folder (a free name is made), any address that
//!   ffmpeg writes, a character device, numbered patterns and segments, playlists, `tee` lists, GIF; or [`Packets`] in
//!   this process.
//! * **A file is safe while it grows**: it is `NAME.recording.EXT` until it is whole, MP4 grows in fragments that play
//!   whatever is killed, and nothing that exists is overwritten before there is something whole to replace it.
//! * **Time**: [`WriteGear::write`] counts ticks of the frame rate, [`WriteGear::write_at`] takes each frame's own time.
//! * **Other inputs** ([`ExtraInput`]): sound from a file or a device, subtitles, generators. Their sound ends with the
//!   pictures.
//! * **The end is bounded**: [`WriteGear::close`] takes as long as ffmpeg works, and five seconds where it does not. Dropping
//!   closes too.
//! * **Errors** ([`GearError`]) name the parameter or the cause, and say what is safe; after a failure the
//!   [`Report`] tells what was written.
//! * **Threads**: a `WriteGear` may move to any one thread and blocks it while ffmpeg is busy. [`Queue`] gives it a thread
//!   of its own.
//! * **Custom commands**: [`Custom`] runs any ffmpeg command with progress, and can be cancelled.
//!
//! # For the recorder
//!
//! Raw pictures and samples travel to ffmpeg with their own time stamps in one NUT stream over one socket; encoded
//! packets come back as NUT with the encoder's exact time stamps. Three parts with three owners: [`EngineInput`]
//! belongs to the thread that writes, [`EngineOutput`] to the one that reads, and [`Engine`] to whoever decides when it
//! ends. Pictures that a camera sends encoded take the same way and are not encoded again ([`Pictures::Coded`]).

mod args;
mod builder;
mod coded;
mod command;
#[cfg(test)]
mod command_tests;
mod compression;
mod custom;
mod encoder;
mod engine;
mod error;
mod feed;
mod filters;
mod finish;
mod frame;
mod gear;
mod gear_error;
#[cfg(feature = "opencv")]
pub mod noncompression;
mod obtain;
mod opened;
mod packets;
mod params;
mod pixels;
mod place;
#[cfg(feature = "opencv")]
mod plain;
mod queue;
mod report;
mod running;
mod secret;
mod sound_args;
mod spec;
mod target;
mod value;
mod watch;

#[doc = include_str!("coming_from_vidgear.md")]
pub mod coming_from_vidgear {}

pub use crate::ffmpeg::{
    AudioBitrate, VideoInfo, audio_bitrate, parse_time, resolution_name, resolution_named, suggested_video_kbps,
    video_info,
};
pub use args::{colour_tags, encoder_args};
pub use builder::{Builder, Logging};
pub use coded::can_begin;
pub use custom::{Custom, ExecuteError, Executed, Running};
pub use engine::{DirectChild, Engine, EngineInput, EngineOutput};
pub use error::EngineError;
pub use frame::{Frame, FrameError, Plane};
pub use gear::WriteGear;
pub use gear_error::GearError;
pub use packets::{Encoded, EndOfPackets, Packets};
pub use params::{EncoderWish, ExtraInput, Mode, ParamError, Reading};
pub use pixels::{Family, PixelFormat};
pub use place::Existing;
pub use queue::{Offered, OwnedFrame, Queue};
pub use report::{Ending, Report};
pub use spec::{AudioInput, Destination, DirectOutput, EncodeOptions, EngineSpec, FurtherInput, Pictures, VideoInput};
pub use value::Value;
