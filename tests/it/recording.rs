//! A recording of the test pattern with its tone holds every picture once, in even steps, in step with the sound.

use gearcast::capture::test_pattern::{BARS, bar_rect};
use gearcast::imaging::Mirror;
use gearcast::media::{Container, Resolution};
use gearcast::session::{State, Verdict};

use crate::support::judge::{Film, colour_at, counted_frames};
use crate::support::record::{Recorder, test_plan};

fn record_and_judge(container: Container) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("take.{container}"));
    let status = Recorder::new().record(test_plan(&path, 4.0));
    let State::Done(report) = &status.state else { panic!("{:?}", status.state) };
    assert_eq!(report.verdict, Verdict::Good, "{report:?}");
    assert_eq!(report.files[0].path, path);
    assert_eq!(report.frames.written, 120, "{report:?}");
    assert_eq!(counted_frames(&path), 120);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [path.file_name().unwrap()], "nothing else is left behind");

    let film = Film::open(&path);
    assert_eq!(film.broken_steps(), 0, "{:?}", film.counters());
    let uneven = film.times_s.windows(2).filter(|pair| (pair[1] - pair[0] - 1.0 / 30.0).abs() > 0.0011).count();
    assert_eq!(uneven, 0, "{:?}", film.times_s);
    let offsets = film.offsets_s();
    assert!(offsets.len() >= 3, "{:?} {:?}", film.flashes_s(), film.beeps_s());
    assert!(offsets.iter().all(|offset| offset.abs() < 1.0 / 30.0), "{offsets:?}");
}

#[test]
fn mp4_is_whole_and_in_step() {
    record_and_judge(Container::Mp4);
}

#[test]
fn mkv_is_whole_and_in_step() {
    record_and_judge(Container::Mkv);
}

#[test]
fn webm_is_whole_and_in_step() {
    record_and_judge(Container::Webm);
}

#[test]
fn mov_is_whole_and_in_step() {
    record_and_judge(Container::Mov);
}

#[test]
fn avi_is_whole_and_in_step() {
    record_and_judge(Container::Avi);
}

/// The six bars of the pattern are in the file from right to left, in either way that pictures go to the encoder.
#[test]
fn a_mirrored_recording_has_left_and_right_changed() {
    let folder = tempfile::tempdir().unwrap();
    for pixel_format in ["yuv420p", "yuv444p"] {
        let path = folder.path().join(format!("{pixel_format}.mp4"));
        let mut plan = test_plan(&path, 1.0);
        let video = plan.video.as_mut().unwrap();
        (video.mirror, video.pixel_format) = (Mirror::Horizontal, pixel_format.to_owned());
        let status = Recorder::new().record(plan);
        assert!(matches!(&status.state, State::Done(report) if report.verdict == Verdict::Good), "{:?}", status.state);
        for (index, [red, green, blue]) in (0..).zip(BARS) {
            let bar = bar_rect(Resolution::new(640, 360), 5 - index);
            let place = (bar.x.cast_unsigned() + 20, bar.y.cast_unsigned() + 20, 60, 40);
            let found = colour_at(&path, 0.5, place);
            let close = [(found.0, red), (found.1, green), (found.2, blue)];
            assert!(
                close.iter().all(|(is, wanted)| is.abs_diff(*wanted) <= 8),
                "{pixel_format} bar {index}: {found:?}"
            );
        }
    }
}
