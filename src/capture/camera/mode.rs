//! Modes of a camera: their names, and which one to take.

use std::fmt;

use crate::media::{CompressedFormat, FrameRate, Resolution};

/// How a camera sends its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CameraCoding {
    /// 4:2:0, a luma plane and a plane of U V pairs.
    Nv12,
    /// 4:2:0 in three planes.
    Yu12,
    /// 4:2:2 packed as Y U Y V.
    Yuyv,
    /// 4:2:2 packed as U Y V Y.
    Uyvy,
    /// One JPEG a picture.
    Mjpeg,
    /// Red, green, blue.
    Rgb24,
    /// Blue, green, red.
    Bgr24,
    /// Luma alone: infrared cameras.
    Gray,
    /// Pictures that build on each other. Taken only where they are recorded as they come: nothing here decodes them.
    H264,
}

impl CameraCoding {
    /// All there are.
    pub const ALL: [Self; 9] =
        [Self::Nv12, Self::Yu12, Self::Yuyv, Self::Uyvy, Self::Mjpeg, Self::Rgb24, Self::Bgr24, Self::Gray, Self::H264];

    /// Its name in a mode (`1280x720@30 mjpeg`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nv12 => "nv12",
            Self::Yu12 => "yu12",
            Self::Yuyv => "yuyv",
            Self::Uyvy => "uyvy",
            Self::Mjpeg => "mjpeg",
            Self::Rgb24 => "rgb24",
            Self::Bgr24 => "bgr24",
            Self::Gray => "gray",
            Self::H264 => "h264",
        }
    }

    /// The four characters by which V4L2 knows it.
    pub const fn fourcc(self) -> [u8; 4] {
        match self {
            Self::Nv12 => *b"NV12",
            Self::Yu12 => *b"YU12",
            Self::Yuyv => *b"YUYV",
            Self::Uyvy => *b"UYVY",
            Self::Mjpeg => *b"MJPG",
            Self::Rgb24 => *b"RGB3",
            Self::Bgr24 => *b"BGR3",
            Self::Gray => *b"GREY",
            Self::H264 => *b"H264",
        }
    }

    /// The coding of these four characters, if it is one that can be read.
    pub fn of_fourcc(fourcc: [u8; 4]) -> Option<Self> {
        // Some drivers write JPEG where others write MJPG; the bytes are the same.
        let fourcc = if &fourcc == b"JPEG" { *b"MJPG" } else { fourcc };
        Self::ALL.into_iter().find(|coding| coding.fourcc() == fourcc)
    }

    /// How the pictures come encoded, so that they can be recorded as they are; `None` if they are pixels.
    pub const fn compressed(self) -> Option<CompressedFormat> {
        match self {
            Self::Mjpeg => Some(CompressedFormat::Mjpeg),
            Self::H264 => Some(CompressedFormat::H264),
            _ => None,
        }
    }

    /// What this coding costs beside the others: MJPEG must be decoded, gray is an infrared camera.
    const fn cost(self) -> f64 {
        match self {
            Self::Nv12 => 0.0,
            Self::Yu12 => 0.005,
            Self::Yuyv => 0.01,
            Self::Uyvy => 0.015,
            Self::Mjpeg => 0.1,
            Self::Rgb24 | Self::Bgr24 => 0.15,
            Self::Gray => 3.0,
            Self::H264 => 9.0,
        }
    }
}

/// One mode. Written and read as `1280x720@30 mjpeg`; a rate that is no whole number as `29.97` or `12.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CameraMode {
    /// Pixels across and down.
    pub size: Resolution,
    /// Pictures per second, exactly as the camera says it.
    pub rate: FrameRate,
    /// How they are sent.
    pub coding: CameraCoding,
}

impl CameraMode {
    /// Reads a whole mode, as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let (size, rest) = text.split_once('@')?;
        let (rate, coding) = rest.split_once(' ')?;
        let coding = CameraCoding::ALL.into_iter().find(|own| own.name() == coding.trim())?;
        Some(Self { size: Resolution::parse(size)?, rate: rate.parse().ok()?, coding })
    }

    /// Its rate for people: `30`, `12.5`, `29.97`.
    pub fn rate_text(&self) -> String {
        let text = format!("{:.3}", self.rate.as_f64());
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// Whether this is what the user wrote: `1280x720@30 mjpeg` or any part of it. `None` if the text is no mode.
    pub fn matches(&self, asked: &str) -> Option<bool> {
        let mut fits = true;
        for word in asked.split_whitespace() {
            let lower = word.to_lowercase();
            if let Some(coding) = CameraCoding::ALL.into_iter().find(|coding| coding.name() == lower) {
                fits &= self.coding == coding;
                continue;
            }
            let (size, rate) = word.split_once('@').map_or((word, None), |(size, rate)| (size, Some(rate)));
            if !size.is_empty() {
                fits &= self.size == Resolution::parse(size)?;
            }
            if let Some(rate) = rate {
                // 29.97 is 30000/1001 to one camera and 2997/100 to another; 30 is neither.
                let rate: FrameRate = rate.parse().ok()?;
                fits &= (rate.as_f64() - self.rate.as_f64()).abs() < 0.006;
            }
        }
        Some(fits)
    }
}

