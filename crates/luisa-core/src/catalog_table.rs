//! The catalog as a table that a store keeps in its spreadsheet program.
//!
//! Owns the columns' names in both languages, the ways in which people write a price or a yes, and the words for what is
//! wrong with a cell. May not read files: it is given cells.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalog::{Item, squash};
use crate::lexicon::fold::plain;
use crate::money::{Cop, amounts};
use crate::pack::Pack;
use crate::symbol::Symbol;

/// The cells of a file: a header, and rows with their number in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// From 1, as the spreadsheet program counts.
    pub header_row: usize,
    pub header: Vec<String>,
    pub rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    /// Finds the header among the first rows: titles, logos and dates may stand above it. None when there is no row.
    #[must_use]
    pub fn of_rows(rows: Vec<(usize, Vec<String>)>) -> Option<Self> {
        let filled = |cells: &[String]| cells.iter().any(|cell| !cell.trim().is_empty());
        let names = |cells: &[String]| cells.iter().filter(|cell| column_of(cell).is_some()).count();
        let has_id = |cells: &[String]| cells.iter().any(|cell| column_of(cell) == Some(Column::Id));
        let first = rows.iter().position(|(_, cells)| filled(cells))?;
        let header = rows.iter().take(first + TITLE_ROWS).position(|(_, cells)| has_id(cells) && names(cells) >= 2);
        let mut rows = rows.into_iter().skip(header.unwrap_or(first));
        let (header_row, header) = rows.next()?;
        Some(Self { header_row, header, rows: rows.collect() })
    }
}

/// What a file says: its products, and the columns that it has beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub entries: Vec<Entry>,
    /// Columns that are not the catalog's, as the file calls them.
    pub ignored: Vec<String>,
}

/// A product with what only the staff read.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub item: Item,
    pub notes: String,
}

/// What is wrong with a cell, a row or the header, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellFault {
    /// From 1, as the spreadsheet program counts.
    pub row: usize,
    /// As the file calls it; empty when the row as a whole is meant.
    pub column: String,
    pub value: String,
    pub problem: String,
}

impl std::fmt::Display for CellFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.column.as_str() {
            "" => write!(f, "fila {}: {}", self.row, self.problem),
            column => write!(f, "fila {}, columna «{column}», «{}»: {}", self.row, self.value, self.problem),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Id,
    Brand,
    Model,
    Name,
    Family,
    Kind,
    Features,
    Uses,
    GoodFor,
    Volume,
    Price,
    Promo,
    Stock,
    Active,
    Image,
    Priority,
    Aliases,
    Notes,
}

/// Each column as it is exported, and the other names under which it is known.
const COLUMNS: &[(Column, &str, &[&str])] = &[
    (Column::Id, "codigo", &["id", "item_id", "referencia", "ref", "sku", "cod", "codigo_producto", "cod_producto"]),
    (Column::Brand, "marca", &["brand"]),
    (Column::Model, "modelo", &["model"]),
    (Column::Name, "nombre", &["name", "producto", "articulo", "nombre_producto", "nombre_del_producto"]),
    (Column::Family, "familia", &["family", "categoria", "linea", "grupo"]),
    (Column::Kind, "tipo", &["kind", "clase"]),
    (Column::Features, "caracteristicas", &["features", "rasgos", "especificaciones"]),
    (Column::Uses, "usos", &["uses", "uso"]),
    (Column::GoodFor, "bueno_para", &["good_for", "ideal_para", "sirve_para"]),
    (Column::Volume, "volumen", &["volume"]),
    (Column::Price, "precio", PRICE_NAMES),
    (Column::Promo, "promocion", &["promo", "en_promocion", "oferta"]),
    (
        Column::Stock,
        "existencias",
        &["stock", "cantidad", "inventario", "existencia", "cant", "disponibles", "unidades"],
    ),
    (Column::Active, "activo", &["active", "activa", "se_vende", "visible"]),
    (Column::Image, "foto", &["image_id", "imagen", "image"]),
    (Column::Priority, "prioridad", &["priority", "orden"]),
    (Column::Aliases, "otros_nombres", &["aliases", "alias"]),
    (Column::Notes, "notas", &["notes", "observaciones", "nota"]),
];

