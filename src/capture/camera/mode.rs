//! Modes of a camera: their names, and which one to take.

use std::fmt;

use crate::media::Resolution;

/// How a camera sends its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Nv12,
    Yuyv,
    Mjpeg,
    Rgb24,
    Bgr24,
    Gray,
}

impl Coding {
    const ALL: [Self; 6] = [Self::Nv12, Self::Yuyv, Self::Mjpeg, Self::Rgb24, Self::Bgr24, Self::Gray];

    const fn name(self) -> &'static str {
        match self {
            Self::Nv12 => "nv12",
            Self::Yuyv => "yuyv",
            Self::Mjpeg => "mjpeg",
            Self::Rgb24 => "rgb24",
            Self::Bgr24 => "bgr24",
            Self::Gray => "gray",
        }
    }

    /// What this coding costs beside the others: MJPEG must be decoded, gray is an infrared camera.
    const fn cost(self) -> f64 {
        match self {
            Self::Nv12 => 0.0,
            Self::Yuyv => 0.01,
            Self::Mjpeg => 0.1,
            Self::Rgb24 | Self::Bgr24 => 0.15,
            Self::Gray => 3.0,
        }
    }
}

/// One mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    pub(super) size: Resolution,
    pub(super) fps: u32,
    pub(super) coding: Coding,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} {}", self.size, self.fps, self.coding.name())
    }
}

/// Best first: near 1280x720, not slower than asked, cheap to convert. Doubles are removed.
pub(super) fn ranked(mut modes: Vec<Mode>, fps: u32) -> Vec<Mode> {
    let wanted = f64::from(1280 * 720);
    let cost = |mode: &Mode| {
        let area = f64::from(mode.size.width) * f64::from(mode.size.height);
        let rate = f64::from(fps.max(1)) / f64::from(mode.fps.max(1));
        // Too slow hurts as much as the wrong size; too fast only costs a little.
        let speed = if rate > 1.0 { rate.log2() } else { -rate.log2() * 0.05 };
        (area.max(1.0) / wanted).log2().abs() + speed + mode.coding.cost()
    };
    modes.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    modes.dedup();
    modes
}

/// Whether a mode is what the user wrote: `1280x720@30 mjpeg` or any part of it. `None` if the text is no mode.
pub(super) fn matches(asked: &str, mode: Mode) -> Option<bool> {
    let mut fits = true;
    for word in asked.split_whitespace() {
        let lower = word.to_lowercase();
        if let Some(coding) = Coding::ALL.into_iter().find(|coding| coding.name() == lower) {
            fits &= mode.coding == coding;
            continue;
        }
        let (size, fps) = word.split_once('@').map_or((word, None), |(size, fps)| (size, Some(fps)));
        if !size.is_empty() {
            fits &= mode.size == Resolution::parse(size)?;
        }
        if let Some(fps) = fps {
            fits &= mode.fps == fps.parse::<u32>().ok()?;
        }
    }
    Some(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(width: u32, height: u32, fps: u32, coding: Coding) -> Mode {
        Mode { size: Resolution::new(width, height), fps, coding }
    }

    #[test]
    fn a_usb2_webcam_gets_720p30_although_that_is_mjpeg() {
        let modes = vec![
            mode(1920, 1080, 30, Coding::Mjpeg),
            mode(1280, 720, 10, Coding::Yuyv),
            mode(640, 480, 30, Coding::Yuyv),
            mode(1280, 720, 30, Coding::Mjpeg),
            mode(1280, 720, 30, Coding::Mjpeg),
            mode(1280, 720, 30, Coding::Gray),
        ];
        let ranked = ranked(modes, 30);
        assert_eq!(ranked[0].to_string(), "1280x720@30 mjpeg");
        assert_eq!(ranked.len(), 5);
        assert_eq!(ranked[4].coding, Coding::Gray);
    }

    #[test]
    fn raw_is_preferred_where_it_is_as_fast() {
        let modes = vec![mode(1280, 720, 30, Coding::Mjpeg), mode(1280, 720, 30, Coding::Yuyv)];
        assert_eq!(ranked(modes, 30)[0].coding, Coding::Yuyv);
    }

    #[test]
    fn any_part_of_a_mode_names_it() {
        let mode = mode(1280, 720, 30, Coding::Mjpeg);
        for asked in ["1280x720@30 mjpeg", "1280x720", "@30", "MJPEG", "mjpeg 1280x720@30", ""] {
            assert_eq!(matches(asked, mode), Some(true), "{asked}");
        }
        for asked in ["1280x720@60", "yuyv", "640x480"] {
            assert_eq!(matches(asked, mode), Some(false), "{asked}");
        }
        for asked in ["fast", "1280x", "1280x720@fast"] {
            assert_eq!(matches(asked, mode), None, "{asked}");
        }
    }
}
