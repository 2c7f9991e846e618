//! The architecture as a test: rooms stand in a row, each power enters by one door, and every room keeps to what it may know.
//!
//! The rules are the tables in `house/rules.rs`; how source text becomes paths is `house/source.rs`.

mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rules::{DISK, DOORS, MAX_LINES, MAY_NEVER_KNOW, ROW, TABLES, UNSAFE_FILES};
use source::{Source, UsedPath};

/// One broken rule, as `file:line: what`.
type Finding = String;

#[test]
fn rooms_use_only_the_rooms_before_them() {
    assert_clean(each_source(backward_uses));
}

#[test]
fn powers_enter_by_their_door() {
    assert_clean(each_source(crossed_doors));
}

#[test]
fn rooms_know_only_what_they_may() {
    assert_clean(each_source(forbidden_knowledge));
}

#[test]
fn unsafe_stands_only_in_the_named_files() {
    assert_clean(each_source(unsafe_code));
    let stale = UNSAFE_FILES.iter().filter(|module| {
        SOURCES.iter().any(|source| source.module() == **module && source.word_lines("unsafe").is_empty())
    });
    assert_eq!(
        stale.collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "listed as unsafe, but no longer so: take them off the list"
    );
}

#[test]
fn files_fit_in_a_head() {
    assert_clean(each_source(too_long));
}

#[test]
fn the_library_lists_its_rooms_in_the_order_of_the_row() {
    let lib = SOURCES.iter().find(|source| source.module() == "lib").expect("src/lib.rs is there");
    assert_clean(disorder(&lib.declared_modules()));

    let strangers: Vec<_> = SOURCES
        .iter()
        .filter(|source| source.module() != "lib" && rank(source.room()).is_none())
        .map(Source::module)
        .collect();
    assert!(strangers.is_empty(), "files of no room in the row: {strangers:?}");
}

#[test]
fn every_rule_speaks_of_rooms_that_exist_in_the_row() {
    let doors = DOORS.iter().flat_map(|door| door.modules).chain(DISK).chain(UNSAFE_FILES);
    for module in doors {
        let room = module.split('/').next().unwrap_or_default();
        assert!(rank(room).is_some(), "{module}: no such room");
    }
    for (room, _) in MAY_NEVER_KNOW {
        assert!(rank(room).is_some(), "{room}: no such room");
    }
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut findings = Vec::new();
    for place in ["src", "assets", "tests", ".ci", "Makefile", "README.md", "CHANGELOG.md", "Cargo.toml", "deny.toml"] {
        for file in files_below(&root.join(place)) {
            if let Ok(text) = fs::read_to_string(&file) {
                findings.extend(machine_places(&file.strip_prefix(root).unwrap_or(&file).display().to_string(), &text));
            }
        }
    }
    assert_clean(findings);
}

// The rules, each on one source -------------------------------------------------------------------------------------

fn backward_uses(source: &Source) -> Vec<Finding> {
    let Some(own) = rank(source.room()) else { return Vec::new() };
    source
        .paths()
        .iter()
        .filter_map(|path| {
            let used = room_named_by(source, path)?;
            (rank(used)? > own).then(|| {
                source.finding(
                    path.line,
                    &format!("`{}` stands before `{used}` in the row and may not use it", source.room()),
                )
            })
        })
        .collect()
}

fn crossed_doors(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in source.paths() {
        for door in DOORS {
            let listed = if door.modules.is_empty() { DISK } else { door.modules };
            if door.powers.iter().any(|power| path.mentions(power)) && !source.stands_in(listed) {
                findings
                    .push(source.finding(path.line, &format!("`{path}`: {} only in {}", door.what, listed.join(", "))));
            }
        }
    }
    findings
}

fn forbidden_knowledge(source: &Source) -> Vec<Finding> {
    let Some((room, secrets)) = MAY_NEVER_KNOW.iter().find(|(room, _)| *room == source.room()) else {
        return Vec::new();
    };
    source
        .paths()
        .iter()
        .filter_map(|path| {
            let secret = secrets.iter().find(|secret| match secret.strip_prefix("crate::") {
                Some(rest) => room_path(source, path).is_some_and(|ours| starts_with(&ours, rest)),
                None => path.mentions(secret),
            })?;
            Some(source.finding(path.line, &format!("`{room}` may never know `{secret}` (`{path}`)")))
        })
        .collect()
}

