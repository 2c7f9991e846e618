//! From a camera's bytes to a picture: which bytes of a buffer are one, how they lie, and a copy of them that lives on.

use std::sync::Arc;

use super::jpeg;
use super::mode::CameraCoding;
#[cfg(target_os = "linux")]
use super::mode::CameraMode;
use super::stream::{CameraSetting, CameraShot, ShotKey};
use crate::capture::ring::Ring;
use crate::capture::rows::Rows;
use crate::capture::stage::Picture;
use crate::media::{Changed, Colour, Payload, PixelBuffer, PixelFormat, Planes, Resolution, h264};

/// The pixels of a coding; `None` if it is encoded.
pub(in crate::capture) const fn pixel_format(coding: CameraCoding) -> Option<PixelFormat> {
    match coding {
        CameraCoding::Nv12 => Some(PixelFormat::Nv12),
        CameraCoding::Yu12 => Some(PixelFormat::I420),
        CameraCoding::Yuyv => Some(PixelFormat::Yuyv),
        CameraCoding::Uyvy => Some(PixelFormat::Uyvy),
        CameraCoding::Rgb24 => Some(PixelFormat::Rgb24),
        CameraCoding::Bgr24 => Some(PixelFormat::Bgr24),
        CameraCoding::Gray => Some(PixelFormat::Gray8),
        CameraCoding::Mjpeg | CameraCoding::H264 => None,
    }
}

/// What the numbers of a coding usually stand for: UVC cameras send BT.601, limited where it is raw YUV.
pub(in crate::capture) const fn usual_colour(coding: CameraCoding) -> Colour {
    match coding {
        CameraCoding::Nv12 | CameraCoding::Yu12 | CameraCoding::Yuyv | CameraCoding::Uyvy => Colour::BT601,
        CameraCoding::Mjpeg | CameraCoding::Gray => Colour::JPEG,
        CameraCoding::Rgb24 | CameraCoding::Bgr24 => Colour::SRGB,
        CameraCoding::H264 => Colour::BT709,
    }
}

/// Bytes of the first plane's rows without padding.
pub(in crate::capture) fn tight_stride(pixels: PixelFormat, size: Resolution) -> usize {
    pixels.plane_layout(size).first().map_or(0, |(row, _)| *row)
}

/// Offset and stride of each plane where the first has this stride: the chroma planes of one buffer follow from it.
fn layout(pixels: PixelFormat, size: Resolution, stride: usize) -> Vec<(usize, usize)> {
    let mut offset = 0;
    let planes = pixels.plane_layout(size).into_iter().enumerate();
    planes
        .map(|(index, (row, rows))| {
            let stride = match (index, pixels) {
                (0, _) => stride,
                (_, PixelFormat::I420) => stride.div_ceil(2),
                _ => stride.next_multiple_of(2),
            };
            let plane = (offset, stride.max(row));
            offset += plane.1 * rows;
            plane
        })
        .collect()
}

/// Bytes of a raw picture. The last row needs no padding: some drivers leave it out.
fn needed(pixels: PixelFormat, size: Resolution, stride: usize) -> usize {
    let planes = pixels.plane_layout(size).into_iter().zip(layout(pixels, size, stride));
    planes.map(|((row, rows), (offset, stride))| offset + stride * rows.saturating_sub(1) + row).max().unwrap_or(0)
}

/// The part of a buffer that is the picture, or `None` if it is not whole.
pub(in crate::capture) fn whole<'a>(setting: &CameraSetting, used: &'a [u8]) -> Option<&'a [u8]> {
    let mode = &setting.mode;
    match pixel_format(mode.coding) {
        Some(pixels) => used.get(..needed(pixels, mode.size, setting.stride)),
        None if mode.coding == CameraCoding::Mjpeg => used.get(..jpeg::extent(used)?),
        None => Some(used).filter(|used| !used.is_empty()),
    }
}

/// The bytes of a picture without padding between its rows.
#[cfg(target_os = "linux")]
pub(super) fn tight(mode: CameraMode, stride: usize, bytes: &[u8]) -> Vec<u8> {
    let Some(pixels) = pixel_format(mode.coding) else { return bytes.to_vec() };
    let mut tight = Vec::with_capacity(pixels.packed_len(mode.size));
    for ((row, rows), (offset, stride)) in
        pixels.plane_layout(mode.size).into_iter().zip(layout(pixels, mode.size, stride))
    {
        for start in (0..rows).map(|index| offset + index * stride) {
            tight.extend_from_slice(bytes.get(start..start + row).unwrap_or_default());
        }
    }
    tight
}

/// Whether a picture can be shown without the ones before it. H.264's own bytes tell it: UVC drivers set no flag.
pub(in crate::capture) fn key(coding: CameraCoding, bytes: &[u8]) -> ShotKey {
    if coding != CameraCoding::H264 || h264::is_key(bytes) { ShotKey::Whole } else { ShotKey::Delta }
}

/// A shot as a picture; `None` if its bytes are not what the setting says.
pub(super) fn picture(shot: CameraShot, setting: &CameraSetting) -> Option<Picture> {
    let (mode, data) = (&setting.mode, shot.data);
    let payload = if let Some(format) = mode.coding.compressed() {
        Payload::Compressed { format, data: Arc::from(data.bytes()) }
    } else {
        let pixels = pixel_format(mode.coding)?;
        let layout = layout(pixels, mode.size, setting.stride);
        Payload::Planes(Planes::with_layout(pixels, mode.size, data, layout).ok()?)
    };
    let captured_at = shot.captured_at;
    Some(Picture { captured_at, colour: setting.colour, size: mode.size, changed: Changed::Unknown, payload })
}

