//! The non-compression mode: OpenCV's `VideoWriter`, for machines without ffmpeg and for files that OpenCV's own
//! readers should find as they would have written them. The only door to OpenCV.
//!
//! It writes one picture after the other at one rate, without sound, time stamps or streams; that is what OpenCV can.
//! What OpenCV does silently is told here: a picture of another kind is converted instead of dropped, an output
//! that did not open is an error and leaves no file, a codec tag that the container exchanged is a [`Remark`], and
//! a fraction of a frame rate stays one. After closing, the file is read back.
//!
//! ```no_run
//! use gearcast::media::Resolution;
//! use gearcast::writegear::noncompression::{Output, Picture, Pixels, Settings, VideoWriter};
//!
//! let size = Resolution::new(640, 360);
//! let rgb = vec![128; 640 * 360 * 3];
//! let mut writer = VideoWriter::open(&Output::File("video.avi".into()), &Settings::default(), size)?;
//! writer.write(&Picture { pixels: Pixels::Rgb24, size, planes: &[(&rgb, 640 * 3)] })?;
//! assert_eq!(writer.close()?.frames, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! OpenCV and the libraries below it print to standard error by themselves. Its own log is silenced while an output
//! opens; ffmpeg's inside OpenCV obeys only the variable `OPENCV_FFMPEG_LOGLEVEL` (`-8` is silence).

mod backend;
mod child;
mod convert;
mod error;
mod native;
mod picture;
mod read_back;
mod settings;
mod target;
mod writer;

pub use backend::{Backend, available, opencv_version};
pub use child::{Child, ChildError};
pub use error::WriterError;
pub use picture::{Picture, Pixels};
pub use read_back::{Probed, probe};
pub use settings::{Channels, Existing, Fourcc, Output, OutputText, Settings, SettingsError};
pub use writer::{Remark, Report, VideoWriter};
