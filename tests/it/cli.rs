//! The command line, driven as scripts drive it: exit codes, words, profiles, and nothing that asks for a recording.

use std::fs;
use std::process::Stdio;

use crate::support::program::Home;

#[test]
fn help_and_version_answer_on_stdout() {
    let home = Home::new();
    for (args, words) in [
        (&["--help"][..], &["record", "devices", "encoders", "command", "ffmpeg", "profiles", "doctor"][..]),
        (&["--version"], &[env!("CARGO_PKG_VERSION")]),
        (&["record", "--help"], &["--source", "region:WxH+X+Y", "--stream-key-file", "Example:", "130 forced"]),
        (&["profiles", "save", "--help"], &["--set", "Example:"]),
        (&["ffmpeg", "--help"], &["gearcast ffmpeg --"]),
    ] {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}");
        for word in words {
            assert!(ran.out.contains(word), "{args:?}: {word} in {}", ran.out);
        }
    }
}

#[test]
fn what_cannot_be_meant_is_exit_2_and_named() {
    let home = Home::new();
    fs::write(home.at("bad.toml"), "[video]\ncrf = \"x\"\n").unwrap();
    fs::write(home.at("later.toml"), "version = 9\n").unwrap();
    for (args, word) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["recrod"], "recrod"),
        (&["record", "--source", "tv"], "--source"),
        (&["record", "--source", "region:big"], "--source"),
        (&["record", "--source", "window"], "--source"),
        (&["record", "--audio", ""], "--audio"),
        (&["record", "--audio", "none", "--audio", "test"], "--audio"),
        (&["record", "--duration", "0"], "--duration"),
        (&["record", "--duration", "soon"], "--duration"),
        (&["record", "--output", "film"], "--output"),
        (&["record", "--output", "gopher://host/x.mp4"], "output.address"),
        (&["record", "--source", "test", "--output", "x.docx"], "output.container"),
        (&["record", "--set", "video.crf"], "KEY=VALUE"),
        (&["record", "--set", "video.crf=99"], "video.crf"),
        (&["record", "--set", "video.encodr=x"], "video.encoder"),
        (&["record", "--source", "test", "--set", "video.fps=fast"], "video.fps"),
        (&["record", "--source", "test", "--set", "video.size=big"], "video.size"),
        (&["record", "--source", "test", "--set", "video.codec=theora"], "video.codec"),
        (&["record", "--source", "none", "--audio", "none"], "source.kind"),
        (&["record", "--profile", "nobody"], "Recording"),
        (&["record", "--profile", "bad.toml"], "line 2: video.crf"),
        (&["record", "--profile", "later.toml"], "version"),
        (&["record", "--stream", "rtmp://host/app"], "--stream"),
        (&["record", "--stream-key-file", "k"], "--stream-key-file"),
        (&["record", "--no-file"], "--no-file"),
        (&["record", "--source", "test", "--engine", "opencv", "--audio", "test"], "audio.inputs"),
        (&["record", "--engine", "gstreamer"], "--engine"),
        (&["command", "--source", "tv"], "--source"),
        (&["profiles", "save", "X", "--set", "x=1"], "no such key"),
        (&["profiles", "delete", "Recording"], "built in"),
        (&["profiles", "check", "bad.toml"], "video.crf"),
        (&["profiles", "show", "nobody"], "nobody"),
        (&["ffmpeg"], "ARGS"),
        (&["repair"], "not in this version"),
        (&["ctl", "stop"], "not in this version"),
        (&["ctl", "explode"], "explode"),
    ] {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(word), "{args:?}: '{word}' in {}", ran.err);
        assert!(!ran.err.contains("panicked") && !ran.err.contains("mistake of its own"), "{}", ran.err);
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let home = Home::new();
    let args = ["record", "--source", "test", "--set", "video.fps=x", "--set", "video.size=y", "--set", "video.crf=60"];
    let ran = home.run(&args);
    assert_eq!(ran.code, 2);
    for field in ["video.fps", "video.size", "video.crf"] {
        assert!(ran.err.contains(field), "{field} in {}", ran.err);
    }
}

