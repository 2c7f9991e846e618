//! The length in a FLAC file's header. ffmpeg's muxer learns it from its own encoder at the end; one that copies
//! packets writes zero, which players show as a file without an end.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

/// `fLaC`, the head of the first block, and of that block everything up to the checksum.
const HEAD_BYTES: usize = 26;
/// Where rate, channels, bits and length stand together: 20, 3, 5 and 36 bits.
const PROPERTIES: std::ops::Range<usize> = 18..26;
const LENGTH_MASK: u64 = (1 << 36) - 1;

/// Writes the length of its sound into the header of the file at `path`; nothing else of it changes.
pub(super) fn complete_header(path: &Path, length: Duration) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut head = [0; HEAD_BYTES];
    file.read_exact(&mut head)?;
    let completed = completed(&head, length).ok_or_else(|| io::Error::other("it does not begin as FLAC does"))?;
    file.seek(SeekFrom::Start(PROPERTIES.start as u64))?;
    file.write_all(&completed.to_be_bytes())
}

/// The properties with the length in them; `None` where this is no FLAC.
fn completed(head: &[u8; HEAD_BYTES], length: Duration) -> Option<u64> {
    let is_flac = head.starts_with(b"fLaC") && matches!(head[4], 0 | 0x80);
    let properties = u64::from_be_bytes(head[PROPERTIES].try_into().ok()?);
    let rate = u128::from(properties >> 44);
    // A microsecond is a fifth of a sample at FLAC's highest rate: rounding finds the very sample.
    let samples = u64::try_from((length.as_micros() * rate + 500_000) / 1_000_000).ok()?;
    // 16 days at 48 kHz: beyond, zero stands for "unknown".
    let samples = if samples > LENGTH_MASK { 0 } else { samples };
    is_flac.then_some((properties & !LENGTH_MASK) | samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(rate: u64) -> [u8; HEAD_BYTES] {
        let mut head = [0; HEAD_BYTES];
        head[..8].copy_from_slice(b"fLaC\0\0\0\x22");
        head[PROPERTIES].copy_from_slice(&((rate << 44) | (1 << 41) | (15 << 36)).to_be_bytes());
        head
    }

    #[test]
    fn the_length_is_right_to_the_sample() {
        for (rate, samples) in [(48_000, 159_998), (44_100, 1), (192_000, 1_234_567_891), (8_000, 0)] {
            let micros = (u128::from(samples) * 1_000_000 + u128::from(rate) / 2) / u128::from(rate);
            let length = Duration::from_micros(u64::try_from(micros).unwrap());
            let properties = completed(&head(rate), length).unwrap();
            assert_eq!(properties & LENGTH_MASK, samples, "{rate}");
            assert_eq!(properties >> 36, (rate << 8) | (1 << 5) | 15, "nothing else changes");
        }
    }

    #[test]
    fn what_cannot_be_said_is_left_unknown() {
        let month = Duration::from_hours(24 * 30);
        assert_eq!(completed(&head(48_000), month).unwrap() & LENGTH_MASK, 0);
        assert_eq!(completed(&[0; HEAD_BYTES], month), None);
    }
}
