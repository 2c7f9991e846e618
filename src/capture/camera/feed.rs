//! Between the reading thread and the deliveries: what is too late is told, and a thread that hangs is left behind.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::device::{self, CameraMessage, CameraPicture};
use super::mode::CameraMode as Mode;
use crate::capture::stage::{Picture, Stage};
use crate::capture::sysfs::Node;
use crate::capture::{CaptureError, CaptureWarning, SourceInfo};
use crate::media::{Changed, FrameRate, Timestamp};
use crate::rt::{JoinOutcome, Worker};

/// Pictures that may wait for the capture thread; a third one is lost.
const QUEUE: usize = 2;
/// Silence that is told …
const STALLED: Duration = Duration::from_secs(2);
/// … and silence that ends the source.
const GIVE_UP: Duration = Duration::from_secs(10);
/// How often stop and silence are looked for.
const LOOK: Duration = Duration::from_millis(50);
/// How long the reading thread may take to end; below the capture's own two seconds.
const LET_GO: Duration = Duration::from_secs(1);

/// Reads the camera on the thread `camera-io` until stop is asked.
pub(super) fn run(node: Node, mode: Option<&str>, stage: &mut Stage) -> Result<(), CaptureError> {
    let (give, get) = sync_channel(QUEUE);
    let (name, mode, clock) = (node.name.clone(), mode.map(str::to_owned), stage.clock());
    let rate = stage.rate();
    let fps = rate.num().div_ceil(rate.den());
    let worker = Worker::spawn("camera-io", move |stop| {
        device::read(&node, mode.as_deref(), fps, clock.as_ref(), &stop, &give);
    })
    .map_err(|error| CaptureError::NoThread { reason: error.to_string() })?;
    let result = Feed::new(name.clone(), stage.now()).pass_on(&get, stage);
    drop(get); // a reader that waits for a place in the queue goes on
    if worker.join(LET_GO) == JoinOutcome::Abandoned {
        stage.warn(CaptureWarning::CameraLeftBehind { name });
    }
    result
}

/// Whether the camera sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Good,
    Stalled,
}

struct Feed {
    name: String,
    /// When something came last.
    heard: Timestamp,
    signal: Signal,
    /// The camera's own rate.
    native: Option<FrameRate>,
    /// The first picture's moment, and the slot of the asked rate that was filled last.
    slots: Option<(Timestamp, u64)>,
}

impl Feed {
    fn new(name: String, now: Timestamp) -> Self {
        Self { name, heard: now, signal: Signal::Good, native: None, slots: None }
    }

