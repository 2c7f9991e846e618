//! stub
use crate::media::{FrameRate, FrameTiming};
use std::time::Duration;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueKind {
    Fresh,
    Repeat,
}
#[derive(Clone, Debug)]
pub struct Due<T> {
    pub pts_nanos: i64,
    pub payload: T,
    pub kind: DueKind,
}
pub enum Offered<T> {
    Accepted,
    TickTaken(T),
}
pub struct Offer<T> {
    pub due: Option<Due<T>>,
    pub refused: Offered<T>,
}
pub struct Pacer<T> {
    rate: FrameRate,
    timing: FrameTiming,
    max_gap: Duration,
    last: Option<(i64, T)>,
}
impl<T: Clone> Pacer<T> {
    pub fn new(rate: FrameRate, timing: FrameTiming, max_gap: Duration) -> Self {
        Self { rate, timing, max_gap, last: None }
    }
    fn pts(&self, at: i64) -> i64 {
        match self.timing {
            FrameTiming::Constant => self.rate.tick_nanos(self.rate.nearest_tick(at)),
            FrameTiming::Variable => at.max(0) / 1_000_000 * 1_000_000,
        }
    }
    pub fn offer(&mut self, at: i64, payload: T) -> Offer<T> {
        let mut pts = self.pts(at);
        if let Some((last, _)) = &self.last
            && pts <= *last
        {
            let next =
                *last + if self.timing == FrameTiming::Constant { self.rate.period_nanos() + 1 } else { 1_000_000 };
            let next = self.pts(next);
            if next - at < self.rate.period_nanos() * 3 / 4 {
                pts = next;
            } else {
                return Offer { due: None, refused: Offered::TickTaken(payload) };
            }
        }
        self.last = Some((pts, payload.clone()));
        Offer { due: Some(Due { pts_nanos: pts, payload, kind: DueKind::Fresh }), refused: Offered::Accepted }
    }
    pub fn advance(&mut self, now: i64) -> Option<Due<T>> {
        let (last, payload) = self.last.clone()?;
        if now - last < i64::try_from(self.max_gap.as_nanos()).unwrap_or(0) {
            return None;
        }
        let pts = self.pts(now - self.rate.period_nanos() / 2);
        if pts <= last {
            return None;
        }
        self.last = Some((pts, payload.clone()));
        Some(Due { pts_nanos: pts, payload, kind: DueKind::Repeat })
    }
    pub fn finish(&mut self, end: i64) -> Option<Due<T>> {
        let (last, payload) = self.last.clone()?;
        let pts = self.pts(end - self.rate.period_nanos());
        (pts > last).then_some(Due { pts_nanos: pts, payload, kind: DueKind::Repeat })
    }
}
