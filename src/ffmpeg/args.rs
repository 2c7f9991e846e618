//! ffmpeg's arguments with their order right by construction: globals, inputs, filters, outputs.
//!
//! Knows no encoder and no profile; what it is given it passes on unchanged, and never through a shell.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::redact::{MASK, Redactor};

/// Options in order; the same one may come again, as ffmpeg wants it for maps, metadata and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    words: Vec<OsString>,
}

impl Options {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `-name value`; the name may be given with or without its dash.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a flag that takes no value.
    #[must_use]
    pub fn with_flag(mut self, name: &str) -> Self {
        self.push_flag(name);
        self
    }

    /// Adds `-name value`; the name may be given with or without its dash.
    pub fn push(&mut self, name: &str, value: impl Into<OsString>) {
        self.push_flag(name);
        self.words.push(value.into());
    }

    /// Adds a flag that takes no value.
    pub fn push_flag(&mut self, name: &str) {
        self.words.push(format!("-{}", name.strip_prefix('-').unwrap_or(name)).into());
    }

    /// Adds a user's own arguments exactly as they are.
    pub fn extend_verbatim<A: Into<OsString>>(&mut self, arguments: impl IntoIterator<Item = A>) {
        self.words.extend(arguments.into_iter().map(Into::into));
    }

    /// Adds another list's options after these.
    pub fn append(&mut self, mut other: Self) {
        self.words.append(&mut other.words);
    }

    /// The words as they will stand in the command.
    pub fn words(&self) -> &[OsString] {
        &self.words
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// One thing ffmpeg reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What stands before its `-i`.
    pub options: Options,
    /// Where it is: an address, a device, or [`file_url`] of a path.
    pub url: OsString,
}

/// Why a list of words is no list of inputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputsError {
    /// `-i` stands last.
    #[error("'-i' at the end names no input")]
    NoName,
    /// Words after the last input.
    #[error("'{0}' stands after the last '-i FILE'; options of an input stand before its '-i'")]
    Leftover(String),
}

impl Input {
    /// Reads further inputs as they would stand in a command: options, `-i`, where it is; and again.
    pub fn read_list(words: &[String]) -> Result<Vec<Self>, InputsError> {
        let (mut inputs, mut options) = (Vec::new(), Options::new());
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if word == "-i" {
                let url = rest.next().ok_or(InputsError::NoName)?;
                inputs.push(Self { options: std::mem::take(&mut options), url: url.into() });
            } else {
                options.extend_verbatim([word.as_str()]);
            }
        }
        match options.words().first() {
            Some(word) => Err(InputsError::Leftover(word.to_string_lossy().into_owned())),
            None => Ok(inputs),
        }
    }
}

/// One thing ffmpeg writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What stands before its address: maps first, then codecs, then the muxer.
    pub options: Options,
    /// Where it goes: an address, a device, or [`file_url`] of a path.
    pub url: OsString,
}

/// A whole command, without the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// Options of the whole run, and a user's arguments before the first input.
    pub global: Options,
    /// The inputs; `0:v` is the first one's picture.
    pub inputs: Vec<Input>,
    /// `-filter_complex` and what belongs to it.
    pub filters: Options,
    /// The outputs.
    pub outputs: Vec<Output>,
}

impl Args {
    /// A command whose log this room can read, that asks nothing and never waits for a key:
    /// `-hide_banner -nostdin -nostats -loglevel level+info`.
    pub fn new() -> Self {
        let global = Options::new()
            .with_flag("hide_banner")
            .with_flag("nostdin")
            .with_flag("nostats")
            .with("loglevel", "level+info");
        Self { global, ..Self::default() }
    }

    /// Adds an input after the others.
    #[must_use]
    pub fn input(mut self, options: Options, url: impl Into<OsString>) -> Self {
        self.inputs.push(Input { options, url: url.into() });
        self
    }

    /// Adds an output after the others.
    #[must_use]
    pub fn output(mut self, options: Options, url: impl Into<OsString>) -> Self {
        self.outputs.push(Output { options, url: url.into() });
        self
    }

    /// The words for the operating system, in the only order ffmpeg understands.
    pub fn to_os_args(&self) -> Vec<OsString> {
        let mut words = self.global.words.clone();
        for input in &self.inputs {
            words.extend_from_slice(&input.options.words);
            words.push("-i".into());
            words.push(input.url.clone());
        }
        words.extend_from_slice(&self.filters.words);
        for output in &self.outputs {
            words.extend_from_slice(&output.options.words);
            words.push(output.url.clone());
        }
        words
    }

