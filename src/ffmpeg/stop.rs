//! The ladder by which a child is asked to finish: its input ends, it is interrupted, it is killed.
//!
//! Knows no encoder; "progress" is whatever its owner counts as such, usually the last packet.

use std::time::Duration;

use super::launch::Exit;
use super::process::Process;
use crate::media::Timestamp;
use crate::rt::Clock;

/// How long one look at the child takes.
const LOOK: Duration = Duration::from_millis(20);
/// How long a killed child may take to disappear.
const KILL_DEADLINE: Duration = Duration::from_secs(5);

/// Where the ladder begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstRung {
    /// Its input ends; right when everything it reads comes from us. A child without an input of ours is
    /// interrupted at once.
    #[default]
    EndInput,
    /// It is interrupted; right when it reads something endless by itself, such as a microphone: the end of our
    /// input would not end it, and its packets would go on for ever.
    Interrupt,
}

/// How patient we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopLadder {
    /// The next rung comes after so long without progress: a slow encoder that still flushes is not hung.
    pub grace: Duration,
    /// The next rung comes after so long even with progress: an endless input we did not know of.
    pub patience: Duration,
    /// Where it begins.
    pub first: FirstRung,
}

impl Default for StopLadder {
    fn default() -> Self {
        Self { grace: Duration::from_secs(5), patience: Duration::from_mins(2), first: FirstRung::default() }
    }
}

/// Which rung ended the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// It had ended before.
    EndedBefore,
    /// Its input ended; nothing is lost.
    InputEnded,
    /// It was interrupted and finished its outputs.
    Interrupted,
    /// It was killed; its outputs are cut off.
    Killed,
}

/// How stopping went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// How the child ended; `None` if not even a kill ends it (a system call that never returns).
    pub exit: Option<Exit>,
    /// The rung that did it.
    pub rung: Rung,
}

impl Process {
    /// Stops the child by the ladder and waits for its end. `last_progress` tells when it last gave a sign of
    /// life, on `clock`; somebody else must go on reading its output meanwhile, or it cannot finish.
    pub fn stop(
        &mut self,
        ladder: &StopLadder,
        last_progress: &dyn Fn() -> Option<Timestamp>,
        clock: &dyn Clock,
    ) -> Stopped {
        if let Some(exit) = self.try_wait() {
            return Stopped { exit: Some(exit), rung: Rung::EndedBefore };
        }
        if ladder.first == FirstRung::EndInput && self.has_input() {
            self.end_input();
            if let Some(exit) = self.wait_while_it_goes_on(ladder, last_progress, clock) {
                return Stopped { exit: Some(exit), rung: Rung::InputEnded };
            }
            log::warn!("{}: does not finish at the end of its input; it is interrupted", self.name());
        }
        self.interrupt();
        self.end_input();
        if let Some(exit) = self.wait_while_it_goes_on(ladder, last_progress, clock) {
            return Stopped { exit: Some(exit), rung: Rung::Interrupted };
        }
        log::warn!("{}: does not finish when interrupted; it is killed", self.name());
        self.kill();
        Stopped { exit: self.wait(KILL_DEADLINE), rung: Rung::Killed }
    }

