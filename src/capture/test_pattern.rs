//! The moving test card: a frame counter, a flash on the house's schedule, a moving bar and known colours.
//!
//! Every frame can be judged from its picture alone. The counter is the frame's own `seq`: it counts delivered
//! frames, so a gap in it means a frame was lost after it left here.
//!
//! From the top: the counter cells ([`CounterLayout`]), a lane with a bar that crosses it in four seconds, the
//! flash square in the middle ([`test_card::flash_square`]), and the colour bars in the lowest quarter
//! ([`bar_rect`]). The background is a still gray ramp from left to right.

use super::ring::Ring;
use super::rows::Rows;
use super::stage::{Look, Picture, Stage, TickSource};
use super::ticker::{Late, Tick};
use super::{CaptureError, SourceInfo};
use crate::media::test_card::{self, CounterLayout};
use crate::media::{Changed, Colour, Payload, PixelBuffer, PixelFormat, Planes, Rect, Resolution, Timestamp};

/// Red, green and blue of the colour bars, from left to right: red, green, blue, white, black, gray.
pub const BARS: [[u8; 3]; 6] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [128, 128, 128]];

/// Luma of a light and of a dark counter cell, as gray.
const LIGHT: u8 = 235;
const DARK: u8 = 16;
/// The moving bar crosses the picture in this time.
const CROSSING_NANOS: i64 = 4_000_000_000;
/// The largest picture drawn: four of them must fit in memory several times over.
const MOST_BYTES: usize = 256 << 20;
/// Half a second at 30 fps: a busy machine makes the pattern late, not incomplete.
const MAKE_UP: Late = Late::MakeUp { most: 15 };

/// Where a bar of [`BARS`] lies: a sixth of the width in the lowest quarter.
pub fn bar_rect(size: Resolution, index: u32) -> Rect {
    let (left, right) = (bar_edge(size, index), bar_edge(size, index + 1));
    let top = size.height - size.height / 4;
    Rect {
        x: i32::try_from(left).unwrap_or(i32::MAX),
        y: i32::try_from(top).unwrap_or(i32::MAX),
        size: Resolution::new(right - left, size.height - top),
    }
}

/// Where bar `index` begins and the one before it ends.
fn bar_edge(size: Resolution, index: u32) -> u32 {
    size.width * index / 6
}

/// The left edge and width of the moving bar at a moment.
pub fn moving_bar(size: Resolution, at: Timestamp) -> (u32, u32) {
    let width = (size.width / 16).max(1);
    let phase = at.as_nanos().rem_euclid(CROSSING_NANOS);
    let left = i64::from(size.width - width.min(size.width)) * phase / CROSSING_NANOS;
    (u32::try_from(left).unwrap_or(0), width)
}

/// The rows of the lane in which the bar moves, between counter and flash at every shape of picture.
fn lane(size: Resolution) -> Rows {
    let top = size.height / 4;
    Rows::new(top, top + size.height / 16)
}

/// Refuses sizes that cannot be drawn.
pub(super) fn check_size(size: Resolution) -> Result<(), CaptureError> {
    let fits = Resolution::checked(size.width, size.height)
        .is_some_and(|size| PixelFormat::Bgrx.packed_len(size) <= MOST_BYTES);
    if fits { Ok(()) } else { Err(CaptureError::Unsupported { what: format!("A test picture of {size}") }) }
}

