//! One input for as long as it is wanted: the thread `audio-<device>` that opens its device, delivers its blocks,
//! notices when it is lost, and opens it again.
//!
//! The device is looked for and opened on a job with a deadline: a server that accepts and never answers, or a card's
//! driver, can hold up a thread, and must not hold up this one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::device::{Opened, Raw, Server};
use super::follow::Following;
use super::stamps::Stamps;
use super::{AudioError, AudioInfo, AudioSpec, InputSpec, tone};
use crate::media::{AudioBlock, Timestamp};
use crate::rt::{Clock, Job, JobState, JoinOutcome, StopToken, Waited, Worker, spawn_job};

/// Sound servers answer in milliseconds, cards that have to wake up in a second or two.
const OPEN_DEADLINE: Duration = Duration::from_secs(8);
/// How long a stop waits: longer than the longest regular opening.
const STOP_DEADLINE: Duration = Duration::from_secs(4);
/// How long a stop can go unnoticed.
const TICK: Duration = Duration::from_millis(20);
/// A lost device is looked for so soon: a look costs 2 ms …
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// … and after this many looks in vain …
const SOON_LOOKS: u32 = 60;
/// … only so often. Sound is back within 2 s of the device either way.
const LATER_LOOK_EVERY: Duration = Duration::from_secs(1);
/// A device that was open for less was not really back: the looks go on in their pace.
const REALLY_BACK: Duration = Duration::from_secs(2);

/// What an input tells, until it is stopped: `Started`, blocks, `Lost`, `Started` again …
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A device is open: the first time, after a loss, or another one that the input follows.
    Started(AudioInfo),
    /// The next samples of the device that was started last. `captured_at` is smoothed, right within some milliseconds
    /// from the first block on and to a fraction of one after 1.5 s; two blocks in a row may overlap or gape by 0.3 ms.
    /// Sound of this machine's output is stamped with the moment at which it is heard: that may be to come, by what
    /// the output holds in store (10 ms mostly, 200 ms on Bluetooth).
    Block(AudioBlock),
    /// Nothing is heard from now on, until the next `Started`. Told once for each outage, and again when its reason is
    /// another one; nothing needs to be done.
    Lost(AudioError),
}

/// An open input. [`AudioCapture::stop`] ends it; dropping it does too.
pub struct AudioCapture {
    worker: Worker,
    dropped: Arc<AtomicU64>,
}

/// Opens an input and returns at once. `deliver` is called on the thread `audio-<device>`; while it blocks, some
/// seconds of sound wait, then blocks are dropped (their time shows as a hole). A device that cannot be opened arrives
/// as [`Heard::Lost`], and is opened as soon as it can be. The error is the system refusing a thread.
pub fn open(
    input: InputSpec,
    clock: Arc<dyn Clock>,
    mut deliver: Box<dyn FnMut(Heard) + Send>,
) -> Result<AudioCapture, AudioError> {
    let dropped = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&dropped);
    let name = thread_name(&input.device);
    let run = move |stop: StopToken| {
        if input.device == AudioSpec::Test {
            tone::run(clock.as_ref(), &stop, &mut deliver);
        } else {
            let name = input.device.to_string();
            let following = Following::new(input);
            Listener { name, following, clock, dropped: counter, stop, lost: None, looks: 0 }.run(&mut deliver);
        }
    };
    let worker = Worker::spawn(&name, run).map_err(|error| AudioError::thread(&error))?;
    Ok(AudioCapture { worker, dropped })
}

impl AudioCapture {
    /// Closes the device and waits until its thread is gone, 4 s at most. Nothing is delivered afterwards.
    pub fn stop(self) -> JoinOutcome {
        self.worker.join(STOP_DEADLINE)
    }

