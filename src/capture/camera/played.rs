//! Cameras that are folders: `GEARCAST_PLAYED_CAMERAS` names a folder, each folder in it is a camera that plays
//! recorded pictures over and over. For trying things out and for tests where there is no camera.
//!
//! A camera's folder holds a file for each mode, named like it (`1280x720@30 mjpeg.bin`), with the bytes of its
//! pictures one after the other: raw pixels, JPEGs, or H.264 with access unit delimiters. While a file `unplugged` is
//! there the camera is gone, while `stalled` is there it sends nothing, and `busy` and `denied` refuse it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::control::{CameraControl, ControlKind, ControlState};
use super::mode::{CameraCoding, CameraMode};
use super::picture::{self, Copies, pixel_format, tight_stride, usual_colour};
use super::stream::{Arrival, CameraSetting, CameraShot, CameraStream};
use crate::capture::{CameraFree, CaptureError};
use crate::media::Timestamp;
use crate::rt::{Clock, StopSource};

/// The variable that names the folder of folders.
const FOLDER: &str = "GEARCAST_PLAYED_CAMERAS";
/// What `brightness` is without anybody's doing.
const MIDDLE: i64 = 128;

/// One such folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlayedCamera {
    folder: PathBuf,
}

/// Those that are plugged in, by name.
pub(super) fn all() -> Vec<PlayedCamera> {
    let Some(root) = std::env::var_os(FOLDER).filter(|root| !root.is_empty()) else { return Vec::new() };
    all_in(Path::new(&root))
}

fn all_in(root: &Path) -> Vec<PlayedCamera> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    let cameras = folders.into_iter().map(|folder| PlayedCamera { folder });
    cameras.filter(|camera| !camera.is("unplugged")).collect()
}

impl PlayedCamera {
    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self { folder: PathBuf::new() }
    }

    fn is(&self, state: &str) -> bool {
        self.folder.join(state).exists()
    }

    pub(super) fn free(&self) -> CameraFree {
        if self.is("denied") {
            CameraFree::Denied
        } else if self.is("busy") {
            CameraFree::Busy { by: None }
        } else {
            CameraFree::Yes
        }
    }

    pub(super) fn name(&self) -> String {
        self.folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    pub(super) fn id(&self) -> String {
        format!("played:{}", self.name())
    }

    pub(super) fn path(&self) -> String {
        self.folder.display().to_string()
    }

    fn files(&self) -> Vec<(CameraMode, PathBuf)> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut files: Vec<(CameraMode, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.path();
                let name = path.file_name()?.to_str()?.strip_suffix(".bin")?;
                Some((CameraMode::parse(name)?, path))
            })
            .collect();
        files.sort_by_key(|(mode, _)| mode.to_string());
        files
    }

    pub(super) fn modes(&self) -> Vec<CameraMode> {
        self.files().into_iter().map(|(mode, _)| mode).collect()
    }

    pub(super) fn open(&self, mode: CameraMode, clock: Arc<dyn Clock>) -> Result<Box<dyn CameraStream>, CaptureError> {
        let name = self.name();
        if self.is("unplugged") {
            return Err(CaptureError::CameraGone { name });
        }
        if self.is("busy") {
            return Err(CaptureError::CameraBusy { name, by: None });
        }
        if self.is("denied") {
            return Err(CaptureError::CameraDenied { name, path: self.path(), group: None });
        }
        let failed = |reason: String| CaptureError::CameraFailed { name: self.name(), reason };
        let file = self.files().into_iter().find(|(own, _)| *own == mode).map(|(_, path)| path);
        let file = file.ok_or_else(|| failed(format!("it has no mode {mode}")))?;
        let bytes = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
        let stride = pixel_format(mode.coding).map_or(0, |pixels| tight_stride(pixels, mode.size));
        let setting = CameraSetting { mode, stride, colour: usual_colour(mode.coding) };
        let shots = shots(&setting, &bytes);
        if shots.is_empty() {
            return Err(failed("its file holds no picture".to_owned()));
        }
        let copies = Copies::new(shots[0].len());
        let began = clock.now();
        let never = StopSource::new();
        Ok(Box::new(PlayedStream {
            camera: self.clone(),
            setting,
            shots,
            copies,
            began,
            next: 0,
            clock,
            never,
            values: Values::default(),
        }))
    }
}

