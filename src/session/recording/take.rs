//! What takes the encoder's product, and how each kind is started.

use std::path::Path;
use std::sync::Arc;

use super::direct::Direct;
use super::packets::{self, Packets};
use crate::fanout::{Counters, DirectTarget, EncoderEnd, FileTarget, Keep, ReadBack, Reservation, SinkReport};
use crate::ffmpeg::{Ffmpeg, Redactor};
use crate::media::{RenditionId, Resolution};
use crate::plan::{FileWay, Plan};
use crate::rt::Clock;
use crate::session::direct_words;
use crate::session::failure::Trouble;
use crate::session::opencv_words;
use crate::session::spec::{First, engine_spec, further_inputs};
use crate::writegear::{Destination, DirectChild, Engine, EngineInput, EngineSpec, FurtherInput, encoder_args};

/// What takes the encoder's product.
pub(super) trait Take: Send {
    /// Why it cannot go on, given out once.
    fn failure(&mut self) -> Option<Trouble>;
    /// Why there is no sense in going on: what was being written to is gone. Asked only while it is written to.
    fn loss(&self) -> Option<Trouble>;
    /// How the child's standard output ended, given out once.
    fn output_end(&mut self) -> Option<EncoderEnd>;
    /// The child is gone: complete what there is.
    fn complete(&mut self, ended: Ended);
    /// What is being done then, and how far it is.
    fn finishing(&self) -> (&'static str, Option<f64>);
    /// Do not wait: leave what is safe as it is.
    fn hurry(&mut self);
    /// The report, once it is complete.
    fn report(&mut self) -> Option<SinkReport>;
    /// Room on its disk, if it has one.
    fn free_bytes(&self) -> Option<u64>;
    /// Whether room for a second copy is needed at the end.
    fn is_copied_at_the_end(&self) -> bool;
}

/// How the child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Broken,
}

/// What both kinds of recording are given.
#[derive(Clone)]
pub(super) struct TakeSetup {
    pub(super) plan: Arc<Plan>,
    /// What the tracks of sound are called.
    pub(super) titles: Vec<String>,
    pub(super) counters: Arc<Counters>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
}

/// The commands that a plan would run, as shell words, for a source of this size. Each further input is taken as having
/// one sound.
pub(in crate::session) fn commands_for(plan: &Plan, ffmpeg: &Path, source: Resolution) -> Vec<String> {
    let further = further_inputs(plan);
    let further = further.into_iter().map(|input| FurtherInput { input, sounds: vec![2] }).collect();
    let file = plan.file.as_ref().filter(|file| file.way == FileWay::Packets);
    let destination = match file {
        Some(_) => Destination::Packets,
        None => Destination::Direct(direct_words::shown_output(plan)),
    };
    let spec = engine_spec(plan, Some(First::Size(source)), further, destination);
    if let Some(child) = opencv_words::shown_child(plan, &spec) {
        return vec![child.shell_quoted()];
    }
    let mut commands = vec![encoder_args(&spec).shell_quoted(ffmpeg, &Redactor::default())];
    if let Some(file) = file {
        let target = FileTarget::shown(&file.path, file.container);
        commands.push(packets::writer_command((plan, &[]), ffmpeg, &spec, &target, Keep::Ordinary));
    }
    commands
}

/// A started child with what belongs to it.
pub(super) struct Started {
    pub(super) engine: Engine,
    pub(super) input: EngineInput,
    pub(super) take: Box<dyn Take>,
    pub(super) commands: Vec<String>,
}

pub(super) fn start_packets(
    setup: &TakeSetup,
    ffmpeg: &Ffmpeg,
    spec: &EngineSpec,
    reservation: Reservation,
    hybrid_mp4: Keep,
) -> Result<Started, Trouble> {
    let commands = vec![
        encoder_args(spec).shell_quoted(&ffmpeg.program, &Redactor::default()),
        packets::writer_command((&setup.plan, &setup.titles), &ffmpeg.program, spec, reservation.target(), hybrid_mp4),
    ];
    let (engine, input, output) = Engine::start(ffmpeg, spec, RenditionId(0), 0)?;
    let take = Packets::start(setup, ffmpeg, spec, output, reservation, hybrid_mp4)?;
    Ok(Started { engine, input, take: Box::new(take), commands })
}

pub(super) fn start_direct(
    setup: &TakeSetup,
    read_back: ReadBack,
    spec: &EngineSpec,
    target: DirectTarget,
) -> Result<Started, Trouble> {
    let child = match &read_back {
        ReadBack::Ffmpeg(ffmpeg) => Some(DirectChild::ffmpeg(ffmpeg, spec)),
        ReadBack::OpenCv(_) => opencv_words::child(&setup.plan, spec, &target),
    };
    let child = child.ok_or_else(Trouble::nowhere)?;
    let commands = vec![child.shell_quoted()];
    let (engine, input, reports) = Engine::start_direct(child, spec)?;
    let take = Direct::start(setup, reports, read_back, target)?;
    Ok(Started { engine, input, take: Box::new(take), commands })
}