    fn pass_on(&mut self, get: &Receiver<CameraMessage>, stage: &mut Stage) -> Result<(), CaptureError> {
        while !stage.is_stopped() {
            match get.recv_timeout(LOOK) {
                Ok(message) => self.take(message, stage)?,
                Err(RecvTimeoutError::Timeout) => self.listen(stage)?,
                // The reader ended without a word: its driver panicked.
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(CaptureError::CameraGone { name: self.name.clone() });
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, message: CameraMessage, stage: &mut Stage) -> Result<(), CaptureError> {
        self.heard = stage.now();
        match message {
            CameraMessage::Failed(error) => return Err(error),
            CameraMessage::Opened(Mode { size, rate, .. }) => {
                self.native = Some(rate);
                stage.started(SourceInfo { name: self.name.clone(), size, rate: self.native });
            }
            CameraMessage::Damaged => stage.damaged(1),
            CameraMessage::Picture(picture) => {
                if self.signal == Signal::Stalled {
                    self.signal = Signal::Good;
                    stage.warn(CaptureWarning::CameraBack { name: self.name.clone() });
                }
                if self.is_wanted(picture.captured_at, stage.rate()) {
                    let CameraPicture { captured_at, size, colour, payload } = picture;
                    stage.picture(Picture { captured_at, colour, size, changed: Changed::Unknown, payload });
                }
            }
        }
        Ok(())
    }

    /// Where clearly fewer pictures are asked than the camera sends, one a slot is passed on. At nearly equal
    /// rates all pass: their jitter would put two in one slot and none in the next.
    fn is_wanted(&mut self, at: Timestamp, asked: FrameRate) -> bool {
        if self.native.is_none_or(|native| asked.as_f64() > native.as_f64() * 0.75) {
            self.slots = None;
            return true;
        }
        let Some((origin, filled)) = &mut self.slots else {
            self.slots = Some((at, 0));
            return true;
        };
        let slot = asked.nearest_tick(at.nanos_since(*origin));
        let wanted = slot > *filled;
        *filled = slot.max(*filled);
        wanted
    }

    fn listen(&mut self, stage: &mut Stage) -> Result<(), CaptureError> {
        let silent = stage.now().since(self.heard);
        if silent >= GIVE_UP {
            return Err(CaptureError::CameraStalled { name: self.name.clone(), silent });
        }
        if silent >= STALLED && self.signal == Signal::Good {
            self.signal = Signal::Stalled;
            stage.warn(CaptureWarning::CameraStalled { name: self.name.clone() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::capture::Delivery;
    use crate::capture::camera::mode::CameraCoding as Coding;
    use crate::media::{Colour, CompressedFormat, Payload, Resolution};
    use crate::rt::{ManualClock, StopSource};

    struct Bench {
        clock: Arc<ManualClock>,
        seen: Arc<Mutex<Vec<String>>>,
        stage: Stage,
        feed: Feed,
        _stop: StopSource,
    }

    impl Bench {
        fn new(rate: FrameRate) -> Self {
            let (clock, seen, stop) = (Arc::new(ManualClock::default()), Arc::default(), StopSource::new());
            let log: Arc<Mutex<Vec<String>>> = Arc::clone(&seen);
            let deliver = move |delivery| {
                log.lock().unwrap().push(match delivery {
                    Delivery::Started(info) => format!("{} {}", info.name, info.size),
                    Delivery::Frame(frame) => format!("frame {} {}", frame.seq, frame.captured_at.as_nanos()),
                    Delivery::Unchanged { .. } => "unchanged".to_owned(),
                    Delivery::Warning(warning) => warning.to_string(),
                    Delivery::Camera(state) => format!("{:?}", state.signal),
                    Delivery::Ended(error) => error.to_string(),
                });
            };
            let rate = Arc::new(Mutex::new(rate));
            let stage = Stage::new(clock.clone(), stop.token(), rate, Box::new(deliver));
            Self { clock, seen, stage, feed: Feed::new("Cam".to_owned(), Timestamp::default()), _stop: stop }
        }

        fn take(&mut self, message: CameraMessage) -> Result<(), CaptureError> {
            self.feed.take(message, &mut self.stage)
        }

        fn seen(&self) -> Vec<String> {
            std::mem::take(&mut self.seen.lock().unwrap())
        }
    }

    fn opened(fps: u32) -> CameraMessage {
        CameraMessage::Opened(Mode { size: Resolution::new(4, 2), rate: FrameRate::whole(fps), coding: Coding::Mjpeg })
    }

    fn picture(at: i64) -> CameraMessage {
        let payload = Payload::Compressed { format: CompressedFormat::Mjpeg, data: Arc::from([0_u8; 4]) };
        let (captured_at, size) = (Timestamp::from_nanos(at), Resolution::new(4, 2));
        CameraMessage::Picture(CameraPicture { captured_at, size, colour: Colour::JPEG, payload })
    }

    #[test]
    fn a_silent_camera_is_told_once_comes_back_and_is_given_up_at_last() {
        let mut bench = Bench::new(FrameRate::whole(30));
        bench.take(opened(30)).unwrap();
        for _ in 0..3 {
            bench.clock.advance(Duration::from_secs(1));
            bench.feed.listen(&mut bench.stage).unwrap();
        }
        bench.take(picture(5)).unwrap();
        let back =
            ["Cam 4x2", "the camera 'Cam' sends no picture", "the camera 'Cam' sends pictures again", "frame 0 5"];
        assert_eq!(bench.seen(), back);
        bench.clock.advance(Duration::from_secs(10));
        let given_up = CaptureError::CameraStalled { name: "Cam".into(), silent: Duration::from_secs(10) };
        assert_eq!(bench.feed.listen(&mut bench.stage), Err(given_up));
    }

    #[test]
    fn a_lower_rate_takes_an_even_share_and_an_equal_one_takes_all() {
        let shares = |asked: u32| {
            let mut bench = Bench::new(FrameRate::whole(asked));
            bench.take(opened(30)).unwrap();
            let jitter = |index: i64| if index % 2 == 0 { 9_000_000 } else { -9_000_000 };
            for index in 0..60 {
                bench.take(picture(index * 33_333_333 + jitter(index))).unwrap();
            }
            bench.seen().len() - 1
        };
        assert_eq!((shares(30), shares(25), shares(10)), (60, 60, 20));
    }

    #[test]
    fn a_reader_that_vanishes_is_a_camera_that_is_gone() {
        let mut bench = Bench::new(FrameRate::whole(30));
        let (give, get) = sync_channel(1);
        give.send(opened(30)).unwrap();
        drop(give);
        let gone = CaptureError::CameraGone { name: "Cam".into() };
        assert_eq!(bench.feed.pass_on(&get, &mut bench.stage), Err(gone));
    }
}
