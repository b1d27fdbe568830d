//! Loading packs from the repository, and the faults a broken one shows.
use std::path::Path;

use luisa_core::pack::{Pack, PackFiles};

pub(crate) fn files(name: &str) -> PackFiles {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(name);
    let mut files = PackFiles::new();
    collect(&root, &root, &mut files);
    files
}

fn collect(root: &Path, folder: &Path, files: &mut PackFiles) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

pub(crate) fn el_sastre() -> Pack {
    Pack::load(&files("el-sastre")).unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("the pack of El Sastre is broken:\n{}", lines.join("\n"))
    })
}

/// The bakery of `packs/minimal`: another trade, rules alone.
pub(crate) fn minimal() -> Pack {
    Pack::load(&files("minimal")).unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("the minimal pack is broken:\n{}", lines.join("\n"))
    })
}

#[test]
fn the_pack_of_el_sastre_loads() {
    let pack = el_sastre();
    assert_eq!(pack.catalog.items.len(), 9);
    assert_eq!(pack.catalog.item("I008").unwrap().price_cop.unwrap().to_string(), "$1.230.000");
}
