//! A list of parameters as `WriteGear` takes it, read into what is meant by it.
//!
//! Pure: knows no ffmpeg binary, no file, no frame. The order of the list is kept wherever it means something: what
//! stands before an `-i` belongs to that input, what stands after the last one to the output.

use std::path::PathBuf;

use super::value::Value;
use crate::media::{FrameRate, Resolution};
use crate::writegear::PixelFormat;

/// What a parameter's value is that it cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} cannot be {value}: {expected}")]
pub struct ParamError {
    /// The parameter.
    pub key: String,
    /// What was given, in words.
    pub value: String,
    /// What it takes.
    pub expected: &'static str,
}

/// What a value that cannot be used does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// It is an error.
    #[default]
    Strict,
    /// It is left out and remarked, as `WriteGear` documents; nothing is dropped in silence.
    Forgiving,
}

/// Who encodes the pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EncoderWish {
    /// The first that works of libx264, libx265, libxvid and mpeg4; where the container holds none of them, its own.
    #[default]
    Default,
    /// This one.
    Named(String),
    /// The container's own: `-vcodec None`, for GIF and the like.
    Container,
    /// The user's own words say so: `-c:v` stands among `-clones`.
    InWords,
}

/// One thing ffmpeg reads beside the frames: a sound file, a device, subtitles, a generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraInput {
    /// What stands before its `-i`.
    pub options: Vec<String>,
    /// The file, address or device.
    pub url: String,
}

impl ExtraInput {
    /// An input without options.
    pub fn new(url: impl Into<String>) -> Self {
        Self { options: Vec::new(), url: url.into() }
    }

    /// The same with an option before its `-i`.
    #[must_use]
    pub fn param(mut self, key: &str, value: impl Into<Value>) -> Self {
        push_option(&mut self.options, key, &value.into());
        self
    }
}

/// A parameter list, understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wishes {
    /// Right after the program's name, before our own input: `-ffpreheaders`.
    pub(super) pre_headers: Vec<String>,
    pub(super) inputs: Vec<ExtraInput>,
    /// For the output, in order; repeated options as they stand.
    pub(super) output: Vec<String>,
    pub(super) encoder: EncoderWish,
    pub(super) rate: Option<FrameRate>,
    pub(super) size: Option<Resolution>,
    pub(super) pixels: Option<PixelFormat>,
    pub(super) download_folder: Option<PathBuf>,
    /// `-y` was among them.
    pub(super) replaces: bool,
    /// Parameters of non-compression mode, with their values.
    pub(super) opencv: Vec<(String, Value)>,
    /// What was left out and why.
    pub(super) remarks: Vec<String>,
}

const ENCODER_KEYS: &[&str] = &["-vcodec", "-c:v", "-codec:v", "-c:v:0"];
const OPENCV_KEYS: &[&str] = &["-fourcc", "-fps", "-backend", "-color", "-gst_pipeline_mode"];
/// Options of an input that `WriteGear`'s documentation writes behind the `-i`; ffmpeg 5.1 refuses them there.
const INPUT_ONLY: &[&str] = &["-thread_queue_size"];

/// Which of the two engines a list is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// ffmpeg: compression mode.
    #[default]
    Compression,
    /// OpenCV's `VideoWriter`: non-compression mode.
    NonCompression,
}

/// Reads a list.
pub(super) fn read(list: &[(String, Value)], mode: Mode, reading: Reading) -> Result<Wishes, ParamError> {
    let mut reader = Reader { wishes: Wishes::default(), words: Vec::new(), reading };
    for (key, value) in list {
        let key = key.trim();
        let key = if key.starts_with('-') { key.to_owned() } else { format!("-{key}") };
        if mode == Mode::NonCompression && OPENCV_KEYS.contains(&key.as_str()) {
            reader.wishes.opencv.push((key, value.clone()));
            continue;
        }
        reader.take(&key, value)?;
    }
    Ok(reader.finish())
}

struct Reader {
    wishes: Wishes,
    /// Everything that is ffmpeg's, in order.
    words: Vec<String>,
    reading: Reading,
}

impl Reader {
    fn take(&mut self, key: &str, value: &Value) -> Result<(), ParamError> {
        match key {
            "-input_framerate" => {
                self.wishes.rate = self.usable(key, value, rate(value), "it takes a number above 0, at most 1000")?;
            }
            "-output_dimensions" if *value != Value::None => {
                self.wishes.size =
                    self.usable(key, value, value.size(), "it takes two whole sides, such as (640, 480)")?;
            }
            "-input_pixfmt" => {
                let format = value.word().and_then(|name| PixelFormat::from_name(&name));
                self.wishes.pixels = self.usable(key, value, format, "it takes the name of a raw pixel format")?;
            }
            "-ffpreheaders" => {
                let list = self.list(key, value)?;
                self.wishes.pre_headers.extend(list);
            }
            "-clones" => self.clones(key, value)?,
            _ if key.starts_with("-core") && matches!(value, Value::List(_)) => self.clones(key, value)?,
            "-ffmpeg_download_path" => self.wishes.download_folder = value.word().map(PathBuf::from),
            // Ending is bounded whatever is given, and no console window ever opens: both are no longer needed.
            "-disable_force_termination" | "-disable_ffmpeg_window" | "-output_dimensions" => {}
            "-y" => self.wishes.replaces = true,
            "-n" => self.wishes.replaces = false,
            "-i" => match value.word() {
                Some(url) => self.words.extend(["-i".to_owned(), url]),
                None => self.remark(key, value, "it names something to read"),
            },
            _ if ENCODER_KEYS.contains(&key) => {
                self.wishes.encoder = value.word().map_or(EncoderWish::Container, EncoderWish::Named);
            }
            _ => push_option(&mut self.words, key, value),
        }
        Ok(())
    }

