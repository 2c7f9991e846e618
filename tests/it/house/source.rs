//! Rust source as the rules see it: code without comments, texts and test items, and the paths it names.

use std::fmt;

/// One source file.
pub(super) struct Source {
    file: String,
    module: String,
    /// The code alone: every character of a comment, a text or a test item is a space; lines stay where they were.
    code: String,
    /// As `code`, with the test items still there.
    code_with_tests: String,
    paths: Vec<UsedPath>,
}

/// A path as the code uses it, `use` trees spread out: `use a::{b, c::d}` is `a::b` and `a::c::d`.
#[derive(Debug, PartialEq)]
pub(super) struct UsedPath {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

impl Source {
    /// `name` is relative to `src/`: `capture/x11/shm.rs`.
    pub(super) fn new(name: &str, text: &str) -> Self {
        let module = name.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
        let code_with_tests = blank_comments_and_texts(text);
        let code = blank_test_items(&code_with_tests);
        let paths = used_paths(&code);
        Self { file: format!("src/{name}"), module, code, code_with_tests, paths }
    }

    /// `room/part`, whether it is `part.rs` or `part/mod.rs`.
    pub(super) fn module(&self) -> &str {
        &self.module
    }

    pub(super) fn room(&self) -> &str {
        self.module.split('/').next().unwrap_or_default()
    }

    /// How many `super` lead to the crate's root.
    pub(super) fn depth(&self) -> usize {
        self.module.split('/').count()
    }

    pub(super) fn stands_in(&self, modules: &[&str]) -> bool {
        modules.iter().any(|module| {
            self.module.strip_prefix(module).is_some_and(|below| below.is_empty() || below.starts_with('/'))
        })
    }

    pub(super) fn paths(&self) -> &[UsedPath] {
        &self.paths
    }

    pub(super) fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.file)
    }

    /// The lines where `word` stands in code, tests included.
    pub(super) fn word_lines(&self, word: &str) -> Vec<usize> {
        let tokens = tokens(&self.code_with_tests);
        tokens.iter().filter(|token| token.text == word).map(|token| token.line).collect()
    }

    pub(super) fn lines_beside_tests(&self) -> usize {
        let kept = self.code.lines().zip(self.code_with_tests.lines());
        kept.filter(|(code, with_tests)| code == with_tests || !code.trim().is_empty()).count()
    }

    /// Modules declared in this file, in order, without those of the tests.
    pub(super) fn declared_modules(&self) -> Vec<String> {
        declared(&tokens(&self.code))
    }

    /// `room/tests` for every `#[cfg(test)] mod tests;` that has a file of its own.
    pub(super) fn test_modules(&self) -> Vec<String> {
        let code = self.declared_modules();
        let folder =
            if self.module == "lib" || self.module == "main" { String::new() } else { format!("{}/", self.module) };
        let all = declared(&tokens(&self.code_with_tests));
        all.into_iter().filter(|module| !code.contains(module)).map(|module| format!("{folder}{module}")).collect()
    }
}

impl UsedPath {
    /// Whether the words of `power` stand in the path one after another. A crate's name counts only at the start.
    pub(super) fn mentions(&self, power: &str) -> bool {
        let power: Vec<_> = power.split("::").collect();
        let at =
            |start: usize| self.segments[start..].iter().zip(&power).filter(|(a, b)| a == *b).count() == power.len();
        let is_crate = power[0].starts_with(char::is_lowercase)
            && (power.len() == 1 || matches!(power[0], "std" | "rustix" | "open"));
        if is_crate { at(0) } else { (0..self.segments.len()).any(at) }
    }
}

impl fmt::Display for UsedPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.segments.join("::"))
    }
}

// Text to code ------------------------------------------------------------------------------------------------------

