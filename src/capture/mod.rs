//! Turns a camera, a screen, a window, a region or a test pattern into a stream of frames on a thread of its own.
//!
//! Knows nothing of ffmpeg, previews or plans: it hands out [`Delivery`] values and counts nothing downstream.
//!
//! Cameras are found and set through nokhwa on every system; on Linux they are read by a reader of our own over V4L2
//! ([`CameraStream`] is what both are). nokhwa captures no screens: those come through X11, behind the same
//! [`SourceSpec`], [`Capture`] and [`Delivery`].

mod camera;
mod error;
mod listing;
mod ring;
mod rows;
mod stage;
#[cfg(target_os = "linux")]
mod sysfs;
pub mod test_pattern;
mod ticker;
#[cfg(target_os = "linux")]
mod v4l;
#[cfg(target_os = "linux")]
mod x11;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use camera::{
    Arrival, CameraCoding, CameraControl, CameraMode, CameraSetting, CameraShot, CameraState, CameraStream,
    ControlKind, ControlState, ControlWishes, ShotKey, Signal, control_key,
};
pub use error::{CaptureError, CaptureWarning};
pub use listing::{CameraFree, CameraInfo, Listing, ScreenInfo, WindowInfo, camera_fingerprint, list, list_on};

use crate::media::{Frame, FrameRate, Rect, Resolution, Timestamp};
use crate::rt::{Clock, JoinOutcome, Worker};
use stage::Stage;

/// How long [`Capture::stop`] waits for a device that does not answer.
const STOP_DEADLINE: Duration = Duration::from_secs(2);

/// What to capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// The moving test card ([`test_pattern`]).
    Test {
        /// Its size.
        size: Resolution,
    },
    /// One monitor.
    Screen {
        /// Its output name (`HDMI-1`), or its place in the list (`0`); `None` is the primary one.
        id: Option<String>,
    },
    /// One window, also where others cover it.
    Window {
        /// Which one.
        id: WindowPick,
    },
    /// A rectangle of the whole desktop, in its pixels.
    Region(Rect),
    /// A camera.
    Camera {
        /// Its stable id, device path, place in the list or part of its name; `None` is the first one.
        id: Option<String>,
        /// `1280x720@30 mjpeg`, or any part of it; `None` takes the mode nearest to `size` at the asked rate.
        mode: Option<String>,
        /// The size wished where `mode` names none; `None` is 1280x720.
        size: Option<Resolution>,
        /// Only modes of this coding: pictures to be recorded as they come. H.264 is taken only if it is named here
        /// or in `mode`.
        coding: Option<CameraCoding>,
    },
}

/// How a window is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowPick {
    /// Its number on the X server.
    Id(u32),
    /// Part of its title, in any case; a window with exactly this title is preferred.
    Title(String),
}

/// What to capture, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureRequest {
    /// The source.
    pub source: SourceSpec,
    /// How often to look. A camera keeps its own rate unless this one is clearly lower.
    pub rate: FrameRate,
    /// Draw the mouse pointer into screens, regions and windows.
    pub show_cursor: bool,
    /// What to set on a camera. Can be changed while it runs ([`Capture::set_controls`]).
    pub controls: ControlWishes,
}

impl CaptureRequest {
    /// Whether a source opened for `self` shows what `other` wants: all but what can be changed while it runs.
    pub fn is_same_source(&self, other: &Self) -> bool {
        self.source == other.source && self.rate == other.rate && self.show_cursor == other.show_cursor
    }
}

/// Which X server to talk to, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplayOptions {
    /// The display's name (`:0`); `None` takes `DISPLAY`.
    pub name: Option<String>,
    /// How pixels come from the server.
    pub transport: Transport,
}

/// How pixels come from the X server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Shared memory where the server is on this machine and offers it.
    #[default]
    Auto,
    /// Through the connection: about twenty times the cost, and works everywhere.
    Copied,
}

/// What a source is, once it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// A name for people.
    pub name: String,
    /// Pixels across and down at the start.
    pub size: Resolution,
    /// The device's own rate; `None` where the asked rate decides.
    pub rate: Option<FrameRate>,
}

/// What a source says, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// The source is open; comes first.
    Started(SourceInfo),
    /// A new picture.
    Frame(Arc<Frame>),
    /// The source looked and nothing had changed.
    Unchanged {
        /// When it looked.
        at: Timestamp,
    },
    /// How a camera is, when it was opened and whenever that has changed, ten times a second at most.
    Camera(Arc<CameraState>),
    /// Something the user should know; frames go on.
    Warning(CaptureWarning),
    /// The source is gone or could not be opened; comes last. A capture that is stopped ends without it.
    Ended(CaptureError),
}