/// Memory for copies of a driver's buffers: used again when nobody holds the frame any more.
pub(in crate::capture) struct Copies {
    ring: Ring<Vec<u8>>,
}

impl Copies {
    /// For pictures of about this many bytes; how many there may be follows from it.
    pub(in crate::capture) fn new(bytes_each: usize) -> Self {
        Self { ring: Ring::new(bytes_each) }
    }

    /// A copy; `None` if everything is held.
    pub(in crate::capture) fn copy(&mut self, bytes: &[u8]) -> Option<Arc<dyn PixelBuffer>> {
        let slot = match self.ring.free() {
            Some(slot) => slot,
            None if self.ring.may_grow() => self.ring.add(Vec::new(), Rows::EMPTY),
            None => return None,
        };
        let (buffer, _) = self.ring.write(slot)?;
        buffer.clear();
        buffer.extend_from_slice(bytes);
        let shared = self.ring.share(slot, Rows::EMPTY, Rows::EMPTY)?;
        Some(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mode::CameraMode;
    use super::*;
    use crate::media::{CompressedFormat, Timestamp};

    fn setting(mode: &str, stride: usize) -> CameraSetting {
        let mode = CameraMode::parse(mode).unwrap();
        CameraSetting { mode, stride, colour: usual_colour(mode.coding) }
    }

    fn shot(bytes: Vec<u8>) -> CameraShot {
        let captured_at = Timestamp::from_nanos(5);
        CameraShot { sequence: None, captured_at, key: ShotKey::Whole, data: Arc::new(bytes) }
    }

    #[test]
    fn every_raw_coding_is_read_with_its_stride_and_refused_when_a_byte_is_missing() {
        for (mode, stride, bytes, planes) in [
            ("4x2@30 yuyv", 8, 16, vec![(0, 8)]),
            ("4x2@30 yuyv", 20, 28, vec![(0, 20)]),
            ("4x2@30 uyvy", 8, 16, vec![(0, 8)]),
            ("4x4@30 nv12", 4, 24, vec![(0, 4), (16, 4)]),
            ("4x4@30 nv12", 16, 16 * 5 + 4, vec![(0, 16), (64, 16)]),
            ("4x4@30 yu12", 4, 24, vec![(0, 4), (16, 2), (20, 2)]),
            ("4x4@30 yu12", 16, 64 + 16 + 8 + 2, vec![(0, 16), (64, 8), (80, 8)]),
            ("4x2@30 rgb24", 12, 24, vec![(0, 12)]),
            ("4x2@30 bgr24", 16, 28, vec![(0, 16)]),
            ("4x2@30 gray", 4, 8, vec![(0, 4)]),
        ] {
            let setting = setting(mode, stride);
            let long: Vec<u8> = (0..200).collect();
            assert_eq!(whole(&setting, &long).map(<[u8]>::len), Some(bytes), "{mode} {stride}");
            assert_eq!(whole(&setting, &long[..bytes - 1]), None, "{mode} {stride}");
            let picture = picture(shot(long[..bytes].to_vec()), &setting).unwrap();
            let Payload::Planes(seen) = picture.payload else { panic!("not raw") };
            for (index, (offset, stride)) in planes.into_iter().enumerate() {
                let (plane, own) = seen.plane(index);
                assert_eq!((plane[0], own), (u8::try_from(offset).unwrap(), stride), "{mode} plane {index}");
            }
        }
    }

    #[test]
    fn a_jpeg_is_cut_at_its_end_and_a_torn_one_is_damaged() {
        let jpeg = [0xff, 0xd8, 0xff, 0xda, 0, 2, 5, 0xff, 0xd9, 3, 3];
        let setting = setting("4x2@30 mjpeg", 0);
        assert_eq!(whole(&setting, &jpeg), Some(&jpeg[..9]));
        assert_eq!(whole(&setting, &jpeg[..8]), None);
        let picture = picture(shot(jpeg[..9].to_vec()), &setting).unwrap();
        assert_eq!(picture.colour, Colour::JPEG);
        assert!(
            matches!(picture.payload, Payload::Compressed { format: CompressedFormat::Mjpeg, data } if data.len() == 9)
        );
    }

    #[test]
    fn padding_can_be_left_out() {
        let mode = CameraMode::parse("2x2@30 yu12").unwrap();
        let padded = [1, 2, 0, 0, 3, 4, 0, 0, 5, 0, 6, 0];
        assert_eq!(tight(mode, 4, &padded), [1, 2, 3, 4, 5, 6]);
        assert_eq!(tight(CameraMode::parse("2x2@30 mjpeg").unwrap(), 0, &[9; 3]), [9; 3]);
    }

    #[test]
    fn h264_stands_alone_where_it_holds_an_idr_picture() {
        let unit = |kind: u8| [0, 0, 0, 1, 9, 0xf0, 0, 0, 1, kind, 1, 2];
        assert_eq!(key(CameraCoding::H264, &unit(0x65)), ShotKey::Whole);
        assert_eq!(key(CameraCoding::H264, &unit(0x41)), ShotKey::Delta);
        assert_eq!(key(CameraCoding::H264, &[]), ShotKey::Delta);
        assert_eq!(key(CameraCoding::Yuyv, &[1]), ShotKey::Whole);
    }

    #[test]
    fn memory_is_used_again_and_bounded() {
        let mut copies = Copies::new(64 << 20);
        let held: Vec<_> = (0..9).map_while(|byte| copies.copy(&[byte])).collect();
        assert_eq!(held.len(), 4, "256 MB");
        assert!(held.iter().zip(0..).all(|(copy, byte)| copy.bytes() == [byte]));
        drop(held);
        assert_eq!(copies.copy(&[7, 7]).unwrap().bytes(), [7, 7]);
    }
}
