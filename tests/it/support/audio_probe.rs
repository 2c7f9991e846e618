//! Hears an input in a process of its own.
//!
//! The sound server is found by the environment, which belongs to a process and not to a test: so the test binary
//! runs itself again with [`JOB`] set, and that process tells what it hears on its standard output.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use gearcast::audio::{self, DeviceWatch, Follow, Heard, InputSpec};
use gearcast::media::{AudioBlock, Timestamp};
use gearcast::rt::{Clock, JoinOutcome, RealClock, spawn_job};
use serde_json::{Value, json};

use super::pulse::pause;

/// The environment variable with the job: `list`, `watch`, or `SPEC|FOLLOW|FILE FOR THE SAMPLES`.
const JOB: &str = "GEARCAST_TEST_AUDIO_PROBE";
/// Longest life of a probe without a word from its input.
const PATIENCE: Duration = Duration::from_secs(30);

/// A probe at work. What it tells is kept for its [`Report`].
pub(crate) struct Probe {
    child: Child,
    lines: BufReader<ChildStdout>,
    samples: PathBuf,
    told: Vec<Value>,
}

/// A stretch of sound from one opening of a device.
pub(crate) struct Stretch {
    pub(crate) started: Value,
    pub(crate) blocks: Vec<AudioBlock>,
    /// How old the first sample of each block was when it was delivered, in ms.
    pub(crate) ages_ms: Vec<f64>,
}

/// What a probe heard.
pub(crate) struct Report {
    pub(crate) stretches: Vec<Stretch>,
    pub(crate) losses: Vec<Value>,
    pub(crate) stopped: Value,
}

impl Probe {
    /// Starts hearing `spec` from the server at `pulse_server`.
    pub(crate) fn hear(pulse_server: &str, spec: &str, follow: Follow, folder: &Path) -> Self {
        let samples = folder.join(format!("{spec}.f32"));
        let follow = if follow == Follow::Device { "device" } else { "default" };
        Self::run(pulse_server, &format!("{spec}|{follow}|{}", samples.display()), samples)
    }

    /// Lists the inputs of the server at `pulse_server`.
    pub(crate) fn list(pulse_server: &str) -> Value {
        Self::run(pulse_server, "list", PathBuf::new()).next("list")
    }

    /// Tells the fingerprint of the devices whenever it changes.
    pub(crate) fn watch(pulse_server: &str) -> Self {
        Self::run(pulse_server, "watch", PathBuf::new())
    }

