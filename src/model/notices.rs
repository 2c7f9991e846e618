//! What the user is told above the preview: each thing once, and no longer than it is true.

use super::{Model, NoticeLine};
use crate::plan::Severity;
use crate::session::{Notice, Status};

/// Notices kept; the oldest go first.
pub(super) const MAX_NOTICES: usize = 50;
/// The session's word for a sound input that nothing is heard from.
const SOUND_LOST: &str = "audio_lost";

/// What the session has said since the last status.
pub(super) fn take(model: &mut Model, status: &Status) {
    for notice in &status.notices {
        if notice.id > model.notice_seen {
            model.notice_seen = notice.id;
            let Notice { id: _, severity, code, what, help } = notice.clone();
            add_notice(model, Some(code), severity, what, help);
        }
    }
}

/// What says that the recording goes on is over with it.
pub(super) fn recording_is_over(model: &mut Model) {
    model.notices.retain(|notice| notice.code != Some(SOUND_LOST));
}

/// Something of the window's own.
pub(super) fn tell(model: &mut Model, severity: Severity, what: String, help: String) {
    add_notice(model, None, severity, what, help);
}

fn add_notice(model: &mut Model, code: Option<&'static str>, severity: Severity, what: String, help: String) {
    // Saying the same twice does not help, but each input of sound has a word of its own.
    let of_sound = code.is_some_and(|code| code.starts_with("audio_"));
    let is_again = |notice: &NoticeLine| code.is_some() && notice.code == code && !of_sound;
    let ends = |notice: &NoticeLine| {
        let is_end = matches!(code, Some("audio_back" | "audio_moved")) && notice.code == Some(SOUND_LOST);
        is_end && names(&what).any(|name| names(&notice.what).any(|lost| lost == name))
    };
    model.notices.retain(|notice| notice.what != what && !is_again(notice) && !ends(notice));
    if model.notices.len() >= MAX_NOTICES {
        model.notices.remove(0);
    }
    model.notices.push(NoticeLine { id: model.next_notice, code, severity, what, help });
    model.next_notice += 1;
}

/// What stands between quotation marks.
fn names(what: &str) -> impl Iterator<Item = &str> {
    what.split('\'').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::{Action, Model, Settings, update};
    use crate::plan::{Environment, Severity};
    use crate::session::{Notice, State, Status};

    fn notice(id: u64, code: &'static str, what: &str) -> Notice {
        Notice { id, severity: Severity::Warning, code, what: what.to_owned(), help: String::new() }
    }

    #[test]
    fn a_lost_sound_is_put_away_when_it_is_back_and_another_ones_is_not() {
        let mut model = Model::new(Settings::default(), Environment::default());
        let lost = |id, name| notice(id, "audio_lost", &format!("The sound input '{name}' is gone"));
        let notices = vec![lost(1, "Desk"), lost(2, "USB"), notice(3, "audio_back", "'Desk' is heard again")];
        let status = Status { state: State::Recording, notices, ..Status::default() };
        update(&mut model, Action::StatusChanged(Arc::new(status)));
        let told: Vec<&str> = model.notices.iter().map(|notice| notice.what.as_str()).collect();
        assert_eq!(told, ["The sound input 'USB' is gone", "'Desk' is heard again"]);
        super::recording_is_over(&mut model);
        assert_eq!(model.notices.len(), 1, "nothing goes on any more");
    }
}
