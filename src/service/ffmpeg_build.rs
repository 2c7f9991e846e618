//! Gets an ffmpeg where there is none: a published build, fetched, checked against its known sums, unpacked.
//!
//! Nothing half-done is ever seen: everything lies in temporary files beside its place until all of it is right, and
//! a program that is there stays until then.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::net::{self, NetError};
use crate::rt::StopToken;

/// Where which build is, as a file of the program.
const BUILT_IN: &str = include_str!("../../assets/ffmpeg/builds.toml");
/// Pauses before the second, third and fourth try.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// The known builds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Builds {
    #[serde(default, rename = "build")]
    builds: Vec<Build>,
}

/// A published ffmpeg for one system.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The system, in Rust's words: `windows`.
    pub os: String,
    /// The processor, in Rust's words: `x86_64`.
    pub arch: String,
    /// ffmpeg's version.
    pub version: String,
    /// Where the zip archive is.
    pub address: String,
    /// The archive's SHA-256, hexadecimal.
    pub sha256: String,
    /// The archive's size.
    pub size_bytes: u64,
    /// Under which terms it may be used.
    pub licence: String,
    /// What is taken out of the archive, ffmpeg itself first.
    #[serde(rename = "program")]
    pub programs: Vec<Program>,
}

/// One program in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its file name.
    pub name: String,
    /// Its path in the archive.
    pub in_archive: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// Why it is not known where a build is.
#[derive(Debug, thiserror::Error)]
pub enum BuildsError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not written as it should be.
    #[error("the list of ffmpeg builds is not understood: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It names something impossible.
    #[error("the list of ffmpeg builds is wrong: {0}")]
    Wrong(String),
}

/// Why ffmpeg was not downloaded.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// Only https is fetched.
    #[error("{address} is refused: ffmpeg is fetched from https addresses only")]
    Address {
        /// The address, perhaps one that a server sent to.
        address: String,
    },
    /// The server says no.
    #[error("{address} is not to be had: the server answers with status {status}")]
    Status {
        /// The address.
        address: String,
        /// HTTP's status.
        status: u16,
    },
    /// There is no way to the server.
    #[error("ffmpeg was not downloaded: {what}; check the network connection")]
    Unreachable {
        /// What happened.
        what: String,
    },
    /// The connection broke, every time.
    #[error("ffmpeg was not downloaded, although it was tried again: {what}")]
    Cut {
        /// What happened last.
        what: String,
    },
    /// It is not the file it should be.
    #[error("what was downloaded is not the ffmpeg that is known and was thrown away: {what}")]
    NotTheKnownOne {
        /// What is different.
        what: String,
    },
    /// The archive cannot be unpacked.
    #[error("the downloaded archive cannot be unpacked: {what}")]
    Archive {
        /// What is wrong with it.
        what: String,
    },
    /// The disk is full.
    #[error("{} has no room for ffmpeg; free some space or choose another folder", .folder.display())]
    NoSpace {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be written.
    #[error("{} cannot be written: {source}; choose another folder", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Stop was asked.
    #[error("the download was stopped; nothing of it is left")]
    Cancelled,
}

impl Builds {
    /// Those that gearcast knows by itself.
    pub fn built_in() -> Result<Self, BuildsError> {
        Self::parse(BUILT_IN)
    }

    /// Those of a file.
    pub fn from_file(file: &Path) -> Result<Self, BuildsError> {
        let read = fs::read_to_string(file);
        Self::parse(&read.map_err(|source| BuildsError::Read { file: file.to_owned(), source })?)
    }

    pub(super) fn parse(text: &str) -> Result<Self, BuildsError> {
        let builds: Self = toml::from_str(text)?;
        builds.builds.iter().try_for_each(Build::check)?;
        Ok(builds)
    }

    /// The one for this system, if there is one.
    pub fn here(&self) -> Option<&Build> {
        self.builds.iter().find(|build| build.os == std::env::consts::OS && build.arch == std::env::consts::ARCH)
    }
}

