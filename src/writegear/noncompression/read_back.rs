//! What OpenCV itself finds in a finished file.

use std::path::Path;

use opencv::core::{Mat, MatTraitConst as _};
use opencv::videoio::{self, VideoCapture, VideoCaptureTrait as _, VideoCaptureTraitConst as _};

use super::error::WriterError;
use super::settings::Fourcc;
use super::writer::Quiet;
use crate::media::Resolution;

/// A file's content, counted by decoding all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probed {
    /// Pictures that could be decoded.
    pub frames: u64,
    /// Size of the first.
    pub size: Resolution,
    /// Pictures a second, as the container says.
    pub fps: f64,
    /// The codec's tag, if the container tells one.
    pub fourcc: Option<Fourcc>,
}

/// What a file's headers say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headers {
    pub(super) fourcc: Option<Fourcc>,
    pub(super) fps: f64,
    /// As the container says or as its length suggests; `None` when it says nothing.
    pub(super) frames: Option<u64>,
}

/// Decodes a whole file through OpenCV.
pub fn probe(path: &Path) -> Result<Probed, WriterError> {
    let mut capture = open(path)?.ok_or_else(|| WriterError::Unreadable { path: path.to_owned() })?;
    let headers = headers_of(&capture)?;
    let (mut picture, mut frames, mut size) = (Mat::default(), 0, Resolution::new(0, 0));
    while capture.read(&mut picture)? {
        if frames == 0 {
            let side = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
            size = Resolution::new(side(picture.cols()), side(picture.rows()));
        }
        frames += 1;
    }
    Ok(Probed { frames, size, fps: headers.fps, fourcc: headers.fourcc })
}

/// The headers alone; `None` when OpenCV cannot read the file.
pub(super) fn headers(path: &Path) -> Result<Option<Headers>, WriterError> {
    open(path)?.map(|capture| headers_of(&capture)).transpose()
}

fn open(path: &Path) -> Result<Option<VideoCapture>, WriterError> {
    let _quiet = Quiet::new();
    // A pipeline cannot be meant here, and with another backend first a path would be tried as one.
    for api in [videoio::CAP_FFMPEG, videoio::CAP_OPENCV_MJPEG, videoio::CAP_ANY] {
        if let Ok(capture) = VideoCapture::from_file(path, api)
            && capture.is_opened()?
        {
            return Ok(Some(capture));
        }
    }
    Ok(None)
}

fn headers_of(capture: &VideoCapture) -> Result<Headers, WriterError> {
    let frames = capture.get(videoio::CAP_PROP_FRAME_COUNT)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a count")]
    let frames = (1.0..1e15).contains(&frames).then(|| frames.round() as u64);
    Ok(Headers {
        fourcc: Fourcc::from_code(capture.get(videoio::CAP_PROP_FOURCC)?),
        fps: capture.get(videoio::CAP_PROP_FPS)?,
        frames,
    })
}
