//! TOML text into a profile, or every fault in it at once, each with its key and line.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::credentials::credential_in;
use super::fields::{CONTROLS, Field, FieldKind, TABLE_LISTS, TABLES, field, is_name, nearest_keys};
use super::{CURRENT_VERSION, Profile};

/// A fault, or a remark, at one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The dotted key.
    pub field: String,
    /// The line in the file, from 1; `None` for a value that came from elsewhere.
    pub line: Option<usize>,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}: {}", self.field, self.what),
            None => write!(f, "{}: {}", self.field, self.what),
        }
    }
}

/// Why a text is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not TOML.
    #[error("line {line}: not valid TOML: {what}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What the reader stumbled over.
        what: String,
    },
    /// Written by a later gearcast.
    #[error(
        "version: {version} is newer than this gearcast, which reads up to {CURRENT_VERSION}: update gearcast, or use another profile; the file is left as it is"
    )]
    Newer {
        /// The version found.
        version: i64,
    },
    /// Keys with values that cannot be.
    #[error("{}", .0.iter().map(FieldError::to_string).collect::<Vec<_>>().join("\n"))]
    Fields(Vec<FieldError>),
}

/// A profile that was read, and what its reader should be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The profile, unknown keys kept.
    pub profile: Profile,
    /// Keys that this version does not know.
    pub warnings: Vec<FieldError>,
}

/// Reads a profile. Missing keys take their defaults; unknown ones are kept and warned about; a key that holds
/// a stream key or a URL with a password is refused.
pub fn parse(text: &str) -> Result<Parsed, ParseError> {
    let root = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
    let mut reading = Reading { text, errors: Vec::new(), warnings: Vec::new() };
    reading.version(root.get_ref())?;
    reading.table("", root.get_ref());
    if !reading.errors.is_empty() {
        return Err(ParseError::Fields(reading.errors));
    }
    let warnings = reading.warnings;
    let mut profile: Profile = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    profile.version = CURRENT_VERSION;
    Ok(Parsed { profile, warnings })
}

/// The name that a file gives itself, read as leniently as can be: also from newer or faulty profiles.
pub(super) fn name_of(text: &str) -> Option<String> {
    let (root, _) = DeTable::parse_recoverable(text);
    Some(root.get_ref().get("name")?.get_ref().as_str()?.to_owned())
}

fn syntax(text: &str, error: &toml::de::Error) -> ParseError {
    let line = error.span().map_or(1, |span| line_at(text, &span));
    let what = error.message().lines().next().unwrap_or("unreadable").to_owned();
    ParseError::Syntax { line, what }
}

fn line_at(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
}

/// Why `value` cannot stand at `field`; the words follow "key: ".
pub(super) fn check_value(field: &Field, value: &toml::Value) -> Result<(), String> {
    match (field.kind, value) {
        (FieldKind::Text, toml::Value::String(_))
        | (FieldKind::Flag | FieldKind::WordOrFlag(_) | FieldKind::Control, toml::Value::Boolean(_))
        | (FieldKind::Control, toml::Value::Integer(_)) => Ok(()),
        (FieldKind::Text, toml::Value::Integer(_) | toml::Value::Float(_)) => {
            Err(format!("must be a text: write \"{value}\", with the quotes"))
        }
        (FieldKind::Whole { min, max }, toml::Value::Integer(number)) => {
            if (min..=max).contains(number) {
                return Ok(());
            }
            Err(format!("{number} is out of range: {min} to {max}"))
        }
        (FieldKind::Number { min, max }, toml::Value::Integer(_) | toml::Value::Float(_)) => {
            #[expect(clippy::cast_precision_loss, reason = "compared with bounds far below 2^52")]
            let number = value.as_float().or(value.as_integer().map(|whole| whole as f64)).unwrap_or(f64::NAN);
            if (min..=max).contains(&number) {
                return Ok(());
            }
            Err(format!("{number} is out of range: {min} to {max}"))
        }
        (FieldKind::Word(words) | FieldKind::WordOrFlag(words), toml::Value::String(text))
            if words.contains(&text.as_str()) =>
        {
            Ok(())
        }
        (FieldKind::Word(words) | FieldKind::WordOrFlag(words), toml::Value::String(text)) => {
            Err(format!("'{}' is not known: one of {}", shortened(text), words.join(", ")))
        }
        (FieldKind::Texts, toml::Value::Array(items)) if items.iter().all(toml::Value::is_str) => Ok(()),
        (kind, other) => Err(format!("must be {}, not {}", wanted(kind), article(other.type_str()))),
    }
}