/// Delivers the pattern until stop is asked.
pub(super) fn run(size: Resolution, stage: &mut Stage) -> Result<(), CaptureError> {
    stage.started(SourceInfo { name: "Test pattern".to_owned(), size, rate: None });
    // The grid of the clock itself, not of the start: flashes begin exactly on a frame.
    stage.run_ticks(&mut TestPattern::new(size), Timestamp::from_nanos(0), MAKE_UP)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flash {
    On,
    Off,
}

impl Flash {
    fn at(at: Timestamp) -> Self {
        if test_card::event_is_on(at) { Self::On } else { Self::Off }
    }
}

/// One buffer and what its flash square shows.
struct Canvas {
    bytes: Vec<u8>,
    flash: Flash,
}

impl PixelBuffer for Canvas {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

struct TestPattern {
    size: Resolution,
    ring: Ring<Canvas>,
    /// What never moves, painted once.
    background: Vec<u8>,
    /// The flash of the frame delivered last.
    shown: Option<Flash>,
}

impl TestPattern {
    fn new(size: Resolution) -> Self {
        let background = paint_background(size);
        Self { size, ring: Ring::new(background.len()), background, shown: None }
    }

    fn draw(&mut self, seq: u64, at: Timestamp) -> Option<Picture> {
        let size = self.size;
        let index = match self.ring.free() {
            Some(index) => index,
            None if self.ring.may_grow() => {
                let canvas = Canvas { bytes: self.background.clone(), flash: Flash::Off };
                self.ring.add(canvas, Rows::EMPTY)
            }
            None => return None,
        };
        let flash = Flash::at(at);
        let (canvas, _) = self.ring.write(index)?;
        if canvas.flash != flash {
            paint_flash(&mut canvas.bytes, size, flash);
            canvas.flash = flash;
        }
        paint_counter(&mut canvas.bytes, size, seq);
        paint_lane(&mut canvas.bytes, size, at);
        let changed = self.changed(flash);
        self.shown = Some(flash);
        let buffer = self.ring.share(index, Rows::EMPTY, Rows::EMPTY)?;
        let planes = Planes::packed(PixelFormat::Bgrx, size, buffer).ok()?;
        Some(Picture { captured_at: at, colour: Colour::SRGB, size, changed, payload: Payload::Planes(planes) })
    }

    fn changed(&self, flash: Flash) -> Changed {
        let Some(shown) = self.shown else { return Changed::Unknown };
        let mut rows = lane(self.size);
        if let Some(layout) = CounterLayout::for_size(self.size) {
            rows = rows.union(Rows::new(layout.top, layout.top + layout.cell));
        }
        if shown != flash {
            let (_, top, side) = test_card::flash_square(self.size);
            rows = rows.union(Rows::new(top, top + side));
        }
        rows.into()
    }
}

impl TickSource for TestPattern {
    fn look(&mut self, tick: Tick, stage: &mut Stage) -> Result<Look, CaptureError> {
        Ok(self.draw(stage.next_seq(), tick.at).map_or(Look::Crowded, Look::Picture))
    }
}

/// Fills a rectangle with one colour.
fn fill(bytes: &mut [u8], size: Resolution, left: u32, columns: u32, rows: Rows, bgrx: [u8; 4]) {
    let stride = size.width as usize * 4;
    // One row built and then copied: five times cheaper than setting every pixel.
    let line = bgrx.repeat(columns as usize);
    let start = left as usize * 4;
    for row in bytes.chunks_exact_mut(stride).skip(rows.top as usize).take(rows.count() as usize) {
        if let Some(span) = row.get_mut(start..start + line.len()) {
            span.copy_from_slice(&line);
        }
    }
}

const fn gray(level: u8) -> [u8; 4] {
    [level, level, level, 255]
}

fn paint_background(size: Resolution) -> Vec<u8> {
    let row: Vec<u8> = (0..size.width)
        .flat_map(|x| gray(u8::try_from(40 + u64::from(x) * 80 / u64::from(size.width)).unwrap_or(u8::MAX)))
        .collect();
    let mut bytes = row.repeat(size.height as usize);
    for (index, [red, green, blue]) in (0..).zip(BARS) {
        let bar = bar_rect(size, index);
        let rows = Rows::clipped(bar.y, bar.size.height, size.height);
        fill(&mut bytes, size, bar_edge(size, index), bar.size.width, rows, [blue, green, red, 255]);
    }
    paint_flash(&mut bytes, size, Flash::Off);
    bytes
}

fn paint_flash(bytes: &mut [u8], size: Resolution, flash: Flash) {
    let (left, top, edge) = test_card::flash_square(size);
    let level = match flash {
        Flash::On => 255,
        Flash::Off => DARK,
    };
    fill(bytes, size, left, edge, Rows::new(top, top + edge), gray(level));
}

fn paint_counter(bytes: &mut [u8], size: Resolution, count: u64) {
    let Some(layout) = CounterLayout::for_size(size) else { return };
    let rows = Rows::new(layout.top, layout.top + layout.cell);
    for (index, on) in (0..).zip(CounterLayout::cells(count)) {
        let left = layout.left + index * layout.cell;
        fill(bytes, size, left, layout.cell, rows, gray(if on { LIGHT } else { DARK }));
    }
}

fn paint_lane(bytes: &mut [u8], size: Resolution, at: Timestamp) {
    let (left, width) = moving_bar(size, at);
    fill(bytes, size, 0, size.width, lane(size), gray(DARK));
    fill(bytes, size, left, width, lane(size), [0, 200, 255, 255]);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, sync_channel};
    use std::time::Duration;

    use super::*;
    use crate::capture::{Capture, CaptureRequest, CaptureWarning, Delivery, SourceSpec, open};
    use crate::media::{Frame, FrameRate};
    use crate::rt::{JoinOutcome, ManualClock};

    fn planes(frame: &Frame) -> (&[u8], usize) {
        let Payload::Planes(planes) = &frame.payload else { panic!("not raw") };
        assert_eq!(planes.format(), PixelFormat::Bgrx);
        planes.plane(0)
    }

    /// Green stands for luma: everything judged by it is gray.
    fn luma(frame: &Frame) -> Vec<u8> {
        planes(frame).0.chunks_exact(4).map(|pixel| pixel[1]).collect()
    }

    fn frame_of(picture: Picture, seq: u64) -> Frame {
        let Picture { captured_at, colour, size, changed, payload } = picture;
        Frame { seq, captured_at, colour, size, changed, payload }
    }

    fn opened(size: Resolution, start: i64) -> (Arc<ManualClock>, Capture, Receiver<Delivery>) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(start)));
        let (give, get) = sync_channel(64);
        let request = CaptureRequest {
            source: SourceSpec::Test { size },
            rate: FrameRate::whole(30),
            show_cursor: false,
            controls: crate::capture::ControlWishes::new(),
        };
        let capture = open(request, clock.clone(), Box::new(move |delivery| drop(give.send(delivery)))).unwrap();
        (clock, capture, get)
    }

    fn next(get: &Receiver<Delivery>) -> Delivery {
        get.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    fn next_frame(get: &Receiver<Delivery>) -> Arc<Frame> {
        match next(get) {
            Delivery::Frame(frame) => frame,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_frame_tells_its_number_its_flash_and_its_moment() {
        for (width, height) in [(640, 360), (321, 241), (240, 400)] {
            let size = Resolution::new(width, height);
            let mut pattern = TestPattern::new(size);
            let rate = FrameRate::whole(30);
            for seq in 0..40 {
                let at = Timestamp::from_nanos(rate.tick_nanos(seq));
                let frame = frame_of(pattern.draw(seq, at).unwrap(), seq);
                let luma = luma(&frame);
                let layout = CounterLayout::for_size(size).unwrap();
                assert_eq!(layout.read(&luma, width as usize), Some(seq), "{size}");
                assert_eq!(
                    test_card::read_flash(&luma, width as usize, size),
                    (15..18).contains(&(seq % 30)),
                    "{size} {seq}"
                );
                let (left, bar) = moving_bar(size, at);
                let row = &luma[(lane(size).top * width) as usize..][..width as usize];
                let lit: Vec<usize> = (0..width as usize).filter(|x| row[*x] == 200).collect();
                assert_eq!((lit[0], lit.len()), (left as usize, bar as usize), "{size} {seq}");
            }
        }
    }

    #[test]
    fn the_colours_are_where_they_are_said_to_be() {
        let size = Resolution::new(641, 361);
        let frame = frame_of(TestPattern::new(size).draw(0, Timestamp::default()).unwrap(), 0);
        let (bytes, stride) = planes(&frame);
        for (index, [red, green, blue]) in (0..).zip(BARS) {
            let bar = bar_rect(size, index);
            let x = bar.x.unsigned_abs() + bar.size.width / 2;
            for y in [bar.y.unsigned_abs(), bar.y.unsigned_abs() + bar.size.height - 1] {
                let at = y as usize * stride + x as usize * 4;
                assert_eq!(bytes[at..at + 3], [blue, green, red]);
            }
        }
        assert_eq!(frame.colour, Colour::SRGB);
    }

    #[test]
    fn rows_said_to_be_unchanged_are() {
        let size = Resolution::new(320, 180);
        let mut pattern = TestPattern::new(size);
        let rate = FrameRate::whole(30);
        let mut before = pattern.draw(0, Timestamp::default()).map(|picture| frame_of(picture, 0)).unwrap();
        assert_eq!(before.changed, Changed::Unknown);
        let mut held = Vec::new();
        for seq in 1..20 {
            let frame = frame_of(pattern.draw(seq, Timestamp::from_nanos(rate.tick_nanos(seq))).unwrap(), seq);
            let Changed::Rows { top, bottom } = frame.changed else { panic!("unknown") };
            assert!(bottom < size.height / 2 || Flash::at(frame.captured_at) != Flash::at(before.captured_at));
            let ((old, stride), (new, _)) = (planes(&before), planes(&frame));
            for y in (0..size.height).filter(|y| *y < top || *y >= bottom) {
                let row = y as usize * stride..(y as usize + 1) * stride;
                assert_eq!(old[row.clone()], new[row], "row {y} of frame {seq}");
            }
            if seq % 3 == 0 {
                held.push(frame.clone()); // so that buffers of several ages are drawn into
            }
            before = frame;
        }
        assert_eq!(held.len(), 6);
    }

    #[test]
    fn ticks_lie_on_the_clock_and_half_a_second_is_made_up_for() {
        let (clock, capture, get) = opened(Resolution::new(320, 180), 480_000_000);
        assert!(matches!(next(&get), Delivery::Started(info) if info.size == Resolution::new(320, 180)));
        clock.advance(Duration::from_millis(20));
        let first = next_frame(&get);
        assert_eq!((first.seq, first.captured_at.as_nanos()), (0, 500_000_000));
        assert!(test_card::read_flash(&luma(&first), 320, first.size));
        clock.advance(Duration::from_millis(700));
        assert!(matches!(next(&get), Delivery::Warning(CaptureWarning::Late { ticks: 5 })));
        let rate = FrameRate::whole(30);
        for (seq, tick) in (1..).zip(21..=36) {
            let frame = next_frame(&get);
            assert_eq!((frame.seq, frame.captured_at.as_nanos()), (seq, rate.tick_nanos(tick)));
            assert!(!test_card::read_flash(&luma(&frame), 320, frame.size));
            assert_eq!(CounterLayout::for_size(frame.size).unwrap().read(&luma(&frame), 320), Some(seq));
        }
        assert_eq!(capture.stop(), JoinOutcome::Joined);
        assert!(get.try_iter().next().is_none());
    }

    #[test]
    fn frames_that_are_never_let_go_are_told_and_memory_stays_bounded() {
        let mut pattern = TestPattern::new(Resolution::new(64, 64));
        let held: Vec<Picture> = std::iter::from_fn(|| pattern.draw(0, Timestamp::default())).take(1000).collect();
        assert_eq!(held.len(), 80);
        drop(held);
        assert!(pattern.draw(0, Timestamp::default()).is_some());
    }

    #[test]
    fn another_rate_is_taken_up_without_a_restart() {
        let (clock, capture, get) = opened(Resolution::new(64, 64), 0);
        assert!(matches!(next(&get), Delivery::Started(_)));
        assert_eq!(next_frame(&get).captured_at.as_nanos(), 0);
        capture.set_rate(FrameRate::whole(4));
        clock.advance(Duration::from_millis(40));
        clock.advance(Duration::from_millis(210));
        let frame = loop {
            match next(&get) {
                Delivery::Frame(frame) if frame.captured_at.as_nanos() >= 250_000_000 => break frame,
                _ => {}
            }
        };
        assert_eq!(frame.captured_at.as_nanos(), 250_000_000);
    }

    #[test]
    fn absurd_sizes_are_refused_at_once() {
        for (width, height) in [(0, 10), (40_000, 10), (32_000, 32_000)] {
            assert!(check_size(Resolution::new(width, height)).is_err());
        }
        assert_eq!(check_size(Resolution::new(7680, 4320)), Ok(()));
    }
}
