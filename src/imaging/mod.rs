//! STUB: only what the window needs to compile; the real room replaces this file.

use std::sync::Arc;

use crate::media::{Colour, Resolution, Timestamp};

/// A small NV12 picture for the preview, planes tightly packed, sides even.
#[derive(Clone, Debug)]
pub struct PreviewImage {
    /// Its size.
    pub size: Resolution,
    /// Luma, `width` bytes a row.
    pub y: Arc<Vec<u8>>,
    /// Chroma pairs, `width` bytes a row.
    pub uv: Arc<Vec<u8>>,
    /// What the numbers mean.
    pub colour: Colour,
    /// Counts the pictures.
    pub seq: u64,
    /// When the light was taken.
    pub captured_at: Timestamp,
}
