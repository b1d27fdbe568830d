//! What a machine writes down of speech: names put right, and nothing else touched.

use luisa_core::heard::{corrected, names};

use crate::packs::{el_sastre, minimal};

#[test]
fn names_of_the_trade_that_were_misheard_are_put_right() {
    let pack = el_sastre();
    for (heard, meant) in [
        ("Buenas, ¿a cómo tienen la fila de amor?", "Buenas, ¿a cómo tienen la fileteadora?"),
        ("necesito una filete adora, para mi casa", "necesito una fileteadora, para mi casa"),
        ("vendo la filetiadera usada.", "vendo la fileteadora usada."),
    ] {
        assert_eq!(corrected(&pack, heard), meant);
    }
}

#[test]
fn what_customers_write_stays_as_it_is() {
    let pack = el_sastre();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/test");
    let (mut all, mut changed) = (0, Vec::new());
    for file in ["dictado.jsonl", "feria.jsonl", "mostrador.jsonl"] {
        let lines = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        for line in lines.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = row["text"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            let after = corrected(&pack, &text);
            all += 1;
            if after != text {
                changed.push(format!("{text} → {after}"));
            }
        }
    }
    // Of those that are, most are names misspelt.
    assert!(changed.len() * 200 <= all, "{} of {all}:\n{}", changed.len(), changed.join("\n"));
    println!("{} of {all} changed:\n{}", changed.len(), changed.join("\n"));
}

#[test]
fn another_store_listens_for_its_own_names() {
    assert!(names(&el_sastre()).iter().any(|name| name == "fileteadora"));
    assert!(!names(&minimal()).is_empty());
}
