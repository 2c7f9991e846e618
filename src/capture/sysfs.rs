//! What the system tells of cameras without opening them: the kernel's list of video devices, who may open one, and
//! who has it open.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
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
    /// Its place on the bus, and which of the device's files it is if not the first.
    pub(super) id: String,
}

impl Node {
    /// The device file.
    pub(super) fn path(&self) -> String {
        format!("/dev/video{}", self.number)
    }
}

/// The device files of this machine, by number: cameras, but also outputs, codecs, and the files for metadata that
/// every UVC camera has. Which is which only the opened device tells.
pub(super) fn nodes() -> Vec<Node> {
    nodes_in(Path::new(CLASS))
}

fn nodes_in(class: &Path) -> Vec<Node> {
    let entries = std::fs::read_dir(class).into_iter().flatten().flatten();
    let mut found: Vec<Node> = entries.filter_map(|entry| node(&entry.path())).collect();
    found.sort_by_key(|node| node.number);
    found
}

fn node(folder: &Path) -> Option<Node> {
    let number = folder.file_name()?.to_str()?.strip_prefix("video")?.parse().ok()?;
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).map(|text| text.trim().to_owned()).ok();
    let device: Option<PathBuf> = std::fs::canonicalize(folder.join("device")).ok();
    let bus = device.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let bus = bus.map_or_else(|| format!("video{number}"), str::to_owned);
    let id = match text("index").filter(|index| index != "0") {
        Some(index) => format!("{bus}#{index}"),
        None => bus,
    };
    let name = text("name").map(|name| plain_name(&name)).filter(|name| !name.is_empty());
    Some(Node { number, name: name.unwrap_or_else(|| format!("Camera {number}")), id })
}

/// UVC names come doubled (`HD Webcam: HD Webcam`), often with the second half cut at 31 bytes.
pub(super) fn plain_name(name: &str) -> String {
    let name = name.trim();
    match name.split_once(": ") {
        Some((first, second)) if !second.is_empty() && first.starts_with(second) => first.to_owned(),
        _ => name.trim_end_matches(':').to_owned(),
    }
}

/// The group that owns a device file, if the system has a name for it.
pub(super) fn owning_group(path: &str) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    let may = metadata.permissions().mode() & 0o060 == 0o060;
    may.then(|| group_name(&groups, metadata.gid())).flatten()
}

fn group_name(groups: &str, gid: u32) -> Option<String> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        (number.parse() == Ok(gid)).then(|| name.to_owned())
    })
}

/// Another program that has this device file open, where /proc lets this user see it.
pub(super) fn holder(path: &str) -> Option<String> {
    holder_in(Path::new("/proc"), Path::new(path), std::process::id())
}

/// How often this program has a device file open.
pub(super) fn times_open_here(path: &str) -> usize {
    open_files(Path::new("/proc/self")).filter(|target| target == Path::new(path)).count()
}

fn open_files(process: &Path) -> impl Iterator<Item = PathBuf> {
    let files = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_link(file.path()).ok())
}

fn holder_in(proc: &Path, device: &Path, own: u32) -> Option<String> {
    let processes = std::fs::read_dir(proc).ok()?.flatten();
    processes
        .filter(|entry| {
            let name = entry.file_name();
            name.to_str().and_then(|name| name.parse::<u32>().ok()).is_some_and(|pid| pid != own)
        })
        .find(|entry| open_files(&entry.path()).any(|target| target == device))
        .and_then(|entry| std::fs::read_to_string(entry.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
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
    fn the_bus_is_the_identity_and_names_are_said_once() {
        let root = tempfile::tempdir().unwrap();
        device(root.path(), 10, 0, "Capture: Card", "0000:03:00.0");
        device(root.path(), 2, 0, "HD Webcam: HD Webcam", "1-1:1.0");
        device(root.path(), 3, 1, "HD Webcam: HD Webcam", "1-1:1.0");
        std::fs::create_dir_all(root.path().join("class/v4l-subdev0")).unwrap();
        std::fs::create_dir_all(root.path().join("class/video9")).unwrap();
        let nodes = nodes_in(&root.path().join("class"));
        let seen: Vec<_> = nodes.iter().map(|node| (node.path(), node.name.as_str(), node.id.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("/dev/video2".to_owned(), "HD Webcam", "1-1:1.0"),
                ("/dev/video3".to_owned(), "HD Webcam", "1-1:1.0#1"),
                ("/dev/video9".to_owned(), "Camera 9", "video9"),
                ("/dev/video10".to_owned(), "Capture: Card", "0000:03:00.0"),
            ]
        );
        assert!(nodes_in(&root.path().join("nowhere")).is_empty());
    }

    #[test]
    fn doubled_and_cut_names_become_plain() {
        for (given, plain) in [
            ("HD Pro Webcam C920: HD Pro Web", "HD Pro Webcam C920"),
            ("Integrated Camera: Integrated C", "Integrated Camera"),
            ("Integrated Camera: IR", "Integrated Camera: IR"),
            ("UVC Camera (046d:0825)", "UVC Camera (046d:0825)"),
            ("Webcam:", "Webcam"),
            ("", ""),
        ] {
            assert_eq!(plain_name(given), plain);
        }
    }

    #[test]
    fn who_holds_a_device_is_read_from_its_open_files() {
        let root = tempfile::tempdir().unwrap();
        for (pid, name, target) in
            [(70, "self", "/dev/video0"), (71, "player", "/dev/null"), (72, "meet", "/dev/video0")]
        {
            let folder = root.path().join(pid.to_string());
            std::fs::create_dir_all(folder.join("fd")).unwrap();
            std::fs::write(folder.join("comm"), format!("{name}\n")).unwrap();
            std::os::unix::fs::symlink(target, folder.join("fd/7")).unwrap();
        }
        let holder = |device: &str| holder_in(root.path(), Path::new(device), 70);
        assert_eq!(holder("/dev/video0").as_deref(), Some("meet"));
        assert_eq!(holder("/dev/video1"), None);
        assert_eq!(holder_in(&root.path().join("nowhere"), Path::new("/dev/video0"), 1), None);
    }

    #[test]
    fn groups_have_names() {
        let groups = "root:x:0:\nvideo:x:44:ann,bob\nbroken\n";
        assert_eq!(group_name(groups, 44).as_deref(), Some("video"));
        assert_eq!(group_name(groups, 45), None);
    }
}
