//! The blocks before the first packet, read and written: main header, stream headers, frame rates.

use std::sync::Arc;

use super::wire::{self, Fields, flag, put_v, put_vb};
use crate::media::{FrameRate, Resolution, TimeBase, TrackHeader, TrackKind};

/// The specification's bound.
pub(super) const MAX_TRACKS: usize = 250;

/// ffmpeg's bounds, so that what we write is read there and what it writes is read here.
const MAX_TIME_BASE_PART: u32 = (1 << 31) - 1;
const MAX_DECODE_DELAY: u32 = 999;
const MAX_PTS_SHIFT: u64 = 15;
const MAX_ELISIONS: u64 = 127;
const MAX_ELISION_BYTES: usize = 1024;

/// What one value of a frame's first byte stands for.
#[derive(Clone, Copy, Default)]
pub(super) struct FrameCode {
    pub(super) flags: u64,
    pub(super) pts_delta: i64,
    pub(super) size_mul: u64,
    pub(super) size_lsb: u64,
    pub(super) track: u64,
    pub(super) reserved: u64,
    pub(super) elision: u64,
}

/// The first block of a stream.
pub(super) struct MainHeader {
    pub(super) track_count: usize,
    pub(super) time_bases: Vec<TimeBase>,
    /// One for each value of a frame's first byte.
    pub(super) codes: Vec<FrameCode>,
    /// Beginnings of frames that are left out of the stream; the first is empty.
    pub(super) elisions: Vec<Vec<u8>>,
}

impl MainHeader {
    /// From the body of a main header after [`version`].
    pub(super) fn parse(mut fields: Fields<'_>) -> Option<Self> {
        let track_count = usize::try_from(fields.v()?).ok().filter(|count| (1..=MAX_TRACKS).contains(count))?;
        let _max_distance = fields.v()?;
        let mut time_bases = Vec::new();
        for _ in 0..fields.v()? {
            time_bases.push(TimeBase::new(fields.v32()?, fields.v32()?)?);
        }
        if time_bases.is_empty() {
            return None;
        }
        let codes = frame_codes(&mut fields, track_count)?;
        let elisions = if fields.is_empty() { vec![Vec::new()] } else { elisions(&mut fields)? };
        Some(Self { track_count, time_bases, codes, elisions })
    }
}

/// Takes the version off the front of a main header's body.
pub(super) fn version(fields: &mut Fields<'_>) -> Option<u64> {
    let version = fields.v()?;
    if version > 3 {
        let _minor = fields.v()?;
    }
    Some(version)
}

/// The table of frame codes, stored as runs.
fn frame_codes(fields: &mut Fields<'_>, track_count: usize) -> Option<Vec<FrameCode>> {
    let mut codes = Vec::with_capacity(256);
    let mut run = FrameCode { size_mul: 1, ..FrameCode::default() };
    while codes.len() < 256 {
        run.flags = fields.v()?;
        let present = fields.v()?;
        if present > 0 {
            run.pts_delta = fields.s()?;
        }
        if present > 1 {
            run.size_mul = fields.v()?;
        }
        if present > 2 {
            run.track = fields.v()?;
        }
        run.size_lsb = if present > 3 { fields.v()? } else { 0 };
        run.reserved = if present > 4 { fields.v()? } else { 0 };
        let count = if present > 5 { fields.v()? } else { run.size_mul.checked_sub(run.size_lsb)? };
        if present > 6 {
            let _match_time_delta = fields.s()?;
        }
        if present > 7 {
            run.elision = fields.v()?;
        }
        for _ in 8..present {
            fields.v()?;
        }
        if run.track >= track_count as u64 {
            return None;
        }
        push_run(&mut codes, run, count)?;
    }
    Some(codes)
}

/// Adds `count` codes whose sizes count up. The code of `N` opens start codes and belongs to no run.
fn push_run(codes: &mut Vec<FrameCode>, run: FrameCode, count: u64) -> Option<()> {
    let room = 256 - codes.len() - usize::from(codes.len() <= usize::from(b'N'));
    let count = usize::try_from(count).ok().filter(|count| (1..=room).contains(count))?;
    for step in 0..count {
        if codes.len() == usize::from(b'N') {
            codes.push(FrameCode { flags: flag::INVALID, ..FrameCode::default() });
        }
        codes.push(FrameCode { size_lsb: run.size_lsb.checked_add(step as u64)?, ..run });
    }
    Some(())
}

