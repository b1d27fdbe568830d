//! `luisa catalog`: the products as a file of the store's spreadsheet program, in and out.
//!
//! Owns the order: everything is read and checked before anything is written, and what is written is one transaction. A
//! serving LUISA notices by herself.

mod sheet;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use luisa_core::catalog_table::{self, CellFault, Entry, Table};
use luisa_core::pack::Pack;
use luisa_core::pack::check::{StalePrice, stale_prices};
use luisa_store::{CatalogItem, FactEdit, Store};
use serde::Serialize;

use crate::catalog;
use crate::cli::Verdict;
use crate::packs::{self, Loaded};
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// Changes that are listed one by one; of more, how many there are.
const LISTED: usize = 40;

#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Say what is wrong with FILE, or what importing it would change. Changes nothing.
    Check(Incoming),
    /// Take the products of FILE (.csv, .xlsx) into the catalog, all or none. Columns that are not there and products that
    /// are not in FILE stay as they are.
    Import(Incoming),
    /// Write the catalog of the moment to FILE (.csv, .xlsx); `-` is standard output, as CSV.
    Export(Outgoing),
}

#[derive(Debug, Args)]
pub struct Incoming {
    file: PathBuf,
    /// Products that are not in FILE are no longer offered.
    #[arg(long)]
    whole: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Outgoing {
    file: PathBuf,
    /// Replace FILE if it exists.
    #[arg(long)]
    force: bool,
}

/// What a file means for the catalog.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    imported: bool,
    added: Vec<String>,
    changed: Vec<Change>,
    unchanged: usize,
    withdrawn: Vec<String>,
    faults: Vec<CellFault>,
    notes: Vec<String>,
    #[serde(skip)]
    write: Vec<CatalogItem>,
}

/// One cell that becomes different.
#[derive(Debug, Serialize)]
struct Change {
    id: String,
    column: String,
    from: String,
    to: String,
}

/// What there is before the file comes.
struct Known {
    loaded: Loaded,
    entries: Vec<Entry>,
    facts: Vec<FactEdit>,
}

impl Catalog {
    /// Runs the command.
    ///
    /// # Errors
    /// A pack, database or file that cannot be used.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        match self {
            Self::Check(incoming) => {
                let report = look(incoming, &known(settings).await?)?;
                say(incoming, &report)
            }
            Self::Import(incoming) => import(incoming, settings).await,
            Self::Export(outgoing) => export(outgoing, &known(settings).await?),
        }
    }
}

async fn import(incoming: &Incoming, settings: &Settings) -> anyhow::Result<Verdict> {
    let store = Store::open(&settings.database.path)?;
    let now = Clock::Real.now();
    let own = packs::load(settings.business_dir.as_deref())?.pack;
    catalog::seed(&store, &own, now).await?;
    let mut report = look(incoming, &known(settings).await?)?;
    if report.faults.is_empty() && !report.write.is_empty() {
        store.edit_catalog(now, std::mem::take(&mut report.write)).await?;
    }
    report.imported = report.faults.is_empty();
    say(incoming, &report)
}

// The database's products when there is a database, else the pack's. Nothing is made.
async fn known(settings: &Settings) -> anyhow::Result<Known> {
    let loaded = packs::load(settings.business_dir.as_deref())?;
    let pack_entries =
        || loaded.pack.catalog.items.iter().map(|item| Entry { item: item.clone(), notes: String::new() });
    if !settings.database.path.exists() {
        let entries = pack_entries().collect();
        return Ok(Known { loaded, entries, facts: Vec::new() });
    }
    let store = Store::open(&settings.database.path)?;
    let rows = store.catalog_items().await?;
    let mut entries: Vec<Entry> = rows
        .into_iter()
        .map(|row| Entry { notes: row.item.notes.clone().unwrap_or_default(), item: catalog::item(row.item) })
        .collect();
    let missing: Vec<Entry> =
        pack_entries().filter(|entry| !entries.iter().any(|known| known.item.id == entry.item.id)).collect();
    entries.extend(missing);
    entries.sort_by(|a, b| a.item.id.cmp(&b.item.id));
    Ok(Known { loaded, entries, facts: store.fact_edits().await? })
}

// Reads the file and compares it with what there is.
fn look(incoming: &Incoming, known: &Known) -> anyhow::Result<Report> {
    let mut report = Report {
        file: incoming.file.display().to_string(),
        imported: false,
        added: Vec::new(),
        changed: Vec::new(),
        unchanged: 0,
        withdrawn: Vec::new(),
        faults: Vec::new(),
        notes: Vec::new(),
        write: Vec::new(),
    };
    let pack = &known.loaded.pack;
    let entries = match catalog_table::read(&sheet::read(&incoming.file)?, pack, &known.entries) {
        Ok(entries) => entries,
        Err(faults) => {
            report.faults = faults;
            return Ok(report);
        }
    };
    let mut after = known.entries.clone();
    for entry in entries {
        match after.iter_mut().find(|old| old.item.id == entry.item.id) {
            Some(old) if *old == entry => report.unchanged += 1,
            Some(old) => {
                report.changed.extend(changes(old, &entry));
                report.write.push(row(&entry));
                *old = entry;
            }
            None => {
                report.added.push(entry.item.id.clone());
                report.write.push(row(&entry));
                after.push(entry);
            }
        }
    }
    if incoming.whole {
        withdraw(incoming, &mut after, &mut report)?;
    }
    report.notes = notes(pack, &after, &known.facts)?;
    Ok(report)
}

