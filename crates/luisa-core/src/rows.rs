//! Rows of a CSV file, each with the line on which it begins.
//!
//! Owns the reading of tables and the words for what is wrong with their form. What a row means is the reader's.

use serde::de::DeserializeOwned;

/// What is wrong with a row, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// From 1, as an editor counts.
    pub line: usize,
    pub problem: String,
}

/// Every row with its line, beside every row that cannot be read. `columns` must be in the header; an empty file has
/// no rows.
#[must_use]
pub fn read<T: DeserializeOwned>(bytes: &[u8], columns: &[&str]) -> (Vec<(usize, T)>, Vec<RowFault>) {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    if bytes.is_empty() {
        return (rows, faults);
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(e) => return (rows, vec![RowFault { line: 1, problem: problem_of(&e) }]),
    };
    for column in columns.iter().filter(|column| !header.iter().any(|name| name == **column)) {
        faults.push(RowFault { line: 1, problem: format!("column `{column}` is missing; write it in the header") });
    }
    if !faults.is_empty() {
        return (rows, faults);
    }
    let mut lines = Lines { bytes, at: 0, line: 1 };
    for record in reader.records() {
        let begins = match &record {
            Ok(record) => record.position(),
            Err(e) => e.position(),
        };
        let line = begins.map_or(lines.line, |position| lines.of(position.byte()));
        match record.and_then(|record| record.deserialize(Some(&header))) {
            Ok(row) => rows.push((line, row)),
            Err(e) => faults.push(RowFault { line, problem: problem_of(&e) }),
        }
    }
    (rows, faults)
}

// Counts lines on the way through the file; the reader's own count stops before empty lines.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    // The line of the first row that begins at this byte or after it.
    fn of(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(c) = self.bytes.get(self.at).filter(|c| self.at < byte || matches!(c, b'\r' | b'\n')) {
            self.line += usize::from(*c == b'\n');
            self.at += 1;
        }
        self.line
    }
}

fn problem_of(e: &csv::Error) -> String {
    match e.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("fields: {len} in the row, {expected_len} in the header; write one comma between two columns")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8 text; save it as UTF-8".to_owned(),
        _ => format!("{e}; correct the row as docs/packs.md shows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Town {
        name: String,
        river: String,
    }

    fn towns(text: &[u8]) -> (Vec<(usize, String)>, Vec<RowFault>) {
        let (rows, faults) = read::<Town>(text, &["name", "river"]);
        (rows.into_iter().map(|(line, town)| (line, town.name)).collect(), faults)
    }

    #[test]
    fn the_line_is_the_editors_after_empty_lines_and_cells_of_two_lines() {
        let (rows, faults) = towns(b"name,river\r\n\nLorica,\"Sin\n\xc3\xba\"\r\nMompox\r\nPlato, Magdalena \n");
        assert_eq!(rows, [(3, "Lorica".to_owned()), (6, "Plato".to_owned())]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].line, 5);
        assert!(faults[0].problem.contains("1 in the row, 2 in the header"), "{faults:?}");
    }

    #[test]
    fn a_missing_column_is_told_once() {
        let (rows, faults) = towns(b"name\nLorica\nPlato\n");
        assert!(rows.is_empty());
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].line == 1 && faults[0].problem.contains("`river`"), "{faults:?}");
    }

    #[test]
    fn another_encoding_is_named_with_its_line() {
        let (_, faults) = towns(b"name,river\nPlato,x\nMompox,Magdalena\xf3\n");
        assert_eq!(faults.iter().map(|f| f.line).collect::<Vec<_>>(), [3]);
        assert!(faults[0].problem.contains("UTF-8"), "{faults:?}");
    }

    #[test]
    fn an_empty_file_has_no_rows() {
        assert_eq!(towns(b""), (Vec::new(), Vec::new()));
    }
}
