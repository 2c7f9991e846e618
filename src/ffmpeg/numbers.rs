//! Small conversions in ffmpeg's and the web's terms: times, names of sizes, a first guess at a bitrate.
//!
//! Pure.

use std::time::Duration;

use crate::media::{FrameRate, Resolution};

/// The sizes that have a name everybody uses, smallest first.
const NAMED: [(&str, Resolution); 9] = [
    ("144p", Resolution::new(256, 144)),
    ("240p", Resolution::new(426, 240)),
    ("360p", Resolution::new(640, 360)),
    ("480p", Resolution::new(854, 480)),
    ("720p", Resolution::new(1280, 720)),
    ("1080p", Resolution::new(1920, 1080)),
    ("1440p", Resolution::new(2560, 1440)),
    ("2160p", Resolution::new(3840, 2160)),
    ("4320p", Resolution::new(7680, 4320)),
];

/// The first time of day in a text, as ffmpeg writes lengths: `Duration: 00:07:08.44, start: …` is 428.44 s. `None`
/// if there is none. Parts of a second may be missing; hours may have more than two digits.
pub fn parse_time(text: &str) -> Option<Duration> {
    text.split(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').find_map(clock_time)
}

fn clock_time(word: &str) -> Option<Duration> {
    let mut parts = word.trim_matches(['.', ':']).split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let sexagesimal = |text: &str| (text.len() == 2).then(|| text.parse::<u64>().ok()).flatten().filter(|n| *n < 60);
    if parts.next().is_some() || hours.len() < 2 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes, whole) = (hours.parse::<u64>().ok()?, sexagesimal(minutes)?, sexagesimal(whole)?);
    let nanos: u32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(Duration::new(hours.checked_mul(3600)? + minutes * 60 + whole, nanos))
}

/// The usual name of a size: 1280x720 is `720p`. A size without one is written as it is: `1366x768`.
pub fn resolution_name(size: Resolution) -> String {
    let known = NAMED.iter().find(|(_, known)| *known == size);
    known.map_or_else(|| size.to_string(), |(name, _)| (*name).to_owned())
}

/// The size of a name, in any case, or of `WIDTHxHEIGHT`; `None` if it is neither.
pub fn resolution_named(name: &str) -> Option<Resolution> {
    let name = name.trim();
    if let Some((_, size)) = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some(*size);
    }
    let (width, height) = name.split_once(['x', 'X'])?;
    Resolution::checked(width.parse().ok()?, height.parse().ok()?)
}

/// A first guess at a video's bitrate in kbit/s: width × height × frames a second × bits a pixel ÷ 1000. 0.1 bits a
/// pixel suit H.264 and ordinary motion.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range first")]
pub fn suggested_video_kbps(size: Resolution, rate: FrameRate, bits_per_pixel: f64) -> u32 {
    let pixels = f64::from(size.width) * f64::from(size.height);
    let kbps = pixels * rate.as_f64() * bits_per_pixel / 1000.0;
    if kbps.is_finite() { kbps.round().clamp(1.0, f64::from(u32::MAX)) as u32 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extract_time() {
        let time = |text| parse_time(text).map(|time| time.as_secs_f64());
        assert_eq!(time("  Duration: 00:00:08.44, start: 0.000000, bitrate: 804 kb/s"), Some(8.44));
        assert_eq!(time("00:07:08"), Some(428.0));
        assert_eq!(time("time=100:00:00.5"), Some(360_000.5));
        assert_eq!(time("00:00:01.003000000"), Some(1.003));
        for none in
            ["", "Duration: N/A, start: 1.0", "12:30", "00:61:00", "00:00:61", "1:2:3:4", "a:b:c", ":::", "0:0:0"]
        {
            assert_eq!(time(none), None, "{none}");
        }
    }

    #[test]
    fn dimensions_to_resolutions_and_back() {
        for (name, size) in NAMED {
            assert_eq!((resolution_name(size).as_str(), resolution_named(name)), (name, Some(size)));
        }
        assert_eq!(resolution_name(Resolution::new(1366, 768)), "1366x768");
        assert_eq!(resolution_named(" 720P "), Some(Resolution::new(1280, 720)));
        assert_eq!(resolution_named("1366x768"), Some(Resolution::new(1366, 768)));
        for invalid in ["", "721p", "x", "0x5", "10x", "99999x1", "-1x5"] {
            assert_eq!(resolution_named(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn get_video_bitrate() {
        let at =
            |width, height, fps, bpp| suggested_video_kbps(Resolution::new(width, height), FrameRate::whole(fps), bpp);
        assert_eq!((at(640, 360, 60, 0.1), at(1920, 1080, 30, 0.1)), (1382, 6221));
        assert_eq!((at(640, 360, 60, 0.0), at(640, 360, 60, f64::NAN), at(1, 1, 1, -5.0)), (1, 1, 1));
        assert_eq!(at(32_768, 32_768, 1000, 1e9), u32::MAX);
    }
}
