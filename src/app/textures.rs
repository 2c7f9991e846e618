//! The preview's picture on its way to the screen: by shader where there is GL, else as a plain texture.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{self, ColorImage, Rect, TextureHandle, TextureOptions};
use eframe::{egui_glow, glow};
use yuv::{YuvBiPlanarImage, YuvConversionMode, YuvRange, YuvStandardMatrix};

use super::yuv_gl::YuvGl;
use crate::imaging::{Mirror, PreviewImage};
use crate::media::{Matrix, Range, Resolution, Timestamp};
use crate::rt::Latest;

/// Which way pictures go.
enum Path {
    /// NV12 planes and a shader. The mailbox hands the program to the paint callback and back: one thread, no lock.
    Shader(Latest<YuvGl>),
    /// RGBA, converted here.
    Texture(Option<TextureHandle>),
}

/// Owns what the preview is painted with.
pub(super) struct Textures {
    path: Path,
    shown: Option<(Timestamp, Arc<PreviewImage>)>,
}

impl Textures {
    /// The shader where there is GL and it compiles; `GEARCAST_PREVIEW=texture` asks for the other way.
    pub(super) fn new(gl: Option<&Arc<glow::Context>>) -> Self {
        let forced = std::env::var_os("GEARCAST_PREVIEW").is_some_and(|way| way == "texture");
        let shader = gl.filter(|_| !forced).and_then(|gl| {
            YuvGl::new(gl)
                .inspect_err(|why| log::warn!("the preview's shader does not compile, a plain texture is used: {why}"))
                .ok()
        });
        let path = shader.map_or(Path::Texture(None), |shader| {
            let mailbox = Latest::new();
            mailbox.put(shader);
            Path::Shader(mailbox)
        });
        Self { path, shown: None }
    }

    /// Takes a newer picture, at most one every `pause`; `None` forgets the picture.
    pub(super) fn follow(
        &mut self,
        ctx: &egui::Context,
        image: Option<Arc<PreviewImage>>,
        now: Timestamp,
        pause: Duration,
    ) {
        let Some(image) = image.filter(|image| is_whole(image)) else {
            self.shown = None;
            return;
        };
        if let Some((at, shown)) = &self.shown
            && (shown.seq == image.seq || now.since(*at) < pause)
        {
            return;
        }
        if let Path::Texture(handle) = &mut self.path {
            let Some(rgba) = converted(&image) else { return };
            match handle {
                Some(handle) => handle.set(rgba, TextureOptions::LINEAR),
                None => *handle = Some(ctx.load_texture("preview", rgba, TextureOptions::LINEAR)),
            }
        }
        self.shown = Some((now, image));
    }

    /// The number of the picture that is shown.
    pub(super) fn shown_seq(&self) -> Option<u64> {
        self.shown.as_ref().map(|(_, image)| image.seq)
    }

    /// The size of the picture that is shown.
    pub(super) fn shown_size(&self) -> Option<Resolution> {
        self.shown.as_ref().map(|(_, image)| image.size)
    }

    /// Paints the picture into the rectangle; as in a mirror costs no more than as it is.
    pub(super) fn paint(&self, painter: &egui::Painter, rect: Rect, mirror: Mirror) {
        let Some((_, image)) = &self.shown else { return };
        match &self.path {
            Path::Shader(mailbox) => {
                let (mailbox, image) = (mailbox.clone(), Arc::clone(image));
                let callback = egui_glow::CallbackFn::new(move |_, painter| {
                    if let Some(mut shader) = mailbox.take() {
                        shader.paint(painter.gl(), &image, mirror);
                        mailbox.put(shader);
                    }
                });
                painter.add(egui::PaintCallback { rect, callback: Arc::new(callback) });
            }
            Path::Texture(Some(handle)) => {
                let (left, right) = match mirror {
                    Mirror::No => (0.0, 1.0),
                    Mirror::Horizontal => (1.0, 0.0),
                };
                let whole = Rect::from_min_max(egui::pos2(left, 0.0), egui::pos2(right, 1.0));
                painter.image(handle.id(), rect, whole, egui::Color32::WHITE);
            }
            Path::Texture(None) => {}
        }
    }

    /// Gives the GL objects back.
    pub(super) fn destroy(&mut self, gl: Option<&glow::Context>) {
        if let (Path::Shader(mailbox), Some(gl)) = (&self.path, gl)
            && let Some(shader) = mailbox.take()
        {
            shader.destroy(gl);
        }
    }
}

/// Whether the planes hold what the size promises: GL reads without asking.
fn is_whole(image: &PreviewImage) -> bool {
    let Some(size) = Resolution::checked(image.size.width, image.size.height) else { return false };
    let (width, height) = (size.width as usize, size.height as usize);
    image.y.len() >= width * height && image.uv.len() >= width.div_ceil(2) * 2 * height.div_ceil(2)
}

