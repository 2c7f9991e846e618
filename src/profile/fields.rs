//! The table of a profile's keys: what each holds and in which range.
//!
//! Reading a file, `--set` and the suggestions for a mistyped key all follow this one table.

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number within these bounds.
    Whole {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A number within these bounds.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, or `true` for the second and `false` for the first.
    WordOrFlag(&'static [&'static str]),
    /// A whole number, or `true` or `false`: what a camera's control is set to.
    Control,
    /// A list of texts, in order.
    Texts,
}

/// One key of a profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Dotted; `*` stands for an index: `audio.inputs.*.device`, `NAME` for a name: `source.controls.NAME`.
    pub key: &'static str,
    /// What it holds.
    pub kind: FieldKind,
}

const fn text(key: &'static str) -> Field {
    Field { key, kind: FieldKind::Text }
}

const fn flag(key: &'static str) -> Field {
    Field { key, kind: FieldKind::Flag }
}

const fn whole(key: &'static str, min: i64, max: i64) -> Field {
    Field { key, kind: FieldKind::Whole { min, max } }
}

const fn number(key: &'static str, min: f64, max: f64) -> Field {
    Field { key, kind: FieldKind::Number { min, max } }
}

const fn word(key: &'static str, words: &'static [&'static str]) -> Field {
    Field { key, kind: FieldKind::Word(words) }
}

const fn texts(key: &'static str) -> Field {
    Field { key, kind: FieldKind::Texts }
}

/// Every key but `version`, in the order of a file.
pub const FIELDS: &[Field] = &[
    text("name"),
    word("source.kind", &["none", "test", "screen", "window", "region", "camera"]),
    text("source.id"),
    text("source.region"),
    text("source.mode"),
    flag("source.show_cursor"),
    Field { key: "source.mirror", kind: FieldKind::WordOrFlag(&["off", "preview", "both"]) },
    Field { key: "source.controls.NAME", kind: FieldKind::Control },
    text("video.codec"),
    text("video.encoder"),
    text("video.size"),
    text("video.fps"),
    word("video.frame_timing", &["cfr", "vfr"]),
    word("video.rate_control", &["crf", "cbr", "vbr", "lossless"]),
    whole("video.crf", 0, 63),
    whole("video.bitrate_kbps", 1, 1_000_000),
    text("video.preset"),
    number("video.keyframe_interval_s", 0.1, 60.0),
    text("video.pixel_format"),
    text("audio.codec"),
    whole("audio.bitrate_kbps", 8, 10_000),
    whole("audio.sample_rate", 8_000, 192_000),
    word("audio.channels", &["stereo", "mono"]),
    text("audio.inputs.*.device"),
    number("audio.inputs.*.gain_db", -60.0, 30.0),
    flag("audio.inputs.*.muted"),
    whole("audio.inputs.*.track", 1, 16),
    number("audio.inputs.*.offset_ms", -10_000.0, 10_000.0),
    flag("audio.inputs.*.follow_default"),
    word("output.engine", &["ffmpeg", "opencv"]),
    text("output.folder"),
    text("output.file_name"),
    text("output.container"),
    text("output.address"),
    text("output.subtitles"),
    text("streams.*.id"),
    text("streams.*.service"),
    text("streams.*.server"),
    flag("streams.*.enabled"),
    text("opencv.fourcc"),
    text("opencv.backend"),
    flag("opencv.color"),
    texts("advanced.pre_headers"),
    texts("advanced.before_input"),
    texts("advanced.inputs"),
    texts("advanced.output"),
    texts("advanced.custom"),
];

/// Tables that must be tables, and lists that must be lists of tables, with the same notation.
pub(super) const TABLES: &[&str] = &["source", "video", "audio", "output", "opencv", "advanced"];
/// See [`TABLES`].
pub(super) const TABLE_LISTS: &[&str] = &["audio.inputs", "streams"];

/// The table of a camera's controls; a table inside it is named by a camera's id, which may hold dots.
pub(super) const CONTROLS: &str = "source.controls";

/// The field with this dotted key; an index may stand where the table has `*`, a name where it has `NAME`.
pub fn field(key: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| matches(field.key, key))
}

