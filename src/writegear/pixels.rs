//! Every raw pixel format a frame may have: its name in ffmpeg, how it lies in memory, its tag in NUT.
//!
//! The names and layouts are ffmpeg's (`ffmpeg -pix_fmts`); a test compares each row's size with what ffmpeg makes of
//! it. Formats without a NUT tag reach ffmpeg as bare bytes, without time stamps.

use std::fmt;

use crate::media::Resolution;

/// How the pixels of a format lie in memory. Every plane begins at the top left, rows from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// All samples of a pixel side by side, in so many bytes.
    Packed(usize),
    /// Two pixels side by side in four bytes, sharing their colour.
    Packed422,
    /// Eight pixels a byte.
    Bits,
    /// Luma, then two planes of colour at `1 << x` by `1 << y` pixels a sample, then alpha if there are four planes.
    Planar { x: u32, y: u32, bytes: usize, planes: usize },
    /// Luma, then one plane of colour pairs.
    SemiPlanar { x: u32, y: u32, bytes: usize },
}

/// What the numbers of a format stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Red, green and blue, perhaps with alpha.
    Rgb,
    /// Luma and two colour differences.
    Yuv,
    /// Luma alone.
    Gray,
}

/// One plane of a format at a size: bytes of a row, number of rows, and bytes of the smallest unit that stands for a pixel
/// (or a pair of them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlaneSize {
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) unit: usize,
}

macro_rules! formats {
    ($($(#[$meta:meta])* $variant:ident = $name:literal, $family:ident, $depth:literal, $shape:expr, $tag:expr;)+) => {
        /// A raw pixel format under ffmpeg's name. Numbers above eight bits are little-endian unless the name ends in `Be`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum PixelFormat { $($(#[$meta])* #[doc = concat!("`", $name, "`.")] $variant,)+ }

        impl PixelFormat {
            /// Every format there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// ffmpeg's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What its numbers stand for.
            pub const fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)+ }
            }

            /// Bits of a sample.
            pub const fn depth_bits(self) -> u32 {
                match self { $(Self::$variant => $depth,)+ }
            }

            const fn shape(self) -> Shape {
                match self { $(Self::$variant => $shape,)+ }
            }

            /// The tag by which ffmpeg's raw decoder knows it in NUT; `None` if it has none.
            pub(super) const fn nut_tag(self) -> Option<[u8; 4]> {
                match self { $(Self::$variant => $tag,)+ }
            }
        }
    };
}

const fn planar(x: u32, y: u32, bytes: usize) -> Shape {
    Shape::Planar { x, y, bytes, planes: 3 }
}

const fn with_alpha(x: u32, y: u32, bytes: usize) -> Shape {
    Shape::Planar { x, y, bytes, planes: 4 }
}

const fn semi(x: u32, y: u32, bytes: usize) -> Shape {
    Shape::SemiPlanar { x, y, bytes }
}

use Shape::{Bits, Packed, Packed422};

