//! The folder of files, each under its sha256 in hexadecimal.
//!
//! Owns names and places. A file is whole or not there. Everything here blocks for the disk's time. May not know whose a
//! file is: whether it is still wanted is the store's to say.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// A folder of files.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: PathBuf,
}

impl Shelf {
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf() }
    }

    /// Keeps a file; its name. One that is there already is written anew, so that it counts as young.
    ///
    /// # Errors
    /// What stood in the way, with the folder's name.
    pub fn keep(&self, bytes: &[u8]) -> io::Result<String> {
        let name = hex::encode(Sha256::digest(bytes));
        let place = self.place(&name).ok_or(io::ErrorKind::InvalidInput)?;
        let folder = place.parent().unwrap_or(&self.dir);
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.dir.display()));
        make_private(folder).map_err(told)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(told)?;
        file.write_all(bytes).map_err(told)?;
        file.as_file().sync_all().map_err(told)?;
        file.persist(&place).map_err(|error| told(error.error))?;
        Ok(name)
    }

    /// A kept file.
    ///
    /// # Errors
    /// Also when the name is none of ours.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.place(name).ok_or(io::ErrorKind::InvalidInput)?)
    }

    /// Takes a file away; one that is not there is away already.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let place = self.place(name).ok_or(io::ErrorKind::InvalidInput)?;
        match fs::remove_file(place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The names of the files that are older than this.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn older_than(&self, age: Duration, now: SystemTime) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let folders = match fs::read_dir(&self.dir) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            Err(error) => return Err(error),
        };
        for folder in folders {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                let file = file?;
                let old = file.metadata()?.modified()?;
                let Some(name) = file.file_name().to_str().map(str::to_owned) else { continue };
                if now.duration_since(old).is_ok_and(|since| since >= age) && self.place(&name).is_some() {
                    names.push(name);
                }
            }
        }
        Ok(names)
    }

    // Sixty-four hexadecimal digits and nothing else ever become a path.
    fn place(&self, name: &str) -> Option<PathBuf> {
        let ours = name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        ours.then(|| self.dir.join(&name[..2]).join(name))
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_once_read_back_and_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(&folder.path().join("media"));
        assert!(shelf.older_than(Duration::ZERO, SystemTime::now()).unwrap().is_empty(), "nothing is there yet");
        let name = shelf.keep(b"abc").unwrap();
        assert_eq!(name, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(shelf.keep(b"abc").unwrap(), name);
        assert_eq!(shelf.read(&name).unwrap(), b"abc");
        let later = SystemTime::now() + Duration::from_secs(60);
        assert_eq!(shelf.older_than(Duration::from_secs(30), later).unwrap(), std::slice::from_ref(&name));
        assert!(shelf.older_than(Duration::from_secs(90), later).unwrap().is_empty());
        shelf.remove(&name).unwrap();
        shelf.remove(&name).unwrap();
        assert!(shelf.read(&name).is_err());
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path());
        for name in ["", "../../etc/passwd", &"A".repeat(64), &"./".repeat(32)] {
            assert!(shelf.read(name).is_err() && shelf.remove(name).is_err(), "{name}");
        }
    }
}