    fn clones(&mut self, key: &str, value: &Value) -> Result<(), ParamError> {
        let list = self.list(key, value)?;
        let output = list.rsplit(|word| word == "-i").next().unwrap_or_default();
        let names_one = |pair: &[String]| match pair {
            [key, value] => value != "copy" && (ENCODER_KEYS.contains(&key.as_str()) || key == "-c" || key == "-codec"),
            _ => false,
        };
        if output.windows(2).any(names_one) {
            self.wishes.encoder = EncoderWish::InWords;
        }
        self.words.extend(list);
        Ok(())
    }

    fn list(&mut self, key: &str, value: &Value) -> Result<Vec<String>, ParamError> {
        let list = match value {
            Value::List(list) => Some(list.clone()),
            _ => None,
        };
        Ok(self.usable(key, value, list, "it takes a list of words")?.unwrap_or_default())
    }

    fn usable<T>(
        &mut self,
        key: &str,
        value: &Value,
        found: Option<T>,
        expected: &'static str,
    ) -> Result<Option<T>, ParamError> {
        if found.is_none() {
            match self.reading {
                Reading::Strict => {
                    return Err(ParamError { key: key.to_owned(), value: value.shown(), expected });
                }
                Reading::Forgiving => self.remark(key, value, expected),
            }
        }
        Ok(found)
    }

    fn remark(&mut self, key: &str, value: &Value, expected: &str) {
        self.wishes.remarks.push(format!("{key} {} was left out: {expected}.", value.shown()));
    }

    /// Cuts the words at each `-i`, and puts back what only an input takes.
    fn finish(mut self) -> Wishes {
        let mut options = Vec::new();
        let mut words = std::mem::take(&mut self.words).into_iter();
        while let Some(word) = words.next() {
            if word == "-i" {
                let url = words.next().unwrap_or_default();
                self.wishes.inputs.push(ExtraInput { options: std::mem::take(&mut options), url });
            } else {
                options.push(word);
            }
        }
        if let Some(last) = self.wishes.inputs.last_mut() {
            for name in INPUT_ONLY {
                while let Some(at) = options.iter().position(|word| word == name) {
                    last.options.extend(options.drain(at..(at + 2).min(options.len())));
                }
            }
        }
        // The same as `-output_dimensions`: ffmpeg's own scaler behind `-s` knows no matrix but BT.601.
        while let Some(at) = options.iter().position(|word| word == "-s" || word == "-s:v") {
            match options.get(at + 1).and_then(|size| Resolution::parse(size)) {
                Some(size) => self.wishes.size = Some(size),
                None => break,
            }
            options.drain(at..at + 2);
        }
        self.wishes.output = options;
        self.apple_microphone();
        self.wishes
    }

    /// The documented recipe for a Mac's microphone names a device number and no `-i`.
    fn apple_microphone(&mut self) {
        let words = &mut self.wishes.output;
        let Some(at) = words.iter().position(|word| word == "-audio_device_index") else { return };
        if at + 1 < words.len() && self.wishes.inputs.is_empty() {
            let options: Vec<String> = words.drain(..at + 2).collect();
            let url = format!(":{}", options.last().cloned().unwrap_or_default());
            self.wishes.inputs.push(ExtraInput { options, url });
        }
    }
}

fn rate(value: &Value) -> Option<FrameRate> {
    match value {
        Value::Whole(_) | Value::Text(_) => value.word()?.parse().ok(),
        // 23.976023976 is 24000/1001: what a video library reports is a rounded fraction.
        Value::Number(number) => {
            [*number, (*number * 1e5).round() / 1e5].iter().find_map(|number| nearest_rate(*number))
        }
        _ => None,
    }
}

fn nearest_rate(number: f64) -> Option<FrameRate> {
    const NTSC: &[u32] = &[24_000, 30_000, 48_000, 60_000, 120_000];
    let close = |num: &&u32| (f64::from(**num) / 1001.0 - number).abs() < 0.006;
    if let Some(num) = NTSC.iter().find(close).filter(|_| number.fract() > 0.0) {
        return FrameRate::new(*num, 1001);
    }
    format!("{number:.6}").trim_end_matches('0').trim_end_matches('.').parse().ok()
}

