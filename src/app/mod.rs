//! Composition root: implements `eframe::App`, carries out effects, owns textures and dialogs.
//!
//! Nobody but `main` and `cli` may import it. Nothing here blocks the window: what takes time is a job.

mod desktop;
mod dialogs;
mod error;
mod flash;
mod jobs;
mod machine;
mod persist;
mod plugs;
mod portrait;
mod ports;
mod quit;
mod run;
mod textures;
mod wake;
mod window;
mod yuv_gl;

pub use dialogs::DesktopDialogs;
pub use error::{AppError, PersistError};
pub use flash::{FLASH_TITLE, Flash, FlashBoard, run_flashes};
pub use machine::DesktopMachine;
pub use persist::SettingsStore;
pub use ports::{FolderDialogs, Machine, PickJob, SessionPort};
pub use quit::QuitRequest;
pub use run::{Setup, run};
pub use wake::WakeGate;
pub use window::{App, Parts};
