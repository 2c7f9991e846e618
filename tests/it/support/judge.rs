//! Judges a recording by its content: the counter in its pictures, flashes against beeps, colours, time stamps.

use std::path::Path;
use std::process::{Command, Output};

use gearcast::media::Resolution;
use gearcast::media::test_card::{COUNTER_BITS, CounterLayout, read_flash};

/// What a file holds, decoded.
pub(crate) struct Film {
    pub(crate) size: Resolution,
    /// One gray plane a frame.
    pub(crate) frames: Vec<Vec<u8>>,
    /// Presentation time of each frame in seconds.
    pub(crate) times_s: Vec<f64>,
    /// Mono sound at 48 kHz from time zero.
    pub(crate) sound: Vec<f32>,
}

/// Runs a tool and gives its output; a failure shows its words.
pub(crate) fn tool(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// One value a line, as ffprobe prints it.
pub(crate) fn probe(path: &Path, args: &[&str]) -> Vec<String> {
    let mut all = vec!["-v", "error", "-of", "csv=p=0"];
    all.extend(args);
    all.push(path.to_str().unwrap());
    let output = tool("ffprobe", &all);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Frames that ffprobe counts by decoding.
pub(crate) fn counted_frames(path: &Path) -> u64 {
    let args = ["-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames"];
    probe(path, &args)[0].parse().unwrap()
}

impl Film {
    pub(crate) fn open(path: &Path) -> Self {
        let sizes = probe(path, &["-select_streams", "v", "-show_entries", "stream=width,height"]);
        let (width, height) = sizes[0].split_once(',').unwrap();
        let size = Resolution::new(width.parse().unwrap(), height.parse().unwrap());
        let file = path.to_str().unwrap();
        let args = ["-v", "error", "-i", file, "-map", "0:v", "-fps_mode", "passthrough"];
        let raw = tool("ffmpeg", &[&args[..], &["-f", "rawvideo", "-pix_fmt", "gray", "-"]].concat()).stdout;
        let frames = raw.chunks_exact((size.width * size.height) as usize).map(<[u8]>::to_vec).collect();
        let times = probe(path, &["-select_streams", "v", "-show_entries", "frame=best_effort_timestamp_time"]);
        let times_s = times.iter().map(|time| time.parse().unwrap()).collect();
        let sound = if probe(path, &["-select_streams", "a", "-show_entries", "stream=index"]).is_empty() {
            Vec::new()
        } else {
            decoded_sound(file)
        };
        Self { size, frames, times_s, sound }
    }

    /// The counter of each frame. Panics where one cannot be read.
    pub(crate) fn counters(&self) -> Vec<u64> {
        let layout = CounterLayout::for_size(self.size).unwrap();
        let read = |(index, frame): (usize, &Vec<u8>)| {
            layout.read(frame, self.size.width as usize).unwrap_or_else(|| panic!("no counter in frame {index}"))
        };
        self.frames.iter().enumerate().map(read).collect()
    }

    /// How many steps of the counter are not exactly one: repeats and holes.
    pub(crate) fn broken_steps(&self) -> usize {
        let counters = self.counters();
        counters.windows(2).filter(|pair| (pair[0] + 1) % (1 << COUNTER_BITS) != pair[1]).count()
    }

    /// When the flash turns on, in seconds.
    pub(crate) fn flashes_s(&self) -> Vec<f64> {
        let stride = self.size.width as usize;
        let on: Vec<bool> = self.frames.iter().map(|frame| read_flash(frame, stride, self.size)).collect();
        (1..on.len()).filter(|index| on[*index] && !on[index - 1]).map(|index| self.times_s[index]).collect()
    }

    /// When a beep begins, in seconds: loud after at least 100 ms of quiet.
    pub(crate) fn beeps_s(&self) -> Vec<f64> {
        // Before the file begins all is quiet: the first beep may come at once.
        let (mut quiet, mut found) = (4801_usize, Vec::new());
        for (index, sample) in self.sound.iter().enumerate() {
            if sample.abs() < 0.08 {
                quiet += 1;
                continue;
            }
            if quiet > 4800 {
                found.push(f64::from(u32::try_from(index).unwrap()) / 48_000.0);
            }
            quiet = 0;
        }
        found
    }

    /// For each flash the distance to the nearest beep in seconds: positive when the picture is late.
    pub(crate) fn offsets_s(&self) -> Vec<f64> {
        let beeps = self.beeps_s();
        let nearest = |flash: &f64| {
            let distances = beeps.iter().map(|beep| flash - beep);
            distances.min_by(|a, b| a.abs().total_cmp(&b.abs()))
        };
        self.flashes_s().iter().filter_map(nearest).collect()
    }
}

fn decoded_sound(file: &str) -> Vec<f32> {
    let filter = "aresample=48000:async=1:first_pts=0";
    let args = ["-v", "error", "-copyts", "-i", file, "-map", "0:a:0", "-af", filter, "-ac", "1", "-f", "f32le", "-"];
    let raw = tool("ffmpeg", &args).stdout;
    raw.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect()
}

/// The mean colour `(r, g, b)` of a rectangle `x, y, w, h` in the frame at `time_s`.
pub(crate) fn colour_at(path: &Path, time_s: f64, rect: (u32, u32, u32, u32)) -> (u8, u8, u8) {
    let (x, y, w, h) = rect;
    // Averaged as RGB: averaging half-size chroma planes to one pixel rounded a pure green to (20, 255, 9).
    let (time, filter) = (format!("{time_s}"), format!("crop={w}:{h}:{x}:{y},format=rgb24,scale=1:1:flags=area"));
    let file = path.to_str().unwrap();
    let args = ["-v", "error", "-ss", &time, "-i", file, "-frames:v", "1", "-vf", &filter];
    let raw = tool("ffmpeg", &[&args[..], &["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]].concat()).stdout;
    (raw[0], raw[1], raw[2])
}
