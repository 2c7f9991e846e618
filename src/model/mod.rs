//! The window's state as a value, and the one function that changes it: `update(&mut Model, Action) -> Vec<Effect>`.
//!
//! Knows no egui, no thread, no file and no process: what must happen outside is an [`Effect`], what happened
//! outside comes back as an [`Action`].

mod action;
pub mod camera_words;
mod cameras;
mod notices;
mod preview;
mod settings;
mod state;
mod update;
pub mod words;

pub use action::{Action, Answer, Effect, Found, Picked};
pub use preview::preview_request;
pub use settings::{Appearance, SETTINGS_VERSION, Settings, WindowSize};
pub use state::{Closing, DeviceSearch, Dialog, FfmpegSearch, Model, NoticeLine, Pane, Stage};
pub use update::update;
