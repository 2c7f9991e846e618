//! Pictures that come encoded go into a file as they came, at the time they were taken, beside encoded sound.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gearcast::fanout::{
    CopiedPicture, Counters, EncoderEnd, FileSink, FileSinkSetup, Hub, Keep, OnTaken, PictureEnd, SinkReport, Verdict,
    reserve, spawn_sink,
};
use gearcast::media::{Colour, CompressedFormat, Container, FrameRate, FrameTiming, RenditionId, Resolution};
use gearcast::rt::RealClock;
use gearcast::writegear::{
    AudioInput, Destination, EncodeOptions, Engine, EngineInput, EngineSpec, Pictures, VideoInput,
};

use crate::support::coded::{
    access_units, jpegs, plays_s, seen, stored_pictures, stored_sizes, stored_times, without_huffman_tables,
};
use crate::support::judge::Film;

/// Units of time of a camera's own rhythm in a second, and of a picture's period at 30 fps.
const SECOND: i64 = 60_000;
const PERIOD: i64 = SECOND / 30;
const SAMPLE_RATE: i64 = 48_000;
/// Longer than any loaded machine needs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A picture and its time in the track's units.
type Shot = (i64, Vec<u8>);

struct Recorded {
    _folder: tempfile::TempDir,
    path: PathBuf,
    report: SinkReport,
}

fn spec(format: CompressedFormat, timing: FrameTiming) -> EngineSpec {
    let video = VideoInput {
        pictures: Pictures::Coded(format),
        size: Resolution::new(320, 240),
        colour: Colour::BT601,
        rate: FrameRate::whole(30),
        timing,
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options =
        EncodeOptions { video: vec![pair("c:v", "copy")], audio: vec![pair("c:a", "aac")], ..EncodeOptions::default() };
    let audio = vec![AudioInput { sample_rate: 48_000, channels: 1 }];
    EngineSpec { video: Some(video), audio, further: vec![], options, destination: Destination::Packets }
}

/// Records these pictures beside a beep from 0.5 s to 0.6 s of each second, `seconds` of it.
fn record(container: Container, format: CompressedFormat, shots: &[Shot], seconds: f64) -> Recorded {
    let timing = if container == Container::Avi { FrameTiming::Constant } else { FrameTiming::Variable };
    let spec = spec(format, timing);
    let base = spec.video.unwrap().time_base();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("take.{container}"));
    let ffmpeg = gearcast::ffmpeg::find(None).unwrap();
    let (mut engine, mut input, output) = Engine::start(&ffmpeg, &spec, RenditionId(0), 0).unwrap();
    let counters = Arc::new(Counters::default());
    let sink = FileSink::new(FileSinkSetup {
        ffmpeg,
        reservation: reserve(&path, container, OnTaken::Refuse).unwrap(),
        hybrid_mp4: Keep::Ordinary,
        offset_nanos: spec.pipe_offset_nanos(),
        subtitles: None,
        titles: Vec::new(),
        picture: Some(CopiedPicture {
            codec: format.codec(),
            colour: Some(Colour::BT601),
            end: PictureEnd::WithSource,
        }),
        counters: Arc::clone(&counters),
        clock: Arc::new(RealClock),
    });
    let (feed, mut sink) = spawn_sink("file", Box::new(sink), Arc::new(|| {})).unwrap();
    let mut hub = Hub::start(output, vec![feed], counters, Arc::new(RealClock), Arc::new(|| {})).unwrap();
    let mut sample = 0;
    for (pts, data) in shots {
        input.write_coded(*pts, data).unwrap();
        beep_until(&mut input, &mut sample, base.to_nanos(*pts));
    }
    #[expect(clippy::cast_possible_truncation, reason = "some seconds")]
    beep_until(&mut input, &mut sample, (seconds * 1e9) as i64);
    drop(input);
    let end = hub.end(PATIENCE).expect("the engine ends");
    assert!(matches!(end, EncoderEnd::Complete), "{end:?} {:?}", engine.died());
    engine.process().wait(PATIENCE).expect("ffmpeg ends");
    let report = sink.report(PATIENCE).expect("the file is finished");
    Recorded { _folder: folder, path, report }
}

