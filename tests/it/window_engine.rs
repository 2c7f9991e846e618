//! The choice between the engines in the window, by the names a screen reader hears.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use gearcast::model::Pane;
use gearcast::plan::{ColourChoice, EnginePlan};
use gearcast::profile::{AudioInput, Engine};
use gearcast::session::Command;

use crate::support::fake_window::{Begin, Window, everything};

fn choose(window: &mut Window, choice: &str, entry: &str) {
    window.harness.get_by_role_and_label(Role::ComboBox, choice).click();
    window.settle();
    window.click(entry);
}

fn at_output() -> Begin {
    let mut begin = Begin { size: [1100.0, 1400.0], ..Begin::default() };
    begin.settings.pane = Pane::Output;
    begin
}

#[test]
fn opencv_is_chosen_with_its_tag_backend_and_colour() {
    let mut window = Window::open(at_output());
    assert!(!window.shows("Codec tag"), "it belongs to OpenCV alone");
    choose(&mut window, "Engine", "OpenCV (non-compression)");
    assert_eq!(window.model().draft.output.engine, Engine::Opencv);
    assert!(window.shows("no sound, no subtitles, no streams"));
    choose(&mut window, "Usual codec tags", "FFV1, lossless");
    choose(&mut window, "OpenCV backend", "ffmpeg's libraries, inside OpenCV");
    window.click("In colour");
    choose(&mut window, "File type", "AVI, for old programs");
    window.session.take_commands();
    window.click("Record");
    let commands = window.session.take_commands();
    let Some(Command::Start(plan)) = commands.iter().find(|command| matches!(command, Command::Start(_))) else {
        panic!("{commands:?}: {:?}", window.model().problems)
    };
    let expected = EnginePlan::OpenCv {
        program: "/opt/gearcast/gearcast-opencv".into(),
        fourcc: "FFV1".to_owned(),
        backend: "FFMPEG".to_owned(),
        colour: ColourChoice::Gray,
    };
    assert_eq!(plan.engine, expected);
    choose(&mut window, "Engine", "ffmpeg (compression)");
    assert!(!window.shows("Codec tag"));
}

#[test]
fn sound_and_a_wrong_tag_stand_in_the_way_beside_their_fields() {
    let mut begin = at_output();
    begin.settings.profile.output.engine = Engine::Opencv;
    begin.settings.profile.opencv.fourcc = "MJPEG".to_owned();
    begin.settings.profile.audio.inputs = vec![AudioInput::default()];
    let mut window = Window::open(begin);
    assert!(window.shows("'MJPEG' is no codec tag"));
    window.session.take_sent();
    window.click("Record");
    assert_eq!(window.session.take_sent(), [""; 0]);
    window.click("Sound");
    assert!(window.shows("records no sound"));
    window.click("Record without sound");
    assert!(window.model().draft.audio.inputs.is_empty());
    window.click("Output");
    window.click("Use MJPG");
    assert!(window.model().problems.is_empty(), "{:?}", window.model().problems);
}

#[test]
fn a_missing_ffmpeg_offers_opencv_and_changes_nothing_by_itself() {
    let mut begin = at_output();
    begin.found = everything();
    begin.found.ffmpeg = Err("ffmpeg is not installed".to_owned());
    let mut window = Window::open(begin);
    assert_eq!(window.model().draft.output.engine, Engine::Ffmpeg);
    window.click("Use OpenCV");
    assert_eq!(window.model().draft.output.engine, Engine::Opencv);
    assert!(window.model().problems.is_empty(), "{:?}", window.model().problems);
}
