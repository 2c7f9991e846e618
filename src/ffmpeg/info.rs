//! The few facts about a file or an address that somebody needs who writes another one from it.
//!
//! Reads heads only, not the whole file ([`super::probe_file`] does that). Asks ffprobe; where there is none, ffmpeg
//! itself, whose words for people tell the same.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use super::args::{Input, Options, file_url};
use super::cause::Cause;
use super::discover::Ffmpeg;
use super::log::LogLine;
use super::numbers::{parse_time, resolution_named};
use super::probe::{Counting, Probe, ProbeError, ProbedStream, StreamKind, probe_input};
use super::run::{Limits, run};
use crate::media::{FrameRate, Resolution};
use crate::rt::StopSource;

/// What a video is like.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoInfo {
    /// The picture's size.
    pub size: Resolution,
    /// Average frames a second; `None` where there is no such thing.
    pub rate: Option<FrameRate>,
    /// How long it is, in seconds; an endless source does not tell.
    pub duration_s: Option<f64>,
    /// Whether it has sound.
    pub has_audio: bool,
    /// The pixel format.
    pub pixel_format: Option<String>,
    /// The codec's name in ffmpeg.
    pub codec: String,
}

/// A sound track's bitrate and how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioBitrate {
    /// The file tells it, or it follows from its size.
    Told {
        /// In kbit/s.
        kbps: u32,
    },
    /// The file does not tell, so this is what the decoded samples take: sample rate × channels × bits. Exact for
    /// PCM, far too much for a compressed track.
    Decoded {
        /// In kbit/s.
        kbps: u32,
    },
}

impl AudioBitrate {
    /// In kbit/s.
    pub const fn kbps(self) -> u32 {
        match self {
            Self::Told { kbps } | Self::Decoded { kbps } => kbps,
        }
    }

    /// As ffmpeg's `-b:a` takes it: `128k`.
    pub fn option(self) -> String {
        format!("{}k", self.kbps())
    }
}

/// What the first video of a file or an address (`https://…`) is like; `None` if it holds none. For a job's thread;
/// ends within `deadline`.
pub fn video_info(
    ffmpeg: &Ffmpeg,
    source: impl AsRef<OsStr>,
    deadline: Duration,
) -> Result<Option<VideoInfo>, ProbeError> {
    let probe = heads(ffmpeg, source.as_ref(), deadline)?;
    let info = probe.first(StreamKind::Video).and_then(|video| {
        Some(VideoInfo {
            size: video.size?,
            rate: video.rate,
            duration_s: probe.duration_s.or(video.duration_s),
            has_audio: probe.first(StreamKind::Audio).is_some(),
            pixel_format: video.pixel_format.clone(),
            codec: video.codec.clone(),
        })
    });
    Ok(info)
}

/// The bitrate of the first sound track of a file or an address; `None` if it holds no sound, or nothing is told of
/// it at all. For a job's thread; ends within `deadline`.
pub fn audio_bitrate(
    ffmpeg: &Ffmpeg,
    source: impl AsRef<OsStr>,
    deadline: Duration,
) -> Result<Option<AudioBitrate>, ProbeError> {
    let probe = heads(ffmpeg, source.as_ref(), deadline)?;
    Ok(probe.first(StreamKind::Audio).and_then(|audio| bitrate(&probe, audio)))
}

fn bitrate(probe: &Probe, audio: &ProbedStream) -> Option<AudioBitrate> {
    let kbps = |bits: u64| u32::try_from(bits.div_ceil(1000)).ok();
    if let Some(told) = audio.bits_per_second {
        return Some(AudioBitrate::Told { kbps: kbps(told)? });
    }
    let bits = audio.sample_bits.or_else(|| sample_bits(audio.sample_format.as_deref()?))?;
    let decoded = u64::from(audio.sample_rate_hz?) * u64::from(audio.channels?) * u64::from(bits);
    // A file of nothing but this track: its size tells better than its decoded samples.
    if let (1, Some(bytes), Some(seconds)) = (probe.streams.len(), probe.size_bytes, probe.duration_s)
        && let Some(millis) = Duration::try_from_secs_f64(seconds).ok().map(|length| length.as_millis())
        && let Some(whole) = (u128::from(bytes) * 8000).checked_div(millis).and_then(|bits| u64::try_from(bits).ok())
        && whole < decoded
    {
        return Some(AudioBitrate::Told { kbps: kbps(whole)? });
    }
    Some(AudioBitrate::Decoded { kbps: kbps(decoded)? })
}

