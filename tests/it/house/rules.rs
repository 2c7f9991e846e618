//! The rules of the house as tables: the row, the doors, and what each room may never know.

/// The rooms in their order. A room may use only the ones before it.
pub(super) const ROW: &[&str] = &[
    "media",
    "rt",
    "imaging",
    "nut",
    "ffmpeg",
    "capture",
    "audio",
    "service",
    "profile",
    "plan",
    "pacer",
    "preview",
    "writegear",
    "fanout",
    "session",
    "control",
    "model",
    "ui",
    "app",
    "cli",
    "main",
    "bin", // the package's further programs; like `main` each is a few lines over the library
];

/// A power of the outside world and the only modules that may use it.
pub(super) struct Door {
    pub(super) what: &'static str,
    /// Paths: the first word anywhere in a used path starts the match (`Command::new`, `std::fs`).
    pub(super) powers: &'static [&'static str],
    /// Modules (`room/file`, each with everything below it); empty: the modules of [`DISK`].
    pub(super) modules: &'static [&'static str],
}

const fn door(what: &'static str, powers: &'static [&'static str], modules: &'static [&'static str]) -> Door {
    Door { what, powers, modules }
}

pub(super) const DOORS: &[Door] = &[
    door("cameras", &["nokhwa", "nokhwa_core"], &["capture/camera"]),
    door("Video4Linux", &["v4l", "v4l2_sys_mit"], &["capture/v4l"]),
    door("X11", &["x11rb"], &["capture/x11"]),
    door("the Wayland portal", &["ashpd", "pipewire"], &["capture/wayland"]),
    door("sound devices", &["cpal", "pulseaudio"], &["audio/device"]),
    door("resampling", &["rubato"], &["audio/conform"]),
    door("OpenCV", &["opencv"], &["writegear/noncompression/native"]),
    door("dialogs", &["rfd"], &["app/dialogs"]),
    door("opening a folder or address in its program", &["open::that", "open::that_detached"], &["app"]),
    door("the desktop's D-Bus", &["zbus"], &["app/desktop"]),
    door("the keyring", &["keyring"], &["service/keys"]),
    door("HTTP", &["ureq", "reqwest"], &["service/net"]),
    door("starting programs", &["Command::new", "process::Command"], &["ffmpeg/process"]),
    door("listening on a socket", &["UnixListener", "TcpListener"], &["control"]),
    door("connecting to a socket", &["UnixStream::connect", "TcpStream"], &["control", "audio/device/pulse"]),
    door("sockets, a pair of them to a child", &["UnixStream"], &["control", "ffmpeg", "audio/device/pulse"]),
    door("threads", &["thread::Builder", "thread::spawn", "thread::scope", "thread::sleep"], &["rt"]),
    door("clocks", &["Instant::now", "SystemTime", "jiff", "clock_gettime"], &["rt"]),
    door("the window toolkit", &["egui", "eframe", "epaint", "winit", "glow"], &["ui", "app"]),
    door("the command line", &["clap", "env::args", "env::args_os"], &["cli", "main", "bin"]),
    door(
        "the disk",
        &["std::fs", "rustix::fs", "tempfile", "memmap2", "File::open", "File::create", "OpenOptions"],
        &[],
    ),
];

/// Who touches files. The X11 shared memory is a file without a name; the control socket is one with a name.
pub(super) const DISK: &[&str] = &[
    "ffmpeg/alive", // a child's processor time, in /proc
    "ffmpeg/discover",
    "ffmpeg/cache",
    "ffmpeg/secret_file",
    "audio/device/pulse", // the sound server's cookie
    "capture/sysfs",
    "capture/camera/played", // a camera that is a folder
    "capture/x11/shm",
    "service/ffmpeg_build", // a download and what it holds
    "service/keys",
    "profile/store",
    "writegear/place",                 // the library's own outputs
    "writegear/noncompression/target", // OpenCV neither refuses an existing file nor removes an empty one
    "fanout/file",
    "fanout/journal",
    "fanout/verify",
    "control",
    "session/environment",
    "app/persist",
    "cli/signals",
    "cli/sync_test", // a recording that is thrown away
];

const THREADS: &str = "std::thread";

/// What a room may never know, beyond the rooms after it. `crate::x` means our own room `x`; anything else is a path as written.
pub(super) const MAY_NEVER_KNOW: &[(&str, &[&str])] = &[
    ("imaging", &[THREADS, "crate::rt::Worker", "crate::rt::spawn_job", "egui"]),
    ("nut", &["std::process", THREADS, "crate::rt"]),
    ("capture", &["crate::ffmpeg", "crate::nut"]),
    ("audio", &["crate::capture"]),
    ("service", &["crate::ffmpeg", "egui"]),
    ("profile", &["crate::ffmpeg", "crate::capture", "crate::rt", "egui"]),
    ("plan", &["std::fs", "std::process", THREADS, "serde", "serde_json", "toml"]),
    ("pacer", &[THREADS, "std::time::Instant", "Instant::now", "crate::rt", "crate::plan"]),
    (
        "preview",
        &["egui", "crate::capture::camera", "crate::capture::x11", "crate::capture::wayland", "crate::capture::v4l"],
    ),
    ("writegear", &["crate::capture", "crate::plan", "crate::profile", "egui"]),
    ("fanout", &["crate::capture", "crate::profile", "egui"]),
    ("session", &["crate::profile", "egui"]),
    ("control", &["egui"]),
    ("model", &["egui", THREADS, "std::fs", "std::process", "crate::rt::Worker", "crate::rt::spawn_job"]),
    (
        "ui",
        &[
            "crate::session::Session",
            "crate::ffmpeg",
            "crate::capture",
            "rfd",
            "std::fs",
            "std::process",
            THREADS,
            "crate::rt::Worker",
        ],
    ),
    ("cli", &["egui"]),
];

/// The files where `unsafe` stands: the X11 shared memory map, the preview's GL calls.
pub(super) const UNSAFE_FILES: &[&str] = &["capture/x11/shm", "app/yuv_gl"];

/// What a file may hold beside its tests.
pub(super) const MAX_LINES: usize = 500;

/// Files that are one long table, read by looking things up.
pub(super) const TABLES: &[&str] = &[];
