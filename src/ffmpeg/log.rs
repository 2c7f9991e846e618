//! One line of ffmpeg's log, taken apart.
//!
//! Knows no process; lines come from `-loglevel level+info` or, from older habits, without a level.

/// How serious a line is, in ffmpeg's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For ffmpeg's makers.
    Debug,
    /// Detailed.
    Verbose,
    /// Usual.
    Info,
    /// Something is odd; it goes on.
    Warning,
    /// Something failed; it may go on.
    Error,
    /// It cannot go on.
    Fatal,
}

impl Level {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "trace" | "debug" => Self::Debug,
            "verbose" => Self::Verbose,
            "info" => Self::Info,
            "warning" | "warn" => Self::Warning,
            "error" => Self::Error,
            "fatal" | "panic" => Self::Fatal,
            _ => return None,
        })
    }
}

/// A line of the log: `[libx264 @ 0x5591c7193880] [error] width not divisible by 2 (321x241)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// How serious it is; `None` when the line does not say (a library that prints by itself).
    pub level: Option<Level>,
    /// Who speaks, without the address: an encoder, a muxer, a protocol. The innermost one.
    pub context: Option<&'a str>,
    /// What is said.
    pub message: &'a str,
}

impl<'a> LogLine<'a> {
    /// Takes a line apart; anything is a line.
    pub fn parse(line: &'a str) -> Self {
        let mut rest = line.trim();
        let (mut level, mut context) = (None, None);
        while let Some(inside) = rest.strip_prefix('[') {
            let Some(end) = inside.find(']') else { break };
            let (tag, after) = (&inside[..end], &inside[end + 1..]);
            if let Some(found) = Level::from_word(tag) {
                level = Some(found);
            } else if let Some((name, _)) = tag.split_once(" @ ") {
                // `[libx264 @ …] [Eval @ …]` and `[vost#0:0/libx264 @ …] [enc:libx264 @ …]`.
                context = Some(name.rsplit(['/', ':']).next().unwrap_or(name));
            } else {
                break;
            }
            rest = after.trim_start();
        }
        if level.is_none() {
            (level, context, rest) = library_line(rest).unwrap_or((None, context, rest));
        }
        Self { level, context, message: rest }
    }

    /// Whether the line tells of a failure; lines without a level do not.
    pub fn is_error(&self) -> bool {
        self.level.is_some_and(|level| level >= Level::Error)
    }
}

/// `x264 [error]: invalid preset 'nosuch'` and `Svt[error]: …`, which libraries print by themselves.
fn library_line(line: &str) -> Option<(Option<Level>, Option<&str>, &str)> {
    let (head, message) = line.split_once("]: ")?;
    let (name, word) = head.split_once('[')?;
    let level = Level::from_word(word.trim())?;
    let name = name.trim();
    (!name.is_empty() && !name.contains(' ')).then_some((Some(level), Some(name), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (Option<Level>, Option<&str>, &str) {
        let LogLine { level, context, message } = LogLine::parse(line);
        (level, context, message)
    }

    #[test]
    fn real_lines_are_taken_apart() {
        assert_eq!(
            parts("[libx264 @ 0x555bbecde8c0] [error] width not divisible by 2 (321x241)"),
            (Some(Level::Error), Some("libx264"), "width not divisible by 2 (321x241)")
        );
        assert_eq!(
            parts("[libx264 @ 0x55f0] [Eval @ 0x7fff] [error] Undefined constant or missing '(' in 'abc'"),
            (Some(Level::Error), Some("Eval"), "Undefined constant or missing '(' in 'abc'")
        );
        assert_eq!(
            parts("[vost#0:0/h264_nvenc @ 0x1] [enc:h264_nvenc @ 0x2] [error] Error while opening encoder"),
            (Some(Level::Error), Some("h264_nvenc"), "Error while opening encoder")
        );
        assert_eq!(parts("[fatal] Unknown encoder 'nosuch'"), (Some(Level::Fatal), None, "Unknown encoder 'nosuch'"));
        assert_eq!(
            parts("x264 [error]: invalid preset 'nosuch'"),
            (Some(Level::Error), Some("x264"), "invalid preset 'nosuch'")
        );
        assert_eq!(parts("Svt[warn]: Failed to set thread priority"), {
            (Some(Level::Warning), Some("Svt"), "Failed to set thread priority")
        });
        assert_eq!(
            parts("To ignore this, add a trailing '?' to the map."),
            (None, None, "To ignore this, add a trailing '?' to the map.")
        );
    }

    #[test]
    fn odd_lines_do_no_harm() {
        for line in ["", "[", "[]", "[error]", "[ @ ] x", "]: ", "[a @ b", "[é]: ", "x [error]: "] {
            let parsed = LogLine::parse(line);
            assert!(parsed.message.len() <= line.len());
        }
        assert_eq!(parts("[error]"), (Some(Level::Error), None, ""));
        assert_eq!(parts("[0:0] frame"), (None, None, "[0:0] frame"));
    }
}
