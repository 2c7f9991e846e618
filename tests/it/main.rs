//! Integration tests: gearcast against real sound servers, encoders and screens.

#[cfg(test)]
mod audio_pulse;
#[cfg(test)]
mod support;
