//! The one machine of this run, and what each case left.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use crate::film::Film;

/// What the script ends with where there can be no machine.
const IMPOSSIBLE: i32 = 77;
/// Seconds: three minutes on two idle processors without hardware virtualization, and room for busy ones.
const LIMIT_S: &str = "900";

static MACHINE: LazyLock<Machine> = LazyLock::new(run);

enum Machine {
    /// The results lie here.
    Ran(PathBuf),
    /// There can be none, and this is why.
    Impossible(String),
    Failed(String),
}

/// The results of one case.
pub(crate) struct Case {
    folder: PathBuf,
}

impl Case {
    /// Starts the machine if no test did yet. `None` where there can be none: what the test is about stays unproven.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match &*MACHINE {
            Machine::Ran(results) => {
                let case = Self { folder: results.join(name) };
                assert_eq!(case.text("code"), "0", "the case {name} broke off: {}", case.text("log"));
                Some(case)
            }
            Machine::Impossible(why) => {
                assert!(!required(), "GEARCAST_VM=required, but there is no machine: {why}");
                None
            }
            Machine::Failed(why) => panic!("the machine failed: {why}"),
        }
    }

    /// What is written in this file, without the last line's end.
    pub(crate) fn text(&self, name: &str) -> String {
        let path = self.folder.join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.trim_end().to_owned()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap_or_else(|error| panic!("{name}: {error}: {}", self.text(name)))
    }

    /// The case's recording.
    pub(crate) fn recording(&self) -> Recording {
        let lines = self.text("film.json");
        Recording {
            film: self.folder.join("film.mkv"),
            code: self.text("film.code").parse().unwrap(),
            events: lines.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect(),
            words: self.text("film.err"),
        }
    }

    /// Seconds of the machine's clock at which the script noted something.
    pub(crate) fn noted_s(&self, what: &str) -> f64 {
        let notes = self.text("notes");
        let mut lines = notes.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(_, noted)| *noted == what).unwrap_or_else(|| panic!("no '{what}' in {notes}")).0.parse().unwrap()
    }

    /// Nothing of the recording runs on.
    pub(crate) fn assert_nothing_left(&self) {
        assert_eq!(self.text("left"), "", "still running after the case");
    }
}

/// One run of `gearcast record --json`.
#[derive(Debug)]
pub(crate) struct Recording {
    film: PathBuf,
    pub(crate) code: i32,
    pub(crate) events: Vec<Value>,
    pub(crate) words: String,
}

impl Recording {
    /// The last report.
    pub(crate) fn finished(&self) -> &Value {
        let last = self.events.last().unwrap_or_else(|| panic!("no report: {}", self.words));
        assert_eq!(last["event"], "finished", "{}", self.words);
        last
    }

    pub(crate) fn frames(&self, which: &str) -> u64 {
        self.finished()["frames"][which].as_u64().unwrap_or_else(|| panic!("{which} in {}", self.finished()))
    }

    /// What each problem says, and its help.
    pub(crate) fn problems(&self) -> Vec<String> {
        let problems = self.events.iter().filter(|event| event["event"] == "problem");
        problems.map(|problem| format!("{} {}", problem["what"], problem["help"]).replace('"', "")).collect()
    }

    /// The recording went well, and its file says so too: as many pictures as reported, in a file that was verified.
    pub(crate) fn good(&self) -> Film {
        assert_eq!(self.code, 0, "{}", self.words);
        assert_eq!(self.finished()["verdict"], "good", "{}", self.finished());
        let film = Film::open(&self.film);
        assert_eq!(film.len() as u64, self.frames("written"), "pictures in the file");
        film
    }
}

fn wish() -> String {
    std::env::var("GEARCAST_VM").unwrap_or_default()
}

/// Nothing may stay unproven.
pub(crate) fn required() -> bool {
    wish() == "required"
}

fn run() -> Machine {
    let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vm");
    match wish().as_str() {
        "judge" => return Machine::Ran(results),
        "off" => return impossible("GEARCAST_VM=off".to_owned()),
        _ => {}
    }
    say("Starting a virtual machine with a camera; its cases take some three minutes.");
    match boot(&results) {
        Ok(Some(0)) => {
            let times = fs::read_to_string(results.join("times")).unwrap_or_default();
            say(&format!("Times in the virtual machine: {}", times.trim_end().replace('\n', ", ")));
            Machine::Ran(results)
        }
        Ok(Some(IMPOSSIBLE)) => impossible(log_of(&results)),
        Ok(code) => Machine::Failed(format!("it ended with {code:?}: {}", log_of(&results))),
        Err(error) => Machine::Failed(error.to_string()),
    }
}

fn boot(results: &Path) -> io::Result<Option<i32>> {
    if results.exists() {
        fs::remove_dir_all(results)?;
    }
    fs::create_dir_all(results)?;
    let log = fs::File::create(results.join("log"))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let status = Command::new(root.join("tests/tools/camera_vm.sh"))
        .args(["-t", LIMIT_S])
        .arg(results)
        .arg(root.join("tests/vm/guest.sh"))
        .arg(results)
        .arg(env!("CARGO_BIN_EXE_gearcast"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()?;
    Ok(status.code())
}

fn log_of(results: &Path) -> String {
    fs::read_to_string(results.join("log")).unwrap_or_default().trim_end().to_owned()
}

fn impossible(why: String) -> Machine {
    let line = "*".repeat(96);
    say(&format!(
        "\n{line}\n  CAMERAS WERE NOT TESTED: the virtual machine that has one cannot be had here.\n  {}\n{line}",
        why.replace('\n', "\n  ")
    ));
    Machine::Impossible(why)
}

/// Past the test harness, which would keep a passing test's words to itself.
pub(crate) fn say(text: &str) {
    writeln!(io::stderr(), "{text}").unwrap_or_default();
}
