//! Which encoder encodes: the wish, what the container takes, and what works on this machine.

use super::gear_error::GearError;
use super::params::{EncoderWish, Wishes};
use super::target::Target;
use crate::ffmpeg::{Capabilities, Ffmpeg, Trial};
use crate::rt::StopSource;

/// The encoder to look for first; `None` where the container or the caller's words decide.
pub(super) fn wanted_encoder<'w>(wishes: &'w Wishes, target: Option<&Target>, format: Option<&str>) -> Wanted<'w> {
    match &wishes.encoder {
        EncoderWish::Named(name) => Wanted::Named(name),
        EncoderWish::Container | EncoderWish::InWords => Wanted::Nobody,
        EncoderWish::Default => match (target, format.or_else(|| target.and_then(Target::muxer))) {
            (Some(Target::Device(_)), _) => Wanted::Named("rawvideo"),
            (_, Some("webm" | "ivf")) => Wanted::Named("libvpx-vp9"),
            (_, Some(muxer)) if !HOLDS_H264.contains(&muxer) => Wanted::Nobody,
            _ => Wanted::Default,
        },
    }
}

/// What has to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted<'w> {
    Default,
    Named(&'w str),
    Nobody,
}

/// Muxers that take H.264 and MPEG-4; all others encode with their own default.
const HOLDS_H264: &[&str] = &[
    "mp4", "mov", "matroska", "avi", "flv", "f4v", "mpegts", "3gp", "3g2", "ismv", "nut", "h264", "segment", "tee",
    "hls", "dash", "rtsp", "rtp",
];

/// `WriteGear`'s chain of default encoders.
const DEFAULT_ENCODERS: &[&str] = &["libx264", "libx265", "libxvid", "mpeg4"];

/// Looks for an encoder that works here, and remembers what it tried.
pub(super) struct Search<'a> {
    pub(super) ffmpeg: &'a Ffmpeg,
    pub(super) known: &'a mut Capabilities,
    pub(super) cache: &'a std::path::Path,
}

impl Search<'_> {
    /// Being compiled in says nothing about drivers and devices: a few frames are encoded, once for each ffmpeg.
    pub(super) fn works(&mut self, name: &str) -> Result<(), String> {
        if name == "copy" {
            return Err("frames are raw and cannot be copied".to_owned());
        }
        if self.known.encoder(name).is_none() {
            return Err("this ffmpeg was built without it".to_owned());
        }
        let is_new = self.known.known_trial(name).is_none();
        let never = StopSource::new();
        let tried = self.known.try_encoder(self.ffmpeg, name, &never.token());
        if is_new {
            self.known.store(self.ffmpeg, self.cache);
        }
        match tried {
            Some(Trial::Fails { reason }) => Err(reason),
            _ => Ok(()),
        }
    }

    pub(super) fn first_of_default(&mut self) -> Result<String, GearError> {
        let mut reasons = Vec::new();
        for name in DEFAULT_ENCODERS {
            match self.works(name) {
                Ok(()) => return Ok((*name).to_owned()),
                Err(reason) => reasons.push(format!("{name}: {reason}")),
            }
        }
        Err(GearError::NoEncoder { wanted: "default".to_owned(), reason: reasons.join("; ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_fits_the_container() {
        let of = |target: &str| {
            let target = Target::File(target.into());
            match wanted_encoder(&Wishes::default(), Some(&target), None) {
                Wanted::Default => "default".to_owned(),
                Wanted::Named(name) => name.to_owned(),
                Wanted::Nobody => "container".to_owned(),
            }
        };
        for (name, encoder) in
            [("a.mp4", "default"), ("a.webm", "libvpx-vp9"), ("a.gif", "container"), ("a.png", "container")]
        {
            assert_eq!(of(name), encoder, "{name}");
        }
    }
}