fn matches(pattern: &str, key: &str) -> bool {
    let mut parts = key.split('.');
    pattern.split('.').all(|expected| {
        parts.next().is_some_and(|part| match expected {
            "*" => part.parse::<usize>().is_ok(),
            "NAME" => is_name(part),
            _ => part == expected,
        })
    }) && parts.next().is_none()
}

/// Whether this can be a control's key: small letters, digits and underscores.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '_' || (c.is_alphanumeric() && !c.is_uppercase()))
}

/// Up to three known keys that look like `key`, the nearest first; none when nothing is near.
pub fn nearest_keys(key: &str) -> Vec<String> {
    let wanted = key.to_ascii_lowercase();
    let last = wanted.rsplit('.').next().unwrap_or_default().to_owned();
    let index = wanted.split('.').find(|part| part.parse::<usize>().is_ok()).unwrap_or("0");
    let mut near: Vec<(usize, String)> = FIELDS
        .iter()
        .map(|field| field.key.replace('*', index))
        .map(|known| {
            let end = known.rsplit('.').next().unwrap_or_default();
            // `encoder` alone means `video.encoder`: the last part counts as much as the whole.
            let distance = edit_distance(&known, &wanted).min(edit_distance(end, &last) * 2);
            (distance, known)
        })
        .filter(|(distance, _)| *distance <= 3.max(last.len() / 2))
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// Single-character changes between two words.
fn edit_distance(a: &str, b: &str) -> usize {
    // Keys are short; a pasted page is not compared letter by letter.
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX / 4;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_an_index_is_found() {
        assert_eq!(field("audio.inputs.12.gain_db").map(|field| field.key), Some("audio.inputs.*.gain_db"));
        assert_eq!(field("source.controls.gain").map(|field| field.key), Some("source.controls.NAME"));
        for unknown in ["source.controls", "source.controls.Gain", "source.controls.1-1:1.0.gain", "source.controls."] {
            assert_eq!(field(unknown), None, "{unknown}");
        }
        for unknown in ["audio.inputs.x.gain_db", "audio.inputs.gain_db", "video", "video.crf.0", "", "version"] {
            assert_eq!(field(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn near_keys_are_named_first() {
        assert_eq!(nearest_keys("video.encodr")[0], "video.encoder");
        assert_eq!(nearest_keys("encoder")[0], "video.encoder");
        assert_eq!(nearest_keys("audio.inputs.1.gain")[0], "audio.inputs.1.gain_db");
        assert!(nearest_keys("qqqqqqqqqqqqqqqqqqqq").is_empty());
        assert!(nearest_keys(&"x".repeat(5000)).is_empty());
    }

    #[test]
    fn the_table_names_every_key_that_is_written() {
        let mut full = crate::profile::Profile::default();
        full.audio.inputs.push(crate::profile::AudioInput::default());
        full.source.controls.wish("", "gain", crate::profile::ControlValue::Number(1));
        full.streams.push(crate::profile::Stream::default());
        let table = toml::Table::try_from(&full).unwrap();
        let mut written = Vec::new();
        collect("", &toml::Value::Table(table), &mut written);
        written.retain(|key| key != "version");
        for key in &written {
            assert!(field(key).is_some(), "{key} is written but not in the table");
        }
        assert_eq!(written.len(), FIELDS.len());
    }

    fn collect(prefix: &str, value: &toml::Value, keys: &mut Vec<String>) {
        let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(table) => table.iter().for_each(|(name, value)| collect(&below(name), value, keys)),
            toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
                items.iter().enumerate().for_each(|(index, item)| collect(&below(&index.to_string()), item, keys));
            }
            _ => keys.push(prefix.to_owned()),
        }
    }
}
