//! The non-compression mode, judged by what is in its files.

use std::fs;
use std::path::{Path, PathBuf};

use gearcast::media::{FrameRate, Matrix, Range, Resolution};
use gearcast::writegear::noncompression::{
    Backend, Channels, Existing, Output, OutputText, Picture, Pixels, Remark, Report, Settings, SettingsError,
    VideoWriter, WriterError, probe,
};

use crate::support::cards::{self, BARS, SIZE, gray_of};
use crate::support::judge::{Film, colour_at, counted_frames, probe as ffprobe};

const YUV: (Matrix, Range) = (Matrix::Bt601, Range::Full);

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn file(path: impl Into<PathBuf>) -> Output {
    Output::File(path.into())
}

fn settings(fourcc: &str) -> Settings {
    Settings { fourcc: fourcc.parse().unwrap(), ..Settings::default() }
}

/// Writes `count` cards into `path`.
fn record(path: &Path, settings: &Settings, pixels: Pixels, size: Resolution, count: u64) -> Report {
    let mut writer = VideoWriter::open(&file(path), settings, size).unwrap();
    cards::write_all(&mut writer, pixels, size, count);
    writer.close().unwrap()
}

/// The error of opening, after which `folder` must be as empty as before.
fn refused(folder: &Path, output: &Output, settings: &Settings) -> WriterError {
    let before = names_in(folder);
    let Err(error) = VideoWriter::open(output, settings, SIZE) else { panic!("{output:?} was opened") };
    assert_eq!(names_in(folder), before, "after: {error}");
    error
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The middle of each bar must have its colour, within what Motion JPEG and MPEG-4 lose.
fn assert_bars(path: &Path, bars: [[u8; 3]; 3]) {
    for (left, want) in [0, 213, 427].into_iter().zip(bars) {
        let (r, g, b) = colour_at(path, 0.0, (left + 40, 220, 120, 100));
        let far = [r, g, b].iter().zip(want).any(|(got, want)| got.abs_diff(want) > 10);
        assert!(!far, "{}: ({r}, {g}, {b}), not {want:?}", path.display());
    }
}

fn gray_bars() -> [[u8; 3]; 3] {
    BARS.map(|bar| [gray_of(bar); 3])
}

#[test]
fn sixty_pictures_are_sixty_in_every_container() {
    let folder = folder();
    let cases = [
        ("MJPG", Backend::Auto, "a.avi"),
        ("MJPG", Backend::OpencvMjpeg, "b.avi"),
        ("mp4v", Backend::Auto, "c.mp4"),
        ("MJPG", Backend::Ffmpeg, "d.mkv"),
    ];
    for (fourcc, backend, name) in cases {
        let path = folder.path().join(name);
        let settings = Settings { backend, fps: 30.0, ..settings(fourcc) };
        let report = record(&path, &settings, Pixels::Rgb24, SIZE, 60);
        assert_eq!((report.frames, report.path.as_ref(), report.remarks), (60, Some(&path), Vec::new()), "{name}");
        assert_eq!(counted_frames(&path), 60, "{name}");
        assert_eq!(Film::open(&path).counters(), (0..60).collect::<Vec<_>>(), "{name}");
        assert_bars(&path, BARS);
        let found = probe(&path).unwrap();
        assert_eq!((found.frames, found.size), (60, SIZE), "{name}");
        assert!((found.fps - 30.0).abs() < 0.01, "{name}: {}", found.fps);
    }
}

#[test]
fn every_kind_of_picture_is_written_and_none_is_dropped() {
    let folder = folder();
    let kinds = [
        (Pixels::Bgr24, BARS),
        (Pixels::Rgb24, BARS),
        (Pixels::Bgrx, BARS),
        (Pixels::Rgbx, BARS),
        (Pixels::Bgr48, BARS),
        (Pixels::Rgb48, BARS),
        (Pixels::Nv12(YUV.0, YUV.1), BARS),
        (Pixels::I420(YUV.0, YUV.1), BARS),
        (Pixels::Gray8, gray_bars()),
        (Pixels::Gray16, gray_bars()),
    ];
    for (index, (pixels, bars)) in kinds.into_iter().enumerate() {
        for channels in [Channels::Colour, Channels::Gray] {
            let path = folder.path().join(format!("{index}-{channels:?}.avi"));
            record(&path, &Settings { channels, ..settings("MJPG") }, pixels, SIZE, 3);
            assert_eq!(Film::open(&path).counters(), [0, 1, 2], "{pixels:?} {channels:?}");
            assert_bars(&path, if channels == Channels::Gray { gray_bars() } else { bars });
        }
    }
}

#[test]
fn strides_are_followed() {
    let folder = folder();
    let path = folder.path().join("a.avi");
    let rows: Vec<u8> = cards::rgb(SIZE, 9).chunks_exact(640 * 3).flat_map(|row| [row, &[0xEE; 52]].concat()).collect();
    let mut writer = VideoWriter::open(&file(&path), &settings("MJPG"), SIZE).unwrap();
    let planes: [(&[u8], usize); 1] = [(&rows[..rows.len() - 52], 640 * 3 + 52)];
    writer.write(&Picture { pixels: Pixels::Rgb24, size: SIZE, planes: &planes }).unwrap();
    writer.close().unwrap();
    assert_eq!(Film::open(&path).counters(), [9]);
    assert_bars(&path, BARS);
}

#[test]
fn a_fraction_of_a_rate_stays_one() {
    let folder = folder();
    for name in ["a.avi", "b.mp4"] {
        let path = folder.path().join(name);
        let fourcc = if name == "a.avi" { "MJPG" } else { "mp4v" };
        let fps = FrameRate::new(30_000, 1001).unwrap().as_f64();
        let report = record(&path, &Settings { fps, ..settings(fourcc) }, Pixels::Bgr24, SIZE, 5);
        assert_eq!(report.remarks, []);
        let rate = ffprobe(&path, &["-show_entries", "stream=r_frame_rate"]).remove(0);
        assert!(["2997/100", "30000/1001"].contains(&rate.as_str()), "{name}: {rate}");
    }
}

#[test]
fn an_exchanged_codec_tag_is_told() {
    let folder = folder();
    let path = folder.path().join("a.mp4");
    let report = record(&path, &settings("MJPG"), Pixels::Bgr24, SIZE, 5);
    assert_eq!(counted_frames(&path), 5);
    let (asked, stored) = ("MJPG".parse().unwrap(), "mp4v".parse().unwrap());
    assert_eq!(report.remarks, [Remark::TagReplaced { asked, stored }]);
}

#[test]
fn odd_sizes_lose_nothing() {
    let folder = folder();
    let path = folder.path().join("a.avi");
    let (odd, even) = (Resolution::new(641, 361), Resolution::new(642, 362));
    let report = record(&path, &settings("MJPG"), Pixels::Rgb24, odd, 3);
    assert_eq!(report.remarks, [Remark::Padded { from: odd, to: even }]);
    let film = Film::open(&path);
    assert_eq!((film.size, film.counters()), (even, vec![0, 1, 2]));
    let (r, g, b) = colour_at(&path, 0.0, (640, 300, 2, 61));
    assert!(b > 180 && r < 90 && g < 90, "the last columns are blue, not ({r}, {g}, {b})");
}

#[test]
fn numbered_pictures_are_exact() {
    let folder = folder();
    let pattern = folder.path().join("shot_%03d.png");
    let size = Resolution::new(641, 361);
    let report = record(&pattern, &Settings::default(), Pixels::Rgb24, size, 3);
    assert_eq!((report.frames, report.size), (3, size));
    assert_eq!(names_in(folder.path()), ["shot_000.png", "shot_001.png", "shot_002.png"]);
    let picture = image::open(folder.path().join("shot_002.png")).unwrap().to_rgb8();
    assert!(picture.into_raw() == cards::rgb(size, 2), "every pixel as it was");
    assert!(matches!(refused(folder.path(), &file(&pattern), &Settings::default()), WriterError::Exists { .. }));
}

#[test]
fn a_strange_picture_is_refused_and_the_file_goes_on() {
    let folder = folder();
    let path = folder.path().join("a.avi");
    let mut writer = VideoWriter::open(&file(&path), &settings("MJPG"), SIZE).unwrap();
    assert!(matches!(writer.repeat(), Err(WriterError::NothingToRepeat)));
    cards::write(&mut writer, Pixels::Gray8, SIZE, 0).unwrap();
    let other = Resolution::new(640, 480);
    assert!(matches!(cards::write(&mut writer, Pixels::Gray8, other, 1), Err(WriterError::SizeChanged { .. })));
    assert!(matches!(cards::write(&mut writer, Pixels::Bgr24, SIZE, 1), Err(WriterError::FormatChanged { .. })));
    let short: [(&[u8], usize); 1] = [(&[0; 100], 640)];
    let short = Picture { pixels: Pixels::Gray8, size: SIZE, planes: &short };
    assert!(matches!(writer.write(&short), Err(WriterError::BadLayout { .. })));
    cards::write(&mut writer, Pixels::Gray8, SIZE, 1).unwrap();
    writer.repeat().unwrap();
    let report = writer.close().unwrap();
    assert_eq!(writer.close().unwrap(), report, "closing twice is closing once");
    assert!(matches!(cards::write(&mut writer, Pixels::Gray8, SIZE, 2), Err(WriterError::Closed)));
    assert!(matches!(writer.repeat(), Err(WriterError::Closed)));
    assert_eq!(Film::open(&path).counters(), [0, 1, 1]);
}

#[test]
fn a_dropped_writer_leaves_a_whole_file() {
    let folder = folder();
    let path = folder.path().join("a.mp4");
    let mut writer = VideoWriter::open(&file(&path), &settings("mp4v"), SIZE).unwrap();
    cards::write_all(&mut writer, Pixels::Bgrx, SIZE, 12);
    drop(writer);
    assert_eq!(Film::open(&path).counters(), (0..12).collect::<Vec<_>>());
    drop(VideoWriter::open(&file(folder.path().join("b.mp4")), &settings("mp4v"), SIZE).unwrap());
    assert_eq!(names_in(folder.path()), ["a.mp4"], "without a picture no file is left");
}

#[test]
fn every_refusal_has_its_own_word_and_leaves_nothing() {
    use WriterError as E;
    let folder = folder();
    let at = |name: &str| file(folder.path().join(name));
    let refused = |output: &Output, settings: &Settings| refused(folder.path(), output, settings);
    let plain = Settings::default();
    assert!(matches!(refused(&file(""), &plain), E::NoOutput));
    assert!(matches!(refused(&at("video"), &plain), E::NoExtension { .. }));
    assert!(matches!(refused(&file("rtmp://127.0.0.1/live/secret.avi"), &plain), E::Address));
    assert!(matches!(refused(&at("missing/a.avi"), &plain), E::Unwritable { .. }));
    assert!(matches!(refused(&at("missing/a_%d.png"), &plain), E::Unwritable { .. }));
    assert!(matches!(refused(&file("/proc/a.avi"), &plain), E::Unwritable { .. }));
    for fps in [0.0, -11.0, f64::NAN, 1e6] {
        assert!(matches!(refused(&at("a.avi"), &Settings { fps, ..plain }), E::Rate { .. }));
    }
    let missing = refused(&at("a.avi"), &Settings { backend: Backend::Msmf, ..plain });
    assert!(matches!(&missing, E::BackendMissing { available, .. } if available.contains(&"CV_MJPEG".to_owned())));
    let unknown = refused(&at("a.mp4"), &Settings { backend: Backend::Ffmpeg, ..settings("ZZZZ") });
    assert!(matches!(&unknown, E::Refused { .. }) && unknown.to_string().contains("FFMPEG"), "{unknown}");
    assert!(matches!(refused(&at("a.garbage"), &plain), E::Refused { .. }));
    assert!(matches!(refused(&at("a.mp4"), &Settings { backend: Backend::OpencvMjpeg, ..plain }), E::Refused { .. }));
    let size = Resolution::new(0, 360);
    assert!(matches!(VideoWriter::open(&at("a.avi"), &plain, size), Err(E::Size { .. })));
    assert_eq!(names_in(folder.path()), Vec::<String>::new());
}

#[test]
fn a_file_that_is_there_is_only_replaced_when_asked() {
    let folder = folder();
    let path = folder.path().join("a.avi");
    fs::write(&path, "precious").unwrap();
    assert!(matches!(refused(folder.path(), &file(&path), &settings("MJPG")), WriterError::Exists { .. }));
    let replace = Settings { existing: Existing::Replace, ..settings("MJPG") };
    let hopeless = Settings { backend: Backend::Ffmpeg, existing: Existing::Replace, ..settings("ZZZZ") };
    assert!(matches!(refused(folder.path(), &file(&path), &hopeless), WriterError::Refused { .. }));
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    record(&path, &replace, Pixels::Bgr24, SIZE, 4);
    assert_eq!((counted_frames(&path), names_in(folder.path())), (4, vec!["a.avi".to_owned()]));
}

#[test]
fn a_file_that_turns_out_bad_is_told() {
    let folder = folder();
    let path = folder.path().join("a.avi");
    let other = folder.path().join("b.avi");
    record(&other, &settings("MJPG"), Pixels::Bgr24, SIZE, 3);
    let mut writer = VideoWriter::open(&file(&path), &settings("MJPG"), SIZE).unwrap();
    cards::write_all(&mut writer, Pixels::Bgr24, SIZE, 20);
    fs::rename(&other, &path).unwrap();
    assert!(matches!(writer.close(), Err(WriterError::Lost { written: 20, found: 3, .. })));
    assert!(matches!(writer.close(), Err(WriterError::Closed)));
    let mut writer = VideoWriter::open(&file(&other), &settings("MJPG"), SIZE).unwrap();
    cards::write_all(&mut writer, Pixels::Bgr24, SIZE, 3);
    fs::remove_file(&other).unwrap();
    assert!(matches!(writer.close(), Err(WriterError::Unreadable { .. })));
}

#[test]
fn pipelines_go_to_gstreamer_and_never_into_a_file_of_their_name() {
    let folder = folder();
    let raw = folder.path().join("raw.bgr");
    let text = format!("appsrc ! filesink location={}", raw.display());
    let pipeline = Output::Pipeline(text);
    let plain = Settings::default();
    let wrong = refused(folder.path(), &pipeline, &Settings { backend: Backend::Ffmpeg, ..plain });
    assert!(matches!(wrong, WriterError::NotForPipelines { .. }));
    if !Backend::Gstreamer.is_available() {
        assert!(matches!(refused(folder.path(), &pipeline, &plain), WriterError::BackendMissing { .. }));
        return;
    }
    let nonsense = Output::Pipeline("appsrc ! nosuchelement ! filesink location=x".to_owned());
    assert!(matches!(refused(folder.path(), &nonsense, &plain), WriterError::PipelineRefused { .. }));
    let mut writer = VideoWriter::open(&pipeline, &plain, SIZE).unwrap();
    cards::write_all(&mut writer, Pixels::Rgb24, SIZE, 7);
    let report = writer.close().unwrap();
    assert_eq!((report.frames, report.path, report.backend.as_str()), (7, None, "GSTREAMER"));
    let want: Vec<u8> = (0..7).flat_map(|count| cards::planes(Pixels::Bgr24, SIZE, count).remove(0).0).collect();
    assert!(fs::read(&raw).unwrap() == want, "seven pictures, every byte as it was");
    assert_eq!(names_in(folder.path()), ["raw.bgr"]);
}

// vidgear's own tests of this mode, as given → when → expected, but judged by content -------------------------------

/// Gray pictures with default parameters: there the file was empty, and clean because it was empty.
#[test]
fn vidgear_gray_frames_into_avi() {
    let folder = folder();
    let path = folder.path().join("output.avi");
    record(&path, &Settings::default(), Pixels::Gray8, SIZE, 25);
    let film = Film::open(&path);
    assert_eq!(film.counters(), (0..25).collect::<Vec<_>>());
    assert!((film.times_s[24] - 0.96).abs() < 0.001, "25 a second: {}", film.times_s[24]);
    assert_bars(&path, gray_bars());
}

/// Three channels that hold YUV: said as such, they keep their colours.
#[test]
fn vidgear_yuv_frames() {
    let folder = folder();
    let path = folder.path().join("output.avi");
    record(&path, &Settings::default(), Pixels::Yuv24(YUV.0, YUV.1), SIZE, 10);
    assert_eq!(Film::open(&path).counters(), (0..10).collect::<Vec<_>>());
    assert_bars(&path, BARS);
}

#[test]
fn vidgear_empty_output_and_a_senseless_flag() {
    let params = [("-gst_pipeline_mode", "invalid")];
    assert!(matches!(Settings::from_writegear_params(params), Err(SettingsError::Switch { .. })));
    let nothing = Output::new("", OutputText::Path);
    assert!(matches!(VideoWriter::open(&nothing, &Settings::default(), SIZE), Err(WriterError::NoOutput)));
}

#[test]
fn vidgear_a_folder_gets_a_file_with_a_name_of_its_own() {
    let folder = folder();
    let first = record(folder.path(), &Settings::default(), Pixels::Bgr24, SIZE, 6).path.unwrap();
    let second = record(folder.path(), &settings("mp4v"), Pixels::Bgr24, SIZE, 4).path.unwrap();
    assert_eq!((counted_frames(&first), counted_frames(&second)), (6, 4));
    assert_eq!((first.extension().unwrap(), second.extension().unwrap()), ("avi".as_ref(), "mp4".as_ref()));
}

#[test]
fn vidgear_divx_into_mp4_through_ffmpeg() {
    let folder = folder();
    let path = folder.path().join("output.mp4");
    let params = [
        ("-fourcc", "DIVX"),
        ("-fps", "25"),
        ("-backend", "CAP_FFMPEG"),
        ("-color", "True"),
        ("-gst_pipeline_mode", "False"),
    ];
    let (settings, meant) = Settings::from_writegear_params(params).unwrap();
    assert_eq!(Output::new(path.to_str().unwrap(), meant), file(&path));
    let report = record(&path, &settings, Pixels::Bgr24, SIZE, 20);
    assert!(matches!(report.remarks[..], [Remark::TagReplaced { .. }]), "{:?}", report.remarks);
    assert_eq!(Film::open(&path).counters(), (0..20).collect::<Vec<_>>());
    assert_eq!(ffprobe(&path, &["-show_entries", "stream=codec_name,r_frame_rate"]), ["mpeg4,25/1"]);
    assert_bars(&path, BARS);
}
