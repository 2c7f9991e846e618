//! Screens, regions and windows of a real X server, judged by their pixels.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use gearcast::capture::{
    Capture, CaptureError, CaptureRequest, CaptureWarning, ControlWishes, Delivery, DisplayOptions, SourceInfo,
    SourceSpec, Transport, WindowPick, list_on, open_on,
};
use gearcast::media::{Changed, Frame, FrameRate, Payload, Rect, Resolution};
use gearcast::rt::{JoinOutcome, RealClock};

use crate::support::painter::Painter;
use crate::support::xvfb::Xvfb;

const RED: u32 = 0x00c8_1e28;
const GREEN: u32 = 0x0014_b43c;
const BLUE: u32 = 0x001e_32d2;
const SAND: u32 = 0x00e6_c88c;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Deliveries within which it must come: a minute at 50 looks a second.
const MOST_LOOKS: usize = 3000;

/// A capture and what it delivers.
struct Seen {
    get: Receiver<Delivery>,
    capture: Capture,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pointer {
    Shown,
    Hidden,
}

fn watch(display: &str, source: SourceSpec, pointer: Pointer, transport: Transport) -> Seen {
    let (give, get) = sync_channel(1024);
    let request = CaptureRequest {
        source,
        rate: FrameRate::whole(50),
        show_cursor: pointer == Pointer::Shown,
        controls: ControlWishes::new(),
    };
    let options = DisplayOptions { name: Some(display.to_owned()), transport };
    let deliver = Box::new(move |delivery| drop(give.send(delivery)));
    let capture = open_on(request, options, Arc::new(RealClock), deliver).unwrap();
    Seen { get, capture }
}

impl Seen {
    fn next(&self) -> Delivery {
        self.get.recv_timeout(PATIENCE).expect("a delivery")
    }

    /// The first thing in what comes next, a minute at most, that `pick` takes.
    fn find<T>(&self, what: &str, mut pick: impl FnMut(Delivery) -> Option<T>) -> T {
        let mut last = None;
        for _ in 0..MOST_LOOKS {
            let delivery = self.next();
            last = Some(format!("{delivery:?}"));
            if let Some(found) = pick(delivery) {
                return found;
            }
        }
        panic!("no {what}; the last delivery was {last:?}");
    }

