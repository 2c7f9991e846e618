//! Raw frames of a file through the engine, and what that costs outside ffmpeg:
//! `cargo run --release --example raw_frames -- frames.bgr 1920x1080 30 out.mp4 [-option value]...`
//!
//! `make bench-engine` runs it beside vidgear on the same frames.

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

use gearcast::media::Resolution;
use gearcast::writegear::{Frame, PixelFormat, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [raw, size, fps, output, options @ ..] = words.as_slice() else {
        return Err("usage: raw_frames FILE WIDTHxHEIGHT FPS OUTPUT [-option value]...".into());
    };
    let size = Resolution::parse(size).ok_or("a size is written 1920x1080")?;
    let bytes = std::fs::read(raw)?;
    let before = own_cpu_s();
    let pairs = options.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
    let mut gear = WriteGear::builder(output.as_str()).input_framerate(fps.parse()?).params(pairs).open()?;
    for picture in bytes.chunks_exact(PixelFormat::Bgr24.packed_len(size)) {
        gear.write(&Frame::new(PixelFormat::Bgr24, size.width, size.height, picture)?)?;
    }
    let report = gear.close()?;
    println!("{{\"frames\":{},\"own_cpu_s\":{:.2}}}", report.frames_given, own_cpu_s() - before);
    Ok(())
}

/// User and system time of this process alone.
fn own_cpu_s() -> f64 {
    gearcast::ffmpeg::cpu_time(std::process::id()).unwrap_or_default().as_secs_f64()
}
