//! A catalog of hundreds of products, whose names share beginnings and words.

use luisa_core::catalog::Item;
use luisa_core::lexicon::tokens::normalize;
use luisa_core::money::Cop;
use luisa_core::pack::Pack;
use luisa_core::rehearsal::{Script, play};
use luisa_core::symbol::Symbol;

use crate::packs::el_sastre;

const PLACES: &[&str] = &["mangas", "bolsillos", "cinturillas", "ojales", "sesgos", "cremalleras"];
const KINDS: &[&str] = &["Prensatela", "Guia", "Plantilla", "Dobladillador"];

fn item(id: String, brand: &str, model: String, name: String, feature: &str) -> Item {
    Item {
        price_cop: Some(Cop(500_000 + 1_000 * i64::try_from(id.len()).unwrap())),
        id,
        brand: brand.to_owned(),
        model,
        name,
        family: Symbol::new("familiar"),
        kind: String::new(),
        features: vec![feature.to_owned()],
        uses: Vec::new(),
        good_for: String::new(),
        volume: String::new(),
        promo: false,
        stock: None,
        active: true,
        image_id: String::new(),
        priority: 5,
        aliases: Vec::new(),
        traits: std::collections::BTreeMap::new(),
    }
}

fn large() -> Pack {
    let pack = el_sastre();
    let mut items: Vec<Item> = Vec::new();
    for n in 0..376 {
        let model = format!("Quantum QX-{}", 1000 + 7 * n);
        items.push(item(format!("Q{n:03}"), "Singer", model.clone(), format!("Singer {model}"), "pedal"));
    }
    for (k, kind) in KINDS.iter().enumerate() {
        for (p, place) in PLACES.iter().enumerate() {
            let feature = if p % 2 == 0 { "teflonado" } else { "metalico" };
            items.push(item(format!("A{k}{p}"), "", String::new(), format!("{kind} para {place}"), feature));
        }
    }
    let mut gone =
        item("G1".to_owned(), "Singer", "Patchwork 7285Q".to_owned(), "Singer Patchwork 7285Q".to_owned(), "");
    gone.active = false;
    items.push(gone);
    pack.edited(items, std::iter::empty()).unwrap()
}

/// Ids of what is named, or `?` and the ids of what it may be.
fn found(pack: &Pack, text: &str) -> Vec<String> {
    let words = normalize(text, &pack.lexicon.abbreviations).words;
    let id = |at: usize| pack.catalog.items[at].id.clone();
    let named: Vec<String> = pack.catalog.mentions(&words).iter().map(|m| id(m.item)).collect();
    if !named.is_empty() {
        return named;
    }
    let fits = pack.catalog.fitting(&words);
    let ids = fits.items.iter().map(|at| id(*at));
    if fits.sure { ids.collect() } else { std::iter::once("?".to_owned()).chain(ids).collect() }
}

#[test]
fn one_of_four_hundred_is_found_however_it_is_typed() {
    let pack = large();
    assert!(pack.catalog.items.len() > 400);
    for n in (0..376).step_by(25) {
        let number = 1000 + 7 * n;
        for text in
            [format!("la quantum qx{number}"), format!("QX {number} precio"), format!("singer quantum qx-{number}")]
        {
            assert_eq!(found(&pack, &text), [format!("Q{n:03}")], "{text}");
        }
    }
    assert_eq!(found(&pack, "precio del prensatela para bolsillos"), ["A01"]);
    assert_eq!(found(&pack, "tiene prensatelas de bolsillo"), ["A01"]);
    assert_eq!(found(&pack, "un dobladilador de cinturillas"), ["A32"]);
}

#[test]
fn what_several_share_is_asked_and_not_guessed() {
    let pack = large();
    let several = found(&pack, "la quantum cuanto vale");
    assert!(several[0] == "?" && several.len() > 300, "{several:?}");
    assert_eq!(found(&pack, "la plantilla de metalico"), ["?", "A21", "A23", "A25"]);
    // A word that customers use for something else names nothing alone.
    assert_eq!(found(&pack, "algo para ojales"), ["?"]);
    assert_eq!(found(&pack, "buenos dias como estan"), ["?"]);
    let script = serde_json::from_value::<Script>(serde_json::json!(
        {"id": "x", "turns": [{"say": ["cuánto vale la quantum?"]}]}))
    .unwrap();
    let transcript = play(&pack, &script).transcript;
    assert!(transcript.contains("Quantum QX-1000") && transcript.contains("interesa"), "{transcript}");
}

#[test]
fn what_is_no_longer_offered_is_said_kindly_and_its_price_is_not() {
    let pack = large();
    let script = serde_json::from_value::<Script>(serde_json::json!(
        {"id": "x", "turns": [{"say": ["cuánto vale la singer patchwork 7285q?"]}]}))
    .unwrap();
    let transcript = play(&pack, &script).transcript;
    assert!(transcript.contains("Patchwork 7285Q") && !transcript.contains('$'), "{transcript}");
    assert!(transcript.contains("guards_ok"), "{transcript}");
}
