//! Recordings of sound alone: each container holds what was heard, to the length it should have, and a kill costs a
//! moment at most.

use std::path::Path;

use gearcast::media::test_card::BEEP_HZ;
use gearcast::media::{AudioCodec, Channels};
use gearcast::plan::{SoundBitrates, USUAL_SAMPLE_RATES, sound_bitrates, takes_sample_rate};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::heard::{RATE, Track, amplitude, told_s, tracks};
use crate::support::judge::tool;
use crate::support::program::{Home, Ran};
use crate::support::take::{Take, files_in, processes_with};

/// What the tests record: two beeps at least, which come once a second.
const SECONDS: f64 = 2.5;

/// Records the test tone; the file is good and the only one, and no picture is in it.
fn good(home: &Home, name: &str, more: &[&str]) -> (Ran, Value) {
    let args = ["record", "--source", "none", "--audio", "test", "--duration", "2.5", "--output", name, "--json"];
    let ran = home.run(&[&args[..], more].concat());
    let last = ran.events().pop().expect("a last line");
    assert_eq!((ran.code, &last["verdict"]), (0, &json!("good")), "{}\n{last}", ran.err);
    assert!(last["checks"].as_array().unwrap().iter().all(|check| check["ok"] == true), "{last}");
    assert_eq!((&last["files"][0]["frames"], &last["frames"]["written"]), (&json!(0), &json!(0)), "{last}");
    assert_eq!(files_in(home.path()), [home.at(name)]);
    (ran, last)
}

/// What is decoded and what the header tells is as long as what was recorded; the beeps are in it, once a second.
fn holds_the_beeps(path: &Path, expected: &str, longer_s: f64, header_off_s: f64) {
    assert_eq!(tracks(path), [expected]);
    let track = Track::open(path, 0);
    assert!((SECONDS - 1e-9..=SECONDS + longer_s).contains(&track.seconds()), "{}", track.seconds());
    assert!((told_s(path) - SECONDS).abs() <= header_off_s, "{}", told_s(path));
    // A beep that the recording began in the midst of is shorter, and a lossy codec fades it in.
    let first = track.begins_after_quiet_s(0.2, 0.05);
    assert!(first < 1.06, "{first}");
    for beep in [first, first + 1.0].into_iter().filter(|beep| beep + 0.8 < SECONDS) {
        let level = amplitude(track.between(beep + 0.001, beep + 0.009), BEEP_HZ);
        assert!((0.4..0.6).contains(&level), "{level} at {beep}");
        assert!(track.between(beep + 0.2, beep + 0.8).iter().all(|sample| sample.abs() < 0.01), "quiet between");
    }
}

#[test]
fn m4a_holds_aac() {
    let home = Home::new();
    good(&home, "a.m4a", &[]);
    holds_the_beeps(&home.at("a.m4a"), "aac,48000,2", 0.022, 0.022);
}

#[test]
fn ogg_holds_vorbis_and_opus() {
    let home = Home::new();
    for codec in ["vorbis", "opus"] {
        let set = format!("audio.codec={codec}");
        good(&home, "a.ogg", &["--set", &set]);
        holds_the_beeps(&home.at("a.ogg"), &format!("{codec},48000,2"), 0.022, 0.022);
        std::fs::remove_file(home.at("a.ogg")).unwrap();
    }
}

#[test]
fn opus_has_an_extension_of_its_own() {
    let home = Home::new();
    let (ran, _) = good(&home, "a.opus", &[]);
    assert!(!ran.err.contains("audio.codec"), "who names it means its codec: {}", ran.err);
    holds_the_beeps(&home.at("a.opus"), "opus,48000,2", 0.022, 0.022);
    // Each page tells how far it goes: what a strict player begins with is exactly the encoder's own lead.
    let first = crate::support::judge::probe(&home.at("a.opus"), &["-show_entries", "packet=pts"]);
    assert_eq!(first[0], "-312");
}

#[test]
fn flac_and_wav_are_exact_to_the_sample() {
    let home = Home::new();
    for (name, expected) in [("a.flac", "flac,48000,2"), ("a.wav", "pcm_s16le,48000,2")] {
        good(&home, name, &[]);
        holds_the_beeps(&home.at(name), expected, 0.0, 1e-6);
        std::fs::remove_file(home.at(name)).unwrap();
    }
}

#[test]
fn mp3_tells_its_length() {
    let home = Home::new();
    good(&home, "a.mp3", &[]);
    holds_the_beeps(&home.at("a.mp3"), "mp3,48000,2", 0.05, 0.05);
}

#[test]
fn mka_holds_any_codec() {
    let home = Home::new();
    for (codec, expected) in [("flac", "flac,48000,2"), ("pcm", "pcm_s16le,48000,2"), ("mp3", "mp3,48000,2")] {
        let set = format!("audio.codec={codec}");
        good(&home, "a.mka", &["--set", &set]);
        // Matroska's header counts up to the beginning of FLAC's last block, and the priming of MP3.
        holds_the_beeps(&home.at("a.mka"), expected, 0.05, 0.1);
        std::fs::remove_file(home.at("a.mka")).unwrap();
    }
}

#[test]
fn a_screen_is_left_alone_and_that_is_said() {
    let home = Home::new();
    let args = ["record", "--source", "screen", "--audio", "test", "--duration", "1", "--output", "a.flac", "--json"];
    let ran = home.run(&args);
    assert_eq!(ran.code, 0, "there is no screen here, and none is needed: {}", ran.err);
    assert!(ran.err.contains("output.container: flac holds no picture"), "{}", ran.err);
    assert_eq!(Track::open(&home.at("a.flac"), 0).left.len(), RATE);
}

