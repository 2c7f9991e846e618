//! Levels of one input for a person to read. Pure; knows no device and no clock but the blocks' own.

use std::collections::VecDeque;
use std::time::Duration;

use crate::media::{AudioBlock, Levels, Timestamp};

/// The loudness a person sees is that of the last 300 ms …
const RMS_WINDOW: Duration = Duration::from_millis(300);
/// The peak is that of the last 100 ms: whoever looks 20 times a second sees every one …
const PEAK_WINDOW: Duration = Duration::from_millis(100);
/// … and an input that has sent nothing for this long shows nothing: callbacks come up to 75 ms late.
const STALE_AFTER: Duration = Duration::from_millis(500);
/// How long a peak stands before it falls …
const HOLD_S: f32 = 1.5;
/// … at this speed.
const FALL_DB_PER_S: f32 = 20.0;
/// How long an overload is shown.
const CLIP_SHOWN: Duration = Duration::from_secs(3);
/// Full scale of 16 bits, the lowest that a converter clips at.
const FULL_SCALE: f32 = 32_767.0 / 32_768.0;
/// −60 dB: what is below is silence.
const SILENCE: f32 = 0.001;

/// A level meter: [`Meter::push`] every block, ask [`Meter::levels`] for every picture.
#[derive(Debug, Default)]
pub struct Meter {
    window: VecDeque<Slice>,
    held: Option<(f32, Timestamp)>,
    clipped_at: Option<Timestamp>,
    heard_at: Option<Timestamp>,
}

/// One block's share of the root mean square.
#[derive(Clone, Copy, Debug)]
struct Slice {
    end: Timestamp,
    square_sum: f64,
    samples: usize,
    peak: f32,
}

impl Meter {
    /// A meter that has heard nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next block, of all channels together. Samples that are no numbers count as silence.
    pub fn push(&mut self, block: &AudioBlock) {
        let (mut peak, mut square_sum) = (0.0_f32, 0.0_f64);
        for sample in block.samples.iter().filter(|sample| !sample.is_nan()) {
            peak = peak.max(sample.abs());
            square_sum += f64::from(*sample) * f64::from(*sample);
        }
        let end = end_of(block);
        self.window.push_back(Slice { end, square_sum, samples: block.samples.len(), peak });
        // Stamps that jump back make what came before them none of the window's.
        while self.window.front().is_some_and(|slice| slice.end > end || end.since(slice.end) >= RMS_WINDOW) {
            self.window.pop_front();
        }
        if peak >= self.held_db(end).map_or(0.0, from_db) {
            self.held = Some((to_db(peak), end));
        }
        if peak >= FULL_SCALE {
            self.clipped_at = Some(end);
        }
        if peak > SILENCE || self.heard_at.is_none() {
            self.heard_at = Some(end);
        }
    }

    /// What to show at `now`.
    pub fn levels(&self, now: Timestamp) -> Levels {
        let Some(newest) = self.window.back() else { return Levels::SILENT };
        let stale = now.since(newest.end) > STALE_AFTER;
        let peak_db = if stale { Levels::FLOOR_DB } else { to_db(self.peak()) };
        Levels {
            peak_db,
            rms_db: if stale { Levels::FLOOR_DB } else { self.rms_db() },
            held_peak_db: self.held_db(now).unwrap_or(Levels::FLOOR_DB).max(peak_db),
            clipped: self.clipped_at.is_some_and(|at| now.since(at) < CLIP_SHOWN),
            silent_s: self.heard_at.map_or(0.0, |at| now.since(at).as_secs_f32()),
        }
    }

    fn peak(&self) -> f32 {
        let newest = self.window.back().map(|slice| slice.end).unwrap_or_default();
        let recent = self.window.iter().rev().take_while(|slice| newest.since(slice.end) < PEAK_WINDOW);
        recent.map(|slice| slice.peak).fold(0.0, f32::max)
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a level needs no 24 bits")]
    fn rms_db(&self) -> f32 {
        let samples: usize = self.window.iter().map(|slice| slice.samples).sum();
        let square_sum: f64 = self.window.iter().map(|slice| slice.square_sum).sum();
        to_db((square_sum / samples.max(1) as f64).sqrt() as f32)
    }

    /// The held peak at `now`, fallen as far as it has.
    fn held_db(&self, now: Timestamp) -> Option<f32> {
        let (db, at) = self.held?;
        let falling_s = (now.since(at).as_secs_f32() - HOLD_S).max(0.0);
        Some((db - FALL_DB_PER_S * falling_s).max(Levels::FLOOR_DB))
    }
}

fn end_of(block: &AudioBlock) -> Timestamp {
    let frames = u64::try_from(block.frames()).unwrap_or(u64::MAX);
    block.captured_at.offset_nanos(super::stamps::frames_to_nanos(frames, block.sample_rate))
}

fn to_db(amplitude: f32) -> f32 {
    (20.0 * amplitude.log10()).max(Levels::FLOOR_DB)
}

fn from_db(db: f32) -> f32 {
    10.0_f32.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 5_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(START + millis * 1_000_000)
    }

