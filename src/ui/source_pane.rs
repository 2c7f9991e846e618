//! What is recorded: screen, window, region, camera, test pattern, or nothing.

use eframe::egui;

use super::ViewMemory;
use super::camera_pane::camera_ui;
use super::forms::{choice_ui, entry_ui, problems_ui, remark_ui, text_ui};
use crate::model::{Action, DeviceSearch, Model, words};
use crate::profile::{Source, SourceKind};

/// The keys that have their problems shown here.
const FIELDS: &[&str] =
    &["source.kind", "source.id", "source.region", "source.mode", "source.show_cursor", "source.mirror"];

/// Whether the problems of this key are shown at a control.
pub(super) fn shows(field: &str) -> bool {
    FIELDS.contains(&field)
}

const KINDS: [SourceKind; 6] = [
    SourceKind::Screen,
    SourceKind::Window,
    SourceKind::Region,
    SourceKind::Camera,
    SourceKind::Test,
    SourceKind::None,
];

pub(super) fn source_ui(
    ui: &mut egui::Ui,
    model: &Model,
    source: &mut Source,
    memory: &mut ViewMemory,
    actions: &mut Vec<Action>,
) {
    let before = source.kind;
    choice_ui(ui, "What to record", words::source_kind(before), |ui| {
        for this in KINDS {
            entry_ui(ui, &mut source.kind, this, words::source_kind(this));
        }
    });
    if source.kind != before {
        source.id = memory.swap_id(before, std::mem::take(&mut source.id), source.kind);
    }
    problems_ui(ui, model, "source.kind", actions);
    let kind = source.kind;
    match kind {
        SourceKind::None => remark_ui(ui, "Only sound is recorded."),
        SourceKind::Test => remark_ui(ui, "A moving picture with a counter, to try things out."),
        SourceKind::Screen => screen_ui(ui, model, &mut source.id),
        SourceKind::Window => window_choice_ui(ui, model, &mut source.id),
        SourceKind::Region => region_ui(ui, model, &mut source.region),
        SourceKind::Camera => camera_ui(ui, model, source, actions),
    }
    // A camera shows its own beside the controls that they are of.
    if kind != SourceKind::Camera {
        for field in ["source.id", "source.region", "source.mode", "source.mirror"] {
            problems_ui(ui, model, field, actions);
        }
    }
    if matches!(kind, SourceKind::Screen | SourceKind::Window | SourceKind::Region) {
        ui.add_space(4.0);
        ui.checkbox(&mut source.show_cursor, "Show the mouse pointer");
        problems_ui(ui, model, "source.show_cursor", actions);
    }
    refresh_ui(ui, model, actions);
}

fn screen_ui(ui: &mut egui::Ui, model: &Model, id: &mut String) {
    let listing = &model.environment.listing;
    let name = |index: usize| {
        let screen = &listing.screens[index];
        let primary = if screen.primary { ", primary" } else { "" };
        format!("{}, {}{primary}", screen.name, screen.rect.size)
    };
    let at = listing.screens.iter().position(|screen| screen.id == *id);
    let chosen = chosen_text(id, at.map(name), "Primary screen");
    choice_ui(ui, "Which screen", &chosen, |ui| {
        entry_ui(ui, id, String::new(), "Primary screen");
        for (index, screen) in listing.screens.iter().enumerate() {
            entry_ui(ui, id, screen.id.clone(), &name(index));
        }
    });
}

fn window_choice_ui(ui: &mut egui::Ui, model: &Model, id: &mut String) {
    let listing = &model.environment.listing;
    let name = |index: usize| {
        let window = &listing.windows[index];
        let title = if window.title.is_empty() { &window.app } else { &window.title };
        format!("{title}, {}", window.size)
    };
    let at = listing.windows.iter().position(|window| window.id.to_string() == *id);
    let chosen = chosen_text(id, at.map(name), "Choose a window");
    choice_ui(ui, "Which window", &chosen, |ui| {
        for (index, window) in listing.windows.iter().enumerate() {
            entry_ui(ui, id, window.id.to_string(), &name(index));
        }
        if listing.windows.is_empty() {
            ui.weak("No windows found");
        }
    });
}

fn region_ui(ui: &mut egui::Ui, model: &Model, region: &mut String) {
    let listing = &model.environment.listing;
    text_ui(ui, "Region, as WIDTHxHEIGHT+X+Y", region, "1280x720+0+0");
    for screen in &listing.screens {
        let rect = screen.rect;
        let whole = format!("{}{:+}{:+}", rect.size, rect.x, rect.y);
        if *region != whole && ui.button(format!("All of {}", screen.name)).clicked() {
            *region = whole;
        }
    }
}

/// The name of what is chosen; an id that is not in the list (unplugged, another machine) is shown as it is.
pub(super) fn chosen_text(id: &str, name: Option<String>, none: &str) -> String {
    match name {
        Some(name) => name,
        None if id.is_empty() => none.to_owned(),
        None => format!("{id} (not found)"),
    }
}

fn refresh_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    ui.add_space(6.0);
    let running = model.devices == DeviceSearch::Running;
    ui.horizontal(|ui| {
        let button = ui.add_enabled(!running, egui::Button::new("Refresh devices")).on_hover_text("Shortcut: F5");
        if button.clicked() {
            actions.push(Action::RefreshPressed);
        }
        if running {
            ui.weak("looking…");
        }
    });
    for problem in &model.environment.listing.problems {
        remark_ui(ui, &format!("{problem}. {}", problem.help()));
    }
}
