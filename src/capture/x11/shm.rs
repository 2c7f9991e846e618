//! Memory shared with the X server: the one place where pixels appear that we did not write.
//!
//! Why reading is free of races: the server writes into a segment only while it answers our `ShmGetImage`, and
//! that request goes out only through `&mut Segment`, which exists only while the ring's `Arc` is the sole one
//! (`capture::ring`). The reply comes after the last byte is written; only then is the segment shared as
//! `&Segment`. A segment whose request failed is forgotten and never shared.

use memmap2::MmapMut;
use rustix::fs::{MemfdFlags, SealFlags};
use x11rb::connection::Connection as _;
use x11rb::protocol::shm::{ConnectionExt as _, Seg};

use super::display::{Display, Refusal};
use crate::media::PixelBuffer;

/// One picture's worth of shared memory, attached to the server until [`Segment::detach`].
pub(super) struct Segment {
    map: MmapMut,
    id: Seg,
}

impl Segment {
    /// Makes a segment of `len` bytes and attaches it; the error says why the server or the system would not.
    pub(super) fn create(display: &Display, len: usize) -> Result<Self, Refusal> {
        let system = |error: &dyn std::fmt::Display| Refusal::Refused(format!("no shared memory: {error}"));
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = rustix::fs::memfd_create("gearcast-frame", flags).map_err(|error| system(&error))?;
        rustix::fs::ftruncate(&file, len as u64).map_err(|error| system(&error))?;
        // Nobody can shrink it under us: reading beyond the end of a shrunken file kills the process.
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&file, seals).map_err(|error| system(&error))?;
        #[expect(
            unsafe_code,
            reason = "mapping a file is unsafe because another process may write to it: the module says why the X \
                      server never does while a reference to the bytes exists, and the seals keep the length"
        )]
        let map = unsafe { MmapMut::map_mut(&file) }.map_err(|error| system(&error))?;
        let id = display.conn.generate_id()?;
        display.conn.shm_attach_fd(id, file, false)?.check()?;
        Ok(Self { map, id })
    }

    pub(super) fn id(&self) -> Seg {
        self.id
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.map
    }

    /// Tells the server to forget the segment. Frames that hold it keep their pixels.
    pub(super) fn detach(&self, display: &Display) -> Result<(), Refusal> {
        display.conn.shm_detach(self.id)?.ignore_error();
        Ok(())
    }
}

impl PixelBuffer for Segment {
    fn bytes(&self) -> &[u8] {
        &self.map
    }
}
