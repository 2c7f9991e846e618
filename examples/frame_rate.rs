//! A rate of one's own, and frames with the time they were taken: `cargo run --example frame_rate -- even.mp4 stamped.mp4`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use std::time::Duration;

use gearcast::writegear::{Frame, PixelFormat, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut gear = WriteGear::builder(common::argument(1, "even.mp4")).input_framerate(29.97).open()?;
    common::write_pictures(&mut gear, 60)?;
    println!("{:?}", gear.close()?.given);

    // A source that gives a frame now and then: the file shows each when it was taken.
    let mut gear = WriteGear::builder(common::argument(2, "stamped.mp4")).open()?;
    for (index, at_ms) in [0, 40, 500, 520, 2000].into_iter().enumerate() {
        let picture = common::picture(index * 10);
        let frame = Frame::new(PixelFormat::Bgr24, common::WIDTH, common::HEIGHT, &picture)?;
        gear.write_at(&frame, Duration::from_millis(at_ms))?;
    }
    println!("{:?}", gear.close()?.given);
    Ok(())
}
