//! What is written is read back.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::sync::Arc;

use super::{NutError, NutPacket, Reader, Syncpoints, Writer, pcm_f32, pcm_s16, raw_video};
use crate::media::{FrameRate, PixelFormat, Resolution, TimeBase, TrackHeader, TrackKind};

const SIZE: Resolution = Resolution::new(64, 48);

fn h264() -> TrackHeader {
    TrackHeader {
        kind: TrackKind::Video {
            size: SIZE,
            sample_aspect: (4, 3),
            rate: FrameRate::new(30_000, 1001),
            colour_code: 18,
        },
        fourcc: b"H264".to_vec(),
        time_base: TimeBase::new(1, 60_000).unwrap(),
        decode_delay: 2,
        codec_private: Arc::from((0..=255).cycle().take(5000).collect::<Vec<u8>>()),
    }
}

fn aac() -> TrackHeader {
    TrackHeader {
        kind: TrackKind::Audio { sample_rate: 44_100, channels: 6 },
        fourcc: vec![0xFF, 0],
        time_base: TimeBase::new(1, 44_100).unwrap(),
        decode_delay: 0,
        codec_private: Arc::from([0x12, 0x10]),
    }
}

fn packet(track: usize, key: bool, pts: i64, len: usize) -> NutPacket {
    let data = (0..len).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect::<Vec<u8>>();
    NutPacket { track, key, pts, data: data.into() }
}

fn written(tracks: &[TrackHeader], packets: &[NutPacket], syncpoints: Syncpoints) -> Vec<u8> {
    let mut writer = Writer::with_syncpoints(tracks, syncpoints).unwrap();
    let mut bytes = writer.header().to_vec();
    for NutPacket { track, key, pts, data } in packets {
        writer.packet_head(*track, *key, *pts, data.len(), &mut bytes).unwrap();
        bytes.extend_from_slice(data);
    }
    bytes
}

fn read(source: impl Read) -> (Vec<TrackHeader>, Vec<NutPacket>) {
    let mut reader = Reader::new(source);
    let headers = reader.read_headers().unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        packets.push(packet);
    }
    assert!(reader.next_packet().unwrap().is_none(), "the end stays the end");
    (headers, packets)
}

fn comes_back(tracks: &[TrackHeader], packets: &[NutPacket]) {
    for syncpoints in [Syncpoints::Start, Syncpoints::Regular] {
        let (headers, read) = read(written(tracks, packets, syncpoints).as_slice());
        assert_eq!(headers, tracks, "{syncpoints:?}");
        assert_eq!(read, packets, "{syncpoints:?}");
    }
}

#[test]
fn raw_frames_and_sound_come_back() {
    for format in [PixelFormat::Nv12, PixelFormat::Bgrx, PixelFormat::I420, PixelFormat::Yuyv] {
        let tracks =
            [raw_video(format, SIZE, TimeBase::NANOS, FrameRate::new(30, 1)), pcm_f32(48_000, 2), pcm_s16(44_100, 1)];
        let packets: Vec<_> = (0..20)
            .flat_map(|tick| {
                [
                    packet(0, true, tick * 33_333_333, format.packed_len(SIZE)),
                    packet(1, true, tick * 1600, 1600 * 8),
                    packet(2, true, tick * 1470, 1470 * 2),
                ]
            })
            .collect();
        comes_back(&tracks, &packets);
    }
}

#[test]
fn everything_an_encoder_says_of_a_track_comes_back() {
    let others = [TrackKind::Subtitle, TrackKind::Data].map(|kind| TrackHeader { kind, ..aac() });
    let mut tracks = vec![h264(), aac()];
    tracks.extend(others);
    // Decode order of B-frames.
    let packets: Vec<_> = [(4004, true), (10_010, false), (6006, false), (8008, false), (16_016, false)]
        .into_iter()
        .map(|(pts, key)| packet(0, key, pts, 700))
        .chain([packet(1, true, 0, 333), packet(2, true, 5, 0), packet(3, true, 9, 1)])
        .collect();
    comes_back(&tracks, &packets);
}

