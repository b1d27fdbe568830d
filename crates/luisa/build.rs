//! Lists the files of the built-in business pack, so that `src/packs.rs` can carry them in the binary.
//!
//! A list made here and not a macro: it leaves out the sources of the pictures, and a new file rebuilds the crate.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let pack =
        Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../packs/el-sastre").canonicalize()?;
    let mut files = Vec::new();
    for folder in [pack.clone(), pack.join("media"), pack.join("prompts")] {
        // Only the folders: cargo looks at every file below them by itself.
        println!("cargo::rerun-if-changed={}", folder.display());
        files.extend(files_of(&folder)?);
    }
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&pack).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        // Writing to a String cannot fail.
        let _ = writeln!(code, "    ({name:?}, include_bytes!({:?})),", file.display().to_string());
    }
    code.push_str("]\n");
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("built_in_pack.rs");
    fs::write(out, code)
}

fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type()?.is_file() && !hidden {
            files.push(entry.path());
        }
    }
    Ok(files)
}
