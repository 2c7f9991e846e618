//! ffmpeg's words for sound: our own lines, the further inputs' streams, and how both become tracks.

use super::filters::OwnWords;
use super::spec::EngineSpec;
use crate::ffmpeg::Options;
use crate::media::{Channels, SoundTracks};

/// Holes become silence and a drifting device is stretched back: without it AAC swallowed gaps.
const STEADY_SOUND: &str = "aresample=async=1000:first_pts=0";
/// The same for what ffmpeg opens itself. A device that begins 100 ms late was drawn to our clock by 2%, a third of a
/// semitone too high for seconds; this much nobody hears, and no device drifts as far.
const STEADY_FURTHER: &str = "aresample=async=100:first_pts=0";

/// The graph of further sounds, or of all sounds where they become one.
pub(super) fn sound_graph(spec: &EngineSpec, own: &OwnWords) -> Options {
    let mut options = Options::new();
    let graph = if is_mixed(spec, own) { mixed(spec, own) } else { beside_the_clock(spec) };
    if !graph.is_empty() {
        options.push("filter_complex", graph.join(";"));
    }
    options
}

/// Whether several sounds become one track: the container holds no more.
fn is_mixed(spec: &EngineSpec, own: &OwnWords) -> bool {
    let sounds = ours(spec, own).len() + spec.further_sounds().len();
    spec.options.sound_tracks == SoundTracks::One && sounds > 1
}

/// Our lines of sound that become tracks, by their number in our stream; those that the user's words take are left to
/// them.
fn ours(spec: &EngineSpec, own: &OwnWords) -> std::ops::Range<usize> {
    let first = usize::from(spec.video.is_some());
    if own.takes_our_sound(first) { first..first } else { first..first + spec.audio.len() }
}

/// The number of the silent line in our stream.
fn clock(spec: &EngineSpec) -> usize {
    usize::from(spec.video.is_some()) + spec.audio.len()
}

/// Each further sound is laid beside the silent line, so that it begins and ends with the recording. `amix` would do it
/// in fewer words, but ffmpeg 5.1's lost the last 0.45 s.
fn beside_the_clock(spec: &EngineSpec) -> Vec<String> {
    let sounds = spec.further_sounds();
    if sounds.is_empty() {
        return Vec::new();
    }
    let clocks: Vec<String> = (0..sounds.len()).map(|index| format!("[clock{index}]")).collect();
    let mut graph = vec![format!("[0:{}]asplit={}{}", clock(spec), sounds.len(), clocks.concat())];
    for (index, sound) in sounds.into_iter().enumerate() {
        graph.push(further(spec, sound, index));
        let ours = ["pan=stereo|c0=c2|c1=c3", to_channels(spec, 2)].into_iter().filter(|filter| !filter.is_empty());
        let ours: Vec<&str> = ours.collect();
        graph.push(format!("[clock{index}][further{index}]amerge=inputs=2,{}[sound{index}]", ours.join(",")));
    }
    graph
}

/// One further sound, made endless.
fn further(spec: &EngineSpec, (input, sound): (usize, usize), index: usize) -> String {
    // A device counts from the epoch, a file may begin anywhere: both begin with the recording.
    let moved = moved_by(spec, input).map_or_else(String::new, |by| format!("+({by})/TB"));
    let channels = spec.further.get(input - 1).and_then(|further| further.sounds.get(sound)).copied().unwrap_or(2);
    let stereo = in_stereo(channels);
    format!("[{input}:a:{sound}]asetpts=PTS-STARTPTS{moved},{STEADY_FURTHER},{stereo},apad[further{index}]")
}

/// One channel on both sides, where ffmpeg by itself makes it 3 dB quieter.
const BOTH_SIDES: &str = "pan=stereo|c0=c0|c1=c0";
/// The mean of both, where ffmpeg by itself makes it up to 3 dB louder for the encoders that take floats, and clips.
const ONE_SIDE: &str = "pan=mono|c0=0.5*c0+0.5*c1";

const fn in_stereo(channels: u32) -> &'static str {
    if channels == 1 { BOTH_SIDES } else { "aformat=channel_layouts=stereo" }
}

