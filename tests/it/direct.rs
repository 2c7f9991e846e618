//! Outputs that ffmpeg writes itself hold every picture once: GIF, image sequences, segments, playlists, addresses.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::judge::{Film, counted_frames, probe, tool};
use crate::support::program::{Home, Ran};
use crate::support::take::{Take, files_in};

const SMALL: [&str; 4] = ["--source", "test", "--set", "video.size=320x180"];

fn record(home: &Home, more: &[&str]) -> (Ran, Value) {
    let args = [&["record", "--json"], &SMALL[..], &["--audio", "none"], more].concat();
    let ran = home.run(&args);
    let last = ran.events().pop().expect("a last line");
    (ran, last)
}

fn good(home: &Home, more: &[&str], frames: u64) -> Value {
    let (ran, last) = record(home, more);
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
    assert_eq!(last["frames"]["written"], frames, "{last}");
    last
}

fn continuous(counters: &[u64]) {
    let broken = counters.windows(2).filter(|pair| pair[0] + 1 != pair[1]).count();
    assert_eq!(broken, 0, "{counters:?}");
}

#[test]
fn a_gif_holds_every_picture_and_its_colours() {
    let home = Home::new();
    let last = good(&home, &["--set", "video.fps=10", "--duration", "2", "--output", "take.gif"], 20);
    let path = home.at("take.gif");
    assert_eq!(last["file"], json!(path));
    assert_eq!(counted_frames(&path), 20);
    continuous(&Film::open(&path).counters());
    assert_eq!(files_in(home.path()), [path]);
}

#[test]
fn an_existing_gif_is_left_as_it_is_or_replaced_at_the_end() {
    let home = Home::new();
    std::fs::write(home.at("take.gif"), b"mine").unwrap();
    let args = ["--set", "video.fps=10", "--duration", "1", "--output", "take.gif"];
    assert_eq!(record(&home, &args).0.code, 5);
    assert_eq!(std::fs::read(home.at("take.gif")).unwrap(), b"mine");
    good(&home, &[&args[..], &["--overwrite"]].concat(), 10);
    assert_eq!(counted_frames(&home.at("take.gif")), 10);
}

