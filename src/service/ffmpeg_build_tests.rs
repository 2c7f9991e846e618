//! Downloads from a server on this machine that does as each test says.

use std::cell::RefCell;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

use super::ffmpeg_build::*;
use crate::rt::{StopSource, StopToken, spawn_job};

/// What the server does with a connection.
enum Answer {
    Says(Vec<u8>),
    /// Says this and then nothing, without hanging up, until the other side does.
    Stalls(Vec<u8>),
    /// Tells the source to stop, and nothing to the other side.
    Stops(StopSource),
}

/// Answers one connection after the other; returns its address. Its port is closed after the last.
fn serve(answers: Vec<Answer>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let served = spawn_job(
        "server",
        || {},
        move |_| {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                read_request(&mut stream);
                match answer {
                    Answer::Says(bytes) => drop(stream.write_all(&bytes)),
                    Answer::Stalls(bytes) => {
                        stream.write_all(&bytes).unwrap();
                        drop(stream.read(&mut [0; 1]));
                    }
                    Answer::Stops(source) => {
                        source.stop();
                        drop(stream.read(&mut [0; 1]));
                    }
                }
            }
        },
    );
    drop(served.unwrap()); // it goes on by itself
    address
}

fn read_request(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
}

fn with_head(head: &str, body: &[u8]) -> Answer {
    Answer::Says([head.as_bytes(), b"\r\nConnection: close\r\n\r\n", body].concat())
}

fn good(archive: &[u8]) -> Answer {
    with_head(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}", archive.len()), archive)
}

fn status(status: &str) -> Answer {
    with_head(&format!("HTTP/1.1 {status}\r\nContent-Length: 0"), b"")
}

fn half(archive: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", archive.len());
    [head.as_bytes(), &archive[..archive.len() / 2]].concat()
}

fn sum(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(bytes);
    hex(hash)
}

/// Contents that deflate does not make small: several pieces travel.
fn programs() -> [Vec<u8>; 2] {
    let mut random = fastrand::Rng::with_seed(7);
    [300_000, 200_000].map(|length| std::iter::repeat_with(|| random.u8(..)).take(length).collect())
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn good_archive() -> Vec<u8> {
    let [ffmpeg, ffprobe] = programs();
    archive(&[("../../evil", b"evil"), ("x/bin/ffmpeg", &ffmpeg), ("x/bin/ffprobe", &ffprobe), ("x/README", b"r")])
}

fn build(address: &str, archive: &[u8]) -> Build {
    let program = |name: &str, content: &[u8]| Program {
        name: name.to_owned(),
        in_archive: format!("x/bin/{name}"),
        sha256: sum(content),
    };
    let [ffmpeg, ffprobe] = programs();
    Build {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        version: "1".to_owned(),
        address: format!("{address}/x.zip"),
        sha256: sum(archive).to_ascii_uppercase(),
        size_bytes: archive.len() as u64,
        licence: "none".to_owned(),
        programs: vec![program("ffmpeg", &ffmpeg), program("ffprobe", &ffprobe)],
    }
}

struct Tried {
    result: Result<std::path::PathBuf, DownloadError>,
    pauses_s: Vec<u64>,
    progress: Vec<(u64, u64)>,
}

fn try_download(build: &Build, folder: &Path, stop: &StopToken) -> Tried {
    let (pauses, mut progress) = (RefCell::new(Vec::new()), Vec::new());
    let pause = |length: Duration| {
        pauses.borrow_mut().push(length.as_secs());
        stop.is_stopped()
    };
    let result = download_pausing(build, folder, &mut |got, all| progress.push((got, all)), stop, &pause);
    Tried { result, pauses_s: pauses.into_inner(), progress }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Tries with these answers in a folder that holds an older ffmpeg; it must still be there and nothing else.
fn fails(answers: Vec<Answer>, change: impl FnOnce(&mut Build)) -> (DownloadError, Vec<u64>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ffmpeg"), "older").unwrap();
    let mut build = build(&serve(answers), &good_archive());
    change(&mut build);
    let never = StopSource::new();
    let tried = try_download(&build, folder.path(), &never.token());
    assert_eq!(names(folder.path()), ["ffmpeg"]);
    assert_eq!(fs::read(folder.path().join("ffmpeg")).unwrap(), b"older");
    (tried.result.unwrap_err(), tried.pauses_s)
}

#[test]
fn get_valid_ffmpeg_path_downloads_unpacks_and_reuses() {
    let (root, archive, never) = (tempfile::tempdir().unwrap(), good_archive(), StopSource::new());
    let folder = root.path().join("a/b");
    let build = build(&serve(vec![good(&archive)]), &archive);
    let tried = try_download(&build, &folder, &never.token());
    let program = tried.result.unwrap();
    assert_eq!(program, folder.join("ffmpeg"));
    assert_eq!(names(&folder), ["ffmpeg", "ffprobe"]);
    for (name, content) in ["ffmpeg", "ffprobe"].iter().zip(programs()) {
        assert_eq!(fs::read(folder.join(name)).unwrap(), content);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777, 0o755);
        }
    }
    assert!(!root.path().join("evil").exists() && !root.path().join("a/evil").exists());
    assert_eq!(tried.progress.last(), Some(&(build.size_bytes, build.size_bytes)));
    assert!(tried.progress.len() > 1 && tried.progress.is_sorted() && tried.pauses_s.is_empty());
    // The server is gone: what is there is used. What is damaged would be fetched again.
    assert_eq!(try_download(&build, &folder, &never.token()).result.unwrap(), program);
    fs::write(folder.join("ffprobe"), "damaged").unwrap();
    let again = try_download(&build, &folder, &never.token()).result;
    assert!(matches!(again, Err(DownloadError::Unreachable { .. })), "{again:?}");
    assert_eq!(names(&folder), ["ffmpeg", "ffprobe"]);
}

