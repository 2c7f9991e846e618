//! Opening files and folders with the desktop's own programs.

use std::path::Path;

/// Shows the folder of a file.
pub(super) fn show_in_folder(file: &Path) -> Result<(), String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(format!("The folder {} is not there any more.", folder.display()));
    }
    open(folder).map_err(|why| format!("No file manager could be started ({why}). The file is {}", file.display()))
}

/// Opens a file with the program the desktop has for it.
pub(super) fn open_file(file: &Path) -> Result<(), String> {
    if !file.is_file() {
        return Err(format!("{} is not there any more.", file.display()));
    }
    open(file).map_err(|why| format!("No player could be started ({why}). The file is {}", file.display()))
}

fn open(path: &Path) -> Result<(), String> {
    open::that_detached(path).map_err(|error| format!("{error}; installing xdg-utils may help"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone/take.mp4");
        assert!(show_in_folder(&gone).unwrap_err().contains("not there"));
        assert!(open_file(&gone).unwrap_err().contains("not there"));
    }
}