/// Bits of one sample; a planar format (`s16p`) has as many as its interleaved brother, and the PCM codecs' names
/// (`s16le`) are understood too.
fn sample_bits(format: &str) -> Option<u32> {
    match format.strip_suffix('p').unwrap_or(format).trim_end_matches("le").trim_end_matches("be") {
        "u8" | "s8" => Some(8),
        "s16" | "u16" => Some(16),
        "s24" | "u24" => Some(24),
        "s32" | "u32" | "flt" | "f32" => Some(32),
        "s64" | "dbl" | "f64" => Some(64),
        _ => None,
    }
}

/// A scheme of two letters or more before `://` is an address; anything else a file, whatever its name is.
fn url_of(source: &OsStr) -> OsString {
    let is_address = source.to_str().and_then(|text| text.split_once("://")).is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if is_address { source.to_owned() } else { file_url(Path::new(source)) }
}

fn heads(ffmpeg: &Ffmpeg, source: &OsStr, deadline: Duration) -> Result<Probe, ProbeError> {
    let never = StopSource::new();
    let input = Input { options: Options::new(), url: url_of(source) };
    match probe_input(ffmpeg, &input, Counting::Nothing, deadline, &never.token()) {
        Err(ProbeError::NoFfprobe) => ask_ffmpeg(ffmpeg, url_of(source), deadline),
        answer => answer,
    }
}

/// Without an output ffmpeg describes its input and ends with an error.
fn ask_ffmpeg(ffmpeg: &Ffmpeg, url: OsString, deadline: Duration) -> Result<Probe, ProbeError> {
    let words = ["-hide_banner", "-nostdin", "-loglevel", "level+info", "-i"];
    let mut args: Vec<OsString> = words.iter().map(OsString::from).collect();
    args.push(url);
    let never = StopSource::new();
    let limits = Limits { deadline, ..Limits::default() };
    let Some(finished) = run(&ffmpeg.program, args, &limits, &never.token())? else { return Err(ProbeError::Stopped) };
    if !finished.log.iter().any(|line| line.contains("At least one output file must be specified")) {
        let silent = || Cause::Other("ffmpeg gives no reason".to_owned());
        return Err(ProbeError::Unreadable(finished.cause.unwrap_or_else(silent)));
    }
    Ok(described(&finished.log))
}

/// Reads `Duration: 00:00:01.02, …` and `Stream #0:0: Video: h264 (High), yuv420p(progressive), 320x240 […], 30 fps`.
fn described(log: &[String]) -> Probe {
    let mut probe =
        Probe { format: String::new(), duration_s: None, size_bytes: None, streams: vec![], complaints: vec![] };
    for line in log.iter().map(|line| LogLine::parse(line).message) {
        if let Some(length) = line.strip_prefix("Duration:") {
            probe.duration_s = parse_time(length.split(',').next().unwrap_or_default()).map(|time| time.as_secs_f64());
        } else if line.starts_with("Stream #") {
            probe.streams.extend(stream(line));
        }
    }
    probe
}

