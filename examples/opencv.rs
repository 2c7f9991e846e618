//! Non-compression mode: OpenCV's own writer, without ffmpeg: `cargo run --example opencv -- out.avi`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::{Mode, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut gear = WriteGear::builder(common::argument(1, "out.avi"))
        .mode(Mode::NonCompression)
        .param("-fourcc", "MJPG")
        .param("-fps", 29.97)
        .open()?;
    common::write_pictures(&mut gear, 60)?;
    let report = gear.close()?;
    println!("{:?} frames in {:?}", report.frames_written, report.file);
    Ok(())
}
