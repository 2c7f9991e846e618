//! Settings of a `WriteGear` before it opens.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::compression::Compression;
use super::gear::WriteGear;
use super::gear_error::GearError;
use super::obtain::OnDownload;
use super::opened::{Opened, Opening};
use super::packets::{PacketPipe, Packets};
use super::params::{self, EncoderWish, ExtraInput, Mode, Reading, Wishes};
use super::pixels::PixelFormat;
use super::place::Existing;
use super::value::Value;
use crate::media::{FrameRate, Resolution};

/// A write that ffmpeg does not take for so long means that it hangs: a loaded, slow machine needed 10 s to start it.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);
/// How long ffmpeg may go on encoding what it was given, after the end, while it shows that it works.
const CLOSE_PATIENCE: Duration = Duration::from_mins(2);

/// How much is told through the `log` crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logging {
    /// Commands and ffmpeg's words at debug level.
    #[default]
    Quiet,
    /// Commands and ffmpeg's words at info level: `WriteGear`'s `logging=True`.
    Verbose,
}

/// Collects settings; [`Self::open`] makes the [`WriteGear`]. Methods with a type of their own and [`Self::param`]
/// may be mixed; what comes later wins.
#[derive(Clone, Debug)]
pub struct Builder {
    output: String,
    list: Vec<(String, Value)>,
    inputs: Vec<ExtraInput>,
    own_input: Vec<String>,
    typed: Typed,
    reading: Reading,
    mode: Mode,
    custom_ffmpeg: Option<PathBuf>,
    cache_folder: Option<PathBuf>,
    download: Download,
    existing: Existing,
    write_deadline: Duration,
    close_patience: Duration,
    logging: Logging,
}

/// Where ffmpeg may be fetched to, and who is told.
#[derive(Clone, Default)]
struct Download {
    folder: Option<PathBuf>,
    tell: Option<OnDownload>,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What was said with types instead of words.
#[derive(Clone, Debug, Default)]
struct Typed {
    rate: Option<FrameRate>,
    size: Option<Resolution>,
    pixels: Option<PixelFormat>,
    encoder: Option<EncoderWish>,
}

impl Builder {
    pub(super) fn new(output: impl Into<String>) -> Self {
        Self {
            output: output.into(),
            list: Vec::new(),
            inputs: Vec::new(),
            own_input: Vec::new(),
            typed: Typed::default(),
            reading: Reading::Strict,
            mode: Mode::default(),
            custom_ffmpeg: None,
            cache_folder: None,
            download: Download::default(),
            existing: Existing::default(),
            write_deadline: WRITE_DEADLINE,
            close_patience: CLOSE_PATIENCE,
            logging: Logging::default(),
        }
    }

    /// Any ffmpeg option, in order, with or without its dash; what stands before an `-i` belongs to that input. The
    /// special parameters of `WriteGear` mean what they mean there (the module's table).
    #[must_use]
    pub fn param(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.list.push((key.to_owned(), value.into()));
        self
    }

