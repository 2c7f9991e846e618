//! A recording of vivid's colour bars, picture by picture: bars, the slate, or neither.

use std::path::Path;

use crate::judge::{probe, tool};

/// A picture is judged at this size.
const WIDTH: usize = 160;
const HEIGHT: usize = 90;
/// vivid's 75 % bars from the left.
const BARS: [[u8; 3]; 8] =
    [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [0, 0, 0]];
/// What 4:2:0 and x264 may do to a colour. The other matrix moves the green bar by 37.
const TOLERANCE: u8 = 14;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Bars,
    /// Dark, with something legible on it.
    Slate,
    Other,
}

/// The pictures of a file, decoded.
pub(crate) struct Film {
    pictures: Vec<Vec<[u8; 3]>>,
    /// The corner where vivid writes the time in milliseconds, gray and in full size.
    clocks: Vec<Vec<u8>>,
    pub(crate) times_s: Vec<f64>,
    pub(crate) sound_s: f64,
}

impl Film {
    pub(crate) fn open(path: &Path) -> Self {
        let decoded = |filter: &str, format: &str| {
            let input = ["-v", "error", "-i", path.to_str().unwrap(), "-map", "0:v", "-fps_mode", "passthrough"];
            tool("ffmpeg", &[&input[..], &["-vf", filter, "-pix_fmt", format, "-f", "rawvideo", "-"]].concat()).stdout
        };
        // Made RGB first: averaged as half-size chroma the colours would be rounded twice.
        let raw = decoded(&format!("format=rgb24,scale={WIDTH}:{HEIGHT}:flags=area"), "rgb24");
        let clocks = decoded("crop=136:16:16:16", "gray");
        let times = probe(path, &["-select_streams", "v", "-show_entries", "frame=best_effort_timestamp_time"]);
        let sound = probe(path, &["-select_streams", "a", "-show_entries", "packet=pts_time,duration_time"]);
        let sound_end = |line: &String| {
            let (at, long) = line.split_once(',')?;
            Some(at.parse::<f64>().ok()? + long.parse::<f64>().ok()?)
        };
        Self {
            pictures: raw.chunks_exact(WIDTH * HEIGHT * 3).map(|picture| picture.as_chunks().0.to_vec()).collect(),
            clocks: clocks.chunks_exact(136 * 16).map(<[u8]>::to_vec).collect(),
            times_s: times.iter().map(|time| time.parse().unwrap()).collect(),
            sound_s: sound.last().and_then(sound_end).unwrap_or(0.0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.pictures.len()
    }

    pub(crate) fn looks(&self) -> Vec<Look> {
        self.pictures.iter().map(|picture| look(picture)).collect()
    }

    /// Every picture shows the bars, in their colours.
    pub(crate) fn assert_bars(&self) {
        let looks = self.looks();
        if let Some(index) = looks.iter().position(|look| *look != Look::Bars) {
            panic!("picture {index} of {} is {:?}: {:?}", self.len(), looks[index], bars_of(&self.pictures[index]));
        }
        assert!(!looks.is_empty(), "no picture");
    }

    /// How many pictures differ from the one before, and out of how many, from the first that does: until ffmpeg is up the
    /// recording holds its first picture. vivid's clock moves with every picture.
    pub(crate) fn fresh(&self) -> (usize, usize) {
        let differ = |pair: &[Vec<u8>]| pair[0].iter().zip(&pair[1]).any(|(a, b)| a.abs_diff(*b) > 60);
        let steps: Vec<bool> = self.clocks.windows(2).map(differ).collect();
        let moving = steps.iter().skip_while(|fresh| !**fresh);
        (moving.clone().filter(|fresh| **fresh).count(), moving.count())
    }

    /// What is seen in turn, each with its first moment and how long it lasts, in seconds.
    pub(crate) fn scenes(&self) -> Vec<(Look, f64, f64)> {
        let mut scenes: Vec<(Look, f64, f64)> = Vec::new();
        for (look, time) in self.looks().into_iter().zip(&self.times_s) {
            match scenes.last_mut() {
                Some((last, since, lasts)) if *last == look => *lasts = time - *since,
                _ => scenes.push((look, *time, 0.0)),
            }
        }
        scenes
    }
}

fn look(picture: &[[u8; 3]]) -> Look {
    let near = |a: &[u8; 3], b: &[u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE);
    if bars_of(picture).iter().zip(&BARS).all(|(seen, bar)| near(seen, bar)) {
        return Look::Bars;
    }
    let mut light: Vec<u8> = picture.iter().map(|pixel| pixel.iter().copied().max().unwrap_or(0)).collect();
    light.sort_unstable();
    let (most, brightest) = (light[light.len() * 9 / 10], light[light.len() - 1]);
    if most < 90 && brightest >= most.saturating_add(40) { Look::Slate } else { Look::Other }
}

/// The mean colour in the middle of each bar, below vivid's writing.
fn bars_of(picture: &[[u8; 3]]) -> [[u8; 3]; 8] {
    let (wide, rows) = (WIDTH / 8, HEIGHT * 6 / 10..HEIGHT * 9 / 10);
    std::array::from_fn(|bar| {
        let columns = bar * wide + wide / 4..bar * wide + wide * 3 / 4;
        let pixels = rows.clone().flat_map(|y| columns.clone().map(move |x| picture[y * WIDTH + x]));
        let (mut sums, mut count) = ([0_u32; 3], 0);
        for pixel in pixels {
            count += 1;
            sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u32::from(value));
        }
        sums.map(|sum| u8::try_from(sum / count).unwrap_or(u8::MAX))
    })
}

#[test]
fn pictures_are_told_apart() {
    let bars: Vec<[u8; 3]> = (0..WIDTH * HEIGHT).map(|index| BARS[index % WIDTH / (WIDTH / 8)]).collect();
    assert_eq!(look(&bars), Look::Bars);
    // Green as it comes out with BT.709's numbers for BT.601's.
    let strange: Vec<_> = bars.iter().map(|pixel| if *pixel == BARS[3] { [0, 228, 0] } else { *pixel }).collect();
    assert_eq!(look(&strange), Look::Other);
    let mut slate = vec![[30, 32, 36]; WIDTH * HEIGHT];
    assert_eq!(look(&slate), Look::Other, "a dark picture that says nothing");
    slate[40 * WIDTH..40 * WIDTH + 60].fill([200, 200, 200]);
    assert_eq!(look(&slate), Look::Slate);
    assert_eq!(look(&vec![[128, 128, 128]; WIDTH * HEIGHT]), Look::Other);
}
