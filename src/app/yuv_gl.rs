//! Paints NV12 pictures with a shader: 3 ms of CPU a 720p frame where converting and a plain texture take 10.
//!
//! The one file of this room with `unsafe`: every call of the GL binding is.
#![expect(unsafe_code, reason = "glow marks every GL call unsafe; all of them are here")]

use eframe::glow::{self, HasContext as _};

use crate::imaging::{Mirror, PreviewImage};
use crate::media::{Colour, Matrix, Range};

const VERTEX: &str = "uniform float mirror;
out vec2 uv;
void main() {
    vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    uv = vec2(mix(corner.x, 1.0 - corner.x, mirror), 1.0 - corner.y);
    gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}";

// `scale` holds luma's offset and factor and chroma's factor; `chroma` what red, green (twice) and blue take of it.
const FRAGMENT: &str = "uniform sampler2D luma_plane;
uniform sampler2D chroma_plane;
uniform vec3 scale;
uniform vec4 chroma;
in vec2 uv;
out vec4 colour;
void main() {
    float y = (texture(luma_plane, uv).r - scale.x) * scale.y;
    vec2 c = (texture(chroma_plane, uv).rg - 128.0 / 255.0) * scale.z;
    vec3 rgb = vec3(y + chroma.x * c.y, y - chroma.y * c.x - chroma.z * c.y, y + chroma.w * c.x);
    colour = vec4(clamp(rgb, 0.0, 1.0), 1.0);
}";

/// What the picture in the textures is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Uploaded {
    seq: u64,
    width: i32,
    height: i32,
}

/// The program and its two planes. Belongs to one GL context: made, used and destroyed on its thread.
pub(super) struct YuvGl {
    program: glow::Program,
    vertices: glow::VertexArray,
    luma: glow::Texture,
    chroma: glow::Texture,
    uploaded: Option<Uploaded>,
}

/// The factors of a colour description: `scale` and `chroma` as the shader takes them.
fn factors(colour: Colour) -> ([f32; 3], [f32; 4]) {
    let scale = match colour.range {
        Range::Limited => [16.0 / 255.0, 255.0 / 219.0, 255.0 / 224.0],
        Range::Full => [0.0, 1.0, 1.0],
    };
    let chroma = match colour.matrix {
        Matrix::Bt601 => [1.402, 0.344_136, 0.714_136, 1.772],
        // A YUV picture has no RGB matrix; HD's is the likelier mistake to make.
        Matrix::Bt709 | Matrix::Rgb => [1.5748, 0.187_324, 0.468_124, 1.8556],
    };
    (scale, chroma)
}

impl YuvGl {
    /// Compiles the shader; the error is the driver's.
    pub(super) fn new(gl: &glow::Context) -> Result<Self, String> {
        let header =
            if gl.version().is_embedded { "#version 300 es\nprecision mediump float;\n" } else { "#version 140\n" };
        let program = link(gl, &[(glow::VERTEX_SHADER, VERTEX), (glow::FRAGMENT_SHADER, FRAGMENT)], header)?;
        // SAFETY: the context is current: eframe calls us while it creates the app or paints.
        unsafe {
            let vertices = gl.create_vertex_array()?;
            let (luma, chroma) = (plane_texture(gl)?, plane_texture(gl)?);
            Ok(Self { program, vertices, luma, chroma, uploaded: None })
        }
    }

    /// Paints the picture over the viewport that egui has set; a picture already there is not uploaded again.
    pub(super) fn paint(&mut self, gl: &glow::Context, image: &PreviewImage, mirror: Mirror) {
        let (Ok(width), Ok(height)) = (i32::try_from(image.size.width), i32::try_from(image.size.height)) else {
            return;
        };
        let (scale, chroma) = factors(image.colour);
        // SAFETY: the context is current inside a paint callback; the planes' lengths were checked by the caller.
        unsafe {
            gl.use_program(Some(self.program));
            self.upload(gl, image, Uploaded { seq: image.seq, width, height });
            for (unit, texture, name) in [(0, self.luma, "luma_plane"), (1, self.chroma, "chroma_plane")] {
                gl.active_texture(glow::TEXTURE0 + unit);
                gl.bind_texture(glow::TEXTURE_2D, Some(texture));
                gl.uniform_1_i32(gl.get_uniform_location(self.program, name).as_ref(), unit.cast_signed());
            }
            gl.uniform_3_f32_slice(gl.get_uniform_location(self.program, "scale").as_ref(), &scale);
            gl.uniform_4_f32_slice(gl.get_uniform_location(self.program, "chroma").as_ref(), &chroma);
            let mirror = if mirror == Mirror::Horizontal { 1.0 } else { 0.0 };
            gl.uniform_1_f32(gl.get_uniform_location(self.program, "mirror").as_ref(), mirror);
            gl.disable(glow::BLEND);
            gl.bind_vertex_array(Some(self.vertices));
            gl.draw_arrays(glow::TRIANGLE_STRIP, 0, 4);
            gl.active_texture(glow::TEXTURE0); // egui restores the rest of its state by itself
        }
    }

