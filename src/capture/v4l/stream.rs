//! An open V4L2 device that streams.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use v4l::buffer::{Flags, Metadata, Type};
use v4l::format::{Colorspace, FieldOrder, FourCC, Quantization};
use v4l::io::mmap::Stream as MmapStream;
use v4l::io::traits::{CaptureStream as _, Stream as _};
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, Fraction};

use super::{controls, explain, guarded, modes, open};
use crate::capture::camera::picture::{self, Copies, pixel_format};
use crate::capture::sysfs::Node;
use crate::capture::{
    Arrival, CameraCoding, CameraControl, CameraMode, CameraSetting, CameraShot, CameraStream, CaptureError,
    ControlKind, ShotKey,
};
use crate::media::{Colour, FrameRate, Range, Resolution, Timestamp};
use crate::rt::Clock;

/// Buffers that the driver fills in turn: 130 ms at 30 fps may pass before a picture is lost.
const BUFFERS: u32 = 4;
/// The most that a driver can give.
const MOST_BUFFERS: usize = 32;
/// What a driver's time stamp may lie in the past; older ones come from a clock that went wrong.
const OLDEST: Duration = Duration::from_secs(2);
/// `poll`'s word for "can be read".
const POLLIN: i16 = 1;

/// See [`CameraStream`]. Dropping it stops the stream and closes the device.
pub(in crate::capture) struct V4lStream {
    node: Node,
    device: Option<Device>,
    stream: Option<MmapStream<'static>>,
    setting: CameraSetting,
    begun: Begun,
    copies: Copies,
    clock: Arc<dyn Clock>,
    stamps: Stamps,
    controls: Vec<(u32, String, ControlKind)>,
}

/// How far the stream is. The driver crate gives a buffer's bytes only together with queueing the one before it, so
/// the first buffer of a stream is taken out without looking at it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    Streaming,
    FirstIsOut,
}

impl V4lStream {
    /// Opens a device in a mode, whatever state it was left in, and begins to stream. The driver's nearest answer is
    /// taken as long as its pictures can be read; [`CameraStream::setting`] tells which it is.
    pub(in crate::capture) fn open(node: &Node, mode: CameraMode, clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        let device = open(node)?;
        let failed = |error: io::Error| explain(node, &error);
        let (format, mode) = set(&device, mode).map_err(failed)?;
        let stride = if mode.coding.compressed().is_some() { 0 } else { stride(&format, mode) };
        let setting = CameraSetting { mode, stride, colour: colour(&format, mode.coding) };
        let stream =
            guarded("its memory cannot be mapped", || MmapStream::with_buffers(&device, Type::VideoCapture, BUFFERS));
        let mut opened = Self {
            node: node.clone(),
            stream: Some(stream.map_err(failed)?),
            device: Some(device),
            setting,
            begun: Begun::Streaming,
            copies: Copies::new(format.size as usize),
            clock,
            stamps: Stamps::new(mode.rate),
            controls: Vec::new(),
        };
        opened.begin().map_err(failed)?;
        Ok(opened)
    }

    fn begin(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        // The driver may have given fewer buffers than asked for, or more: it says so by refusing one that is not there.
        for index in 0..MOST_BUFFERS {
            match stream.queue(index) {
                Ok(()) => {}
                Err(_) if index >= 2 => break,
                Err(error) => return Err(error),
            }
        }
        stream.start()
    }

    fn take(&mut self) -> io::Result<Arrival> {
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        if self.begun == Begun::Streaming {
            stream.dequeue()?;
            self.begun = Begun::FirstIsOut;
            return Ok(Arrival::Nothing);
        }
        let (bytes, meta) = stream.next()?;
        let used = bytes.get(..meta.bytesused as usize).unwrap_or(bytes);
        let sequence = Some(meta.sequence);
        if meta.flags.contains(Flags::ERROR) {
            return Ok(Arrival::Damaged { sequence });
        }
        let whole = picture::whole(&self.setting, used);
        let Some(whole) = whole else { return Ok(Arrival::Damaged { sequence }) };
        let flagged = meta.flags.contains(Flags::KEYFRAME);
        let key = if flagged { ShotKey::Whole } else { picture::key(self.setting.mode.coding, whole) };
        let captured_at = self.stamps.taken_at(meta, self.clock.now());
        let Some(data) = self.copies.copy(whole) else { return Ok(Arrival::Crowded { sequence }) };
        Ok(Arrival::Shot(CameraShot { sequence, captured_at, key, data }))
    }
}

