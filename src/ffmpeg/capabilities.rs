//! What an ffmpeg can do: what it was built with, and what of it works on this machine.
//!
//! Knows no profile. Listing takes seven short runs side by side; trials and details are asked for when needed and
//! kept with the rest.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cache;
use super::discover::Ffmpeg;
use super::launch::ProcessError;
use super::listing::{self, Encoder, EncoderDetail};
use super::run::{Finished, Limits, Question, run};
use super::trial::{Trial, trial};
use crate::rt::StopToken;

/// Why nothing is known of an ffmpeg.
#[derive(Debug, thiserror::Error)]
pub enum CapabilitiesError {
    /// It cannot be run, or does not answer.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It does not list what it can do.
    #[error("{program} does not tell which encoders it has: {reason}; choose another ffmpeg")]
    NoListing {
        /// The program.
        program: String,
        /// What it said instead.
        reason: String,
    },
}

/// What an ffmpeg can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Encoders it was built with.
    pub encoders: Vec<Encoder>,
    /// Containers and devices it can write.
    pub muxers: Vec<String>,
    /// Containers and devices it can read; each alias is a name of its own.
    pub demuxers: Vec<String>,
    /// Pixel formats it knows.
    pub pixel_formats: Vec<String>,
    /// Protocols it can write to.
    pub output_protocols: Vec<String>,
    /// Filters it was built with.
    pub filters: Vec<String>,
    /// Whether it can write an MP4 that survives a crash and is an ordinary one in the end.
    pub hybrid_fragmented: bool,
    trials: BTreeMap<String, Trial>,
    details: BTreeMap<String, EncoderDetail>,
}

impl Capabilities {
    /// From the cache, else by asking (and then kept in the cache). No trial is made. `None` if `stop` was asked.
    /// For a job's thread: 0.4 ms from the cache; 1.2 s without, measured on two cores under load 5.
    pub fn load_or_probe(
        ffmpeg: &Ffmpeg,
        cache_folder: &Path,
        stop: &StopToken,
    ) -> Result<Option<Self>, CapabilitiesError> {
        if let Some(known) = cache::load(ffmpeg, cache_folder) {
            return Ok(Some(known));
        }
        let Some(probed) = Self::probe(ffmpeg, stop)? else { return Ok(None) };
        cache::store(ffmpeg, cache_folder, &probed);
        Ok(Some(probed))
    }

    /// Asks ffmpeg, without any cache. `None` if `stop` was asked.
    pub fn probe(ffmpeg: &Ffmpeg, stop: &StopToken) -> Result<Option<Self>, CapabilitiesError> {
        const QUESTIONS: [&[&str]; 7] = [
            &["-encoders"],
            &["-muxers"],
            &["-protocols"],
            &["-filters"],
            &["-h", "muxer=mov"],
            &["-demuxers"],
            &["-pix_fmts"],
        ];
        let asked: Result<Vec<Question>, ProcessError> =
            QUESTIONS.iter().map(|words| Question::ask(&ffmpeg.program, question(words))).collect();
        let mut answers = Vec::new();
        for asked in asked? {
            match asked.answer(&Limits::default(), stop)? {
                Some(finished) => answers.push(finished.text()),
                None => return Ok(None),
            }
        }
        let answer = |index: usize| answers.get(index).map(String::as_str).unwrap_or_default();
        let encoders = listing::encoders(answer(0));
        if encoders.is_empty() {
            let reason = answer(0).lines().next().unwrap_or("it says nothing").to_owned();
            return Err(CapabilitiesError::NoListing { program: ffmpeg.program.display().to_string(), reason });
        }
        Ok(Some(Self {
            encoders,
            muxers: listing::muxers(answer(1)),
            output_protocols: listing::output_protocols(answer(2)),
            filters: listing::filters(answer(3)),
            hybrid_fragmented: listing::has_hybrid_fragmented(answer(4)),
            demuxers: listing::demuxers(answer(5)),
            pixel_formats: listing::pixel_formats(answer(6)),
            ..Self::default()
        }))
    }

    /// Keeps what was learnt since in the cache.
    pub fn store(&self, ffmpeg: &Ffmpeg, cache_folder: &Path) {
        cache::store(ffmpeg, cache_folder, self);
    }

    /// The encoder of this name.
    pub fn encoder(&self, name: &str) -> Option<&Encoder> {
        self.encoders.iter().find(|encoder| encoder.name == name)
    }

    /// Whether it can write this container; `name` is ffmpeg's name of the muxer.
    pub fn has_muxer(&self, name: &str) -> bool {
        self.muxers.iter().any(|muxer| muxer == name)
    }

    /// Whether it can read this container or device; `name` is ffmpeg's name of the demuxer or an alias.
    pub fn has_demuxer(&self, name: &str) -> bool {
        self.demuxers.iter().any(|demuxer| demuxer == name)
    }

    /// Whether it knows this pixel format.
    pub fn has_pixel_format(&self, name: &str) -> bool {
        self.pixel_formats.iter().any(|format| format == name)
    }

