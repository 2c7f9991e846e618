//! The sound inputs that run, for meters or a recording, and the desk that mixes them.

use std::sync::Arc;
use std::time::Duration;

use super::event::{Event, EventSender};
use super::sound_alarms::Alarm;
use super::status::{AudioStatus, TrackStatus};
use super::tap::{AudioTap, Destination, SoundDestination, SoundValve};
use crate::audio::{AudioCapture, AudioDevice, AudioError, AudioInfo, Desk, DeskLevels, Heard, Strip, StripId, steer};
use crate::media::{Levels, Timestamp};
use crate::plan::Severity;
use crate::rt::{Clock, Latest};

/// A device's stamps are right from its first block on to a few milliseconds, and after this long altogether.
const SETTLES_IN: Duration = Duration::from_millis(300);

/// One sound input.
pub(super) struct SoundInput {
    strip: Strip,
    number: u64,
    /// What it hears now; what it heard last while nothing is heard.
    device: Option<AudioDevice>,
    problem: Option<String>,
    heard_since: Latest<Timestamp>,
    _capture: Option<AudioCapture>,
}

impl SoundInput {
    /// The device's name; what was asked for before it is open.
    fn name(&self) -> String {
        let open = self.device.as_ref().map(|device| device.name.clone());
        open.unwrap_or_else(|| self.strip.spec.device.to_string())
    }
}

/// What an input's word means for a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SoundNews {
    /// The same device is heard again.
    Back { name: String },
    /// Another device is heard from now on, as the user of this machine wished.
    Moved { from: String, to: String },
    /// Nothing is heard.
    Lost { what: String },
}

impl SoundNews {
    /// For the user, who records.
    pub(super) fn alarm(self) -> (Severity, Alarm) {
        let alarm = |code, what: String, help: &str| Alarm { code, what, help: help.to_owned() };
        match self {
            Self::Back { name } => {
                (Severity::Warning, alarm("audio_back", format!("'{name}' is heard again"), "The gap holds silence."))
            }
            Self::Moved { from, to } => {
                let help = "It follows the system's default; under Sound it can be kept at one device.";
                (Severity::Warning, alarm("audio_moved", format!("'{to}' is recorded now instead of '{from}'"), help))
            }
            Self::Lost { what } => {
                let help = "The recording goes on with silence in its place, and with its sound as soon as it is back.";
                (Severity::Warning, alarm("audio_lost", what, help))
            }
        }
    }
}

/// All inputs.
pub(super) struct Sounds {
    inputs: Vec<SoundInput>,
    desk: Option<Desk>,
    valve: SoundValve,
    clock: Arc<dyn Clock>,
    events: EventSender,
    next_number: u64,
}

