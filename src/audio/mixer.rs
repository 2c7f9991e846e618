//! The mixing desk as a value: strips go in by their stamps, tracks come out on the common grid, every 10 ms of them,
//! without a hole. Pure; the thread around it is [`super::desk`].

use std::time::Duration;

use super::conform::{CHUNK_FRAMES, CHUNK_SAMPLES, Conformer, GRID_CHANNELS, GRID_RATE, grid_time};
use super::desk::StripId;
use super::{AudioError, Meter, Strip};
use crate::media::{AudioBlock, Levels, Timestamp};

/// An input is taken for dead when it is this late. Callbacks come up to 75 ms late, a loaded machine has held them
/// for 400 ms. Silence invented too early displaces sound that was only late; 1 s of waiting costs a live stream 1 s,
/// once.
pub const DESK_PATIENCE: Duration = Duration::from_secs(1);
/// One that is known to be silent keeps the others waiting for no longer than a revived one needs for its first block.
const MARGIN: Duration = Duration::from_millis(200);
/// A stamp this far ahead of the present is a mistake: an output over a network holds 2 s in store. Taken at its word
/// it would fill the queue with silence without end.
const FARTHEST_AHEAD: Duration = Duration::from_secs(5);
/// After a longer sleep of the process (or of the machine) the grid goes on at the present.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// 10 ms of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackBlock {
    /// The recording's track, from 1.
    pub track: u32,
    /// Its sound: 48 kHz, stereo, on the common grid; each continues the one before.
    pub block: AudioBlock,
}

/// Levels of everything on the desk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeskLevels {
    /// Of each input, after its gain, before its mute.
    pub strips: Vec<(StripId, Levels)>,
    /// Of each track as it is recorded.
    pub tracks: Vec<(u32, Levels)>,
}

struct Channel {
    id: StripId,
    strip: Strip,
    conformer: Option<Conformer>,
    meter: Meter,
    is_alive: bool,
    /// The amplitude factor that the last chunk ended with.
    gain: f32,
}

struct Track {
    number: u32,
    meter: Meter,
}

pub(super) struct Mixer {
    channels: Vec<Channel>,
    tracks: Vec<Track>,
    /// The next grid sample to be made; a whole number of chunks.
    next: i64,
}

impl Mixer {
    /// A desk without strips whose tracks begin now.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { channels: Vec::new(), tracks: Vec::new(), next: chunk_at(now) }
    }

    /// Sets what is on the desk. An input that stays keeps its sound; a changed gain or mute is ramped over 10 ms, a
    /// changed offset counts from its next block on.
    pub(super) fn set(&mut self, strips: &[(StripId, Strip)]) {
        let mut before = std::mem::take(&mut self.channels);
        for (id, strip) in strips {
            match before.iter().position(|channel| channel.id == *id) {
                Some(index) => {
                    let mut kept = before.swap_remove(index);
                    if kept.strip.offset_nanos != strip.offset_nanos {
                        // Left to the steering, 15 ms would take 10 s.
                        kept.interrupt();
                    }
                    self.channels.push(Channel { strip: strip.clone(), ..kept });
                }
                None => self.channels.push(Channel::new(*id, strip)),
            }
        }
        let mut numbers: Vec<u32> = strips.iter().map(|(_, strip)| strip.track).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut before = std::mem::take(&mut self.tracks);
        for number in numbers {
            let kept = before.iter().position(|track| track.number == number).map(|index| before.swap_remove(index));
            self.tracks.push(kept.unwrap_or_else(|| Track { number, meter: Meter::new() }));
        }
    }

    /// An input's next samples, as they come at `now`.
    pub(super) fn push(&mut self, id: StripId, block: &AudioBlock, now: Timestamp) -> Result<(), AudioError> {
        let next = self.next;
        let Some(channel) = self.channels.iter_mut().find(|channel| channel.id == id) else { return Ok(()) };
        let ahead = block.captured_at.since(now);
        if ahead > FARTHEST_AHEAD {
            return Err(AudioError::Stamp { seconds: ahead.as_secs() });
        }
        let captured_at = block.captured_at.offset_nanos(channel.strip.offset_nanos);
        let samples = stereo(block);
        channel.measure(block, &samples);
        let kept = channel.conformer.take().filter(|conformer| conformer.rate() == block.sample_rate);
        let conformer = match kept {
            Some(conformer) => conformer,
            None => Conformer::new(block.sample_rate)?,
        };
        let conformer = channel.conformer.insert(conformer);
        conformer.push(captured_at, &samples, next);
        channel.is_alive = true;
        Ok(())
    }

    /// An input is gone, or becomes another device: silence until its next samples.
    pub(super) fn lost(&mut self, id: StripId) {
        if let Some(channel) = self.channels.iter_mut().find(|channel| channel.id == id) {
            channel.is_alive = false;
            channel.interrupt();
        }
    }

    /// Everything that can be made by now, in order; nothing that is to be heard only later, or what another input
    /// hears meanwhile would find its place taken, and a recording that begins now would miss it.
    pub(super) fn advance(&mut self, now: Timestamp) -> Vec<TrackBlock> {
        if now.since(grid_time(self.next)) > LONGEST_SLEEP {
            self.next = chunk_at(now - MARGIN);
            self.channels.iter_mut().filter_map(|channel| channel.conformer.as_mut()).for_each(Conformer::restart);
        }
        let mut made = Vec::new();
        while self.can_go_on(now) {
            self.chunk(&mut made);
        }
        made
    }

    fn can_go_on(&self, now: Timestamp) -> bool {
        let is_past = grid_time(self.next + i64::from(CHUNK_FRAMES)) <= now;
        is_past && !self.channels.is_empty() && self.channels.iter().all(|channel| channel.can_go_on(self.next, now))
    }

    pub(super) fn levels(&self, now: Timestamp) -> DeskLevels {
        DeskLevels {
            strips: self.channels.iter().map(|channel| (channel.id, channel.meter.levels(now))).collect(),
            tracks: self.tracks.iter().map(|track| (track.number, track.meter.levels(now))).collect(),
        }
    }

    fn chunk(&mut self, made: &mut Vec<TrackBlock>) {
        let mut sound = [0.0; CHUNK_SAMPLES];
        let start = made.len();
        made.extend(self.tracks.iter().map(|track| TrackBlock { track: track.number, block: silence(self.next) }));
        for channel in &mut self.channels {
            channel.pull(self.next, &mut sound);
            let track = made[start..].iter_mut().find(|made| made.track == channel.strip.track);
            if let Some(TrackBlock { block, .. }) = track {
                block.samples.iter_mut().zip(&sound).for_each(|(sum, sample)| *sum += sample);
            }
        }
        for (track, made) in self.tracks.iter_mut().zip(&made[start..]) {
            track.meter.push(&made.block);
        }
        self.next += i64::from(CHUNK_FRAMES);
    }
}