#[test]
fn channels_rate_and_bitrate_are_as_chosen() {
    let home = Home::new();
    let sets = ["--set", "audio.channels=mono", "--set", "audio.sample_rate=44100", "--set", "audio.bitrate_kbps=96"];
    for (name, codec) in [("a.mp3", "mp3"), ("a.m4a", "aac"), ("a.flac", "flac"), ("a.wav", "pcm_s16le")] {
        good(&home, name, &sets);
        assert_eq!(tracks(&home.at(name)), [format!("{codec},44100,1")]);
        // Both sides of the tone are the same: one channel of them is as loud.
        let track = Track::open(&home.at(name), 0);
        let beep = track.begins_after_quiet_s(0.2, 0.3);
        let level = amplitude(track.between(beep + 0.02, beep + 0.08), BEEP_HZ);
        // LAME makes everything 5% quieter.
        assert!((0.47..0.52).contains(&level), "{name}: {level}");
        if codec == "mp3" {
            let told = crate::support::judge::probe(&home.at(name), &["-show_entries", "stream=bit_rate"]);
            assert_eq!(told, ["96000"]);
        }
        std::fs::remove_file(home.at(name)).unwrap();
    }
}

/// Both the program and the file's writer die at the same moment, so that nothing is completed.
fn killed(name: &str, codec: &str) {
    let home = Home::new();
    let set = format!("audio.codec={codec}");
    let args = ["--source", "none", "--audio", "test", "--output", name, "--set", &set];
    let mut take = Take::start(&home, &args, &[]);
    let recorded_s = take.wait_for_seconds(2.0);
    // A second later: what the first status counted has long been given out.
    take.wait_for_seconds(recorded_s + 0.5);
    take.signal_ffmpeg(".recording.", Signal::KILL);
    take.signal(Signal::KILL);
    let (ran, _) = take.end();
    let mut looks = 0;
    while !processes_with(&home.path().display().to_string()).is_empty() {
        looks += 1;
        assert!(looks < 10_000, "something still runs");
        std::thread::yield_now();
    }
    let files = files_in(home.path());
    assert_eq!(files.len(), 1, "{files:?}");
    let track = Track::open(&files[0], 0);
    assert!(track.seconds() >= recorded_s, "{name}: {} of {recorded_s} s, exit {}", track.seconds(), ran.code);
    // Not the very first sound: a recording may begin amid a beep, and a lossy codec fades that in.
    let beep = track.begins_after_quiet_s(0.2, 0.3);
    assert!(amplitude(track.between(beep + 0.02, beep + 0.08), BEEP_HZ) > 0.4, "{name}");
}

#[test]
fn a_kill_leaves_the_sound_of_m4a_and_ogg() {
    killed("a.m4a", "aac");
    killed("a.ogg", "vorbis");
    killed("a.opus", "opus");
}

#[test]
fn a_kill_leaves_the_sound_of_flac_wav_mp3_and_mka() {
    killed("a.flac", "flac");
    killed("a.wav", "pcm");
    killed("a.mp3", "mp3");
    killed("a.mka", "flac");
}

#[test]
fn when_the_writer_dies_the_file_is_completed() {
    let home = Home::new();
    for name in ["a.flac", "a.wav", "a.mp3", "a.m4a", "a.opus"] {
        let mut take = Take::start(&home, &["--source", "none", "--audio", "test", "--output", name], &[]);
        let recorded_s = take.wait_for_seconds(1.0);
        take.wait_for_seconds(recorded_s + 0.5);
        take.signal_ffmpeg(".recording.", Signal::KILL);
        let (ran, last) = take.end();
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert_eq!(last["files"][0]["path"], json!(home.at(name).display().to_string()), "{last}");
        let track = Track::open(&home.at(name), 0);
        assert!(track.seconds() >= recorded_s, "{name}: {} of {recorded_s}", track.seconds());
        // The header tells it too, where the dead writer had left nothing.
        assert!((told_s(&home.at(name)) - track.seconds()).abs() < 0.06, "{name}: {}", told_s(&home.at(name)));
    }
}

/// The table of bitrates against the ffmpeg that is here: its ends are taken.
#[test]
fn every_bitrate_that_is_offered_is_taken() {
    let takes = |encoder: &str, kbps: u32, rate: u32, channels: Channels| {
        let source = format!("sine=sample_rate={rate}:duration=0.2");
        let (bitrate, count) = (format!("{kbps}k"), channels.count().to_string());
        let args = ["-v", "error", "-f", "lavfi", "-i", &source, "-ac", &count, "-c:a", encoder, "-b:a", &bitrate];
        tool("ffmpeg", &[&args[..], &["-f", "null", "-"]].concat());
    };
    for (codec, encoder) in [
        (AudioCodec::Aac, "aac"),
        (AudioCodec::Opus, "libopus"),
        (AudioCodec::Mp3, "libmp3lame"),
        (AudioCodec::Vorbis, "libvorbis"),
    ] {
        for rate in USUAL_SAMPLE_RATES.into_iter().filter(|rate| takes_sample_rate(codec, None, *rate)) {
            for channels in Channels::ALL {
                let ends = match sound_bitrates(codec, rate, *channels) {
                    SoundBitrates::Range { least, most } => [least, most],
                    SoundBitrates::Steps(steps) => [steps[0], steps[steps.len() - 1]],
                    SoundBitrates::Lossless => panic!("{codec} has bitrates"),
                };
                for kbps in ends {
                    takes(encoder, kbps, rate, *channels);
                }
            }
        }
    }
}
