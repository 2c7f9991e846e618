//! A window over a session, a machine and dialogs that the test plays by hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{self, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use gearcast::app::{App, FolderDialogs, Machine, Parts, PickJob, SessionPort, SettingsStore, WakeGate};
use gearcast::audio::{AudioDevice, AudioKind};
use gearcast::capture::{CameraFree, CameraInfo, CameraMode, Listing, ScreenInfo, WindowInfo};
use gearcast::imaging::PreviewImage;
use gearcast::media::{Colour, Levels, Rect, Resolution, Timestamp};
use gearcast::model::{DeviceSearch, Found, Model, Picked, Settings};
use gearcast::plan::{EncoderInfo, Environment, FfmpegSummary, FolderFact, NowName, OutputFacts, Works};
use gearcast::profile::SourceKind;
use gearcast::rt::{Latest, ManualClock, StopSource, StopToken};
use gearcast::session::{
    AudioStatus, CheckResult, Command, DiskStatus, FileReport, FinishedReport, FrameCounts, SourceStatus, State,
    Status, Verdict,
};

/// Notes what is sent and shows what the test puts.
#[derive(Default)]
pub(crate) struct FakeSession {
    sent: Latest<Vec<Command>>,
    status: Latest<Arc<Status>>,
    image: Latest<Arc<PreviewImage>>,
}

impl SessionPort for FakeSession {
    fn send(&self, command: Command) {
        let mut sent = self.sent.take().unwrap_or_default();
        sent.push(command);
        self.sent.put(sent);
    }

    fn status(&self) -> Arc<Status> {
        if let Some(status) = self.status.peek() {
            return status;
        }
        let status = Arc::new(Status::default());
        self.status.put(Arc::clone(&status));
        status
    }

    fn preview_image(&self) -> Option<Arc<PreviewImage>> {
        self.image.peek()
    }
}

impl FakeSession {
    /// What was sent since the last call, by name; the preview's comings and goings are left out.
    pub(crate) fn take_sent(&self) -> Vec<&'static str> {
        let name = |command: &Command| match command {
            Command::Preview(_) | Command::Watch(_) => None,
            Command::CameraButton(_) => Some("button"),
            Command::Start(_) => Some("start"),
            Command::Stop => Some("stop"),
            Command::Shutdown => Some("shutdown"),
        };
        self.take_commands().iter().filter_map(name).collect()
    }

    /// What was sent since the last call.
    pub(crate) fn take_commands(&self) -> Vec<Command> {
        self.sent.take().unwrap_or_default()
    }

    /// The session goes on to this state, the rest stays.
    pub(crate) fn set_state(&self, state: State) {
        self.change(|status| status.state = state);
    }

    /// The session has a new status.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut Status)) {
        let mut status = (*self.status()).clone();
        edit(&mut status);
        self.status.put(Arc::new(status));
    }

    /// The preview has a new picture.
    pub(crate) fn show(&self, seq: u64) {
        self.image.put(Arc::new(PreviewImage {
            size: Resolution::new(64, 36),
            y: Arc::new(vec![120; 64 * 36]),
            uv: Arc::new(vec![128; 64 * 18]),
            colour: Colour::BT709,
            seq,
            captured_at: Timestamp::default(),
        }));
    }
}

/// One of everything.
pub(crate) struct FakeMachine {
    /// What a look at the machine brings.
    pub(crate) found: Found,
    /// The cameras that the system lists, if they are others than at first.
    pub(crate) plugged: Arc<Latest<Vec<CameraInfo>>>,
    /// What was shown or opened.
    pub(crate) opened: Arc<Latest<PathBuf>>,
}

impl Machine for FakeMachine {
    fn survey(&self, _: Vec<String>, _: &StopToken) -> Found {
        let mut found = self.found.clone();
        if let Some(cameras) = self.plugged.peek() {
            found.listing.cameras = cameras;
        }
        found
    }

    fn camera_fingerprint(&self) -> Vec<String> {
        self.plugged.peek().iter().flatten().map(|camera| camera.id.clone()).collect()
    }

    fn sound_fingerprint(&self) -> Option<Vec<String>> {
        None
    }

