//! A recording of pictures as they come, from what the source delivers to the engine's packets.

use std::sync::Mutex;

use super::*;
use crate::imaging::Mirror;
use crate::media::{Colour, CompressedFormat, FrameRate, Payload, PixelFormat, Planes, RenditionId, Resolution};
use crate::rt::{JoinOutcome, ManualClock, Worker, intake};
use crate::writegear::{AudioInput, Destination, EncodeOptions, Engine, EngineOutput, EngineSpec};

const SIZE: Resolution = Resolution::new(64, 48);
/// The camera's clock when the first picture is taken.
const START: Timestamp = Timestamp::from_nanos(5_000_000_000);
const PATIENCE: Duration = Duration::from_mins(1);

fn at_ms(ms: u64) -> Timestamp {
    START + Duration::from_millis(ms)
}

fn frame(ms: u64, payload: Payload) -> WriterItem {
    let (captured_at, changed) = (at_ms(ms), Changed::Unknown);
    WriterItem::Frame(Arc::new(Frame { seq: 0, captured_at, colour: Colour::JPEG, size: SIZE, changed, payload }))
}

/// A JPEG as far as anybody looks who copies it.
fn jpeg(number: u8) -> Arc<[u8]> {
    Arc::from([0xff, 0xd8, 0xff, 0xfe, 0, 3, number, 0xff, 0xd9])
}

fn picture(ms: u64, number: u8) -> WriterItem {
    frame(ms, Payload::Compressed { format: CompressedFormat::Mjpeg, data: jpeg(number) })
}

fn slate(ms: u64) -> WriterItem {
    let pixels = Arc::new(vec![0_u8; PixelFormat::Gray8.packed_len(SIZE)]);
    frame(ms, Payload::Planes(Planes::packed(PixelFormat::Gray8, SIZE, pixels).unwrap()))
}

fn sound(ms: u64) -> WriterItem {
    let block = AudioBlock { captured_at: at_ms(ms), sample_rate: 48_000, channels: 1, samples: vec![0.25; 4800] };
    WriterItem::Sound { line: 0, block }
}

fn spec() -> EngineSpec {
    let video = VideoInput {
        pictures: Pictures::Coded(CompressedFormat::Mjpeg),
        size: SIZE,
        colour: Colour::JPEG,
        rate: FrameRate::whole(30),
        timing: FrameTiming::Variable,
    };
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let options =
        EncodeOptions { video: pair("c:v", "copy"), audio: pair("c:a", "pcm_s16le"), ..EncodeOptions::default() };
    let audio = vec![AudioInput { sample_rate: 48_000, channels: 1 }];
    EngineSpec { video: Some(video), audio, further: vec![], options, destination: Destination::Packets }
}

/// What came out: pictures with their times in milliseconds, and samples of sound.
#[derive(Debug, Default)]
struct Out {
    pictures: Vec<(i64, Vec<u8>)>,
    samples: usize,
    /// Those that are not silent.
    loud: usize,
}

fn read(mut output: EngineOutput, out: &Mutex<Out>) {
    let headers = output.read_headers().unwrap();
    while let Some(packet) = output.next_packet().unwrap() {
        let mut out = out.lock().unwrap();
        if packet.track.0 == 0 {
            let nanos = headers.tracks[0].time_base.to_nanos(packet.pts);
            out.pictures.push(((nanos + 500_000) / 1_000_000, packet.data.to_vec()));
        } else {
            out.samples += packet.data.len() / 2;
            out.loud += packet.data.chunks_exact(2).filter(|sample| **sample != [0, 0]).count();
        }
    }
}

/// How sound comes to the writer.
#[derive(Default)]
struct Sound {
    /// What the writer knows of.
    lag: Duration,
    /// How old a block is beyond its own length when it comes.
    late: Duration,
}