/// The file's pictures.
fn shots(setting: &CameraSetting, bytes: &[u8]) -> Vec<Vec<u8>> {
    if setting.mode.coding == CameraCoding::H264 {
        let starts: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&[0, 0, 0, 1, 9])).collect();
        let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
        return starts.iter().zip(ends).map(|(start, end)| bytes[*start..end].to_vec()).collect();
    }
    let mut shots = Vec::new();
    let mut rest = bytes;
    while let Some(shot) = picture::whole(setting, rest).filter(|shot| !shot.is_empty()) {
        shots.push(shot.to_vec());
        rest = &rest[shot.len()..];
    }
    shots
}

struct PlayedStream {
    camera: PlayedCamera,
    setting: CameraSetting,
    shots: Vec<Vec<u8>>,
    copies: Copies,
    began: Timestamp,
    /// The number of the next picture.
    next: u64,
    clock: Arc<dyn Clock>,
    never: StopSource,
    values: Values,
}

struct Values {
    brightness: i64,
    automatic: bool,
    exposure: i64,
    frequency: i64,
}

impl Default for Values {
    fn default() -> Self {
        Self { brightness: MIDDLE, automatic: true, exposure: 250, frequency: 1 }
    }
}

impl CameraStream for PlayedStream {
    fn setting(&self) -> CameraSetting {
        self.setting
    }

    fn next(&mut self, within: Duration) -> Result<Arrival, CaptureError> {
        if self.camera.is("unplugged") {
            return Err(CaptureError::CameraGone { name: self.camera.name() });
        }
        let due = self.began.offset_nanos(self.setting.mode.rate.tick_nanos(self.next));
        let until = self.clock.now() + within;
        self.clock.sleep_until(due.min(until), &self.never.token());
        if due > until {
            return Ok(Arrival::Nothing);
        }
        let number = self.next;
        self.next += 1;
        if self.camera.is("stalled") {
            return Ok(Arrival::Nothing);
        }
        let sequence = u32::try_from(number & u64::from(u32::MAX)).ok();
        let count = self.shots.len() as u64;
        let index = usize::try_from(number % count).unwrap_or(0);
        let mut bytes = self.shots[index].clone();
        self.brighten(&mut bytes);
        let key = picture::key(self.setting.mode.coding, &bytes);
        let captured_at = due.min(self.clock.now());
        Ok(match self.copies.copy(&bytes) {
            Some(data) => Arrival::Shot(CameraShot { sequence, captured_at, key, data }),
            None => Arrival::Crowded { sequence },
        })
    }

    fn controls(&mut self) -> Vec<CameraControl> {
        let Values { brightness, automatic, exposure, frequency } = self.values;
        let control = |key: &str, name: &str, kind, value, default, state| CameraControl {
            key: key.to_owned(),
            name: name.to_owned(),
            kind,
            value,
            default,
            state,
        };
        let by_hand = if automatic { ControlState::Inactive } else { ControlState::Free };
        let entries = [(0, "Disabled"), (1, "50 Hz"), (2, "60 Hz")].map(|(number, name)| (number, name.to_owned()));
        let number = |min, max, step| ControlKind::Number { min, max, step };
        let free = ControlState::Free;
        vec![
            control("brightness", "Brightness", number(0, 255, 1), brightness, MIDDLE, free),
            control("exposure_automatic", "Exposure, Automatic", ControlKind::Switch, i64::from(automatic), 1, free),
            control("exposure_time", "Exposure Time", number(10, 2000, 10), exposure, 250, by_hand),
            control(
                "power_line_frequency",
                "Power Line Frequency",
                ControlKind::Menu(entries.to_vec()),
                frequency,
                1,
                free,
            ),
            control("reset_everything", "Reset everything", ControlKind::Button, 0, 0, free),
        ]
    }

    fn set_control(&mut self, key: &str, value: i64) -> Result<(), String> {
        match key {
            "brightness" => self.values.brightness = value,
            "exposure_automatic" => self.values.automatic = value != 0,
            "exposure_time" => self.values.exposure = value,
            "power_line_frequency" => self.values.frequency = value,
            "reset_everything" => self.values = Values::default(),
            _ => return Err("it has no such control".to_owned()),
        }
        Ok(())
    }
}