const PRICE_NAMES: &[&str] = &[
    "price_cop",
    "price",
    "valor",
    "precio_venta",
    "precio_de_venta",
    "valor_venta",
    "valor_de_venta",
    "precio_publico",
    "precio_al_publico",
    "precio_unitario",
    "precio_cop",
    "precio_actual",
    "pvp",
    "p_venta",
    "vr_venta",
    "vlr_venta",
];

/// Rows that may stand above the header.
const TITLE_ROWS: usize = 15;
/// What people write for none left, and for some that nobody counted.
const NONE_LEFT: &[&str] =
    &["agotado", "agotada", "agotados", "agotadas", "no hay", "sin existencias", "sin existencia", "sin stock", "cero"];
const NOT_COUNTED: &[&str] = &["disponible", "disponibles", "hay", "si hay", "en existencia", "si"];
/// What people write after a number of pieces.
const PIECES: &[&str] =
    &["unidades", "unidad", "unds", "und", "uds", "ud", "uni", "un", "u", "piezas", "pzas", "pza", "maquinas"];

const YES: &[&str] = &["si", "s", "x", "true", "verdadero", "1", "yes", "activo", "activa"];
const NO: &[&str] = &["no", "n", "false", "falso", "0", "inactivo", "inactiva"];
/// What people write into a cell that has nothing to say.
const NOTHING: &[&str] = &["", "-", "--", "n/a", "na"];
/// A price above this is a slip of the finger.
const HIGHEST: i64 = 1_000_000_000;

/// Reads a table against what is known: a row with a known code changes the columns that are there, another row is a
/// new product. All faults are told at once.
///
/// # Errors
/// Every fault, in the order of the file.
pub fn read(table: &Table, pack: &Pack, known: &[Entry]) -> Result<Read, Vec<CellFault>> {
    let columns = columns(table)?;
    let mut reader = Reader { pack, columns: &columns, header: &table.header, faults: Vec::new() };
    let mut entries = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (row, cells) in &table.rows {
        let Some(entry) = reader.row(*row, cells, known) else { continue };
        let id = entry.item.id.clone();
        match seen.get(&id) {
            Some(first) => {
                reader.fault(
                    *row,
                    Column::Id,
                    &id,
                    format!("ya está en la fila {first}; cada producto lleva su propio código"),
                );
            }
            None => {
                seen.insert(id, *row);
                entries.push(entry);
            }
        }
    }
    if reader.faults.is_empty() { Ok(Read { entries, ignored: others(&table.header) }) } else { Err(reader.faults) }
}

/// The table of these products, each column under its Spanish name.
#[must_use]
pub fn write(entries: &[Entry]) -> Table {
    let header = COLUMNS.iter().map(|(_, name, _)| (*name).to_owned()).collect();
    let rows = entries.iter().enumerate();
    let rows = rows.map(|(n, entry)| (n + 2, COLUMNS.iter().map(|(column, ..)| cell(entry, *column)).collect()));
    Table { header_row: 1, header, rows: rows.collect() }
}

// What stands in a column, as it is read again.
fn cell(entry: &Entry, column: Column) -> String {
    let item = &entry.item;
    let yes = |flag: bool| if flag { "si" } else { "no" }.to_owned();
    match column {
        Column::Id => item.id.clone(),
        Column::Brand => item.brand.clone(),
        Column::Model => item.model.clone(),
        Column::Name => item.name.clone(),
        Column::Family => item.family.to_string(),
        Column::Kind => item.kind.clone(),
        Column::Features => item.features.join(" | "),
        Column::Uses => item.uses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
        Column::GoodFor => item.good_for.clone(),
        Column::Volume => item.volume.clone(),
        Column::Price => item.price_cop.map_or_else(String::new, |price| price.0.to_string()),
        Column::Promo => yes(item.promo),
        Column::Stock => item.stock.map_or_else(String::new, |stock| stock.to_string()),
        Column::Active => yes(item.active),
        Column::Image => item.image_id.clone(),
        Column::Priority => item.priority.to_string(),
        Column::Aliases => item.aliases.join(" | "),
        Column::Notes => entry.notes.clone(),
    }
}