    fn wait_while_it_goes_on(
        &mut self,
        ladder: &StopLadder,
        last_progress: &dyn Fn() -> Option<Timestamp>,
        clock: &dyn Clock,
    ) -> Option<Exit> {
        let begun = clock.now();
        loop {
            if let Some(exit) = self.wait(LOOK) {
                return Some(exit);
            }
            let alive = last_progress().map_or(begun, |progress| progress.max(begun));
            let now = clock.now();
            if now.since(alive) >= ladder.grace || now.since(begun) >= ladder.patience {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::fake::{real, script, words};
    use super::super::{Asked, Launch, Stdin, Stdout, launch};
    use super::*;
    use crate::rt::{ManualClock, RealClock};

    fn start(lines: &str, stdin: Stdin) -> Process {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "fake", lines);
        let mut process = launch(Launch::new(program, Vec::new(), "fake").with_io(stdin, Stdout::Socket)).unwrap();
        // "ready" comes after the traps are set and the script is read.
        process.take_stdout().unwrap().read_exact(&mut [0; 6]).unwrap();
        process
    }

    /// Stops with a clock that goes on one second a look; packets come as long as `packets_until_s`.
    fn stop(process: &mut Process, ladder: &StopLadder, packets_until_s: u64) -> (Stopped, u64) {
        let clock = ManualClock::default();
        let progress = || {
            clock.advance(Duration::from_secs(1));
            Some(clock.now().min(Timestamp::default() + Duration::from_secs(packets_until_s)))
        };
        let stopped = process.stop(ladder, &progress, &clock);
        (stopped, clock.now().since(Timestamp::default()).as_secs())
    }

    #[test]
    fn a_child_that_listens_ends_with_its_input() {
        let mut process = start("echo ready; cat >/dev/null", Stdin::Socket);
        let ladder = StopLadder { grace: Duration::from_hours(1), patience: Duration::MAX, ..StopLadder::default() };
        let stopped = process.stop(&ladder, &|| None, &RealClock);
        assert_eq!(stopped.rung, Rung::InputEnded);
        assert!(stopped.exit.unwrap().is_success());
        assert_eq!(process.stop(&ladder, &|| None, &RealClock).rung, Rung::EndedBefore);
    }

    #[test]
    fn a_deaf_child_is_interrupted_and_a_stubborn_one_is_killed() {
        let deaf = "trap 'exit 255' INT; echo ready; while :; do sleep 0.05; done";
        let (stopped, took_s) = stop(&mut start(deaf, Stdin::Socket), &StopLadder::default(), 0);
        assert_eq!(stopped.rung, Rung::Interrupted);
        assert!(stopped.exit.unwrap().is_success() && took_s >= 5);

        let stubborn = "trap '' INT; echo ready; while :; do sleep 0.05; done";
        let (stopped, took_s) = stop(&mut start(stubborn, Stdin::Socket), &StopLadder::default(), 0);
        assert_eq!((stopped.rung, took_s), (Rung::Killed, 10));
        let exit = stopped.exit.unwrap();
        assert_eq!((exit.signal, exit.asked, exit.is_success()), (Some(9), Asked::Kill, false));
    }

    #[test]
    fn packets_buy_time_but_not_for_ever() {
        let stubborn = "trap '' INT; echo ready; while :; do sleep 0.05; done";
        let (stopped, took_s) = stop(&mut start(stubborn, Stdin::Socket), &StopLadder::default(), 20);
        // Input ended at 0, packets until 20, interrupted at 25, killed at 30.
        assert_eq!((stopped.rung, took_s), (Rung::Killed, 30));
        let ladder = StopLadder { patience: Duration::from_secs(40), ..StopLadder::default() };
        let (stopped, took_s) = stop(&mut start(stubborn, Stdin::Socket), &ladder, u64::from(u32::MAX));
        assert_eq!((stopped.rung, took_s), (Rung::Killed, 80));
    }

    #[test]
    fn without_an_input_or_with_one_of_its_own_a_child_is_interrupted_first() {
        let polite = "trap 'exit 255' INT; echo ready; while :; do sleep 0.05; done";
        let patient = StopLadder { grace: Duration::from_hours(1), patience: Duration::MAX, ..StopLadder::default() };
        let stopped = start(polite, Stdin::Null).stop(&patient, &|| None, &RealClock);
        assert_eq!(stopped.rung, Rung::Interrupted);
        let first = StopLadder { first: FirstRung::Interrupt, ..patient };
        let stopped = start(polite, Stdin::Socket).stop(&first, &|| None, &RealClock);
        assert_eq!(stopped.rung, Rung::Interrupted);
    }

    #[test]
    fn an_interrupted_ffmpeg_finishes_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("take.mp4");
        // `-re` and a second input make it one that never ends by itself.
        let mut args =
            words(&["-f", "rawvideo", "-s", "64x64", "-pix_fmt", "gray", "-i", "pipe:0", "-re", "-f", "lavfi"]);
        args.extend(words(&["-i", "sine", "-map", "1:a", "-c:a", "aac", "-progress", "pipe:1"]));
        args.push(file.clone().into());
        let ffmpeg = real();
        let take = Launch::new(ffmpeg.program.clone(), args, "take").with_io(Stdin::Socket, Stdout::Socket);
        let mut process = launch(take).unwrap();
        let mut input = process.take_stdin().unwrap();
        std::io::Write::write_all(&mut input, &[0; 64 * 64 * 2]).unwrap();
        let mut output = process.take_stdout().unwrap();
        output.read_exact(&mut [0; 300]).unwrap(); // it writes
        let (stopped, _) = stop(&mut process, &StopLadder::default(), 0);
        assert_eq!(stopped.rung, Rung::Interrupted);
        assert!(stopped.exit.unwrap().is_success(), "{stopped:?} {:?}", process.log_tail());
        let probe = super::super::probe_file(&ffmpeg, &file, super::super::fake::LONG).unwrap();
        assert!(probe.streams[0].packets.unwrap() > 0);
    }
}
