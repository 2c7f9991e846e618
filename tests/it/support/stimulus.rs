//! Flashes and beeps of a test's own at known moments, independent of the player and the window of the product.
//!
//! A flash is a filled rectangle that the X server has confirmed: its moment is known to the round trip (0.1 to 0.4 ms).
//! A beep is placed on a sample of a stream that always plays; when that sample leaves the output the sound server
//! tells, before and after.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gearcast::media::Timestamp;
use gearcast::media::sync::{Shown, event_delay};
use gearcast::rt::{Clock, RealClock, StopSource};
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, PlaybackStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{AsPlaybackSource as _, Client, PlaybackStream};
use x11rb::protocol::xproto::Window;

use super::painter::Painter;
use super::pulse::Pulse;
use super::xvfb::Xvfb;

const RATE: u64 = 48_000;
/// 80 ms.
const BEEP_FRAMES: u64 = 3840;
/// Two channels of 32 bits.
const FRAME_BYTES: usize = 8;
/// A beep is queued this long before it is due, more than the stream's buffer and a busy machine's hiccups.
const LEAD: Duration = Duration::from_millis(400);
const FLASH: Duration = Duration::from_millis(100);
const SIZE: (u16, u16) = (640, 360);

/// A screen and an output that flash and beep.
pub(crate) struct Stimulus {
    painter: Painter,
    window: Window,
    beeper: Beeper,
}

/// When it flashes and beeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    /// Events at the beginning.
    pub(crate) events: usize,
    /// The same number again, so much later; for a drift.
    pub(crate) again_after: Option<Duration>,
}

impl Stimulus {
    pub(crate) fn prepare(screen: &Xvfb, pulse: &Pulse) -> Self {
        let painter = Painter::connect(&screen.display);
        let window = painter.window((40, 60), SIZE, 0, 0, "stimulus");
        Self { painter, window, beeper: Beeper::start(pulse) }
    }

    /// Flashes and beeps from now on; tells what was shown and heard and when.
    pub(crate) fn run(&self, course: Course) -> Vec<Shown> {
        let begin = RealClock.now() + LEAD + Duration::from_millis(100);
        let delays = (0..course.events).map(event_delay);
        let again = course.again_after.map(|after| delays.clone().map(move |delay| delay + after));
        let all: Vec<Duration> = delays.clone().chain(again.into_iter().flatten()).collect();
        all.iter().map(|delay| self.event(begin + *delay)).collect()
    }

    fn event(&self, due: Timestamp) -> Shown {
        sleep_until(due - LEAD);
        let first_frame = self.beeper.queue(due);
        sleep_until(due);
        let flash_at = self.paint(0xff_ff_ff);
        sleep_until(due + FLASH);
        self.paint(0);
        let click_at = self.beeper.left_at(first_frame);
        let seconds = |at: Timestamp| at.since(Timestamp::default()).as_secs_f64();
        Shown { flash_s: seconds(flash_at), click_s: seconds(click_at) }
    }

    /// Fills the window; the middle of the time in which the server did it.
    fn paint(&self, rgb: u32) -> Timestamp {
        let asked = RealClock.now();
        self.painter.fill(self.window, (0, 0), SIZE, rgb);
        asked + RealClock.now().since(asked) / 2
    }
}

fn sleep_until(due: Timestamp) {
    RealClock.sleep_until(due, &StopSource::new().token());
}

/// A stream that plays silence, and beeps on the samples that are asked for.
struct Beeper {
    stream: PlaybackStream,
    notes: Arc<Mutex<Notes>>,
    _client: Client,
}

/// What the stream is to play.
#[derive(Default)]
struct Notes {
    written: u64,
    starts: Vec<u64>,
}

impl Beeper {
    fn start(pulse: &Pulse) -> Self {
        let socket = UnixStream::connect(pulse.folder().join("native")).unwrap();
        // It asks for no cookie, but for one of the right length.
        let client = Client::new_unix(c"stimulus", socket, Some([0; 256])).unwrap();
        let notes = Arc::new(Mutex::new(Notes::default()));
        let played = Arc::clone(&notes);
        let fill = move |bytes: &mut [u8]| {
            let mut notes = lock(&played);
            for word in bytes.chunks_exact_mut(FRAME_BYTES) {
                let sample = notes.next().to_le_bytes();
                word[..4].copy_from_slice(&sample);
                word[4..].copy_from_slice(&sample);
            }
            bytes.len() / FRAME_BYTES * FRAME_BYTES
        };
        let params = PlaybackStreamParams {
            sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 2, sample_rate: 48_000 },
            channel_map: ChannelMap::stereo(),
            sink_name: Some(c"desk".to_owned()),
            // 100 ms wait in the server: with less a busy machine makes it run dry.
            buffer_attr: BufferAttr { target_length: 38_400, ..BufferAttr::default() },
            flags: StreamFlags { no_move: true, adjust_latency: true, ..StreamFlags::default() },
            ..PlaybackStreamParams::default()
        };
        let stream = pollster::block_on(client.create_playback_stream(params, fill.as_playback_source())).unwrap();
        Self { stream, notes, _client: client }
    }

    /// When sample 0 left the output, as if there had been no interruption: the median of some answers.
    fn begin(&self) -> Timestamp {
        let ask = || {
            let asked = RealClock.now();
            let told = pollster::block_on(self.stream.timing_info()).unwrap();
            let at = asked + RealClock.now().since(asked) / 2;
            let played = u64::try_from(told.read_offset).unwrap() / FRAME_BYTES as u64;
            at + Duration::from_micros(told.sink_usec) - frames(played)
        };
        let mut answers: Vec<Timestamp> = (0..7).map(|_| ask()).collect();
        answers.sort();
        answers[3]
    }

    /// Plays a beep at this moment; gives the number of its first sample.
    fn queue(&self, due: Timestamp) -> u64 {
        let first = u64::try_from(due.since(self.begin()).as_nanos() * u128::from(RATE) / 1_000_000_000).unwrap();
        let mut notes = lock(&self.notes);
        assert!(first > notes.written, "the beep comes too late by {} samples", notes.written - first);
        notes.starts.push(first);
        first
    }

    /// When this sample left the output.
    fn left_at(&self, frame: u64) -> Timestamp {
        self.begin() + frames(frame)
    }
}

impl Notes {
    #[expect(clippy::cast_possible_truncation, reason = "a sample needs no 53 bits")]
    fn next(&mut self) -> f32 {
        let now = self.written;
        self.written += 1;
        let start = self.starts.iter().rev().find(|start| (**start..**start + BEEP_FRAMES).contains(&now));
        let turn = |start: &u64| f64::from(u8::try_from((now - start) % 48).unwrap()) / 48.0;
        start.map_or(0.0, |start| (0.5 * (std::f64::consts::TAU * turn(start)).sin()) as f32)
    }
}

fn frames(count: u64) -> Duration {
    Duration::from_nanos(u64::try_from(u128::from(count) * 1_000_000_000 / u128::from(RATE)).unwrap())
}

fn lock(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
