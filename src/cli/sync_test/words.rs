//! What a sync test has found, for people and for scripts. Pure.

use std::path::Path;

use serde_json::{Value, json};

use super::stage::Take;
use crate::cli::exit::Exit;
use crate::media::sync::{Event, SyncReport, SyncVerdict};

/// One event.
pub(super) fn event_json(event: &Event) -> Value {
    json!({
        "event": "measured",
        "n": event.index + 1,
        "at_s": rounded(event.at_s, 3),
        "offset_ms": rounded(event.offset_ms, 1),
        "flash_s": rounded(event.flash_s, 4),
        "click_s": rounded(event.click_s, 4),
        "stray": event.stray,
    })
}

/// The whole, as the last line.
pub(super) fn sync_json(
    report: &SyncReport,
    verdict: SyncVerdict,
    take: &Take,
    stored: Option<f64>,
    kept: Option<&Path>,
    exit: Exit,
) -> Value {
    json!({
        "event": "sync",
        "events_shown": report.shown,
        "events_found": report.events.len(),
        "strays": report.strays(),
        "offset_ms": rounded(report.mean_ms, 1),
        "offset_error_ms": rounded(report.mean_error_ms, 1),
        "offset_sd_ms": rounded(report.sd_ms, 1),
        "flash_error_ms": rounded(take.flash_error_ms, 1),
        "half_frame_ms": rounded(take.frame_s * 500.0, 1),
        "first_offset_ms": report.first_ms.map(|first| rounded(first, 1)),
        "drift_ppm": rounded(report.drift_ppm, 1),
        "drift_error_ppm": rounded(report.drift_error_ppm, 1),
        "drift_ms": rounded(report.drift_ppm * span_s(report) / 1e3, 1),
        "device": take.device_id,
        "output": take.output_name,
        "verdict": verdict.name(),
        "stored": stored.map(|offset_ms| rounded(offset_ms, 1)),
        "file": kept.map(|path| path.display().to_string()),
        "exit_code": exit.code(),
    })
}

/// The whole, for people.
pub(super) fn report_words(report: &SyncReport, verdict: SyncVerdict, take: &Take) -> String {
    let heading = format!("Heard by '{}', played on '{}'.", take.device_name, take.output_name);
    let found = format!("Found {} of {} flashes with their clicks.", report.events.len(), report.shown);
    let mut lines = vec![heading, found];
    if verdict == SyncVerdict::TooFew {
        lines.push(missing(take, report.shown));
        return lines.join("\n");
    }
    let half_frame = take.frame_s * 500.0;
    lines.push(format!(
        "Offset: picture {} than sound, ± {:.1} ms; single events spread by {:.1} ms, of which sampling makes {:.1}.",
        later(report.mean_ms),
        2.0 * report.mean_error_ms,
        report.sd_ms,
        half_frame / 3.0_f64.sqrt(),
    ));
    lines.push(format!(
        "        (the {half_frame:.1} ms that sampling costs on average are taken off; the moment of a flash is known to \
         ± {:.1} ms)",
        take.flash_error_ms
    ));
    if let Some(first) = report.first_ms {
        lines.push(format!("First event: picture {} than sound.", later(first)));
    }
    lines.push(drift(report));
    lines.push(verdict_words(report, verdict));
    lines.join("\n")
}

fn later(ms: f64) -> String {
    if ms < 0.0 { format!("{:.1} ms earlier", -ms) } else { format!("{ms:.1} ms later") }
}

fn missing(take: &Take, shown: usize) -> String {
    let (flashes, clicks) = (take.flashes_s.len(), take.clicks_s.len());
    let hint = match (flashes * 2 < shown, clicks * 2 < shown) {
        (true, true) => "Is the recorded place the window's, and the output not muted?",
        (true, false) => "Is the window uncovered, and does the source see it?",
        (false, true) => "Is the output muted or very quiet, and does the input hear it?",
        (false, false) => "The machine may be too busy: try again, or with --events 40.",
    };
    format!("Too few to tell anything: the recording holds {flashes} flashes and {clicks} clicks. {hint}")
}

