//! Taking pixels from the server into a buffer, by shared memory or through the connection.

use x11rb::protocol::shm::ConnectionExt as _;
use x11rb::protocol::xproto::{ConnectionExt as _, Drawable, ImageFormat};

use super::display::{Display, Refusal};
use super::shm::Segment;
use crate::capture::Transport;
use crate::capture::rows::Rows;
use crate::media::{PixelBuffer, Resolution};

const ALL_PLANES: u32 = !0;

/// One picture's memory.
pub(super) enum Pixels {
    /// The server writes into it.
    Shared(Segment),
    /// We copy into it.
    Copied(Vec<u8>),
}

impl PixelBuffer for Pixels {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(segment) => segment.bytes(),
            Self::Copied(bytes) => bytes,
        }
    }
}

/// What part of which drawable makes the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) drawable: Drawable,
    /// The picture's top left in the drawable.
    pub(super) x: i16,
    pub(super) y: i16,
    pub(super) size: Resolution,
}

impl Area {
    pub(super) fn stride(self) -> usize {
        self.size.width as usize * 4
    }

    pub(super) fn bytes(self) -> usize {
        self.stride() * self.size.height as usize
    }
}

impl Pixels {
    pub(super) fn create(display: &Display, transport: Transport, len: usize) -> Result<Self, Refusal> {
        match transport {
            Transport::Auto => Segment::create(display, len).map(Self::Shared),
            Transport::Copied => Ok(Self::Copied(vec![0; len])),
        }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Shared(segment) => segment.bytes_mut(),
            Self::Copied(bytes) => bytes,
        }
    }

    pub(super) fn detach(&self, display: &Display) -> Result<(), Refusal> {
        match self {
            Self::Shared(segment) => segment.detach(display),
            Self::Copied(_) => Ok(()),
        }
    }

    /// Takes `rows` of the area as they are now and waits until they are here. After an error the buffer must
    /// not be used again: the server may still be writing.
    pub(super) fn grab(&mut self, display: &Display, area: Area, rows: Rows) -> Result<(), Refusal> {
        let wide = || Refusal::Refused("the picture is larger than X11 can say".to_owned());
        let top = i16::try_from(rows.top).map_err(|_| wide())?;
        let y = area.y.checked_add(top).ok_or_else(wide)?;
        let width = u16::try_from(area.size.width).map_err(|_| wide())?;
        let height = u16::try_from(rows.count()).map_err(|_| wide())?;
        let start = rows.top as usize * area.stride();
        match self {
            Self::Shared(segment) => {
                let offset = u32::try_from(start).map_err(|_| wide())?;
                let format = ImageFormat::Z_PIXMAP.into();
                let conn = &display.conn;
                let id = segment.id();
                conn.shm_get_image(area.drawable, area.x, y, width, height, ALL_PLANES, format, id, offset)?.reply()?;
            }
            Self::Copied(bytes) => {
                let format = ImageFormat::Z_PIXMAP;
                let image =
                    display.conn.get_image(format, area.drawable, area.x, y, width, height, ALL_PLANES)?.reply()?;
                let target = bytes.get_mut(start..start + rows.count() as usize * area.stride());
                match target {
                    Some(target) if target.len() == image.data.len() => target.copy_from_slice(&image.data),
                    _ => return Err(Refusal::Refused("a picture of another size".to_owned())),
                }
            }
        }
        Ok(())
    }
}