    /// Several of them, in order.
    #[must_use]
    pub fn params<K: Into<String>, V: Into<Value>>(mut self, list: impl IntoIterator<Item = (K, V)>) -> Self {
        self.list.extend(list.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// An option without a value: `-shortest`, `-an`.
    #[must_use]
    pub fn flag(self, key: &str) -> Self {
        self.param(key, Value::None)
    }

    /// An option of our own input of frames, right before it.
    #[must_use]
    pub fn input_param(mut self, key: &str, value: impl Into<Value>) -> Self {
        params::push_option(&mut self.own_input, key, &value.into());
        self
    }

    /// One more thing that ffmpeg reads beside the frames: sound from a file or a device, subtitles, a generator.
    /// Its sound ends with the frames: what is longer is cut, what is shorter continues as silence.
    #[must_use]
    pub fn input(mut self, input: ExtraInput) -> Self {
        self.inputs.push(input);
        self
    }

    /// Frames per second of what is written without time stamps: 25 unless said.
    #[must_use]
    pub fn frame_rate(mut self, rate: FrameRate) -> Self {
        self.typed.rate = Some(rate);
        self
    }

    /// The same as a number; fractions of NTSC (29.97) are recognised.
    #[must_use]
    pub fn input_framerate(self, fps: f64) -> Self {
        self.param("-input_framerate", fps)
    }

    /// The picture's size in the output; frames of another size are scaled to it.
    #[must_use]
    pub fn output_dimensions(mut self, width: u32, height: u32) -> Self {
        self.typed.size = Some(Resolution::new(width, height));
        self
    }

    /// The format that frames' bytes have, whatever the frames say themselves.
    #[must_use]
    pub fn input_pixel_format(mut self, format: PixelFormat) -> Self {
        self.typed.pixels = Some(format);
        self
    }

    /// The video encoder.
    #[must_use]
    pub fn encoder(mut self, wish: EncoderWish) -> Self {
        self.typed.encoder = Some(wish);
        self
    }

    /// Compression mode (ffmpeg) or non-compression mode (OpenCV). Never changed in silence.
    #[must_use]
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// What becomes of a value that cannot be used: an error, or a remark in the report.
    #[must_use]
    pub const fn reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// This ffmpeg: the program or its folder. Without it: `GEARCAST_FFMPEG`, then the path.
    #[must_use]
    pub fn ffmpeg(mut self, program_or_folder: impl Into<PathBuf>) -> Self {
        self.custom_ffmpeg = Some(program_or_folder.into()).filter(|path: &PathBuf| !path.as_os_str().is_empty());
        self
    }

    /// Where there is no ffmpeg, fetch a known build into this folder if there is one for this system (Windows), and tell of
    /// bytes received and bytes in all. Its SHA-256 is checked. Elsewhere the error says how ffmpeg is installed.
    #[must_use]
    pub fn download_ffmpeg(
        mut self,
        folder: impl Into<PathBuf>,
        on_progress: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Self {
        self.download = Download { folder: Some(folder.into()), tell: Some(Arc::new(on_progress)) };
        self
    }

    /// Where is kept what ffmpeg can do; the user's cache folder unless said.
    #[must_use]
    pub fn cache_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_folder = Some(folder.into());
        self
    }

    /// What becomes of a file that has the output's name.
    #[must_use]
    pub const fn existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// How long one write may wait for ffmpeg: 20 s unless said. Then it is ended and the write fails.
    #[must_use]
    pub const fn write_deadline(mut self, deadline: Duration) -> Self {
        self.write_deadline = deadline;
        self
    }

    /// How long closing waits for an ffmpeg that still works: two minutes unless said. One that does not work any
    /// more is ended within five seconds whatever this says.
    #[must_use]
    pub const fn close_patience(mut self, patience: Duration) -> Self {
        self.close_patience = patience;
        self
    }

    /// How much is told through the `log` crate.
    #[must_use]
    pub const fn logging(mut self, logging: Logging) -> Self {
        self.logging = logging;
        self
    }

    /// Finds ffmpeg, checks output and encoder, makes the file. ffmpeg itself starts with the first frame, whose size
    /// and format it has to be told.
    ///
    /// # Errors
    /// Everything that can be known before a frame comes; nothing is left on the disk then.
    #[inline] // compiled where it is used: see `plain`
    pub fn open(self) -> Result<WriteGear, GearError> {
        match self.mode {
            Mode::Compression => {
                let output = Some(self.output.clone());
                let (opened, growing) = Opened::open(self.opening(output)?)?;
                Ok(WriteGear::with(Compression::new(opened, growing, None)))
            }
            #[cfg(feature = "opencv")]
            Mode::NonCompression => {
                let plain = super::plain::Plain::open(&self.output, &self.wishes()?, self.existing, self.reading)?;
                Ok(WriteGear::with(plain))
            }
            #[cfg(not(feature = "opencv"))]
            Mode::NonCompression => Err(GearError::OpenCv("this program was built without it".to_owned())),
        }
    }

    /// The same without an output: encoded packets come out of the second value, in this process. They have to be
    /// taken on another thread than the frames are written on; behind 256 packets that nobody takes, `write` waits.
    pub fn open_packets(self) -> Result<(WriteGear, Packets), GearError> {
        let (opened, growing) = Opened::open(self.opening(None)?)?;
        let (pipe, packets) = PacketPipe::new();
        Ok((WriteGear::with(Compression::new(opened, growing, Some(pipe))), packets))
    }

    fn opening(self, output: Option<String>) -> Result<Opening, GearError> {
        let wishes = self.wishes()?;
        Ok(Opening {
            output,
            custom_ffmpeg: self.custom_ffmpeg,
            cache_folder: self.cache_folder,
            on_download: self.download.tell,
            wishes,
            reading: self.reading,
            existing: self.existing,
            write_deadline: self.write_deadline,
            close_patience: self.close_patience,
            log_level: match self.logging {
                Logging::Quiet => log::Level::Debug,
                Logging::Verbose => log::Level::Info,
            },
        })
    }

    fn wishes(&self) -> Result<Wishes, GearError> {
        let mut wishes = params::read(&self.list, self.mode, self.reading)?;
        let typed = self.typed.clone();
        wishes.download_folder = self.download.folder.clone().or(wishes.download_folder);
        wishes.rate = typed.rate.or(wishes.rate);
        wishes.size = typed.size.or(wishes.size);
        wishes.pixels = typed.pixels.or(wishes.pixels);
        wishes.encoder = typed.encoder.unwrap_or(wishes.encoder);
        wishes.pre_headers.extend(self.own_input.iter().cloned());
        wishes.inputs.extend(self.inputs.iter().cloned());
        Ok(wishes)
    }
}
