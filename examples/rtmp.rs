//! Live to an RTMP server, with a silent track as most services want one:
//! `cargo run --example rtmp -- rtmp://127.0.0.1/live/KEY`
//!
//! The key reaches ffmpeg in a file that only the user can read, never among its arguments. A command line of one's own
//! is seen by everybody on the machine, though: a real program reads the key from a file or from its user.

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::{ExtraInput, GearError, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let silence = ExtraInput::new("anullsrc=r=44100:cl=stereo").param("-f", "lavfi");
    let mut gear = WriteGear::builder(common::argument(1, "rtmp://127.0.0.1/live/key"))
        .input_framerate(25.0)
        .input(silence)
        .params([("-vcodec", "libx264"), ("-preset", "veryfast"), ("-tune", "zerolatency")])
        .params([("-b:v", "2500k"), ("-maxrate", "2500k"), ("-bufsize", "5000k"), ("-g", "50")])
        .params([("-acodec", "aac"), ("-b:a", "128k")])
        .open()?;
    common::write_pictures(&mut gear, 75)?;
    match gear.close() {
        Ok(report) => println!("{} frames sent", report.frames_given),
        Err(GearError::Died { cause, .. }) => println!("It did not work: {}. {}", cause.what(), cause.help()),
        Err(other) => return Err(other.into()),
    }
    Ok(())
}
