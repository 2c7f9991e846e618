//! Picture and sound in step, measured: a screen that flashes and an output that beeps at known moments, recorded by the
//! real program, read back from the file.
//!
//! `make bench-sync` runs the same with more events (`GEARCAST_SYNC_EVENTS`), and over ten minutes.

use std::path::Path;
use std::time::Duration;

use gearcast::media::sync::{CELLS, ClickMeter, FlashMeter, SyncReport, measure};
use serde_json::json;

use crate::support::judge::{probe, tool};
use crate::support::program::Home;
use crate::support::pulse::Pulse;
use crate::support::stimulus::{Course, Stimulus};
use crate::support::take::Take;
use crate::support::xvfb::Xvfb;

/// Enough to tell a mistake of 10 ms; a minute of events is for `make bench-sync`.
const EVENTS: u32 = 12;
/// An event's share of the course, and a little.
const PERIOD: Duration = Duration::from_millis(1550);
const FRAME_S: f64 = 1.0 / 30.0;

/// What is asked for by the environment, or a short one.
fn course() -> Course {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let events = number("GEARCAST_SYNC_EVENTS").unwrap_or(EVENTS);
    let span = PERIOD * events;
    let again = number("GEARCAST_SYNC_MINUTES").map(|minutes| Duration::from_mins(minutes.into()).saturating_sub(span));
    Course { events: events as usize, again_after: again.filter(|after| *after > span) }
}

/// Records a course of flashes and beeps and says what the file holds of it.
fn recorded(name: &str, course: Course, settings: &[&str]) -> SyncReport {
    let (screen, pulse, home) = (Xvfb::start("1280x720x24"), Pulse::start(), Home::new());
    let stimulus = Stimulus::prepare(&screen, &pulse);
    let length = course.again_after.unwrap_or_default() + PERIOD * u32::try_from(course.events).unwrap();
    let seconds = format!("{:.1}", length.as_secs_f64());
    let args = ["--source", "screen", "--audio", "system", "--duration", &seconds, "--output", name];
    let args = [&args[..], &["--set", "video.fps=30", "--set", "video.preset=ultrafast"], settings].concat();
    let server = pulse.server();
    let environment = [("DISPLAY", &*screen.display), ("PULSE_SERVER", &*server)];
    let mut take = Take::start(&home, &args, &environment);
    take.wait_for("started");
    // Side by side: a program whose lines nobody reads stands still in the end.
    let (shown, (ran, last)) = std::thread::scope(|scope| {
        let shown = scope.spawn(|| stimulus.run(course));
        let ended = take.end();
        (shown.join().unwrap(), ended)
    });
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}", ran.err);
    let (flashes, clicks) = read_back(&home.at(name));
    let report = measure(&shown, &flashes, &clicks, FRAME_S);
    let offsets: Vec<f64> = report.events.iter().map(|event| (event.offset_ms * 10.0).round() / 10.0).collect();
    eprintln!(
        "{name}: {} of {} events, {} flashes, {} beeps; mean {:+.1} ± {:.1} ms, sd {:.1} ms, first {:+.1} ms, strays {}, \
         drift {:+.0} ± {:.0} ppm, {:+.1} ms from one end to the other\n  {offsets:?}",
        report.events.len(),
        report.shown,
        flashes.len(),
        clicks.len(),
        report.mean_ms,
        report.mean_error_ms,
        report.sd_ms,
        report.first_ms.unwrap_or(f64::NAN),
        report.strays(),
        report.drift_ppm,
        report.drift_error_ppm,
        drift_ms(&report),
    );
    report
}

/// The flashes and clicks of a file, in seconds of its own time.
fn read_back(file: &Path) -> (Vec<f64>, Vec<f64>) {
    let path = file.to_str().unwrap();
    let times = probe(file, &["-select_streams", "v", "-show_entries", "frame=best_effort_timestamp_time"]);
    let args = ["-v", "error", "-i", path, "-map", "0:v", "-fps_mode", "passthrough", "-vf", "scale=32:18:flags=area"];
    let cells = tool("ffmpeg", &[&args[..], &["-f", "rawvideo", "-pix_fmt", "gray", "-"]].concat()).stdout;
    assert_eq!(cells.len(), times.len() * CELLS);
    let mut flashes = FlashMeter::default();
    for (time, picture) in times.iter().zip(cells.chunks_exact(CELLS)) {
        flashes.push(time.parse().unwrap(), picture);
    }
    let filter = "aresample=48000:async=1:first_pts=0";
    let args = ["-v", "error", "-copyts", "-i", path, "-map", "0:a:0", "-af", filter, "-ac", "1", "-f", "f32le", "-"];
    let sound = tool("ffmpeg", &args).stdout;
    let mut clicks = ClickMeter::default();
    clicks.push(sound.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])));
    (flashes.onsets_s(), clicks.onsets_s())
}

/// Of takes of 12 to 120 events on two processors under a load of 1 to 5, the means were −2 to +3 ms, the
/// spreads 9.6 to 10.1 ms (sampling alone: 9.6), and the first event within 11 ms of the mean (sampling alone: 17).
/// Twelve events tell the mean to 3 ms; the rest of the limits is for busier machines. People notice 40 ms.
fn is_in_step(report: &SyncReport) -> bool {
    let first = report.events.first().map_or(f64::INFINITY, |first| first.offset_ms - report.mean_ms);
    report.events.len() + 1 >= report.shown
        && report.strays() <= 1
        && report.mean_ms.abs() < 15.0
        && report.sd_ms < 20.0
        && first.abs() < 40.0
        && drift_ms(report).abs() < 10.0
}

/// What the second half of a long course is later than the first; a short one cannot tell.
fn drift_ms(report: &SyncReport) -> f64 {
    let span = report.events.last().map_or(0.0, |last| last.at_s);
    if span < 300.0 {
        return 0.0;
    }
    let mean = |is_late: bool| {
        let half: Vec<f64> = report
            .events
            .iter()
            .filter(|event| !event.stray && (event.at_s > span / 2.0) == is_late)
            .map(|event| event.offset_ms)
            .collect();
        half.iter().sum::<f64>() / f64::from(u32::try_from(half.len()).unwrap())
    };
    mean(true) - mean(false)
}

/// A machine that stands still for a moment makes the sound server skip: that is not ours, and seldom comes twice.
fn stays_in_step(name: &str, settings: &[&str]) {
    let first = recorded(name, course(), settings);
    if !is_in_step(&first) {
        let second = recorded(name, course(), settings);
        assert!(is_in_step(&second), "{first:?}\n{second:?}");
    }
}

#[test]
fn mkv_with_pcm_is_in_step() {
    stays_in_step("sync.mkv", &["--set", "audio.codec=pcm"]);
}

#[test]
fn mp4_with_aac_is_in_step() {
    stays_in_step("sync.mp4", &[]);
}
