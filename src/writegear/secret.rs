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
        let Some(Split { public, app, key }) = scheme.starts_with("rtmp").then(|| split(url)).flatten() else {
            return Ok(Self::default());
        };
        let folder = place::private_folder();
        let file = SecretFile::new(&folder, &[("rtmp_playpath", key), ("rtmp_app", app)]);
        let file = file.map_err(|error: io::Error| GearError::cannot_write(&folder, &error))?;
        Ok(Self { public: Some(public.to_owned()), file: Some(file), redactor: Redactor::new([key.to_owned()]) })
    }
}

/// An RTMP address in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Split<'a> {
    public: &'a str,
    app: &'a str,
    key: &'a str,
}

/// `rtmp://host/app/key`, or `rtmp://host/app/instance/key`, as ffmpeg takes it apart.
fn split(url: &str) -> Option<Split<'_>> {
    let host = url.find("://")? + 3;
    let app = host + url.get(host..)?.find('/')? + 1;
    let mut key = app + url.get(app..)?.find('/')? + 1;
    let rest = url.get(key..)?;
    // A colon before the next slash (`mp4:film/a`) belongs to the stream's name.
    let path = rest.split('?').next().unwrap_or(rest);
    if let Some(slash) = path.find('/').filter(|slash| !path[..*slash].contains(':')) {
        key += slash + 1;
    }
    let secret = url.get(key..).filter(|key| !key.is_empty())?;
    Some(Split { public: url.get(..key - 1)?, app: url.get(app..key - 1)?, key: secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_application_is_the_key() {
        for (url, public, app, key) in [
            ("rtmp://h:1935/app/k?a=b/c", "rtmp://h:1935/app", "app", "k?a=b/c"),
            ("rtmp://h/app/inst/k", "rtmp://h/app/inst", "app/inst", "k"),
            ("rtmp://h/app/mp4:film/k", "rtmp://h/app", "app", "mp4:film/k"),
        ] {
            assert_eq!(split(url), Some(Split { public, app, key }));
        }
        for url in ["rtmp://h/app", "rtmp://h/app/", "rtmp://h", "x"] {
            assert_eq!(split(url), None, "{url}");
        }
    }
}