    fn look_at_output(&self, _: &Path) -> OutputFacts {
        OutputFacts { folder: FolderFact::Ready, free_bytes: Some(42_000_000_000), ..OutputFacts::default() }
    }

    fn make_folder(&self, _: &Path) -> Result<(), String> {
        Ok(())
    }

    fn show_in_folder(&self, file: &Path) -> Result<(), String> {
        self.opened.put(file.to_owned());
        Ok(())
    }

    fn open_file(&self, _: &Path) -> Result<(), String> {
        Err("No player could be started".to_owned())
    }

    fn now_name(&self) -> NowName {
        NowName { date: "2026-11-23".to_owned(), time: "08-30-28".to_owned() }
    }
}

/// What a look at the machine brings.
pub(crate) fn everything() -> Found {
    let size = Resolution::new(1920, 1080);
    let encoder = |name: &str, codec: &str, works| EncoderInfo { name: name.into(), codec: codec.into(), works };
    let encoders = vec![
        encoder("libx264", "h264", Works::Yes),
        encoder("h264_nvenc", "h264", Works::No { reason: "no NVIDIA card was found".into() }),
        encoder("libx265", "hevc", Works::Unknown),
        encoder("aac", "aac", Works::Yes),
    ];
    let device = |id: &str, name: &str, kind| AudioDevice { id: id.into(), name: name.into(), kind, is_default: true };
    Found {
        listing: Listing {
            screens: vec![ScreenInfo {
                id: "DP-1".into(),
                name: "DP-1".into(),
                rect: Rect { x: 0, y: 0, size },
                primary: true,
            }],
            windows: vec![WindowInfo { id: 77, title: "Editor".into(), app: "edit".into(), size }],
            cameras: vec![CameraInfo {
                id: "usb-1".into(),
                name: "Webcam".into(),
                path: "/dev/video0".into(),
                modes: ["1280x720@30 mjpeg", "640x480@30 yuyv"].into_iter().filter_map(CameraMode::parse).collect(),
                free: CameraFree::Yes,
            }],
            problems: Vec::new(),
        },
        audio: Ok(vec![
            device("mic", "Built-in microphone", AudioKind::Microphone),
            device("out", "Loudspeakers", AudioKind::System),
        ]),
        ffmpeg: Ok(FfmpegSummary { version: "5.1.9-0+deb12u1".into(), encoders, ..FfmpegSummary::default() }),
        opencv: Some("/opt/gearcast/gearcast-opencv".into()),
    }
}

/// Answers at once.
pub(crate) struct FakeDialogs(pub Picked);

impl FolderDialogs for FakeDialogs {
    fn pick_folder(&self, _: &str, _: &Path) -> PickJob {
        let picked = self.0.clone();
        Box::new(move || picked)
    }
}

/// The window and the hands that play its surroundings.
pub(crate) struct Window {
    pub(crate) harness: Harness<'static, App>,
    pub(crate) session: Arc<FakeSession>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) plugged: Arc<Latest<Vec<CameraInfo>>>,
    pub(crate) opened: Arc<Latest<PathBuf>>,
    pub(crate) settings: PathBuf,
    _folder: tempfile::TempDir,
}

/// How a window is to begin.
pub(crate) struct Begin {
    pub(crate) size: [f32; 2],
    pub(crate) settings: Settings,
    pub(crate) found: Found,
    pub(crate) picked: Picked,
}

impl Default for Begin {
    /// The test pattern and no sound: nothing depends on a device.
    fn default() -> Self {
        let mut settings = Settings::default();
        settings.profile.source.kind = SourceKind::Test;
        Self { size: [1100.0, 680.0], settings, found: everything(), picked: Picked::Cancelled }
    }
}

