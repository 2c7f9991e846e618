//! What every example needs: something that moves, and the first words of the command line.

use gearcast::writegear::{Frame, GearError, PixelFormat, WriteGear};

pub(crate) const WIDTH: u32 = 640;
pub(crate) const HEIGHT: u32 = 360;

/// A picture with blue first, as cameras and image libraries give them: a bar that moves over a slope of colours.
pub(crate) fn picture(count: usize) -> Vec<u8> {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let mut bytes = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let bar = (x + 4 * count) % width < 40;
            let level = |part: usize, whole: usize| u8::try_from(part * 255 / whole).unwrap_or(u8::MAX);
            bytes.extend(if bar { [255, 255, 255] } else { [level(x, width), level(y, height), 90] });
        }
    }
    bytes
}

/// Writes so many of them.
pub(crate) fn write_pictures(gear: &mut WriteGear, count: usize) -> Result<(), GearError> {
    for index in 0..count {
        gear.write(&Frame::new(PixelFormat::Bgr24, WIDTH, HEIGHT, &picture(index))?)?;
    }
    Ok(())
}

/// The word at this place of the command line, or a default.
pub(crate) fn argument(place: usize, default: &str) -> String {
    std::env::args().nth(place).unwrap_or_else(|| default.to_owned())
}
