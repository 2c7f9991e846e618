//! What OpenCV itself finds in a finished file.

use std::path::Path;

use super::error::WriterError;
use super::native::{OpenCv, opencv};
use super::settings::Fourcc;
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
#[inline]
pub fn probe(path: &Path) -> Result<Probed, WriterError> {
    probe_with(opencv(), path)
}

fn probe_with(opencv: &dyn OpenCv, path: &Path) -> Result<Probed, WriterError> {
    let found = opencv.probe(path).map_err(WriterError::OpenCv)?;
    found.ok_or_else(|| WriterError::Unreadable { path: path.to_owned() })
}
