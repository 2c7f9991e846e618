//! The mixing desk's thread, `audio-desk`: takes the blocks of all inputs, gives tracks and levels.
//!
//! It runs from the first preview on, so that a recording finds every input settled: the stamps of a device that was
//! just opened are some milliseconds off.

use std::sync::Arc;
use std::time::Duration;

use super::conform::{GRID_CHANNELS, GRID_RATE};
use super::mixer::Mixer;
use super::{AudioError, DeskLevels, Heard, SoundFormat, Strip, TrackBlock};
use crate::media::{AudioBlock, Timestamp};
use crate::rt::{Clock, Intake, IntakeSender, Latest, PutError, StopToken, Worker, intake};

/// Names an input on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StripId(pub u64);

/// Blocks: 6 inputs with 2 s each. When it is full the newest is dropped: a hole in its input, told in the log.
const LANES: [usize; 2] = [1200, 100];
const LANE_BLOCKS: usize = 0;
const LANE_CONTROL: usize = 1;
/// How often a silent desk looks whether it is to go on.
const TICK: Duration = Duration::from_millis(20);
/// How often levels are shown.
const LEVELS_EVERY: Duration = Duration::from_millis(20);

/// The form of every track.
pub const DESK_FORMAT: SoundFormat = SoundFormat { sample_rate: GRID_RATE, channels: GRID_CHANNELS };

enum Item {
    Strips(Vec<(StripId, Strip)>),
    Block(StripId, AudioBlock),
    Lost(StripId),
}

/// A running desk. Dropping it ends it.
pub struct Desk {
    items: IntakeSender<Item, 2>,
    levels: Latest<DeskLevels>,
    _worker: Worker,
}

/// Where one input's sound goes.
#[derive(Clone)]
pub struct DeskInput {
    id: StripId,
    items: IntakeSender<Item, 2>,
}

impl Desk {
    /// Starts a desk without strips. `deliver` is called on its thread with every 10 ms of every track; it must not
    /// wait. The error is the system refusing a thread.
    pub fn start(clock: Arc<dyn Clock>, deliver: Box<dyn FnMut(TrackBlock) + Send>) -> Result<Self, AudioError> {
        let (items, queue) = intake(LANES);
        let levels = Latest::new();
        let shown = levels.clone();
        let run = move |stop: StopToken| run(&queue, clock.as_ref(), &stop, deliver, &shown);
        let worker = Worker::spawn("audio-desk", run).map_err(|error| AudioError::thread(&error))?;
        Ok(Self { items, levels, _worker: worker })
    }

    /// Sets what is on it: gains, mutes, tracks and offsets count from the next 10 ms on.
    pub fn set(&self, strips: Vec<(StripId, Strip)>) {
        put(&self.items, LANE_CONTROL, Item::Strips(strips));
    }

    /// Where this input's sound goes.
    pub fn input(&self, id: StripId) -> DeskInput {
        DeskInput { id, items: self.items.clone() }
    }

    /// The levels of the last 20 ms.
    pub fn levels(&self) -> DeskLevels {
        self.levels.peek().unwrap_or_default()
    }
}

impl DeskInput {
    /// Takes what an input says. Never waits.
    pub fn take(&self, heard: Heard) {
        match heard {
            Heard::Block(block) => put(&self.items, LANE_BLOCKS, Item::Block(self.id, block)),
            // A device that has just been opened begins anew, also if it is another one than before.
            Heard::Started(_) | Heard::Lost(_) => put(&self.items, LANE_CONTROL, Item::Lost(self.id)),
        }
    }
}

fn put(items: &IntakeSender<Item, 2>, lane: usize, item: Item) {
    if items.put(lane, item) == Err(PutError::Full) {
        log::warn!("the mixing desk is behind: 10 ms of an input were dropped");
    }
}

fn run(
    queue: &Intake<Item, 2>,
    clock: &dyn Clock,
    stop: &StopToken,
    mut deliver: Box<dyn FnMut(TrackBlock) + Send>,
    shown: &Latest<DeskLevels>,
) {
    let mut mixer = Mixer::new(clock.now());
    let mut show_at = clock.now();
    while !stop.is_stopped() {
        let mut item = queue.take_within(TICK);
        while let Some(this) = item {
            take(&mut mixer, this, clock.now());
            item = queue.take_within(Duration::ZERO);
        }
        let now = clock.now();
        mixer.advance(now).into_iter().for_each(&mut deliver);
        if now >= show_at {
            show_at = now + LEVELS_EVERY;
            shown.put(mixer.levels(now));
        }
    }
}

fn take(mixer: &mut Mixer, item: Item, now: Timestamp) {
    match item {
        Item::Strips(strips) => mixer.set(&strips),
        Item::Block(id, block) => {
            if let Err(error) = mixer.push(id, &block, now) {
                log::warn!("10 ms of a sound input were left out: {error}");
            }
        }
        Item::Lost(id) => mixer.lost(id),
    }
}
