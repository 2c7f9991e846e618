//! The words of the command line. Every option is documented here, with an example; `--help` shows it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const AFTER: &str = "\
Exit codes of 'record': 0 done and the file verified · 2 usage or profile · 3 capture or audio device · \
4 ffmpeg or encoder · 5 output or disk · 6 stream (file fine) · 7 finished but the verdict is not good · 130 forced.

Environment: GEARCAST_HOME keeps profiles, settings, logs and caches under one folder · GEARCAST_FFMPEG names ffmpeg \
· GEARCAST_OPENCV names gearcast-opencv, where it is not beside gearcast · GEARCAST_FFMPEG_BUILDS is a file that tells where 'ffmpeg --download' finds it, instead of the built-in one \
· GEARCAST_LOG is the log filter (GEARCAST_LOG=debug).";

const STREAM: &str = "\
Also stream there, repeatable; never with the key in it (not in this version yet). \
Example: --stream rtmp://live.example.org/app";

const OUTPUT: &str = "\
Where to. A file: its extension picks the container (mp4 mkv webm mov avi ts flv, gif, m3u8, mpd). A folder: a new \
name is made. A place for a number: one file a picture (shot-%05d.png, .jpg, .bmp, .tiff, .webp), or a film cut into \
files of a minute (part%03d.mp4; --set advanced.output='-segment_time 10'). An address that ffmpeg can write \
(rtmp rtmps rtsp rtp udp srt tcp http icecast …, or several: tee:[f=mpegts]udp://…|film.ts) or a virtual camera \
(/dev/video9). Examples: --output talk.mkv · --output shots/%05d.png · --output udp://127.0.0.1:9000. \
Example: --output talk.gif --set video.fps=12 --set video.size=640x360";

const SET: &str = "\
Set any key of the profile, repeatable; 'gearcast profiles show Recording' shows them. A camera's controls are keys \
too, by their names: source.controls.brightness=128, source.controls.focus_automatic=off (for one of several cameras: \
a table [source.controls.\"CAMERA ID\"] in a profile's file); source.mirror is off, preview or both (the recording \
too). Example: --set video.crf=18 --set audio.inputs.0.gain_db=-3 --set source.mirror=both";

/// Records and streams the screen, a window, a camera and sound. Without a command, the window opens.
#[derive(Debug, Parser)]
#[command(name = "gearcast", version, after_help = AFTER, max_term_width = 110)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(super) struct Cli {
    /// Open the window with this profile: its name, or a .toml file. Example: --profile "Twitch 1080p30"
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) profile: Option<String>,
    /// Use this ffmpeg: the program or its folder. Example: --ffmpeg /opt/ffmpeg/bin
    #[arg(long, value_name = "PATH")]
    pub(super) ffmpeg: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::enum_variant_names, reason = "'gearcast command' is a word of the interface")]
pub(super) enum Command {
    /// Record without a window, until Ctrl+C or --duration.
    ///
    /// Example: gearcast record --source screen --audio default --output ~/Videos/talk.mkv --duration 60
    #[command(after_help = AFTER)]
    Record(Box<RecordArgs>),
    /// List cameras with their modes, screens, windows and sound inputs, with their stable ids.
    ///
    /// Example: gearcast devices --json
    Devices(JsonArgs),
    /// List the encoders of the found ffmpeg and which of them really work here (tried once, then remembered).
    ///
    /// Example: gearcast encoders
    Encoders(EncodersArgs),
    /// Print the commands, of ffmpeg or gearcast-opencv, that 'record' with the same options would run; keys are hidden.
    ///
    /// Example: gearcast command --source test --set video.encoder=libx265
    Command(Box<RecordArgs>),
    /// Run the found ffmpeg with your own arguments; its output is shown and its exit code handed on. Ctrl+C lets it
    /// finish its file, a second one ends it at once.
    ///
    /// Example: gearcast ffmpeg -- -i talk.mkv -vn talk.m4a
    ///
    /// With --download: get an ffmpeg where there is none (Windows; elsewhere it says how to install it).
    ///
    /// Example: gearcast ffmpeg --download
    Ffmpeg(FfmpegArgs),
    /// Keep, show and exchange profiles.
    #[command(subcommand)]
    Profiles(ProfilesCommand),
    /// Find recordings that a crash left unfinished and finish them (not in this version yet).
    Repair {
        /// A recording, or a folder of them. Example: gearcast repair ~/Videos
        path: Option<PathBuf>,
    },
    /// Tell what is found on this machine and what is missing, each with the fix.
    ///
    /// Example: gearcast doctor
    Doctor(EncodersArgs),
    /// Steer a running gearcast (not in this version yet).
    Ctl {
        /// What to do. Example: gearcast ctl stop
        verb: CtlVerb,
    },
    /// Flash and click, record both as 'record' would, and report how far picture and sound are apart and whether they
    /// drift. Exit code 0: in step; 7: not, or too few were found.
    ///
    /// Example: gearcast sync-test
    ///
    /// A camera that looks at the screen and a microphone beside the loudspeaker, into a profile of your own:
    ///
    /// Example: gearcast sync-test --profile "My camera" --source camera --audio default --store
    SyncTest(Box<SyncTestArgs>),
}

