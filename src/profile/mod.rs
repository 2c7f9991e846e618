//! What the user wants, as plain data: profiles, and how they are stored, versioned and migrated.
//!
//! A profile holds the user's words (`"auto"`, `"source"`, a device's id), never what was found on this machine
//! and never a key. Knows no ffmpeg, capture, threads or window; `plan` turns it into what will run.

mod controls;
mod credentials;
mod fields;
mod parse;
mod places;
mod set;
mod store;
mod types;

pub use controls::{ControlValue, ControlValues, Controls};
pub use credentials::credential_in;
pub use fields::{FIELDS, Field, FieldKind, field, nearest_keys};
pub use parse::{FieldError, ParseError, Parsed, parse};
pub use places::{NoHome, Places};
pub use set::{SetError, set, set_pair};
pub use store::{Listed, OnTaken, Origin, Store, StoreError, built_in, to_toml};
pub use types::{
    Advanced, Audio, AudioInput, CURRENT_VERSION, ChannelsChoice, Engine, FrameTimingChoice, MirrorChoice, OpenCv,
    Output, Profile, RateControl, Source, SourceKind, Stream, Video,
};