fn elisions(fields: &mut Fields<'_>) -> Option<Vec<Vec<u8>>> {
    let count = fields.v().filter(|&count| count <= MAX_ELISIONS)?;
    let mut elisions = vec![Vec::new()];
    let mut total = 0;
    for _ in 0..count {
        let beginning = fields.vb()?;
        total += beginning.len();
        if total > MAX_ELISION_BYTES {
            return None;
        }
        elisions.push(beginning.to_vec());
    }
    Some(elisions)
}

/// The body of a main header whose only frame code says everything in the frame's own header: a dozen bytes a
/// packet instead of one or two, and no packet that the table could not express.
pub(super) fn main_body(track_count: usize, time_bases: &[TimeBase], version: u64, max_distance: u64) -> Vec<u8> {
    let mut body = Vec::new();
    put_v(&mut body, version);
    if version > 3 {
        put_v(&mut body, 0);
    }
    put_v(&mut body, track_count as u64);
    put_v(&mut body, max_distance);
    put_v(&mut body, time_bases.len() as u64);
    for base in time_bases {
        put_v(&mut body, base.num.into());
        put_v(&mut body, base.den.into());
    }
    // Code 0 stays invalid, so that a run of zeros is not taken for frames. `N` takes none of the 255 places.
    for (flags, count) in [(flag::INVALID, 1), (flag::CODED, 1), (flag::INVALID, 253)] {
        put_v(&mut body, flags);
        put_v(&mut body, 6);
        // pts delta, size multiplier, track, size lsb, reserved, count
        for value in [0, 1, 0, 0, 0, count] {
            put_v(&mut body, value);
        }
    }
    // No elided beginnings. The specification lets this be left out, but ffmpeg then refuses every frame.
    put_v(&mut body, 0);
    if version > 3 {
        put_v(&mut body, wire::MAIN_FLAG_PIPE);
    }
    body
}

/// What a stream header says.
pub(super) struct StreamHeader {
    pub(super) track: usize,
    pub(super) time_base_index: usize,
    pub(super) pts_shift: u32,
    pub(super) header: TrackHeader,
}

impl StreamHeader {
    /// From the body of a stream header.
    pub(super) fn parse(mut fields: Fields<'_>, time_bases: &[TimeBase]) -> Option<Self> {
        let track = usize::try_from(fields.v()?).ok()?;
        let class = fields.v()?;
        let fourcc = fields.vb().filter(|fourcc| [2, 4].contains(&fourcc.len()))?.to_vec();
        let time_base_index = usize::try_from(fields.v()?).ok()?;
        let time_base = *time_bases.get(time_base_index)?;
        let pts_shift = u32::try_from(fields.v().filter(|&shift| shift <= MAX_PTS_SHIFT)?).ok()?;
        let _max_pts_distance = fields.v()?;
        let decode_delay = fields.v32().filter(|&delay| delay <= MAX_DECODE_DELAY)?;
        let _stream_flags = fields.v()?;
        let codec_private = Arc::from(fields.vb()?);
        let kind = match class {
            0 => video_kind(&mut fields)?,
            1 => audio_kind(&mut fields)?,
            2 => TrackKind::Subtitle,
            _ => TrackKind::Data,
        };
        let header = TrackHeader { kind, fourcc, time_base, decode_delay, codec_private };
        Some(Self { track, time_base_index, pts_shift, header })
    }

    /// The body of this header. Fails with what NUT or ffmpeg's reader cannot take.
    pub(super) fn body(&self) -> Result<Vec<u8>, &'static str> {
        let TrackHeader { kind, fourcc, time_base, decode_delay, codec_private } = &self.header;
        if ![2, 4].contains(&fourcc.len()) {
            return Err("its codec tag must have two or four bytes");
        }
        if *decode_delay > MAX_DECODE_DELAY {
            return Err("its decode delay is above 999");
        }
        let mut body = Vec::new();
        put_v(&mut body, self.track as u64);
        put_v(
            &mut body,
            match kind {
                TrackKind::Video { .. } => 0,
                TrackKind::Audio { .. } => 1,
                TrackKind::Subtitle => 2,
                TrackKind::Data => 3,
            },
        );
        put_vb(&mut body, fourcc);
        put_v(&mut body, self.time_base_index as u64);
        put_v(&mut body, self.pts_shift.into());
        // The jump (one second) that a frame may make without a checksum; ours always have one.
        put_v(&mut body, (time_base.den / time_base.num).max(1).into());
        put_v(&mut body, (*decode_delay).into());
        put_v(&mut body, 0);
        put_vb(&mut body, codec_private);
        put_kind(&mut body, kind)?;
        Ok(body)
    }
}

