//! The conversation with the sound server: questions, answers, samples and news in the order in which the server
//! sent them. Knows the protocol's envelopes, not their meaning.
//!
//! Why not the library's own client, only its protocol: that client keeps from us that a stream was moved, killed or
//! suspended, and what it is subscribed to. The order is the point: the server says "moved" before the first sample
//! of the other device, on the same socket. It also saves a thread and a copy of every block.

use std::collections::VecDeque;
use std::io::{Cursor, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, DESCRIPTOR_SIZE, MAX_MEMBLOCKQ_LENGTH, MAX_VERSION, Prop, Props,
    ProtocolError, PulseError, SetClientNameReply, SubscriptionMask, read_ack_message, read_command_message,
    read_descriptor, read_reply_message, write_command_message,
};

use crate::rt::Clock;

/// The channel of messages that are no samples.
const CONTROL: u32 = u32::MAX;
/// The kernel knows no shorter wait than for ever.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// Some blocks of 10 ms at once.
const READ_BYTES: usize = 32 * 1024;

/// Why the conversation, or one question of it, failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// No answer in time; it may still come, and is passed over then.
    #[error("it does not answer")]
    Silent,
    #[error("it closed the connection")]
    Closed,
    #[error("{0}")]
    Refused(PulseError),
    #[error("{0}")]
    Io(std::io::Error),
    #[error("it is not understood: {0}")]
    NotUnderstood(String),
}

impl WireError {
    /// Whether the server goes on with the conversation.
    pub(super) fn is_of_one_question(&self) -> bool {
        matches!(self, Self::Silent | Self::Refused(_))
    }
}

impl From<std::io::Error> for WireError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Silent,
            ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

impl From<ProtocolError> for WireError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::ServerError(error) => Self::Refused(error),
            ProtocolError::Io(error) => Self::NotUnderstood(error.to_string()),
            other => Self::NotUnderstood(other.to_string()),
        }
    }
}

/// What the server sent.
pub(super) enum Message {
    /// Samples of a stream of ours.
    Samples { channel: u32, bytes: Vec<u8> },
    /// The answer to a question of ours.
    Answer(Answer),
    /// What it tells unasked.
    News(Box<Command>),
}

/// An answer whose content is still to be read.
pub(super) struct Answer {
    /// That of the question.
    pub(super) tag: u32,
    message: Vec<u8>,
    version: u16,
}

impl Answer {
    pub(super) fn read<R: CommandReply>(&self) -> Result<R, WireError> {
        let (_, answer) = read_reply_message(&mut Cursor::new(&self.message), self.version)?;
        Ok(answer)
    }

    fn read_ack(&self) -> Result<(), WireError> {
        read_ack_message(&mut Cursor::new(&self.message))?;
        Ok(())
    }
}

/// A connection. Dropping it ends it, and with it every stream of it.
pub(super) struct Wire {
    socket: UnixStream,
    clock: Arc<dyn Clock>,
    version: u16,
    next_tag: u32,
    /// Bytes of messages that are not whole yet.
    bytes: Vec<u8>,
    /// What came while an answer was waited for.
    waiting: VecDeque<Message>,
}

