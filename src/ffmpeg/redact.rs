//! Takes secrets out of text that people will see: log lines, shown commands, errors.
//!
//! Knows no service; it hides the secrets it is given and whatever has the shape of one.

use std::fmt;
use std::sync::Arc;

/// What stands where a secret was.
pub(super) const MASK: &str = "•••";

/// Parameter and option names whose value is hidden when the name ends so.
const SECRET_ENDINGS: &[&str] =
    &["key", "streamid", "passphrase", "token", "password", "secret", "playpath", "signature", "cookies", "headers"];
/// Parameter and option names whose value is hidden when the name is exactly so.
const SECRET_NAMES: &[&str] = &["pass", "pwd", "sig", "auth", "pw"];
/// Streams whose address carries the key in its path.
const KEYED_SCHEMES: &[&str] = &["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe", "rtmpte"];

/// Hides secrets. Cheap to clone; its `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Arc<[String]>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

impl Redactor {
    /// Hides these secrets, their percent-encoded forms, and everything that looks like a secret. Empty ones are
    /// skipped.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = Vec::new();
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            all.push(percent_encoded(&secret));
            all.push(secret);
        }
        // The longest first: a secret that contains another one must go as a whole.
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self { secrets: all.into() }
    }

    /// The text with every known secret and every value of a secret's shape replaced by `•••`: user names and
    /// passwords in addresses, what follows the application in an RTMP address, parameters such as `key=`,
    /// `streamid=`, `passphrase=`, `token=`, and what follows `Authorization:`.
    pub fn hide(&self, text: &str) -> String {
        let mut shown = self.hide_known(text);
        shown = hide_addresses(&shown);
        shown = hide_parameters(&shown);
        shown = hide_authorization(&shown);
        // Cutting shapes out may have moved pieces together.
        self.hide_known(&shown)
    }

    /// Whether an option of this name (without its dash) takes a secret.
    pub(super) fn is_secret_option(name: &str) -> bool {
        let name = name.split(':').next().unwrap_or(name).to_ascii_lowercase();
        SECRET_NAMES.contains(&name.as_str()) || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
    }

    fn hide_known(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &*self.secrets {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), MASK);
            }
        }
        // Only a secret made of the mask itself can survive that: then say nothing at all.
        if self.secrets.iter().any(|secret| shown.contains(secret.as_str())) { String::new() } else { shown }
    }
}

fn percent_encoded(text: &str) -> String {
    use fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else if write!(out, "%{byte:02X}").is_err() {
            out.clear(); // writing into a String does not fail
        }
        out
    })
}

/// Whether this character ends an address or a parameter in ffmpeg's messages and in a command.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '|' | '<' | '>' | '[' | ']' | '{' | '}')
}

/// The length of the value at the start of `text`, without the punctuation that follows it in a sentence.
fn value_len(text: &str, also_ends: impl Fn(char) -> bool) -> usize {
    let end = text.find(|c| ends_value(c) || also_ends(c)).unwrap_or(text.len());
    text[..end].trim_end_matches([':', ',', '.', ';', ')']).len()
}

fn hide_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = (&rest[..at], &rest[at + 3..]);
        let scheme_start = before
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+')
            .map_or(0, |found| found + before[found..].chars().next().map_or(1, char::len_utf8));
        let scheme = before[scheme_start..].to_ascii_lowercase();
        let address = &after[..value_len(after, |_| false)];
        out.push_str(before);
        out.push_str("://");
        out.push_str(&hide_address(&scheme, address));
        rest = &after[address.len()..];
    }
    out.push_str(rest);
    out
}

/// `user:password@host/application/key?more` without what is nobody's business.
fn hide_address(scheme: &str, address: &str) -> String {
    let authority_end = address.find(['/', '?', '#']).unwrap_or(address.len());
    // A password may hold any of `/?#` when somebody forgot to encode it: the last `@` decides for RTMP and RTSP,
    // whose paths have none; elsewhere a path such as `/@user` is common.
    let at = if scheme.starts_with("rtmp") || scheme.starts_with("rtsp") || scheme == "srt" {
        address.rfind('@')
    } else {
        address[..authority_end].rfind('@')
    };
    let (user, place) = at.map_or(("", address), |at| (MASK, &address[at + 1..]));
    let separator = if at.is_some() { "@" } else { "" };
    let mut place = place.to_owned();
    if KEYED_SCHEMES.contains(&scheme)
        && let Some(application) = place.find('/')
        && let Some(key) = place[application + 1..].find('/')
    {
        let key = application + 1 + key + 1;
        if key < place.len() {
            place.replace_range(key.., MASK);
        }
    }
    format!("{user}{separator}{place}")
}

