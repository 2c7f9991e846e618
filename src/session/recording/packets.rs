//! A recording made of the encoder's packets: they come back and go to a file sink through the fan-out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::take::{Ended, Take, TakeSetup};
use crate::fanout::{
    DiskWatch, FileSink, FileSinkSetup, FileTarget, Hub, Keep, OutputError, Reservation, SinkHandle, SinkReport,
    is_ordinary_when_closed, spawn_sink,
};
use crate::ffmpeg::Ffmpeg;
use crate::plan::Plan;
use crate::session::failure::Trouble;
use crate::session::spec::copied_picture;
use crate::writegear::{EngineOutput, EngineSpec};

/// The file and what writes it.
pub(super) struct Packets {
    target: FileTarget,
    hub: Hub,
    sink: SinkHandle,
    disk: DiskWatch,
}

/// The command that writes the file.
pub(super) fn writer_command(
    (plan, titles): (&Plan, &[String]),
    ffmpeg: &Path,
    spec: &EngineSpec,
    target: &FileTarget,
    keep: Keep,
) -> String {
    let picture = copied_picture(plan, spec);
    let mut args = crate::fanout::crash_safe_args(target, keep, spec.pipe_offset_nanos(), picture);
    crate::fanout::add_titles(&mut args, titles);
    args.shell_quoted(ffmpeg, &crate::ffmpeg::Redactor::default())
}

impl Packets {
    pub(super) fn start(
        setup: &TakeSetup,
        ffmpeg: &Ffmpeg,
        spec: &EngineSpec,
        output: EngineOutput,
        reservation: Reservation,
        hybrid_mp4: Keep,
    ) -> Result<Self, Trouble> {
        let target = reservation.target().clone();
        let sink = FileSink::new(FileSinkSetup {
            ffmpeg: ffmpeg.clone(),
            reservation,
            hybrid_mp4,
            offset_nanos: spec.pipe_offset_nanos(),
            subtitles: setup.plan.subtitles.clone(),
            picture: copied_picture(&setup.plan, spec),
            titles: setup.titles.clone(),
            counters: Arc::clone(&setup.counters),
            clock: Arc::clone(&setup.clock),
        });
        let (feed, sink) = spawn_sink("file", Box::new(sink), Arc::clone(&setup.wake))?;
        let (counters, clock) = (Arc::clone(&setup.counters), Arc::clone(&setup.clock));
        let hub = Hub::start(output, vec![feed], counters, clock, Arc::clone(&setup.wake))?;
        let disk = DiskWatch::start(&target.safe_path)?;
        Ok(Self { target, hub, sink, disk })
    }
}

impl Take for Packets {
    fn failure(&mut self) -> Option<Trouble> {
        self.sink.failure().map(Trouble::from)
    }

    fn loss(&self) -> Option<Trouble> {
        self.disk.is_gone().then(|| OutputError::Gone(self.target.safe_path.clone()).into())
    }

    fn output_end(&mut self) -> Option<crate::fanout::EncoderEnd> {
        self.hub.end(Duration::ZERO)
    }

    fn complete(&mut self, _ended: Ended) {}

    fn finishing(&self) -> (&'static str, Option<f64>) {
        self.sink.progress().map_or(("Closing the file", None), |progress| (progress.step, progress.fraction))
    }

    fn hurry(&mut self) {
        self.sink.hurry();
    }

    fn report(&mut self) -> Option<SinkReport> {
        self.sink.report(Duration::ZERO)
    }

    fn free_bytes(&self) -> Option<u64> {
        self.disk.free_bytes()
    }

    fn is_copied_at_the_end(&self) -> bool {
        !is_ordinary_when_closed(self.target.container, Keep::Ordinary)
    }
}
