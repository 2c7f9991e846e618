//! Standard input that ends when a signal asks to.

use std::io::{self, Read, Stdin};

/// Standard input; SIGINT, SIGTERM and SIGHUP end it as its writer's closing would, so that the file is finished.
#[cfg(unix)]
pub(crate) fn stdin() -> io::Result<impl Read> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let (woken, wake) = rustix::pipe::pipe()?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::low_level::pipe::register(signal, wake.try_clone()?)?;
    }
    Ok(Interruptible { stdin: io::stdin(), woken })
}

/// Standard input. Here only its end ends it.
#[cfg(not(unix))]
pub(crate) fn stdin() -> io::Result<impl Read> {
    Ok(io::stdin())
}

#[cfg(unix)]
struct Interruptible {
    stdin: Stdin,
    /// Readable for ever once a signal came.
    woken: std::os::fd::OwnedFd,
}

#[cfg(unix)]
impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        loop {
            let mut waited = [PollFd::new(&self.woken, PollFlags::IN), PollFd::new(&self.stdin, PollFlags::IN)];
            match poll(&mut waited, None) {
                Ok(_) if !waited[0].revents().is_empty() => return Ok(0),
                // Past `Stdin`'s own buffer, of which the poll knows nothing.
                Ok(_) => return Ok(rustix::io::read(&self.stdin, &mut *buffer)?),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