/// What makes the wished channels of so many; empty where nothing must be done.
fn to_channels(spec: &EngineSpec, channels: u16) -> &'static str {
    match (spec.options.sound_channels, channels) {
        (Some(Channels::Stereo), 1) => BOTH_SIDES,
        (Some(Channels::Mono), 2) => ONE_SIDE,
        _ => "",
    }
}

/// The user's own `-itsoffset` of a further input, in seconds.
fn moved_by(spec: &EngineSpec, number: usize) -> Option<f64> {
    let words = spec.further.get(number - 1)?.input.options.words();
    let at = words.iter().position(|word| word == "-itsoffset")?;
    words.get(at + 1)?.to_str()?.parse().ok()
}

/// All sounds added up, as long as our own lines; nothing is made quieter, as on a mixing desk.
fn mixed(spec: &EngineSpec, own: &OwnWords) -> Vec<String> {
    let sounds = spec.further_sounds();
    let first = usize::from(spec.video.is_some());
    let mut lines: Vec<usize> = ours(spec, own).collect();
    if lines.is_empty() {
        lines.push(clock(spec));
    }
    let mut graph = Vec::new();
    let mut ends = Vec::new();
    for line in lines {
        let channels = spec.lines().get(line - first).map_or(2, |line| u32::from(line.channels));
        graph.push(format!("[0:{line}]{STEADY_SOUND},{}[line{line}]", in_stereo(channels)));
        ends.push(format!("[line{line}]"));
    }
    for (index, sound) in sounds.into_iter().enumerate() {
        graph.push(further(spec, sound, index));
        ends.push(format!("[further{index}]"));
    }
    let count = graph.len();
    let side = |first: usize| (0..count).map(|sound| format!("c{}", 2 * sound + first)).collect::<Vec<_>>().join("+");
    let pan = format!("pan=stereo|c0={}|c1={}", side(0), side(1));
    let chain = own.sound_chain(&[&pan, to_channels(spec, 2)]);
    graph.push(format!("{}amerge=inputs={count},{chain}[sound]", ends.concat()));
    graph
}

