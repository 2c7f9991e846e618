//! Time as the house counts it.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on the operating system's monotonic clock, in nanoseconds (`CLOCK_MONOTONIC` on Linux).
///
/// Frames and sound carry the moment when light or sound was taken, so that picture and sound can be
/// laid side by side without asking when a thread got to see them. Wall time never appears here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From nanoseconds of the monotonic clock.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds of the monotonic clock.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Signed nanoseconds from `earlier` to `self`; negative if `self` is the earlier one.
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` to `self`; zero if `self` is the earlier one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.nanos_since(earlier)).unwrap_or(0))
    }

    /// Moved by a signed number of nanoseconds.
    #[must_use]
    pub const fn offset_nanos(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.offset_nanos(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        self.offset_nanos(i64::try_from(duration.as_nanos()).map_or(i64::MIN, |nanos| -nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_signed_and_durations_are_not() {
        let early = Timestamp::from_nanos(1_000);
        let late = early + Duration::from_nanos(500);
        assert_eq!(late.nanos_since(early), 500);
        assert_eq!(early.nanos_since(late), -500);
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late - Duration::from_nanos(500), early);
    }
}
