//! What was learnt about an ffmpeg, kept on disk until that ffmpeg changes.
//!
//! A cache and nothing more: a missing, damaged or outdated file is as good as none, and failing to write one is
//! only logged.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::capabilities::Capabilities;
use super::discover::Ffmpeg;

/// Goes up whenever what is stored changes its meaning.
const FORMAT: u32 = 2;
/// A cache is some 60 KB; something huge is not ours.
const LARGEST_BYTES: u64 = 8 << 20;

/// Which ffmpeg, as far as a look at its file tells.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    format: u32,
    program: PathBuf,
    modified_nanos: u64,
    size_bytes: u64,
    version: String,
}

#[derive(Serialize, Deserialize)]
struct Stored<C> {
    key: Key,
    /// Drivers come and go with a restart; the trials of hardware do not outlive it.
    boot: String,
    capabilities: C,
}

fn key(ffmpeg: &Ffmpeg) -> Option<Key> {
    let metadata = std::fs::metadata(&ffmpeg.program).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Key {
        format: FORMAT,
        program: ffmpeg.program.clone(),
        modified_nanos: u64::try_from(modified.as_nanos()).ok()?,
        size_bytes: metadata.len(),
        version: ffmpeg.version.text.clone(),
    })
}

/// One file for each program, so that two of them side by side do not push each other out.
fn file(ffmpeg: &Ffmpeg, folder: &Path) -> PathBuf {
    // FNV-1a: equal on every machine and in every version, which std's hasher does not promise.
    let hash = ffmpeg
        .program
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    folder.join(format!("ffmpeg-{hash:016x}.json"))
}

fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// What was stored for exactly this ffmpeg.
pub(super) fn load(ffmpeg: &Ffmpeg, folder: &Path) -> Option<Capabilities> {
    let path = file(ffmpeg, folder);
    if std::fs::metadata(&path).ok()?.len() > LARGEST_BYTES {
        return None;
    }
    let text = std::fs::read(&path).ok()?;
    let stored: Stored<Capabilities> = match serde_json::from_slice(&text) {
        Ok(stored) => stored,
        Err(error) => {
            log::info!("{} is damaged and ignored: {error}", path.display());
            return None;
        }
    };
    if Some(&stored.key) != key(ffmpeg).as_ref() {
        return None;
    }
    let mut capabilities = stored.capabilities;
    if stored.boot != boot() {
        capabilities.forget_hardware_trials();
    }
    Some(capabilities)
}

/// Stores, whole or not at all.
pub(super) fn store(ffmpeg: &Ffmpeg, folder: &Path, capabilities: &Capabilities) {
    let write = || -> std::io::Result<()> {
        let Some(key) = key(ffmpeg) else { return Ok(()) };
        let text = serde_json::to_vec(&Stored { key, boot: boot(), capabilities })?;
        std::fs::create_dir_all(folder)?;
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        temporary.write_all(&text)?;
        temporary.persist(file(ffmpeg, folder)).map_err(|error| error.error)?;
        Ok(())
    };
    if let Err(error) = write() {
        log::warn!("what ffmpeg can do is not kept in {}: {error}", folder.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffmpeg::Version;

    fn fake(folder: &Path, content: &str) -> Ffmpeg {
        let program = folder.join("ffmpeg");
        std::fs::write(&program, content).unwrap();
        let version = Version::parse("ffmpeg version 5.1 Copyright").unwrap();
        Ffmpeg { program, probe: None, version }
    }

    #[test]
    fn what_is_stored_is_read_back_until_the_program_changes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("a/b");
        let mut ffmpeg = fake(folder.path(), "one");
        let mut known = Capabilities::default();
        known.hybrid_fragmented = true;
        assert_eq!(load(&ffmpeg, &cache), None);
        store(&ffmpeg, &cache, &known);
        assert_eq!(load(&ffmpeg, &cache), Some(known.clone()));
        ffmpeg.version.text.push('x');
        assert_eq!(load(&ffmpeg, &cache), None);
        store(&ffmpeg, &cache, &known);
        let ffmpeg = Ffmpeg { version: ffmpeg.version, ..fake(folder.path(), "longer") };
        assert_eq!(load(&ffmpeg, &cache), None);
    }

    #[test]
    fn a_damaged_or_impossible_cache_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let ffmpeg = fake(folder.path(), "one");
        store(&ffmpeg, folder.path(), &Capabilities::default());
        let path = file(&ffmpeg, folder.path());
        let whole = std::fs::read(&path).unwrap();
        for damaged in [&whole[..whole.len() / 2], b"", b"[]", b"\xff\xfe", b"{\"key\":1}"] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(load(&ffmpeg, folder.path()), None);
        }
        // A file stands where the folder should be: nothing is stored, nothing breaks.
        store(&ffmpeg, &ffmpeg.program, &Capabilities::default());
        assert_eq!(load(&ffmpeg, &ffmpeg.program), None);
    }
}
