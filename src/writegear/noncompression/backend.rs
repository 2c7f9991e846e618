//! The parts of OpenCV that write videos, by their names, and which of them this OpenCV has.

use std::fmt;
use std::str::FromStr;

use super::native::{OpenCv, opencv};
use super::settings::SettingsError;

/// A part of OpenCV that writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The first that takes the output.
    #[default]
    Auto,
    /// OpenCV's own use of ffmpeg's libraries.
    Ffmpeg,
    /// `GStreamer`.
    Gstreamer,
    /// OpenCV's own Motion JPEG in .avi.
    OpencvMjpeg,
    /// Numbered pictures.
    Images,
    /// Intel's Media SDK.
    IntelMfx,
    /// Microsoft's Media Foundation.
    Msmf,
    /// Apple's `AVFoundation`.
    AvFoundation,
}

/// One backend with the number of OpenCV's constant, its name there, and what its registry calls it.
const TABLE: &[(Backend, i32, &str, &str)] = &[
    (Backend::Ffmpeg, 1900, "CAP_FFMPEG", "FFMPEG"),
    (Backend::Gstreamer, 1800, "CAP_GSTREAMER", "GSTREAMER"),
    (Backend::OpencvMjpeg, 2200, "CAP_OPENCV_MJPEG", "CV_MJPEG"),
    (Backend::Images, 2000, "CAP_IMAGES", "CV_IMAGES"),
    (Backend::IntelMfx, 2300, "CAP_INTEL_MFX", "INTEL_MFX"),
    (Backend::Msmf, 1400, "CAP_MSMF", "MSMF"),
    (Backend::AvFoundation, 1200, "CAP_AVFOUNDATION", "AVFOUNDATION"),
];

impl Backend {
    /// Every name but `auto`.
    pub fn names() -> Vec<&'static str> {
        TABLE.iter().map(|(_, _, name, _)| *name).collect()
    }

    /// OpenCV's number for it; 0 for any.
    pub(super) fn code(self) -> i32 {
        TABLE.iter().find(|row| row.0 == self).map_or(0, |row| row.1)
    }

    /// Whether this OpenCV has it; `Auto` is always there.
    #[inline]
    pub fn is_available(self) -> bool {
        self.is_in(opencv())
    }

    pub(super) fn is_in(self, opencv: &dyn OpenCv) -> bool {
        let wanted = TABLE.iter().find(|row| row.0 == self);
        wanted.is_none_or(|row| opencv.writers().iter().any(|name| name == row.3))
    }
}

impl FromStr for Backend {
    type Err = SettingsError;

    /// Reads `auto`, `CAP_FFMPEG` and `FFMPEG`, in letters of any size, and the registry's own names (`CV_MJPEG`).
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let name = text.trim().to_ascii_uppercase();
        if matches!(name.as_str(), "AUTO" | "ANY" | "CAP_ANY") {
            return Ok(Self::Auto);
        }
        let bare = name.strip_prefix("CAP_").unwrap_or(&name);
        let row = TABLE.iter().find(|row| row.2.strip_prefix("CAP_") == Some(bare) || row.3 == bare);
        row.map(|row| row.0).ok_or_else(|| SettingsError::Backend { text: text.to_owned() })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(TABLE.iter().find(|row| row.0 == *self).map_or("auto", |row| row.2))
    }
}

/// The writers in this OpenCV's registry, as it calls them; none when it does not say.
#[inline]
pub fn available() -> Vec<String> {
    opencv().writers()
}

/// OpenCV's version.
#[inline]
pub fn opencv_version() -> String {
    opencv().version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_known_by_all_their_names() {
        for (text, backend) in [
            ("auto", Backend::Auto),
            ("CAP_ANY", Backend::Auto),
            ("CAP_FFMPEG", Backend::Ffmpeg),
            ("ffmpeg", Backend::Ffmpeg),
            ("CAP_OPENCV_MJPEG", Backend::OpencvMjpeg),
            ("CV_MJPEG", Backend::OpencvMjpeg),
            ("CAP_IMAGES", Backend::Images),
        ] {
            assert_eq!(text.parse::<Backend>(), Ok(backend));
            assert_eq!(backend.to_string().parse::<Backend>(), Ok(backend));
        }
        assert!("CAP_V4L2".parse::<Backend>().is_err(), "it only reads");
    }

    #[test]
    fn the_numbers_are_opencvs() {
        use ::opencv::videoio::VideoCaptureAPIs as Api;
        let apis = [
            Api::CAP_FFMPEG,
            Api::CAP_GSTREAMER,
            Api::CAP_OPENCV_MJPEG,
            Api::CAP_IMAGES,
            Api::CAP_INTEL_MFX,
            Api::CAP_MSMF,
            Api::CAP_AVFOUNDATION,
        ];
        assert_eq!(TABLE.iter().map(|row| row.1).collect::<Vec<_>>(), apis.map(|api| api as i32));
        assert_eq!(Backend::Auto.code(), Api::CAP_ANY as i32);
    }

    #[test]
    fn the_registry_has_what_every_opencv_brings() {
        let names = available();
        assert!(names.iter().any(|name| name == "CV_MJPEG"), "{names:?}");
        assert!(Backend::OpencvMjpeg.is_available() && Backend::Images.is_available() && Backend::Auto.is_available());
        assert_eq!(Backend::Msmf.is_available(), cfg!(windows));
        assert!(opencv_version().starts_with(|c: char| c.is_ascii_digit()));
    }
}
