//! When a sync test flashes and clicks.

use std::time::Duration;

/// The pitch of a click in Hz.
pub const CLICK_HZ: f64 = 1000.0;
/// Long enough for its level to be told from noise, short enough to stay a click.
pub const CLICK_LENGTH: Duration = Duration::from_millis(80);
/// Three frames at 30 fps, so that no encoder smooths it away; one at 10 fps.
pub const FLASH_LENGTH: Duration = Duration::from_millis(100);
/// Fewer tell nothing of the spread.
pub const LEAST_EVENTS: usize = 5;
/// Ten minutes.
pub const MOST_EVENTS: usize = 400;

/// One event every 1.5 s …
const PERIOD_S: f64 = 1.5;
/// … and up to this much later. Neighbouring steps differ by 190 ms and more, so that a lost event is never mistaken for
/// the next one.
const DITHER_S: f64 = 0.5;
/// The golden ratio's fraction: its multiples fill every interval evenly, so that the flashes meet the frames at every
/// phase, whatever the rate, and a mean over them is the mean over the phases.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// When event `index` is due after the beginning.
pub fn event_delay(index: usize) -> Duration {
    let index = f64::from(u32::try_from(index).unwrap_or(u32::MAX));
    Duration::from_secs_f64(index * PERIOD_S + (index * GOLDEN).fract() * DITHER_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_meet_frames_of_any_rate_at_every_phase() {
        for fps in [10.0, 24.0, 25.0, 30.0, 50.0, 60.0] {
            let mut phases: Vec<f64> = (0..60).map(|index| (event_delay(index).as_secs_f64() * fps).fract()).collect();
            phases.sort_by(f64::total_cmp);
            let widest = phases.windows(2).map(|pair| pair[1] - pair[0]).fold(phases[0] + 1.0 - phases[59], f64::max);
            // Spread evenly they would be 1/60 apart.
            assert!(widest < 0.08, "{fps}: {widest}");
        }
    }

    #[test]
    fn neighbouring_steps_differ() {
        let step = |index| event_delay(index + 1).as_secs_f64() - event_delay(index).as_secs_f64();
        assert!((0..MOST_EVENTS).all(|index| (step(index) - step(index + 1)).abs() > 0.05 || step(index) > 1.3));
        assert!((0..MOST_EVENTS).all(|index| (1.0..2.0).contains(&step(index))));
    }
}
