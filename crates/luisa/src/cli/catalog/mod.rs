//! `luisa catalog`: the products as a file of the store's spreadsheet program, in and out.
//!
//! Owns the order: everything is read and checked before anything is written, and what is written is one transaction. A
//! serving LUISA notices by herself.

mod report;
mod sheet;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use luisa_core::catalog_table::{self, Entry, Table};
use luisa_core::lexicon::fold::plain;
use luisa_core::money::Cop;
use luisa_core::pack::Pack;
use luisa_core::pack::check::{StalePrice, stale_prices};
use luisa_store::{CatalogItem, FactEdit, Store};
use report::{Change, Doubt, Report, listed, say};

use crate::catalog;
use crate::cli::{Verdict, database};
use crate::packs::{self, Loaded};
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// A price that becomes more than so many times as high or as low is asked about.
const JUMP: i64 = 2;
/// So is a new product's that is so many times below or above all others.
const FAR: i64 = 10;

#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Say what is wrong with FILE, or what importing it would change. Changes nothing.
    Check(Incoming),
    /// Take the products of FILE (.csv, .xlsx; `-` is standard input) into the catalog, all or none. Columns that are not
    /// there and products that are not in FILE stay as they are.
    Import(Incoming),
    /// Write the catalog of the moment to FILE (.csv, .xlsx); `-` is standard output, as CSV.
    Export(Outgoing),
}

