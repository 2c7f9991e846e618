//! The one door to HTTP: fetches an address piece by piece, on a thread of its own, so that a stop is noticed at once
//! even while a server says nothing.
//!
//! Knows no file. Only `https` leaves this machine; plain `http` is for loopback.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use url::{Host, Url};

use crate::rt::{Job, StopToken, spawn_job};

/// How long it may take until a stop is noticed.
const LOOK: Duration = Duration::from_millis(50);
/// A server that accepts but says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(20);
const MAX_REDIRECTS: usize = 10;
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that wait while the disk is busy: 1 MiB.
const PIECES_WAITING: usize = 16;

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum NetError {
    /// It is not to be asked.
    #[error("{0} is refused: only https addresses are fetched")]
    Address(String),
    /// There is no TLS in this build.
    #[error("this gearcast was built without TLS and cannot fetch {0}")]
    NoTls(String),
    /// The server says no.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// The server sends from one place to the next.
    #[error("the server redirects without end")]
    Redirects,
    /// There is no way to the server.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke or fell silent.
    #[error("the connection was lost: {0}")]
    Cut(String),
    /// Stop was asked.
    #[error("stopped")]
    Stopped,
}

impl NetError {
    /// Whether the next try may succeed.
    pub(super) const fn is_passing(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::Status(429 | 500..=599))
    }
}

enum Message {
    /// The answer begins; its length, if the server tells.
    Begins(Option<u64>),
    Piece(Vec<u8>),
    Ends,
    Failed(NetError),
}

/// A body on its way. Dropping it lets go of the connection.
pub(super) struct Body {
    /// Its length, if the server tells.
    pub(super) length: Option<u64>,
    messages: Receiver<Message>,
    _job: Job<()>,
}

/// Whether an address may be fetched at all.
pub(super) fn check(address: &str) -> Result<(), NetError> {
    parsed(address, true).map(drop)
}

/// Asks for an address and follows where the server sends.
pub(super) fn get(address: &str, stop: &StopToken) -> Result<Body, NetError> {
    let url = parsed(address, true)?;
    let (give, messages) = sync_channel(PIECES_WAITING);
    let job = spawn_job(
        "http",
        || {},
        move |_| {
            if let Err(error) = fetch(url, &give) {
                tell(&give, Message::Failed(error));
            }
        },
    );
    let job = job.map_err(|error| NetError::Unreachable(error.to_string()))?;
    let mut body = Body { length: None, messages, _job: job };
    match body.receive(stop)? {
        Message::Begins(length) => body.length = length,
        Message::Failed(error) => return Err(error),
        Message::Piece(_) | Message::Ends => return Err(NetError::Cut("the answer has no head".to_owned())),
    }
    Ok(body)
}

impl Body {
    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self, stop: &StopToken) -> Result<Option<Vec<u8>>, NetError> {
        match self.receive(stop)? {
            Message::Piece(piece) => Ok(Some(piece)),
            Message::Ends => Ok(None),
            Message::Failed(error) => Err(error),
            Message::Begins(_) => Err(NetError::Cut("the answer begins twice".to_owned())),
        }
    }

    fn receive(&self, stop: &StopToken) -> Result<Message, NetError> {
        loop {
            if stop.is_stopped() {
                return Err(NetError::Stopped);
            }
            match self.messages.recv_timeout(LOOK) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(NetError::Cut("nothing more comes".to_owned())),
            }
        }
    }
}

/// `false` when nobody listens any more.
fn tell(give: &SyncSender<Message>, message: Message) -> bool {
    give.send(message).is_ok()
}

fn parsed(address: &str, loopback_allowed: bool) -> Result<Url, NetError> {
    let refused = || NetError::Address(address.to_owned());
    let url = Url::parse(address).map_err(|_| refused())?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback_allowed && is_loopback(&url) => Ok(url),
        _ => Err(refused()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn fetch(mut url: Url, give: &SyncSender<Message>) -> Result<(), NetError> {
    // Only what begins on this machine may be sent to another place on it.
    let from_loopback = is_loopback(&url);
    for _ in 0..=MAX_REDIRECTS {
        let answer = ask(&url)?;
        let status = answer.status();
        if status.is_redirection() {
            let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| url.join(to).ok()).ok_or(NetError::Status(status.as_u16()))?;
            url = parsed(to.as_str(), from_loopback)?;
            continue;
        }
        if status.as_u16() != 200 {
            return Err(NetError::Status(status.as_u16()));
        }
        let body = answer.into_body();
        if !tell(give, Message::Begins(body.content_length())) {
            return Ok(());
        }
        return hand_over(&mut body.into_reader(), give);
    }
    Err(NetError::Redirects)
}

fn ask(url: &Url) -> Result<ureq::http::Response<ureq::Body>, NetError> {
    if url.scheme() == "https" && !cfg!(windows) {
        return Err(NetError::NoTls(url.to_string()));
    }
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("gearcast/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE));
    if is_loopback(url) {
        // A proxy's "this machine" is another one.
        config = config.proxy(None);
    }
    #[cfg(windows)]
    {
        use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
        let system = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier);
        config = config.tls_config(system.build());
    }
    config.build().new_agent().get(url.as_str()).call().map_err(|error| match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            NetError::Unreachable(error.to_string())
        }
        ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::Protocol(_) => NetError::Cut(error.to_string()),
        other => NetError::Unreachable(other.to_string()),
    })
}

fn hand_over(body: &mut impl Read, give: &SyncSender<Message>) -> Result<(), NetError> {
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let count = match body.read(&mut piece) {
            Ok(0) => {
                tell(give, Message::Ends);
                return Ok(());
            }
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(NetError::Cut(error.to_string())),
        };
        piece.truncate(count);
        if !tell(give, Message::Piece(piece)) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_leaves_this_machine() {
        for good in ["https://example.org/a.zip", "http://127.0.0.1:8080/a", "http://localhost/a", "http://[::1]:1/a"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.org/a",
            "ftp://127.0.0.1/a",
            "file:///etc/passwd",
            "",
            "a.zip",
            "http://127.0.0.1.example.org/",
        ] {
            assert!(matches!(check(bad), Err(NetError::Address(_))), "{bad}");
        }
        // What came from outside may not be sent to this machine.
        assert!(parsed("http://127.0.0.1/a", false).is_err());
    }
}
