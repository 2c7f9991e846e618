//! The window: collects what is new, changes the model, carries out effects, paints.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{self, ViewportCommand};
use eframe::glow;

use super::jobs::Jobs;
use super::persist::SettingsStore;
use super::portrait::{pixels, self_portrait};
use super::ports::{FolderDialogs, Machine, SessionPort};
use super::quit::QuitRequest;
use super::textures::Textures;
use super::wake::{AT_ONCE, Painted, Pictures, SELF_PORTRAIT_PAUSE, WakeGate};
use crate::imaging::Mirror;
use crate::model::{Action, Closing, Effect, Model, Settings, WindowSize, update};
use crate::plan::Environment;
use crate::rt::Clock;
use crate::session::Command;
use crate::ui::{Picture, PortraitPreview, Scene, SelfPortrait, ViewMemory, apply_appearance, set_up_theme, window_ui};

/// The window's title, by which it also knows itself among the windows.
pub(super) const TITLE: &str = "gearcast";

/// What a window is made of.
pub struct Parts {
    /// The conductor.
    pub session: Arc<dyn SessionPort>,
    /// The gate the session wakes us through.
    pub gate: Arc<WakeGate>,
    /// Devices, wall clock, desktop.
    pub machine: Arc<dyn Machine>,
    /// Folder dialogs.
    pub dialogs: Box<dyn FolderDialogs>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What was remembered.
    pub settings: Settings,
    /// What must be told about the settings.
    pub told: Option<String>,
    /// Where settings are kept; `None` keeps nothing.
    pub store: Option<SettingsStore>,
    /// What is known of the machine before it is searched.
    pub environment: Environment,
    /// How the window is asked to go from outside.
    pub quit: Arc<QuitRequest>,
}

/// What other threads reach the window through: the session, the gate in front of it, the wish to end.
struct Bridge {
    port: Arc<dyn SessionPort>,
    gate: Arc<WakeGate>,
    quit: Arc<QuitRequest>,
    portrait: SelfPortrait,
}

/// The window. Five owners; a sixth field needs a reason.
pub struct App {
    model: Model,
    session: Bridge,
    jobs: Jobs,
    textures: Textures,
    view_memory: ViewMemory,
}

impl App {
    /// Puts the window together; nothing is asked of the session or the machine before the first frame but to begin.
    pub fn new(cc: &eframe::CreationContext<'_>, parts: Parts) -> Self {
        let Parts { session, gate, machine, dialogs, clock, settings, told, store, environment, quit } = parts;
        set_up_theme(&cc.egui_ctx);
        apply_appearance(&cc.egui_ctx, settings.appearance);
        gate.attach(&session);
        quit.attach(&cc.egui_ctx);
        let ctx = cc.egui_ctx.clone();
        let wake = Arc::new(move || ctx.request_repaint_after(AT_ONCE));
        let mut app = Self {
            model: Model::new(settings, environment),
            session: Bridge { port: session, gate, quit, portrait: SelfPortrait::default() },
            jobs: Jobs::new(machine, dialogs, store, clock, wake),
            textures: Textures::new(cc.gl.as_ref()),
            view_memory: ViewMemory::default(),
        };
        let ctx = &cc.egui_ctx;
        let clock_read = app.jobs.clock_read();
        app.act(ctx, clock_read);
        app.act(ctx, Action::Opened);
        if let Some(what) = told {
            let help = "The settings of a first start are used.".to_owned();
            app.act(ctx, Action::Told { severity: crate::plan::Severity::Warning, what, help });
        }
        app
    }

