//! How the numbers of a picture stand for colours.

/// How YUV is computed from RGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// The picture is RGB: no matrix.
    Rgb,
    /// ITU-R BT.601, standard definition and most webcams.
    Bt601,
    /// ITU-R BT.709, high definition.
    Bt709,
}

/// Which numbers black and white have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// 16…235 for luma ("tv"): what players expect.
    Limited,
    /// 0…255 ("pc"): RGB and JPEG.
    Full,
}

/// Which red, green and blue are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Primaries {
    /// BT.709, shared with sRGB: every screen unless it says otherwise.
    Bt709,
    /// SMPTE 170M, standard definition.
    Smpte170m,
}

/// The curve between numbers and light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transfer {
    /// BT.709.
    Bt709,
    /// SMPTE 170M (the same curve under SD's name).
    Smpte170m,
    /// sRGB, what a desktop is drawn in.
    Srgb,
}

/// The colour description of a frame; it travels with the frame and ends as tags in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    /// The matrix.
    pub matrix: Matrix,
    /// The range.
    pub range: Range,
    /// The primaries.
    pub primaries: Primaries,
    /// The transfer curve.
    pub transfer: Transfer,
}

impl Colour {
    /// What a desktop or a drawn picture is: full-range sRGB.
    pub const SRGB: Self =
        Self { matrix: Matrix::Rgb, range: Range::Full, primaries: Primaries::Bt709, transfer: Transfer::Srgb };
    /// Limited BT.709: what we record in HD.
    pub const BT709: Self =
        Self { matrix: Matrix::Bt709, range: Range::Limited, primaries: Primaries::Bt709, transfer: Transfer::Bt709 };
    /// Limited BT.601: what we record in SD, and what UVC cameras send as YUYV.
    pub const BT601: Self = Self {
        matrix: Matrix::Bt601,
        range: Range::Limited,
        primaries: Primaries::Smpte170m,
        transfer: Transfer::Smpte170m,
    };
    /// Full-range BT.601: a camera's MJPEG (JFIF).
    pub const JPEG: Self =
        Self { matrix: Matrix::Bt601, range: Range::Full, primaries: Primaries::Bt709, transfer: Transfer::Srgb };

    /// The description a recording of this height gets: players assume BT.601 below 720 lines where a
    /// tag is missing and BT.709 from there on, so tag and guess agree.
    pub fn for_recording(height: u32) -> Self {
        if height >= 720 { Self::BT709 } else { Self::BT601 }
    }
}
