//! Track headers for raw pictures, pictures that come encoded, and sound, as ffmpeg understands them.

use std::sync::Arc;

use crate::media::{CompressedFormat, FrameRate, PixelFormat, Resolution, TimeBase, TrackHeader, TrackKind};

/// The tag under which ffmpeg's raw decoder knows a pixel format. The picture is tightly packed.
pub const fn fourcc_of(format: PixelFormat) -> [u8; 4] {
    match format {
        PixelFormat::Bgrx => *b"BGR\0",
        PixelFormat::Rgbx => *b"RGB\0",
        PixelFormat::Bgr24 => *b"BGR\x18",
        PixelFormat::Rgb24 => *b"RGB\x18",
        PixelFormat::Gray8 => *b"Y800",
        PixelFormat::Nv12 => *b"NV12",
        PixelFormat::I420 => *b"I420",
        PixelFormat::Yuyv => *b"YUY2",
        PixelFormat::Uyvy => *b"UYVY",
    }
}

/// Raw pictures with square pixels. `rate` is what to expect: without it ffmpeg takes the time base for the frame
/// rate, and an encoder complains of a thousand million pictures a second. NUT's colour code is left unknown because
/// ffmpeg ignores it: say the colours in its arguments.
pub fn raw_video(format: PixelFormat, size: Resolution, time_base: TimeBase, rate: Option<FrameRate>) -> TrackHeader {
    TrackHeader {
        kind: TrackKind::Video { size, sample_aspect: (1, 1), rate, colour_code: 0 },
        fourcc: fourcc_of(format).to_vec(),
        time_base,
        decode_delay: 0,
        codec_private: Arc::from([]),
    }
}

/// Pictures that come encoded. `parameters` are what a decoder needs before the first of them: H.264's parameter sets,
/// with start codes; nothing for Motion JPEG.
pub fn coded_video(
    format: CompressedFormat,
    size: Resolution,
    time_base: TimeBase,
    rate: Option<FrameRate>,
    parameters: &[u8],
) -> TrackHeader {
    let fourcc = match format {
        CompressedFormat::Mjpeg => *b"MJPG",
        CompressedFormat::H264 => *b"H264",
    };
    TrackHeader {
        kind: TrackKind::Video { size, sample_aspect: (1, 1), rate, colour_code: 0 },
        fourcc: fourcc.to_vec(),
        time_base,
        decode_delay: 0,
        codec_private: Arc::from(parameters),
    }
}

/// Interleaved 16-bit little-endian samples; times count samples. A `sample_rate` of 0 is refused by the writer.
pub fn pcm_s16(sample_rate: u32, channels: u16) -> TrackHeader {
    pcm(*b"PSD\x10", sample_rate, channels)
}

/// Interleaved 32-bit little-endian floats; times count samples. A `sample_rate` of 0 is refused by the writer.
pub fn pcm_f32(sample_rate: u32, channels: u16) -> TrackHeader {
    pcm(*b"PFD\x20", sample_rate, channels)
}

fn pcm(fourcc: [u8; 4], sample_rate: u32, channels: u16) -> TrackHeader {
    TrackHeader {
        kind: TrackKind::Audio { sample_rate, channels },
        fourcc: fourcc.to_vec(),
        time_base: TimeBase { num: 1, den: sample_rate },
        decode_delay: 0,
        codec_private: Arc::from([]),
    }
}
