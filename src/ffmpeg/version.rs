//! Reads ffmpeg's version from what `-version` prints, forgivingly.
//!
//! Knows only text: distributions, nightly builds and static builds all write it their own way.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which ffmpeg it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The version as ffmpeg writes it: `5.1.9-0+deb12u1`.
    pub text: String,
    /// Major and minor number of the release; `None` for a build between releases.
    pub number: Option<(u16, u16)>,
    /// The major number of its `libavutil`, which also dates builds between releases.
    pub libavutil_major: Option<u16>,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Version {
    /// From everything `ffmpeg -version` prints; `None` if that is not ffmpeg's.
    pub fn parse(output: &str) -> Option<Self> {
        let first = output.lines().find_map(|line| line.trim().strip_prefix("ffmpeg version "))?;
        // Libav's fork of 2011 called itself ffmpeg for a while; it has none of the options we use.
        if first.contains("Libav developers") {
            return None;
        }
        let text = first.split_whitespace().next()?.trim_end_matches(',').to_owned();
        Some(Self { number: release(&text), libavutil_major: libavutil(output), text })
    }

    /// Whether it is this release or a later one. A build between releases is judged by its `libavutil`, whose
    /// major number goes up with every major release, and counts as older when it does not tell.
    pub fn at_least(&self, major: u16, minor: u16) -> bool {
        match (self.number, self.libavutil_major) {
            (Some(number), _) => number >= (major, minor),
            // libavutil 57 belongs to ffmpeg 5, 58 to 6, and so on.
            (None, Some(avutil)) => avutil.saturating_sub(52) >= major,
            (None, None) => false,
        }
    }
}

/// `5.1.9-0+deb12u1`, `n6.1.1`, `7.0.2-static`; not `N-109542-g5d9…`, `2024-01-04-git-…`, `git-2020-…`.
fn release(text: &str) -> Option<(u16, u16)> {
    let digits = text.strip_prefix(['n', 'v']).unwrap_or(text);
    let mut parts = digits.split('.');
    let major: u16 = parts.next()?.parse().ok()?;
    let minor = parts.next()?;
    let minor: u16 = minor[..minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len())].parse().ok()?;
    (major < 100).then_some((major, minor))
}

/// The line `libavutil      57. 28.100 / 57. 28.100`; what runs counts, not what it was built with.
fn libavutil(output: &str) -> Option<u16> {
    let line = output.lines().find_map(|line| line.trim().strip_prefix("libavutil"))?;
    line.rsplit('/').next()?.trim().split('.').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_distributions_and_builders_are_read() {
        for (line, text, number) in [
            (
                "ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers",
                "5.1.9-0+deb12u1",
                Some((5, 1)),
            ),
            (
                "ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c) 2000-2021 the FFmpeg developers",
                "4.4.2-0ubuntu0.22.04.1",
                Some((4, 4)),
            ),
            (
                "ffmpeg version 6.1.1-3ubuntu5 Copyright (c) 2000-2023 the FFmpeg developers",
                "6.1.1-3ubuntu5",
                Some((6, 1)),
            ),
            ("ffmpeg version n6.1.1 Copyright (c) 2000-2023 the FFmpeg developers", "n6.1.1", Some((6, 1))),
            ("ffmpeg version n7.1-dirty Copyright (c) 2000-2024", "n7.1-dirty", Some((7, 1))),
            ("ffmpeg version 8.0 Copyright (c) 2000-2025 the FFmpeg developers", "8.0", Some((8, 0))),
            (
                "ffmpeg version N-109542-g5d9e0a3c2f Copyright (c) 2000-2023 the FFmpeg developers",
                "N-109542-g5d9e0a3c2f",
                None,
            ),
            (
                "ffmpeg version 7.0.2-static https://johnvansickle.com/ffmpeg/  Copyright (c) 2000-2024",
                "7.0.2-static",
                Some((7, 0)),
            ),
            ("ffmpeg version 6.0-tessus  https://evermeet.cx/ffmpeg/  Copyright (c) 2000-2023", "6.0-tessus", {
                Some((6, 0))
            }),
            (
                "ffmpeg version 2024-01-04-git-cd4bc0d-full_build-www.gyan.dev Copyright (c) 2000-2024",
                "2024-01-04-git-cd4bc0d-full_build-www.gyan.dev",
                None,
            ),
            ("ffmpeg version 6.0-essentials_build-www.gyan.dev Copyright (c)", "6.0-essentials_build-www.gyan.dev", {
                Some((6, 0))
            }),
            ("ffmpeg version git-2020-06-26-7447045 Copyright (c)", "git-2020-06-26-7447045", None),
        ] {
            let version = Version::parse(line).unwrap();
            assert_eq!((version.text.as_str(), version.number), (text, number), "{line}");
        }
    }

    #[test]
    fn builds_between_releases_are_dated_by_their_library() {
        let nightly = "some wrapper's greeting\nffmpeg version N-109542-g5d9e Copyright (c) 2000-2023\n\
             libavutil      58.  2.100 / 58.  2.100\nlibavcodec     60.  3.100 / 60.  3.100\n";
        let version = Version::parse(nightly).unwrap();
        assert!(version.at_least(6, 1) && !version.at_least(7, 0), "{version:?}");
        let release = Version::parse("ffmpeg version 5.1.9-0+deb12u1 Copyright").unwrap();
        assert!(release.at_least(5, 1) && !release.at_least(5, 2) && !release.at_least(6, 0));
    }

    #[test]
    fn other_programs_are_not_ffmpeg() {
        for output in ["", "ffmpeg", "bash version 5.2", "ffmpeg version", "ffprobe version 5.1.9 Copyright"] {
            assert_eq!(Version::parse(output), None, "{output}");
        }
        assert_eq!(Version::parse("ffmpeg version 0.8.17-6, Copyright (c) 2000-2014 the Libav developers"), None);
    }
}
