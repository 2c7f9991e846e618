//! A recording by the real program that a test interferes with.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::program::{Home, Ran, finished};

/// The running program and the JSON lines it has written.
pub(crate) struct Take {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) events: Vec<Value>,
}

impl Take {
    /// Starts `gearcast record --json` with these arguments and environment.
    pub(crate) fn start(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Self {
        let args = [&["record", "--json"], args].concat();
        let mut command = home.command(&args);
        command.envs(env.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("gearcast starts");
        let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        Self { child, lines, events: Vec::new() }
    }

    /// Reads on until a status says that this many frames are written; gives how many they are.
    pub(crate) fn wait_for_frames(&mut self, frames: u64) -> u64 {
        while let Some(Ok(line)) = self.lines.next() {
            let event: Value = serde_json::from_str(&line).expect("JSON");
            let written = event["frames"]["written"].as_u64().filter(|_| event["event"] == "status");
            self.events.push(event);
            if let Some(written) = written.filter(|written| *written >= frames) {
                return written;
            }
        }
        panic!("the recording ended before {frames} frames: {:?}", self.events);
    }

    /// Reads on until this event has come.
    pub(crate) fn wait_for(&mut self, name: &str) {
        while let Some(Ok(line)) = self.lines.next() {
            let event: Value = serde_json::from_str(&line).expect("JSON");
            let is_it = event["event"] == name;
            self.events.push(event);
            if is_it {
                return;
            }
        }
        panic!("'{name}' did not come: {:?}", self.events);
    }

    /// Reads on until a status says that this much is recorded; gives how much it is.
    pub(crate) fn wait_for_seconds(&mut self, seconds: f64) -> f64 {
        while let Some(Ok(line)) = self.lines.next() {
            let event: Value = serde_json::from_str(&line).expect("JSON");
            let is_recording = event["event"] == "status" && event["state"] == "recording";
            let elapsed = event["elapsed_s"].as_f64().filter(|_| is_recording);
            self.events.push(event);
            if let Some(elapsed) = elapsed.filter(|elapsed| *elapsed >= seconds) {
                return elapsed;
            }
        }
        panic!("the recording ended before {seconds} s: {:?}", self.events);
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal is sent");
    }

    /// Sends a signal to the ffmpeg whose command line holds this word.
    pub(crate) fn signal_ffmpeg(&self, word: &str, signal: Signal) {
        let parent = self.child.id();
        let pid = processes_with(word).into_iter().find(|pid| parent_of(*pid) == Some(parent));
        let pid = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).expect("ffmpeg runs");
        kill_process(pid, signal).expect("a signal is sent");
    }

    /// Reads to the end; gives the exit code and words, and the last line.
    pub(crate) fn end(mut self) -> (Ran, Value) {
        for line in self.lines.by_ref().map_while(Result::ok) {
            self.events.push(serde_json::from_str(&line).expect("JSON"));
        }
        let last = self.events.last().cloned().unwrap_or(Value::Null);
        (finished(self.child), last)
    }
}

/// Processes whose command line holds this word.
pub(crate) fn processes_with(word: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    })
    .collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// The files of a folder, by name.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("entry").path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}