    /// A block of 10 ms that begins at `millis`, filled with a square wave of this amplitude.
    fn block(millis: i64, amplitude: f32) -> AudioBlock {
        let samples = (0..960).map(|n| if n % 4 < 2 { amplitude } else { -amplitude }).collect();
        AudioBlock { captured_at: at(millis), sample_rate: 48_000, channels: 2, samples }
    }

    /// A meter that heard `amplitude` from `from` to `to`.
    fn hear(meter: &mut Meter, from: i64, to: i64, amplitude: f32) {
        (from..to).step_by(10).for_each(|millis| meter.push(&block(millis, amplitude)));
    }

    fn close(left: f32, right: f32) -> bool {
        (left - right).abs() < 0.01
    }

    #[test]
    fn levels_are_decibels_below_full_scale() {
        let mut meter = Meter::new();
        assert_eq!(meter.levels(at(0)), Levels::SILENT);
        hear(&mut meter, 0, 300, 0.5);
        let levels = meter.levels(at(300));
        assert!(close(levels.peak_db, -6.0206) && close(levels.rms_db, -6.0206), "{levels:?}");
        assert!(close(levels.held_peak_db, -6.0206) && !levels.clipped && close(levels.silent_s, 0.0));
        let sine = (0..48_000_u16).map(|n| (f32::from(n % 48) / 48.0 * std::f32::consts::TAU).sin()).collect();
        meter.push(&AudioBlock { captured_at: at(300), sample_rate: 48_000, channels: 1, samples: sine });
        assert!(close(meter.levels(at(1300)).rms_db, -3.0103), "a sine is 3 dB below its peak");
    }

    #[test]
    fn the_mean_square_forgets_after_300_ms() {
        let mut meter = Meter::new();
        hear(&mut meter, 0, 1000, 0.5);
        hear(&mut meter, 1000, 1150, 0.0);
        assert!(close(meter.levels(at(1150)).rms_db, -6.0206 - 3.0103), "half of the window");
        hear(&mut meter, 1150, 1300, 0.0);
        assert!(close(meter.levels(at(1300)).rms_db, Levels::FLOOR_DB));
    }

    #[test]
    fn a_stamp_that_jumps_back_does_not_stop_the_window() {
        let mut meter = Meter::new();
        hear(&mut meter, 60_000, 60_300, 0.5);
        hear(&mut meter, 0, 1000, 0.25);
        assert_eq!(meter.window.len(), 30);
        assert!(close(meter.levels(at(1000)).rms_db, -12.0412));
    }

    #[test]
    fn the_peak_stands_and_then_falls() {
        let mut meter = Meter::new();
        hear(&mut meter, 0, 10, 1.0);
        hear(&mut meter, 10, 1510, 0.001);
        assert!(close(meter.levels(at(1510)).held_peak_db, 0.0));
        hear(&mut meter, 1510, 2010, 0.001);
        assert!(close(meter.levels(at(2010)).held_peak_db, -10.0));
        hear(&mut meter, 2010, 2020, 0.5);
        assert!(close(meter.levels(at(2020)).held_peak_db, -6.0206), "a louder one takes its place");
        hear(&mut meter, 2020, 9000, 0.01);
        assert!(close(meter.levels(at(9000)).held_peak_db, -40.0), "never below what is heard");
    }

    #[test]
    fn an_overload_is_shown_for_three_seconds() {
        let mut meter = Meter::new();
        hear(&mut meter, 0, 10, 0.99);
        assert!(!meter.levels(at(10)).clipped);
        hear(&mut meter, 10, 20, 32_767.0 / 32_768.0);
        hear(&mut meter, 20, 3000, 0.1);
        assert!(meter.levels(at(3000)).clipped && !meter.levels(at(3021)).clipped);
    }

    #[test]
    fn silence_and_a_dead_input_are_counted() {
        let mut meter = Meter::new();
        hear(&mut meter, 0, 100, 0.5);
        hear(&mut meter, 100, 2100, 0.0009);
        assert!(close(meter.levels(at(2100)).silent_s, 2.0));
        let dead = meter.levels(at(9100));
        assert!(close(dead.rms_db, Levels::FLOOR_DB) && close(dead.peak_db, Levels::FLOOR_DB));
        assert!(close(dead.silent_s, 9.0));
        let mut never = Meter::new();
        hear(&mut never, 0, 1000, 0.0);
        assert!(close(never.levels(at(1000)).silent_s, 0.99));
    }

    #[test]
    fn what_is_no_number_harms_nothing() {
        let mut meter = Meter::new();
        let samples = vec![f32::NAN, 0.5, f32::NAN, -0.25];
        meter.push(&AudioBlock { captured_at: at(0), sample_rate: 48_000, channels: 1, samples });
        let levels = meter.levels(at(0));
        assert!(close(levels.peak_db, -6.0206) && levels.rms_db.is_finite());
    }
}