impl Sounds {
    pub(super) fn new(clock: Arc<dyn Clock>, events: EventSender) -> Self {
        Self { inputs: Vec::new(), desk: None, valve: SoundValve::new(), clock, events, next_number: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Opens what is wanted and not open, closes what is open and not wanted. An input that is lost tries by itself.
    pub(super) fn want(&mut self, strips: &[Strip]) {
        let mut open = std::mem::take(&mut self.inputs);
        if strips.is_empty() {
            drop(open);
            self.desk = None;
            return;
        }
        if self.desk.is_none() {
            self.desk = self.start_desk();
        }
        for strip in strips {
            let kept = open.iter().position(|input| input.strip.spec == strip.spec);
            let input = match kept {
                Some(index) => SoundInput { strip: strip.clone(), ..open.remove(index) },
                None => self.open(strip),
            };
            self.inputs.push(input);
        }
        self.set_desk();
    }

    /// Changes what can be changed while a recording runs: gain and mute of the inputs that are wanted as before.
    pub(super) fn steer(&mut self, strips: &[Strip]) {
        steer(self.inputs.iter_mut().map(|input| &mut input.strip), strips);
        self.set_desk();
    }

    /// Lets all tracks go to a recording from now on.
    pub(super) fn attach(&self, destination: &Destination, tracks: &[u32]) {
        self.valve.put(Some(SoundDestination { to: destination.clone(), tracks: Arc::from(tracks) }));
    }

    /// What is heard goes to the meters only.
    pub(super) fn detach(&self) {
        self.valve.put(None);
    }

    /// An input's device is open.
    pub(super) fn started(&mut self, number: u64, info: &AudioInfo) -> Option<SoundNews> {
        let input = self.inputs.iter_mut().find(|input| input.number == number)?;
        let was_lost = input.problem.take().is_some();
        let before = input.device.replace(info.device.clone())?;
        let name = info.device.name.clone();
        if before.id != info.device.id {
            return Some(SoundNews::Moved { from: before.name, to: name });
        }
        was_lost.then_some(SoundNews::Back { name })
    }

    /// An input hears nothing.
    pub(super) fn lost(&mut self, number: u64, error: &AudioError) -> Option<SoundNews> {
        let input = self.inputs.iter_mut().find(|input| input.number == number)?;
        let what = error.to_string();
        input.problem = Some(what.clone());
        Some(SoundNews::Lost { what: super::failure::sentence(&what) })
    }

    /// What stands in the way of a recording that is to begin.
    pub(super) fn problem(&self) -> Option<String> {
        self.inputs.iter().find_map(|input| input.problem.clone())
    }

    /// Whether every input is heard, and for long enough that its time is known.
    pub(super) fn are_settled(&self) -> bool {
        let now = self.clock.now();
        let settled = |input: &SoundInput| input.heard_since.peek().is_some_and(|since| now.since(since) >= SETTLES_IN);
        self.inputs.iter().all(settled)
    }

    /// Every input as the status shows it, and every track.
    pub(super) fn status(&self) -> (Vec<AudioStatus>, Vec<TrackStatus>) {
        let DeskLevels { strips, tracks } = self.desk.as_ref().map(Desk::levels).unwrap_or_default();
        let input = |input: &SoundInput| {
            let levels = strips.iter().find(|(id, _)| *id == StripId(input.number)).map(|(_, levels)| *levels);
            AudioStatus {
                device: input.name(),
                kind: input.device.as_ref().map(|device| device.kind),
                track: input.strip.track,
                levels: levels.unwrap_or(Levels::SILENT),
                muted: input.strip.muted,
                problem: input.problem.clone(),
            }
        };
        let track = |(track, levels)| TrackStatus { track, levels };
        (self.inputs.iter().map(input).collect(), tracks.into_iter().map(track).collect())
    }

    /// What each track holds, in the file's order; nothing to tell apart where there is only one.
    pub(super) fn track_titles(&self) -> Vec<String> {
        let strips: Vec<Strip> = self.inputs.iter().map(|input| input.strip.clone()).collect();
        let numbers = track_numbers(&strips);
        if numbers.len() < 2 {
            return Vec::new();
        }
        let title = |number: u32| {
            let inputs = self.inputs.iter().filter(|input| input.strip.track == number);
            inputs.map(SoundInput::name).collect::<Vec<_>>().join(" + ")
        };
        numbers.into_iter().map(title).collect()
    }

    fn start_desk(&self) -> Option<Desk> {
        let mut tap = AudioTap::new(self.valve.clone());
        let started = Desk::start(Arc::clone(&self.clock), Box::new(move |made| tap.block(made)));
        started.inspect_err(|error| log::error!("no mixing desk: {error}")).ok()
    }

    fn set_desk(&self) {
        if let Some(desk) = &self.desk {
            desk.set(self.inputs.iter().map(|input| (StripId(input.number), input.strip.clone())).collect());
        }
    }

    fn open(&mut self, strip: &Strip) -> SoundInput {
        self.next_number += 1;
        let number = self.next_number;
        let to_desk = self.desk.as_ref().map(|desk| desk.input(StripId(number)));
        let (events, heard_since, clock) = (self.events.clone(), Latest::new(), Arc::clone(&self.clock));
        let since = heard_since.clone();
        let deliver = move |heard: Heard| {
            match &heard {
                Heard::Block(_) => {
                    if since.peek().is_none() {
                        since.put(clock.now());
                    }
                }
                Heard::Started(info) => events.send(Event::SoundStarted { number, info: info.clone() }),
                Heard::Lost(error) => events.send(Event::SoundLost { number, error: error.clone() }),
            }
            if let Some(desk) = &to_desk {
                desk.take(heard);
            }
        };
        let opened = crate::audio::open(strip.spec.clone(), Arc::clone(&self.clock), Box::new(deliver));
        let (capture, problem) = match opened {
            Ok(capture) => (Some(capture), None),
            Err(error) => (None, Some(error.to_string())),
        };
        SoundInput { strip: strip.clone(), number, device: None, problem, heard_since, _capture: capture }
    }
}

/// The tracks of a recording of these inputs, in the file's order.
pub(super) fn track_numbers(strips: &[Strip]) -> Vec<u32> {
    let mut numbers: Vec<u32> = strips.iter().map(|strip| strip.track).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