fn converted(image: &PreviewImage) -> Option<Arc<ColorImage>> {
    let (width, height) = (image.size.width, image.size.height);
    let mut rgba = ColorImage::filled([width as usize, height as usize], egui::Color32::BLACK);
    let planes = YuvBiPlanarImage {
        y_plane: image.y.as_slice(),
        y_stride: width,
        uv_plane: image.uv.as_slice(),
        uv_stride: width.next_multiple_of(2),
        width,
        height,
    };
    let range = match image.colour.range {
        Range::Limited => YuvRange::Limited,
        Range::Full => YuvRange::Full,
    };
    let matrix = match image.colour.matrix {
        Matrix::Bt601 => YuvStandardMatrix::Bt601,
        Matrix::Bt709 | Matrix::Rgb => YuvStandardMatrix::Bt709,
    };
    yuv::yuv_nv12_to_rgba(&planes, rgba.as_raw_mut(), width * 4, range, matrix, YuvConversionMode::Balanced)
        .inspect_err(|why| log::warn!("a preview picture of {} cannot be shown: {why}", image.size))
        .ok()?;
    Some(Arc::new(rgba))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Colour;

    fn image(width: u32, height: u32, seq: u64) -> Arc<PreviewImage> {
        let (w, h) = (width as usize, height as usize);
        Arc::new(PreviewImage {
            size: Resolution::new(width, height),
            y: Arc::new(vec![81; w * h]),
            uv: Arc::new([90, 240].repeat(w.div_ceil(2) * h.div_ceil(2))),
            colour: Colour::BT601,
            seq,
            captured_at: Timestamp::default(),
        })
    }

    #[test]
    fn the_texture_shows_the_pictures_colour() {
        let rgba = converted(&image(33, 17, 0)).unwrap();
        assert_eq!(rgba.size, [33, 17]);
        for pixel in &rgba.pixels {
            assert!(pixel.r() >= 250 && pixel.g() <= 5 && pixel.b() <= 5 && pixel.a() == 255, "{pixel:?}");
        }
    }

    #[test]
    fn a_mirror_changes_left_and_right_at_drawing() {
        let ctx = egui::Context::default();
        let mut textures = Textures::new(None);
        textures.follow(&ctx, Some(image(64, 48, 1)), Timestamp::default(), Duration::ZERO);
        let rect = Rect::from_min_max(egui::pos2(10.0, 20.0), egui::pos2(74.0, 68.0));
        // Where in the picture the left and the right edge take their pixels from.
        let edges = |mirror: Mirror| {
            let mut output = ctx.run_ui(egui::RawInput::default(), |ui| textures.paint(ui.painter(), rect, mirror));
            output.textures_delta.clear();
            let corners: Vec<_> = output
                .shapes
                .iter()
                .filter_map(|clipped| match &clipped.shape {
                    egui::Shape::Mesh(mesh) => Some(mesh.vertices.iter().map(|corner| (corner.pos, corner.uv))),
                    _ => None,
                })
                .flatten()
                .collect();
            let at = |pos: egui::Pos2| corners.iter().find(|(corner, _)| *corner == pos).unwrap().1;
            (at(rect.left_top()), at(rect.right_bottom()))
        };
        let pos = egui::pos2;
        assert_eq!(edges(Mirror::No), (pos(0.0, 0.0), pos(1.0, 1.0)));
        assert_eq!(edges(Mirror::Horizontal), (pos(1.0, 0.0), pos(0.0, 1.0)));
    }

    #[test]
    fn a_picture_with_too_few_bytes_is_not_shown() {
        let mut short = (*image(64, 48, 1)).clone();
        assert!(is_whole(&short));
        short.uv = Arc::new(vec![128; 10]);
        assert!(!is_whole(&short));
        short.size = Resolution::new(u32::MAX, u32::MAX);
        assert!(!is_whole(&short));
    }

    #[test]
    fn pictures_are_taken_at_the_pace_asked_for() {
        let ctx = egui::Context::default();
        let mut textures = Textures::new(None);
        let second = Duration::from_secs(1);
        let start = Timestamp::default();
        textures.follow(&ctx, Some(image(64, 48, 1)), start, second);
        textures.follow(&ctx, Some(image(64, 48, 2)), start + second / 2, second);
        assert_eq!(textures.shown_seq(), Some(1));
        textures.follow(&ctx, Some(image(64, 48, 3)), start + second, second);
        assert_eq!((textures.shown_seq(), textures.shown_size()), (Some(3), Some(Resolution::new(64, 48))));
        textures.follow(&ctx, None, start + second, second);
        assert_eq!(textures.shown_seq(), None);
    }
}