    /// The state, for tests.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn act(&mut self, ctx: &egui::Context, action: Action) {
        if matches!(action, Action::RecordPressed) {
            // The file is named after the second in which it was begun.
            let clock_read = self.jobs.clock_read();
            update(&mut self.model, clock_read);
        }
        for effect in update(&mut self.model, action) {
            match self.jobs.start(effect) {
                Some(Effect::Session(command)) => self.session.port.send(command),
                Some(Effect::CopyText(text)) => ctx.copy_text(text),
                Some(Effect::Close) => ctx.send_viewport_cmd(ViewportCommand::Close),
                _ => {}
            }
        }
    }

    /// Everything that happened outside since the last frame.
    fn collect(&mut self, ctx: &egui::Context) {
        for action in self.jobs.poll() {
            self.act(ctx, action);
        }
        let status = self.session.port.status();
        if !Arc::ptr_eq(&status, &self.model.status) {
            self.act(ctx, Action::StatusChanged(status));
        }
        let clock_read = self.jobs.clock_read();
        self.act(ctx, clock_read);
        self.collect_window(ctx);
        for _ in 0..self.session.quit.take() {
            self.act(ctx, Action::QuitAsked);
        }
        if let Some(wait) = self.jobs.next_poll_in() {
            ctx.request_repaint_after(wait);
        }
    }

    fn collect_window(&mut self, ctx: &egui::Context) {
        let viewport = ctx.input(|input| input.viewport().clone());
        let shown = viewport.visible() != Some(false);
        if let Some(inner) = viewport.inner_rect.filter(|_| shown) {
            let maximized = viewport.maximized == Some(true) || viewport.fullscreen == Some(true);
            let size = WindowSize { width: inner.width().round(), height: inner.height().round() };
            if !maximized && size != self.model.window {
                self.act(ctx, Action::WindowResized(size));
            }
        }
        let scale = ctx.pixels_per_point();
        let place = viewport.outer_rect.or(viewport.inner_rect).map(|rect| pixels(rect, scale));
        let source = self.model.shown_source();
        self.session.portrait = self_portrait(source, &self.model.environment.listing, place, TITLE);
        self.act(ctx, Action::Watched(shown && self.shows_pictures()));
        if viewport.close_requested() && self.model.closing != Closing::Now {
            self.request_close(ctx);
        }
    }

    /// Lets the window go if nothing is lost by it, else keeps it and asks.
    fn request_close(&mut self, ctx: &egui::Context) {
        if self.model.is_busy() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        }
        self.act(ctx, Action::CloseRequested);
    }

    /// Whether the preview shows pictures and not a card in their place.
    fn shows_pictures(&self) -> bool {
        self.session.portrait == SelfPortrait::No || self.view_memory.portrait_preview == PortraitPreview::Slow
    }

    /// Takes the newest picture, if any is to be seen.
    fn follow_preview(&mut self, ctx: &egui::Context) {
        let image = if self.shows_pictures() { self.session.port.preview_image() } else { None };
        let pause = match self.session.portrait {
            SelfPortrait::No => Duration::ZERO,
            SelfPortrait::Yes => SELF_PORTRAIT_PAUSE,
        };
        self.textures.follow(ctx, image, self.jobs.now(), pause);
    }

    fn paint(&mut self, ui: &mut egui::Ui) -> Vec<Action> {
        let Self { model, session, jobs, textures, view_memory } = self;
        let paint = |painter: &egui::Painter, rect: egui::Rect, mirror: Mirror| textures.paint(painter, rect, mirror);
        let picture = textures.shown_size().map(|size| Picture { size, paint: &paint });
        let scene = Scene { now: jobs.now(), picture, portrait: session.portrait };
        window_ui(ui, model, view_memory, &scene)
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.collect(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        apply_appearance(&ctx, self.model.appearance);
        self.follow_preview(&ctx);
        let actions = self.paint(ui);
        let pictures =
            if self.shows_pictures() { Pictures::Shown(self.textures.shown_seq()) } else { Pictures::Hidden };
        self.session.gate.painted(Painted {
            at: self.jobs.now(),
            status: Arc::clone(&self.model.status),
            pictures,
            portrait: self.session.portrait,
        });
        if !actions.is_empty() {
            for action in actions {
                self.act(&ctx, action);
            }
            ctx.request_repaint_after(AT_ONCE);
        }
    }

    fn on_exit(&mut self, gl: Option<&glow::Context>) {
        self.jobs.save_now();
        self.textures.destroy(gl);
        self.session.gate.close();
        self.session.port.send(Command::Shutdown);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
