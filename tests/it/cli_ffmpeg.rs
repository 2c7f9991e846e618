//! `gearcast ffmpeg`: the user's own command in the terminal, and an ffmpeg from the network where there is none.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gearcast::rt::spawn_job;
use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest, Sha256};

use crate::support::judge::counted_frames;
use crate::support::program::{Home, Ran, finished};

/// An endless command that writes a plain MP4, which is nothing without its end, and says on stdout how far it is.
const ENDLESS: &str = "-nostdin -progress pipe:1 -re -f lavfi -i testsrc2=s=160x120:r=30 -c:v libx264 -pix_fmt yuv420p";

fn endless(file: &str) -> Vec<&str> {
    ["ffmpeg", "--"].into_iter().chain(ENDLESS.split(' ')).chain([file]).collect()
}

/// Reads until ffmpeg tells of pictures: it runs and has taken its signals into its own hands.
fn wait_for_pictures(out: &mut impl Read) {
    let mut seen = String::new();
    let mut piece = [0; 256];
    while !seen.split("frame=").skip(1).any(|rest| rest.trim_start().starts_with(|c: char| ('1'..='9').contains(&c))) {
        let count = out.read(&mut piece).expect("ffmpeg's words");
        assert_ne!(count, 0, "ffmpeg ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn a_signal_lets_ffmpeg_finish_its_file() {
    let home = Home::new();
    for (signal, file) in [(Signal::INT, "int.mp4"), (Signal::TERM, "term.mp4")] {
        let mut child = home.command(&endless(file)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_pictures(child.stdout.as_mut().unwrap());
        send(&child, signal);
        let ran = finished(child);
        assert_eq!(ran.code, 255, "ffmpeg's own code: {}", ran.err);
        assert!(counted_frames(&home.at(file)) > 0);
    }
}

#[test]
fn a_second_signal_ends_ffmpeg_at_once() {
    let home = Home::new();
    let deaf = home.at("ffmpeg");
    // Answers the question for its version; then ignores every signal but the last.
    let script = "#!/bin/sh\ncase \"$*\" in *-version*) echo 'ffmpeg version 6.1 Copyright'; exit;; esac\n\
                  trap 'echo asked' INT TERM; echo ready; while :; do sleep 0.05; done\n";
    fs::write(&deaf, script).unwrap();
    fs::set_permissions(&deaf, fs::Permissions::from_mode(0o755)).unwrap();
    let args = ["ffmpeg", "--ffmpeg", deaf.to_str().unwrap(), "--", "x"];
    let mut child = home.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut expect = |word: &str| {
        let mut line = vec![0; word.len()];
        out.read_exact(&mut line).unwrap();
        assert_eq!(line, word.as_bytes());
    };
    expect("ready\n");
    send(&child, Signal::INT);
    expect("asked\n");
    send(&child, Signal::TERM);
    assert_eq!(finished(child).code, 128 + 9);
}

/// Runs gearcast in front of a terminal of its own; what is written to the result is typed there.
fn in_a_terminal(home: &Home, args: &[&str]) -> Child {
    let plain = home.command(args);
    let quoted =
        shell_words::join([plain.get_program()].into_iter().chain(plain.get_args()).map(|w| w.to_str().unwrap()));
    let mut command = Command::new("script");
    // The terminal's shell is replaced by gearcast, so that gearcast stands in front of the terminal itself.
    command.args(["-q", "-e", "-c", &format!("exec {quoted}"), "/dev/null"]).current_dir(home.path());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("SHELL", "/bin/sh").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("script starts")
}

#[test]
fn a_ctrl_c_in_the_terminal_lets_ffmpeg_finish_its_file() {
    let home = Home::new();
    let mut terminal = in_a_terminal(&home, &endless("typed.mp4"));
    wait_for_pictures(terminal.stdout.as_mut().unwrap());
    let mut keys = terminal.stdin.take().unwrap();
    keys.write_all(b"\x03").unwrap();
    let ran = finished(terminal);
    assert_eq!(ran.code, 255, "{}{}", ran.out, ran.err);
    // Told twice, ffmpeg gives up before the file's end is written.
    assert!(ran.out.contains("received signal 2"), "{}", ran.out);
    assert!(counted_frames(&home.at("typed.mp4")) > 0);
    drop(keys);
}

#[test]
fn a_key_typed_in_the_terminal_reaches_ffmpeg() {
    let home = Home::new();
    let args = endless("key.mp4");
    let args: Vec<&str> = args.into_iter().filter(|word| *word != "-nostdin").collect();
    let mut terminal = in_a_terminal(&home, &args);
    wait_for_pictures(terminal.stdout.as_mut().unwrap());
    let mut keys = terminal.stdin.take().unwrap();
    keys.write_all(b"q").unwrap();
    let ran = finished(terminal);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(counted_frames(&home.at("key.mp4")) > 0);
    drop(keys);
}

// An ffmpeg where there is none ---------------------------------------------------------------------------------------

fn sum(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

/// A script that is ffmpeg enough to be found.
const FFMPEG: &[u8] = b"#!/bin/sh\necho 'ffmpeg version 6.1-downloaded Copyright (c) the FFmpeg developers'\n";

fn archive() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [("b/ffmpeg", FFMPEG), ("b/ffprobe", b"#!/bin/sh\n")] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Writes a list of builds that names an archive on this machine, served as often as asked.
fn serve(home: &Home, served: Vec<u8>, known: &[u8]) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = spawn_job(
        "server",
        || {},
        move |_| {
            for mut stream in listener.incoming().flatten() {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", served.len());
                drop(stream.write_all(&[head.as_bytes(), &served].concat()));
            }
        },
    );
    drop(serving.unwrap()); // it goes on by itself
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let list = format!(
        "[[build]]\nos = \"{os}\"\narch = \"{arch}\"\nversion = \"6.1\"\naddress = \"http://{address}/a.zip\"\n\
         sha256 = \"{}\"\nsize_bytes = {}\nlicence = \"GPL\"\n\
         [[build.program]]\nname = \"ffmpeg\"\nin_archive = \"b/ffmpeg\"\nsha256 = \"{}\"\n\
         [[build.program]]\nname = \"ffprobe\"\nin_archive = \"b/ffprobe\"\nsha256 = \"{}\"\n",
        sum(known),
        known.len(),
        sum(FFMPEG),
        sum(b"#!/bin/sh\n"),
    );
    fs::write(home.at("builds.toml"), list).unwrap();
}

fn run(home: &Home, args: &[&str], path: &Path) -> Ran {
    let mut command = home.command(args);
    command.env("GEARCAST_FFMPEG_BUILDS", home.at("builds.toml")).env("PATH", path);
    finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

#[test]
fn a_downloaded_ffmpeg_is_found_last() {
    let home = Home::new();
    serve(&home, archive(), &archive());
    let (nowhere, here) = (home.at("nowhere"), std::env::var_os("PATH").unwrap());
    assert_eq!(run(&home, &["ffmpeg", "--", "-version"], &nowhere).code, 4);
    let ran = run(&home, &["ffmpeg", "--download"], &nowhere);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let program = home.at("gearcast/data/ffmpeg/ffmpeg");
    assert_eq!(ran.out.trim(), program.display().to_string());
    assert!(ran.err.contains("GPL") && ran.err.contains("6.1"), "{}", ran.err);
    assert_eq!(fs::read(&program).unwrap(), FFMPEG);
    let found = run(&home, &["ffmpeg", "--", "-version"], &nowhere);
    assert!(found.code == 0 && found.out.contains("6.1-downloaded"), "{}{}", found.out, found.err);
    let installed = run(&home, &["ffmpeg", "--", "-version"], Path::new(&here));
    assert!(installed.code == 0 && !installed.out.contains("downloaded"), "what is installed goes before it");
    let elsewhere = run(&home, &["ffmpeg", "--download", "tools"], &nowhere);
    assert_eq!((elsewhere.code, fs::read(home.at("tools/ffmpeg")).unwrap().as_slice()), (0, FFMPEG));
}

#[test]
fn a_wrong_sum_and_a_full_disk_leave_what_was_there() {
    let home = Home::new();
    let mut wrong = archive();
    wrong[40] ^= 1;
    serve(&home, wrong, &archive());
    fs::create_dir(home.at("tools")).unwrap();
    fs::write(home.at("tools/ffmpeg"), "older").unwrap();
    let left = || {
        let names: Vec<_> = fs::read_dir(home.at("tools")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["ffmpeg"]);
        assert_eq!(fs::read(home.at("tools/ffmpeg")).unwrap(), b"older");
    };
    let ran = run(&home, &["ffmpeg", "--download", "tools"], Path::new("/nowhere"));
    assert!(ran.code == 4 && ran.err.contains("SHA-256"), "{} {}", ran.code, ran.err);
    left();

    // No file may grow beyond nothing: to a program the same as a full disk.
    serve(&home, archive(), &archive());
    let plain = home.command(&["ffmpeg", "--download", "tools"]);
    let mut limited = Command::new("/bin/sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(plain.get_program())
        .args(plain.get_args());
    limited.current_dir(home.path()).env("GEARCAST_FFMPEG_BUILDS", home.at("builds.toml"));
    limited.env("GEARCAST_HOME", home.at("gearcast"));
    let ran = finished(limited.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert!(ran.code == 5 && ran.err.contains("no room"), "{} {}", ran.code, ran.err);
    left();
}

#[test]
fn a_ctrl_c_ends_a_download_and_leaves_nothing() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    serve(&home, Vec::new(), &archive());
    let list = fs::read_to_string(home.at("builds.toml")).unwrap();
    let old = list.lines().find_map(|line| line.strip_prefix("address = ")).unwrap();
    let silent = format!("\"http://{}/a.zip\"", listener.local_addr().unwrap());
    fs::write(home.at("builds.toml"), list.replace(old, &silent)).unwrap();
    let mut command = home.command(&["ffmpeg", "--download", "tools"]);
    command.env("GEARCAST_FFMPEG_BUILDS", home.at("builds.toml"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (connection, _) = listener.accept().unwrap();
    send(&child, Signal::INT);
    let ran = finished(child);
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(!home.at("tools").exists());
    drop(connection);
}

#[test]
fn a_system_without_a_build_is_told_how_to_install_one() {
    let home = Home::new();
    for list in [None, Some("# empty\n")] {
        let mut command = home.command(&["ffmpeg", "--download"]);
        command.env_remove("GEARCAST_FFMPEG_BUILDS");
        if let Some(list) = list {
            fs::write(home.at("none.toml"), list).unwrap();
            command.env("GEARCAST_FFMPEG_BUILDS", home.at("none.toml"));
        }
        let ran = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
        assert!(ran.err.contains("install"), "{}", ran.err);
    }
    let both = home.run(&["ffmpeg", "--download", "x", "--", "-version"]);
    assert_eq!(both.code, 2, "{}", both.err);
    let broken = run(&home, &["ffmpeg", "--download"], Path::new("/nowhere"));
    assert!(broken.code == 2 && broken.err.contains("builds.toml"), "{}", broken.err);
}