fn put_kind(body: &mut Vec<u8>, kind: &TrackKind) -> Result<(), &'static str> {
    match *kind {
        TrackKind::Video { size, sample_aspect, colour_code, .. } => {
            if Resolution::checked(size.width, size.height).is_none() {
                return Err("its picture size must be 1 to 32768 pixels each way");
            }
            let (num, den) = if sample_aspect.0 == 0 || sample_aspect.1 == 0 { (0, 0) } else { sample_aspect };
            for value in [size.width, size.height, num, den, colour_code.into()] {
                put_v(body, value.into());
            }
        }
        TrackKind::Audio { sample_rate, channels } => {
            if sample_rate == 0 || channels == 0 {
                return Err("its sample rate and channel count must be above 0");
            }
            for value in [sample_rate, 1, channels.into()] {
                put_v(body, value.into());
            }
        }
        TrackKind::Subtitle | TrackKind::Data => {}
    }
    Ok(())
}

fn video_kind(fields: &mut Fields<'_>) -> Option<TrackKind> {
    let size = Resolution::checked(fields.v32()?, fields.v32()?)?;
    let sample_aspect = (fields.v32()?, fields.v32()?);
    let colour_code = u8::try_from(fields.v()?).ok()?;
    Some(TrackKind::Video { size, sample_aspect, rate: None, colour_code })
}

fn audio_kind(fields: &mut Fields<'_>) -> Option<TrackKind> {
    let (num, den) = (fields.v()?, fields.v()?);
    let sample_rate = u32::try_from(num.checked_div(den)?).ok()?;
    let channels = u16::try_from(fields.v()?).ok()?;
    Some(TrackKind::Audio { sample_rate, channels })
}

/// The smallest numbers with the same ratio (ffmpeg refuses others), or what is wrong with it.
pub(super) fn reduced(base: TimeBase) -> Result<TimeBase, &'static str> {
    let (mut divisor, mut rest) = (base.num, base.den);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let parts = base.num.checked_div(divisor).zip(base.den.checked_div(divisor));
    match parts.and_then(|(num, den)| TimeBase::new(num, den)) {
        Some(base) if base.num.max(base.den) <= MAX_TIME_BASE_PART => Ok(base),
        Some(_) => Err("its time base has a part above 2147483647"),
        None => Err("its time base has a part of 0"),
    }
}

const RATE_NAME: &[u8] = b"r_frame_rate";
/// The type of an info value that is text, as it is stored (−1).
const TEXT: i64 = -1;

/// The body of an info block that tells a track's nominal frame rate the way ffmpeg does.
pub(super) fn rate_body(track: usize, rate: FrameRate) -> Vec<u8> {
    let mut body = Vec::new();
    put_v(&mut body, track as u64 + 1);
    // chapter, its start and length, number of values
    for value in [0, 0, 0, 1] {
        put_v(&mut body, value);
    }
    put_vb(&mut body, RATE_NAME);
    put_v(&mut body, 2); // −1: text
    put_vb(&mut body, format!("{}/{}", rate.num(), rate.den()).as_bytes());
    body
}

/// The track and frame rate that an info block tells, if it does.
pub(super) fn parse_rate(mut fields: Fields<'_>) -> Option<(usize, FrameRate)> {
    let track = usize::try_from(fields.v()?.checked_sub(1)?).ok()?;
    let chapter = fields.s()?;
    let (_start, _length) = (fields.v()?, fields.v()?);
    let count = fields.v()?;
    for _ in 0..count {
        let name = fields.vb()?;
        match info_value(&mut fields)? {
            InfoValue::Text(text) if chapter == 0 && name == RATE_NAME => {
                let (num, den) = std::str::from_utf8(text).ok()?.split_once('/')?;
                return FrameRate::new(num.parse().ok()?, den.parse().ok()?).map(|rate| (track, rate));
            }
            _ => {}
        }
    }
    None
}

/// A value of an info block or of a frame's side data.
enum InfoValue<'a> {
    Text(&'a [u8]),
    /// A number or bytes; nobody asks.
    Other,
}

/// Takes one value.
fn info_value<'a>(fields: &mut Fields<'a>) -> Option<InfoValue<'a>> {
    match fields.s()? {
        TEXT => return fields.vb().map(InfoValue::Text),
        -2 => {
            let _type = fields.vb()?;
            fields.vb()?;
        }
        -4 => {
            fields.v()?;
        }
        ..=-3 => {
            fields.s()?;
        }
        0.. => {}
    }
    Some(InfoValue::Other)
}

/// Passes over one list of a frame's side data.
pub(super) fn skip_side_data(fields: &mut Fields<'_>) -> Option<()> {
    for _ in 0..fields.v()? {
        fields.vb()?;
        info_value(fields)?;
    }
    Some(())
}
