//! What the conductor tells of sound: devices that go and come back, and what a person who records would notice too late.

use super::Conductor;
use crate::plan::{AddressKind, Plan, Severity};
use crate::session::failure::Trouble;
use crate::session::sound::SoundNews;
use crate::session::sound_alarms::{Alarm, Audience};
use crate::session::status::FailureKind;

impl Conductor {
    pub(super) fn sound_news(&mut self, news: Option<SoundNews>) {
        match news {
            Some(SoundNews::Lost { what }) if self.starting.is_some() => self.fail(lost_sound(what)),
            Some(news) if self.recording.is_some() => {
                let (severity, Alarm { code, what, help }) = news.alarm();
                self.notice(severity, code, what, help);
            }
            _ => {}
        }
    }

    /// Tells what a person who records would notice too late.
    pub(super) fn watch_sound(&mut self) {
        let now = self.setup.clock.now();
        let is_running = self.recording.as_ref().is_some_and(|recording| !recording.is_over(now));
        if let (true, Some(alarms)) = (is_running, &mut self.sound_alarms) {
            for Alarm { code, what, help } in alarms.look(now, &self.status.audio, &self.status.tracks) {
                self.notice(Severity::Warning, code, what, help);
            }
        }
    }
}

/// Whether somebody listens while it is recorded.
pub(super) fn audience(plan: &Plan) -> Audience {
    let is_live = plan.address.as_ref().is_some_and(|address| address.kind == AddressKind::Network);
    if is_live { Audience::Live } else { Audience::Later }
}

pub(super) fn lost_sound(what: String) -> Trouble {
    Trouble::new(FailureKind::Capture, what, "Choose another sound input, or record without sound.")
}
