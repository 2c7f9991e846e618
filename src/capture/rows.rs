//! A span of rows of a picture.

use crate::media::Changed;

/// Rows `top..bottom`; empty when `top >= bottom`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) top: u32,
    pub(super) bottom: u32,
}

impl Rows {
    pub(super) const EMPTY: Self = Self { top: 0, bottom: 0 };

    pub(super) const fn new(top: u32, bottom: u32) -> Self {
        Self { top, bottom }
    }

    /// The part of `len` rows from `y` on that lies inside a picture of `height` rows.
    pub(super) fn clipped(y: i32, len: u32, height: u32) -> Self {
        let edge = |at: i64| u32::try_from(at.clamp(0, i64::from(height))).unwrap_or(height);
        Self::new(edge(i64::from(y)), edge(i64::from(y) + i64::from(len)))
    }

    pub(super) const fn is_empty(self) -> bool {
        self.top >= self.bottom
    }

    pub(super) const fn count(self) -> u32 {
        self.bottom.saturating_sub(self.top)
    }

    pub(super) fn union(self, other: Self) -> Self {
        if self.is_empty() {
            other
        } else if other.is_empty() {
            self
        } else {
            Self::new(self.top.min(other.top), self.bottom.max(other.bottom))
        }
    }
}

impl From<Rows> for Changed {
    fn from(rows: Rows) -> Self {
        Self::Rows { top: rows.top, bottom: rows.bottom }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_to_the_picture() {
        assert_eq!(Rows::clipped(-3, 5, 10), Rows::new(0, 2));
        assert_eq!(Rows::clipped(8, 5, 10), Rows::new(8, 10));
        assert!(Rows::clipped(-9, 5, 10).is_empty() && Rows::clipped(10, 5, 10).is_empty());
        assert_eq!(Rows::clipped(i32::MAX, u32::MAX, 10).count(), 0);
    }

    #[test]
    fn an_empty_span_adds_nothing() {
        assert_eq!(Rows::new(7, 7).union(Rows::new(2, 3)), Rows::new(2, 3));
        assert_eq!(Rows::new(2, 3).union(Rows::EMPTY), Rows::new(2, 3));
        assert_eq!(Rows::new(2, 3).union(Rows::new(8, 9)), Rows::new(2, 9));
    }
}
