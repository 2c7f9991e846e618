//! One open input: the thread `audio-<device>` that opens it, delivers its blocks and notices when it is lost.
//!
//! The device is opened on a job with a deadline: a server that accepts and never answers, or a card's driver, can
//! hold up a thread, and must not hold up this one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::device::{Callbacks, Opened, Raw, Server};
use super::stamps::Stamps;
use super::{AudioError, AudioInfo, AudioSpec, InputSpec, choose, tone};
use crate::media::AudioBlock;
use crate::rt::{Clock, JobState, JoinOutcome, StopToken, Worker, spawn_job};

/// Sound servers answer in milliseconds, cards that have to wake up in a second or two.
const OPEN_DEADLINE: Duration = Duration::from_secs(8);
/// How long a stop waits: longer than the longest regular opening.
const STOP_DEADLINE: Duration = Duration::from_secs(4);
/// Room between callback and thread: 2 s of blocks of 10 ms. When it is full the newest block is dropped and counted.
const QUEUE_BLOCKS: usize = 200;
/// How long a stop can go unnoticed.
const TICK: Duration = Duration::from_millis(20);

/// What an input tells, in this order: `Started`, blocks, `Lost` at most once and as the last.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The device is open.
    Started(AudioInfo),
    /// The next samples; `captured_at` is smoothed (it may be set right by some milliseconds, mostly within the first
    /// second: let 1 s pass before a recording's origin).
    Block(AudioBlock),
    /// The device could not be opened, or is gone. Nothing follows; open again to go on.
    Lost(AudioError),
}

/// An open input. [`AudioCapture::stop`] ends it; dropping it does too.
pub struct AudioCapture {
    worker: Worker,
    dropped: Arc<AtomicU64>,
}

/// Opens an input and returns at once. `deliver` is called on the thread `audio-<device>`; while it blocks, up to 2 s
/// of sound wait, then blocks are dropped (their time shows as a hole). A device that cannot be opened arrives as
/// [`Heard::Lost`]; the error is the system refusing a thread.
pub fn open(
    input: InputSpec,
    clock: Arc<dyn Clock>,
    mut deliver: Box<dyn FnMut(Heard) + Send>,
) -> Result<AudioCapture, AudioError> {
    let spec = input.device;
    let dropped = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&dropped);
    let name = thread_name(&spec);
    let run = move |stop: StopToken| {
        if spec == AudioSpec::Test {
            tone::run(clock.as_ref(), &stop, &mut deliver);
        } else {
            Listener { spec, clock, dropped: counter, stop }.run(&mut deliver);
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

struct Listener {
    spec: AudioSpec,
    clock: Arc<dyn Clock>,
    dropped: Arc<AtomicU64>,
    stop: StopToken,
}

impl Listener {
    fn run(self, deliver: &mut dyn FnMut(Heard)) {
        let (blocks_in, blocks) = sync_channel(QUEUE_BLOCKS);
        let (faults_in, faults) = sync_channel(1);
        let clock = Arc::clone(&self.clock);
        let callbacks = Callbacks { clock, blocks: blocks_in, faults: faults_in, dropped: Arc::clone(&self.dropped) };
        let mut opened = match self.open(callbacks) {
            Ok(Some(opened)) => opened,
            Ok(None) => return,
            Err(error) => return self.tell(deliver, Heard::Lost(error)),
        };
        self.tell(deliver, Heard::Started(opened.info.clone()));
        if let Err(error) = self.follow(&mut opened, &blocks, &faults, deliver) {
            // Told before the stream is dropped: that can hang with a server that hangs.
            self.tell(deliver, Heard::Lost(error));
        }
    }

    fn tell(&self, deliver: &mut dyn FnMut(Heard), heard: Heard) {
        if !self.stop.is_stopped() {
            deliver(heard);
        }
    }

    /// `None` if stop was asked meanwhile. A job that is left behind closes what it may still open.
    fn open(&self, callbacks: Callbacks) -> Result<Option<Opened>, AudioError> {
        let (spec, clock) = (self.spec.clone(), Arc::clone(&self.clock));
        let work = move |stop: StopToken| {
            let server = Server::connect(&clock, &stop)?;
            let device = choose::choose(&spec, &server.devices()?)?;
            server.open(device, callbacks)
        };
        let mut job = spawn_job("audio-open", || {}, work).map_err(|error| AudioError::thread(&error))?;
        let (mut waited, mut waited_since_stop) = (Duration::ZERO, Duration::ZERO);
        loop {
            match job.wait(TICK) {
                JobState::Done(opened) => return opened.map(|opened| (!self.stop.is_stopped()).then_some(opened)),
                JobState::Gone => return Err(self.refused("the attempt failed")),
                JobState::Running => waited += TICK,
            }
            if self.stop.is_stopped() {
                waited_since_stop += TICK;
            }
            if waited_since_stop > STOP_DEADLINE / 2 {
                return Ok(None);
            }
            if waited > OPEN_DEADLINE {
                return Err(AudioError::Stalled { name: self.spec.to_string(), seconds: OPEN_DEADLINE.as_secs() });
            }
        }
    }

    fn refused(&self, reason: &str) -> AudioError {
        AudioError::Refused { name: self.spec.to_string(), reason: reason.to_owned() }
    }

    /// A stream may drop its callback a moment before it reports why; a server that dies reports nothing.
    fn why_it_ended(opened: &Opened, faults: &Receiver<AudioError>) -> AudioError {
        faults.recv_timeout(TICK * 10).unwrap_or_else(|_| AudioError::ServerGone {
            name: opened.info.device.name.clone(),
            reason: "the connection ended".to_owned(),
        })
    }

    /// Delivers blocks until stop is asked (`Ok`) or the device is lost.
    fn follow(
        &self,
        opened: &mut Opened,
        blocks: &Receiver<Raw>,
        faults: &Receiver<AudioError>,
        deliver: &mut dyn FnMut(Heard),
    ) -> Result<(), AudioError> {
        let AudioInfo { sample_rate, channels, .. } = opened.info;
        let mut stamps = Stamps::new(sample_rate);
        while !self.stop.is_stopped() {
            match blocks.recv_timeout(TICK) {
                Ok(Raw { first_frame, captured_at, samples }) => {
                    let captured_at = stamps.stamp(first_frame, captured_at);
                    self.tell(deliver, Heard::Block(AudioBlock { captured_at, sample_rate, channels, samples }));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Self::why_it_ended(opened, faults)),
            }
            if let Ok(fault) = faults.try_recv() {
                return Err(fault);
            }
            opened.attend()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
