//! The program: a window, or `gearcast record` without one.

fn main() {}
