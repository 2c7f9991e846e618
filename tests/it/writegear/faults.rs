//! vidgear's known faults, each shown cured, and what may happen to an engine from outside.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use gearcast::ffmpeg::Cause;
use gearcast::media::Resolution;
use gearcast::writegear::{Ending, Existing, Frame, GearError, PixelFormat, Value, WriteGear};
use rustix::process::Signal;

use super::{SMALL, builder, names_in, numbered_file, write_numbered};
use crate::support::judge::{Film, colour_at, counted_frames, probe, tool};
use crate::support::pictures::{QUARTERS, numbered_bgr};
use crate::support::take::processes_with;

#[test]
fn fault_01_frames_are_shown_when_they_were_taken() {
    // 45 frames of a 15 fps capture: three seconds, also without saying a rate.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let mut gear = builder(&path).open().unwrap();
    for count in 0..45_u64 {
        let picture = numbered_bgr(SMALL, count);
        let at = Duration::from_micros(count * 1_000_000 / 15);
        gear.write_at(&Frame::new(PixelFormat::Bgr24, 320, 240, &picture).unwrap(), at).unwrap();
    }
    gear.close().unwrap();
    let film = Film::open(&path);
    assert!((film.times_s[44] - 44.0 / 15.0).abs() < 0.002, "{:?}", film.times_s[44]);
}

#[test]
fn fault_03_short_takes_with_sound_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let wav = folder.path().join("tone.wav");
    tool("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", "sine=d=30", wav.to_str().unwrap()]);
    for count in [1, 5, 100] {
        let path = folder.path().join(format!("{count}.mp4"));
        let list = [("-i", wav.to_str().unwrap())];
        numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), list), SMALL, count);
        assert_eq!(Film::open(&path).counters(), (0..count).collect::<Vec<_>>());
    }
}

/// The documented recipe for `YouTube` without sound, and a device that never ends: closing is bounded.
#[test]
fn fault_04_an_endless_input_does_not_keep_it_from_closing() {
    let folder = tempfile::tempdir().unwrap();
    for (name, words) in [
        ("a.mkv", &["-f", "lavfi", "-i", "anullsrc"][..]),
        (
            "b.mkv",
            &["-re", "-f", "lavfi", "-i", "sine", "-map", "0:v", "-map", "1:a", "-c:a", "pcm_s16le", "-t", "9999"],
        ),
    ] {
        let path = folder.path().join(name);
        let list: [(&str, Value); 2] = [("-disable_force_termination", true.into()), ("-clones", words.into())];
        let mut gear = WriteGear::from_writegear_params(path.to_str().unwrap(), list).open().unwrap();
        write_numbered(&mut gear, SMALL, 0..50).unwrap();
        let report = gear.close().unwrap();
        assert_eq!(Film::open(&path).counters(), (0..50).collect::<Vec<_>>(), "{report:?}");
        let expected = if name == "a.mkv" { Ending::Finished } else { Ending::Interrupted };
        assert_eq!(report.ending, expected, "{report:?}");
    }
}

#[test]
fn fault_05_a_failure_says_its_cause_also_when_everything_fitted_into_the_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let size = Resolution::new(32, 24);
    let mut gear = builder(&path).param("-nosuchoption", 1).open().unwrap();
    let written = write_numbered(&mut gear, size, 0..3);
    let error = gear.close().unwrap_err();
    assert!(written.is_ok() || written.is_err_and(|early| early.to_string() == error.to_string()));
    let GearError::Died { cause, report } = &error else { panic!("{error}") };
    assert_eq!(cause, &Cause::InvalidOption { name: "nosuchoption".to_owned() });
    assert_eq!((report.exit_code, &report.file), (Some(1), &None), "{report:?}");
    assert!(report.last_words.iter().any(|line| line.contains("nosuchoption")));
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn fault_07_a_server_that_never_answers_holds_nobody() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let open = || {
        let url = format!("rtmp://127.0.0.1:{port}/app/key");
        WriteGear::builder(url).write_deadline(Duration::from_secs(1)).open().unwrap()
    };
    // Few frames fit into the socket: closing must end it.
    let mut gear = open();
    write_numbered(&mut gear, SMALL, 0..2).unwrap();
    let error = gear.close().unwrap_err();
    assert!(matches!(&error, GearError::Died { cause: Cause::Silent | Cause::ConnectionLost, .. }), "{error:?}");
    // Many do not: the write fails within its deadline.
    let mut gear = open();
    let error = write_numbered(&mut gear, Resolution::new(1280, 720), 0..50).unwrap_err();
    assert!(matches!(error, GearError::Stalled { seconds: 1, .. }), "{error:?}");
    assert!(gear.close().is_err());
    assert_eq!(processes_with(&format!("127.0.0.1:{port}/app")), Vec::<u32>::new());
}

