//! A PulseAudio daemon of a test's own, without hardware: two outputs and a microphone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gearcast::rt::{Clock, RealClock, StopSource};

/// Waits; the tests' only way to.
pub(crate) fn pause(time: Duration) {
    let clock = RealClock;
    clock.sleep_until(clock.now() + time, &StopSource::new().token());
}

/// The daemon; killed when dropped.
pub(crate) struct Pulse {
    folder: tempfile::TempDir,
    daemon: Child,
}

impl Pulse {
    /// Starts it and waits until it answers. `desk` ("Desktop Speakers") is the default output, `mic` ("USB Test
    /// Microphone") the default input, which hears what is played to the output `mic_src`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let socket = folder.path().join("native");
        let script = format!(
            "load-module module-native-protocol-unix socket={} auth-anonymous=1\n\
             load-module module-null-sink sink_name=desk sink_properties=device.description=\"Desktop\\ Speakers\" rate=48000\n\
             load-module module-null-sink sink_name=mic_src sink_properties=device.description=\"Behind\\ Microphone\" rate=48000\n\
             load-module module-remap-source source_name=mic master=mic_src.monitor \
             source_properties=device.description=\"USB\\ Test\\ Microphone\"\n\
             set-default-sink desk\n\
             set-default-source mic\n",
            socket.display()
        );
        let script_file = folder.path().join("script.pa");
        std::fs::write(&script_file, script).unwrap();
        let daemon = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"])
            .args(["--realtime=no", "--high-priority=no", "-F"])
            .arg(&script_file)
            .env("PULSE_RUNTIME_PATH", folder.path())
            .env("HOME", folder.path())
            .env("DISPLAY", "")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pulseaudio is installed");
        let pulse = Self { folder, daemon };
        for _ in 0..200 {
            let answer = pulse.pactl(&["info"]);
            if String::from_utf8_lossy(&answer).contains("Default Source: mic") {
                return pulse;
            }
            pause(Duration::from_millis(50));
        }
        panic!("pulseaudio does not answer after 10 s");
    }

    /// What `PULSE_SERVER` must be for it.
    pub(crate) fn server(&self) -> String {
        format!("unix:{}", self.folder.path().join("native").display())
    }

    /// What the environment of a program must be that shall hear it. The cookie is not asked for, but its length is.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        let cookie = self.folder.path().join("cookie");
        std::fs::write(&cookie, [0; 256]).unwrap();
        [("PULSE_SERVER", self.server()), ("PULSE_COOKIE", cookie.display().to_string())]
    }

    /// A place for the test's files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `pactl`; its output, empty if it failed.
    pub(crate) fn pactl(&self, words: &[&str]) -> Vec<u8> {
        let output = Command::new("pactl").args(words).env("PULSE_SERVER", self.server()).output();
        output.ok().filter(|output| output.status.success()).map(|output| output.stdout).unwrap_or_default()
    }

    /// Plays a sine of amplitude 0.25 to an output until the answer is dropped or the time is over.
    #[expect(clippy::cast_possible_truncation, reason = "a sample needs no 53 bits")]
    pub(crate) fn play_sine(&self, sink: &str, hertz: f64, seconds: u32) -> Playing {
        let file = self.folder.path().join("sine.raw");
        let samples = (0..48_000 * seconds).flat_map(|n| {
            let sample = 0.25 * (std::f64::consts::TAU * hertz * f64::from(n) / 48_000.0).sin();
            let word = (sample as f32).to_le_bytes();
            [word, word].concat()
        });
        std::fs::write(&file, samples.collect::<Vec<u8>>()).unwrap();
        let player = Command::new("paplay")
            .args(["--raw", "--rate=48000", "--format=float32le", "--channels=2", "--device", sink])
            .arg(file)
            .env("PULSE_SERVER", self.server())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("paplay is installed");
        Playing(player)
    }

    /// Ends it without notice.
    pub(crate) fn kill(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }

    /// Makes it deaf and dumb while its sockets stay open.
    pub(crate) fn freeze(&self) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.daemon.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::STOP).unwrap();
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}

/// A player at work.
pub(crate) struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
