//! Spreadsheet files: CSV and XLSX to a table of cells, and back.
//!
//! Owns the formats, and what spreadsheet programs do to a CSV (a semicolon, a mark in front, an old encoding). What the
//! cells mean is the core's.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use calamine::{Data, Reader};
use encoding_rs::{Encoding, UTF_8, UTF_16LE, WINDOWS_1252};
use luisa_core::catalog_table::Table;

/// A catalog is not larger; what is, is another file.
const LARGEST: u64 = 20 * 1024 * 1024;
/// The separator is looked for in so many lines.
const SEPARATOR_LINES: usize = 20;

/// Reads a file by its ending; `-` is standard input, of either kind.
///
/// # Errors
/// A file that is not there, too large, or of another kind.
pub(super) fn read(file: &Path) -> anyhow::Result<Table> {
    let name = file.display();
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).context("no se pudo leer la entrada")?;
        bytes
    } else {
        Kind::of(file)?;
        std::fs::read(file).with_context(|| format!("no se pudo leer {name}"))?
    };
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        bail!("{name} pesa más de {LARGEST} bytes, y un catálogo no pesa tanto; guarde solo la hoja de los productos");
    }
    // An XLSX is a ZIP archive, whatever it is called.
    if bytes.starts_with(b"PK\x03\x04") {
        return read_xlsx(bytes).with_context(|| format!("{name} no es una hoja XLSX; guárdela otra vez como XLSX"));
    }
    if file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx")) {
        bail!("{name} no es una hoja XLSX; guárdela otra vez como XLSX");
    }
    read_csv(&bytes).with_context(|| format!("{name} no es una tabla"))
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
            _ => Err(anyhow!("{} no termina en .csv ni .xlsx; guarde el catálogo en uno de los dos", file.display())),
        }
    }
}

fn read_csv(bytes: &[u8]) -> anyhow::Result<Table> {
    let text = text_of(bytes);
    // What this country's spreadsheet programs write is separated by semicolons. Titles above the header have none.
    let count =
        |mark: char| text.lines().take(SEPARATOR_LINES).map(|line| line.matches(mark).count()).max().unwrap_or(0);
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|mark| count(*mark)).unwrap_or(',');
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        // Empty lines are skipped by the reader, and counted by whoever reads the message.
        let line = record.position().map_or(rows.len() + 1, |at| line_at(text.as_bytes(), at.byte()));
        rows.push((line, record.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()));
    }
    with_header(rows)
}

// The line, from 1, of a record: the reader says where it stood before it skipped line ends.
fn line_at(text: &[u8], byte: u64) -> usize {
    let from = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let skipped = text[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    1 + text[..from + skipped].iter().filter(|byte| **byte == b'\n').count()
}

// UTF-8 or UTF-16 with their marks, UTF-16 without one, UTF-8, and else what older programs of this country write.
fn text_of(bytes: &[u8]) -> String {
    let wide = bytes.len() >= 4 && bytes.iter().take(400).skip(1).step_by(2).filter(|byte| **byte == 0).count() > 20;
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if wide => UTF_16LE,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    encoding.decode(bytes).0.into_owned()
}

fn read_xlsx(bytes: Vec<u8>) -> anyhow::Result<Table> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes))?;
    let sheet = book.worksheet_range_at(0).ok_or_else(|| anyhow!("no tiene ninguna hoja"))??;
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

fn with_header(rows: Vec<(usize, Vec<String>)>) -> anyhow::Result<Table> {
    Table::of_rows(rows).ok_or_else(|| anyhow!("está vacía; escriba los nombres de las columnas en la primera fila"))
}

// As a spreadsheet program of this country opens it by a double click: its mark, and semicolons.
fn csv(table: &Table) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xef\xbb\xbf".to_vec());
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
            header_row: 1,
            header: vec!["codigo".to_owned(), "categoría".to_owned()],
            rows: vec![(2, vec!["A1".to_owned(), "pan “dulce” – 5’".to_owned()])],
        };
        let text = "codigo;categoría\r\nA1;pan “dulce” – 5’\r\n";
        let windows = WINDOWS_1252.encode(text).0.into_owned();
        let wide: Vec<u8> = text.replace(';', "\t").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".as_slice(), &wide].concat();
        for bytes in [
            "codigo,categoría\nA1,pan “dulce” – 5’\n".as_bytes(),
            "\u{feff}codigo;categoría\r\nA1;pan “dulce” – 5’\r\n".as_bytes(),
            "codigo\tcategoría\nA1\tpan “dulce” – 5’".as_bytes(),
            &windows,
            &wide,
            &marked,
        ] {
            assert_eq!(read_csv(bytes).unwrap(), wanted, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn rows_are_counted_as_the_spreadsheet_program_counts_them() {
        let table = read_csv(b"Lista de precios\n\ncodigo;precio\n\nA1;5\n").unwrap();
        assert_eq!((table.header_row, table.rows[0].0), (3, 5));
    }
}
