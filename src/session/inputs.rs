//! The sources that run, for preview or recording: opened once, kept as long as the same thing is wanted.

use std::sync::Arc;

use super::event::{Event, EventSender};
use super::sound::Sounds;
use super::tap::{Destination, Valve, VideoTap};
use crate::audio::Strip;
use crate::capture::{
    CameraState, Capture, CaptureError, CaptureRequest, ControlWishes, Deliver, Delivery, SourceInfo, SourceSpec,
};
use crate::media::Frame;
use crate::preview::Preview;
use crate::rt::{Clock, Latest};

/// A running picture source. Dropping it stops it.
pub(super) trait Source: Send {
    fn set_controls(&self, wishes: ControlWishes);
    fn press(&self, key: &str);
    fn is_finished(&self) -> bool;
}

impl Source for Capture {
    fn set_controls(&self, wishes: ControlWishes) {
        Self::set_controls(self, wishes);
    }

    fn press(&self, key: &str) {
        Self::press(self, key);
    }

    fn is_finished(&self) -> bool {
        Self::is_finished(self)
    }
}

/// Opens a picture source.
pub(super) type OpenSource =
    Box<dyn Fn(CaptureRequest, Arc<dyn Clock>, Deliver) -> Result<Box<dyn Source>, CaptureError> + Send>;

fn open_capture(
    request: CaptureRequest,
    clock: Arc<dyn Clock>,
    deliver: Deliver,
) -> Result<Box<dyn Source>, CaptureError> {
    crate::capture::open(request, clock, deliver).map(|capture| Box::new(capture) as Box<dyn Source>)
}

/// One picture source.
pub(super) struct VideoInput {
    pub(super) request: CaptureRequest,
    pub(super) valve: Valve,
    pub(super) info: Option<SourceInfo>,
    pub(super) failed: Option<CaptureError>,
    /// How a camera is, as it said last.
    pub(super) camera: Latest<Arc<CameraState>>,
    /// Pictures delivered so far, counted on the capture thread.
    pub(super) delivered: Arc<std::sync::atomic::AtomicU64>,
    /// The newest picture, for the size and colours of a recording that starts.
    pub(super) newest: Latest<Arc<Frame>>,
    /// Tells this source's events from those of one that was replaced.
    pub(super) number: u64,
    capture: Option<Box<dyn Source>>,
    /// Its thread was found ended, and its last word was not yet here.
    thread_ended: bool,
}

impl VideoInput {
    /// Whether its thread ended without a word, as by a panic. To be asked once a turn of the loop: the last word of
    /// a thread that ended well is in the queue by then, and taken before the next turn.
    pub(super) fn has_ended_silently(&mut self) -> bool {
        let before = self.thread_ended;
        self.thread_ended = self.failed.is_none() && self.capture.as_ref().is_some_and(|capture| capture.is_finished());
        before && self.thread_ended
    }

    /// Sets a camera's controls, if they are to be others than before; it goes on meanwhile.
    fn set_controls(&mut self, wishes: &ControlWishes) {
        if let Some(capture) = self.capture.as_ref().filter(|_| self.request.controls != *wishes) {
            capture.set_controls(wishes.clone());
        }
        self.request.controls.clone_from(wishes);
    }
}

/// All that run.
pub(super) struct Inputs {
    pub(super) video: Option<VideoInput>,
    pub(super) sound: Sounds,
    clock: Arc<dyn Clock>,
    events: EventSender,
    preview: Arc<Preview>,
    next_number: u64,
    open: OpenSource,
}

impl Inputs {
    pub(super) fn new(clock: Arc<dyn Clock>, events: EventSender, preview: Arc<Preview>) -> Self {
        Self::opened_by(Box::new(open_capture), clock, events, preview)
    }

    /// With another way to open picture sources.
    pub(super) fn opened_by(
        open: OpenSource,
        clock: Arc<dyn Clock>,
        events: EventSender,
        preview: Arc<Preview>,
    ) -> Self {
        let sound = Sounds::new(Arc::clone(&clock), events.clone());
        Self { video: None, sound, clock, events, preview, next_number: 0, open }
    }

