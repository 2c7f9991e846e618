//! What must be there before a recording begins: ffmpeg, a name that is ours, further inputs that can be read. On a
//! job's thread: each may take seconds.

use std::path::Path;
use std::time::Duration;

use super::failure::Trouble;
use super::recording::PlaceHeld;
use super::spec::further_inputs;
use super::status::FailureKind;
use crate::fanout::{DirectTarget, Keep, OnTaken, ReadBack, refuse_existing, reserve, reserve_final, reserve_series};
use crate::ffmpeg::{
    Capabilities, Cause, Counting, Ffmpeg, Input, Options, ProbeError, Redactor, StreamKind, file_url, probe_input,
};
use crate::plan::{AddressPlan, EnginePlan, FilePlan, FileWay, OnExisting, Plan, SubtitlesFact};
use crate::rt::StopToken;
use crate::writegear::FurtherInput;

/// How long a further input may take to tell what it holds: a camera or a sound server needs two seconds.
const INPUT_DEADLINE: Duration = Duration::from_secs(8);

/// Everything that is needed.
pub(super) struct Ready {
    pub(super) place: PlaceHeld,
    pub(super) further: Vec<FurtherInput>,
}

pub(super) fn prepare(
    custom: Option<&Path>,
    cache_dir: &Path,
    plan: &Plan,
    stop: &StopToken,
) -> Result<Ready, Trouble> {
    if let EnginePlan::OpenCv { program, .. } = &plan.engine {
        let file = plan.file.as_ref().ok_or_else(Trouble::nowhere)?;
        let target = DirectTarget::Single(reserve_final(&file.path, file.container, on_taken(file))?);
        let place = PlaceHeld::Direct { target, read_back: ReadBack::OpenCv(program.clone()) };
        return Ok(Ready { place, further: Vec::new() });
    }
    let ffmpeg = crate::ffmpeg::find(custom)?;
    if let Some(path) = &plan.subtitles {
        let what = match look_at_subtitles(&ffmpeg, path, stop) {
            SubtitlesFact::Unknown | SubtitlesFact::Ready => None,
            SubtitlesFact::Missing => Some("it does not exist".to_owned()),
            SubtitlesFact::Unreadable { reason } => Some(reason),
        };
        if let Some(reason) = what {
            let what = format!("The subtitles {} cannot be used: {reason}", path.display());
            return Err(Trouble::new(FailureKind::Usage, what, "Give a file of subtitles: .srt, .vtt or .ass."));
        }
    }
    let further = look_at_inputs(&ffmpeg, plan, stop)?;
    let place = match (&plan.file, &plan.address) {
        (Some(file), _) => hold(file, ffmpeg, cache_dir, stop)?,
        (None, Some(address)) => away(address, ffmpeg)?,
        (None, None) => return Err(Trouble::nowhere()),
    };
    Ok(Ready { place, further })
}

const fn on_taken(file: &FilePlan) -> OnTaken {
    match file.on_existing {
        OnExisting::Refuse => OnTaken::Refuse,
        OnExisting::Rename => OnTaken::Rename,
        OnExisting::Replace => OnTaken::Replace,
    }
}

fn hold(file: &FilePlan, ffmpeg: Ffmpeg, cache_dir: &Path, stop: &StopToken) -> Result<PlaceHeld, Trouble> {
    let on_taken = on_taken(file);
    Ok(match file.way {
        FileWay::Packets => {
            let reservation = reserve(&file.path, file.container, on_taken)?;
            let hybrid = Capabilities::load_or_probe(&ffmpeg, cache_dir, stop)
                .is_ok_and(|known| known.is_some_and(|known| known.hybrid_fragmented));
            let hybrid_mp4 = if hybrid { Keep::CrashSafe } else { Keep::Ordinary };
            PlaceHeld::Packets { ffmpeg, reservation, hybrid_mp4 }
        }
        FileWay::Single => {
            let target = DirectTarget::Single(reserve_final(&file.path, file.container, on_taken)?);
            PlaceHeld::Direct { target, read_back: ReadBack::Ffmpeg(ffmpeg) }
        }
        FileWay::Images | FileWay::Segments { .. } | FileWay::Playlist => {
            let target = DirectTarget::Series(reserve_series(&file.path, file.container, on_taken)?);
            PlaceHeld::Direct { target, read_back: ReadBack::Ffmpeg(ffmpeg) }
        }
    })
}

fn away(address: &AddressPlan, ffmpeg: Ffmpeg) -> Result<PlaceHeld, Trouble> {
    if address.on_existing != OnExisting::Replace {
        refuse_existing(&address.files)?;
    }
    let target = DirectTarget::Away(Redactor::default().hide(&address.url));
    Ok(PlaceHeld::Direct { target, read_back: ReadBack::Ffmpeg(ffmpeg) })
}

/// What a file of subtitles is. For a job's thread.
pub fn look_at_subtitles(ffmpeg: &Ffmpeg, path: &Path, stop: &StopToken) -> SubtitlesFact {
    let input = Input { options: Options::new(), url: file_url(path) };
    match probe_input(ffmpeg, &input, Counting::Nothing, INPUT_DEADLINE, stop) {
        Ok(probe) if probe.streams.iter().any(|stream| stream.kind == StreamKind::Other) => SubtitlesFact::Ready,
        Ok(_) => SubtitlesFact::Unreadable { reason: "it holds no subtitles".to_owned() },
        Err(ProbeError::Unreadable(Cause::PathMissing)) => SubtitlesFact::Missing,
        Err(ProbeError::Unreadable(cause)) => SubtitlesFact::Unreadable { reason: cause.what() },
        Err(error) => {
            log::warn!("the subtitles were not looked at: {error}");
            SubtitlesFact::Unknown
        }
    }
}

/// What the further inputs hold.
fn look_at_inputs(ffmpeg: &Ffmpeg, plan: &Plan, stop: &StopToken) -> Result<Vec<FurtherInput>, Trouble> {
    let look = |input| match probe_input(ffmpeg, &input, Counting::Nothing, INPUT_DEADLINE, stop) {
        Ok(probe) => {
            let sounds = probe.streams.iter().filter(|stream| stream.kind == StreamKind::Audio);
            let sounds = sounds.map(|sound| sound.channels.unwrap_or(2)).collect();
            Ok(FurtherInput { input, sounds })
        }
        // Without ffprobe it is taken for one sound, as it nearly always is.
        Err(ProbeError::NoFfprobe) => Ok(FurtherInput { input, sounds: vec![2] }),
        Err(error) => {
            let name = Redactor::default().hide(&input.url.to_string_lossy());
            let what = format!("The further input '{name}' cannot be opened: {error}");
            let help = "Check its name and its options in advanced.inputs.";
            Err(Trouble::new(FailureKind::Usage, what, help))
        }
    };
    further_inputs(plan).into_iter().map(look).collect()
}
