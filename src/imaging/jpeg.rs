//! A camera's JPEG, decoded to the numbers it holds.

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::ImagingError;
use crate::media::Resolution;

/// What the decoded bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JpegLayout {
    /// Luma only.
    Gray,
    /// Y, U, V a pixel: not turned into RGB and back.
    Ycc,
    /// Red, green, blue a pixel.
    Rgb,
}

/// A decoded picture; its memory is used again for the next one.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) size: Resolution,
    pub(super) layout: JpegLayout,
    pub(super) bytes: Vec<u8>,
}

impl Default for Decoded {
    fn default() -> Self {
        Self { size: Resolution::new(0, 0), layout: JpegLayout::Gray, bytes: Vec::new() }
    }
}

impl Decoded {
    /// Decodes one picture, of about the size that the camera announced. Damaged data gives an error or a damaged
    /// picture; a size far from the announced one is damage too, or one bad byte would cost gigabytes.
    pub(super) fn decode(&mut self, data: &[u8], announced: Resolution) -> Result<(), ImagingError> {
        let patched = with_default_tables(data);
        let data = patched.as_deref().unwrap_or(data);
        self.decode_whole(data, announced).map_err(|reason| ImagingError::BadJpeg { reason })
    }

    fn decode_whole(&mut self, data: &[u8], announced: Resolution) -> Result<(), String> {
        let most = |side: u32| side.min(Resolution::MAX_SIDE) as usize * 2;
        let options = DecoderOptions::default()
            .set_strict_mode(false)
            .set_max_width(most(announced.width))
            .set_max_height(most(announced.height));
        let words = |error: DecodeErrors| error.to_string();
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
        decoder.decode_headers().map_err(words)?;
        let (width, height) = decoder.dimensions().ok_or("it has no size")?;
        let narrow = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let size = Resolution::checked(narrow(width), narrow(height)).ok_or("its size is impossible")?;
        let (layout, space) = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => (JpegLayout::Gray, ColorSpace::Luma),
            Some(ColorSpace::YCbCr) => (JpegLayout::Ycc, ColorSpace::YCbCr),
            _ => (JpegLayout::Rgb, ColorSpace::RGB),
        };
        decoder.set_options(options.jpeg_set_out_colorspace(space));
        let needed = decoder.output_buffer_size().ok_or("it has no size")?;
        self.bytes.resize(needed, 0);
        decoder.decode_into(&mut self.bytes).map_err(words)?;
        let channels = if layout == JpegLayout::Gray { 1 } else { 3 };
        if needed < width * height * channels {
            return Err("it ends too early".to_owned());
        }
        self.size = size;
        self.layout = layout;
        Ok(())
    }
}

/// UVC lets a camera leave out the Huffman tables, which are the same for all. The decoder knows them, but only
/// fills them in for the AVI variant: so such a picture gets that variant's mark.
fn with_default_tables(data: &[u8]) -> Option<Vec<u8>> {
    const AVI_MARK: [u8; 9] = [0xFF, 0xE0, 0, 7, b'A', b'V', b'I', b'1', 0];
    if data.get(..2)? != [0xFF, 0xD8] {
        return None;
    }
    let mut at = 2;
    loop {
        let header = data.get(at..at + 4)?;
        match header[1] {
            0xC4 => return None,
            0xDA => break,
            _ if header[0] != 0xFF => return None,
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([header[2], header[3]])),
        }
    }
    let mut whole = Vec::with_capacity(data.len() + AVI_MARK.len());
    whole.extend_from_slice(&data[..2]);
    whole.extend_from_slice(&AVI_MARK);
    whole.extend_from_slice(&data[2..]);
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{JPEG_422, JPEG_GRAY, JPEG_ODD, assert_close, jpeg_frame, quarters, reference};
    use super::super::{Mirror, Nv12, Nv12Converter, natural_colour};
    use super::*;
    use crate::media::{Changed, Colour};

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
    fn gray_has_no_colour() {
        let got = converted(JPEG_GRAY, Resolution::new(64, 48), Colour::BT709);
        assert!(got.uv().iter().all(|c| *c == 128));
        assert!(got.y()[0] < 30 && got.y()[63] > 200, "a ramp from dark to light: {} {}", got.y()[0], got.y()[63]);
    }

    #[test]
    fn damaged_pictures_are_an_error_or_a_picture() {
        let (mut decoded, announced) = (Decoded::default(), Resolution::new(64, 48));
        for len in 0..JPEG_422.len() {
            if decoded.decode(&JPEG_422[..len], announced).is_ok() {
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
            refused += usize::from(decoded.decode(&data, announced).is_err());
        }
        assert!(refused > 0);
        let far = Resolution::new(20, 20);
        assert!(decoded.decode(JPEG_422, far).is_err(), "three times as wide as announced");
        assert!(matches!(decoded.decode(b"", announced), Err(ImagingError::BadJpeg { .. })));
        assert!(matches!(decoded.decode(b"not a picture", announced), Err(ImagingError::BadJpeg { .. })));
    }
}