/// What a field wants, in words.
pub(super) fn wanted(kind: FieldKind) -> String {
    match kind {
        FieldKind::Text => "a text in quotes".to_owned(),
        FieldKind::Flag => "true or false".to_owned(),
        FieldKind::Whole { min, max } => format!("a whole number from {min} to {max}"),
        FieldKind::Number { min, max } => format!("a number from {min} to {max}"),
        FieldKind::Word(words) => format!("one of {}", words.join(", ")),
        FieldKind::WordOrFlag(words) => format!("one of {}, or true or false", words.join(", ")),
        FieldKind::Control => "a whole number, or true or false".to_owned(),
        FieldKind::Texts => "a list of texts".to_owned(),
    }
}

/// The first 40 characters, on one line: values are shown in errors, whole files are not.
pub(super) fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= 40 { line } else { format!("{}…", line.chars().take(40).collect::<String>()) }
}

fn article(type_name: &str) -> String {
    let vowel = type_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {type_name}", if vowel { "an" } else { "a" })
}

/// What in this text must not stand in a profile; the words follow "key: ".
pub(super) fn secret_in(text: &str) -> Option<String> {
    let found = credential_in(text)?;
    Some(format!("holds {found}; a profile never holds a key: leave it out here and give it with --stream-key-file"))
}

struct Reading<'t> {
    text: &'t str,
    errors: Vec<FieldError>,
    warnings: Vec<FieldError>,
}

impl Reading<'_> {
    fn fault(&mut self, field: &str, span: &Range<usize>, what: impl Into<String>) {
        let line = Some(line_at(self.text, span));
        self.errors.push(FieldError { field: field.to_owned(), line, what: what.into() });
    }

    fn version(&mut self, root: &DeTable<'_>) -> Result<(), ParseError> {
        let Some(found) = root.get("version") else { return Ok(()) };
        match plain(found.get_ref()) {
            toml::Value::Integer(version) if version > i64::from(CURRENT_VERSION) => Err(ParseError::Newer { version }),
            toml::Value::Integer(1..) => Ok(()),
            _ => {
                self.fault("version", &found.span(), format!("must be a whole number from 1 to {CURRENT_VERSION}"));
                Ok(())
            }
        }
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = match prefix {
                "" => name.get_ref().to_string(),
                _ => format!("{prefix}.{}", name.get_ref()),
            };
            if key != "version" {
                self.entry(&key, &name.span(), value);
            }
        }
    }

    fn entry(&mut self, key: &str, key_span: &Range<usize>, value: &Spanned<DeValue<'_>>) {
        let span = value.span();
        self.secrets(key, value);
        if let Some(known) = field(key) {
            if let Err(what) = check_value(known, &plain(value.get_ref())) {
                self.fault(key, &span, what);
            }
        } else if TABLES.contains(&key) {
            match value.get_ref() {
                DeValue::Table(table) => self.table(key, table),
                other => self.fault(key, &span, format!("must be a table: [{key}], not {}", article(other.type_str()))),
            }
        } else if TABLE_LISTS.contains(&key) {
            self.table_list(key, value);
        } else if key == CONTROLS {
            self.controls(value);
        } else {
            let near = nearest_keys(key);
            let hint = near.first().map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let what = format!("this version does not know this key; it is kept as it is{hint}");
            self.warnings.push(FieldError { field: key.to_owned(), line: Some(line_at(self.text, key_span)), what });
        }
    }

    /// A camera's controls: values, and tables of values named by a camera's id.
    fn controls(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            let what = format!("must be a table: [{CONTROLS}], not {}", article(value.get_ref().type_str()));
            return self.fault(CONTROLS, &value.span(), what);
        };
        for (name, value) in table {
            match value.get_ref() {
                DeValue::Table(own) => {
                    let camera = format!("{CONTROLS}.\"{}\"", name.get_ref());
                    own.iter().for_each(|(name, value)| self.control(&camera, name, value));
                }
                _ => self.control(CONTROLS, name, value),
            }
        }
    }

    fn control(&mut self, table: &str, name: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) {
        let key = format!("{table}.{}", name.get_ref());
        let control = Field { key: "", kind: FieldKind::Control };
        if !is_name(name.get_ref()) {
            self.fault(&key, &name.span(), "a control's name is written as white_balance_automatic");
        } else if let Err(what) = check_value(&control, &plain(value.get_ref())) {
            self.fault(&key, &value.span(), what);
        }
    }

    fn table_list(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(items) = value.get_ref() else {
            let what = format!("must be a list of tables: [[{key}]], not {}", article(value.get_ref().type_str()));
            return self.fault(key, &value.span(), what);
        };
        for (index, item) in items.iter().enumerate() {
            let key = format!("{key}.{index}");
            match item.get_ref() {
                DeValue::Table(table) => self.table(&key, table),
                other => self.fault(&key, &item.span(), format!("must be a table, not {}", article(other.type_str()))),
            }
        }
    }

    /// Looks at texts anywhere under known and unknown keys; tables are walked by [`Self::table`].
    fn secrets(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::String(text) => {
                let named = key.starts_with("streams.") && (key.ends_with("key") || key.ends_with("password"));
                let named = (named && !text.is_empty())
                    .then(|| "a profile never holds a key: give it with --stream-key-file".to_owned());
                if let Some(what) = named.or_else(|| secret_in(text)) {
                    self.fault(key, &value.span(), what);
                }
            }
            DeValue::Array(items) if !TABLE_LISTS.contains(&key) => {
                for item in items {
                    self.secrets(key, item);
                }
            }
            DeValue::Table(table) if !TABLES.contains(&key) => {
                for (name, value) in table {
                    self.secrets(&format!("{key}.{}", name.get_ref()), value);
                }
            }
            _ => {}
        }
    }
}

