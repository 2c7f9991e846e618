//! Reads a recording back: every picture as a grid of 32 by 18, the sound as one channel at 48 kHz, both with their
//! times, in one pass of ffmpeg and without holding the film.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::ffmpeg::{Ffmpeg, Launch, Stdin, Stdout, file_url, launch};
use crate::media::TrackKind;
use crate::media::sync::{CELLS_ACROSS, CELLS_DOWN, CLICK_RATE, ClickMeter, FlashMeter};
use crate::nut::{NutError, Reader};
use crate::rt::StopToken;

/// How long ffmpeg may take to end after its last packet.
const END_DEADLINE: Duration = Duration::from_secs(10);

/// The flashes and clicks of a recording, in seconds of its own time.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) flashes_s: Vec<f64>,
    pub(super) clicks_s: Vec<f64>,
}

/// Reads the file; the error is for people.
pub(super) fn read(ffmpeg: &Ffmpeg, file: &Path, stop: &StopToken) -> Result<Found, String> {
    let failed = |why: String| format!("the recording {} cannot be read back: {why}", file.display());
    let command = Launch::new(&ffmpeg.program, args(ffmpeg, file), "read-back").with_io(Stdin::Null, Stdout::Socket);
    let mut process = launch(command).map_err(|error| failed(error.to_string()))?;
    let Some(output) = process.take_stdout() else { return Err(failed("ffmpeg has no output".to_owned())) };
    let mut meters = Meters::default();
    let read = meters.take(Reader::new(output), stop);
    if process.wait(END_DEADLINE).is_none() {
        process.kill();
    }
    read.map_err(|error| failed(process.log_tail().pop().unwrap_or_else(|| error.to_string())))?;
    Ok(Found { flashes_s: meters.flashes.onsets_s(), clicks_s: meters.clicks.onsets_s() })
}

fn args(ffmpeg: &Ffmpeg, file: &Path) -> Vec<OsString> {
    let mode = if ffmpeg.version.at_least(5, 1) { "-fps_mode" } else { "-vsync" };
    let picture = format!("scale={CELLS_ACROSS}:{CELLS_DOWN}:flags=area,format=gray");
    // Holes become silence, so that a sample's number is its time.
    let sound = format!("aresample={CLICK_RATE}:async=1:first_pts=0");
    let words = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+error", "-copyts", "-i"];
    let mut args: Vec<OsString> = words.map(OsString::from).to_vec();
    args.push(file_url(file));
    let rate = CLICK_RATE.to_string();
    let words = ["-map", "0:v:0", "-map", "0:a:0", mode, "passthrough", "-vf", &picture, "-af", &sound, "-ac", "1"];
    args.extend(words.map(OsString::from));
    let words = ["-ar", &rate, "-c:v", "rawvideo", "-c:a", "pcm_s16le", "-f", "nut", "pipe:1"];
    args.extend(words.map(OsString::from));
    args
}

#[derive(Default)]
struct Meters {
    flashes: FlashMeter,
    clicks: ClickMeter,
}

impl Meters {
    fn take(&mut self, mut film: Reader<impl std::io::Read>, stop: &StopToken) -> Result<(), NutError> {
        let tracks = film.read_headers()?;
        while let Some(packet) = film.next_packet()? {
            if stop.is_stopped() {
                return Ok(());
            }
            let Some(track) = tracks.get(packet.track) else { continue };
            match track.kind {
                TrackKind::Video { .. } => {
                    self.flashes.push(seconds(track.time_base.to_nanos(packet.pts)), &packet.data);
                }
                TrackKind::Audio { .. } => {
                    let words = packet.data.chunks_exact(2);
                    self.clicks.push(words.map(|word| f32::from(i16::from_le_bytes([word[0], word[1]])) / 32_768.0));
                }
                TrackKind::Subtitle | TrackKind::Data => {}
            }
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "no film has 2^53 ns")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}
