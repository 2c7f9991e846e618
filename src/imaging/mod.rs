//! Pixels in, pixels out: colour conversion, MJPEG, padding, scaling, and the small picture of a preview.
//!
//! Knows no threads, no clock and nothing of egui; everything here is a function of its input and may be called
//! from any one thread at a time. What leaves the room is always NV12 in limited range, because that is what
//! every encoder takes and what a `yuv420p` file holds.
//!
//! # Which numbers a file gets
//! * A screen (RGB) is converted with the matrix that players assume for the recording's height.
//! * A camera's YUV is not re-matrixed: its numbers go into the file as they are and the tag says BT.601.
//! * A camera's JPEG is full-range BT.601; its range is narrowed and the matrix stays.
//!
//! [`natural_colour`] decides this once, when a recording starts. A [`Nv12Converter`] that is asked for another
//! matrix than a later source has (camera instead of screen) converts the numbers properly. Primaries and
//! transfer are tags only: no number changes for them.

mod convert;
mod jpeg;
mod nv12;
mod preview;
mod recode;
mod rgb;
mod scale;
mod source;
#[cfg(test)]
mod testing;

pub use convert::{Mirror, Nv12Converter};
pub use nv12::Nv12;
pub use preview::{PreviewImage, Previewer, Rgba, snapshot_rgba, to_rgba};
pub use rgb::rgb_to_nv12;

use crate::media::{Colour, Frame, Matrix, Payload, PixelFormat, Range, Resolution, Transfer};

/// Why a picture could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImagingError {
    /// The wanted size is odd, zero or beyond every encoder.
    #[error("a video of {size} is not possible: both sides must be even, from 2 to {}", Resolution::MAX_SIDE)]
    BadTarget {
        /// The size asked for.
        size: Resolution,
    },
    /// The wanted colour description is none we write.
    #[error("video is written in limited-range BT.601 or BT.709, not in {colour:?}")]
    BadColour {
        /// The colour asked for.
        colour: Colour,
    },
    /// The picture's memory does not hold what its size and format promise.
    #[error("a captured picture of {size} is shorter than its size says; select the source again")]
    ShortPicture {
        /// The promised size.
        size: Resolution,
    },
    /// A JPEG could not be read. One such frame is common with webcams: skip it and go on.
    #[error("the camera sent a picture that cannot be read ({reason}); if this goes on, choose another camera mode")]
    BadJpeg {
        /// The decoder's words.
        reason: String,
    },
    /// H.264 of a camera: recorded as it comes, and decoded nowhere here.
    #[error("H.264 from a camera is recorded as it comes and is not shown here")]
    NotDecoded,
    /// The conversion itself refused: a bug or a size beyond its limits.
    #[error("a picture of {size} could not be converted: {reason}")]
    Refused {
        /// The picture's size.
        size: Resolution,
        /// The converter's words.
        reason: String,
    },
}

/// The colour description a recording of `height` lines gets when it starts with `frame`, so that the numbers of
/// the source need the least change (the module's text has the rule).
pub fn natural_colour(frame: &Frame, height: u32) -> Colour {
    let rgb = match &frame.payload {
        Payload::Planes(planes) => is_rgb_or_gray(planes.format()),
        Payload::Compressed { .. } => false,
    };
    if rgb || frame.colour.matrix == Matrix::Rgb {
        return Colour::for_recording(height);
    }
    // The BT.709 curve stands for sRGB in video by common practice; players treat the two alike.
    let transfer = if frame.colour.transfer == Transfer::Srgb { Transfer::Bt709 } else { frame.colour.transfer };
    Colour { range: Range::Limited, transfer, ..frame.colour }
}

const fn is_rgb_or_gray(format: PixelFormat) -> bool {
    use PixelFormat as P;
    matches!(format, P::Bgrx | P::Rgbx | P::Bgr24 | P::Rgb24 | P::Gray8)
}
