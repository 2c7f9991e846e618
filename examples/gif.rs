//! A GIF: `cargo run --example gif -- out.gif`
//!
//! Without a filter of one's own each picture gets its palette; this one has one palette for all of them and half the
//! size, as vidgear's recipe does.

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::{EncoderWish, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = "fps=10,scale=320:-1:flags=lanczos,split[a][b];[a]palettegen[p];[b][p]paletteuse";
    let mut gear = WriteGear::builder(common::argument(1, "out.gif"))
        .input_framerate(25.0)
        .encoder(EncoderWish::Container)
        .param("-filter_complex", filter)
        .open()?;
    common::write_pictures(&mut gear, 50)?;
    println!("{:?}", gear.close()?.file);
    Ok(())
}
