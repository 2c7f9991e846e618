//! Pairs what was found with what was shown, and says how far picture and sound are apart.

use super::median;

/// A flash and a click of the test as they really came out, in seconds of one and the same clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// When the flash was on the screen.
    pub flash_s: f64,
    /// When the click left the loudspeaker.
    pub click_s: f64,
}

/// An event that was found, both its flash and its click.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Its number in the test, from 0.
    pub index: usize,
    /// When it was shown, in seconds since the first event.
    pub at_s: f64,
    /// The flash in the film, in seconds.
    pub flash_s: f64,
    /// The click in the film, in seconds.
    pub click_s: f64,
    /// By how much the picture is later than the sound, in ms, half a frame taken off.
    pub offset_ms: f64,
    /// So far from the others that it is counted but not averaged.
    pub stray: bool,
}

/// What a test found. Positive: the picture is later than the sound.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncReport {
    /// How many events were shown.
    pub shown: usize,
    /// Those found, in order.
    pub events: Vec<Event>,
    /// The mean of those that do not stray, in ms.
    pub mean_ms: f64,
    /// Their standard deviation in ms. Sampling alone makes 0.29 frames.
    pub sd_ms: f64,
    /// The standard error of the mean in ms.
    pub mean_error_ms: f64,
    /// The first event of the test, if it was found.
    pub first_ms: Option<f64>,
    /// The change of the offset in millionths of the time.
    pub drift_ppm: f64,
    /// Its standard error.
    pub drift_error_ppm: f64,
}

impl SyncReport {
    /// Events that stray.
    pub fn strays(&self) -> usize {
        self.events.iter().filter(|event| event.stray).count()
    }

    /// The drift as ms in an hour.
    pub fn drift_ms_per_hour(&self) -> f64 {
        self.drift_ppm * 3.6
    }

    /// The standard error of that.
    pub fn drift_error_ms_per_hour(&self) -> f64 {
        self.drift_error_ppm * 3.6
    }
}

/// How far a flash or click may be from its place, beyond a frame and a half. A step of the schedule differs from its
/// neighbours by more.
const SLACK_S: f64 = 0.06;
/// Of many events this many are tried as the one that a found one may be.
const TRIED: usize = 24;

/// Compares with the flashes and clicks of a film, in seconds of its own time. `frame_s` is the time from one picture
/// of the source to the next.
pub fn measure(shown: &[Shown], flashes: &[f64], clicks: &[f64], frame_s: f64) -> SyncReport {
    let slack = SLACK_S + 1.5 * frame_s;
    let seen = matched(&shown.iter().map(|event| event.flash_s).collect::<Vec<_>>(), flashes, slack);
    let heard = matched(&shown.iter().map(|event| event.click_s).collect::<Vec<_>>(), clicks, slack);
    let begin_s = shown.first().map_or(0.0, |event| event.flash_s);
    let both = shown.iter().zip(seen.into_iter().zip(heard)).enumerate();
    let found = both.filter_map(|(index, (shown, found))| {
        let (Some(flash), Some(click)) = found else { return None };
        let late_s = (flash - shown.flash_s) - (click - shown.click_s) - frame_s / 2.0;
        let (at_s, offset_ms) = (shown.flash_s - begin_s, late_s * 1e3);
        Some(Event { index, at_s, flash_s: flash, click_s: click, offset_ms, stray: false })
    });
    report(shown.len(), found.collect(), frame_s)
}

fn report(shown: usize, mut events: Vec<Event>, frame_s: f64) -> SyncReport {
    let offsets: Vec<f64> = events.iter().map(|event| event.offset_ms).collect();
    let middle = median(&offsets).unwrap_or(0.0);
    let spread = median(&offsets.iter().map(|offset| (offset - middle).abs()).collect::<Vec<_>>()).unwrap_or(0.0);
    // Sampling alone reaches half a frame; 4 of these spreads are 1.6 times that.
    let most = (4.0 * spread).max(frame_s * 1e3);
    for event in &mut events {
        event.stray = (event.offset_ms - middle).abs() > most;
    }
    let kept: Vec<(f64, f64)> =
        events.iter().filter(|event| !event.stray).map(|event| (event.at_s, event.offset_ms)).collect();
    let line = Line::through(&kept);
    SyncReport {
        shown,
        first_ms: events.first().filter(|event| event.index == 0).map(|event| event.offset_ms),
        events,
        mean_ms: line.mean,
        sd_ms: line.sd,
        mean_error_ms: line.mean_error,
        drift_ppm: line.slope * 1e3,
        drift_error_ppm: line.slope_error * 1e3,
    }
}

/// For each expected moment the found one that belongs to it. The two clocks may begin anywhere: of all shifts that
/// bring one of them together the one with most others in place wins, then the one with the least distance.
fn matched(expected: &[f64], found: &[f64], slack: f64) -> Vec<Option<f64>> {
    let stride = expected.len().div_ceil(TRIED).max(1);
    let shifts = expected.iter().step_by(stride).flat_map(|due| found.iter().map(move |at| at - due));
    let judged = shifts.map(|shift| {
        let (mut count, mut distance) = (0_usize, 0.0);
        for due in expected {
            if let Some(at) = nearest(found, due + shift).filter(|at| (at - due - shift).abs() <= slack) {
                count += 1;
                distance += (at - due - shift).abs();
            }
        }
        (count, distance, shift)
    });
    let best = judged.max_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let Some((_, _, shift)) = best else { return vec![None; expected.len()] };
    let place = |due: &f64| nearest(found, due + shift).filter(|at| (at - due - shift).abs() <= slack);
    expected.iter().map(place).collect()
}

