//! Whether picture and sound are in step: what was shown and heard against what a recording holds. Pure.
//!
//! Flashes and clicks are found in the film ([`FlashMeter`], [`ClickMeter`]), paired with the schedule and compared.
//! A frame shows a flash at its next sampling, half a frame later in the mean: that much is taken off.

mod clicks;
mod flashes;
mod pairs;
mod schedule;
mod verdict;

pub use clicks::{CLICK_RATE, ClickMeter};
pub use flashes::{CELLS, CELLS_ACROSS, CELLS_DOWN, FlashMeter};
pub use pairs::{Event, Shown, SyncReport, measure};
pub use schedule::{CLICK_HZ, CLICK_LENGTH, FLASH_LENGTH, LEAST_EVENTS, MOST_EVENTS, event_delay};
pub use verdict::{SyncVerdict, TELLING_MS, judge};

/// The value below which a part (0…1) of the sorted values lies.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
fn quantile<T: Copy>(sorted: &[T], part: f64) -> Option<T> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * part).round() as usize).copied()
}

/// The middle one of some numbers.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}
