//! From what is to be encoded to ffmpeg's command line.

use super::spec::{EngineSpec, VideoInput};
use crate::ffmpeg::{Args, Input, Options, Output};
use crate::media::{Colour, FrameTiming, Matrix, Primaries, Range, Transfer};

/// The encoder's command line: our NUT stream on standard input, encoded NUT on standard output.
pub fn encoder_args(spec: &EngineSpec) -> Args {
    let mut global = Options::new();
    global.extend_verbatim(spec.options.pre_headers.iter().cloned());
    global.push_flag("hide_banner");
    global.push_flag("nostats");
    global.push("loglevel", "level+info");
    // Our stamps are the truth: without this ffmpeg moves every input to its own zero.
    global.push_flag("copyts");
    Args { global, inputs: vec![own_input(spec)], outputs: vec![encoded_output(spec)], ..Args::new() }
}

fn own_input(spec: &EngineSpec) -> Input {
    let mut options = Options::new();
    options.extend_verbatim(spec.options.before_input.iter().cloned());
    // The headers say everything: waiting to guess would delay the first packet by seconds.
    options.push("f", "nut");
    options.push("fpsprobesize", "0");
    options.push("probesize", "32");
    options.push("analyzeduration", "0");
    Input { options, url: "pipe:0".into() }
}

fn encoded_output(spec: &EngineSpec) -> Output {
    let mut options = Options::new();
    let mut track = 0_usize;
    if let Some(video) = &spec.video {
        options.push("map", "0:0");
        track += 1;
        video_options(video, &spec.options.video, &mut options);
    }
    for _ in &spec.audio {
        options.push("map", format!("0:{track}"));
        track += 1;
    }
    if !spec.audio.is_empty() {
        // Holes become silence and a drifting device is stretched back: without it AAC swallowed gaps.
        options.push("af", "aresample=async=1000:first_pts=0");
        for (name, value) in &spec.options.audio {
            options.push(name, value.as_str());
        }
    }
    options.extend_verbatim(spec.options.output.iter().cloned());
    // Sound that is late at the start must not make the muxer give up on the pictures it holds back.
    options.push("max_muxing_queue_size", "4096");
    options.push("avoid_negative_ts", "disabled");
    options.push("output_ts_offset", seconds(spec.pipe_offset_nanos()));
    options.push("flush_packets", "1");
    // The index of a stream that nobody seeks in: 33 MB after five hours.
    options.push("write_index", "0");
    options.push("f", "nut");
    Output { options, url: "pipe:1".into() }
}

fn video_options(video: &VideoInput, encode: &[(String, String)], options: &mut Options) {
    match video.timing {
        // Exact, where `-fps_mode cfr -r` puts every frame after the first gap one slot early (ffmpeg 5.1).
        FrameTiming::Constant => options.push("vf", format!("fps={}:start_time=0", video.rate)),
        FrameTiming::Variable => {
            options.push("fps_mode", "vfr");
            options.push("enc_time_base", "1:1000");
        }
    }
    for (name, value) in encode {
        options.push(name, value.as_str());
    }
    for (name, value) in colour_tags(video.colour) {
        options.push(name, value);
    }
}

/// ffmpeg's options, names and values, for a colour description.
pub fn colour_tags(colour: Colour) -> [(&'static str, &'static str); 4] {
    let matrix = match colour.matrix {
        Matrix::Rgb => "rgb",
        Matrix::Bt601 => "smpte170m",
        Matrix::Bt709 => "bt709",
    };
    let range = match colour.range {
        Range::Limited => "tv",
        Range::Full => "pc",
    };
    let primaries = match colour.primaries {
        Primaries::Bt709 => "bt709",
        Primaries::Smpte170m => "smpte170m",
    };
    let transfer = match colour.transfer {
        Transfer::Bt709 => "bt709",
        Transfer::Smpte170m => "smpte170m",
        Transfer::Srgb => "iec61966-2-1",
    };
    [("colorspace", matrix), ("color_range", range), ("color_primaries", primaries), ("color_trc", transfer)]
}

fn seconds(nanos: i64) -> String {
    let micros = (nanos + 500) / 1000;
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FrameRate, PixelFormat, Resolution};
    use crate::writegear::{AudioInput, EncodeOptions};

    fn words(args: &Args) -> String {
        let words: Vec<_> = args.to_os_args().into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    fn spec() -> EngineSpec {
        let video = VideoInput {
            pixels: PixelFormat::Nv12,
            size: Resolution::new(1920, 1080),
            colour: Colour::BT709,
            rate: FrameRate::new(30_000, 1001).unwrap(),
            timing: FrameTiming::Constant,
        };
        let options = EncodeOptions {
            pre_headers: vec!["-report".into()],
            before_input: vec!["-itsoffset".into(), "0.1".into()],
            video: vec![("c:v".into(), "libx264".into()), ("crf".into(), "23".into())],
            audio: vec![("c:a".into(), "aac".into())],
            output: vec!["-metadata".into(), "title=a b".into(), "-metadata".into(), "artist=c".into()],
            ..EncodeOptions::default()
        };
        let audio = vec![AudioInput { sample_rate: 48_000, channels: 2 }];
        EngineSpec { video: Some(video), audio, options }
    }

    #[test]
    fn everything_stands_in_its_place() {
        assert_eq!(
            words(&encoder_args(&spec())),
            "-report -hide_banner -nostats -loglevel level+info -copyts -itsoffset 0.1 -f nut -fpsprobesize 0 \
             -probesize 32 -analyzeduration 0 -i pipe:0 -map 0:0 -vf fps=30000/1001:start_time=0 -c:v libx264 -crf 23 \
             -colorspace bt709 -color_range tv -color_primaries bt709 -color_trc bt709 -map 0:1 \
             -af aresample=async=1000:first_pts=0 -c:a aac -metadata title=a b -metadata artist=c \
             -max_muxing_queue_size 4096 -avoid_negative_ts disabled -output_ts_offset 1.001000 -flush_packets 1 \
             -write_index 0 -f nut pipe:1"
        );
    }

    #[test]
    fn sound_alone_has_no_picture_options() {
        let spec = EngineSpec { video: None, ..spec() };
        let words = words(&encoder_args(&spec));
        assert!(words.contains("-map 0:0 -af aresample") && !words.contains("-vf") && !words.contains("libx264"));
    }
}
