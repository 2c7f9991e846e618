//! Compression mode: ffmpeg encodes. Waits for the first frame, whose size and format ffmpeg has to be told.

use std::io;
use std::time::Duration;

use super::command::{First, Timing};
use super::feed::FeedError;
use super::frame::Frame;
use super::gear::Backend;
use super::gear_error::GearError;
use super::opened::Opened;
use super::packets::PacketPipe;
use super::params::Wishes;
use super::place::Growing;
use super::report::Report;
use super::running::Running;
use crate::ffmpeg::Ffmpeg;

/// An engine in compression mode.
pub(super) struct Compression {
    opened: Opened,
    state: State,
    first: Option<First>,
    stamps: Stamps,
}

enum State {
    /// Nothing was written yet.
    Ready {
        growing: Option<Growing>,
        packets: Option<PacketPipe>,
    },
    Running(Box<Running>),
    /// Closed, or ended by a failure.
    Over(Result<Report, GearError>),
}

/// The times of stamped frames.
#[derive(Clone, Copy, Debug, Default)]
struct Stamps {
    start: Duration,
    last: Option<(Duration, u64)>,
}

impl Stamps {
    /// Milliseconds since the first frame: they grow by at least one, whatever rounding does.
    fn next(&mut self, at: Duration) -> Result<u64, GearError> {
        let Some((last, last_ms)) = self.last else {
            (self.start, self.last) = (at, Some((at, 0)));
            return Ok(0);
        };
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if at <= last {
            return Err(GearError::TimeNotIncreasing { last_ms: millis(last), now_ms: millis(at) });
        }
        let rounded = millis(at.saturating_sub(self.start).saturating_add(Duration::from_micros(500)));
        let at_ms = rounded.max(last_ms.saturating_add(1));
        self.last = Some((at, at_ms));
        Ok(at_ms)
    }
}

impl Compression {
    pub(super) fn new(opened: Opened, growing: Option<Growing>, packets: Option<PacketPipe>) -> Self {
        Self { opened, state: State::Ready { growing, packets }, first: None, stamps: Stamps::default() }
    }

    fn ended(&mut self, running: Running, error: &io::Error) -> GearError {
        let end = running.broken(&self.opened, error);
        let told = end.as_ref().err().cloned().unwrap_or(GearError::Enough);
        self.state = State::Over(end);
        told
    }

    /// The running child, taken out of the state; started now if this is the first frame.
    fn running(&mut self, frame: &Frame<'_>, timing: Timing) -> Result<Box<Running>, GearError> {
        match std::mem::replace(&mut self.state, State::Over(Err(GearError::Closed))) {
            State::Running(running) => Ok(running),
            State::Ready { growing, packets } => {
                let first = First { format: frame.format(), size: frame.size(), colour: frame.colour(), timing };
                let wire = self.opened.setting().wire(&first);
                if timing == Timing::Stamped && wire.format.nut_tag().is_none() {
                    self.state = State::Ready { growing, packets };
                    return Err(GearError::NoTimeStamps(wire.format));
                }
                match Running::start(&self.opened, growing, &first, wire, packets) {
                    Ok(running) => {
                        self.first = Some(first);
                        Ok(Box::new(running))
                    }
                    Err(error) => {
                        self.state = State::Over(Err(error.clone()));
                        Err(error)
                    }
                }
            }
            over @ State::Over(_) => {
                self.state = over;
                Err(GearError::Closed)
            }
        }
    }

    fn check(&self, frame: &Frame<'_>, timing: Timing) -> Result<(), GearError> {
        let Some(first) = self.first else { return Ok(()) };
        if frame.size() != first.size {
            return Err(GearError::SizeChanged { first: first.size, now: frame.size() });
        }
        if frame.format() != first.format {
            return Err(GearError::FormatChanged { first: first.format, now: frame.format() });
        }
        if timing == first.timing { Ok(()) } else { Err(GearError::MixedTiming) }
    }

    const fn wishes(&self) -> &Wishes {
        &self.opened.wishes
    }
}

impl Backend for Compression {
    fn put(&mut self, frame: &Frame<'_>, at: Option<Duration>) -> Result<(), GearError> {
        if let State::Over(end) = &self.state {
            return Err(end.as_ref().err().cloned().unwrap_or(GearError::Closed));
        }
        let relabelled;
        let frame = match self.wishes().pixels {
            Some(wanted) => {
                let refused = || GearError::NotRelabelled { held: frame.format(), wanted, size: frame.size() };
                relabelled = frame.relabelled(wanted).ok_or_else(refused)?;
                &relabelled
            }
            None => frame,
        };
        let timing = if at.is_some() { Timing::Stamped } else { Timing::Counted };
        self.check(frame, timing)?;
        let mut stamps = self.stamps;
        let at_ms = at.map_or(Ok(0), |at| stamps.next(at))?;
        let mut running = self.running(frame, timing)?;
        self.stamps = stamps;
        match running.write(frame, at_ms) {
            Ok(()) => {
                self.state = State::Running(running);
                Ok(())
            }
            Err(FeedError::Imaging(error)) => {
                self.state = State::Running(running);
                Err(error.into())
            }
            Err(FeedError::Io(error)) => Err(self.ended(*running, &error)),
        }
    }

    fn close(&mut self) -> Result<Report, GearError> {
        let end = match std::mem::replace(&mut self.state, State::Over(Err(GearError::Closed))) {
            State::Over(end) => end,
            State::Running(running) => running.close(&self.opened),
            State::Ready { growing, .. } => {
                if let Some(growing) = &growing {
                    growing.remove_if_empty();
                }
                Ok(Report { remarks: self.opened.remarks.clone(), ..Report::default() })
            }
        };
        self.state = State::Over(end.clone());
        end
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    fn remarks(&self) -> &[String] {
        &self.opened.remarks
    }

    fn ffmpeg(&self) -> Option<&Ffmpeg> {
        Some(&self.opened.ffmpeg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_count_from_the_first_and_always_grow() {
        let mut stamps = Stamps::default();
        let at = |micros| Duration::from_secs(100) + Duration::from_micros(micros);
        let ms: Vec<u64> =
            [0, 200, 400, 33_400, 66_700].into_iter().map(|micros| stamps.next(at(micros)).unwrap()).collect();
        assert_eq!(ms, [0, 1, 2, 33, 67]);
        assert!(matches!(stamps.next(at(66_700)), Err(GearError::TimeNotIncreasing { .. })));
        assert_eq!(stamps.next(at(100_000)).unwrap(), 100);
    }
}
