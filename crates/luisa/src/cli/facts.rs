//! `luisa facts`: what LUISA states of the store, and how the staff change it without a file.
//!
//! Owns what is refused. A fact of the catalog is changed in the catalog.

use std::io::Write;

use anyhow::bail;
use clap::{Args, Subcommand};
use luisa_core::pack::check::fact_problem;
use luisa_store::FactEdit;
use serde_json::{Map, json};

use super::database;
use crate::cli::Verdict;
use crate::runtime::clock::Clock;
use crate::settings::Settings;
use crate::{catalog, packs};

#[derive(Debug, Subcommand)]
pub enum Facts {
    /// What LUISA states, and what of it the staff changed.
    List(Listing),
    /// State VALUE under KEY from now on; a serving LUISA follows in a second.
    Set(Set),
    /// State again what the pack says.
    Unset(Unset),
}

#[derive(Debug, Args)]
pub struct Listing {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Set {
    /// As `luisa facts list` shows it: `horario`.
    key: String,
    /// In the words that a customer reads.
    value: String,
}

#[derive(Debug, Args)]
pub struct Unset {
    /// As `luisa facts list` shows it.
    key: String,
}

impl Facts {
    /// Runs the command.
    ///
    /// # Errors
    /// No database, a fact that there is not or that does not fit.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let store = database::open(settings)?;
        let now = Clock::Real.now();
        let own = packs::load(settings.business_dir.as_deref())?.pack;
        let pack = catalog::edited(&store, &own).await?.0;
        let mut out = std::io::stdout();
        match self {
            Self::List(listing) => {
                let edits = store.fact_edits().await?;
                write!(out, "{}", listed(listing, &pack, &edits))?;
            }
            Self::Set(Set { key, value }) => {
                let value = value.trim();
                if !pack.facts.contains_key(key) {
                    let known = pack.facts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                    bail!("no hay un dato «{key}»; hay: {known}");
                }
                if pack.computed.contains_key(key) {
                    bail!("«{key}» sale del catálogo: cambie el producto con `luisa catalog import`");
                }
                let items = pack.catalog.items.clone();
                let facts = pack.facts.iter().filter(|(id, _)| *id != key).map(|(id, say)| (id.as_str(), say.as_str()));
                let after = pack.edited(items, facts.chain([(key.as_str(), value)])).map_err(anyhow::Error::msg)?;
                if let Some(problem) = fact_problem(&after, key) {
                    bail!("«{key}»: {problem}");
                }
                store.edit_fact(now, key, Some(value), "luisa facts").await?;
                writeln!(out, "{key}: {value}")?;
            }
            Self::Unset(Unset { key }) => {
                store.edit_fact(now, key, None, "luisa facts").await?;
                let Some(value) = own.facts.get(key) else { bail!("el paquete no tiene un dato «{key}»") };
                writeln!(out, "{key}: {value}")?;
            }
        }
        Ok(Verdict::Done)
    }
}

fn listed(listing: &Listing, pack: &luisa_core::pack::Pack, edits: &[FactEdit]) -> String {
    let edited = |key: &str| edits.iter().any(|edit| edit.key == key);
    if listing.json {
        let facts: Map<String, serde_json::Value> = pack
            .facts
            .iter()
            .map(|(key, say)| {
                let computed = pack.computed.contains_key(key);
                (key.clone(), json!({ "say": say, "edited": edited(key), "computed": computed }))
            })
            .collect();
        return format!("{}\n", json!(facts));
    }
    let line = |(key, say): (&String, &String)| {
        let mark = match () {
            () if pack.computed.contains_key(key) => "  (sale del catálogo)",
            () if edited(key) => "  (cambiado por el equipo)",
            () => "",
        };
        format!("{key}: {say}{mark}\n")
    };
    pack.facts.iter().map(line).collect()
}