/// What the writer makes of these items, and its counts.
fn written(items: Vec<WriterItem>, heard: &Sound) -> (Out, Arc<WriterCounts>) {
    let ffmpeg = crate::ffmpeg::find(None).unwrap();
    let (mut engine, input, output) = Engine::start(&ffmpeg, &spec(), RenditionId(0), 0).unwrap();
    let out = Arc::new(Mutex::new(Out::default()));
    let shared = Arc::clone(&out);
    let reader = Worker::spawn("reader", move |_| read(output, &shared)).unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let counts = Arc::new(WriterCounts::default());
    let (_queue, taken) = intake(super::super::tap::WRITER_LANES);
    let format = SoundFormat { sample_rate: 48_000, channels: 1 };
    let mut writer = Writer::new(WriterSetup {
        queue: taken,
        engine: input,
        video: spec().video,
        mirror: Mirror::No,
        lines: vec![format],
        sound_lag: heard.lag,
        duration: None,
        clock: clock.clone(),
        counters: Arc::default(),
        counts: Arc::clone(&counts),
        taps: Arc::default(),
    })
    .unwrap();
    for item in items {
        let taken_at = match &item {
            WriterItem::Frame(frame) => frame.captured_at,
            WriterItem::Sound { block, .. } => block.captured_at + Duration::from_millis(100) + heard.late,
            WriterItem::StopAt(end) => *end,
            WriterItem::Unchanged(at) => *at,
        };
        clock.advance(taken_at.since(clock.now()));
        writer.look_around().unwrap();
        assert!(!writer.is_complete());
        writer.take(item).unwrap();
        writer.look_around().unwrap();
    }
    clock.advance(Duration::from_secs(10));
    assert!(writer.is_complete());
    writer.finish().unwrap();
    engine.process().wait(PATIENCE).unwrap();
    assert_eq!(reader.join(PATIENCE), JoinOutcome::Joined);
    (std::mem::take(&mut *out.lock().unwrap()), counts)
}

#[test]
fn a_stall_holds_the_last_picture_while_the_sound_goes_on() {
    // Pictures until 0.2 s and from 3.2 s on; slates between them, and before the first.
    let mut items = vec![sound(0), slate(0), picture(10, 1), picture(43, 2), picture(200, 3)];
    for tenth in 1..35 {
        items.push(sound(tenth * 100));
        if (12..30).contains(&tenth) {
            items.push(slate(tenth * 100));
        }
        if tenth == 32 {
            items.push(picture(3300, 4));
        }
    }
    items.push(WriterItem::StopAt(at_ms(3510)));
    let (out, counts) = written(items, &Sound::default());
    let expected = [(0, 1), (33, 2), (190, 3), (1190, 3), (2190, 3), (3290, 4), (3467, 4)];
    let expected: Vec<_> = expected.into_iter().map(|(ms, number)| (ms, jpeg(number).to_vec())).collect();
    assert_eq!(out.pictures, expected, "from the first picture on; held each second and at the end");
    assert_eq!(out.samples, 48 * 3500);
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    assert_eq!((count(&counts.fresh), count(&counts.expected), count(&counts.unreadable)), (4, 7, 19));
}

#[test]
fn sound_that_is_moved_earlier_finds_its_place_free_and_is_waited_for() {
    let late = Duration::from_millis(2900);
    let mut items = vec![picture(0, 1), WriterItem::StopAt(at_ms(2900))];
    items.extend((0..29).map(|tenth| sound(tenth * 100)));
    let (out, _) = written(items, &Sound { lag: late, late });
    assert_eq!((out.samples, out.loud), (48 * 2900, 48 * 2900));
}

#[test]
fn the_last_sound_is_waited_for_while_the_desk_waits_for_an_input_that_stalls() {
    let mut items = vec![picture(0, 1)];
    items.extend((0..5).map(|tenth| sound(tenth * 100)));
    items.push(WriterItem::StopAt(at_ms(1500)));
    items.extend((5..15).map(|tenth| sound(tenth * 100)));
    let (out, _) = written(items, &Sound { lag: Duration::ZERO, late: Duration::from_secs(1) });
    assert_eq!((out.samples, out.loud), (48 * 1500, 48 * 1500));
}
