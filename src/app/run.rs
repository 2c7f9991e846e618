//! Opening the window on the real desktop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, ViewportBuilder};

use super::dialogs::DesktopDialogs;
use super::error::AppError;
use super::machine::DesktopMachine;
use super::persist::SettingsStore;
use super::ports::SessionPort;
use super::quit::QuitRequest;
use super::wake::WakeGate;
use super::window::{App, Parts, TITLE};
use crate::model::{Settings, WindowSize};
use crate::plan::Environment;
use crate::profile::{Places, Profile};
use crate::rt::{Clock, RealClock};
use crate::session::{Session, SessionSetup};

/// What the window starts with.
#[derive(Debug)]
pub struct Setup {
    /// A profile asked for by name; `None` goes on with the settings as last edited.
    pub profile: Option<Profile>,
    /// The ffmpeg to use, a program or its folder.
    pub ffmpeg: Option<PathBuf>,
    /// Where ffmpeg's capabilities are kept.
    pub cache_dir: PathBuf,
    /// What is known of the machine before it is looked at: the home folder, the time.
    pub environment: Environment,
    /// How the window is asked to go from outside.
    pub quit: Arc<QuitRequest>,
}

/// Opens the window and stays until it is closed. To be called on the main thread.
pub fn run(setup: Setup) -> Result<(), AppError> {
    if !has_display() {
        return Err(AppError::NoDisplay); // before anything is read
    }
    let Setup { profile, ffmpeg, cache_dir, environment, quit } = setup;
    let store = SettingsStore::at(Places::from_env()?.settings());
    let (mut settings, told) = store.load();
    if let Some(profile) = profile {
        settings.profile = profile;
    }
    let options = native_options(&settings);
    show(
        TITLE,
        options,
        Box::new(|cc| Ok(Box::new(build(cc, Known { ffmpeg, cache_dir, environment, settings, told, store, quit })?))),
    )
}

/// Opens a window and stays until it is closed.
pub(super) fn show(title: &str, options: eframe::NativeOptions, build: eframe::AppCreator<'_>) -> Result<(), AppError> {
    if !has_display() {
        return Err(AppError::NoDisplay);
    }
    // Some missing libraries are a panic of the toolkit, not an error (xkbcommon).
    match catch_unwind(AssertUnwindSafe(|| eframe::run_native(title, options, build))) {
        Ok(result) => result.map_err(AppError::from_eframe),
        Err(panic) => Err(AppError::from_words(panic_words(&*panic))),
    }
}

/// What is known before the window is there.
struct Known {
    ffmpeg: Option<PathBuf>,
    cache_dir: PathBuf,
    environment: Environment,
    settings: Settings,
    told: Option<String>,
    store: SettingsStore,
    quit: Arc<QuitRequest>,
}

fn build(cc: &eframe::CreationContext<'_>, known: Known) -> Result<App, std::io::Error> {
    let Known { ffmpeg, cache_dir, environment, settings, told, store, quit } = known;
    let clock: Arc<dyn Clock> = Arc::new(RealClock);
    let gate = WakeGate::new(cc.egui_ctx.clone(), Arc::clone(&clock));
    let waker = Arc::clone(&gate);
    let session = Session::start(SessionSetup {
        ffmpeg: ffmpeg.clone(),
        cache_dir: cache_dir.clone(),
        clock: Arc::clone(&clock),
        wake: Arc::new(move || waker.wake()),
    })?;
    let session: Arc<dyn SessionPort> = Arc::new(session);
    let machine = Arc::new(DesktopMachine::new(ffmpeg, cache_dir));
    let dialogs = Box::new(DesktopDialogs::new(Arc::clone(&clock)));
    Ok(App::new(
        cc,
        Parts { session, gate, machine, dialogs, clock, settings, told, store: Some(store), environment, quit },
    ))
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

fn native_options(settings: &Settings) -> eframe::NativeOptions {
    let WindowSize { width, height } = settings.window.sane();
    let smallest = WindowSize::SMALLEST;
    let viewport = ViewportBuilder::default()
        .with_title(TITLE)
        .with_app_id("gearcast")
        .with_inner_size([width, height])
        .with_min_inner_size([smallest.width, smallest.height])
        .with_icon(icon());
    eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        // 30.6 instead of 28 % of a core for a repainted window, and nothing here has gradients.
        dithering: false,
        ..eframe::NativeOptions::default()
    }
}

/// A red dot on a dark square with round corners, drawn here: no file to ship or lose.
pub(super) fn icon() -> egui::IconData {
    const SIDE: u8 = 64;
    let inside = |x: u8, y: u8, radius: f32| {
        let from_centre = |at: u8| f32::from(at) + 0.5 - f32::from(SIDE) / 2.0;
        (from_centre(x).powi(4) + from_centre(y).powi(4)).powf(0.25) <= radius
    };
    let round = |x: u8, y: u8, radius: f32| {
        let from_centre = |at: u8| f32::from(at) + 0.5 - f32::from(SIDE) / 2.0;
        from_centre(x).hypot(from_centre(y)) <= radius
    };
    let rgba = (0..SIDE)
        .flat_map(|y| (0..SIDE).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            if round(x, y, 17.0) {
                [0xe5, 0x39, 0x35, 0xff]
            } else if inside(x, y, 31.0) {
                [0x26, 0x2b, 0x33, 0xff]
            } else {
                [0; 4]
            }
        })
        .collect();
    egui::IconData { rgba, width: u32::from(SIDE), height: u32::from(SIDE) }
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "the toolkit gave up".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_a_dot_on_a_square() {
        let icon = icon();
        let at = |x: usize, y: usize| &icon.rgba[(y * 64 + x) * 4..][..4];
        assert_eq!(icon.rgba.len(), 64 * 64 * 4);
        assert_eq!((at(32, 32)[0], at(0, 0)[3], at(32, 4)[0]), (0xe5, 0, 0x26));
    }

    #[test]
    fn a_panics_words_are_kept() {
        let panic = catch_unwind(|| panic!("Library libxkbcommon-x11.so could not be loaded.")).unwrap_err();
        assert!(matches!(AppError::from_words(panic_words(&*panic)), AppError::MissingLibrary { .. }));
    }
}
