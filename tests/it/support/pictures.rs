//! Pictures for the engine's tests: numbered, so that a file tells which of them it holds, on four colours, so that it
//! tells whether they are right.

use gearcast::media::Resolution;
use gearcast::media::test_card::CounterLayout;

use super::judge::tool;

/// The colours of the four quarters, as red, green and blue: left to right, top to bottom.
pub(crate) const QUARTERS: [[u8; 3]; 4] = [[200, 40, 40], [40, 180, 60], [50, 60, 200], [190, 180, 50]];

/// A packed RGB picture with a counter.
pub(crate) fn numbered_rgb(size: Resolution, count: u64) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let mut picture = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            picture.extend(QUARTERS[usize::from(x * 2 >= width) + 2 * usize::from(y * 2 >= height)]);
        }
    }
    let Some(layout) = CounterLayout::for_size(size) else { return picture };
    for (index, on) in (0..).zip(CounterLayout::cells(count)) {
        for y in 0..layout.cell {
            let start = ((layout.top + y) * size.width + layout.left + index * layout.cell) as usize * 3;
            picture[start..start + layout.cell as usize * 3].fill(if on { 255 } else { 0 });
        }
    }
    picture
}

/// The same with blue first, as OpenCV holds pictures.
pub(crate) fn numbered_bgr(size: Resolution, count: u64) -> Vec<u8> {
    let mut picture = numbered_rgb(size, count);
    picture.chunks_exact_mut(3).for_each(|pixel| pixel.swap(0, 2));
    picture
}

/// The same as gray.
pub(crate) fn numbered_gray(size: Resolution, count: u64) -> Vec<u8> {
    numbered_rgb(size, count).chunks_exact(3).map(|pixel| pixel[1]).collect()
}

/// Raw pictures of ffmpeg's test source in a pixel format.
pub(crate) fn raw_frames(size: Resolution, count: usize, format: &str) -> Vec<u8> {
    let source = format!("testsrc=s={size}:r=25");
    let count = count.to_string();
    let args = [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        &source,
        "-frames:v",
        &count,
        "-pix_fmt",
        format,
        "-strict",
        "-1",
        "-f",
        "rawvideo",
        "-",
    ];
    tool("ffmpeg", &args).stdout
}

/// Raw bytes in one pixel format as packed RGB, by ffmpeg, whose numbers are BT.601's where it has to compute.
pub(crate) fn raw_to_rgb(raw: &[u8], size: Resolution, format: &str) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), raw).unwrap();
    let (path, size) = (file.path().to_str().unwrap(), size.to_string());
    let input = ["-v", "error", "-f", "rawvideo", "-pixel_format", format, "-video_size", &size, "-i", path];
    let flags = ["-sws_flags", "accurate_rnd+full_chroma_int+bitexact+neighbor"];
    tool("ffmpeg", &[&input[..], &flags, &["-pix_fmt", "rgb24", "-f", "rawvideo", "-"]].concat()).stdout
}
