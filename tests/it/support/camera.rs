//! Cameras that are folders of recorded pictures, and their faults.

use std::fs;
use std::path::PathBuf;

use gearcast::media::Resolution;

use super::judge::tool;
use super::pictures::numbered_rgb;
use super::program::Home;

/// The usual camera: small enough for a busy machine, large enough for a counter.
pub(crate) const SIZE: Resolution = Resolution::new(640, 360);

/// One of them. `Home::command` finds it.
pub(crate) struct PlayedCamera {
    folder: PathBuf,
}

impl PlayedCamera {
    pub(crate) fn new(home: &Home, name: &str) -> Self {
        let folder = home.at("cameras").join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// Adds a mode that plays numbered pictures on the four colours.
    pub(crate) fn with_mode(self, size: Resolution, fps: u32, coding: &str) -> Self {
        let bytes = encoded(size, coding);
        fs::write(self.folder.join(format!("{size}@{fps} {coding}.bin")), bytes).unwrap();
        self
    }

    /// Takes its modes away: it comes back with others.
    pub(crate) fn without_modes(self) -> Self {
        for entry in fs::read_dir(&self.folder).unwrap().flatten() {
            if entry.file_name().to_string_lossy().ends_with(".bin") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        self
    }

    pub(crate) fn begin(&self, fault: &str) {
        fs::write(self.folder.join(fault), "").unwrap();
    }

    pub(crate) fn end(&self, fault: &str) {
        fs::remove_file(self.folder.join(fault)).unwrap();
    }
}

/// How many different pictures a camera plays before it begins anew.
pub(crate) const PICTURES: u64 = 90;

/// Numbered pictures as a camera sends them.
pub(crate) fn encoded(size: Resolution, coding: &str) -> Vec<u8> {
    let raw: Vec<u8> = (0..PICTURES).flat_map(|count| numbered_rgb(size, count)).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), raw).unwrap();
    let (path, size) = (file.path().to_str().unwrap(), size.to_string());
    let input = ["-v", "error", "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", &size, "-i", path];
    // Averaged and rounded as a good camera does it; BT.601, as cameras send it.
    let convert = "scale=out_color_matrix=bt601:flags=accurate_rnd+full_chroma_int+area";
    let output: &[&str] = match coding {
        "mjpeg" => &["-pix_fmt", "yuvj422p", "-q:v", "2", "-huffman", "default", "-f", "mjpeg", "-"],
        "h264" => &[
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "libx264",
            "-g",
            "30",
            "-bf",
            "0",
            "-x264-params",
            "aud=1:repeat-headers=1",
            "-f",
            "h264",
            "-",
        ],
        "yuyv" => &["-pix_fmt", "yuyv422", "-f", "rawvideo", "-"],
        "uyvy" => &["-pix_fmt", "uyvy422", "-f", "rawvideo", "-"],
        "nv12" => &["-pix_fmt", "nv12", "-f", "rawvideo", "-"],
        "yu12" => &["-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
        "rgb24" => &["-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
        "bgr24" => &["-pix_fmt", "bgr24", "-f", "rawvideo", "-"],
        other => panic!("no camera sends {other}"),
    };
    let filter: &[&str] = if matches!(coding, "rgb24" | "bgr24") { &[] } else { &["-vf", convert] };
    tool("ffmpeg", &[&input[..], filter, output].concat()).stdout
}
