//! Flashes in a film: which part of the picture turns from dark to bright for moments, and when.

use super::quantile;

/// The picture is looked at as a grid: cells across …
pub const CELLS_ACROSS: usize = 32;
/// … and down.
pub const CELLS_DOWN: usize = 18;
/// Bytes of a picture.
pub const CELLS: usize = CELLS_ACROSS * CELLS_DOWN;

/// A flash is on for 4 to 7 % of a test: this part of the pictures is not brighter than in a flash …
const BRIGHT: f64 = 0.985;
/// … and this part is dark, also where something moves.
const MOSTLY: f64 = 0.9;
/// Steps of luma that a flash needs above what else happens in its cell. A camera's noise has 2 to 5.
const LEAST_CONTRAST: i32 = 24;

/// Takes in a film picture by picture. Holds 576 bytes of each: 10 MB in 10 minutes.
#[derive(Debug, Default)]
pub struct FlashMeter {
    times_s: Vec<f64>,
    cells: Vec<u8>,
}

impl FlashMeter {
    /// The next picture, shrunk to [`CELLS_ACROSS`] by [`CELLS_DOWN`] bytes of gray. One of another size is passed over.
    pub fn push(&mut self, time_s: f64, picture: &[u8]) {
        if picture.len() == CELLS {
            self.times_s.push(time_s);
            self.cells.extend_from_slice(picture);
        }
    }

    /// How many pictures there were.
    pub fn pictures(&self) -> usize {
        self.times_s.len()
    }

    /// The times of the first picture of each flash, in seconds.
    pub fn onsets_s(&self) -> Vec<f64> {
        let levels = self.levels();
        let mut sorted = levels.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(dark), Some(bright)) = (quantile(&sorted, 0.5), quantile(&sorted, BRIGHT)) else { return Vec::new() };
        let (on, off) = (dark + (bright - dark) * 0.5, dark + (bright - dark) * 0.25);
        let (mut is_on, mut onsets) = (levels.first().is_some_and(|level| *level >= on), Vec::new());
        for (time_s, level) in self.times_s.iter().zip(&levels) {
            if !is_on && *level >= on {
                is_on = true;
                onsets.push(*time_s);
            } else if is_on && *level < off {
                is_on = false;
            }
        }
        onsets
    }

    /// The brightness of the flashing cells in each picture; nothing if no cell flashes.
    fn levels(&self) -> Vec<f64> {
        let contrasts: Vec<i32> = (0..CELLS).map(|cell| self.contrast(cell)).collect();
        let most = contrasts.iter().copied().max().unwrap_or(0);
        if most < LEAST_CONTRAST {
            return Vec::new();
        }
        let flashing: Vec<usize> = (0..CELLS).filter(|cell| contrasts[*cell] * 2 >= most).collect();
        let count = f64::from(u32::try_from(flashing.len()).unwrap_or(u32::MAX));
        let level = |picture: &[u8]| flashing.iter().map(|cell| f64::from(picture[*cell])).sum::<f64>() / count;
        self.cells.chunks_exact(CELLS).map(level).collect()
    }

    /// By how much a cell is brighter for moments, beyond what it changes all the time: a film that plays beside the
    /// flash changes more, but most of the time.
    fn contrast(&self, cell: usize) -> i32 {
        let mut sorted: Vec<u8> = self.cells.chunks_exact(CELLS).map(|picture| picture[cell]).collect();
        sorted.sort_unstable();
        let at = |part| quantile(&sorted, part).map_or(0, i32::from);
        (at(BRIGHT) - at(0.5)) - (at(MOSTLY) - at(1.0 - MOSTLY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 s at 30 fps, with noise; a flash of 3 pictures at each given number in a corner, a film beside it.
    fn film(flashes: &[u32], high: u8, film: bool) -> FlashMeter {
        let mut random = fastrand::Rng::with_seed(7);
        let mut meter = FlashMeter::default();
        for n in 0..600_u32 {
            let mut picture = [0_u8; CELLS];
            let on = flashes.iter().any(|at| (*at..at + 3).contains(&n));
            for (cell, value) in picture.iter_mut().enumerate() {
                let flashing = on && cell % CELLS_ACROSS < 8 && cell / CELLS_ACROSS < 5;
                let playing = film && cell / CELLS_ACROSS > 9;
                let base = if flashing { high } else { 40 };
                *value = if playing { random.u8(..) } else { base + random.u8(0..5) };
            }
            meter.push(f64::from(n) / 30.0, &picture);
        }
        meter
    }

    #[test]
    fn flashes_are_found_beside_a_film_and_in_noise() {
        let at: Vec<u32> = (0..12).map(|n| 30 + n * 46 + n * n % 7).collect();
        let expected: Vec<f64> = at.iter().map(|n| f64::from(*n) / 30.0).collect();
        for (high, playing) in [(235, false), (235, true), (80, false), (80, true)] {
            assert_eq!(film(&at, high, playing).onsets_s(), expected, "{high} {playing}");
        }
    }

    #[test]
    fn a_film_without_flashes_has_none() {
        assert_eq!(film(&[], 235, true).onsets_s(), Vec::<f64>::new());
        assert_eq!(FlashMeter::default().onsets_s(), Vec::<f64>::new());
        let mut short = FlashMeter::default();
        short.push(0.0, &[1, 2, 3]);
        assert_eq!(short.pictures(), 0);
    }
}