/// The nearest of some sorted moments.
fn nearest(sorted: &[f64], wanted: f64) -> Option<f64> {
    let after = sorted.partition_point(|at| *at < wanted);
    let around = [after.checked_sub(1).and_then(|before| sorted.get(before)), sorted.get(after)];
    around.into_iter().flatten().copied().min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()))
}

/// A straight line through points, by least squares.
#[derive(Default)]
struct Line {
    mean: f64,
    sd: f64,
    mean_error: f64,
    slope: f64,
    slope_error: f64,
}

impl Line {
    fn through(points: &[(f64, f64)]) -> Self {
        let count = f64::from(u32::try_from(points.len()).unwrap_or(u32::MAX));
        if points.is_empty() {
            return Self::default();
        }
        let mean_of = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
        let (x_mean, mean) = (mean_of(|point| point.0), mean_of(|point| point.1));
        if points.len() < 3 {
            return Self { mean, ..Self::default() };
        }
        let sum =
            |value: &dyn Fn(f64, f64) -> f64| points.iter().map(|(x, y)| value(x - x_mean, y - mean)).sum::<f64>();
        let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
        let sd = (yy / (count - 1.0)).sqrt();
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        let rest = (yy - slope * xy).max(0.0) / (count - 2.0);
        let slope_error = if xx > 0.0 { (rest / xx).sqrt() } else { 0.0 };
        Self { mean, sd, mean_error: sd / count.sqrt(), slope, slope_error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sync::event_delay;

    const FRAME_S: f64 = 1.0 / 30.0;

    /// A test on a clock that reads 5000 s, and what a recorder that began at 4998 s finds of it: flashes on its grid of
    /// frames, `late_ms` later than the clicks and drifting.
    fn recorded(count: usize, late_ms: f64, drift_ppm: f64) -> (Vec<Shown>, Vec<f64>, Vec<f64>) {
        let due = |index| 5000.0 + event_delay(index).as_secs_f64();
        let shown = |index| Shown { flash_s: due(index) + 0.004, click_s: due(index) - 0.003 };
        let shown: Vec<Shown> = (0..count).map(shown).collect();
        let grid = |at: f64| (at / FRAME_S).ceil() * FRAME_S;
        let late = |at: f64| late_ms / 1e3 + (at - 5000.0) * drift_ppm / 1e6;
        let flashes = shown.iter().map(|event| grid(event.flash_s - 4998.0 + 0.011 + late(event.flash_s)));
        let clicks = shown.iter().map(|event| event.click_s - 4998.0 + 0.011);
        (shown.clone(), flashes.collect(), clicks.collect())
    }

    #[test]
    fn an_offset_is_found_whatever_the_clocks_say() {
        for late_ms in [0.0, 3.0, -45.0, 120.0, -2000.0] {
            let (shown, flashes, clicks) = recorded(60, late_ms, 0.0);
            let report = measure(&shown, &flashes, &clicks, FRAME_S);
            assert_eq!((report.events.len(), report.strays()), (60, 0));
            assert!((report.mean_ms - late_ms).abs() < 1.0, "{late_ms}: {report:?}");
            assert!((8.5..10.5).contains(&report.sd_ms), "sampling's own spread: {}", report.sd_ms);
            assert!(report.first_ms.is_some_and(|first| (first - late_ms).abs() < 17.0));
            assert!(report.drift_ppm.abs() < 2.0 * report.drift_error_ppm, "{report:?}");
        }
    }

    #[test]
    fn a_drift_is_found_with_its_uncertainty() {
        let (shown, flashes, clicks) = recorded(400, 0.0, 100.0);
        let report = measure(&shown, &flashes, &clicks, FRAME_S);
        assert!(report.drift_error_ppm < 4.0, "{}", report.drift_error_ppm);
        assert!((report.drift_ppm - 100.0).abs() < 3.0 * report.drift_error_ppm, "{}", report.drift_ppm);
        assert!((report.drift_ms_per_hour() - 360.0).abs() < 45.0);
    }

    #[test]
    fn lost_doubled_and_stray_events_do_no_harm() {
        let (shown, mut flashes, mut clicks) = recorded(30, 8.0, 0.0);
        flashes.remove(0);
        flashes.remove(11);
        clicks.remove(20);
        flashes.insert(5, flashes[4] + 0.6);
        clicks[25] += 0.07;
        let report = measure(&shown, &flashes, &clicks, FRAME_S);
        assert_eq!((report.shown, report.events.len(), report.strays(), report.first_ms), (30, 27, 1, None));
        assert!((report.mean_ms - 8.0).abs() < 2.5, "{report:?}");
        assert!(report.events.iter().all(|event| ![0, 12, 20].contains(&event.index)));
    }

    #[test]
    fn nothing_found_is_nothing_measured() {
        let (shown, flashes, _) = recorded(10, 0.0, 0.0);
        for (flashes, clicks) in [(&flashes[..], &[][..]), (&[], &[])] {
            let report = measure(&shown, flashes, clicks, FRAME_S);
            assert_eq!((report.shown, report.events.len(), report.first_ms), (10, 0, None));
        }
    }
}
