//! Sound out, for one purpose: a click at a known moment. Plays digital silence in between, so that the output stays
//! awake and its clock known. Never knows which system plays.
//!
//! A click is placed on a sample of the stream; when that sample leaves the output the device tells about twenty times
//! a second, also after it was played. So a click that comes late is heard late, but never at an unknown moment.

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::device::play;
use super::stamps::frames_to_nanos;
use crate::media::Timestamp;
use crate::media::sync::{CLICK_HZ, CLICK_LENGTH};
use crate::rt::{Clock, Latest, Worker};

/// Sound servers answer in milliseconds, cards that have to wake up in a second or two.
const OPEN_DEADLINE: Duration = Duration::from_secs(8);
/// Well clear of clipping; −6 dB.
const AMPLITUDE: f64 = 0.5;
/// The device's last words on when the stream began: their median is taken, 0.3 s of them.
const WORDS: usize = 7;
/// A click's moment is settled this long after it: half of the words then come from after it.
const SETTLE: Duration = Duration::from_millis(150);

/// Why nothing can be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlayError {
    /// Neither a sound server nor a card.
    #[error("there is nothing to play a sound on ({reason}); start PulseAudio or PipeWire")]
    NoServer {
        /// What the attempt ended with.
        reason: String,
    },
    /// No output fits what was asked for.
    #[error("there is no sound output '{asked}'; {}", what_there_is(.have))]
    NoOutput {
        /// What was asked for.
        asked: String,
        /// The ids of those that exist.
        have: Vec<String>,
    },
    /// The output cannot be opened, or ended.
    #[error("the sound output '{name}' cannot be played on: {reason}; choose another one")]
    Refused {
        /// Its name, or what was asked for.
        name: String,
        /// What the server or the system said.
        reason: String,
    },
}

fn what_there_is(ids: &[String]) -> String {
    if ids.is_empty() { "none is connected".to_owned() } else { format!("choose one of: {}", ids.join(", ")) }
}

/// An output that plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputInfo {
    /// Stays the same over restarts.
    pub id: String,
    /// For people.
    pub name: String,
    /// Samples per second and channel.
    pub sample_rate: u32,
}

/// A click and when it came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// The moment that was asked for.
    pub asked: Timestamp,
    /// The moment its first sample left the output, as the output told afterwards.
    pub heard: Timestamp,
}

/// An open output. Dropping it closes it.
pub struct Player {
    score: SharedScore,
    fault: Latest<PlayError>,
    output: OutputInfo,
    #[expect(dead_code, reason = "held for its drop, which closes the output")]
    worker: Worker,
}

impl Player {
    /// Opens an output, by its id or name; `None` is the system's default. Waits eight seconds at most: for a job.
    pub fn open(output: Option<&str>, clock: Arc<dyn Clock>) -> Result<Self, PlayError> {
        let asked = output.map(str::to_owned);
        let name = asked.clone().unwrap_or_else(|| "the default output".to_owned());
        let score = SharedScore::default();
        let (tell, told) = sync_channel(1);
        let fault = Latest::new();
        let (played, faults) = (score.clone(), fault.clone());
        let run = move |stop| {
            let opened = |info: OutputInfo| tell.try_send(Ok(info)).unwrap_or_default();
            if let Err(error) = play(asked.as_deref(), &played, clock.as_ref(), &stop, &opened) {
                faults.put(error.clone());
                tell.try_send(Err(error)).unwrap_or_default();
            }
        };
        let worker = Worker::spawn("player", run);
        let worker = worker.map_err(|error| PlayError::Refused { name: name.clone(), reason: error.to_string() })?;
        match told.recv_timeout(OPEN_DEADLINE) {
            Ok(Ok(output)) => Ok(Self { score, fault, output, worker }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(PlayError::Refused { name, reason: "it does not answer".to_owned() }),
        }
    }

    /// Where it plays.
    pub fn output(&self) -> &OutputInfo {
        &self.output
    }

    /// Clicks at `due`: to be asked for half a second before, or it comes as soon as it can.
    pub fn click_at(&self, due: Timestamp) {
        self.score.lock().ask(due);
    }

    /// The clicks that were heard, in order. One is settled 0.2 s after it was heard.
    pub fn played(&self) -> Vec<Played> {
        self.score.lock().played.clone()
    }

    /// Whether the output tells yet when its samples come out: the first click may be asked for.
    pub fn is_running(&self) -> bool {
        self.score.lock().begin.is_some()
    }

    /// Why it plays no more.
    pub fn fault(&self) -> Option<PlayError> {
        self.fault.peek()
    }
}

/// The score, in the hands of the device's callback, of its thread and of ours. Held for some microseconds.
#[derive(Clone, Default)]
pub(super) struct SharedScore(Arc<Mutex<Score>>);

impl SharedScore {
    pub(super) fn lock(&self) -> MutexGuard<'_, Score> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be played on which sample, and when those come out. Pure.
#[derive(Default)]
pub(super) struct Score {
    sample_rate: u32,
    /// The next sample to be handed over.
    next_frame: u64,
    /// When sample 0 came out, in nanoseconds: the device's last words.
    words: VecDeque<i64>,
    /// Their median.
    begin: Option<i64>,
    waiting: VecDeque<Timestamp>,
    /// Asked for, and the first sample.
    placed: VecDeque<(Timestamp, u64)>,
    played: Vec<Played>,
}

impl Score {
    /// The stream's rate; before the first sample.
    pub(super) fn start(&mut self, sample_rate: u32) {
        self.sample_rate = sample_rate.max(1);
    }

    pub(super) fn next_frame(&self) -> u64 {
        self.next_frame
    }

    fn ask(&mut self, due: Timestamp) {
        self.waiting.push_back(due);
    }

