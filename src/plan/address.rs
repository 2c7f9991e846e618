//! Addresses and devices that the encoder writes to itself: which muxer, which codecs, and whether this ffmpeg can.

use std::path::PathBuf;

use super::findings::{Findings, fix};
use super::{AddressKind, AddressPlan, Environment, FfmpegSummary, FolderFact, NameFact, OnExisting};
use crate::media::Container;
use crate::profile::Profile;

/// What speaks to a kind of address.
struct Speech {
    schemes: &'static [&'static str],
    /// ffmpeg's muxer, unless the address's own extension names one.
    muxer: &'static str,
    /// Whose codecs go there.
    container: Container,
    /// Whether the end of the address may choose the container, as on a web server.
    by_extension: bool,
}

const fn speech(schemes: &'static [&'static str], muxer: &'static str, container: Container) -> Speech {
    Speech { schemes, muxer, container, by_extension: false }
}

const SPEECHES: &[Speech] = &[
    speech(&["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe", "rtmpte"], "flv", Container::Flv),
    speech(&["rtsp"], "rtsp", Container::Ts),
    speech(&["rtp"], "rtp_mpegts", Container::Ts),
    speech(&["udp", "udplite", "tcp", "tls", "srt", "sctp", "rist", "unix"], "mpegts", Container::Ts),
    Speech { by_extension: true, ..speech(&["http", "https", "ftp", "sftp"], "mpegts", Container::Ts) },
    Speech { by_extension: true, ..speech(&["icecast"], "webm", Container::Webm) },
];

/// The address that the profile wishes, if it wishes one.
pub(super) fn wish(profile: &Profile) -> Option<&str> {
    Some(profile.output.address.trim()).filter(|address| !address.is_empty())
}

/// Whether this is the name of a device.
pub(super) fn is_device(address: &str) -> bool {
    address.starts_with("/dev/")
}

/// What will be written to and whose codecs go there; `None` where a finding says why.
pub(super) fn resolve(
    wish: &str,
    profile: &Profile,
    env: &Environment,
    on_existing: OnExisting,
    out: &mut Findings,
) -> Option<(AddressPlan, Option<Container>)> {
    let (mut plan, container) = if is_device(wish) {
        device(wish, env, out)?
    } else if let Some(targets) = wish.strip_prefix("tee:") {
        tee(targets, env, out)?
    } else {
        network(wish, profile, env, out)?
    };
    if let Some(ffmpeg) = env.ffmpeg.as_ref().filter(|ffmpeg| !ffmpeg.muxers.is_empty())
        && !ffmpeg.muxers.contains(&plan.muxer)
    {
        let what = format!("ffmpeg {} has no muxer '{}' for this output.", ffmpeg.version, plan.muxer);
        out.error("output.address", what, "Install a full ffmpeg, or record into a file.", into_a_file());
    }
    plan.on_existing = on_existing;
    Some((plan, container))
}

fn plan(url: &str, kind: AddressKind, muxer: &str) -> AddressPlan {
    let (files, on_existing) = (Vec::new(), OnExisting::Refuse);
    AddressPlan { url: url.to_owned(), kind, muxer: muxer.to_owned(), files, on_existing }
}

fn into_a_file() -> Option<super::Fix> {
    fix("Record into a file", "output.address", "")
}

fn device(path: &str, env: &Environment, out: &mut Findings) -> Option<(AddressPlan, Option<Container>)> {
    let was_looked_at = env.output.folder != FolderFact::Unknown;
    if was_looked_at && env.output.name != NameFact::Device {
        let what = format!("{path} is no device that can be written to.");
        let help = "Load a virtual camera first (v4l2loopback), or record into a file.";
        out.error("output.address", what, help, into_a_file());
        return None;
    }
    Some((plan(path, AddressKind::Device, "v4l2"), None))
}

fn network(
    wish: &str,
    profile: &Profile,
    env: &Environment,
    out: &mut Findings,
) -> Option<(AddressPlan, Option<Container>)> {
    let speech = speech_of(wish, env.ffmpeg.as_ref(), out)?;
    let own = own_muxer(&profile.advanced.output);
    let by_extension = || extension(wish).filter(|_| speech.by_extension).and_then(Container::from_extension);
    let by_own = own.and_then(|name| Container::ALL.iter().copied().find(|container| container.muxer() == name));
    let chosen = by_own.or_else(by_extension).filter(|container| !container.is_images() && !container.is_sound_only());
    let muxer = own.map(str::to_owned).or_else(|| chosen.map(|container| container.muxer().to_owned()));
    let plan = plan(wish, AddressKind::Network, muxer.as_deref().unwrap_or(speech.muxer));
    Some((plan, Some(chosen.unwrap_or(speech.container))))
}

/// The muxer that the user's own words name.
fn own_muxer(words: &[String]) -> Option<&str> {
    let at = words.iter().rposition(|word| word == "-f")?;
    words.get(at + 1).map(String::as_str)
}

fn extension(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    let (_, name) = path.rsplit_once('/')?;
    name.rsplit_once('.').map(|(_, extension)| extension)
}

fn speech_of(url: &str, ffmpeg: Option<&FfmpegSummary>, out: &mut Findings) -> Option<&'static Speech> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = scheme.as_deref().and_then(|scheme| SPEECHES.iter().find(|speech| speech.schemes.contains(&scheme)));
    let Some(speech) = known else {
        let all: Vec<&str> = SPEECHES.iter().flat_map(|speech| speech.schemes).copied().collect();
        let what = match &scheme {
            Some(scheme) => format!("'{scheme}://' is no kind of address that gearcast can write to."),
            None => "This is no address: it has no '://'.".to_owned(),
        };
        let help = format!("Known are {}, a device under /dev, or tee:[f=mpegts]udp://…|file.ts.", all.join(", "));
        out.error("output.address", what, help, into_a_file());
        return None;
    };
    let scheme = scheme.unwrap_or_default();
    // RTSP is a muxer to ffmpeg and no protocol.
    let lacks = |ffmpeg: &&FfmpegSummary| {
        speech.muxer != "rtsp" && !ffmpeg.protocols.is_empty() && !ffmpeg.protocols.contains(&scheme)
    };
    if let Some(ffmpeg) = ffmpeg.filter(lacks) {
        let what = format!("ffmpeg {} cannot write to {scheme}://.", ffmpeg.version);
        out.error("output.address", what, "Install a full ffmpeg, or choose another address.", into_a_file());
    }
    Some(speech)
}

/// Several outputs of one encode in ffmpeg's own notation. Nothing that exists is written over: a target without
/// `://` is a file.
fn tee(targets: &str, env: &Environment, out: &mut Findings) -> Option<(AddressPlan, Option<Container>)> {
    let (mut addresses, mut files) = (0, Vec::new());
    for target in targets.split('|').map(str::trim) {
        let url = target.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(target, |(_, url)| url);
        if url.is_empty() {
            let what = "A target of tee: is empty.";
            out.error("output.address", what, "Write tee:[f=mpegts]udp://host:port|[f=matroska]film.mkv.", None);
            return None;
        }
        if url.contains("://") {
            speech_of(url, env.ffmpeg.as_ref(), out)?;
            addresses += 1;
        } else {
            files.push(PathBuf::from(url));
        }
    }
    if addresses == 0 {
        let what = "tee: names no address, only files.";
        out.warning("output.address", what, "A file of its own is safe against crashes: use --output FILE.", None);
    }
    let plan = AddressPlan { files, ..plan(targets, AddressKind::Network, "tee") };
    Some((plan, Some(Container::Ts)))
}