impl PlayedStream {
    /// The effect of `brightness`, on packed 4:2:2 alone: enough to see it.
    fn brighten(&self, bytes: &mut [u8]) {
        let more = self.values.brightness - MIDDLE;
        if more == 0 || self.setting.mode.coding != CameraCoding::Yuyv {
            return;
        }
        for luma in bytes.iter_mut().step_by(2) {
            *luma = u8::try_from((i64::from(*luma) + more).clamp(0, 255)).unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::ManualClock;

    fn camera(root: &Path, mode: &str, bytes: &[u8]) -> PlayedCamera {
        let folder = root.join("Desk Camera");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{mode}.bin")), bytes).unwrap();
        all_in(root).remove(0)
    }

    fn open(camera: &PlayedCamera, mode: &str) -> Result<(Arc<ManualClock>, Box<dyn CameraStream>), CaptureError> {
        let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(0)));
        let stream = camera.open(CameraMode::parse(mode).unwrap(), clock.clone())?;
        Ok((clock, stream))
    }

    #[test]
    fn pictures_are_played_over_and_over_at_the_modes_rate() {
        let root = tempfile::tempdir().unwrap();
        let camera = camera(root.path(), "2x2@10 gray", &[1, 1, 1, 1, 2, 2, 2, 2, 9]);
        assert_eq!((camera.id().as_str(), camera.modes().len()), ("played:Desk Camera", 1));
        let (clock, mut stream) = open(&camera, "2x2@10 gray").unwrap();
        let mut seen = Vec::new();
        for _ in 0..3 {
            if let Arrival::Shot(shot) = stream.next(Duration::ZERO).unwrap() {
                seen.push((shot.sequence.unwrap(), shot.data.bytes()[0], shot.captured_at.as_nanos()));
            }
            clock.advance(Duration::from_millis(100));
        }
        assert_eq!(seen, [(0, 1, 0), (1, 2, 100_000_000), (2, 1, 200_000_000)]);
    }

    #[test]
    fn files_in_its_folder_are_its_faults() {
        let root = tempfile::tempdir().unwrap();
        let camera = camera(root.path(), "2x2@10 gray", &[1; 8]);
        let mode = "2x2@10 gray";
        let (clock, mut stream) = open(&camera, mode).unwrap();
        let fault = |name: &str| root.path().join("Desk Camera").join(name);
        std::fs::write(fault("stalled"), "").unwrap();
        assert!(matches!(stream.next(Duration::ZERO), Ok(Arrival::Nothing)));
        std::fs::remove_file(fault("stalled")).unwrap();
        clock.advance(Duration::from_millis(100));
        assert!(matches!(stream.next(Duration::ZERO), Ok(Arrival::Shot(shot)) if shot.sequence == Some(1)));
        for (name, wanted) in
            [("busy", "is used by another program"), ("denied", "may not be opened"), ("unplugged", "is gone")]
        {
            std::fs::write(fault(name), "").unwrap();
            let Err(error) = open(&camera, mode) else { panic!("{name}") };
            assert!(error.to_string().contains(wanted), "{error}");
            if name != "unplugged" {
                std::fs::remove_file(fault(name)).unwrap();
            }
        }
        assert!(stream.next(Duration::ZERO).is_err());
        assert!(all_in(root.path()).is_empty(), "an unplugged camera is in no list");
    }

    #[test]
    fn encoded_pictures_are_cut_where_they_end() {
        let setting = |mode| {
            let mode = CameraMode::parse(mode).unwrap();
            CameraSetting { mode, stride: 0, colour: usual_colour(mode.coding) }
        };
        let unit = |kind: u8| vec![0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, kind, 1, 2];
        let film = [unit(0x65), unit(0x41), unit(0x41)].concat();
        let found = shots(&setting("4x4@30 h264"), &film);
        assert_eq!(found, [unit(0x65), unit(0x41), unit(0x41)]);
        let jpeg = [0xff, 0xd8, 0xff, 0xda, 0, 2, 5, 0xff, 0xd9];
        assert_eq!(shots(&setting("4x4@30 mjpeg"), &[jpeg, jpeg].concat()), [jpeg, jpeg]);
    }
}
