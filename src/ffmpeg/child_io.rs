//! Our ends of a child's standard input and output.
//!
//! On Unix both are socket pairs, which move frames at half a pipe's cost (1080p NV12: 0.75 against 1.1–1.4 ms of
//! CPU a frame). All ends close on exec: a sibling child never holds another child's input open, so that a child
//! sees the end of its input when we are gone, whatever ended us.

use std::io::{self, IoSlice, Read, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixStream};

/// Room in the socket: a frame is handed over in one go. More than 1 MiB measured no faster.
#[cfg(unix)]
const SOCKET_BYTES: usize = 1 << 20;

#[cfg(unix)]
type Writing = UnixStream;
#[cfg(unix)]
type Reading = UnixStream;
#[cfg(not(unix))]
type Writing = std::process::ChildStdin;
#[cfg(not(unix))]
type Reading = std::process::ChildStdout;

/// Where a child's input comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// Nowhere: it is empty.
    #[default]
    Null,
    /// From us: [`super::Process::take_stdin`].
    Socket,
    /// From our own input. Where that is our terminal the child stays in our process group, so that it may read keys.
    Inherit,
}

/// Where a child's output goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdout {
    /// Nowhere.
    #[default]
    Null,
    /// To us: [`super::Process::take_stdout`].
    Socket,
    /// To our own output.
    Inherit,
}

/// Our ends, from before the child starts until they are handed out.
#[derive(Default)]
pub(super) struct Ends {
    input: Option<Writing>,
    output: Option<Reading>,
}

impl Ends {
    /// Our ends, and what the child gets as its input and output.
    pub(super) fn new(stdin: Stdin, stdout: Stdout) -> io::Result<(Self, Stdio, Stdio)> {
        let mut ends = Self::default();
        let theirs_in = match stdin {
            Stdin::Null => Stdio::null(),
            Stdin::Inherit => Stdio::inherit(),
            Stdin::Socket => connection(&mut ends.input)?,
        };
        let theirs_out = match stdout {
            Stdout::Null => Stdio::null(),
            Stdout::Inherit => Stdio::inherit(),
            Stdout::Socket => connection(&mut ends.output)?,
        };
        Ok((ends, theirs_in, theirs_out))
    }

    /// Hands the ends out once the child runs; off Unix it is the child that brings them.
    #[cfg_attr(unix, expect(unused_variables, reason = "on Unix the ends are ours from the beginning"))]
    pub(super) fn take(&mut self, child: &mut Child) -> (Option<ChildInput>, Option<ChildOutput>) {
        let input = self.input.take();
        #[cfg(not(unix))]
        let input = input.or_else(|| child.stdin.take());
        let output = self.output.take();
        #[cfg(not(unix))]
        let output = output.or_else(|| child.stdout.take());
        (input.map(|end| ChildInput { end }), output.map(|end| ChildOutput { end }))
    }

    /// A second handle to the child's input, by which its owner can end it while another thread writes.
    #[cfg(unix)]
    pub(super) fn input_ender(&self) -> io::Result<Option<UnixStream>> {
        self.input.as_ref().map(UnixStream::try_clone).transpose()
    }
}

/// A socket pair: our end goes into `ours`, the child's end is returned.
#[cfg(unix)]
fn connection(ours: &mut Option<UnixStream>) -> io::Result<Stdio> {
    let (our_end, childs_end) = UnixStream::pair()?;
    for end in [&our_end, &childs_end] {
        // The system may grant less; then a frame just takes more turns.
        if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(end, SOCKET_BYTES) {
            log::debug!("the child's socket keeps its small buffer: {error}");
        }
    }
    *ours = Some(our_end);
    Ok(Stdio::from(OwnedFd::from(childs_end)))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix making a socket can fail")]
fn connection<T>(_ours: &mut Option<T>) -> io::Result<Stdio> {
    Ok(Stdio::piped())
}

/// What we write to a child. Dropping it tells the child that its input has ended. May move to any one thread.
/// Once the child is gone every write fails with [`io::ErrorKind::BrokenPipe`].
#[derive(Debug)]
pub struct ChildInput {
    end: Writing,
}

impl ChildInput {
    /// How long one write may wait for the child; `None` waits as long as the child lives. A write that waited
    /// longer fails with [`io::ErrorKind::TimedOut`] and may have written a part. Off Unix there is no limit.
    #[cfg_attr(not(unix), expect(unused_variables, clippy::unnecessary_wraps, reason = "a pipe has no deadline"))]
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        #[cfg(unix)]
        return self.end.set_write_timeout(timeout);
        #[cfg(not(unix))]
        Ok(())
    }

    /// Writes a packet's head and what it carries, in the usual case with one system call and without joining them:
    /// a 3 MB picture is not copied here.
    pub fn write_packet(&mut self, head: &[u8], payload: &[u8]) -> io::Result<()> {
        let written = self.write_vectored(&[IoSlice::new(head), IoSlice::new(payload)])?;
        if let Some(rest) = head.get(written..) {
            self.write_all(rest)?;
            return self.write_all(payload);
        }
        self.write_all(payload.get(written - head.len()..).unwrap_or_default())
    }
}

impl Write for ChildInput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end.write(bytes).map_err(in_one_word)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.end.write_vectored(parts).map_err(in_one_word)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end.flush()
    }
}

impl Drop for ChildInput {
    fn drop(&mut self) {
        // `Process` holds a second handle to the same socket, so closing ours alone would not end it.
        #[cfg(unix)]
        end_input(&self.end);
    }
}

/// Tells the child that nothing more comes; what was written before is still delivered.
#[cfg(unix)]
pub(super) fn end_input(end: &UnixStream) {
    if let Err(error) = end.shutdown(std::net::Shutdown::Write) {
        log::trace!("the child's input had ended before: {error}");
    }
}

/// What a child writes to us. Dropping it makes the child's next write fail. May move to any one thread.
#[derive(Debug)]
pub struct ChildOutput {
    end: Reading,
}

impl ChildOutput {
    /// How long one read may wait for the child; `None` waits until the child writes or ends. A read that waited
    /// longer fails with [`io::ErrorKind::TimedOut`] and has read nothing. Off Unix there is no limit.
    #[cfg_attr(not(unix), expect(unused_variables, clippy::unnecessary_wraps, reason = "a pipe has no deadline"))]
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        #[cfg(unix)]
        return self.end.set_read_timeout(timeout);
        #[cfg(not(unix))]
        Ok(())
    }
}

impl Read for ChildOutput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.end.read(buffer).map_err(in_one_word)
    }
}

/// A deadline shows as "would block" on Linux, and a child that died before it read everything as a reset.
fn in_one_word(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::new(io::ErrorKind::TimedOut, "ffmpeg takes or gives nothing"),
        io::ErrorKind::ConnectionReset => io::Error::new(io::ErrorKind::BrokenPipe, "ffmpeg is gone"),
        _ => error,
    }
}