    /// The device tells when sample `frame` comes out.
    pub(super) fn tell(&mut self, frame: u64, comes_out: Timestamp, now: Timestamp) {
        if self.words.len() == WORDS {
            self.words.pop_front();
        }
        self.words.push_back(comes_out.as_nanos() - frames_to_nanos(frame, self.sample_rate));
        let mut sorted: Vec<i64> = self.words.iter().copied().collect();
        sorted.sort_unstable();
        let begin = sorted.get(sorted.len() / 2).copied();
        self.begin = begin;
        while let Some((asked, frame)) = self.placed.front().copied() {
            let heard = Timestamp::from_nanos(begin.unwrap_or(0) + frames_to_nanos(frame, self.sample_rate));
            if heard + SETTLE > now {
                break;
            }
            self.placed.pop_front();
            self.played.push(Played { asked, heard });
        }
    }

    /// The next samples, the same in every channel.
    pub(super) fn fill(&mut self, out: &mut [f32], channels: usize) {
        let frames = (out.len() / channels.max(1)) as u64;
        self.place(self.next_frame + frames);
        for block in out.chunks_mut(channels.max(1)) {
            block.fill(self.sample());
            self.next_frame += 1;
        }
    }

    /// Gives the clicks that begin before sample `end` their place.
    fn place(&mut self, end: u64) {
        let Some(begin) = self.begin else { return };
        while let Some(due) = self.waiting.front().copied() {
            let frame = self.frame_at(due.as_nanos() - begin).max(self.next_frame);
            if frame >= end {
                break;
            }
            self.waiting.pop_front();
            self.placed.push_back((due, frame));
        }
    }

    fn frame_at(&self, nanos: i64) -> u64 {
        let frames = i128::from(nanos) * i128::from(self.sample_rate) / 1_000_000_000;
        u64::try_from(frames).unwrap_or(0)
    }

    /// The sample that is next: a click begins at its zero crossing, so that it has an onset and no crack.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a sample needs no 53 bits")]
    fn sample(&self) -> f32 {
        let length = frames_in(CLICK_LENGTH, self.sample_rate);
        let sounding = self.placed.iter().map(|(_, first)| self.next_frame.checked_sub(*first));
        let part = sounding.flatten().find(|part| *part < length);
        let turns = |part: u64| part as f64 * CLICK_HZ / f64::from(self.sample_rate);
        part.map_or(0.0, |part| (AMPLITUDE * (turns(part).fract() * TAU).sin()) as f32)
    }
}

fn frames_in(length: Duration, sample_rate: u32) -> u64 {
    u64::try_from(length.as_nanos() * u128::from(sample_rate) / 1_000_000_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    fn at_ms(ms: i64) -> Timestamp {
        Timestamp::from_nanos(ms * 1_000_000)
    }

    /// Plays blocks of 10 ms; each comes out 30 ms after it is handed over. Gives what came out, one channel.
    fn played(score: &mut Score, blocks: i64) -> Vec<f32> {
        let mut heard = Vec::new();
        for _ in 0..blocks {
            let frame = score.next_frame();
            let now = at_ms(1000) + Duration::from_nanos(frames_to_nanos(frame, RATE).unsigned_abs());
            score.tell(frame, now + Duration::from_millis(30), now);
            let mut out = [9.0_f32; 960];
            score.fill(&mut out, 2);
            assert!(out.chunks(2).all(|pair| pair[0].to_bits() == pair[1].to_bits()));
            heard.extend(out.iter().step_by(2));
        }
        heard
    }

    #[test]
    fn clicks_come_out_when_they_were_asked_for_and_silence_between() {
        let mut score = Score::default();
        score.start(RATE);
        // The stream begins to come out at 1.030 s.
        for due in [1200, 1500] {
            score.ask(at_ms(due));
        }
        let samples = played(&mut score, 100);
        for (n, sample) in (0_u32..).zip(&samples) {
            let ms = 1030.0 + f64::from(n) / 48.0;
            let on = [1200.0, 1500.0].iter().any(|due| ms >= due - 1e-6 && ms < due + 80.0 - 1e-6);
            let expected = if on { 0.5 * (TAU * f64::from(n % 48) / 48.0).sin() } else { 0.0 };
            assert!((f64::from(*sample) - expected).abs() < 1e-6, "sample {n}: {sample} {expected}");
        }
        let heard: Vec<(Timestamp, i64)> =
            score.played.iter().map(|click| (click.asked, click.heard.nanos_since(click.asked))).collect();
        assert_eq!(heard, [(at_ms(1200), 0), (at_ms(1500), 0)]);
    }

    #[test]
    fn a_click_that_comes_too_late_is_told_as_late() {
        let mut score = Score::default();
        score.start(RATE);
        played(&mut score, 20);
        score.ask(at_ms(1100));
        played(&mut score, 40);
        let late = score.played[0].heard.nanos_since(at_ms(1100));
        // 20 blocks are handed over: the next one comes out at 1.230 s.
        assert_eq!(late, 130_000_000);
    }

    #[test]
    fn one_wrong_word_moves_nothing_and_an_interruption_is_followed() {
        let mut score = Score::default();
        score.start(RATE);
        played(&mut score, 10);
        let before = score.begin;
        score.tell(4800, at_ms(1900), at_ms(1100));
        assert_eq!(score.begin, before);
        for _ in 0..4 {
            score.tell(4800, at_ms(1900), at_ms(1100));
        }
        assert_eq!(score.begin, Some(1_800_000_000));
    }

    #[test]
    fn the_words_name_the_outputs() {
        let error = PlayError::NoOutput { asked: "tv".to_owned(), have: vec!["pulseaudio:desk".to_owned()] };
        assert_eq!(error.to_string(), "there is no sound output 'tv'; choose one of: pulseaudio:desk");
    }
}
