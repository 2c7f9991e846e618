//! The camera in the window: its controls with live effect, its mirror, its silence, its coming and going.

use std::sync::Arc;

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gearcast::capture::{CameraFree, CameraInfo, CameraMode, CaptureRequest, SourceSpec};
use gearcast::profile::{ControlValue, MirrorChoice, SourceKind};
use gearcast::session::{
    CameraControl, CameraState, Command, ControlKind, ControlState, Signal, SourceStatus, State, Status,
};

use crate::support::fake_window::{Begin, Window, busy_status, everything};

fn control(key: &str, name: &str, kind: ControlKind, (value, default): (i64, i64)) -> CameraControl {
    CameraControl { key: key.into(), name: name.into(), kind, value, default, state: ControlState::Free }
}

/// One control of each kind, and one that another decides.
fn controls() -> Vec<CameraControl> {
    let number = |min, max, step| ControlKind::Number { min, max, step };
    let entries = vec![(0, "Off".to_owned()), (1, "50 Hz".to_owned()), (2, "60 Hz".to_owned())];
    let exposure = control("exposure_time", "Exposure Time", number(1, 5000, 1), (157, 100));
    vec![
        control("brightness", "Brightness", number(-64, 64, 4), (0, 0)),
        control("backlight", "Backlight Compensation", ControlKind::Switch, (1, 1)),
        control("power_line_frequency", "Power Line Frequency", ControlKind::Menu(entries), (1, 1)),
        control("auto_exposure", "Auto Exposure", ControlKind::Switch, (1, 1)),
        CameraControl { state: ControlState::Inactive, ..exposure },
        control("recalibrate", "Recalibrate", ControlKind::Button, (0, 0)),
    ]
}

fn camera_status(status: &mut Status) {
    busy_status(status);
    let mode = CameraMode::parse("1280x720@30 mjpeg").unwrap();
    status.source = SourceStatus::Running { name: "Webcam".into(), size: mode.size, fps: 30.0 };
    let (signal, controls) = (Signal::Good, controls());
    status.camera = Some(Arc::new(CameraState {
        id: "usb-1".to_owned(),
        mode,
        signal,
        controls,
        whole: 100,
        lost: 0,
        damaged: 0,
        outages: 0,
        silent: std::time::Duration::ZERO,
    }));
}

fn change_camera(window: &mut Window, edit: impl FnOnce(&mut CameraState)) {
    window.session.change(|status| {
        let mut camera = (**status.camera.as_ref().unwrap()).clone();
        edit(&mut camera);
        status.camera = Some(Arc::new(camera));
    });
    window.settle();
}

fn begin() -> Begin {
    let mut begin = Begin { size: [1100.0, 1000.0], ..Begin::default() };
    begin.settings.profile.source.kind = SourceKind::Camera;
    begin
}

/// A window that shows the camera, the controls unfolded.
fn open() -> Window {
    let mut window = Window::open(begin());
    window.session.change(camera_status);
    window.session.show(1);
    window.settle();
    window.click("Camera controls");
    window.session.take_commands();
    window
}

/// What the session was asked to show last.
fn asked(window: &Window) -> CaptureRequest {
    let commands = window.session.take_commands();
    let preview = commands.iter().rev().find_map(|command| match command {
        Command::Preview(Some(preview)) => preview.source.clone(),
        _ => None,
    });
    preview.unwrap_or_else(|| panic!("no preview in {commands:?}"))
}

fn wishes(window: &Window) -> Vec<(String, ControlValue)> {
    let controls = &window.model().draft.source.controls;
    assert!(controls.any.is_empty());
    controls.by_camera.get("usb-1").into_iter().flatten().map(|(key, value)| (key.clone(), *value)).collect()
}

#[test]
fn a_slider_sets_the_camera_at_once_and_is_kept_under_its_id() {
    let mut window = open();
    window.harness.get_by_role_and_label(Role::Slider, "Brightness").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(wishes(&window), [("brightness".to_owned(), ControlValue::Number(4))], "one step of the camera");
    assert_eq!(asked(&window).controls.into_iter().collect::<Vec<_>>(), [("brightness".to_owned(), 4)]);
    // The camera takes its time, and others change by themselves: the wish stands still.
    change_camera(&mut window, |camera| camera.controls[4].value = 300);
    let slider = |window: &Window, name: &str| {
        window.harness.get_by_role_and_label(Role::Slider, name).accesskit_node().numeric_value()
    };
    assert_eq!((slider(&window, "Brightness"), slider(&window, "Exposure Time")), (Some(4.0), Some(300.0)));
    assert_eq!(wishes(&window).len(), 1);
    window.click("Reset Brightness");
    assert_eq!(wishes(&window), [("brightness".to_owned(), ControlValue::Number(0))]);
    assert_eq!(asked(&window).controls["brightness"], 0);
    assert!(!window.shows("Reset Brightness"), "nothing is left to be reset");
}