    /// Whether it can write to this address: by a protocol, or as RTSP and SAP do by a muxer of the scheme's name.
    /// `false` for what is no address. Whether anybody answers there is another question.
    pub fn can_write_to(&self, url: &str) -> bool {
        let Some((scheme, _)) = url.split_once("://") else { return false };
        let scheme = scheme.to_ascii_lowercase();
        let muxer = if scheme == "rtsps" { "rtsp" } else { &scheme };
        self.has_output_protocol(&scheme) || (matches!(muxer, "rtsp" | "sap") && self.has_muxer(muxer))
    }

    /// Whether it can write to this protocol.
    pub fn has_output_protocol(&self, name: &str) -> bool {
        self.output_protocols.iter().any(|protocol| protocol == name)
    }

    /// Whether it has this filter.
    pub fn has_filter(&self, name: &str) -> bool {
        self.filters.iter().any(|filter| filter == name)
    }

    /// What came of an earlier trial; `None` if there was none.
    pub fn known_trial(&self, encoder: &str) -> Option<&Trial> {
        self.trials.get(encoder)
    }

    /// Hardware encoders for pictures that were not tried since the machine started.
    pub fn untried_hardware(&self) -> Vec<String> {
        let untried = self.encoders.iter().filter(|encoder| {
            encoder.hardware.is_some()
                && encoder.kind == listing::EncoderKind::Video
                && !self.trials.contains_key(&encoder.name)
        });
        untried.map(|encoder| encoder.name.clone()).collect()
    }

    /// Tries an encoder unless that was done before. `None` if `stop` was asked. For a job's thread: 60–280 ms.
    pub fn try_encoder(&mut self, ffmpeg: &Ffmpeg, name: &str, stop: &StopToken) -> Option<Trial> {
        if let Some(known) = self.trials.get(name) {
            return Some(known.clone());
        }
        let result = match self.encoder(name) {
            Some(encoder) => trial(ffmpeg, encoder, stop)?,
            None => Trial::Fails { reason: "this ffmpeg was built without it".to_owned() },
        };
        self.trials.insert(name.to_owned(), result.clone());
        Some(result)
    }

    /// Tries every hardware encoder for pictures that was not tried yet, and returns early when `stop` is asked.
    /// For a job's thread: 60–100 ms each. Call [`Self::store`] after it.
    pub fn try_hardware(&mut self, ffmpeg: &Ffmpeg, stop: &StopToken) {
        for name in self.untried_hardware() {
            if self.try_encoder(ffmpeg, &name, stop).is_none() {
                return;
            }
        }
    }

    /// What an encoder takes, asked when first needed. `None` if `stop` was asked or ffmpeg does not know it. For
    /// a job's thread: 70 ms the first time.
    pub fn encoder_detail(
        &mut self,
        ffmpeg: &Ffmpeg,
        name: &str,
        stop: &StopToken,
    ) -> Result<Option<&EncoderDetail>, CapabilitiesError> {
        // The name becomes part of an option's value; one from outside could ask for something else.
        if !self.details.contains_key(name) && self.encoder(name).is_some() {
            let words = question(&["-h", &format!("encoder={name}")]);
            let finished: Option<Finished> = run(&ffmpeg.program, words, &Limits::default(), stop)?;
            if let Some(detail) = finished.and_then(|finished| listing::detail(&finished.text())) {
                self.details.insert(name.to_owned(), detail);
            }
        }
        Ok(self.details.get(name))
    }

    /// What was asked before with [`Self::encoder_detail`].
    pub fn known_detail(&self, encoder: &str) -> Option<&EncoderDetail> {
        self.details.get(encoder)
    }

    /// Trials of hardware count until the machine restarts: drivers come and go.
    pub(super) fn forget_hardware_trials(&mut self) {
        let hardware = |name: &str| self.encoders.iter().any(|known| known.name == name && known.hardware.is_some());
        let kept = self.trials.iter().filter(|(name, _)| !hardware(name));
        self.trials = kept.map(|(name, result)| (name.clone(), result.clone())).collect();
    }
}

