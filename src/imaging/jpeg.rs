//! A camera's JPEG, decoded to the numbers it holds, by libjpeg-turbo: no chroma is spread out, nothing becomes RGB.
//!
//! Measured on two cores of an EPYC with ffmpeg 5.1, milliseconds of CPU for a 1080p picture until it is NV12
//! (`make bench-camera` measures the first and the last anew):
//!
//! | picture | this | zune-jpeg 0.5 (only as 4:4:4) | ffmpeg with one thread, swscale |
//! |---|---|---|---|
//! | 4:2:2, 614 kB | 10.0 | 17.1 | 17.7 |
//! | 4:2:0, 452 kB | 7.1 | 14.0 | 12.4 |
//! | 4:2:2, 180 kB | 4.7 | 9.3 | 12.0 |
//!
//! Reading the Huffman codes is three quarters of it, so decoding fewer pixels saves less than one would think: a
//! preview from a half costs 8.7, 3.5 ms of the 4:2:2 pictures instead of 10.5, 5.1 ms, and of a 4K one (530 kB)
//! 12.7 ms instead of 16.2. The library is built with the program and linked into it: nothing has to be installed
//! to run, and Debian 12 has only a version that the crate cannot use.

use std::borrow::Cow;

use turbojpeg::{
    Colorspace, DecompressHeader, Decompressor, Error, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage,
    yuv_pixels_len,
};

use super::ImagingError;
use super::scale::shrink_factor;
use crate::media::Resolution;

/// More passes over a picture than any camera's JPEG has: a crafted one could keep a processor busy for minutes.
const MOST_SCANS: u32 = 64;

/// How much of a picture is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every pixel.
    Whole,
    /// It will be shrunk by [`shrink_factor`] for this size: a half, a quarter or an eighth is enough to decode.
    ToShrink(Resolution),
}

impl Detail {
    /// By what the decoder may divide both sides.
    fn divisor(self, size: Resolution) -> u32 {
        let factor = match self {
            Self::Whole => 1,
            Self::ToShrink(max) => shrink_factor(size, max),
        };
        [8, 4, 2].into_iter().find(|divisor| *divisor <= factor).unwrap_or(1)
    }
}

/// What the decoded bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JpegLayout {
    /// Luma only.
    Gray,
    /// Three planes; one chroma place stands for so many pixels across and down.
    Ycc { across: usize, down: usize },
    /// Red, green, blue a pixel.
    Rgb,
}

/// A decoded picture; its memory is used again for the next one.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Pixels decoded.
    pub(super) size: Resolution,
    /// By what both sides of the whole picture were divided (rounded up).
    pub(super) divisor: u32,
    /// The whole picture.
    pub(super) whole: Resolution,
    pub(super) layout: JpegLayout,
    bytes: Vec<u8>,
    /// Where each plane starts and how long its rows are.
    planes: [(usize, usize); 3],
    decoder: Option<Decompressor>,
}

impl Default for Decoded {
    fn default() -> Self {
        let nothing = Resolution::new(0, 0);
        Self {
            size: nothing,
            divisor: 1,
            whole: nothing,
            layout: JpegLayout::Gray,
            bytes: Vec::new(),
            planes: [(0, 0); 3],
            decoder: None,
        }
    }
}

impl Decoded {
    /// Decodes one picture, of about the size that the camera announced. Damaged data gives an error or a damaged
    /// picture; a size far from the announced one is damage too, or one bad byte would cost gigabytes.
    pub(super) fn decode(&mut self, data: &[u8], announced: Resolution, detail: Detail) -> Result<(), ImagingError> {
        self.decode_ended(&ended(data), announced, detail).map_err(|reason| ImagingError::BadJpeg { reason })
    }