    /// Opens what is wanted and not open, closes what is open and not wanted. A source that failed is tried again.
    /// Closing waits for the device, two seconds at most. What can be changed while a source runs is changed.
    pub(super) fn want(&mut self, video: Option<&CaptureRequest>, sound: &[Strip]) {
        let kept = self.video.as_mut().filter(|open| open.failed.is_none()).zip(video);
        if let Some((open, request)) = kept.filter(|(open, request)| open.request.is_same_source(request)) {
            open.set_controls(&request.controls);
        } else {
            self.video = None;
            // Another source's picture would pass for this one's until its first comes.
            self.preview.clear();
            self.video = video.map(|request| self.open_video(request));
        }
        self.sound.want(sound);
    }

    /// Sets the controls of the camera that runs, if it is the one that is wanted; everything else stays as it is.
    pub(super) fn steer(&mut self, wanted: &CaptureRequest) {
        let id = |source: &SourceSpec| match source {
            SourceSpec::Camera { id, .. } => Some(id.clone()),
            _ => None,
        };
        if let Some(open) = &mut self.video
            && let Some(camera) = id(&wanted.source)
            && id(&open.request.source) == Some(camera)
        {
            open.set_controls(&wanted.controls);
        }
    }

    /// Presses a button of the camera that runs.
    pub(super) fn press(&self, key: &str) {
        if let Some(capture) = self.video.as_ref().and_then(|open| open.capture.as_ref()) {
            capture.press(key);
        }
    }

    /// Closes all valves: what sources deliver goes to the preview only.
    pub(super) fn detach(&self) {
        self.video.iter().for_each(|video| video.valve.put(None));
        self.sound.detach();
    }

    /// Lets everything that is delivered from now on go to a recording of these tracks of sound.
    pub(super) fn attach(&self, destination: &Destination, tracks: &[u32]) {
        if let Some(video) = &self.video {
            video.valve.put(Some(destination.clone()));
        }
        self.sound.attach(destination, tracks);
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn open_video(&mut self, request: &CaptureRequest) -> VideoInput {
        let number = self.number();
        let valve = Valve::new();
        let delivered = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let (events, preview, count) = (self.events.clone(), Arc::clone(&self.preview), Arc::clone(&delivered));
        let mut tap = VideoTap::new(valve.clone());
        let (newest, camera) = (Latest::new(), Latest::new());
        let (seen, state): (Latest<Arc<Frame>>, Latest<Arc<CameraState>>) = (newest.clone(), camera.clone());
        let deliver = move |delivery: Delivery| match delivery {
            Delivery::Frame(frame) => {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                preview.feed(&frame);
                tap.frame(&frame);
                seen.put(frame);
            }
            Delivery::Unchanged { at } => {
                show_still(&preview, &seen);
                tap.unchanged(at);
            }
            Delivery::Camera(now) => state.put(now),
            Delivery::Started(info) => events.send(Event::SourceStarted { number, info }),
            Delivery::Warning(warning) => events.send(Event::SourceWarning { number, warning }),
            Delivery::Ended(error) => events.send(Event::SourceEnded { number, error }),
        };
        let opened = (self.open)(request.clone(), Arc::clone(&self.clock), Box::new(deliver));
        let (capture, failed) = match opened {
            Ok(capture) => (Some(capture), None),
            Err(error) => (None, Some(error)),
        };
        let request = request.clone();
        VideoInput {
            request,
            valve,
            info: None,
            failed,
            camera,
            delivered,
            newest,
            number,
            capture,
            thread_ended: false,
        }
    }
}

/// A still screen sends no picture to a preview that somebody has just begun to look at: its last one is shown.
fn show_still(preview: &Preview, newest: &Latest<Arc<Frame>>) {
    let Some(frame) = newest.peek() else { return };
    if preview.image().is_none_or(|image| image.captured_at != frame.captured_at) {
        preview.feed(&frame);
    }
}

#[cfg(test)]
#[path = "inputs_tests.rs"]
pub(super) mod tests;
