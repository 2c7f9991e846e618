//! The value of a parameter, as a caller writes it.

use crate::ffmpeg::Redactor;
use crate::media::Resolution;

/// What stands beside a parameter's name: `WriteGear` takes texts, numbers, truth values, lists and nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing. For an encoder: let the container decide; for any other option: a flag without a value.
    None,
    /// `true` is a flag without a value; `false` leaves the option out.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Number(f64),
    /// Words for ffmpeg.
    Text(String),
    /// Several words: for `-clones`, `-ffpreheaders`, `-output_dimensions`.
    List(Vec<String>),
}

impl Value {
    /// The one word it is for ffmpeg; `None` for a flag and for a list.
    pub fn word(&self) -> Option<String> {
        match self {
            Self::None | Self::Flag(_) | Self::List(_) => None,
            Self::Whole(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.trim().to_owned()),
        }
    }

    /// The value in words, for messages: without what looks like a secret.
    pub(super) fn shown(&self) -> String {
        let words = match self {
            Self::None => "nothing".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(list) => format!("[{}]", list.join(", ")),
            other => format!("'{}'", other.word().unwrap_or_default()),
        };
        Redactor::default().hide(&words)
    }

    /// Two whole sides: `(640, 480)`, `[640, 480]` or `640x480`.
    pub(super) fn size(&self) -> Option<Resolution> {
        match self {
            Self::Text(text) => Resolution::parse(text),
            Self::List(sides) => match sides.as_slice() {
                [width, height] => Resolution::checked(width.trim().parse().ok()?, height.trim().parse().ok()?),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<(u32, u32)> for Value {
    fn from((width, height): (u32, u32)) -> Self {
        Self::List(vec![width.to_string(), height.to_string()])
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

impl From<&[&str]> for Value {
    fn from(list: &[&str]) -> Self {
        Self::List(list.iter().map(|word| (*word).to_owned()).collect())
    }
}

impl<const N: usize> From<[&str; N]> for Value {
    fn from(list: [&str; N]) -> Self {
        Self::from(list.as_slice())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::None, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_the_words_one_would_type() {
        for (value, word) in [
            (Value::from(20), Some("20")),
            (Value::from(29.97), Some("29.97")),
            (Value::from(" fast "), Some("fast")),
            (Value::from(true), None),
            (Value::None, None),
        ] {
            assert_eq!(value.word().as_deref(), word);
        }
    }

    #[test]
    fn a_size_is_two_whole_sides() {
        let size = Some(Resolution::new(640, 480));
        for value in [Value::from((640, 480)), Value::from("640x480"), Value::from(["640", " 480"])] {
            assert_eq!(value.size(), size);
        }
        for value in [
            Value::from(["640"]),
            Value::from(["640.5", "480"]),
            Value::from("640"),
            Value::from(640),
            Value::from((0, 480)),
        ] {
            assert_eq!(value.size(), None, "{value:?}");
        }
    }
}
