//! The running engine: one ffmpeg child, its input, its output, its end.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use super::args::encoder_args;
use super::coded;
use super::error::EngineError;
use super::spec::{EngineSpec, Pictures};
use crate::ffmpeg::{
    ChildInput, ChildOutput, Ffmpeg, Launch, Process, ProgressReader, Redactor, Stdin, Stdout, launch,
};
use crate::media::{CompressedFormat, Packet, RenditionId, StreamHeaders, TrackId};
use crate::nut::{Reader, Writer};

/// How long ffmpeg may take nothing before the engine counts as stalled: a loaded, slow machine needed 10 s to start it.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);

/// A child that writes the output itself. It takes our NUT stream on standard input, reports on standard output as
/// `ffmpeg -progress pipe:1` does and tells what is wrong on standard error in ffmpeg's form: ffmpeg, or any program
/// that behaves so.
#[derive(Clone, Debug)]
pub struct DirectChild {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What hides secrets in what it says.
    pub redactor: Redactor,
}

impl DirectChild {
    /// ffmpeg, for a spec whose destination is [`super::Destination::Direct`].
    pub fn ffmpeg(ffmpeg: &Ffmpeg, spec: &EngineSpec) -> Self {
        let (program, args) = (ffmpeg.program.clone(), encoder_args(spec).to_os_args());
        Self { program, args, redactor: Redactor::default() }
    }

    /// The command as a line a user can paste into a shell, without secrets.
    pub fn shell_quoted(&self) -> String {
        crate::ffmpeg::shell_quoted(&self.program, &self.args, &self.redactor)
    }
}

/// The running child. Dropping it kills ffmpeg and waits for its end.
pub struct Engine {
    process: Process,
}

impl Engine {
    /// Starts ffmpeg and announces the tracks to it. Takes some milliseconds; ffmpeg itself is ready 0.1–0.3 s later
    /// and until then reads nothing, so frames wait in the caller's queue.
    pub fn start(
        ffmpeg: &Ffmpeg,
        spec: &EngineSpec,
        rendition: RenditionId,
        generation: u32,
    ) -> Result<(Self, EngineInput, EngineOutput), EngineError> {
        let (process, input, stdout) = start(DirectChild::ffmpeg(ffmpeg, spec), spec)?;
        let output = EngineOutput {
            reader: Reader::new(stdout),
            rendition,
            generation,
            offset_nanos: spec.pipe_offset_nanos(),
            offsets: Vec::new(),
        };
        Ok((Self { process }, input, output))
    }

    /// Starts a child that writes the output itself; what comes back are its reports.
    pub fn start_direct(
        child: DirectChild,
        spec: &EngineSpec,
    ) -> Result<(Self, EngineInput, ProgressReader<ChildOutput>), EngineError> {
        let (process, input, stdout) = start(child, spec)?;
        Ok((Self { process }, input, ProgressReader::new(stdout)))
    }

    /// The child, to be watched and stopped.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What its words say it died of.
    pub fn died(&self) -> EngineError {
        EngineError::Died { cause: self.process.cause_of_failure(), last_words: self.process.log_tail() }
    }
}

fn start(child: DirectChild, spec: &EngineSpec) -> Result<(Process, EngineInput, ChildOutput), EngineError> {
    let launched = Launch::new(child.program, child.args, "encoder")
        .with_io(Stdin::Socket, Stdout::Socket)
        .with_redactor(child.redactor);
    let mut process = launch(launched).map_err(EngineError::Launch)?;
    let broken = || EngineError::Io(std::io::ErrorKind::BrokenPipe.into());
    let stdin = process.take_stdin().ok_or_else(broken)?;
    let stdout = process.take_stdout().ok_or_else(broken)?;
    Ok((process, EngineInput::new(spec, stdin)?, stdout))
}

/// The writing end. Owned by one thread; dropping it ends the input, upon which ffmpeg flushes and ends.
pub struct EngineInput {
    socket: ChildInput,
    nut: Writer,
    head: Vec<u8>,
    samples: Vec<u8>,
    pictures: Wanted,
    /// The spec, until the tracks are announced: those of H.264 need what the first picture holds.
    unannounced: Option<EngineSpec>,
    channels: Vec<u16>,
}

/// What pictures were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    None,
    /// Raw ones, of so many bytes.
    Raw(usize),
    Coded(CompressedFormat),
}

impl EngineInput {
    fn new(spec: &EngineSpec, socket: ChildInput) -> Result<Self, EngineError> {
        let nut = Writer::new(&spec.tracks(&[])).map_err(EngineError::Stream)?;
        socket.set_write_timeout(Some(WRITE_DEADLINE)).map_err(EngineError::Io)?;
        let pictures = spec.video.map_or(Wanted::None, |video| match video.pictures {
            Pictures::Raw(pixels) => Wanted::Raw(pixels.packed_len(video.size)),
            Pictures::Coded(format) => Wanted::Coded(format),
        });
        let mut input = Self {
            socket,
            nut,
            head: Vec::with_capacity(64),
            samples: Vec::new(),
            pictures,
            unannounced: Some(spec.clone()),
            channels: spec.lines().iter().map(|audio| audio.channels).collect(),
        };
        if !matches!(pictures, Wanted::Coded(_)) {
            input.announce(&[])?;
        }
        Ok(input)
    }