impl CameraStream for V4lStream {
    fn setting(&self) -> CameraSetting {
        self.setting
    }

    fn next(&mut self, within: Duration) -> Result<Arrival, CaptureError> {
        let Some(device) = &self.device else { return Ok(Arrival::Nothing) };
        let millis = i32::try_from(within.as_millis()).unwrap_or(i32::MAX);
        let taken = match device.handle().poll(POLLIN, millis) {
            Ok(0) => return Ok(Arrival::Nothing),
            Ok(_) => self.take(),
            Err(error) => Err(error),
        };
        match taken {
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
                Ok(Arrival::Nothing)
            }
            taken => taken.map_err(|error| explain(&self.node, &error)),
        }
    }

    fn controls(&mut self) -> Vec<CameraControl> {
        let Some(device) = &self.device else { return Vec::new() };
        let read = controls::read(device);
        self.controls = read.iter().map(|(id, control)| (*id, control.key.clone(), control.kind.clone())).collect();
        read.into_iter().map(|(_, control)| control).collect()
    }

    fn set_control(&mut self, key: &str, value: i64) -> Result<(), String> {
        let Some(device) = &self.device else { return Err("it is closed".to_owned()) };
        let Some((id, _, kind)) = self.controls.iter().find(|(_, own, _)| own == key) else {
            return Err("it has no such control".to_owned());
        };
        controls::set(device, *id, kind, value).map_err(|error| error.to_string())
    }
}

impl Drop for V4lStream {
    fn drop(&mut self) {
        // The driver crate panics where a stream cannot be stopped, as after EIO, or a device not be closed.
        let (stream, device) = (self.stream.take(), self.device.take());
        let closed = catch_unwind(AssertUnwindSafe(move || {
            drop(stream);
            drop(device);
        }));
        if closed.is_err() {
            log::warn!("{} did not close cleanly", self.node.path());
        }
    }
}

/// Sets format and rate, and gives what the driver made of them.
fn set(device: &Device, mode: CameraMode) -> io::Result<(Format, CameraMode)> {
    let mut format = Format::new(mode.size.width, mode.size.height, FourCC::new(&mode.coding.fourcc()));
    format.field_order = FieldOrder::Any;
    let format = guarded("its format is unknown", || device.set_format(&format))?;
    let size = Resolution::checked(format.width, format.height);
    let coding = CameraCoding::of_fourcc(format.fourcc.repr);
    let (Some(size), Some(coding)) = (size, coding) else {
        let answer = format!("it answers {} with {}x{} {}", mode, format.width, format.height, format.fourcc);
        return Err(io::Error::other(answer));
    };
    let interval = Fraction::new(mode.rate.den(), mode.rate.num());
    // A capture card has the rate of its input and refuses to be told.
    let answer = device.set_params(&Parameters::new(interval)).or_else(|_| device.params());
    let rate = answer.ok().and_then(|answer| modes::rate_of(answer.interval)).unwrap_or(mode.rate);
    Ok((format, CameraMode { size, rate, coding }))
}

/// The driver's word for a row; some say nothing.
fn stride(format: &Format, mode: CameraMode) -> usize {
    let tight = pixel_format(mode.coding).map_or(0, |pixels| picture::tight_stride(pixels, mode.size));
    (format.stride as usize).max(tight)
}

/// What the numbers stand for, as far as the driver says it: webcams say sRGB and send BT.601.
fn colour(format: &Format, coding: CameraCoding) -> Colour {
    let usual = picture::usual_colour(coding);
    if !matches!(coding, CameraCoding::Nv12 | CameraCoding::Yu12 | CameraCoding::Yuyv | CameraCoding::Uyvy) {
        return usual;
    }
    let matrix = if matches!(format.colorspace, Colorspace::Rec709) { Colour::BT709 } else { usual };
    let full = matches!(format.colorspace, Colorspace::JPEG) || matches!(format.quantization, Quantization::FullRange);
    Colour { range: if full { Range::Full } else { Range::Limited }, ..matrix }
}

/// Turns a driver's time stamps into moments that are not in the future.
///
/// Drivers that stamp the end of a frame's period are up to a period ahead. Their stamps are even, our clock's reading
/// at arrival is not: so all are moved back by the largest lead seen, rather than each to the moment it arrived (which
/// put two pictures on one tick and none on the next, 45 times in 240 on a busy machine).
struct Stamps {
    lead: Duration,
    longest: Duration,
}

