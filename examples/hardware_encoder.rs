//! The graphics card where it works, the processor where it does not: `cargo run --example hardware_encoder -- out.mp4`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::{EncoderWish, GearError, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = common::argument(1, "out.mp4");
    // Opening encodes a few frames with the encoder, once for each ffmpeg: a missing driver is known before the first frame.
    for encoder in ["h264_nvenc", "h264_qsv", "h264_amf", "h264_videotoolbox", "libx264"] {
        let builder = WriteGear::builder(output.as_str()).encoder(EncoderWish::Named(encoder.to_owned()));
        match builder.open() {
            Ok(mut gear) => {
                common::write_pictures(&mut gear, 50)?;
                println!("{encoder}: {:?}", gear.close()?.file);
                return Ok(());
            }
            Err(GearError::NoEncoder { reason, .. }) => println!("{encoder}: {reason}"),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}