#[test]
fn fault_08_the_default_plays_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    numbered_file(builder(&path), SMALL, 5);
    assert_eq!(probe(&path, &["-show_entries", "stream=codec_name,pix_fmt"]), ["h264,yuv420p"]);
    let atoms = std::fs::read(&path).unwrap();
    let at = |name: &[u8]| atoms.windows(4).position(|bytes| bytes == name);
    assert!(at(b"moov") < at(b"mdat") && at(b"moof").is_none(), "an ordinary file with its index in front");
}

#[test]
fn fault_09_colours_are_tagged_and_right_in_sd_and_hd() {
    let folder = tempfile::tempdir().unwrap();
    for (size, matrix) in [(SMALL, "smpte170m"), (Resolution::new(1280, 720), "bt709")] {
        for own_filter in [false, true] {
            let path = folder.path().join(format!("{size}-{own_filter}.mp4"));
            let builder = builder(&path).param("-crf", 5).param("-preset", "ultrafast");
            numbered_file(if own_filter { builder.param("-vf", "null") } else { builder }, size, 6);
            // ffmpeg converts by BT.601 where a filter of the caller's leads to its own conversion; the tag says so.
            let matrix = if own_filter { "smpte170m" } else { matrix };
            assert_eq!(probe(&path, &["-show_entries", "stream=color_range,color_space"]), [format!("tv,{matrix}")]);
            for (index, quarter) in (0..).zip(QUARTERS) {
                let (w, h) = (size.width, size.height);
                let rect = (w / 8 + w / 2 * (index % 2), h * 2 / 5 + h * 2 / 5 * (index / 2), 10, 10);
                let got = in_matrix(&path, if matrix == "bt709" { "bt709" } else { "bt601" }, rect);
                let far = got.iter().zip(quarter).map(|(a, b)| a.abs_diff(b)).max().unwrap();
                assert!(far <= 3, "{size} {own_filter}: {quarter:?} became {got:?}");
            }
        }
    }
}

/// A rectangle's mean colour as a player sees it that heeds the matrix.
fn in_matrix(path: &Path, matrix: &str, (x, y, w, h): (u32, u32, u32, u32)) -> [u8; 3] {
    let filter = format!("scale=in_color_matrix={matrix},format=rgb24,crop={w}:{h}:{x}:{y},scale=1:1:flags=area");
    let args = [
        "-v",
        "error",
        "-i",
        path.to_str().unwrap(),
        "-frames:v",
        "1",
        "-vf",
        &filter,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ];
    tool("ffmpeg", &args).stdout[..3].try_into().unwrap()
}

#[test]
fn fault_12_and_27_bytes_that_are_no_such_picture_are_refused() {
    let floats = vec![0_u8; 320 * 240 * 3 * 8];
    assert!(Frame::new(PixelFormat::Bgr24, 320, 240, &floats).is_err());
    assert!(Frame::new(PixelFormat::Bgr24, 320, 240, &floats[..320 * 240 * 3 - 1]).is_err());
}

#[test]
fn fault_13_every_spelling_of_an_option_means_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (index, (key, place)) in ["-vcodec", "-c:v", "-codec:v"].iter().flat_map(|key| [(key, 0), (key, 1)]).enumerate()
    {
        let path = folder.path().join(format!("{index}.mkv"));
        let wav: (&str, Value) = ("-clones", ["-f", "lavfi", "-i", "sine"].into());
        let mut list: Vec<(&str, Value)> = vec![wav];
        list.insert(place, (key, "mpeg4".into()));
        numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), list), SMALL, 3);
        assert_eq!(
            probe(&path, &["-select_streams", "v", "-show_entries", "stream=codec_name"]),
            ["mpeg4"],
            "{key} {place}"
        );
    }
    let path = folder.path().join("preset.mkv");
    let report = numbered_file(builder(&path).param("-preset:v", "ultrafast").param("-b:v", "500k"), SMALL, 3);
    assert!(!report.command.contains("-preset fast") && !report.command.contains("-crf"), "{}", report.command);
}

