//! What a file really holds, asked of ffprobe: by this a recording is verified.
//!
//! Knows no profile. Every packet is counted, so that the whole file is read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::args::{Input, Options, file_url};
use super::cause::Cause;
use super::discover::Ffmpeg;
use super::launch::ProcessError;
use super::run::{Limits, run};
use crate::media::{FrameRate, Resolution};
use crate::rt::{StopSource, StopToken};

/// Why a file could not be probed.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is no ffprobe beside this ffmpeg.
    #[error("ffprobe is missing, so that the file cannot be checked; install the whole ffmpeg package")]
    NoFfprobe,
    /// ffprobe cannot be run, or takes too long.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The file is not one that can be played.
    #[error("the file cannot be read: {}; {}", .0.what(), .0.help())]
    Unreadable(Cause),
    /// Somebody did not want to wait.
    #[error("the file was not checked, as you asked")]
    Stopped,
    /// ffprobe answers something we do not understand.
    #[error("ffprobe's answer is not understood: {0}")]
    Answer(#[from] serde_json::Error),
}

/// What a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles, data, attachments.
    Other,
}

/// One stream of a file. What ffprobe does not tell is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbedStream {
    /// What it carries.
    pub kind: StreamKind,
    /// The codec's name in ffmpeg.
    pub codec: String,
    /// The codec's profile.
    pub profile: Option<String>,
    /// The picture's size.
    pub size: Option<Resolution>,
    /// Average frames a second.
    pub rate: Option<FrameRate>,
    /// The pixel format.
    pub pixel_format: Option<String>,
    /// `tv` or `pc`.
    pub colour_range: Option<String>,
    /// The matrix: `bt709`.
    pub colour_space: Option<String>,
    /// The primaries.
    pub colour_primaries: Option<String>,
    /// The transfer curve.
    pub colour_transfer: Option<String>,
    /// How a sample is kept: `fltp`, `s16`.
    pub sample_format: Option<String>,
    /// Bits of one stored sample; only PCM and the like have a fixed number.
    pub sample_bits: Option<u32>,
    /// Bits a second, as the file tells.
    pub bits_per_second: Option<u64>,
    /// Samples a second.
    pub sample_rate_hz: Option<u32>,
    /// Channels.
    pub channels: Option<u32>,
    /// Packets counted; a picture or a block of sound each.
    pub packets: Option<u64>,
    /// When it starts, in seconds.
    pub start_s: Option<f64>,
    /// How long it is, in seconds.
    pub duration_s: Option<f64>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// ffmpeg's names of the container, separated by commas.
    pub format: String,
    /// How long it is, in seconds; a file that was cut off often does not tell.
    pub duration_s: Option<f64>,
    /// The file's size in bytes.
    pub size_bytes: Option<u64>,
    /// Its streams in order.
    pub streams: Vec<ProbedStream>,
    /// What ffprobe complained about while it counted: a whole file has none.
    pub complaints: Vec<String>,
}

impl Probe {
    /// The first stream of a kind.
    pub fn first(&self, kind: StreamKind) -> Option<&ProbedStream> {
        self.streams.iter().find(|stream| stream.kind == kind)
    }
}

/// Reads a whole file and tells what it holds. For a job's thread; ends within `deadline`.
pub fn probe_file(ffmpeg: &Ffmpeg, path: &Path, deadline: Duration) -> Result<Probe, ProbeError> {
    probe_file_until(ffmpeg, path, deadline, &StopSource::new().token())
}

/// The same for somebody who may not want to wait: [`ProbeError::Stopped`] soon after `stop` was asked.
pub fn probe_file_until(
    ffmpeg: &Ffmpeg,
    path: &Path,
    deadline: Duration,
    stop: &StopToken,
) -> Result<Probe, ProbeError> {
    let input = Input { options: Options::new(), url: file_url(path) };
    probe_input(ffmpeg, &input, Counting::Packets, deadline, stop)
}

