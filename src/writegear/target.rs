//! What an output is: a file, a pattern of files, an address, a device, or ffmpeg's own notation for several.
//!
//! Pure but for one look at the path, which [`super::place`] makes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::gear_error::GearError;
use super::place::{self, PathKind};
use crate::ffmpeg::{Capabilities, file_url};
use crate::media::has_number;

/// Where an engine writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One file, written under a name of its own and given its good name when it is whole.
    File(PathBuf),
    /// Several files by ffmpeg's numbering, or a playlist with its pieces: written where they say.
    Pattern(PathBuf),
    /// An address.
    Url { scheme: String, url: String },
    /// A character device.
    Device(PathBuf),
    /// What only ffmpeg understands, such as a `tee` list; passed on as it is.
    Words(String),
}

/// File endings and the muxer ffmpeg chooses by them; several endings may name one muxer.
const ENDINGS: &[(&str, &str)] = &[
    ("mp4", "mp4"),
    ("m4v", "mp4"),
    ("mov", "mov"),
    ("mkv", "matroska"),
    ("webm", "webm"),
    ("avi", "avi"),
    ("flv", "flv"),
    ("f4v", "f4v"),
    ("ts", "mpegts"),
    ("m2t", "mpegts"),
    ("m2ts", "mpegts"),
    ("mts", "mpegts"),
    ("mpg", "mpeg"),
    ("mpeg", "mpeg"),
    ("vob", "vob"),
    ("m1v", "mpeg1video"),
    ("m2v", "mpeg2video"),
    ("wmv", "asf"),
    ("asf", "asf"),
    ("ogv", "ogv"),
    ("ogg", "ogg"),
    ("3gp", "3gp"),
    ("3g2", "3g2"),
    ("mxf", "mxf"),
    ("nut", "nut"),
    ("gif", "gif"),
    ("apng", "apng"),
    ("avif", "avif"),
    ("webp", "webp"),
    ("y4m", "yuv4mpegpipe"),
    ("yuv", "rawvideo"),
    ("rgb", "rawvideo"),
    ("h264", "h264"),
    ("264", "h264"),
    ("h265", "hevc"),
    ("hevc", "hevc"),
    ("265", "hevc"),
    ("ivf", "ivf"),
    ("obu", "obu"),
    ("mjpg", "mjpeg"),
    ("mjpeg", "mjpeg"),
    ("dv", "dv"),
    ("rm", "rm"),
    ("swf", "swf"),
    ("wtv", "wtv"),
    ("vc1", "vc1"),
    ("m3u8", "hls"),
    ("mpd", "dash"),
    ("ism", "ismv"),
    ("png", "image2"),
    ("jpg", "image2"),
    ("jpeg", "image2"),
    ("bmp", "image2"),
    ("tif", "image2"),
    ("tiff", "image2"),
    ("ppm", "image2"),
    ("pgm", "image2"),
    ("tga", "image2"),
    ("jp2", "image2"),
    ("exr", "image2"),
    ("dpx", "image2"),
];

impl Target {
    /// What `wish` is, with this ffmpeg. `format` is the muxer that the caller's own words name (`-f`).
    pub(super) fn of(wish: &str, format: Option<&str>, known: &Capabilities) -> Result<Self, GearError> {
        let wish = wish.trim();
        if wish.is_empty() {
            return Err(GearError::NoOutput);
        }
        if format == Some("tee") || wish.starts_with("[f=") {
            return Ok(Self::Words(wish.to_owned()));
        }
        if let Some((scheme, _)) = wish.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
            let scheme = scheme.to_ascii_lowercase();
            if scheme == "file" {
                return Self::of(wish.get("file://".len()..).unwrap_or_default(), format, known);
            }
            // RTSP is a muxer in ffmpeg, not a protocol.
            let writable =
                known.has_output_protocol(&scheme) || (scheme.starts_with("rtsp") && known.has_muxer("rtsp"));
            if !writable {
                let protocols = known.output_protocols.join(", ");
                return Err(GearError::UnknownScheme { scheme, known: protocols });
            }
            return Ok(Self::Url { scheme, url: wish.to_owned() });
        }
        if wish.starts_with("pipe:") || wish == "-" {
            return Err(GearError::StandardOutput);
        }
        let path = Path::new(wish.strip_prefix("file:").unwrap_or(wish));
        match place::kind(path) {
            PathKind::Folder => Ok(Self::File(place::unique_in(path, "mp4")?)),
            PathKind::CharacterDevice => Ok(Self::Device(path.to_owned())),
            PathKind::Other => Err(GearError::NotAFile(path.to_owned())),
            PathKind::File | PathKind::Nothing => Self::file(path, format, known),
        }
    }

    fn file(path: &Path, format: Option<&str>, known: &Capabilities) -> Result<Self, GearError> {
        place::check_folder(path)?;
        if path.parent() == Some(Path::new("/dev")) {
            return Err(GearError::NoSuchDevice(path.to_owned()));
        }
        let muxer = match format {
            Some(format) => format,
            None => muxer_of(path, known)?,
        };
        if !known.muxers.is_empty() && !known.has_muxer(muxer) {
            return Err(GearError::UnknownMuxer { muxer: muxer.to_owned() });
        }
        let numbered = path.file_name().is_some_and(|name| has_number(&name.to_string_lossy()));
        let several = numbered || matches!(muxer, "segment" | "stream_segment" | "hls" | "dash" | "ssegment");
        Ok(if several { Self::Pattern(path.to_owned()) } else { Self::File(path.to_owned()) })
    }

    /// The muxer ffmpeg has to be told, where the address does not tell it.
    pub(super) fn needed_muxer(&self) -> Option<&'static str> {
        match self {
            Self::Url { scheme, url } => match scheme.as_str() {
                "rtmp" | "rtmps" | "rtmpt" | "rtmpe" | "rtmpts" | "rtmpte" => Some("flv"),
                "rtsp" | "rtsps" => Some("rtsp"),
                "rtp" | "srtp" => Some("rtp"),
                "udp" | "srt" | "tcp" | "tls" | "rist" | "zmq" | "unix" => Some("mpegts"),
                _ if known_ending(Path::new(url.split(['?', '#']).next().unwrap_or(url))).is_none() => Some("mpegts"),
                _ => None,
            },
            Self::Device(_) => Some("v4l2"),
            Self::Pattern(path) => match known_ending(path) {
                Some("image2" | "hls" | "dash") | None => None,
                Some(_) => Some("segment"),
            },
            Self::File(path) => known_ending(path).filter(|muxer| *muxer == "mp4"),
            Self::Words(_) => None,
        }
    }

    /// As ffmpeg takes it.
    pub(super) fn address(&self) -> OsString {
        match self {
            Self::File(path) | Self::Pattern(path) => file_url(path),
            Self::Device(path) => path.into(),
            Self::Url { url, .. } => url.into(),
            Self::Words(words) => words.into(),
        }
    }

    /// Whether a reader or a server sits at the other end, so that time counts.
    pub(super) const fn is_live(&self) -> bool {
        matches!(self, Self::Url { .. } | Self::Device(_))
    }

    /// The muxer that will write, as far as it is known.
    pub(super) fn muxer(&self) -> Option<&'static str> {
        match self {
            Self::File(path) | Self::Pattern(path) => known_ending(path),
            other => other.needed_muxer(),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn known_ending(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, muxer)| *muxer)
}

