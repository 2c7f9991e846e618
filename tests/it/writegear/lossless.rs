//! What is lossless is so to the bit.

use gearcast::writegear::{Builder, Frame, PixelFormat};

use super::{SMALL, builder};
use crate::support::judge::tool;
use crate::support::pictures::raw_frames;

fn round_trip(format: PixelFormat, decoded_as: &str, name: &str, params: impl Fn(Builder) -> Builder) {
    let folder = tempfile::tempdir().unwrap();
    let raw = raw_frames(SMALL, 8, format.name());
    let path = folder.path().join(name);
    let mut gear = params(builder(&path)).open().unwrap();
    for picture in raw.chunks_exact(raw.len() / 8) {
        gear.write(&Frame::new(format, SMALL.width, SMALL.height, picture).unwrap()).unwrap();
    }
    let report = gear.close().unwrap();
    let args = [
        "-v",
        "error",
        "-i",
        path.to_str().unwrap(),
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        decoded_as,
        "-",
    ];
    let got = tool("ffmpeg", &args).stdout;
    assert!(got == raw, "{format} as {name}: {} of {} bytes, {}", got.len(), raw.len(), report.command);
}

#[test]
fn x264_without_quantiser_keeps_every_bit() {
    for format in [PixelFormat::Yuv420p, PixelFormat::Yuv444p, PixelFormat::Nv12] {
        round_trip(format, format.name(), "a.mp4", |builder| builder.param("-vcodec", "libx264").param("-qp", 0));
    }
    round_trip(PixelFormat::Bgr24, "bgr24", "rgb.mkv", |builder| {
        builder.param("-vcodec", "libx264rgb").param("-qp", 0)
    });
}

#[test]
fn ffv1_utvideo_and_huffyuv_keep_every_bit() {
    for (encoder, format) in [
        ("ffv1", PixelFormat::Bgr24),
        ("ffv1", PixelFormat::Yuv420p),
        ("ffv1", PixelFormat::Yuv422p10),
        ("ffv1", PixelFormat::Gray16),
        ("utvideo", PixelFormat::Gbrp),
        ("utvideo", PixelFormat::Yuv420p),
        ("utvideo", PixelFormat::Yuv422p),
        ("huffyuv", PixelFormat::Rgb24),
        ("huffyuv", PixelFormat::Yuv422p),
    ] {
        round_trip(format, format.name(), "a.mkv", |builder| builder.param("-vcodec", encoder));
    }
}
