//! NUT into packets, as ffmpeg 5.1 to 8 writes it: any frame code table, elided beginnings, repeated headers,
//! side data (passed over), index. Nothing is trusted: lengths are bounded and checksums verified.

use std::io::Read;
use std::sync::Arc;

use super::NutError;
use super::headers::{self, FrameCode, MainHeader, StreamHeader};
use super::input::Input;
use super::wire::{self, Fields, SHORT_BLOCK, flag, startcode};
use crate::media::{TimeBase, TrackHeader, TrackKind};

/// An 8k RGBA picture has 133 MB.
const MAX_PACKET_BYTES: u64 = 256 * 1024 * 1024;
/// Headers are some hundred bytes plus codec parameters.
const MAX_HEADER_BYTES: u64 = 1024 * 1024;
/// Numbers that a later version may add to a frame's header.
const MAX_RESERVED: u64 = 64;

/// One encoded picture, block of sound, or raw frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NutPacket {
    /// Index into the headers.
    pub track: usize,
    /// A decoder can start here.
    pub key: bool,
    /// Presentation time in the track's time base.
    pub pts: i64,
    /// The bytes.
    pub data: Arc<[u8]>,
}

/// Reads one stream from its start. Every call blocks until its bytes are there.
pub struct Reader<R> {
    input: Input<R>,
    state: State,
    /// Holds a packet until its length is known to be true; keeps its memory from packet to packet.
    scratch: Vec<u8>,
}

enum State {
    Fresh,
    Open(Stream),
    /// At the end of the stream, or after an error.
    Ended,
}

/// What the headers say, and where the tracks are.
struct Stream {
    main: MainHeader,
    tracks: Vec<Track>,
}

struct Track {
    time_base: TimeBase,
    pts_shift: u32,
    last_pts: i64,
}

/// A frame's header.
struct FrameHead {
    track: usize,
    flags: u64,
    pts: i64,
    elision: usize,
    /// Bytes that follow in the stream: side data and payload without its elided beginning.
    length: u64,
}

impl<R: Read> Reader<R> {
    /// Of a pipe, a socket or bytes; no buffering is needed around it. Reads nothing yet.
    pub fn new(inner: R) -> Self {
        Self { input: Input::new(inner), state: State::Fresh, scratch: Vec::new() }
    }

    /// The tracks. Blocks until the first packet begins, because what is known of frame rates stands between.
    /// To be called once, before the first packet; later calls find no headers.
    pub fn read_headers(&mut self) -> Result<Vec<TrackHeader>, NutError> {
        // Whatever fails leaves the reader ended.
        let State::Fresh = std::mem::replace(&mut self.state, State::Ended) else {
            return Err(self.input.corrupt("the headers were already read"));
        };
        let main = self.read_main()?;
        let mut found: Vec<Option<StreamHeader>> = (0..main.track_count).map(|_| None).collect();
        while found.iter().any(Option::is_none) {
            if self.read_startcode()? != startcode::STREAM {
                return Err(self.input.corrupt("a stream header is missing"));
            }
            self.read_body(startcode::STREAM, "stream header")?;
            let header = StreamHeader::parse(Fields(&self.scratch), &main.time_bases)
                .ok_or_else(|| self.input.corrupt("a stream header makes no sense"))?;
            match found.get_mut(header.track) {
                Some(place) if place.is_none() => *place = Some(header),
                _ => return Err(self.input.corrupt("a stream header is for no track or for one already described")),
            }
        }
        let headers: Vec<StreamHeader> = found.into_iter().flatten().collect();
        let tracks = headers
            .iter()
            .map(|stream| Track { time_base: stream.header.time_base, pts_shift: stream.pts_shift, last_pts: 0 })
            .collect();
        let mut headers: Vec<TrackHeader> = headers.into_iter().map(|stream| stream.header).collect();
        let mut stream = Stream { main, tracks };
        self.read_infos(&mut stream, &mut headers)?;
        self.state = State::Open(stream);
        Ok(headers)
    }

    /// The next packet in decode order, or `None` at the end of the stream. After an error there is nothing more.
    pub fn next_packet(&mut self) -> Result<Option<NutPacket>, NutError> {
        if matches!(self.state, State::Fresh) {
            self.read_headers()?;
        }
        let State::Open(mut stream) = std::mem::replace(&mut self.state, State::Ended) else { return Ok(None) };
        let packet = self.packet_of(&mut stream)?;
        if packet.is_some() {
            self.state = State::Open(stream);
        }
        Ok(packet)
    }

    /// How many beginnings the main header holds, the empty one included.
    #[cfg(test)]
    pub(super) fn elisions(&self) -> usize {
        if let State::Open(stream) = &self.state { stream.main.elisions.len() } else { 0 }
    }

