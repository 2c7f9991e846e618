//! The one place where the model changes.

use std::path::Path;
use std::sync::Arc;

use super::notices::{self, tell};
use super::state::{Asked, FolderLook};
use super::{
    Action, Answer, Closing, DeviceSearch, Dialog, Effect, FfmpegSearch, Found, Model, Pane, Picked, Settings, Stage,
    cameras, preview_request, words,
};
use crate::audio::add_offsets;
use crate::plan::{self, Fix, FolderFact, OutputFacts, Plan, Searched, Severity, Works};
use crate::profile::{self, Profile};
use crate::session::{Command, SourceStatus, State, Status, Verdict};

/// A command is taken as answered after this many statuses even if the state looks as before: a recording that
/// fails twice in the same way at once ends where it began.
const ANSWERED_AFTER: u8 = 3;

/// Changes the model by what happened; what must be done outside is returned in order.
pub fn update(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Opened => opened(model),
        Action::DraftEdited(profile) => edit_draft(model, *profile),
        Action::FixApplied(fix) => apply_fix(model, &fix),
        Action::PaneShown(pane) => change(model, |model| model.pane = pane),
        Action::AppearanceChosen(appearance) => change(model, |model| model.appearance = appearance),
        Action::WindowResized(window) => change(model, |model| model.window = window.sane()),
        Action::RecordPressed => press_record(model),
        Action::StopNowPressed => ask(model, Dialog::StopNow),
        Action::ResetPressed => ask(model, Dialog::ResetSettings),
        Action::Answered(answer) => answered(model, answer),
        Action::RefreshPressed => refresh(model),
        Action::TryAgainPressed => open_again(model).into_iter().collect(),
        Action::DevicesChanged => cameras::changed(model),
        Action::CameraButtonPressed(key) => cameras::press(key),
        Action::TryEncodersPressed => try_encoders(model),
        Action::Surveyed(found) => surveyed(model, *found),
        Action::OutputLookedAt { path, facts } => output_looked_at(model, &path, facts),
        Action::FolderPrepared { plan, result } => folder_prepared(model, plan, result),
        Action::StatusChanged(status) => status_changed(model, status),
        Action::ClockRead(now) => {
            model.environment.now_name = now;
            Vec::new()
        }
        Action::Watched(watched) => watch(model, watched),
        Action::PickFolderPressed => pick_folder(model),
        Action::FolderPicked(picked) => folder_picked(model, picked),
        Action::ShowInFolderPressed(path) => vec![Effect::ShowInFolder(path)],
        Action::PlayPressed(path) => vec![Effect::OpenFile(path)],
        Action::CopyPressed(text) => vec![Effect::CopyText(text)],
        Action::Told { severity, what, help } => {
            tell(model, severity, what, help);
            Vec::new()
        }
        Action::NoticeDismissed(id) => {
            model.notices.retain(|notice| notice.id != id);
            Vec::new()
        }
        Action::ResultDismissed => {
            model.result_dismissed = true;
            Vec::new()
        }
        Action::CloseRequested => request_close(model),
        Action::QuitAsked => quit(model),
    }
}

fn opened(model: &mut Model) -> Vec<Effect> {
    model.devices = DeviceSearch::Running;
    model.ffmpeg = FfmpegSearch::Running;
    let try_encoders = untried(model, |name| *name == model.draft.video.encoder);
    let mut effects = vec![Effect::Survey { try_encoders }];
    effects.extend(follow_preview(model));
    effects.extend(follow_output(model));
    effects
}

/// Makes a change that is to be remembered, if it is one.
fn change(model: &mut Model, edit: impl FnOnce(&mut Model)) -> Vec<Effect> {
    let before = model.settings();
    edit(model);
    let after = model.settings();
    if before == after { Vec::new() } else { vec![Effect::SaveSettings(Box::new(after))] }
}

fn edit_draft(model: &mut Model, profile: Profile) -> Vec<Effect> {
    let encoder_before = model.draft.video.encoder.clone();
    let mut effects = change(model, |model| model.draft = profile);
    check(model);
    effects.extend(follow_preview(model));
    effects.extend(follow_output(model));
    if model.draft.video.encoder != encoder_before {
        let chosen = untried(model, |name| *name == model.draft.video.encoder);
        effects.extend(survey(model, chosen));
    }
    effects
}

