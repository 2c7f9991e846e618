//! ffmpeg's words for outputs that it writes itself: muxers and their options.

use std::ffi::OsString;

use super::params::{Pairs, pair};
use crate::fanout::{DirectTarget, FileTarget, Series};
use crate::ffmpeg::file_url;
use crate::media::Container;
use crate::plan::{AddressKind, AddressPlan, FilePlan, FileWay, Plan};
use crate::writegear::DirectOutput;

/// Seconds of a playlist's piece: what a viewer is behind, at least.
const PIECE_S: f64 = 4.0;
/// A connection on which nothing goes forward for this long is given up, in microseconds.
const CONNECTION_TIMEOUT_MICROS: u32 = 10_000_000;

/// What the place asks of the picture.
pub(super) fn picture_pairs(plan: &Plan) -> Pairs {
    let cut_every = match plan.file.as_ref().map(|file| file.way) {
        Some(FileWay::Segments { seconds }) => Some(seconds),
        Some(FileWay::Playlist) => Some(PIECE_S),
        _ => None,
    };
    let mut pairs = Pairs::new();
    if let Some(seconds) = cut_every {
        // A cut lies on a keyframe: one must be there, whatever the distance of the others.
        pairs.push(pair("force_key_frames", format!("expr:gte(t,n_forced*{seconds})")));
    }
    if plan.address.as_ref().is_some_and(|address| address.kind == AddressKind::Network) {
        // A picture that waits for a later one is late by as much, and some receivers do not put them in order.
        pairs.push(pair("bf", 0));
    }
    pairs
}

/// The output of a plan that is written directly, at this place.
pub(super) fn output(plan: &Plan, target: &DirectTarget) -> DirectOutput {
    match (target, &plan.file, &plan.address) {
        (DirectTarget::Series(series), Some(file), _) => of_series(file, series),
        (DirectTarget::Single(reservation), ..) => single(reservation.target()),
        (_, _, Some(address)) => of_address(address),
        _ => DirectOutput::default(),
    }
}

fn single(target: &FileTarget) -> DirectOutput {
    let options = vec![pair("f", target.container.muxer()), pair("loop", 0)];
    DirectOutput { options, url: file_url(&target.safe_path) }
}

/// The same for a command that is only shown.
pub(super) fn shown_output(plan: &Plan) -> DirectOutput {
    match (&plan.file, &plan.address) {
        (Some(file), _) if file.way == FileWay::Single => single(&FileTarget::shown(&file.path, file.container)),
        (Some(file), _) => of_series(file, &Series::shown(&file.path, file.container)),
        (None, Some(address)) => of_address(address),
        (None, None) => DirectOutput::default(),
    }
}

fn of_series(file: &FilePlan, series: &Series) -> DirectOutput {
    let muxer = file.container.muxer();
    match file.way {
        FileWay::Segments { seconds } => {
            let options = vec![
                pair("f", "segment"),
                pair("segment_time", seconds),
                pair("segment_format", muxer),
                // Each file plays from zero.
                pair("reset_timestamps", 1),
                pair("segment_start_number", series.start_number),
            ];
            DirectOutput { options, url: file_url(&series.pattern()) }
        }
        FileWay::Playlist => playlist(file.container, series),
        FileWay::Images | FileWay::Single | FileWay::Packets => {
            let options = vec![pair("f", muxer), pair("start_number", series.start_number)];
            DirectOutput { options, url: file_url(&series.pattern()) }
        }
    }
}

fn playlist(container: Container, series: &Series) -> DirectOutput {
    let url: OsString = series.path.clone().into();
    let options = if container == Container::M3u8 {
        let pieces = series.path.with_file_name(series.pieces());
        vec![
            pair("f", "hls"),
            pair("hls_time", PIECE_S),
            pair("hls_list_size", 0),
            pair("hls_flags", "independent_segments"),
            pair("hls_segment_filename", pieces.display()),
        ]
    } else {
        let stem = series.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        vec![
            pair("f", "dash"),
            pair("seg_duration", PIECE_S),
            pair("dash_segment_type", "mp4"),
            // Two manifests in one folder must not share their pieces.
            pair("init_seg_name", format!("{stem}-init-$RepresentationID$.m4s")),
            pair("media_seg_name", format!("{stem}-$RepresentationID$-$Number%05d$.m4s")),
        ]
    };
    DirectOutput { options, url }
}

fn of_address(address: &AddressPlan) -> DirectOutput {
    let scheme = address.url.split("://").next().unwrap_or_default().to_ascii_lowercase();
    let mut options = vec![pair("f", &address.muxer)];
    match address.muxer.as_str() {
        "rtsp" => options.push(pair("rtsp_transport", "tcp")),
        "tee" => options.push(pair("flags", "+global_header")),
        "mp4" | "mov" => options.push(pair("movflags", "frag_keyframe+empty_moov+default_base_moof")),
        "hls" | "dash" => options.push(pair("method", "PUT")),
        "webm" if scheme == "icecast" => options.push(pair("content_type", "video/webm")),
        _ => {}
    }
    let is_connection = scheme.starts_with("rtmp") || ["tcp", "tls", "http", "https", "icecast"].contains(&&*scheme);
    if is_connection && !matches!(address.muxer.as_str(), "hls" | "dash") {
        options.push(pair("rw_timeout", CONNECTION_TIMEOUT_MICROS));
    }
    DirectOutput { options, url: address.url.clone().into() }
}
