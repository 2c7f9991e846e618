//! From what is to be encoded to ffmpeg's command line.

use super::filters::OwnWords;
use super::sound_args::{sound_graph, sound_options};
use super::spec::{Destination, DirectOutput, EngineSpec, Pictures, VideoInput};
use crate::ffmpeg::{Args, Input, Options, Output};
use crate::media::{Colour, FrameTiming, Matrix, Primaries, Range, Transfer};

/// Seconds between two reports of an ffmpeg that writes its output itself: often enough to see within a moment that
/// it lives, rare enough to cost nothing.
const REPORT_PERIOD_S: &str = "0.2";

/// The encoder's command line: our NUT stream on standard input; encoded NUT on standard output, or reports there
/// and the output wherever it goes.
pub fn encoder_args(spec: &EngineSpec) -> Args {
    let mut global = Options::new();
    global.extend_verbatim(spec.options.pre_headers.iter().cloned());
    global.push_flag("hide_banner");
    global.push_flag("nostats");
    global.push("loglevel", "level+info");
    // Our stamps are the truth: without this ffmpeg moves every input to its own zero.
    global.push_flag("copyts");
    if let Destination::Direct(_) = spec.destination {
        global.push("progress", "pipe:1");
        global.push("stats_period", REPORT_PERIOD_S);
        // What may be replaced was decided before; the file is there already, reserved and empty.
        global.push_flag("y");
    }
    let own = OwnWords::split(&spec.options.output);
    let inputs = std::iter::once(own_input(spec)).chain(spec.further.iter().map(|further| further.input.clone()));
    let first = spec.video.as_ref().map(|video| first_filters(video, spec)).unwrap_or_default();
    let mut filters = own.graphs(&first);
    filters.append(sound_graph(spec, &own));
    Args { global, inputs: inputs.collect(), filters, outputs: vec![output(spec, &own)] }
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

fn output(spec: &EngineSpec, own: &OwnWords) -> Output {
    let mut options = Options::new();
    if let Some(video) = &spec.video {
        if own.has_graph() {
            for map in own.graph_maps() {
                options.push("map", map);
            }
        } else if !own.maps_our_picture() {
            options.push("map", "0:0");
        }
        video_options(video, spec, own, &mut options);
    }
    sound_options(spec, own, &mut options);
    match &spec.destination {
        Destination::Packets => packets(spec, own, options),
        Destination::Direct(direct) => written_directly(direct, own, options),
    }
}

/// Sound that is late at the start must not make the muxer give up on the pictures it holds back.
const MUXING_QUEUE: (&str, &str) = ("max_muxing_queue_size", "4096");

/// A camera that has stalled sends nothing: ffmpeg would hold the sound back for ten seconds to wait for a picture.
const COPIED_INTERLEAVE: (&str, &str) = ("max_interleave_delta", "1000000");

fn packets(spec: &EngineSpec, own: &OwnWords, mut options: Options) -> Output {
    options.extend_verbatim(own.rest.iter().cloned());
    options.push(MUXING_QUEUE.0, MUXING_QUEUE.1);
    options.push("avoid_negative_ts", "disabled");
    options.push("output_ts_offset", seconds(spec.pipe_offset_nanos()));
    options.push("flush_packets", "1");
    // The index of a stream that nobody seeks in: 33 MB after five hours.
    options.push("write_index", "0");
    options.push("f", "nut");
    Output { options, url: "pipe:1".into() }
}

fn written_directly(direct: &DirectOutput, own: &OwnWords, mut options: Options) -> Output {
    options.push(MUXING_QUEUE.0, MUXING_QUEUE.1);
    for (name, value) in &direct.options {
        options.push(name, value.as_str());
    }
    options.extend_verbatim(own.rest.iter().cloned());
    Output { options, url: direct.url.clone() }
}

/// What comes before everything of the user's: the rate, and the size.
fn first_filters(video: &VideoInput, spec: &EngineSpec) -> Vec<String> {
    if let Pictures::Coded(_) = video.pictures {
        return Vec::new();
    }
    let rate = match video.timing {
        // Exact, where `-fps_mode cfr -r` puts every frame after the first gap one slot early (ffmpeg 5.1).
        FrameTiming::Constant => Some(format!("fps={}:start_time=0", video.rate)),
        FrameTiming::Variable => None,
    };
    rate.into_iter().chain(spec.options.fit.iter().cloned()).collect()
}

fn video_options(video: &VideoInput, spec: &EngineSpec, own: &OwnWords, options: &mut Options) {
    if let Pictures::Coded(_) = video.pictures {
        // Nothing touches them: no filter, no rhythm of ours, no tag that their own bytes do not tell.
        for (name, value) in &spec.options.video {
            options.push(name, value.as_str());
        }
        options.push(COPIED_INTERLEAVE.0, COPIED_INTERLEAVE.1);
        return;
    }
    if !own.has_graph()
        && let Some(chain) = own.picture_chain(&first_filters(video, spec), &spec.options.finish)
    {
        options.push("vf", chain);
    }
    if video.timing == FrameTiming::Variable {
        options.push("fps_mode", "vfr");
        options.push("enc_time_base", "1:1000");
    }
    for (name, value) in &spec.options.video {
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
    use crate::media::{CompressedFormat, FrameRate, PixelFormat, Resolution};
    use crate::writegear::{AudioInput, EncodeOptions};

    fn words(args: &Args) -> String {
        let words: Vec<_> = args.to_os_args().into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    fn spec() -> EngineSpec {
        let video = VideoInput {
            pictures: Pictures::Raw(PixelFormat::Nv12),
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
        EngineSpec { video: Some(video), audio, further: vec![], options, destination: Destination::Packets }
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
    fn an_output_that_ffmpeg_writes_itself_reports_how_far_it_is() {
        let muxer = vec![("f".to_owned(), "flv".to_owned())];
        let direct = DirectOutput { options: muxer, url: "rtmp://host/app".into() };
        let words = words(&encoder_args(&EngineSpec { destination: Destination::Direct(direct), ..spec() }));
        assert!(words.contains("-copyts -progress pipe:1 -stats_period 0.2 -y "), "{words}");
        assert!(words.ends_with(
            "-c:a aac -max_muxing_queue_size 4096 -f flv -metadata title=a b -metadata artist=c rtmp://host/app"
        ));
        assert!(!words.contains("nut pipe:1") && !words.contains("output_ts_offset"), "{words}");
    }

    #[test]
    fn the_users_filters_are_combined_with_ours() {
        let mut spec = spec();
        spec.options.output = vec!["-vf".into(), "hflip".into(), "-af".into(), "volume=2".into()];
        spec.options.finish = vec!["format=gray".into()];
        let all = words(&encoder_args(&spec));
        assert!(all.contains("-vf fps=30000/1001:start_time=0,hflip,format=gray "), "{all}");
        assert!(all.contains("-af aresample=async=1000:first_pts=0,volume=2 "), "{all}");
        spec.options.output = vec!["-filter_complex".into(), "[0:v]hflip[o]".into()];
        let all = words(&encoder_args(&spec));
        assert!(!all.contains("-vf") && !all.contains("-map 0:0") && all.contains("-map [o] "), "{all}");
    }

    #[test]
    fn pictures_that_come_encoded_are_left_alone() {
        let video = VideoInput {
            pictures: Pictures::Coded(CompressedFormat::Mjpeg),
            timing: FrameTiming::Variable,
            ..spec().video.unwrap()
        };
        let mut spec = EngineSpec { video: Some(video), ..spec() };
        spec.options.video = vec![("c:v".into(), "copy".into())];
        let all = words(&encoder_args(&spec));
        assert!(
            all.contains("-i pipe:0 -map 0:0 -c:v copy -max_interleave_delta 1000000 -map 0:1 -af aresample"),
            "{all}"
        );
        for word in ["-vf", "-colorspace", "-fps_mode", "-enc_time_base"] {
            assert!(!all.contains(word), "{all}");
        }
    }

    #[test]
    fn sound_alone_has_no_picture_options() {
        let spec = EngineSpec { video: None, ..spec() };
        let words = words(&encoder_args(&spec));
        assert!(words.contains("-map 0:0 -af aresample") && !words.contains("-vf") && !words.contains("libx264"));
    }
}
