//! Recordings through the session, for tests that need no window and no command line.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use gearcast::audio::{AudioSpec, Strip};
use gearcast::capture::{CaptureRequest, ControlWishes, SourceSpec};
use gearcast::imaging::Mirror;
use gearcast::media::{AudioCodec, Channels, Container, FrameRate, FrameTiming, Resolution, VideoCodec};
use gearcast::plan::{
    AudioEncode, EnginePlan, Extra, FilePlan, FileWay, OnExisting, Plan, RateControl, SizeChoice, VideoPlan,
};
use gearcast::rt::{Clock, RealClock};
use gearcast::session::{Command, Session, SessionSetup, State, Status};

/// A session whose every change can be waited for.
pub(crate) struct Recorder {
    pub(crate) session: Session,
    changed: Receiver<()>,
    _cache: tempfile::TempDir,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let cache = tempfile::tempdir().unwrap();
        let (tell, changed) = sync_channel(1);
        let setup = SessionSetup {
            ffmpeg: None,
            cache_dir: cache.path().to_path_buf(),
            clock: Arc::new(RealClock),
            wake: Arc::new(move || {
                // Full means that the change is already known.
                tell.try_send(()).unwrap_or_default();
            }),
        };
        Self { session: Session::start(setup).unwrap(), changed, _cache: cache }
    }

    /// The first status that `wanted` accepts, within a minute.
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&Status) -> bool) -> Arc<Status> {
        let due = RealClock.now() + Duration::from_mins(1);
        loop {
            let status = self.session.status();
            if wanted(&status) {
                return status;
            }
            assert!(RealClock.now() < due, "{what} did not come: {status:?}");
            self.changed.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
        }
    }

    /// Records to the end and gives the last status.
    pub(crate) fn record(&self, plan: Plan) -> Arc<Status> {
        self.session.send(Command::Start(Box::new(plan)));
        self.wait("the end", |status| matches!(status.state, State::Done(_) | State::Failed(_)))
    }
}

/// The test pattern with its tone, for some seconds, into `path`.
pub(crate) fn test_plan(path: &Path, seconds: f64) -> Plan {
    let container = Container::from_path(path).unwrap();
    let (codec, audio_codec) = container.default_codecs();
    let encoder = if codec == VideoCodec::H264 { "libx264" } else { "libvpx-vp9" };
    Plan {
        video: Some(VideoPlan {
            request: CaptureRequest {
                source: SourceSpec::Test { size: Resolution::new(640, 360) },
                rate: FrameRate::whole(30),
                show_cursor: false,
                controls: ControlWishes::new(),
            },
            codec,
            encoder: encoder.to_owned(),
            copied: None,
            size: SizeChoice::Source,
            rate: FrameRate::whole(30),
            timing: FrameTiming::Constant,
            rate_control: RateControl::Quality(23),
            preset: Some(if codec == VideoCodec::H264 { "superfast" } else { "realtime" }.to_owned()),
            keyframe_interval_s: 2.0,
            pixel_format: "yuv420p".to_owned(),
            mirror: Mirror::No,
        }),
        audio: vec![Strip { spec: AudioSpec::Test.into(), gain_db: 0.0, muted: false, track: 1, offset_nanos: 0 }],
        audio_encode: AudioEncode {
            codec: audio_codec,
            encoder: match audio_codec {
                AudioCodec::Opus => "libopus",
                AudioCodec::Mp3 => "libmp3lame",
                _ => "aac",
            }
            .to_owned(),
            bitrate_kbps: 160,
            sample_rate: 48_000,
            channels: Channels::Stereo,
        },
        file: Some(FilePlan {
            path: path.to_path_buf(),
            container,
            way: FileWay::Packets,
            on_existing: OnExisting::Refuse,
        }),
        address: None,
        engine: EnginePlan::Ffmpeg,
        subtitles: None,
        extra: Extra::default(),
        duration: Some(Duration::from_secs_f64(seconds)),
    }
}
