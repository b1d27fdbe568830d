//! The business pack that is served: the built-in one, or the folder that `BUSINESS_DIR` names.
//!
//! Owns the reading of files and the pictures that go with a pack. What the files must say is the core's to check.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use luisa_core::pack::{Pack, PackFault, PackFiles};

/// The built-in pack: path inside the pack, and content.
static BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/built_in_pack.rs"));

/// No file of a pack is larger; what is, was put there by mistake.
const LARGEST_FILE: u64 = 32 * 1024 * 1024;

/// A pack and its pictures.
#[derive(Debug)]
pub struct Loaded {
    pub pack: Pack,
    pub pictures: Pictures,
}

/// The pictures of a pack, by image id.
pub type Pictures = BTreeMap<String, Picture>;

/// A picture of the catalog.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Shared, so that a copy of the picture costs nothing.
    pub bytes: Bytes,
    /// `image/png` or `image/jpeg`.
    pub mime: &'static str,
    /// `I007.png`
    pub file_name: String,
}

/// A pack that cannot be served: every fault, one per line.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used:{}\n{}", .place.name(), lines(.faults), .place.remedy())]
pub struct BadPack {
    pub place: Place,
    pub faults: Vec<PackFault>,
}

/// Where a pack comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    BuiltIn,
    Folder(PathBuf),
}

impl Place {
    fn name(&self) -> String {
        match self {
            Self::BuiltIn => "the built-in business pack".to_owned(),
            Self::Folder(folder) => format!("the business pack in {}", folder.display()),
        }
    }

    fn remedy(&self) -> &'static str {
        match self {
            Self::BuiltIn => {
                "This luisa was built from a broken pack: build it again, or set BUSINESS_DIR to a folder with a pack."
            }
            Self::Folder(_) => "Correct these files, or unset BUSINESS_DIR to serve the built-in pack.",
        }
    }
}

fn lines(faults: &[PackFault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// Loads the pack of a folder, or the built-in one.
///
/// # Errors
/// Every fault of the pack.
pub fn load(folder: Option<&Path>) -> Result<Loaded, BadPack> {
    match folder {
        Some(folder) => {
            let place = Place::Folder(folder.to_path_buf());
            match read_folder(folder) {
                Ok(files) => load_files(files, place),
                Err(fault) => Err(BadPack { place, faults: vec![fault] }),
            }
        }
        None => built_in(),
    }
}

/// The files of the pack of a folder, or of the built-in one, as they are.
///
/// # Errors
/// A folder that cannot be read.
pub fn files(folder: Option<&Path>) -> Result<PackFiles, BadPack> {
    match folder {
        Some(folder) => read_folder(folder)
            .map_err(|fault| BadPack { place: Place::Folder(folder.to_path_buf()), faults: vec![fault] }),
        None => Ok(BUILT_IN.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()),
    }
}

fn built_in() -> Result<Loaded, BadPack> {
    let files = files(None)?;
    let mut loaded = load_files(files, Place::BuiltIn)?;
    // The binary has the bytes already: no second copy in memory.
    for picture in loaded.pictures.values_mut() {
        let path = format!("media/{}", picture.file_name);
        if let Some((_, bytes)) = BUILT_IN.iter().find(|(name, _)| *name == path) {
            picture.bytes = Bytes::from_static(bytes);
        }
    }
    Ok(loaded)
}

fn load_files(mut files: PackFiles, place: Place) -> Result<Loaded, BadPack> {
    let pack = Pack::load(&files).map_err(|faults| BadPack { place, faults })?;
    let pictures = pack.media.iter().filter_map(|(id, path)| {
        let bytes = files.remove(path)?;
        let file_name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let mime = if file_name.ends_with(".png") { "image/png" } else { "image/jpeg" };
        Some((id.clone(), Picture { bytes: bytes.into(), mime, file_name }))
    });
    let pictures = pictures.collect();
    Ok(Loaded { pack, pictures })
}

// The files of the folder, of its `media` and its `prompts`; deeper ones are the store's own affair.
fn read_folder(folder: &Path) -> Result<PackFiles, PackFault> {
    let mut files = PackFiles::new();
    read_files(folder, "", &mut files)
        .map_err(|(path, e)| whole(&path, &e, "set BUSINESS_DIR to a folder with the files of a pack"))?;
    for inner in ["media", "prompts"] {
        let path = folder.join(inner);
        if path.is_dir() {
            read_files(&path, &format!("{inner}/"), &mut files)
                .map_err(|(path, e)| whole(&path, &e, "make it readable for the user that runs luisa"))?;
        }
    }
    Ok(files)
}

fn whole(path: &Path, e: &io::Error, remedy: &str) -> PackFault {
    PackFault { file: path.display().to_string(), line: None, problem: format!("it cannot be read ({e}); {remedy}") }
}

fn read_files(folder: &Path, prefix: &str, files: &mut PackFiles) -> Result<(), (PathBuf, io::Error)> {
    let here = |e| (folder.to_path_buf(), e);
    for entry in std::fs::read_dir(folder).map_err(here)? {
        let path = entry.map_err(here)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let size = std::fs::metadata(&path).map_err(|e| (path.clone(), e))?;
        // Hidden files are of editors and of the desktop.
        if !size.is_file() || name.starts_with('.') {
            continue;
        }
        if size.len() > LARGEST_FILE {
            return Err((path, io::Error::other(format!("it has {} bytes, more than {LARGEST_FILE}", size.len()))));
        }
        let bytes = std::fs::read(&path).map_err(|e| (path.clone(), e))?;
        files.insert(format!("{prefix}{name}"), bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(folder: &Path) -> String {
        load(Some(folder)).expect_err("a broken pack").to_string()
    }

    #[test]
    fn the_built_in_pack_can_be_served_with_a_picture_for_each_product() {
        let loaded = load(None).unwrap_or_else(|bad| panic!("{bad}"));
        assert!(!loaded.pack.catalog.items.is_empty());
        for item in &loaded.pack.catalog.items {
            let picture = &loaded.pictures[&item.image_id];
            let right = match picture.mime {
                "image/png" => picture.bytes.starts_with(b"\x89PNG"),
                _ => picture.bytes.starts_with(&[0xff, 0xd8, 0xff]),
            };
            assert!(right, "{} is not what its name says", picture.file_name);
        }
        assert!(BUILT_IN.iter().all(|(name, _)| !name.ends_with(".svg")), "sources of pictures are not carried");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_with_the_remedy() {
        let text = faults(Path::new("/nowhere/at/all"));
        assert!(text.contains("/nowhere/at/all") && text.contains("BUSINESS_DIR"), "{text}");
    }

    #[test]
    fn every_missing_file_of_a_pack_is_a_line_of_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let text = faults(folder.path());
        for file in ["pack.toml", "facts.toml", "catalog.csv", "replies.toml"] {
            assert!(
                text.lines().any(|line| line.trim_start().starts_with(file) && line.contains("missing")),
                "{file}: {text}"
            );
        }
    }

    #[test]
    fn a_broken_line_is_named_by_file_and_number() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in BUILT_IN {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let pack = std::fs::read_to_string(folder.path().join("pack.toml")).unwrap();
        std::fs::write(folder.path().join("pack.toml"), pack.replacen("format = 1", "format = 1\nfromat = 2", 1))
            .unwrap();
        let text = faults(folder.path());
        assert!(text.contains("pack.toml line ") && text.contains("fromat"), "{text}");
    }
}