fn unsafe_code(source: &Source) -> Vec<Finding> {
    if UNSAFE_FILES.contains(&source.module()) {
        return Vec::new();
    }
    source
        .word_lines("unsafe")
        .into_iter()
        .map(|line| source.finding(line, "`unsafe` outside the named files"))
        .collect()
}

fn too_long(source: &Source) -> Vec<Finding> {
    let lines = source.lines_beside_tests();
    if lines <= MAX_LINES || TABLES.contains(&source.module()) {
        return Vec::new();
    }
    vec![source.finding(
        1,
        &format!("{lines} lines beside its tests; at most {MAX_LINES}, or it is a table and listed as one"),
    )]
}

fn disorder(modules: &[String]) -> Vec<Finding> {
    let ranks: Vec<_> = modules.iter().map(|module| (module, rank(module))).collect();
    let mut findings: Vec<_> = ranks
        .iter()
        .filter(|(_, rank)| rank.is_none())
        .map(|(module, _)| format!("`{module}` is no room of the row"))
        .collect();
    let known: Vec<_> = ranks.iter().filter(|(_, rank)| rank.is_some()).collect();
    let swapped = known.windows(2).filter(|pair| pair[0].1 > pair[1].1);
    findings.extend(swapped.map(|pair| format!("`{}` is listed after `{}`", pair[1].0, pair[0].0)));
    findings
}

fn machine_places(name: &str, text: &str) -> Vec<Finding> {
    let places =
        [concat!("/wo", "rk/"), concat!("/tmp/w", "t"), concat!("/ro", "ot/."), concat!("/usr/local/c", "argo")];
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let place = places.iter().find(|place| line.contains(**place))?;
            Some(format!("{name}:{}: names `{place}`, a place of one machine", index + 1))
        })
        .collect()
}

// What they stand on ------------------------------------------------------------------------------------------------

fn rank(room: &str) -> Option<usize> {
    ROW.iter().position(|name| *name == room)
}

/// The path below our own crate, wherever it is written from: `crate::a::b`, `gearcast::a::b` or a chain of `super`.
fn room_path(source: &Source, path: &UsedPath) -> Option<Vec<String>> {
    let segments = &path.segments;
    match segments.first()?.as_str() {
        "crate" | "$crate" => Some(segments[1..].to_vec()),
        "gearcast" if ["main", "bin"].contains(&source.room()) => Some(segments[1..].to_vec()),
        "super" => {
            let climbed = segments.iter().take_while(|segment| *segment == "super").count();
            (climbed >= source.depth()).then(|| segments[climbed..].to_vec())
        }
        _ => None,
    }
}

fn room_named_by<'a>(source: &Source, path: &UsedPath) -> Option<&'a str> {
    let below = room_path(source, path)?;
    ROW.iter().copied().find(|room| Some(*room) == below.first().map(String::as_str))
}

fn starts_with(segments: &[String], wanted: &str) -> bool {
    let wanted: Vec<_> = wanted.split("::").collect();
    segments.len() >= wanted.len() && wanted.iter().zip(segments).all(|(a, b)| a == b)
}

/// Read once: a debug build takes seconds for it.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read_sources);

fn read_sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources: Vec<_> = files_below(&src)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .map(|file| {
            let name = file.strip_prefix(&src).unwrap_or(&file).display().to_string();
            let text = fs::read_to_string(&file).expect("source text");
            Source::new(&name, &text)
        })
        .collect();
    let of_tests: Vec<_> = sources.iter().flat_map(Source::test_modules).collect();
    sources.retain(|source| !of_tests.iter().any(|module| source.stands_in(&[module.as_str()])));
    assert!(sources.len() > 5, "the rules were read over {} files: that is not our source", sources.len());
    sources
}

