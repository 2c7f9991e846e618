//! What is shown and heard while nothing is recorded: as much of the draft as makes sense already.

use crate::capture::{CaptureRequest, Listing, SourceSpec, WindowPick};
use crate::media::{FrameRate, Resolution};
use crate::plan::{control_wishes, parse_region, strip};
use crate::profile::{Profile, SourceKind};
use crate::session::PreviewRequest;

/// The preview is scaled down to at most this: more would not be seen and costs 3 ms a frame to paint.
const PREVIEW_SIZE: Resolution = Resolution::new(1280, 720);

/// The preview of a draft; half-typed parts are left out. Which camera is meant is told by `listing`.
pub fn preview_request(profile: &Profile, listing: &Listing) -> PreviewRequest {
    let rate = profile.video.fps.parse().unwrap_or(FrameRate::whole(30));
    let source = source_spec(profile).map(|source| CaptureRequest {
        source,
        rate,
        show_cursor: profile.source.show_cursor,
        controls: control_wishes(&profile.source, listing),
    });
    PreviewRequest { source, audio: profile.audio.inputs.iter().map(strip).collect(), max_size: PREVIEW_SIZE }
}

/// What a source is called in the plan's words, once it is written completely.
fn source_spec(profile: &Profile) -> Option<SourceSpec> {
    let source = &profile.source;
    let id = || (!source.id.is_empty()).then(|| source.id.clone());
    Some(match source.kind {
        SourceKind::None => return None,
        SourceKind::Test => SourceSpec::Test { size: PREVIEW_SIZE },
        SourceKind::Screen => SourceSpec::Screen { id: id() },
        SourceKind::Window => SourceSpec::Window { id: window_pick(&source.id)? },
        SourceKind::Region => SourceSpec::Region(parse_region(&source.region)?),
        SourceKind::Camera => SourceSpec::Camera {
            id: trimmed(&source.id),
            mode: trimmed(&source.mode),
            size: Resolution::parse(&profile.video.size),
            coding: None,
        },
    })
}

fn trimmed(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn window_pick(id: &str) -> Option<WindowPick> {
    if id.is_empty() {
        return None;
    }
    let number = id.strip_prefix("0x").map_or_else(|| id.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
    Some(number.map_or_else(|| WindowPick::Title(id.to_owned()), WindowPick::Id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::AudioSpec;
    use crate::plan::{EncoderInfo, Environment, FfmpegSummary, Works};
    use crate::profile::{AudioInput, set_pair};

    #[test]
    fn a_draft_becomes_a_preview() {
        let mut profile = Profile::default();
        profile.source.kind = SourceKind::Window;
        assert_eq!(preview_request(&profile, &Listing::default()).source, None);
        profile.source.id = "0x1a0003".to_owned();
        profile.audio.inputs = vec![AudioInput { device: "system".to_owned(), ..AudioInput::default() }];
        profile.video.fps = "3".to_owned();
        let request = preview_request(&profile, &Listing::default());
        let source = request.source.unwrap();
        assert_eq!(source.source, SourceSpec::Window { id: WindowPick::Id(0x1a_0003) });
        assert_eq!(source.rate, FrameRate::whole(3));
        assert_eq!(request.audio[0].spec, AudioSpec::System.into());
    }

    #[test]
    fn a_camera_is_previewed_as_it_will_be_recorded() {
        let mut profile = Profile::default();
        for pair in ["source.kind=camera", "source.id= cam ", "video.size=640x360", "source.controls.gain=3"] {
            set_pair(&mut profile, pair).unwrap();
        }
        let encoder = EncoderInfo { name: "libx264".into(), codec: "h264".into(), works: Works::Yes };
        let ffmpeg = Some(FfmpegSummary { encoders: vec![encoder], ..FfmpegSummary::default() });
        let environment = Environment { ffmpeg, home: "/home/me".into(), ..Environment::default() };
        let planned = crate::plan::resolve(&profile, &environment).unwrap().0.video.unwrap().request;
        assert_eq!(preview_request(&profile, &environment.listing).source, Some(planned), "it is not opened anew");
    }
}
