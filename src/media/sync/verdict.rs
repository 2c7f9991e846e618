//! What an offset means for people.

use super::SyncReport;

/// EBU R37 allows sound to be this much early …
const MOST_EARLY_MS: f64 = 40.0;
/// … and this much late: in nature sound comes after light.
const MOST_LATE_MS: f64 = 60.0;
/// An offset from which on setting it right is worth it.
pub const TELLING_MS: f64 = 10.0;
/// Fewer of the events than this part found, and the rest may be chance.
const LEAST_FOUND: f64 = 0.7;
/// More of those found straying than this part, and a mean means nothing.
const MOST_STRAY: f64 = 0.2;

/// How picture and sound stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncVerdict {
    /// Nobody notices.
    InStep,
    /// Sound comes before the picture.
    SoundEarly,
    /// Sound comes after the picture.
    SoundLate,
    /// The offset jumps.
    Unsteady,
    /// Too few flashes and clicks were found.
    TooFew,
}

impl SyncVerdict {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InStep => "in_step",
            Self::SoundEarly => "sound_early",
            Self::SoundLate => "sound_late",
            Self::Unsteady => "unsteady",
            Self::TooFew => "too_few_events",
        }
    }
}

/// Judges a report.
#[expect(clippy::cast_precision_loss, reason = "some hundred events")]
pub fn judge(report: &SyncReport) -> SyncVerdict {
    let (found, strays) = (report.events.len() as f64, report.strays() as f64);
    match report.mean_ms {
        _ if found < 3.0 || found < report.shown as f64 * LEAST_FOUND => SyncVerdict::TooFew,
        _ if strays > found * MOST_STRAY => SyncVerdict::Unsteady,
        mean if mean > MOST_EARLY_MS => SyncVerdict::SoundEarly,
        mean if mean < -MOST_LATE_MS => SyncVerdict::SoundLate,
        _ => SyncVerdict::InStep,
    }
}

impl SyncReport {
    /// Whether the offset is worth setting right: large enough, and larger than chance and the stimulus make it.
    pub fn is_telling(&self, stimulus_error_ms: f64) -> bool {
        let sure = judge(self) != SyncVerdict::TooFew && judge(self) != SyncVerdict::Unsteady;
        let error = 2.0 * self.mean_error_ms + stimulus_error_ms;
        sure && self.mean_ms.abs() > TELLING_MS && self.mean_ms.abs() > error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sync::Event;

    fn report(shown: usize, found: usize, strays: usize, mean_ms: f64) -> SyncReport {
        let event =
            |index| Event { index, at_s: 0.0, flash_s: 0.0, click_s: 0.0, offset_ms: mean_ms, stray: index < strays };
        SyncReport {
            shown,
            events: (0..found).map(event).collect(),
            mean_ms,
            sd_ms: 9.6,
            mean_error_ms: 2.1,
            first_ms: None,
            drift_ppm: 0.0,
            drift_error_ppm: 0.0,
        }
    }

    #[test]
    fn verdicts_follow_the_broadcasters() {
        for (shown, found, strays, mean_ms, verdict) in [
            (20, 20, 0, 3.0, SyncVerdict::InStep),
            (20, 20, 0, 39.0, SyncVerdict::InStep),
            (20, 20, 0, 41.0, SyncVerdict::SoundEarly),
            (20, 20, 0, -59.0, SyncVerdict::InStep),
            (20, 20, 0, -61.0, SyncVerdict::SoundLate),
            (20, 13, 0, 0.0, SyncVerdict::TooFew),
            (20, 0, 0, 0.0, SyncVerdict::TooFew),
            (20, 20, 5, 0.0, SyncVerdict::Unsteady),
        ] {
            assert_eq!(judge(&report(shown, found, strays, mean_ms)), verdict, "{found} {strays} {mean_ms}");
        }
    }

    #[test]
    fn only_a_sure_offset_is_worth_storing() {
        assert!(report(20, 20, 0, 25.0).is_telling(8.0));
        assert!(report(20, 20, 0, -25.0).is_telling(8.0));
        assert!(!report(20, 20, 0, 9.0).is_telling(0.0));
        assert!(!report(20, 20, 0, 15.0).is_telling(12.0));
        assert!(!report(20, 5, 0, 25.0).is_telling(8.0));
    }
}
