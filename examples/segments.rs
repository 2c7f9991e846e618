//! A file of its own for every two seconds: `cargo run --example segments -- part%03d.mp4`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::WriteGear;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut gear = WriteGear::builder(common::argument(1, "part%03d.mp4"))
        .input_framerate(25.0)
        .params([("-segment_time", "2"), ("-reset_timestamps", "1"), ("-sc_threshold", "0")])
        // Cuts lie on keyframes, so there must be one where a cut is wanted.
        .param("-force_key_frames", "expr:gte(t,n_forced*2)")
        .open()?;
    common::write_pictures(&mut gear, 150)?;
    println!("{} frames", gear.close()?.frames_given);
    Ok(())
}
