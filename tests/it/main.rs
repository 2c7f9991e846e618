//! The integration tests, one binary: each module below tests one promise of the whole.

// `cfg(test)` is always true here; it tells clippy that helpers may panic too.
#[cfg(test)]
mod support;

#[cfg(test)]
mod advanced;
#[cfg(test)]
mod audio_outage;
#[cfg(test)]
mod audio_pulse;
#[cfg(test)]
mod audio_stamps;
#[cfg(test)]
mod camera;
#[cfg(test)]
mod capture_x11;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod cli_ffmpeg;
#[cfg(test)]
mod cli_record;
#[cfg(test)]
mod copied;
#[cfg(test)]
mod custom_command;
#[cfg(test)]
mod direct;
#[cfg(feature = "opencv")]
#[cfg(test)]
mod engine_opencv;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod house;
#[cfg(feature = "opencv")]
#[cfg(test)]
mod opencv_child;
#[cfg(feature = "opencv")]
#[cfg(test)]
mod opencv_writer;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod sound;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod sync_test;
#[cfg(test)]
mod sound_beside;
#[cfg(test)]
mod sound_only;
#[cfg(test)]
mod window_camera;
#[cfg(test)]
mod window_e2e;
#[cfg(test)]
mod window_engine;
#[cfg(test)]
mod window_kittest;
#[cfg(test)]
mod window_sound_form;
#[cfg(test)]
mod writegear;
