//! The recording's picture, kept between frames so that only what changed is converted.

use super::jpeg::Decoded;
use super::scale::Scaler;
use super::source::Source;
use super::{ImagingError, Nv12};
use crate::media::{Changed, Colour, CompressedFormat, Frame, Matrix, Payload, PixelFormat, Range, Resolution};

/// Whether left and right change places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mirror {
    /// As the camera sees it.
    #[default]
    No,
    /// As in a mirror.
    Horizontal,
}

/// Turns frames of any size and format into NV12 of one size and colour.
///
/// A source of the target's size, or one pixel less on a side, is copied pixel by pixel, the last row or column
/// repeated. Any other size (a resized window, another camera mode) is scaled with its shape kept, between black
/// bars. 1080p BGRX costs 0.8 ms for a whole picture and nothing for an unchanged one.
#[derive(Debug)]
pub struct Nv12Converter {
    out: Nv12,
    mirror: Mirror,
    held: Option<Held>,
    fitted: Option<Fitted>,
    jpeg: Decoded,
}

/// What the buffer's content was made from; rows may be left alone only if it is the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    size: Resolution,
    format: Option<PixelFormat>,
    matrix: Matrix,
    range: Range,
}

/// A source of another size: its picture before scaling.
#[derive(Debug)]
struct Fitted {
    shape: Resolution,
    picture: Nv12,
    scaler: Scaler,
}

impl Nv12Converter {
    /// A converter to `target` (both sides even) in `colour` (limited BT.601 or BT.709), black until the first frame.
    pub fn new(target: Resolution, colour: Colour, mirror: Mirror) -> Result<Self, ImagingError> {
        Ok(Self { out: Nv12::black(target, colour)?, mirror, held: None, fitted: None, jpeg: Decoded::default() })
    }

    /// Converts `frame` and returns the whole picture.
    ///
    /// `changed` says what differs from the frame given **to this converter** before: whoever skips frames adds
    /// up their [`Frame::changed`] (see [`Changed::union`]). It is believed only while size, format and colour
    /// stay the same. After an error the next frame is converted whole.
    pub fn convert(&mut self, frame: &Frame, changed: Changed) -> Result<&Nv12, ImagingError> {
        let format = match &frame.payload {
            Payload::Planes(planes) => Some(planes.format()),
            Payload::Compressed { .. } => None,
        };
        let Colour { matrix, range, .. } = frame.colour;
        let held = Held { size: frame.size, format, matrix, range };
        let known = self.held.take() == Some(held);
        let rows = match changed {
            Changed::Rows { top, bottom } if known => Some((top, bottom.min(frame.size.height))),
            _ => None,
        };
        if rows.is_none_or(|(top, bottom)| top < bottom) {
            self.redraw(frame, rows)?;
        }
        self.held = Some(held);
        Ok(&self.out)
    }

    /// The last picture; black before the first frame.
    pub const fn picture(&self) -> &Nv12 {
        &self.out
    }

    fn redraw(&mut self, frame: &Frame, rows: Option<(u32, u32)>) -> Result<(), ImagingError> {
        let (source, rows) = match &frame.payload {
            Payload::Planes(planes) => (Source::of_planes(frame, planes)?, rows),
            Payload::Compressed { format: CompressedFormat::H264, .. } => return Err(ImagingError::NotDecoded),
            Payload::Compressed { format: CompressedFormat::Mjpeg, data } => {
                self.jpeg.decode(data, frame.size)?;
                (Source::of_jpeg(&self.jpeg, frame.colour), None)
            }
        };
        let padded = source.size.padded_even();
        let rows = rows.map_or((0, padded.height as usize), |(top, bottom)| {
            ((top / 2 * 2) as usize, bottom.next_multiple_of(2) as usize)
        });
        if padded == self.out.size {
            self.fitted = None;
            return draw(&source, rows, self.mirror, &mut self.out);
        }
        let reusable = self.fitted.take().filter(|fitted| fitted.shape == source.size);
        let mut fitted = if let Some(fitted) = reusable {
            fitted
        } else {
            let (target, colour) = (self.out.size, self.out.colour);
            self.out = Nv12::black(target, colour)?;
            let scaler = Scaler::new(padded, source.size, target);
            Fitted { shape: source.size, picture: Nv12::black(padded, colour)?, scaler }
        };
        draw(&source, rows, self.mirror, &mut fitted.picture)?;
        fitted.scaler.scale(&fitted.picture, rows, &mut self.out);
        self.fitted = Some(fitted);
        Ok(())
    }
}