#[test]
fn fault_15_an_encoder_without_its_hardware_is_known_before_the_first_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    if builder(&path).param("-vcodec", "h264_nvenc").open().is_ok() {
        return; // this machine has the hardware
    }
    let error = builder(&path).param("-vcodec", "h264_nvenc").open().err().unwrap();
    assert!(matches!(&error, GearError::NoEncoder { wanted, .. } if wanted == "h264_nvenc"), "{error}");
    let list = [("-vcodec", "h264_nvenc")];
    let report = numbered_file(WriteGear::from_writegear_params(path.to_str().unwrap(), list), SMALL, 3);
    assert!(report.remarks[0].contains("h264_nvenc"), "{report:?}");
    assert_eq!(Film::open(&path).counters(), [0, 1, 2]);
}

#[test]
fn fault_17_the_system_decides_what_can_be_written() {
    let error = builder(Path::new("/proc/take.mp4")).open().err().unwrap();
    assert!(matches!(&error, GearError::CannotWrite { .. }), "{error}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    numbered_file(builder(&folder.path().join("take.mp4")), SMALL, 1);
    assert!(matches!(builder(&folder.path().join("no/take.mp4")).open().err(), Some(GearError::NoFolder(_))));
}

#[test]
fn fault_20_nothing_is_overwritten_unless_told_and_then_only_by_something_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    numbered_file(builder(&path), SMALL, 3);
    assert!(matches!(builder(&path).open().err(), Some(GearError::Taken(taken)) if taken == path));
    let mut replacing = builder(&path).existing(Existing::Replace).open().unwrap();
    write_numbered(&mut replacing, SMALL, 0..5).unwrap();
    assert_eq!(counted_frames(&path), 3, "the old one stays until the new one is whole");
    replacing.close().unwrap();
    assert_eq!((counted_frames(&path), names_in(folder.path()).len()), (5, 1));
    numbered_file(builder(&path).flag("-y"), SMALL, 2);
    assert_eq!(counted_frames(&path), 2);
}

#[test]
fn fault_21_odd_sides_are_padded_by_their_last_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in [(321, 241), (1, 1), (2, 3), (63, 48)] {
        let path = folder.path().join(format!("{width}x{height}.mp4"));
        let size = Resolution::new(width, height);
        numbered_file(builder(&path).param("-crf", 5), size, 5);
        let film = Film::open(&path);
        assert_eq!((film.size, film.frames.len()), (size.padded_even(), 5));
        if width > 100 {
            assert_eq!(film.counters(), [0, 1, 2, 3, 4]);
            let (r, g, b) = colour_at(&path, 0.0, (width - 1, height - 1, 2, 2));
            assert!([r, g, b].iter().zip(QUARTERS[3]).all(|(a, b)| a.abs_diff(b) <= 6), "{r},{g},{b}");
        }
    }
}

/// Writes numbered pictures until the growing file holds so many bytes, then kills the ffmpeg that writes it.
fn write_until_and_kill(gear: &mut WriteGear, growing: &Path, bytes: u64) {
    let mut count = 0;
    while std::fs::metadata(growing).unwrap().len() < bytes {
        assert!(count < 2000, "nothing is written");
        write_numbered(gear, SMALL, count..count + 1).unwrap();
        count += 1;
    }
    for id in processes_with(growing.to_str().unwrap()) {
        let id = rustix::process::Pid::from_raw(id.try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, Signal::KILL).unwrap();
    }
}

#[test]
fn ffmpeg_killed_while_writing_leaves_what_it_had_written() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["mp4", "mkv"] {
        let path = folder.path().join(format!("take.{ending}"));
        let mut gear = builder(&path).param("-preset", "ultrafast").param("-g", 1).open().unwrap();
        let safe = folder.path().join(format!("take.recording.{ending}"));
        write_until_and_kill(&mut gear, &safe, 100_000);
        let error = write_numbered(&mut gear, SMALL, 0..400).unwrap_err();
        let GearError::Died { cause: Cause::Killed { signal: 9 }, report } = &error else { panic!("{error:?}") };
        let file = report.file.as_deref().unwrap();
        let counters = Film::open(file).counters();
        assert!(counters.len() >= 10 && counters.iter().zip(0..).all(|(a, b)| *a == b), "{counters:?}");
        assert_eq!(file, path, "{report:?}");
        assert_eq!(gear.close().unwrap_err().to_string(), error.to_string());
        assert!(matches!(write_numbered(&mut gear, SMALL, 0..1), Err(GearError::Died { .. })));
    }
}

