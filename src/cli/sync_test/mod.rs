//! `sync-test`: a window flashes and an output clicks at known moments, the session records both as it always does, and
//! the file is read back. Knows the window only by its board.
//!
//! The window needs the main thread, so the test is led from a job.

mod read;
mod stage;
mod store;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::stage::{Stage, Take};
use self::store::Target;
use super::args::{RecordArgs, SyncTestArgs};
use super::exit::Exit;
use super::record::Printer;
use super::report::Line;
use super::signals::Signals;
use super::wishes::{Wishes, wishes};
use crate::app::{FlashBoard, run_flashes};
use crate::media::sync::{SyncVerdict, judge, measure};
use crate::plan::MissingSound;
use crate::profile::{AudioInput, Places, Profile, Store};
use crate::rt::{Job, JobState, RealClock, spawn_job};

/// The window is closed once the job is done; the rest of its way back takes no time.
const JOB_DEADLINE: Duration = Duration::from_secs(5);

/// Runs the whole test. For the main thread.
pub(super) fn run(args: &SyncTestArgs) -> Exit {
    let mut printer = Printer::new(args.json);
    let board = Arc::new(FlashBoard::default());
    let cancels = Arc::clone(&board);
    let signals = match Signals::watch(move || cancels.cancel()) {
        Ok(signals) => signals,
        Err(error) => return printer.refuse("signals", &format!("Ctrl+C cannot be caught: {error}"), Exit::Usage),
    };
    let places = match Places::from_env() {
        Ok(places) => places,
        Err(error) => return printer.refuse("places", &error.to_string(), Exit::Usage),
    };
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            let what = format!("there is no place for a recording to be thrown away: {error}");
            return printer.refuse("output.folder", &what, Exit::Output);
        }
    };
    let wished = match wished(args, &places, folder.path()) {
        Ok(wished) => wished,
        Err(what) => return printer.refuse("usage", &what, Exit::Usage),
    };
    let Wished { target, heard, wishes } = wished;
    let stage =
        Stage { args: args.clone(), wishes, places: places.clone(), board: Arc::clone(&board), printer, signals };
    let job = spawn_job(
        "sync-test",
        || {},
        move |stop| {
            let _closes = Closes(Arc::clone(&stage.board));
            stage.play(&stop)
        },
    );
    let mut job = match job {
        Ok(job) => job,
        Err(error) => {
            return Printer::new(args.json).refuse(
                "thread",
                &format!("no thread can be started: {error}"),
                Exit::Usage,
            );
        }
    };
    if let Err(error) = run_flashes(&board, Arc::new(RealClock)) {
        return no_window(&mut job, &error.to_string(), args.json);
    }
    match job.wait(JOB_DEADLINE) {
        JobState::Done((printer, Ok(take))) => told(args, &places, &target, &heard, &take, printer),
        JobState::Done((_, Err(exit))) => exit,
        JobState::Running | JobState::Gone => {
            Printer::new(args.json).refuse("sync-test", "the test broke off", Exit::Encoder)
        }
    }
}

/// Closes the window when the job ends, however it does.
struct Closes(Arc<FlashBoard>);

