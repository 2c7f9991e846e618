//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use gearcast::media::{FrameRate, Matrix, Range};
use gearcast::writegear::noncompression::{Backend, Channels, Child, Existing, Fourcc, Output, Settings};

/// Writes and reads videos with OpenCV, for gearcast.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Write the raw pictures of a NUT stream on standard input into a file, until it ends or SIGINT comes
    Write(Write),
    /// Decode a whole file and print what was in it, as one JSON object
    Probe {
        /// The file
        path: PathBuf,
    },
    /// Print OpenCV's version and the backends it writes with, as one JSON object
    Backends,
}

#[derive(clap::Args)]
pub(crate) struct Write {
    /// The file; its extension picks the container. Numbered pictures: shot_%04d.png
    #[arg(long, value_name = "PATH", required_unless_present = "pipeline")]
    output: Option<PathBuf>,
    /// Write into a GStreamer pipeline instead of a file. Example: 'appsrc ! videoconvert ! fakesink'
    #[arg(long, value_name = "TEXT", conflicts_with = "output")]
    pipeline: Option<String>,
    /// The codec's four letters
    #[arg(long, default_value = "MJPG")]
    fourcc: Fourcc,
    /// The file's frame rate: 25, 29.97, 30000/1001
    #[arg(long, default_value = "25")]
    fps: FrameRate,
    /// OpenCV's backend: auto, ffmpeg, gstreamer, images … or its constant's name
    #[arg(long, default_value = "auto")]
    backend: Backend,
    /// true for colour, false for gray
    #[arg(long, default_value = "true", action = ArgAction::Set)]
    color: bool,
    /// Replace a file that is there
    #[arg(long)]
    replace: bool,
    /// The matrix of YUV pictures
    #[arg(long, value_enum, default_value = "bt709")]
    matrix: YuvMatrix,
    /// The range of YUV pictures
    #[arg(long, value_enum, default_value = "limited")]
    range: YuvRange,
}

#[derive(Clone, Copy, ValueEnum)]
enum YuvMatrix {
    Bt601,
    Bt709,
}

#[derive(Clone, Copy, ValueEnum)]
enum YuvRange {
    Limited,
    Full,
}

impl Write {
    pub(crate) fn child(self) -> Child {
        let settings = Settings {
            fourcc: self.fourcc,
            fps: self.fps.as_f64(),
            backend: self.backend,
            channels: if self.color { Channels::Colour } else { Channels::Gray },
            existing: if self.replace { Existing::Replace } else { Existing::Refuse },
        };
        let matrix = match self.matrix {
            YuvMatrix::Bt601 => Matrix::Bt601,
            YuvMatrix::Bt709 => Matrix::Bt709,
        };
        let range = match self.range {
            YuvRange::Limited => Range::Limited,
            YuvRange::Full => Range::Full,
        };
        let file = || Output::File(self.output.unwrap_or_default());
        let output = self.pipeline.map_or_else(file, Output::Pipeline);
        Child { output, settings, rate: self.fps, yuv: (matrix, range) }
    }
}
