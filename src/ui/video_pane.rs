//! How pictures are encoded.

use eframe::egui::{self, CollapsingHeader, DragValue, Slider};

use super::ViewMemory;
use super::forms::{choice_ui, entry_ui, name_ui, problems_ui, remark_ui, text_ui};
use super::memory::Typing;
use crate::media::{Container, VideoCodec};
use crate::model::{Action, DeviceSearch, Model, words};
use crate::plan::Works;
use crate::profile::{Engine, FrameTimingChoice, RateControl, SourceKind, Video};

/// The keys that have their problems shown here.
const FIELDS: &[&str] = &[
    "video.codec",
    "video.encoder",
    "video.rate_control",
    "video.crf",
    "video.bitrate_kbps",
    "video.preset",
    "video.size",
    "video.fps",
    "video.frame_timing",
    "video.keyframe_interval_s",
    "video.pixel_format",
];

/// Whether the problems of this key are shown at a control.
pub(super) fn shows(field: &str) -> bool {
    FIELDS.contains(&field)
}

const SIZES: [(&str, &str); 5] = [
    ("source", "As the source"),
    ("1920x1080", "1920x1080"),
    ("1280x720", "1280x720"),
    ("854x480", "854x480"),
    ("640x360", "640x360"),
];
const RATES: [(&str, &str); 8] =
    [("10", "10"), ("15", "15"), ("24", "24"), ("25", "25"), ("30", "30"), ("48", "48"), ("50", "50"), ("60", "60")];
const X26X_PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

pub(super) fn video_ui(
    ui: &mut egui::Ui,
    model: &Model,
    video: &mut Video,
    memory: &mut ViewMemory,
    actions: &mut Vec<Action>,
) {
    let Video {
        codec,
        encoder,
        size,
        fps,
        frame_timing,
        rate_control,
        crf,
        bitrate_kbps,
        preset,
        keyframe_interval_s,
        pixel_format,
        unknown: _,
    } = video;
    let by_ffmpeg = model.draft.output.engine == Engine::Ffmpeg;
    if by_ffmpeg {
        codec_ui(ui, codec, encoder);
        problems_ui(ui, model, "video.codec", actions);
        encoder_ui(ui, model, codec, encoder, actions);
        problems_ui(ui, model, "video.encoder", actions);
        if encoder == COPY {
            remark_ui(ui, "The camera's own quality. While it stalls, the recording holds the last picture.");
            problems_ui(ui, model, "video.rate_control", actions);
            problems_ui(ui, model, "video.crf", actions);
        } else {
            aim_ui(ui, model, (codec, rate_control, crf, bitrate_kbps), actions);
            preset_ui(ui, codec, encoder, preset);
        }
        problems_ui(ui, model, "video.preset", actions);
    } else {
        remark_ui(ui, "OpenCV writes the pictures; its codec tag stands under Output.");
    }
    let rates = Common { name: "Frames per second", typed_name: "Another rate", hint: "29.97", values: &RATES };
    common_ui(ui, &rates, fps, &mut memory.rate_typing);
    problems_ui(ui, model, "video.fps", actions);
    let sizes = Common { name: "Picture size", typed_name: "Another size", hint: "1600x900", values: &SIZES };
    common_ui(ui, &sizes, size, &mut memory.size_typing);
    problems_ui(ui, model, "video.size", actions);
    timing_ui(ui, frame_timing);
    problems_ui(ui, model, "video.frame_timing", actions);
    if !by_ffmpeg {
        return;
    }
    ui.add_space(4.0);
    CollapsingHeader::new("More").show(ui, |ui| {
        let label = name_ui(ui, "Seconds between keyframes");
        ui.add(DragValue::new(keyframe_interval_s).range(0.1..=30.0).speed(0.1).suffix(" s")).labelled_by(label);
        text_ui(ui, "Pixel format in the file", pixel_format, "yuv420p");
    });
    problems_ui(ui, model, "video.keyframe_interval_s", actions);
    problems_ui(ui, model, "video.pixel_format", actions);
}

/// The encoder's name for none …
const COPY: &str = "copy";
/// … in words.
const AS_IT_COMES: &str = "As the camera sends it (no re-encoding)";

fn aim_ui(
    ui: &mut egui::Ui,
    model: &Model,
    (codec, rate_control, crf, bitrate_kbps): (&str, &mut RateControl, &mut u32, &mut u32),
    actions: &mut Vec<Action>,
) {
    rate_control_ui(ui, rate_control);
    problems_ui(ui, model, "video.rate_control", actions);
    match rate_control {
        RateControl::Crf => quality_ui(ui, codec, crf),
        RateControl::Cbr | RateControl::Vbr => bitrate_ui(ui, bitrate_kbps),
        RateControl::Lossless => remark_ui(ui, "Every bit of the picture; the file is very large."),
    }
    problems_ui(ui, model, "video.crf", actions);
    problems_ui(ui, model, "video.bitrate_kbps", actions);
}

fn codec_ui(ui: &mut egui::Ui, codec: &mut String, encoder: &mut String) {
    let before = codec.clone();
    let chosen = VideoCodec::from_name(codec).map_or("Automatic", words::codec);
    choice_ui(ui, "Codec", chosen, |ui| {
        entry_ui(ui, codec, "auto".to_owned(), "Automatic, by the file type");
        // Those of single pictures and devices come with their container.
        let is_of_films = |codec: &&VideoCodec| {
            Container::ALL.iter().any(|container| container.is_of_packets() && container.holds_video(**codec))
        };
        for this in VideoCodec::ALL.iter().filter(is_of_films) {
            entry_ui(ui, codec, this.name().to_owned(), words::codec(*this));
        }
    });
    if *codec != before && encoder != COPY {
        // An encoder of the codec before would not do.
        "auto".clone_into(encoder);
    }
}

