//! Where a JPEG in a camera's buffer ends.

/// Bytes of the JPEG at the beginning of `bytes`, or `None` if it is not whole. Camera buffers have one size for
/// every picture: behind the end lie bytes of earlier ones.
pub(super) fn extent(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    let mut at = 2;
    loop {
        // At a marker, or at bytes that belong nowhere: some cameras leave a few between segments. Any number of 0xff
        // may stand before a marker's code.
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let code = *bytes.get(at)?;
        at += 1;
        match code {
            0xd9 => return Some(at),
            0x01 | 0xd0..=0xd7 => {}
            _ => {
                let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
                at += length.max(2);
                if code == 0xda {
                    at = after_scan(bytes, at)?;
                }
            }
        }
    }
}

/// The next marker after coded data, in which 0xff stands only before 0x00 and restart codes.
fn after_scan(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match *bytes.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with a thumbnail's end marker inside a segment, stuffed bytes and restarts in its scan.
    const JPEG: [u8; 31] = [
        0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9, 0xff, 0xff, 0xda, 0, 4, 1, 2, 7, 0xff, 0, 9, 0xff, 0xd3,
        5, 0xff, 0xff, 0, 1, 1, 0xff, 0xd9,
    ];

    #[test]
    fn stale_bytes_behind_the_end_are_cut_off() {
        let mut buffer = JPEG.to_vec();
        buffer.extend([1, 2, 0xff, 0xd9, 0, 0]);
        assert_eq!(extent(&buffer), Some(JPEG.len()));
    }

    #[test]
    fn every_shorter_picture_is_not_whole() {
        for len in 0..JPEG.len() {
            assert_eq!(extent(&JPEG[..len]), None, "{len}");
        }
        assert_eq!(extent(b"RIFF....AVI "), None);
    }
}