impl Build {
    fn check(&self) -> Result<(), BuildsError> {
        let wrong = |what: String| Err(BuildsError::Wrong(what));
        if let Err(error) = net::check(&self.address) {
            return wrong(error.to_string());
        }
        let sums = self.programs.iter().map(|program| &program.sha256).chain([&self.sha256]);
        for sum in sums {
            if sum.len() != 64 || !sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return wrong(format!("\"{sum}\" is no SHA-256"));
            }
        }
        if self.programs.is_empty() {
            return wrong(format!("{} holds no program", self.address));
        }
        // A name is a name: whatever an archive or a list says, nothing is written outside of the folder.
        match self.programs.iter().find(|program| !is_plain_name(&program.name)) {
            Some(program) => wrong(format!("\"{}\" is no file name", program.name)),
            None => Ok(()),
        }
    }
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':'])
}

/// Downloads a build into `folder`, which is made if need be, and returns where its ffmpeg is. What is there already
/// and right is used as it is. `on_progress` hears of bytes received and bytes in all. For a job's thread: 110 MB.
pub fn download(
    build: &Build,
    folder: &Path,
    on_progress: &mut dyn FnMut(u64, u64),
    stop: &StopToken,
) -> Result<PathBuf, DownloadError> {
    download_pausing(build, folder, on_progress, stop, &|pause| stop.wait(pause))
}

/// The same with the pauses before another try given in: `pause` returns whether stop was asked meanwhile.
pub(super) fn download_pausing(
    build: &Build,
    folder: &Path,
    on_progress: &mut dyn FnMut(u64, u64),
    stop: &StopToken,
    pause: &dyn Fn(Duration) -> bool,
) -> Result<PathBuf, DownloadError> {
    if build.programs.iter().all(|program| is_right(&folder.join(&program.name), program)) {
        return Ok(program_path(build, folder));
    }
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(|error| disk_error(folder, error))?;
    let done = fetch(build, folder, on_progress, stop, pause).and_then(|archive| install(build, folder, archive, stop));
    if done.is_err()
        && is_new
        && let Err(error) = fs::remove_dir(folder)
    {
        log::debug!("{} stays: {error}", folder.display());
    }
    done.map(|()| program_path(build, folder))
}

fn program_path(build: &Build, folder: &Path) -> PathBuf {
    build.programs.first().map_or_else(|| folder.to_owned(), |program| folder.join(&program.name))
}

/// Whether this file is that program, byte for byte.
fn is_right(file: &Path, program: &Program) -> bool {
    let sum = || -> io::Result<String> {
        let (mut file, mut hash, mut buffer) = (File::open(file)?, Sha256::new(), vec![0; 256 * 1024]);
        loop {
            let count = file.read(&mut buffer)?;
            match buffer.get(..count) {
                Some(bytes) if count > 0 => hash.update(bytes),
                _ => return Ok(hex(hash)),
            }
        }
    };
    sum().is_ok_and(|sum| sum.eq_ignore_ascii_case(&program.sha256))
}

/// The whole archive in a temporary file, checked.
fn fetch(
    build: &Build,
    folder: &Path,
    on_progress: &mut dyn FnMut(u64, u64),
    stop: &StopToken,
    pause: &dyn Fn(Duration) -> bool,
) -> Result<File, DownloadError> {
    let mut pauses = PAUSES.iter();
    loop {
        let error = match try_fetch(build, folder, on_progress, stop) {
            Ok(archive) => return Ok(archive),
            Err(Trouble::Net(error)) => error,
            Err(Trouble::Final(error)) => return Err(error),
        };
        match pauses.next().filter(|_| error.is_passing()) {
            Some(length) => {
                log::info!("downloading ffmpeg: {error}; tried again in {} s", length.as_secs());
                if pause(*length) {
                    return Err(DownloadError::Cancelled);
                }
            }
            None => return Err(net_error(build, error)),
        }
    }
}

enum Trouble {
    Net(NetError),
    Final(DownloadError),
}

