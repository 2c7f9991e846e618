//! Tables of what follows from what.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::model::notices::MAX_NOTICES;
use crate::model::{WindowSize, words};
use crate::plan::{EncoderInfo, Environment, FfmpegSummary, NowName};
use crate::profile::{AudioInput, SourceKind};
use crate::session::{Failure, FailureKind, FinishedReport, FrameCounts, Notice};

fn encoder(name: &str, codec: &str, works: Works) -> EncoderInfo {
    EncoderInfo { name: name.to_owned(), codec: codec.to_owned(), works }
}

/// What a look at a machine with ffmpeg and no devices brings.
fn found() -> Found {
    let encoders = vec![
        encoder("libx264", "h264", Works::Unknown),
        encoder("h264_nvenc", "h264", Works::Unknown),
        encoder("aac", "aac", Works::Unknown),
    ];
    let ffmpeg = FfmpegSummary { version: "5.1".to_owned(), encoders, ..FfmpegSummary::default() };
    Found { listing: crate::capture::Listing::default(), audio: Ok(Vec::new()), ffmpeg: Ok(ffmpeg), opencv: None }
}

/// A model whose machine is known: ready to record the test pattern.
fn ready() -> Model {
    let environment = Environment { home: PathBuf::from("/home/me"), ..Environment::default() };
    let mut model = Model::new(Settings::default(), environment);
    model.draft.source.kind = SourceKind::Test;
    update(&mut model, Action::Opened);
    update(&mut model, Action::Surveyed(Box::new(found())));
    look(&mut model, FolderFact::Ready);
    update(&mut model, Action::ClockRead(NowName { date: "2026-11-23".into(), time: "08-30-28".into() }));
    model
}

/// The folder turns out to be like this.
fn look(model: &mut Model, folder: FolderFact) -> Vec<Effect> {
    let path = plan::wished_path(&model.draft, &model.environment).unwrap();
    let facts = OutputFacts { folder, free_bytes: Some(42_000_000_000), ..OutputFacts::default() };
    update(model, Action::OutputLookedAt { path, facts })
}

fn report(verdict: Verdict) -> FinishedReport {
    FinishedReport {
        streams: Vec::new(),
        files: Vec::new(),
        duration_s: 1.0,
        frames: FrameCounts::default(),
        latency_s: None,
        audio: Vec::new(),
        camera: None,
        verdict,
        checks: Vec::new(),
    }
}

fn failure() -> State {
    State::Failed(Box::new(Failure {
        kind: FailureKind::Encoder,
        what: "ffmpeg ended".to_owned(),
        help: "Try again.".to_owned(),
        details: Vec::new(),
        saved: None,
    }))
}

fn done() -> State {
    State::Done(Box::new(report(Verdict::Good)))
}

fn see(model: &mut Model, state: State) -> Vec<Effect> {
    update(model, Action::StatusChanged(Arc::new(Status { state, ..Status::default() })))
}

/// The commands among the effects, by name.
fn commands(effects: &[Effect]) -> Vec<&'static str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Session(Command::Preview(_)) => Some("preview"),
            Effect::Session(Command::CameraButton(_)) => Some("button"),
            Effect::Session(Command::Watch(_)) => Some("watch"),
            Effect::Session(Command::Start(_)) => Some("start"),
            Effect::Session(Command::Stop) => Some("stop"),
            Effect::Session(Command::Shutdown) => Some("shutdown"),
            Effect::Close => Some("close"),
            _ => None,
        })
        .collect()
}

#[test]
fn a_recording_goes_through_its_life() {
    let mut model = ready();
    assert_eq!(model.stage(), Stage::Ready);
    let started = update(&mut model, Action::RecordPressed);
    assert_eq!(commands(&started), ["start"]);
    assert_eq!(model.stage(), Stage::Starting);
    see(&mut model, State::Starting);
    see(&mut model, State::Recording);
    assert_eq!(model.stage(), Stage::Recording);
    assert_eq!(commands(&update(&mut model, Action::RecordPressed)), ["stop"]);
    assert_eq!(model.stage(), Stage::Finishing);
    see(&mut model, State::Finalizing { progress: None, step: "checking" });
    assert!(!model.shows_result());
    see(&mut model, done());
    assert!(model.shows_result() && model.can_record());
    update(&mut model, Action::ResultDismissed);
    assert!(!model.shows_result());
}

