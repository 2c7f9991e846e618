//! The examples run as printed, and their files hold what they say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::judge::{counted_frames, probe, tool};

/// Runs an example in a folder and gives what it said.
fn example(name: &str, folder: &Path, args: &[&str]) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_gearcast")).with_file_name("examples").join(name);
    assert!(program.exists(), "{} is not built: cargo build --examples", program.display());
    let output = Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn in_folder(name: &str, args: &[&str]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let said = example(name, folder.path(), args);
    (folder, said)
}

fn frames(folder: &tempfile::TempDir, name: &str) -> u64 {
    counted_frames(&folder.path().join(name))
}

fn duration_s(path: &Path) -> f64 {
    probe(path, &["-show_entries", "format=duration"])[0].parse().unwrap()
}

#[test]
fn write_file() {
    let (folder, said) = in_folder("write_file", &["out.mp4"]);
    assert_eq!(frames(&folder, "out.mp4"), 100);
    assert!(said.starts_with("100 frames in Some("), "{said}");
}

#[test]
fn frame_rate() {
    let (folder, _) = in_folder("frame_rate", &["even.mp4", "stamped.mp4"]);
    assert_eq!(probe(&folder.path().join("even.mp4"), &["-show_entries", "stream=r_frame_rate"]), ["30000/1001"]);
    let times = probe(&folder.path().join("stamped.mp4"), &["-show_entries", "frame=best_effort_timestamp_time"]);
    let times: Vec<f64> = times.iter().map(|time| time.parse().unwrap()).collect();
    assert!(times.iter().zip([0.0, 0.04, 0.5, 0.52, 2.0]).all(|(a, b)| (a - b).abs() < 0.001), "{times:?}");
}

#[test]
fn sound_from_file_and_a_custom_command() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    tool("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", "sine=d=9", at("music.wav").to_str().unwrap()]);
    example("sound_from_file", folder.path(), &["music.wav", "out.mp4"]);
    assert_eq!(counted_frames(&at("out.mp4")), 100);
    let said = example("custom_command", folder.path(), &["out.mp4", "sound.m4a"]);
    assert!(said.ends_with("exit code 0\n"), "{said}");
    assert!((3.9..4.1).contains(&duration_s(&at("sound.m4a"))), "{}", duration_s(&at("sound.m4a")));
}

#[test]
fn segments() {
    let (folder, _) = in_folder("segments", &["part%03d.mp4"]);
    let all: Vec<u64> = (0..3).map(|number| frames(&folder, &format!("part00{number}.mp4"))).collect();
    assert_eq!(all, [50, 50, 50]);
}

#[test]
fn gif() {
    let (folder, _) = in_folder("gif", &["out.gif"]);
    assert_eq!(probe(&folder.path().join("out.gif"), &["-show_entries", "stream=width,height"]), ["320,180"]);
    assert_eq!(frames(&folder, "out.gif"), 20);
}

#[test]
fn hardware_encoder() {
    let (folder, said) = in_folder("hardware_encoder", &["out.mp4"]);
    assert_eq!(frames(&folder, "out.mp4"), 50, "{said}");
}

#[test]
fn packets() {
    let (_folder, said) = in_folder("packets", &[]);
    let bytes: u64 = said.lines().last().and_then(|line| line.strip_suffix(" bytes")).unwrap().parse().unwrap();
    assert!(said.contains("640") && bytes > 1000, "{said}");
}

#[test]
fn raw_frames() {
    let folder = tempfile::tempdir().unwrap();
    let raw = crate::support::pictures::raw_frames(gearcast::media::Resolution::new(64, 48), 7, "bgr24");
    std::fs::write(folder.path().join("frames.bgr"), raw).unwrap();
    let said = example("raw_frames", folder.path(), &["frames.bgr", "64x48", "30", "out.mp4", "-crf", "20"]);
    assert!(said.starts_with("{\"frames\":7,"), "{said}");
    assert_eq!(counted_frames(&folder.path().join("out.mp4")), 7);
}

#[cfg(feature = "opencv")]
#[test]
fn opencv() {
    let (folder, said) = in_folder("opencv", &["out.avi"]);
    assert!(said.starts_with("Some(60) frames"), "{said}");
    assert_eq!(frames(&folder, "out.avi"), 60);
}

/// A server that listens, as `MediaMTX` or nginx would.
#[test]
fn rtmp() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (url, got) = (format!("rtmp://127.0.0.1:{port}/live/key"), folder.path().join("got.flv"));
    let args =
        ["-v", "error", "-nostdin", "-listen", "1", "-f", "flv", "-i", &url, "-c", "copy", got.to_str().unwrap()];
    let mut server = Command::new("ffmpeg").args(args).stdin(Stdio::null()).spawn().unwrap();
    let listening = format!(":{port:04X} 00000000:0000 0A");
    while !std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&listening) {
        assert!(server.try_wait().unwrap().is_none(), "the server ended");
        std::thread::yield_now();
    }
    let said = example("rtmp", folder.path(), &[&url]);
    assert!(server.wait().unwrap().success());
    assert_eq!((said.as_str(), counted_frames(&got)), ("75 frames sent\n", 75));
}
