//! A recording of the test pattern with its tone holds every picture once, in even steps, in step with the sound.

use gearcast::media::Container;
use gearcast::session::{State, Verdict};

use crate::support::judge::{Film, counted_frames};
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