    /// Blocks that were dropped because `deliver` was too slow.
    pub fn dropped_blocks(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// `audio-` and what was asked for, without what a thread's name cannot hold.
fn thread_name(spec: &AudioSpec) -> String {
    format!("audio-{spec}").replace(|letter: char| letter.is_control(), "_")
}

/// What a look for the device brings, and what was learned on the way.
type Look = (Following, Result<Opened, AudioError>);

/// How listening to an open device ended.
enum Ended {
    Stopped,
    /// Another device is the default now.
    Moves,
    Lost(AudioError),
}

struct Listener {
    /// What was asked for.
    name: String,
    following: Following,
    clock: Arc<dyn Clock>,
    dropped: Arc<AtomicU64>,
    stop: StopToken,
    /// The outage that was told.
    lost: Option<AudioError>,
    /// Looks in vain since the device was really there.
    looks: u32,
}

impl Listener {
    fn run(mut self, deliver: &mut dyn FnMut(Heard)) {
        while let Some(found) = self.look(deliver) {
            match found {
                Ok(opened) => match self.listen(opened, deliver) {
                    Ended::Stopped => return,
                    Ended::Moves => continue,
                    Ended::Lost(error) => self.tell_lost(error, deliver),
                },
                Err(error) => self.tell_lost(error, deliver),
            }
            self.looks = self.looks.saturating_add(1);
            let pause = if self.looks > SOON_LOOKS { LATER_LOOK_EVERY } else { LOOK_EVERY };
            if self.clock.sleep_until(self.clock.now() + pause, &self.stop) == Waited::Stopped {
                return;
            }
        }
    }

    fn tell(&self, heard: Heard, deliver: &mut dyn FnMut(Heard)) {
        if !self.stop.is_stopped() {
            deliver(heard);
        }
    }

    fn tell_lost(&mut self, error: AudioError, deliver: &mut dyn FnMut(Heard)) {
        if self.lost.as_ref().is_some_and(|told| told.is_like(&error)) {
            return;
        }
        log::warn!("sound input '{}': {error}", self.name);
        self.lost = Some(error.clone());
        self.tell(Heard::Lost(error), deliver);
    }

    /// Looks for the device and opens it; `None` if stop was asked meanwhile. There is one look at a time: one that
    /// hangs is told and waited for.
    fn look(&mut self, deliver: &mut dyn FnMut(Heard)) -> Option<Result<Opened, AudioError>> {
        let (clock, dropped) = (Arc::clone(&self.clock), Arc::clone(&self.dropped));
        let following = self.following.clone();
        let work = move |stop: StopToken| look_once(following, &clock, dropped, &stop);
        let mut job: Job<Look> = match spawn_job("audio-open", || {}, work) {
            Ok(job) => job,
            Err(error) => return Some(Err(AudioError::thread(&error))),
        };
        let (mut waited, mut waited_since_stop) = (Duration::ZERO, Duration::ZERO);
        loop {
            match job.wait(TICK) {
                JobState::Done((following, found)) => {
                    self.following = following;
                    return if self.stop.is_stopped() { None } else { Some(found) };
                }
                JobState::Gone => {
                    let reason = "the attempt failed".to_owned();
                    return Some(Err(AudioError::Refused { name: self.name.clone(), reason }));
                }
                JobState::Running => waited += TICK,
            }
            if self.stop.is_stopped() {
                waited_since_stop += TICK;
            }
            if waited_since_stop > STOP_DEADLINE / 2 {
                return None; // the job closes what it may still open
            }
            if waited > OPEN_DEADLINE {
                let stalled = AudioError::Stalled { name: self.name.clone(), seconds: OPEN_DEADLINE.as_secs() };
                self.tell_lost(stalled, deliver);
            }
        }
    }

    /// Delivers the blocks of an open device.
    fn listen(&mut self, mut opened: Opened, deliver: &mut dyn FnMut(Heard)) -> Ended {
        let begun = self.clock.now();
        self.lost = None;
        self.tell(Heard::Started(opened.info.clone()), deliver);
        let mut stamps = Stamps::new(opened.info.sample_rate);
        let ended = loop {
            if self.stop.is_stopped() {
                break Ended::Stopped;
            }
            match opened.next(TICK) {
                Ok(Some(block)) => self.tell(Heard::Block(stamped(block, &mut stamps, &opened.info)), deliver),
                Ok(None) => {}
                Err(error) => break Ended::Lost(error),
            }
            match self.is_still_meant(&mut opened) {
                Ok(true) => {}
                Ok(false) => break Ended::Moves,
                Err(error) => break Ended::Lost(error),
            }
        };
        if self.clock.now().since(begun) > REALLY_BACK {
            self.looks = 0;
        }
        self.close(opened);
        ended
    }

    fn is_still_meant(&mut self, opened: &mut Opened) -> Result<bool, AudioError> {
        let Some(listing) = opened.changed_listing()? else { return Ok(true) };
        let meant = self.following.device(&listing, self.clock.now())?;
        Ok(meant.id == opened.info.device.id)
    }

    /// Closing can hang with a driver that hangs: a stop waits for it for a while, and nobody else does.
    fn close(&self, opened: Opened) {
        match spawn_job("audio-close", || {}, move |_| drop(opened)) {
            Ok(mut job) if self.stop.is_stopped() => {
                if job.wait(STOP_DEADLINE / 2) == JobState::Running {
                    log::warn!("the sound input '{}' does not close", self.name);
                }
            }
            Ok(_) => {}
            Err(error) => log::warn!("no thread to close '{}': {error}", self.name),
        }
    }
}

fn look_once(mut following: Following, clock: &Arc<dyn Clock>, dropped: Arc<AtomicU64>, stop: &StopToken) -> Look {
    let found = Server::connect(clock, stop).and_then(|mut server| {
        let listing = server.listing()?;
        let device = following.device(&listing, clock.now())?;
        let opened = server.open(device, Arc::clone(clock), dropped)?;
        following.opened(&opened.info.device, &listing);
        Ok(opened)
    });
    (following, found)
}

fn stamped(block: Raw, stamps: &mut Stamps, info: &AudioInfo) -> AudioBlock {
    let Raw { first_frame, captured_at, is_anew, samples } = block;
    if is_anew {
        stamps.begin_anew();
    }
    let captured_at: Timestamp = stamps.stamp(first_frame, captured_at);
    AudioBlock { captured_at, sample_rate: info.sample_rate, channels: info.channels, samples }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::rt::RealClock;

    #[test]
    fn the_test_input_is_opened_and_stopped_without_a_server() {
        let (tell, told) = sync_channel(1000);
        let deliver = Box::new(move |heard| tell.send(heard).unwrap());
        let capture = open(AudioSpec::Test.into(), Arc::new(RealClock), deliver).unwrap();
        assert!(matches!(told.recv().unwrap(), Heard::Started(_)));
        let Heard::Block(first) = told.recv().unwrap() else { panic!("a block follows") };
        let Heard::Block(second) = told.recv().unwrap() else { panic!("and another") };
        assert_eq!(second.captured_at.nanos_since(first.captured_at), 10_000_000);
        assert_eq!(capture.dropped_blocks(), 0);
        assert_eq!(capture.stop(), JoinOutcome::Joined);
        assert!(told.iter().all(|heard| matches!(heard, Heard::Block(_))), "and nothing else until the end");
    }

    #[test]
    fn any_device_name_makes_a_thread_name() {
        assert_eq!(thread_name(&AudioSpec::System), "audio-system");
        assert_eq!(thread_name(&AudioSpec::Device("a\0b\nc".to_owned())), "audio-a_b_c");
    }
}