fn apply_fix(model: &mut Model, fix: &Fix) -> Vec<Effect> {
    let mut draft = model.draft.clone();
    match profile::set(&mut draft, &fix.key, &fix.value) {
        Ok(()) => edit_draft(model, draft),
        Err(error) => {
            tell(model, Severity::Error, error.to_string(), "Change the setting by hand.".to_owned());
            Vec::new()
        }
    }
}

/// Judges the draft. While ffmpeg is still being tried out, what is said of encoders would be wrong.
fn check(model: &mut Model) {
    if model.ffmpeg != FfmpegSearch::Running {
        model.problems = plan::check(&model.draft, &model.environment);
    }
}

/// Asks the session to show what the draft wants. While a recording runs its plan is the whole truth, but for the
/// controls of its camera.
pub(super) fn follow_preview(model: &mut Model) -> Option<Effect> {
    let mut wanted = preview_request(&model.draft, &model.environment.listing);
    // As it will be recorded: an input that is moved when recording begins is silent for as long as it is moved later.
    add_offsets(&mut wanted.audio, &model.environment.audio, &model.sound_offsets);
    if model.is_busy() {
        wanted = cameras::steered(model.preview.as_ref()?, &wanted);
    }
    if model.closing != Closing::No || model.preview.as_ref() == Some(&wanted) {
        return None;
    }
    if model.shown_source() != wanted.source.as_ref().map(|request| &request.source) {
        // What was said of a source while it was opened is over with it.
        model.notices.retain(|notice| notice.code != Some("source"));
    }
    model.preview = Some(wanted.clone());
    Some(Effect::Session(Command::Preview(Some(wanted))))
}

/// Asks for a source that has failed once more, if nothing runs: the session opens what had failed anew.
pub(super) fn open_again(model: &mut Model) -> Option<Effect> {
    if matches!(model.status.source, SourceStatus::Failed { .. }) && !model.is_busy() {
        model.preview = None;
    }
    follow_preview(model)
}

fn press_record(model: &mut Model) -> Vec<Effect> {
    match model.stage() {
        Stage::Ready if model.can_record() => start(model),
        Stage::Starting | Stage::Recording => stop(model),
        Stage::Ready | Stage::Finishing => Vec::new(),
    }
}

fn start(model: &mut Model) -> Vec<Effect> {
    match plan::resolve(&model.draft, &model.environment) {
        Ok((mut plan, warnings)) => {
            add_offsets(&mut plan.audio, &model.environment.audio, &model.sound_offsets);
            model.problems = warnings;
            model.result_dismissed = false;
            model.notices.clear();
            if model.environment.output.folder == FolderFact::CanBeMade {
                model.asked = Some(Asked::Folder);
                return vec![Effect::PrepareFolder(Box::new(plan))];
            }
            send_start(model, Box::new(plan))
        }
        Err(problems) => {
            let worst = problems.iter().find(|problem| problem.severity == Severity::Error).or(problems.first());
            if let Some(problem) = worst {
                let (what, help) = (problem.what.clone(), problem.help.clone());
                model.pane = Pane::of_field(&problem.field);
                tell(model, Severity::Error, format!("Cannot record yet: {what}"), help);
            }
            model.problems = problems;
            Vec::new()
        }
    }
}

fn send_start(model: &mut Model, plan: Box<Plan>) -> Vec<Effect> {
    asked(model, Stage::Starting);
    vec![Effect::Session(Command::Start(plan))]
}

fn folder_prepared(model: &mut Model, plan: Box<Plan>, result: Result<(), String>) -> Vec<Effect> {
    // Stop may have been pressed meanwhile.
    if model.asked.take_if(|asked| *asked == Asked::Folder).is_none() {
        return Vec::new();
    }
    forget_output(model);
    match result {
        Ok(()) => send_start(model, plan),
        Err(what) => {
            let help = "Choose another folder in Output.".to_owned();
            tell(model, Severity::Error, format!("The folder for recordings could not be made: {what}"), help);
            follow_output(model).into_iter().collect()
        }
    }
}

fn stop(model: &mut Model) -> Vec<Effect> {
    if model.asked.take_if(|asked| *asked == Asked::Folder).is_some() {
        return Vec::new();
    }
    asked(model, Stage::Finishing);
    vec![Effect::Session(Command::Stop)]
}

fn asked(model: &mut Model, stage: Stage) {
    model.asked = Some(Asked::Command { stage, before: model.status.state.clone(), seen: 0 });
}

