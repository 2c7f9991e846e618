//! The conversation with a server of the test's own: it does what no real one can be brought to do.

use std::io::{BufReader, Write};
use std::os::unix::net::UnixStream;

use pulseaudio::protocol::{
    AuthReply, ChannelMap, ChannelVolume, Command, Descriptor, DescriptorFlags, FormatEncoding, FormatInfo,
    MAX_VERSION, RecordStreamMovedParams, SampleFormat, SampleSpec, SetClientNameReply, read_command_message,
    write_ack_message, write_command_message, write_descriptor, write_reply_message,
};

use super::*;
use crate::rt::{ManualClock, Worker};

const DESK: u32 = 7;
const WEBCAM: u32 = 8;
const CHANNEL: u32 = 3;
const NOW: Timestamp = Timestamp::from_nanos(60_000_000_000);

/// The server's side, after a stream was made.
struct Server {
    socket: UnixStream,
    /// Where it says that the stream is.
    place: u32,
    blocks: u32,
    rounds: u32,
}

impl Server {
    fn news(&mut self, news: &Command) {
        write_command_message(&mut self.socket, u32::MAX, news, MAX_VERSION).unwrap();
    }

    /// A block of 10 ms full of `sample`.
    fn block(&mut self, sample: f32) {
        let bytes = sample.to_ne_bytes().repeat(960);
        let length = u32::try_from(bytes.len()).unwrap();
        let envelope = Descriptor { length, channel: CHANNEL, offset: 0, flags: DescriptorFlags::empty() };
        write_descriptor(&mut self.socket, &envelope).unwrap();
        self.socket.write_all(&bytes).unwrap();
        self.blocks += 1;
    }

    fn moved(&mut self, to: u32) {
        self.news(&Command::RecordStreamMoved(RecordStreamMovedParams {
            stream_index: CHANNEL,
            device_index: to,
            device_name: c"webcam".to_owned(),
            device_suspended: false,
            buffer_attr: BufferAttr::default(),
            configured_source_latency: 0,
        }));
    }

    fn latency(&self) -> RecordLatency {
        RecordLatency {
            sink_usec: 30_000,
            source_usec: 4_000,
            playing: true,
            local_time: std::time::UNIX_EPOCH,
            remote_time: std::time::UNIX_EPOCH,
            write_offset: i64::from(self.blocks) * 3840,
            read_offset: 0,
        }
    }

    /// Answers until the other side hangs up. `act` is told the number of each round before it is answered.
    fn run(mut self, mut act: impl FnMut(&mut Self, u32)) {
        let mut questions = BufReader::new(self.socket.try_clone().unwrap());
        while let Ok((tag, question)) = read_command_message(&mut questions, MAX_VERSION) {
            if matches!(question, Command::GetRecordLatency(_)) {
                self.rounds += 1;
                let round = self.rounds;
                act(&mut self, round);
            }
            self.answer(tag, question);
        }
    }

    fn answer(&mut self, tag: u32, question: Command) {
        macro_rules! reply {
            ($reply:expr) => {
                drop(write_reply_message(&mut self.socket, tag, &$reply, MAX_VERSION))
            };
        }
        match question {
            Command::Auth(_) => reply!(AuthReply { version: MAX_VERSION, use_memfd: false, use_shm: false }),
            Command::SetClientName(_) => reply!(SetClientNameReply { client_id: 1 }),
            Command::GetSourceInfo(asked) => reply!(source(asked.index.unwrap_or(DESK))),
            Command::CreateRecordStream(asked) => {
                assert!(asked.flags.no_move);
                reply!(CreateRecordStreamReply {
                    channel: CHANNEL,
                    stream_index: 11,
                    buffer_attr: BufferAttr::default(),
                    sample_spec: spec(),
                    channel_map: ChannelMap::stereo(),
                    stream_latency: 0,
                    sink_index: DESK,
                    sink_name: None,
                    suspended: false,
                    format: format(),
                });
            }
            Command::GetRecordLatency(_) => {
                let latency = self.latency();
                reply!(latency);
            }
            Command::GetSourceOutputInfo(11) => reply!(SourceOutputInfo {
                index: 11,
                source_index: self.place,
                sample_spec: spec(),
                channel_map: ChannelMap::stereo(),
                cvolume: ChannelVolume::norm(2),
                format: format(),
                ..SourceOutputInfo::default()
            }),
            Command::Subscribe(_) => write_ack_message(&mut self.socket, tag).unwrap(),
            other => panic!("nobody asks {other:?}"),
        }
    }
}

fn spec() -> SampleSpec {
    SampleSpec { format: SampleFormat::Float32Le, channels: 2, sample_rate: 48_000 }
}

fn format() -> FormatInfo {
    FormatInfo { encoding: FormatEncoding::Pcm, ..FormatInfo::default() }
}

