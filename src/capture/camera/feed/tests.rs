//! The fault logic, with a clock turned by hand and a camera that does as it is told.

use std::sync::{Arc, Mutex};

use super::*;
use crate::capture::Delivery;
use crate::capture::stage::Picture;
use crate::media::{Changed, Colour, CompressedFormat, Payload, PixelFormat, Resolution};
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
                Delivery::Frame(frame) => {
                    let slate =
                        matches!(&frame.payload, Payload::Planes(planes) if planes.format() == PixelFormat::Nv12);
                    let what = if slate { "slate" } else { "frame" };
                    format!("{what} {} {}", frame.seq, frame.size)
                }
                Delivery::Unchanged { .. } => "unchanged".to_owned(),
                Delivery::Warning(warning) => warning.to_string(),
                // Told so often that it would drown the rest: looked at where it matters.
                Delivery::Camera(_) => return,
                Delivery::Ended(error) => error.to_string(),
            });
        };
        let rate = Arc::new(Mutex::new(rate));
        let stage = Stage::new(clock.clone(), stop.token(), rate, Box::new(deliver));
        Self { clock, seen, stage, feed: Feed::new("Cam".to_owned(), Timestamp::default()), _stop: stop }
    }

    /// A camera that has sent a picture.
    fn running() -> Self {
        let mut bench = Self::new(FrameRate::whole(30));
        bench.take(opened("4x2@30 mjpeg"));
        bench.take(picture(0));
        bench.seen();
        bench
    }

    fn take(&mut self, message: CameraMessage) {
        self.feed.take(message, &mut self.stage).unwrap();
    }

    /// Lets time go by, looking around as the thread does.
    fn wait(&mut self, by: Duration) -> Result<(), CaptureError> {
        let mut left = by;
        while !left.is_zero() {
            let step = left.min(LOOK);
            self.clock.advance(step);
            left -= step;
            self.feed.listen(&mut self.stage)?;
        }
        Ok(())
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// What was seen, without the confirmations that the slate still stands.
    fn news(&self) -> Vec<String> {
        self.seen().into_iter().filter(|news| news != "unchanged").collect()
    }
}

fn setting(mode: &str) -> CameraSetting {
    CameraSetting { mode: CameraMode::parse(mode).unwrap(), stride: 0, colour: Colour::JPEG }
}

fn opened(mode: &str) -> CameraMessage {
    CameraMessage::Opened { id: "1-1".to_owned(), name: "Cam".to_owned(), setting: setting(mode) }
}

fn picture(at: i64) -> CameraMessage {
    let payload = Payload::Compressed { format: CompressedFormat::Mjpeg, data: Arc::from([0_u8; 4]) };
    let (captured_at, size) = (Timestamp::from_nanos(at), Resolution::new(4, 2));
    let picture = Picture { captured_at, colour: Colour::JPEG, size, changed: Changed::Unknown, payload };
    CameraMessage::Picture { picture, lost: 0 }
}

