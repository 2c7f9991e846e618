//! What can go wrong in the non-compression mode.

use std::io;
use std::path::PathBuf;

use super::backend::Backend;
use super::picture::Pixels;
use super::settings::Fourcc;
use crate::media::Resolution;

/// Why OpenCV does not write, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// No output was named.
    #[error("no output was named: give a file with an extension, such as video.avi")]
    NoOutput,
    /// OpenCV does not stream. The address is left out: it may hold a key.
    #[error("OpenCV writes files and no addresses: stream with the compression mode")]
    Address,
    /// The extension picks the container.
    #[error("{} has no extension, and OpenCV takes the container from it: write .avi, .mp4 or .mkv", path.display())]
    NoExtension {
        /// The path.
        path: PathBuf,
    },
    /// OpenCV takes text only.
    #[error("the path {} is not Unicode text, which OpenCV needs", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// The file is there already.
    #[error("{} exists already: choose another name, or ask for it to be replaced", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The operating system does not let us write there.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// No rate.
    #[error("{fps} is no frame rate: it must lie above 0 and not above 1000")]
    Rate {
        /// As given.
        fps: f64,
    },
    /// No size.
    #[error("a video of {size} is not possible: both sides must be from 1 to {}", Resolution::MAX_SIDE)]
    Size {
        /// As given.
        size: Resolution,
    },
    /// This OpenCV was built without that backend.
    #[error("this OpenCV has no {backend}: it writes with {}", available.join(", "))]
    BackendMissing {
        /// Asked for.
        backend: Backend,
        /// What there is.
        available: Vec<String>,
    },
    /// A pipeline, and another backend beside it.
    #[error("a GStreamer pipeline cannot be written by {backend}")]
    NotForPipelines {
        /// Asked for.
        backend: Backend,
    },
    /// `GStreamer` does not make sense of the pipeline, or lacks one of its elements.
    #[error(
        "GStreamer did not start this pipeline: check its spelling, that it begins with appsrc, and that every \
         element in it is installed{}",
        words_after(words)
    )]
    PipelineRefused {
        /// What OpenCV said, if it said anything.
        words: String,
    },
    /// OpenCV did not open the file, which could be written.
    #[error(
        "OpenCV cannot write {fourcc} into {} with {backend}: choose another codec, extension or backend (it writes \
         with {}){}", path.display(), available.join(", "), words_after(words)
    )]
    Refused {
        /// The file.
        path: PathBuf,
        /// The codec.
        fourcc: Fourcc,
        /// The backend asked for.
        backend: Backend,
        /// What there is.
        available: Vec<String>,
        /// What OpenCV said, if it said anything.
        words: String,
    },
    /// A picture of another size than the video.
    #[error("a picture of {got} came into a video of {expected}")]
    SizeChanged {
        /// The video's.
        expected: Resolution,
        /// The picture's.
        got: Resolution,
    },
    /// A picture of another format than the first.
    #[error("a {got:?} picture came into a video of {expected:?} pictures")]
    FormatChanged {
        /// The first picture's.
        expected: Pixels,
        /// This one's.
        got: Pixels,
    },
    /// The planes do not hold the picture.
    #[error("a {pixels:?} picture of {size} does not lie in {planes} planes with these lengths and strides")]
    BadLayout {
        /// Its format.
        pixels: Pixels,
        /// Its size.
        size: Resolution,
        /// How many planes were given.
        planes: usize,
    },
    /// There is no picture to repeat.
    #[error("no picture was written yet that could be repeated")]
    NothingToRepeat,
    /// The file is finished.
    #[error("the video is closed already: nothing more can be written into it")]
    Closed,
    /// OpenCV threw an exception.
    #[error("OpenCV failed: {0}")]
    OpenCv(String),
    /// A file cannot be read, although it was just written or is asked about.
    #[error("OpenCV cannot read {}: if it was just written, is the disk full?", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// Fewer pictures than were written.
    #[error("of {written} pictures {} holds only {found}: is the disk full?", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// Handed to OpenCV.
        written: u64,
        /// In the file.
        found: u64,
    },
}

fn words_after(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}
