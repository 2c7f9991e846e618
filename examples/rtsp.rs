//! Live to an RTSP server such as `MediaMTX`: `cargo run --example rtsp -- rtsp://127.0.0.1:8554/cam`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::WriteGear;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut gear = WriteGear::builder(common::argument(1, "rtsp://127.0.0.1:8554/cam"))
        .input_framerate(25.0)
        .param("-rtsp_transport", "tcp")
        .params([("-preset", "ultrafast"), ("-tune", "zerolatency"), ("-g", "25")])
        .open()?;
    common::write_pictures(&mut gear, 75)?;
    println!("{} frames sent", gear.close()?.frames_given);
    Ok(())
}
