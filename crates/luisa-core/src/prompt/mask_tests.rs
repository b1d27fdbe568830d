use super::*;
use crate::pack::PackFiles;

fn pack() -> Pack {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/el-sastre");
    let mut files = PackFiles::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    Pack::load(&files).unwrap_or_else(|_| panic!("the pack loads"))
}

#[test]
fn whatever_names_a_person_is_masked_however_it_is_written() {
    let pack = pack();
    for (text, secret) in [
        ("3005550123", "555"),
        ("300 555 0123", "555"),
        ("+57 300 555 0123", "555"),
        ("+57(300)5550123", "555"),
        ("cel:3005550123", "555"),
        ("#3005550123", "555"),
        ("*3005550123*", "555"),
        ("\"3005550123\"", "555"),
        ("300/555/0123", "555"),
        ("300–555–0123", "555"),
        ("300 · 555 · 0123", "555"),
        ("３００５５５０１２３", "５５５"),
        ("٣٠٠٥٥٥٠١٢٣", "٥٥٥"),
        ("300\u{200b}555\u{200b}0123", "555"),
        ("tel.3005550123", "555"),
        ("📞3005550123", "555"),
        ("3005550123y llámeme", "555"),
        ("3OO555O123", "555O"),
        ("3-0-0-5-5-5-0-1-2-3", "5-5"),
        ("300, 555, 0123", "555"),
        ("300\n555\n0123", "555"),
        ("tres cero cero cinco cinco cinco cero uno dos tres", "cinco"),
        ("wa.me/573005550123", "wa.me"),
        ("cédula 12.345.678", "345"),
        ("cc 7.654.321", "654"),
        ("12.345.678", "345"),
        ("7.654.321", "654"),
        ("12345000", "12345"),
        ("cc1067845123", "845"),
        ("1,067,845,123", "845"),
        ("1.067.845.123", "845"),
        ("mi cédula es la 1.230.000", "1.230"),
        ("cuenta de ahorros 123-456789-01", "456"),
        ("documento 98765", "98765"),
        ("ana.gomez@gmail.com", "gomez"),
        ("ana.gomez arroba gmail", "gomez"),
        ("ana.gomez (arroba) gmail punto com", "gmail"),
        ("ana＠gmail.com", "ana"),
        ("ana @ gmail.com", "gmail"),
        ("instagram.com/ana", "ana"),
        ("mitienda.xyz", "mitienda"),
        ("mi tienda punto com", "tienda punto"),
        ("https://x.co/ana", "ana"),
        ("carrera septima con 12", "septima"),
        ("vivo en la 34 con 12", "34"),
        ("Kra.7 #12-34", "12"),
        ("cra7#12-34", "12"),
        ("Calle34 No12-34", "34"),
        ("Calle 12 # 34-56 apto 201", "34"),
        ("mz 4 lote 5", "5"),
        ("Yolima Pérez Doria", "Doria"),
        ("me llamo Luz Marina Petro", "Petro"),
    ] {
        let seen = masked(&pack, &[], &format!("{text} a cuántas puntadas trabaja"));
        assert!(!seen.contains(secret), "{text}: {seen}");
        assert!(seen.ends_with("a cuántas puntadas trabaja"), "{text}: {seen}");
        let seen = masked(&pack, &[], &format!("a cuántas puntadas trabaja la máquina, {text}"));
        assert!(!seen.contains(secret) && seen.starts_with("a cuántas puntadas trabaja la máquina"), "{text}: {seen}");
    }
}

#[test]
fn money_models_and_counts_stay() {
    let pack = pack();
    for text in [
        "tengo 1.230.000",
        "tengo 1'200.000 pesos",
        "$ 1.230.000",
        "vale 1230000",
        "entre 800.000 y 1.200.000",
        "800.000 / 900.000",
        "de 800.000 a 900.000",
        "1.250.000, 2 máquinas",
        "$899.900",
        "COP 1.200.000,00",
        "500 mil",
        "la SG8802E y la 6705C",
        "la KT-D3 y la UN300",
        "20 gorras a la semana",
        "trabaja a 5000 puntadas",
        "hola.quiero una máquina",
        "la calle está dura",
        "quiero la S0105",
    ] {
        assert_eq!(masked(&pack, &[], text), text);
    }
}

#[test]
fn no_separator_hides_a_telephone() {
    let pack = pack();
    const SEPARATORS: &[&str] = &[
        "", " ", "-", ".", ",", "/", "\\", "_", "*", "(", ")", "[", "|", "~", "·", "•", "–", "—", "\u{200b}", "\u{a0}",
        "\n", "  ", " - ", ", ", "…", "+", ":", ";", "'", "\"", "🙂",
    ];
    let mut seed: u64 = 11;
    let mut next = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % most
    };
    for _ in 0..2_000 {
        let digits: Vec<char> = format!("300555{:04}", next(10_000)).chars().collect();
        let mut text = String::new();
        for digit in &digits {
            text.push(*digit);
            text.push_str(SEPARATORS[next(SEPARATORS.len())]);
        }
        let seen = masked(&pack, &[], &format!("mi número {text} gracias"));
        assert!(!seen.chars().any(|c| c.is_ascii_digit()), "{text:?}: {seen:?}");
    }
}
