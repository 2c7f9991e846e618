//! Every kind of output: addresses, patterns, playlists, several at once, packets.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gearcast::media::{FrameRate, TrackKind};
use gearcast::rt::{Latest, Worker};
use gearcast::writegear::{Encoded, ExtraInput, GearError, Value, WriteGear};

use super::{SMALL, builder, names_in, numbered_file, write_numbered};
use crate::support::judge::{Film, counted_frames, probe, tool};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An ffmpeg that listens and records what comes.
fn receiver(input: &[&str], file: &Path) -> Child {
    let args = [&["-v", "error", "-nostdin"], input, &["-c", "copy", file.to_str().unwrap()]].concat();
    Command::new("ffmpeg").args(args).stdin(Stdio::null()).spawn().unwrap()
}

#[test]
fn numbered_pictures() {
    let folder = tempfile::tempdir().unwrap();
    numbered_file(builder(&folder.path().join("f%03d.png")), SMALL, 7);
    assert_eq!(names_in(folder.path()).len(), 7);
    assert_eq!(Film::open(&folder.path().join("f%03d.png")).counters(), (0..7).collect::<Vec<_>>());
    assert!(builder(&folder.path().join("f%03d.png")).open().is_err(), "nothing is overwritten");
}

/// vidgear's recipe for segments.
#[test]
fn segments_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let pattern = folder.path().join("part%03d.mp4");
    let list: [(&str, Value); 7] = [
        ("-c:v", "libx264".into()),
        ("-crf", 22.into()),
        ("-map", 0.into()),
        ("-segment_time", 1.into()),
        ("-sc_threshold", 0.into()),
        ("-force_key_frames", "expr:gte(t,n_forced*1)".into()),
        ("-clones", ["-f", "segment"].into()),
    ];
    numbered_file(WriteGear::from_writegear_params(pattern.to_str().unwrap(), list), SMALL, 75);
    let counters: Vec<u64> =
        names_in(folder.path()).iter().flat_map(|name| Film::open(&folder.path().join(name)).counters()).collect();
    assert_eq!(names_in(folder.path()).len(), 3);
    assert_eq!(counters, (0..75).collect::<Vec<_>>());
}

#[test]
fn a_playlist_with_its_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("live.m3u8");
    numbered_file(builder(&list).param("-hls_time", 1).param("-g", 25).param("-hls_list_size", 0), SMALL, 60);
    assert_eq!(Film::open(&list).counters(), (0..60).collect::<Vec<_>>());
}

#[test]
fn fault_14_several_outputs_of_one_encode() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.mkv"), folder.path().join("b.ts"));
    let both = format!("[f=matroska]{}|[f=mpegts]{}", a.display(), b.display());
    let report = numbered_file(WriteGear::builder(both).params([("-f", "tee"), ("-map", "0:v")]), SMALL, 30);
    assert_eq!(report.file, None);
    assert_eq!((Film::open(&a).counters(), counted_frames(&b)), ((0..30).collect(), 30));
}

#[test]
fn fault_18_rtmp_reaches_a_server_and_the_key_no_argument() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let got = folder.path().join("got.mkv");
    let url = format!("rtmp://127.0.0.1:{port}/app/secret-key-1");
    let mut server =
        receiver(&["-listen", "1", "-f", "flv", "-i", &format!("rtmp://127.0.0.1:{port}/app/secret-key-1")], &got);
    wait_for_listener(port);
    let silent = ExtraInput::new("anullsrc").param("-f", "lavfi");
    let mut gear = WriteGear::builder(url).input(silent).param("-g", 50).open().unwrap();
    write_numbered(&mut gear, SMALL, 0..50).unwrap();
    let arguments = all_arguments();
    assert!(arguments.contains(&format!("rtmp://127.0.0.1:{port}/app")), "it does not run");
    let ours: String = arguments.lines().filter(|line| !line.contains("-listen")).collect();
    assert!(!ours.contains("secret-key-1"), "{ours}");
    let report = gear.close().unwrap();
    assert!(!format!("{report:?}").contains("secret-key-1"), "{report:?}");
    assert!(server.wait().unwrap().success());
    assert_eq!(Film::open(&got).counters(), (0..50).collect::<Vec<_>>());
}

fn all_arguments() -> String {
    tool("ps", &["-eo", "args", "-ww"]).stdout.iter().map(|byte| char::from(*byte)).collect()
}

/// ffmpeg's server takes one connection only, so looking must not connect.
fn wait_for_listener(port: u16) {
    let wanted = format!(":{port:04X} 00000000:0000 0A");
    for _ in 0..20_000 {
        if std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&wanted) {
            return;
        }
        std::thread::yield_now();
    }
    panic!("nobody listens on {port}");
}