/// Blanks comments, texts and character literals.
fn blank_comments_and_texts(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = comment_end(&chars, at).or_else(|| text_end(&chars, at)).or_else(|| char_end(&chars, at));
        if let Some(end) = end {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else if is_word(chars[at]) {
            let end = (at..chars.len()).find(|i| !is_word(chars[*i])).unwrap_or(chars.len());
            code.extend(&chars[at..end]);
            at = end;
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    code
}

fn comment_end(chars: &[char], at: usize) -> Option<usize> {
    match chars.get(at..at + 2)? {
        ['/', '/'] => Some((at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len())),
        ['/', '*'] => {
            let (mut depth, mut i) = (1, at + 2);
            while depth > 0 && i < chars.len() {
                match chars.get(i..i + 2) {
                    Some(['/', '*']) => (depth, i) = (depth + 1, i + 2),
                    Some(['*', '/']) => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
            }
            Some(i)
        }
        _ => None,
    }
}

/// A text with its prefix: `"…"`, `b"…"`, `c"…"`, `r#"…"#`, `br"…"`.
fn text_end(chars: &[char], at: usize) -> Option<usize> {
    let mut i = at;
    while i < at + 2 && matches!(chars.get(i), Some('b' | 'c' | 'r')) {
        i += 1;
    }
    let raw = i > at && chars[i - 1] == 'r';
    let hashes = if raw { chars[i..].iter().take_while(|c| **c == '#').count() } else { 0 };
    i += hashes;
    if chars.get(i) != Some(&'"') {
        return None;
    }
    i += 1;
    while i < chars.len() {
        match chars[i] {
            '\\' if !raw => i += 1,
            '"' if chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes => {
                return Some(i + 1 + hashes);
            }
            _ => {}
        }
        i += 1;
    }
    Some(chars.len())
}

/// A character literal; a lifetime (`'a`) is none.
fn char_end(chars: &[char], at: usize) -> Option<usize> {
    match chars.get(at..)? {
        ['\'', '\\', _, rest @ ..] => Some(at + 4 + rest.iter().position(|c| *c == '\'')?),
        ['\'', _, '\'', ..] => Some(at + 3),
        _ => None,
    }
}

/// Blanks every item under `#[cfg(test)]`.
fn blank_test_items(code: &str) -> String {
    let mut chars: Vec<char> = code.chars().collect();
    let marker: Vec<char> = "#[cfg(test)]".chars().collect();
    let mut at = 0;
    while at + marker.len() <= chars.len() {
        if chars[at..at + marker.len()] != marker[..] {
            at += 1;
            continue;
        }
        let end = item_end(&chars, at + marker.len());
        for c in &mut chars[at..end] {
            if *c != '\n' {
                *c = ' ';
            }
        }
        at = end;
    }
    chars.into_iter().collect()
}

/// The end of an item: its `;` or its closing brace, whichever comes first outside brackets. A `use` with a group ends at its `;`.
fn item_end(chars: &[char], start: usize) -> usize {
    let first_word: String =
        chars[start..].iter().skip_while(|c| c.is_whitespace()).take_while(|c| is_word(**c)).collect();
    let mut depth = 0;
    for (i, c) in chars.iter().enumerate().skip(start) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth -= 1,
            '}' => {
                depth -= 1;
                if depth == 0 && first_word != "use" {
                    return i + 1;
                }
            }
            ';' if depth == 0 => return i + 1,
            _ => {}
        }
    }
    chars.len()
}

// Code to paths -----------------------------------------------------------------------------------------------------

struct Token {
    text: String,
    line: usize,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Words, `::`, `$crate` as one, and every other sign alone.
fn tokens(code: &str) -> Vec<Token> {
    let chars: Vec<char> = code.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let is_macro_crate = chars[at..].starts_with(&['$', 'c', 'r', 'a', 't', 'e']);
        let length = if is_word(chars[at]) || is_macro_crate {
            1 + chars[at + 1..].iter().take_while(|c| is_word(**c)).count()
        } else if chars[at..].starts_with(&[':', ':']) {
            2
        } else {
            1
        };
        if chars[at] == '\n' {
            line += 1;
        } else if !chars[at].is_whitespace() {
            tokens.push(Token { text: chars[at..at + length].iter().collect(), line });
        }
        at += length;
    }
    tokens
}

fn declared(tokens: &[Token]) -> Vec<String> {
    let declarations = tokens.windows(3).filter(|window| window[0].text == "mod" && window[2].text == ";");
    declarations.map(|window| window[1].text.clone()).collect()
}

/// Every path of two words or more, and every word that a `use` names.
fn used_paths(code: &str) -> Vec<UsedPath> {
    let tokens = tokens(code);
    let (mut paths, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let in_use = tokens[at].text == "use";
        let after_dot = at > 0 && tokens[at - 1].text == ".";
        if in_use {
            at = read_tree(&tokens, at + 1, &[], &mut paths);
        } else if starts_path(&tokens[at]) && !after_dot {
            let mut found = Vec::new();
            at = read_tree(&tokens, at, &[], &mut found).max(at + 1);
            paths.extend(found.into_iter().filter(|path| path.segments.len() > 1));
        } else {
            at += 1;
        }
    }
    paths
}

fn starts_path(token: &Token) -> bool {
    token.text == "$crate" || token.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads one path or `use` tree from `at` below `prefix`; gives the place after it.
fn read_tree(tokens: &[Token], mut at: usize, prefix: &[String], paths: &mut Vec<UsedPath>) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    if text(at) == "::" {
        at += 1;
    }
    loop {
        if text(at) == "{" {
            at += 1;
            while at < tokens.len() && text(at) != "}" {
                let next = read_tree(tokens, at, &segments, paths);
                at = if text(next) == "as" { next + 2 } else { next };
                if text(at) == "," {
                    at += 1;
                } else if text(at) != "}" {
                    return at; // not a `use` group after all
                }
            }
            return at + 1;
        }
        if !tokens.get(at).is_some_and(starts_path) {
            break;
        }
        if text(at) != "self" || segments.is_empty() {
            segments.push(text(at).to_owned());
        }
        at += 1;
        if text(at) != "::" || text(at + 1) == "<" {
            break;
        }
        at += 1;
        if text(at) == "*" {
            at += 1;
            break;
        }
    }
    if segments.len() > prefix.len() || !prefix.is_empty() {
        paths.push(UsedPath { segments, line });
    }
    at
}

#[test]
fn use_trees_are_spread_out_and_texts_are_blind() {
    let code = "use std::{fs, io::{self, Read as _}, time::*};\nlet x = a::b::<C>(d::e); // f::g\nlet s = \"h::i\";";
    let source = Source::new("x/y.rs", code);
    let paths: Vec<_> = source.paths().iter().map(|path| (path.to_string(), path.line)).collect();
    let expected = [("std::fs", 1), ("std::io", 1), ("std::io::Read", 1), ("std::time", 1), ("a::b", 2), ("d::e", 2)]
        .map(|(p, l)| (p.to_owned(), l));
    assert_eq!(paths, expected);
}