fn files_below(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else {
        return place.is_file().then(|| place.to_path_buf()).into_iter().collect();
    };
    let mut files: Vec<_> = entries.filter_map(Result::ok).flat_map(|entry| files_below(&entry.path())).collect();
    files.sort();
    files
}

fn each_source(rule: fn(&Source) -> Vec<Finding>) -> Vec<Finding> {
    SOURCES.iter().flat_map(rule).collect()
}

fn assert_clean(findings: impl IntoIterator<Item = Finding>) {
    let findings: Vec<_> = findings.into_iter().collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

// The rules catch what they are for ---------------------------------------------------------------------------------

/// Each line: a rule, a file, its text, and how many findings there must be.
#[test]
fn the_rules_catch_made_up_offences() {
    type Rule = fn(&Source) -> Vec<Finding>;
    let cases: &[(Rule, &str, &str, usize)] = &[
        (backward_uses, "media/frame.rs", "use crate::rt::Clock;", 1),
        (backward_uses, "rt/clock.rs", "use crate::media::Timestamp;", 0),
        (backward_uses, "media/frame.rs", "use crate::{media::Rate, session::{Session, Status}};", 2),
        (backward_uses, "plan/mod.rs", "fn f() { crate::session::start(); }", 1),
        (backward_uses, "plan/mod.rs", "pub(crate) fn f() { crate::profile::load(); }", 0),
        (backward_uses, "pacer.rs", "use super::writegear::WriteGear;", 1),
        (backward_uses, "nut/write.rs", "use super::super::ffmpeg::Args;", 1),
        (backward_uses, "nut/write.rs", "use super::ffmpeg::Args;", 0),
        (
            backward_uses,
            "nut/mod.rs",
            "// use crate::ffmpeg::Args;\n/* crate::app */ const S: &str = \"crate::app\";",
            0,
        ),
        (backward_uses, "nut/mod.rs", "#[cfg(test)]\nmod tests { use crate::ffmpeg::Args; }", 0),
        (backward_uses, "nut/mod.rs", "#[cfg(test)]\nuse crate::app::App;\nuse crate::ffmpeg::Args;", 1),
        (backward_uses, "nut/mod.rs", "macro_rules! m { () => { $crate::app::run() } }", 1),
        (backward_uses, "app/mod.rs", "use crate::ui::draw; use crate::cli;", 1),
        (backward_uses, "main.rs", "use gearcast::cli;", 0),
        (crossed_doors, "writegear/noncompression/writer.rs", "use opencv::core::Mat;", 1),
        (crossed_doors, "bin/other/main.rs", "use opencv::core::Mat;", 1),
        (crossed_doors, "session/mod.rs", "use nokhwa::Camera;", 1),
        (crossed_doors, "capture/camera/mod.rs", "use nokhwa::Camera;", 0),
        (crossed_doors, "capture/camera.rs", "use nokhwa::Camera;", 0),
        (crossed_doors, "capture/cameraman.rs", "use nokhwa::Camera;", 1),
        (crossed_doors, "session/mod.rs", "fn f() { std::process::Command::new(\"x\"); }", 1),
        (crossed_doors, "session/mod.rs", "use std::process::{ExitCode, Stdio};", 0),
        (crossed_doors, "session/mod.rs", "fn f() { let c = Command::Start; match c { Command::Stop => {} } }", 0),
        (crossed_doors, "ffmpeg/process.rs", "use std::process::{Child, Command}; fn f() { Command::new(\"x\"); }", 0),
        (crossed_doors, "audio/mixer.rs", "let a = std::time::Instant::now();", 1),
        (crossed_doors, "audio/mixer.rs", "use std::{thread::{self, Builder}, time::Duration};", 1),
        (crossed_doors, "rt/worker.rs", "use std::thread::Builder;", 0),
        (crossed_doors, "plan/mod.rs", "let t = std::time::SystemTime::UNIX_EPOCH;", 1),
        (crossed_doors, "profile/mod.rs", "use std::{fs, io};", 1),
        (crossed_doors, "profile/store.rs", "use std::{fs, io};", 0),
        (crossed_doors, "session/mod.rs", "let f = std::fs::File::open(p); let t = tempfile::tempdir();", 2),
        (crossed_doors, "session/mod.rs", "let tempfile = self.fs.tempfile();", 0),
        (crossed_doors, "model/mod.rs", "fn f(ui: &mut egui::Ui) {}", 1),
        (crossed_doors, "ui/record.rs", "fn f(ui: &mut egui::Ui) {}", 0),
        (crossed_doors, "ui/record.rs", "rfd::AsyncFileDialog::new();", 1),
        (
            crossed_doors,
            "session/mod.rs",
            "let s = \"a \\\" quote\"; let c = '\"'; use cpal::Stream; let d = \"'\";",
            1,
        ),
        (
            crossed_doors,
            "session/mod.rs",
            "let s = r#\"use cpal::Stream; \"#; fn f<'a>(x: &'a str) { cpal::default_host(); }",
            1,
        ),
        (forbidden_knowledge, "pacer.rs", "use std::thread;", 1),
        (forbidden_knowledge, "pacer.rs", "use crate::media::FrameRate;", 0),
        (forbidden_knowledge, "ui/record.rs", "use std::fs;", 1),
        (forbidden_knowledge, "ui/record.rs", "crate::capture::list();", 1),
        (forbidden_knowledge, "plan/mod.rs", "#[derive(serde::Serialize)] struct S;", 1),
        (forbidden_knowledge, "capture/mod.rs", "use crate::ffmpeg::Args;", 1),
        (forbidden_knowledge, "audio/mod.rs", "use super::capture::Source;", 1),
        (unsafe_code, "imaging/mod.rs", "fn f() { unsafe { g() } }", 1),
        (unsafe_code, "imaging/mod.rs", "#![deny(unsafe_code)] // unsafe\nfn unsafe_like() {}", 0),
        (too_long, "imaging/mod.rs", &"fn f() {}\n".repeat(501), 1),
        (
            too_long,
            "imaging/mod.rs",
            &format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn f() {}\n".repeat(501)),
            0,
        ),
    ];
    for (index, (rule, file, text, expected)) in cases.iter().enumerate() {
        let findings = rule(&Source::new(file, text));
        assert_eq!(
            findings.len(),
            *expected,
            "case {index}, {file}: {}\n{findings:#?}",
            text.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn findings_name_the_file_and_the_line() {
    let findings =
        backward_uses(&Source::new("media/frame.rs", "//! Doc.\n\nuse std::fmt;\nuse crate::{\n    rt::Clock,\n};\n"));
    assert_eq!(findings, ["src/media/frame.rs:5: `media` stands before `rt` in the row and may not use it"]);
}

#[test]
fn disorder_and_strangers_in_the_list_of_rooms_are_caught() {
    let list = |names: &[&str]| disorder(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(list(&["media", "rt", "plan", "cli"]).is_empty());
    assert_eq!(list(&["media", "plan", "rt"]), ["`rt` is listed after `plan`"]);
    assert_eq!(list(&["media", "helpers"]), ["`helpers` is no room of the row"]);
    assert_eq!(
        Source::new("lib.rs", "pub mod media;\n#[cfg(test)] mod t;\nmod rt;").declared_modules(),
        ["media", "rt"]
    );
}

#[test]
fn test_only_files_are_known_by_their_declaration() {
    let source = Source::new("plan/mod.rs", "mod rules;\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod inline {}");
    assert_eq!(source.test_modules(), ["plan/tests"]);
    let source = Source::new("pacer.rs", "#[cfg(test)]\nmod tests;");
    assert_eq!(source.test_modules(), ["pacer/tests"]);
}

#[test]
fn machine_places_are_caught() {
    let text = format!("fine\nlet p = \"{}main\";\n", concat!("/wo", "rk/"));
    assert_eq!(machine_places("src/a.rs", &text).len(), 1);
    assert_eq!(machine_places("src/a.rs", "~/Videos and /usr/bin/ffmpeg"), Vec::<String>::new());
}
