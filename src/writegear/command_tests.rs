use super::command::{First, Place, Setting, Timing, Writing};
use super::params::{self, Mode, Reading, Wishes};
use super::pixels::PixelFormat;
use super::target::Target;
use super::value::Value;
use crate::ffmpeg::Version;
use crate::media::Resolution;

fn wishes(list: &[(&str, Value)]) -> Wishes {
    let list: Vec<_> = list.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    params::read(&list, Mode::Compression, Reading::Strict).unwrap()
}

fn command(list: &[(&str, Value)], target: &Target, encoder: Option<&str>, first: &First) -> String {
    let (wishes, version) = (wishes(list), Version::parse("ffmpeg version 5.1.9 Copyright").unwrap());
    let setting = Setting { wishes: &wishes, target: Some(target), encoder, version: &version };
    let place = Place::Url(Writing { url: target.address(), secret: None });
    let args = setting.args(first, &setting.wire(first), &place).to_os_args();
    args.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn first(format: PixelFormat, width: u32, height: u32) -> First {
    First { format, size: Resolution::new(width, height), colour: None, timing: Timing::Counted }
}

#[test]
fn an_ordinary_recording_in_hd() {
    let target = Target::File("a.mkv".into());
    let list = [("-preset", "ultrafast".into()), ("-metadata", "title=a b".into())];
    assert_eq!(
        command(&list, &target, Some("libx264"), &first(PixelFormat::Bgr24, 1921, 1081)),
        "-y -hide_banner -nostats -loglevel level+info -progress pipe:1 -f rawvideo -pixel_format nv12 -video_size \
         1922x1082 -framerate 25 -i pipe:0 -colorspace bt709 -color_range tv -color_primaries bt709 -color_trc bt709 \
         -pix_fmt nv12 -preset ultrafast -metadata title=a b -c:v libx264 -crf 18 file:a.mkv"
    );
}

#[test]
fn a_further_input_brings_maps_and_its_sound_ends_with_the_pictures() {
    let target = Target::File("a.mp4".into());
    let list = [("-ac", 2.into()), ("-i", "hw:1".into()), ("-af", "volume=2".into())];
    let said = command(&list, &target, Some("libx264"), &first(PixelFormat::Nv12, 64, 48));
    assert!(said.contains("-i pipe:0 -ac 2 -i hw:1 -map 0:v:0 -map 1:a? "), "{said}");
    assert!(said.contains("-af volume=2,apad -shortest"), "{said}");
    for own in [&["-t", "5"][..], &["-c:a", "copy"], &["-filter_complex", "x"], &["-map", "0", "-map", "1:s"]] {
        let list = [("-i", "a.wav".into()), ("-clones", own.into())];
        let said = command(&list, &target, Some("libx264"), &first(PixelFormat::Nv12, 64, 48));
        assert!(!said.contains("apad") && !said.contains("-shortest"), "{own:?}: {said}");
    }
}

#[test]
fn what_the_caller_says_is_not_said_again() {
    let target = Target::File("a.mp4".into());
    let list = [
        ("-pix_fmt", "yuv444p".into()),
        ("-b:v", "2M".into()),
        ("-preset:v", "slow".into()),
        ("-movflags", "+faststart".into()),
        ("-color_trc", "linear".into()),
        ("-f", "mp4".into()),
    ];
    let said = command(&list, &target, Some("libx264"), &first(PixelFormat::Bgr24, 64, 48));
    for once in ["pix_fmt", "movflags", "color_trc", "-f mp4"] {
        assert_eq!(said.matches(once).count(), 1, "{once}: {said}");
    }
    assert!(!said.contains("-crf") && !said.contains("-preset fast") && !said.contains("colorspace"), "{said}");
}

#[test]
fn an_option_for_a_stream_is_that_option() {
    let target = Target::File("a.mkv".into());
    let frame = first(PixelFormat::Bgr24, 64, 48);
    let said = command(&[("-crf:v", 45.into()), ("-preset:v:0", "slow".into())], &target, Some("libx264"), &frame);
    assert!(!said.contains("-crf 18") && !said.contains("-preset fast"), "{said}");
    let said = command(&[("-b:a", "160k".into())], &target, Some("libx264"), &frame);
    assert!(said.contains("-crf 18"), "{said}");
}

#[test]
fn a_films_texts_do_not_end_its_sound() {
    let target = Target::File("a.mkv".into());
    let frame = first(PixelFormat::Nv12, 64, 48);
    let said = command(&[("-i", "film.mp4".into())], &target, Some("libx264"), &frame);
    assert!(said.contains("apad -shortest") && !said.contains(":s?"), "{said}");
    let said = command(&[("-i", "words.srt".into())], &target, Some("libx264"), &frame);
    assert!(said.contains("-map 1:s?") && !said.contains("-shortest"), "{said}");
}

#[test]
fn what_is_lossless_in_the_encoders_own_words_keeps_its_pixels() {
    let target = Target::File("a.mkv".into());
    let frame = first(PixelFormat::Bgr24, 1921, 1080);
    for words in
        [["-x265-params", "log-level=1:lossless=1"], ["-x264-params", "qp=0"], ["-qp", "0"], ["-tune", "lossless"]]
    {
        let said = command(&[(words[0], words[1].into())], &target, Some("libx265"), &frame);
        assert!(said.contains("-pix_fmt yuv444p ") && said.contains("out_color_matrix=bt709"), "{said}");
    }
}

#[test]
fn sizes_are_scaled_by_the_right_matrix_and_made_even() {
    let target = Target::File("a.mkv".into());
    let said = command(&[("-s", "641x721".into())], &target, Some("libx264"), &first(PixelFormat::Bgr24, 1921, 1080));
    assert!(said.contains("scale=642:722:") && said.contains("out_color_matrix=bt709"), "{said}");
    assert!(!said.contains(" -s "), "{said}");
    let said = command(&[("-vf", "hflip".into())], &target, Some("libx264"), &first(PixelFormat::Bgr24, 321, 241));
    assert!(said.contains("-video_size 322x242"), "{said}");
    let jpeg =
        command(&[("-pix_fmt", "yuvj420p".into())], &target, Some("libx264"), &first(PixelFormat::Bgr24, 64, 48));
    assert!(jpeg.contains("out_range=pc") && jpeg.contains("-color_range pc"), "{jpeg}");
}
