//! Encoded packets instead of a file, for a program's own use: `cargo run --example packets -- veryfast`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

mod common;

use gearcast::writegear::{Encoded, WriteGear};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut gear, packets) =
        WriteGear::builder("").param("-preset", common::argument(1, "veryfast")).param("-bf", 0).open_packets()?;
    // Frames and packets belong to different threads: neither waits for the other.
    let reader = std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
        let mut bytes = 0;
        for encoded in packets {
            match encoded {
                Encoded::Headers(headers) => println!("{:?}", headers.tracks[0].kind),
                Encoded::Packet(packet) => bytes += packet.data.len(),
            }
        }
        bytes
    })?;
    common::write_pictures(&mut gear, 50)?;
    gear.close()?;
    println!("{} bytes", reader.join().map_err(|_| "the reader panicked")?);
    Ok(())
}