    /// Memory held between packets.
    #[cfg(test)]
    pub(super) fn scratch_bytes(&self) -> usize {
        self.scratch.capacity()
    }

    fn packet_of(&mut self, stream: &mut Stream) -> Result<Option<NutPacket>, NutError> {
        loop {
            self.input.start_crc();
            let Some(code) = self.input.byte_or_end()? else { return Ok(None) };
            if code == b'N' {
                let startcode = self.finish_startcode()?;
                self.read_block(startcode, stream)?;
                continue;
            }
            let head = self.read_frame_head(code, stream)?;
            self.read_payload(&head, stream)?;
            if head.flags & flag::END_OF_RELEVANCE != 0 && self.scratch.is_empty() {
                continue;
            }
            let key = head.flags & flag::KEY != 0;
            let data = Arc::from(self.scratch.as_slice());
            return Ok(Some(NutPacket { track: head.track, key, pts: head.pts, data }));
        }
    }

    fn read_main(&mut self) -> Result<MainHeader, NutError> {
        for &expected in wire::ID_STRING {
            match self.input.byte_or_end()? {
                Some(byte) if byte == expected => {}
                Some(_) => return Err(NutError::NotNut),
                None if self.input.is_fresh() => return Err(NutError::Empty),
                None => return Err(self.input.truncated()),
            }
        }
        if self.read_startcode()? != startcode::MAIN {
            return Err(self.input.corrupt("the main header is missing"));
        }
        self.read_body(startcode::MAIN, "main header")?;
        let mut fields = Fields(&self.scratch);
        let nonsense = || self.input.corrupt("the main header makes no sense");
        match headers::version(&mut fields).ok_or_else(nonsense)? {
            3 | 4 => MainHeader::parse(fields).ok_or_else(nonsense),
            version => Err(NutError::Version { version }),
        }
    }

