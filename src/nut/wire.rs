//! The smallest parts of NUT: numbers of variable length, checksums, start codes, blocks. Knows nothing of their meaning.

/// The first bytes of every stream, with the closing zero.
pub(super) const ID_STRING: &[u8; 25] = b"nut/multimedia container\0";

/// Eight bytes that open each block that is no frame; all begin with `N`.
pub(super) mod startcode {
    pub(crate) const MAIN: u64 = 0x4E4D_7A56_1F5F_04AD;
    pub(crate) const STREAM: u64 = 0x4E53_1140_5BF2_F9DB;
    pub(crate) const SYNCPOINT: u64 = 0x4E4B_E4AD_EECA_4569;
    pub(crate) const INFO: u64 = 0x4E49_AB68_B596_BA78;
}

/// What a frame header contains and what the frame is.
pub(super) mod flag {
    pub(crate) const KEY: u64 = 1;
    pub(crate) const END_OF_RELEVANCE: u64 = 1 << 1;
    pub(crate) const CODED_PTS: u64 = 1 << 3;
    pub(crate) const STREAM_ID: u64 = 1 << 4;
    pub(crate) const SIZE_MSB: u64 = 1 << 5;
    pub(crate) const CHECKSUM: u64 = 1 << 6;
    pub(crate) const RESERVED: u64 = 1 << 7;
    pub(crate) const SIDE_DATA: u64 = 1 << 8;
    pub(crate) const HEADER_IDX: u64 = 1 << 10;
    pub(crate) const MATCH_TIME: u64 = 1 << 11;
    pub(crate) const CODED: u64 = 1 << 12;
    pub(crate) const INVALID: u64 = 1 << 13;
}

/// Main header flag of version 4: only one syncpoint, at the start.
pub(super) const MAIN_FLAG_PIPE: u64 = 2;

/// A block longer than this has a checksum behind its length too; a frame longer than this is never elided.
pub(super) const SHORT_BLOCK: u64 = 4096;

/// A number may be padded with leading zero digits, but not for ever.
const MAX_DIGITS: usize = 16;

const CRC_TABLE: [u32; 256] = crc_table();

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0_u32;
    while index < 256 {
        let mut crc = index << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc << 1) ^ (if crc >> 31 == 1 { 0x04C1_1DB7 } else { 0 });
            bit += 1;
        }
        table[index as usize] = crc;
        index += 1;
    }
    table
}

/// CRC-32 of polynomial 0x04C11DB7, highest bit first, begun at 0 and not inverted. Stored big-endian, so
/// that the checksum over data and checksum is 0.
pub(super) fn crc(seed: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(seed, |crc, &byte| (crc << 8) ^ CRC_TABLE[usize::from(crc.to_be_bytes()[0] ^ byte)])
}

/// Appends an unsigned number: seven bits a byte, highest first, the top bit says that more follow.
pub(super) fn put_v(out: &mut Vec<u8>, value: u64) {
    let digits = (64 - (value | 1).leading_zeros()).div_ceil(7);
    for digit in (1..digits).rev() {
        out.push(0x80 | (value >> (7 * digit)).to_le_bytes()[0]);
    }
    out.push(value.to_le_bytes()[0] & 0x7F);
}

/// Appends bytes with their count before them.
pub(super) fn put_vb(out: &mut Vec<u8>, bytes: &[u8]) {
    put_v(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a block: start code, length, body, checksum.
pub(super) fn put_block(out: &mut Vec<u8>, startcode: u64, body: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&startcode.to_be_bytes());
    let length = body.len() as u64 + 4;
    put_v(out, length);
    if length > SHORT_BLOCK {
        let checksum = crc(0, &out[start..]);
        out.extend_from_slice(&checksum.to_be_bytes());
    }
    out.extend_from_slice(body);
    out.extend_from_slice(&crc(0, body).to_be_bytes());
}

/// Collects the digits of an unsigned number as they come.
#[derive(Default)]
pub(super) struct Digits {
    value: u64,
    count: usize,
}

/// What is known of a number after one more byte.
pub(super) enum Number {
    /// More bytes follow.
    Unfinished,
    /// The number.
    Whole(u64),
    /// It needs more than 64 bits.
    Overflow,
}

impl Digits {
    /// Takes the next byte.
    pub(super) fn push(&mut self, byte: u8) -> Number {
        self.count += 1;
        if self.value >> 57 != 0 || self.count > MAX_DIGITS {
            return Number::Overflow;
        }
        self.value = (self.value << 7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 { Number::Whole(self.value) } else { Number::Unfinished }
    }
}

/// A signed number as the unsigned one that stands for it says: 0, 1, −1, 2, −2, …
pub(super) fn signed(value: u64) -> Option<i64> {
    let half = i64::try_from(value / 2 + value % 2).ok()?;
    Some(if value % 2 == 1 { half } else { -half })
}

/// The fields of a block's body, one after the other. `None` means that the body ends too early or a
/// number is too large.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// An unsigned number.
    pub(super) fn v(&mut self) -> Option<u64> {
        let mut digits = Digits::default();
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            match digits.push(byte) {
                Number::Unfinished => {}
                Number::Whole(value) => return Some(value),
                Number::Overflow => return None,
            }
        }
    }

    /// A signed number.
    pub(super) fn s(&mut self) -> Option<i64> {
        self.v().and_then(signed)
    }

    /// An unsigned number that fits 32 bits.
    pub(super) fn v32(&mut self) -> Option<u32> {
        self.v()?.try_into().ok()
    }

    /// Bytes with their count before them.
    pub(super) fn vb(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.v()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Whether all was read.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let mut values: Vec<u64> = (0..64).flat_map(|bit| [1 << bit, (1_u64 << bit) - 1, (1 << bit) + 1]).collect();
        values.push(u64::MAX);
        let mut bytes = Vec::new();
        for &value in &values {
            put_v(&mut bytes, value);
        }
        let mut fields = Fields(&bytes);
        for &value in &values {
            assert_eq!(fields.v(), Some(value));
        }
        assert!(fields.is_empty());
        assert_eq!(fields.v(), None);
    }

    #[test]
    fn a_number_is_as_short_as_it_can_be_and_may_be_padded() {
        let mut bytes = Vec::new();
        put_v(&mut bytes, 300);
        assert_eq!(bytes, [0x82, 0x2C]);
        assert_eq!(Fields(&[0x80, 0x80, 0x82, 0x2C]).v(), Some(300));
        assert_eq!(Fields(&[0x80; 4000]).v(), None, "endless padding");
        assert_eq!(Fields(&[0xFF; 11]).v(), None, "77 bits");
    }

    #[test]
    fn signed_numbers_alternate() {
        let values: Vec<_> = (0..5).map(signed).collect();
        assert_eq!(values, [Some(0), Some(1), Some(-1), Some(2), Some(-2)]);
        assert_eq!(signed(u64::MAX), None);
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        // CRC-32/MPEG-2 differs from this only in its start value.
        assert_eq!(crc(0xFFFF_FFFF, b"123456789"), 0x0376_E6E7);
        let mut bytes = b"a block".to_vec();
        let checksum = crc(0, &bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        assert_eq!(crc(0, &bytes), 0);
    }
}
