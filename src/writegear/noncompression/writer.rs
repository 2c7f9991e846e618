//! The writer itself.

use std::fmt;
use std::path::{Path, PathBuf};

use super::backend::Backend;
use super::convert::convert;
use super::error::WriterError;
use super::native::{OpenCv, OpenVideo, Wanted, opencv};
use super::picture::{Picture, Pixels};
use super::settings::{Channels, Fourcc, Output, Settings, is_fps};
use super::target::{Target, is_pattern};
use crate::media::Resolution;

/// Containers whose headers OpenCV reads back with a trustworthy count.
const CHECKED: &[&str] = &["avi", "mp4", "m4v", "mov", "mkv"];
/// Matroska tells a length and no count; B-frames at its end may hide two.
const COUNT_TOLERANCE: u64 = 2;

/// A video being written. Dropping it finishes the file too.
pub struct VideoWriter {
    /// `None` once closed.
    open: Option<Box<dyn OpenVideo>>,
    opencv: &'static dyn OpenCv,
    target: Target,
    settings: Settings,
    size: Resolution,
    padded: Resolution,
    pixels: Option<Pixels>,
    frames: u64,
    backend: String,
    report: Option<Report>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Pictures, repeats included.
    pub frames: u64,
    /// The file, or the pattern of numbered pictures; a pipeline's files are its own affair. `None` too when no
    /// picture came: then no file is left.
    pub path: Option<PathBuf>,
    /// Size of the video.
    pub size: Resolution,
    /// Which part of OpenCV wrote.
    pub backend: String,
    /// What is otherwise than asked for.
    pub remarks: Vec<Remark>,
}

/// Something that OpenCV did otherwise than it was asked to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Remark {
    /// The container does not know the codec's tag.
    TagReplaced {
        /// As asked for.
        asked: Fourcc,
        /// In the file.
        stored: Fourcc,
    },
    /// The container holds another rate.
    RateChanged {
        /// As asked for.
        asked: f64,
        /// In the file.
        stored: f64,
    },
    /// An odd size grew by a repeated row or column; OpenCV would have cut one off.
    Padded {
        /// The pictures'.
        from: Resolution,
        /// The video's.
        to: Resolution,
    },
    /// No picture came, so no file is left.
    NoPictures,
    /// OpenCV wrote the file but cannot read this container, so nothing of it was checked.
    NotReadBack,
}

impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TagReplaced { asked, stored } => {
                write!(formatter, "this container does not know {asked}: OpenCV stored the tag {stored} instead")
            }
            Self::RateChanged { asked, stored } => {
                write!(formatter, "{asked} pictures a second were asked for, the file says {stored}")
            }
            Self::Padded { from, to } => {
                write!(formatter, "pictures of {from} became {to}, because this codec needs even sides")
            }
            Self::NoPictures => formatter.write_str("no picture came, so no file was left"),
            Self::NotReadBack => formatter.write_str("OpenCV cannot read this container, so it was not checked"),
        }
    }
}

impl VideoWriter {
    /// Opens `output` for pictures of `size`. Every error leaves the disk as it was.
    ///
    /// Inlined, so that only who calls it links OpenCV: a caller inside this library must be `#[inline]` too.
    #[inline]
    pub fn open(output: &Output, settings: &Settings, size: Resolution) -> Result<Self, WriterError> {
        Self::open_with(opencv(), output, settings, size)
    }

    pub(super) fn open_with(
        opencv: &'static dyn OpenCv,
        output: &Output,
        settings: &Settings,
        size: Resolution,
    ) -> Result<Self, WriterError> {
        if !is_fps(settings.fps) {
            return Err(WriterError::Rate { fps: settings.fps });
        }
        if Resolution::checked(size.width, size.height).is_none() {
            return Err(WriterError::Size { size });
        }
        let backend = backend_for(output, settings.backend)?;
        if !backend.is_in(opencv) {
            return Err(WriterError::BackendMissing { backend, available: opencv.writers() });
        }
        let mut target = Target::claim(output, settings)?;
        let backend = if matches!(target, Target::Pattern { .. }) { Backend::Images } else { backend };
        let padded = if backend == Backend::Images { size } else { size.padded_even() };
        let wanted = Wanted {
            name: target.text(),
            backend,
            fourcc: settings.fourcc,
            fps: settings.fps,
            size: padded,
            is_colour: settings.channels == Channels::Colour,
        };
        let open = match opencv.open(&wanted) {
            Ok(open) => open,
            Err(words) => {
                let error = refusal(opencv, &target, settings.fourcc, backend, words);
                target.withdraw();
                return Err(error);
            }
        };
        Ok(Self {
            backend: open.backend().unwrap_or_else(|| backend.to_string()),
            open: Some(open),
            opencv,
            target,
            settings: *settings,
            size,
            padded,
            pixels: None,
            frames: 0,
            report: None,
        })
    }

