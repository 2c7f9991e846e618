//! Sound from a file beside the frames; it ends with them: `cargo run --example sound_from_file -- music.wav out.mp4`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::{ExtraInput, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sound = ExtraInput::new(common::argument(1, "music.wav"));
    let mut gear = WriteGear::builder(common::argument(2, "out.mp4"))
        .input_framerate(25.0)
        .input(sound)
        .param("-acodec", "aac")
        .param("-b:a", "160k")
        .open()?;
    common::write_pictures(&mut gear, 100)?;
    println!("{:?}", gear.close()?.file);
    Ok(())
}
