//! Where the recording goes, and the window's own settings.

use eframe::egui::{self, RichText};

use super::engine_form::engine_ui;
use super::forms::{choice_ui, entry_ui, problems_ui, remark_ui, text_ui};
use crate::media::Container;
use crate::model::{Action, Appearance, FfmpegSearch, Model, words};
use crate::plan;
use crate::profile::{Engine, OpenCv, Output, SourceKind};

/// The keys that have their problems shown here.
const FIELDS: &[&str] =
    &["output.folder", "output.file_name", "output.container", "output.engine", "opencv.fourcc", "opencv.backend"];

/// Whether the problems of this key are shown at a control.
pub(super) fn shows(field: &str) -> bool {
    FIELDS.contains(&field)
}

pub(super) fn output_ui(
    ui: &mut egui::Ui,
    model: &Model,
    (output, opencv): (&mut Output, &mut OpenCv),
    actions: &mut Vec<Action>,
) {
    // Not shown yet: addresses and subtitles are for profiles written by hand.
    let Output { engine, folder, file_name, container, address: _, subtitles: _, unknown: _ } = output;
    text_ui(ui, "Folder", folder, "~/Videos");
    let text = if model.picking_folder { "A folder dialog is open…" } else { "Choose…" };
    let choose = ui.add_enabled(!model.picking_folder, egui::Button::new(text)).on_hover_text("Choose the folder");
    if choose.clicked() {
        actions.push(Action::PickFolderPressed);
    }
    problems_ui(ui, model, "output.folder", actions);
    text_ui(ui, "File name", file_name, "{date} {time}");
    remark_ui(ui, "{date}, {time}, {profile} and {source} are filled in, for example:");
    if let Some(path) = plan::wished_path(&model.draft, &model.environment) {
        ui.add(egui::Label::new(RichText::new(path.display().to_string()).monospace().small()).wrap());
    }
    problems_ui(ui, model, "output.file_name", actions);
    container_ui(ui, model, *engine, container);
    problems_ui(ui, model, "output.container", actions);
    engine_ui(ui, model, engine, opencv, actions);
    ui.separator();
    ffmpeg_ui(ui, model, actions);
    appearance_ui(ui, model, actions);
    ui.add_space(6.0);
    if ui.button("Reset all settings…").clicked() {
        actions.push(Action::ResetPressed);
    }
}

fn container_ui(ui: &mut egui::Ui, model: &Model, engine: Engine, container: &mut String) {
    let text = |this: Container| format!("{}, {}", this.name().to_uppercase(), words::container(this));
    let chosen = Container::from_name(container).map_or_else(|| container.clone(), text);
    let draft = &model.draft;
    let has_sound = !draft.audio.inputs.is_empty() || draft.source.kind == SourceKind::None;
    choice_ui(ui, "File type", &chosen, |ui| {
        let written = |this: &&Container| engine == Engine::Ffmpeg || plan::opencv_writes(**this);
        let (sounds, pictures): (Vec<Container>, Vec<Container>) =
            Container::ALL.iter().filter(written).partition(|this| this.is_sound_only());
        let (films, others): (Vec<Container>, Vec<Container>) =
            pictures.into_iter().partition(|this| this.is_of_packets());
        let sounds = if has_sound { sounds } else { Vec::new() };
        for (title, group) in [("", films), ("Sound alone", sounds), ("Pictures and pieces", others)] {
            if !title.is_empty() && !group.is_empty() {
                ui.separator();
                ui.weak(title);
            }
            for this in group {
                entry_ui(ui, container, this.name().to_owned(), &text(this));
            }
        }
    });
}

fn ffmpeg_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    match &model.ffmpeg {
        FfmpegSearch::Running => remark_ui(ui, "Looking for ffmpeg and trying its encoders…"),
        FfmpegSearch::Found => {
            let version = model.environment.ffmpeg.as_ref().map_or("", |ffmpeg| ffmpeg.version.as_str());
            remark_ui(ui, &format!("Encoded by ffmpeg {version}"));
        }
        FfmpegSearch::Missing { what } => {
            ui.colored_label(ui.visuals().error_fg_color, what);
            if ui.button("Look again").clicked() {
                actions.push(Action::RefreshPressed);
            }
        }
    }
}

fn appearance_ui(ui: &mut egui::Ui, model: &Model, actions: &mut Vec<Action>) {
    let text = |this: Appearance| match this {
        Appearance::System => "As the desktop",
        Appearance::Light => "Light",
        Appearance::Dark => "Dark",
    };
    let mut chosen = model.appearance;
    choice_ui(ui, "Appearance", text(chosen), |ui| {
        for this in [Appearance::System, Appearance::Light, Appearance::Dark] {
            entry_ui(ui, &mut chosen, this, text(this));
        }
    });
    if chosen != model.appearance {
        actions.push(Action::AppearanceChosen(chosen));
    }
}