#[test]
fn switches_menus_and_buttons_work_by_their_names() {
    let mut window = open();
    window.click("Backlight Compensation");
    window.harness.get_by_role_and_label(Role::ComboBox, "Power Line Frequency").click();
    window.settle();
    window.click("60 Hz");
    let expected = [
        ("backlight".to_owned(), ControlValue::Switch(false)),
        ("power_line_frequency".to_owned(), ControlValue::Number(2)),
    ];
    assert_eq!(wishes(&window), expected);
    window.session.take_commands();
    window.click("Recalibrate");
    assert!(
        matches!(&window.session.take_commands()[..], [Command::CameraButton(key)] if key == "recalibrate"),
        "a button is pressed, nothing else is asked"
    );
    window.click("Reset all controls");
    let values: Vec<_> = asked(&window).controls.into_iter().collect();
    assert_eq!(values, [("backlight".to_owned(), 1), ("power_line_frequency".to_owned(), 1)]);
}

#[test]
fn what_another_control_decides_is_greyed_and_says_so() {
    let mut window = open();
    let node = window.harness.get_by_role_and_label(Role::Slider, "Exposure Time");
    let node = node.accesskit_node();
    assert!(node.is_disabled());
    assert_eq!(node.description().as_deref(), Some("Auto Exposure decides this."));
    assert!(!window.shows("Reset Exposure Time"), "its value is not of our making");
    change_camera(&mut window, |camera| {
        camera.controls[3].value = 0;
        camera.controls[4].state = ControlState::Free;
    });
    assert!(!window.harness.get_by_role_and_label(Role::Slider, "Exposure Time").accesskit_node().is_disabled());
    assert!(window.shows("Reset Exposure Time"));
}

#[test]
fn a_running_recording_takes_the_controls_and_nothing_else() {
    let mut window = open();
    window.go(State::Recording);
    assert!(window.shows("The running recording keeps its settings, except a camera's controls"));
    window.click("Backlight Compensation");
    assert_eq!(asked(&window).controls["backlight"], 0);
    window.harness.get_by_role_and_label(Role::ComboBox, "Camera mode").click();
    window.settle();
    window.click("640x480, 30 fps, uncompressed (YUYV)");
    assert_eq!(window.model().draft.source.mode, "640x480@30 yuyv");
    assert!(window.session.take_commands().is_empty(), "another mode is for the next recording");
    window.go(State::Idle);
    assert!(format!("{:?}", asked(&window).source).contains("640x480@30 yuyv"));
}

#[test]
fn the_mirror_is_one_click_and_never_the_recordings_by_itself() {
    let mut window = open();
    assert!(window.shows("Preview of Webcam") && !window.shows("Preview of Webcam, mirrored"));
    window.click("Mirror the preview");
    assert!(window.shows("Preview of Webcam, mirrored"));
    assert_eq!(window.model().draft.source.mirror, MirrorChoice::Preview);
    window.click("Mirror the recording too");
    assert_eq!(window.model().draft.source.mirror, MirrorChoice::Both);
    window.click("Mirror the preview");
    assert_eq!(window.model().draft.source.mirror, MirrorChoice::Off);
    assert!(window.session.take_commands().is_empty(), "the source goes on as it is");
}

#[test]
fn a_silent_camera_is_told_over_the_picture() {
    let mut window = open();
    window.click("Mirror the preview");
    window.go(State::Starting);
    change_camera(&mut window, |camera| camera.signal = Signal::Silent);
    assert!(window.shows("No signal from Webcam – waiting for it"), "nothing is recorded yet");
    window.go(State::Recording);
    assert!(window.shows("No signal from Webcam – the recording goes on"));
    assert!(!window.shows("mirrored"), "words in the picture's place stay readable");
    change_camera(&mut window, |camera| camera.signal = Signal::Good);
    assert!(!window.shows("No signal") && window.shows("mirrored"));
}