fn beep_until(input: &mut EngineInput, sample: &mut i64, nanos: i64) {
    let end = nanos * SAMPLE_RATE / 1_000_000_000;
    while *sample < end {
        let count = (end - *sample).min(SAMPLE_RATE / 10);
        let loudness = |at: i64| {
            let is_on = (SAMPLE_RATE / 2..SAMPLE_RATE * 6 / 10).contains(&(at % SAMPLE_RATE));
            if is_on && at / 24 % 2 == 0 {
                0.5
            } else if is_on {
                -0.5
            } else {
                0.0
            }
        };
        let samples: Vec<f32> = (*sample..*sample + count).map(loudness).collect();
        input.write_audio(0, *sample, &samples).unwrap();
        *sample += count;
    }
}

/// A camera's rhythm: up to 5 ms early or late.
fn jitter(index: i64) -> i64 {
    if index == 0 { 0 } else { index * 7919 % 601 - 300 }
}

fn in_own_rhythm(pictures: Vec<Vec<u8>>) -> Vec<Shot> {
    (0..).map(|index| index * PERIOD + jitter(index)).zip(pictures).collect()
}

/// The file is judged good and holds exactly these pictures at these times, each within `tolerance_s`.
fn judge(recorded: &Recorded, shots: &[Shot], units_a_second: i64, tolerance_s: f64) {
    let Recorded { path, report, .. } = recorded;
    assert_eq!(report.verdict, Some(Verdict::Good), "{report:?}");
    assert_eq!(report.files[0].frames, shots.len() as u64, "{report:?}");
    let times = stored_times(path);
    assert_eq!(times.len(), shots.len());
    // Matroska moves all by the 21 ms by which AAC begins before zero.
    let first = times[0];
    assert!((0.0..0.022).contains(&first), "{first} s");
    for (time, (pts, _)) in times.iter().zip(shots) {
        #[expect(clippy::cast_precision_loss, reason = "some seconds")]
        let taken = *pts as f64 / units_a_second as f64;
        assert!((time - first - taken).abs() <= tolerance_s, "{time} s, not {taken} s");
    }
}

/// It plays as long as it should from its first picture on, to a frame.
fn judge_length(path: &Path, seconds: f64) {
    let plays = plays_s(path) - stored_times(path)[0];
    assert!((plays - seconds).abs() < 1.0 / 30.0, "{}: {plays} s", path.display());
}

fn judge_bytes(path: &Path, shots: &[Shot]) {
    let sizes: Vec<usize> = shots.iter().map(|(_, data)| data.len()).collect();
    assert_eq!(stored_sizes(path), sizes);
    assert!(stored_pictures(path) == shots.iter().flat_map(|(_, data)| data.clone()).collect::<Vec<u8>>());
}

/// Pictures turn white with each beep, to a frame.
fn judge_sync(path: &Path, events: usize) {
    let film = Film::open(path);
    let is_white = |frame: &Vec<u8>| frame.iter().filter(|luma| **luma > 225).count() * 10 > frame.len() * 9;
    let white: Vec<bool> = film.frames.iter().map(is_white).collect();
    let starts = (1..white.len()).filter(|at| white[*at] && !white[at - 1]).map(|at| film.times_s[at]);
    let (starts, beeps): (Vec<f64>, _) = (starts.collect(), film.beeps_s());
    assert_eq!((starts.len(), beeps.len()), (events, events), "{starts:?} {beeps:?}");
    for (picture, sound) in starts.iter().zip(&beeps) {
        assert!((picture - sound).abs() < 1.0 / 30.0, "{starts:?} {beeps:?}");
    }
}

fn jpegs_as_they_come(container: Container) {
    let shots = in_own_rhythm(jpegs(120));
    let recorded = record(container, CompressedFormat::Mjpeg, &shots, 4.0);
    judge(&recorded, &shots, SECOND, 0.0011);
    judge_bytes(&recorded.path, &shots);
    judge_sync(&recorded.path, 4);
    judge_length(&recorded.path, 4.0);
}