/// Whether an input is read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// To its end, its packets counted.
    Packets,
    /// Only so far that its streams are known: it may be endless.
    Nothing,
}

/// Tells what an input holds, whatever it is: a file, a numbered series, a device, a generator.
pub fn probe_input(
    ffmpeg: &Ffmpeg,
    input: &Input,
    counting: Counting,
    deadline: Duration,
    stop: &StopToken,
) -> Result<Probe, ProbeError> {
    let program = ffmpeg.probe.as_deref().ok_or(ProbeError::NoFfprobe)?;
    let words = ["-hide_banner", "-loglevel", "level+error", "-show_format", "-show_streams", "-of", "json"];
    let mut args: Vec<OsString> = words.iter().map(OsString::from).collect();
    if counting == Counting::Packets {
        args.push("-count_packets".into());
    }
    args.extend_from_slice(input.options.words());
    args.extend(["-i".into(), input.url.clone()]);
    let limits = Limits { deadline, ..Limits::default() };
    let Some(finished) = run(program, args, &limits, stop)? else { return Err(ProbeError::Stopped) };
    if !finished.exit.is_success() {
        let silent = || Cause::Other("ffprobe gives no reason".to_owned());
        return Err(ProbeError::Unreadable(finished.cause.unwrap_or_else(silent)));
    }
    let answer: Answer = serde_json::from_slice(&finished.stdout)?;
    Ok(answer.into_probe(finished.log))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Default, Deserialize)]
struct Format {
    #[serde(default, rename = "format_name")]
    names: String,
    duration: Option<String>,
    size: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    #[serde(default)]
    codec_name: String,
    #[serde(default)]
    codec_type: String,
    profile: Option<serde_json::Value>,
    width: Option<u32>,
    height: Option<u32>,
    avg_frame_rate: Option<String>,
    pix_fmt: Option<String>,
    color_range: Option<String>,
    color_space: Option<String>,
    color_primaries: Option<String>,
    color_transfer: Option<String>,
    sample_fmt: Option<String>,
    bits_per_sample: Option<u32>,
    bit_rate: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u32>,
    nb_read_packets: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, serde_json::Value>,
}

impl Answer {
    fn into_probe(self, complaints: Vec<String>) -> Probe {
        Probe {
            format: self.format.names,
            duration_s: number(self.format.duration.as_deref()),
            size_bytes: number(self.format.size.as_deref()),
            streams: self.streams.into_iter().map(Stream::into_probed).collect(),
            complaints,
        }
    }
}

impl Stream {
    fn into_probed(self) -> ProbedStream {
        // Matroska keeps a stream's length in a tag: "00:00:01.003000000".
        let tagged = self.tags.iter().find(|(name, _)| name.to_ascii_uppercase().starts_with("DURATION"));
        let tagged = tagged.and_then(|(_, value)| clock_seconds(value.as_str()?));
        // mkvmerge keeps a stream's rate in a tag too.
        let tagged_rate = self.tags.get("BPS").or_else(|| self.tags.get("BPS-eng")).and_then(|value| value.as_str());
        ProbedStream {
            kind: match self.codec_type.as_str() {
                "video" => StreamKind::Video,
                "audio" => StreamKind::Audio,
                _ => StreamKind::Other,
            },
            codec: self.codec_name,
            profile: self.profile.map(|profile| profile.as_str().map_or_else(|| profile.to_string(), str::to_owned)),
            size: self.width.zip(self.height).map(|(width, height)| Resolution::new(width, height)),
            rate: self.avg_frame_rate.as_deref().and_then(|rate| rate.parse().ok()),
            pixel_format: self.pix_fmt,
            colour_range: self.color_range,
            colour_space: self.color_space,
            colour_primaries: self.color_primaries,
            colour_transfer: self.color_transfer,
            sample_format: self.sample_fmt,
            sample_bits: self.bits_per_sample.filter(|bits| *bits > 0),
            bits_per_second: number(self.bit_rate.as_deref()).or_else(|| number(tagged_rate)),
            sample_rate_hz: number(self.sample_rate.as_deref()),
            channels: self.channels,
            packets: number(self.nb_read_packets.as_deref()),
            start_s: number(self.start_time.as_deref()),
            duration_s: number(self.duration.as_deref()).or(tagged),
        }
    }
}

