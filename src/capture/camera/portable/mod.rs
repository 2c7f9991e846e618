//! The only door to nokhwa, the library that finds, sets and reads cameras on every system.
//!
//! On Windows and macOS it does all of it. On Linux it says which device files there are; reading goes through our own
//! reader, which [`own`] also offers as a nokhwa backend: nokhwa's own waits for ever for a camera that stalls,
//! refuses rates that are no whole number, and hands out damaged pictures as good ones.
//!
//! nokhwa captures no screens, on any system.

mod formats;
#[cfg(not(target_os = "linux"))]
mod foreign;
#[cfg(target_os = "linux")]
mod own;
mod stream;

#[cfg(not(target_os = "linux"))]
pub(super) use foreign::{Device, devices};
#[cfg(target_os = "linux")]
pub(super) use own::{device_numbers, is_asked_for, open_own};