/// What a running gearcast can be asked to do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum CtlVerb {
    Status,
    Start,
    Stop,
    Pause,
    Resume,
    Live,
    EndLive,
    Snapshot,
    Mark,
    SaveReplay,
}

#[derive(Debug, Args)]
pub(super) struct JsonArgs {
    /// One JSON object on stdout instead of a list for people. Example: gearcast devices --json
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct EncodersArgs {
    /// One JSON object on stdout instead of a list for people. Example: --json
    #[arg(long)]
    pub(super) json: bool,
    /// Use this ffmpeg: the program or its folder. Example: --ffmpeg /opt/ffmpeg/bin
    #[arg(long, value_name = "PATH")]
    pub(super) ffmpeg: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct FfmpegArgs {
    /// Use this ffmpeg: the program or its folder. Example: --ffmpeg /opt/ffmpeg/bin
    #[arg(long, value_name = "PATH")]
    pub(super) ffmpeg: Option<PathBuf>,
    /// Download ffmpeg into this folder, checked against its known sum [default: gearcast's own folder, where it is
    /// found by itself]. Example: gearcast ffmpeg --download D:\\Tools
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, conflicts_with = "args")]
    #[expect(clippy::option_option, reason = "as clap says it: not given, given alone, given with a folder")]
    pub(super) download: Option<Option<PathBuf>>,
    /// Everything after -- goes to ffmpeg as it is. Example: gearcast ffmpeg -- -version
    #[arg(last = true, required_unless_present = "download", value_name = "ARGS")]
    pub(super) args: Vec<std::ffi::OsString>,
}

/// Which engine writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EngineArg {
    /// Compression mode.
    Ffmpeg,
    /// Non-compression mode: OpenCV's writer, without sound and without ffmpeg.
    Opencv,
}

