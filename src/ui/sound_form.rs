//! How sound is encoded: codec, bitrate, sample rate, channels. Offered is what the chosen file type holds and the codec
//! takes.

use eframe::egui;

use super::forms::{choice_ui, entry_ui, problems_ui, remark_ui};
use crate::media::{AudioCodec, Channels, Container};
use crate::model::{Action, Model, words};
use crate::plan::{self, SoundBitrates, USUAL_SAMPLE_RATES};
use crate::profile::{Audio, ChannelsChoice};

/// The keys that have their problems shown here.
const FIELDS: &[&str] = &["audio.codec", "audio.bitrate_kbps", "audio.sample_rate", "audio.channels"];

/// Whether the problems of this key are shown at a control.
pub(super) fn shows(field: &str) -> bool {
    FIELDS.contains(&field)
}

/// Bitrates worth offering; a codec with steps of its own has all of those.
const BITRATES_KBPS: [u32; 13] = [16, 24, 32, 48, 64, 96, 128, 160, 192, 256, 320, 448, 510];

pub(super) fn encoding_ui(ui: &mut egui::Ui, model: &Model, audio: &mut Audio, actions: &mut Vec<Action>) {
    let output = &model.draft.output;
    let is_file = output.address.trim().is_empty();
    let container = Container::from_extension(&output.container).filter(|_| is_file);
    codec_ui(ui, container, &mut audio.codec);
    problems_ui(ui, model, "audio.codec", actions);
    if let Some(codec) = plan::sound_codec(audio, container) {
        bitrate_ui(ui, codec, audio);
        problems_ui(ui, model, "audio.bitrate_kbps", actions);
        rate_ui(ui, codec, container, &mut audio.sample_rate);
    }
    problems_ui(ui, model, "audio.sample_rate", actions);
    channels_ui(ui, &mut audio.channels);
    problems_ui(ui, model, "audio.channels", actions);
}

fn codec_ui(ui: &mut egui::Ui, container: Option<Container>, codec: &mut String) {
    let automatic = container.map_or_else(
        || "Automatic".to_owned(),
        |container| format!("Automatic: {}", words::sound_codec(container.default_codecs().1)),
    );
    let known = AudioCodec::from_name(codec).map(|codec| words::sound_codec(codec).to_owned());
    let chosen = if codec == "auto" { automatic.clone() } else { known.unwrap_or_else(|| codec.clone()) };
    choice_ui(ui, "Sound codec", &chosen, |ui| {
        entry_ui(ui, codec, "auto".to_owned(), &automatic);
        for this in AudioCodec::ALL {
            let text = words::sound_codec(*this);
            match container.filter(|container| container.has_sound() && !container.holds_audio(*this)) {
                Some(container) => {
                    let reason = format!("{} does not hold it", container.name().to_uppercase());
                    ui.add_enabled(false, egui::Button::selectable(false, text)).on_disabled_hover_text(reason);
                }
                None => entry_ui(ui, codec, this.name().to_owned(), text),
            }
        }
    });
}

fn bitrate_ui(ui: &mut egui::Ui, codec: AudioCodec, audio: &mut Audio) {
    let channels = match audio.channels {
        ChannelsChoice::Stereo => Channels::Stereo,
        ChannelsChoice::Mono => Channels::Mono,
    };
    let bitrates = plan::sound_bitrates(codec, audio.sample_rate, channels);
    let offered: Vec<u32> = match bitrates {
        SoundBitrates::Lossless => {
            remark_ui(ui, "Every sample is kept, so that there is no bitrate to choose.");
            return;
        }
        SoundBitrates::Steps(steps) => steps.to_vec(),
        SoundBitrates::Range { least, most } => {
            BITRATES_KBPS.into_iter().filter(|kbps| (least..=most).contains(kbps)).collect()
        }
    };
    let kbps = &mut audio.bitrate_kbps;
    choice_ui(ui, "Sound bitrate", &format!("{kbps} kbit/s"), |ui| {
        for this in offered {
            entry_ui(ui, kbps, this, &format!("{this} kbit/s"));
        }
    });
}

fn rate_ui(ui: &mut egui::Ui, codec: AudioCodec, container: Option<Container>, rate: &mut u32) {
    choice_ui(ui, "Sample rate", &format!("{rate} Hz"), |ui| {
        for this in USUAL_SAMPLE_RATES.into_iter().filter(|rate| plan::takes_sample_rate(codec, container, *rate)) {
            entry_ui(ui, rate, this, &format!("{this} Hz"));
        }
    });
}

fn channels_ui(ui: &mut egui::Ui, channels: &mut ChannelsChoice) {
    let text = |this: ChannelsChoice| match this {
        ChannelsChoice::Stereo => "Stereo",
        ChannelsChoice::Mono => "Mono, enough for a voice",
    };
    choice_ui(ui, "Channels", text(*channels), |ui| {
        for this in [ChannelsChoice::Stereo, ChannelsChoice::Mono] {
            entry_ui(ui, channels, this, text(this));
        }
    });
}
