//! How much of a pitch is in some samples.

/// The amplitude of one pitch over all samples (of one channel).
#[expect(clippy::cast_precision_loss, reason = "some seconds of sound fit in a double")]
pub(crate) fn amplitude(samples: &[f32], hertz: f64) -> f64 {
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * hertz * n as f64 / 48_000.0;
        cosine += f64::from(*sample) * angle.cos();
        sine += f64::from(*sample) * angle.sin();
    }
    2.0 * f64::hypot(cosine, sine) / samples.len() as f64
}