fn gone() -> CaptureError {
    CaptureError::CameraGone { name: "Cam".to_owned() }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_stall_shows_the_slate_after_a_second_and_the_picture_at_once_when_it_is_back() {
    let mut bench = Bench::running();
    bench.wait(Duration::from_millis(950)).unwrap();
    assert!(bench.seen().is_empty(), "less than a second is nothing to tell");
    bench.wait(LOOK).unwrap();
    assert_eq!(bench.seen(), ["the camera 'Cam' sends no picture; the recording goes on without", "slate 1 4x2"]);
    bench.wait(SECOND * 2).unwrap();
    assert_eq!(bench.seen(), vec!["unchanged"; 40], "it is confirmed, so that files and streams go on");
    bench.take(picture(3_000_000_000));
    assert_eq!((bench.feed.outages, bench.feed.silent), (1, SECOND * 3));
    assert_eq!(bench.seen(), ["the camera 'Cam' sends pictures again, after 3.0 s", "frame 2 4x2"]);
    bench.wait(SECOND).unwrap();
    assert_eq!(bench.news().len(), 2, "the next stall is told anew");
}

#[test]
fn a_camera_that_is_pulled_out_is_told_at_once_and_taken_up_again() {
    let mut bench = Bench::running();
    bench.take(CameraMessage::Lost(gone()));
    assert_eq!(bench.seen(), ["the camera 'Cam' is gone; the recording goes on and takes it up again when it is back"]);
    assert_eq!(bench.feed.signal, Signal::Gone);
    bench.wait(SECOND * 3600).unwrap();
    assert_eq!(bench.news(), ["slate 1 4x2"], "an hour without a camera ends nothing");
    assert_eq!(bench.feed.signal, Signal::Gone);
    bench.take(opened("4x2@30 mjpeg"));
    bench.take(picture(1));
    assert_eq!(bench.seen(), ["the camera 'Cam' sends pictures again, after 3600.0 s", "frame 2 4x2"]);
    assert_eq!(bench.feed.signal, Signal::Good);
}

#[test]
fn a_failure_that_is_over_within_a_second_leaves_no_slate() {
    let mut bench = Bench::running();
    let failed = CaptureError::CameraFailed { name: "Cam".into(), reason: "Input/output error".into() };
    bench.take(CameraMessage::Lost(failed));
    bench.wait(SECOND / 2).unwrap();
    bench.take(opened("4x2@30 mjpeg"));
    bench.take(picture(1));
    let news = bench.seen();
    assert_eq!(news.len(), 3, "{news:?}");
    assert!(
        news[0].contains("Input/output error") && news[1].contains("0.5 s") && news[2] == "frame 1 4x2",
        "{news:?}"
    );
}

#[test]
fn another_mode_after_a_replug_is_told_and_the_slate_is_as_large_as_the_camera_was() {
    let mut bench = Bench::running();
    bench.take(CameraMessage::Lost(gone()));
    bench.take(opened("8x6@15 mjpeg"));
    let news = bench.seen();
    assert_eq!(news[1], "the camera 'Cam' came back as 8x6@15 mjpeg instead of 4x2@30 mjpeg");
    bench.wait(SECOND).unwrap();
    assert_eq!(bench.news(), ["slate 1 8x6"]);
}

#[test]
fn a_camera_that_never_sent_anything_is_given_up() {
    let mut bench = Bench::new(FrameRate::whole(30));
    bench.take(opened("4x2@30 mjpeg"));
    bench.wait(SECOND * 9).unwrap();
    assert_eq!(bench.seen(), ["Cam 4x2", "the camera 'Cam' sends no picture; the recording goes on without"]);
    let given_up = CaptureError::CameraStalled { name: "Cam".into(), silent: SECOND * 10 };
    assert_eq!(bench.wait(SECOND), Err(given_up));
}

#[test]
fn what_is_lost_and_damaged_is_counted_and_not_passed_on() {
    let mut bench = Bench::running();
    bench.take(CameraMessage::Damaged { lost: 2 });
    bench.take(CameraMessage::Crowded { lost: 0 });
    let CameraMessage::Picture { picture, .. } = picture(1) else { unreachable!() };
    bench.take(CameraMessage::Picture { picture, lost: 3 });
    assert_eq!((bench.feed.whole, bench.feed.lost, bench.feed.damaged), (2, 6, 1));
    let news = bench.seen();
    assert_eq!(news[0], "1 picture of the camera was damaged and left out");
    assert_eq!(news.last().map(String::as_str), Some("frame 1 4x2"));
}

#[test]
fn a_lower_rate_takes_an_even_share_and_an_equal_one_takes_all() {
    let shares = |asked: u32, mode: &str| {
        let mut bench = Bench::new(FrameRate::whole(asked));
        bench.take(opened(mode));
        let jitter = |index: i64| if index % 2 == 0 { 9_000_000 } else { -9_000_000 };
        for index in 0..60 {
            bench.take(picture(index * 33_333_333 + jitter(index)));
        }
        bench.seen().len() - 1
    };
    let mjpeg = "4x2@30 mjpeg";
    assert_eq!((shares(30, mjpeg), shares(25, mjpeg), shares(10, mjpeg)), (60, 60, 20));
    assert_eq!(shares(10, "4x2@30 h264"), 60, "pictures that build on each other stay together");
}

#[test]
fn a_reader_that_vanishes_is_a_camera_that_is_gone() {
    let mut bench = Bench::new(FrameRate::whole(30));
    let (give, get) = sync_channel(1);
    give.send(opened("4x2@30 mjpeg")).unwrap();
    drop(give);
    assert_eq!(bench.feed.pass_on(&get, &mut bench.stage), Err(gone()));
}
