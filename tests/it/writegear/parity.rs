//! What vidgear's own tests ask of `WriteGear` in compression mode, each judged by the content of the file.

use gearcast::media::{FrameRate, Resolution};
use gearcast::writegear::{Ending, Frame, GearError, PixelFormat, Value, WriteGear};

use super::{SMALL, builder, names_in, numbered_file, write_numbered};
use crate::support::judge::{Film, colour_at, counted_frames, probe, tool};
use crate::support::pictures::{QUARTERS, numbered_bgr, numbered_gray, raw_frames};

#[test]
fn io_01_an_ending_that_names_no_container_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let opened = builder(&folder.path().join("garbage.garbage")).open();
    assert!(matches!(opened.err(), Some(GearError::UnknownEnding { ending, .. }) if ending == "garbage"));
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn io_02_other_channels_are_refused_and_the_file_stays_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let mut gear = builder(&path).open().unwrap();
    let gray = numbered_gray(SMALL, 0);
    let bgr = numbered_bgr(SMALL, 1);
    let gray = Frame::new(PixelFormat::Gray8, 320, 240, &gray).unwrap();
    gear.write(&gray).unwrap();
    let refused = gear.write(&Frame::new(PixelFormat::Bgr24, 320, 240, &bgr).unwrap());
    assert!(matches!(refused, Err(GearError::FormatChanged { first: PixelFormat::Gray8, now: PixelFormat::Bgr24 })));
    gear.write(&gray).unwrap();
    assert_eq!(gear.close().unwrap().frames_given, 2);
    assert_eq!(Film::open(&path).counters(), [0, 0]);
}

#[test]
fn io_03_another_size_is_refused_and_the_file_stays_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mkv");
    let mut gear = builder(&path).open().unwrap();
    write_numbered(&mut gear, Resolution::new(640, 480), 0..2).unwrap();
    let refused = write_numbered(&mut gear, Resolution::new(640, 580), 2..3);
    assert!(matches!(refused, Err(GearError::SizeChanged { now, .. }) if now == Resolution::new(640, 580)));
    gear.close().unwrap();
    assert_eq!(Film::open(&path).counters(), [0, 1]);
}

#[test]
fn io_05_opened_and_closed_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut gear = builder(&folder.path().join("take.mp4")).open().unwrap();
    let report = gear.close().unwrap();
    assert_eq!((report.ending, report.file, report.frames_given), (Ending::NotStarted, None, 0));
    assert!(names_in(folder.path()).is_empty());
    drop(builder(&folder.path().join("take.mp4")).open().unwrap());
    assert!(names_in(folder.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn io_06_a_character_device_is_taken_as_one() {
    assert!(WriteGear::builder("/dev/null").open().unwrap().close().is_ok());
    assert!(matches!(WriteGear::builder("/dev/video987").open().err(), Some(GearError::NoSuchDevice(_))));
}

#[test]
fn io_07_and_08_addresses_are_known_by_their_scheme() {
    assert!(WriteGear::builder("rtmp://live.example.org/app/key").open().is_ok());
    let unknown = WriteGear::builder("unknown://invalid.com/").open();
    assert!(matches!(unknown.err(), Some(GearError::UnknownScheme { scheme, .. }) if scheme == "unknown"));
}

#[test]
fn io_11_an_unknown_encoder_falls_back_with_a_word_or_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let mut gear = WriteGear::from_writegear_params(path.to_str().unwrap(), [("-vcodec", "unknown")]).open().unwrap();
    write_numbered(&mut gear, SMALL, 0..2).unwrap();
    let report = gear.close().unwrap();
    assert!(
        report.remarks.iter().any(|remark| remark.contains("'unknown'") && remark.contains("libx264")),
        "{report:?}"
    );
    assert_eq!(Film::open(&path).counters(), [0, 1]);
    let strict = builder(&folder.path().join("other.mp4")).param("-vcodec", "unknown").open();
    assert!(matches!(strict.err(), Some(GearError::NoEncoder { wanted, .. }) if wanted == "unknown"));
}

#[test]
fn io_12_mpeg4_is_mpeg4() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    numbered_file(builder(&path).param("-vcodec", "mpeg4"), SMALL, 10);
    assert_eq!(probe(&path, &["-show_entries", "stream=codec_name"]), ["mpeg4"]);
    assert_eq!(Film::open(&path).counters(), (0..10).collect::<Vec<_>>());
}

