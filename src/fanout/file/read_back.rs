//! What is in a finished output, asked of the program that can read it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::ffmpeg::{Counting, Ffmpeg, Input, Limits, Options, ProbeError, StreamKind, file_url, probe_input, run};
use crate::media::FrameRate;
use crate::rt::StopToken;

/// How long reading one output back may take.
const PROBE_DEADLINE: Duration = Duration::from_mins(2);
/// OpenCV decodes to count: a large picture takes 10 to 20 ms on a machine that does nothing else.
const DECODE_DEADLINE: Duration = Duration::from_millis(100);

/// Who reads an output back.
#[derive(Clone, Debug)]
pub enum ReadBack {
    /// ffprobe, which counts packets.
    Ffmpeg(Ffmpeg),
    /// gearcast-opencv, which decodes: where OpenCV wrote, there may be no ffmpeg.
    OpenCv(PathBuf),
}

/// What was found in an output.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) frames: u64,
    pub(super) duration_s: f64,
}

/// Why nothing was found in it.
#[derive(Clone, Debug)]
pub(super) struct Unread {
    pub(super) fault: Fault,
    pub(super) why: String,
}

/// Whose fault it is that an output was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It cannot be read.
    OfTheOutput,
    /// Nobody looked, or not to the end.
    OfTheReader,
}

impl From<ProbeError> for Unread {
    fn from(error: ProbeError) -> Self {
        let is_output = matches!(error, ProbeError::Unreadable(_) | ProbeError::Answer(_));
        let fault = if is_output { Fault::OfTheOutput } else { Fault::OfTheReader };
        Self { fault, why: error.to_string() }
    }
}

impl ReadBack {
    /// A file that should hold about this many pictures.
    pub(super) fn file(&self, path: &Path, frames: u64, stop: &StopToken) -> Result<Found, Unread> {
        match self {
            Self::Ffmpeg(_) => self.input(&Input { options: Options::new(), url: file_url(path) }, stop),
            Self::OpenCv(program) => decoded(program, path, frames, stop),
        }
    }

    /// Whatever ffmpeg can open.
    pub(super) fn input(&self, input: &Input, stop: &StopToken) -> Result<Found, Unread> {
        let Self::Ffmpeg(ffmpeg) = self else { return Err(ProbeError::NoFfprobe.into()) };
        let probe = probe_input(ffmpeg, input, Counting::Packets, PROBE_DEADLINE, stop)?;
        let pictures = probe.streams.iter().filter(|stream| stream.kind == StreamKind::Video);
        // A playlist's pictures are told once for each of its renditions.
        let frames = pictures.filter_map(|stream| stream.packets).max().unwrap_or(0);
        Ok(Found { frames, duration_s: probe.duration_s.unwrap_or(0.0) })
    }
}

/// What gearcast-opencv answers.
#[derive(Deserialize)]
struct Answer {
    frames: u64,
    fps: f64,
}

fn decoded(program: &Path, path: &Path, frames: u64, stop: &StopToken) -> Result<Found, Unread> {
    let by_reader = |why: String| Unread { fault: Fault::OfTheReader, why };
    let deadline = PROBE_DEADLINE + DECODE_DEADLINE * u32::try_from(frames).unwrap_or(u32::MAX);
    let limits = Limits { deadline, ..Limits::default() };
    let args = vec!["probe".into(), path.into()];
    let asked = run(program, args, &limits, stop).map_err(|error| by_reader(error.to_string()))?;
    let Some(finished) = asked else { return Err(ProbeError::Stopped.into()) };
    if finished.exit.code == Some(1) {
        let said = finished.log.iter().rev().find_map(|line| line.strip_prefix("[error] "));
        let why = said.unwrap_or("OpenCV cannot read the file and gives no reason").to_owned();
        return Err(Unread { fault: Fault::OfTheOutput, why });
    }
    let answer: Result<Answer, _> = serde_json::from_slice(&finished.stdout);
    let answer = answer.map_err(|error| by_reader(format!("gearcast-opencv's answer is not understood: {error}")))?;
    let rate = Some(answer.fps).filter(|fps| fps.is_finite() && *fps > 0.0);
    #[expect(clippy::cast_precision_loss, reason = "a recording has fewer than 2^52 pictures")]
    let duration_s = rate.map_or(0.0, |fps| answer.frames as f64 / fps);
    Ok(Found { frames: answer.frames, duration_s })
}

/// What a judge of outputs needs.
pub(super) struct Look<'l> {
    pub(super) read_back: &'l ReadBack,
    /// Pictures that the encoder says it wrote.
    pub(super) frames: u64,
    pub(super) rate: FrameRate,
    pub(super) stop: &'l StopToken,
}
