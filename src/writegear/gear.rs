//! The engine as a library: frames in, a file, a stream or packets out.

use std::ffi::OsString;
use std::time::Duration;

use super::builder::Builder;
use super::custom::{Custom, ExecuteError, Executed};
use super::frame::Frame;
use super::gear_error::GearError;
use super::params::Reading;
use super::report::Report;
use super::value::Value;
use crate::ffmpeg::Ffmpeg;

/// Writes frames. May move to any one thread; [`Self::write`] blocks while the encoder is busy.
///
/// Dropping it closes it, so that a forgotten [`Self::close`] costs only the report; dropped before the first frame it
/// leaves nothing.
pub struct WriteGear {
    backend: Box<dyn Backend>,
}

/// One of the two modes.
pub(super) trait Backend: Send {
    fn put(&mut self, frame: &Frame<'_>, at: Option<Duration>) -> Result<(), GearError>;
    /// Again it says the same again.
    fn close(&mut self) -> Result<Report, GearError>;
    fn is_over(&self) -> bool;
    fn remarks(&self) -> &[String];
    fn ffmpeg(&self) -> Option<&Ffmpeg>;
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

    #[inline]
    pub(super) fn with(backend: impl Backend + 'static) -> Self {
        Self { backend: Box::new(backend) }
    }

    /// Writes the next frame, one tick of the rate after the one before. The first frame settles size and format.
    ///
    /// # Errors
    /// A frame of another size or format is refused and changes nothing. [`GearError::Died`] and
    /// [`GearError::Stalled`] end the engine; what was written is kept, and [`Self::close`] says the same again.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), GearError> {
        self.backend.put(frame, None)
    }

    /// Writes a frame that was taken at this moment, counted from any fixed one: the file shows it when it was taken,
    /// whatever the rate. Times must grow; the first frame is the file's beginning. Milliseconds count.
    ///
    /// # Errors
    /// Those of [`Self::write`], and [`GearError::NoTime`] in non-compression mode.
    pub fn write_at(&mut self, frame: &Frame<'_>, at: Duration) -> Result<(), GearError> {
        self.backend.put(frame, Some(at))
    }

    /// Ends the file and says what was written. Bounded: where nothing moves any more it takes five seconds at most;
    /// an encoder that still works gets its time ([`Builder::close_patience`]). Again it says the same again.
    ///
    /// # Errors
    /// The failure with its cause and [`Report`]: [`GearError::Died`], [`GearError::Stalled`].
    pub fn close(&mut self) -> Result<Report, GearError> {
        self.backend.close()
    }

    /// Runs any ffmpeg command beside what is being written: [`Custom::execute`] without progress and without a way to
    /// cancel. In non-compression mode too, with the ffmpeg that is found.
    ///
    /// # Errors
    /// An exit code other than 0, with its cause and ffmpeg's last words.
    pub fn execute(&self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Executed, ExecuteError> {
        match self.backend.ffmpeg() {
            Some(ffmpeg) => Custom::new(ffmpeg).execute(args),
            None => Custom::find()?.execute(args),
        }
    }

    /// Whether it is closed, or was ended by a failure.
    pub fn is_over(&self) -> bool {
        self.backend.is_over()
    }

    /// What was not done as wished so far, one sentence each: parameters left out, another encoder.
    pub fn remarks(&self) -> &[String] {
        self.backend.remarks()
    }

    /// The ffmpeg that encodes; none in non-compression mode.
    pub fn ffmpeg(&self) -> Option<&Ffmpeg> {
        self.backend.ffmpeg()
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