#[derive(Clone, Debug, Default, Args)]
pub(super) struct RecordArgs {
    /// Start from a profile: its name, or a .toml file [default: the built-in "Recording"].
    /// Example: --profile "My camera"
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub(super) profile: Option<String>,
    /// What to record: none, test, screen[:N|NAME], window:ID|TITLE-PART, region:WxH+X+Y or
    /// camera[:N|NAME|PATH]. Example: --source region:1280x720+0+0
    #[arg(long, value_name = "SPEC")]
    pub(super) source: Option<String>,
    /// What to hear, repeatable: none, default, system, test, or a device's id or part of its name.
    /// Example: --audio default --audio system
    #[arg(long, value_name = "SPEC")]
    pub(super) audio: Vec<String>,
    #[arg(long, value_name = "PATH", help = OUTPUT)]
    pub(super) output: Option<PathBuf>,
    #[arg(long, value_name = "URL", help = STREAM)]
    pub(super) stream: Vec<String>,
    /// The file with the key of the N-th --stream, '-' for standard input (not in this version yet).
    /// Example: --stream-key-file 1=key.txt
    #[arg(long, value_name = "[N=]FILE")]
    pub(super) stream_key_file: Vec<String>,
    #[arg(long, help = "Stream only (not in this version yet). Example: --stream srt://host:9000 --no-file")]
    pub(super) no_file: bool,
    /// The engine that writes: ffmpeg, or opencv (non-compression mode: pictures alone, into avi, mp4, mov or mkv, with
    /// --set opencv.fourcc=MJPG, opencv.backend, opencv.color; needs no ffmpeg, and the program gearcast-opencv).
    /// Example: --engine opencv --audio none --output film.avi
    #[arg(long, value_name = "ENGINE")]
    pub(super) engine: Option<EngineArg>,
    /// Stop by itself after this many seconds. Example: --duration 90
    #[arg(long, value_name = "SECONDS", value_parser = parse_duration)]
    pub(super) duration: Option<std::time::Duration>,
    #[arg(long, value_name = "KEY=VALUE", help = SET)]
    pub(super) set: Vec<String>,
    /// Use this ffmpeg: the program or its folder. Example: --ffmpeg /opt/ffmpeg/bin
    #[arg(long, value_name = "PATH")]
    pub(super) ffmpeg: Option<PathBuf>,
    /// Replace an existing output once the new file is complete. Example: --output talk.mp4 --overwrite
    #[arg(long)]
    pub(super) overwrite: bool,
    /// One JSON object a line on stdout: started, status, problem, finished. Example: --json
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct SyncTestArgs {
    /// Record as this profile does: its name, or a .toml file [default: the built-in "Recording"].
    /// Example: --profile "My camera"
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub(super) profile: Option<String>,
    /// What sees the flash: a screen, window, region or camera as for 'record' [default: the flashing window's place on
    /// the screen]. Example: --source camera
    #[arg(long, value_name = "SPEC")]
    pub(super) source: Option<String>,
    /// What hears the click: system, default, or a device's id or part of its name [default: the profile's system sound
    /// or first input, or else system]. Example: --audio default
    #[arg(long, value_name = "SPEC")]
    pub(super) audio: Option<String>,
    /// How many flashes and clicks, 1.5 s each. Example: --events 60
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(5..=400))]
    pub(super) events: u16,
    /// Where the click is played, an output's id or name [default: the system's default].
    /// Example: --output-device pulseaudio:alsa_output.usb-headset
    #[arg(long, value_name = "ID")]
    pub(super) output_device: Option<String>,
    #[arg(long, value_name = "KEY=VALUE", help = SET)]
    pub(super) set: Vec<String>,
    /// Use this ffmpeg: the program or its folder. Example: --ffmpeg /opt/ffmpeg/bin
    #[arg(long, value_name = "PATH")]
    pub(super) ffmpeg: Option<PathBuf>,
    /// Keep the recording here instead of deleting it. Example: --keep sync.mkv
    #[arg(long, value_name = "FILE")]
    pub(super) keep: Option<PathBuf>,
    /// Store a telling offset without asking: in the profile if --profile names one, else for the sound device.
    /// Example: --store
    #[arg(long)]
    pub(super) store: bool,
    /// Neither store nor ask. Example: --no-store
    #[arg(long, conflicts_with = "store")]
    pub(super) no_store: bool,
    /// One JSON object a line on stdout: event (for each), sync (last). Example: --json
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum ProfilesCommand {
    /// List all profiles. Example: gearcast profiles list
    List(JsonArgs),
    /// Print a profile as TOML. Example: gearcast profiles show Recording
    Show {
        /// Its name, or a .toml file. Example: Recording
        name: String,
    },
    /// Save record's options under a name; --overwrite replaces one that is there.
    /// Example: gearcast profiles save Camera --source camera --set video.fps=60
    Save {
        /// The name. Example: Camera
        name: String,
        #[command(flatten)]
        record: Box<RecordArgs>,
    },
    /// Take a file into the profiles, under the name it gives itself. Example: gearcast profiles import a.toml
    Import {
        /// The file. Example: a.toml
        file: PathBuf,
        /// Replace a profile of that name. Example: gearcast profiles import a.toml --overwrite
        #[arg(long)]
        overwrite: bool,
    },
    /// Write a profile to a file. Example: gearcast profiles export Camera camera.toml
    Export {
        /// The profile. Example: Camera
        name: String,
        /// The file. Example: camera.toml
        file: PathBuf,
        /// Replace an existing file. Example: gearcast profiles export Camera camera.toml --overwrite
        #[arg(long)]
        overwrite: bool,
    },
    /// Delete a profile. Example: gearcast profiles delete Camera
    Delete {
        /// The profile. Example: Camera
        name: String,
    },
    /// Tell everything that is wrong with a profile's file. Example: gearcast profiles check a.toml
    Check {
        /// The file. Example: a.toml
        file: PathBuf,
    },
}

/// Seconds, above zero and at most a year.
fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.trim().parse().map_err(|_| "write seconds, such as 90 or 0.5".to_owned())?;
    if seconds > 0.0 && seconds <= 365.0 * 86_400.0 {
        return Ok(std::time::Duration::from_secs_f64(seconds));
    }
    Err("the duration must be above 0 and at most a year (31536000)".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_words_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_an_example() {
        fn visit(command: &clap::Command) {
            for arg in command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version")) {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    help.contains("Example: "),
                    "{} of '{}' has no example: {help}",
                    arg.get_id(),
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(visit);
        }
        visit(&Cli::command());
    }

    #[test]
    fn durations_are_seconds() {
        assert_eq!(parse_duration("0.5").unwrap().as_millis(), 500);
        assert_eq!(parse_duration(" 90 ").unwrap().as_secs(), 90);
        for text in ["", "0", "-1", "nan", "inf", "1m", "1e30", "31536001"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
