//! Cameras of the kernel's own making, in a virtual machine: what gearcast does with a real video device, also
//! when that stalls, fails or is unplugged.
//!
//! The machine starts once (`tests/tools/camera_vm.sh`) and runs every case (`guest.sh`); each test here judges what
//! one of them left in `target/tmp/vm`. Where there can be no such machine that is said, and the tests pass unproven.
//! `GEARCAST_VM` decides otherwise: `required` fails then, `off` starts none, `judge` judges the last machine's results
//! again.

// `cfg(test)` is always true here; it tells clippy that helpers may panic too.
#[cfg(test)]
mod cameras;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod film;
#[cfg(test)]
#[path = "../it/support/judge.rs"]
#[expect(dead_code, reason = "what reads the test card's counter, flash and beeps: no camera shows them")]
mod judge;
#[cfg(test)]
mod machine;