#[test]
fn a_double_click_starts_once_and_does_not_break_the_finishing_off() {
    let mut model = ready();
    update(&mut model, Action::RecordPressed);
    see(&mut model, State::Recording);
    update(&mut model, Action::RecordPressed);
    // The session has not answered yet, then it is finalising: neither press is a second stop.
    assert_eq!(commands(&update(&mut model, Action::RecordPressed)), [""; 0]);
    see(&mut model, State::Finalizing { progress: None, step: "checking" });
    assert_eq!(commands(&update(&mut model, Action::RecordPressed)), [""; 0]);
}

#[test]
fn breaking_the_finishing_off_asks_first() {
    let mut model = ready();
    update(&mut model, Action::StopNowPressed);
    assert_eq!(model.dialog, None, "nothing is being finished");
    see(&mut model, State::Finalizing { progress: Some(0.5), step: "checking" });
    assert_eq!(commands(&update(&mut model, Action::StopNowPressed)), [""; 0]);
    assert_eq!(model.dialog, Some(Dialog::StopNow));
    assert_eq!(commands(&update(&mut model, Action::Answered(Answer::KeepGoing))), [""; 0]);
    update(&mut model, Action::StopNowPressed);
    assert_eq!(commands(&update(&mut model, Action::Answered(Answer::StopNow))), ["stop"]);
    assert_eq!(model.dialog, None);
}

#[test]
fn a_question_goes_when_it_has_no_object_any_more() {
    let mut model = ready();
    see(&mut model, State::Finalizing { progress: None, step: "checking" });
    update(&mut model, Action::StopNowPressed);
    see(&mut model, done());
    assert_eq!(model.dialog, None);
    assert_eq!(commands(&update(&mut model, Action::Answered(Answer::StopNow))), [""; 0]);
}

#[test]
fn a_second_failure_like_the_first_gives_the_button_back() {
    let mut model = ready();
    see(&mut model, failure());
    assert_eq!(commands(&update(&mut model, Action::RecordPressed)), ["start"]);
    for _ in 0..ANSWERED_AFTER {
        assert_eq!(model.stage(), Stage::Starting);
        see(&mut model, failure());
    }
    assert_eq!(model.stage(), Stage::Ready);
    assert!(model.shows_result());
}

#[test]
fn closing_while_busy_asks_finishes_and_closes() {
    let mut model = ready();
    see(&mut model, State::Recording);
    assert_eq!(commands(&update(&mut model, Action::CloseRequested)), [""; 0]);
    assert_eq!(model.dialog, Some(Dialog::CloseWhileBusy));
    assert_eq!(commands(&update(&mut model, Action::Answered(Answer::KeepGoing))), [""; 0]);
    assert_eq!((model.dialog, model.closing), (None, Closing::No));
    update(&mut model, Action::CloseRequested);
    assert_eq!(commands(&update(&mut model, Action::Answered(Answer::FinishAndClose))), ["stop"]);
    assert_eq!(model.closing, Closing::WhenFinished);
    assert_eq!(commands(&see(&mut model, State::Finalizing { progress: None, step: "checking" })), [""; 0]);
    assert_eq!(commands(&see(&mut model, done())), ["close"]);
}

#[test]
fn closing_while_finishing_does_not_stop_twice() {
    let mut model = ready();
    see(&mut model, State::Finalizing { progress: None, step: "checking" });
    update(&mut model, Action::CloseRequested);
    assert_eq!(commands(&update(&mut model, Action::Answered(Answer::FinishAndClose))), [""; 0]);
    assert_eq!(commands(&see(&mut model, done())), ["close"]);
}

#[test]
fn the_system_ends_the_window_without_a_question() {
    let mut model = ready();
    see(&mut model, State::Recording);
    update(&mut model, Action::CloseRequested);
    assert_eq!(commands(&update(&mut model, Action::QuitAsked)), ["stop"]);
    assert_eq!(model.dialog, None, "nobody is there to answer");
    assert_eq!(commands(&see(&mut model, State::Finalizing { progress: None, step: "checking" })), [""; 0]);
    assert_eq!(commands(&update(&mut model, Action::QuitAsked)), ["stop"], "asked twice it does not wait");
    assert_eq!(commands(&see(&mut model, failure())), ["close"], "however it ended");
    assert_eq!(commands(&update(&mut model, Action::QuitAsked)), [""; 0]);

    let mut idle = ready();
    assert_eq!(commands(&update(&mut idle, Action::QuitAsked)), ["close"]);
}