    /// What the source says of itself, and what it warned of before.
    fn started(&self) -> (SourceInfo, Vec<CaptureWarning>) {
        let mut warnings = Vec::new();
        loop {
            match self.next() {
                Delivery::Started(info) => return (info, warnings),
                Delivery::Warning(warning) => warnings.push(warning),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The first frame that is as wanted.
    fn frame(&self, wanted: impl Fn(&Frame) -> bool) -> Arc<Frame> {
        self.find("such frame", |delivery| match delivery {
            Delivery::Frame(frame) => wanted(&frame).then_some(frame),
            Delivery::Ended(error) => panic!("{error}"),
            _ => None,
        })
    }

    /// Waits until the source reports stillness, five looks long.
    fn settle(&self) {
        let mut still = 0;
        self.find("stillness", |delivery| {
            still = if matches!(delivery, Delivery::Unchanged { .. }) { still + 1 } else { 0 };
            (still == 5).then_some(())
        });
    }

    fn warning(&self) -> CaptureWarning {
        self.find("warning", |delivery| match delivery {
            Delivery::Warning(CaptureWarning::Late { .. }) | Delivery::Frame(_) | Delivery::Unchanged { .. } => None,
            Delivery::Warning(warning) => Some(warning),
            other => panic!("{other:?}"),
        })
    }

    fn ended(&self) -> CaptureError {
        self.find("end", |delivery| if let Delivery::Ended(error) = delivery { Some(error) } else { None })
    }
}

fn bytes(frame: &Frame) -> (&[u8], usize) {
    let Payload::Planes(planes) = &frame.payload else { panic!("not raw") };
    planes.plane(0)
}

/// The colour of a pixel as 0xRRGGBB.
fn pixel(frame: &Frame, x: u32, y: u32) -> u32 {
    let (bytes, stride) = bytes(frame);
    let at = y as usize * stride + x as usize * 4;
    u32::from_be_bytes([0, bytes[at + 2], bytes[at + 1], bytes[at]])
}

/// The pixels that have this colour, as a rectangle `(left, top, width, height)` that they must fill.
fn block(frame: &Frame, rgb: u32) -> Option<(u32, u32, u32, u32)> {
    let (width, height) = (frame.size.width, frame.size.height);
    let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let lit: Vec<(u32, u32)> = all.filter(|(x, y)| pixel(frame, *x, *y) == rgb).collect();
    let (left, right) = (lit.iter().map(|at| at.0).min()?, lit.iter().map(|at| at.0).max()?);
    let (top, bottom) = (lit.first()?.1, lit.last()?.1);
    let (width, height) = (right - left + 1, bottom - top + 1);
    assert_eq!(lit.len(), (width * height) as usize, "{rgb:06x} is no full rectangle");
    Some((left, top, width, height))
}

fn region(x: i32, y: i32, width: u32, height: u32) -> SourceSpec {
    SourceSpec::Region(Rect { x, y, size: Resolution::new(width, height) })
}

const SCREEN: SourceSpec = SourceSpec::Screen { id: None };

#[test]
fn a_screen_of_odd_size_has_the_painted_colours_at_their_places() {
    let server = Xvfb::start("321x241x24");
    let painter = Painter::connect(&server.display);
    painter.fill(painter.root, (0, 0), (321, 241), SAND);
    painter.fill(painter.root, (0, 0), (7, 5), RED);
    painter.fill(painter.root, (314, 236), (7, 5), BLUE);
    painter.window((100, 60), (51, 33), 0, GREEN, "green");

    let listing =
        list_on(&DisplayOptions { name: Some(server.display.clone()), ..DisplayOptions::default() }, PATIENCE);
    let screen = &listing.screens[0];
    assert_eq!((screen.rect.x, screen.rect.y, screen.rect.size), (0, 0, Resolution::new(321, 241)));
    assert_eq!(listing.windows.len(), 1);
    let window = &listing.windows[0];
    assert_eq!((window.title.as_str(), window.app.as_str()), ("green", "Painter"));
    assert_eq!(window.size, Resolution::new(51, 33));

    for id in [None, Some(screen.id.clone()), Some("0".to_owned())] {
        let seen = watch(&server.display, SourceSpec::Screen { id }, Pointer::Hidden, Transport::Auto);
        let (info, warnings) = seen.started();
        assert_eq!((info.size, warnings), (Resolution::new(321, 241), vec![]));
        let frame = seen.frame(|_| true);
        assert_eq!((frame.seq, frame.size, frame.changed), (0, info.size, Changed::Unknown));
        assert_eq!(block(&frame, RED), Some((0, 0, 7, 5)));
        assert_eq!(block(&frame, BLUE), Some((314, 236, 7, 5)));
        assert_eq!(block(&frame, GREEN), Some((100, 60, 51, 33)));
        assert_eq!(pixel(&frame, 50, 200), SAND);
        assert_eq!(seen.capture.stop(), JoinOutcome::Joined);
    }
}

#[test]
fn a_screen_that_is_not_there_is_named_with_those_that_are() {
    let server = Xvfb::start("64x64x24");
    let source = SourceSpec::Screen { id: Some("DP-9".to_owned()) };
    let seen = watch(&server.display, source, Pointer::Hidden, Transport::Auto);
    match seen.ended() {
        CaptureError::NoSuchScreen { asked, have } => assert_eq!((asked.as_str(), have.len()), ("DP-9", 1)),
        other => panic!("{other}"),
    }
    let seen = watch(":64000", SCREEN, Pointer::Hidden, Transport::Auto);
    assert!(matches!(seen.ended(), CaptureError::NoDisplay { .. }));
}

#[test]
fn a_region_is_taken_from_its_place_and_cut_at_the_edge() {
    let server = Xvfb::start("320x240x24");
    let painter = Painter::connect(&server.display);
    painter.fill(painter.root, (0, 0), (320, 240), SAND);
    painter.fill(painter.root, (20, 30), (9, 11), RED);

    let seen = watch(&server.display, region(11, 7, 101, 53), Pointer::Hidden, Transport::Auto);
    let frame = seen.frame(|_| true);
    assert_eq!(frame.size, Resolution::new(101, 53));
    assert_eq!(block(&frame, RED), Some((9, 23, 9, 11)));

    // Damage outside the region is no change; damage on its edge counts with the rows inside.
    seen.settle();
    painter.fill(painter.root, (0, 0), (11, 240), BLUE);
    painter.fill(painter.root, (11, 60), (101, 5), BLUE);
    painter.fill(painter.root, (100, 50), (200, 100), GREEN);
    let frame = seen.frame(|_| true);
    assert_eq!(block(&frame, GREEN), Some((89, 43, 12, 10)));
    assert_eq!((frame.changed, block(&frame, BLUE)), (Changed::Rows { top: 43, bottom: 53 }, None));

    let seen = watch(&server.display, region(300, -10, 101, 30), Pointer::Hidden, Transport::Auto);
    let captured = Rect { x: 300, y: 0, size: Resolution::new(20, 20) };
    let (info, warnings) = seen.started();
    assert_eq!((info.size, warnings), (captured.size, vec![CaptureWarning::RegionClipped { captured }]));
    assert_eq!(seen.frame(|_| true).size, captured.size);

    let seen = watch(&server.display, region(320, 0, 10, 10), Pointer::Hidden, Transport::Auto);
    assert!(matches!(seen.ended(), CaptureError::RegionOutside { screen, .. } if screen == Resolution::new(320, 240)));
}

#[test]
fn a_still_screen_gives_no_frames_and_a_change_says_its_rows() {
    let server = Xvfb::start("320x240x24");
    let painter = Painter::connect(&server.display);
    painter.fill(painter.root, (0, 0), (320, 240), SAND);
    let seen = watch(&server.display, SCREEN, Pointer::Shown, Transport::Auto);
    seen.settle();
    for _ in 0..20 {
        let delivery = seen.next();
        let still = matches!(delivery, Delivery::Unchanged { .. } | Delivery::Warning(CaptureWarning::Late { .. }));
        assert!(still, "{delivery:?}");
    }
    let (mut kept, mut held) = (None, None);
    let mut seq = None;
    for step in 0..10 {
        let y = 17 + step * 13;
        painter.fill(painter.root, (40, y), (30, 9), if step % 2 == 0 { RED } else { BLUE });
        let frame = seen.frame(|_| true);
        let rows = Changed::Rows { top: y.unsigned_abs().into(), bottom: u32::from(y.unsigned_abs()) + 9 };
        assert_eq!(frame.changed, rows);
        assert!(seq.is_none_or(|before| frame.seq == before + 1));
        seq = Some(frame.seq);
        // Whatever buffer it came in, the whole picture is there: every earlier block and the ground.
        for earlier in 0..=step {
            let colour = if earlier % 2 == 0 { RED } else { BLUE };
            let y = u32::from((17 + earlier * 13).unsigned_abs());
            assert_eq!((pixel(&frame, 40, y), pixel(&frame, 69, y + 8)), (colour, colour), "step {step}");
            assert_eq!((pixel(&frame, 39, y), pixel(&frame, 40, y + 9)), (SAND, SAND), "step {step}");
        }
        // One frame is kept for good and every second one until the next: so the buffers that are filled again
        // are some steps old.
        if step == 0 {
            kept = Some(frame);
        } else if step % 2 == 0 {
            held = Some(frame);
        }
        seen.settle();
    }
    // Frames keep their picture while later ones are taken.
    let (kept, held) = (kept.unwrap(), held.unwrap());
    assert_eq!((pixel(&kept, 40, 17), pixel(&kept, 40, 17 + 13)), (RED, SAND));
    assert_eq!((pixel(&held, 40, 17 + 8 * 13), pixel(&held, 40, 17 + 9 * 13)), (RED, SAND));
}

#[test]
fn the_pointer_is_drawn_where_it_is_and_leaves_no_trace() {
    let server = Xvfb::start("200x150x24");
    let painter = Painter::connect(&server.display);
    painter.fill(painter.root, (0, 0), (200, 150), SAND);
    painter.square_pointer(painter.root, 8, BLUE);
    painter.point_at(20, 30);

    let hidden = watch(&server.display, SCREEN, Pointer::Hidden, Transport::Auto);
    let seen = watch(&server.display, SCREEN, Pointer::Shown, Transport::Auto);
    let frame = seen.frame(|frame| block(frame, BLUE).is_some());
    assert_eq!(block(&frame, BLUE), Some((20, 30, 8, 8)));
    assert_eq!(block(&hidden.frame(|_| true), BLUE), None);
    seen.settle();
    drop(frame);

    let mut before = 30;
    for (x, y) in [(60, 40), (61, 40), (3, 100), (61, 41)] {
        painter.point_at(x, y);
        let frame = seen.frame(|_| true);
        let (left, top) = (u32::from(x.unsigned_abs()), u32::from(y.unsigned_abs()));
        assert_eq!(block(&frame, BLUE), Some((left, top, 8, 8)));
        let (first, last) = (before.min(top), before.max(top));
        assert_eq!(frame.changed, Changed::Rows { top: first, bottom: last + 8 });
        before = top;
        seen.settle();
    }
    // At the edge it is cut; another picture at the same place is a change too.
    painter.point_at(196, 147);
    assert_eq!(block(&seen.frame(|_| true), BLUE), Some((196, 147, 4, 3)));
    seen.settle();
    painter.square_pointer(painter.root, 8, RED);
    let frame = seen.frame(|frame| block(frame, RED).is_some());
    assert_eq!((block(&frame, RED), block(&frame, BLUE)), (Some((196, 147, 4, 3)), None));
    // Without a pointer in it nothing of all this was a change.
    while let Ok(delivery) = hidden.get.try_recv() {
        assert!(!matches!(delivery, Delivery::Frame(_)), "{delivery:?}");
    }
}

#[test]
fn a_covered_window_is_captured_without_its_border_and_its_cover() {
    let server = Xvfb::start("320x240x24");
    let painter = Painter::connect(&server.display);
    let window = painter.window((30, 20), (101, 71), 3, SAND, "Notes — draft");
    painter.fill(window, (10, 12), (21, 9), RED);
    let cover = painter.window((0, 0), (200, 200), 0, GREEN, "cover");
    painter.raise(cover);

    let source = SourceSpec::Window { id: WindowPick::Title("notes".to_owned()) };
    let seen = watch(&server.display, source, Pointer::Hidden, Transport::Auto);
    let (info, warnings) = seen.started();
    assert_eq!((info.name.as_str(), info.size), ("Notes — draft", Resolution::new(101, 71)));
    assert_eq!(warnings, vec![]);
    // What was covered before the capture began has no picture yet: its program paints it anew.
    painter.fill(window, (0, 0), (101, 71), SAND);
    painter.fill(window, (10, 12), (21, 9), RED);
    let frame = seen.frame(|frame| block(frame, SAND_MARK).is_none() && pixel(frame, 10, 12) == RED);
    assert_eq!(frame.size, Resolution::new(101, 71));
    assert_eq!((block(&frame, RED), block(&frame, GREEN)), (Some((10, 12, 21, 9)), None));
    assert_eq!((pixel(&frame, 0, 0), pixel(&frame, 100, 70)), (SAND, SAND));

    // Painted under the cover.
    seen.settle();
    painter.fill(window, (50, 40), (5, 6), BLUE);
    let frame = seen.frame(|_| true);
    assert_eq!((block(&frame, BLUE), frame.changed), (Some((50, 40, 5, 6)), Changed::Rows { top: 40, bottom: 46 }));
}

/// A colour nobody paints.
const SAND_MARK: u32 = 0x0001_0203;

#[test]
fn a_window_is_followed_through_its_life() {
    let server = Xvfb::start("320x240x24");
    let painter = Painter::connect(&server.display);
    let window = painter.window((30, 20), (101, 71), 0, SAND, "life");
    let source = SourceSpec::Window { id: WindowPick::Id(window) };
    let seen = watch(&server.display, source, Pointer::Shown, Transport::Auto);
    assert_eq!(seen.frame(|_| true).size, Resolution::new(101, 71));
    seen.settle();

    // Moved: the same picture, nothing to tell.
    painter.move_to(window, (90, 100));
    painter.sync();
    painter.fill(window, (1, 1), (2, 2), RED);
    assert_eq!(block(&seen.frame(|frame| pixel(frame, 1, 1) == RED), RED), Some((1, 1, 2, 2)));

    // Resized: frames of the new size, all of it new.
    painter.resize(window, (63, 129));
    let resized = CaptureWarning::Resized { from: Resolution::new(101, 71), to: Resolution::new(63, 129) };
    assert_eq!(seen.warning(), resized);
    let frame = seen.frame(|_| true);
    assert_eq!((frame.size, frame.changed), (Resolution::new(63, 129), Changed::Unknown));
    painter.fill(window, (60, 126), (3, 3), BLUE);
    let frame = seen.frame(|frame| block(frame, BLUE).is_some());
    assert_eq!(block(&frame, BLUE), Some((60, 126, 3, 3)));

    // The pointer in the window's own coordinates.
    painter.square_pointer(window, 4, GREEN);
    painter.point_at(90 + 20, 100 + 30);
    let frame = seen.frame(|frame| block(frame, GREEN).is_some());
    assert_eq!(block(&frame, GREEN), Some((20, 30, 4, 4)));
    painter.point_at(5, 5);
    assert_eq!(block(&seen.frame(|_| true), GREEN), None);

    // Minimised: told once, then stillness; and back.
    seen.settle();
    painter.unmap(window);
    assert_eq!(seen.warning(), CaptureWarning::WindowHidden);
    for _ in 0..5 {
        let delivery = seen.next();
        let still = matches!(delivery, Delivery::Unchanged { .. } | Delivery::Warning(CaptureWarning::Late { .. }));
        assert!(still, "{delivery:?}");
    }
    painter.map(window);
    assert_eq!(seen.warning(), CaptureWarning::WindowShown);
    painter.fill(window, (7, 8), (9, 10), RED);
    assert_eq!(block(&seen.frame(|frame| block(frame, RED).is_some()), RED), Some((7, 8, 9, 10)));

    painter.destroy(window);
    assert_eq!(seen.ended(), CaptureError::WindowClosed { title: "life".to_owned() });
    assert!(seen.get.recv().is_err(), "nothing comes after the end");
}

#[test]
fn a_window_that_is_not_there_is_an_error_in_words() {
    let server = Xvfb::start("64x64x24");
    for id in [WindowPick::Id(0x0070_0001), WindowPick::Title("nobody".to_owned())] {
        let seen = watch(&server.display, SourceSpec::Window { id }, Pointer::Hidden, Transport::Auto);
        assert!(matches!(seen.ended(), CaptureError::NoSuchWindow { .. }));
    }
}

#[test]
fn without_shared_memory_the_picture_is_the_same() {
    let server = Xvfb::start("163x97x24");
    let painter = Painter::connect(&server.display);
    painter.fill(painter.root, (0, 0), (163, 97), SAND);
    painter.fill(painter.root, (17, 23), (41, 19), RED);
    painter.square_pointer(painter.root, 9, GREEN);
    painter.point_at(100, 50);
    let shared = watch(&server.display, SCREEN, Pointer::Shown, Transport::Auto);
    let copied = watch(&server.display, SCREEN, Pointer::Shown, Transport::Copied);
    assert_eq!(shared.started().1, vec![]);
    assert_eq!(copied.started().1, vec![CaptureWarning::NoSharedMemory]);
    let pointed = |frame: &Frame| block(frame, GREEN) == Some((100, 50, 9, 9));
    assert_eq!(bytes(&shared.frame(pointed)).0.len(), 163 * 97 * 4);
    shared.settle();
    copied.settle();
    painter.fill(painter.root, (99, 40), (20, 15), BLUE);
    let (first, second) = (shared.frame(|_| true), copied.frame(|_| true));
    assert_eq!(first.changed, second.changed);
    let picture =
        |frame: &Frame| bytes(frame).0.chunks_exact(4).map(|bgrx| [bgrx[0], bgrx[1], bgrx[2]]).collect::<Vec<_>>();
    assert_eq!(picture(&first), picture(&second));
    assert_eq!((pixel(&first, 99, 40), pixel(&first, 100, 50)), (BLUE, GREEN));
}

#[test]
fn a_display_that_dies_ends_the_capture() {
    let mut server = Xvfb::start("320x240x24");
    let painter = Painter::connect(&server.display);
    let window = painter.window((30, 20), (101, 71), 0, SAND, "doomed");
    let screen = watch(&server.display, SCREEN, Pointer::Shown, Transport::Auto);
    let window = SourceSpec::Window { id: WindowPick::Id(window) };
    let window = watch(&server.display, window, Pointer::Shown, Transport::Auto);
    let kept = screen.frame(|_| true);
    window.frame(|_| true);
    server.kill();
    assert_eq!(screen.ended(), CaptureError::DisplayLost);
    assert_eq!(window.ended(), CaptureError::DisplayLost);
    assert_eq!(pixel(&kept, 31, 21), SAND, "a frame outlives its server");
    assert_eq!(screen.capture.stop(), JoinOutcome::Joined);
}

#[test]
fn a_screen_of_few_colours_is_refused() {
    let server = Xvfb::start("64x64x16");
    let seen = watch(&server.display, SCREEN, Pointer::Hidden, Transport::Auto);
    assert!(matches!(seen.ended(), CaptureError::DisplayRefused { .. }));
}
