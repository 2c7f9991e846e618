//! Every format of a frame, at even and odd sizes, for one frame and for five: all of them, in the right colours.

use std::path::Path;

use gearcast::media::Resolution;
use gearcast::writegear::{Frame, PixelFormat, Plane};

use super::builder;
use crate::support::judge::tool;
use crate::support::pictures::raw_to_rgb;
use crate::support::pictures::{numbered_bgr, numbered_rgb, raw_frames};

/// Decodes a file to packed RGB with the arithmetic of [`raw_to_rgb`].
fn decoded_rgb(path: &Path, matrix: &str) -> Vec<u8> {
    let scale =
        format!("scale=in_color_matrix={matrix}:flags=accurate_rnd+full_chroma_int+bitexact+neighbor,format=rgb24");
    let args = [
        "-v",
        "error",
        "-i",
        path.to_str().unwrap(),
        "-map",
        "0:v",
        "-fps_mode",
        "passthrough",
        "-vf",
        &scale,
        "-f",
        "rawvideo",
        "-",
    ];
    tool("ffmpeg", &args).stdout
}

/// Pictures of a file against the raw ones that were written, both as RGB: no level further off than `allowed`.
pub(super) fn assert_same_pictures(path: &Path, raw: &[u8], size: Resolution, format: &str, allowed: u8) {
    let (got, want) = (decoded_rgb(path, "bt601"), raw_to_rgb(raw, size, format));
    assert_eq!(
        got.len(),
        want.len(),
        "{format} {size}: {} pictures",
        got.len() / (size.width * size.height * 3) as usize
    );
    let far = got.iter().zip(&want).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(far <= allowed, "{format} {size}: {far} levels off");
}

const COMMON: &[PixelFormat] = &[
    PixelFormat::Gray8,
    PixelFormat::Gray16,
    PixelFormat::Ya16,
    PixelFormat::Bgr24,
    PixelFormat::Rgba,
    PixelFormat::Rgb48,
    PixelFormat::Yuv420p,
    PixelFormat::Nv12,
    PixelFormat::Yuyv,
];

#[test]
fn every_format_arrives_whole_at_even_and_odd_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let known = String::from_utf8(tool("ffmpeg", &["-hide_banner", "-pix_fmts"]).stdout).unwrap();
    for format in PixelFormat::ALL.iter().filter(|format| known.split_whitespace().any(|word| word == format.name())) {
        // What swscale cannot read it cannot be judged by; nv16 is such a one in ffmpeg 5.1.
        let name = format.name();
        let readable = known.lines().any(|line| line.starts_with("IO") && line.split_whitespace().nth(1) == Some(name));
        if !readable {
            continue;
        }
        // One round costs four programs a format: the usual ones get all sizes and counts.
        let rounds = if COMMON.contains(format) { 3 } else { 1 };
        let all = [(Resolution::new(33, 17), 5), (Resolution::new(33, 17), 1), (Resolution::new(64, 48), 5)];
        for (size, count) in all.into_iter().take(rounds) {
            let raw = raw_frames(size, count, name);
            let path = folder.path().join(format!("{name}-{size}-{count}.mkv"));
            let mut gear = builder(&path).param("-c:v", "ffv1").open().unwrap();
            for picture in raw.chunks_exact(raw.len() / count) {
                gear.write(&Frame::new(*format, size.width, size.height, picture).unwrap()).unwrap();
            }
            let report = gear.close().unwrap();
            assert_eq!(report.frames_written, Some(count as u64), "{name}: {report:?}");
            assert_same_pictures(&path, &raw, size, name, 2);
        }
    }
}

#[test]
fn rgb_through_four_by_four_keeps_its_colours_in_sd_and_hd() {
    let folder = tempfile::tempdir().unwrap();
    for (size, matrix) in [(Resolution::new(321, 241), "bt601"), (Resolution::new(1281, 721), "bt709")] {
        for (format, name) in [(PixelFormat::Bgr24, "bgr"), (PixelFormat::Rgb24, "rgb")] {
            let path = folder.path().join(format!("{name}-{size}.mkv"));
            let rgb = numbered_rgb(size, 3);
            let bytes = if name == "bgr" { numbered_bgr(size, 3) } else { rgb.clone() };
            let mut gear = builder(&path)
                .param("-qp", 0)
                .param("-pix_fmt", "yuv444p")
                .param("-preset", "ultrafast")
                .open()
                .unwrap();
            for _ in 0..5 {
                gear.write(&Frame::new(format, size.width, size.height, &bytes).unwrap()).unwrap();
            }
            gear.close().unwrap();
            let got = decoded_rgb(&path, matrix);
            assert_eq!(got.len(), rgb.len() * 5, "{name} {size}");
            let far = got
                .chunks_exact(rgb.len())
                .flat_map(|picture| picture.iter().zip(&rgb))
                .map(|(a, b)| a.abs_diff(*b))
                .max();
            assert!(far <= Some(2), "{name} {size}: {far:?}");
        }
    }
}

#[test]
fn strides_and_parts_of_larger_pictures_are_read_where_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    let size = Resolution::new(64, 48);
    let whole = numbered_bgr(Resolution::new(100, 60), 0);
    let part = &whole[(5 * 100 + 7) * 3..];
    let mut want = Vec::new();
    (0..48).for_each(|row| want.extend_from_slice(&part[row * 300..row * 300 + 64 * 3]));
    let path = folder.path().join("part.mkv");
    let mut gear = builder(&path).param("-c:v", "ffv1").open().unwrap();
    gear.write(&Frame::with_stride(PixelFormat::Bgr24, 64, 48, part, 300).unwrap()).unwrap();
    gear.close().unwrap();
    assert_same_pictures(&path, &want, size, "bgr24", 0);

    let raw = raw_frames(size, 1, "yuv420p");
    let spread = |plane: &[u8], row: usize| -> Vec<u8> {
        plane.chunks_exact(row).flat_map(|row| [row, &[9; 13]].concat()).collect()
    };
    let (luma, colour) = raw.split_at(64 * 48);
    let (blue, red) = colour.split_at(32 * 24);
    let planes = [spread(luma, 64), spread(blue, 32), spread(red, 32)];
    let planes: Vec<Plane<'_>> =
        planes.iter().zip([77, 45, 45]).map(|(bytes, stride)| Plane { bytes, stride }).collect();
    let path = folder.path().join("planes.mkv");
    let mut gear = builder(&path).param("-c:v", "ffv1").open().unwrap();
    gear.write(&Frame::with_planes(PixelFormat::Yuv420p, 64, 48, &planes).unwrap()).unwrap();
    gear.close().unwrap();
    assert_same_pictures(&path, &raw, size, "yuv420p", 0);
}
