//! Why ffmpeg failed, told from its log in words a user understands.
//!
//! Knows no process; it is fed lines and keeps the first cause that explains the failure.

use super::launch::Exit;
use super::log::{Level, LogLine};

/// How many error lines before "Error while opening encoder" may hold the encoder's own reason.
const REASONS_KEPT: usize = 8;

/// Why ffmpeg failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The disk is full.
    NoSpace,
    /// The output may not be written, or the device not opened.
    PermissionDenied,
    /// A folder, file or device does not exist.
    PathMissing,
    /// The output exists and may not be overwritten.
    AlreadyExists,
    /// ffmpeg was built without this encoder.
    EncoderUnknown {
        /// The encoder's name.
        name: String,
    },
    /// The encoder is there but does not start.
    EncoderRefused {
        /// What the encoder said.
        reason: String,
    },
    /// The container cannot hold this codec.
    CodecNotInContainer {
        /// What the muxer said.
        reason: String,
    },
    /// The container is unknown to this ffmpeg, or the file name does not tell which one is meant.
    ContainerUnknown {
        /// What ffmpeg said.
        reason: String,
    },
    /// An option ffmpeg does not know, or whose value it does not take.
    InvalidOption {
        /// The option's name.
        name: String,
    },
    /// Nobody listens at that address.
    ConnectionRefused,
    /// The connection broke or timed out.
    ConnectionLost,
    /// The server wants other credentials.
    Unauthorized,
    /// The server hung up while we introduced ourselves; RTMP servers say no more than that.
    ServerRefused,
    /// The host's name is unknown, or there is no network.
    HostNotFound,
    /// Another program holds the device.
    DeviceBusy,
    /// The input is not what it should be.
    InputInvalid,
    /// Something outside ended ffmpeg.
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// ffmpeg did nothing and said nothing until its deadline.
    Silent,
    /// Anything else: ffmpeg's last error line.
    Other(String),
}

impl Cause {
    /// What is left to say of a child whose log tells nothing: `None` means that it did not even end.
    pub fn of_silent_end(exit: Option<Exit>) -> Self {
        match exit.map(|exit| exit.code) {
            None => Self::Silent,
            Some(Some(code)) => Self::Other(format!("it gave no reason (exit code {code})")),
            Some(None) => Self::Other("it was ended".to_owned()),
        }
    }

    /// What happened, as the start of a sentence without a full stop.
    pub fn what(&self) -> String {
        match self {
            Self::NoSpace => "the disk is full".to_owned(),
            Self::PermissionDenied => "the output may not be written, or the device may not be opened".to_owned(),
            Self::PathMissing => "a folder, file or device does not exist".to_owned(),
            Self::AlreadyExists => "the output file exists already".to_owned(),
            Self::EncoderUnknown { name } => format!("this ffmpeg has no encoder \"{name}\""),
            Self::EncoderRefused { reason } => format!("the encoder did not start: {reason}"),
            Self::CodecNotInContainer { reason } => format!("this container cannot hold this codec: {reason}"),
            Self::ContainerUnknown { reason } => format!("ffmpeg does not know this kind of output: {reason}"),
            Self::InvalidOption { name } => format!("ffmpeg does not accept the option \"{name}\""),
            Self::ConnectionRefused => "nobody answers at the stream's address".to_owned(),
            Self::ConnectionLost => "the connection to the server was lost".to_owned(),
            Self::Unauthorized => "the server does not accept the key or password".to_owned(),
            Self::ServerRefused => "the server hung up before the stream began".to_owned(),
            Self::HostNotFound => "the server's name is not known".to_owned(),
            Self::DeviceBusy => "another program uses the device".to_owned(),
            Self::InputInvalid => "the input is damaged or of another kind".to_owned(),
            Self::Killed { signal } => format!("something outside ended ffmpeg (signal {signal})"),
            Self::Silent => "ffmpeg did not answer in time".to_owned(),
            Self::Other(line) => format!("ffmpeg failed: {line}"),
        }
    }

