//! Spreadsheet files: CSV and XLSX to a table of cells, and back.
//!
//! Owns the formats, and what spreadsheet programs do to a CSV (a semicolon, a mark in front, an old encoding). What the
//! cells mean is the core's.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use calamine::{Data, Reader};
use luisa_core::catalog_table::Table;

/// A catalog is not larger; what is, is another file.
const LARGEST: u64 = 20 * 1024 * 1024;

/// Reads a file by its ending.
///
/// # Errors
/// A file that is not there, too large, or of another kind.
pub(super) fn read(file: &Path) -> anyhow::Result<Table> {
    let name = file.display();
    let size = std::fs::metadata(file).with_context(|| format!("{name} cannot be read"))?.len();
    if size > LARGEST {
        bail!("{name} has {size} bytes: a catalog has at most {LARGEST}; save only the sheet with the products");
    }
    match Kind::of(file)? {
        Kind::Csv => read_csv(&std::fs::read(file).with_context(|| format!("{name} cannot be read"))?)
            .with_context(|| format!("{name} is no table")),
        Kind::Xlsx => read_xlsx(file).with_context(|| format!("{name} is no XLSX spreadsheet: save it again as XLSX")),
    }
}

/// A table as the bytes of a file of this ending.
///
/// # Errors
/// Another ending, or a table that the format cannot hold.
pub(super) fn bytes(file: &Path, table: &Table) -> anyhow::Result<Vec<u8>> {
    match Kind::of(file)? {
        Kind::Csv => csv(table),
        Kind::Xlsx => xlsx(table),
    }
}

enum Kind {
    Csv,
    Xlsx,
}

impl Kind {
    fn of(file: &Path) -> anyhow::Result<Self> {
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            _ => Err(anyhow!("{} is neither .csv nor .xlsx: save the catalog as one of them", file.display())),
        }
    }
}

fn read_csv(bytes: &[u8]) -> anyhow::Result<Table> {
    let text = text_of(bytes);
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: char| first.matches(mark).count();
    // What this country's spreadsheet programs write is separated by semicolons.
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|mark| count(*mark)).unwrap_or(',');
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (n, record) in reader.records().enumerate() {
        rows.push((n + 1, record?.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()));
    }
    with_header(rows)
}

// UTF-8, with or without its mark; else the encoding of older programs, in which every byte is a letter.
fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn read_xlsx(file: &Path) -> anyhow::Result<Table> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(file)?;
    let sheet = book.worksheet_range_at(0).ok_or_else(|| anyhow!("it has no sheet"))??;
    let first = sheet.start().map_or(0, |(row, _)| row as usize);
    let rows = sheet.rows().enumerate().map(|(n, cells)| (first + n + 1, cells.iter().map(cell).collect()));
    with_header(rows.collect())
}

// Numbers come as floats, also whole ones.
fn cell(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Bool(flag) => if *flag { "si" } else { "no" }.to_owned(),
        Data::Error(error) => format!("{error}"),
        other => other.to_string().trim().to_owned(),
    }
}

// The first row that is not empty.
fn with_header(rows: Vec<(usize, Vec<String>)>) -> anyhow::Result<Table> {
    let mut rows = rows.into_iter().skip_while(|(_, cells)| cells.iter().all(String::is_empty));
    let (_, header) = rows.next().ok_or_else(|| anyhow!("it is empty: write the columns' names in its first row"))?;
    Ok(Table { header, rows: rows.collect() })
}

fn csv(table: &Table) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&table.header)?;
    for (_, cells) in &table.rows {
        writer.write_record(cells)?;
    }
    Ok(writer.into_inner()?)
}

// Codes stay text (`0105` is no number); prices and pieces are numbers, so that a spreadsheet program can add them.
fn xlsx(table: &Table) -> anyhow::Result<Vec<u8>> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let sheet = book.add_worksheet().set_name("catalogo")?;
    for (column, name) in (0u16..).zip(&table.header) {
        sheet.write_string_with_format(0, column, name, &bold)?;
    }
    for (row, (_, cells)) in (1u32..).zip(&table.rows) {
        for ((column, name), text) in (0u16..).zip(&table.header).zip(cells) {
            let counts = matches!(name.as_str(), "precio" | "existencias" | "prioridad");
            match text.parse::<u32>() {
                Ok(number) if counts => sheet.write_number(row, column, number)?,
                _ => sheet.write_string(row, column, text)?,
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    Ok(book.save_to_buffer()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_is_read_as_spreadsheet_programs_write_it() {
        let wanted = Table {
            header: vec!["codigo".to_owned(), "categoría".to_owned()],
            rows: vec![(2, vec!["A1".to_owned(), "pan, dulce".to_owned()])],
        };
        let latin: Vec<u8> = "codigo;categoría\nA1;pan, dulce\n".chars().map(|c| c as u8).collect();
        for bytes in [
            "codigo,categoría\nA1,\"pan, dulce\"\n".as_bytes(),
            "\u{feff}codigo;categoría\r\nA1;pan, dulce\r\n".as_bytes(),
            "codigo\tcategoría\nA1\tpan, dulce".as_bytes(),
            &latin,
        ] {
            assert_eq!(read_csv(bytes).unwrap(), wanted, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
