//! A PulseAudio daemon of a test's own, without hardware: two outputs and a microphone.

use std::ffi::CString;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use gearcast::rt::{Clock, RealClock, StopSource};
use pulseaudio::protocol::stream::StreamFlags;
use pulseaudio::protocol::{ChannelMap, PlaybackStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{AsPlaybackSource, Client, PlaybackStream};

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
        std::fs::write(folder.path().join("script.pa"), script).unwrap();
        let daemon = Self::spawn(folder.path());
        let pulse = Self { folder, daemon };
        pulse.wait_until_up();
        pulse
    }

    fn spawn(folder: &Path) -> Child {
        Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"])
            .args(["--realtime=no", "--high-priority=no", "-F"])
            .arg(folder.join("script.pa"))
            .env("PULSE_RUNTIME_PATH", folder)
            .env("HOME", folder)
            .env("DISPLAY", "")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pulseaudio is installed")
    }

    fn wait_until_up(&self) {
        for _ in 0..200 {
            let answer = self.pactl(&["info"]);
            if String::from_utf8_lossy(&answer).contains("Default Source: mic") {
                return;
            }
            pause(Duration::from_millis(50));
        }
        panic!("pulseaudio does not answer after 10 s");
    }

    /// Starts it again on the same socket.
    pub(crate) fn restart(&mut self) {
        drop(std::fs::remove_file(self.folder.path().join("native")));
        self.daemon = Self::spawn(self.folder.path());
        self.wait_until_up();
    }

    /// Unplugs what was made by the module with this among its arguments.
    pub(crate) fn unload(&self, argument: &str) {
        let modules = String::from_utf8(self.pactl(&["list", "short", "modules"])).unwrap();
        let line = modules.lines().find(|line| line.split([' ', '\t']).any(|word| word == argument));
        let module = line.and_then(|line| line.split('\t').next()).expect("it is loaded");
        self.pactl(&["unload-module", module]);
    }

    /// Plugs in an output that, like hardware, plays at once (others of its kind first sleep for 2 s).
    pub(crate) fn load_output(&self, name: &str, rate: u32) {
        let (name, rate) = (format!("sink_name={name}"), format!("rate={rate}"));
        assert!(!self.pactl(&["load-module", "module-null-sink", &name, &rate, "norewinds=1"]).is_empty());
    }

    /// Plugs in a microphone that hears what is played to `output`.
    pub(crate) fn load_microphone(&self, name: &str, output: &str) {
        let (name, master) = (format!("source_name={name}"), format!("master={output}.monitor"));
        assert!(!self.pactl(&["load-module", "module-remap-source", &name, &master]).is_empty());
    }

    /// What `PULSE_SERVER` must be for it.
    pub(crate) fn server(&self) -> String {
        format!("unix:{}", self.folder.path().join("native").display())
    }

    /// What the environment of a program must be that shall hear it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 1] {
        [("PULSE_SERVER", self.server())]
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

    /// Plays a sine of amplitude 0.25 to an output until the answer is dropped or the time is over; it is heard when
    /// this returns. Unlike `paplay`'s it stays at its output when another becomes the default.
    pub(crate) fn play_sine(&self, sink: &str, hertz: f64, seconds: u32) -> Playing {
        let mut next = 0;
        let sample = move || {
            let turns = f64::from(next) * hertz / 48_000.0;
            next += 1;
            (next < 48_000 * seconds).then(|| 0.25 * (std::f64::consts::TAU * turns).sin())
        };
        let playing = self.play(sink, sample);
        for _ in 0..500 {
            let timing = answer(playing.stream.timing_info()).unwrap();
            if timing.playing && timing.read_offset > 48_000 {
                return playing;
            }
            pause(Duration::from_millis(10));
        }
        panic!("'{sink}' plays nothing");
    }

    /// Plays samples (one channel, 48 kHz) to an output until they end or the answer is dropped.
    #[expect(clippy::cast_possible_truncation, reason = "a sample needs no 53 bits")]
    pub(crate) fn play(&self, sink: &str, mut sample: impl FnMut() -> Option<f64> + Send + 'static) -> Playing {
        let socket = UnixStream::connect(self.folder.path().join("native")).unwrap();
        let client = Client::new_unix(c"player", socket, Some(vec![0; 256])).unwrap();
        let params = PlaybackStreamParams {
            sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: 48_000 },
            channel_map: ChannelMap::mono(),
            sink_name: Some(CString::new(sink).unwrap()),
            flags: StreamFlags { no_move: true, ..StreamFlags::default() },
            ..PlaybackStreamParams::default()
        };
        let source = move |bytes: &mut [u8]| {
            let words = bytes.chunks_exact_mut(4);
            4 * words
                .map_while(|word| sample().map(|sample| word.copy_from_slice(&(sample as f32).to_le_bytes())))
                .count()
        };
        let stream = answer(client.create_playback_stream(params, source.as_playback_source())).unwrap();
        Playing { stream, _client: client }
    }

    /// Ends it without notice.
    pub(crate) fn kill(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }

    /// Makes it deaf and dumb while its sockets stay open.
    pub(crate) fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.daemon.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}

/// A player at work.
pub(crate) struct Playing {
    pub(crate) stream: PlaybackStream,
    _client: Client,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a server's answer.
pub(crate) fn answer<T>(question: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut question = pin!(question);
    loop {
        match question.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
}
