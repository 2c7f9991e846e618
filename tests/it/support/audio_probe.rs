//! Hears an input in a process of its own.
//!
//! The sound server is found by the environment, which belongs to a process and not to a test: so the test binary
//! runs itself again with [`JOB`] set, and that process tells what it hears on its standard output.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use gearcast::audio::{self, AudioSpec, Heard};
use gearcast::media::{AudioBlock, Timestamp};
use gearcast::rt::{Clock, JoinOutcome, RealClock};
use serde_json::{Value, json};

use super::pulse::pause;

/// The environment variable with the job: `list`, or `SPEC|SECONDS|FILE FOR THE SAMPLES`.
const JOB: &str = "GEARCAST_TEST_AUDIO_PROBE";
/// Longest life of a probe without a word from its input.
const PATIENCE: Duration = Duration::from_secs(30);

/// A probe at work.
pub(crate) struct Probe {
    child: Child,
    lines: BufReader<ChildStdout>,
    samples: PathBuf,
}

/// What a probe heard until its end.
pub(crate) struct Report {
    pub(crate) blocks: Vec<AudioBlock>,
    /// How old the first sample of each block was when it was delivered, in ms.
    pub(crate) ages_ms: Vec<f64>,
    pub(crate) lost: Option<Value>,
    pub(crate) stopped: Value,
}

impl Probe {
    /// Starts hearing `spec` for `seconds` of sound from the server at `pulse_server`.
    pub(crate) fn hear(pulse_server: &str, spec: &str, seconds: u32, folder: &Path) -> Self {
        let samples = folder.join(format!("{spec}.f32"));
        Self::run(pulse_server, &format!("{spec}|{seconds}|{}", samples.display()), samples)
    }

    /// Lists the inputs of the server at `pulse_server`.
    pub(crate) fn list(pulse_server: &str) -> Value {
        Self::run(pulse_server, "list", PathBuf::new()).next("list")
    }

    fn run(pulse_server: &str, job: &str, samples: PathBuf) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "audio_pulse::the_probe_hears_the_test_tone"])
            .env(JOB, job)
            .env("PULSE_SERVER", pulse_server)
            .env_remove("PULSE_RUNTIME_PATH")
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, samples }
    }

    /// The next of the probe's lines with this event; lines of others are passed over.
    pub(crate) fn next(&mut self, event: &str) -> Value {
        loop {
            let line = self.any().unwrap_or_else(|| panic!("the probe ended without '{event}'"));
            if line["event"] == event {
                return line;
            }
        }
    }

    fn any(&mut self) -> Option<Value> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if line.starts_with('{') {
                return Some(serde_json::from_str(&line).unwrap());
            }
            line.clear();
        }
        None
    }

    /// Everything from here to the probe's end.
    pub(crate) fn finish(mut self) -> Report {
        let (mut heads, mut ages_ms, mut lost, mut stopped) = (Vec::new(), Vec::new(), None, Value::Null);
        while let Some(line) = self.any() {
            match line["event"].as_str().unwrap() {
                "block" => {
                    heads.push((line["captured_at"].as_i64().unwrap(), line["samples"].as_u64().unwrap()));
                    ages_ms.push(line["age_ms"].as_f64().unwrap());
                }
                "lost" => lost = Some(line),
                "stopped" => stopped = line,
                _ => {}
            }
        }
        assert!(self.child.wait().unwrap().success());
        let bytes = std::fs::read(&self.samples).unwrap();
        let mut samples: Vec<f32> =
            bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        // Blocks that were read before `finish` are in the file, but their lines are gone.
        let told: usize = heads.iter().map(|head| usize::try_from(head.1).unwrap()).sum();
        samples.drain(..samples.len() - told);
        let mut rest = samples.into_iter();
        let blocks = heads.into_iter().map(|(at, count)| AudioBlock {
            captured_at: Timestamp::from_nanos(at),
            sample_rate: 48_000,
            channels: 2,
            samples: rest.by_ref().take(usize::try_from(count).unwrap()).collect(),
        });
        Report { blocks: blocks.collect(), ages_ms, lost, stopped }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The other side: does the job if there is one and says whether there was.
pub(crate) fn do_job() -> bool {
    let Ok(job) = std::env::var(JOB) else { return false };
    let mut parts = job.splitn(3, '|');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(spec), Some(seconds), Some(file)) => {
            hear(spec.parse().unwrap(), seconds.parse().unwrap(), Path::new(file));
        }
        _ => list(),
    }
    true
}

fn list() {
    let clock = RealClock;
    let begun = clock.now();
    let answer = audio::list();
    let took_ms = clock.now().since(begun).as_millis();
    let found = match answer {
        Ok(devices) => devices
            .into_iter()
            .map(|device| {
                json!({ "id": device.id, "name": device.name, "kind": format!("{:?}", device.kind), "is_default": device.is_default })
            })
            .collect(),
        Err(error) => json!(error.to_string()),
    };
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let threads_before = threads();
    if took_ms < 500 {
        (0..100).for_each(|_| drop(audio::list()));
    }
    let left = || threads().saturating_sub(threads_before);
    for _ in 0..100 {
        if left() == 0 {
            break;
        }
        pause(Duration::from_millis(50));
    }
    say(
        &json!({ "event": "list", "took_ms": u64::try_from(took_ms).unwrap(), "found": found, "threads_left": left() }),
    );
}

fn hear(spec: AudioSpec, seconds: usize, file: &Path) {
    let (tell, told) = sync_channel(10_000);
    let clock = Arc::new(RealClock);
    let begun = clock.now();
    let deliver = Box::new(move |heard| tell.send((RealClock.now(), heard)).unwrap());
    let capture = audio::open(spec.into(), Arc::<RealClock>::clone(&clock), deliver).unwrap();
    let (mut samples, mut frames, mut last_at) = (Vec::<f32>::new(), 0, begun);
    while frames < seconds * 48_000 {
        let Ok((at, heard)) = told.recv_timeout(PATIENCE) else { break };
        match heard {
            Heard::Started(info) => say(&json!({ "event": "started", "name": info.device.name, "id": info.device.id,
                "rate": info.sample_rate, "channels": info.channels, "after_ms": millis(at, begun) })),
            Heard::Block(block) => {
                frames += block.frames();
                let age_ms = f64::from(i32::try_from(at.nanos_since(block.captured_at) / 1000).unwrap()) / 1e3;
                say(&json!({ "event": "block", "captured_at": block.captured_at.as_nanos(),
                    "samples": block.samples.len(), "age_ms": age_ms }));
                samples.extend(block.samples);
            }
            Heard::Lost(error) => {
                say(&json!({ "event": "lost", "error": format!("{error:?}"), "text": error.to_string(),
                    "after_ms": millis(at, begun), "after_last_block_ms": millis(at, last_at) }));
                break;
            }
        }
        last_at = at;
    }
    std::fs::write(file, samples.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    let (dropped, stopping) = (capture.dropped_blocks(), clock.now());
    let joined = capture.stop() == JoinOutcome::Joined;
    say(&json!({ "event": "stopped", "dropped": dropped, "joined": joined, "took_ms": millis(clock.now(), stopping) }));
}

fn millis(at: Timestamp, since: Timestamp) -> i64 {
    at.nanos_since(since) / 1_000_000
}

/// Written past the test harness, which would keep it.
fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}