impl Window {
    /// A window whose machine has been looked at.
    pub(crate) fn open(begin: Begin) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = folder.path().join("settings.toml");
        let session = Arc::new(FakeSession::default());
        let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(1_000_000_000)));
        let opened = Arc::new(Latest::new());
        let plugged = Arc::new(Latest::new());
        let machine = FakeMachine { found: begin.found, plugged: Arc::clone(&plugged), opened: Arc::clone(&opened) };
        let parts = |ctx: &egui::Context| Parts {
            session: Arc::clone(&session) as Arc<dyn SessionPort>,
            gate: WakeGate::new(ctx.clone(), Arc::clone(&clock) as _),
            machine: Arc::new(machine),
            dialogs: Box::new(FakeDialogs(begin.picked)),
            clock: Arc::clone(&clock) as _,
            settings: begin.settings,
            told: None,
            store: Some(SettingsStore::at(settings.clone())),
            environment: Environment { home: PathBuf::from("/home/me"), ..Environment::default() },
            quit: Arc::default(),
        };
        let harness = Harness::builder().with_size(begin.size).build_eframe(|cc| App::new(cc, parts(&cc.egui_ctx)));
        let mut window = Self { harness, session, clock, plugged, opened, settings, _folder: folder };
        window.until(|model| model.devices == DeviceSearch::Done && model.free_bytes().is_some());
        window
    }

    /// The state.
    pub(crate) fn model(&self) -> &Model {
        self.harness.state().model()
    }

    /// Draws until nothing moves; a click's consequences are drawn too. Every widget must have a name.
    pub(crate) fn settle(&mut self) {
        self.clock.advance(Duration::from_millis(250));
        self.harness.run();
        self.harness.run();
    }

    /// Draws until jobs have brought this about; each round lets a millisecond pass for their threads.
    pub(crate) fn until(&mut self, reached: impl Fn(&Model) -> bool) {
        let pause = StopSource::new();
        let came = (0..20_000).any(|_| {
            self.settle();
            reached(self.model()) || pause.token().wait(Duration::from_millis(1))
        });
        assert!(came, "never reached: {:#?}", self.model());
    }

    /// Clicks the one widget of this name.
    pub(crate) fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    /// Whether there is text or a widget of this name.
    pub(crate) fn shows(&self, label: &str) -> bool {
        self.harness.query_all_by_label_contains(label).next().is_some()
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, modifiers: Modifiers, key: egui::Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// The session goes on to this state.
    pub(crate) fn go(&mut self, state: State) {
        self.session.set_state(state);
        self.settle();
    }
}

/// A status with everything in it.
pub(crate) fn busy_status(status: &mut Status) {
    status.elapsed = Duration::from_secs(3723);
    status.fps = 30.0;
    status.frames =
        FrameCounts { captured: 111_690, written: 111_690, repeated: 98_765, dropped_capture: 12, dropped_encoder: 0 };
    status.file_bytes = 12_345_678_901;
    status.disk = Some(DiskStatus { free_bytes: 420_000_000_000, left_s: Some(11_520.0) });
    status.source = SourceStatus::Running { name: "Test pattern".into(), size: Resolution::new(1280, 720), fps: 30.0 };
    let levels = Levels { peak_db: -12.0, rms_db: -23.0, held_peak_db: -9.0, clipped: false, silent_s: 0.0 };
    let input = |device: &str, track| AudioStatus {
        device: device.into(),
        kind: None,
        track,
        levels,
        muted: false,
        problem: None,
    };
    status.audio = vec![input("Built-in microphone of this machine", 1), input("Monitor of loudspeakers", 2)];
}

/// A finished recording.
pub(crate) fn report(verdict: Verdict) -> FinishedReport {
    let check = |name, ok, detail: &str| CheckResult { name, ok, detail: detail.to_owned() };
    FinishedReport {
        streams: Vec::new(),
        files: vec![FileReport {
            path: PathBuf::from("/home/me/Videos/2026-11-23 08-30-28.mp4"),
            frames: 300,
            duration_s: 10.0,
            bytes: 5_000_000,
        }],
        duration_s: 10.0,
        frames: FrameCounts { captured: 300, written: 300, ..FrameCounts::default() },
        latency_s: Some(0.4),
        audio: Vec::new(),
        camera: None,
        verdict,
        checks: vec![
            check("frames", true, "300 written, 300 in the file"),
            check("duration", verdict == Verdict::Good, "10.0 s recorded, 10.0 s in the file"),
        ],
    }
}