#[test]
fn who_has_the_camera_is_said_with_the_way_out() {
    let mut begin = begin();
    begin.found.listing.cameras[0].free = CameraFree::Busy { by: Some("Meet".into()) };
    let mut window = Window::open(begin);
    assert!(window.shows("Meet is using this camera. Close the other program"));
    window.session.change(camera_status);
    window.settle();
    assert!(!window.shows("Meet is using this camera"), "it is ours by now");
}

#[test]
fn a_camera_plugged_in_is_listed_and_one_that_had_failed_is_opened_again() {
    let mut begin = begin();
    begin.found.listing.cameras.clear();
    let mut window = Window::open(begin);
    let failed = SourceStatus::Failed { what: "no camera was found".into(), help: "Plug the camera in.".into() };
    window.session.change(|status| status.source = failed);
    window.settle();
    window.session.take_commands();
    let cameras: Vec<CameraInfo> = everything().listing.cameras;
    window.plugged.put(cameras);
    window.until(|model| model.environment.listing.cameras.len() == 1);
    assert!(asked(&window).controls.is_empty(), "asked for once more, although nothing else is wanted");
    window.session.change(camera_status);
    window.plugged.put(Vec::new());
    window.until(|model| model.environment.listing.cameras.is_empty());
    assert!(window.session.take_commands().is_empty(), "a camera that runs is left to run");
}

#[test]
fn a_source_that_failed_is_tried_again_by_its_button() {
    let mut window = Window::open(begin());
    assert!(!window.shows("Try again"), "nothing has failed");
    let failed = SourceStatus::Failed { what: "Webcam is in use".into(), help: "Close the other program.".into() };
    window.session.change(|status| status.source = failed);
    window.settle();
    window.session.take_commands();
    window.harness.get_by_role_and_label(Role::Button, "Try again").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::Enter);
    assert!(matches!(asked(&window).source, SourceSpec::Camera { .. }), "asked for once more, although it is the same");
    window.session.change(|status| status.source = SourceStatus::Opening);
    window.settle();
    assert!(!window.shows("Try again") && window.session.take_commands().is_empty());
}

#[test]
fn an_entry_picked_by_the_keyboard_closes_its_list() {
    let mut window = open();
    let picks = [
        (Key::Space, "640x480, 30 fps, uncompressed (YUYV)", "640x480@30 yuyv"),
        (Key::Enter, "1280x720, 30 fps, MJPEG", "1280x720@30 mjpeg"),
    ];
    for (key, entry, mode) in picks {
        window.harness.get_by_role_and_label(Role::ComboBox, "Camera mode").focus();
        window.settle();
        window.press(Modifiers::NONE, key);
        window.harness.get_by_role_and_label(Role::Button, entry).focus();
        window.settle();
        window.press(Modifiers::NONE, key);
        assert_eq!(window.model().draft.source.mode, mode);
        assert!(window.harness.query_by_role_and_label(Role::Button, "Best fitting").is_none(), "the list is closed");
        assert!(window.harness.get_by_role_and_label(Role::ComboBox, "Camera mode").is_focused());
    }
}

#[test]
fn the_keyboard_never_comes_to_what_is_not_seen() {
    let mut begin = begin();
    begin.size = [800.0, 500.0];
    let mut window = Window::open(begin);
    window.session.change(camera_status);
    window.settle();
    window.harness.get_by_label("Camera controls").click_accesskit();
    window.settle();
    let mut seen = Vec::new();
    for key in [Modifiers::NONE, Modifiers::SHIFT].into_iter().flat_map(|modifiers| [modifiers; 50]) {
        window.press(key, Key::Tab);
        let root = window.harness.root();
        let Some(node) = root.children_recursive().find(egui_kittest::Node::is_focused) else { continue };
        let node = node.accesskit_node();
        let (label, bounds) = (node.label().unwrap_or_default(), node.raw_bounds().unwrap());
        // Between the tabs and the status bar, which is 34 points high, or among what never scrolls above them.
        let tabs = window.harness.get_by_role_and_label(Role::Button, "Output").accesskit_node().raw_bounds().unwrap();
        let is_seen = bounds.y1 <= 466.0 && (bounds.y0 >= tabs.y1 || bounds.y1 <= tabs.y1 && bounds.y0 >= 0.0);
        assert!(is_seen, "{label}: {bounds:?}, tabs {tabs:?}");
        seen.push(label);
    }
    for name in ["Record", "What to record", "Reset all controls", "Refresh devices"] {
        assert!(seen.iter().any(|label| label == name), "Tab never came to {name}: {seen:?}");
    }
}

