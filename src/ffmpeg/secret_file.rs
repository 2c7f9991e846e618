//! A file only we can read that gives ffmpeg an option it must not get as an argument.
//!
//! Everybody on a machine can read every program's arguments: a stream key among them would be public.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use super::args::Options;

/// Options for one output in a file with mode 0600; it is deleted when this is dropped, and ffmpeg has read it by
/// the time its first packet is written.
#[derive(Debug)]
pub struct SecretFile {
    file: tempfile::NamedTempFile,
}

impl SecretFile {
    /// Writes these options (names without dashes) into a new file in `folder`, which should be the user's own
    /// runtime folder. A value with a line break is refused: it would become another option.
    pub fn new(folder: &Path, options: &[(&str, &str)]) -> io::Result<Self> {
        // `NamedTempFile` creates with mode 0600 and refuses to open what is there already.
        let mut file = tempfile::Builder::new().prefix("gearcast-").suffix(".ffpreset").tempfile_in(folder)?;
        for (name, value) in options {
            let breaks = |text: &str| text.contains(['\n', '\r', '\0']);
            if breaks(name) || breaks(value) || name.contains('=') {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a key must not hold a line break"));
            }
            writeln!(file, "{name}={value}")?;
        }
        file.flush()?;
        Ok(Self { file })
    }

    /// Tells an output to read it: `-fpre FILE`. It must come after the muxer's `-f`.
    pub fn apply(&self, output: &mut Options) {
        output.push("fpre", OsString::from(self.file.path()));
    }
}