    fn run(pulse_server: &str, job: &str, samples: PathBuf) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "audio_pulse::the_probe_hears_the_test_tone"])
            .env(JOB, job)
            .env("PULSE_SERVER", pulse_server)
            .env_remove("PULSE_RUNTIME_PATH")
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, samples, told: Vec::new() }
    }

    /// The next of the probe's lines with this event.
    pub(crate) fn next(&mut self, event: &str) -> Value {
        self.until(&format!("'{event}'"), |line| line["event"] == event)
    }

    /// Waits for so much more sound.
    pub(crate) fn hear_more(&mut self, seconds: f64) {
        let mut left = seconds * 48_000.0;
        self.until("more sound", |line| {
            left -= line["frames"].as_f64().unwrap_or_default();
            left <= 0.0
        });
    }

    /// The next of the probe's lines that fits.
    pub(crate) fn until(&mut self, what: &str, mut fits: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let line = self.any().unwrap_or_else(|| panic!("the probe ended without {what}: {:?}", self.losses()));
            if fits(&line) {
                return line;
            }
        }
    }

    fn losses(&self) -> Vec<&Value> {
        self.told.iter().filter(|line| line["event"] == "lost").collect()
    }

    fn any(&mut self) -> Option<Value> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if line.starts_with('{') {
                let line: Value = serde_json::from_str(&line).unwrap();
                self.told.push(line.clone());
                return Some(line);
            }
            line.clear();
        }
        None
    }

    /// Has it stop; everything it heard.
    pub(crate) fn finish(mut self) -> Report {
        drop(self.child.stdin.take());
        while self.any().is_some() {}
        assert!(self.child.wait().unwrap().success());
        let bytes = std::fs::read(&self.samples).unwrap();
        let mut samples = bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let (mut stretches, mut losses, mut stopped) = (Vec::<Stretch>::new(), Vec::new(), Value::Null);
        for line in self.told.drain(..) {
            match line["event"].as_str().unwrap() {
                "started" => {
                    stretches.push(Stretch { started: line, blocks: Vec::new(), ages_ms: Vec::new() });
                }
                "block" => {
                    let stretch = stretches.last_mut().expect("a device is started before it is heard");
                    let count = usize::try_from(line["samples"].as_u64().unwrap()).unwrap();
                    stretch.ages_ms.push(line["age_ms"].as_f64().unwrap());
                    stretch.blocks.push(AudioBlock {
                        captured_at: Timestamp::from_nanos(line["captured_at"].as_i64().unwrap()),
                        sample_rate: 48_000,
                        channels: 2,
                        samples: samples.by_ref().take(count).collect(),
                    });
                }
                "lost" => losses.push(line),
                "stopped" => stopped = line,
                _ => {}
            }
        }
        Report { stretches, losses, stopped }
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
        (Some(spec), Some(follow), Some(file)) => {
            let follow = if follow == "device" { Follow::Device } else { Follow::SystemDefault };
            hear(InputSpec { device: spec.parse().unwrap(), follow }, Path::new(file));
        }
        (Some("watch"), ..) => watch(),
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

/// Until the standard input ends.
fn watch() {
    let ended = input_ended();
    let mut devices = DeviceWatch::new(Arc::new(RealClock));
    let mut known = None;
    let begun = RealClock.now();
    while !ended.load(Ordering::Relaxed) {
        let now = devices.fingerprint();
        if known != now {
            say(&json!({ "event": "devices", "lines": now, "after_ms": millis(RealClock.now(), begun) }));
            known = now;
        }
        pause(Duration::from_millis(100));
    }
}

/// Becomes true when the standard input ends.
fn input_ended() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&ended);
    let read = move |_| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        tell.store(true, Ordering::Relaxed);
    };
    drop(spawn_job("stdin", || {}, read).unwrap()); // it goes on by itself
    ended
}

/// Until the standard input ends.
fn hear(input: InputSpec, file: &Path) {
    let ended = input_ended();
    let (tell, told) = sync_channel(10_000);
    let clock = Arc::new(RealClock);
    let begun = clock.now();
    let deliver = Box::new(move |heard| tell.send((RealClock.now(), heard)).unwrap());
    let capture = audio::open(input, Arc::<RealClock>::clone(&clock), deliver).unwrap();
    let (mut samples, mut last_at) = (Vec::<f32>::new(), begun);
    while !ended.load(Ordering::Relaxed) && clock.now().since(last_at) < PATIENCE {
        let Ok((at, heard)) = told.recv_timeout(Duration::from_millis(20)) else { continue };
        match heard {
            Heard::Started(info) => say(&json!({ "event": "started", "name": info.device.name, "id": info.device.id,
                "rate": info.sample_rate, "channels": info.channels, "after_ms": millis(at, begun) })),
            Heard::Block(block) => {
                let age_ms = f64::from(i32::try_from(at.nanos_since(block.captured_at) / 1000).unwrap()) / 1e3;
                let loudest = block.samples.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs()));
                say(&json!({ "event": "block", "captured_at": block.captured_at.as_nanos(), "frames": block.frames(),
                    "samples": block.samples.len(), "age_ms": age_ms, "loudest": loudest }));
                samples.extend(block.samples);
            }
            Heard::Lost(error) => {
                say(&json!({ "event": "lost", "error": format!("{error:?}"), "text": error.to_string(),
                    "after_ms": millis(at, begun), "after_last_block_ms": millis(at, last_at) }));
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
