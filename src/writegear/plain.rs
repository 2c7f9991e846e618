//! Non-compression mode behind the same front: OpenCV's `VideoWriter`, opened with the first frame.
//!
//! Whatever reaches OpenCV is `#[inline]` here, so that it is compiled where it is used: the window, which never uses it,
//! must not link OpenCV's 240 libraries (`noncompression::native` has the reason; a test asks `ldd`).

use std::time::Duration;

use super::frame::{Frame, Plane};
use super::gear::Backend;
use super::gear_error::GearError;
use super::noncompression::{Output, Picture, Pixels, Settings, VideoWriter};
use super::params::{EncoderWish, ParamError, Reading, Wishes};
use super::pixels::PixelFormat;
use super::place::Existing;
use super::report::{Ending, Report};
use super::value::Value;
use crate::ffmpeg::Ffmpeg;
use crate::media::{Colour, Matrix, Range};

/// An engine in non-compression mode.
pub(super) struct Plain {
    output: Output,
    settings: Settings,
    remarks: Vec<String>,
    state: State,
    given: u64,
}

enum State {
    Ready,
    Writing(Box<VideoWriter>),
    Over(Result<Report, GearError>),
}

impl Plain {
    /// Reads the parameters and checks the output; OpenCV opens it with the first frame.
    #[inline]
    pub(super) fn open(output: &str, wishes: &Wishes, existing: Existing, reading: Reading) -> Result<Self, GearError> {
        if output.trim().is_empty() {
            return Err(GearError::NoOutput);
        }
        let mut remarks = wishes.remarks.clone();
        for error in foreign(wishes) {
            match reading {
                Reading::Strict => return Err(error.into()),
                Reading::Forgiving => remarks.push(format!("{error}; it was left out.")),
            }
        }
        let words: Vec<(&str, String)> = wishes.opencv.iter().map(|(key, value)| (key.as_str(), word(value))).collect();
        let pairs = words.iter().map(|(key, word)| (*key, word.as_str()));
        let (mut settings, meant) = Settings::from_writegear_params(pairs).map_err(refused)?;
        let says_fps = wishes.opencv.iter().any(|(key, _)| key == "-fps");
        if let Some(rate) = wishes.rate.filter(|_| !says_fps) {
            settings.fps = rate.as_f64();
        }
        if existing == Existing::Replace || wishes.replaces {
            settings.existing = Existing::Replace;
        }
        Ok(Self { output: Output::new(output, meant), settings, remarks, state: State::Ready, given: 0 })
    }

    #[inline]
    fn writer(&mut self, frame: &Frame<'_>) -> Result<&mut VideoWriter, GearError> {
        if let State::Ready = self.state {
            let writer = VideoWriter::open(&self.output, &self.settings, frame.size()).map_err(refused);
            self.state = match writer {
                Ok(writer) => State::Writing(Box::new(writer)),
                Err(error) => State::Over(Err(error)),
            };
        }
        match &mut self.state {
            State::Writing(writer) => Ok(writer),
            State::Over(Err(error)) => Err(error.clone()),
            _ => Err(GearError::Closed),
        }
    }
}

impl Backend for Plain {
    #[inline]
    fn put(&mut self, frame: &Frame<'_>, at: Option<Duration>) -> Result<(), GearError> {
        if at.is_some() {
            return Err(GearError::NoTime);
        }
        let pixels = pixels(frame).ok_or(GearError::NoOpenCvFormat(frame.format()))?;
        let planes: Vec<(&[u8], usize)> =
            frame.planes().iter().map(|Plane { bytes, stride }| (*bytes, *stride)).collect();
        let picture = Picture { pixels, size: frame.size(), planes: &planes };
        self.writer(frame)?.write(&picture).map_err(refused)?;
        self.given += 1;
        Ok(())
    }

    #[inline]
    fn close(&mut self) -> Result<Report, GearError> {
        let base = Report { remarks: self.remarks.clone(), frames_given: self.given, ..Report::default() };
        let end = match std::mem::replace(&mut self.state, State::Ready) {
            State::Over(end) => end,
            State::Ready => Ok(base),
            State::Writing(mut writer) => writer.close().map_err(refused).map(|closed| Report {
                bytes: closed.path.as_deref().map(super::place::bytes),
                file: closed.path,
                frames_written: Some(closed.frames),
                given: Duration::from_secs_f64(seconds(self.given, self.settings.fps)),
                ending: Ending::Finished,
                remarks: base.remarks.into_iter().chain(closed.remarks.iter().map(ToString::to_string)).collect(),
                frames_given: base.frames_given,
                ..Report::default()
            }),
        };
        self.state = State::Over(end.clone());
        end
    }

    #[inline]
    fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    #[inline]
    fn remarks(&self) -> &[String] {
        &self.remarks
    }

    #[inline]
    fn ffmpeg(&self) -> Option<&Ffmpeg> {
        None
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 frames are nine million years at 30 a second")]
fn seconds(frames: u64, fps: f64) -> f64 {
    frames as f64 / fps
}

fn refused(error: impl std::fmt::Display) -> GearError {
    GearError::OpenCv(error.to_string())
}

/// Parameters that only ffmpeg understands.
fn foreign(wishes: &Wishes) -> Vec<ParamError> {
    let words = wishes.output.iter().chain(&wishes.pre_headers).filter(|word| word.starts_with('-')).cloned();
    let inputs = wishes.inputs.iter().map(|_| "-i".to_owned());
    let encoder = (wishes.encoder != EncoderWish::Default).then(|| "-vcodec".to_owned());
    let size = wishes.size.map(|_| "-output_dimensions".to_owned());
    let error =
        |key| ParamError { key, value: "used".to_owned(), expected: "non-compression mode has no such parameter" };
    words.chain(inputs).chain(encoder).chain(size).map(error).collect()
}

fn word(value: &Value) -> String {
    value.word().unwrap_or_else(|| match value {
        Value::Flag(flag) => flag.to_string(),
        other => other.shown(),
    })
}

fn pixels(frame: &Frame<'_>) -> Option<Pixels> {
    use PixelFormat as P;
    let Colour { matrix, range, .. } = frame.colour().unwrap_or(Colour::BT601);
    let yuv = if matrix == Matrix::Rgb { (Matrix::Bt601, Range::Limited) } else { (matrix, range) };
    Some(match frame.format() {
        P::Gray8 => Pixels::Gray8,
        P::Gray16 if cfg!(target_endian = "little") => Pixels::Gray16,
        P::Bgr24 => Pixels::Bgr24,
        P::Rgb24 => Pixels::Rgb24,
        P::Bgra | P::Bgr0 => Pixels::Bgrx,
        P::Rgba | P::Rgb0 => Pixels::Rgbx,
        P::Bgr48 if cfg!(target_endian = "little") => Pixels::Bgr48,
        P::Rgb48 if cfg!(target_endian = "little") => Pixels::Rgb48,
        P::Nv12 => Pixels::Nv12(yuv.0, yuv.1),
        P::Yuv420p => Pixels::I420(yuv.0, yuv.1),
        _ => return None,
    })
}