#[test]
fn a_camera_that_failed_has_no_controls_to_be_set() {
    let mut window = open();
    assert!(window.shows("Reset all controls"));
    let failed = SourceStatus::Failed { what: "Webcam sends no picture".into(), help: String::new() };
    window.session.change(|status| status.source = failed);
    window.settle();
    assert!(!window.shows("Reset all controls") && !window.shows("Now 1280x720"));
    assert!(window.shows("They are here while this camera is shown."));
}

#[test]
fn an_unplugged_camera_that_runs_on_keeps_its_name_and_its_mode_stays_readable() {
    let mut begin = begin();
    begin.settings.profile.source.id = "usb-1".to_owned();
    begin.settings.profile.source.mode = "640x480@30 yuyv".to_owned();
    begin.found.listing.cameras.clear();
    let mut window = Window::open(begin);
    let chosen = |window: &Window, name: &str| {
        window.harness.get_by_role_and_label(Role::ComboBox, name).accesskit_node().value().unwrap_or_default()
    };
    assert_eq!(chosen(&window, "Which camera"), "usb-1 (not found)", "nothing else is known of it");
    assert_eq!(chosen(&window, "Camera mode"), "640x480, 30 fps, uncompressed (YUYV)");
    window.session.change(camera_status);
    change_camera(&mut window, |camera| camera.signal = Signal::Gone);
    assert_eq!(chosen(&window, "Which camera"), "Webcam");
}

#[test]
fn the_list_says_which_modes_can_only_be_copied() {
    let mut begin = begin();
    begin.found.listing.cameras[0].modes.extend(CameraMode::parse("1920x1080@30 h264"));
    let mut window = Window::open(begin);
    window.harness.get_by_role_and_label(Role::ComboBox, "Camera mode").click();
    window.settle();
    assert!(window.shows("1280x720, 30 fps, MJPEG") && !window.shows("MJPEG (only as"));
    window.click("1920x1080, 30 fps, H.264 (only as the camera sends it)");
    assert_eq!(window.model().draft.source.mode, "1920x1080@30 h264");
}

#[test]
fn why_h264_shows_no_picture_is_said_instead_of_waiting() {
    let mut window = Window::open(begin());
    window.session.change(camera_status);
    window.settle();
    assert!(window.shows("Waiting for the first picture…"));
    change_camera(&mut window, |camera| camera.mode = CameraMode::parse("1920x1080@30 h264").unwrap());
    assert!(window.shows("This camera sends H.264: it is recorded as it comes and cannot be shown here."));
    assert!(!window.shows("Waiting for the first picture…"));
}

#[test]
fn nothing_looks_for_devices_while_no_camera_comes_or_goes() {
    let mut window = open();
    let before = window.model().environment.listing.clone();
    for _ in 0..20 {
        window.settle();
        assert_eq!(window.model().devices, gearcast::model::DeviceSearch::Done);
    }
    assert_eq!(window.model().environment.listing, before);
}

#[test]
fn every_control_has_its_place_in_the_smallest_window() {
    let mut begin = begin();
    begin.size = [800.0, 500.0];
    let mut window = Window::open(begin);
    window.session.change(camera_status);
    change_camera(&mut window, |camera| {
        "A control whose driver gave it a name that is too long for one line".clone_into(&mut camera.controls[0].name);
        camera.controls[0].value = 20;
    });
    window.harness.get_by_label("Camera controls").click_accesskit();
    window.settle();
    let root = window.harness.root();
    let mut seen = 0;
    for node in root.children_recursive() {
        let node = node.accesskit_node();
        if let (true, Some(bounds)) = (eframe::egui::accessibility::is_input(node.role()), node.raw_bounds()) {
            seen += 1;
            assert!(bounds.x0 >= -0.5 && bounds.x1 <= 800.5, "{:?} {:?}: {bounds:?}", node.role(), node.label());
        }
    }
    assert!(seen > 15, "{seen} widgets");
}