/// Who takes deliveries: called on the capture thread, so it must be quick and never wait for the capture.
pub type Deliver = Box<dyn FnMut(Delivery) + Send>;

/// A running capture. Dropping it stops it.
pub struct Capture {
    worker: Worker,
    rate: Arc<Mutex<FrameRate>>,
    orders: camera::Orders,
}

/// Opens a source on a new thread `capture` and returns at once. What goes wrong while opening arrives as
/// [`Delivery::Ended`]; only what can be told without the device is an `Err` here.
pub fn open(request: CaptureRequest, clock: Arc<dyn Clock>, deliver: Deliver) -> Result<Capture, CaptureError> {
    open_on(request, DisplayOptions::default(), clock, deliver)
}

/// The same on a given X server. A source without an X server ignores `display`.
pub fn open_on(
    request: CaptureRequest,
    display: DisplayOptions,
    clock: Arc<dyn Clock>,
    deliver: Deliver,
) -> Result<Capture, CaptureError> {
    if let SourceSpec::Test { size } = request.source {
        test_pattern::check_size(size)?;
    }
    let rate = Arc::new(Mutex::new(request.rate));
    let shared_rate = Arc::clone(&rate);
    let orders = camera::Orders::new(request.controls.clone());
    let thread_orders = orders.clone();
    let worker = Worker::spawn("capture", move |stop| {
        let mut stage = Stage::new(clock, stop, shared_rate, deliver);
        if let Err(error) = run(&request, &display, &thread_orders, &mut stage) {
            stage.ended(error);
        }
    })
    .map_err(|error| CaptureError::NoThread { reason: error.to_string() })?;
    Ok(Capture { worker, rate, orders })
}

#[cfg(target_os = "linux")]
fn run(
    request: &CaptureRequest,
    display: &DisplayOptions,
    orders: &camera::Orders,
    stage: &mut Stage,
) -> Result<(), CaptureError> {
    use x11::Subject;

    let subject = match &request.source {
        SourceSpec::Test { size } => return test_pattern::run(*size, stage),
        SourceSpec::Camera { id, mode, size, coding } => {
            let (id, mode, size, coding) = (id.as_deref(), mode.as_deref(), *size, *coding);
            return camera::run(&camera::Wanted { id, mode, size, coding, orders }, stage);
        }
        SourceSpec::Screen { id } => Subject::Screen(id.clone()),
        SourceSpec::Region(region) => Subject::Region(*region),
        SourceSpec::Window { id } => Subject::Window(id.clone()),
    };
    x11::run(&subject, request.show_cursor, display, stage)
}

#[cfg(not(target_os = "linux"))]
fn run(
    request: &CaptureRequest,
    _display: &DisplayOptions,
    orders: &camera::Orders,
    stage: &mut Stage,
) -> Result<(), CaptureError> {
    match &request.source {
        SourceSpec::Test { size } => test_pattern::run(*size, stage),
        SourceSpec::Camera { id, mode, size, coding } => {
            let (id, mode, size, coding) = (id.as_deref(), mode.as_deref(), *size, *coding);
            camera::run(&camera::Wanted { id, mode, size, coding, orders }, stage)
        }
        _ => Err(CaptureError::Unsupported { what: "Screen capture on this system".into() }),
    }
}

impl Capture {
    /// Asks the source to end and waits up to two seconds; a thread stuck in its device is then left behind,
    /// and `rt` counts it. Nothing is delivered after a joined stop.
    pub fn stop(self) -> JoinOutcome {
        self.worker.join(STOP_DEADLINE)
    }

    /// Looks at the source this often from now on; noticed within a tenth of a second.
    pub fn set_rate(&self, rate: FrameRate) {
        *self.rate.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = rate;
    }

    /// Sets these controls of a camera, as soon as its thread gets to it. Nothing happens to other sources.
    pub fn set_controls(&self, wishes: ControlWishes) {
        self.orders.wish(wishes);
    }

    /// Presses a button of a camera, by its key.
    pub fn press(&self, key: &str) {
        self.orders.press(key);
    }

    /// Whether the source has ended by itself.
    pub fn is_finished(&self) -> bool {
        self.worker.is_finished()
    }
}