#[test]
fn cm_14_the_given_rate_is_the_files_rate() {
    let folder = tempfile::tempdir().unwrap();
    for (fps, text, count, duration_s) in
        [(29.97, "30000/1001", 60, 2.002), (1.0, "1/1", 3, 3.0), (60.0, "60/1", 30, 0.5), (12.5, "25/2", 5, 0.4)]
    {
        let path = folder.path().join(format!("{count}.mp4"));
        let report = numbered_file(builder(&path).input_framerate(fps), SMALL, count);
        assert_eq!(probe(&path, &["-show_entries", "stream=r_frame_rate"]), [text]);
        let duration: f64 = probe(&path, &["-show_entries", "stream=duration"])[0].parse().unwrap();
        assert!((duration - duration_s).abs() < 0.002, "{fps}: {duration}");
        assert!((report.given.as_secs_f64() - duration_s).abs() < 1e-6);
        assert_eq!(Film::open(&path).counters(), (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn cm_15_fault_16_a_wrong_ffmpeg_is_an_error_and_never_another_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let opened = WriteGear::from_writegear_params(path.to_str().unwrap(), [("-input_framerate", "60")])
        .ffmpeg(folder.path().join("nothing"))
        .open();
    let error = opened.err().unwrap();
    assert!(matches!(&error, GearError::NoFfmpeg(_)), "{error}");
    assert!(error.to_string().contains("non-compression mode"), "{error}");
    assert!(names_in(folder.path()).is_empty());
    // The rate as a text is what it says.
    numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), [("-input_framerate", "60")]), SMALL, 6);
    assert_eq!(probe(&path, &["-show_entries", "stream=r_frame_rate"]), ["60/1"]);
}

/// `-input_pixfmt` on arrays as image libraries hold them.
#[test]
fn cm_16_to_21_fault_11_input_pixel_formats_keep_count_and_picture() {
    let folder = tempfile::tempdir().unwrap();
    for (format, array) in [
        ("bgr24", PixelFormat::Bgr24),
        ("rgba", PixelFormat::Bgra),
        ("yuvj422p", PixelFormat::Ya8),
        ("yuv444p", PixelFormat::Bgr24),
        ("bgr48be", PixelFormat::Bgr48),
        ("yuv420p", PixelFormat::Gray8),
        ("nv12", PixelFormat::Gray8),
    ] {
        let raw = raw_frames(SMALL, 10, format);
        let height = if array == PixelFormat::Gray8 { 360 } else { 240 };
        let path = folder.path().join(format!("{format}.mkv"));
        let list = [("-input_pixfmt", format), ("-vcodec", "ffv1")];
        let mut gear = WriteGear::from_writegear_params(path.to_str().unwrap(), list).open().unwrap();
        for picture in raw.chunks_exact(raw.len() / 10) {
            gear.write(&Frame::new(array, 320, height, picture).unwrap()).unwrap();
        }
        let report = gear.close().unwrap();
        assert_eq!(
            (report.frames_given, counted_frames(&path), report.remarks.len()),
            (10, 10, 0),
            "{format}: {report:?}"
        );
        assert_eq!(probe(&path, &["-show_entries", "stream=width,height"]), ["320,240"], "{format}");
        super::formats::assert_same_pictures(&path, &raw, SMALL, format, 2);
    }
}

