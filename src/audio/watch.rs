//! Notices that sound devices came, went or became the default, for next to nothing: the server tells.

use std::sync::Arc;
use std::time::Duration;

use super::device::Server;
use super::{AudioDevice, AudioError};
use crate::rt::{Clock, Job, JobState, spawn_job};

type Connected = Result<(Server, Vec<String>), AudioError>;

/// A listing takes 2 ms; the thread that asks waits so long for it, and a server that takes longer answers the next call.
const LIST_WAIT: Duration = Duration::from_millis(100);

/// A lasting connection to the sound server, to be asked about once a second. Connecting and listing are done by a job,
/// and a server that hangs is left to it.
pub struct DeviceWatch {
    clock: Arc<dyn Clock>,
    server: Option<Server>,
    looking: Option<Job<Connected>>,
    known: Option<Vec<String>>,
}

impl DeviceWatch {
    /// Not connected yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, server: None, looking: None, known: None }
    }

    /// The devices' ids and names and which are the defaults, for comparison only; empty without a sound server, `None`
    /// until the first look has ended. Waits 0.1 s at most.
    pub fn fingerprint(&mut self) -> Option<Vec<String>> {
        if self.looking.is_none() {
            let server = match self.server.take().map(|mut server| (server.has_news(), server)) {
                Some((Ok(false), server)) => {
                    self.server = Some(server);
                    return self.known.clone();
                }
                Some((Ok(true), server)) => Some(server),
                Some((Err(_), _)) | None => None,
            };
            self.looking = self.look(server);
        }
        if let Some(job) = &mut self.looking {
            match job.wait(LIST_WAIT) {
                JobState::Running => return self.known.clone(),
                JobState::Done(Ok((server, known))) => (self.server, self.known) = (Some(server), Some(known)),
                JobState::Done(Err(_)) | JobState::Gone => self.known = Some(Vec::new()),
            }
            self.looking = None;
        }
        self.known.clone()
    }

    fn look(&self, server: Option<Server>) -> Option<Job<Connected>> {
        let clock = Arc::clone(&self.clock);
        let look = move |stop| {
            let mut server = server.map_or_else(|| Server::connect(&clock, &stop), Ok)?;
            // Cards would have to be listed each time, which opens some of them.
            if !server.tells_news() {
                return Err(AudioError::NoServer { reason: "cards tell of no changes".to_owned() });
            }
            let devices = server.listing()?.devices;
            let line = |device: AudioDevice| format!("{} {} {}", device.id, device.name, device.is_default);
            Ok((server, devices.into_iter().map(line).collect()))
        };
        let job = spawn_job("audio-watch", || {}, look);
        job.inspect_err(|error| log::warn!("no thread to look for sound devices: {error}")).ok()
    }
}
