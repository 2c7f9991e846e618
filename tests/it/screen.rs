//! A real screen and a real window, recorded by the real program, judged by colours and sizes.

use serde_json::json;

use crate::support::judge::{colour_at, counted_frames, probe};
use crate::support::painter::Painter;
use crate::support::program::Home;
use crate::support::take::Take;
use crate::support::xvfb::Xvfb;

fn near(found: (u8, u8, u8), wanted: (u8, u8, u8)) -> bool {
    let close = |a: u8, b: u8| a.abs_diff(b) <= 6;
    close(found.0, wanted.0) && close(found.1, wanted.1) && close(found.2, wanted.2)
}

#[test]
fn the_recorded_screen_has_the_screens_colours_in_their_places() {
    let server = Xvfb::start("1280x720x24");
    let painter = Painter::connect(&server.display);
    painter.fill(painter.root, (0, 0), (1280, 720), 0x20_40_60);
    painter.fill(painter.root, (100, 100), (200, 200), 0xff_00_00);
    painter.fill(painter.root, (1000, 500), (200, 200), 0x00_ff_00);
    painter.sync();
    let home = Home::new();
    let args = ["--source", "screen", "--audio", "none", "--duration", "2", "--output", "screen.mp4"];
    let (ran, last) = Take::start(&home, &args, &[("DISPLAY", &server.display)]).end();
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}", ran.err);
    let file = home.at("screen.mp4");
    // Nothing on the screen changed, and still every tick has its picture.
    assert_eq!(counted_frames(&file), 60);
    for time_s in [0.0, 1.0, 1.9] {
        assert!(near(colour_at(&file, time_s, (120, 120, 160, 160)), (255, 0, 0)));
        assert!(near(colour_at(&file, time_s, (1020, 520, 160, 160)), (0, 255, 0)));
        assert!(near(colour_at(&file, time_s, (600, 300, 100, 100)), (0x20, 0x40, 0x60)));
    }
    let entries = "stream=color_space,color_range,color_primaries,color_transfer,pix_fmt";
    assert_eq!(probe(&file, &["-show_entries", entries])[0], "yuv420p,tv,bt709,bt709,bt709");
}

#[test]
fn a_still_screen_at_variable_rate_costs_a_frame_a_second() {
    let server = Xvfb::start("640x480x24");
    let painter = Painter::connect(&server.display);
    painter.fill(painter.root, (0, 0), (640, 480), 0x80_80_80);
    painter.sync();
    let home = Home::new();
    let args = ["--source", "screen", "--audio", "none", "--duration", "3", "--set", "video.frame_timing=vfr"];
    let args = [&args[..], &["--output", "still.mkv"]].concat();
    let (ran, last) = Take::start(&home, &args, &[("DISPLAY", &server.display)]).end();
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}", ran.err);
    let frames = counted_frames(&home.at("still.mkv"));
    assert!((3..=8).contains(&frames), "{frames}");
}

#[test]
fn an_odd_window_is_padded_and_its_close_ends_the_recording_well() {
    let server = Xvfb::start("800x600x24");
    let painter = Painter::connect(&server.display);
    let window = painter.window((50, 40), (333, 217), 0, 0xff_ff_00, "Odd window");
    painter.sync();
    let home = Home::new();
    let args = ["--source", "window:Odd", "--audio", "none", "--output", "window.mp4"];
    let mut take = Take::start(&home, &args, &[("DISPLAY", &server.display)]);
    take.wait_for_frames(20);
    painter.resize(window, (500, 300));
    painter.sync();
    take.wait_for_frames(60);
    painter.destroy(window);
    painter.sync();
    let (ran, last) = take.end();
    // The window is gone: exit 3 says why it ended, and the file is whole.
    assert_eq!((ran.code, &last["verdict"]), (3, &json!("good")), "{}", ran.err);
    let file = home.at("window.mp4");
    assert_eq!(probe(&file, &["-show_entries", "stream=width,height"]), ["334,218"]);
    assert!(near(colour_at(&file, 0.2, (20, 20, 250, 150)), (255, 255, 0)));
    assert!(counted_frames(&file) >= 60);
}

#[test]
fn a_display_that_goes_away_ends_the_recording_well() {
    let mut server = Xvfb::start("640x480x24");
    let home = Home::new();
    let args = ["--source", "screen", "--audio", "test", "--output", "lost.mkv"];
    let mut take = Take::start(&home, &args, &[("DISPLAY", &server.display)]);
    take.wait_for_frames(30);
    server.kill();
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["verdict"]), (3, &json!("good")), "{}", ran.err);
    assert!(counted_frames(&home.at("lost.mkv")) >= 30);
}