// What the file does not name is no longer offered.
fn withdraw(incoming: &Incoming, after: &mut [Entry], report: &mut Report) -> anyhow::Result<()> {
    let table = sheet::read(&incoming.file)?;
    let named = |id: &str| table.rows.iter().any(|(_, cells)| cells.iter().any(|cell| cell.trim() == id));
    for entry in after.iter_mut().filter(|entry| entry.item.active && !named(&entry.item.id)) {
        entry.item.active = false;
        report.withdrawn.push(entry.item.id.clone());
        report.write.push(row(entry));
    }
    Ok(())
}

fn row(entry: &Entry) -> CatalogItem {
    let notes = (!entry.notes.is_empty()).then(|| entry.notes.clone());
    CatalogItem { notes, ..catalog::stored(&entry.item) }
}

fn changes(old: &Entry, new: &Entry) -> Vec<Change> {
    let table = catalog_table::write(&[old.clone(), new.clone()]);
    let [(_, before), (_, after)] = table.rows.as_slice() else { return Vec::new() };
    let cells = table.header.iter().zip(before.iter().zip(after));
    let different = cells.filter(|(_, (from, to))| from != to);
    different
        .map(|(column, (from, to))| Change {
            id: new.item.id.clone(),
            column: column.clone(),
            from: from.clone(),
            to: to.clone(),
        })
        .collect()
}

// What the staff would want to know: pictures that are missing, and facts that say something else now.
fn notes(pack: &Pack, after: &[Entry], facts: &[FactEdit]) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    let no_picture: Vec<&str> = after
        .iter()
        .filter(|entry| entry.item.active && !pack.media.contains_key(&entry.item.image_id))
        .map(|entry| entry.item.id.as_str())
        .collect();
    if !no_picture.is_empty() {
        notes.push(format!("no picture (none is sent; put one into the pack's media/): {}", no_picture.join(", ")));
    }
    let items = after.iter().map(|entry| entry.item.clone()).collect();
    let edits = facts.iter().map(|edit| (edit.key.as_str(), edit.value.as_str()));
    let pack = pack.edited(items, edits).map_err(anyhow::Error::msg)?;
    for StalePrice { file, id, claim, .. } in stale_prices(&pack) {
        notes.push(format!(
            "{file}: `{id}` says {claim}, which no product costs any more: change it; until then it is not said"
        ));
    }
    Ok(notes)
}

fn say(incoming: &Incoming, report: &Report) -> anyhow::Result<Verdict> {
    let mut out = std::io::stdout();
    if incoming.json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
    } else {
        write!(out, "{}", text_of(report))?;
    }
    Ok(if report.faults.is_empty() { Verdict::Done } else { Verdict::No })
}

fn text_of(report: &Report) -> String {
    let file = &report.file;
    if !report.faults.is_empty() {
        let faults: String = report.faults.iter().map(|fault| format!("  {fault}\n")).collect();
        return format!("{file}: {} to correct; nothing was changed.\n{faults}", report.faults.len());
    }
    let changed: std::collections::BTreeSet<&str> = report.changed.iter().map(|change| change.id.as_str()).collect();
    let verb = if report.imported { "imported" } else { "can be imported" };
    let mut text = format!(
        "{file} {verb}: {} new, {} changed, {} the same, {} withdrawn.\n",
        report.added.len(),
        changed.len(),
        report.unchanged,
        report.withdrawn.len()
    );
    let listed = |ids: &[String]| ids.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if !report.added.is_empty() {
        text.push_str(&format!("  new: {}\n", listed(&report.added)));
    }
    for change in report.changed.iter().take(LISTED) {
        let Change { id, column, from, to } = change;
        text.push_str(&format!("  {id} {column}: `{from}` becomes `{to}`\n"));
    }
    if report.changed.len() > LISTED {
        text.push_str(&format!("  and {} cells more\n", report.changed.len() - LISTED));
    }
    if !report.withdrawn.is_empty() {
        text.push_str(&format!("  withdrawn: {}\n", listed(&report.withdrawn)));
    }
    report.notes.iter().for_each(|note| text.push_str(&format!("  note: {note}\n")));
    text
}

fn export(outgoing: &Outgoing, known: &Known) -> anyhow::Result<Verdict> {
    let table: Table = catalog_table::write(&known.entries);
    let mut out = std::io::stdout();
    if outgoing.file == Path::new("-") {
        out.write_all(&sheet::bytes(Path::new("catalog.csv"), &table)?)?;
        return Ok(Verdict::Done);
    }
    let name = outgoing.file.display();
    let bytes = sheet::bytes(&outgoing.file, &table)?;
    if outgoing.file.exists() && !outgoing.force {
        bail!("{name} exists: choose another name, or give --force to replace it");
    }
    std::fs::write(&outgoing.file, bytes).with_context(|| format!("{name} cannot be written"))?;
    writeln!(out, "{name}: {} products.", table.rows.len())?;
    Ok(Verdict::Done)
}
