//! Where a found offset goes: into the user's own profile, or to the device in the settings.

use std::io::{BufRead, IsTerminal, Write};

use super::stage::Take;
use crate::app::SettingsStore;
use crate::cli::args::SyncTestArgs;
use crate::cli::record::Printer;
use crate::cli::report::Line;
use crate::profile::{AudioInput, OnTaken, Origin, Places, Store};

/// Where an offset would be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// In this profile of the user's, at this input.
    Profile { name: String, input: usize },
    /// With the device, for every recording of it.
    Device,
}

impl Target {
    /// A profile of the user's own that has the input; a file that lies elsewhere is not ours to change.
    pub(super) fn of(profile: Option<&str>, store: &Store, input: Option<usize>, heard: &AudioInput) -> Self {
        let own = profile.zip(input).and_then(|(name, input)| {
            let (parsed, origin) = store.load(name).ok()?;
            let is_named = parsed.profile.name.eq_ignore_ascii_case(name.trim());
            let is_it = parsed.profile.audio.inputs.get(input).is_some_and(|other| other.device == heard.device);
            let Origin::File(_) = origin else { return None };
            (is_named && is_it).then(|| Self::Profile { name: name.to_owned(), input })
        });
        own.unwrap_or(Self::Device)
    }
}

/// Stores the offset if that is wished: the new value, if it was stored.
pub(super) fn settle(
    args: &SyncTestArgs,
    places: &Places,
    target: &Target,
    heard: &AudioInput,
    take: &Take,
    mean_ms: f64,
    printer: &mut Printer,
) -> Option<f64> {
    let settings = SettingsStore::at(places.settings());
    let (place, before) = match (target, &take.device_id) {
        (Target::Profile { name, .. }, _) => (format!("in the profile '{name}'"), heard.offset_ms),
        (Target::Device, Some(_)) if heard.offset_ms != 0.0 => {
            // The device would get what only this input's own offset has made.
            let right = ((heard.offset_ms + mean_ms) * 10.0).round() / 10.0;
            let what = format!(
                "This input has an offset of its own ({:+.1} ms). Set it to {right:+.1} ms in its profile \
                 (audio.inputs.N.offset_ms); nothing is stored.",
                heard.offset_ms
            );
            printer.print(Line::Say(what));
            return None;
        }
        (Target::Device, Some(id)) => {
            let before = settings.sound_offsets().get(id).copied().unwrap_or(0.0);
            (format!("for '{}'", take.device_name), before)
        }
        (Target::Device, None) => {
            printer.print(Line::Say("The sound device is not listed, so its offset cannot be stored.".to_owned()));
            return None;
        }
    };
    let after = ((before + mean_ms) * 10.0).round() / 10.0;
    let what = format!("an offset of {after:+.1} ms {place}");
    if !is_wished(args, &what, printer) {
        return None;
    }
    let stored = match (target, &take.device_id) {
        (Target::Profile { name, input }, _) => into_profile(&Store::new(places.profiles()), name, *input, after),
        (Target::Device, Some(id)) => settings.store_sound_offset(id, after).map_err(|error| error.to_string()),
        (Target::Device, None) => Err("the device is not listed".to_owned()),
    };
    match stored {
        Ok(()) => {
            printer.print(Line::Say(format!("Stored {what}: recordings are in step from now on.")));
            Some(after)
        }
        Err(why) => {
            printer.print(Line::Say(format!("error: {what} could not be stored: {why}")));
            None
        }
    }
}

/// Asks people at a terminal; scripts say it with an option.
fn is_wished(args: &SyncTestArgs, what: &str, printer: &mut Printer) -> bool {
    if args.store || args.no_store {
        return args.store;
    }
    if args.json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let hint = format!("Run it again with --store to store {what}.");
        printer.print(Line::Say(hint));
        return false;
    }
    let mut err = std::io::stderr().lock();
    if write!(err, "Store {what}? [y/N] ").and_then(|()| err.flush()).is_err() {
        return false;
    }
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn into_profile(store: &Store, name: &str, input: usize, offset_ms: f64) -> Result<(), String> {
    let (mut parsed, _) = store.load(name).map_err(|error| error.to_string())?;
    let place = parsed.profile.audio.inputs.get_mut(input);
    place.ok_or_else(|| "it has no such input any more".to_owned())?.offset_ms = offset_ms;
    store.save(&parsed.profile, OnTaken::Replace).map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn an_offset_goes_to_the_users_profile_or_to_the_device() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let mut profile = Profile { name: "Mine".to_owned(), ..Profile::default() };
        let input = |device: &str| AudioInput { device: device.to_owned(), ..AudioInput::default() };
        profile.audio.inputs = vec![input("default"), input("system")];
        store.save(&profile, OnTaken::Refuse).unwrap();
        let of = |name, index| Target::of(name, &store, index, &input("system"));
        assert_eq!(of(Some("mine"), Some(1)), Target::Profile { name: "mine".to_owned(), input: 1 });
        assert_eq!(of(Some("mine"), Some(0)), Target::Device, "another input");
        for (name, index) in [(None, None), (Some("Recording"), Some(0)), (Some("mine"), None)] {
            assert_eq!(of(name, index), Target::Device);
        }
        into_profile(&store, "Mine", 1, 12.5).unwrap();
        let inputs = store.load("Mine").unwrap().0.profile.audio.inputs;
        assert_eq!(inputs.iter().map(|input| input.offset_ms).collect::<Vec<_>>(), [0.0, 12.5]);
        assert!(into_profile(&store, "Mine", 5, 1.0).is_err());
    }
}
