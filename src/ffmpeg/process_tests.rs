//! Children of ours, well-behaved and not.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::fake::{LONG, is_alive, real, script, wait_until, words};
use super::process::process_id;
use super::*;
use crate::rt::StopSource;

fn read_line(output: &mut ChildOutput) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while output.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

fn start(folder: &Path, lines: &str, stdin: Stdin) -> (Process, ChildOutput) {
    let program = script(folder, "fake", lines);
    let mut process = launch(Launch::new(program, Vec::new(), "fake").with_io(stdin, Stdout::Socket)).unwrap();
    let output = process.take_stdout().unwrap();
    (process, output)
}

#[test]
fn ffmpeg_reads_from_us_and_writes_to_us() {
    let args = ["-f", "rawvideo", "-s", "64x64", "-pix_fmt", "gray", "-i", "pipe:0", "-f", "rawvideo", "pipe:1"];
    let program = real().program;
    let echo = Launch::new(program, words(&args), "echo").with_io(Stdin::Socket, Stdout::Socket);
    let mut process = launch(echo).unwrap();
    let (mut input, mut output) = (process.take_stdin().unwrap(), process.take_stdout().unwrap());
    assert!(process.take_stdin().is_none() && process.take_stdout().is_none());
    let frames: Vec<u8> = (0..64 * 64 * 3).map(|at: u32| u8::try_from(at % 251).unwrap()).collect();
    input.write_all(&frames).unwrap();
    drop(input);
    let mut back = Vec::new();
    output.read_to_end(&mut back).unwrap();
    assert!(back == frames);
    let exit = process.wait(LONG).unwrap();
    assert!(exit.is_success() && exit.asked == Asked::Nothing, "{exit:?}");
    assert!(process.log_tail().iter().any(|line| line.contains("rawvideo")), "{:?}", process.log_tail());
    assert_eq!(process.cause(), None);
}

#[test]
fn a_childs_input_ends_though_a_younger_child_lives() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "fake", "cat >/dev/null; echo over; sleep 1000");
    let both = Launch::new(program, Vec::new(), "sibling").with_io(Stdin::Socket, Stdout::Socket);
    let mut older = launch(both.clone()).unwrap();
    let mut younger = launch(both).unwrap();
    drop(older.take_stdin());
    assert_eq!(read_line(&mut older.take_stdout().unwrap()), "over");
    assert!(younger.try_wait().is_none());
    younger.end_input(); // the owner may end it too
    assert_eq!(read_line(&mut younger.take_stdout().unwrap()), "over");
}

#[test]
fn dropping_a_process_ends_it_and_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let stubborn = "trap '' INT TERM; (trap '' INT TERM; sleep 1000) & echo $!; wait; sleep 1000";
    let (process, mut output) = start(folder.path(), stubborn, Stdin::Null);
    let (child, grandchild) = (process.id(), read_line(&mut output).parse().unwrap());
    assert!(is_alive(child) && is_alive(grandchild));
    drop(process);
    assert!(!Path::new(&format!("/proc/{child}")).exists(), "a zombie is left");
    wait_until("the grandchild ends", || !is_alive(grandchild));
}

#[test]
fn what_a_wrapper_leaves_behind_is_ended_too() {
    let folder = tempfile::tempdir().unwrap();
    let (mut process, mut output) = start(folder.path(), "sleep 1000 & echo $!; exit 3", Stdin::Null);
    let grandchild = read_line(&mut output).parse().unwrap();
    let exit = process.wait(LONG).unwrap();
    assert_eq!((exit.code, exit.signal, exit.is_success()), (Some(3), None, false));
    wait_until("the grandchild ends", || !is_alive(grandchild));
}

#[test]
fn a_flooded_log_never_freezes_the_child_and_its_end_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let flood =
        "yes '[info] some line of a very long log' | head -c 10000000 >&2; echo >&2; echo '[error] the end' >&2";
    let (mut process, _output) = start(folder.path(), flood, Stdin::Null);
    assert!(process.wait(LONG).unwrap().is_success());
    let tail = process.log_tail();
    assert_eq!((tail.len(), tail.last().map(String::as_str)), (200, Some("[error] the end")));
    assert_eq!(process.cause(), Some(Cause::Other("the end".to_owned())));
}

