//! Pure: what the user wants and what this machine has become what will run, or problems tied to fields.
//!
//! Never touches files, processes, threads or serde. A `Plan` is made once, is never changed, and during a
//! recording it is the whole truth.

mod address;
mod copy;
#[cfg(test)]
mod copy_tests;
mod encoders;
mod environment;
mod findings;
mod noncompression;
mod output;
mod resolve;
mod sound;
mod sound_codecs;
mod sound_encode;
#[cfg(test)]
mod sound_tests;
mod source;
#[cfg(test)]
mod tests;
mod types;
mod video;

pub use encoders::known_encoders;
pub use environment::{
    EncoderInfo, Environment, FfmpegSummary, FolderFact, MissingSound, NameFact, NowName, OutputFacts, Run, Searched,
    SubtitlesFact, Works,
};
pub use noncompression::opencv_writes;
pub use output::{wished_path, wished_subtitles};
pub use resolve::{check, resolve, resolve_run};
pub use sound::strip;
pub use sound_codecs::{SoundBitrates, USUAL_SAMPLE_RATES, sound_bitrates, takes_sample_rate};
pub use sound_encode::{sound_codec, sound_codecs};
pub use source::{chosen_camera, control_wishes, parse_region};
pub use types::{
    AddressKind, AddressPlan, AudioEncode, ColourChoice, EnginePlan, Extra, FilePlan, FileWay, Fix, OnExisting, Plan,
    Problem, RateControl, Severity, SizeChoice, VideoPlan,
};