#[test]
fn a_png_sequence_holds_every_picture_bit_for_bit() {
    let home = Home::new();
    good(&home, &["--duration", "1", "--output", "shots/%05d.png"], 30);
    let files = files_in(&home.at("shots"));
    assert_eq!(files.len(), 30);
    assert_eq!(files[0], home.at("shots/00001.png"));
    let counters: Vec<u64> = files.iter().flat_map(|file| Film::open(file).counters()).collect();
    continuous(&counters);
    // The bars are pure: 4:2:0 on the way would have blurred them.
    let raw =
        tool("ffmpeg", &["-v", "error", "-i", files[0].to_str().unwrap(), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
    let row = raw.stdout.len() - Film::open(&files[0]).size.width as usize * 3;
    assert_eq!(raw.stdout[row..row + 3], [255, 0, 0]);

    let (ran, _) = record(&home, &["--duration", "1", "--output", "shots/%05d.png"]);
    assert_eq!(ran.code, 5, "nothing is written over: {}", ran.err);
    assert_eq!(files_in(&home.at("shots")).len(), 30);
}

#[test]
fn segments_are_cut_at_keyframes_and_lose_nothing() {
    let home = Home::new();
    let args = ["--duration", "3", "--output", "part%03d.mp4", "--set", "advanced.output=-segment_time 1"];
    let last = good(&home, &args, 90);
    let files = files_in(home.path());
    assert_eq!(files.len(), 3, "{files:?}");
    assert_eq!(last["files"].as_array().unwrap().len(), 3);
    let mut counters = Vec::new();
    for file in &files {
        let keys = probe(file, &["-select_streams", "v", "-show_entries", "frame=key_frame"]);
        assert_eq!(keys[0], "1", "{}", file.display());
        let film = Film::open(file);
        assert_eq!(film.frames.len(), 30);
        counters.extend(film.counters());
    }
    continuous(&counters);
}

#[test]
fn playlists_play_to_their_end() {
    let home = Home::new();
    good(&home, &["--duration", "5", "--output", "live.m3u8"], 150);
    let film = Film::open(&home.at("live.m3u8"));
    assert_eq!((film.frames.len(), film.broken_steps()), (150, 0));
    assert!(std::fs::read_to_string(home.at("live.m3u8")).unwrap().contains("#EXT-X-ENDLIST"));
    let (ran, last) = record(&home, &["--duration", "2", "--output", "show.mpd"]);
    assert_eq!((ran.code, &last["frames"]["written"]), (0, &json!(60)), "{}\n{last}", ran.err);
}

#[test]
fn transport_streams_and_flash_are_safe_files_of_packets() {
    let home = Home::new();
    for name in ["take.ts", "take.flv"] {
        good(&home, &["--duration", "1", "--output", name], 30);
        continuous(&Film::open(&home.at(name)).counters());
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An ffmpeg that takes what comes from an address into a file; ended with the test.
struct Receiver {
    child: Child,
}

impl Receiver {
    fn start(input: &[&str], file: &Path) -> Self {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y"]).args(input).args(["-map", "0:v", "-c", "copy"]).arg(file);
        Self { child: command.stdin(Stdio::null()).spawn().unwrap() }
    }

    fn end(mut self) {
        self.child.wait().unwrap();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().unwrap_or_default();
            self.child.wait().map(drop).unwrap_or_default();
        }
    }
}

/// Waits until somebody listens: a TCP port shows in the kernel's table.
fn wait_for_listener(table: &str, port: u16) {
    let wanted = format!(":{port:04X} ");
    for _ in 0..1_000_000 {
        if std::fs::read_to_string(table).unwrap().contains(&wanted) {
            return;
        }
        std::thread::yield_now();
    }
    panic!("nobody listens on {port}");
}

#[test]
fn a_tcp_listener_gets_every_picture() {
    let home = Home::new();
    let (port, taken) = (free_port(), home.at("got.mkv"));
    let listen = format!("tcp://127.0.0.1:{port}?listen=1");
    let receiver = Receiver::start(&["-f", "mpegts", "-i", &listen], &taken);
    wait_for_listener("/proc/net/tcp", port);
    let address = format!("tcp://127.0.0.1:{port}");
    let last = good(&home, &["--duration", "2", "--output", &address], 60);
    assert_eq!((&last["file"], &last["streams"][0]["state"]), (&Value::Null, &json!("ended")));
    assert_eq!(last["streams"][0]["url"], json!(address));
    receiver.end();
    let film = Film::open(&taken);
    assert_eq!((film.frames.len(), film.broken_steps()), (60, 0));
}

#[test]
fn an_rtmp_server_gets_every_picture() {
    let home = Home::new();
    let (port, taken) = (free_port(), home.at("got.mkv"));
    let address = format!("rtmp://127.0.0.1:{port}/live/test");
    let receiver = Receiver::start(&["-listen", "1", "-i", &address], &taken);
    wait_for_listener("/proc/net/tcp", port);
    good(&home, &["--duration", "2", "--output", &address], 60);
    receiver.end();
    let film = Film::open(&taken);
    assert_eq!((film.frames.len(), film.broken_steps()), (60, 0));
}

#[test]
fn a_tee_writes_a_file_beside_the_address() {
    let home = Home::new();
    let address = format!("tee:[f=mpegts]udp://127.0.0.1:{}|[f=matroska]side.mkv", free_port());
    good(&home, &["--duration", "1", "--output", &address], 30);
    continuous(&Film::open(&home.at("side.mkv")).counters());
    let (ran, _) = record(&home, &["--duration", "1", "--output", &address]);
    assert_eq!(ran.code, 5, "side.mkv is not written over: {}", ran.err);
}

#[test]
fn nobody_at_the_address_is_exit_6() {
    let home = Home::new();
    let address = format!("rtmp://127.0.0.1:{}/live", free_port());
    let (ran, last) = record(&home, &["--duration", "5", "--output", &address]);
    assert_eq!((ran.code, &last["exit_code"]), (6, &json!(6)), "{}\n{last}", ran.err);
    assert!(ran.err.contains("nobody answers"), "{}", ran.err);
}

#[test]
fn a_server_that_never_answers_does_not_keep_stop_waiting() {
    let home = Home::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("rtmp://{}/live", silent.local_addr().unwrap());
    let take = Take::start(&home, &[&SMALL[..], &["--audio", "none", "--output", &address]].concat(), &[]);
    let (_held, _) = silent.accept().unwrap();
    take.signal(Signal::INT);
    let (ran, last) = take.end();
    assert_eq!((ran.code, &last["exit_code"]), (6, &json!(6)), "{}\n{last}", ran.err);
    assert!(ran.err.contains("does not answer"), "{}", ran.err);
}
