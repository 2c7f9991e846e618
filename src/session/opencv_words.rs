//! The words for gearcast-opencv, the child of non-compression mode.

use std::ffi::OsString;
use std::path::Path;

use crate::fanout::{DirectTarget, FileTarget};
use crate::ffmpeg::{Level, LogLine, Redactor};
use crate::media::{Colour, Matrix, Range};
use crate::plan::{ColourChoice, EnginePlan, Plan};
use crate::writegear::{DirectChild, EngineSpec};

/// The child that writes this plan's file; `None` for a plan of ffmpeg's.
pub(super) fn child(plan: &Plan, spec: &EngineSpec, target: &DirectTarget) -> Option<DirectChild> {
    let DirectTarget::Single(reservation) = target else { return None };
    written_to(plan, spec, &reservation.target().safe_path)
}

/// The same for a command that is only shown.
pub(super) fn shown_child(plan: &Plan, spec: &EngineSpec) -> Option<DirectChild> {
    let file = plan.file.as_ref()?;
    written_to(plan, spec, &FileTarget::shown_final(&file.path, file.container).safe_path)
}

fn written_to(plan: &Plan, spec: &EngineSpec, path: &Path) -> Option<DirectChild> {
    let EnginePlan::OpenCv { program, fourcc, backend, colour } = &plan.engine else { return None };
    let video = spec.video?;
    let rate = format!("{}/{}", video.rate.num(), video.rate.den());
    let is_colour = *colour == ColourChoice::Colour;
    let (matrix, range) = words_of(video.colour);
    let mut args: Vec<OsString> = vec!["write".into(), "--output".into(), path.into()];
    // Joined: a tag may begin with a dash.
    let more = [
        format!("--fourcc={fourcc}"),
        format!("--fps={rate}"),
        format!("--backend={backend}"),
        format!("--color={is_colour}"),
        format!("--matrix={matrix}"),
        format!("--range={range}"),
    ];
    args.extend(more.map(OsString::from));
    // The reserved name is an empty file of ours.
    args.push("--replace".into());
    Some(DirectChild { program: program.clone(), args, redactor: Redactor::default() })
}

const fn words_of(colour: Colour) -> (&'static str, &'static str) {
    let matrix = match colour.matrix {
        Matrix::Bt601 => "bt601",
        Matrix::Bt709 | Matrix::Rgb => "bt709",
    };
    let range = match colour.range {
        Range::Limited => "limited",
        Range::Full => "full",
    };
    (matrix, range)
}

/// What the child says it did otherwise than asked: a tag or a rate that the container does not hold.
pub(super) fn remarks(log: &[String]) -> Vec<String> {
    let lines = log.iter().map(|line| LogLine::parse(line));
    // Libraries inside it warn too, in forms of their own.
    let own = lines.filter(|line| line.level == Some(Level::Warning) && line.context.is_none());
    own.map(|line| format!("OpenCV: {}", line.message)).collect()
}