formats! {
    Gray8 = "gray", Gray, 8, Packed(1), Some(*b"Y800");
    Gray10 = "gray10le", Gray, 10, Packed(2), Some(*b"Y1\x00\x0a");
    Gray12 = "gray12le", Gray, 12, Packed(2), Some(*b"Y1\x00\x0c");
    Gray16 = "gray16le", Gray, 16, Packed(2), Some(*b"Y1\x00\x10");
    Gray16Be = "gray16be", Gray, 16, Packed(2), Some(*b"\x10\x001Y");
    MonoWhite = "monow", Gray, 1, Bits, Some(*b"B1W0");
    MonoBlack = "monob", Gray, 1, Bits, Some(*b"B0W1");
    Ya8 = "ya8", Gray, 8, Packed(2), Some(*b"Y2\x00\x08");
    Ya16 = "ya16le", Gray, 16, Packed(4), None;
    Ya16Be = "ya16be", Gray, 16, Packed(4), None;
    Bgr24 = "bgr24", Rgb, 8, Packed(3), Some(*b"BGR\x18");
    Rgb24 = "rgb24", Rgb, 8, Packed(3), Some(*b"RGB\x18");
    Bgra = "bgra", Rgb, 8, Packed(4), Some(*b"BGRA");
    Rgba = "rgba", Rgb, 8, Packed(4), Some(*b"RGBA");
    Argb = "argb", Rgb, 8, Packed(4), Some(*b"ARGB");
    Abgr = "abgr", Rgb, 8, Packed(4), Some(*b"ABGR");
    /// The fourth byte means nothing.
    Bgr0 = "bgr0", Rgb, 8, Packed(4), Some(*b"BGR\0");
    /// The fourth byte means nothing.
    Rgb0 = "rgb0", Rgb, 8, Packed(4), Some(*b"RGB\0");
    Rgb565 = "rgb565le", Rgb, 5, Packed(2), Some(*b"RGB\x10");
    Bgr565 = "bgr565le", Rgb, 5, Packed(2), Some(*b"BGR\x10");
    Rgb555 = "rgb555le", Rgb, 5, Packed(2), Some(*b"RGB\x0f");
    Bgr48 = "bgr48le", Rgb, 16, Packed(6), Some(*b"BGR\x30");
    Bgr48Be = "bgr48be", Rgb, 16, Packed(6), Some(*b"\x30BGR");
    Rgb48 = "rgb48le", Rgb, 16, Packed(6), Some(*b"RGB\x30");
    Rgb48Be = "rgb48be", Rgb, 16, Packed(6), Some(*b"\x30RGB");
    Bgra64 = "bgra64le", Rgb, 16, Packed(8), Some(*b"BRA\x40");
    Bgra64Be = "bgra64be", Rgb, 16, Packed(8), Some(*b"\x40BRA");
    Rgba64 = "rgba64le", Rgb, 16, Packed(8), Some(*b"RBA\x40");
    Rgba64Be = "rgba64be", Rgb, 16, Packed(8), Some(*b"\x40RBA");
    Gbrp = "gbrp", Rgb, 8, planar(0, 0, 1), Some(*b"G3\x00\x08");
    Gbrp10 = "gbrp10le", Rgb, 10, planar(0, 0, 2), Some(*b"G3\x00\x0a");
    Gbrp12 = "gbrp12le", Rgb, 12, planar(0, 0, 2), Some(*b"G3\x00\x0c");
    Gbrp16 = "gbrp16le", Rgb, 16, planar(0, 0, 2), Some(*b"G3\x00\x10");
    Gbrap = "gbrap", Rgb, 8, with_alpha(0, 0, 1), Some(*b"G4\x00\x08");
    Nv12 = "nv12", Yuv, 8, semi(1, 1, 1), Some(*b"NV12");
    Nv21 = "nv21", Yuv, 8, semi(1, 1, 1), Some(*b"NV21");
    Nv16 = "nv16", Yuv, 8, semi(1, 0, 1), None;
    Nv24 = "nv24", Yuv, 8, semi(0, 0, 1), None;
    P010 = "p010le", Yuv, 10, semi(1, 1, 2), None;
    P016 = "p016le", Yuv, 16, semi(1, 1, 2), None;
    Yuyv = "yuyv422", Yuv, 8, Packed422, Some(*b"YUY2");
    Uyvy = "uyvy422", Yuv, 8, Packed422, Some(*b"UYVY");
    Yvyu = "yvyu422", Yuv, 8, Packed422, Some(*b"YVYU");
    Yuv410p = "yuv410p", Yuv, 8, planar(2, 2, 1), Some(*b"YUV9");
    Yuv411p = "yuv411p", Yuv, 8, planar(2, 0, 1), Some(*b"Y41B");
    Yuv420p = "yuv420p", Yuv, 8, planar(1, 1, 1), Some(*b"I420");
    Yuv422p = "yuv422p", Yuv, 8, planar(1, 0, 1), Some(*b"Y42B");
    Yuv440p = "yuv440p", Yuv, 8, planar(0, 1, 1), Some(*b"440P");
    Yuv444p = "yuv444p", Yuv, 8, planar(0, 0, 1), Some(*b"444P");
    /// Full range.
    Yuvj420p = "yuvj420p", Yuv, 8, planar(1, 1, 1), Some(*b"I420");
    /// Full range.
    Yuvj422p = "yuvj422p", Yuv, 8, planar(1, 0, 1), Some(*b"Y42B");
    /// Full range.
    Yuvj444p = "yuvj444p", Yuv, 8, planar(0, 0, 1), Some(*b"444P");
    Yuv420p10 = "yuv420p10le", Yuv, 10, planar(1, 1, 2), Some(*b"Y3\x0b\x0a");
    Yuv422p10 = "yuv422p10le", Yuv, 10, planar(1, 0, 2), Some(*b"Y3\x0a\x0a");
    Yuv444p10 = "yuv444p10le", Yuv, 10, planar(0, 0, 2), Some(*b"Y3\x00\x0a");
    Yuv420p12 = "yuv420p12le", Yuv, 12, planar(1, 1, 2), Some(*b"Y3\x0b\x0c");
    Yuv422p12 = "yuv422p12le", Yuv, 12, planar(1, 0, 2), Some(*b"Y3\x0a\x0c");
    Yuv444p12 = "yuv444p12le", Yuv, 12, planar(0, 0, 2), Some(*b"Y3\x00\x0c");
    Yuv420p16 = "yuv420p16le", Yuv, 16, planar(1, 1, 2), Some(*b"Y3\x0b\x10");
    Yuv422p16 = "yuv422p16le", Yuv, 16, planar(1, 0, 2), Some(*b"Y3\x0a\x10");
    Yuv444p16 = "yuv444p16le", Yuv, 16, planar(0, 0, 2), Some(*b"Y3\x00\x10");
    Yuva420p = "yuva420p", Yuv, 8, with_alpha(1, 1, 1), Some(*b"Y4\x0b\x08");
    Yuva422p = "yuva422p", Yuv, 8, with_alpha(1, 0, 1), Some(*b"Y4\x0a\x08");
    Yuva444p = "yuva444p", Yuv, 8, with_alpha(0, 0, 1), Some(*b"Y4\x00\x08");
}