fn encoder_ui(ui: &mut egui::Ui, model: &Model, codec: &str, encoder: &mut String, actions: &mut Vec<Action>) {
    let chosen = match encoder.as_str() {
        "auto" => "Automatic",
        COPY => AS_IT_COMES,
        named => named,
    }
    .to_owned();
    let all = model.environment.ffmpeg.as_ref().map_or(&[][..], |ffmpeg| &ffmpeg.encoders);
    choice_ui(ui, "Encoder", &chosen, |ui| {
        entry_ui(ui, encoder, "auto".to_owned(), "Automatic, the best that works here");
        if model.draft.source.kind == SourceKind::Camera {
            entry_ui(ui, encoder, COPY.to_owned(), AS_IT_COMES);
        }
        for info in all.iter().filter(|info| info.codec == codec) {
            match &info.works {
                Works::Yes => entry_ui(ui, encoder, info.name.clone(), &info.name),
                Works::Unknown => entry_ui(ui, encoder, info.name.clone(), &format!("{} (not tried)", info.name)),
                Works::No { reason } => {
                    let text = format!("{} (does not work here)", info.name);
                    ui.add_enabled(false, egui::Button::selectable(false, text)).on_disabled_hover_text(reason);
                }
            }
        }
    });
    let untried = all.iter().any(|info| info.codec == codec && info.works == Works::Unknown);
    let idle = model.devices != DeviceSearch::Running;
    if untried && ui.add_enabled(idle, egui::Button::new("Try these encoders")).clicked() {
        actions.push(Action::TryEncodersPressed);
    }
    if let Some(Works::No { reason }) = all.iter().find(|info| info.name == *encoder).map(|info| &info.works) {
        remark_ui(ui, reason);
    }
}

fn rate_control_ui(ui: &mut egui::Ui, rate_control: &mut RateControl) {
    let text = |this: RateControl| match this {
        RateControl::Crf => "Constant quality",
        RateControl::Vbr => "Average bitrate",
        RateControl::Cbr => "Constant bitrate",
        RateControl::Lossless => "Lossless",
    };
    choice_ui(ui, "Aim at", text(*rate_control), |ui| {
        for this in [RateControl::Crf, RateControl::Vbr, RateControl::Cbr, RateControl::Lossless] {
            entry_ui(ui, rate_control, this, text(this));
        }
    });
}

fn quality_ui(ui: &mut egui::Ui, codec: &str, crf: &mut u32) {
    let codec = VideoCodec::from_name(codec);
    let label = name_ui(ui, "Quality, lower is better");
    ui.spacing_mut().slider_width = ui.available_width() - 70.0;
    ui.add(Slider::new(crf, 0..=words::worst_crf(codec))).labelled_by(label);
    remark_ui(ui, words::quality(codec, *crf));
}

fn bitrate_ui(ui: &mut egui::Ui, bitrate_kbps: &mut u32) {
    let label = name_ui(ui, "Bitrate");
    let value = DragValue::new(bitrate_kbps).range(100..=500_000).speed(50.0).suffix(" kbit/s");
    ui.add(value).labelled_by(label);
    // 3600 s of 1 kbit/s are 450 kB.
    let per_hour = u64::from(*bitrate_kbps) * 450_000;
    remark_ui(ui, &format!("{} an hour", words::bytes(per_hour).trim()));
}

fn preset_ui(ui: &mut egui::Ui, codec: &str, encoder: &str, preset: &mut String) {
    let x26x = encoder.starts_with("libx26") || (encoder == "auto" && matches!(codec, "auto" | "h264" | "hevc"));
    if !x26x {
        text_ui(ui, "Encoder preset", preset, "the encoder's own");
        return;
    }
    let chosen = if preset.is_empty() { "The encoder's own" } else { preset.as_str() }.to_owned();
    choice_ui(ui, "Encoder preset", &chosen, |ui| {
        for this in X26X_PRESETS {
            entry_ui(ui, preset, this.to_owned(), this);
        }
        entry_ui(ui, preset, String::new(), "The encoder's own");
    });
}

fn timing_ui(ui: &mut egui::Ui, timing: &mut FrameTimingChoice) {
    let text = |this: FrameTimingChoice| match this {
        FrameTimingChoice::Cfr => "Constant, for editing and players",
        FrameTimingChoice::Vfr => "Variable, a still screen costs nothing",
    };
    choice_ui(ui, "Frame rhythm", text(*timing), |ui| {
        for this in [FrameTimingChoice::Cfr, FrameTimingChoice::Vfr] {
            entry_ui(ui, timing, this, text(this));
        }
    });
}

/// A choice of common values with a free one behind "Other…".
struct Common<'a> {
    name: &'a str,
    typed_name: &'a str,
    hint: &'a str,
    values: &'a [(&'a str, &'a str)],
}

fn common_ui(ui: &mut egui::Ui, common: &Common<'_>, value: &mut String, typing: &mut Typing) {
    let listed = common.values.iter().find(|(known, _)| known == value).map(|(_, text)| *text);
    let free = *typing == Typing::Free || listed.is_none();
    choice_ui(ui, common.name, if free { "Other" } else { listed.unwrap_or_default() }, |ui| {
        for (known, text) in common.values {
            if ui.selectable_label(!free && value == known, *text).clicked() {
                (*known).clone_into(value);
                *typing = Typing::Listed;
            }
        }
        if ui.selectable_label(free, "Other").clicked() {
            *typing = Typing::Free;
        }
    });
    if free {
        text_ui(ui, common.typed_name, value, common.hint);
    }
}
