//! The labelled messages on disk and the pack they are read with.
//!
//! Owns finding and reading the files. One file is one writer.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use luisa_core::lexicon::tokens::normalize;
use luisa_core::pack::{Pack, PackFiles};
use luisa_core::understanding::quality::{self, Row};

/// One writer's messages.
pub(crate) struct Writer {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
    /// The file as it is, for the hash of the corpus.
    pub(crate) text: String,
}

/// The repository's root, whatever directory the command runs in.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every `*.jsonl` of a directory, by name; each message there has an intent.
pub(crate) fn writers(directory: &Path) -> anyhow::Result<Vec<Writer>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .with_context(|| format!("{} cannot be listed", directory.display()))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    paths.sort();
    let mut writers = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let rows = quality::rows(&text).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
        if let Some(row) = rows.iter().find(|row| row.intent.is_none()) {
            bail!("{}: {} has no intent; give it one", path.display(), row.id);
        }
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        writers.push(Writer { name, rows, text });
    }
    Ok(writers)
}

/// The files of a pack; without its model when a new one is to be made.
pub(crate) fn pack_files(directory: &Path, with_model: bool) -> anyhow::Result<PackFiles> {
    let mut files = PackFiles::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(folder) = pending.pop() {
        let listed = std::fs::read_dir(&folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
        for entry in listed {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let inside = path.strip_prefix(directory)?.to_string_lossy().replace('\\', "/");
            if with_model || inside != MODEL {
                files.insert(inside, std::fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

/// The model's name inside a pack.
pub(crate) const MODEL: &str = "understanding.model";

/// A pack good enough to read messages with; what else is wrong with it is another command's matter.
pub(crate) fn pack(directory: &Path, with_model: bool) -> anyhow::Result<Pack> {
    match Pack::parsed(&pack_files(directory, with_model)?) {
        Ok((pack, faults)) => {
            faults.iter().for_each(|fault| eprintln!("warning: {fault}"));
            Ok(pack)
        }
        Err(faults) => {
            let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
            bail!("the pack {} cannot be loaded:\n{}", directory.display(), list.join("\n"))
        }
    }
}

/// Pairs of messages that stand on both sides of the split, word for word or nearly; a courtesy, a nod or a laugh is
/// everybody's and does not count.
pub(crate) fn shared(train: &[Writer], test: &[Writer]) -> Vec<(String, String)> {
    const FEW: usize = 4;
    let words =
        |text: &str| -> Vec<String> { normalize(text, &BTreeMap::new()).words.into_iter().map(|w| w.key).collect() };
    let mut exact: HashMap<Vec<String>, &str> = HashMap::new();
    let mut by_word: HashMap<String, Vec<usize>> = HashMap::new();
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    for row in train.iter().flat_map(|w| &w.rows) {
        let keys = words(&row.text);
        exact.entry(keys.clone()).or_insert(&row.id);
        for key in keys.iter().filter(|k| k.len() >= 5) {
            by_word.entry(key.clone()).or_default().push(all.len());
        }
        all.push((&row.id, keys));
    }
    let mut found = Vec::new();
    for row in test.iter().flat_map(|w| &w.rows) {
        let keys = words(&row.text);
        if keys.len() < FEW {
            continue;
        }
        if let Some(id) = exact.get(&keys) {
            found.push((row.id.clone(), (*id).to_owned()));
            continue;
        }
        let mut candidates: Vec<usize> = keys.iter().filter_map(|k| by_word.get(k)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        if let Some(near) = candidates.into_iter().find(|at| nearly_same(&keys, &all[*at].1)) {
            found.push((row.id.clone(), all[near].0.to_owned()));
        }
    }
    found
}

// At most one word in eight differs, in any order, and at most one in short messages of six or more.
fn nearly_same(a: &[String], b: &[String]) -> bool {
    if a.len().min(b.len()) < 6 {
        return false;
    }
    let mut left: Vec<&String> = b.iter().collect();
    let mut same = 0;
    for word in a {
        if let Some(at) = left.iter().position(|w| *w == word) {
            left.swap_remove(at);
            same += 1;
        }
    }
    let longest = a.len().max(b.len());
    longest - same <= (longest / 8).max(1)
}
