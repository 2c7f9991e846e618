//! Which engine writes, and what OpenCV needs to know.

use eframe::egui;

use super::forms::{choice_ui, entry_ui, problems_ui, remark_ui, text_ui};
use crate::model::{Action, Model};
use crate::profile::{Engine, OpenCv};

const TAGS: [(&str, &str); 5] = [
    ("MJPG", "MJPG, Motion JPEG"),
    ("mp4v", "mp4v, MPEG-4"),
    ("XVID", "XVID, MPEG-4 in AVI"),
    ("FFV1", "FFV1, lossless"),
    ("HFYU", "HFYU, HuffYUV, lossless"),
];
const BACKENDS: [(&str, &str); 4] = [
    ("auto", "Automatic"),
    ("FFMPEG", "ffmpeg's libraries, inside OpenCV"),
    ("OPENCV_MJPEG", "OpenCV's own Motion JPEG"),
    ("GSTREAMER", "GStreamer"),
];

pub(super) fn engine_ui(
    ui: &mut egui::Ui,
    model: &Model,
    engine: &mut Engine,
    opencv: &mut OpenCv,
    actions: &mut Vec<Action>,
) {
    let text = |this: Engine| match this {
        Engine::Ffmpeg => "ffmpeg (compression)",
        Engine::Opencv => "OpenCV (non-compression)",
    };
    choice_ui(ui, "Engine", text(*engine), |ui| {
        for this in [Engine::Ffmpeg, Engine::Opencv] {
            entry_ui(ui, engine, this, text(this));
        }
    });
    problems_ui(ui, model, "output.engine", actions);
    if *engine == Engine::Opencv {
        opencv_ui(ui, model, opencv, actions);
    }
}

fn opencv_ui(ui: &mut egui::Ui, model: &Model, opencv: &mut OpenCv, actions: &mut Vec<Action>) {
    let OpenCv { fourcc, backend, color, unknown: _ } = opencv;
    remark_ui(
        ui,
        "Pictures alone, without ffmpeg: no sound, no subtitles, no streams. The file is whole once it is stopped.",
    );
    text_ui(ui, "Codec tag, four letters", fourcc, "MJPG");
    let known = TAGS.iter().find(|(tag, _)| tag == fourcc).map_or("Another tag", |(_, text)| *text);
    choice_ui(ui, "Usual codec tags", known, |ui| {
        for (tag, text) in TAGS {
            entry_ui(ui, fourcc, tag.to_owned(), text);
        }
    });
    problems_ui(ui, model, "opencv.fourcc", actions);
    let chosen =
        BACKENDS.iter().find(|(name, _)| name == backend).map_or(backend.as_str(), |(_, text)| *text).to_owned();
    choice_ui(ui, "OpenCV backend", &chosen, |ui| {
        for (name, text) in BACKENDS {
            entry_ui(ui, backend, name.to_owned(), text);
        }
    });
    problems_ui(ui, model, "opencv.backend", actions);
    ui.checkbox(color, "In colour").on_hover_text("Without it the brightness alone is written");
}
