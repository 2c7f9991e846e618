//! The thread that reads the encoder's packets once and gives them to all sinks.

use std::sync::Arc;
use std::time::Duration;

use super::counters::Counters;
use super::sink::{SinkEnd, SinkFeed};
use crate::media::{StreamHeaders, TrackKind};
use crate::rt::{Clock, Latest, Worker};
use crate::writegear::{EngineError, EngineOutput};

/// How the encoder's stream ended.
#[derive(Debug)]
pub enum EncoderEnd {
    /// It gave all it had.
    Complete,
    /// It broke off.
    Broken(EngineError),
}

/// The running hub. It ends by itself when the encoder's output ends.
pub struct Hub {
    worker: Worker,
    ended: Latest<EncoderEnd>,
    headers: Latest<Arc<StreamHeaders>>,
}

impl Hub {
    /// Starts the thread `fanout`. `wake` is called when the encoder's first packet is there and at the end.
    pub fn start(
        output: EngineOutput,
        sinks: Vec<SinkFeed>,
        counters: Arc<Counters>,
        clock: Arc<dyn Clock>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> std::io::Result<Self> {
        let (ended, headers) = (Latest::new(), Latest::new());
        let (tell_end, tell_headers) = (ended.clone(), headers.clone());
        let worker = Worker::spawn("fanout", move |_stop| {
            let result = pump(output, &sinks, &counters, clock.as_ref(), |found| {
                tell_headers.put(found);
                wake();
            });
            let end = if result.is_ok() { SinkEnd::Complete } else { SinkEnd::EncoderDied };
            for sink in &sinks {
                sink.end(end);
            }
            tell_end.put(result.map_or_else(EncoderEnd::Broken, |()| EncoderEnd::Complete));
            wake();
        })?;
        Ok(Self { worker, ended, headers })
    }

    /// The tracks, given out once when the encoder has begun.
    pub fn headers(&self) -> Option<Arc<StreamHeaders>> {
        self.headers.take()
    }

    /// How the stream ended, waiting up to `timeout` for it.
    pub fn end(&mut self, timeout: Duration) -> Option<EncoderEnd> {
        self.worker.wait(timeout)?;
        self.ended.take()
    }
}

/// Ends when the child is gone or killed: both close its standard output.
fn pump(
    mut output: EngineOutput,
    sinks: &[SinkFeed],
    counters: &Counters,
    clock: &dyn Clock,
    begun: impl FnOnce(Arc<StreamHeaders>),
) -> Result<(), EngineError> {
    let headers = Arc::new(output.read_headers()?);
    for sink in sinks {
        sink.headers(&headers);
    }
    begun(Arc::clone(&headers));
    while let Some(packet) = output.next_packet()? {
        let track = headers.tracks.get(usize::from(packet.track.0));
        if let Some(track) = track {
            let is_video = matches!(track.kind, TrackKind::Video { .. });
            counters.count_packet(is_video, track.time_base.to_nanos(packet.pts), packet.data.len(), clock.now());
        }
        let packet = Arc::new(packet);
        for sink in sinks {
            sink.packet(&packet);
        }
    }
    Ok(())
}
