//! Frame rates as fractions, because 29.97 is 30000/1001 and sums of floats drift.

use std::fmt;
use std::str::FromStr;

/// Frames per second as a reduced fraction; both parts are at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameRate {
    num: u32,
    den: u32,
}

/// Why a text is no frame rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a frame rate: write 30, 29.97 or 30000/1001, above 0 and at most 1000")]
pub struct ParseRateError {
    text: String,
}

impl FrameRate {
    /// The fastest rate accepted: above it a millisecond no longer holds one frame.
    pub const MAX_FPS: u32 = 1000;

    /// `num/den` frames per second, reduced; `None` if a part is zero or the rate exceeds [`Self::MAX_FPS`].
    pub fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 || u64::from(num) > u64::from(den) * u64::from(Self::MAX_FPS) {
            return None;
        }
        let divisor = gcd(num, den);
        Some(Self { num: num / divisor, den: den / divisor })
    }

    /// A whole number of frames per second, clamped to 1…1000.
    pub fn whole(fps: u32) -> Self {
        Self { num: fps.clamp(1, Self::MAX_FPS), den: 1 }
    }

    /// The numerator.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// The denominator.
    pub const fn den(self) -> u32 {
        self.den
    }

    /// Frames per second, rounded to a float: for showing, never for summing.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// Nanoseconds from tick 0 to tick `index`, exact to the nanosecond at any index.
    pub fn tick_nanos(self, index: u64) -> i64 {
        let nanos = u128::from(index) * 1_000_000_000 * u128::from(self.den) / u128::from(self.num);
        i64::try_from(nanos).unwrap_or(i64::MAX)
    }

    /// The tick whose half-open slot `[index − ½, index + ½)` holds `nanos` after tick 0; negative times give tick 0.
    pub fn nearest_tick(self, nanos: i64) -> u64 {
        let Ok(nanos) = u128::try_from(nanos) else { return 0 };
        let half = 500_000_000 * u128::from(self.den);
        let ticks = (nanos * u128::from(self.num) + half) / (1_000_000_000 * u128::from(self.den));
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// The length of one frame in nanoseconds, rounded down.
    pub fn period_nanos(self) -> i64 {
        self.tick_nanos(1)
    }
}

/// What the spacing of the recorded frames follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FrameTiming {
    /// The frame rate's even ticks; a tick without news repeats the picture. What editors and services want.
    #[default]
    Constant,
    /// The captures themselves, on millisecond time stamps: an unchanged screen then costs nothing.
    Variable,
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

impl FromStr for FrameRate {
    type Err = ParseRateError;

    /// Reads `30`, `30000/1001`, and the decimal names of the NTSC rates (`29.97`, `59.94`, `23.976`).
    fn from_str(text: &str) -> Result<Self, ParseRateError> {
        let refused = || ParseRateError { text: text.to_owned() };
        let trimmed = text.trim();
        if let Some((num, den)) = trimmed.split_once('/') {
            let num = num.trim().parse().map_err(|_| refused())?;
            let den = den.trim().parse().map_err(|_| refused())?;
            return Self::new(num, den).ok_or_else(refused);
        }
        match trimmed {
            "23.976" | "23.98" => return Self::new(24_000, 1001).ok_or_else(refused),
            "29.97" => return Self::new(30_000, 1001).ok_or_else(refused),
            "59.94" => return Self::new(60_000, 1001).ok_or_else(refused),
            "119.88" => return Self::new(120_000, 1001).ok_or_else(refused),
            _ => {}
        }
        let (whole, fraction) = trimmed.split_once('.').unwrap_or((trimmed, ""));
        if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refused());
        }
        let den = 10_u32.pow(u32::try_from(fraction.len()).map_err(|_| refused())?);
        let num: u64 = format!("{whole}{fraction}").parse().map_err(|_| refused())?;
        let num = u32::try_from(num).map_err(|_| refused())?;
        Self::new(num, den).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, num, den) in
            [("30", 30, 1), ("60/2", 30, 1), ("29.97", 30_000, 1001), ("30000/1001", 30_000, 1001), ("12.5", 25, 2)]
        {
            let rate: FrameRate = text.parse().unwrap();
            assert_eq!((rate.num(), rate.den()), (num, den), "{text}");
        }
        for text in ["", "0", "-1", "30/0", "abc", "1e3", "1001", "30,5", "99999999999", "1.0000000001"] {
            assert!(text.parse::<FrameRate>().is_err(), "{text}");
        }
    }

    #[test]
    fn ticks_are_exact_after_a_day() {
        let ntsc = FrameRate::new(30_000, 1001).unwrap();
        // 30 000 frames of 29.97 fps last 1001 s, to the nanosecond, however often that is repeated.
        assert_eq!(ntsc.tick_nanos(30_000 * 90), 1001 * 90 * 1_000_000_000);
    }

    #[test]
    fn nearest_tick_is_the_inverse_of_tick() {
        for rate in [FrameRate::whole(30), FrameRate::whole(60), FrameRate::new(30_000, 1001).unwrap()] {
            for index in [0, 1, 2, 7, 1000, 123_456_789] {
                let at = rate.tick_nanos(index);
                assert_eq!(rate.nearest_tick(at), index);
                assert_eq!(rate.nearest_tick(at + rate.period_nanos() / 2 - 2), index);
                assert_eq!(rate.nearest_tick(at + rate.period_nanos() / 2 + 2), index + 1);
            }
        }
        assert_eq!(FrameRate::whole(30).nearest_tick(-5), 0);
    }
}