fn hide_parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let name_start = before
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
            .map_or(0, |found| found + before[found..].chars().next().map_or(1, char::len_utf8));
        out.push_str(before);
        out.push('=');
        rest = after;
        if Redactor::is_secret_option(&before[name_start..]) {
            let len = value_len(after, |c| c == '&');
            if len > 0 {
                out.push_str(MASK);
                rest = &after[len..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn hide_authorization(text: &str) -> String {
    const HEADER: &str = "authorization:";
    text.to_ascii_lowercase().find(HEADER).map_or_else(
        || text.to_owned(),
        // ASCII lower case keeps every byte in its place.
        |at| format!("{} {MASK}", &text[..at + HEADER.len()]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_users_and_keys_but_stay_readable() {
        let shapes = Redactor::default();
        for (line, shown) in [
            (
                "[error] rtmp://127.0.0.1:9/live/secretkey: Connection refused",
                "[error] rtmp://127.0.0.1:9/live/•••: Connection refused",
            ),
            (
                "rtmps://live.example.com:443/rtmp/FB-123-0-abc?s_bl=1&s_sw=0: Input/output error",
                "rtmps://live.example.com:443/rtmp/•••: Input/output error",
            ),
            ("rtmp://host/app", "rtmp://host/app"),
            ("rtsp://me:p@ss/word@cam.local/live failed", "rtsp://•••@cam.local/live failed"),
            ("https://user:pass@example.com/@channel", "https://•••@example.com/@channel"),
            (
                "srt://127.0.0.1:9?passphrase=secretsecret&mode=caller failed: Input/output error",
                "srt://127.0.0.1:9?passphrase=•••&mode=caller failed: Input/output error",
            ),
            ("srt://h:1?streamid=#!::r=live/x,m=publish'", "srt://h:1?streamid=•••'"),
            ("[f=flv]rtmp://h/a/KEY|[f=mpegts]udp://h:1", "[f=flv]rtmp://h/a/•••|[f=mpegts]udp://h:1"),
            ("rtmp_playpath=abc123", "rtmp_playpath=•••"),
            ("keyint=250 keyint_min=25 crf=23.0", "keyint=250 keyint_min=25 crf=23.0"),
            ("Authorization: Bearer abc", "Authorization: •••"),
            ("a=b://=://", "a=b://=://"),
        ] {
            assert_eq!(shapes.hide(line), shown);
        }
    }

    #[test]
    fn option_names_that_take_secrets_are_known() {
        for name in ["passphrase", "rtmp_playpath", "streamid", "decryption_key", "headers", "hls_key", "pass"] {
            assert!(Redactor::is_secret_option(name), "{name}");
        }
        for name in ["c:v", "keyint", "keyint_min", "preset", "movflags", "fastfirstpass", "g"] {
            assert!(!Redactor::is_secret_option(name), "{name}");
        }
    }

    #[test]
    fn no_secret_is_ever_in_the_output() {
        let mut random = fastrand::Rng::with_seed(7);
        let alphabet: Vec<char> = "ab:/@?&=•%# .k".chars().collect();
        let mut word = |longest: usize| -> String {
            (0..random.usize(1..=longest)).map(|_| alphabet[random.usize(..alphabet.len())]).collect()
        };
        for _ in 0..20_000 {
            let secrets = [word(6), word(6)];
            let text = format!("rtmp://{}{}{}{}", word(9), secrets[0], word(9), secrets[1]);
            let shown = Redactor::new(secrets.clone()).hide(&text);
            for secret in &secrets {
                assert!(!shown.contains(secret.as_str()), "{secret:?} of {text:?} is left in {shown:?}");
            }
        }
    }

    #[test]
    fn encoded_secrets_are_hidden_and_debug_shows_none() {
        let redactor = Redactor::new(["p/ss wörd".to_owned(), String::new()]);
        assert_eq!(redactor.hide("x p%2Fss%20w%C3%B6rd y p/ss wörd"), "x ••• y •••");
        assert!(!format!("{redactor:?}").contains("ss"), "{redactor:?}");
    }
}