impl fmt::Display for CameraMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} {}", self.size, self.rate_text(), self.coding.name())
    }
}

/// What a mode should be near to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModeWish {
    pub(crate) size: Resolution,
    pub(crate) rate: FrameRate,
}

impl Default for ModeWish {
    fn default() -> Self {
        Self { size: Resolution::new(1280, 720), rate: FrameRate::whole(30) }
    }
}

/// Best first: near the wished size, not slower than wished, cheap to convert. Doubles are removed.
pub(crate) fn ranked(mut modes: Vec<CameraMode>, wish: ModeWish) -> Vec<CameraMode> {
    let area = |size: Resolution| (f64::from(size.width) * f64::from(size.height)).max(1.0);
    let cost = |mode: &CameraMode| {
        let rate = wish.rate.as_f64() / mode.rate.as_f64();
        // Too slow hurts as much as the wrong size; too fast only costs a little.
        let speed = if rate > 1.0 { rate.log2() } else { -rate.log2() * 0.05 };
        (area(mode.size) / area(wish.size)).log2().abs() + speed + mode.coding.cost()
    };
    modes.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    modes.dedup();
    modes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(width: u32, height: u32, fps: u32, coding: CameraCoding) -> CameraMode {
        CameraMode { size: Resolution::new(width, height), rate: FrameRate::whole(fps), coding }
    }

    #[test]
    fn a_usb2_webcam_gets_720p30_although_that_is_mjpeg() {
        let modes = vec![
            mode(1920, 1080, 30, CameraCoding::Mjpeg),
            mode(1280, 720, 10, CameraCoding::Yuyv),
            mode(640, 480, 30, CameraCoding::Yuyv),
            mode(1280, 720, 30, CameraCoding::Mjpeg),
            mode(1280, 720, 30, CameraCoding::Mjpeg),
            mode(1280, 720, 30, CameraCoding::Gray),
            mode(1280, 720, 30, CameraCoding::H264),
        ];
        let ranked = ranked(modes.clone(), ModeWish::default());
        assert_eq!(ranked[0].to_string(), "1280x720@30 mjpeg");
        assert_eq!(ranked.len(), 6);
        assert_eq!(ranked[4].coding, CameraCoding::Gray);
        assert_eq!(ranked[5].coding, CameraCoding::H264, "never by itself");
        let wish = ModeWish { size: Resolution::new(1920, 1080), ..ModeWish::default() };
        assert_eq!(super::ranked(modes, wish)[0].to_string(), "1920x1080@30 mjpeg");
    }

    #[test]
    fn raw_is_preferred_where_it_is_as_fast() {
        let modes = vec![mode(1280, 720, 30, CameraCoding::Mjpeg), mode(1280, 720, 30, CameraCoding::Yuyv)];
        assert_eq!(ranked(modes, ModeWish::default())[0].coding, CameraCoding::Yuyv);
    }

    #[test]
    fn any_part_of_a_mode_names_it() {
        let mode = mode(1280, 720, 30, CameraCoding::Mjpeg);
        for asked in ["1280x720@30 mjpeg", "1280x720", "@30", "MJPEG", "mjpeg 1280x720@30", ""] {
            assert_eq!(mode.matches(asked), Some(true), "{asked}");
        }
        for asked in ["1280x720@60", "yuyv", "640x480", "@29.97"] {
            assert_eq!(mode.matches(asked), Some(false), "{asked}");
        }
        for asked in ["fast", "1280x", "1280x720@fast"] {
            assert_eq!(mode.matches(asked), None, "{asked}");
        }
    }

    #[test]
    fn odd_rates_are_written_and_read() {
        let at = |num, den| CameraMode {
            size: Resolution::new(720, 576),
            rate: FrameRate::new(num, den).unwrap(),
            coding: CameraCoding::Uyvy,
        };
        for (num, den, text) in [(30_000, 1001, "29.97"), (25, 2, "12.5"), (60_000, 1001, "59.94"), (1, 3, "0.333")] {
            let mode = at(num, den);
            assert_eq!(mode.to_string(), format!("720x576@{text} uyvy"));
            assert_eq!(mode.matches(&mode.to_string()), Some(true), "{mode}");
            assert!(CameraMode::parse(&mode.to_string()).is_some_and(|read| read.size == mode.size));
        }
        assert_eq!(at(30_000, 1001).matches("@30000/1001"), Some(true));
    }

    #[test]
    fn every_coding_has_a_name_and_four_characters_of_its_own() {
        for coding in CameraCoding::ALL {
            assert_eq!(CameraCoding::of_fourcc(coding.fourcc()), Some(coding));
        }
        assert_eq!(CameraCoding::of_fourcc(*b"JPEG"), Some(CameraCoding::Mjpeg));
        assert_eq!(CameraCoding::of_fourcc(*b"Z16 "), None);
    }
}
