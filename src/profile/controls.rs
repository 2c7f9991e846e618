//! What a profile wishes a camera's controls to be: brightness, exposure, focus …

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One wish: a number (also a menu's entry), or on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ControlValue {
    /// On or off.
    Switch(bool),
    /// A whole number.
    Number(i64),
}

impl ControlValue {
    /// As a camera takes it: on is 1.
    pub const fn number(self) -> i64 {
        match self {
            Self::Switch(on) => on as i64,
            Self::Number(number) => number,
        }
    }
}

/// The wishes by a control's key: `brightness`, `white_balance_automatic`.
pub type ControlValues = BTreeMap<String, ControlValue>;

/// The wishes for every camera and for single ones.
///
/// In a file `[source.controls]` holds `brightness = 128` for whichever camera it is, and a table named by a camera's
/// id for that one: `[source.controls."1-1:1.0"]`. An id holds dots, so `--set` reaches the first kind only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Entry>", into = "BTreeMap<String, Entry>")]
pub struct Controls {
    /// For whichever camera.
    pub any: ControlValues,
    /// By a camera's id; these go before [`Self::any`].
    pub by_camera: BTreeMap<String, ControlValues>,
}

/// What stands under one name in the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Value(ControlValue),
    Camera(ControlValues),
}

impl From<BTreeMap<String, Entry>> for Controls {
    fn from(entries: BTreeMap<String, Entry>) -> Self {
        let mut controls = Self::default();
        for (name, entry) in entries {
            match entry {
                Entry::Value(value) => drop(controls.any.insert(name, value)),
                Entry::Camera(values) => drop(controls.by_camera.insert(name, values)),
            }
        }
        controls
    }
}

impl From<Controls> for BTreeMap<String, Entry> {
    fn from(controls: Controls) -> Self {
        let any = controls.any.into_iter().map(|(key, value)| (key, Entry::Value(value)));
        any.chain(controls.by_camera.into_iter().map(|(id, values)| (id, Entry::Camera(values)))).collect()
    }
}

impl Controls {
    /// Whether nothing is wished.
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.by_camera.values().all(BTreeMap::is_empty)
    }

    /// What is wished for the camera of this id, its own wishes before the general ones.
    pub fn of(&self, id: &str) -> BTreeMap<String, i64> {
        let own = self.by_camera.get(id).into_iter().flatten();
        self.any.iter().chain(own).map(|(key, value)| (key.clone(), value.number())).collect()
    }

    /// Wishes it for the camera of this id; without an id for whichever camera.
    pub fn wish(&mut self, id: &str, key: &str, value: ControlValue) {
        let values = if id.is_empty() { &mut self.any } else { self.by_camera.entry(id.to_owned()).or_default() };
        values.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Profile, parse, to_toml};

    const TEXT: &str = "[source]\nkind = \"camera\"\n[source.controls]\nbrightness = 100\nfocus_automatic = false\n\
                        [source.controls.\"usb-0000:00:14.0-1\"]\nbrightness = -3\n";

    #[test]
    fn a_cameras_own_wishes_go_before_the_general_ones_and_survive_the_file() {
        let parsed = parse(TEXT).unwrap();
        assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
        let controls = &parsed.profile.source.controls;
        let of = |id: &str| controls.of(id).into_iter().collect::<Vec<_>>();
        assert_eq!(of("usb-0000:00:14.0-1"), [("brightness".into(), -3), ("focus_automatic".into(), 0)]);
        assert_eq!(of("another"), [("brightness".into(), 100), ("focus_automatic".into(), 0)]);
        let written = to_toml(&parsed.profile).unwrap();
        assert!(written.contains("focus_automatic = false"), "{written}");
        assert_eq!(parse(&written).unwrap().profile, parsed.profile);
    }

    #[test]
    fn wishes_of_a_camera_without_an_id_are_general() {
        let mut profile = Profile::default();
        assert!(profile.source.controls.is_empty() && !to_toml(&profile).unwrap().contains("controls"));
        profile.source.controls.wish("", "gain", ControlValue::Number(4));
        profile.source.controls.wish("1-1:1.0", "gain", ControlValue::Number(9));
        assert_eq!(profile.source.controls.of("1-1:1.0")["gain"], 9);
        assert_eq!(profile.source.controls.of("")["gain"], 4);
    }
}