    /// What the user can do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NoSpace => "Free some space or record to another disk.",
            Self::PermissionDenied => "Choose a folder you may write to, or give yourself access to the device.",
            Self::PathMissing => "Check the path; create the folder or plug the device in.",
            Self::AlreadyExists => "Choose another name.",
            Self::EncoderUnknown { .. } => "Choose another encoder, or install an ffmpeg that has it.",
            Self::EncoderRefused { .. } => "Choose another encoder, or change the setting it complains about.",
            Self::CodecNotInContainer { .. } => "Choose MKV, which holds every codec, or another codec.",
            Self::ContainerUnknown { .. } => "Give the file a usual extension, such as .mp4 or .mkv.",
            Self::InvalidOption { .. } => "Correct or remove this option under Advanced.",
            Self::ConnectionRefused => "Check the address and port, and that the server runs.",
            Self::ConnectionLost => "Check the network; a lower bitrate may help.",
            Self::Unauthorized => "Copy the stream key again from the service's page.",
            Self::ServerRefused => "Usually the stream key is wrong or expired, or the address lacks its last part.",
            Self::HostNotFound => "Check the address and your network connection.",
            Self::DeviceBusy => "Close the other program and try again.",
            Self::InputInvalid => "Check that the file is complete and of the kind its name says.",
            Self::Killed { signal: 9 } => {
                "The system may have run out of memory; try a smaller picture or a faster preset."
            }
            Self::Killed { signal: 4 | 6 | 7 | 8 | 11 } => {
                "ffmpeg itself crashed; try another encoder or another ffmpeg."
            }
            Self::Killed { .. } => "Start again.",
            Self::Silent => "Check that the ffmpeg program works: run it with -version in a terminal.",
            Self::Other(_) => "The log holds the details.",
        }
    }

    /// Whether another cause seen earlier or later must not hide this one.
    const fn rank(&self) -> u8 {
        match self {
            Self::NoSpace => 3,
            Self::Other(_) => 0,
            Self::ServerRefused | Self::InputInvalid | Self::PathMissing => 1,
            _ => 2,
        }
    }
}

/// A warning or an error that may turn out to be the reason why an encoder was given up.
#[derive(Debug)]
struct Reason {
    level: Level,
    by_a_part: bool,
    message: String,
}

/// Reads the log line by line and keeps the cause that explains a failure best: the first specific one.
#[derive(Debug, Default)]
pub struct CauseTracker {
    found: Option<Cause>,
    reasons: Vec<Reason>,
}

impl CauseTracker {
    /// Takes the next line, already without secrets.
    pub fn feed(&mut self, line: &LogLine<'_>) {
        if let Some(cause) = self.classify(line) {
            let better = self.found.as_ref().is_none_or(|kept| {
                // Of unspecific lines the last one counts, of specific ones the first.
                cause.rank() > kept.rank() || (cause.rank() == 0 && kept.rank() == 0)
            });
            if better {
                self.found = Some(cause);
            }
        }
        if let Some(level) = line.level.filter(|level| *level >= Level::Warning) {
            if self.reasons.len() == REASONS_KEPT {
                self.reasons.remove(0);
            }
            let message = line.message.to_owned();
            self.reasons.push(Reason { level, by_a_part: line.context.is_some(), message });
        }
    }

    /// The cause so far; `None` if the log tells of no failure.
    pub fn cause(&self) -> Option<&Cause> {
        self.found.as_ref()
    }

    fn classify(&self, line: &LogLine<'_>) -> Option<Cause> {
        let message = line.message;
        if let Some(refused) = credentials_refused(message) {
            return Some(refused); // a warning or a library's own line
        }
        if !line.is_error() {
            return None;
        }
        option_cause(message)
            .or_else(|| encoder_cause(message, self))
            .or_else(|| container_cause(message))
            .or_else(|| system_cause(message))
            .or_else(|| (!is_aftermath(message)).then(|| Cause::Other(message.to_owned())))
    }

    /// What the encoder itself said shortly before it was given up: its first error, else its first warning.
    fn encoders_reason(&self) -> String {
        let said = |least: Level| self.reasons.iter().find(|reason| reason.by_a_part && reason.level >= least);
        let reason = said(Level::Error).or_else(|| said(Level::Warning)).or_else(|| self.reasons.last());
        reason.map_or_else(|| "it gives no reason".to_owned(), |reason| reason.message.clone())
    }
}

/// Lines that only repeat that something failed before.
fn is_aftermath(message: &str) -> bool {
    const REPEATS: &[&str] = &[
        "Error initializing output stream",
        "Could not write header",
        "Error reinitializing filters",
        "Failed to inject frame",
        "Error while processing",
        "Conversion failed",
        "Error splitting the argument list",
        "Error parsing global options",
        "Error opening output file",
        "Error opening input file",
        "Cannot open connection",
        "Task finished with error code",
        "Terminating thread with return code",
        "Could not open encoder before EOF",
        "Nothing was written into output file",
    ];
    message.is_empty() || REPEATS.iter().any(|repeat| message.starts_with(repeat))
}