    /// Writes one picture, in the format of the first. After an error the file is as good as before.
    pub fn write(&mut self, picture: &Picture<'_>) -> Result<(), WriterError> {
        let Some(open) = &mut self.open else { return Err(WriterError::Closed) };
        if picture.size != self.size {
            return Err(WriterError::SizeChanged { expected: self.size, got: picture.size });
        }
        if let Some(expected) = self.pixels
            && expected != picture.pixels
        {
            return Err(WriterError::FormatChanged { expected, got: picture.pixels });
        }
        picture.check()?;
        convert(picture, self.settings.channels, self.padded, open.picture().map_err(WriterError::OpenCv)?);
        open.write().map_err(WriterError::OpenCv)?;
        self.pixels = Some(picture.pixels);
        self.count();
        Ok(())
    }

    /// Writes the last picture once more.
    pub fn repeat(&mut self) -> Result<(), WriterError> {
        let Some(open) = &mut self.open else { return Err(WriterError::Closed) };
        if self.frames == 0 {
            return Err(WriterError::NothingToRepeat);
        }
        open.write().map_err(WriterError::OpenCv)?;
        self.count();
        Ok(())
    }

    /// Pictures written so far.
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Finishes the file, reads it back and reports. Once more it gives the same report; after a file that turned
    /// out bad it says that the video is closed.
    pub fn close(&mut self) -> Result<Report, WriterError> {
        let Some(mut open) = self.open.take() else { return self.report.clone().ok_or(WriterError::Closed) };
        let released = open.release();
        drop(open);
        let mut remarks = Vec::new();
        if self.frames == 0 {
            self.target.withdraw();
            remarks.push(Remark::NoPictures);
        }
        released.map_err(WriterError::OpenCv)?;
        if self.frames > 0 {
            if self.padded != self.size {
                remarks.push(Remark::Padded { from: self.size, to: self.padded });
            }
            remarks.extend(self.read_back()?);
        }
        let path = self.target.path().filter(|_| self.frames > 0).map(Path::to_owned);
        let report = Report { frames: self.frames, path, size: self.padded, backend: self.backend.clone(), remarks };
        self.report = Some(report.clone());
        Ok(report)
    }

    fn count(&mut self) {
        if self.frames == 0 {
            self.target.settle();
        }
        self.frames += 1;
    }

    /// Compares the finished file with what was asked for.
    fn read_back(&self) -> Result<Vec<Remark>, WriterError> {
        let Target::File { path, .. } = &self.target else { return Ok(Vec::new()) };
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let is_checked = CHECKED.contains(&extension.as_str());
        let Some(found) = self.opencv.headers(path).map_err(WriterError::OpenCv)? else {
            if is_checked {
                return Err(WriterError::Unreadable { path: path.clone() });
            }
            return Ok(vec![Remark::NotReadBack]);
        };
        let count = found.frames.filter(|_| is_checked).unwrap_or(self.frames);
        if count + COUNT_TOLERANCE < self.frames {
            return Err(WriterError::Lost { path: path.clone(), written: self.frames, found: count });
        }
        let (asked, mut remarks) = (self.settings.fourcc, Vec::new());
        if let Some(stored) = found.fourcc
            && is_replaced(asked, stored, &extension)
        {
            remarks.push(Remark::TagReplaced { asked, stored });
        }
        // OpenCV's own fraction is within a thousandth; a container's time base may add as much.
        if is_checked && (found.fps - self.settings.fps).abs() > 0.002 * self.settings.fps.max(1.0) {
            remarks.push(Remark::RateChanged { asked: self.settings.fps, stored: found.fps });
        }
        Ok(remarks)
    }
}

/// AVI and MP4 store tags; Matroska names codecs in its own words, where only another codec tells.
fn is_replaced(asked: Fourcc, stored: Fourcc, extension: &str) -> bool {
    let stores_tags = matches!(extension, "avi" | "mp4" | "m4v" | "mov");
    let same_letters = asked.to_string().eq_ignore_ascii_case(&stored.to_string());
    if stores_tags { !same_letters } else { !asked.same_codec(stored) }
}

fn backend_for(output: &Output, asked: Backend) -> Result<Backend, WriterError> {
    match output {
        Output::Pipeline(_) if matches!(asked, Backend::Auto | Backend::Gstreamer) => Ok(Backend::Gstreamer),
        Output::Pipeline(_) => Err(WriterError::NotForPipelines { backend: asked }),
        Output::File(path) if is_pattern(&path.to_string_lossy(), asked) => Ok(Backend::Images),
        Output::File(_) => Ok(asked),
    }
}

/// Why OpenCV did not open a target that the system lets us write.
fn refusal(opencv: &dyn OpenCv, target: &Target, fourcc: Fourcc, backend: Backend, words: String) -> WriterError {
    match target {
        Target::Pipeline(_) => WriterError::PipelineRefused { words },
        Target::File { path, .. } | Target::Pattern { path, .. } => {
            WriterError::Refused { path: path.clone(), fourcc, backend, available: opencv.writers(), words }
        }
    }
}

impl Drop for VideoWriter {
    fn drop(&mut self) {
        if self.open.is_some()
            && let Err(error) = self.close()
        {
            log::warn!("a video that was dropped open: {error}");
        }
    }
}