    /// Writes what stands before the first packet.
    fn announce(&mut self, parameters: &[u8]) -> Result<(), EngineError> {
        let Some(spec) = self.unannounced.take() else { return Ok(()) };
        self.nut = Writer::new(&spec.tracks(parameters)).map_err(EngineError::Stream)?;
        self.socket.write_all(self.nut.header()).map_err(write_error)
    }

    /// Writes one picture at `pts` in [`super::VideoInput::time_base`]. Blocks while ffmpeg is busy, twenty seconds at most.
    /// The bytes go to the socket as they are: a 3 MB picture is not copied here.
    pub fn write_video(&mut self, pts: i64, picture: &[u8]) -> Result<(), EngineError> {
        let needed = if let Wanted::Raw(needed) = self.pictures { needed } else { 0 };
        if picture.len() != needed {
            return Err(EngineError::WrongSize { needed, held: picture.len() });
        }
        self.head.clear();
        self.nut.packet_head(0, true, pts, picture.len(), &mut self.head).map_err(EngineError::Stream)?;
        self.socket.write_packet(&self.head, picture).map_err(write_error)
    }

    /// Writes one picture that came encoded, at `pts` in [`super::VideoInput::time_base`]; times must grow. It comes out
    /// as it went in, but for the Huffman tables that a camera's JPEG lacks and players need. The first one must be one
    /// that a decoder can begin with ([`super::can_begin`]) and come before any sound.
    pub fn write_coded(&mut self, pts: i64, picture: &[u8]) -> Result<(), EngineError> {
        let Wanted::Coded(format) = self.pictures else {
            return Err(EngineError::WrongSize { needed: 0, held: picture.len() });
        };
        if self.unannounced.is_some() {
            self.announce(&coded::parameters(format, picture))?;
        }
        let picture = coded::playable(format, picture);
        let is_key = coded::is_key(format, &picture);
        self.head.clear();
        self.nut.packet_head(0, is_key, pts, picture.len(), &mut self.head).map_err(EngineError::Stream)?;
        self.socket.write_packet(&self.head, &picture).map_err(write_error)
    }

    /// Writes interleaved samples of sound line `line` (counted from 0), the first one at `first_sample` since the origin.
    pub fn write_audio(&mut self, line: usize, first_sample: i64, samples: &[f32]) -> Result<(), EngineError> {
        debug_assert!(
            self.channels.get(line).is_some_and(|channels| samples.len().is_multiple_of(usize::from(*channels)))
        );
        self.announce(&[])?;
        self.samples.clear();
        self.samples.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        let track = usize::from(self.pictures != Wanted::None) + line;
        self.head.clear();
        let length = self.samples.len();
        self.nut.packet_head(track, true, first_sample, length, &mut self.head).map_err(EngineError::Stream)?;
        self.socket.write_packet(&self.head, &self.samples).map_err(write_error)
    }
}

fn write_error(error: std::io::Error) -> EngineError {
    match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => EngineError::Stalled(WRITE_DEADLINE.as_secs()),
        _ => EngineError::Io(error),
    }
}

/// The reading end: encoded packets with the encoder's own time stamps, zero being the origin of the input.
pub struct EngineOutput {
    reader: Reader<ChildOutput>,
    rendition: RenditionId,
    generation: u32,
    offset_nanos: i64,
    /// The pipe's offset in each track's time base.
    offsets: Vec<i64>,
}

impl EngineOutput {
    /// The tracks. Blocks until the encoder has given its first packet.
    pub fn read_headers(&mut self) -> Result<StreamHeaders, EngineError> {
        let tracks = self.reader.read_headers().map_err(EngineError::Stream)?;
        self.offsets = tracks.iter().map(|track| track.time_base.from_nanos(self.offset_nanos)).collect();
        Ok(StreamHeaders { rendition: self.rendition, generation: self.generation, tracks })
    }

    /// The next packet, or `None` when the encoder is done. Blocks. To be called after [`Self::read_headers`].
    pub fn next_packet(&mut self) -> Result<Option<Packet>, EngineError> {
        let Some(packet) = self.reader.next_packet().map_err(EngineError::Stream)? else { return Ok(None) };
        let offset = self.offsets.get(packet.track).copied().unwrap_or(0);
        Ok(Some(Packet {
            rendition: self.rendition,
            track: TrackId(u8::try_from(packet.track).unwrap_or(u8::MAX)),
            key: packet.key,
            pts: packet.pts.saturating_sub(offset),
            data: packet.data,
        }))
    }
}