fn source(index: u32) -> SourceInfo {
    SourceInfo {
        index,
        name: if index == DESK { c"desk.monitor".to_owned() } else { c"webcam".to_owned() },
        description: Some(if index == DESK { c"Desk".to_owned() } else { c"Webcam".to_owned() }),
        sample_spec: spec(),
        channel_map: ChannelMap::stereo(),
        cvolume: ChannelVolume::norm(2),
        ..SourceInfo::default()
    }
}

/// Hears from a server that acts like this until the stream ends or `blocks` came.
fn hear(
    kind: AudioKind,
    blocks: usize,
    act: impl FnMut(&mut Server, u32) + Send + 'static,
) -> (Vec<Raw>, Option<AudioError>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = Server { socket: theirs, place: DESK, blocks: 0, rounds: 0 };
    let worker = Worker::spawn("server", move |_| server.run(act)).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW));
    let wire = Wire::introduce(ours, Vec::new(), Arc::clone(&clock), Duration::from_mins(1)).unwrap();
    let client = Client { wire, clock };
    let device =
        AudioDevice { id: "pulseaudio:desk.monitor".to_owned(), name: "Desk".to_owned(), kind, is_default: true };
    let mut opened = client.open(device).unwrap();
    let crate::audio::device::Stream::Pulse(stream) = &mut opened.stream else { panic!("a server's stream") };
    stream.round_at = NOW - Duration::from_secs(10);
    let (mut heard, mut end) = (Vec::new(), None);
    while heard.len() < blocks && end.is_none() {
        match opened.next(Duration::from_millis(20)) {
            Ok(block) => heard.extend(block),
            Err(error) => end = Some(error),
        }
        // The manual clock stands still: each round is due at once.
        if let crate::audio::device::Stream::Pulse(stream) = &mut opened.stream {
            stream.round_at = NOW - Duration::from_secs(10);
        }
    }
    drop(opened);
    drop(worker);
    (heard, end)
}

fn samples(heard: &[Raw]) -> Vec<f32> {
    heard.iter().map(|block| block.samples[0]).collect()
}

#[test]
fn a_move_that_is_told_lets_no_sample_of_the_other_device_through() {
    let (heard, end) = hear(AudioKind::Microphone, 99, |server, round| match round {
        1 => server.block(0.1),
        2 => server.block(0.2),
        3 => {
            server.moved(WEBCAM);
            server.block(0.9);
        }
        _ => {}
    });
    assert_eq!(end, Some(AudioError::Moved { from: "Desk".to_owned(), to: "Webcam".to_owned() }));
    assert!(samples(&heard).iter().all(|sample| *sample < 0.3), "{:?}", samples(&heard));
    assert!(samples(&heard).contains(&0.1));
}

#[test]
fn a_move_that_nobody_tells_lets_no_sample_of_the_other_device_through() {
    let (heard, end) = hear(AudioKind::Microphone, 99, |server, round| match round {
        1 | 2 => server.block(0.1),
        3 => {
            server.block(0.9); // the server's word comes after its samples
            server.place = WEBCAM;
        }
        _ => {}
    });
    assert!(matches!(end, Some(AudioError::Moved { .. })), "{end:?}");
    assert!(samples(&heard).iter().all(|sample| *sample < 0.3), "{:?}", samples(&heard));
    assert!(samples(&heard).contains(&0.1));
}

#[test]
fn a_stream_that_is_killed_has_lost_its_device() {
    let (_, end) = hear(AudioKind::System, 99, |server, round| {
        if round == 2 {
            server.news(&Command::RecordStreamKilled(CHANNEL));
        }
    });
    assert_eq!(end, Some(AudioError::DeviceGone { name: "Desk".to_owned() }));
}

#[test]
fn the_first_block_has_a_true_stamp_and_system_sound_that_of_its_being_heard() {
    // 4 ms ago the newest sample was taken, of three blocks of 10 ms; what an output holds in store is 30 ms.
    for (kind, later_ms) in [(AudioKind::Microphone, 0), (AudioKind::System, 30)] {
        let (heard, _) = hear(kind, 3, |server, round| {
            if round == 1 {
                (0..3).for_each(|_| server.block(0.1));
            }
        });
        let ages: Vec<i64> = heard.iter().map(|block| NOW.nanos_since(block.captured_at) / 1_000_000).collect();
        assert_eq!(ages, [34, 24, 14].map(|age| age - later_ms));
    }
}

#[test]
fn a_rest_is_told_with_the_first_block_after_it() {
    let clock_of = |heard: &[Raw]| heard.iter().map(|block| block.is_anew).collect::<Vec<_>>();
    let (heard, _) = hear(AudioKind::Microphone, 3, |server, round| match round {
        1 => server.block(0.1),
        3 => server.news(&Command::RecordStreamSuspended(pulseaudio::protocol::StreamSuspendedParams {
            stream_index: CHANNEL,
            suspended: true,
        })),
        4 | 5 => server.block(0.2),
        _ => {}
    });
    assert_eq!(clock_of(&heard), [false, true, false]);
}
