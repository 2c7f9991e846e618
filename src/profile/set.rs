//! `--set KEY=VALUE`: any key of a profile by its dotted name, the value read as that key's kind.

use toml::Value;

use super::fields::{CONTROLS, FieldKind, TABLE_LISTS, field, nearest_keys};
use super::parse::{check_value, secret_in, shortened, wanted};
use super::{Controls, Profile};

/// Why a key cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// No `=`.
    #[error("'{0}' is no KEY=VALUE: write for example video.crf=20")]
    NoEquals(String),
    /// No such key.
    #[error("{key}: no such key{}", hint(.near))]
    UnknownKey {
        /// What was written.
        key: String,
        /// Known keys like it.
        near: Vec<String>,
    },
    /// The value does not fit.
    #[error("{key}: {what}")]
    BadValue {
        /// The key.
        key: String,
        /// What is wrong and what would be right.
        what: String,
    },
}

fn hint(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

/// Sets `KEY=VALUE`. A list's next index makes a new entry: with one input there, `audio.inputs.1.device=system`
/// adds a second. An empty value for `audio.inputs`, `streams` or `source.controls` removes all entries.
pub fn set_pair(profile: &mut Profile, pair: &str) -> Result<(), SetError> {
    let (key, value) = pair.split_once('=').ok_or_else(|| SetError::NoEquals(shortened(pair)))?;
    set(profile, key.trim(), value)
}

/// Sets one key to a value written as after `--set KEY=`. On an error the profile is as it was.
pub fn set(profile: &mut Profile, key: &str, value: &str) -> Result<(), SetError> {
    let bad = |what: String| SetError::BadValue { key: key.to_owned(), what };
    if TABLE_LISTS.contains(&key) && matches!(value.trim(), "" | "[]") {
        if key == "streams" {
            profile.streams.clear();
        } else {
            profile.audio.inputs.clear();
        }
        return Ok(());
    }
    if key == CONTROLS && value.trim().is_empty() {
        profile.source.controls = Controls::default();
        return Ok(());
    }
    let known = field(key).ok_or_else(|| SetError::UnknownKey { key: shortened(key), near: nearest_keys(key) })?;
    let value = read(known.kind, value).map_err(bad)?;
    check_value(known, &value).map_err(bad)?;
    if let Some(what) = texts(&value).find_map(secret_in) {
        return Err(bad(what));
    }
    let mut root = Value::try_from(&*profile).map_err(|error| bad(error.to_string()))?;
    place(&mut root, key, value).map_err(bad)?;
    *profile = root.try_into().map_err(|error: toml::de::Error| bad(error.message().to_owned()))?;
    Ok(())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let alone = value.as_str();
    alone.into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn read(kind: FieldKind, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    let refused = || format!("'{}' is not {}", shortened(trimmed), wanted(kind));
    match kind {
        FieldKind::Text => Ok(Value::String(text.to_owned())),
        FieldKind::Word(_) => Ok(Value::String(trimmed.to_owned())),
        FieldKind::Flag => flag(trimmed).map(Value::Boolean).ok_or_else(refused),
        FieldKind::WordOrFlag(words) => Ok(match flag(trimmed).filter(|_| !words.contains(&trimmed)) {
            Some(on) => Value::Boolean(on),
            None => Value::String(trimmed.to_owned()),
        }),
        FieldKind::Control => {
            let number = trimmed.parse().map(Value::Integer).ok();
            number.or_else(|| flag(trimmed).map(Value::Boolean)).ok_or_else(refused)
        }
        FieldKind::Whole { .. } => trimmed.parse().map(Value::Integer).map_err(|_| refused()),
        FieldKind::Number { .. } => trimmed.parse().map(Value::Float).map_err(|_| refused()),
        FieldKind::Texts => read_list(trimmed),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A list as in a file (`["-tune", "film"]`) or as on a command line (`-tune film`).
fn read_list(text: &str) -> Result<Value, String> {
    if text.starts_with('[') {
        let line = format!("list = {text}");
        let mut table: toml::Table =
            line.parse().map_err(|error: toml::de::Error| format!("not a list: {}", error.message()))?;
        return table.remove("list").ok_or_else(|| "not a list".to_owned());
    }
    let words = shell_words::split(text).map_err(|_| "a quote is not closed".to_owned())?;
    Ok(Value::Array(words.into_iter().map(Value::String).collect()))
}

fn place(root: &mut Value, key: &str, value: Value) -> Result<(), String> {
    let mut at = root;
    let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
    for part in path.split('.').filter(|part| !part.is_empty()) {
        at = match at {
            Value::Table(table) => table.entry(part).or_insert_with(|| {
                let is_list = matches!(part, "inputs" | "streams");
                if is_list { Value::Array(Vec::new()) } else { Value::Table(toml::Table::new()) }
            }),
            Value::Array(items) => {
                let index: usize = part.parse().map_err(|_| format!("'{part}' is not an index"))?;
                if index > items.len() {
                    return Err(format!("there are {} entries: the next index is {}", items.len(), items.len()));
                }
                if index == items.len() {
                    items.push(Value::Table(toml::Table::new()));
                }
                &mut items[index]
            }
            _ => return Err("leads nowhere".to_owned()),
        };
    }
    let table = at.as_table_mut().ok_or_else(|| "leads nowhere".to_owned())?;
    table.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{MirrorChoice, RateControl, fields::FIELDS};

    #[test]
    fn values_are_read_by_the_keys_kind() {
        let mut profile = Profile::default();
        for pair in [
            "video.encoder=libx264",
            "video.crf=18",
            "video.fps=60",
            "video.keyframe_interval_s=1",
            "video.rate_control=cbr",
            "source.show_cursor=off",
            "source.mirror=both",
            "source.controls.brightness=-20",
            "source.controls.focus_automatic=off",
            "audio.inputs.0.device=system",
            "audio.inputs.0.gain_db=-3.5",
            "audio.inputs.1.device=a=b",
            "advanced.output=-tune film -x264-params 'a=1:b=2'",
            "advanced.before_input=[\"-re\"]",
        ] {
            set_pair(&mut profile, pair).unwrap_or_else(|error| panic!("{pair}: {error}"));
        }
        assert_eq!(
            (profile.video.encoder.as_str(), profile.video.crf, profile.video.fps.as_str()),
            ("libx264", 18, "60")
        );
        assert_eq!(profile.video.rate_control, RateControl::Cbr);
        assert!(!profile.source.show_cursor && profile.audio.inputs.len() == 2);
        assert!((profile.audio.inputs[0].gain_db + 3.5).abs() < 1e-9 && profile.audio.inputs[1].device == "a=b");
        assert_eq!(profile.advanced.output, ["-tune", "film", "-x264-params", "a=1:b=2"]);
        assert_eq!(profile.advanced.before_input, ["-re"]);
        assert_eq!(profile.source.mirror, MirrorChoice::Both);
        let controls = profile.source.controls.of("any camera");
        assert_eq!((controls["brightness"], controls["focus_automatic"]), (-20, 0));
        set_pair(&mut profile, "source.mirror=on").unwrap();
        assert_eq!(profile.source.mirror, MirrorChoice::Preview);
        set_pair(&mut profile, "source.controls=").unwrap();
        assert!(profile.source.controls.is_empty());
        set_pair(&mut profile, "audio.inputs=").unwrap();
        assert!(profile.audio.inputs.is_empty());
    }

    #[test]
    fn errors_name_the_key_and_change_nothing() {
        let mut profile = Profile::default();
        for (pair, word) in [
            ("video.crf", "KEY=VALUE"),
            ("video.crf=99", "video.crf"),
            ("video.crf=good", "video.crf"),
            ("video.encodr=x", "video.encoder"),
            ("video.keyframe_interval_s=NaN", "video.keyframe_interval_s"),
            ("source.kind=tv", "screen"),
            ("source.mirror=left", "preview"),
            ("source.controls.brightness=much", "source.controls.brightness: 'much' is not a whole number"),
            ("source.controls.1-1:1.0.brightness=3", "no such key"),
            ("audio.inputs.4.device=x", "next index is 0"),
            ("version=3", "no such key"),
            ("unknown.x=3", "no such key"),
            ("advanced.output=[1]", "advanced.output"),
            ("advanced.output=[", "advanced.output"),
            ("advanced.output='x", "quote"),
            ("streams.0.server=rtmp://a:b@c/d", "--stream-key-file"),
            ("=", "no such key"),
            ("", "KEY=VALUE"),
        ] {
            let error = set_pair(&mut profile, pair).unwrap_err().to_string();
            assert!(error.contains(word), "{pair}: {error}");
        }
        assert_eq!(profile, Profile::default());
    }

    #[test]
    fn every_key_can_be_set() {
        for field in FIELDS {
            let value = match field.kind {
                FieldKind::Text => "x",
                FieldKind::Flag | FieldKind::Control => "true",
                FieldKind::Whole { min: 8_000, .. } => "44100",
                FieldKind::Whole { .. } => "9",
                FieldKind::Number { .. } => "1.5",
                FieldKind::Word(words) | FieldKind::WordOrFlag(words) => words[0],
                FieldKind::Texts => "a b",
            };
            let key = field.key.replace('*', "0").replace("NAME", "gain");
            let mut profile = Profile::default();
            set(&mut profile, &key, value).unwrap_or_else(|error| panic!("{error}"));
            let text = toml::to_string(&profile).unwrap();
            assert!(text.contains(key.rsplit('.').next().unwrap()), "{key}");
        }
    }
}
