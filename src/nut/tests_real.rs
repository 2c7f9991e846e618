//! What ffmpeg wrote is read as ffprobe reads it, and no damage does more than end the stream.

use std::fmt::Write as _;

use super::{NutError, NutPacket, Reader, Syncpoints, Writer};
use crate::media::{FrameRate, Resolution, TimeBase, TrackHeader, TrackKind};

/// A stream and ffprobe's list of its packets (track, time, bytes, `K` for a keyframe, Adler-32).
struct Real {
    name: &'static str,
    stream: &'static [u8],
    list: &'static str,
}

macro_rules! real {
    ($($name:literal),+ $(,)?) => {
        [$(Real {
            name: $name,
            stream: include_bytes!(concat!("../../tests/data/nut/", $name, ".nut")),
            list: include_str!(concat!("../../tests/data/nut/", $name, ".txt")),
        }),+]
    };
}

/// Made by ffmpeg 5.1.9 from 64×48 test pictures and a sine; `ORIGIN.md` beside them has the commands.
const REAL: [Real; 9] =
    real!["broadcast", "ffv1", "h264_aac", "live", "mjpeg_mp3", "opus", "pipe_sidedata", "raw_pcm", "three_tracks",];

/// All packets up to the end or an error.
fn read(stream: &[u8]) -> (Vec<TrackHeader>, Vec<NutPacket>, Option<NutError>) {
    let mut reader = Reader::new(stream);
    let headers = match reader.read_headers() {
        Ok(headers) => headers,
        Err(error) => return (Vec::new(), Vec::new(), Some(error)),
    };
    let mut packets = Vec::new();
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => packets.push(packet),
            Ok(None) => return (headers, packets, None),
            Err(error) => return (headers, packets, Some(error)),
        }
    }
}

fn listed(packets: &[NutPacket]) -> String {
    packets.iter().fold(String::new(), |mut text, NutPacket { track, key, pts, data }| {
        let key = if *key { 'K' } else { '_' };
        writeln!(text, "{track},{pts},{},{key},{:08x}", data.len(), adler32(data)).unwrap();
        text
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

fn real(name: &str) -> &'static [u8] {
    REAL.iter().find(|real| real.name == name).unwrap().stream
}

#[test]
fn packets_are_those_ffprobe_lists() {
    for Real { name, stream, list } in REAL {
        let (_, packets, error) = read(stream);
        assert!(error.is_none(), "{name}: {error:?}");
        assert_eq!(listed(&packets), list, "{name}");
    }
}

#[test]
fn the_samples_hold_what_makes_reading_hard() {
    let main = |name: &str| {
        let mut reader = Reader::new(real(name));
        reader.read_headers().unwrap();
        reader.elisions()
    };
    // ffmpeg leaves out the beginnings that pictures and sound frames of a codec share.
    assert!(main("broadcast") > 1 && main("h264_aac") > 1);
    let has = |name: &str, bytes: &[u8]| real(name).windows(bytes.len()).any(|window| window == bytes);
    assert!(has("pipe_sidedata", b"SkipEnd") || has("pipe_sidedata", b"UserDataLavf"), "side data");
    assert!(has("h264_aac", &0x4E58_DD67_2F23_E64E_u64.to_be_bytes()), "an index");
    assert!(!has("live", &0x4E58_DD67_2F23_E64E_u64.to_be_bytes()), "no index on a pipe");
}

#[test]
fn headers_are_those_of_the_encoder() {
    let (headers, ..) = read(real("h264_aac"));
    assert_eq!(headers.len(), 2);
    assert_eq!(
        headers[0].kind,
        TrackKind::Video {
            size: Resolution::new(64, 48),
            sample_aspect: (4, 3),
            rate: FrameRate::new(30, 1),
            colour_code: 0,
        }
    );
    assert_eq!(headers[0].fourcc, b"H264");
    assert_eq!(headers[0].time_base, TimeBase::new(1, 61_440).unwrap());
    assert_eq!(headers[0].decode_delay, 2);
    assert!(headers[0].codec_private.starts_with(&[0, 0, 0, 1, 0x67]), "the parameter sets");
    assert_eq!(headers[1].kind, TrackKind::Audio { sample_rate: 48_000, channels: 1 });
    assert_eq!(headers[1].time_base, TimeBase::new(1, 48_000).unwrap());
    assert!(!headers[1].codec_private.is_empty());
}

#[test]
fn a_copy_through_our_writer_is_equal() {
    for Real { name, stream, .. } in REAL {
        let (headers, packets, _) = read(stream);
        for syncpoints in [Syncpoints::Start, Syncpoints::Regular] {
            let mut writer = Writer::with_syncpoints(&headers, syncpoints).unwrap();
            let mut copy = writer.header().to_vec();
            for NutPacket { track, key, pts, data } in &packets {
                writer.packet_head(*track, *key, *pts, data.len(), &mut copy).unwrap();
                copy.extend_from_slice(data);
            }
            let (again, copied, error) = read(&copy);
            assert!(error.is_none(), "{name}: {error:?}");
            assert_eq!(again, headers, "{name}");
            assert_eq!(copied, packets, "{name}");
        }
    }
}

#[test]
fn a_killed_writer_costs_only_the_packet_it_was_writing() {
    for name in ["h264_aac", "pipe_sidedata", "live"] {
        let stream = real(name);
        let (_, whole, _) = read(stream);
        let mut last_count = 0;
        for cut in 0..=stream.len() {
            let (_, packets, error) = read(&stream[..cut]);
            assert_eq!(packets, whole[..packets.len()], "{name} cut at {cut}");
            assert!(packets.len() >= last_count, "{name} cut at {cut}");
            last_count = packets.len();
            match error {
                None => {}
                Some(NutError::Empty) => assert_eq!(cut, 0),
                Some(NutError::Truncated { at }) => assert_eq!(at, cut as u64, "{name}"),
                Some(other) => panic!("{name} cut at {cut}: {other}"),
            }
        }
        assert_eq!(last_count, whole.len(), "{name}");
    }
}

/// One or a few bits, bytes, lengths or pieces changed, as hostile or broken as chance makes it.
fn damage(random: &mut fastrand::Rng, stream: &[u8]) -> Vec<u8> {
    let mut bytes = stream.to_vec();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..bytes.len());
        match random.u8(..6) {
            0 => bytes[at] ^= 1 << random.u8(..8),
            1 => bytes[at] = random.u8(..),
            2 => bytes.truncate(at.max(1)),
            3 => drop(bytes.splice(at..at, std::iter::repeat_n(0xFF, random.usize(1..9)))),
            4 => {
                let end = (at + random.usize(1..40)).min(bytes.len());
                bytes.drain(at..end);
                bytes.push(0);
            }
            _ => {
                let from = random.usize(..stream.len());
                let piece = &stream[from..(from + 64).min(stream.len())];
                drop(bytes.splice(at..at, piece.iter().copied()));
            }
        }
    }
    bytes
}

