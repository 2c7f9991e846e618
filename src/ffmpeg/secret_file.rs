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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::fake::{real, words};
    use super::super::{Args, Limits, run};
    use super::*;
    use crate::rt::StopSource;

    #[test]
    fn only_we_can_read_it_and_it_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let secret = SecretFile::new(folder.path(), &[("rtmp_playpath", "k=1 2")]).unwrap();
        let path = secret.file.path().to_owned();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "rtmp_playpath=k=1 2\n");
        drop(secret);
        assert!(!path.exists());
        assert!(SecretFile::new(folder.path(), &[("rtmp_playpath", "a\nb=c")]).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn ffmpeg_takes_an_option_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let secret = SecretFile::new(folder.path(), &[("b", "123456")]).unwrap();
        let mut output = Options::new().with("c:v", "mpeg4").with("f", "null");
        secret.apply(&mut output);
        let args = Args::new().input(Options::new().with("f", "lavfi"), "testsrc2=s=64x64:d=0.1").output(output, "-");
        let never = StopSource::new();
        let mut all = words(&["-loglevel", "level+verbose"]);
        all.extend(args.to_os_args());
        let finished = run(&real().program, all, &Limits::default(), &never.token()).unwrap().unwrap();
        assert!(finished.exit.is_success(), "{finished:?}");
        assert!(finished.log.iter().any(|line| line.contains("123 kb/s")), "{:#?}", finished.log);
    }
}