#[test]
fn with_json_a_refusal_ends_with_the_finished_line() {
    let home = Home::new();
    let ran = home.run(&["record", "--json", "--source", "test", "--set", "video.fps=x"]);
    let events = ran.events();
    assert_eq!(ran.code, 2);
    assert!(events.iter().any(|event| event["event"] == "problem" && event["code"] == "video.fps"), "{}", ran.out);
    let last = events.last().expect("a last line");
    assert_eq!((&last["event"], &last["exit_code"]), (&"finished".into(), &2.into()));
}

#[test]
fn a_key_on_the_command_line_is_refused_and_never_repeated() {
    let home = Home::new();
    for args in [
        ["record", "--stream", "rtmp://me:hunter2@host/app"],
        ["record", "--stream", "rtmp://host/app/live_12345678_hunter2"],
        ["record", "--output", "rtmp://me:hunter2@host/app"],
        ["record", "--set", "streams.0.server=rtmp://me:hunter2@host/app"],
        ["record", "--duration", "rtmp://me:hunter2@host/app"],
        ["record", "--engine", "rtmp://me:hunter2@host/app"],
    ] {
        let ran = home.run(&args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(!ran.err.contains("hunter2") && !ran.out.contains("hunter2"), "{args:?}: {}", ran.err);
        if matches!(args[1], "--stream" | "--output" | "--set") {
            assert!(ran.err.contains("--stream-key-file"), "{args:?}: {}", ran.err);
        }
    }
}

#[test]
fn without_ffmpeg_the_exit_code_is_4() {
    let home = Home::new();
    for args in [
        &["record", "--source", "test", "--ffmpeg", "/nowhere/ffmpeg", "--output", "x.mp4"][..],
        &["command", "--source", "test", "--ffmpeg", "/nowhere/ffmpeg"],
        &["encoders", "--ffmpeg", "/nowhere/ffmpeg"],
        &["ffmpeg", "--ffmpeg", "/nowhere/ffmpeg", "--", "-version"],
        &["doctor", "--ffmpeg", "/nowhere/ffmpeg"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 4, "{args:?}: {}{}", ran.out, ran.err);
        assert!(format!("{}{}", ran.out, ran.err).contains("/nowhere/ffmpeg"), "{args:?}: {}", ran.err);
    }
    assert!(!home.at("x.mp4").exists());
}

#[test]
fn without_a_display_the_screen_and_the_window_are_exit_3() {
    let home = Home::new();
    for args in [
        &["record", "--source", "screen"][..],
        &["record", "--source", "window:x"],
        &["record", "--source", "camera:none such"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 3, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("source.id"), "{}", ran.err);
    }
    let ran = home.run(&[]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("gearcast record --source test"), "{}", ran.err);
}

#[test]
fn asked_for_sound_that_is_not_there_is_exit_3() {
    let home = Home::new();
    for device in ["default", "system", "harp"] {
        let ran = home.run(&["record", "--source", "test", "--audio", device, "--output", "x.mp4"]);
        assert_eq!(ran.code, 3, "{device}: {}", ran.err);
        assert!(ran.err.contains("audio.inputs.0.device"), "{}", ran.err);
    }
}

#[test]
fn profiles_go_round() {
    let home = Home::new();
    let good = |args: &[&str]| {
        let ran = home.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        ran
    };
    assert!(good(&["profiles", "list"]).out.contains("Recording"));
    good(&["profiles", "save", "Mein Film", "--source", "camera:1", "--set", "video.crf=18", "--audio", "none"]);
    let shown = good(&["profiles", "show", "mein film"]).out;
    for line in ["name = \"Mein Film\"", "crf = 18", "kind = \"camera\"", "id = \"1\""] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert_eq!(home.run(&["profiles", "save", "Mein Film"]).code, 5, "not over one that is there");
    good(&["profiles", "save", "Mein Film", "--profile", "Mein Film", "--set", "video.crf=19", "--overwrite"]);
    good(&["profiles", "export", "Mein Film", "out.toml"]);
    let exported = fs::read_to_string(home.at("out.toml")).unwrap();
    assert!(exported.contains("crf = 19") && exported.contains("kind = \"camera\""));
    assert_eq!(home.run(&["profiles", "export", "Mein Film", "out.toml"]).code, 5);
    good(&["profiles", "delete", "Mein Film"]);
    assert_eq!(home.run(&["profiles", "show", "Mein Film"]).code, 2);
    fs::write(home.at("out.toml"), format!("{exported}\n[future]\nx = 1\n")).unwrap();
    assert!(good(&["profiles", "import", "out.toml"]).err.contains("future"));
    assert!(good(&["profiles", "show", "Mein Film"]).out.contains("[future]"));
    assert!(good(&["profiles", "check", "out.toml"]).err.contains("good profile"));
    let listed: serde_json::Value = serde_json::from_str(&good(&["profiles", "list", "--json"]).out).unwrap();
    assert_eq!(listed["profiles"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_damaged_profile_is_listed_named_and_left_alone() {
    let home = Home::new();
    let folder = home.at("gearcast/profiles");
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in [("later", "version = 3\nname = \"Later\"\n"), ("torn", "name = \"Torn\"\n[video]\ncrf = ")] {
        let path = folder.join(format!("{name}.toml"));
        fs::write(&path, text).unwrap();
        let ran = home.run(&["profiles", "show", name]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert_eq!(home.run(&["profiles", "save", name, "--overwrite"]).code, 2);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    let listed = home.run(&["profiles", "list"]);
    assert!(listed.out.contains("Later") && listed.out.contains("Torn") && listed.out.contains("Recording"));
    assert!(listed.err.contains("newer") && listed.err.contains("line 3"), "{}", listed.err);
}

#[test]
fn lists_are_json_when_asked() {
    let home = Home::new();
    let devices = home.run(&["devices", "--json"]);
    let devices = &devices.events()[0];
    for key in ["screens", "windows", "cameras", "audio", "problems"] {
        assert!(devices[key].is_array(), "{key}");
    }
    assert!(devices["problems"].as_array().is_some_and(|problems| !problems.is_empty()), "no display is a problem");
    let doctor = home.run(&["doctor", "--json"]);
    let checks = doctor.events()[0]["checks"].as_array().cloned().unwrap_or_default();
    assert!(checks.iter().any(|check| check["name"] == "ffmpeg" && check["ok"] == true), "{}", doctor.out);
    assert_eq!(doctor.code, 0);
}

#[test]
fn encoders_are_tried() {
    let home = Home::new();
    let ran = home.run(&["encoders", "--json"]);
    let listed = &ran.events()[0];
    let works = |name: &str| {
        let encoders = listed["encoders"].as_array().expect("a list");
        encoders.iter().find(|encoder| encoder["name"] == name).map(|encoder| encoder["works"].clone())
    };
    assert_eq!((works("libx264"), works("aac")), (Some(true.into()), Some(true.into())), "{}", ran.out);
    assert!(listed["ffmpeg"]["path"].as_str().is_some_and(|path| path.ends_with("ffmpeg")));
}

#[test]
fn the_commands_are_shown_as_the_shell_takes_them() {
    let home = Home::new();
    let args = ["command", "--source", "test", "--audio", "test", "--output", "a b.mkv", "--set", "video.crf=31"];
    let ran = home.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<Vec<String>> = ran.out.lines().map(|line| shell_words::split(line).expect("shell words")).collect();
    assert_eq!(lines.len(), 2, "{}", ran.out);
    assert!(lines[0].windows(2).any(|pair| pair == ["-crf", "31"]), "{:?}", lines[0]);
    assert!(lines[1].iter().any(|word| word.contains("a b")), "{:?}", lines[1]);
    assert!(!ran.err.contains("left behind"), "{}", ran.err);
    assert!(!home.at("a b.mkv").exists() && !home.at("gearcast/profiles").exists());
}

#[test]
fn ffmpeg_gets_our_terminal_and_gives_its_code() {
    let home = Home::new();
    let ran = home.run(&["ffmpeg", "--", "-version"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("ffmpeg version"), "{}", ran.out);
    let ran = home.run(&["ffmpeg", "--", "-i", "no such file.mp4", "out.mp4"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("no such file.mp4"));
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let home = Home::new();
    for args in [&["--help"][..], &["profiles", "show", "Recording"], &["devices"], &["devices", "--json"]] {
        let mut child =
            home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gearcast starts");
        drop(child.stdout.take());
        let ran = crate::support::program::finished(child);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        assert!(!ran.err.contains("panic") && !ran.err.contains("mistake of its own"), "{}", ran.err);
    }
}
