//! Numbers as people read them. Every text keeps its width while it counts, so that nothing beside it jitters.

use std::time::Duration;

use crate::media::{AudioCodec, Container, VideoCodec};
use crate::profile::SourceKind;

/// `00:03:12`.
pub fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `  12.3 MB`, decimal units as file managers show them; padded to nine characters.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    let Some((unit, size)) = UNITS.into_iter().find(|(_, size)| bytes >= *size) else {
        return format!("{bytes:>6} B ");
    };
    // Tenths in whole numbers: a file size has more digits than a float.
    let tenths = bytes / (size / 10);
    format!("{:>4}.{} {unit}", tenths / 10, tenths % 10)
}

/// `3 h 12 min left`; `None` stands for a rate not known yet.
pub fn time_left(left_s: Option<f64>) -> String {
    let Some(left_s) = left_s.filter(|left_s| left_s.is_finite() && *left_s >= 0.0) else { return String::new() };
    // More than 1000 hours is as good as no end.
    let minutes = Duration::try_from_secs_f64(left_s).map_or(u64::MAX, |left| left.as_secs() / 60);
    match minutes {
        0 => "less than a minute left".to_owned(),
        1..=59 => format!("{minutes} min left"),
        60..=59_999 => format!("{} h {:02} min left", minutes / 60, minutes % 60),
        _ => "more than 1000 h left".to_owned(),
    }
}

/// An error's words as a sentence of their own.
pub fn sentence(words: &str) -> String {
    let words = words.trim();
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    // A name stays as it is written.
    let first = if words.starts_with("ffmpeg") { "f".to_owned() } else { first };
    let end = if words.ends_with(['.', '!', '?', ':']) || words.is_empty() { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// `4:05` for the length of a finished file.
pub fn length(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default().as_secs();
    if whole >= 3600 {
        format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
    } else {
        format!("{}:{:02}", whole / 60, whole % 60)
    }
}

/// The largest value of an encoder's quality scale.
pub fn worst_crf(codec: Option<VideoCodec>) -> u32 {
    match codec {
        Some(VideoCodec::Av1 | VideoCodec::Vp9 | VideoCodec::Vp8) => 63,
        Some(VideoCodec::Mpeg4 | VideoCodec::Mjpeg) => 31,
        _ => 51,
    }
}

/// The quality scale's words, best first; beyond the last one the picture is poor.
const QUALITY: [&str; 5] =
    ["lossless or nearly so", "no loss to be seen", "very good", "good, small file", "losses can be seen"];

/// What a value of the quality scale looks like.
pub fn quality(codec: Option<VideoCodec>, crf: u32) -> &'static str {
    // The same words on each codec's own scale: the steps are where x264's are, moved to where others are as good.
    let steps = match codec {
        Some(VideoCodec::Hevc) => [0, 19, 24, 29, 35],
        Some(VideoCodec::Av1) => [0, 22, 30, 38, 48],
        Some(VideoCodec::Vp9 | VideoCodec::Vp8) => [0, 20, 29, 36, 45],
        Some(VideoCodec::Mpeg4 | VideoCodec::Mjpeg) => [0, 2, 4, 8, 14],
        _ => [0, 17, 21, 26, 32],
    };
    let at = steps.iter().position(|step| crf <= *step);
    at.map_or("poor, smallest file", |at| QUALITY[at])
}

/// What a container is good for.
pub const fn container(container: Container) -> &'static str {
    match container {
        Container::Mp4 => "plays everywhere",
        Container::Mkv => "holds any codec",
        Container::Webm => "for the web",
        Container::Mov => "for Apple's editors",
        Container::Avi => "for old programs",
        Container::Ts => "for broadcasting",
        Container::Flv => "for old servers",
        Container::Gif => "a small moving picture, no sound",
        Container::Png | Container::Bmp | Container::Tiff => "one lossless file a picture",
        Container::Jpg | Container::Webp => "one small file a picture",
        Container::M3u8 => "HLS, for web servers",
        Container::Mpd => "DASH, for web servers",
        Container::M4a => "AAC, plays everywhere",
        Container::Ogg => "Opus or Vorbis",
        Container::Opus => "small and good",
        Container::Flac => "lossless",
        Container::Wav => "uncompressed, for editors",
        Container::Mp3 => "for old players",
        Container::Mka => "holds any codec and several tracks",
    }
}