#[test]
fn cm_18_an_invalid_pixel_format_is_left_out_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let report = numbered_file(
        WriteGear::from_writegear_params(path.to_str().unwrap(), [("-input_pixfmt", "invalid")]),
        SMALL,
        5,
    );
    assert!(report.remarks[0].starts_with("-input_pixfmt 'invalid'"), "{report:?}");
    assert_eq!(Film::open(&path).counters(), (0..5).collect::<Vec<_>>());
    assert!(matches!(builder(&path).param("-input_pixfmt", "invalid").open().err(), Some(GearError::Param(_))));
}

#[test]
fn cm_22_fault_10_output_dimensions_scale_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let size = Resolution::new(1280, 960);
    numbered_file(builder(&path).param("-output_dimensions", (640, 480)).param("-crf", 10), size, 12);
    let film = Film::open(&path);
    assert_eq!((film.size, film.frames.len()), (Resolution::new(640, 480), 12));
    // Back at its first size the counter is read: it was scaled, not cut.
    let back = folder.path().join("back.mkv");
    tool(
        "ffmpeg",
        &["-v", "error", "-i", path.to_str().unwrap(), "-vf", "scale=1280:960", "-c:v", "ffv1", back.to_str().unwrap()],
    );
    assert_eq!(Film::open(&back).counters(), (0..12).collect::<Vec<_>>());
    for (quarter, (x, y)) in QUARTERS.iter().zip([(60, 160), (500, 160), (60, 380), (500, 380)]) {
        let (r, g, b) = colour_at(&path, 0.2, (x, y, 20, 20));
        let far = [r, g, b].iter().zip(quarter).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(far <= 4, "{quarter:?} became {r},{g},{b}");
    }
}

#[test]
fn cm_23_to_25_no_output_a_file_a_folder() {
    assert!(matches!(WriteGear::builder(" ").open().err(), Some(GearError::NoOutput)));
    let folder = tempfile::tempdir().unwrap();
    let first = numbered_file(builder(folder.path()), SMALL, 3).file.unwrap();
    let second = numbered_file(builder(folder.path()), SMALL, 4).file.unwrap();
    assert_ne!(first, second);
    assert_eq!((counted_frames(&first), counted_frames(&second), names_in(folder.path()).len()), (3, 4, 2));
}

#[test]
fn cm_26_and_27_documented_lists_run_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let list: [(&str, Value); 5] = [
        ("-vcodec", "libx264".into()),
        ("-crf", 0.into()),
        ("-preset", "fast".into()),
        ("-ffpreheaders", false.into()),
        ("-disable_ffmpeg_window", true.into()),
    ];
    numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), list), SMALL, 5);
    assert_eq!(Film::open(&path).counters(), (0..5).collect::<Vec<_>>());
    let path = folder.path().join("b.mp4");
    let list: [(&str, Value); 4] = [
        ("-c:v", "libx265".into()),
        ("-vcodec", "libx264".into()),
        ("-ffpreheaders", ["-re"].into()),
        ("-disable_ffmpeg_window", "Invalid".into()),
    ];
    numbered_file(
        WriteGear::from_writegear_params(path.to_str().unwrap(), list).frame_rate(FrameRate::whole(30)),
        SMALL,
        5,
    );
    assert_eq!(Film::open(&path).counters(), (0..5).collect::<Vec<_>>());
}

#[test]
fn cm_34_and_35_gif_by_the_containers_own_encoder() {
    let folder = tempfile::tempdir().unwrap();
    for key in ["-vcodec", "-c:v"] {
        let path = folder.path().join(format!("take{}.gif", key.len()));
        let list = [(key, Value::None), ("-input_framerate", 10.into())];
        numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), list), SMALL, 10);
        assert_eq!(Film::open(&path).counters(), (0..10).collect::<Vec<_>>());
    }
    // Nobody has to say so: the ending does.
    let path = folder.path().join("plain.gif");
    numbered_file(builder(&path).input_framerate(10.0), SMALL, 10);
    let (r, g, b) = colour_at(&path, 0.5, (30, 90, 10, 10));
    assert!([r, g, b].iter().zip(QUARTERS[0]).all(|(a, b)| a.abs_diff(b) <= 8), "{r},{g},{b}");
}