#[test]
fn a_payload_full_of_start_codes_is_only_payload() {
    let mut packets = vec![packet(0, true, 1, 0)];
    let whole = written(&[h264()], &[packet(0, true, 7, 40_000)], Syncpoints::Regular);
    packets.push(NutPacket { track: 0, key: false, pts: 2, data: whole.into() });
    comes_back(&[h264()], &packets);
}

#[test]
fn random_packets_in_any_time_base_come_back() {
    let mut random = fastrand::Rng::with_seed(7);
    let bases = [
        (1, 1),
        (1, 25),
        (1001, 30_000),
        (1, 48_000),
        (1, 1_000_000_000),
        (7, 3),
        (i32::MAX as u32, 1),
        (1, 2_147_483_647),
    ];
    for round in 0..200 {
        let tracks: Vec<_> = (0..random.usize(1..6))
            .map(|_| {
                let (num, den) = bases[random.usize(..bases.len())];
                let base = if random.bool() { h264() } else { aac() };
                TrackHeader { time_base: TimeBase::new(num, den).unwrap(), ..base }
            })
            .collect();
        let packets: Vec<_> = (0..random.usize(..60))
            .map(|_| {
                // Jumps of every size, forwards and backwards.
                let pts = random.i64(0..=i64::MAX - 128) >> random.u32(0..63);
                let bound = 1 << random.u32(0..14);
                let len = random.usize(..bound);
                packet(random.usize(..tracks.len()), random.bool(), pts, len)
            })
            .collect();
        for syncpoints in [Syncpoints::Start, Syncpoints::Regular] {
            let (headers, read) = read(written(&tracks, &packets, syncpoints).as_slice());
            assert_eq!(headers, tracks, "round {round}");
            assert_eq!(read, packets, "round {round}");
        }
    }
}

#[test]
fn a_time_that_nut_cannot_store_is_refused_and_nothing_is_written() {
    let mut writer = Writer::new(&[h264()]).unwrap();
    let mut out = vec![1, 2, 3];
    for pts in [-1, i64::MIN, i64::MAX, i64::MAX - 127] {
        let refused = writer.packet_head(0, true, pts, 10, &mut out);
        assert!(matches!(refused, Err(NutError::TimeOutOfRange { track: 0, pts: told }) if told == pts), "{pts}");
    }
    assert!(matches!(writer.packet_head(1, true, 0, 10, &mut out), Err(NutError::NoSuchTrack { track: 1, count: 1 })));
    assert_eq!(out, [1, 2, 3]);
    writer.packet_head(0, true, i64::MAX - 128, 0, &mut out).unwrap();
    let stream = [writer.header(), &out[3..]].concat();
    assert_eq!(read(stream.as_slice()).1, [packet(0, true, i64::MAX - 128, 0)], "the refusals changed nothing");
}

#[test]
fn time_bases_are_reduced_because_ffmpeg_refuses_others() {
    let tracks = [TrackHeader { time_base: TimeBase::new(2, 60).unwrap(), ..h264() }];
    let (headers, packets) = read(written(&tracks, &[packet(0, true, 5, 1)], Syncpoints::Start).as_slice());
    assert_eq!(headers[0].time_base, TimeBase::new(1, 30).unwrap());
    assert_eq!(packets[0].pts, 5);
}