/// What a codec is good for.
pub const fn codec(codec: VideoCodec) -> &'static str {
    match codec {
        VideoCodec::H264 => "H.264, plays everywhere",
        VideoCodec::Hevc => "H.265 (HEVC), smaller",
        VideoCodec::Av1 => "AV1, smallest, slow",
        VideoCodec::Vp9 => "VP9, for the web",
        VideoCodec::Vp8 => "VP8, for the web, old",
        VideoCodec::Mpeg4 => "MPEG-4 part 2, old",
        VideoCodec::Mjpeg => "Motion JPEG, large",
        VideoCodec::Prores => "ProRes, for editing",
        VideoCodec::Ffv1 => "FFV1, lossless",
        VideoCodec::Utvideo => "Ut Video, lossless, fast",
        VideoCodec::Huffyuv => "HuffYUV, lossless, old",
        VideoCodec::Gif => "GIF, 256 colours",
        VideoCodec::Png => "PNG, lossless pictures",
        VideoCodec::Bmp => "BMP, uncompressed pictures",
        VideoCodec::Tiff => "TIFF, lossless pictures",
        VideoCodec::Webp => "WebP, lossless pictures",
        VideoCodec::Raw => "uncompressed, for devices",
    }
}

/// What a codec of sound is good for.
pub const fn sound_codec(codec: AudioCodec) -> &'static str {
    match codec {
        AudioCodec::Aac => "AAC, plays everywhere",
        AudioCodec::Opus => "Opus, smaller",
        AudioCodec::Flac => "FLAC, lossless",
        AudioCodec::Mp3 => "MP3, for old players",
        AudioCodec::Pcm => "PCM, uncompressed",
        AudioCodec::Vorbis => "Vorbis, free, old",
    }
}

/// What the kinds of sources are called.
pub const fn source_kind(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Screen => "Screen",
        SourceKind::Window => "Window",
        SourceKind::Region => "Region",
        SourceKind::Camera => "Camera",
        SourceKind::Test => "Test pattern",
        SourceKind::None => "No picture",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(clock(Duration::from_secs(3 * 3600 + 4 * 60 + 5)), "03:04:05");
        assert_eq!(time_left(Some(11_520.0)), "3 h 12 min left");
        assert_eq!(time_left(Some(59.0)), "less than a minute left");
        assert_eq!(time_left(Some(f64::INFINITY)), "");
        assert_eq!(time_left(Some(1e300)), "more than 1000 h left");
        assert_eq!(time_left(None), "");
        assert_eq!((length(65.9), length(3_605.0), length(-1.0)), ("1:05".into(), "1:00:05".into(), "0:00".into()));
    }

    #[test]
    fn errors_become_sentences() {
        assert_eq!(sentence("no sound server answers"), "No sound server answers.");
        assert_eq!(sentence("Done. "), "Done.");
        assert_eq!(sentence("ffmpeg is gone"), "ffmpeg is gone.");
        assert_eq!((sentence("é"), sentence(" ")), ("É.".to_owned(), String::new()));
    }

    #[test]
    fn sizes_keep_their_width_while_they_grow() {
        assert_eq!(bytes(0), "     0 B ");
        assert_eq!(bytes(12_345_678), "  12.3 MB");
        assert_eq!(bytes(999_949_999), " 999.9 MB");
        assert_eq!(bytes(5_600_000_000_000), "   5.6 TB");
        for power in 0..15 {
            assert_eq!(bytes(10_u64.pow(power)).len(), 9, "10^{power}");
        }
    }

    #[test]
    fn quality_gets_worse_along_every_scale() {
        for codec in VideoCodec::ALL.iter().copied().map(Some).chain([None]) {
            let words: Vec<_> = (0..=worst_crf(codec)).map(|crf| quality(codec, crf)).collect();
            let mut distinct = words.clone();
            distinct.dedup();
            assert_eq!(distinct.len(), 6, "{codec:?}: each word once, in one piece: {distinct:?}");
        }
        assert_eq!(quality(Some(VideoCodec::H264), 23), "good, small file");
    }
}