#[test]
fn udp_carries_mpegts_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let got = folder.path().join("got.ts");
    let address = format!("udp://127.0.0.1:{port}?timeout=3000000");
    let mut server = receiver(&["-f", "mpegts", "-i", &address], &got);
    let bound = format!(":{port:04X} 00000000:0000 07");
    while !std::fs::read_to_string("/proc/net/udp").unwrap().contains(&bound) {
        assert!(server.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    let url = format!("udp://127.0.0.1:{port}?pkt_size=1316");
    let mut gear =
        WriteGear::builder(url).input_param("-re", Value::None).param("-g", 10).param("-bf", 0).open().unwrap();
    write_numbered(&mut gear, SMALL, 0..50).unwrap();
    gear.close().unwrap();
    server.wait().unwrap();
    let counters = Film::open(&got).counters();
    assert!(counters.len() >= 30 && counters.ends_with(&[48, 49]), "{counters:?}");
}

#[test]
fn fault_25_packets_come_out_with_their_own_times() {
    let silent = ExtraInput::new("anullsrc=r=48000").param("-f", "lavfi");
    let builder =
        WriteGear::builder("").frame_rate(FrameRate::whole(30)).input(silent).param("-c:a", "aac").param("-bf", 2);
    let (mut gear, packets) = builder.open_packets().unwrap();
    let got = Latest::new();
    let place = got.clone();
    let reader = Worker::spawn("reader", move |_| place.put(packets.collect::<Vec<_>>())).unwrap();
    write_numbered(&mut gear, SMALL, 0..60).unwrap();
    let report = gear.close().unwrap();
    let all = got.take_within(Duration::from_mins(1)).unwrap();
    drop(reader);
    let Encoded::Headers(headers) = &all[0] else { panic!("headers come first: {:?}", all[0]) };
    let [video, audio] = headers.tracks.as_slice() else { panic!("{headers:?}") };
    assert!(matches!(video.kind, TrackKind::Video { size, .. } if size == SMALL));
    assert!(matches!(audio.kind, TrackKind::Audio { sample_rate: 48_000, .. }));
    let times = |track: u8| -> Vec<i64> {
        let of_track = all.iter().filter_map(|encoded| match encoded {
            Encoded::Packet(packet) if packet.track.0 == track => Some(packet.pts),
            _ => None,
        });
        let base = headers.tracks[usize::from(track)].time_base;
        let mut nanos: Vec<i64> = of_track.map(|pts| base.to_nanos(pts)).collect();
        nanos.sort_unstable();
        nanos
    };
    let video: Vec<i64> = times(0);
    assert_eq!(video.len(), 60);
    assert!(video.iter().zip(0..).all(|(at, index)| (at - index * 1_000_000_000 / 30).abs() < 100), "{video:?}");
    assert!(times(1)[0] <= 0, "AAC begins before zero: {:?}", times(1)[0]);
    assert_eq!(report.frames_written, Some(60));
}

#[test]
fn packets_that_nobody_takes_do_not_keep_it_from_closing() {
    let builder = WriteGear::builder("").param("-vcodec", "ffv1").write_deadline(Duration::from_millis(500));
    let (mut gear, packets) = builder.open_packets().unwrap();
    let end = write_numbered(&mut gear, SMALL, 0..2000);
    assert!(
        matches!(end, Err(GearError::Stalled { .. })),
        "256 packets and what fits into sockets are fewer than 2000"
    );
    assert!(gear.close().is_err());
    drop(packets);
}

#[test]
fn time_stamps_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["mp4", "mkv"] {
        let path = folder.path().join(format!("take.{ending}"));
        let mut gear = builder(&path).open().unwrap();
        let at_ms = [0_u64, 40, 333, 334, 1000, 2500];
        for (count, ms) in (0..).zip(at_ms) {
            let picture = crate::support::pictures::numbered_bgr(SMALL, count);
            let frame =
                gearcast::writegear::Frame::new(gearcast::writegear::PixelFormat::Bgr24, 320, 240, &picture).unwrap();
            gear.write_at(&frame, Duration::from_millis(7000 + ms)).unwrap();
        }
        gear.close().unwrap();
        let film = Film::open(&path);
        assert_eq!(film.counters(), [0, 1, 2, 3, 4, 5]);
        let got: Vec<Duration> = film.times_s.iter().map(|time| Duration::from_secs_f64(*time)).collect();
        let off = got
            .iter()
            .zip(at_ms)
            .filter(|(got, ms)| got.abs_diff(Duration::from_millis(*ms)) > Duration::from_micros(500));
        assert_eq!(off.count(), 0, "{ending}: {got:?}");
        assert_eq!(probe(&path, &["-show_entries", "stream=pix_fmt"]), ["yuv420p"]);
    }
}

#[test]
fn packets_that_are_taken_slowly_are_all_taken() {
    let (mut gear, packets) = WriteGear::builder("").param("-preset", "ultrafast").open_packets().unwrap();
    let got = Latest::new();
    let place = got.clone();
    let reader = Worker::spawn("slow", move |stop| {
        let mut count = 0;
        for encoded in packets {
            count += u64::from(matches!(encoded, Encoded::Packet(_)));
            stop.wait(Duration::from_millis(2));
        }
        place.put(count);
    });
    write_numbered(&mut gear, SMALL, 0..600).unwrap();
    gear.close().unwrap();
    assert_eq!(got.take_within(Duration::from_mins(1)), Some(600));
    drop(reader);
}
