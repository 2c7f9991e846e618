//! Whether a child works: the processor time it has used, from outside.

use std::time::Duration;

/// Clock ticks a second in `/proc`: 100 on every Linux since 2.6, whatever the kernel's own tick.
const TICKS_PER_S: u64 = 100;

/// User and system time that process `id` has used, to 10 ms; `None` where the system does not tell. A child that hangs
/// uses none.
pub fn cpu_time(id: u32) -> Option<Duration> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    parse(&line).map(|(_, used)| used)
}

/// The same for all processes of a group together: what a wrapper script started works in its place. A look at every
/// process takes some milliseconds.
pub fn group_cpu_time(group: u32) -> Option<Duration> {
    let entries = std::fs::read_dir("/proc").ok()?;
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok().filter(|name| is_number(name)));
    let used = names.filter_map(|name| parse(&std::fs::read_to_string(format!("/proc/{name}/stat")).ok()?));
    Some(used.filter(|(of_group, _)| *of_group == group).map(|(_, used)| used).sum())
}

/// The process's group and the time it used. The name in the second field may hold anything, spaces and brackets too:
/// fields count from its last bracket.
fn parse(line: &str) -> Option<(u32, Duration)> {
    let (_, after) = line.rsplit_once(')')?;
    let group = after.split_whitespace().nth(2)?.parse().ok()?;
    let mut fields = after.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((group, Duration::from_millis((user + system) * 1000 / TICKS_PER_S)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let line = "17 (a) b (c) S 1 17 17 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 100";
        assert_eq!(parse(line), Some((17, Duration::from_secs(3))));
        assert_eq!(parse("17"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_time_is_known() {
        assert!(cpu_time(std::process::id()).is_some());
        assert_eq!(cpu_time(u32::MAX), None);
    }
}
