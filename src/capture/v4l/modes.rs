//! Which modes a device has, as exact fractions, also where its driver tells little.

use v4l::format::FourCC;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::video::Capture;
use v4l::{Device, Fraction};

use super::guarded;
use crate::capture::{CameraCoding, CameraMode};
use crate::media::{FrameRate, Resolution};

/// Sizes offered of a device that takes any.
const USUAL_SIZES: [(u32, u32); 8] =
    [(320, 240), (640, 360), (640, 480), (800, 600), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160)];

/// Rates offered of a device that takes any.
const USUAL_RATES: [u32; 7] = [5, 10, 15, 24, 25, 30, 60];

/// More than any camera has; a driver that answers without end is cut off.
const MOST: usize = 2000;

/// All modes whose pictures can be read, in the driver's order.
pub(super) fn all(device: &Device) -> Vec<CameraMode> {
    let formats = guarded("its formats are unknown", || device.enum_formats()).unwrap_or_default();
    let mut codings: Vec<CameraCoding> = Vec::new();
    for coding in formats.iter().filter_map(|format| CameraCoding::of_fourcc(format.fourcc.repr)) {
        if !codings.contains(&coding) {
            codings.push(coding);
        }
    }
    let mut modes = Vec::new();
    for coding in codings {
        for size in sizes(device, coding) {
            for rate in rates(device, coding, size) {
                modes.push(CameraMode { size, rate, coding });
            }
        }
        if modes.len() >= MOST {
            break;
        }
    }
    modes.truncate(MOST);
    modes
}

/// A capture card has the size that its input gives. It tells no sizes, or any at all: then others are taken too, and
/// filled in part.
fn sizes(device: &Device, coding: CameraCoding) -> Vec<Resolution> {
    let told = guarded("its sizes are unknown", || device.enum_framesizes(FourCC::new(&coding.fourcc())));
    let mut sizes = Vec::new();
    let mut add = |size: Option<Resolution>| sizes.extend(size.filter(|size| !sizes.contains(size)));
    for size in told.unwrap_or_default() {
        match size.size {
            FrameSizeEnum::Discrete(size) => add(Resolution::checked(size.width, size.height)),
            FrameSizeEnum::Stepwise(range) => {
                let current = current_size(device);
                add(current);
                // One rate, or none, is the input's: a camera that scales its pictures has several.
                if current.is_none_or(|current| rates(device, coding, current).len() < 2) {
                    continue;
                }
                let fits = |at: u32, min: u32, max: u32, step: u32| {
                    (min..=max).contains(&at) && (at - min).is_multiple_of(step.max(1))
                };
                for (width, height) in USUAL_SIZES {
                    if fits(width, range.min_width, range.max_width, range.step_width)
                        && fits(height, range.min_height, range.max_height, range.step_height)
                    {
                        add(Resolution::checked(width, height));
                    }
                }
            }
        }
    }
    if sizes.is_empty() {
        sizes.extend(current_size(device));
    }
    sizes
}

fn current_size(device: &Device) -> Option<Resolution> {
    let format = guarded("its format is unknown", || device.format()).ok()?;
    Resolution::checked(format.width, format.height)
}

fn rates(device: &Device, coding: CameraCoding, size: Resolution) -> Vec<FrameRate> {
    let mut rates: Vec<FrameRate> = Vec::new();
    let mut add = |rate: Option<FrameRate>| rates.extend(rate.filter(|rate| !rates.contains(rate)));
    for interval in told_rates(device, coding, size) {
        match interval {
            FrameIntervalEnum::Discrete(interval) => add(rate_of(interval)),
            FrameIntervalEnum::Stepwise(range) => {
                let ends = (rate_of(range.max), rate_of(range.min));
                let (Some(slowest), Some(fastest)) = ends else { continue };
                add(Some(fastest));
                for rate in USUAL_RATES.map(FrameRate::whole) {
                    if (slowest.as_f64()..=fastest.as_f64()).contains(&rate.as_f64()) {
                        add(Some(rate));
                    }
                }
            }
        }
    }
    if rates.is_empty() {
        let current = guarded("its rate is unknown", || device.params()).ok();
        // A device that tells no rate at all is taken for one of 30; the time stamps say what it really has.
        rates.push(current.and_then(|current| rate_of(current.interval)).unwrap_or(FrameRate::whole(30)));
    }
    rates
}

fn told_rates(device: &Device, coding: CameraCoding, size: Resolution) -> Vec<FrameIntervalEnum> {
    let fourcc = FourCC::new(&coding.fourcc());
    let told = guarded("its rates are unknown", || device.enum_frameintervals(fourcc, size.width, size.height));
    told.unwrap_or_default().into_iter().map(|told| told.interval).collect()
}

/// An interval of seconds as frames per second, written 1/30, 1000/25000 or 1001/30000.
pub(super) fn rate_of(interval: Fraction) -> Option<FrameRate> {
    FrameRate::new(interval.denominator, interval.numerator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_rates_however_they_are_written() {
        let rate = |numerator, denominator| rate_of(Fraction { numerator, denominator });
        assert_eq!(rate(1, 30), FrameRate::new(30, 1));
        assert_eq!(rate(1000, 25_000), FrameRate::new(25, 1));
        assert_eq!(rate(1001, 30_000), FrameRate::new(30_000, 1001));
        assert_eq!(rate(2, 25), FrameRate::new(25, 2));
        assert_eq!(rate(333_333, 10_000_000), FrameRate::new(10_000_000, 333_333));
        assert_eq!((rate(0, 30), rate(1, 0)), (None, None));
    }
}