fn draw(source: &Source<'_>, rows: (usize, usize), mirror: Mirror, out: &mut Nv12) -> Result<(), ImagingError> {
    source.write_rows(rows, out)?;
    if mirror == Mirror::Horizontal {
        let width = out.width();
        let (luma, chroma) = out.rows_mut(rows.0, rows.1);
        luma.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        for row in chroma.chunks_exact_mut(width) {
            row.reverse();
            row.chunks_exact_mut(2).for_each(<[u8]>::reverse);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Painted, assert_close, frame_in, reference};
    use super::*;

    const FORMATS: [PixelFormat; 9] = [
        PixelFormat::Bgrx,
        PixelFormat::Rgbx,
        PixelFormat::Bgr24,
        PixelFormat::Rgb24,
        PixelFormat::Gray8,
        PixelFormat::Nv12,
        PixelFormat::I420,
        PixelFormat::Yuyv,
        PixelFormat::Uyvy,
    ];

    fn converter(size: Resolution, colour: Colour) -> Nv12Converter {
        Nv12Converter::new(size, colour, Mirror::No).unwrap()
    }

    #[test]
    fn every_format_at_every_shape_is_right_to_two_levels() {
        let sizes = [(64, 48), (63, 48), (64, 47), (33, 21), (1, 1), (2, 3), (3, 2), (131, 5)];
        for format in FORMATS {
            for (width, height) in sizes {
                for padding in [0, 4, 52] {
                    for to in [Colour::BT709, Colour::BT601] {
                        let size = Resolution::new(width, height);
                        let painted = Painted::smooth(size);
                        let frame = frame_in(format, &painted, padding);
                        let mut converter = converter(size.padded_even(), to);
                        let got = converter.convert(&frame, Changed::Unknown).unwrap();
                        let gray = format == PixelFormat::Gray8;
                        let want = reference(&if gray { painted.gray() } else { painted.clone() }, to);
                        assert_close(got, &want, 2, &format!("{format:?} {size} +{padding} {:?}", to.matrix));
                    }
                }
            }
        }
    }

    #[test]
    fn a_colour_keeps_its_numbers_when_matrix_and_range_are_right() {
        let size = Resolution::new(10, 6);
        let frame = frame_in(PixelFormat::Nv12, &Painted::smooth(size), 6);
        let Payload::Planes(planes) = &frame.payload else { panic!("planes") };
        let mut converter = converter(size, Colour::BT601);
        let got = converter.convert(&frame, Changed::Unknown).unwrap();
        for row in 0..6 {
            let (bytes, stride) = planes.plane(0);
            assert_eq!(got.y()[row * 10..][..10], bytes[row * stride..][..10]);
        }
        for row in 0..3 {
            let (bytes, stride) = planes.plane(1);
            assert_eq!(got.uv()[row * 10..][..10], bytes[row * stride..][..10]);
        }
    }

    #[test]
    fn chroma_is_averaged_and_not_picked() {
        // Red and blue columns in turn: whichever pixel were picked, chroma would be strongly red or blue.
        let size = Resolution::new(64, 16);
        let painted = Painted::new(size, |x, _| if x % 2 == 0 { [255, 0, 0] } else { [0, 0, 255] });
        for format in [PixelFormat::Bgrx, PixelFormat::Rgb24] {
            let frame = frame_in(format, &painted, 0);
            let mut converter = converter(size, Colour::BT709);
            let got = converter.convert(&frame, Changed::Unknown).unwrap();
            // 127.5 0 127.5 in BT.709.
            for pair in got.uv().chunks_exact(2) {
                assert!(pair[0].abs_diff(171) <= 2 && pair[1].abs_diff(179) <= 2, "{pair:?}");
            }
        }
    }

    #[test]
    fn converting_the_changed_rows_is_converting_everything() {
        let targets = [(64, 48), (96, 48)];
        for format in FORMATS {
            for size in [Resolution::new(64, 48), Resolution::new(63, 47)] {
                for target in targets {
                    for rows in [(0, 1), (5, 6), (7, 20), (46, 47), (0, 48), (40, 400)] {
                        let target = Resolution::new(target.0, target.1);
                        let before = frame_in(format, &Painted::noise(size, 1), 3 * 4);
                        let painted = Painted::noise(size, 1).with_rows(&Painted::noise(size, 2), rows);
                        let after = frame_in(format, &painted, 3 * 4);
                        let mut partial = Nv12Converter::new(target, Colour::BT709, Mirror::Horizontal).unwrap();
                        partial.convert(&before, Changed::Unknown).unwrap();
                        let changed = Changed::Rows { top: rows.0, bottom: rows.1 };
                        let partial = partial.convert(&after, changed).unwrap();
                        let mut whole = Nv12Converter::new(target, Colour::BT709, Mirror::Horizontal).unwrap();
                        let whole = whole.convert(&after, Changed::Unknown).unwrap();
                        assert!(partial == whole, "{format:?} {size} → {target}, rows {rows:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_changed_means_nothing_read() {
        let size = Resolution::new(32, 16);
        let mut converter = converter(size, Colour::BT709);
        let first = frame_in(PixelFormat::Bgrx, &Painted::noise(size, 1), 0);
        let nothing = Changed::Rows { top: 0, bottom: 0 };
        let picture = converter.convert(&first, nothing).unwrap().clone();
        assert_ne!(picture, Nv12::black(size, Colour::BT709).unwrap(), "the first frame is drawn whatever it says");
        let other = frame_in(PixelFormat::Bgrx, &Painted::noise(size, 2), 0);
        assert!(*converter.convert(&other, nothing).unwrap() == picture);
        // Another format is another source: what it says of changes is about something else.
        let third = frame_in(PixelFormat::Rgbx, &Painted::noise(size, 3), 0);
        assert!(*converter.convert(&third, nothing).unwrap() != picture);
    }

    #[test]
    fn a_mirror_changes_left_and_right() {
        let size = Resolution::new(32, 8);
        let painted = Painted::smooth(size);
        let flipped = Painted::new(size, |x, y| painted.at(31 - x, y));
        let frame = frame_in(PixelFormat::Rgb24, &painted, 0);
        let mut converter = Nv12Converter::new(size, Colour::BT601, Mirror::Horizontal).unwrap();
        let got = converter.convert(&frame, Changed::Unknown).unwrap();
        assert_close(got, &reference(&flipped, Colour::BT601), 2, "mirrored");
    }

    #[test]
    fn another_size_is_fitted_between_black_bars() {
        let white = [255, 255, 255];
        for (from, bars) in [((40, 40), (20, 0)), ((80, 20), (0, 10)), ((160, 160), (20, 0)), ((41, 20), (0, 0))] {
            let painted = Painted::new(Resolution::new(from.0, from.1), |_, _| white);
            let mut converter = converter(Resolution::new(80, 40), Colour::BT709);
            let got = converter.convert(&frame_in(PixelFormat::Bgrx, &painted, 0), Changed::Unknown).unwrap();
            for y in 0..40 {
                for x in 0..80 {
                    let inside = (bars.0..80 - bars.0).contains(&x) && (bars.1..40 - bars.1).contains(&y);
                    let want = if inside { 235 } else { 16 };
                    assert_eq!(got.y()[y * 80 + x], want, "{from:?} at {x},{y}");
                }
            }
            assert!(got.uv().iter().all(|c| c.abs_diff(128) <= 1), "{from:?} has no colour");
        }
    }

    #[test]
    fn scaling_keeps_colours_and_places() {
        let quarters = |size: Resolution| {
            Painted::new(size, move |x, y| match (x * 2 >= size.width, y * 2 >= size.height) {
                (false, false) => [200, 30, 30],
                (true, false) => [30, 200, 30],
                (false, true) => [30, 30, 200],
                (true, true) => [220, 220, 40],
            })
        };
        let target = Resolution::new(64, 48);
        let want = reference(&quarters(target), Colour::BT709);
        for from in [Resolution::new(320, 240), Resolution::new(16, 12), Resolution::new(100, 75)] {
            let mut converter = converter(target, Colour::BT709);
            let got = converter.convert(&frame_in(PixelFormat::Bgrx, &quarters(from), 0), Changed::Unknown).unwrap();
            for (x, y) in [(8, 6), (56, 6), (8, 42), (56, 42), (24, 18), (40, 30)] {
                assert!(got.y()[y * 64 + x].abs_diff(want.y()[y * 64 + x]) <= 2, "{from} luma at {x},{y}");
                let at = y / 2 * 64 + x;
                assert!(got.uv()[at].abs_diff(want.uv()[at]) <= 2, "{from} chroma at {x},{y}");
            }
        }
    }

    #[test]
    fn back_from_another_size_no_bar_is_left() {
        let (size, other) = (Resolution::new(80, 40), Resolution::new(40, 40));
        let mut converter = converter(size, Colour::BT709);
        let frame = |size, seed| frame_in(PixelFormat::Bgrx, &Painted::noise(size, seed), 0);
        let first = converter.convert(&frame(size, 1), Changed::Unknown).unwrap().clone();
        converter.convert(&frame(other, 2), Changed::Unknown).unwrap();
        let nothing = Changed::Rows { top: 0, bottom: 0 };
        assert!(*converter.convert(&frame(size, 1), nothing).unwrap() == first);
    }

    #[test]
    fn impossible_wishes_are_refused_in_words() {
        for (width, height) in [(0, 2), (3, 2), (2, 5), (40_000, 2)] {
            let size = Resolution::new(width, height);
            assert!(matches!(Nv12Converter::new(size, Colour::BT709, Mirror::No), Err(ImagingError::BadTarget { .. })));
        }
        for colour in [Colour::SRGB, Colour::JPEG] {
            let made = Nv12Converter::new(Resolution::new(2, 2), colour, Mirror::No);
            assert!(matches!(made, Err(ImagingError::BadColour { .. })));
        }
        let mut frame = frame_in(PixelFormat::Bgrx, &Painted::smooth(Resolution::new(8, 8)), 0);
        frame.size = Resolution::new(8, 9);
        let mut converter = converter(Resolution::new(8, 8), Colour::BT709);
        assert!(matches!(converter.convert(&frame, Changed::Unknown), Err(ImagingError::ShortPicture { .. })));
    }
}