/// Corrects the checksums of all headers, so that damage inside them is not caught at the door.
fn with_true_checksums(mut bytes: Vec<u8>) -> Vec<u8> {
    for at in 0..bytes.len().saturating_sub(16) {
        if bytes[at] != b'N' || !b"MSKI".contains(&bytes[at + 1]) {
            continue;
        }
        let (length, body) = match bytes[at + 8] {
            short @ 0..0x80 => (usize::from(short), at + 9),
            high => (usize::from(high & 0x7F) << 7 | usize::from(bytes[at + 9] & 0x7F), at + 10),
        };
        if length >= 4 && body + length <= bytes.len() {
            let end = body + length - 4;
            let checksum = super::wire::crc(0, &bytes[body..end]);
            bytes[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
        }
    }
    bytes
}

#[test]
fn damage_never_panics_nor_takes_memory() {
    let mut random = fastrand::Rng::with_seed(20_000);
    let (mut ended, mut refused, mut with_packets) = (0, 0, 0);
    for round in 0..20_000 {
        let Real { name, stream, .. } = REAL[random.usize(..REAL.len())];
        let mut bytes = damage(&mut random, stream);
        if random.bool() {
            bytes = with_true_checksums(bytes);
        }
        let mut reader = Reader::new(bytes.as_slice());
        let mut given = 0;
        let mut count = 0;
        let error = loop {
            match reader.next_packet() {
                Ok(Some(packet)) => {
                    given += packet.data.len();
                    count += 1;
                }
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(count <= bytes.len(), "{name} {round}");
        // A frame of two bytes can stand for an elided beginning of 255.
        assert!(given <= bytes.len() * 256, "{name} {round}: {given} bytes");
        assert!(reader.scratch_bytes() <= 2 * 1024 * 1024, "{name} {round}");
        ended += u32::from(!error);
        refused += u32::from(error);
        with_packets += u32::from(count > 0);
    }
    // The damage reaches every depth: some streams are refused at the door, others half read.
    assert!(ended > 500 && refused > 5000 && with_packets > 5000, "{ended} {refused} {with_packets}");
}

#[test]
fn a_huge_length_is_refused_before_memory_is_taken() {
    let tracks = read(real("opus")).0;
    let mut writer = Writer::new(&tracks).unwrap();
    for (claimed, too_large) in [(200 << 20, false), (257 << 20, true), (usize::MAX, true)] {
        let mut bytes = writer.header().to_vec();
        let mut fresh = writer.clone();
        fresh.packet_head(0, true, 0, claimed, &mut bytes).unwrap();
        bytes.extend_from_slice(&[7; 1000]);
        let mut reader = Reader::new(bytes.as_slice());
        match reader.next_packet() {
            Err(NutError::TooLarge { limit, .. }) => assert!(too_large && limit == 256 << 20),
            Err(NutError::Truncated { .. }) => assert!(!too_large),
            other => panic!("{other:?}"),
        }
        assert!(reader.scratch_bytes() <= 2 * 1024 * 1024, "{claimed}");
    }
    assert!(writer.packet_head(0, true, 0, 0, &mut Vec::new()).is_ok());
}