    fn decode_ended(&mut self, data: &[u8], announced: Resolution, detail: Detail) -> Result<(), String> {
        let mut decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => new_decoder().map_err(|error| words(&error))?,
        };
        let (data, header) = match decoder.read_header(data) {
            Err(error) if is_harmless(&error) => {
                let clean = without_strays(data).ok_or_else(|| words(&error))?;
                let header = decoder.read_header(&clean).map_err(|error| words(&error))?;
                (Cow::Owned(clean), header)
            }
            read => (Cow::Borrowed(data), read.map_err(|error| words(&error))?),
        };
        self.whole = checked_size(&header, announced)?;
        self.divisor = detail.divisor(self.whole);
        let scale = ScalingFactor::new(1, self.divisor as usize);
        decoder.set_scaling_factor(scale).map_err(|error| words(&error))?;
        let (width, height) = (self.whole.width.div_ceil(self.divisor), self.whole.height.div_ceil(self.divisor));
        self.size = Resolution::new(width, height);
        let filled = self.fill(&mut decoder, &data, &header.scaled(scale));
        self.decoder = Some(decoder);
        filled.or_else(|error| if is_harmless(&error) { Ok(()) } else { Err(words(&error)) })
    }

    /// The pixels of a picture whose header was read without complaint.
    fn fill(&mut self, decoder: &mut Decompressor, data: &[u8], header: &DecompressHeader) -> Result<(), Error> {
        let DecompressHeader { width, height, subsamp, .. } = *header;
        if header.colorspace == Colorspace::RGB {
            self.layout = JpegLayout::Rgb;
            self.planes = [(0, width * 3); 3];
            self.bytes.resize(width * height * 3, 0);
            let pixels = self.bytes.as_mut_slice();
            let format = PixelFormat::RGB;
            return decoder.decompress(data, Image { pixels, width, pitch: width * 3, height, format });
        }
        self.bytes.resize(yuv_pixels_len(width, 1, height, subsamp)?, 0);
        let picture = YuvImage { pixels: self.bytes.as_mut_slice(), width, align: 1, height, subsamp };
        let (luma, chroma) = (picture.y_size(), picture.uv_size());
        let (u, v) = (luma.0 * luma.1, luma.0 * luma.1 + chroma.0 * chroma.1);
        self.planes = [(0, luma.0), (u, chroma.0), (v, chroma.0)];
        self.layout = match (subsamp, subsamp.size()) {
            (Subsamp::Gray, _) => JpegLayout::Gray,
            (_, (across, down)) => JpegLayout::Ycc { across, down },
        };
        decoder.decompress_to_yuv(data, picture)
    }

    /// The bytes from a plane's first pixel on, and the length of its rows. A picture that is not [`JpegLayout::Ycc`]
    /// has only the first.
    pub(super) fn plane(&self, index: usize) -> (&[u8], usize) {
        let (start, stride) = self.planes[index];
        (&self.bytes[start..], stride)
    }
}

fn new_decoder() -> Result<Decompressor, Error> {
    let mut decoder = Decompressor::new()?;
    decoder.set_scan_limit(MOST_SCANS)?;
    Ok(decoder)
}

fn checked_size(header: &DecompressHeader, announced: Resolution) -> Result<Resolution, String> {
    let narrow = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let most = |side: u32| side.min(Resolution::MAX_SIDE) * 2;
    let size = Resolution::checked(narrow(header.width), narrow(header.height)).ok_or("its size is impossible")?;
    if size.width > most(announced.width) || size.height > most(announced.height) {
        return Err(format!("it is {size}, announced were {announced}"));
    }
    if header.is_lossless || matches!(header.colorspace, Colorspace::CMYK | Colorspace::YCCK) {
        return Err("it is of a kind that no camera makes".to_owned());
    }
    Ok(size)
}

/// The picture with an end mark. A camera forgets it now and then, and then the library's words could not tell a
/// whole picture from a torn one.
fn ended(data: &[u8]) -> Cow<'_, [u8]> {
    const END: [u8; 2] = [0xFF, 0xD9];
    // Behind the mark lie at most what was left of a longer picture before: the search ends soon.
    if data.windows(2).rev().any(|pair| pair == END) {
        return Cow::Borrowed(data);
    }
    Cow::Owned([data, END.as_slice()].concat())
}

/// The picture without the bytes that lie between the parts of its header; the library steps over them, but its safe
/// interface then does not say what it read.
fn without_strays(data: &[u8]) -> Option<Vec<u8>> {
    let (start, mut rest) = data.split_at_checked(2)?;
    let mut clean = start.to_vec();
    loop {
        let mark = rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF))?;
        rest = &rest[mark..];
        if rest[1] == 0xDA {
            clean.extend_from_slice(rest);
            return Some(clean);
        }
        let len = u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]);
        let (part, behind) = rest.split_at_checked(2 + usize::from(len))?;
        clean.extend_from_slice(part);
        rest = behind;
    }
}

