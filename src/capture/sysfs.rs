//! What the kernel tells of video devices without opening them.

use std::path::{Path, PathBuf};

/// Where the kernel lists them.
const CLASS: &str = "/sys/class/video4linux";

/// One device file that may be a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// The N of `/dev/videoN`.
    pub(super) number: u32,
    /// The device's own name.
    pub(super) name: String,
    /// Its place on the bus.
    pub(super) bus: String,
}

impl Node {
    /// The device file.
    pub(super) fn path(&self) -> String {
        format!("/dev/video{}", self.number)
    }
}

/// The devices of this machine.
pub(super) fn nodes() -> Vec<Node> {
    nodes_in(Path::new(CLASS))
}

/// One node a device and function, by number. A UVC camera has a second node (`index` 1) for metadata: it never
/// gives a picture, so only the first of each place on the bus is kept.
fn nodes_in(class: &Path) -> Vec<Node> {
    let entries = std::fs::read_dir(class).into_iter().flatten().flatten();
    let mut found: Vec<Node> = entries.filter_map(|entry| node(&entry.path())).collect();
    found.sort_by_key(|node| node.number);
    let mut seen = Vec::new();
    found.retain(|node| {
        let first = !seen.contains(&node.bus);
        seen.push(node.bus.clone());
        first
    });
    found
}

fn node(folder: &Path) -> Option<Node> {
    let number = folder.file_name()?.to_str()?.strip_prefix("video")?.parse().ok()?;
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).map(|text| text.trim().to_owned()).ok();
    if text("index").is_some_and(|index| index != "0") {
        return None;
    }
    let device: Option<PathBuf> = std::fs::canonicalize(folder.join("device")).ok();
    let bus = device.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let bus = bus.map_or_else(|| format!("video{number}"), str::to_owned);
    let name = text("name").filter(|name| !name.is_empty()).unwrap_or_else(|| format!("Camera {number}"));
    Some(Node { number, name, bus })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(root: &Path, number: u32, index: u32, name: &str, bus: &str) {
        let (folder, device) = (root.join(format!("class/video{number}")), root.join("devices").join(bus));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(&device).unwrap();
        std::fs::write(folder.join("index"), format!("{index}\n")).unwrap();
        std::fs::write(folder.join("name"), format!("{name}\n")).unwrap();
        std::os::unix::fs::symlink(device, folder.join("device")).unwrap();
    }

    #[test]
    fn metadata_nodes_are_left_out_and_the_bus_is_the_identity() {
        let root = tempfile::tempdir().unwrap();
        device(root.path(), 10, 0, "Second: Second", "1-2:1.0");
        device(root.path(), 2, 0, "HD Webcam", "1-1:1.0");
        device(root.path(), 3, 1, "HD Webcam", "1-1:1.0");
        std::fs::create_dir_all(root.path().join("class/v4l-subdev0")).unwrap();
        let nodes = nodes_in(&root.path().join("class"));
        let seen: Vec<_> = nodes.iter().map(|node| (node.path(), node.name.as_str(), node.bus.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("/dev/video2".to_owned(), "HD Webcam", "1-1:1.0"),
                ("/dev/video10".to_owned(), "Second: Second", "1-2:1.0")
            ]
        );
        assert!(nodes_in(&root.path().join("nowhere")).is_empty());
    }
}
