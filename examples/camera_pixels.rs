//! A camera's recorded buffers through the conversion that a recording does, and what that costs:
//! `cargo run --release --example camera_pixels -- frames.mjpeg mjpeg 1920x1080 3 last.nv12`
//!
//! The number says how often the buffers are converted; the last picture goes into the last file. The formats are
//! `mjpeg` (one JPEG after the other) and `yuyv`. `make bench-camera` runs it beside ffmpeg on the same buffers.

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

use std::sync::Arc;

use gearcast::imaging::{Mirror, Nv12Converter, natural_colour};
use gearcast::media::{
    Changed, Colour, CompressedFormat, Frame, Payload, PixelBuffer, PixelFormat, Planes, Resolution, Timestamp,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, format, size, rounds, last] = words.as_slice() else {
        return Err("usage: camera_pixels FILE mjpeg|yuyv WIDTHxHEIGHT ROUNDS LAST_PICTURE".into());
    };
    let size = Resolution::parse(size).ok_or("a size is written 1920x1080")?;
    let (frames, rounds) = (frames(&std::fs::read(file)?, format, size)?, rounds.parse::<u32>()?.max(1));
    let first = frames.first().ok_or("the file holds no whole picture")?;
    let mut converter = Nv12Converter::new(size, natural_colour(first, size.height), Mirror::No)?;
    let before = own_cpu_ms();
    for _ in 0..rounds {
        for frame in &frames {
            converter.convert(frame, Changed::Unknown)?;
        }
    }
    let count = f64::from(rounds) * f64::from(u32::try_from(frames.len())?);
    let ms = (own_cpu_ms() - before) / count;
    std::fs::write(last, &converter.picture().data)?;
    println!("{{\"frames\":{},\"cpu_ms\":{ms:.3}}}", frames.len());
    Ok(())
}

/// The buffers as a camera hands them over.
fn frames(bytes: &[u8], format: &str, size: Resolution) -> Result<Vec<Frame>, Box<dyn std::error::Error>> {
    let payloads: Vec<(Colour, Payload)> = match format {
        "mjpeg" => jpegs(bytes)
            .map(|jpeg| (Colour::JPEG, Payload::Compressed { format: CompressedFormat::Mjpeg, data: Arc::from(jpeg) }))
            .collect(),
        "yuyv" => bytes
            .chunks_exact(PixelFormat::Yuyv.packed_len(size))
            .map(|picture| {
                let buffer: Arc<dyn PixelBuffer> = Arc::new(picture.to_vec());
                Ok((Colour::BT601, Payload::Planes(Planes::packed(PixelFormat::Yuyv, size, buffer)?)))
            })
            .collect::<Result<_, gearcast::media::FrameError>>()?,
        other => return Err(format!("{other} is not mjpeg or yuyv").into()),
    };
    let frame = |(seq, (colour, payload))| Frame {
        seq,
        captured_at: Timestamp::from_nanos(0),
        colour,
        size,
        changed: Changed::Unknown,
        payload,
    };
    Ok((0..).zip(payloads).map(frame).collect())
}

/// Cuts where the next JPEG starts: inside one, 0xFF is never followed by the start mark.
fn jpegs(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    const START: [u8; 3] = [0xFF, 0xD8, 0xFF];
    let starts: Vec<usize> =
        bytes.windows(3).enumerate().filter(|(_, bytes)| *bytes == START).map(|(at, _)| at).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([bytes.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &bytes[start..end])
}

/// User and system time of this process.
fn own_cpu_ms() -> f64 {
    gearcast::ffmpeg::cpu_time(std::process::id()).unwrap_or_default().as_secs_f64() * 1000.0
}