#[derive(Debug, Args)]
pub struct Incoming {
    /// The store's list: .csv or .xlsx; `-` is standard input.
    file: PathBuf,
    /// Products that are not in FILE are no longer offered.
    #[arg(long)]
    whole: bool,
    /// Import also prices that jump or are far from all others.
    #[arg(long)]
    yes: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Outgoing {
    /// .csv or .xlsx; `-` is standard output, as CSV.
    file: PathBuf,
    /// Replace FILE if it exists.
    #[arg(long)]
    force: bool,
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
    let store = database::open(settings)?;
    let now = Clock::Real.now();
    let own = packs::load(settings.business_dir.as_deref())?.pack;
    catalog::seed(&store, &own, now).await?;
    let mut report = look(incoming, &known(settings).await?)?;
    report.imported = report.faults.is_empty() && (incoming.yes || report.doubts.is_empty());
    if report.imported && !report.write.is_empty() {
        store.edit_catalog(now, std::mem::take(&mut report.write)).await?;
    }
    say(incoming, &report)
}

// The database's products when there is a database, else the pack's. Nothing is made.
async fn known(settings: &Settings) -> anyhow::Result<Known> {
    let loaded = packs::load(settings.business_dir.as_deref())?;
    let pack_entries =
        || loaded.pack.catalog.items.iter().map(|item| Entry { item: item.clone(), notes: String::new() });
    if !settings.database.path.exists() {
        let path = settings.database.path.display();
        writeln!(std::io::stderr(), "luisa: no hay base de datos en {path}: este es el catálogo del paquete")?;
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
    let mut report = Report { file: incoming.file.display().to_string(), ..Report::default() };
    let pack = &known.loaded.pack;
    let table = sheet::read(&incoming.file)?;
    let read = match catalog_table::read(&table, pack, &known.entries) {
        Ok(read) => read,
        Err(faults) => {
            report.faults = faults;
            return Ok(report);
        }
    };
    report.ignored = read.ignored;
    let usual = Usual::of(&known.entries);
    let mut after = known.entries.clone();
    let mut touched = BTreeSet::new();
    for entry in read.entries {
        touched.insert(entry.item.id.clone());
        match after.iter_mut().find(|old| old.item.id == entry.item.id) {
            Some(old) if *old == entry => report.unchanged += 1,
            Some(old) => {
                report.changed.extend(changes(old, &entry));
                report.doubts.extend(usual.doubt(old.item.price_cop, &entry));
                report.write.push(row(&entry));
                *old = entry;
            }
            None => {
                report.added.push(entry.item.id.clone());
                report.doubts.extend(usual.doubt(None, &entry));
                report.write.push(row(&entry));
                after.push(entry);
            }
        }
    }
    if incoming.whole {
        withdraw(&touched, &mut after, &mut report);
    }
    report.notes = notes(pack, &after, &touched, &known.facts)?;
    Ok(report)
}

/// The prices of the catalog before the file came.
struct Usual {
    lowest: Option<Cop>,
    highest: Option<Cop>,
}

impl Usual {
    fn of(entries: &[Entry]) -> Self {
        let prices = || entries.iter().filter(|entry| entry.item.active).filter_map(|entry| entry.item.price_cop);
        Self { lowest: prices().min(), highest: prices().max() }
    }

    // A thousand too many or too few, a digit too many: what is far from what was, or from everything else.
    fn doubt(&self, before: Option<Cop>, entry: &Entry) -> Option<Doubt> {
        let price = entry.item.price_cop?;
        let doubt = |why: String| Some(Doubt { id: entry.item.id.clone(), price, why });
        match (before, self.lowest, self.highest) {
            (Some(before), ..) if price.0 > before.0 * JUMP || price.0 * JUMP < before.0 => {
                doubt(format!("hoy cuesta {before} y quedaría en {price}"))
            }
            (Some(_), ..) => None,
            (None, Some(lowest), _) if price.0 * FAR < lowest.0 => {
                doubt(format!("costaría {price}, y lo más barato del catálogo cuesta {lowest}"))
            }
            (None, _, Some(highest)) if price.0 > highest.0 * FAR => {
                doubt(format!("costaría {price}, y lo más caro del catálogo cuesta {highest}"))
            }
            _ => None,
        }
    }
}

// What the file does not name is no longer offered.
fn withdraw(touched: &BTreeSet<String>, after: &mut [Entry], report: &mut Report) {
    for entry in after.iter_mut().filter(|entry| entry.item.active && !touched.contains(&entry.item.id)) {
        entry.item.active = false;
        report.withdrawn.push(entry.item.id.clone());
        report.write.push(row(entry));
    }
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

// What the staff would want to know: pictures that are missing, brands that nobody sold until now, and sentences that say
// another price now.
fn notes(pack: &Pack, after: &[Entry], touched: &BTreeSet<String>, facts: &[FactEdit]) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    let offered = || after.iter().map(|entry| &entry.item).filter(|item| item.active && touched.contains(&item.id));
    let no_picture: Vec<String> =
        offered().filter(|item| !pack.media.contains_key(&item.image_id)).map(|item| item.id.clone()).collect();
    if !no_picture.is_empty() {
        let n = no_picture.len();
        notes.push(format!("{n} sin foto (no se envía; póngala en el media/ del paquete): {}", listed(&no_picture)));
    }
    let absent = &pack.knowledge.rules().not_carried;
    let taken_up: BTreeSet<String> = offered()
        .filter(|item| absent.iter().any(|brand| plain(brand) == plain(&item.brand)))
        .map(|item| item.brand.clone())
        .collect();
    if !taken_up.is_empty() {
        let brands = listed(&taken_up.into_iter().collect::<Vec<_>>());
        notes.push(format!("{brands}: el paquete decía que no se maneja; desde ahora LUISA la vende"));
    }
    let items = after.iter().map(|entry| entry.item.clone()).collect();
    let edits = facts.iter().map(|edit| (edit.key.as_str(), edit.value.as_str()));
    let pack = pack.edited(items, edits).map_err(anyhow::Error::msg)?;
    for StalePrice { file, id, claim, .. } in stale_prices(&pack) {
        let price = claim.strip_prefix("money:").unwrap_or(&claim);
        notes.push(format!(
            "{file}: «{id}» dice {price} y ningún producto cuesta eso; cámbielo, mientras tanto no se dice"
        ));
    }
    Ok(notes)
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
        bail!("{name} ya existe; escoja otro nombre, o reemplácelo con --force");
    }
    std::fs::write(&outgoing.file, bytes).with_context(|| format!("no se pudo escribir {name}"))?;
    writeln!(out, "{name}: {} productos.", table.rows.len())?;
    Ok(Verdict::Done)
}
