//! STUB: the window.

/// Why the window cannot be.
#[derive(Debug, thiserror::Error)]
#[error("the window is not built yet")]
pub struct AppError;

/// Finds ffmpeg.
pub type ProbeFfmpeg = std::sync::Arc<dyn Fn() -> Result<crate::plan::FfmpegSummary, String> + Send + Sync>;

/// What the window starts with.
pub struct Setup {
    /// A profile.
    pub profile: Option<crate::profile::Profile>,
    /// The ffmpeg to use.
    pub ffmpeg: Option<std::path::PathBuf>,
    /// Cache.
    pub cache_dir: std::path::PathBuf,
    /// Probe.
    pub probe: ProbeFfmpeg,
    /// Environment.
    pub environment: crate::plan::Environment,
}

/// Opens the window; returns when it is closed.
pub fn run(_setup: Setup) -> Result<(), AppError> {
    Err(AppError)
}
