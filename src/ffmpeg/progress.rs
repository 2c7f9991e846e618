//! ffmpeg's `-progress` reports, as numbers.
//!
//! Knows only the text: blocks of `key=value` lines that end with `progress=continue` or `progress=end`.

use std::collections::VecDeque;
use std::io::{self, Read};

/// How far ffmpeg is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Length of what was written, in microseconds.
    pub out_time_us: Option<i64>,
    /// Pictures written.
    pub frames: Option<u64>,
    /// Bytes written; unknown for several outputs.
    pub bytes: Option<u64>,
    /// Times real time.
    pub speed: Option<f64>,
    /// Whether this is the last report. A failed ffmpeg sends none.
    pub ended: bool,
}

/// Gathers lines into reports.
#[derive(Debug, Default)]
pub(super) struct ProgressParser {
    line: Vec<u8>,
    current: Progress,
}

/// Whether a line belongs to a report: it stands among a log's lines when both go to the same place.
pub(super) fn is_report_line(line: &str) -> bool {
    const KEYS: [&str; 11] = [
        "frame",
        "fps",
        "bitrate",
        "total_size",
        "out_time_us",
        "out_time_ms",
        "out_time",
        "dup_frames",
        "drop_frames",
        "speed",
        "progress",
    ];
    // `stream_0_0_q=28.0`: the quality of one stream.
    line.split_once('=').is_some_and(|(key, _)| {
        KEYS.contains(&key) || (key.starts_with("stream_") && key.ends_with("_q") && !key.contains(' '))
    })
}

/// No line of a report is longer; more is not a report.
const LINE_BYTES: usize = 512;

impl ProgressParser {
    /// Takes what was read, calls `report` for each complete block.
    pub(super) fn feed(&mut self, bytes: &[u8], report: &mut dyn FnMut(&Progress)) {
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.take_line(String::from_utf8_lossy(&line).trim(), report);
            } else if self.line.len() < LINE_BYTES {
                self.line.push(byte);
            }
        }
    }

    /// Takes one line without its end.
    pub(super) fn take_line(&mut self, line: &str, report: &mut dyn FnMut(&Progress)) {
        let Some((key, value)) = line.split_once('=') else { return };
        let value = value.trim();
        match key {
            "out_time_us" => self.current.out_time_us = value.parse().ok(),
            "frame" => self.current.frames = value.parse().ok(),
            "total_size" => self.current.bytes = value.parse().ok(),
            "speed" => self.current.speed = value.trim_end_matches('x').trim().parse().ok(),
            "progress" => {
                self.current.ended = value == "end";
                report(&self.current);
                self.current = Progress::default();
            }
            _ => {}
        }
    }
}

/// Reads a child's reports one by one. Belongs to one thread.
#[derive(Debug)]
pub struct ProgressReader<R> {
    from: R,
    parser: ProgressParser,
    ready: VecDeque<Progress>,
}

impl<R: Read> ProgressReader<R> {
    /// Of what the child writes to its standard output.
    pub fn new(from: R) -> Self {
        Self { from, parser: ProgressParser::default(), ready: VecDeque::new() }
    }

    /// The next report, or `None` when the child has closed its output. Blocks.
    pub fn next_report(&mut self) -> io::Result<Option<Progress>> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(report) = self.ready.pop_front() {
                return Ok(Some(report));
            }
            match self.from.read(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(read) => {
                    let ready = &mut self.ready;
                    self.parser.feed(&buffer[..read], &mut |report| ready.push_back(*report));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_whole_however_they_arrive() {
        let text = b"frame=1\nfps=0.00\nbitrate=N/A\ntotal_size=N/A\nout_time_us=33333\nout_time_ms=33333\nspeed=N/A\n\
            progress=continue\nframe=30\ntotal_size=48\nout_time_us=-1000\nspeed= 226x    \ngarbage\nprogress=end\n";
        for chunk in [1, 7, text.len()] {
            let (mut parser, mut reports) = (ProgressParser::default(), Vec::new());
            for piece in text.chunks(chunk) {
                parser.feed(piece, &mut |report| reports.push(*report));
            }
            let first = Progress { out_time_us: Some(33_333), frames: Some(1), ..Progress::default() };
            let last = Progress {
                out_time_us: Some(-1000),
                frames: Some(30),
                bytes: Some(48),
                speed: Some(226.0),
                ended: true,
            };
            assert_eq!(reports, [first, last]);
        }
    }

    #[test]
    fn a_report_is_told_from_a_log() {
        for line in
            ["frame=30", "fps=0.00", "stream_0_0_q=2.0", "stream_0_1_psnr_y_q=1", "out_time_us=N/A", "progress=end"]
        {
            assert!(is_report_line(line), "{line}");
        }
        for line in ["[info] frame=30", "frame=", "title=a", "stream_x y_q=1", "progress", "", "= 1", " frame=1"] {
            assert_eq!(is_report_line(line), line == "frame=", "{line}");
        }
    }

    #[test]
    fn a_reader_gives_every_report_and_then_the_end() {
        let text = b"frame=1\nprogress=continue\nframe=2\nprogress=end\nframe=3\n";
        let mut reader = ProgressReader::new(&text[..]);
        let mut frames = Vec::new();
        while let Some(report) = reader.next_report().unwrap() {
            frames.push((report.frames, report.ended));
        }
        assert_eq!(frames, [(Some(1), false), (Some(2), true)]);
    }

    #[test]
    fn garbage_takes_no_memory() {
        let mut parser = ProgressParser::default();
        parser.feed(&vec![b'x'; 1 << 20], &mut |_| panic!("no report"));
        assert!(parser.line.len() <= LINE_BYTES);
    }
}
