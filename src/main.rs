//! The program: a window, or `gearcast record` without one.

use std::process::ExitCode;

fn main() -> ExitCode {
    gearcast::cli::run()
}