fn question(words: &[&str]) -> Vec<OsString> {
    ["-hide_banner", "-nostdin"].iter().chain(words).map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fake::{real, script};
    use super::super::{EncoderKind, Hardware, Version};
    use super::*;
    use crate::rt::StopSource;

    #[test]
    fn the_real_one_tells_what_it_can_do_and_the_cache_remembers() {
        let (ffmpeg, cache, never) = (real(), tempfile::tempdir().unwrap(), StopSource::new());
        let mut known = Capabilities::load_or_probe(&ffmpeg, cache.path(), &never.token()).unwrap().unwrap();
        assert_eq!(known.encoder("mpeg4").unwrap().kind, EncoderKind::Video);
        assert_eq!(known.encoder("aac").unwrap().codec, "aac");
        assert!(known.has_muxer("matroska") && known.has_muxer("mp4") && known.has_muxer("nut"));
        assert!(known.has_output_protocol("file") && !known.has_output_protocol("concat"));
        assert!(["matroska", "webm", "mov", "mp4", "rawvideo"].iter().all(|name| known.has_demuxer(name)));
        assert!(["yuv420p", "nv12", "bgr48be", "gray16le"].iter().all(|name| known.has_pixel_format(name)));
        assert!(
            !known.has_pixel_format("invalid") && !known.has_pixel_format("=") && !known.has_demuxer("matroska,webm")
        );
        assert!(known.has_filter("fps") && known.has_filter("hwupload") && !known.has_filter("="));
        assert_eq!(known.hybrid_fragmented, ffmpeg.version.at_least(7, 1));
        assert!(known.try_encoder(&ffmpeg, "mpeg4", &never.token()).unwrap().works());
        let detail = known.encoder_detail(&ffmpeg, "mpeg4", &never.token()).unwrap().unwrap();
        assert!(detail.pixel_formats.contains(&"yuv420p".to_owned()), "{detail:?}");
        assert_eq!(known.encoder_detail(&ffmpeg, "no=such", &never.token()).unwrap(), None);
        known.store(&ffmpeg, cache.path());
        // A stop that was asked before proves that nothing is asked again.
        let again = Capabilities::load_or_probe(&ffmpeg, cache.path(), &stopped()).unwrap().unwrap();
        assert_eq!(again, known);
        assert!(again.known_trial("mpeg4").unwrap().works() && again.known_detail("mpeg4").is_some());
    }

    #[test]
    fn is_valid_url() {
        let never = StopSource::new();
        let known = Capabilities::probe(&real(), &never.token()).unwrap().unwrap();
        for url in
            ["rtmp://live.twitch.tv/", "RTMP://a/b", "rtsp://localhost:8554/mystream", "rtsps://h/x", "udp://h:1"]
        {
            assert!(known.can_write_to(url), "{url}");
        }
        for none in ["", "unknown://invalid.com/", "live.twitch.tv", "://", "rtsp:", "http"] {
            assert!(!known.can_write_to(none), "{none}");
        }
    }

    fn stopped() -> StopToken {
        StopSource::new().token() // dropping the source asks to stop
    }

    #[test]
    fn a_stop_ends_it_early() {
        let (ffmpeg, cache) = (real(), tempfile::tempdir().unwrap());
        assert_eq!(Capabilities::load_or_probe(&ffmpeg, cache.path(), &stopped()).unwrap(), None);
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
        let mut known = Capabilities { encoders: vec![h264_nvenc()], ..Capabilities::default() };
        known.try_hardware(&ffmpeg, &stopped());
        assert_eq!(known.untried_hardware(), ["h264_nvenc"]);
    }

    fn h264_nvenc() -> Encoder {
        Encoder {
            name: "h264_nvenc".to_owned(),
            codec: "h264".to_owned(),
            kind: EncoderKind::Video,
            hardware: Some(Hardware::Nvenc),
            experimental: false,
            description: String::new(),
        }
    }

    #[test]
    fn an_encoder_that_does_not_start_says_why_in_plain_words() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "echo '[h264_nvenc @ 0x5574201784c0] [error] Cannot load libcuda.so.1' >&2; exit 1";
        let program = script(folder.path(), "ffmpeg", lines);
        let ffmpeg = Ffmpeg { program, probe: None, version: Version::parse("ffmpeg version 5.1 x").unwrap() };
        let never = StopSource::new();
        let mut known = Capabilities { encoders: vec![h264_nvenc()], ..Capabilities::default() };
        known.try_hardware(&ffmpeg, &never.token());
        let fails = Trial::Fails { reason: "no NVIDIA driver is installed".to_owned() };
        assert_eq!(known.known_trial("h264_nvenc"), Some(&fails));
        assert!(known.untried_hardware().is_empty());
        let unknown = known.try_encoder(&ffmpeg, "nosuch", &never.token());
        assert_eq!(unknown, Some(Trial::Fails { reason: "this ffmpeg was built without it".to_owned() }));
        // A new start of the machine may bring a driver.
        known.forget_hardware_trials();
        assert_eq!(known.untried_hardware(), ["h264_nvenc"]);
        assert!(known.known_trial("nosuch").is_some());
    }

    #[test]
    fn a_program_that_lists_nothing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "ffmpeg", "echo hello");
        let ffmpeg = Ffmpeg { program, probe: None, version: Version::parse("ffmpeg version 5.1 x").unwrap() };
        let never = StopSource::new();
        let asked = Capabilities::load_or_probe(&ffmpeg, folder.path(), &never.token());
        assert!(matches!(asked, Err(CapabilitiesError::NoListing { .. })));
    }

    #[test]
    fn software_encoders_of_every_sort_pass_their_trial() {
        let (ffmpeg, never) = (real(), StopSource::new());
        let mut known = Capabilities::probe(&ffmpeg, &never.token()).unwrap().unwrap();
        let tried =
            ["libx264", "ffv1", "mjpeg", "prores_ks", "dnxhd", "dvvideo", "gif", "aac", "flac", "pcm_s16le", "opus"];
        for name in tried.iter().filter(|name| known.encoder(name).is_some()).copied().collect::<Vec<_>>() {
            let result = known.try_encoder(&ffmpeg, name, &never.token());
            assert_eq!(result, Some(Trial::Works { device: None }), "{name}");
        }
    }
}