fn number<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text.and_then(|text| text.trim().parse().ok())
}

fn clock_seconds(text: &str) -> Option<f64> {
    text.split(':').try_fold(0.0, |seconds, part| Some(seconds * 60.0 + part.trim().parse::<f64>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::fake::{LONG, real, script, words};
    use super::*;

    fn make(path: &Path, args: &[&str]) {
        let mut all = words(&["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=30:d=1"]);
        all.extend(words(&["-f", "lavfi", "-i", "sine=d=1:r=48000", "-c:v", "mpeg4", "-c:a", "aac"]));
        all.extend(words(args));
        all.push(file_url(path));
        let never = StopSource::new();
        let made = run(&real().program, all, &Limits::default(), &never.token()).unwrap().unwrap();
        assert!(made.exit.is_success(), "{made:?}");
    }

    #[test]
    fn a_file_is_told_in_full_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let tags = ["-colorspace", "bt709", "-color_range", "tv", "-color_primaries", "bt709", "-color_trc", "bt709"];
        for name in ["-take: 1%d.mkv", "ä.mp4"] {
            let path = folder.path().join(name);
            make(&path, &tags);
            let probe = probe_file(&real(), &path, LONG).unwrap();
            assert_eq!(probe.size_bytes, Some(std::fs::metadata(&path).unwrap().len()));
            assert!(probe.complaints.is_empty(), "{:?}", probe.complaints);
            let video = probe.first(StreamKind::Video).unwrap();
            assert_eq!((video.codec.as_str(), video.packets), ("mpeg4", Some(30)));
            assert_eq!(video.size, Some(Resolution::new(320, 240)));
            assert_eq!(video.rate, "30".parse().ok());
            assert_eq!((video.pixel_format.as_deref(), video.colour_range.as_deref()), (Some("yuv420p"), Some("tv")));
            assert_eq!(video.colour_space.as_deref(), Some("bt709"));
            let audio = probe.first(StreamKind::Audio).unwrap();
            assert_eq!((audio.sample_rate_hz, audio.channels), (Some(48000), Some(1)));
            for length in [probe.duration_s, video.duration_s, audio.duration_s] {
                assert!(length.is_some_and(|length| (0.9..1.2).contains(&length)), "{name}: {probe:?}");
            }
        }
    }

    #[test]
    fn a_file_that_was_cut_off_or_is_none_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        make(&path, &[]);
        let whole = std::fs::read(&path).unwrap();
        // The index of a plain MP4 stands at its end.
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let cut = probe_file(&real(), &path, LONG);
        assert!(matches!(cut, Err(ProbeError::Unreadable(_))), "{cut:?}");
        let none = probe_file(&real(), &folder.path().join("none"), LONG);
        assert!(matches!(none, Err(ProbeError::Unreadable(Cause::PathMissing))), "{none:?}");
    }

    #[test]
    fn a_missing_or_odd_ffprobe_is_an_error_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let without = Ffmpeg { probe: None, ..real() };
        assert!(matches!(probe_file(&without, Path::new("x"), LONG), Err(ProbeError::NoFfprobe)));
        let odd = Ffmpeg { probe: Some(script(folder.path(), "ffprobe", "echo '{\"streams\": 3'")), ..real() };
        assert!(matches!(probe_file(&odd, Path::new("x"), LONG), Err(ProbeError::Answer(_))));
        let silent = Ffmpeg { probe: Some(script(folder.path(), "silent", "sleep 1000")), ..real() };
        let late = probe_file(&silent, Path::new("x"), Duration::from_millis(200));
        assert!(matches!(late, Err(ProbeError::Process(ProcessError::Silent { .. }))));
    }
}
