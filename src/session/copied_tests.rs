//! Which pictures are recorded, when each is shown, and what becomes of a stall.

use super::*;
use crate::media::{Changed, Colour, PixelFormat, Planes};
use crate::writegear::Pictures;

const SIZE: Resolution = Resolution::new(4, 2);
const JPEG: [u8; 4] = [0xff, 0xd8, 0xff, 0xd9];
const KEY: [u8; 15] = [0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65];
const MS: i64 = 1_000_000;

fn copied(format: CompressedFormat, timing: FrameTiming) -> Copied {
    let pictures = Pictures::Coded(format);
    let spec = VideoInput { pictures, size: SIZE, colour: Colour::JPEG, rate: FrameRate::whole(30), timing };
    Copied::new(&spec, format)
}

fn frame(payload: Payload, size: Resolution) -> Frame {
    let captured_at = Timestamp::from_nanos(0);
    Frame { seq: 0, captured_at, colour: Colour::JPEG, size, changed: Changed::Unknown, payload }
}

fn coded(format: CompressedFormat, data: &[u8]) -> Frame {
    frame(Payload::Compressed { format, data: Arc::from(data) }, SIZE)
}

/// A picture that can be told from others.
fn number(number: u8) -> Arc<[u8]> {
    Arc::from([number])
}

/// Time in the track's units, number of the picture, whether it is a repeat.
fn told(out: &[Coded]) -> Vec<(i64, u8, bool)> {
    out.iter().map(|coded| (coded.pts, coded.data[0], coded.kind == Kind::Repeat)).collect()
}

#[test]
fn only_pictures_of_the_recordings_kind_are_taken() {
    let mut jpeg = copied(CompressedFormat::Mjpeg, FrameTiming::Variable);
    assert!(jpeg.fitting(&coded(CompressedFormat::Mjpeg, &JPEG)).is_some());
    assert!(jpeg.fitting(&coded(CompressedFormat::H264, &KEY)).is_none());
    let slate = Planes::packed(PixelFormat::Gray8, SIZE, Arc::new(vec![0_u8; 8])).unwrap();
    assert!(jpeg.fitting(&frame(Payload::Planes(slate), SIZE)).is_none(), "a slate cannot be put in");
    let Frame { payload, .. } = coded(CompressedFormat::Mjpeg, &JPEG);
    assert!(jpeg.fitting(&frame(payload, Resolution::new(8, 4))).is_none(), "another mode after a replug");
}

#[test]
fn h264_begins_with_a_keyframe_and_then_takes_all() {
    let mut h264 = copied(CompressedFormat::H264, FrameTiming::Variable);
    let between = coded(CompressedFormat::H264, &[0, 0, 0, 1, 0x41, 9]);
    assert!(h264.fitting(&between).is_none());
    let key = h264.fitting(&coded(CompressedFormat::H264, &KEY)).unwrap();
    h264.offer(0, key);
    assert!(h264.fitting(&between).is_some());
}

#[test]
fn times_are_the_cameras_own_and_grow() {
    let mut jpeg = copied(CompressedFormat::Mjpeg, FrameTiming::Variable);
    let out = [0, 33_366_667, 30 * MS, 100 * MS].map(|at| jpeg.offer(at, number(1))[0].pts);
    assert_eq!(out, [0, 2002, 2003, 6000], "1001/30000 s is a whole number of units");
    assert_eq!(jpeg.written(), 4);
}

#[test]
fn a_stalled_cameras_last_jpeg_is_sent_every_second_and_at_the_end() {
    let mut jpeg = copied(CompressedFormat::Mjpeg, FrameTiming::Variable);
    jpeg.offer(0, number(1));
    assert!(jpeg.advance(1050 * MS).is_empty(), "one may be under way");
    assert_eq!(told(&jpeg.advance(1100 * MS)), [(60_000, 1, true)]);
    assert!(jpeg.advance(1200 * MS).is_empty());
    assert_eq!(told(&jpeg.offer(1500 * MS, number(2))), [(90_000, 2, false)]);
    // The last picture is shown for a thirtieth of a second.
    assert_eq!(told(&jpeg.finish(2000 * MS)), [(118_000, 2, true)]);
    assert_eq!(jpeg.written(), 4);
    jpeg.offer(2000 * MS, number(3));
    assert!(jpeg.finish(2040 * MS).is_empty(), "it is long enough");
}

#[test]
fn h264_is_never_sent_twice() {
    let mut h264 = copied(CompressedFormat::H264, FrameTiming::Variable);
    h264.offer(0, number(1));
    assert!(h264.advance(5000 * MS).is_empty());
    assert!(h264.finish(9000 * MS).is_empty());
    assert_eq!(h264.written(), 1);
}

#[test]
fn where_pictures_are_counted_every_slot_is_filled() {
    let mut avi = copied(CompressedFormat::Mjpeg, FrameTiming::Constant);
    assert_eq!(told(&avi.offer(0, number(1))), [(0, 1, false)]);
    assert_eq!(told(&avi.offer(36 * MS, number(2))), [(1, 2, false)]);
    let out = avi.offer(131 * MS, number(3));
    assert_eq!(told(&out), [(2, 2, true), (3, 2, true), (4, 3, false)]);
    assert!(avi.offer(134 * MS, number(4)).is_empty(), "its slot is taken");
    let end = told(&avi.finish(300 * MS));
    assert_eq!(end, [(5, 3, true), (6, 3, true), (7, 3, true), (8, 3, true)]);
    assert_eq!(avi.written(), 9, "300 ms at 30 fps");
}
