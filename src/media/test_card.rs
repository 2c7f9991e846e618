//! The test card: when it flashes and beeps, and a frame counter that can be read back from the picture.
//!
//! Both sides of the house draw from this schedule, so a flash and a beep fall on the same nanosecond of the
//! monotonic clock without talking to each other, and a file can be judged by its content: no frame lost, none
//! twice, picture and sound in step.

use super::{Resolution, Timestamp};

/// One flash and one beep each second of the monotonic clock …
pub const EVENT_PERIOD_NANOS: i64 = 1_000_000_000;
/// … starting half-way through it, on a frame boundary at 30, 50 and 60 fps …
pub const EVENT_PHASE_NANOS: i64 = 500_000_000;
/// … and lasting this long: three frames at 30 fps, so that an encoder cannot smooth one away.
pub const EVENT_LENGTH_NANOS: i64 = 100_000_000;
/// The beep's pitch in Hz.
pub const BEEP_HZ: f64 = 1000.0;
/// The beep's amplitude (−6 dBFS), well clear of clipping after resampling.
pub const BEEP_AMPLITUDE: f32 = 0.5;

/// Whether flash and beep are on at this moment.
pub fn event_is_on(at: Timestamp) -> bool {
    let phase = (at.as_nanos() - EVENT_PHASE_NANOS).rem_euclid(EVENT_PERIOD_NANOS);
    phase < EVENT_LENGTH_NANOS
}

/// Where the counter and the flash lie in a picture of a given size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterLayout {
    /// Side of a square cell in pixels.
    pub cell: u32,
    /// Left edge of the first cell.
    pub left: u32,
    /// Top edge of the cells.
    pub top: u32,
}

/// Cells of the counter: one white and one black to tell the levels, the bits from the highest down, and parity.
pub const COUNTER_CELLS: u32 = 2 + COUNTER_BITS + 1;
/// Bits of the counter; it wraps after 2²⁰ frames (9.7 hours at 30 fps).
pub const COUNTER_BITS: u32 = 20;

impl CounterLayout {
    /// The layout for a picture size, or `None` if it is too small for cells of four pixels.
    pub fn for_size(size: Resolution) -> Option<Self> {
        let cell = (size.width / (COUNTER_CELLS + 2)).min(size.height / 8) / 2 * 2;
        (cell >= 4).then_some(Self { cell, left: cell, top: cell })
    }

    /// The light and dark of each cell for a count, first cell first.
    pub fn cells(count: u64) -> [bool; COUNTER_CELLS as usize] {
        let mut cells = [false; COUNTER_CELLS as usize];
        cells[0] = true;
        let mut parity = false;
        for bit in 0..COUNTER_BITS {
            let on = (count >> (COUNTER_BITS - 1 - bit)) & 1 == 1;
            cells[2 + bit as usize] = on;
            parity ^= on;
        }
        cells[COUNTER_CELLS as usize - 1] = parity;
        cells
    }

    /// Reads the counter from a plane of luma (or gray); `None` if there is none or its parity is wrong.
    /// Only the middle of each cell is averaged, so blurred edges and ringing do no harm.
    pub fn read(self, luma: &[u8], stride: usize) -> Option<u64> {
        let mut levels = [0_u32; COUNTER_CELLS as usize];
        let inner = (self.cell / 2).max(1);
        for (index, level) in (0..COUNTER_CELLS).zip(levels.iter_mut()) {
            let left = self.left + index * self.cell + (self.cell - inner) / 2;
            let top = self.top + (self.cell - inner) / 2;
            let mut sum = 0;
            for y in top..top + inner {
                let start = y as usize * stride + left as usize;
                let row = luma.get(start..start + inner as usize)?;
                sum += row.iter().map(|luma| u32::from(*luma)).sum::<u32>();
            }
            *level = sum / (inner * inner);
        }
        let (white, black) = (levels[0], levels[1]);
        if white < black + 64 {
            return None;
        }
        let threshold = u32::midpoint(white, black);
        let bits = levels[2..].iter().map(|level| *level > threshold);
        let (mut count, mut parity) = (0_u64, false);
        for (index, bit) in (0..=COUNTER_BITS).zip(bits) {
            parity ^= bit;
            if index < COUNTER_BITS {
                count = count << 1 | u64::from(bit);
            }
        }
        (!parity).then_some(count)
    }
}

/// The square that turns white while the event is on: `(left, top, side)`, in the middle of the picture.
pub fn flash_square(size: Resolution) -> (u32, u32, u32) {
    let shorter = size.width.min(size.height);
    let square = ((shorter / 3).max(2) / 2 * 2).min(shorter);
    ((size.width - square) / 2, (size.height - square) / 2, square)
}

/// Whether the flash is on in a plane of luma (or gray): the middle of its square is bright.
pub fn read_flash(luma: &[u8], stride: usize, size: Resolution) -> bool {
    let (left, top, square) = flash_square(size);
    let inner = (square / 2).max(1);
    let (left, top) = (left + square / 4, top + square / 4);
    let sum: u64 = (top..top + inner)
        .flat_map(|y| (left..left + inner).map(move |x| y as usize * stride + x as usize))
        .map(|at| u64::from(luma.get(at).copied().unwrap_or(0)))
        .sum();
    sum / (u64::from(inner) * u64::from(inner)) > 150
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(size: Resolution, count: u64) -> Option<(Vec<u8>, CounterLayout)> {
        let layout = CounterLayout::for_size(size)?;
        let mut luma = vec![60_u8; (size.width * size.height) as usize];
        for (index, on) in (0..).zip(CounterLayout::cells(count)) {
            for y in 0..layout.cell {
                for x in 0..layout.cell {
                    let at = (layout.top + y) * size.width + layout.left + index * layout.cell + x;
                    luma[at as usize] = if on { 235 } else { 16 };
                }
            }
        }
        Some((luma, layout))
    }

    #[test]
    fn the_counter_is_read_back_at_every_size() {
        for (width, height) in [(1920, 1080), (1280, 720), (641, 361), (160, 90)] {
            let size = Resolution::new(width, height);
            for count in [0, 1, 2, 12_345, (1 << COUNTER_BITS) - 1] {
                let (luma, layout) = drawn(size, count).unwrap();
                assert_eq!(layout.read(&luma, width as usize), Some(count), "{size}");
            }
        }
        assert_eq!(CounterLayout::for_size(Resolution::new(90, 90)), None);
    }

    #[test]
    fn a_damaged_cell_or_an_empty_picture_is_no_counter() {
        let size = Resolution::new(640, 360);
        let (mut luma, layout) = drawn(size, 5).unwrap();
        for y in 0..layout.cell {
            let at = (layout.top + y) * size.width + layout.left + 4 * layout.cell;
            luma[at as usize..(at + layout.cell) as usize].fill(235);
        }
        assert_eq!(layout.read(&luma, 640), None);
        assert_eq!(layout.read(&vec![128; 640 * 360], 640), None);
        assert_eq!(layout.read(&[], 640), None);
    }

    #[test]
    fn events_fall_in_the_middle_of_each_second() {
        let on = |nanos| event_is_on(Timestamp::from_nanos(nanos));
        assert!(!on(0) && !on(499_999_999) && on(500_000_000) && on(599_999_999) && !on(600_000_000));
        assert!(on(7_500_000_000) && !on(8_000_000_000));
    }
}
