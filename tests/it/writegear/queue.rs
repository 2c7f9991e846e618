//! Fault 6: whoever captures never waits for the encoder.

use gearcast::writegear::{GearError, Offered, OwnedFrame, PixelFormat, Queue};

use super::{SMALL, builder};
use crate::support::judge::Film;
use crate::support::pictures::numbered_bgr;

fn frame(count: u64) -> OwnedFrame {
    OwnedFrame::new(PixelFormat::Bgr24, SMALL.width, SMALL.height, numbered_bgr(SMALL, count)).unwrap()
}

#[test]
fn fault_06_what_is_taken_is_written_and_what_is_not_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mkv");
    // At the pace of real time: four frames wait, and many more are offered at once.
    let gear = builder(&path).input_param("-re", true).param("-preset", "ultrafast").open().unwrap();
    let queue = Queue::start(gear, 4).unwrap();
    let taken: Vec<u64> = (0..400).filter(|count| queue.offer(frame(*count), None) == Offered::Taken).collect();
    let dropped = queue.dropped();
    assert_eq!(taken.len() as u64 + dropped, 400);
    let report = queue.close().unwrap();
    assert_eq!(report.frames_given, taken.len() as u64);
    assert_eq!(Film::open(&path).counters(), taken);
}

#[test]
fn an_engine_that_ends_says_so_to_whoever_offers() {
    let folder = tempfile::tempdir().unwrap();
    let gear = builder(&folder.path().join("take.mkv")).param("-nosuchoption", 1).open().unwrap();
    let queue = Queue::start(gear, 2).unwrap();
    for count in 0..100_000 {
        if matches!(queue.offer(frame(count % 8), None), Offered::Ended(_)) {
            break;
        }
        std::thread::yield_now();
    }
    assert!(matches!(queue.close(), Err(GearError::Died { .. })));
}

#[test]
fn a_refused_frame_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mkv");
    let queue = Queue::start(builder(&path).open().unwrap(), 8).unwrap();
    let other = OwnedFrame::new(PixelFormat::Gray8, 16, 16, vec![0; 256]).unwrap();
    for frame in [frame(0), other, frame(1)] {
        assert_eq!(queue.offer(frame, None), Offered::Taken);
    }
    let report = queue.close().unwrap();
    assert!(report.remarks[0].starts_with("1 frames were refused"), "{report:?}");
    assert_eq!(Film::open(&path).counters(), [0, 1]);
}
