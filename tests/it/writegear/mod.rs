//! The engine as a library, judged by what is in its files.

mod faults;
mod formats;
mod lossless;
mod outputs;
mod parity;
#[cfg(feature = "opencv")]
mod plain;
mod queue;
mod sound;

use std::path::Path;

use gearcast::media::Resolution;
use gearcast::writegear::{Builder, Frame, GearError, PixelFormat, Report, WriteGear};

use crate::support::pictures::numbered_bgr;

const SMALL: Resolution = Resolution::new(320, 240);

/// A builder for a file or address, with a cache of its own left out: all tests may share what ffmpeg can do.
fn builder(output: &Path) -> Builder {
    WriteGear::builder(output.to_str().unwrap())
}

/// Writes numbered pictures, blue first.
fn write_numbered(gear: &mut WriteGear, size: Resolution, counts: std::ops::Range<u64>) -> Result<(), GearError> {
    for count in counts {
        let picture = numbered_bgr(size, count);
        gear.write(&Frame::new(PixelFormat::Bgr24, size.width, size.height, &picture).unwrap())?;
    }
    Ok(())
}

/// Numbered pictures into a file, closed.
fn numbered_file(builder: Builder, size: Resolution, count: u64) -> Report {
    let mut gear = builder.open().unwrap();
    write_numbered(&mut gear, size, 0..count).unwrap();
    gear.close().unwrap()
}

/// Everything in a folder, by name.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