pub(super) fn push_option(words: &mut Vec<String>, key: &str, value: &Value) {
    let key = if key.starts_with('-') { key.to_owned() } else { format!("-{key}") };
    match value {
        Value::Flag(false) => {}
        Value::List(list) => list.iter().for_each(|word| words.extend([key.clone(), word.clone()])),
        _ => {
            words.push(key);
            words.extend(value.word());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(list: &[(&str, Value)]) -> Result<Wishes, ParamError> {
        read_as(list, Reading::Strict)
    }

    fn read_as(list: &[(&str, Value)], reading: Reading) -> Result<Wishes, ParamError> {
        let list: Vec<_> = list.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        read(&list, Mode::Compression, reading)
    }

    #[test]
    fn what_stands_before_an_input_is_the_inputs_and_the_encoder_is_the_encoder_wherever_it_stands() {
        let wishes = strict(&[
            ("-vcodec", "libx264".into()),
            ("-f", "alsa".into()),
            ("-ac", 2.into()),
            ("-i", "hw:1".into()),
            ("-crf", 20.into()),
            ("-clones", ["-map", "0:v", "-map", "1:a?", "-shortest"].into()),
            ("-acodec", "aac".into()),
        ])
        .unwrap();
        assert_eq!(wishes.inputs, [ExtraInput::new("hw:1").param("-f", "alsa").param("ac", 2)]);
        assert_eq!(wishes.output.join(" "), "-crf 20 -map 0:v -map 1:a? -shortest -acodec aac");
        assert_eq!(wishes.encoder, EncoderWish::Named("libx264".to_owned()));
    }

    #[test]
    fn several_inputs_inside_clones_are_inputs() {
        let wishes =
            strict(&[("-clones", ["-f", "lavfi", "-i", "anullsrc", "-i", "a.srt", "-c:s", "srt"].into())]).unwrap();
        assert_eq!(wishes.inputs, [ExtraInput::new("anullsrc").param("-f", "lavfi"), ExtraInput::new("a.srt")]);
        assert_eq!(wishes.output, ["-c:s", "srt"]);
        assert_eq!(wishes.encoder, EncoderWish::Default);
    }

    #[test]
    fn documented_device_recipes_work_although_their_order_does_not() {
        let windows = strict(&[
            ("-f", "dshow".into()),
            ("-i", "audio=Microphone".into()),
            ("-thread_queue_size", "512".into()),
            ("-ac", "2".into()),
        ])
        .unwrap();
        assert_eq!(windows.inputs[0].options.join(" "), "-f dshow -thread_queue_size 512");
        assert_eq!(windows.output.join(" "), "-ac 2");
        let apple = strict(&[
            ("-thread_queue_size", "512".into()),
            ("-f", "avfoundation".into()),
            ("-audio_device_index", 0.into()),
        ])
        .unwrap();
        assert_eq!(apple.inputs[0].url, ":0");
        assert!(apple.output.is_empty());
    }

    #[test]
    fn flags_have_no_value_and_none_lets_the_container_choose() {
        let wishes =
            strict(&[("-shortest", Value::None), ("-an", true.into()), ("-sn", false.into()), ("-c:v", Value::None)]);
        let wishes = wishes.unwrap();
        assert_eq!(wishes.output, ["-shortest", "-an"]);
        assert_eq!(wishes.encoder, EncoderWish::Container);
    }

    #[test]
    fn rates_are_fractions() {
        let rate_of =
            |value: Value| strict(&[("-input_framerate", value)]).map(|wishes| wishes.rate.unwrap().to_string());
        for (value, text) in [
            (Value::from(29.97), "30000/1001"),
            (Value::from(29.970_029_97), "30000/1001"),
            (Value::from(23.976_023_976), "24000/1001"),
            (Value::from(30.0), "30"),
            (Value::from(12.5), "25/2"),
            (Value::from("60"), "60"),
            (Value::from(1), "1"),
        ] {
            assert_eq!(rate_of(value).unwrap(), text);
        }
        for value in [Value::from(0), Value::from(-11), Value::from("fast"), Value::None, Value::from(true)] {
            let error = rate_of(value).unwrap_err();
            assert!(error.to_string().starts_with("-input_framerate cannot be "), "{error}");
        }
    }

    #[test]
    fn a_forgiving_reading_remarks_what_it_leaves_out() {
        let list: &[(&str, Value)] = &[
            ("-input_pixfmt", "invalid".into()),
            ("-ffpreheaders", false.into()),
            ("-clones", "-shortest".into()),
            ("-output_dimensions", ["640"].into()),
            ("-disable_ffmpeg_window", true.into()),
            ("-i", Value::None),
        ];
        assert!(strict(list).is_err());
        let wishes = read_as(list, Reading::Forgiving).unwrap();
        assert_eq!(wishes.remarks.len(), 5, "{:?}", wishes.remarks);
        assert_eq!(wishes.remarks[0], "-input_pixfmt 'invalid' was left out: it takes the name of a raw pixel format.");
        assert_eq!(Wishes { remarks: Vec::new(), ..wishes }, Wishes::default());
    }
}
