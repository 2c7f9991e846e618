//! Recognises a secret inside a URL, so that none gets into a profile, a shell's history or a process list.

/// Query parameters that carry secrets.
const SECRET_PARAMETERS: &[&str] =
    &["key", "streamkey", "stream_key", "token", "passphrase", "password", "secret", "auth", "sig", "signature"];

/// What in this URL is, or looks like, a credential; `None` for anything that is not a URL. The answer never
/// repeats the secret.
pub fn credential_in(url: &str) -> Option<&'static str> {
    // ffmpeg's `tee:` writes several addresses in one word.
    url.split('|').find_map(credential_in_one)
}

fn credential_in_one(url: &str) -> Option<&'static str> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    if authority.contains('@') {
        return Some("a user name or password before the host");
    }
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let secret_parameter = query.split(['&', ';']).filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        !value.is_empty() && (SECRET_PARAMETERS.contains(&name.as_str()) || name == "streamid" && is_key_like(value))
    });
    if secret_parameter {
        return Some("a key in its parameters");
    }
    // An RTMP address is host/application; what follows is the stream's name, which services use as the key.
    let is_rtmp = scheme.to_ascii_lowercase().rsplit(']').next().is_some_and(|scheme| scheme.starts_with("rtmp"));
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    if is_rtmp {
        segments.next();
    }
    segments.any(is_key_like).then_some("what looks like a stream key")
}

/// Long, with letters and digits mixed: nobody calls a path so.
fn is_key_like(segment: &str) -> bool {
    segment.len() >= 12
        && segment.chars().any(|c| c.is_ascii_digit())
        && segment.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_seen() {
        for url in [
            "rtmp://user:pass@host/app",
            "rtmp://live.twitch.tv/app/live_123456789_AbCdEf",
            "rtmps://a.rtmps.youtube.com/live2/abcd-1234-efgh-5678",
            "srt://host:9000?passphrase=x",
            "srt://host:9000?mode=caller&streamid=abcdef123456789",
            "rtmp://host/app?key=1",
            "HTTPS://host/?token=z",
            "tee:[f=mpegts]udp://host:1|[f=flv]rtmp://user:pass@host/app",
        ] {
            assert!(credential_in(url).is_some(), "{url}");
        }
    }

    #[test]
    fn plain_addresses_are_left_alone() {
        for url in [
            "",
            "auto",
            "rtmp://live.twitch.tv/app",
            "rtmp://127.0.0.1:1935/live/test",
            "srt://host:9000?mode=caller&latency=200",
            "rtmp://a.rtmp.youtube.com/live2?backup=1",
            "/home/user1234567890abc/file.mp4",
            "service:twitch",
        ] {
            assert_eq!(credential_in(url), None, "{url}");
        }
    }
}