impl Drop for Closes {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn no_window(job: &mut Job<(Printer, Result<Take, Exit>)>, why: &str, json: bool) -> Exit {
    job.stop();
    drop(job.wait(JOB_DEADLINE));
    Printer::new(json).refuse("display", &format!("the flash needs a window, and {why}"), Exit::Capture)
}

/// What is to be recorded, and where an offset would be stored.
struct Wished {
    wishes: Wishes,
    target: Target,
    /// The input that hears the click.
    heard: AudioInput,
}

/// A profile, cut down to the one input that hears the click.
fn wished(args: &SyncTestArgs, places: &Places, folder: &Path) -> Result<Wished, String> {
    if let Some(source @ ("none" | "test")) = args.source.as_deref() {
        return Err(format!(
            "--source: '{source}' does not see the flash; leave it out, or choose a screen or a camera"
        ));
    }
    if let Some(sound @ ("none" | "test")) = args.audio.as_deref() {
        return Err(format!("--audio: '{sound}' does not hear the click; leave it out, or choose system or a device"));
    }
    let record = RecordArgs {
        profile: args.profile.clone(),
        // Where the window is, is known only when it is open.
        source: Some(args.source.clone().unwrap_or_else(|| "screen".to_owned())),
        output: Some(args.keep.clone().unwrap_or_else(|| folder.join(""))),
        set: args.set.clone(),
        ffmpeg: args.ffmpeg.clone(),
        ..RecordArgs::default()
    };
    let store = Store::new(places.profiles());
    let cwd = std::env::current_dir().unwrap_or_default();
    let mut wishes = wishes(&record, &store, &cwd).map_err(|error| error.to_string())?;
    wishes.run.missing_sound = MissingSound::Refuse;
    let (index, heard) = heard(&wishes.profile, args.audio.as_deref());
    let input = AudioInput { muted: false, track: 1, ..heard };
    wishes.profile.audio.inputs = vec![input.clone()];
    let target = Target::of(args.profile.as_deref(), &store, index, &input);
    Ok(Wished { wishes, target, heard: input })
}

/// The input that hears the click, and its place in the profile.
fn heard(profile: &Profile, asked: Option<&str>) -> (Option<usize>, AudioInput) {
    let inputs = &profile.audio.inputs;
    let place = |device: &str| inputs.iter().position(|input| input.device == device);
    let device = asked.map(str::trim);
    let index = match device {
        Some(device) => place(device),
        // The built-in profile hears the microphone, which may be nowhere near a loudspeaker.
        None if profile.name == "Recording" => place("system"),
        None => place("system").or(if inputs.is_empty() { None } else { Some(0) }),
    };
    let own = index.and_then(|index| inputs.get(index)).cloned();
    let fresh = || AudioInput { device: device.unwrap_or("system").to_owned(), ..AudioInput::default() };
    (index, own.unwrap_or_else(fresh))
}

/// Compares, tells, and stores what is to be stored.
fn told(
    args: &SyncTestArgs,
    places: &Places,
    target: &Target,
    heard: &AudioInput,
    take: &Take,
    mut printer: Printer,
) -> Exit {
    let report = measure(&take.shown, &take.flashes_s, &take.clicks_s, take.frame_s);
    let verdict = judge(&report);
    for event in &report.events {
        printer.print(Line::Json(words::event_json(event)));
    }
    printer.print(Line::Say(words::report_words(&report, verdict, take)));
    let stored = if report.is_telling(take.flash_error_ms) {
        store::settle(args, places, target, heard, take, report.mean_ms, &mut printer)
    } else {
        None
    };
    let exit = if verdict == SyncVerdict::InStep { Exit::Good } else { Exit::NotGood };
    let kept: Option<PathBuf> = args.keep.is_some().then(|| take.file.clone());
    printer.print(Line::Json(words::sync_json(&report, verdict, take, stored, kept.as_deref(), exit)));
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str, devices: &[&str]) -> Profile {
        let mut profile = Profile { name: name.to_owned(), ..Profile::default() };
        let input = |(number, device): (u8, &&str)| AudioInput {
            device: (*device).to_owned(),
            offset_ms: f64::from(number),
            ..AudioInput::default()
        };
        profile.audio.inputs = (1..).zip(devices).map(input).collect();
        profile
    }

    #[test]
    fn the_input_that_hears_the_click_is_found() {
        for (name, devices, asked, index, device, offset_ms) in [
            ("Recording", &["default"][..], None, None, "system", 0.0),
            ("Recording", &["default"], Some("default"), Some(0), "default", 1.0),
            ("Mine", &["default", "system"], None, Some(1), "system", 2.0),
            ("Mine", &["USB Mic"], None, Some(0), "USB Mic", 1.0),
            ("Mine", &["USB Mic"], Some("system"), None, "system", 0.0),
            ("Mine", &[], None, None, "system", 0.0),
        ] {
            let (at, input) = heard(&profile(name, devices), asked);
            assert_eq!((at, input.device.as_str(), input.offset_ms), (index, device, offset_ms), "{name} {devices:?}");
        }
    }
}