fn try_fetch(
    build: &Build,
    folder: &Path,
    on_progress: &mut dyn FnMut(u64, u64),
    stop: &StopToken,
) -> Result<File, Trouble> {
    let different = |what: String| Trouble::Final(DownloadError::NotTheKnownOne { what });
    let full = |error| Trouble::Final(disk_error(folder, error));
    let mut body = net::get(&build.address, stop).map_err(Trouble::Net)?;
    if let Some(length) = body.length.filter(|length| *length != build.size_bytes) {
        return Err(different(format!("it has {length} bytes instead of {}", build.size_bytes)));
    }
    // Without a name: gone with the program, however that ends.
    let mut archive = tempfile::tempfile_in(folder).map_err(full)?;
    let (mut hash, mut received) = (Sha256::new(), 0_u64);
    while let Some(piece) = body.next(stop).map_err(Trouble::Net)? {
        received += piece.len() as u64;
        if received > build.size_bytes {
            return Err(different(format!("it has more than {} bytes", build.size_bytes)));
        }
        hash.update(&piece);
        archive.write_all(&piece).map_err(full)?;
        on_progress(received, build.size_bytes);
    }
    if received < build.size_bytes {
        // Without a told length an answer that breaks off looks like one that ends.
        return Err(Trouble::Net(NetError::Cut(format!("{received} of {} bytes came", build.size_bytes))));
    }
    let sum = hex(hash);
    if !sum.eq_ignore_ascii_case(&build.sha256) {
        return Err(different(format!("its SHA-256 is {sum} instead of {}", build.sha256)));
    }
    archive.rewind().map_err(full)?;
    Ok(archive)
}

/// Takes the programs out of the archive; they get their names when all of them are right.
fn install(build: &Build, folder: &Path, archive: File, stop: &StopToken) -> Result<(), DownloadError> {
    let broken = |error: zip::result::ZipError| DownloadError::Archive { what: error.to_string() };
    let mut archive = zip::ZipArchive::new(archive).map_err(broken)?;
    let mut ready = Vec::new();
    for program in &build.programs {
        let mut packed = archive.by_name(&program.in_archive).map_err(broken)?;
        ready.push((unpack(&mut packed, program, folder, stop)?, folder.join(&program.name)));
    }
    for (file, place) in ready {
        file.persist(place).map_err(|error| disk_error(folder, error.error))?;
    }
    Ok(())
}

fn unpack(
    packed: &mut impl Read,
    program: &Program,
    folder: &Path,
    stop: &StopToken,
) -> Result<NamedTempFile, DownloadError> {
    let full = |error| disk_error(folder, error);
    let mut file = tempfile::Builder::new().prefix(".ffmpeg-").tempfile_in(folder).map_err(full)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 256 * 1024]);
    loop {
        if stop.is_stopped() {
            return Err(DownloadError::Cancelled);
        }
        let count = packed.read(&mut buffer).map_err(|error| DownloadError::Archive { what: error.to_string() })?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        file.write_all(bytes).map_err(full)?;
    }
    let sum = hex(hash);
    if !sum.eq_ignore_ascii_case(&program.sha256) {
        let what = format!("the SHA-256 of {} is {sum} instead of {}", program.name, program.sha256);
        return Err(DownloadError::NotTheKnownOne { what });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o755)).map_err(full)?;
    }
    file.as_file().sync_all().map_err(full)?;
    Ok(file)
}

pub(super) fn hex(hash: Sha256) -> String {
    use std::fmt::Write as _;
    hash.finalize().iter().fold(String::with_capacity(64), |mut out, byte| {
        if write!(out, "{byte:02x}").is_err() {
            out.clear(); // writing into a String does not fail
        }
        out
    })
}

pub(super) fn disk_error(folder: &Path, source: io::Error) -> DownloadError {
    let folder = folder.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            DownloadError::NoSpace { folder }
        }
        _ => DownloadError::Folder { folder, source },
    }
}

fn net_error(build: &Build, error: NetError) -> DownloadError {
    let address = || build.address.clone();
    match error {
        NetError::Address(address) => DownloadError::Address { address },
        NetError::Status(status) => DownloadError::Status { address: address(), status },
        NetError::Cut(what) => DownloadError::Cut { what },
        NetError::Stopped => DownloadError::Cancelled,
        other @ (NetError::NoTls(_) | NetError::Redirects | NetError::Unreachable(_)) => {
            DownloadError::Unreachable { what: other.to_string() }
        }
    }
}