#[test]
fn a_server_may_send_elsewhere_on_its_own_machine_and_by_https_only() {
    let (folder, archive, never) = (tempfile::tempdir().unwrap(), good_archive(), StopSource::new());
    let other = serve(vec![good(&archive)]);
    let moved = |to: &str| with_head(&format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0"), b"");
    let first = serve(vec![moved("/y/../z.zip"), moved(&format!("{other}/w.zip"))]);
    let tried = try_download(&build(&first, &archive), folder.path(), &never.token());
    assert!(tried.result.is_ok(), "{:?}", tried.result);

    let (outside, _) = fails(vec![moved("http://example.org/x.zip")], |_| {});
    assert!(matches!(&outside, DownloadError::Address { address } if address.contains("example.org")), "{outside}");
    let (endless, _) = fails((0..11).map(|_| moved("/x.zip")).collect(), |_| {});
    assert!(endless.to_string().contains("without end"), "{endless}");
}

#[test]
fn another_file_than_the_known_one_is_thrown_away() {
    let archive = good_archive();
    let mut other = archive.clone();
    other[1000] ^= 1;
    let (wrong_sum, pauses) = fails(vec![good(&other)], |_| {});
    assert!(matches!(wrong_sum, DownloadError::NotTheKnownOne { .. }) && pauses.is_empty(), "{wrong_sum}");
    let longer = [&archive[..], b"x"].concat();
    let (told, _) = fails(vec![good(&longer)], |_| {});
    let (untold, _) = fails(vec![with_head("HTTP/1.1 200 OK", &longer)], |_| {});
    for error in [told, untold] {
        assert!(matches!(error, DownloadError::NotTheKnownOne { .. }), "{error}");
    }
    let (program, _) = fails(vec![good(&archive)], |build| build.programs[1].sha256 = sum(b"another"));
    assert!(matches!(&program, DownloadError::NotTheKnownOne { what } if what.contains("ffprobe")), "{program}");
}

#[test]
fn an_archive_that_is_none_or_lacks_a_program_is_an_error() {
    let no_zip = b"not a zip archive".repeat(1000);
    let as_known = |archive: &[u8]| {
        let (sum, size) = (sum(archive), archive.len() as u64);
        move |build: &mut Build| (build.sha256, build.size_bytes) = (sum, size)
    };
    let [ffmpeg, _] = programs();
    let lacking = archive(&[("x/bin/ffmpeg", &ffmpeg)]);
    for archive in [no_zip, lacking] {
        let (error, _) = fails(vec![good(&archive)], as_known(&archive));
        assert!(matches!(error, DownloadError::Archive { .. }), "{error}");
    }
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_told_at_once() {
    let (archive, never) = (good_archive(), StopSource::new());
    let cut = || Answer::Says(half(&archive));
    let folder = tempfile::tempdir().unwrap();
    let answers = vec![status("503 Service Unavailable"), status("429 Too Many Requests"), cut(), good(&archive)];
    let tried = try_download(&build(&serve(answers), &archive), folder.path(), &never.token());
    assert!(tried.result.is_ok(), "{:?}", tried.result);
    assert_eq!(tried.pauses_s, [1, 2, 4]);

    let (four_times, pauses) = fails(vec![cut(), cut(), cut(), cut()], |_| {});
    assert!(matches!(four_times, DownloadError::Cut { .. }) && pauses == [1, 2, 4], "{four_times} {pauses:?}");
    let (always, _) = fails((0..4).map(|_| status("500 Internal Server Error")).collect(), |_| {});
    assert!(matches!(always, DownloadError::Status { status: 500, .. }), "{always}");
    let (missing, pauses) = fails(vec![status("404 Not Found")], |_| {});
    assert!(matches!(missing, DownloadError::Status { status: 404, .. }) && pauses.is_empty(), "{missing}");
    // Without a length an answer that breaks off looks whole.
    let short = || with_head("HTTP/1.1 200 OK", &archive[..1000]);
    let (short, _) = fails(vec![short(), short(), short(), short()], |_| {});
    assert!(matches!(short, DownloadError::Cut { .. }), "{short}");
}

#[test]
fn a_stop_is_noticed_while_receiving_while_waiting_and_before_another_try() {
    let (root, archive) = (tempfile::tempdir().unwrap(), good_archive());
    let folder = root.path().join("new");
    let gone = |build: &Build, stop: &StopToken, on_progress: &mut dyn FnMut(u64, u64)| {
        let result = download_pausing(build, &folder, on_progress, stop, &|_| true);
        assert!(matches!(result, Err(DownloadError::Cancelled)), "{result:?}");
        assert!(!folder.exists(), "the folder was made for the download");
    };
    let source = StopSource::new();
    let stalls = build(&serve(vec![Answer::Stalls(half(&archive))]), &archive);
    gone(&stalls, &source.token(), &mut |_, _| source.stop());

    let source = StopSource::new();
    let token = source.token();
    gone(&build(&serve(vec![Answer::Stops(source)]), &archive), &token, &mut |_, _| {});

    let never = StopSource::new();
    let busy = build(&serve(vec![status("503 Service Unavailable")]), &archive);
    gone(&busy, &never.token(), &mut |_, _| {});
}

#[test]
fn a_folder_that_cannot_be_and_a_full_disk_are_told_apart() {
    let (root, never) = (tempfile::tempdir().unwrap(), StopSource::new());
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let build = build("http://127.0.0.1:1", &good_archive());
    let inside = try_download(&build, &file.join("x"), &never.token()).result;
    assert!(matches!(inside, Err(DownloadError::Folder { .. })), "{inside:?}");
    #[cfg(target_os = "linux")]
    {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap().write(b"x").unwrap_err();
        assert!(matches!(disk_error(root.path(), full), DownloadError::NoSpace { .. }));
    }
}

#[test]
fn the_built_in_list_is_sound_and_a_wrong_one_is_refused() {
    Builds::built_in().unwrap();
    let whole = |address: &str, name: &str, sum: &str| {
        format!(
            "[[build]]\nos=\"{}\"\narch=\"{}\"\nversion=\"1\"\naddress=\"{address}\"\nsha256=\"{sum}\"\nsize_bytes=1\n\
             licence=\"x\"\n[[build.program]]\nname=\"{name}\"\nin_archive=\"a\"\nsha256=\"{sum}\"\n",
            std::env::consts::OS,
            std::env::consts::ARCH
        )
    };
    let (address, hash) = ("https://example.org/a.zip", sum(b""));
    assert!(Builds::parse(&whole(address, "ffmpeg", &hash)).unwrap().here().is_some());
    assert!(Builds::parse("").unwrap().here().is_none());
    for (text, word) in [
        (whole("http://example.org/a.zip", "ffmpeg", &hash), "https"),
        (whole(address, "../ffmpeg", &hash), "no file name"),
        (whole(address, "c:\\\\\\\\x", &hash), "no file name"),
        (whole(address, "ffmpeg", "abc"), "no SHA-256"),
        (whole(address, "ffmpeg", &hash).replace("size_bytes", "size"), "size"),
        ("[[build]]".to_owned(), "missing"),
    ] {
        let refused = Builds::parse(&text).unwrap_err().to_string();
        assert!(refused.contains(word), "{word} in {refused}");
    }
    let missing = Builds::from_file(Path::new("/nowhere/builds.toml")).unwrap_err();
    assert!(matches!(missing, BuildsError::Read { .. }));
}
