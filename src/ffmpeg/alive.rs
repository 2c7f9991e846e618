//! Whether a child works: the processor time it has used, from outside.

use std::time::Duration;

/// Clock ticks a second in `/proc`: 100 on every Linux since 2.6, whatever the kernel's own tick.
const TICKS_PER_S: u64 = 100;

/// User and system time that process `id` has used, to 10 ms; `None` where the system does not tell. A child that hangs
/// uses none.
pub fn cpu_time(id: u32) -> Option<Duration> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    parse(&line)
}

/// The name in the second field may hold anything, spaces and brackets too: fields count from its last bracket.
fn parse(line: &str) -> Option<Duration> {
    let (_, after) = line.rsplit_once(')')?;
    let mut fields = after.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS_PER_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let line = "17 (a) b (c) S 1 17 17 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 100";
        assert_eq!(parse(line), Some(Duration::from_secs(3)));
        assert_eq!(parse("17"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_time_is_known() {
        assert!(cpu_time(std::process::id()).is_some());
        assert_eq!(cpu_time(u32::MAX), None);
    }
}