/// Maps, filters and the encoder.
pub(super) fn sound_options(spec: &EngineSpec, own: &OwnWords, options: &mut Options) {
    let (ours, further) = (ours(spec, own), spec.further_sounds().len());
    let mixed = is_mixed(spec, own);
    if mixed {
        options.push("map", "[sound]");
    } else {
        for track in ours.clone() {
            options.push("map", format!("0:{track}"));
        }
        for index in 0..further {
            options.push("map", format!("[sound{index}]"));
        }
    }
    // Beside a graph of pictures these are mapped already.
    if spec.video.is_none() || !own.has_graph() {
        for map in own.graph_maps() {
            options.push("map", map);
        }
    }
    let takes_ours = own.takes_our_sound(usize::from(spec.video.is_some()));
    let chain = |channels| own.sound_chain(&[STEADY_SOUND, to_channels(spec, channels)]);
    let chains: Vec<String> = spec.audio.iter().map(|line| chain(line.channels)).collect();
    let (first_chain, is_one) = (chains.first(), chains.windows(2).all(|pair| pair[0] == pair[1]));
    match first_chain.filter(|_| is_one && further == 0 && !mixed && !own.has_any_graph()) {
        Some(chain) => options.push("af", chain.as_str()),
        None if mixed => {}
        // What comes out of a graph takes no filter of this kind.
        None => {
            for (index, chain) in chains.iter().take(ours.len()).enumerate() {
                options.push(&format!("filter:a:{index}"), chain.as_str());
            }
        }
    }
    // The user's own words may map sounds of the further inputs.
    if ours.len() + further > 0 || takes_ours || !spec.further.is_empty() {
        for (name, value) in &spec.options.audio {
            options.push(name, value.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffmpeg::Input;
    use crate::writegear::args::encoder_args;
    use crate::writegear::{AudioInput, Destination, EncodeOptions, FurtherInput};

    fn words_of(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn spec(own_lines: usize, inputs: &str) -> EngineSpec {
        let inputs = if inputs.is_empty() { Vec::new() } else { Input::read_list(&words_of(inputs)).unwrap() };
        EngineSpec {
            video: None,
            audio: vec![AudioInput { sample_rate: 48_000, channels: 2 }; own_lines],
            further: inputs.into_iter().map(|input| FurtherInput { input, sounds: vec![1] }).collect(),
            options: EncodeOptions { audio: vec![("c:a".into(), "aac".into())], ..EncodeOptions::default() },
            destination: Destination::Packets,
        }
    }

    fn words(spec: &EngineSpec) -> String {
        let args = encoder_args(spec).to_os_args();
        args.into_iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_further_inputs_sound_lasts_as_long_as_our_own() {
        let mut spec = spec(1, "-itsoffset 2 -f lavfi -i sine -i a.wav");
        let all = words(&spec);
        assert!(all.contains("first_pts=0,pan=stereo|c0=c0|c1=c0,apad[further0]"), "{all}");
        assert!(
            all.contains("-i pipe:0 -itsoffset 2 -f lavfi -i sine -i a.wav -filter_complex [0:1]asplit=2"),
            "{all}"
        );
        assert!(all.contains("[1:a:0]asetpts=PTS-STARTPTS+(2)/TB,"), "{all}");
        assert!(all.contains("[2:a:0]asetpts=PTS-STARTPTS,"), "{all}");
        assert!(all.contains("-map 0:0 -map [sound0] -map [sound1] -filter:a:0 aresample"), "{all}");
        assert_eq!(spec.lines().len(), 2);
        spec.options.output = words_of("-map 1:a:0 -map 2:a");
        assert_eq!((spec.further_sounds(), spec.lines().len()), (vec![], 1));
    }

    #[test]
    fn where_one_track_is_held_all_sounds_are_added_up() {
        let mut spec = spec(2, "-i a.wav");
        spec.options.sound_tracks = SoundTracks::One;
        spec.options.output = words_of("-af volume=2");
        let all = words(&spec);
        assert!(
            all.contains(
                "[line0][line1][further0]amerge=inputs=3,pan=stereo|c0=c0+c2+c4|c1=c1+c3+c5,volume=2[sound] -map [sound] \
                 -c:a aac"
            ),
            "{all}"
        );
        spec.further.clear();
        assert!(words(&spec).contains("[line0][line1]amerge=inputs=2,"), "{}", words(&spec));
        spec.audio.truncate(1);
        assert!(words(&spec).contains("-i pipe:0 -map 0:0 -af aresample"), "{}", words(&spec));
    }

    #[test]
    fn one_channel_is_neither_louder_nor_quieter_than_two() {
        let mut spec = spec(2, "");
        spec.options.sound_channels = Some(Channels::Mono);
        let all = words(&spec);
        assert!(all.contains("-af aresample=async=1000:first_pts=0,pan=mono|c0=0.5*c0+0.5*c1 "), "{all}");
        spec.options.sound_channels = Some(Channels::Stereo);
        assert!(words(&spec).contains("-af aresample=async=1000:first_pts=0 "), "{}", words(&spec));
        spec.audio[1].channels = 1;
        let all = words(&spec);
        assert!(all.contains("-filter:a:1 aresample=async=1000:first_pts=0,pan=stereo|c0=c0|c1=c0 "), "{all}");
    }

    #[test]
    fn what_the_users_graph_takes_is_not_recorded_twice() {
        let mut spec = spec(1, "-i a.wav");
        spec.options.output = words_of("-filter_complex [0:0][1:a]amix=inputs=2:duration=first[mix] -metadata title=x");
        // Without a picture our sound is stream 0.
        let all = words(&spec);
        assert!(all.contains("duration=first[mix] -map [mix] -c:a aac") && !all.contains("-map 0:0"), "{all}");
        spec.options.output = words_of("-map 0:a -map 1:a");
        let all = words(&spec);
        assert!(all.contains("-i a.wav -af aresample=async=1000:first_pts=0 -c:a aac -map 0:a -map 1:a"), "{all}");
    }
}
