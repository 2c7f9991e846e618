//! The wall clock, for names of files and nothing else.

use jiff::Zoned;

/// The local date and time as they go into a file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallName {
    /// `2026-11-23`
    pub date: String,
    /// `08-30-28`
    pub time: String,
}

/// Now, in the time zone of this machine; UTC where it has none.
pub fn wall_name() -> WallName {
    name_of(&Zoned::now())
}

fn name_of(now: &Zoned) -> WallName {
    WallName { date: now.strftime("%Y-%m-%d").to_string(), time: now.strftime("%H-%M-%S").to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time() {
        let moment: Zoned = "2026-01-02T03:04:05+00:00[UTC]".parse().unwrap();
        let name = name_of(&moment);
        assert_eq!((name.date.as_str(), name.time.as_str()), ("2026-01-02", "03-04-05"));
    }
}