#[test]
fn jpegs_go_into_mkv_as_they_come() {
    jpegs_as_they_come(Container::Mkv);
}

#[test]
fn jpegs_go_into_mov_as_they_come() {
    jpegs_as_they_come(Container::Mov);
}

#[test]
fn jpegs_go_into_avi_one_a_slot() {
    let shots: Vec<Shot> = (0..).zip(jpegs(120)).collect();
    let recorded = record(Container::Avi, CompressedFormat::Mjpeg, &shots, 4.0);
    judge(&recorded, &shots, 30, 0.001);
    judge_bytes(&recorded.path, &shots);
    judge_sync(&recorded.path, 4);
    judge_length(&recorded.path, 4.0);
}

fn h264_as_it_comes(container: Container) {
    let shots = in_own_rhythm(access_units(120));
    assert_eq!(shots.len(), 120);
    let recorded = record(container, CompressedFormat::H264, &shots, 4.0);
    judge(&recorded, &shots, SECOND, 0.0011);
    let fed = recorded.path.with_extension("h264");
    std::fs::write(&fed, shots.iter().flat_map(|(_, data)| data.clone()).collect::<Vec<u8>>()).unwrap();
    let pictures = seen(&recorded.path, &[]);
    assert_eq!(pictures.len(), 120);
    assert_eq!(pictures, seen(&fed, &["-f", "h264"]));
    judge_sync(&recorded.path, 4);
    judge_length(&recorded.path, 4.0);
}

#[test]
fn h264_goes_into_mp4_as_it_comes() {
    h264_as_it_comes(Container::Mp4);
}

#[test]
fn h264_goes_into_mkv_as_it_comes() {
    h264_as_it_comes(Container::Mkv);
}

#[test]
fn h264_goes_into_mov_as_it_comes() {
    h264_as_it_comes(Container::Mov);
}

/// 1 s of pictures, 3 s of none, 1 s of pictures; the sound goes on.
fn with_a_hole(pictures: Vec<Vec<u8>>) -> Vec<Shot> {
    let late = |index: usize| if index < 30 { 0 } else { 3 * SECOND };
    in_own_rhythm(pictures).into_iter().enumerate().map(|(index, (pts, data))| (pts + late(index), data)).collect()
}

#[test]
fn a_stall_holds_the_last_picture_and_the_sound_goes_on() {
    let jpeg = with_a_hole(jpegs(60));
    let h264 = with_a_hole(access_units(60));
    for (container, format, shots) in [
        (Container::Mkv, CompressedFormat::Mjpeg, &jpeg),
        (Container::Mov, CompressedFormat::Mjpeg, &jpeg),
        (Container::Mkv, CompressedFormat::H264, &h264),
        (Container::Mp4, CompressedFormat::H264, &h264),
    ] {
        let recorded = record(container, format, shots, 5.0);
        judge(&recorded, shots, SECOND, 0.0011);
        let film = Film::open(&recorded.path);
        let holes: Vec<f64> =
            film.times_s.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0.1).collect();
        assert!(holes.len() == 1 && (holes[0] - 3.033).abs() < 0.012, "{container} {format:?}: {holes:?}");
        assert_eq!(film.beeps_s().len(), 5, "{container} {format:?}: {:?}", film.beeps_s());
        judge_length(&recorded.path, 5.0);
    }
}

#[test]
fn jpegs_without_huffman_tables_get_them() {
    let whole = jpegs(30);
    let bare: Vec<Vec<u8>> = whole.iter().map(|jpeg| without_huffman_tables(jpeg)).collect();
    assert!(bare.iter().zip(&whole).all(|(bare, whole)| bare.len() + 420 == whole.len()));
    let recorded = record(Container::Mkv, CompressedFormat::Mjpeg, &in_own_rhythm(bare), 1.0);
    let sizes: Vec<usize> = whole.iter().map(Vec::len).collect();
    assert_eq!(stored_sizes(&recorded.path), sizes);
    let fed = recorded.path.with_extension("mjpeg");
    std::fs::write(&fed, whole.concat()).unwrap();
    assert_eq!(seen(&recorded.path, &[]), seen(&fed, &["-f", "mjpeg"]));
}