#[test]
fn a_recording_stopped_before_it_began_does_not_keep_a_closing_window() {
    let mut model = ready();
    update(&mut model, Action::RefreshPressed);
    look(&mut model, FolderFact::CanBeMade);
    assert!(matches!(update(&mut model, Action::RecordPressed)[..], [Effect::PrepareFolder(_)]));
    update(&mut model, Action::CloseRequested);
    let effects = update(&mut model, Action::Answered(Answer::FinishAndClose));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Close)), "{effects:?}");
    assert_eq!(model.closing, Closing::Now);
}

#[test]
fn a_recording_that_went_wrong_keeps_the_window_open() {
    for state in [failure(), State::Done(Box::new(report(Verdict::Broken)))] {
        let mut model = ready();
        see(&mut model, State::Recording);
        update(&mut model, Action::CloseRequested);
        update(&mut model, Action::Answered(Answer::FinishAndClose));
        assert_eq!(commands(&see(&mut model, state)), [""; 0]);
        assert!(model.closing == Closing::No && model.shows_result());
        assert_eq!(model.notices.len(), 1);
    }
}

#[test]
fn an_idle_window_closes_at_once_and_remembers() {
    let mut model = ready();
    let effects = update(&mut model, Action::CloseRequested);
    assert!(matches!(effects.as_slice(), [Effect::SaveSettings(_), Effect::Close]));
}

#[test]
fn what_stands_in_the_way_is_shown_where_it_can_be_mended() {
    let mut model = ready();
    let mut profile = model.draft.clone();
    profile.video.fps = "fast".to_owned();
    update(&mut model, Action::DraftEdited(Box::new(profile)));
    assert_eq!(model.problems_of("video.fps").count(), 1);
    assert_eq!(model.problems_in(Pane::Video), (1, Some(Severity::Error)));
    assert_eq!(commands(&update(&mut model, Action::RecordPressed)), [""; 0]);
    assert_eq!((model.stage(), model.pane), (Stage::Ready, Pane::Video));
    assert!(model.notices[0].what.starts_with("Cannot record yet"));
    let fix = Fix { label: "Use 25".into(), key: "video.fps".into(), value: "25".into() };
    update(&mut model, Action::FixApplied(fix));
    assert_eq!(model.draft.video.fps, "25");
    assert_eq!(model.problems_in(Pane::Video), (0, None));
}

#[test]
fn record_waits_for_ffmpeg_and_says_when_there_is_none() {
    let mut model = Model::new(Settings::default(), Environment::default());
    update(&mut model, Action::Opened);
    assert!(!model.can_record());
    assert_eq!(commands(&update(&mut model, Action::RecordPressed)), [""; 0]);
    assert!(model.problems.is_empty(), "nothing is judged before ffmpeg was tried out");
    let nothing = Found { ffmpeg: Err("ffmpeg was not found".into()), audio: Err("no sound server".into()), ..found() };
    let effects = update(&mut model, Action::Surveyed(Box::new(nothing)));
    assert!(effects.is_empty() && model.audio_problem.as_deref() == Some("No sound server."));
    assert!(!model.problems.is_empty());
    assert!(matches!(&model.ffmpeg, FfmpegSearch::Missing { what } if what == "ffmpeg was not found."));
    let again = update(&mut model, Action::RefreshPressed);
    assert!(matches!(again.as_slice(), [Effect::Survey { .. }]), "{again:?}");
    assert!(!model.can_record(), "ffmpeg is looked for again");
    assert!(update(&mut model, Action::RefreshPressed).is_empty(), "one search at a time");
}

fn tried(effects: &[Effect]) -> Vec<String> {
    let tried = effects.iter().find_map(|effect| match effect {
        Effect::Survey { try_encoders } => Some(try_encoders.clone()),
        _ => None,
    });
    tried.unwrap_or_default()
}

#[test]
fn an_encoder_is_tried_out_when_it_is_chosen_or_asked_about() {
    let mut model = ready();
    let choose = |model: &mut Model, encoder: &str| {
        let mut profile = model.draft.clone();
        encoder.clone_into(&mut profile.video.encoder);
        update(model, Action::DraftEdited(Box::new(profile)))
    };
    assert_eq!(tried(&choose(&mut model, "h264_nvenc")), ["h264_nvenc"]);
    let mut known = found();
    let reason = "no NVIDIA card".to_owned();
    if let Ok(ffmpeg) = &mut known.ffmpeg {
        ffmpeg.encoders[1].works = Works::No { reason };
    }
    update(&mut model, Action::Surveyed(Box::new(known)));
    assert!(model.problems_of("video.encoder").count() > 0);
    assert_eq!(tried(&choose(&mut model, "auto")), [""; 0]);
    assert_eq!(tried(&update(&mut model, Action::TryEncodersPressed)), ["libx264"], "only those not tried yet");
}

