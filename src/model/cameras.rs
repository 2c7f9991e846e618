//! Cameras that come and go, and their controls while they run.

use super::state::Missed;
use super::update::{follow_preview, open_again};
use super::{DeviceSearch, Effect, Model};
use crate::audio::steer;
use crate::capture::SourceSpec;
use crate::plan::chosen_camera;
use crate::profile::SourceKind;
use crate::session::{CameraState, Command, PreviewRequest, SourceStatus};

impl Model {
    /// The id under which the draft keeps what is set on the chosen camera; empty while none is known.
    pub fn camera_id(&self) -> &str {
        // What runs goes first: a list that changed meanwhile may name another as the first one.
        if let Some(running) = self.running_camera() {
            return &running.id;
        }
        let id = self.draft.source.id.trim();
        chosen_camera(id, &self.environment.listing).map_or(id, |camera| &camera.id)
    }

    /// How the chosen camera is; `None` unless it is the one that runs. Of one that failed the last word is no more true.
    pub fn running_camera(&self) -> Option<&CameraState> {
        let Some(SourceSpec::Camera { id, .. }) = self.shown_source() else { return None };
        let is_chosen = self.draft.source.kind == SourceKind::Camera
            && id.as_deref().unwrap_or_default() == self.draft.source.id.trim();
        let runs = matches!(self.status.source, SourceStatus::Running { .. });
        self.status.camera.as_deref().filter(|_| is_chosen && runs)
    }

    /// The name of the camera that runs, if it is the chosen one: unplugged it runs on and is in no list.
    pub fn running_camera_name(&self) -> Option<&str> {
        match &self.status.source {
            SourceStatus::Running { name, .. } if self.running_camera().is_some() => Some(name),
            _ => None,
        }
    }
}

/// A device was plugged in or out. A search that runs may have missed it: another follows.
pub(super) fn changed(model: &mut Model) -> Vec<Effect> {
    if model.devices == DeviceSearch::Running {
        model.missed = Missed::Cameras;
        return Vec::new();
    }
    search(model)
}

/// As F5 does, but nothing else than the lists is touched: nobody asked for it.
fn search(model: &mut Model) -> Vec<Effect> {
    model.devices = DeviceSearch::Running;
    vec![Effect::Survey { try_encoders: Vec::new() }]
}

/// The list is there: what was missed meanwhile is looked for, and a camera that had failed is tried again.
pub(super) fn listed(model: &mut Model) -> Vec<Effect> {
    let again = match std::mem::take(&mut model.missed) {
        Missed::Cameras => search(model),
        Missed::Nothing => Vec::new(),
    };
    let is_there = chosen_camera(&model.draft.source.id, &model.environment.listing).is_some();
    let is_camera = model.draft.source.kind == SourceKind::Camera;
    let shown = if is_camera && is_there { open_again(model) } else { follow_preview(model) };
    again.into_iter().chain(shown).collect()
}

/// What a running recording takes of a changed wish: the controls of its camera, the volumes and mutes of its sound, and
/// nothing else.
pub(super) fn steered(shown: &PreviewRequest, wanted: &PreviewRequest) -> PreviewRequest {
    let mut steered = shown.clone();
    steer(steered.audio.iter_mut(), &wanted.audio);
    if let (Some(now), Some(wish)) = (steered.source.as_mut(), wanted.source.as_ref())
        && let (SourceSpec::Camera { id, .. }, SourceSpec::Camera { id: wished, .. }) = (&now.source, &wish.source)
        && id == wished
    {
        now.controls.clone_from(&wish.controls);
    }
    steered
}

/// A button among a camera's controls.
pub(super) fn press(key: String) -> Vec<Effect> {
    vec![Effect::Session(Command::CameraButton(key))]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::capture::Listing;
    use crate::model::{Action, Found, Settings, update};
    use crate::plan::{Environment, FfmpegSummary, Severity};
    use crate::profile::set_pair;
    use crate::session::{Notice, State, Status};

    fn found() -> Action {
        let (listing, ffmpeg) = (Listing::default(), Ok(FfmpegSummary::default()));
        Action::Surveyed(Box::new(Found { listing, audio: Ok(Vec::new()), ffmpeg, opencv: None }))
    }

    fn looks(effects: &[Effect]) -> usize {
        effects.iter().filter(|effect| matches!(effect, Effect::Survey { .. })).count()
    }

    #[test]
    fn what_was_said_of_a_source_goes_with_it() {
        let mut model = Model::new(Settings::default(), Environment::default());
        update(&mut model, Action::Opened);
        let say = |id, code, what: &str| Notice {
            id,
            severity: Severity::Warning,
            code,
            what: what.to_owned(),
            help: String::new(),
        };
        let notices = vec![say(1, "source", "It sends less"), say(2, "sound", "It is silent")];
        update(&mut model, Action::StatusChanged(Arc::new(Status { notices, ..Status::default() })));
        let mut edit = |pair: &str| {
            let mut profile = model.draft.clone();
            set_pair(&mut profile, pair).unwrap();
            update(&mut model, Action::DraftEdited(Box::new(profile)));
            model.notices.iter().map(|notice| notice.what.clone()).collect::<Vec<_>>()
        };
        assert_eq!(edit("source.show_cursor=false"), ["It sends less", "It is silent"], "it is the same source");
        assert_eq!(edit("source.kind=camera"), ["It is silent"]);
    }

    #[test]
    fn while_recording_the_session_hears_of_volumes_and_mutes_and_of_nothing_else() {
        let mut model = Model::new(Settings::default(), Environment::default());
        update(&mut model, Action::Opened);
        let edit = |model: &mut Model, pairs: &[&str]| {
            let mut profile = model.draft.clone();
            for pair in pairs {
                set_pair(&mut profile, pair).unwrap();
            }
            update(model, Action::DraftEdited(Box::new(profile))).into_iter().find_map(|effect| match effect {
                Effect::Session(Command::Preview(request)) => request,
                _ => None,
            })
        };
        edit(&mut model, &["source.kind=test", "audio.inputs.0.device=test", "audio.inputs.0.track=2"]);
        let status = Status { state: State::Recording, ..Status::default() };
        update(&mut model, Action::StatusChanged(Arc::new(status)));
        let louder = ["audio.inputs.0.gain_db=6", "audio.inputs.0.muted=true", "audio.inputs.0.track=3"];
        let heard = edit(&mut model, &louder).unwrap();
        let strip = &heard.audio[0];
        assert!((strip.gain_db - 6.0).abs() < 1e-6 && strip.muted && strip.track == 2, "{strip:?}");
        assert_eq!(edit(&mut model, &["audio.inputs.0.offset_ms=50", "source.kind=none"]), None);
    }

    #[test]
    fn a_camera_that_comes_during_a_search_is_looked_for_after_it() {
        let mut model = Model::new(Settings::default(), Environment::default());
        assert_eq!(looks(&update(&mut model, Action::Opened)), 1);
        assert_eq!(looks(&update(&mut model, Action::DevicesChanged)), 0, "one search at a time");
        assert_eq!(looks(&update(&mut model, Action::DevicesChanged)), 0);
        assert_eq!(looks(&update(&mut model, found())), 1);
        assert_eq!(looks(&update(&mut model, found())), 0, "both were seen by then");
        assert_eq!(looks(&update(&mut model, Action::DevicesChanged)), 1);
    }
}