    /// The command as a line a user can paste into a shell, without secrets.
    pub fn shell_quoted(&self, program: &Path, redactor: &Redactor) -> String {
        shell_quoted(program, &self.to_os_args(), redactor)
    }
}

/// A program and its arguments as a line a user can paste into a shell, without secrets.
pub fn shell_quoted(program: &Path, arguments: &[OsString], redactor: &Redactor) -> String {
    let mut line = shell_words::quote(&program.to_string_lossy()).into_owned();
    let mut hide_next = false;
    for argument in arguments {
        let word = argument.to_string_lossy();
        // An option's value stands by itself, so that only its name tells that it is a secret.
        let shown = if hide_next { MASK.to_owned() } else { redactor.hide(&word) };
        hide_next = !hide_next && word.strip_prefix('-').is_some_and(Redactor::is_secret_option);
        line.push(' ');
        line.push_str(&shell_words::quote(&shown));
    }
    line
}

/// A path as ffmpeg takes it whatever its name is: `take:2.mkv` is no protocol and `-x.mp4` no option.
pub fn file_url(path: &Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push::<&OsStr>(path.as_os_str());
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(args: &Args) -> Vec<String> {
        args.to_os_args().into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn every_part_stands_in_its_place_whatever_the_order_it_was_built_in() {
        let mut args = Args::default()
            .output(Options::new().with("map", "0:v").with("-map", "1:a").with("c:v", "libx264"), "file:a.mkv")
            .input(Options::new().with("f", "nut"), "pipe:0")
            .input(Options::new().with_flag("re"), "b.wav")
            .output(Options::new().with_flag("-an"), "c.gif");
        args.filters.push("filter_complex", "[0:v]null");
        args.global.push_flag("y");
        args.outputs[0].options.extend_verbatim(["-x264-params", "a=b:c", "", "-weird"]);
        assert_eq!(
            words(&args),
            [
                "-y",
                "-f",
                "nut",
                "-i",
                "pipe:0",
                "-re",
                "-i",
                "b.wav",
                "-filter_complex",
                "[0:v]null",
                "-map",
                "0:v",
                "-map",
                "1:a",
                "-c:v",
                "libx264",
                "-x264-params",
                "a=b:c",
                "",
                "-weird",
                "file:a.mkv",
                "-an",
                "c.gif"
            ]
        );
    }

    #[test]
    fn inputs_are_read_as_they_stand_in_a_command() {
        let list = |text: &str| Input::read_list(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let read = list("-ss 3 -i a.wav -f lavfi -i sine").unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].options.words().len(), read[0].url.to_str()), (2, Some("a.wav")));
        assert_eq!((read[1].options.words().len(), read[1].url.to_str()), (2, Some("sine")));
        assert_eq!(list("-i"), Err(InputsError::NoName));
        assert_eq!(list("-i a.wav -f wav"), Err(InputsError::Leftover("-f".to_owned())));
        assert_eq!(Input::read_list(&[]), Ok(Vec::new()));
    }

    #[test]
    fn a_shown_command_pastes_back_into_the_same_words() {
        let args = Args::new().input(Options::new(), "it's a \"film\" $HOME.mkv").output(
            Options::new().with("metadata", "title=a b;`c`").with("x", ""),
            file_url(Path::new("-out put.mkv")),
        );
        let line = args.shell_quoted(Path::new("/opt/my tools/ffmpeg"), &Redactor::default());
        let mut expected = vec!["/opt/my tools/ffmpeg".to_owned()];
        expected.extend(words(&args));
        assert_eq!(shell_words::split(&line).unwrap(), expected);
    }

    #[test]
    fn a_shown_command_has_no_secret() {
        let args = Args::default().input(Options::new(), "pipe:0").output(
            Options::new()
                .with("rtmp_playpath", "k1-abc")
                .with("headers", "Cookie: k2-abc")
                .with("passphrase", "-k3-abc"),
            "rtmp://user:k4-abc@host/app/k5-abc?auth=k6-abc",
        );
        let line = args.shell_quoted(Path::new("ffmpeg"), &Redactor::new(["app".to_owned()]));
        assert!(!line.contains("-abc") && !line.contains("app"), "{line}");
        assert!(line.contains("-passphrase") && line.contains("host/"), "{line}");
    }
}