fn muxer_of<'k>(path: &Path, known: &'k Capabilities) -> Result<&'k str, GearError> {
    let unknown = || {
        let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned());
        GearError::UnknownEnding { path: path.to_owned(), ending: ending.unwrap_or_default() }
    };
    if let Some(muxer) = known_ending(path) {
        return Ok(muxer);
    }
    // Muxers that are called like their files: any that a newer ffmpeg brings.
    let ending = path.extension().and_then(|ending| ending.to_str()).ok_or_else(unknown)?.to_ascii_lowercase();
    known.muxers.iter().find(|muxer| **muxer == ending).map(String::as_str).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Capabilities {
        let mut known = Capabilities::default();
        known.output_protocols = ["file", "rtmp", "udp", "srt", "http"].map(str::to_owned).to_vec();
        known.muxers =
            ["mp4", "matroska", "gif", "image2", "rtsp", "segment", "hls", "newfangled"].map(str::to_owned).to_vec();
        known
    }

    fn of(wish: &str) -> Result<Target, GearError> {
        Target::of(wish, None, &known())
    }

    #[test]
    fn addresses_are_known_by_their_scheme() {
        assert!(matches!(of("rtmp://live.example.org/app"), Ok(Target::Url { scheme, .. }) if scheme == "rtmp"));
        assert!(matches!(of("RTSP://h/x"), Ok(Target::Url { scheme, .. }) if scheme == "rtsp"));
        assert!(
            matches!(of("unknown://invalid.com/"), Err(GearError::UnknownScheme { scheme, .. }) if scheme == "unknown")
        );
        assert!(matches!(of(""), Err(GearError::NoOutput)));
        assert!(matches!(of("pipe:1"), Err(GearError::StandardOutput)));
    }

    #[test]
    fn endings_are_checked_against_the_muxers() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        assert!(
            matches!(of(&at("garbage.garbage")), Err(GearError::UnknownEnding { ending, .. }) if ending == "garbage")
        );
        assert!(matches!(of(&at("nothing")), Err(GearError::UnknownEnding { .. })));
        assert!(matches!(of(&at("a.webm")), Err(GearError::UnknownMuxer { .. })));
        assert!(matches!(of(&at("a.newfangled")), Ok(Target::File(_))));
        assert!(matches!(of(&at("A.MP4")), Ok(Target::File(_))));
        assert!(matches!(of(&at("no/such/folder/a.mp4")), Err(GearError::NoFolder(_))));
        assert!(matches!(Target::of(&at("nothing"), Some("mp4"), &known()), Ok(Target::File(_))));
    }

    #[test]
    fn numbered_names_are_patterns_and_devices_are_devices() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        assert_eq!(of(&at("part%03d.mp4")).unwrap().needed_muxer(), Some("segment"));
        assert!(matches!(of(&at("f%d.png")), Ok(Target::Pattern(_))));
        assert!(matches!(of(&at("100%%d.mp4")), Ok(Target::File(_))));
        assert!(matches!(of(&at("live.m3u8")), Ok(Target::Pattern(_))));
        assert_eq!(of("/dev/null").unwrap(), Target::Device("/dev/null".into()));
        assert!(matches!(of("/dev/video987"), Err(GearError::NoSuchDevice(_))));
        let made = of(&folder.path().display().to_string()).unwrap();
        assert!(matches!(&made, Target::File(path) if path.parent() == Some(folder.path())), "{made:?}");
    }
}
