//! The connection to an X server: what it offers, and its errors in our words.

use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::composite::ConnectionExt as _;
use x11rb::protocol::damage::ConnectionExt as _;
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::shm::ConnectionExt as _;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageOrder, Screen, Window};
use x11rb::protocol::{composite, damage, randr, shm, xfixes};
use x11rb::rust_connection::RustConnection;

use crate::capture::{CaptureError, DisplayOptions};
use crate::media::Resolution;

/// Why a request had no answer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The server is gone.
    Lost,
    /// The server is there and says no.
    Refused(String),
}

impl From<ConnectionError> for Refusal {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::UnsupportedExtension => Self::Refused("a needed extension is missing".to_owned()),
            ConnectionError::FdPassingFailed | ConnectionError::MaximumRequestLengthExceeded => {
                Self::Refused(error.to_string())
            }
            _ => Self::Lost,
        }
    }
}

impl From<ReplyError> for Refusal {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Refused(format!("{:?} ({:?})", error.error_kind, error.request_name)),
        }
    }
}

impl From<ReplyOrIdError> for Refusal {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => Self::Refused("no more identifiers".to_owned()),
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(error) => ReplyError::X11Error(error).into(),
        }
    }
}

impl Refusal {
    /// As the end of a capture, where a refusal has no better meaning.
    pub(super) fn fatal(self) -> CaptureError {
        match self {
            Self::Lost => CaptureError::DisplayLost,
            Self::Refused(reason) => CaptureError::DisplayRefused { reason },
        }
    }
}

/// What a server may offer beyond the core protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extension {
    /// MIT-SHM 1.2: shared memory by file descriptor.
    Shm,
    /// What changed.
    Damage,
    /// The pointer's picture, and regions.
    Xfixes,
    /// Pictures of covered windows.
    Composite,
    /// Monitors (1.5).
    Randr,
}

pub(super) struct Display {
    pub(super) conn: RustConnection,
    pub(super) screen: Screen,
    name: String,
    extensions: Vec<Extension>,
}

impl Display {
    /// Connects and asks for the extensions; blocks for as long as the server does.
    pub(super) fn connect(options: &DisplayOptions) -> Result<Self, CaptureError> {
        let name = options.name.clone().or_else(|| std::env::var("DISPLAY").ok()).unwrap_or_default();
        check_number(&name)?;
        let (conn, index) = RustConnection::connect(options.name.as_deref())
            .map_err(|error| CaptureError::NoDisplay { reason: error.to_string() })?;
        let screen = conn.setup().roots.get(index).cloned();
        let screen = screen.ok_or_else(|| CaptureError::NoDisplay { reason: format!("it has no screen {index}") })?;
        let extensions = offered(&conn).map_err(Refusal::fatal)?;
        Ok(Self { conn, screen, name, extensions })
    }

    pub(super) fn root(&self) -> Window {
        self.screen.root
    }

    pub(super) fn has(&self, extension: Extension) -> bool {
        self.extensions.contains(&extension)
    }

    /// Whether file descriptors can go to the server. A forwarded display (`localhost:10`) is a TCP connection.
    pub(super) fn is_local(&self) -> bool {
        self.name.starts_with([':', '/']) || self.name.starts_with("unix:")
    }

    /// Whether this is the X side of a Wayland session, whose root shows nothing of the desktop.
    pub(super) fn is_xwayland(&self) -> Result<bool, Refusal> {
        Ok(self.conn.query_extension(b"XWAYLAND")?.reply()?.present)
    }

    /// The whole desktop now.
    pub(super) fn root_size(&self) -> Result<Resolution, Refusal> {
        let geometry = self.conn.get_geometry(self.root())?.reply()?;
        Ok(Resolution::new(u32::from(geometry.width), u32::from(geometry.height)))
    }

    /// Whether a drawable of this depth comes as B, G, R, unused bytes; the reason if not.
    pub(super) fn check_depth(&self, depth: u8) -> Result<(), CaptureError> {
        let setup = self.conn.setup();
        let wide = setup.pixmap_formats.iter().any(|format| format.depth == depth && format.bits_per_pixel == 32);
        let visuals = self.screen.allowed_depths.iter().filter(|allowed| allowed.depth == depth);
        let bgr = visuals.flat_map(|allowed| &allowed.visuals).any(|visual| {
            (visual.red_mask, visual.green_mask, visual.blue_mask) == (0x00ff_0000, 0x0000_ff00, 0x0000_00ff)
        });
        if wide && bgr && setup.image_byte_order == ImageOrder::LSB_FIRST {
            return Ok(());
        }
        Err(CaptureError::DisplayRefused { reason: format!("its pixels of depth {depth} are not 24-bit colours") })
    }
}

/// Refuses display numbers whose TCP port would lie above 65535: x11rb 0.14 panics at them.
fn check_number(name: &str) -> Result<(), CaptureError> {
    let number = name.rsplit_once(':').and_then(|(_, rest)| rest.split('.').next());
    match number.and_then(|number| number.parse::<u32>().ok()) {
        Some(number) if number > u32::from(u16::MAX) - 6000 => {
            Err(CaptureError::NoDisplay { reason: format!("'{name}' is no display") })
        }
        _ => Ok(()),
    }
}

/// Asks for every extension at once; a server needs the version request before it answers others.
fn offered(conn: &RustConnection) -> Result<Vec<Extension>, Refusal> {
    for name in [
        shm::X11_EXTENSION_NAME,
        damage::X11_EXTENSION_NAME,
        xfixes::X11_EXTENSION_NAME,
        composite::X11_EXTENSION_NAME,
        randr::X11_EXTENSION_NAME,
    ] {
        conn.prefetch_extension_information(name)?;
    }
    let there = |name| conn.extension_information(name).map(|information| information.is_some());
    let mut offered = Vec::new();
    if there(xfixes::X11_EXTENSION_NAME)? && conn.xfixes_query_version(5, 0)?.reply()?.major_version >= 2 {
        offered.push(Extension::Xfixes);
    }
    if there(damage::X11_EXTENSION_NAME)? && conn.damage_query_version(1, 1)?.reply().is_ok() {
        offered.push(Extension::Damage);
    }
    if there(composite::X11_EXTENSION_NAME)? {
        let version = conn.composite_query_version(0, 4)?.reply()?;
        if (version.major_version, version.minor_version) >= (0, 2) {
            offered.push(Extension::Composite);
        }
    }
    if there(randr::X11_EXTENSION_NAME)? {
        let version = conn.randr_query_version(1, 5)?.reply()?;
        if (version.major_version, version.minor_version) >= (1, 5) {
            offered.push(Extension::Randr);
        }
    }
    if there(shm::X11_EXTENSION_NAME)? {
        let version = conn.shm_query_version()?.reply()?;
        if (version.major_version, version.minor_version) >= (1, 2) {
            offered.push(Extension::Shm);
        }
    }
    Ok(offered)
}