impl Channel {
    fn new(id: StripId, strip: &Strip) -> Self {
        let gain = target_gain(strip);
        Self { id, strip: strip.clone(), conformer: None, meter: Meter::new(), is_alive: false, gain }
    }

    fn measure(&mut self, block: &AudioBlock, stereo: &[f32]) {
        let gain = amplitude(self.strip.gain_db);
        let samples = stereo.iter().map(|sample| sample * gain).collect();
        self.meter.push(&AudioBlock { samples, channels: 2, ..*block });
    }

    /// What comes next does not continue what came before.
    fn interrupt(&mut self) {
        self.conformer.iter_mut().for_each(Conformer::interrupt);
    }

    /// Whether its part of the chunk from `next` on is there, or no longer waited for.
    fn can_go_on(&self, next: i64, now: Timestamp) -> bool {
        if self.conformer.as_ref().is_some_and(Conformer::is_ready) {
            return true;
        }
        // Sound that is to be heard earlier comes later than the others.
        let due = grid_time(next + i64::from(CHUNK_FRAMES)).offset_nanos((-self.strip.offset_nanos).max(0));
        now >= due + if self.is_alive { DESK_PATIENCE } else { MARGIN }
    }

    /// Its part of the chunk, as loud as it is wanted.
    fn pull(&mut self, next: i64, out: &mut [f32; CHUNK_SAMPLES]) {
        out.fill(0.0);
        if let Some(conformer) = &mut self.conformer {
            if !conformer.is_ready() {
                conformer.pad(next);
            }
            conformer.pull(next, out);
        }
        let (from, to) = (self.gain, target_gain(&self.strip));
        for (index, frame) in (0_u16..).zip(out.chunks_exact_mut(GRID_CHANNELS.into())) {
            let share = f32::from(index + 1) / f32::from(CHUNK_FRAMES);
            // Of equal ends this is the gain itself: sound at 0 dB passes bit for bit.
            let gain = from + (to - from) * share;
            for sample in frame {
                *sample *= gain;
            }
        }
        self.gain = to;
    }
}

/// One channel to both; of several the first two.
fn stereo(block: &AudioBlock) -> Vec<f32> {
    let channels = usize::from(block.channels.max(1));
    let frames = block.samples.chunks_exact(channels);
    // What is no number would stay in a resampler for good.
    let clean = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
    frames.flat_map(|frame| [clean(frame[0]), clean(*frame.get(1).unwrap_or(&frame[0]))]).collect()
}

fn silence(first: i64) -> AudioBlock {
    AudioBlock {
        captured_at: grid_time(first),
        sample_rate: GRID_RATE,
        channels: GRID_CHANNELS,
        samples: vec![0.0; CHUNK_SAMPLES],
    }
}

/// The chunk that a moment lies in: its first grid sample.
fn chunk_at(at: Timestamp) -> i64 {
    let samples = i128::from(at.as_nanos()) * i128::from(GRID_RATE) / 1_000_000_000;
    let chunk = i64::from(CHUNK_FRAMES);
    i64::try_from(samples).unwrap_or(0).div_euclid(chunk) * chunk
}

fn target_gain(strip: &Strip) -> f32 {
    if strip.muted { 0.0 } else { amplitude(strip.gain_db) }
}

fn amplitude(db: f32) -> f32 {
    10.0_f32.powf(db / 20.0)
}

#[cfg(test)]
#[path = "mixer_tests.rs"]
mod tests;