    /// Reads what stands between the stream headers and the first packet, with its syncpoint.
    fn read_infos(&mut self, stream: &mut Stream, headers: &mut [TrackHeader]) -> Result<(), NutError> {
        loop {
            match self.read_startcode() {
                Ok(startcode::SYNCPOINT) => return self.read_block(startcode::SYNCPOINT, stream),
                Ok(startcode::INFO) => {
                    self.read_body(startcode::INFO, "info block")?;
                    if let Some((track, found)) = headers::parse_rate(Fields(&self.scratch))
                        && let Some(TrackHeader { kind: TrackKind::Video { rate, .. }, .. }) = headers.get_mut(track)
                    {
                        *rate = Some(found);
                    }
                }
                Ok(other) => self.read_block(other, stream)?,
                // An encoder that was given no frame ends after its headers: they are whole.
                Err(NutError::Truncated { .. }) if self.input.is_at_block_start() => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads a whole start code, whose first byte must be next.
    fn read_startcode(&mut self) -> Result<u64, NutError> {
        self.input.mark_block_start();
        if self.input.byte()? != b'N' {
            return Err(self.input.corrupt("a start code is missing"));
        }
        self.finish_startcode()
    }

    /// Reads a start code after its first byte.
    fn finish_startcode(&mut self) -> Result<u64, NutError> {
        let mut bytes = [b'N'; 8];
        bytes[1..].copy_from_slice(&self.input.array::<7>()?);
        Ok(u64::from_be_bytes(bytes))
    }

    /// Reads a block's body into the scratch memory, without its checksum.
    fn read_body(&mut self, startcode: u64, what: &'static str) -> Result<(), NutError> {
        let length = self.input.block_length(startcode)?;
        self.input.check_size(what, length, MAX_HEADER_BYTES)?;
        self.scratch.clear();
        self.input.append(length, &mut self.scratch)?;
        if wire::crc(0, &self.scratch) != 0 {
            return Err(self.input.corrupt("the checksum of a header does not match"));
        }
        self.scratch.truncate(self.scratch.len() - 4);
        Ok(())
    }

    /// Takes in a syncpoint, and passes over any other block whose start code was just read.
    fn read_block(&mut self, startcode: u64, stream: &mut Stream) -> Result<(), NutError> {
        if startcode != startcode::SYNCPOINT {
            let length = self.input.block_length(startcode)?;
            self.input.check_size("block", length, MAX_PACKET_BYTES)?;
            self.input.start_crc();
            self.input.skip(length)?;
            return self.input.end_crc("the checksum of a block does not match");
        }
        self.read_body(startcode, "syncpoint")?;
        let time = Fields(&self.scratch).v().ok_or_else(|| self.input.corrupt("a syncpoint makes no sense"))?;
        stream.reset_times(time);
        Ok(())
    }

    /// Reads a frame's header after its first byte.
    fn read_frame_head(&mut self, code: u8, stream: &mut Stream) -> Result<FrameHead, NutError> {
        let FrameCode { mut flags, pts_delta, size_mul, size_lsb, track, reserved, elision } =
            stream.main.codes.get(usize::from(code)).copied().unwrap_or_default();
        if flags & flag::INVALID != 0 {
            return Err(self.input.corrupt("a frame begins with an unused code"));
        }
        if flags & flag::CODED != 0 {
            flags ^= self.input.v()?;
        }
        let track = if flags & flag::STREAM_ID != 0 { self.input.v()? } else { track };
        let track = usize::try_from(track).unwrap_or(usize::MAX);
        let pts = if flags & flag::CODED_PTS != 0 { Ok(self.input.v()?) } else { Err(pts_delta) };
        let size_msb = if flags & flag::SIZE_MSB != 0 { self.input.v()? } else { 0 };
        if flags & flag::MATCH_TIME != 0 {
            self.input.v()?;
        }
        let elision = if flags & flag::HEADER_IDX != 0 { self.input.v()? } else { elision };
        let reserved = if flags & flag::RESERVED != 0 { self.input.v()? } else { reserved };
        self.input.check_size("list of reserved fields", reserved, MAX_RESERVED)?;
        for _ in 0..reserved {
            self.input.v()?;
        }
        if flags & flag::CHECKSUM != 0 {
            self.input.array::<4>()?;
            self.input.end_crc("the checksum of a frame's header does not match")?;
        }
        let size = size_mul.checked_mul(size_msb).and_then(|size| size.checked_add(size_lsb)).unwrap_or(u64::MAX);
        self.input.check_size("packet", size, MAX_PACKET_BYTES)?;
        let elision = if size > SHORT_BLOCK { 0 } else { usize::try_from(elision).unwrap_or(usize::MAX) };
        let elided = stream.main.elisions.get(elision).map(|beginning| beginning.len() as u64);
        let length = elided.and_then(|elided| size.checked_sub(elided));
        let length = length.ok_or_else(|| self.input.corrupt("a frame leaves out more than it has"))?;
        let track_state = stream.tracks.get_mut(track);
        let track_state = track_state.ok_or_else(|| self.input.corrupt("a frame belongs to no track"))?;
        let pts = track_state.pts_of(pts).ok_or_else(|| self.input.corrupt("a frame's time is out of range"))?;
        track_state.last_pts = pts;
        Ok(FrameHead { track, flags, pts, elision, length })
    }

    /// Reads a frame's bytes into the scratch memory and puts its elided beginning before them.
    fn read_payload(&mut self, head: &FrameHead, stream: &Stream) -> Result<(), NutError> {
        self.scratch.clear();
        let beginning = stream.main.elisions.get(head.elision).map_or(&[][..], Vec::as_slice);
        self.scratch.extend_from_slice(beginning);
        self.input.append(head.length, &mut self.scratch)?;
        if head.flags & flag::SIDE_DATA != 0 {
            let mut fields = Fields(&self.scratch[beginning.len()..]);
            // Side data, then meta data.
            headers::skip_side_data(&mut fields)
                .and_then(|()| headers::skip_side_data(&mut fields))
                .ok_or_else(|| self.input.corrupt("a frame's side data makes no sense"))?;
            let end = self.scratch.len() - fields.0.len();
            self.scratch.drain(beginning.len()..end);
        }
        Ok(())
    }
}

impl Stream {
    /// All tracks are at the time of a syncpoint, which names its own time base.
    fn reset_times(&mut self, coded: u64) {
        let count = self.main.time_bases.len() as u64;
        let index = usize::try_from(coded % count).unwrap_or(0);
        let Some(base) = self.main.time_bases.get(index) else { return };
        let time = i128::from(coded / count) * i128::from(base.num);
        for track in &mut self.tracks {
            let own = time * i128::from(track.time_base.den);
            let units = own.div_euclid(i128::from(base.den) * i128::from(track.time_base.num));
            track.last_pts = i64::try_from(units).unwrap_or(i64::MAX);
        }
    }
}

impl Track {
    /// The time of a frame from its coded form or, if it has none, its step from the last one.
    fn pts_of(&self, coded: Result<u64, i64>) -> Option<i64> {
        let coded = match coded {
            Ok(coded) => i64::try_from(coded).ok()?,
            Err(delta) => return self.last_pts.checked_add(delta),
        };
        let window = 1_i64 << self.pts_shift;
        if coded >= window {
            return Some(coded - window);
        }
        // Only the lowest bits are stored: the time is the one nearest to the last that ends with them.
        let mask = window - 1;
        let lowest = self.last_pts.checked_sub(mask / 2)?;
        lowest.checked_add(coded.wrapping_sub(lowest) & mask)
    }
}