#[test]
fn tracks_that_nut_cannot_describe_are_refused() {
    let bad = |track: TrackHeader| matches!(Writer::new(&[aac(), track]), Err(NutError::BadTrack { track: 1, .. }));
    assert!(bad(TrackHeader { time_base: TimeBase { num: 1, den: 0 }, ..aac() }));
    assert!(bad(TrackHeader { time_base: TimeBase { num: 0, den: 0 }, ..aac() }));
    assert!(bad(TrackHeader { time_base: TimeBase { num: 1, den: u32::MAX }, ..aac() }));
    assert!(bad(TrackHeader { fourcc: b"ABC".to_vec(), ..aac() }));
    assert!(bad(TrackHeader { decode_delay: 1000, ..aac() }));
    assert!(bad(pcm_s16(0, 2)));
    assert!(bad(pcm_s16(48_000, 0)));
    assert!(bad(raw_video(PixelFormat::Nv12, Resolution::new(0, 48), TimeBase::NANOS, None)));
    assert!(matches!(Writer::new(&[]), Err(NutError::TrackCount { count: 0 })));
    assert!(matches!(Writer::new(&vec![aac(); 251]), Err(NutError::TrackCount { count: 251 })));
    let most = vec![aac(); 250];
    comes_back(&most, &[packet(249, true, 3, 3)]);
}

#[test]
fn syncpoints_stand_where_a_player_seeks() {
    let code = 0x4E4B_E4AD_EECA_4569_u64.to_be_bytes();
    let count = |bytes: &[u8]| bytes.windows(8).filter(|window| *window == code).count();
    let mut packets: Vec<_> = (0..10).map(|at| packet(0, at % 5 == 0, at, 100)).collect();
    packets.extend((0..10).map(|at| packet(1, true, at, 100)));
    assert_eq!(count(&written(&[h264(), aac()], &packets, Syncpoints::Start)), 1);
    assert_eq!(count(&written(&[h264(), aac()], &packets, Syncpoints::Regular)), 2, "before keyframes of video");
    let sound: Vec<_> = (0..100).map(|at| packet(0, true, at, 1000)).collect();
    assert_eq!(count(&written(&[aac()], &sound, Syncpoints::Regular)), 4, "100 kB of sound: every 32 KiB");
}

#[test]
fn the_bytes_are_those_that_ffmpeg_5_1_accepted() {
    let tracks = [raw_video(PixelFormat::Bgrx, Resolution::new(2, 2), TimeBase::NANOS, None), pcm_s16(48_000, 2)];
    let mut writer = Writer::new(&tracks).unwrap();
    let mut bytes = writer.header().to_vec();
    writer.packet_head(0, true, 33_333_333, 16, &mut bytes).unwrap();
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    assert_eq!(hex, include_str!("../../tests/data/nut/written.hex").trim());
}

/// Gives one byte a read, and an interruption between.
struct Drops<'a>(&'a [u8], bool);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.0.read(&mut buffer[..1])
    }
}

#[test]
fn a_slow_pipe_changes_nothing() {
    let packets = [packet(0, true, 0, 5000), packet(1, true, 0, 10), packet(0, false, 2002, 70_000)];
    let bytes = written(&[h264(), aac()], &packets, Syncpoints::Regular);
    assert_eq!(read(Drops(&bytes, false)).1, packets);
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the cable is out"))
    }
}

#[test]
fn ends_are_told_apart() {
    let headers_of = |bytes: &[u8]| Reader::new(bytes).read_headers();
    assert!(matches!(headers_of(b""), Err(NutError::Empty)));
    assert!(matches!(headers_of(b"nut/multimed"), Err(NutError::Truncated { at: 12 })));
    assert!(matches!(headers_of(b"\x1A\x45\xDF\xA3"), Err(NutError::NotNut)));
    assert!(matches!(Reader::new(Broken).read_headers(), Err(NutError::Io(_))));
    let only_headers = Writer::new(&[h264()]).unwrap().header().to_vec();
    assert_eq!(read(only_headers.as_slice()), (vec![h264()], vec![]), "an encoder that got no frame");

    let mut reader = Reader::new(Broken.chain(io::empty()));
    assert!(reader.next_packet().is_err());
    assert!(reader.next_packet().unwrap().is_none(), "nothing after an error");
}

#[test]
fn a_version_of_the_future_is_named() {
    let mut bytes = super::wire::ID_STRING.to_vec();
    super::wire::put_block(&mut bytes, super::wire::startcode::MAIN, &[5, 0, 1]);
    assert!(matches!(Reader::new(bytes.as_slice()).read_headers(), Err(NutError::Version { version: 5 })));
}
