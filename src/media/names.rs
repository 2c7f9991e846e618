//! Names of files: those that stand for several, and those beside another.

use std::path::{Path, PathBuf};

/// Whether a name holds a place for a number: `%05d`, `%d`. `%%` is a percent sign.
pub fn has_number(name: &str) -> bool {
    let plain = name.replace("%%", "");
    plain
        .match_indices('%')
        .any(|(at, _)| plain[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('d'))
}

/// A path beside another with its extension and name changed: `take.mp4` → `take.recording.mp4`.
pub fn beside(path: &Path, infix: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(infix);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_for_a_number_is_no_percent_sign() {
        for (name, has) in [("f%05d.png", true), ("%d", true), ("100%%d.mp4", false), ("a%s", false), ("a%", false)] {
            assert_eq!(has_number(name), has, "{name}");
        }
    }

    #[test]
    fn the_infix_stands_before_the_extension() {
        assert_eq!(beside(Path::new("a/take.1.mp4"), "recording"), Path::new("a/take.1.recording.mp4"));
        assert_eq!(beside(Path::new("take"), "recording"), Path::new("take.recording"));
    }
}