impl PixelFormat {
    /// The format of this name; ffmpeg's names without an ending (`gray16`, `rgb48`) mean the little-endian one.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let little = format!("{name}le");
        Self::ALL.iter().copied().find(|format| format.name() == name || format.name() == little)
    }

    /// The format of a picture of `channels` samples of `bits` a pixel, as image libraries hold it (blue first):
    /// `WriteGear`'s rule for arrays. `None` for other than 1 to 4 channels of 8 or 16 bits.
    pub const fn of_channels(channels: usize, bits: u32) -> Option<Self> {
        match (channels, bits) {
            (1, 8) => Some(Self::Gray8),
            (2, 8) => Some(Self::Ya8),
            (3, 8) => Some(Self::Bgr24),
            (4, 8) => Some(Self::Bgra),
            (1, 16) => Some(Self::Gray16),
            (2, 16) => Some(Self::Ya16),
            (3, 16) => Some(Self::Bgr48),
            (4, 16) => Some(Self::Bgra64),
            _ => None,
        }
    }

    /// The same format with red and blue changed over: `rgb_mode`. Formats without that order stay.
    #[must_use]
    pub const fn red_first(self) -> Self {
        match self {
            Self::Bgr24 => Self::Rgb24,
            Self::Bgra => Self::Rgba,
            Self::Bgr0 => Self::Rgb0,
            Self::Bgr48 => Self::Rgb48,
            Self::Bgr48Be => Self::Rgb48Be,
            Self::Bgra64 => Self::Rgba64,
            Self::Bgra64Be => Self::Rgba64Be,
            other => other,
        }
    }

    /// Pixels that share a sample of colour, across and down, as powers of two.
    pub(super) const fn chroma_shift(self) -> (u32, u32) {
        match self.shape() {
            Shape::Planar { x, y, .. } | Shape::SemiPlanar { x, y, .. } => (x, y),
            Shape::Packed422 => (1, 0),
            Shape::Packed(_) | Shape::Bits => (0, 0),
        }
    }

    pub(super) fn planes(self, size: Resolution) -> Vec<PlaneSize> {
        let (width, height) = (size.width as usize, size.height as usize);
        let plane = |row, rows, unit| PlaneSize { row, rows, unit };
        match self.shape() {
            Shape::Packed(bytes) => vec![plane(width * bytes, height, bytes)],
            Shape::Packed422 => vec![plane(width.div_ceil(2) * 4, height, 4)],
            Shape::Bits => vec![plane(width.div_ceil(8), height, 1)],
            Shape::Planar { x, y, bytes, planes } => {
                let luma = plane(width * bytes, height, bytes);
                let colour = plane(width.div_ceil(1 << x) * bytes, height.div_ceil(1 << y), bytes);
                [luma, colour, colour, luma].into_iter().take(planes).collect()
            }
            Shape::SemiPlanar { x, y, bytes } => {
                let colour = plane(width.div_ceil(1 << x) * 2 * bytes, height.div_ceil(1 << y), 2 * bytes);
                vec![plane(width * bytes, height, bytes), colour]
            }
        }
    }

    /// How many planes it has.
    pub fn plane_count(self) -> usize {
        self.planes(Resolution::new(2, 2)).len()
    }

    /// Bytes of a tightly packed picture.
    pub fn packed_len(self, size: Resolution) -> usize {
        self.planes(size).iter().map(|plane| plane.row * plane.rows).sum()
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<crate::media::PixelFormat> for PixelFormat {
    fn from(format: crate::media::PixelFormat) -> Self {
        use crate::media::PixelFormat as Captured;
        match format {
            Captured::Bgrx => Self::Bgr0,
            Captured::Rgbx => Self::Rgb0,
            Captured::Bgr24 => Self::Bgr24,
            Captured::Rgb24 => Self::Rgb24,
            Captured::Gray8 => Self::Gray8,
            Captured::Nv12 => Self::Nv12,
            Captured::I420 => Self::Yuv420p,
            Captured::Yuyv => Self::Yuyv,
            Captured::Uyvy => Self::Uyvy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffmpeg::{Limits, find, run};
    use crate::rt::StopSource;

    #[test]
    fn names_are_read_back_and_endings_may_be_left_out() {
        for format in PixelFormat::ALL {
            assert_eq!(PixelFormat::from_name(format.name()), Some(*format));
        }
        assert_eq!(PixelFormat::from_name(" GRAY16 "), Some(PixelFormat::Gray16));
        assert_eq!(PixelFormat::from_name("invalid"), None);
    }

    #[test]
    fn channels_and_depth_make_a_format() {
        assert_eq!(PixelFormat::of_channels(3, 8), Some(PixelFormat::Bgr24));
        assert_eq!(PixelFormat::of_channels(4, 16).map(PixelFormat::red_first), Some(PixelFormat::Rgba64));
        for (channels, bits) in [(0, 8), (5, 8), (3, 32), (1, 64)] {
            assert_eq!(PixelFormat::of_channels(channels, bits), None);
        }
    }

    /// Every row of the table against ffmpeg itself: bytes of an odd-sized picture, and the tag in a NUT header.
    #[test]
    fn ffmpeg_agrees_with_every_row_of_the_table() {
        let ffmpeg = find(None).unwrap();
        let never = StopSource::new();
        let size = Resolution::new(7, 5);
        let ask = |words: String| {
            let words = words.split_whitespace().map(Into::into).collect();
            run(&ffmpeg.program, words, &Limits::default(), &never.token()).unwrap().unwrap()
        };
        let known = ask("-hide_banner -pix_fmts".to_owned()).text();
        for format in PixelFormat::ALL {
            // An older ffmpeg may not know it, or not be able to make it.
            if !known
                .lines()
                .any(|line| line.starts_with("IO") && line.split_whitespace().nth(1) == Some(format.name()))
            {
                continue;
            }
            let source = format!("-v error -f lavfi -i testsrc=s={size}:r=1:d=1 -frames:v 1 -pix_fmt {format}");
            let raw = ask(format!("{source} -f rawvideo -strict -1 pipe:1")).stdout;
            assert_eq!(raw.len(), format.packed_len(size), "{format}");
            let Some(tag) = format.nut_tag() else { continue };
            let nut = ask(format!("{source} -c:v rawvideo -f nut -strict -1 pipe:1")).stdout;
            let back = crate::nut::Reader::new(&nut[..]).read_headers().unwrap();
            assert_eq!(back[0].fourcc, tag, "{format}");
        }
    }
}
