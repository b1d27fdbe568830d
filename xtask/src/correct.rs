//! Corrections: messages that LUISA misread, labelled by a person, taken into the training corpus.
//!
//! Owns the checks: a correction is whole, of the taxonomy, new, and free of telephone numbers. Nothing is taken when
//! one of them is not.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context, bail};
use luisa_core::understanding::quality::{self, Row};
use serde_json::{Value, json};

use crate::corpus::{self, Writer};

/// Where corrections are kept: a writer of their own.
const KEPT: &str = "corpus/train/correcciones.jsonl";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Labelled messages, one JSON object per line as in corpus/README.md; ids are given here.
    file: PathBuf,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = corpus::root();
    let text =
        std::fs::read_to_string(&options.file).with_context(|| format!("{} cannot be read", options.file.display()))?;
    let rows = quality::rows(&text).map_err(|e| anyhow::anyhow!("{}: {e}", options.file.display()))?;
    let mut known = corpus::writers(&root.join("corpus/train"))?;
    let kept = known.iter().find(|w| w.name == "correcciones").map_or(0, |w| w.rows.len());
    known.extend(corpus::writers(&root.join("corpus/test"))?);
    let faults: Vec<String> = rows.iter().enumerate().filter_map(|(n, row)| fault(n + 1, row)).collect();
    if !faults.is_empty() {
        bail!("nothing was taken:\n{}", faults.join("\n"));
    }
    let new = [Writer { name: "new".to_owned(), rows: rows.clone(), text: text.clone() }];
    let shared = corpus::shared(&known, &new);
    if !shared.is_empty() {
        let list: Vec<String> = shared.iter().map(|(a, b)| format!("{a} ~ {b}")).collect();
        bail!("nothing was taken: {} messages are in the corpus already: {}", shared.len(), list.join(", "));
    }
    let path = root.join(KEPT);
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("{KEPT} cannot be written"))?;
    for (n, line) in text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        writeln!(file, "{}", with_id(line, kept + n + 1)?)?;
    }
    println!("{} corrections are in {KEPT}; now `cargo xtask train` and `cargo xtask gate`", rows.len());
    Ok(())
}

// What a correction may not be, in one sentence.
fn fault(line: usize, row: &Row) -> Option<String> {
    let digits: String = row.text.chars().filter(char::is_ascii_digit).collect();
    let telephone = digits.as_bytes().windows(10).any(|d| d[0] == b'3' && !d.starts_with(b"300555"));
    if telephone {
        return Some(format!("line {line}: it holds a telephone number; write 300555 and four digits in its place"));
    }
    row.text.trim().is_empty().then(|| format!("line {line}: the text is empty; write what the customer wrote"))
}

fn with_id(line: &str, n: usize) -> anyhow::Result<Value> {
    let mut row: Value = serde_json::from_str(line)?;
    row["id"] = json!(format!("correccion-{n:04}"));
    Ok(row)
}
