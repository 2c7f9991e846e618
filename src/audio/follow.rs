//! Which device an input is to hear now. Pure; knows no sound server.
//!
//! The wrong device's sound never slips in. So an input stays with the device that it heard first, and leaves it only
//! for a wish: the user of this machine makes another device the default, and the input stands for the default.
//! When a device vanishes the server names another default by itself; that is no wish, and is not followed.

use std::time::Duration;

use super::choose::{choose, default_of};
use super::device::Listing;
use super::{AudioDevice, AudioError, AudioKind, AudioSpec, Follow, InputSpec};
use crate::media::Timestamp;

/// A server that starts, and one that has lost or got back the device, settles its defaults within this time: they
/// change by its own doing. (A daemon with its modules is up in 0.2 s, a session's manager of devices in about 1.)
const SETTLES_IN: Duration = Duration::from_secs(2);

/// The device of one input, for as long as the input lives.
#[derive(Clone)]
pub(super) struct Following {
    spec: InputSpec,
    device: Option<AudioDevice>,
    before: Option<Before>,
    settled_at: Timestamp,
}

/// The last look.
#[derive(Clone)]
struct Before {
    listing: Listing,
    /// The newest default that there was of the device's kind.
    default: Option<String>,
    was_there: bool,
}

impl Following {
    /// Nothing was heard yet.
    pub(super) fn new(spec: InputSpec) -> Self {
        Self { spec, device: None, before: None, settled_at: Timestamp::from_nanos(i64::MIN) }
    }

    /// The device to be heard, given what there is; the error is why there is none. Stays with its answer until a
    /// later listing tells of a wish.
    pub(super) fn device(&mut self, listing: &Listing, now: Timestamp) -> Result<AudioDevice, AudioError> {
        let Some(device) = &self.device else { return choose(&self.spec.device, &listing.devices) };
        let kind = device.kind;
        let is_there = find(listing, &device.id, kind).is_some();
        let default = default_of(kind, &listing.devices).map(|device| device.id.clone());
        if let Some(before) = &self.before
            && (before.listing.server != listing.server || before.was_there != is_there)
        {
            self.settled_at = now + SETTLES_IN;
        }
        let wish = default.clone().filter(|default| self.is_wish(default, listing, is_there, now));
        if let Some(wished) = wish.and_then(|id| find(listing, &id, kind)) {
            self.device = Some(wished.clone());
        }
        let default = default.or_else(|| self.before.as_ref().and_then(|before| before.default.clone()));
        let wanted = self.device.as_ref().map(|device| (device.id.clone(), device.name.clone()));
        let found = wanted.as_ref().and_then(|(id, _)| find(listing, id, kind)).cloned();
        self.before = Some(Before { listing: listing.clone(), default, was_there: found.is_some() });
        found.ok_or_else(|| AudioError::DeviceGone { name: wanted.map(|(_, name)| name).unwrap_or_default() })
    }

    /// The first device was opened: from now on it is the input's own.
    pub(super) fn opened(&mut self, device: &AudioDevice, listing: &Listing) {
        if self.device.is_none() {
            let default = default_of(device.kind, &listing.devices).map(|device| device.id.clone());
            self.device = Some(device.clone());
            self.before = Some(Before { listing: listing.clone(), default, was_there: true });
        }
    }

    /// Whether it was the user who made `default` the default.
    fn is_wish(&self, default: &str, listing: &Listing, is_there: bool, now: Timestamp) -> bool {
        let stands_for_default = matches!(self.spec.device, AudioSpec::Default | AudioSpec::System);
        let (Some(device), Some(before)) = (&self.device, &self.before) else { return false };
        if !stands_for_default || self.spec.follow == Follow::Device || default == device.id || now < self.settled_at {
            return false;
        }
        let knows = |listing: &Listing, id: &str| find(listing, id, device.kind).is_some();
        // The old default vanished: the new one is the server's choice.
        let was_changed = match &before.default {
            Some(old) => old != default && knows(listing, old),
            None => true,
        };
        // While the device is gone, one that is plugged in and made the default at once is the server's choice too:
        // a hub that wakes up brings its devices back one after the other.
        was_changed && (is_there || (before.default.is_some() && knows(&before.listing, default)))
    }
}

fn find<'a>(listing: &'a Listing, id: &str, kind: AudioKind) -> Option<&'a AudioDevice> {
    listing.devices.iter().find(|device| device.id == id && device.kind == kind)
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
