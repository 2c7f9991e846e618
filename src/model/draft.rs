//! Setting one key of a profile by its dotted name, as a problem's button does.

use crate::profile::Profile;

/// Why a key could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// There is no such key.
    #[error("the profile has no setting called '{key}'")]
    NoSuchKey {
        /// The dotted key.
        key: String,
    },
    /// The key does not take this value.
    #[error("'{value}' is no value for '{key}'")]
    BadValue {
        /// The dotted key.
        key: String,
        /// The refused value.
        value: String,
    },
}

/// A copy of `profile` with `key` (dotted; list entries by their index from 0) set to `value`, written as after
/// `--set KEY=`.
pub fn set_key(profile: &Profile, key: &str, value: &str) -> Result<Profile, DraftError> {
    let no_such_key = || DraftError::NoSuchKey { key: key.to_owned() };
    let bad_value = || DraftError::BadValue { key: key.to_owned(), value: value.to_owned() };
    let mut root = toml::Value::try_from(profile).map_err(|_| no_such_key())?;
    let mut place = &mut root;
    for part in key.split('.') {
        place = match place {
            toml::Value::Table(table) => table.get_mut(part),
            toml::Value::Array(list) => part.parse().ok().and_then(|index: usize| list.get_mut(index)),
            _ => None,
        }
        .ok_or_else(no_such_key)?;
    }
    *place = typed(place, value).ok_or_else(bad_value)?;
    root.try_into().map_err(|_| bad_value())
}

/// `text` as a value of the same type as `old`.
fn typed(old: &toml::Value, text: &str) -> Option<toml::Value> {
    Some(match old {
        toml::Value::String(_) => toml::Value::String(text.to_owned()),
        toml::Value::Integer(_) => toml::Value::Integer(text.trim().parse().ok()?),
        toml::Value::Float(_) => toml::Value::Float(text.trim().parse().ok()?),
        toml::Value::Boolean(_) => toml::Value::Boolean(text.trim().parse().ok()?),
        toml::Value::Array(_) | toml::Value::Table(_) | toml::Value::Datetime(_) => {
            let mut table: toml::Table = toml::from_str(&format!("value = {text}")).ok()?;
            table.remove("value")?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{AudioInput, RateControl};

    #[test]
    fn every_type_of_key_can_be_set() {
        let mut profile = Profile::default();
        profile.audio.inputs.push(AudioInput::default());
        let set = |key, value| set_key(&profile, key, value).unwrap();
        assert_eq!(set("video.encoder", "libx265").video.encoder, "libx265");
        assert_eq!(set("video.crf", "18").video.crf, 18);
        assert!(!set("source.show_cursor", "false").source.show_cursor);
        assert_eq!(set("video.rate_control", "cbr").video.rate_control, RateControl::Cbr);
        assert_eq!(set("audio.inputs.0.device", "system").audio.inputs[0].device, "system");
        assert_eq!(set("advanced.output", "[\"-an\"]").advanced.output, ["-an"]);
    }

    #[test]
    fn wrong_keys_and_values_are_refused() {
        let profile = Profile::default();
        assert!(matches!(set_key(&profile, "video.kodek", "h264"), Err(DraftError::NoSuchKey { .. })));
        assert!(matches!(set_key(&profile, "name.first", "x"), Err(DraftError::NoSuchKey { .. })));
        assert!(matches!(set_key(&profile, "video.crf", "high"), Err(DraftError::BadValue { .. })));
        assert!(matches!(set_key(&profile, "video.crf", "-1"), Err(DraftError::BadValue { .. })));
        assert!(matches!(set_key(&profile, "source.kind", "moon"), Err(DraftError::BadValue { .. })));
    }
}
