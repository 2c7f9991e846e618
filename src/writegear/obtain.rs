//! The ffmpeg of an engine: found, or fetched where the caller named a folder for that.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gear_error::GearError;
use crate::ffmpeg::{Ffmpeg, FindError, find};
use crate::rt::StopSource;
use crate::service::{Builds, download};

/// Told while ffmpeg is downloaded: bytes received, and bytes in all.
pub(super) type OnDownload = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Finds ffmpeg. Where there is none and `folder` was named (`-ffmpeg_download_path`), the one in that folder is taken;
/// where there is none either and a build for this system is known, it is fetched there first: 110 MB.
pub(super) fn ffmpeg(
    custom: Option<&Path>,
    folder: Option<&Path>,
    on_download: Option<&OnDownload>,
) -> Result<Ffmpeg, GearError> {
    let missing = match (find(custom), folder) {
        (Ok(found), _) => return Ok(found),
        (Err(missing @ FindError::NotInstalled), Some(folder)) if custom.is_none() => {
            if let Ok(found) = find(Some(folder)) {
                return Ok(found);
            }
            match fetched(folder, on_download) {
                Some(program) => return Ok(find(Some(&program?))?),
                None => missing,
            }
        }
        (Err(missing), _) => missing,
    };
    Err(missing.into())
}

/// `None` where no build for this system is known.
fn fetched(folder: &Path, on_download: Option<&OnDownload>) -> Option<Result<PathBuf, GearError>> {
    let builds = match Builds::built_in() {
        Ok(builds) => builds,
        Err(error) => return Some(Err(GearError::Download(error.to_string()))),
    };
    let build = builds.here()?;
    let never = StopSource::new();
    let mut tell = |received, all| {
        if let Some(on_download) = on_download {
            on_download(received, all);
        }
    };
    let program = download(build, folder, &mut tell, &never.token());
    Some(program.map_err(|error| GearError::Download(error.to_string())))
}