#[test]
fn a_stranger_that_holds_the_log_open_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    // `setsid` leaves our group, so that it outlives the group's end.
    let (mut process, mut output) = start(folder.path(), "setsid sleep 60 & echo $!; sleep 0.2", Stdin::Null);
    let stranger: i32 = read_line(&mut output).parse().unwrap();
    assert!(process.wait(LONG).unwrap().is_success());
    drop(process);
    let stranger = rustix::process::Pid::from_raw(stranger).unwrap();
    rustix::process::kill_process(stranger, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn our_own_interrupt_is_no_failure_and_a_foreign_kill_is_one() {
    let endless = words(&["-f", "lavfi", "-i", "testsrc2=s=64x64", "-f", "rawvideo", "-y", "pipe:1"]);
    for foreign in [false, true] {
        let endless = Launch::new(real().program, endless.clone(), "endless").with_io(Stdin::Null, Stdout::Socket);
        let mut process = launch(endless).unwrap();
        let mut output = process.take_stdout().unwrap();
        output.read_exact(&mut [0; 4096]).unwrap();
        if foreign {
            let pid = process_id(process.id()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            let exit = process.wait(LONG).unwrap();
            assert_eq!((exit.signal, exit.is_success()), (Some(9), false));
            assert_eq!(process.cause(), Some(Cause::Killed { signal: 9 }));
        } else {
            process.handle().interrupt();
            output.read_to_end(&mut Vec::new()).unwrap();
            let exit = process.wait(LONG).unwrap();
            assert_eq!((exit.code, exit.is_success(), process.cause()), (Some(255), true, None));
        }
    }
}

#[test]
fn a_child_that_does_not_read_runs_into_the_writers_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let (mut process, _output) = start(folder.path(), "sleep 1000", Stdin::Socket);
    let mut input = process.take_stdin().unwrap();
    input.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = std::iter::repeat_with(|| input.write(&[0; 16 * 1024])).find_map(Result::err).unwrap();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    process.kill();
    assert_eq!(process.wait(LONG).unwrap().signal, Some(9));
    assert_eq!(input.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn programs_that_cannot_run_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let try_launch = |program: &Path| launch(Launch::new(program, Vec::new(), "none")).err().unwrap();
    assert!(matches!(try_launch(Path::new("/nonexistent/ffmpeg")), ProcessError::NotFound { .. }));
    assert!(matches!(try_launch(folder.path()), ProcessError::NotExecutable { .. }));
    let garbage = script(folder.path(), "garbage", "");
    std::fs::write(&garbage, [0, 1, 2, 3]).unwrap();
    assert!(matches!(try_launch(&garbage), ProcessError::NotExecutable { .. }));
    let nul = Launch::new(garbage, words(&["a\0b"]), "nul");
    assert!(matches!(launch(nul).err().unwrap(), ProcessError::Start { .. }));
}

#[test]
fn secrets_stay_out_of_the_kept_log() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "fake", "echo \"[error] rtmp://h/app/KEY1: no, nor KEY2\" >&2");
    let redactor = Redactor::new(["KEY2".to_owned()]);
    let mut process = launch(Launch::new(program, Vec::new(), "fake").with_redactor(redactor)).unwrap();
    process.wait(LONG).unwrap();
    assert_eq!(process.log_tail(), ["[error] rtmp://h/app/•••: no, nor •••"]);
}

/// Plays a recorder that is killed: two ffmpegs that write files from its input.
fn play_a_recorder(folder: &Path) -> ! {
    let args = ["-f", "rawvideo", "-s", "64x64", "-r", "30", "-pix_fmt", "gray", "-i", "pipe:0", "-c:v", "mpeg4"];
    let mut running = Vec::new();
    for name in ["a.mp4", "b.mp4"] {
        let mut all = words(&args);
        all.push(folder.join(name).into());
        let encoder = Launch::new(real().program, all, name).with_io(Stdin::Socket, Stdout::Null);
        let mut process = launch(encoder).unwrap();
        let mut input = process.take_stdin().unwrap();
        input.write_all(&vec![7; 64 * 64 * 30]).unwrap();
        running.push((process, input));
    }
    // Before it opens its output ffmpeg may die of the banner it cannot print.
    for name in ["a.mp4", "b.mp4"] {
        wait_until("the file is opened", || folder.join(name).exists());
    }
    let ids: Vec<String> = running.iter().map(|(process, _)| process.id().to_string()).collect();
    std::fs::write(folder.join("ids.part"), ids.join(" ")).unwrap();
    std::fs::rename(folder.join("ids.part"), folder.join("ids")).unwrap();
    let source = StopSource::new();
    source.token().wait(LONG);
    std::process::exit(1);
}

#[test]
fn children_finish_their_files_when_we_are_killed() {
    const ROLE: &str = "GEARCAST_TEST_RECORDER_FOLDER";
    if let Some(folder) = std::env::var_os(ROLE) {
        play_a_recorder(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    let test = "ffmpeg::process_tests::children_finish_their_files_when_we_are_killed";
    // Through `env`, because a launch gives its child no variables of its own.
    let mut args = words(&["--exact", test, "--nocapture"]);
    let mut variable = std::ffi::OsString::from(format!("{ROLE}="));
    variable.push(folder.path());
    args.splice(0..0, [variable, own.into_os_string()]);
    let recorder = launch(Launch::new("/usr/bin/env", args, "recorder")).unwrap();
    let ids = folder.path().join("ids");
    wait_until("the recorder records", || ids.exists());
    let ids: Vec<u32> = std::fs::read_to_string(ids).unwrap().split(' ').map(|id| id.parse().unwrap()).collect();
    assert!(ids.iter().all(|id| is_alive(*id)));
    drop(recorder); // kill -9 of its group; the children have groups of their own
    for id in ids {
        wait_until("the recorder's child ends", || !is_alive(id));
    }
    for name in ["a.mp4", "b.mp4"] {
        let probe = super::probe_file(&real(), &folder.path().join(name), LONG).unwrap();
        assert_eq!(probe.streams[0].packets, Some(30), "{name}");
    }
}
