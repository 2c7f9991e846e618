//! Pictures that come encoded, as cameras send them: what must be known of them to record them as they are.

mod jpeg;

use std::borrow::Cow;

use crate::media::{CompressedFormat, h264};

/// Whether a decoder can begin with this picture.
///
/// Every JPEG will do. Of H.264 it is an access unit with an IDR picture and both parameter sets: the file's header
/// needs them, and cameras send them along with every IDR picture.
pub fn can_begin(format: CompressedFormat, data: &[u8]) -> bool {
    match format {
        CompressedFormat::Mjpeg => jpeg::is_jpeg(data),
        CompressedFormat::H264 => h264::is_key(data) && h264::parameter_sets(data).is_some(),
    }
}

/// Whether a player may jump to this picture.
pub(super) fn is_key(format: CompressedFormat, data: &[u8]) -> bool {
    match format {
        CompressedFormat::Mjpeg => true,
        CompressedFormat::H264 => h264::is_key(data),
    }
}

/// What stands in a file's header for this first picture.
pub(super) fn parameters(format: CompressedFormat, data: &[u8]) -> Vec<u8> {
    match format {
        CompressedFormat::Mjpeg => Vec::new(),
        CompressedFormat::H264 => h264::parameter_sets(data).unwrap_or_default(),
    }
}

/// The picture as players need it.
pub(super) fn playable(format: CompressedFormat, data: &[u8]) -> Cow<'_, [u8]> {
    match format {
        CompressedFormat::Mjpeg => jpeg::with_huffman_tables(data),
        CompressedFormat::H264 => Cow::Borrowed(data),
    }
}
