//! Bytes from a blocking reader, with a running checksum and their count.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use super::NutError;
use super::wire::{self, Digits, Number, SHORT_BLOCK};

/// One read of the system fetches many small packets; longer ones go straight to where they belong.
const BUFFER_BYTES: usize = 64 * 1024;

/// Memory set aside on the word of a length alone.
const FIRST_RESERVE_BYTES: u64 = 1024 * 1024;

/// A source of bytes.
pub(super) struct Input<R> {
    inner: BufReader<R>,
    /// Bytes taken so far.
    at: u64,
    crc: u32,
    block_start: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(BUFFER_BYTES, inner), at: 0, crc: 0, block_start: 0 }
    }

    /// Damage at the current place.
    pub(super) fn corrupt(&self, what: &'static str) -> NutError {
        NutError::Corrupt { what, at: self.at }
    }

    /// A length beyond its limit at the current place.
    pub(super) fn check_size(&self, what: &'static str, size: u64, limit: u64) -> Result<(), NutError> {
        if size > limit { Err(NutError::TooLarge { what, size, limit, at: self.at }) } else { Ok(()) }
    }

    /// Whether not a single byte was taken yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.at == 0
    }

    /// The stream ended here, inside something.
    pub(super) fn truncated(&self) -> NutError {
        NutError::Truncated { at: self.at }
    }

    /// Remembers that a block begins at the next byte.
    pub(super) fn mark_block_start(&mut self) {
        self.block_start = self.at;
    }

    /// Whether nothing was taken since [`Self::mark_block_start`].
    pub(super) fn is_at_block_start(&self) -> bool {
        self.at == self.block_start
    }

    /// Begins a checksum at the next byte.
    pub(super) fn start_crc(&mut self) {
        self.crc = 0;
    }

    /// Fails unless the bytes since [`Self::start_crc`] end with their checksum.
    pub(super) fn end_crc(&self, what: &'static str) -> Result<(), NutError> {
        if self.crc == 0 { Ok(()) } else { Err(self.corrupt(what)) }
    }

    /// Fills from the source if need be; empty at the end of the stream.
    fn fill(&mut self) -> Result<&[u8], NutError> {
        loop {
            match self.inner.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(NutError::Io(error)),
            }
        }
        Ok(self.inner.buffer())
    }

    /// The next byte, or `None` at the end of the stream.
    pub(super) fn byte_or_end(&mut self) -> Result<Option<u8>, NutError> {
        let Some(&byte) = self.fill()?.first() else { return Ok(None) };
        self.inner.consume(1);
        self.at += 1;
        self.crc = wire::crc(self.crc, &[byte]);
        Ok(Some(byte))
    }

    /// The next byte; the stream must not end here.
    pub(super) fn byte(&mut self) -> Result<u8, NutError> {
        self.byte_or_end()?.ok_or_else(|| self.truncated())
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], NutError> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// An unsigned number.
    pub(super) fn v(&mut self) -> Result<u64, NutError> {
        let mut digits = Digits::default();
        loop {
            match digits.push(self.byte()?) {
                Number::Unfinished => {}
                Number::Whole(value) => return Ok(value),
                Number::Overflow => return Err(self.corrupt("a number is longer than 64 bits")),
            }
        }
    }

    /// The length of a block whose start code was just read, the checksum at its end included.
    pub(super) fn block_length(&mut self, startcode: u64) -> Result<u64, NutError> {
        self.crc = wire::crc(0, &startcode.to_be_bytes());
        let length = self.v()?;
        if length > SHORT_BLOCK {
            self.array::<4>()?;
            self.end_crc("the checksum of a block's length does not match")?;
        }
        if length < 4 {
            return Err(self.corrupt("a block is too short for its checksum"));
        }
        Ok(length)
    }

    /// Appends the next `count` bytes to `out`, whose memory grows with what really arrives. They do not count
    /// for the running checksum: a frame of 3 MB has none.
    pub(super) fn append(&mut self, count: u64, out: &mut Vec<u8>) -> Result<(), NutError> {
        out.reserve(usize::try_from(count.min(FIRST_RESERVE_BYTES)).unwrap_or(0));
        let read = (&mut self.inner).take(count).read_to_end(out).map_err(NutError::Io)? as u64;
        self.at += read;
        if read < count { Err(self.truncated()) } else { Ok(()) }
    }

    /// Passes over `count` bytes, which still count for the checksum.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), NutError> {
        while count > 0 {
            let at = self.at;
            let seed = self.crc;
            let buffer = self.fill()?;
            let here = buffer.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            if here == 0 {
                return Err(NutError::Truncated { at });
            }
            let crc = wire::crc(seed, &buffer[..here]);
            self.inner.consume(here);
            self.crc = crc;
            self.at += here as u64;
            count -= here as u64;
        }
        Ok(())
    }
}