fn ask(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    let sensible = match dialog {
        Dialog::StopNow => model.stage() == Stage::Finishing,
        Dialog::CloseWhileBusy | Dialog::ResetSettings => true,
    };
    if sensible && model.dialog.is_none() {
        model.dialog = Some(dialog);
    }
    Vec::new()
}

fn answered(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let Some(dialog) = model.dialog.take() else { return Vec::new() };
    match answer {
        Answer::KeepGoing => {
            if dialog == Dialog::CloseWhileBusy {
                model.closing = Closing::No;
            }
            Vec::new()
        }
        Answer::FinishAndClose => finish_and_close(model, Closing::WhenFinished),
        Answer::StopNow if model.stage() == Stage::Finishing => {
            if dialog == Dialog::CloseWhileBusy {
                model.closing = Closing::WhenFinished;
            }
            vec![Effect::Session(Command::Stop)]
        }
        Answer::StopNow => Vec::new(),
        Answer::Reset => edit_draft(model, Settings::default().profile),
    }
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    if model.devices == DeviceSearch::Running {
        return Vec::new();
    }
    if matches!(model.ffmpeg, FfmpegSearch::Missing { .. }) {
        model.ffmpeg = FfmpegSearch::Running;
    }
    model.devices = DeviceSearch::Running;
    forget_output(model);
    let mut effects = vec![Effect::Survey { try_encoders: Vec::new() }];
    effects.extend(follow_output(model));
    effects
}

/// Encoders not tried yet, by name.
fn untried(model: &Model, wanted: impl Fn(&String) -> bool) -> Vec<String> {
    let all = model.environment.ffmpeg.iter().flat_map(|ffmpeg| &ffmpeg.encoders);
    let unknown = all.filter(|info| info.works == Works::Unknown).map(|info| &info.name);
    unknown.filter(|name| wanted(name)).cloned().collect()
}

fn survey(model: &mut Model, try_encoders: Vec<String>) -> Option<Effect> {
    if try_encoders.is_empty() || model.devices == DeviceSearch::Running {
        return None;
    }
    model.devices = DeviceSearch::Running;
    Some(Effect::Survey { try_encoders })
}

fn try_encoders(model: &mut Model) -> Vec<Effect> {
    let codec = &model.draft.video.codec;
    let all = model.environment.ffmpeg.iter().flat_map(|ffmpeg| &ffmpeg.encoders);
    let of_codec: Vec<String> = all.filter(|info| info.codec == *codec).map(|info| info.name.clone()).collect();
    let names = untried(model, |name| of_codec.contains(name));
    survey(model, names).into_iter().collect()
}

fn surveyed(model: &mut Model, found: Found) -> Vec<Effect> {
    let Found { listing, audio, ffmpeg, opencv } = found;
    model.devices = DeviceSearch::Done;
    model.environment.searched = Searched::Done;
    model.environment.listing = listing;
    model.audio_problem = audio.as_ref().err().map(|what| words::sentence(what));
    model.environment.audio = audio.unwrap_or_default();
    model.ffmpeg = match &ffmpeg {
        Ok(_) => FfmpegSearch::Found,
        Err(what) => FfmpegSearch::Missing { what: words::sentence(what) },
    };
    model.environment.ffmpeg = ffmpeg.ok();
    model.environment.opencv = opencv;
    check(model);
    cameras::listed(model)
}

/// Has the folder of recordings looked at when it is another one. One look at a time: each keystroke in a path
/// names another folder, and a network folder may take seconds to answer.
fn follow_output(model: &mut Model) -> Option<Effect> {
    let path = plan::wished_path(&model.draft, &model.environment)?;
    let folder = path.parent()?.to_owned();
    match &model.folder_look {
        FolderLook::Running(_) => return None,
        FolderLook::Done(known) if *known == folder => return None,
        FolderLook::Done(_) | FolderLook::Stale => {}
    }
    model.folder_look = FolderLook::Running(folder);
    model.environment.output = OutputFacts::default();
    Some(Effect::LookAtOutput(path))
}

/// What is known of the folder may have changed.
fn forget_output(model: &mut Model) {
    if matches!(model.folder_look, FolderLook::Done(_)) {
        model.folder_look = FolderLook::Stale;
    }
}

