//! Buffers that are filled again once nobody holds their frame, and what is out of date in each.
//!
//! A frame keeps its buffer alive by an `Arc`; a buffer is given out for writing only while the ring's `Arc` is
//! the only one. Each buffer remembers which rows changed since it was filled, so that refilling it touches only
//! those: a small change on a large screen costs what the change costs.

use std::sync::Arc;

use super::rows::Rows;

/// Memory all buffers of one source may take together …
const MOST_BYTES: usize = 256 << 20;
/// … but at least this many buffers (one being filled, one in the preview, two on their way to the encoder) …
const FEWEST: usize = 4;
/// … and never more than this.
const MOST: usize = 80;

struct Slot<B> {
    buffer: Arc<B>,
    stale: Rows,
}

pub(super) struct Ring<B> {
    slots: Vec<Slot<B>>,
    most: usize,
}

impl<B> Ring<B> {
    /// An empty ring for buffers of this many bytes.
    pub(super) fn new(bytes_each: usize) -> Self {
        let most = (MOST_BYTES / bytes_each.max(1)).clamp(FEWEST, MOST);
        Self { slots: Vec::new(), most }
    }

    pub(super) fn may_grow(&self) -> bool {
        self.slots.len() < self.most
    }

    /// The free buffer that needs the least work, if any is free.
    pub(super) fn free(&mut self) -> Option<usize> {
        let free = self.slots.iter_mut().enumerate().filter_map(|(index, slot)| {
            let stale = slot.stale.count();
            Arc::get_mut(&mut slot.buffer).map(|_| (stale, index))
        });
        free.min().map(|(_, index)| index)
    }

    /// Adds a buffer in which `stale` rows must be filled, and says where.
    pub(super) fn add(&mut self, buffer: B, stale: Rows) -> usize {
        self.slots.push(Slot { buffer: Arc::new(buffer), stale });
        self.slots.len() - 1
    }

    /// The buffer for writing and its stale rows; `None` while a frame holds it.
    pub(super) fn write(&mut self, index: usize) -> Option<(&mut B, Rows)> {
        let slot = self.slots.get_mut(index)?;
        let stale = slot.stale;
        Arc::get_mut(&mut slot.buffer).map(|buffer| (buffer, stale))
    }

    /// Gives the filled buffer to a frame. `changed` rows are from now on stale in all others; `own` rows (a
    /// pointer drawn over the picture) are to be filled again in this one.
    pub(super) fn share(&mut self, index: usize, changed: Rows, own: Rows) -> Option<Arc<B>> {
        for slot in &mut self.slots {
            slot.stale = slot.stale.union(changed);
        }
        let slot = self.slots.get_mut(index)?;
        slot.stale = own;
        Some(Arc::clone(&slot.buffer))
    }

    /// Marks rows stale in every buffer.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only X11 pictures move under their buffers"))]
    pub(super) fn outdate(&mut self, rows: Rows) {
        for slot in &mut self.slots {
            slot.stale = slot.stale.union(rows);
        }
    }

    /// Forgets a buffer that cannot be trusted any more.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only the X11 door loses buffers"))]
    pub(super) fn remove(&mut self, index: usize) -> Option<Arc<B>> {
        (index < self.slots.len()).then(|| self.slots.swap_remove(index).buffer)
    }

    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only the X11 door tells its server"))]
    pub(super) fn buffers(&self) -> impl Iterator<Item = &B> {
        self.slots.iter().map(|slot| slot.buffer.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_buffer_is_not_given_out() {
        let mut ring = Ring::new(1);
        let first = ring.add([0_u8; 4], Rows::new(0, 4));
        assert_eq!(ring.write(first).unwrap().1, Rows::new(0, 4));
        let held = ring.share(first, Rows::new(0, 4), Rows::EMPTY).unwrap();
        assert_eq!(ring.free(), None);
        assert!(ring.write(first).is_none());
        drop(held);
        assert_eq!(ring.free(), Some(first));
    }

    #[test]
    fn every_buffer_knows_what_it_missed() {
        let mut ring = Ring::new(1);
        let (a, b) = (ring.add(1_u8, Rows::EMPTY), ring.add(2_u8, Rows::EMPTY));
        drop(ring.share(a, Rows::new(10, 12), Rows::EMPTY));
        assert_eq!((ring.write(a).unwrap().1, ring.write(b).unwrap().1), (Rows::EMPTY, Rows::new(10, 12)));
        drop(ring.share(a, Rows::new(3, 4), Rows::new(8, 9)));
        assert_eq!((ring.write(a).unwrap().1, ring.write(b).unwrap().1), (Rows::new(8, 9), Rows::new(3, 12)));
        assert_eq!(ring.free(), Some(a));
    }

    #[test]
    fn memory_is_bounded() {
        let mut large = Ring::new(64 << 20);
        let mut small = Ring::new(1);
        for _ in 0..FEWEST {
            assert!(large.may_grow());
            large.add(0_u8, Rows::EMPTY);
        }
        assert!(!large.may_grow());
        for _ in 0..MOST {
            small.add(0_u8, Rows::EMPTY);
        }
        assert!(!small.may_grow());
    }
}
