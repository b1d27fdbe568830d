//! The regression gate: the test split's figures are kept in the repository and may not fall.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, bail};
use luisa_core::understanding::quality::{Got, Quality, Row};
use luisa_core::understanding::{Reading, read};
use serde::{Deserialize, Serialize};

use crate::corpus;

/// A figure may be this much lower before the gate closes: two messages of the split.
const SLACK: f64 = 0.003;

/// The store whose figures are kept.
const PACK: &str = "packs/el-sastre";

#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(long, default_value = PACK)]
    pack: PathBuf,
    /// Writes the figures of now instead of holding them against the kept ones.
    #[arg(long)]
    accept: bool,
    /// Writes the misses to this file.
    #[arg(long)]
    misses: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { pack: PathBuf::from(PACK), accept: false, misses: None }
    }
}

/// `corpus/figures.json`.
#[derive(Serialize, Deserialize)]
struct Figures {
    classifier_version: String,
    messages: usize,
    figures: BTreeMap<String, f64>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = corpus::root();
    let pack = corpus::pack(&root.join(&options.pack), true)?;
    let train = corpus::writers(&root.join("corpus/train"))?;
    let test = corpus::writers(&root.join("corpus/test"))?;
    let shared = corpus::shared(&train, &test);
    if !shared.is_empty() {
        let list: Vec<String> = shared.iter().map(|(a, b)| format!("{a} ~ {b}")).collect();
        bail!(
            "{} test messages are also in corpus/train; reword or remove them there: {}",
            shared.len(),
            list.join(", ")
        );
    }
    let mut micros: Vec<u128> = Vec::new();
    let mut pairs: Vec<(&Row, Reading, Got)> = Vec::new();
    for row in test.iter().flat_map(|w| &w.rows) {
        let started = Instant::now();
        let reading = read(&pack, &row.text);
        micros.push(started.elapsed().as_micros());
        let got = Got::of(&reading);
        pairs.push((row, reading, got));
    }
    let quality = Quality::of(pairs.iter().map(|(row, _, got)| (*row, got)));
    println!("{}", quality.table());
    let mut rest = pairs.iter();
    for writer in &test {
        let own = Quality::of(rest.by_ref().take(writer.rows.len()).map(|(row, _, got)| (*row, got)));
        println!("{}\n{}", writer.name, own.summary());
    }
    micros.sort_unstable();
    let at = |share: f64| micros.get((micros.len() as f64 * share) as usize).copied().unwrap_or(0);
    println!("microseconds a message: p50 {}, p99 {}", at(0.5), at(0.99));
    if let Some(path) = &options.misses {
        crate::train::write_misses(path, pairs.iter().map(|(row, reading, got)| (*row, reading, got)))?;
    }
    let now = Figures {
        classifier_version: pack.classifier_version.clone(),
        messages: quality.messages,
        figures: quality.figures().into_iter().map(|(k, v)| (k.to_owned(), (v * 1e4).round() / 1e4)).collect(),
    };
    let path = root.join("corpus/figures.json");
    if options.accept {
        std::fs::write(&path, serde_json::to_string_pretty(&now)? + "\n")?;
        println!("kept in corpus/figures.json");
        return Ok(());
    }
    let kept = std::fs::read_to_string(&path)
        .context("corpus/figures.json is missing; write it with `cargo xtask gate --accept`")?;
    hold(&serde_json::from_str(&kept)?, &now)
}

fn hold(kept: &Figures, now: &Figures) -> anyhow::Result<()> {
    let fallen: Vec<String> = kept
        .figures
        .iter()
        .filter_map(|(name, was)| {
            let is = now.figures.get(name).copied().unwrap_or(0.0);
            (is < was - SLACK).then(|| format!("{name} fell from {was:.4} to {is:.4}"))
        })
        .collect();
    if fallen.is_empty() {
        println!("the figures hold");
        return Ok(());
    }
    bail!("{}; mend it, or accept it with `cargo xtask gate --accept` and say why in the commit", fallen.join("; "))
}