/// The value without places; a number that fits no machine number becomes NaN, which no range holds.
fn plain(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(toml::Value::Float(f64::NAN), toml::Value::Integer),
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => toml::Value::Boolean(*flag),
        DeValue::Datetime(moment) => toml::Value::Datetime(*moment),
        DeValue::Array(items) => toml::Value::Array(items.iter().map(|item| plain(item.get_ref())).collect()),
        DeValue::Table(table) => {
            let entries = table.iter().map(|(name, value)| (name.get_ref().to_string(), plain(value.get_ref())));
            toml::Value::Table(entries.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::MirrorChoice;

    fn faults(text: &str) -> Vec<FieldError> {
        match parse(text) {
            Err(ParseError::Fields(faults)) => faults,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(parse("").unwrap(), Parsed { profile: Profile::default(), warnings: Vec::new() });
    }

    #[test]
    fn every_wrong_value_is_named_with_its_line() {
        for (line, key) in [
            ("[video]\ncrf = \"high\"", "video.crf"),
            ("[video]\ncrf = 64", "video.crf"),
            ("[video]\ncrf = -1", "video.crf"),
            ("[video]\nfps = 30", "video.fps"),
            ("[video]\nrate_control = \"best\"", "video.rate_control"),
            ("[video]\nkeyframe_interval_s = nan", "video.keyframe_interval_s"),
            ("[video]\nbitrate_kbps = 99999999999999999999", "video.bitrate_kbps"),
            ("[source]\nkind = \"Screen\"", "source.kind"),
            ("[source]\nshow_cursor = 1", "source.show_cursor"),
            ("[source]\nmirror = \"left\"", "source.mirror"),
            ("[source]\ncontrols = 3", "source.controls"),
            ("[source.controls]\nbrightness = \"much\"", "source.controls.brightness"),
            ("[source.controls]\nBrightness = 3", "source.controls.Brightness"),
            ("[source.controls.\"1-1:1.0\"]\ngain = 1.5", "source.controls.\"1-1:1.0\".gain"),
            ("[audio]\ninputs = 3", "audio.inputs"),
            ("[audio]\ninputs = [3]", "audio.inputs.0"),
            ("[[audio.inputs]]\ntrack = 0", "audio.inputs.0.track"),
            ("[advanced]\noutput = [\"-x\", 1]", "advanced.output"),
            ("\nvideo = 1", "video"),
            ("\nversion = \"1\"", "version"),
            ("\nname = 1979-05-27", "name"),
            ("\nstreams = {}", "streams"),
        ] {
            let found = faults(line);
            assert_eq!((found[0].field.as_str(), found[0].line), (key, Some(2)), "{line}: {found:?}");
        }
    }

    #[test]
    fn a_mirror_is_a_word_or_a_flag() {
        for (word, choice) in [
            ("true", MirrorChoice::Preview),
            ("false", MirrorChoice::Off),
            ("\"both\"", MirrorChoice::Both),
            ("\"preview\"", MirrorChoice::Preview),
            ("\"off\"", MirrorChoice::Off),
        ] {
            let parsed = parse(&format!("[source]\nmirror = {word}")).unwrap();
            assert_eq!(parsed.profile.source.mirror, choice, "{word}");
        }
    }

    #[test]
    fn all_faults_come_at_once() {
        let found = faults("name = 1\n[video]\ncrf = 99\nfps = 1\n[output]\nengine = \"gstreamer\"");
        let mut keys: Vec<&str> = found.iter().map(|fault| fault.field.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["name", "output.engine", "video.crf", "video.fps"]);
    }

    #[test]
    fn syntax_errors_name_the_line() {
        let error = parse("version = 1\n[video\ncrf = 3").unwrap_err();
        assert!(matches!(error, ParseError::Syntax { line: 2, .. }), "{error}");
    }

    #[test]
    fn a_newer_version_is_refused() {
        assert_eq!(parse("version = 2\nvideo = 7").unwrap_err(), ParseError::Newer { version: 2 });
    }

    #[test]
    fn unknown_keys_are_kept_and_warned_about() {
        let text = "colour = 1\nborn = 1979-05-27T07:32:00Z\n[video]\nencodr = \"x\"\n[video.hdr]\npeak = 1.5\n\
                    [[audio.inputs]]\nnotes = [1, 2]\n[lights]\non = true\n";
        let parsed = parse(text).unwrap();
        let warned: Vec<(&str, usize)> =
            parsed.warnings.iter().map(|warning| (warning.field.as_str(), warning.line.unwrap())).collect();
        for expected in [("colour", 1), ("video.encodr", 4), ("audio.inputs.0.notes", 8), ("lights", 9)] {
            assert!(warned.contains(&expected), "{expected:?} in {warned:?}");
        }
        assert!(parsed.warnings.iter().any(|warning| warning.what.contains("video.encoder")));
        let written = toml::to_string(&parsed.profile).unwrap();
        assert_eq!(parse(&written).unwrap().profile, parsed.profile);
        let before: toml::Table = toml::from_str(text).unwrap();
        let after: toml::Table = toml::from_str(&written).unwrap();
        for path in [&["colour"][..], &["born"], &["video", "hdr"], &["lights"]] {
            assert_eq!(dig(&after, path), dig(&before, path), "{path:?}");
        }
    }

    fn dig<'t>(table: &'t toml::Table, path: &[&str]) -> &'t toml::Value {
        let (last, tables) = path.split_last().unwrap();
        tables.iter().fold(table, |table, name| table[*name].as_table().unwrap()).get(*last).unwrap()
    }

    #[test]
    fn keys_have_no_place_in_a_profile() {
        for (text, key) in [
            ("[[streams]]\nserver = \"rtmp://me:pw@host/app\"", "streams.0.server"),
            ("[[streams]]\nserver = \"rtmp://host/app/live_1234567890ab\"", "streams.0.server"),
            ("[[streams]]\nstream_key = \"abc\"", "streams.0.stream_key"),
            ("[advanced]\noutput = [\"-f\", \"flv\", \"rtmp://a:b@c/d\"]", "advanced.output"),
            ("[notes]\nmine = { deep = [\"srt://h?passphrase=p\"] }", "notes.mine.deep"),
        ] {
            let found = faults(text);
            assert_eq!(found[0].field, key);
            assert!(!found[0].to_string().contains("pw") && !found[0].to_string().contains("live_"), "{}", found[0]);
        }
    }

    #[test]
    fn the_name_is_read_from_what_cannot_be_read() {
        assert_eq!(name_of("version = 9\nname = \"Later\"\n[video]\ncrf = []"), Some("Later".to_owned()));
        assert_eq!(name_of("version = 9"), None);
    }
}
