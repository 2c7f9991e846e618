//! stub
use crate::imaging::PreviewImage;
use crate::media::{Frame, FrameRate, Resolution};
use std::sync::{Arc, Mutex};
pub struct Preview {
    last: Mutex<Option<Arc<Frame>>>,
}
impl Preview {
    pub fn start(_max: Resolution, _fps: FrameRate, _wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        Ok(Self { last: Mutex::new(None) })
    }
    pub fn feed(&self, frame: &Arc<Frame>) {
        *self.last.lock().unwrap() = Some(Arc::clone(frame));
    }
    pub fn newest_frame(&self) -> Option<Arc<Frame>> {
        self.last.lock().unwrap().clone()
    }
    pub fn image(&self) -> Option<Arc<PreviewImage>> {
        None
    }
    pub fn set_watched(&self, _w: bool) {}
    pub fn set_max_size(&self, _m: Resolution) {}
}