impl Stamps {
    /// For a camera of this rate: no driver is more than a period ahead.
    fn new(rate: FrameRate) -> Self {
        Self { lead: Duration::ZERO, longest: Duration::from_nanos(rate.period_nanos().unsigned_abs()) }
    }

    /// When a picture was taken; `now` where the driver's stamp is of another clock or impossible.
    fn taken_at(&mut self, meta: &Metadata, now: Timestamp) -> Timestamp {
        let monotonic = meta.flags & Flags::TIMESTAMP_MASK == Flags::TIMESTAMP_MONOTONIC;
        let nanos = meta.timestamp.sec.saturating_mul(1_000_000_000);
        let stamp = Timestamp::from_nanos(nanos.saturating_add(meta.timestamp.usec.saturating_mul(1000)));
        let lead = stamp.since(now);
        if !monotonic || lead > self.longest || now.since(stamp) > OLDEST {
            return now;
        }
        self.lead = self.lead.max(lead);
        stamp - self.lead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(flags: Flags, sec: i64, usec: i64) -> Metadata {
        Metadata { flags, timestamp: v4l::Timestamp::new(sec, usec), ..Metadata::default() }
    }

    #[test]
    fn stamps_of_another_clock_are_now() {
        let now = Timestamp::from_nanos(100_000_000_000);
        let at = |flags, sec, usec| Stamps::new(FrameRate::whole(25)).taken_at(&meta(flags, sec, usec), now).as_nanos();
        assert_eq!(at(Flags::TIMESTAMP_MONOTONIC, 99, 970_000), 99_970_000_000);
        for (sec, usec) in [(100, 41_000), (102, 0), (97, 0), (0, 0), (i64::MAX, 0)] {
            assert_eq!(at(Flags::TIMESTAMP_MONOTONIC, sec, usec), now.as_nanos(), "{sec}.{usec}");
        }
        assert_eq!(at(Flags::TIMESTAMP_COPY, 99, 970_000), now.as_nanos());
        assert_eq!(at(Flags::empty(), 99, 970_000), now.as_nanos());
    }

    #[test]
    fn stamps_ahead_of_time_stay_even_however_late_they_are_read() {
        let mut stamps = Stamps::new(FrameRate::whole(25));
        let mut taken = Vec::new();
        // Stamped with the end of its period of 40 ms, read 1 to 30 ms after its beginning.
        for (index, late_ms) in [1, 7, 2, 30, 12, 1, 25].into_iter().enumerate() {
            let begin = 10_000 + 40 * i64::try_from(index).unwrap();
            let now = Timestamp::from_nanos((begin + late_ms) * 1_000_000);
            let end = begin + 40;
            let taken_at = stamps.taken_at(&meta(Flags::TIMESTAMP_MONOTONIC, end / 1000, end % 1000 * 1000), now);
            assert!(taken_at <= now);
            taken.push(taken_at);
        }
        assert!(taken.windows(2).all(|two| two[1].nanos_since(two[0]) == 40_000_000), "{taken:?}");
    }

    #[test]
    fn numbers_stand_for_what_the_driver_says() {
        let mut format = Format::new(4, 2, FourCC::new(b"YUYV"));
        assert_eq!(colour(&format, CameraCoding::Yuyv), Colour::BT601);
        format.colorspace = Colorspace::SRGB;
        assert_eq!(colour(&format, CameraCoding::Nv12), Colour::BT601);
        format.colorspace = Colorspace::Rec709;
        assert_eq!(colour(&format, CameraCoding::Uyvy), Colour::BT709);
        assert_eq!(colour(&format, CameraCoding::Mjpeg), Colour::JPEG);
        assert_eq!(colour(&format, CameraCoding::Bgr24), Colour::SRGB);
        format.quantization = Quantization::FullRange;
        assert_eq!(colour(&format, CameraCoding::Yu12), Colour { range: Range::Full, ..Colour::BT709 });
    }

    #[test]
    fn rows_are_never_shorter_than_the_picture() {
        let mode = CameraMode::parse("6x2@30 yuyv").unwrap();
        let mut format = Format::new(6, 2, FourCC::new(b"YUYV"));
        for (told, stride) in [(0, 12), (11, 12), (64, 64)] {
            format.stride = told;
            assert_eq!(super::stride(&format, mode), stride);
        }
    }
}
