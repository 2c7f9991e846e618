//! Frames into a file: `cargo run --example write_file -- out.mp4`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::WriteGear;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = common::argument(1, "out.mp4");
    let mut gear =
        WriteGear::builder(output).param("-vcodec", "libx264").param("-crf", 20).param("-preset", "veryfast").open()?;
    common::write_pictures(&mut gear, 100)?;
    let report = gear.close()?;
    println!("{} frames in {:?}", report.frames_given, report.file);
    Ok(())
}
