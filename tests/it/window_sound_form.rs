//! The form for sound: what the file type holds and the codec takes is offered, under names that a screen reader hears.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use gearcast::model::Pane;
use gearcast::profile::{AudioInput, ChannelsChoice, SourceKind};

use crate::support::fake_window::{Begin, Window};

fn window(pane: Pane, container: &str) -> Window {
    let mut begin = Begin::default();
    begin.settings.pane = pane;
    begin.settings.profile.output.container = container.to_owned();
    begin.settings.profile.audio.inputs.push(AudioInput { device: "test".to_owned(), ..AudioInput::default() });
    Window::open(begin)
}

fn open(window: &mut Window, choice: &str) {
    window.harness.get_by_role_and_label(Role::ComboBox, choice).click();
    window.settle();
}

fn choose(window: &mut Window, choice: &str, entry: &str) {
    open(window, choice);
    window.click(entry);
}

#[test]
fn sound_choices_reach_the_draft() {
    let mut window = window(Pane::Sound, "mkv");
    choose(&mut window, "Sound codec", "Opus, smaller");
    choose(&mut window, "Sound bitrate", "96 kbit/s");
    choose(&mut window, "Sample rate", "24000 Hz");
    choose(&mut window, "Channels", "Mono, enough for a voice");
    let audio = window.model().draft.audio.clone();
    assert_eq!((audio.codec.as_str(), audio.bitrate_kbps, audio.sample_rate), ("opus", 96, 24_000));
    assert_eq!(audio.channels, ChannelsChoice::Mono);
    choose(&mut window, "Sound codec", "FLAC, lossless");
    assert!(window.shows("Every sample is kept"));
    assert!(window.harness.query_by_role_and_label(Role::ComboBox, "Sound bitrate").is_none());
}

#[test]
fn a_codec_that_the_file_does_not_hold_cannot_be_chosen() {
    let mut window = window(Pane::Sound, "webm");
    assert!(window.shows("webm does not hold aac: opus is recorded."));
    open(&mut window, "Sound codec");
    window.harness.get_by_label("FLAC, lossless").click();
    window.settle();
    assert_eq!(window.model().draft.audio.codec, "aac");
    choose(&mut window, "Sound codec", "Vorbis, free, old");
    assert_eq!(window.model().draft.audio.codec, "vorbis");
    assert!(!window.shows("webm does not hold"));
}

#[test]
fn a_bitrate_that_the_codec_has_not_is_mended() {
    let mut window = window(Pane::Sound, "mkv");
    choose(&mut window, "Sound bitrate", "320 kbit/s");
    choose(&mut window, "Channels", "Mono, enough for a voice");
    assert!(window.shows("aac has no 320 kbit/s at 48000 Hz mono"));
    window.click("Use 288");
    assert_eq!(window.model().draft.audio.bitrate_kbps, 288);
    assert!(!window.shows("aac has no"));
}

#[test]
fn files_of_sound_alone_are_offered_where_there_is_sound() {
    let mut window = window(Pane::Output, "mp4");
    choose(&mut window, "File type", "M4A, AAC, plays everywhere");
    assert_eq!(window.model().draft.output.container, "m4a");
    assert!(window.shows("m4a holds no picture: the sound alone is recorded."));
    window.click("Only sound");
    assert_eq!(window.model().draft.source.kind, SourceKind::None);
    assert!(!window.shows("holds no picture"));
    let mut silent = Begin::default();
    silent.settings.pane = Pane::Output;
    let mut window = Window::open(silent);
    open(&mut window, "File type");
    assert!(window.shows("GIF,") && !window.shows("FLAC,") && !window.shows("Sound alone"));
}
