//! Sound from a device, as vidgear's recipes name it: `cargo run --example sound_from_device -- out.mp4 hw:1`
//!
//! ffmpeg opens the device by itself, so picture and sound are in step only as far as both begin at the same moment.
//! For sync that is measured record with gearcast itself: `gearcast record --audio default`.

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::{ExtraInput, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `arecord -L` lists them on Linux, `ffmpeg -f dshow -list_devices true -i dummy` on Windows, `ffmpeg -f avfoundation
    // -list_devices true -i ""` on a Mac.
    let (format, device) = match std::env::consts::OS {
        "windows" => ("dshow", "audio=Microphone"),
        "macos" => ("avfoundation", ":0"),
        _ => ("alsa", "default"),
    };
    let microphone = ExtraInput::new(common::argument(2, device)).param("-thread_queue_size", 512).param("-f", format);
    let mut gear = WriteGear::builder(common::argument(1, "out.mp4"))
        .input_framerate(25.0)
        // At the pace of real time, as a camera would give frames.
        .input_param("-re", true)
        .input(microphone)
        .param("-acodec", "aac")
        .open()?;
    common::write_pictures(&mut gear, 100)?;
    println!("{:?}", gear.close()?.file);
    Ok(())
}
