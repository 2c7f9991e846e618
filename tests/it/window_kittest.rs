//! The window without a desktop: found by the names a screen reader hears, used by mouse and by keyboard alone.

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::{self, Key, Modifiers, ViewportCommand, ViewportEvent, ViewportId, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gearcast::model::{Dialog, Pane, Picked, Settings, Stage};
use gearcast::plan::Severity;
use gearcast::profile::{AudioInput, RateControl, SourceKind};
use gearcast::session::{Command, Failure, FailureKind, Notice, SourceStatus, State, Verdict};

use crate::support::fake_window::{Begin, Window, busy_status, everything, report};

const FINISHING: State = State::Finalizing { progress: Some(0.4), step: "checking the file" };

fn done(verdict: Verdict) -> State {
    State::Done(Box::new(report(verdict)))
}

fn failed(saved: bool) -> State {
    State::Failed(Box::new(Failure {
        kind: FailureKind::Encoder,
        what: "ffmpeg ended in the middle of the recording".to_owned(),
        help: "Choose another encoder.".to_owned(),
        details: vec!["Error while opening encoder".to_owned(), "Conversion failed!".to_owned()],
        saved: saved.then(|| report(Verdict::Good)),
    }))
}

fn close_requested(window: &mut Window) -> Vec<ViewportCommand> {
    let root = window.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default();
    root.events.push(ViewportEvent::Close);
    window.harness.step();
    let commands = window.harness.output().viewport_output[&ViewportId::ROOT].commands.clone();
    window.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default().events.clear();
    window.settle();
    commands
}

#[test]
fn record_stop_and_the_verdict() {
    let mut window = Window::open(Begin::default());
    window.session.take_sent();
    window.harness.get_by_label("Record").click();
    window.settle();
    let commands = window.session.take_commands();
    let Some(Command::Start(plan)) = commands.iter().find(|command| matches!(command, Command::Start(_))) else {
        panic!("{commands:?}")
    };
    let file = plan.file.as_ref().map(|file| file.path.clone());
    assert_eq!(file, Some(PathBuf::from("/home/me/Videos/2026-11-23 08-30-28.mp4")));
    window.session.change(busy_status);
    window.go(State::Recording);
    assert!(window.shows("01:02:03") && window.shows("12.3 GB") && window.shows("3 h 12 min left"));
    window.click("Stop");
    assert_eq!(window.session.take_sent(), ["stop"]);
    assert!(window.shows("Finishing…"));
    window.go(FINISHING);
    assert!(window.shows("checking the file"));
    window.go(done(Verdict::Good));
    assert!(window.shows("This file is good") && window.shows("2026-11-23 08-30-28.mp4"));
    assert!(window.shows("Record"), "ready for the next one");
    window.click("All 2 checks passed");
    assert!(window.shows("frames passed: 300 written, 300 in the file"));
    window.click("Close");
    assert!(!window.shows("This file is good"));
}

#[test]
fn the_finished_file_is_shown_played_and_named() {
    let mut window = Window::open(Begin::default());
    window.go(done(Verdict::Suspect));
    assert!(window.shows("look at the checks") && window.shows("duration failed"), "failed checks are unfolded");
    window.click("Show in folder");
    let opened = std::sync::Arc::clone(&window.opened);
    window.until(|_| opened.peek().is_some());
    assert!(opened.take().is_some_and(|path| path.ends_with("2026-11-23 08-30-28.mp4")));
    window.harness.get_by_label("Copy path").click();
    window.harness.step();
    window.harness.get_by_label("Play").click();
    window.until(|model| !model.notices.is_empty());
    assert!(window.shows("No player could be started"));
}

#[test]
fn finishing_is_broken_off_only_after_a_question() {
    let mut window = Window::open(Begin::default());
    window.go(FINISHING);
    window.session.take_sent();
    window.click("Stop now, keep the safe file");
    assert_eq!(window.session.take_sent(), [""; 0]);
    window.click("Keep finishing");
    assert_eq!(window.model().dialog, None);
    window.click("Stop now, keep the safe file");
    window.click("Stop now");
    assert_eq!(window.session.take_sent(), ["stop"]);
}

#[test]
fn a_failure_says_what_is_safe_and_what_to_do() {
    let mut window = Window::open(Begin::default());
    window.go(failed(true));
    for words in ["ffmpeg ended in the middle", "Choose another encoder.", "is safe", "08-30-28.mp4"] {
        assert!(window.shows(words), "{words}");
    }
    assert!(!window.shows("Conversion failed!"), "details are folded");
    window.click("Details");
    assert!(window.shows("Conversion failed!"));
    window.harness.get_by_label("Copy details").click();
    window.harness.step();
    window.harness.step();
    window.go(failed(false));
    assert!(window.shows("Nothing was recorded."));
}

#[test]
fn closing_asks_while_recording_and_closes_after_finishing() {
    let mut window = Window::open(Begin::default());
    window.go(State::Recording);
    window.session.take_sent();
    assert!(close_requested(&mut window).contains(&ViewportCommand::CancelClose));
    assert_eq!(window.model().dialog, Some(Dialog::CloseWhileBusy));
    window.click("Keep recording");
    assert_eq!((window.model().dialog, window.session.take_sent()), (None, vec![]));
    close_requested(&mut window);
    window.click("Stop, finish and close");
    assert_eq!(window.session.take_sent(), ["stop"]);
    window.go(FINISHING);
    window.session.set_state(done(Verdict::Good));
    window.harness.step();
    assert!(window.harness.output().viewport_output[&ViewportId::ROOT].commands.contains(&ViewportCommand::Close));
}

#[test]
fn an_idle_window_closes_without_a_question() {
    let mut window = Window::open(Begin::default());
    let commands = close_requested(&mut window);
    assert!(!commands.contains(&ViewportCommand::CancelClose));
    assert_eq!(window.model().dialog, None);
}

#[test]
fn escape_answers_a_question_with_no() {
    let mut window = Window::open(Begin::default());
    window.go(State::Recording);
    window.session.take_sent();
    close_requested(&mut window);
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!((window.model().dialog, window.session.take_sent()), (None, vec![]));
    // The safe answer has the keyboard.
    close_requested(&mut window);
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!((window.model().dialog, window.session.take_sent()), (None, vec![]));
}

/// The name of what has the keyboard.
fn focused(window: &Window) -> Option<String> {
    let root = window.harness.root();
    let node = root.children_recursive().find(egui_kittest::Node::is_focused)?;
    node.accesskit_node().label()
}

#[test]
fn the_keyboard_alone_records_and_stops() {
    let mut window = Window::open(Begin::default());
    window.session.take_sent();
    let mut seen = Vec::new();
    for _ in 0..60 {
        window.press(Modifiers::NONE, Key::Tab);
        seen.extend(focused(&window));
        if seen.len() > 1 && seen.first() == seen.last() {
            break;
        }
    }
    for name in ["Record", "Source", "Sound", "Video", "Output", "Refresh devices"] {
        assert!(seen.iter().any(|label| label == name), "Tab never came to {name}: {seen:?}");
    }
    while focused(&window).as_deref() != Some("Record") {
        window.press(Modifiers::NONE, Key::Tab);
    }
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(window.session.take_sent(), ["start"]);
    window.go(State::Recording);
    window.press(Modifiers::COMMAND, Key::R);
    assert_eq!(window.session.take_sent(), ["stop"]);
    window.go(done(Verdict::Good));
    window.press(Modifiers::COMMAND, Key::R);
    assert_eq!(window.session.take_sent(), ["start"]);
}

/// Opens a choice by its name and picks an entry.
fn choose(window: &mut Window, choice: &str, entry: &str) {
    window.harness.get_by_role_and_label(Role::ComboBox, choice).click();
    window.settle();
    window.click(entry);
}

#[test]
fn every_source_can_be_chosen() {
    let mut window = Window::open(Begin::default());
    choose(&mut window, "What to record", "Screen");
    choose(&mut window, "Which screen", "DP-1, 1920x1080, primary");
    assert_eq!(window.model().draft.source.id, "DP-1");
    choose(&mut window, "What to record", "Window");
    assert_eq!(window.model().draft.source.id, "", "a screen's id is no window's");
    assert_eq!(window.model().problems_in(Pane::Source).1, Some(Severity::Error));
    choose(&mut window, "Which window", "Editor, 1920x1080");
    assert_eq!((window.model().draft.source.id.as_str(), window.model().problems_in(Pane::Source).0), ("77", 0));
    choose(&mut window, "What to record", "Camera");
    choose(&mut window, "Which camera", "Webcam");
    choose(&mut window, "Camera mode", "640x480, 30 fps, uncompressed (YUYV)");
    let source = window.model().draft.source.clone();
    assert_eq!(
        (source.kind, source.id.as_str(), source.mode.as_str()),
        (SourceKind::Camera, "usb-1", "640x480@30 yuyv")
    );
    choose(&mut window, "What to record", "Region");
    window.click("All of DP-1");
    assert_eq!(window.model().draft.source.region, "1920x1080+0+0");
    window.click("Show the mouse pointer");
    assert!(!window.model().draft.source.show_cursor);
    choose(&mut window, "What to record", "Screen");
    assert_eq!(window.model().draft.source.id, "DP-1", "what was chosen before is still there");
}

#[test]
fn a_typed_region_is_judged_and_mended() {
    let mut begin = Begin::default();
    begin.settings.profile.source.kind = SourceKind::Region;
    let mut window = Window::open(begin);
    let field = "Region, as WIDTHxHEIGHT+X+Y";
    window.harness.get_by_role_and_label(Role::TextInput, field).focus();
    window.settle();
    window.harness.get_by_role_and_label(Role::TextInput, field).type_text("640x");
    window.settle();
    assert_eq!(window.model().draft.source.region, "640x");
    assert!(window.shows("is not a region"));
    window.session.take_sent();
    window.click("Use 1280x720+0+0");
    assert_eq!(window.model().draft.source.region, "1280x720+0+0");
    assert!(!window.shows("is not a region"));
}

#[test]
fn sounds_are_added_muted_and_taken_away() {
    let mut window = Window::open(Begin { settings: at(Pane::Sound), ..Begin::default() });
    choose(&mut window, "Sound", "Default microphone");
    window.click("Add another sound");
    choose(&mut window, "Sound 2", "Loudspeakers");
    let inputs = window.model().draft.audio.inputs.clone();
    let devices: Vec<_> = inputs.iter().map(|input| (input.device.as_str(), input.track)).collect();
    assert_eq!(devices, [("default", 1), ("out", 1)], "they are mixed unless told otherwise");
    window.session.change(busy_status);
    window.settle();
    assert!(window.shows("Level of Sound 1: peak -9 dB"));
    choose(&mut window, "Sound 1", "No sound");
    let inputs = &window.model().draft.audio.inputs;
    assert_eq!(inputs.iter().map(|input| input.device.as_str()).collect::<Vec<_>>(), ["out"]);
    window.click("Mute");
    assert!(window.model().draft.audio.inputs[0].muted);
}

#[test]
fn video_choices_reach_the_draft() {
    let mut window = Window::open(Begin { settings: at(Pane::Video), ..Begin::default() });
    assert!(window.shows("good, small file"), "the quality has words");
    choose(&mut window, "Encoder", "libx264");
    assert_eq!(window.model().draft.video.encoder, "libx264");
    choose(&mut window, "Codec", "H.265 (HEVC), smaller");
    let video = &window.model().draft.video;
    assert_eq!((video.codec.as_str(), video.encoder.as_str()), ("hevc", "auto"), "the encoder was of another codec");
    choose(&mut window, "Aim at", "Constant bitrate");
    assert_eq!(window.model().draft.video.rate_control, RateControl::Cbr);
    assert!(window.shows("2.7 GB an hour"), "6000 kbit/s");
    choose(&mut window, "Picture size", "1280x720");
    choose(&mut window, "Frames per second", "Other");
    assert!(window.shows("Another rate"));
    choose(&mut window, "Frames per second", "60");
    let video = &window.model().draft.video;
    assert_eq!((video.size.as_str(), video.fps.as_str()), ("1280x720", "60"));
}

fn at(pane: Pane) -> Settings {
    let mut settings = Begin::default().settings;
    settings.pane = pane;
    settings
}

#[test]
fn an_encoder_that_does_not_work_cannot_be_chosen() {
    let mut window = Window::open(Begin { settings: at(Pane::Video), ..Begin::default() });
    window.harness.get_by_role_and_label(Role::ComboBox, "Encoder").click();
    window.settle();
    window.harness.get_by_label("h264_nvenc (does not work here)").click();
    window.settle();
    assert_eq!(window.model().draft.video.encoder, "auto");
}

#[test]
fn the_folder_is_chosen_in_a_dialog_or_typed() {
    let picked = Picked::Folder(PathBuf::from("/data/films"));
    let mut window = Window::open(Begin { settings: at(Pane::Output), picked, ..Begin::default() });
    assert!(window.shows("/home/me/Videos/2026-11-23 08-30-28.mp4"), "a live example");
    window.click("Choose…");
    window.until(|model| model.draft.output.folder == "/data/films");
    assert!(window.shows("/data/films/2026-11-23 08-30-28.mp4"));
}

#[test]
fn a_desktop_without_dialogs_is_told_and_typing_still_works() {
    let mut window = Window::open(Begin { settings: at(Pane::Output), picked: Picked::NoDialog, ..Begin::default() });
    window.click("Choose…");
    window.until(|model| !model.notices.is_empty());
    assert!(window.shows("No file dialog is available."));
    window.click("Dismiss");
    assert!(!window.shows("No file dialog is available."));
    window.harness.get_by_role_and_label(Role::TextInput, "Folder").focus();
    window.settle();
    window.harness.get_by_role_and_label(Role::TextInput, "Folder").type_text("/x");
    window.settle();
    assert!(window.model().draft.output.folder.contains("/x"));
}

#[test]
fn resetting_asks_first() {
    let mut settings = at(Pane::Output);
    settings.profile.video.crf = 40;
    let mut window = Window::open(Begin { settings, ..Begin::default() });
    window.click("Reset all settings…");
    assert_eq!(window.model().draft.video.crf, 40);
    window.click("Reset");
    assert_eq!(window.model().draft.video.crf, 23);
}

#[test]
fn what_stands_in_the_way_is_said_and_shown() {
    let mut settings = at(Pane::Source);
    settings.profile.video.fps = "fast".to_owned();
    let mut window = Window::open(Begin { settings, ..Begin::default() });
    window.session.take_sent();
    window.click("Record");
    assert_eq!((window.session.take_sent(), window.model().stage()), (vec![], Stage::Ready));
    assert_eq!(window.model().pane, Pane::Video, "the pane with the field opens");
    assert!(window.shows("Cannot record yet"));
}

#[test]
fn without_ffmpeg_the_window_says_so_where_it_matters() {
    let mut found = everything();
    found.ffmpeg = Err("ffmpeg is not installed; install it with: sudo apt install ffmpeg".to_owned());
    let mut window = Window::open(Begin { found, ..Begin::default() });
    assert!(window.shows("sudo apt install ffmpeg") && window.shows("No ffmpeg"));
    window.session.take_sent();
    window.click("Record");
    assert_eq!(window.session.take_sent(), [""; 0]);
}

#[test]
fn notices_are_shown_and_put_away() {
    let mut window = Window::open(Begin::default());
    window.session.change(|status| {
        let (what, help) = ("The camera stands still.".to_owned(), "Plug it in again.".to_owned());
        status.notices.push(Notice { id: 1, severity: Severity::Warning, code: "camera_stalled", what, help });
    });
    window.settle();
    assert!(window.shows("The camera stands still.") && window.shows("Plug it in again."));
    window.click("Dismiss");
    assert!(!window.shows("The camera stands still."));
}

#[test]
fn the_preview_shows_pictures_and_says_why_there_are_none() {
    let mut window = Window::open(Begin::default());
    window.session.change(|status| status.source = SourceStatus::Opening);
    window.settle();
    assert!(window.shows("Opening the source…"));
    window.session.change(busy_status);
    window.session.show(1);
    window.settle();
    assert!(window.shows("Preview of Test pattern"));
    let gone = SourceStatus::Failed { what: "The camera is gone".into(), help: "Plug it in again".into() };
    window.session.change(|status| status.source = gone);
    window.settle();
    assert!(window.shows("The camera is gone") && window.shows("Plug it in again"));
}

#[test]
fn a_window_that_films_itself_shows_a_card_and_nobody_watches() {
    let mut begin = Begin::default();
    begin.settings.profile.source.kind = SourceKind::Screen;
    let mut window = Window::open(begin);
    window.session.change(busy_status);
    window.session.show(1);
    window.settle();
    assert!(window.shows("would show itself again and again") && !window.shows("Preview of"));
    window.session.take_commands();
    window.click("Show it once a second");
    assert!(window.shows("Preview of"));
    assert!(window.session.take_commands().iter().any(|command| matches!(command, Command::Watch(true))));
}

#[test]
fn settings_are_written_once_editing_pauses() {
    let mut window = Window::open(Begin::default());
    window.click("Video");
    window.clock.advance(Duration::from_secs(2));
    let path = window.settings.clone();
    window.until(|_| path.exists());
    let text = std::fs::read_to_string(&path).expect("settings");
    let settings: Settings = toml::from_str(&text).expect("settings in TOML");
    assert_eq!((settings.pane, settings.profile.source.kind), (Pane::Video, SourceKind::Test));
}

/// Every widget and text with its place.
fn places(window: &Window) -> Vec<(Role, String, egui::Rect)> {
    let root = window.harness.root();
    // A long text scrolls inside its field: only the field's own place counts.
    let shown = |role: Role, hidden: bool| !hidden && role != Role::TextRun;
    let nodes = root.children_recursive().filter(|node| {
        let inner = node.accesskit_node();
        shown(inner.role(), inner.is_hidden())
    });
    nodes
        .filter_map(|node| {
            let inner = node.accesskit_node();
            let words = inner.label().or_else(|| inner.value())?;
            let bounds = inner.raw_bounds()?;
            #[expect(clippy::cast_possible_truncation, reason = "places on a small window")]
            let corner = |x: f64, y: f64| egui::pos2(x as f32, y as f32);
            Some((
                inner.role(),
                words,
                egui::Rect::from_min_max(corner(bounds.x0, bounds.y0), corner(bounds.x1, bounds.y1)),
            ))
        })
        .collect()
}

fn assert_nothing_overlaps(window: &Window, where_: &str) {
    let whole = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(800.0, 500.0));
    // What is scrolled out of the side panel lies below it and is not drawn.
    let visible = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(800.0, 466.0));
    let places = places(window);
    assert!(places.len() > 10, "{where_}: {places:?}");
    for (role, words, rect) in &places {
        assert!(
            rect.left() >= whole.left() - 0.5 && rect.right() <= whole.right() + 0.5,
            "{where_}: {role:?} '{words}' is cut off: {rect:?}"
        );
    }
    let is_control = |role: Role| egui::accessibility::is_input(role);
    // So is what is scrolled below the words at the panel's foot.
    let foot = places.iter().find(|(_, words, _)| words.starts_with("The running recording")).map(|place| place.2);
    let is_below = |rect: &egui::Rect| {
        foot.is_some_and(|foot| *rect != foot && rect.left() >= foot.left() - 12.0 && rect.bottom() > foot.top() - 8.0)
    };
    let is_drawn = |rect: &egui::Rect| visible.contains_rect(*rect) && !is_below(rect);
    let drawn: Vec<_> = places.iter().filter(|(_, _, rect)| is_drawn(rect)).collect();
    for (index, (role, words, rect)) in drawn.iter().enumerate() {
        for (other_role, other_words, other) in &drawn[index + 1..] {
            let common = rect.intersect(*other);
            let overlap = common.width() > 1.0 && common.height() > 1.0;
            let relevant = is_control(*role) || is_control(*other_role);
            // A control's parts (the text of a button) lie inside it.
            let nested = rect.contains_rect(*other) || other.contains_rect(*rect);
            assert!(!overlap || !relevant || nested, "{where_}: '{words}' {rect:?} lies on '{other_words}' {other:?}");
        }
    }
}

#[test]
fn nothing_is_cut_off_or_overlaps_in_the_smallest_window() {
    for pane in Pane::ALL {
        let mut settings = at(pane);
        settings.profile.audio.inputs = vec![AudioInput::default(), AudioInput { track: 2, ..AudioInput::default() }];
        settings.profile.video.fps = "fast".to_owned();
        settings.profile.output.folder = "/home/me/a/rather/long/path/to/a/folder/for/recordings".to_owned();
        let mut window = Window::open(Begin { size: [800.0, 500.0], settings, ..Begin::default() });
        window.session.change(busy_status);
        window.session.change(|status| {
            let (what, help) = ("A line that is too long for one line in so small a window.".into(), "Help.".into());
            status.notices.push(Notice { id: 1, severity: Severity::Warning, code: "test", what, help });
        });
        window.session.show(1);
        for state in [State::Idle, State::Starting, State::Recording, FINISHING, done(Verdict::Good), failed(true)] {
            let name = format!("{pane:?} {state:?}");
            window.go(state);
            assert_nothing_overlaps(&window, &name);
            let preview = window.harness.get_by_label("Preview of Test pattern").rect();
            assert!(preview.height() > 40.0, "{name}: of the preview is left: {preview:?}");
        }
    }
}