fn stream(line: &str) -> Option<ProbedStream> {
    let (kind, facts) = if let Some((_, facts)) = line.split_once(" Video: ") {
        (StreamKind::Video, facts)
    } else if let Some((_, facts)) = line.split_once(" Audio: ") {
        (StreamKind::Audio, facts)
    } else {
        (StreamKind::Other, line.splitn(4, ':').nth(3)?)
    };
    let facts: Vec<&str> = outer_parts(facts).into_iter().map(str::trim).collect();
    // What stands in brackets behind a fact explains it: `yuv420p(tv, bt709)`, `320x240 [SAR 1:1]`.
    let bare = |fact: &'_ str| fact.split(['(', '[', ' ']).next().unwrap_or_default().to_owned();
    let with_unit = |unit: &str| facts.iter().find_map(|fact| fact.split_once(unit).map(|(number, _)| number.trim()));
    let is_video = kind == StreamKind::Video;
    let second = facts.get(1).map(|fact| bare(fact)).filter(|fact| !fact.is_empty());
    Some(ProbedStream {
        kind,
        codec: facts.first().map(|fact| bare(fact)).unwrap_or_default(),
        profile: None,
        size: facts.iter().filter(|_| is_video).find_map(|fact| resolution_named(&bare(fact))),
        rate: with_unit(" fps").and_then(|rate| rate.parse().ok()),
        pixel_format: second.filter(|_| is_video),
        colour_range: None,
        colour_space: None,
        colour_primaries: None,
        colour_transfer: None,
        sample_format: facts.get(3).filter(|_| kind == StreamKind::Audio).map(|fact| bare(fact)),
        sample_bits: None,
        bits_per_second: with_unit(" kb/s").and_then(|rate| rate.parse::<u64>().ok()).map(|kbps| kbps * 1000),
        sample_rate_hz: with_unit(" Hz").and_then(|rate| rate.parse().ok()),
        channels: facts.get(2).filter(|_| kind == StreamKind::Audio).and_then(|layout| channels(layout)),
        packets: None,
        start_s: None,
        duration_s: None,
    })
}

/// The parts between the commas that stand in no bracket.
fn outer_parts(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(move |c| {
        depth += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
        c == ',' && depth == 0
    })
    .collect()
}

/// `mono`, `stereo`, `5.1(side)`, `6 channels`.
fn channels(layout: &str) -> Option<u32> {
    let name = layout.split(['(', ' ']).next()?;
    match name {
        "mono" => Some(1),
        "stereo" | "downmix" | "binaural" => Some(2),
        "quad" => Some(4),
        "hexagonal" => Some(6),
        "octagonal" | "cube" => Some(8),
        _ => name.split('.').map(|part| part.parse::<u32>().ok()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{LONG, real, words};
    use super::*;

    fn made(folder: &Path, name: &str, args: &[&str]) -> std::path::PathBuf {
        let path = folder.join(name);
        let mut all = words(&["-nostdin", "-loglevel", "error", "-y"]);
        all.extend(words(args));
        all.push(file_url(&path));
        let never = StopSource::new();
        let made = run(&real().program, all, &Limits::default(), &never.token()).unwrap().unwrap();
        assert!(made.exit.is_success(), "{made:?}");
        path
    }

    /// With ffprobe, and with nothing but ffmpeg.
    fn both() -> [Ffmpeg; 2] {
        [real(), Ffmpeg { probe: None, ..real() }]
    }

    const PICTURE: [&str; 4] = ["-f", "lavfi", "-i", "testsrc2=s=426x240:r=30000/1001:d=2"];
    const SOUND: [&str; 4] = ["-f", "lavfi", "-i", "sine=r=48000:d=2"];

    #[test]
    fn validate_video() {
        let folder = tempfile::tempdir().unwrap();
        let h264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-color_range", "tv", "-colorspace", "bt709"];
        let trap = ["-metadata", "title=Stream #0:7: Video: x, gray, 8x8, 1 fps", "-c:a", "aac"];
        for name in ["both.mkv", "both.mp4", "-odd: name%d.mp4"] {
            let path = made(folder.path(), name, &[&PICTURE[..], &SOUND, &h264, &trap].concat());
            for ffmpeg in both() {
                let info = video_info(&ffmpeg, &path, LONG).unwrap().unwrap();
                assert_eq!((info.size, info.rate), (Resolution::new(426, 240), FrameRate::new(30_000, 1001)), "{name}");
                assert_eq!((info.codec.as_str(), info.pixel_format.as_deref()), ("h264", Some("yuv420p")), "{name}");
                assert!(info.has_audio && info.duration_s.is_some_and(|s| (1.9..2.2).contains(&s)), "{info:?}");
            }
        }
        let silent =
            made(folder.path(), "silent.avi", &[&PICTURE[..], &["-c:v", "mjpeg", "-pix_fmt", "yuvj444p"]].concat());
        let sound = made(folder.path(), "sound.ogg", &[&SOUND[..], &["-c:a", "libopus"]].concat());
        for ffmpeg in both() {
            let info = video_info(&ffmpeg, &silent, LONG).unwrap().unwrap();
            assert_eq!((info.codec.as_str(), info.has_audio), ("mjpeg", false));
            assert_eq!(info.pixel_format.as_deref(), Some("yuvj444p"));
            assert_eq!(video_info(&ffmpeg, &sound, LONG).unwrap(), None);
            let none = video_info(&ffmpeg, folder.path().join("none.mkv"), LONG);
            assert!(matches!(none, Err(ProbeError::Unreadable(Cause::PathMissing))), "{none:?}");
            // An address, which nobody answers: not taken for a file.
            let refused = video_info(&ffmpeg, "tcp://127.0.0.1:1", LONG);
            assert!(matches!(refused, Err(ProbeError::Unreadable(Cause::ConnectionRefused))), "{refused:?}");
        }
    }

    #[test]
    fn validate_audio() {
        let folder = tempfile::tempdir().unwrap();
        let silent = made(folder.path(), "silent.mkv", &[&PICTURE[..], &["-c:v", "mpeg4"]].concat());
        let aac = ["-c:v", "mpeg4", "-c:a", "aac", "-b:a", "96k"];
        let aac = made(folder.path(), "aac.mp4", &[&PICTURE[..], &SOUND, &aac].concat());
        let pcm = made(folder.path(), "pcm.wav", &[&SOUND[..], &["-ac", "2", "-c:a", "pcm_s24le"]].concat());
        let mkv = made(folder.path(), "aac.mkv", &[&PICTURE[..], &SOUND, &["-c:v", "mpeg4", "-c:a", "aac"]].concat());
        let opus = made(folder.path(), "opus.mka", &[&SOUND[..], &["-c:a", "libopus", "-b:a", "64k"]].concat());
        for ffmpeg in both() {
            assert_eq!(audio_bitrate(&ffmpeg, &silent, LONG).unwrap(), None);
            let told = audio_bitrate(&ffmpeg, &aac, LONG).unwrap().unwrap();
            assert!(matches!(told, AudioBitrate::Told { kbps: 60..=110 }), "{told:?}");
            assert_eq!(told.option(), format!("{}k", told.kbps()));
            assert_eq!(audio_bitrate(&ffmpeg, &pcm, LONG).unwrap().map(AudioBitrate::kbps), Some(48 * 2 * 24));
            // Matroska tells no track's rate: 48 000 × 1 × 32 bits of planar float.
            let decoded = audio_bitrate(&ffmpeg, &mkv, LONG).unwrap();
            assert_eq!(decoded, Some(AudioBitrate::Decoded { kbps: 1536 }));
        }
        let by_size = audio_bitrate(&real(), &opus, LONG).unwrap().unwrap();
        assert!(matches!(by_size, AudioBitrate::Told { kbps: 30..=100 }), "{by_size:?}");
        assert!(matches!(audio_bitrate(&real(), "", LONG), Err(ProbeError::Unreadable(_))));
    }

    #[test]
    fn the_bits_of_planar_and_unknown_formats() {
        for (format, bits) in [
            ("s16le", Some(16)),
            ("fltp", Some(32)),
            ("s16p", Some(16)),
            ("u8p", Some(8)),
            ("dblp", Some(64)),
            ("dne", None),
        ] {
            assert_eq!(sample_bits(format), bits, "{format}");
        }
        for (layout, count) in
            [("mono", Some(1)), ("5.1(side)", Some(6)), ("7.1.4", Some(12)), ("3 channels", Some(3)), ("x", None)]
        {
            assert_eq!(channels(layout), count, "{layout}");
        }
    }
}
