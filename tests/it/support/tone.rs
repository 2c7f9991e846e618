//! The sound of a file.

use std::path::Path;
use std::process::Command;

/// How many tracks of sound a file has.
pub(crate) fn tracks(file: &Path) -> usize {
    let args = ["-v", "error", "-select_streams", "a", "-show_entries", "stream=index", "-of", "csv=p=0"];
    let output = Command::new("ffprobe").args(args).arg(file).output().expect("ffprobe runs");
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.trim().is_empty()).count()
}

/// What the tracks of sound are called, as players read it.
pub(crate) fn titles(file: &Path) -> Vec<String> {
    let args = ["-v", "error", "-select_streams", "a", "-show_entries", "stream_tags=handler_name,title"];
    let output = Command::new("ffprobe").args(args).args(["-of", "csv=p=0"]).arg(file).output().expect("ffprobe runs");
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A track's first channel at 48 kHz, from the file's time zero on. (`-ac 1` of floats adds 3 dB.)
pub(crate) fn decoded(file: &Path, track: usize) -> Vec<f32> {
    let map = format!("0:a:{track}");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-copyts", "-i"])
        .arg(file)
        .args(["-map", &map, "-af", "aresample=48000:async=1:first_pts=0,pan=mono|c0=c0", "-f", "f32le", "-"])
        .output()
        .expect("ffmpeg runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let word = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    output.stdout.chunks_exact(4).map(word).collect()
}
