//! `profiles`: list, show, save, import, export, delete and check.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{ProfilesCommand, RecordArgs};
use super::exit::Exit;
use super::out;
use super::wishes::{WishError, wishes};
use crate::profile::{OnTaken, Origin, Places, Store, StoreError, to_toml};

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Wish(#[from] WishError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Does it; what is wrong is told on stderr.
pub(super) fn run(command: &ProfilesCommand) -> Exit {
    let store = match Places::from_env() {
        Ok(places) => Store::new(places.profiles()),
        Err(error) => {
            out::say(&format!("error: {error}"));
            return Exit::Usage;
        }
    };
    let done = match command {
        ProfilesCommand::List(args) => list(&store, args.json),
        ProfilesCommand::Show { name } => show(&store, name),
        ProfilesCommand::Save { name, record } => save(&store, name, record),
        ProfilesCommand::Import { file, overwrite } => import(&store, file, taken(*overwrite)),
        ProfilesCommand::Export { name, file, overwrite } => {
            store.export(name, file, taken(*overwrite)).map_err(Failed::from)
        }
        ProfilesCommand::Delete { name } => delete(&store, name),
        ProfilesCommand::Check { file } => check(&store, file),
    };
    match done {
        Ok(()) => Exit::Good,
        Err(failed) => {
            out::say(&format!("error: {failed}"));
            exit_of(&failed)
        }
    }
}

/// A disk that refuses is the output's fault; everything else is the command's or the profile's.
fn exit_of(failed: &Failed) -> Exit {
    match failed {
        Failed::Store(StoreError::Io { source, .. }) if source.kind() != std::io::ErrorKind::NotFound => Exit::Output,
        Failed::Store(StoreError::Taken(_)) => Exit::Output,
        Failed::Store(_) | Failed::Wish(_) => Exit::Usage,
    }
}

const fn taken(overwrite: bool) -> OnTaken {
    if overwrite { OnTaken::Replace } else { OnTaken::Refuse }
}

fn list(store: &Store, as_json: bool) -> Result<(), Failed> {
    let listed = store.list()?;
    if as_json {
        let items: Vec<Value> = listed
            .iter()
            .map(|profile| {
                let file = match &profile.origin {
                    Origin::BuiltIn => None,
                    Origin::File(path) => Some(path.display().to_string()),
                };
                json!({"name": profile.name, "file": file, "problem": profile.problem})
            })
            .collect();
        out::line(&json!({"profiles": items}).to_string());
        return Ok(());
    }
    for profile in &listed {
        let place = match &profile.origin {
            Origin::BuiltIn => "built in".to_owned(),
            Origin::File(path) => path.display().to_string(),
        };
        out::line(&format!("{}  ({place})", profile.name));
        if let Some(problem) = &profile.problem {
            out::say(&format!("warning: '{}' cannot be used: {problem}", profile.name));
        }
    }
    Ok(())
}

fn show(store: &Store, name: &str) -> Result<(), Failed> {
    let (parsed, _) = store.load(name)?;
    for warning in &parsed.warnings {
        out::say(&format!("warning: {warning}"));
    }
    out::text(&to_toml(&parsed.profile)?);
    Ok(())
}

fn save(store: &Store, name: &str, args: &RecordArgs) -> Result<(), Failed> {
    let cwd = std::env::current_dir().unwrap_or_default();
    let mut profile = wishes(args, store, &cwd)?.profile;
    name.clone_into(&mut profile.name);
    let path = store.save(&profile, taken(args.overwrite))?;
    out::say(&format!("Saved '{name}' as {}.", path.display()));
    Ok(())
}

fn import(store: &Store, file: &Path, taken: OnTaken) -> Result<(), Failed> {
    let (parsed, path) = store.import(file, taken)?;
    for warning in &parsed.warnings {
        out::say(&format!("warning: {warning}"));
    }
    out::say(&format!("Imported '{}' as {}.", parsed.profile.name, path.display()));
    Ok(())
}

fn delete(store: &Store, name: &str) -> Result<(), Failed> {
    let path = store.delete(name)?;
    out::say(&format!("Deleted {}.", path.display()));
    Ok(())
}

fn check(store: &Store, file: &Path) -> Result<(), Failed> {
    // A bare name here is a file's name too, unlike in 'show'.
    let with_folder = Path::new(".").join(file);
    let (parsed, _) = store.load(&with_folder.to_string_lossy())?;
    for warning in &parsed.warnings {
        out::say(&format!("warning: {warning}"));
    }
    out::say(&format!("{}: a good profile, '{}'.", file.display(), parsed.profile.name));
    Ok(())
}