/// The library also reports pictures that are whole but for bytes between their parts, which many cameras put there;
/// its safe interface tells that from a torn picture in words only. It keeps the first complaint.
fn is_harmless(error: &Error) -> bool {
    matches!(error, Error::TurboJpegError(words) if words.contains("extraneous bytes before marker"))
}

fn words(error: &Error) -> String {
    match error {
        Error::TurboJpegError(words) => words.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        JPEG_422, JPEG_GRAY, JPEG_ODD, Painted, SUBSAMPLINGS, assert_close, bars, jpeg_frame, jpeg_frame_of, jpeg_of,
        quarters, reference,
    };
    use super::super::{Mirror, Nv12, Nv12Converter, natural_colour};
    use super::*;
    use crate::media::{Changed, Colour};

    fn converted_of(data: &[u8], size: Resolution, colour: Colour) -> Nv12 {
        let mut converter = Nv12Converter::new(size.padded_even(), colour, Mirror::No).unwrap();
        converter.convert(&jpeg_frame_of(data, size), Changed::Unknown).unwrap().clone()
    }

    fn converted(data: &[u8], size: Resolution, colour: Colour) -> Nv12 {
        let mut converter = Nv12Converter::new(size, colour, Mirror::No).unwrap();
        converter.convert(&jpeg_frame(data), Changed::Unknown).unwrap().clone()
    }

    /// Compares the insides of the quarters: the blocks with their borders are smeared.
    fn assert_quarters(got: &Nv12, size: Resolution) {
        let want = reference(&quarters(size), got.colour);
        let inside =
            |at: usize, side: usize| (4..side / 2 - 10).contains(&at) || (side / 2 + 10..side - 4).contains(&at);
        let width = got.width();
        let mut compared = (got.clone(), want);
        for y in 0..got.height() {
            for x in 0..width {
                if !(inside(x, size.width as usize) && inside(y, size.height as usize)) {
                    let (luma, chroma) = (y * width + x, width * got.height() + y / 2 * width + x);
                    for at in [luma, chroma] {
                        compared.0.data[at] = 0;
                        compared.1.data[at] = 0;
                    }
                }
            }
        }
        assert!(compared.0.data.iter().filter(|value| **value > 0).count() > 500);
        assert_close(&compared.0, &compared.1, 2, &format!("JPEG {size}"));
    }

    #[test]
    fn a_webcams_jpeg_has_its_colours_in_either_matrix() {
        for colour in [natural_colour(&jpeg_frame(JPEG_422), 1080), Colour::BT709] {
            let size = Resolution::new(64, 48);
            assert_quarters(&converted(JPEG_422, size, colour), size);
        }
        let odd = Resolution::new(63, 47);
        assert_quarters(&converted(JPEG_ODD, odd.padded_even(), Colour::BT601), odd);
    }

    #[test]
    fn missing_huffman_tables_are_the_standard_ones() {
        let mut stripped = JPEG_422[..2].to_vec();
        let mut at = 2;
        while JPEG_422[at + 1] != 0xDA {
            let len = 2 + usize::from(u16::from_be_bytes([JPEG_422[at + 2], JPEG_422[at + 3]]));
            if JPEG_422[at + 1] != 0xC4 {
                stripped.extend_from_slice(&JPEG_422[at..at + len]);
            }
            at += len;
        }
        stripped.extend_from_slice(&JPEG_422[at..]);
        assert!(stripped.len() < JPEG_422.len() - 300, "the tables were there");
        let size = Resolution::new(64, 48);
        assert!(converted(&stripped, size, Colour::BT601) == converted(JPEG_422, size, Colour::BT601));
    }

    #[test]
    fn every_kind_of_chroma_at_every_shape_is_right() {
        let sizes = [(64, 48), (63, 48), (64, 47), (33, 21), (131, 75), (2, 3), (1, 1)];
        for (width, height) in sizes {
            let size = Resolution::new(width, height);
            let painted = Painted::smooth(size);
            let kinds = SUBSAMPLINGS.map(|subsampling| (subsampling, Colorspace::YCbCr, 4));
            // Not every rounding goes the same way: the picture is in RGB twice.
            for (subsampling, colours, levels) in kinds.into_iter().chain([(Subsamp::None, Colorspace::RGB, 4)]) {
                let jpeg = jpeg_of(&painted, subsampling, colours);
                for colour in [Colour::BT601, Colour::BT709] {
                    let got = converted_of(&jpeg, size, colour);
                    let what = format!("{subsampling:?} {colours:?} {size} {:?}", colour.matrix);
                    assert_close(&got, &reference(&painted, colour), levels, &what);
                }
            }
        }
    }

    #[test]
    fn bars_have_their_colours() {
        let size = Resolution::new(256, 64);
        let painted = bars(size);
        let want = reference(&painted, Colour::BT601);
        for subsampling in SUBSAMPLINGS {
            let got = converted_of(&jpeg_of(&painted, subsampling, Colorspace::YCbCr), size, Colour::BT601);
            for bar in 0..8 {
                let (luma, chroma) = (30 * 256 + bar * 32 + 16, 15 * 256 + bar * 32 + 16);
                assert!(got.y()[luma].abs_diff(want.y()[luma]) <= 3, "{subsampling:?} luma of bar {bar}");
                for at in [chroma, chroma + 1] {
                    assert!(got.uv()[at].abs_diff(want.uv()[at]) <= 3, "{subsampling:?} chroma of bar {bar}");
                }
            }
        }
    }

    #[test]
    fn bytes_that_do_not_belong_there_change_nothing() {
        let size = Resolution::new(64, 48);
        let clean = converted(JPEG_422, size, Colour::BT601);
        let with = |at: usize, bytes: &[u8]| [&JPEG_422[..at], bytes, &JPEG_422[at..]].concat();
        let end = JPEG_422.len();
        let cases = [
            ("the tail of a longer picture before", with(end, &JPEG_ODD[JPEG_ODD.len() - 400..])),
            ("a buffer filled up", with(end, &[0; 5000])),
            ("a byte before the end mark", with(end - 2, &[0])),
            ("some before the end mark", with(end - 2, &[0x12; 7])),
            ("some before the header's second part", with(2, &[0, 0, 0x55])),
            ("no end mark", JPEG_422[..end - 2].to_vec()),
        ];
        for (what, data) in cases {
            assert!(converted(&data, size, Colour::BT601) == clean, "{what}");
        }
    }

    #[test]
    fn a_torn_picture_is_not_shown_as_a_whole_one() {
        let size = Resolution::new(320, 240);
        let jpeg = jpeg_of(&Painted::noise(size, 3), Subsamp::Sub2x1, Colorspace::YCbCr);
        let mut decoded = Decoded::default();
        for tenths in 1..10 {
            let torn = &jpeg[..jpeg.len() * tenths / 10];
            let said = decoded.decode(torn, size, Detail::Whole);
            assert!(matches!(said, Err(ImagingError::BadJpeg { .. })), "{tenths} tenths of it");
        }
        decoded.decode(&jpeg, size, Detail::Whole).unwrap();
        assert_eq!((decoded.size, decoded.layout), (size, JpegLayout::Ycc { across: 2, down: 1 }));
    }

    #[test]
    fn gray_has_no_colour() {
        let got = converted(JPEG_GRAY, Resolution::new(64, 48), Colour::BT709);
        assert!(got.uv().iter().all(|c| *c == 128));
        assert!(got.y()[0] < 30 && got.y()[63] > 200, "a ramp from dark to light: {} {}", got.y()[0], got.y()[63]);
    }

    #[test]
    fn damaged_pictures_are_an_error_or_a_picture() {
        let (mut decoded, announced) = (Decoded::default(), Resolution::new(64, 48));
        for len in 0..JPEG_422.len() {
            if decoded.decode(&JPEG_422[..len], announced, Detail::Whole).is_ok() {
                assert_eq!(decoded.size, announced);
            }
        }
        let mut random = fastrand::Rng::with_seed(7);
        let mut refused = 0;
        for _ in 0..400 {
            let mut data = JPEG_422.to_vec();
            for _ in 0..random.usize(1..8) {
                let at = random.usize(0..data.len());
                data[at] = random.u8(..);
            }
            for detail in [Detail::Whole, Detail::ToShrink(Resolution::new(16, 16))] {
                refused += usize::from(decoded.decode(&data, announced, detail).is_err());
            }
        }
        assert!(refused > 0);
        let far = Resolution::new(20, 20);
        assert!(decoded.decode(JPEG_422, far, Detail::Whole).is_err(), "three times as wide as announced");
        assert!(matches!(decoded.decode(b"", announced, Detail::Whole), Err(ImagingError::BadJpeg { .. })));
        assert!(matches!(
            decoded.decode(b"not a picture", announced, Detail::Whole),
            Err(ImagingError::BadJpeg { .. })
        ));
    }
}
