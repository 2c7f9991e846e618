//! The calls into OpenCV, all of them, behind two traits.
//!
//! **Every function here that calls the `opencv` crate is `#[inline]`, and so is every one elsewhere that calls
//! [`opencv()`].** Such a function is compiled where it is used and not into this library's own objects. Without that,
//! the window would link OpenCV although it never calls it: the linker takes whole objects, and a C++ object that
//! is taken along keeps its static constructors and with them `libopencv_core`. A test looks at what both programs link.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use opencv::core::{
    self, CV_8UC1, CV_8UC3, LogLevel, Mat, MatTraitConst as _, MatTraitManual as _, Scalar, Size, get_version_string,
};
use opencv::videoio::{
    self, VideoCapture, VideoCaptureTrait as _, VideoCaptureTraitConst as _, VideoWriterTrait as _,
    VideoWriterTraitConst as _,
};

use super::backend::Backend;
use super::read_back::{Headers, Probed};
use super::settings::Fourcc;
use crate::media::Resolution;

/// OpenCV's own words for what it threw.
pub(super) type Words = String;

/// What OpenCV is asked for.
pub(super) trait OpenCv: Sync {
    /// The writers in its registry, as it calls them; none when it does not say.
    fn writers(&self) -> Vec<String>;
    fn version(&self) -> String;
    /// Without words when it merely did not open.
    fn open(&self, wanted: &Wanted<'_>) -> Result<Box<dyn OpenVideo>, Words>;
    /// What a file's headers say; `None` when it cannot be read.
    fn headers(&self, path: &Path) -> Result<Option<Headers>, Words>;
    /// Decodes all of a file; `None` when it cannot be read.
    fn probe(&self, path: &Path) -> Result<Option<Probed>, Words>;
}

/// A video that OpenCV writes.
pub(super) trait OpenVideo: Send {
    /// The picture to be written, packed rows.
    fn picture(&mut self) -> Result<&mut [u8], Words>;
    fn write(&mut self) -> Result<(), Words>;
    fn release(&mut self) -> Result<(), Words>;
    fn backend(&self) -> Option<String>;
}

/// What is to be opened.
pub(super) struct Wanted<'a> {
    /// A path, a pattern or a pipeline.
    pub(super) name: &'a str,
    pub(super) backend: Backend,
    pub(super) fourcc: Fourcc,
    pub(super) fps: f64,
    pub(super) size: Resolution,
    pub(super) is_colour: bool,
}

struct Linked;

struct LinkedVideo {
    writer: videoio::VideoWriter,
    picture: Mat,
}

/// The OpenCV that is linked.
#[inline]
pub(super) fn opencv() -> &'static dyn OpenCv {
    &Linked
}

impl OpenCv for Linked {
    #[inline]
    fn writers(&self) -> Vec<String> {
        let known = videoio::get_writer_backends().unwrap_or_default();
        known.into_iter().filter_map(|api| videoio::get_backend_name(api).ok()).collect()
    }

    #[inline]
    fn version(&self) -> String {
        get_version_string().unwrap_or_else(|_| "unknown".to_owned())
    }

    #[inline]
    fn open(&self, wanted: &Wanted<'_>) -> Result<Box<dyn OpenVideo>, Words> {
        let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX); // at most 32 768
        let (width, height) = (side(wanted.size.width), side(wanted.size.height));
        let kind = if wanted.is_colour { CV_8UC3 } else { CV_8UC1 };
        let picture = Mat::new_rows_cols_with_default(height, width, kind, Scalar::default()).map_err(words)?;
        let _quiet = Quiet::new();
        // The image writer refuses a codec and a rate; it has neither.
        let is_images = wanted.backend == Backend::Images;
        let (tag, fps) = if is_images { (0, 0.0) } else { (wanted.fourcc.code(), wanted.fps) };
        let (api, area) = (wanted.backend.code(), Size::new(width, height));
        let writer = videoio::VideoWriter::new_with_backend(wanted.name, api, tag, fps, area, wanted.is_colour);
        let writer = writer.map_err(words)?;
        if writer.is_opened().map_err(words)? {
            Ok(Box::new(LinkedVideo { writer, picture }))
        } else {
            Err(String::new())
        }
    }

    #[inline]
    fn headers(&self, path: &Path) -> Result<Option<Headers>, Words> {
        open_capture(path)?.map(|capture| headers_of(&capture)).transpose()
    }

    #[inline]
    fn probe(&self, path: &Path) -> Result<Option<Probed>, Words> {
        let Some(mut capture) = open_capture(path)? else { return Ok(None) };
        let headers = headers_of(&capture)?;
        let (mut picture, mut frames, mut size) = (Mat::default(), 0, Resolution::new(0, 0));
        while capture.read(&mut picture).map_err(words)? {
            if frames == 0 {
                let pixels = |count: i32| u32::try_from(count).unwrap_or(0);
                size = Resolution::new(pixels(picture.cols()), pixels(picture.rows()));
            }
            frames += 1;
        }
        Ok(Some(Probed { frames, size, fps: headers.fps, fourcc: headers.fourcc }))
    }
}

impl OpenVideo for LinkedVideo {
    #[inline]
    fn picture(&mut self) -> Result<&mut [u8], Words> {
        self.picture.data_bytes_mut().map_err(words)
    }

    #[inline]
    fn write(&mut self) -> Result<(), Words> {
        self.writer.write(&self.picture).map_err(words)
    }

    #[inline]
    fn release(&mut self) -> Result<(), Words> {
        self.writer.release().map_err(words)
    }

    #[inline]
    fn backend(&self) -> Option<String> {
        self.writer.get_backend_name().ok()
    }
}

#[inline]
fn open_capture(path: &Path) -> Result<Option<VideoCapture>, Words> {
    let _quiet = Quiet::new();
    // With these two first, a path is never tried as something else.
    for api in [videoio::CAP_FFMPEG, videoio::CAP_OPENCV_MJPEG, videoio::CAP_ANY] {
        if let Ok(capture) = VideoCapture::from_file(path, api)
            && capture.is_opened().map_err(words)?
        {
            return Ok(Some(capture));
        }
    }
    Ok(None)
}

#[inline]
fn headers_of(capture: &VideoCapture) -> Result<Headers, Words> {
    let get = |property| capture.get(property).map_err(words);
    let frames = get(videoio::CAP_PROP_FRAME_COUNT)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a count")]
    let frames = (1.0..1e15).contains(&frames).then(|| frames.round() as u64);
    let fourcc = Fourcc::from_code(get(videoio::CAP_PROP_FOURCC)?);
    Ok(Headers { fourcc, fps: get(videoio::CAP_PROP_FPS)?, frames })
}

#[inline]
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn words(error: opencv::Error) -> Words {
    error.message.trim().to_owned()
}

/// OpenCV's log, silent until dropped. The level belongs to the whole process, hence one at a time.
struct Quiet {
    before: Option<LogLevel>,
    _alone: MutexGuard<'static, ()>,
}

impl Quiet {
    #[inline]
    fn new() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        Self { before: core::set_log_level(LogLevel::LOG_LEVEL_SILENT).ok(), _alone: alone }
    }
}

impl Drop for Quiet {
    #[inline]
    fn drop(&mut self) {
        // Where the level cannot be set it was not silenced either.
        if let Some(before) = self.before {
            core::set_log_level(before).unwrap_or(before);
        }
    }
}