#[test]
fn a_folder_that_is_not_there_is_made_before_the_recording_begins() {
    let mut model = ready();
    update(&mut model, Action::RefreshPressed);
    look(&mut model, FolderFact::CanBeMade);
    let effects = update(&mut model, Action::RecordPressed);
    let [Effect::PrepareFolder(plan)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(model.stage(), Stage::Starting);
    let prepared = |result| Action::FolderPrepared { plan: plan.clone(), result };
    assert_eq!(commands(&update(&mut model, prepared(Ok(())))), ["start"]);
    // A second answer, or one after Stop, starts nothing.
    assert_eq!(commands(&update(&mut model, prepared(Ok(())))), [""; 0]);
}

#[test]
fn stop_while_the_folder_is_made_starts_nothing_and_a_refused_folder_is_told() {
    for refused in [false, true] {
        let mut model = ready();
        update(&mut model, Action::RefreshPressed);
        look(&mut model, FolderFact::CanBeMade);
        let effects = update(&mut model, Action::RecordPressed);
        let [Effect::PrepareFolder(plan)] = effects.as_slice() else { panic!("{effects:?}") };
        let result = if refused { Err("the disk is read-only".to_owned()) } else { Ok(()) };
        if !refused {
            assert_eq!(commands(&update(&mut model, Action::RecordPressed)), [""; 0]);
        }
        let after = update(&mut model, Action::FolderPrepared { plan: plan.clone(), result });
        assert_eq!((commands(&after), model.stage()), (vec![], Stage::Ready));
        assert_eq!(model.notices.len(), usize::from(refused));
    }
}

#[test]
fn folders_are_looked_at_one_at_a_time_and_the_last_one_counts() {
    let mut model = ready();
    assert_eq!(model.free_bytes(), Some(42_000_000_000));
    let typed = |model: &mut Model, folder: &str| {
        let mut profile = model.draft.clone();
        folder.clone_into(&mut profile.output.folder);
        update(model, Action::DraftEdited(Box::new(profile)))
    };
    let looks = |effects: &[Effect]| {
        let paths = effects.iter().filter_map(|effect| match effect {
            Effect::LookAtOutput(path) => path.parent().map(|folder| folder.to_string_lossy().into_owned()),
            _ => None,
        });
        paths.collect::<Vec<_>>()
    };
    assert_eq!(looks(&typed(&mut model, "/a")), ["/a"]);
    assert_eq!(model.free_bytes(), None, "of another folder nothing is known yet");
    assert_eq!(looks(&typed(&mut model, "/ab")), [""; 0]);
    let late = Action::OutputLookedAt { path: "/a/x.mp4".into(), facts: OutputFacts::default() };
    assert_eq!(looks(&update(&mut model, late)), ["/ab"]);
    look(&mut model, FolderFact::Ready);
    assert_eq!(model.free_bytes(), Some(42_000_000_000));
}

#[test]
fn the_preview_follows_the_draft_but_not_during_a_recording() {
    let mut model = ready();
    let edited = |model: &Model, fps: &str| {
        let mut profile = model.draft.clone();
        profile.video.fps = fps.to_owned();
        Action::DraftEdited(Box::new(profile))
    };
    let action = edited(&model, "15");
    assert_eq!(commands(&update(&mut model, action.clone())), ["preview"]);
    assert_eq!(commands(&update(&mut model, action)), [""; 0], "the same again changes nothing");
    see(&mut model, State::Recording);
    let action = edited(&model, "60");
    assert_eq!(commands(&update(&mut model, action)), [""; 0]);
    assert_eq!(commands(&see(&mut model, done())), ["preview"], "made up for afterwards");
}

#[test]
fn edits_are_remembered_once() {
    let mut model = ready();
    let mut profile = model.draft.clone();
    profile.audio.inputs.push(AudioInput::default());
    let effects = update(&mut model, Action::DraftEdited(Box::new(profile.clone())));
    assert!(matches!(&effects[0], Effect::SaveSettings(settings) if settings.profile == profile));
    assert!(update(&mut model, Action::DraftEdited(Box::new(profile))).is_empty());
    assert!(matches!(update(&mut model, Action::PaneShown(Pane::Sound))[..], [Effect::SaveSettings(_)]));
    assert!(update(&mut model, Action::PaneShown(Pane::Sound)).is_empty());
    let tiny = WindowSize { width: 1.0, height: 1.0 };
    update(&mut model, Action::WindowResized(tiny));
    assert_eq!(model.window, WindowSize::SMALLEST);
}

#[test]
fn resetting_asks_and_keeps_nothing_of_the_draft() {
    let mut model = ready();
    update(&mut model, Action::ResetPressed);
    assert_eq!(model.dialog, Some(Dialog::ResetSettings));
    update(&mut model, Action::Answered(Answer::Reset));
    assert_eq!(model.draft, Profile::default());
}

#[test]
fn folder_dialogs_open_one_at_a_time_and_always_end() {
    let mut model = ready();
    assert!(matches!(update(&mut model, Action::PickFolderPressed)[..], [Effect::PickFolder { .. }]));
    assert!(update(&mut model, Action::PickFolderPressed).is_empty());
    update(&mut model, Action::FolderPicked(Picked::Cancelled));
    assert!(!model.picking_folder && model.notices.is_empty());
    update(&mut model, Action::FolderPicked(Picked::NoDialog));
    assert!(model.notices[0].help.contains("zenity"));
    update(&mut model, Action::FolderPicked(Picked::Folder(PathBuf::from("/data/films"))));
    assert_eq!(model.draft.output.folder, "/data/films");
}

#[test]
fn each_notice_is_told_once_and_can_be_put_away() {
    let notice = |id, code, what: &str| Notice {
        id,
        severity: Severity::Warning,
        code,
        what: what.to_owned(),
        help: String::new(),
    };
    let mut model = ready();
    let status = Status {
        notices: vec![notice(1, "camera", "1 lost"), notice(2, "disk", "b"), notice(3, "camera", "2 lost")],
        ..Status::default()
    };
    update(&mut model, Action::StatusChanged(Arc::new(status.clone())));
    update(&mut model, Action::StatusChanged(Arc::new(status)));
    assert_eq!(
        model.notices.iter().map(|notice| &notice.what).collect::<Vec<_>>(),
        ["b", "2 lost"],
        "a newer count replaces the older"
    );
    let first = model.notices[0].id;
    update(&mut model, Action::NoticeDismissed(first));
    assert_eq!(model.notices.len(), 1);
    for number in 0..100 {
        let (what, help) = (number.to_string(), String::new());
        update(&mut model, Action::Told { severity: Severity::Warning, what, help });
    }
    assert_eq!(model.notices.len(), MAX_NOTICES);
    assert_eq!(model.notices.last().unwrap().what, "99");
}

#[test]
fn the_session_hears_of_a_looker_only_when_that_changes() {
    let mut model = ready();
    assert_eq!(commands(&update(&mut model, Action::Watched(true))), ["watch"]);
    assert_eq!(commands(&update(&mut model, Action::Watched(true))), [""; 0]);
    assert_eq!(commands(&update(&mut model, Action::Watched(false))), ["watch"]);
}

#[test]
fn the_plan_carries_the_moment_record_was_pressed() {
    let mut model = ready();
    let effects = update(&mut model, Action::RecordPressed);
    let [Effect::Session(Command::Start(plan))] = effects.as_slice() else { panic!("{effects:?}") };
    let path = plan.file.as_ref().unwrap().path.to_string_lossy().into_owned();
    assert!(path.contains("08-30-28"), "{path}");
    assert_eq!(words::clock(Duration::ZERO), "00:00:00");
}

#[test]
fn a_recording_takes_what_is_stored_of_its_sound_device() {
    let mut model = ready();
    let desk = crate::audio::AudioDevice {
        id: "pulseaudio:desk.monitor".to_owned(),
        name: "Monitor of Desk".to_owned(),
        kind: crate::audio::AudioKind::System,
        is_default: true,
    };
    model.sound_offsets.insert(desk.id.clone(), 12.5);
    model.environment.audio = vec![desk];
    let mut draft = model.draft.clone();
    draft.audio.inputs = vec![AudioInput { device: "system".to_owned(), offset_ms: 1.0, ..AudioInput::default() }];
    update(&mut model, Action::DraftEdited(Box::new(draft)));
    let heard = model.preview.as_ref().map(|preview| preview.audio.clone());
    let effects = update(&mut model, Action::RecordPressed);
    let [Effect::Session(Command::Start(plan))] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(plan.audio[0].offset_nanos, 13_500_000);
    assert_eq!(heard, Some(plan.audio.clone()), "and the preview as well");
    assert_eq!(model.settings().sound_offsets["pulseaudio:desk.monitor"].to_bits(), 12.5_f64.to_bits());
}
