//! Collects problems, so that all of them come at once.

use super::{Fix, Problem, Severity};

#[derive(Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
}

impl Findings {
    /// It cannot start so.
    pub(super) fn error(&mut self, field: &str, what: impl Into<String>, help: impl Into<String>, fix: Option<Fix>) {
        self.add(Severity::Error, field, what.into(), help.into(), fix);
    }

    /// It will work, but not quite as wished.
    pub(super) fn warning(&mut self, field: &str, what: impl Into<String>, help: impl Into<String>, fix: Option<Fix>) {
        self.add(Severity::Warning, field, what.into(), help.into(), fix);
    }

    /// A wish that this version cannot fulfil: told, never dropped in silence.
    pub(super) fn not_yet(&mut self, field: &str, what: &str, fix: Option<Fix>) {
        self.error(field, format!("{what} not in this version yet."), "Leave it out for now.", fix);
    }

    fn add(&mut self, severity: Severity, field: &str, what: String, help: String, fix: Option<Fix>) {
        self.problems.push(Problem { field: field.to_owned(), severity, what, help, fix });
    }

    pub(super) fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// A fix that sets `key` to `value`.
#[expect(clippy::unnecessary_wraps, reason = "every finding takes an optional fix")]
pub(super) fn fix(label: impl Into<String>, key: &str, value: impl Into<String>) -> Option<Fix> {
    Some(Fix { label: label.into(), key: key.to_owned(), value: value.into() })
}

/// At most eight names, so that an error stays readable on a desktop with a hundred windows.
pub(super) fn some_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let all: Vec<&str> = names.collect();
    match all.len() {
        0 => "none".to_owned(),
        1..=8 => all.join(", "),
        more => format!("{} and {} more", all[..8].join(", "), more - 8),
    }
}
