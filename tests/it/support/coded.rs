//! Pictures as cameras encode them, made by ffmpeg, and what a file holds of them.

use std::path::Path;

use super::judge::{probe, tool};

/// 320×240 at 30 fps: a moving test picture that is white from 0.5 s to 0.6 s of each second.
const PICTURE: &str = "testsrc2=s=320x240:r=30,drawbox=c=white:t=fill:enable='between(mod(n,30),15,17)'";

fn encoded(count: usize, words: &[&str]) -> Vec<u8> {
    let count = count.to_string();
    let first = ["-v", "error", "-f", "lavfi", "-i", PICTURE, "-frames:v", &count];
    tool("ffmpeg", &[&first[..], words, &["-"]].concat()).stdout
}

/// JPEGs, with the usual Huffman tables.
pub(crate) fn jpegs(count: usize) -> Vec<Vec<u8>> {
    // Inside a picture's data no marker begins with these bytes.
    split(&encoded(count, &["-c:v", "mjpeg", "-q:v", "4", "-huffman", "default", "-f", "mjpeg"]), &[0xff, 0xd8, 0xff])
}

/// The JPEGs of a film of them.
pub(crate) fn split_jpegs(film: &[u8]) -> Vec<Vec<u8>> {
    split(film, &[0xff, 0xd8, 0xff])
}

/// Access units with start codes; a keyframe every 30, each in several slices.
pub(crate) fn access_units(count: usize) -> Vec<Vec<u8>> {
    let words = ["-c:v", "libx264", "-tune", "zerolatency", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p"];
    let units = encoded(count, &[&words[..], &["-x264-params", "aud=1:slices=2", "-f", "h264"]].concat());
    split(&units, &[0, 0, 0, 1, 9])
}

/// The pieces that begin with these bytes.
fn split(bytes: &[u8], start: &[u8]) -> Vec<Vec<u8>> {
    let found = bytes.windows(start.len()).enumerate().filter(|(_, window)| *window == start).map(|(at, _)| at);
    let starts: Vec<usize> = found.chain([bytes.len()]).collect();
    starts.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
}

/// The JPEG as a UVC camera may send it.
pub(crate) fn without_huffman_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut bare = jpeg[..2].to_vec();
    let mut at = 2;
    loop {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        match jpeg[at + 1] {
            0xc4 => {}
            0xda => break,
            _ => bare.extend_from_slice(&jpeg[at..end]),
        }
        at = end;
    }
    bare.extend_from_slice(&jpeg[at..]);
    bare
}

/// The file's pictures as they stand in it, one after the other.
pub(crate) fn stored_pictures(path: &Path) -> Vec<u8> {
    let file = path.to_str().unwrap();
    tool("ffmpeg", &["-v", "error", "-i", file, "-map", "0:v", "-c", "copy", "-f", "data", "-"]).stdout
}

/// Bytes of each stored picture.
pub(crate) fn stored_sizes(path: &Path) -> Vec<usize> {
    let sizes = probe(path, &["-select_streams", "v", "-show_entries", "packet=size"]);
    sizes.iter().map(|size| size.parse().unwrap()).collect()
}

/// Presentation time of each stored picture in seconds.
pub(crate) fn stored_times(path: &Path) -> Vec<f64> {
    let times = probe(path, &["-select_streams", "v", "-show_entries", "packet=pts_time"]);
    times.iter().map(|time| time.parse().unwrap()).collect()
}

/// What is seen: a sum for each decoded picture. `format` is the demuxer where the file's name does not tell it.
pub(crate) fn seen(path: &Path, format: &[&str]) -> Vec<String> {
    let file = path.to_str().unwrap();
    let words = ["-i", file, "-map", "0:v", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "framemd5", "-"];
    let text = String::from_utf8(tool("ffmpeg", &[&["-v", "error"], format, &words].concat()).stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

/// How long the file plays, in seconds.
pub(crate) fn plays_s(path: &Path) -> f64 {
    probe(path, &["-show_entries", "format=duration"])[0].parse().unwrap()
}
