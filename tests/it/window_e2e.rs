//! The real program with its real window on a real screen: what is clicked happens, what is recorded is right.

use std::path::PathBuf;

use eframe::egui::accesskit::Role;
use gearcast::capture::test_pattern::{BARS, bar_rect};
use gearcast::media::Resolution;
use rustix::process::Signal;

use crate::support::inspector::{Widget, Window};
use crate::support::judge::{Film, colour_at, counted_frames, probe};
use crate::support::painter::Painter;
use crate::support::program::Home;
use crate::support::take::files_in;
use crate::support::xvfb::Xvfb;

const SMALL: (u32, u32) = (800, 500);

fn near(found: (u8, u8, u8), wanted: (u8, u8, u8), tolerance: u8) -> bool {
    let close = |a: u8, b: u8| a.abs_diff(b) <= tolerance;
    close(found.0, wanted.0) && close(found.1, wanted.1) && close(found.2, wanted.2)
}

/// The time shown in the bar, in seconds.
fn elapsed_s(widgets: &[Widget]) -> Option<u64> {
    let times = widgets.iter().filter(|widget| widget.role == Role::Label).map(|widget| widget.value.as_str());
    times.into_iter().find_map(|text| {
        let parts: Vec<u64> = text.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [hours, minutes, seconds] = parts[..] else { return None };
        Some(hours * 3600 + minutes * 60 + seconds)
    })
}

fn record_for(window: &mut Window, seconds: u64) {
    window.click("Record");
    window.find(Role::Button, "Stop");
    window.wait("the time", |widgets| elapsed_s(widgets).filter(|shown| *shown >= seconds));
}