fn credentials_refused(message: &str) -> Option<Cause> {
    const REFUSALS: &[&str] = &[
        "401 Unauthorized",
        "403 Forbidden",
        "Incorrect passphrase",
        "BADSECRET",
        "NetConnection.Connect.Rejected",
        "NetStream.Publish.BadName",
        "NetStream.Publish.Denied",
        "NetStream.Authenticate",
        "authmod=",
    ];
    REFUSALS.iter().any(|refusal| message.contains(refusal)).then_some(Cause::Unauthorized)
}

fn option_cause(message: &str) -> Option<Cause> {
    let named = |name: &str| Some(Cause::InvalidOption { name: name.trim_matches(['\'', '.', '"']).to_owned() });
    if let Some(name) = message.strip_prefix("Unrecognized option ") {
        return named(name);
    }
    if let Some(rest) = message.strip_prefix("Error setting option ") {
        return named(rest.split(" to value").next().unwrap_or(rest));
    }
    if let Some((_, rest)) = message.split_once("for option '") {
        return named(rest.split('\'').next().unwrap_or(rest));
    }
    if let Some(rest) = message.strip_prefix("Missing argument for option ") {
        return named(rest.split('\'').nth(1).unwrap_or(rest));
    }
    if let Some(rest) = message.strip_prefix("Codec AVOption ") {
        return named(rest.split(' ').next().unwrap_or(rest));
    }
    if let Some(name) = message.strip_prefix("Unknown pixel format requested: ") {
        return named(&format!("pix_fmt {}", name.trim_end_matches('.')));
    }
    if let Some(rest) = message.strip_prefix("Stream map '") {
        return named(&format!("map {}", rest.split('\'').next().unwrap_or(rest)));
    }
    message.strip_prefix("No such filter: ").and_then(named)
}

fn encoder_cause(message: &str, tracker: &CauseTracker) -> Option<Cause> {
    if let Some(name) = message.strip_prefix("Unknown encoder '") {
        return Some(Cause::EncoderUnknown { name: name.trim_end_matches('\'').to_owned() });
    }
    let gave_up = message.starts_with("Error submitting") && message.ends_with("to the encoder");
    if gave_up || message.contains("while opening encoder") {
        return Some(Cause::EncoderRefused { reason: tracker.encoders_reason() });
    }
    if message.starts_with("Impossible to convert between the formats") {
        return Some(Cause::EncoderRefused { reason: "it does not take this pixel format".to_owned() });
    }
    message
        .starts_with("No VA display found")
        .then(|| Cause::EncoderRefused { reason: "no graphics card with VAAPI answers".to_owned() })
}

fn container_cause(message: &str) -> Option<Cause> {
    let not_held = message.contains("codec not currently supported in container")
        || message.contains("not compatible with")
        || message.contains("are supported for WebM")
        || message.contains("incompatible with output codec");
    if not_held {
        return Some(Cause::CodecNotInContainer { reason: message.to_owned() });
    }
    let unknown = message.starts_with("Unable to find a suitable output format")
        || message.starts_with("Unable to choose an output format")
        || message.starts_with("Requested output format");
    (unknown || message.ends_with("Protocol not found")).then(|| Cause::ContainerUnknown { reason: message.to_owned() })
}

