//! Keys inside addresses: kept out of ffmpeg's arguments, which everybody on the machine can read.

use std::io;

use super::gear_error::GearError;
use super::place;
use super::target::Target;
use crate::ffmpeg::{Redactor, SecretFile};

/// What of an address may be seen, and what must not.
#[derive(Debug, Default)]
pub(super) struct Secret {
    /// The address without its key; `None` where there is none to hide.
    pub(super) public: Option<String>,
    /// The key, in a file that only we and ffmpeg can read; it goes with this value.
    pub(super) file: Option<SecretFile>,
    pub(super) redactor: Redactor,
}

impl Secret {
    /// RTMP's path behind the application is the stream's key. ffmpeg takes it as an option, and options from a file.
    pub(super) fn of(target: Option<&Target>) -> Result<Self, GearError> {
        let Some(Target::Url { scheme, url }) = target else { return Ok(Self::default()) };
        let Some((public, key)) = scheme.starts_with("rtmp").then(|| split(url)).flatten() else {
            return Ok(Self::default());
        };
        let folder = place::private_folder();
        let file = SecretFile::new(&folder, &[("rtmp_playpath", key)]);
        let file = file.map_err(|error: io::Error| GearError::cannot_write(&folder, &error))?;
        Ok(Self { public: Some(public.to_owned()), file: Some(file), redactor: Redactor::new([key.to_owned()]) })
    }
}

/// `rtmp://host/app/key` into `rtmp://host/app` and `key`.
fn split(url: &str) -> Option<(&str, &str)> {
    let host = url.find("://")? + 3;
    let app = host + url.get(host..)?.find('/')? + 1;
    let key = app + url.get(app..)?.find('/')? + 1;
    let secret = url.get(key..).filter(|key| !key.is_empty())?;
    Some((url.get(..key - 1)?, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_application_is_the_key() {
        assert_eq!(split("rtmp://h:1935/app/k/2?a=b"), Some(("rtmp://h:1935/app", "k/2?a=b")));
        for url in ["rtmp://h/app", "rtmp://h/app/", "rtmp://h", "x"] {
            assert_eq!(split(url), None, "{url}");
        }
    }
}
