//! Any ffmpeg command, with progress: `cargo run --example custom_command -- film.mp4 sound.m4a`

#![expect(clippy::print_stdout, reason = "an example tells what it did")]

use gearcast::writegear::Custom;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |place, default: &str| std::env::args().nth(place).unwrap_or_else(|| default.to_owned());
    let (film, sound) = (argument(1, "film.mp4"), argument(2, "sound.m4a"));
    let mut ffmpeg = Custom::find()?.on_progress(|now| println!("{:?} microseconds", now.out_time_us));
    let executed = ffmpeg.execute(["-i", &film, "-vn", "-c:a", "copy", &sound])?;
    println!("exit code {:?}", executed.exit_code);
    Ok(())
}