    /// # Safety
    /// The context must be current and the planes as long as the size says.
    unsafe fn upload(&mut self, gl: &glow::Context, image: &PreviewImage, new: Uploaded) {
        if self.uploaded == Some(new) {
            return;
        }
        let same_size = self.uploaded.is_some_and(|old| (old.width, old.height) == (new.width, new.height));
        let half = (new.width.midpoint(1), new.height.midpoint(1));
        let planes = [
            (self.luma, new.width, new.height, glow::R8, glow::RED, &image.y),
            (self.chroma, half.0, half.1, glow::RG8, glow::RG, &image.uv),
        ];
        // SAFETY: as this function's.
        unsafe {
            gl.active_texture(glow::TEXTURE0);
            gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 1);
            for (texture, width, height, internal, format, bytes) in planes {
                gl.bind_texture(glow::TEXTURE_2D, Some(texture));
                let (target, kind) = (glow::TEXTURE_2D, glow::UNSIGNED_BYTE);
                let pixels = glow::PixelUnpackData::Slice(Some(bytes));
                if same_size {
                    gl.tex_sub_image_2d(target, 0, 0, 0, width, height, format, kind, pixels);
                } else {
                    gl.tex_image_2d(target, 0, internal.cast_signed(), width, height, 0, format, kind, pixels);
                }
            }
        }
        self.uploaded = Some(new);
    }

    /// Gives everything back to the driver.
    pub(super) fn destroy(self, gl: &glow::Context) {
        // SAFETY: the context is current: eframe calls us on exit for this.
        unsafe {
            gl.delete_program(self.program);
            gl.delete_vertex_array(self.vertices);
            gl.delete_texture(self.luma);
            gl.delete_texture(self.chroma);
        }
    }
}

fn link(gl: &glow::Context, shaders: &[(u32, &str)], header: &str) -> Result<glow::Program, String> {
    // SAFETY: the context is current, see `YuvGl::new`.
    unsafe {
        let program = gl.create_program()?;
        for (kind, source) in shaders {
            let shader = gl.create_shader(*kind)?;
            gl.shader_source(shader, &format!("{header}{source}"));
            gl.compile_shader(shader);
            if !gl.get_shader_compile_status(shader) {
                let log = gl.get_shader_info_log(shader);
                gl.delete_shader(shader);
                gl.delete_program(program);
                return Err(log);
            }
            gl.attach_shader(program, shader);
            // Only marked: it goes with the program.
            gl.delete_shader(shader);
        }
        gl.link_program(program);
        if gl.get_program_link_status(program) {
            return Ok(program);
        }
        let log = gl.get_program_info_log(program);
        gl.delete_program(program);
        Err(log)
    }
}

/// # Safety
/// The context must be current.
unsafe fn plane_texture(gl: &glow::Context) -> Result<glow::Texture, String> {
    // SAFETY: as this function's.
    unsafe {
        let texture = gl.create_texture()?;
        gl.bind_texture(glow::TEXTURE_2D, Some(texture));
        for (key, value) in [
            (glow::TEXTURE_MIN_FILTER, glow::LINEAR),
            (glow::TEXTURE_MAG_FILTER, glow::LINEAR),
            (glow::TEXTURE_WRAP_S, glow::CLAMP_TO_EDGE),
            (glow::TEXTURE_WRAP_T, glow::CLAMP_TO_EDGE),
        ] {
            gl.tex_parameter_i32(glow::TEXTURE_2D, key, value.cast_signed());
        }
        Ok(texture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shader's arithmetic.
    fn rgb(colour: Colour, y: f32, u: f32, v: f32) -> [f32; 3] {
        let ([offset, luma, scale], [rv, gu, gv, bu]) = factors(colour);
        let y = (y / 255.0 - offset) * luma;
        let (u, v) = ((u - 128.0) / 255.0 * scale, (v - 128.0) / 255.0 * scale);
        [y + rv * v, y - gu * u - gv * v, y + bu * u].map(|part| (part.clamp(0.0, 1.0) * 255.0).round())
    }

    #[test]
    fn known_colours_come_out_right() {
        // Black, white and pure red in each description, from the ITU's own tables.
        assert!(rgb(Colour::BT709, 16.0, 128.0, 128.0).iter().all(|part| *part < 0.5));
        assert!(rgb(Colour::BT709, 235.0, 128.0, 128.0).iter().all(|part| *part > 254.5));
        for (colour, y, u, v) in
            [(Colour::BT709, 63.0, 102.0, 240.0), (Colour::BT601, 81.0, 90.0, 240.0), (Colour::JPEG, 76.0, 85.0, 255.0)]
        {
            let [r, g, b] = rgb(colour, y, u, v);
            assert!(r >= 253.0 && g <= 2.0 && b <= 2.0, "{colour:?}: {r} {g} {b}");
        }
    }
}
