//! The engine as a library: frames in, a file, a stream or packets out.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use super::builder::Builder;
use super::command::{First, Timing};
use super::custom::{Custom, ExecuteError, Executed};
use super::feed::FeedError;
use super::frame::Frame;
use super::gear_error::GearError;
use super::opened::Opened;
use super::packets::PacketPipe;
use super::params::{Reading, Wishes};
use super::place::Growing;
use super::report::Report;
use super::running::Running;
use super::value::Value;

/// Writes frames. May move to any one thread; [`Self::write`] blocks while ffmpeg is busy.
///
/// Dropping it closes it, so that a forgotten [`Self::close`] costs only the report; dropped before the first frame it
/// leaves nothing.
pub struct WriteGear {
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
        let rounded = millis(at.saturating_sub(self.start) + Duration::from_micros(500));
        let at_ms = rounded.max(last_ms + 1);
        self.last = Some((at, at_ms));
        Ok(at_ms)
    }
}

impl WriteGear {
    /// Settings for an output: a file (its ending picks the container), a folder (a name is made), an address, a
    /// device, a pattern such as `part%03d.mp4`.
    pub fn builder(output: impl Into<String>) -> Builder {
        Builder::new(output)
    }

    /// Settings from a list as vidgear's `WriteGear` takes it, read as its documentation means it: what cannot be used
    /// is left out with a remark in the report, an encoder that does not work is replaced by a default one.
    pub fn from_writegear_params<K: Into<String>, V: Into<Value>>(
        output: impl Into<String>,
        params: impl IntoIterator<Item = (K, V)>,
    ) -> Builder {
        Builder::new(output).reading(Reading::Forgiving).params(params)
    }

    pub(super) fn ready(opened: Opened, growing: Option<Growing>, packets: Option<PacketPipe>) -> Self {
        Self { opened, state: State::Ready { growing, packets }, first: None, stamps: Stamps::default() }
    }

    /// Writes the next frame, one tick of the rate after the one before. The first frame settles size and format.
    ///
    /// # Errors
    /// A frame of another size or format is refused and changes nothing. [`GearError::Died`] and
    /// [`GearError::Stalled`] end the engine; what was written is kept, and [`Self::close`] says the same again.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), GearError> {
        self.put(frame, None)
    }

    /// Writes a frame that was taken at this moment, counted from any fixed one: the file shows it when it was taken,
    /// whatever the rate. Times must grow; the first frame is the file's beginning. Milliseconds count.
    pub fn write_at(&mut self, frame: &Frame<'_>, at: Duration) -> Result<(), GearError> {
        self.put(frame, Some(at))
    }

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
                match Running::start(&self.opened, growing, &first, packets) {
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

    /// Ends the file and says what was written. Bounded: where nothing moves any more it takes five seconds at most;
    /// an encoder that still works gets its time ([`Builder::close_patience`]). Again it says the same again.
    ///
    /// # Errors
    /// ffmpeg's failure, with its cause and [`Report`]: [`GearError::Died`], [`GearError::Stalled`].
    pub fn close(&mut self) -> Result<Report, GearError> {
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

    /// Runs any ffmpeg command with this engine's ffmpeg, beside what is being written: [`Custom::execute`] without
    /// progress and without a way to cancel.
    ///
    /// # Errors
    /// An exit code other than 0, with its cause and ffmpeg's last words.
    pub fn execute(&self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Executed, ExecuteError> {
        Custom::new(&self.opened.ffmpeg).execute(args)
    }

    /// Whether it is closed, or was ended by a failure.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    /// What was not done as wished so far, one sentence each: parameters left out, another encoder.
    pub fn remarks(&self) -> &[String] {
        &self.opened.remarks
    }

    /// The ffmpeg that encodes.
    pub fn ffmpeg(&self) -> &crate::ffmpeg::Ffmpeg {
        &self.opened.ffmpeg
    }
}

impl Drop for WriteGear {
    fn drop(&mut self) {
        if self.is_over() {
            return;
        }
        if let Err(error) = self.close() {
            log::error!("a recording that nobody closed did not end well: {error}");
        }
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