/// The one file in the folder of recordings: nothing else may be left there.
fn recorded(home: &Home) -> PathBuf {
    let files = files_in(&home.at("Videos"));
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// The frames that the window says are in the file.
fn said_frames(window: &mut Window) -> u64 {
    let line = window.text(" frames");
    let number = line.trim_end_matches(" frames").rsplit(' ').next().expect("a number");
    number.parse().unwrap_or_else(|_| panic!("{line}"))
}

/// Chooses a small test pattern by the window's own lists, so that a busy machine can record every picture of it.
fn choose_test_pattern(window: &mut Window) {
    window.choose("What to record", "Test pattern");
    window.click("Video");
    window.choose("Picture size", "640x360");
}

/// Stands outside the window and sees what the server shows.
fn close(server: &Xvfb) {
    let painter = Painter::connect(&server.display);
    let own = painter.find("gearcast").expect("the window is on the screen");
    painter.ask_to_close(own);
    painter.sync();
}

/// Paints the desk around the window: a red and a green field on blue.
fn paint_desk(painter: &Painter) {
    let (left, top) = (i16::try_from(SMALL.0).unwrap(), i16::try_from(SMALL.1).unwrap());
    painter.fill(painter.root, (left, 0), (480, 720), 0x20_40_60);
    painter.fill(painter.root, (0, top), (1280, 220), 0x20_40_60);
    painter.fill(painter.root, (900, 60), (200, 200), 0xff_00_00);
    painter.fill(painter.root, (200, 540), (400, 160), 0x00_ff_00);
    painter.sync();
}

#[test]
fn the_recorded_screen_is_the_screen() {
    let server = Xvfb::start("1280x720x24");
    let painter = Painter::connect(&server.display);
    let home = Home::new();
    let mut window = Window::open(&home, &server);
    window.resize(SMALL);
    paint_desk(&painter);
    let card = "This window lies on what is recorded";
    assert!(window.text(card).contains("again and again"), "no preview that mirrors itself");
    record_for(&mut window, 2);
    let stop = window.find(Role::Button, "Stop").bounds;
    window.click("Stop");
    window.text("This file is good");
    let file = recorded(&home);
    assert_eq!(window.text(".mp4"), file.display().to_string());
    let said = said_frames(&mut window);
    assert_eq!(counted_frames(&file), said);
    assert!(said >= 60, "{said}");
    assert_eq!(probe(&file, &["-show_entries", "stream=width,height"]), ["1280,720"]);
    for time_s in [0.1, 1.0, 1.9] {
        assert!(near(colour_at(&file, time_s, (920, 80, 160, 160)), (255, 0, 0), 6));
        assert!(near(colour_at(&file, time_s, (220, 560, 360, 120)), (0, 255, 0), 6));
        assert!(near(colour_at(&file, time_s, (1120, 400, 100, 100)), (0x20, 0x40, 0x60), 6));
    }
    // The window is in its picture too: the edge of its red button, below the words.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the window")]
    let edge = (stop.x0 as u32 + 20, stop.y1 as u32 - 8, 60, 4);
    assert!(near(colour_at(&file, 1.0, edge), (0xc6, 0x28, 0x28), 8), "{:?}", colour_at(&file, 1.0, edge));
}

#[test]
fn the_preview_is_the_source_and_every_picture_is_recorded() {
    let server = Xvfb::start("1280x720x24");
    let home = Home::new();
    let mut window = Window::open(&home, &server);
    choose_test_pattern(&mut window);
    let preview = window.wait("the preview", |widgets| {
        widgets.iter().find(|widget| widget.name.starts_with("Preview of")).map(|widget| widget.bounds)
    });
    let picture = window.picture();
    let size = Resolution::new(640, 360);
    for (index, wanted) in (0..).zip(BARS) {
        let bar = bar_rect(size, index);
        let (across, down) = (f64::from(bar.x) + f64::from(bar.size.width) / 2.0, f64::from(bar.y + 40));
        let x = preview.x0 + across / 640.0 * preview.width();
        let y = preview.y0 + down / 360.0 * preview.height();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the window")]
        let [red, green, blue, _] = picture.get_pixel(x as u32, y as u32).0;
        let wanted = (wanted[0], wanted[1], wanted[2]);
        assert!(near((red, green, blue), wanted, 8), "bar {index}: {red} {green} {blue}");
    }
    record_for(&mut window, 3);
    window.click("Stop");
    window.text("This file is good");
    let film = Film::open(&recorded(&home));
    assert_eq!(film.frames.len() as u64, said_frames(&mut window));
    assert!(film.frames.len() >= 85, "{}", film.frames.len());
    assert_eq!(film.broken_steps(), 0, "{:?}", film.counters());
}

#[test]
fn closing_while_recording_asks_and_loses_nothing() {
    let server = Xvfb::start("1280x720x24");
    let home = Home::new();
    let mut window = Window::open(&home, &server);
    choose_test_pattern(&mut window);
    record_for(&mut window, 1);
    close(&server);
    window.click("Keep recording");
    window.wait("no question", |widgets| widgets.iter().all(|w| w.name != "Keep recording").then_some(()));
    let before = window.wait("the time", elapsed_s);
    window.wait("the time going on", |widgets| elapsed_s(widgets).filter(|shown| *shown > before));
    close(&server);
    window.press_last("Stop, finish and close");
    let ran = window.end();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let film = Film::open(&recorded(&home));
    assert!(film.frames.len() >= 60, "{}", film.frames.len());
    assert_eq!(film.broken_steps(), 0, "{:?}", film.counters());
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_and_at_record() {
    let server = Xvfb::start("1280x720x24");
    let home = Home::new();
    std::fs::write(home.at("notes.txt"), "not a folder").unwrap();
    let mut window = Window::open(&home, &server);
    choose_test_pattern(&mut window);
    window.click("Output");
    window.type_over("Folder", "~/notes.txt");
    assert!(window.text("is not a folder").contains("notes.txt"));
    window.type_over("Folder", "/proc/self");
    let what = window.text("/proc/self:");
    assert!(what.starts_with("Nothing can be written to the folder"), "{what}");
    window.click("Record");
    window.text("Cannot record yet: Nothing can be written");
    window.type_over("Folder", "~/Films");
    window.text("it will be made");
    window.click("Record");
    window.find(Role::Button, "Stop");
    window.wait("the time", |widgets| elapsed_s(widgets).filter(|shown| *shown >= 1));
    window.click("Stop");
    window.text("This file is good");
    assert_eq!(files_in(&home.at("Films")).len(), 1);
}

#[test]
fn what_was_chosen_is_there_at_the_next_start() {
    let server = Xvfb::start("1280x720x24");
    let home = Home::new();
    let mut window = Window::open(&home, &server);
    choose_test_pattern(&mut window);
    window.click("Output");
    window.type_over("Folder", "~/Films");
    window.resize((900, 560));
    close(&server);
    let ran = window.end();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut window = Window::open(&home, &server);
    window.wait_for_size((900, 560));
    assert_eq!(window.find(Role::TextInput, "Folder").value, "~/Films", "the pane and its content");
    window.click("Video");
    assert_eq!(window.find(Role::ComboBox, "Picture size").value, "640x360");
    window.click("Source");
    assert_eq!(window.find(Role::ComboBox, "What to record").value, "Test pattern");
}

#[test]
fn a_signal_completes_the_file_and_ends_the_window() {
    let server = Xvfb::start("1280x720x24");
    let home = Home::new();
    let mut window = Window::open(&home, &server);
    choose_test_pattern(&mut window);
    record_for(&mut window, 1);
    window.signal(Signal::TERM);
    let ran = window.end();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let film = Film::open(&recorded(&home));
    assert!(film.frames.len() >= 30, "{}", film.frames.len());
    assert_eq!(film.broken_steps(), 0, "{:?}", film.counters());
    // With nothing to complete it ends at once, and remembers what was chosen.
    let mut window = Window::open(&home, &server);
    window.find(Role::ComboBox, "Picture size");
    window.click("Source");
    window.find(Role::ComboBox, "What to record");
    window.signal(Signal::INT);
    assert_eq!(window.end().code, 0);
    assert_eq!(Window::open(&home, &server).find(Role::ComboBox, "What to record").value, "Test pattern");
}

#[test]
fn a_display_that_does_not_answer_is_told() {
    let home = Home::new();
    let ran = home.command(&[]).env("DISPLAY", ":4242").output().expect("gearcast starts");
    let said = String::from_utf8(ran.stderr).expect("UTF-8");
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("Check DISPLAY") && said.contains("gearcast record"), "{said}");
}
