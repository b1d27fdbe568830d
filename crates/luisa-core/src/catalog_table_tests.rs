//! Cells as stores write them.

use super::*;

#[test]
fn prices_are_read_as_stores_write_them() {
    for text in ["1230000", "1.230.000", "$1.230.000", "$ 1,230,000.00", "1.230.000 COP", "COP 1'230.000", "1230000,0"]
    {
        assert_eq!(price(text), Ok(Some(Cop(1_230_000))), "{text}");
    }
    for text in ["", " - ", "N/A"] {
        assert_eq!(price(text), Ok(None), "{text}");
    }
    for (text, cop) in [
        ("650mil", 650_000),
        ("650 mil pesos", 650_000),
        ("2.1 millones", 2_100_000),
        ("1´300.000", 1_300_000),
        ("1’300.000", 1_300_000),
    ] {
        assert_eq!(price(text), Ok(Some(Cop(cop))), "{text}");
    }
    for text in ["12.30", "1.23.000", "-5", "0", "1230000000000", "1.230.000 aprox", "650mil o 700mil"] {
        assert!(price(text).is_err(), "{text}");
    }
}

#[test]
fn pieces_are_counted_as_people_write_them() {
    for (text, pieces) in [
        ("5", Some(5)),
        ("5 und", Some(5)),
        ("12 Unds.", Some(12)),
        ("3unidades", Some(3)),
        ("AGOTADO", Some(0)),
        ("No hay", Some(0)),
        ("disponible", None),
        ("-", None),
    ] {
        assert_eq!(count(text), Ok(pieces), "{text}");
    }
    for text in ["dos", "-3", "5 cajas", "pocas"] {
        assert!(count(text).is_err(), "{text}");
    }
}

#[test]
fn the_header_is_found_below_titles_and_columns_of_others_are_left_alone() {
    let rows = |texts: &[&str]| -> Vec<(usize, Vec<String>)> {
        let cells = |text: &&str| text.split(';').map(str::to_owned).collect();
        (1..).zip(texts.iter().map(cells)).collect()
    };
    let table =
        Table::of_rows(rows(&["Lista de precios noviembre 2026;;", ";;", "Código;Costo;Precio de venta", "A;1;2"]));
    let table = table.expect("rows");
    assert_eq!((table.header_row, table.rows.len()), (3, 1));
    assert_eq!(columns(&table), Ok(vec![Some(Column::Id), None, Some(Column::Price)]));
    assert_eq!(others(&table.header), ["Costo"]);
    // Without one, the first row is what is complained of.
    let table = Table::of_rows(rows(&["", "nombre;color", "Una;rojo"])).expect("rows");
    assert_eq!(table.header_row, 2);
    assert_eq!(Table::of_rows(rows(&["", ";"])), None);
}

#[test]
fn yes_and_no_are_spanish_words_too() {
    assert_eq!(["Sí", "X", "VERDADERO"].map(flag), [Ok(Some(true)), Ok(Some(true)), Ok(Some(true))]);
    assert_eq!(["No", "falso", "Inactivo"].map(flag), [Ok(Some(false)), Ok(Some(false)), Ok(Some(false))]);
    assert!(flag("quizás").is_err());
}