/// What the operating system said, which ffmpeg puts at the end of its line.
fn system_cause(message: &str) -> Option<Cause> {
    let said = message.rsplit(": ").next().unwrap_or(message).trim_end_matches('.');
    Some(match said {
        "No space left on device" | "Disk quota exceeded" | "File too large" => Cause::NoSpace,
        "Permission denied" | "Operation not permitted" | "Read-only file system" => Cause::PermissionDenied,
        "Connection refused" => Cause::ConnectionRefused,
        "Connection reset by peer"
        | "Broken pipe"
        | "Connection timed out"
        | "Network is unreachable"
        | "No route to host"
        | "End of file" => Cause::ConnectionLost,
        "Device or resource busy" | "Device busy" => Cause::DeviceBusy,
        "No such file or directory" | "No such device" | "No such process" | "Is a directory" => Cause::PathMissing,
        "Invalid data found when processing input" => Cause::InputInvalid,
        "Input/output error" if message.starts_with("rtmp") => Cause::ServerRefused,
        _ if message.starts_with("Failed to resolve hostname") => Cause::HostNotFound,
        _ if message.contains("already exists. Exiting") => Cause::AlreadyExists,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause_of(log: &str) -> Option<Cause> {
        let mut tracker = CauseTracker::default();
        for line in log.lines() {
            tracker.feed(&LogLine::parse(line));
        }
        tracker.cause().cloned()
    }

    fn refused(reason: &str) -> Cause {
        Cause::EncoderRefused { reason: reason.to_owned() }
    }

    // Every text below is what ffmpeg 5.1.9 wrote with -loglevel level+info, unless a line says otherwise.

    #[test]
    fn full_disks_and_forbidden_places() {
        let full = "[error] av_interleaved_write_frame(): No space left on device
[error] Error writing trailer of full/x.mkv: No space left on device
[error] Error closing file full/x.mkv: No space left on device";
        assert_eq!(cause_of(full), Some(Cause::NoSpace));
        let header =
            "[error] Could not write header for output file #0 (incorrect codec parameters ?): No space left on device
[error] Error initializing output stream 0:0 -- ";
        assert_eq!(cause_of(header), Some(Cause::NoSpace));
        assert_eq!(cause_of("[error] /root/x.mkv: Permission denied"), Some(Cause::PermissionDenied));
        assert_eq!(cause_of("[error] /nonexistent/x.mkv: No such file or directory"), Some(Cause::PathMissing));
        assert_eq!(cause_of("[fatal] File 'exists.mkv' already exists. Exiting."), Some(Cause::AlreadyExists));
        assert_eq!(cause_of("[error] junk.bin: Invalid data found when processing input"), Some(Cause::InputInvalid));
    }

    #[test]
    fn encoders_give_their_own_reason() {
        assert_eq!(
            cause_of("[fatal] Unknown encoder 'nosuch'"),
            Some(Cause::EncoderUnknown { name: "nosuch".to_owned() })
        );
        let odd = "[libx264 @ 0x555bbecde8c0] [error] width not divisible by 2 (321x241)
[error] Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height";
        assert_eq!(cause_of(odd), Some(refused("width not divisible by 2 (321x241)")));
        let profile = "x264 [error]: baseline profile doesn't support 4:4:4
[libx264 @ 0x55e6cb3bb8c0] [error] Error setting profile baseline.
[error] Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height";
        assert_eq!(cause_of(profile), Some(refused("baseline profile doesn't support 4:4:4")));
        let omx = "[h264_omx @ 0x56142a8784c0] [warning] libOMX_Core.so not found
[h264_omx @ 0x56142a8784c0] [warning] libOmxCore.so not found
[error] Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height";
        assert_eq!(cause_of(omx), Some(refused("libOMX_Core.so not found")));
        let later = "[amv @ 0x1] [error] Heights which are not a multiple of 16 might fail with some decoders, use vstrict=-1 / -strict -1 to use 360 anyway.
[error] Error submitting video frame to the encoder";
        assert_eq!(
            cause_of(later),
            Some(refused(
                "Heights which are not a multiple of 16 might fail with some decoders, use vstrict=-1 / -strict -1 to use 360 anyway."
            ))
        );
        let seven = "[h264_nvenc @ 0x1] [error] Cannot load libcuda.so.1
[vost#0:0/h264_nvenc @ 0x2] [enc:h264_nvenc @ 0x3] [error] Error while opening encoder - maybe incorrect parameters such as bit_rate, rate, width or height.
[vf#0:0 @ 0x4] [error] Task finished with error code: -1 (Operation not permitted)"; // as ffmpeg 7 words it
        assert_eq!(cause_of(seven), Some(refused("Cannot load libcuda.so.1")));
    }

    #[test]
    fn options_are_named() {
        let option = |name: &str| Some(Cause::InvalidOption { name: name.to_owned() });
        let unknown = "[error] Unrecognized option 'nosuchopt'.
[fatal] Error splitting the argument list: Option not found";
        assert_eq!(cause_of(unknown), option("nosuchopt"));
        let crf = "[libx264 @ 0x55f0be348c40] [Eval @ 0x7fff64da5a60] [error] Undefined constant or missing '(' in 'abc'
[libx264 @ 0x55f0be348c40] [error] Unable to parse option value \"abc\"
[libx264 @ 0x55f0be348c40] [error] Error setting option crf to value abc.
[error] Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height";
        assert_eq!(cause_of(crf), option("crf"));
        let vaapi = "[AVHWDeviceContext @ 0x55d035df5a40] [error] No VA display found for device /dev/dri/renderD128.
[error] Device creation failed: -22.
[error] Failed to set value '/dev/dri/renderD128' for option 'vaapi_device': Invalid argument
[fatal] Error parsing global options: Invalid argument";
        assert_eq!(cause_of(vaapi), Some(refused("no graphics card with VAAPI answers")));
        assert_eq!(cause_of("[fatal] Unknown pixel format requested: nosuch."), option("pix_fmt nosuch"));
        let map = "[fatal] Stream map '0:a' matches no streams.
To ignore this, add a trailing '?' to the map.";
        assert_eq!(cause_of(map), option("map 0:a"));
        assert_eq!(cause_of("[AVFilterGraph @ 0x55832b1f5b40] [error] No such filter: 'nosuch'"), option("nosuch"));
    }

    #[test]
    fn containers_say_what_they_cannot_hold() {
        let webm = "[webm @ 0x55e8382d9a80] [error] Only VP8 or VP9 or AV1 video and Vorbis or Opus audio and WebVTT subtitles are supported for WebM.
[error] Could not write header for output file #0 (incorrect codec parameters ?): Invalid argument
[error] Error initializing output stream 0:0 -- ";
        assert!(matches!(cause_of(webm), Some(Cause::CodecNotInContainer { .. })));
        let flv = "[flv @ 0x55806637aa80] [error] Video codec vp8 not compatible with flv
[error] Could not write header for output file #0 (incorrect codec parameters ?): Function not implemented";
        assert!(matches!(cause_of(flv), Some(Cause::CodecNotInContainer { .. })));
        let mp4 = "[mp4 @ 0x564bacb74b40] [error] Could not find tag for codec huffyuv in stream #0, codec not currently supported in container";
        assert!(matches!(cause_of(mp4), Some(Cause::CodecNotInContainer { .. })));
        let garbage = "[NULL @ 0x563731f7eb40] [error] Unable to find a suitable output format for 'x.garbage'
[error] x.garbage: Invalid argument";
        assert!(matches!(cause_of(garbage), Some(Cause::ContainerUnknown { .. })));
        assert!(matches!(
            cause_of("[error] nosuchproto://x/y: Protocol not found"),
            Some(Cause::ContainerUnknown { .. })
        ));
    }

    #[test]
    fn networks_fail_in_their_own_ways() {
        let refused =
            "[tcp @ 0x5645fb8a5780] [error] Connection to tcp://127.0.0.1:9?tcp_nodelay=0 failed: Connection refused
[rtmp @ 0x5645fb8a5080] [error] Cannot open connection tcp://127.0.0.1:9?tcp_nodelay=0
[error] rtmp://127.0.0.1:9/live/•••: Connection refused";
        assert_eq!(cause_of(refused), Some(Cause::ConnectionRefused));
        let name = "[tcp @ 0x555b3bd7c780] [error] Failed to resolve hostname nosuch.invalid: Name or service not known
[rtmp @ 0x555b3bd7c080] [error] Cannot open connection tcp://nosuch.invalid:1935?tcp_nodelay=0
[error] rtmp://nosuch.invalid/live/•••: Input/output error";
        assert_eq!(cause_of(name), Some(Cause::HostNotFound));
        assert_eq!(cause_of("[error] rtmp://h/live/•••: Input/output error"), Some(Cause::ServerRefused));
        let srt = "08:23:16.211817/SRT:RcvQ:w1!W:SRT.cn: processAsyncConnectRequest: REJECT reported from HS processing: Incorrect passphrase - not processing further
[error] srt://127.0.0.1:19711?mode=caller&passphrase=•••: Input/output error";
        assert_eq!(cause_of(srt), Some(Cause::Unauthorized));
        let http = "[http @ 0x55dbd0a780c0] [warning] HTTP error 401 Unauthorized
[error] http://127.0.0.1:18991/a: Server returned 401 Unauthorized (authorization failed)";
        assert_eq!(cause_of(http), Some(Cause::Unauthorized));
    }

    #[test]
    fn a_good_run_has_no_cause_and_an_unknown_failure_keeps_its_last_words() {
        let good = "[info] Stream mapping:
[libx264 @ 0x55c29a010880] [warning] Error parsing option 'foo = bar'.
[info] Exiting normally, received signal 2.";
        assert_eq!(cause_of(good), None);
        let odd = "[x11grab @ 0x560eb18868c0] [error] Cannot open display :77, error 1.
[error] something nobody has seen before";
        assert_eq!(cause_of(odd), Some(Cause::Other("something nobody has seen before".to_owned())));
    }

    #[test]
    fn a_full_disk_is_never_hidden_by_an_older_trouble() {
        let log = "[error] rtmp://h/live/•••: Connection refused
[error] av_interleaved_write_frame(): No space left on device";
        assert_eq!(cause_of(log), Some(Cause::NoSpace));
    }
}
