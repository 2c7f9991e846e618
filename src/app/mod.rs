//! STUB: the window.

/// Why the window cannot be.
#[derive(Debug, thiserror::Error)]
#[error("the window is not built yet")]
pub struct AppError;

/// What the window starts with.
#[derive(Debug, Default)]
pub struct AppSetup {
    /// A profile's name or file.
    pub profile: Option<String>,
    /// The ffmpeg to use.
    pub ffmpeg: Option<std::path::PathBuf>,
}

/// Opens the window; returns when it is closed.
pub fn run(_setup: AppSetup) -> Result<(), AppError> {
    Err(AppError)
}
