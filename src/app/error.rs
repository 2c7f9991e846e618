//! Why there is no window, in words that say what to do.

use std::io;
use std::path::PathBuf;

/// Why the window could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Neither X11 nor Wayland is there.
    #[error(
        "there is no desktop to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set. Start it from a desktop \
         session, or record without a window: gearcast record --help"
    )]
    NoDisplay,
    /// The desktop is named but cannot be reached.
    #[error("the desktop does not answer ({details}). Check DISPLAY or WAYLAND_DISPLAY, and that you may use it")]
    DisplayRefused {
        /// The toolkit's words.
        details: String,
    },
    /// A library that is loaded at run time is missing.
    #[error(
        "a library that windows need is missing ({details}). On Debian and Ubuntu: sudo apt install libx11-6 \
         libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0"
    )]
    MissingLibrary {
        /// The toolkit's words.
        details: String,
    },
    /// No OpenGL.
    #[error(
        "no OpenGL was found, which draws the window ({details}). On Debian and Ubuntu: sudo apt install libegl1 \
         libgl1-mesa-dri"
    )]
    NoOpenGl {
        /// The toolkit's words.
        details: String,
    },
    /// The session's thread could not be started.
    #[error("the recorder could not be started: {0}")]
    Session(#[source] io::Error),
    /// No place for settings and caches.
    #[error(transparent)]
    NoHome(#[from] crate::profile::NoHome),
    /// Anything else.
    #[error("the window could not be opened: {details}")]
    Other {
        /// The toolkit's words.
        details: String,
    },
}

impl AppError {
    /// What the toolkit's error means for the user.
    pub(super) fn from_eframe(error: eframe::Error) -> Self {
        let details = error.to_string();
        match error {
            eframe::Error::AppCreation(inner) => match inner.downcast::<io::Error>() {
                Ok(io) => Self::Session(*io),
                Err(_) => Self::Other { details },
            },
            eframe::Error::NoGlutinConfigs(..) => Self::NoOpenGl { details: "no configuration fits".to_owned() },
            eframe::Error::Glutin(_) | eframe::Error::OpenGL(_) => Self::NoOpenGl { details },
            _ => Self::from_words(details),
        }
    }

    /// What a text of the toolkit means: its errors and panics have no finer types.
    pub(super) fn from_words(details: String) -> Self {
        let lower = details.to_lowercase();
        if ["xkbcommon", "libraryopenerror", "library", "dlopen", ".so"].iter().any(|word| lower.contains(word)) {
            Self::MissingLibrary { details }
        } else if ["display", "connection", "wayland", "x11", "xopen"].iter().any(|word| lower.contains(word)) {
            Self::DisplayRefused { details }
        } else {
            Self::Other { details }
        }
    }
}

/// Why settings could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PersistError {
    /// The file system refused.
    #[error("the settings could not be written to {path}: {source}")]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// They cannot be expressed.
    #[error("the settings could not be put into words: {0}")]
    Format(#[from] toml::ser::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toolkits_words_become_advice() {
        let advice = |words: &str| AppError::from_words(words.to_owned()).to_string();
        assert!(advice("XNotSupported(LibraryOpenError(libXcursor.so.1))").contains("libxcursor1"));
        assert!(advice("Library libxkbcommon-x11.so could not be loaded.").contains("libxkbcommon-x11-0"));
        assert!(advice("Failed to open connection to X server").contains("DISPLAY"));
        assert!(advice("the moon is full").contains("the moon is full"));
        assert!(AppError::NoDisplay.to_string().contains("gearcast record"));
    }

    #[test]
    fn a_session_that_does_not_start_is_told_as_such() {
        let inner = io::Error::other("no threads left");
        let error = AppError::from_eframe(eframe::Error::AppCreation(Box::new(inner)));
        assert!(matches!(&error, AppError::Session(_)), "{error}");
        assert!(error.to_string().contains("no threads left"));
    }
}