fn output_looked_at(model: &mut Model, path: &Path, facts: OutputFacts) -> Vec<Effect> {
    if let FolderLook::Running(folder) = &model.folder_look
        && path.parent() == Some(folder)
    {
        model.folder_look = FolderLook::Done(folder.clone());
        model.environment.output = facts;
    }
    let next = follow_output(model);
    check(model);
    next.into_iter().collect()
}

fn status_changed(model: &mut Model, status: Arc<Status>) -> Vec<Effect> {
    if let Some(Asked::Command { before, seen, .. }) = &mut model.asked {
        *seen = seen.saturating_add(1);
        if *before != status.state || *seen >= ANSWERED_AFTER {
            model.asked = None;
        }
    }
    notices::take(model, &status);
    let was_over = matches!(model.status.state, State::Done(_) | State::Failed(_));
    let is_over = matches!(status.state, State::Done(_) | State::Failed(_));
    if is_over && (!was_over || model.status.state != status.state) {
        model.result_dismissed = false;
    }
    model.status = status;
    if model.is_busy() {
        return Vec::new();
    }
    if matches!(model.dialog, Some(Dialog::CloseWhileBusy | Dialog::StopNow)) {
        model.dialog = None;
    }
    if matches!(model.closing, Closing::WhenFinished | Closing::WhenOver) {
        return finish_closing(model);
    }
    if is_over && !was_over {
        // The disk is fuller now.
        forget_output(model);
        notices::recording_is_over(model);
    }
    follow_preview(model).into_iter().chain(follow_output(model)).collect()
}

/// The recording that the window waited for is over: close, unless something went wrong that must be seen.
fn finish_closing(model: &mut Model) -> Vec<Effect> {
    match &model.status.state {
        _ if model.closing == Closing::WhenOver => close(model),
        // Stopped before it had begun.
        State::Idle => close(model),
        State::Done(report) if report.verdict != Verdict::Broken => close(model),
        _ => {
            model.closing = Closing::No;
            let what = "The window stays open because the recording did not end well.".to_owned();
            tell(model, Severity::Warning, what, String::new());
            Vec::new()
        }
    }
}

fn watch(model: &mut Model, watched: bool) -> Vec<Effect> {
    if model.watched == watched {
        return Vec::new();
    }
    model.watched = watched;
    vec![Effect::Session(Command::Watch(watched))]
}

fn pick_folder(model: &mut Model) -> Vec<Effect> {
    if model.picking_folder {
        return Vec::new();
    }
    model.picking_folder = true;
    vec![Effect::PickFolder { start: model.draft.output.folder.clone() }]
}

fn folder_picked(model: &mut Model, picked: Picked) -> Vec<Effect> {
    model.picking_folder = false;
    match picked {
        Picked::Folder(folder) => {
            let mut profile = model.draft.clone();
            profile.output.folder = folder.to_string_lossy().into_owned();
            edit_draft(model, profile)
        }
        Picked::Cancelled => Vec::new(),
        Picked::NoDialog => {
            let help = "Type the folder, or install a desktop portal or zenity.";
            tell(model, Severity::Warning, "No file dialog is available.".to_owned(), help.to_owned());
            Vec::new()
        }
    }
}

fn request_close(model: &mut Model) -> Vec<Effect> {
    if model.is_busy() {
        model.dialog = Some(Dialog::CloseWhileBusy);
        return Vec::new();
    }
    close(model)
}

/// Stops what runs and closes the window after it.
fn finish_and_close(model: &mut Model, closing: Closing) -> Vec<Effect> {
    let effects = match model.stage() {
        Stage::Starting | Stage::Recording => stop(model),
        // A second stop would break the finishing off.
        Stage::Finishing | Stage::Ready => Vec::new(),
    };
    // Nothing ran, or only the folder was being made.
    if !model.is_busy() {
        return close(model);
    }
    model.closing = closing;
    effects
}

/// Ends without a question. Asked again, it does not complete the file: the crash-safe one stays.
fn quit(model: &mut Model) -> Vec<Effect> {
    model.dialog = None;
    match (model.closing, model.stage()) {
        (Closing::Now, _) => Vec::new(),
        (Closing::WhenOver, Stage::Finishing) => vec![Effect::Session(Command::Stop)],
        _ => finish_and_close(model, Closing::WhenOver),
    }
}

fn close(model: &mut Model) -> Vec<Effect> {
    model.closing = Closing::Now;
    vec![Effect::SaveSettings(Box::new(model.settings())), Effect::Close]
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
