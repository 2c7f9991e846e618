//! Pure: what the user wants and what this machine has become what will run, or problems tied to fields.
//!
//! Never touches files, processes, threads or serde. A `Plan` is made once, is never changed, and during a
//! recording it is the whole truth.

mod stub;
mod types;

pub use stub::{EncoderInfo, Environment, FfmpegSummary, NowName, Works, check, resolve};
pub use types::{
    AudioEncode, AudioPlan, Extra, FilePlan, Fix, OnExisting, Plan, Problem, RateControl, Severity, SizeChoice,
    VideoPlan,
};