#[test]
fn a_full_disk_is_said_and_what_fitted_is_kept() {
    let Some(disk) = SmallDisk::new() else {
        eprintln!("SKIPPED: a full disk needs the right to mount one");
        return;
    };
    let path = disk.path().join("take.mkv");
    let mut gear = builder(&path).param("-qp", 0).param("-preset", "ultrafast").open().unwrap();
    let written = (0..100).try_for_each(|_| {
        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(320 * 240 * 3).collect();
        gear.write(&Frame::new(PixelFormat::Bgr24, 320, 240, &noise).unwrap())
    });
    let error = gear.close().unwrap_err();
    assert!(written.is_ok() || written.is_err());
    let GearError::Died { cause, report } = &error else { panic!("{error:?}") };
    assert_eq!(*cause, Cause::NoSpace);
    assert!(counted_frames(report.file.as_deref().unwrap()) > 0);
}

/// A disk of four megabytes.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(folder.path())
            .stderr(std::process::Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        tool("umount", &["-l", self.0.path().to_str().unwrap()]);
    }
}

#[test]
fn closing_twice_says_the_same_and_writing_afterwards_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let mut gear = builder(&path).open().unwrap();
    write_numbered(&mut gear, SMALL, 0..5).unwrap();
    let first = gear.close().unwrap();
    assert_eq!(gear.close().unwrap(), first);
    assert!(matches!(write_numbered(&mut gear, SMALL, 5..6), Err(GearError::Closed)));
    assert_eq!(counted_frames(&path), 5);
}

#[test]
fn a_dropped_engine_finishes_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let mut gear = builder(&path).open().unwrap();
    write_numbered(&mut gear, SMALL, 0..5).unwrap();
    drop(gear);
    assert_eq!(Film::open(&path).counters(), (0..5).collect::<Vec<_>>());
}

#[test]
fn ffmpegs_own_limit_ends_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mp4");
    let mut gear = builder(&path).param("-frames:v", 10).open().unwrap();
    let end = write_numbered(&mut gear, Resolution::new(640, 480), 0..2000);
    assert!(matches!(end, Err(GearError::Enough)), "{end:?}");
    assert_eq!(gear.close().unwrap().frames_written, Some(10));
    assert_eq!(Film::open(&path).counters(), (0..10).collect::<Vec<_>>());
}

#[test]
fn mixed_and_backward_times_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mkv");
    let mut gear = builder(&path).open().unwrap();
    let picture = numbered_bgr(SMALL, 0);
    let frame = Frame::new(PixelFormat::Bgr24, 320, 240, &picture).unwrap();
    gear.write_at(&frame, Duration::from_secs(5)).unwrap();
    assert!(matches!(gear.write(&frame), Err(GearError::MixedTiming)));
    assert!(matches!(gear.write_at(&frame, Duration::from_secs(5)), Err(GearError::TimeNotIncreasing { .. })));
    gear.write_at(&frame, Duration::from_secs(6)).unwrap();
    gear.close().unwrap();
    assert_eq!(counted_frames(&path), 2);
    let bytes = vec![0; 64 * 48 * 4];
    let gray_alpha = Frame::new(PixelFormat::Ya16, 64, 48, &bytes).unwrap();
    let mut gear = builder(&folder.path().join("b.mkv")).param("-c:v", "ffv1").open().unwrap();
    assert!(matches!(gear.write_at(&gray_alpha, Duration::ZERO), Err(GearError::NoTimeStamps(PixelFormat::Ya16))));
}

#[test]
fn a_good_file_is_not_given_for_one_that_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mkv");
    numbered_file(builder(&path), SMALL, 7);
    let mut gear = builder(&path).existing(Existing::Replace).param("-g", 1).open().unwrap();
    let safe = folder.path().join("take.recording.mkv");
    write_until_and_kill(&mut gear, &safe, 50_000);
    let error = gear.close().unwrap_err();
    assert_eq!(error.report().unwrap().file.as_deref(), Some(folder.path().join("take (2).mkv").as_path()));
    assert_eq!(counted_frames(&path), 7);
}

#[test]
fn a_start_that_fails_leaves_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.mkv");
    let bytes = vec![0; 64 * 48 * 4];
    let frame = Frame::new(PixelFormat::Ya16, 64, 48, &bytes).unwrap();
    let mut gear = builder(&path).param("-c:v", "ffv1").open().unwrap();
    assert!(gear.write_at(&frame, Duration::ZERO).is_err());
    gear.write(&frame).unwrap();
    gear.close().unwrap();
    assert_eq!((counted_frames(&path), names_in(folder.path()).len()), (1, 1));
    assert!(builder(&path).param("-vn", true).open().is_err());
}

#[test]
fn secrets_are_in_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let list = "-f flv rtmp://h/app/SECRETKEY";
    let error = builder(&folder.path().join("a.mp4")).param("-clones", list).open().err().unwrap();
    assert!(!format!("{error} {error:?}").contains("SECRETKEY"), "{error:?}");
}
