//! What importing a file would change or changed, in the words of whoever keeps the shop's list.
//!
//! Owns these words. May not read a file or touch the catalog.

use std::collections::BTreeSet;
use std::io::Write as _;

use luisa_core::catalog_table::CellFault;
use luisa_core::money::Cop;
use luisa_store::CatalogItem;
use serde::Serialize;

use super::Incoming;
use crate::cli::Verdict;

/// What is listed one by one; of more, how many there are.
const LISTED: usize = 40;

/// What a file means for the catalog.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) file: String,
    pub(super) imported: bool,
    pub(super) added: Vec<String>,
    pub(super) changed: Vec<Change>,
    pub(super) unchanged: usize,
    pub(super) withdrawn: Vec<String>,
    pub(super) faults: Vec<CellFault>,
    /// Prices that are likely slips of the finger: imported only with `--yes`.
    pub(super) doubts: Vec<Doubt>,
    /// Columns that are not the catalog's.
    pub(super) ignored: Vec<String>,
    pub(super) notes: Vec<String>,
    #[serde(skip)]
    pub(super) write: Vec<CatalogItem>,
}

/// A price that is likely a slip.
#[derive(Debug, Serialize)]
pub(super) struct Doubt {
    pub(super) id: String,
    pub(super) price: Cop,
    pub(super) why: String,
}

/// One cell that becomes different.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) id: String,
    pub(super) column: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// Prints it. The verdict is no when nothing was or would be imported.
pub(super) fn say(incoming: &Incoming, report: &Report) -> anyhow::Result<Verdict> {
    let mut out = std::io::stdout();
    if incoming.json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
    } else {
        write!(out, "{}", text(report, incoming.yes))?;
    }
    let doubtful = !incoming.yes && !report.doubts.is_empty();
    Ok(if report.faults.is_empty() && !doubtful { Verdict::Done } else { Verdict::No })
}

/// The first of them, and how many more there are.
pub(super) fn listed(ids: &[String]) -> String {
    let first = ids.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(LISTED) {
        0 => first,
        more => format!("{first} … y {more} más"),
    }
}

fn text(report: &Report, yes: bool) -> String {
    let file = if report.file == "-" { "La lista" } else { &report.file };
    if !report.faults.is_empty() {
        let faults: String = report.faults.iter().map(|fault| format!("  {fault}\n")).collect();
        return format!("{file}: {} por corregir; no se cambió nada.\n{faults}", report.faults.len());
    }
    let changed: BTreeSet<&str> = report.changed.iter().map(|change| change.id.as_str()).collect();
    let doubtful = !yes && !report.doubts.is_empty();
    let verb = match (report.imported, doubtful) {
        (true, _) => "importada",
        (false, true) => "NO se importó",
        (false, false) => "se puede importar",
    };
    let (new, changed) = (report.added.len(), changed.len());
    let (same, withdrawn) = (report.unchanged, report.withdrawn.len());
    let mut text =
        format!("{file}: {verb}. Nuevos {new}, cambiados {changed}, iguales {same}, retirados {withdrawn}.\n");
    if !report.added.is_empty() {
        text.push_str(&format!("  nuevos: {}\n", listed(&report.added)));
    }
    for Change { id, column, from, to } in report.changed.iter().take(LISTED) {
        text.push_str(&format!("  {id} {column}: «{from}» pasa a «{to}»\n"));
    }
    if report.changed.len() > LISTED {
        text.push_str(&format!("  … y {} celdas más\n", report.changed.len() - LISTED));
    }
    if !report.withdrawn.is_empty() {
        text.push_str(&format!("  retirados: {}\n", listed(&report.withdrawn)));
    }
    if !report.ignored.is_empty() {
        text.push_str(&format!("  columnas que no se leen: {}\n", report.ignored.join(", ")));
    }
    for Doubt { id, why, .. } in report.doubts.iter().take(LISTED) {
        text.push_str(&format!("  OJO {id}: {why}\n"));
    }
    if doubtful {
        text.push_str("  Si esos precios son así, repita con --yes; si no, corrija la lista. No se cambió nada.\n");
    }
    report.notes.iter().for_each(|note| text.push_str(&format!("  nota: {note}\n")));
    text
}
