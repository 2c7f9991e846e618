//! Non-compression mode through the same front.

use gearcast::media::Resolution;
use gearcast::writegear::{Frame, GearError, Mode, PixelFormat, Value, WriteGear};

use super::{SMALL, builder, names_in, numbered_file, write_numbered};
use crate::support::judge::{Film, colour_at, counted_frames};
use crate::support::pictures::{QUARTERS, numbered_gray};

fn plain(path: &std::path::Path, list: &[(&'static str, Value)]) -> gearcast::writegear::Builder {
    WriteGear::from_writegear_params(path.to_str().unwrap(), list.to_vec()).mode(Mode::NonCompression)
}

#[test]
fn io_04_another_size_is_refused_and_the_file_stays_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.avi");
    let mut gear = builder(&path).mode(Mode::NonCompression).open().unwrap();
    write_numbered(&mut gear, Resolution::new(640, 480), 0..3).unwrap();
    assert!(matches!(write_numbered(&mut gear, Resolution::new(640, 580), 3..4), Err(GearError::OpenCv(_))));
    let report = gear.close().unwrap();
    assert_eq!((report.frames_given, gear.close().unwrap()), (3, report));
    assert_eq!(Film::open(&path).counters(), [0, 1, 2]);
    assert!(matches!(write_numbered(&mut gear, SMALL, 0..1), Err(GearError::Closed)));
}

#[test]
fn io_09_and_10_a_file_is_taken_and_an_address_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.avi");
    numbered_file(builder(&path).mode(Mode::NonCompression), SMALL, 12);
    assert_eq!(Film::open(&path).counters(), (0..12).collect::<Vec<_>>());
    let (r, g, b) = colour_at(&path, 0.2, (30, 90, 10, 10));
    assert!([r, g, b].iter().zip(QUARTERS[0]).all(|(a, b)| a.abs_diff(b) <= 8), "{r},{g},{b}");
    let mut gear = WriteGear::builder("rtmp://live.example.org/app").mode(Mode::NonCompression).open().unwrap();
    let error = write_numbered(&mut gear, SMALL, 0..1).unwrap_err();
    assert!(error.to_string().contains("no addresses"), "{error}");
}

#[test]
fn ncm_36_to_42_fault_22_parameters_mean_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    // Gray frames with the default colour: written, not dropped.
    let path = folder.path().join("gray.avi");
    let mut gear = plain(&path, &[]).open().unwrap();
    for count in 0..8 {
        let gray = numbered_gray(SMALL, count);
        gear.write(&Frame::new(PixelFormat::Gray8, 320, 240, &gray).unwrap()).unwrap();
    }
    gear.close().unwrap();
    assert_eq!(Film::open(&path).counters(), (0..8).collect::<Vec<_>>());
    let path = folder.path().join("divx.mp4");
    let list = [
        ("-fourcc", "DIVX".into()),
        ("-fps", 25.into()),
        ("-backend", "CAP_FFMPEG".into()),
        ("-color", true.into()),
        ("-gst_pipeline_mode", false.into()),
    ];
    numbered_file(plain(&path, &list), SMALL, 10);
    assert_eq!(counted_frames(&path), 10);
    let before = names_in(folder.path());
    for (key, value) in
        [("-fourcc", Value::from(["a", "b"])), ("-backend", "CAP_NOTHING".into()), ("-fps", (-11).into())]
    {
        let opened = plain(&folder.path().join("x.avi"), &[(key, value)]).open();
        assert!(matches!(opened.err(), Some(GearError::OpenCv(_))), "{key}");
    }
    assert_eq!(names_in(folder.path()), before);
}

#[test]
fn what_only_ffmpeg_understands_is_said_and_not_dropped_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.avi");
    let strict = builder(&path).mode(Mode::NonCompression).param("-crf", 20).open();
    assert!(matches!(strict.err(), Some(GearError::Param(error)) if error.key == "-crf"));
    let report = numbered_file(plain(&path, &[("-crf", 20.into())]), SMALL, 2);
    assert!(report.remarks[0].contains("-crf"), "{report:?}");
    let mut gear = builder(&folder.path().join("b.avi")).mode(Mode::NonCompression).open().unwrap();
    let bytes = vec![0; 320 * 240 * 3];
    let frame = Frame::new(PixelFormat::Bgr24, 320, 240, &bytes).unwrap();
    assert!(matches!(gear.write_at(&frame, std::time::Duration::ZERO), Err(GearError::NoTime)));
}

/// vidgear refuses; a command has nothing to do with the mode, so here it runs.
#[test]
fn ncm_33_a_custom_command_runs_and_its_exit_code_counts() {
    let folder = tempfile::tempdir().unwrap();
    let gear = builder(&folder.path().join("take.avi")).mode(Mode::NonCompression).open().unwrap();
    assert_eq!(gear.execute(["-version"]).unwrap().exit_code, 0);
    assert!(gear.execute(["-i", "/nonexistent", "-f", "null", "-"]).is_err());
}
