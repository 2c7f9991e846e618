//! Problems of a plan in words, and the exit code that follows from their fields.

use super::exit::Exit;
use crate::plan::{Problem, Severity};

/// One problem as a line or two for people.
pub(super) fn words(problem: &Problem) -> String {
    let kind = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let help = Some(problem.help.clone()).filter(|help| !help.is_empty());
    let fix = problem.fix.as_ref().map(|fix| format!("{}: --set '{}={}'", fix.label, fix.key, fix.value));
    let first = format!("{kind}: {}: {}", problem.field, problem.what);
    std::iter::once(first).chain(help).chain(fix).collect::<Vec<_>>().join("\n       ")
}

/// The exit code of a plan that cannot be: a mistake of the user's goes before what the machine lacks.
pub(super) fn exit_of(problems: &[Problem]) -> Exit {
    let errors = || problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors().map(exit_of_one).min_by_key(|exit| exit.code()).unwrap_or(Exit::Usage)
}

fn exit_of_one(problem: &Problem) -> Exit {
    let field = problem.field.as_str();
    match field {
        "source.id" | "source.mode" => Exit::Capture,
        "output.engine" | "video.encoder" => Exit::Encoder,
        "output.folder" | "output.file_name" => Exit::Output,
        // A device; that there may be no sound at all is the user's own contradiction.
        _ if field.starts_with("audio.inputs.") => Exit::Capture,
        _ => Exit::Usage,
    }
}
