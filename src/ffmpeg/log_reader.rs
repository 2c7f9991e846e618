//! Reads a child's log for its whole life, so that a full pipe never freezes it, and keeps what explains its end.
//!
//! Knows no encoder; secrets are hidden before a line is kept.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cause::{Cause, CauseTracker};
use super::launch::Reports;
use super::log::LogLine;
use super::progress::{Progress, ProgressParser, is_report_line};
use super::redact::Redactor;
use crate::rt::Worker;

/// Lines that are kept.
const TAIL_LINES: usize = 200;
/// A longer line is cut when it is read (the rest is skipped) and again, shorter, when it is kept: a secret that
/// the first cut tears apart is always beyond the second.
const READ_LINE_BYTES: usize = 16 * 1024;
const KEPT_LINE_BYTES: usize = 2 * 1024;
/// How long an ended child's log may still be held open by something the child left behind.
const END_DEADLINE: Duration = Duration::from_secs(1);

#[derive(Default)]
struct State {
    tail: VecDeque<String>,
    causes: CauseTracker,
    /// Only where the child was told to report into its log.
    reports: Option<ProgressParser>,
    newest: Option<Progress>,
}

/// The thread `ffmpeg-log-<name>` and what it keeps.
pub(super) struct LogReader {
    state: Arc<Mutex<State>>,
    worker: Worker,
    /// Dropped when the log's end shall no longer be awaited.
    #[cfg(unix)]
    waker: Option<std::os::unix::net::UnixStream>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LogReader {
    pub(super) fn start(name: &str, log: ChildStderr, redactor: Redactor, reports: Reports) -> io::Result<Self> {
        let reports = (reports == Reports::InLog).then(ProgressParser::default);
        let state = Arc::new(Mutex::new(State { reports, ..State::default() }));
        let shared = Arc::clone(&state);
        let thread_name = format!("ffmpeg-log-{name}");
        let mut lines = Lines { name: name.to_owned(), redactor, state: shared, pending: Vec::new(), skipping: false };
        #[cfg(unix)]
        {
            let (waker, called) = std::os::unix::net::UnixStream::pair()?;
            let worker = Worker::spawn(&thread_name, move |_| read_until_woken(log, &called, &mut lines))?;
            Ok(Self { state, worker, waker: Some(waker) })
        }
        #[cfg(not(unix))]
        {
            let mut log = log;
            let worker = Worker::spawn(&thread_name, move |_| while read_some(&mut log, &mut lines) {})?;
            Ok(Self { state, worker })
        }
    }

    /// After the child's end: waits for the rest of its log, but not for a stranger that holds it open.
    pub(super) fn finish(&mut self) {
        if self.worker.wait(END_DEADLINE).is_none() {
            log::debug!("{}: something the child left behind holds its log open", self.worker.name());
            self.let_go();
        }
    }

    /// Waits for the log's end no longer.
    pub(super) fn let_go(&mut self) {
        #[cfg(unix)]
        drop(self.waker.take());
    }

    pub(super) fn tail(&self) -> Vec<String> {
        lock(&self.state).tail.iter().cloned().collect()
    }

    /// The newest report that was not taken yet.
    pub(super) fn take_report(&self) -> Option<Progress> {
        lock(&self.state).newest.take()
    }

    pub(super) fn cause(&self) -> Option<Cause> {
        lock(&self.state).causes.cause().cloned()
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Reads until the log ends, or until `called` hangs up and nothing more is there to read.
#[cfg(unix)]
fn read_until_woken(mut log: ChildStderr, called: &std::os::unix::net::UnixStream, lines: &mut Lines) {
    use rustix::event::{PollFd, PollFlags, poll};
    let mut reads_after_waking = 0;
    loop {
        let mut ends = [PollFd::new(&log, PollFlags::IN), PollFd::new(called, PollFlags::IN)];
        match poll(&mut ends, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                log::error!("{}: its log cannot be read: {error}", lines.name);
                break;
            }
        }
        let (readable, woken) = (!ends[0].revents().is_empty(), !ends[1].revents().is_empty());
        reads_after_waking += u32::from(woken);
        // What the child itself wrote fits in a pipe, 64 KiB; whoever goes on writing is somebody else.
        if (readable && !read_some(&mut log, lines)) || (woken && (!readable || reads_after_waking > 16)) {
            break;
        }
    }
    lines.end();
}

/// Reads once; `false` at the end.
fn read_some(log: &mut ChildStderr, lines: &mut Lines) -> bool {
    let mut buffer = [0; 8 * 1024];
    match log.read(&mut buffer) {
        Ok(0) => false,
        Ok(count) => {
            lines.take(buffer.get(..count).unwrap_or_default());
            true
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
        Err(error) => {
            log::debug!("{}: its log ended: {error}", lines.name);
            false
        }
    }
}

/// Cuts the log into lines, hides secrets, keeps the last ones and looks for causes.
struct Lines {
    name: String,
    redactor: Redactor,
    state: Arc<Mutex<State>>,
    pending: Vec<u8>,
    skipping: bool,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        // Progress lines end with a carriage return.
        let mut pieces = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).peekable();
        while let Some(piece) = pieces.next() {
            if !self.skipping {
                let room = READ_LINE_BYTES - self.pending.len();
                self.pending.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
                self.skipping = piece.len() > room;
            }
            if pieces.peek().is_some() {
                self.end();
            }
        }
    }

    /// Whether the pending line was part of a report; then it is none of the log's.
    fn take_report(&mut self) -> bool {
        let mut state = lock(&self.state);
        let State { reports: Some(parser), newest, .. } = &mut *state else { return false };
        let line = String::from_utf8_lossy(&self.pending);
        let is_report = is_report_line(&line);
        if is_report {
            parser.take_line(line.trim(), &mut |report| *newest = Some(*report));
            self.pending.clear();
        }
        is_report
    }

    /// The pending line is complete.
    fn end(&mut self) {
        self.skipping = false;
        if self.take_report() {
            return;
        }
        let mut line = self.redactor.hide(String::from_utf8_lossy(&self.pending).trim_end());
        self.pending.clear();
        if line.is_empty() {
            return;
        }
        if line.len() > KEPT_LINE_BYTES {
            line.truncate(line.floor_char_boundary(KEPT_LINE_BYTES));
            line.push('…');
        }
        log::debug!("{}: {line}", self.name);
        let mut state = lock(&self.state);
        state.causes.feed(&LogLine::parse(&line));
        if state.tail.len() == TAIL_LINES {
            state.tail.pop_front();
        }
        state.tail.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(chunks: &[&[u8]], secrets: &[&str]) -> Vec<String> {
        let state = Arc::<Mutex<State>>::default();
        let redactor = Redactor::new(secrets.iter().map(|&secret| secret.to_owned()));
        let shared = Arc::clone(&state);
        let mut lines = Lines { name: String::new(), redactor, state: shared, pending: Vec::new(), skipping: false };
        for chunk in chunks {
            lines.take(chunk);
        }
        lines.end();
        lock(&state).tail.iter().cloned().collect()
    }

    #[test]
    fn lines_are_whole_however_they_arrive() {
        assert_eq!(
            lines_of(&[b"[inf", b"o] a\r", b"\n[error] \xff b\n\nlast"], &[]),
            ["[info] a", "[error] \u{fffd} b", "last"]
        );
        assert_eq!(lines_of(&[b"the se", b"cret key\n"], &["secret"]), ["the ••• key"]);
    }

    #[test]
    fn reports_among_the_lines_are_taken_out_where_they_are_expected() {
        let log = b"[info] a\nframe=3\nout_time_us=5\n[error] frame=9\nprogress=end\nlast";
        let state = Arc::new(Mutex::new(State { reports: Some(ProgressParser::default()), ..State::default() }));
        let (shared, redactor) = (Arc::clone(&state), Redactor::default());
        let mut lines = Lines { name: String::new(), redactor, state: shared, pending: Vec::new(), skipping: false };
        log.chunks(4).for_each(|chunk| lines.take(chunk));
        lines.end();
        let state = lock(&state);
        assert_eq!(state.tail, ["[info] a", "[error] frame=9", "last"]);
        assert_eq!(state.newest.map(|report| (report.frames, report.ended)), Some((Some(3), true)));
        assert_eq!(lines_of(&[b"frame=3\nprogress=end\n"], &[]), ["frame=3", "progress=end"]);
    }

    #[test]
    fn the_log_is_bounded_in_lines_and_in_length_and_shows_no_piece_of_a_secret() {
        let many: Vec<String> = (0..1000).map(|number| format!("line {number}\n")).collect();
        let kept = lines_of(&[many.concat().as_bytes()], &[]);
        assert_eq!((kept.len(), kept[0].as_str()), (TAIL_LINES, "line 800"));
        for before in [0, KEPT_LINE_BYTES - 3, READ_LINE_BYTES - 3] {
            let long = format!("{}SECRET{}\nnext", "x".repeat(before), "é".repeat(1 << 20));
            let kept = lines_of(&[long.as_bytes()], &["SECRET"]);
            assert_eq!((kept.len(), kept[1].as_str()), (2, "next"));
            assert!(kept[0].len() <= KEPT_LINE_BYTES + 4 && !kept[0].contains('S'), "{before}");
        }
    }
}
