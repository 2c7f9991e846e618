use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, sync_channel};

use super::*;
use crate::media::{Colour, CompressedFormat, Payload, PixelBuffer, PixelFormat, Planes, Timestamp};

const SIZE: Resolution = Resolution::new(64, 32);
const PATIENCE: Duration = Duration::from_mins(1);

/// A frame of one gray, 33 ms after the one before.
fn frame(seq: u64, gray: u8, changed: Changed) -> Arc<Frame> {
    let buffer: Arc<dyn PixelBuffer> = Arc::new(vec![gray; 64 * 32 * 4]);
    let planes = Planes::packed(PixelFormat::Bgrx, SIZE, buffer).unwrap();
    let captured_at = Timestamp::from_nanos(i64::try_from(seq).unwrap() * 33_333_333);
    Arc::new(Frame { seq, captured_at, colour: Colour::SRGB, size: SIZE, changed, payload: Payload::Planes(planes) })
}

fn started(fps: u32) -> (Preview, Receiver<()>) {
    let (tell, told) = sync_channel(100);
    let wake = Arc::new(move || assert!(tell.try_send(()).is_ok(), "room for every call"));
    let preview = Preview::start(Resolution::new(32, 32), FrameRate::whole(fps), wake).unwrap();
    (preview, told)
}

#[test]
fn the_newest_frame_becomes_a_small_image() {
    let (preview, told) = started(30);
    preview.set_watched(true);
    preview.feed(&frame(7, 255, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    let image = preview.image().unwrap();
    assert_eq!((image.size, image.seq, image.y[0]), (Resolution::new(32, 16), 7, 235));
    preview.set_limits(Resolution::new(16, 16), FrameRate::whole(30));
    preview.feed(&frame(8, 0, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    let image = preview.image().unwrap();
    assert_eq!((image.size, image.seq, image.y[0]), (Resolution::new(16, 8), 8, 16));
}

#[test]
fn nothing_is_made_or_held_while_nobody_looks() {
    let (preview, told) = started(30);
    let first = frame(0, 9, Changed::Unknown);
    preview.feed(&first);
    assert_eq!(Arc::strong_count(&first), 1);
    preview.set_watched(true);
    preview.feed(&frame(1, 9, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    preview.set_watched(false);
    preview.feed(&frame(2, 9, Changed::Unknown));
    drop(preview);
    assert!(told.try_recv().is_err(), "one image, of frame 1");
}

#[test]
fn a_still_picture_is_made_once_and_a_change_is_never_missed() {
    let (preview, told) = started(30);
    let still = Changed::Rows { top: 0, bottom: 0 };
    preview.set_watched(true);
    preview.feed(&frame(0, 50, still));
    told.recv_timeout(PATIENCE).unwrap();
    // However the thread falls between these, the change of frame 2 is in the last image.
    preview.feed(&frame(1, 50, still));
    preview.feed(&frame(2, 90, Changed::Rows { top: 3, bottom: 4 }));
    preview.feed(&frame(3, 90, still));
    told.recv_timeout(PATIENCE).unwrap();
    let bright = preview.image().unwrap().y[0];
    assert!(bright > 80, "{bright}");
    // A gap in the numbers may hide a change: the frame is drawn though it says that nothing changed.
    preview.feed(&frame(9, 200, still));
    while preview.image().unwrap().seq != 9 {
        told.recv_timeout(PATIENCE).unwrap();
    }
    assert!(preview.image().unwrap().y[0] > 150);
}

#[test]
fn a_frame_too_early_is_shown_when_none_follows() {
    let (preview, told) = started(10);
    preview.set_watched(true);
    preview.feed(&frame(0, 0, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    preview.feed(&frame(1, 255, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    let image = preview.image().unwrap();
    assert_eq!((image.seq, image.y[0]), (1, 235));
}

#[test]
fn a_broken_frame_leaves_the_last_image_and_the_thread_alive() {
    let (preview, told) = started(30);
    preview.set_watched(true);
    preview.feed(&frame(0, 255, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    let mut broken = (*frame(1, 0, Changed::Unknown)).clone();
    broken.size = Resolution::new(64, 64);
    preview.feed(&Arc::new(broken));
    assert_eq!(preview.image().unwrap().y[0], 235);
    preview.feed(&frame(2, 0, Changed::Rows { top: 0, bottom: 1 }));
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(preview.image().unwrap().y[0], 16);
}

#[test]
fn what_cannot_be_decoded_takes_the_older_image_away() {
    let (preview, told) = started(30);
    preview.set_watched(true);
    preview.feed(&frame(0, 255, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    let payload = Payload::Compressed { format: CompressedFormat::H264, data: Arc::from([0, 0, 1, 0x65]) };
    preview.feed(&Arc::new(Frame { payload, ..(*frame(1, 0, Changed::Unknown)).clone() }));
    told.recv_timeout(PATIENCE).unwrap();
    assert!(preview.image().is_none());
    preview.feed(&frame(2, 0, Changed::Unknown));
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(preview.image().unwrap().seq, 2);
}

/// Counts its own end.
struct Tell(Arc<AtomicUsize>);
impl Drop for Tell {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn dropping_it_ends_the_thread() {
    let ended = Arc::new(AtomicUsize::new(0));
    let tell = Tell(Arc::clone(&ended));
    let wake = Arc::new(move || {
        let Tell(_) = &tell;
    });
    drop(Preview::start(SIZE, FrameRate::whole(30), wake).unwrap());
    assert_eq!(ended.load(Ordering::SeqCst), 1, "joined, and what it owned is gone");
}