// The column that is called so.
fn column_of(name: &str) -> Option<Column> {
    let key = squash(name);
    let called = |own: &str, others: &[&str]| squash(own) == key || others.iter().any(|other| squash(other) == key);
    COLUMNS.iter().find(|(_, own, others)| called(own, others)).map(|(column, ..)| *column)
}

// The columns that are not the catalog's.
fn others(header: &[String]) -> Vec<String> {
    let named = header.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    named.filter(|name| column_of(name).is_none()).map(str::to_owned).collect()
}

// Which column stands where.
fn columns(table: &Table) -> Result<Vec<Option<Column>>, Vec<CellFault>> {
    let mut faults = Vec::new();
    let mut found: Vec<Option<Column>> = Vec::new();
    let row = table.header_row;
    for name in &table.header {
        let column = column_of(name);
        if column.is_some() && found.contains(&column) {
            let problem = "esta columna está dos veces; deje una".to_owned();
            faults.push(CellFault { row, column: name.clone(), value: name.clone(), problem });
        }
        found.push(column);
    }
    if !found.contains(&Some(Column::Id)) {
        let names = COLUMNS.iter().map(|(_, own, _)| *own).collect::<Vec<_>>().join(", ");
        let problem = format!("no hay columna «codigo»; dele a cada producto un código en ella. Columnas: {names}");
        faults.push(CellFault { row, column: String::new(), value: String::new(), problem });
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

struct Reader<'a> {
    pack: &'a Pack,
    columns: &'a [Option<Column>],
    header: &'a [String],
    faults: Vec<CellFault>,
}

impl Reader<'_> {
    fn fault(&mut self, row: usize, column: Column, value: &str, problem: String) {
        let at = self.columns.iter().position(|known| *known == Some(column));
        let column = at.and_then(|at| self.header.get(at)).cloned().unwrap_or_default();
        self.faults.push(CellFault { row, column, value: value.to_owned(), problem });
    }

    fn row(&mut self, row: usize, cells: &[String], known: &[Entry]) -> Option<Entry> {
        let before = self.faults.len();
        let cell = |at: usize| cells.get(at).map_or("", |text| text.trim());
        if (0..cells.len()).all(|at| cell(at).is_empty()) {
            return None;
        }
        let id_at = self.columns.iter().position(|column| *column == Some(Column::Id))?;
        let id = cell(id_at);
        if id.is_empty() || id.chars().count() > 40 || id.contains(char::is_whitespace) {
            let problem =
                "un código tiene de 1 a 40 letras o números, sin espacios; escriba uno que no tenga otro producto";
            self.fault(row, Column::Id, id, problem.to_owned());
            return None;
        }
        let mut entry = known.iter().find(|entry| entry.item.id == id).cloned().unwrap_or_else(|| new(id));
        for (at, column) in self.columns.iter().enumerate().filter_map(|(at, column)| Some((at, (*column)?))) {
            if let Err(problem) = self.set(&mut entry, column, cell(at)) {
                self.fault(row, column, cell(at), problem);
            }
        }
        // Told in the row as a whole when the column is not there.
        if entry.item.name.is_empty() {
            self.fault(row, Column::Name, "", format!("el producto «{id}» no tiene nombre; escríbalo en «nombre»"));
        }
        if entry.item.family.as_str().is_empty() {
            let families = self.families();
            self.fault(
                row,
                Column::Family,
                "",
                format!("el producto «{id}» no tiene familia; escriba en «familia» una de estas: {families}"),
            );
        }
        (self.faults.len() == before).then_some(entry)
    }

    fn set(&self, entry: &mut Entry, column: Column, text: &str) -> Result<(), String> {
        if text.starts_with('#') && text.ends_with(['!', '?', 'A']) && text.len() < 10 {
            return Err("la hoja muestra un error aquí; corrija la fórmula".to_owned());
        }
        let item = &mut entry.item;
        match column {
            Column::Id => {}
            Column::Brand => text.clone_into(&mut item.brand),
            Column::Model => text.clone_into(&mut item.model),
            Column::Name => text.clone_into(&mut item.name),
            Column::Family if text.is_empty() => {}
            Column::Family => item.family = self.family(text)?,
            Column::Kind => text.clone_into(&mut item.kind),
            Column::Features => item.features = list(text),
            Column::Uses => item.uses = list(text).iter().map(|id| self.purpose(id)).collect::<Result<_, _>>()?,
            Column::GoodFor => text.clone_into(&mut item.good_for),
            Column::Volume => item.volume = volume(text)?,
            Column::Price => item.price_cop = price(text)?,
            Column::Promo => item.promo = flag(text)?.unwrap_or(false),
            Column::Stock => item.stock = count(text)?,
            Column::Active => item.active = flag(text)?.unwrap_or(true),
            Column::Image => text.clone_into(&mut item.image_id),
            Column::Priority => item.priority = priority(text)?,
            Column::Aliases => item.aliases = list(text),
            Column::Notes => text.clone_into(&mut entry.notes),
        }
        Ok(())
    }

    // By id, name or plural.
    fn family(&self, text: &str) -> Result<Symbol, String> {
        let key = squash(text);
        let names = |f: &crate::pack::Family| [f.id.as_str(), &f.name, &f.plural].iter().any(|n| squash(n) == key);
        let found = self.pack.families.iter().find(|family| names(family)).map(|family| family.id);
        found.ok_or_else(|| format!("la tienda no tiene esa familia; escriba una de estas: {}", self.families()))
    }

    fn families(&self) -> String {
        self.pack.families.iter().map(|family| family.id.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn purpose(&self, text: &str) -> Result<Symbol, String> {
        let key = squash(text);
        let found = self.pack.uses.iter().find(|u| squash(u.id.as_str()) == key || squash(&u.name) == key);
        found.map(|purpose| purpose.id).ok_or_else(|| {
            let known = self.pack.uses.iter().map(|u| u.id.as_str()).collect::<Vec<_>>().join(", ");
            format!("«{text}» no es un uso que la tienda conozca; escriba de estos, separados por |: {known}")
        })
    }
}

fn new(id: &str) -> Entry {
    let item = Item {
        id: id.to_owned(),
        brand: String::new(),
        model: String::new(),
        name: String::new(),
        family: Symbol::new(""),
        kind: String::new(),
        features: Vec::new(),
        uses: Vec::new(),
        good_for: String::new(),
        volume: String::new(),
        price_cop: None,
        promo: false,
        stock: None,
        active: true,
        image_id: id.to_owned(),
        priority: 5,
        aliases: Vec::new(),
        traits: std::collections::BTreeMap::new(),
    };
    Entry { item, notes: String::new() }
}

fn list(text: &str) -> Vec<String> {
    text.split(['|', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn is_nothing(text: &str) -> bool {
    NOTHING.contains(&plain(text).trim())
}

fn flag(text: &str) -> Result<Option<bool>, String> {
    let folded = plain(text);
    match folded.trim() {
        nothing if NOTHING.contains(&nothing) => Ok(None),
        yes if YES.contains(&yes) => Ok(Some(true)),
        no if NO.contains(&no) => Ok(Some(false)),
        _ => Err("esto no es sí ni no; escriba «si» o «no»".to_owned()),
    }
}

/// `950000`, `950.000`, `$950.000`, `950,000.00`, `950.000 COP`, `650mil`, `2.1 millones`; nothing for an empty cell.
///
/// # Errors
/// What is wrong, and what to write.
pub fn price(text: &str) -> Result<Option<Cop>, String> {
    if is_nothing(text) {
        return Ok(None);
    }
    let wrong =
        || "esto no es un precio en pesos; escriba por ejemplo 950000 o $950.000, o deje la celda vacía".to_owned();
    let folded = plain(&text.replace(['´', '’', '`', 'ʼ', '‘'], "'"));
    let bare = folded.trim().trim_start_matches('$').trim_end_matches("pesos").trim_end_matches("cop");
    let bare: String = bare.trim_start_matches("cop").chars().filter(|c| !c.is_whitespace() && *c != '$').collect();
    let digits = whole_pesos(&bare).map(|digits| digits.parse::<i64>().unwrap_or(i64::MAX));
    match digits.or_else(|| in_words(folded.trim())).ok_or_else(wrong)? {
        0 => Err("un precio es mayor que cero; deje la celda vacía si no se conoce".to_owned()),
        cop if (1..=HIGHEST).contains(&cop) => Ok(Some(Cop(cop))),
        _ => Err(format!("más de {} es un error de dedo; escriba el precio otra vez", Cop(HIGHEST))),
    }
}

// `650 mil`, `2.1 millones`: one amount, and nothing beside it.
fn in_words(text: &str) -> Option<i64> {
    let found = amounts(text);
    let [amount] = found.as_slice() else { return None };
    if !text.contains(char::is_alphabetic) {
        return None;
    }
    let whole = text[..amount.start].trim_matches([' ', '$']).is_empty()
        && matches!(text[amount.end..].trim(), "" | "pesos" | "cop");
    (whole && amount.explicit).then_some(amount.cop.0)
}

// The digits of an amount whose separators are those of thousands, cents of zero left out.
fn whole_pesos(text: &str) -> Option<String> {
    let cents = text.rsplit_once([',', '.']).filter(|(_, cents)| matches!(*cents, "0" | "00"));
    let pesos = cents.map_or(text, |(pesos, _)| pesos);
    let groups: Vec<&str> = pesos.split(['.', ',', '\'']).collect();
    let digits = groups.iter().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    let grouped = groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
    (digits && grouped).then(|| groups.concat())
}

fn count(text: &str) -> Result<Option<i64>, String> {
    let folded = plain(text);
    let bare = folded.trim();
    if is_nothing(text) || NOT_COUNTED.contains(&bare) {
        return Ok(None);
    }
    if NONE_LEFT.contains(&bare) {
        return Ok(Some(0));
    }
    let wrong = "esto no es una cantidad; escriba un número entero, 0 si está agotada, o deje la celda vacía";
    let number = bare.trim_end_matches('.').trim_end_matches(char::is_alphabetic).trim_end();
    let unit = bare[number.len()..].trim().trim_end_matches('.');
    let counted = unit.is_empty() || PIECES.contains(&unit);
    let pieces = whole_pesos(number).and_then(|digits| digits.parse::<i64>().ok()).filter(|_| counted);
    pieces.filter(|n| *n <= 1_000_000).map(Some).ok_or_else(|| wrong.to_owned())
}

fn priority(text: &str) -> Result<i64, String> {
    if is_nothing(text) {
        return Ok(5);
    }
    let found = whole_pesos(text.trim()).and_then(|digits| digits.parse::<i64>().ok()).filter(|n| *n <= 10);
    found.ok_or_else(|| "la prioridad es un número de 0 a 10; la más alta se ofrece primero".to_owned())
}

fn volume(text: &str) -> Result<String, String> {
    let folded = plain(text);
    match folded.trim() {
        nothing if NOTHING.contains(&nothing) => Ok(String::new()),
        known @ ("alto" | "bajo") => Ok(known.to_owned()),
        _ => Err("el volumen es «alto», «bajo» o nada".to_owned()),
    }
}

#[cfg(test)]
#[path = "catalog_table_tests.rs"]
mod tests;