fn drift(report: &SyncReport) -> String {
    let (ppm, error) = (report.drift_ppm, 2.0 * report.drift_error_ppm);
    let (hour, hour_error) = (report.drift_ms_per_hour(), 2.0 * report.drift_error_ms_per_hour());
    let told = format!("{ppm:+.0} ± {error:.0} ppm ({hour:+.0} ± {hour_error:.0} ms an hour)");
    if ppm.abs() > error {
        return format!("Drift: {told}.");
    }
    format!("Drift: none that {:.0} s could tell: {told}.", span_s(report))
}

fn verdict_words(report: &SyncReport, verdict: SyncVerdict) -> String {
    let ms = report.mean_ms.abs().round();
    let side = if report.mean_ms >= 0.0 { "early" } else { "late" };
    match verdict {
        SyncVerdict::InStep if ms < 1.0 => "In step.".to_owned(),
        SyncVerdict::InStep => format!("In step: sound is {ms} ms {side}, which nobody hears."),
        SyncVerdict::SoundEarly | SyncVerdict::SoundLate => {
            format!("Not in step: sound is {ms} ms {side}, which people notice.")
        }
        SyncVerdict::Unsteady => format!(
            "Not steady: {} of {} events are far from the others. The machine may be too busy for this recording.",
            report.strays(),
            report.events.len()
        ),
        SyncVerdict::TooFew => "Too few events.".to_owned(),
    }
}

fn span_s(report: &SyncReport) -> f64 {
    report.events.last().map_or(0.0, |event| event.at_s)
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sync::judge;

    fn take() -> Take {
        Take {
            file: "/v/a.mp4".into(),
            shown: Vec::new(),
            flashes_s: vec![1.0; 20],
            clicks_s: Vec::new(),
            frame_s: 1.0 / 30.0,
            flash_error_ms: 4.04,
            device_id: Some("pulseaudio:desk.monitor".to_owned()),
            device_name: "Monitor of Desk".to_owned(),
            output_name: "Desk".to_owned(),
        }
    }

    fn report(mean_ms: f64) -> SyncReport {
        let event = |index: u8| Event {
            index: index.into(),
            at_s: f64::from(index) * 1.5,
            flash_s: 2.0,
            click_s: 1.98,
            offset_ms: mean_ms,
            stray: false,
        };
        SyncReport {
            shown: 20,
            events: (0..20).map(event).collect(),
            mean_ms,
            sd_ms: 9.6,
            mean_error_ms: 2.1,
            first_ms: Some(5.0),
            drift_ppm: 40.0,
            drift_error_ppm: 120.0,
        }
    }

    fn words(mean_ms: f64) -> String {
        report_words(&report(mean_ms), judge(&report(mean_ms)), &take())
    }

    #[test]
    fn people_read_which_comes_first_and_whether_it_matters() {
        let text = words(3.04);
        for part in [
            "Found 20 of 20",
            "picture 3.0 ms later than sound, ± 4.2 ms",
            "16.7 ms",
            "First event: picture 5.0 ms later",
            "none that 28 s could tell: +40 ± 240 ppm (+144 ± 864 ms an hour)",
            "In step: sound is 3 ms early, which nobody hears.",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(words(-2.0).contains("In step: sound is 2 ms late"));
        assert!(words(55.0).contains("Not in step: sound is 55 ms early, which people notice."));
    }

    #[test]
    fn too_few_events_say_what_is_missing() {
        let few = SyncReport { events: Vec::new(), ..report(0.0) };
        let text = report_words(&few, judge(&few), &take());
        assert!(text.contains("20 flashes and 0 clicks") && text.contains("muted"), "{text}");
        assert!(!text.contains("Offset"), "{text}");
    }

    #[test]
    fn scripts_read_numbers() {
        let value = sync_json(&report(12.34), SyncVerdict::InStep, &take(), Some(12.3), None, Exit::Good);
        for (key, expected) in [
            ("event", json!("sync")),
            ("events_found", json!(20)),
            ("offset_ms", json!(12.3)),
            ("offset_sd_ms", json!(9.6)),
            ("first_offset_ms", json!(5.0)),
            ("drift_ppm", json!(40.0)),
            ("drift_ms", json!(1.1)),
            ("verdict", json!("in_step")),
            ("stored", json!(12.3)),
            ("file", Value::Null),
            ("exit_code", json!(0)),
        ] {
            assert_eq!(value[key], expected, "{key}");
        }
        let event = event_json(&report(12.34).events[1]);
        assert_eq!((&event["n"], &event["offset_ms"]), (&json!(2), &json!(12.3)));
    }
}
