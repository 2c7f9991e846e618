//! Cameras that come and go, and their controls while they run.

use super::state::Missed;
use super::update::{follow_preview, open_again};
use super::{DeviceSearch, Effect, Model};
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

/// What a running recording takes of a changed wish: the controls of its camera, and nothing else.
pub(super) fn steered(shown: &PreviewRequest, wanted: &PreviewRequest) -> Option<PreviewRequest> {
    let mut steered = shown.clone();
    let (now, wish) = (steered.source.as_mut()?, wanted.source.as_ref()?);
    match (&now.source, &wish.source) {
        (SourceSpec::Camera { id, .. }, SourceSpec::Camera { id: wished, .. }) if id == wished => {
            now.controls.clone_from(&wish.controls);
            Some(steered)
        }
        _ => None,
    }
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
    use crate::session::{Notice, Status};

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