impl Wire {
    /// Introduces us to the server at the other end of `socket`.
    pub(super) fn introduce(
        socket: UnixStream,
        cookie: Vec<u8>,
        clock: Arc<dyn Clock>,
        patience: Duration,
    ) -> Result<Self, WireError> {
        socket.set_write_timeout(Some(patience))?;
        let (bytes, waiting) = (Vec::new(), VecDeque::new());
        let mut wire = Self { socket, clock, version: MAX_VERSION, next_tag: 0, bytes, waiting };
        let auth = AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let server: AuthReply = wire.ask(&Command::Auth(auth), patience)?;
        wire.version = server.version.min(MAX_VERSION);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"gearcast");
        let _: SetClientNameReply = wire.ask(&Command::SetClientName(props), patience)?;
        Ok(wire)
    }

    /// Has the server tell of changes.
    pub(super) fn subscribe(&mut self, mask: SubscriptionMask, patience: Duration) -> Result<(), WireError> {
        let tag = self.send(&Command::Subscribe(mask))?;
        self.answer(tag, patience)?.read_ack()
    }

    /// Asks, and waits for the answer; what else comes meanwhile is kept for [`Wire::next`].
    pub(super) fn ask<R: CommandReply>(&mut self, question: &Command, patience: Duration) -> Result<R, WireError> {
        let tag = self.send(question)?;
        self.answer(tag, patience)?.read()
    }

    /// Asks without waiting: the answer comes as a message with this tag.
    pub(super) fn send(&mut self, question: &Command) -> Result<u32, WireError> {
        let tag = self.next_tag;
        self.next_tag = self.next_tag.wrapping_add(1);
        let mut bytes = Vec::new();
        write_command_message(&mut bytes, tag, question, self.version)?;
        std::io::Write::write_all(&mut self.socket, &bytes)?;
        Ok(tag)
    }

    /// The next message, waiting for it up to `wait` (1 ms at least).
    pub(super) fn next(&mut self, wait: Duration) -> Result<Option<Message>, WireError> {
        match self.waiting.pop_front() {
            Some(message) => Ok(Some(message)),
            None => self.receive(wait),
        }
    }

    fn answer(&mut self, tag: u32, patience: Duration) -> Result<Answer, WireError> {
        let begun = self.clock.now();
        loop {
            let left = patience.saturating_sub(self.clock.now().since(begun));
            match self.receive(left)? {
                Some(Message::Answer(answer)) if answer.tag == tag => return Ok(answer),
                Some(other) => self.waiting.push_back(other),
                None if left.is_zero() => return Err(WireError::Silent),
                None => {}
            }
        }
    }

    fn receive(&mut self, wait: Duration) -> Result<Option<Message>, WireError> {
        let begun = self.clock.now();
        loop {
            if let Some(message) = self.take_message()? {
                return Ok(Some(message));
            }
            let left = wait.saturating_sub(self.clock.now().since(begun));
            self.socket.set_read_timeout(Some(left.max(SHORTEST_WAIT)))?;
            let had = self.bytes.len();
            self.bytes.resize(had + READ_BYTES, 0);
            let read = self.socket.read(&mut self.bytes[had..]);
            self.bytes.truncate(had + read.as_ref().map_or(0, |count| *count));
            match read {
                Ok(0) => return Err(WireError::Closed),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next whole message of what was read.
    fn take_message(&mut self) -> Result<Option<Message>, WireError> {
        loop {
            if self.bytes.len() < DESCRIPTOR_SIZE {
                return Ok(None);
            }
            let envelope = read_descriptor(&mut self.bytes.as_slice())?;
            let length = envelope.length as usize;
            if length > MAX_MEMBLOCKQ_LENGTH {
                return Err(WireError::NotUnderstood(format!("a message of {length} bytes")));
            }
            if self.bytes.len() < DESCRIPTOR_SIZE + length {
                return Ok(None);
            }
            let message: Vec<u8> = self.bytes.drain(..DESCRIPTOR_SIZE + length).collect();
            if envelope.channel != CONTROL {
                let bytes = message[DESCRIPTOR_SIZE..].to_vec();
                return Ok(Some(Message::Samples { channel: envelope.channel, bytes }));
            }
            if let Some(message) = self.control(message) {
                return Ok(Some(message));
            }
        }
    }

    /// `None` for news that are not understood: newer servers tell more.
    fn control(&self, message: Vec<u8>) -> Option<Message> {
        match read_command_message(&mut message.as_slice(), self.version) {
            Ok((tag, Command::Reply | Command::Error(_))) => {
                Some(Message::Answer(Answer { tag, message, version: self.version }))
            }
            Ok((_, news)) => Some(Message::News(Box::new(news))),
            Err(error) => {
                log::debug!("the sound server tells what is not understood: {error}");
                None
            }
        }
    }
}
