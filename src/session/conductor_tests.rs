//! Commands while something is on its way, over a source that notes what is asked of it.

use super::*;
use crate::audio::Strip;
use crate::media::{AudioCodec, Channels, Resolution};
use crate::plan::{AudioEncode, EnginePlan, Extra};
use crate::rt::RealClock;
use crate::session::event::events;
use crate::session::inputs::tests::{Noted, camera, state};

fn conductor(noted: &Noted) -> Conductor {
    let (events, queue) = events();
    let preview = Arc::new(Preview::start(Resolution::new(64, 64), FrameRate::whole(30), Arc::new(|| {})).unwrap());
    let clock: Arc<dyn Clock> = Arc::new(RealClock);
    let inputs = Inputs::opened_by(noted.opener(), Arc::clone(&clock), events.clone(), Arc::clone(&preview));
    let status = Latest::new();
    let wake = Arc::new(|| {});
    let mut conductor = Conductor::new(ConductorSetup {
        ffmpeg: None,
        cache_dir: PathBuf::new(),
        clock,
        events,
        queue,
        status,
        preview,
        wake,
    });
    conductor.inputs = inputs;
    conductor
}

fn preview(request: crate::capture::CaptureRequest) -> Event {
    let audio: Vec<Strip> = Vec::new();
    Event::Command(Command::Preview(Some(PreviewRequest {
        source: Some(request),
        audio,
        max_size: Resolution::new(64, 64),
    })))
}

/// A recording that is being prepared and never will be.
fn starting() -> Starting {
    let audio_encode = AudioEncode {
        codec: AudioCodec::Aac,
        encoder: "aac".into(),
        bitrate_kbps: 160,
        sample_rate: 48_000,
        channels: Channels::Stereo,
    };
    let plan = Plan {
        video: None,
        audio: Vec::new(),
        audio_encode,
        file: None,
        address: None,
        engine: EnginePlan::Ffmpeg,
        subtitles: None,
        extra: Extra::default(),
        duration: None,
    };
    let job = spawn_job(
        "never",
        || {},
        |stop| {
            stop.wait(Duration::from_mins(1));
            Err(nothing_written())
        },
    );
    Starting { plan, since: Timestamp::default(), job: job.unwrap(), ready: None }
}

#[test]
fn while_recording_only_the_controls_follow_and_the_rest_comes_after_it() {
    let noted = Noted::default();
    let mut conductor = conductor(&noted);
    conductor.handle(preview(camera("a", 30, None)));
    conductor.starting = Some(starting());
    noted.take();
    conductor.handle(preview(camera("a", 15, Some(3))));
    conductor.handle(Event::Command(Command::CameraButton("reset".to_owned())));
    assert_eq!(noted.take(), ["set {\"brightness\": 3}", "press reset"]);
    conductor.handle(Event::Command(Command::Stop));
    assert_eq!(noted.take(), ["close", "open {\"brightness\": 3}"]);
}

#[test]
fn the_status_has_the_camera_and_its_pictures_are_counted_from_the_beginning() {
    let noted = Noted::default();
    let mut conductor = conductor(&noted);
    conductor.handle(preview(camera("a", 30, None)));
    conductor.publish();
    assert_eq!(conductor.setup.status.peek().unwrap().camera.as_deref(), Some(&state(0)));
    let video = conductor.inputs.video.as_ref().unwrap();
    video.camera.put(Arc::new(state(100)));
    let mut count = CameraCount::begin(video).unwrap();
    video.camera.put(Arc::new(state(350)));
    count.update(video);
    let report = count.report();
    assert_eq!((report.whole, report.lost, report.damaged), (250, 25, 0));
    conductor.handle(Event::Command(Command::Preview(None)));
    conductor.publish();
    assert_eq!(conductor.setup.status.peek().unwrap().camera, None);
}
